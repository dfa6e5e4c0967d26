"""What exists at run time only: data, predictions, model and subject."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audit.errors import AssetError
from audit.types._record import SubjectFacts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNDECIDED = -1
"""Where people decided nothing of a row."""


@dataclass(frozen=True)
class GroupColumn:
    """Membership of rows in the groups of one column; a row may be in several or none."""

    name: str
    values: tuple[str, ...]
    members: Bools
    """Shape (n, groups)."""

    @property
    def unknown(self) -> Bools:
        """Rows of no group, shape (n,)."""
        return np.asarray(~self.members.any(axis=1))


@dataclass(frozen=True)
class Split:
    """The rows of one split."""

    name: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Ints
    """Index of the true class, shape (n,)."""
    groups: tuple[GroupColumn, ...]
    fingerprint: str
    extra: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Further columns that the configuration names in ``[data] columns``."""
    decisions: Mapping[str, Ints] = field(default_factory=dict)
    """Those of them that hold what people decided: index of the class, or ``UNDECIDED``; of the test split alone."""

    def __len__(self) -> int:
        return len(self.ids)

    def group(self, column: str) -> GroupColumn:
        """Return the group column of that name."""
        return next(g for g in self.groups if g.name == column)


@dataclass(frozen=True)
class Predictions:
    """What a model said of one split."""

    labels: Ints
    """Index of the predicted class, shape (n,)."""
    scores: Floats | None
    """Probabilities, shape (n, classes), rows sum to 1; None where only labels are known."""


Advance = Callable[[int], None]
Score = Callable[[Sequence[str]], Floats]
Asset = Callable[[str], Path]
"""From an asset's name to its folder; raises AssetError, with the remedy, where it was not fetched."""


def _no_asset(name: str) -> Path:
    raise AssetError(f"The asset {name!r} is not on this machine. Get it with: renben fetch {name}")


class Model(Protocol):
    """A text classifier that scoring can drive."""

    @property
    def digest(self) -> str:
        """Identity of weights, tokeniser and settings."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the columns of :meth:`predict`."""

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens, special tokens included."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cut to ``max_tokens``."""

    def token_counts(self, texts: Sequence[str]) -> Ints:
        """Tokens of each text before any cut, shape (n,)."""

    def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
        """Probabilities of one batch of token ids, shape (batch, classes)."""


@dataclass(frozen=True)
class Variant:
    """A smaller copy of the model."""

    run: Callable[[Sequence[str], int], Floats]
    """Probabilities of texts in this order, in batches of so many rows; shape (n, classes)."""
    parameters: int
    """Weights that are not zero."""
    file_bytes: int
    """Size of its saved weights, uncompressed."""
    how: str
    """How it was made, and what that is good for."""


class Workbench(Protocol):
    """The model itself, for probes that run it again, shrink it, or time it."""

    @property
    def backends(self) -> tuple[str, ...]:
        """Engines that can run it here; first the one that the audit scores with."""

    @property
    def parameters(self) -> int:
        """Number of weights."""

    @property
    def file_bytes(self) -> int:
        """Size of the saved weights, uncompressed."""

    @property
    def cores(self) -> int | None:
        """Processor cores that it computes on; None where it runs on another device."""

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        """Probabilities, computed anew in this order and in batches of ``rows``; shape (n, classes)."""

    def variant(self, kind: str) -> Variant:
        """Return a smaller copy, ``int8`` or ``pruned``; raises SubjectError where it cannot be made."""

    def clock(self) -> float:
        """Seconds since some moment."""

    def joules(self) -> float | None:
        """Energy that the processor has used since some moment; None where no counter can be read."""

    def peak_memory(self, work: Callable[[], object]) -> tuple[int | None, str]:
        """Return the most bytes in use while ``work`` ran, and what was counted."""


@dataclass(frozen=True)
class Subject:
    """Model, data and predictions: everything a probe may look at. Never saved."""

    name: str
    labels: tuple[str, ...]
    positive: int
    """Index of the class whose selection the fairness metrics speak of."""
    splits: Mapping[str, Split]
    predictions: Mapping[str, Predictions]
    """By split: ``test`` always, ``validation`` where there is one."""
    facts: SubjectFacts
    baseline: Mapping[str, Predictions] = field(default_factory=dict)
    """The untuned start on the same rows, where there is one."""
    crossings: tuple[tuple[str, ...], ...] = ()
    score: Score | None = None
    plain_score: Score | None = None
    """The model of the same recipe without augmentation, where augmentation was used."""
    asset: Asset = _no_asset
    folder: Path = Path()
    """What relative paths in the parameters of a probe start from."""
    token_counts: Callable[[Sequence[str]], Ints] | None = None
    max_tokens: int | None = None
    bench: Workbench | None = None
    """The model itself, where it is one that can be run anew."""
    plain_bench: Workbench | None = None
    """The same of the model without augmentation."""

    @property
    def test(self) -> Split:
        """The split that every metric speaks of."""
        return self.splits["test"]

    @property
    def predicted(self) -> Predictions:
        """The model's predictions on the test split."""
        return self.predictions["test"]

    @property
    def offers(self) -> frozenset[str]:
        """What probes may need: labels, scores, groups, crossings, model, train, validation, baseline."""
        return frozenset(self.facts.offers)
