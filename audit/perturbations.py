"""Changes to a text that should not change its label: drawn at random, or searched for against a model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from audit.errors import ConfigError, did_you_mean
from audit.types import Asset, Ints, Score

SEVERITIES = (1, 2, 3, 4, 5)
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Share of the possible edits that is made, by severity; one at least."""
UP_TO_ALL = (0.1, 0.25, 0.5, 0.75, 1.0)
"""The same for edits of which a text has few, so that severity makes a difference."""

Language = Literal["any", "en", "zh"]


@dataclass(frozen=True)
class Edit:
    """Put ``text`` in the place of ``[start:end]``; where the two are equal, it is inserted there."""

    start: int
    end: int
    text: str


Edits = Callable[[str, np.random.Generator], Sequence[Edit]]


@dataclass(frozen=True)
class Perturbation:
    """A kind of noise: it names the edits that are possible in a text, severity says how many are made."""

    name: str
    languages: tuple[Language, ...]
    source: str
    shares: tuple[float, ...]
    ordered: bool
    """Whether edits are made in the order given (a text cut from its end) and not in a random one."""
    edits: Edits

    def fits(self, language: str) -> bool:
        """Return whether it is made for texts of a language, such as ``"en"``; empty for one of no word list."""
        return "any" in self.languages or language in self.languages

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (self.edits.__doc__ or "").split("\n", 1)[0]

    def variants(self, text: str, severities: Sequence[int], rng: np.random.Generator) -> list[str]:
        """Return the text at each severity; a milder one makes some of the edits of a stronger one.

        Where no edit is possible the text comes back as it is.
        """
        possible = [edit for edit in self.edits(text, rng) if text[edit.start : edit.end] != edit.text]
        if not self.ordered:
            possible = [possible[k] for k in rng.permutation(len(possible))]
        counts = [ceil(self.shares[severity - 1] * len(possible)) for severity in severities]
        made = {count: make(text, possible[:count]) for count in {*counts}}
        return [made[count] for count in counts]


def make(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with all edits made; they must not overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join((*parts, text[at:]))


PERTURBATIONS: dict[str, Perturbation] = {}


def perturbation(
    *languages: Language, source: str, shares: tuple[float, ...] = SHARES, ordered: bool = False
) -> Callable[[Edits], Edits]:
    """Register a function that names possible edits; its own name is that of the perturbation.

    Parameters
    ----------
    *languages : {"any", "en", "zh"}
        Of the texts that it is made for.
    source : str
        Paper, package or standard it is taken from.
    shares : tuple of float
        Share of the possible edits made at severities 1 to 5, rising.
    ordered : bool
        Make the edits in the order given, and not in a random one.
    """

    def register(edits: Edits) -> Edits:
        PERTURBATIONS[edits.__name__] = Perturbation(edits.__name__, languages, source, shares, ordered, edits)
        return edits

    return register


def find_perturbation(name: str) -> Perturbation:
    """Return the perturbation of that name.

    Raises
    ------
    ConfigError
        If there is none; the message names the nearest.
    """
    if name not in PERTURBATIONS:
        raise ConfigError(f"There is no perturbation {name!r}.{did_you_mean(name, PERTURBATIONS)}")
    return PERTURBATIONS[name]


@dataclass(frozen=True)
class Adversary:
    """A search for texts that a model takes for another class, as a source of training texts."""

    check: Callable[[Sequence[str], Asset], object]
    """Takes the training texts; raises ConfigError where the search cannot be run on this machine or on such texts."""
    search: Callable[[Sequence[str], Ints, Score, Asset, int], list[str | None]]
    """From texts, labels, the model's scores, assets and a seed to adversarial texts; None where none was found."""


ADVERSARIES: dict[str, Adversary] = {}
"""Searches by name, for adversarial training."""
