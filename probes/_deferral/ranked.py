"""Rows by how certain the model is of them, and where to cut between model and people."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np

from audit.types import Bools, Floats, GroupColumn, Ints, Subject
from probes._rows import group_rows


@dataclass(frozen=True)
class Ranked:
    """Scored rows of one split, in the order of a hash of their ids."""

    split: str
    rows: Ints
    """Row numbers in the split."""
    chance: Floats
    """Number from 0 to 1 that depends on seed and id alone, rising; it breaks ties of confidence."""
    scores: Floats
    """Shape (n, classes)."""
    labels: Ints
    predicted: Ints
    columns: tuple[GroupColumn, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def confidence(self) -> Floats:
        """Highest probability of each row, shape (n,)."""
        return np.asarray(self.scores.max(axis=1))

    @cached_property
    def wrong(self) -> Bools:
        """Whether the predicted class is not the true one, shape (n,)."""
        return np.asarray(self.predicted != self.labels)

    @cached_property
    def least_certain_first(self) -> Ints:
        """Order of review; of equally certain rows the one with the smaller hash comes first."""
        return np.argsort(self.confidence, kind="stable")

    def slices(self) -> Iterator[tuple[dict[str, str], Bools]]:
        """Yield all rows, then the rows of each group and of none."""
        yield {}, np.ones(len(self), dtype=bool)
        for column in self.columns:
            for group, member in group_rows(column):
                yield {column.name: group}, member


@dataclass(frozen=True)
class Cut:
    """The most certain row that still goes to people."""

    confidence: float
    chance: float = 1.0
    """Of rows as certain as that one, those up to this number go to people."""

    def below(self, rows: Ranked) -> Bools:
        """Return which rows go to people, shape (n,)."""
        tied = (rows.confidence == self.confidence) & (rows.chance <= self.chance)
        return np.asarray((rows.confidence < self.confidence) | tied)


NOBODY, EVERYBODY = Cut(-1.0), Cut(2.0)
"""Cuts outside the range of probabilities: no row goes to people, or all do."""


def ranked(subject: Subject, split: str, seed: int) -> Ranked | None:
    """Return the scored rows of a split; None where it has no scores or no rows."""
    predicted = subject.predictions.get(split)
    if predicted is None or predicted.scores is None or not len(predicted.scores):
        return None
    return _in_order(subject, split, predicted.scores, seed)


def unranked(subject: Subject, seed: int) -> Ranked:
    """Return the test rows of a model that gives labels alone: it passes for sure of all of them."""
    sure = np.eye(len(subject.labels))[subject.predicted.labels]
    return _in_order(subject, "test", sure, seed)


def _in_order(subject: Subject, split: str, scores: Floats, seed: int) -> Ranked:
    part, predicted = subject.splits[split], subject.predictions[split]
    chance = np.array([_chance(seed, id) for id in part.ids])
    order = np.lexsort((np.array(part.ids), chance))
    columns = tuple(replace(column, members=column.members[order]) for column in part.groups)
    return Ranked(split, order, chance[order], scores[order], part.labels[order], predicted.labels[order], columns)


def _chance(seed: int, id: str) -> float:
    digest = blake2b(f"{seed}/{id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def cut_at(rows: Ranked, share: float) -> Cut:
    """Return the cut that sends so large a share of these rows to people."""
    count = round(share * len(rows))
    if not count:
        return NOBODY
    last = rows.least_certain_first[count - 1]
    return Cut(float(rows.confidence[last]), float(rows.chance[last]))


def level_ends(rows: Ranked) -> Ints:
    """Return, over the order of review, how many rows lie at or below each level of confidence."""
    ordered = rows.confidence[rows.least_certain_first]
    return np.append(np.flatnonzero(np.diff(ordered)) + 1, len(ordered))


def chosen_on(rows: Ranked) -> str:
    """Return in words where a threshold comes from."""
    if rows.split == "test":
        return "threshold from the test rows themselves, as there are no scores of a validation split: a little rosy"
    return f"threshold from {len(rows):,} rows of the {rows.split} split"
