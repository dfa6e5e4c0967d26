"""Rows with their explanations, and what is read off each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.types import Bools, Floats, Subject
from probes._explain.owen import Explained, explain
from probes._explain.passages import Passage, passages
from probes._explain.trees import by_sentence
from probes._identity.scan import Scan
from probes._sample import Sample

NO_EFFECT = 1e-9
"""Attributions that add up to less are rounding."""


@dataclass(frozen=True)
class Explanations:
    """Rows of the test split and the SHAP values of their parts."""

    rows: Sample
    scans: Sequence[Scan]
    """Identity terms of each row."""
    passages: Sequence[Passage]
    explained: Sequence[Explained]
    scores: Floats
    """What the model says of the whole texts, shape (rows, classes)."""

    @cached_property
    def values(self) -> tuple[Floats, ...]:
        """How much each part of a row speaks for the class predicted, shape (parts,)."""
        return tuple(found.values[:, label] for found, label in zip(self.explained, self.rows.predicted, strict=True))

    @cached_property
    def identity(self) -> tuple[Bools, ...]:
        """Which parts of a row belong to an identity term, shape (parts,)."""
        return tuple(_marked(passage, scan) for passage, scan in zip(self.passages, self.scans, strict=True))

    @property
    def wrong(self) -> Bools:
        """Rows whose predicted class is not the true one."""
        return np.asarray(self.rows.predicted != self.rows.labels)

    @cached_property
    def identity_mass(self) -> Floats:
        """Share of a row's absolute attribution that is on identity terms; NaN without a term or any effect."""
        return np.array([_mass(values, marked) for values, marked in zip(self.values, self.identity, strict=True)])

    @property
    def identity_words(self) -> Floats:
        """Share of a row's parts that are identity terms; NaN where there is no identity mass."""
        shares = [marked.mean() if marked.any() else np.nan for marked in self.identity]
        return np.where(np.isnan(self.identity_mass), np.nan, shares)

    @property
    def half_mass(self) -> Floats:
        """Share of a row's parts, the strongest first, that carry half of its absolute attribution."""
        return np.array([_half(np.sort(np.abs(values))[::-1]) for values in self.values])

    @property
    def additivity_error(self) -> Floats:
        """Largest gap over the classes between a row's score and what its explanation adds up to."""
        sums = np.array([found.base + found.values.sum(axis=0) for found in self.explained])
        return np.asarray(np.abs(sums - self.scores).max(axis=1))


def explanations(subject: Subject, rows: Sample, scans: Sequence[Scan], budget: int) -> Explanations:
    """Explain rows of the test split.

    Parameters
    ----------
    subject : Subject
        The model.
    rows : Sample
        What to explain.
    scans : sequence of Scan
        Identity terms of each.
    budget : int
        Versions of a text that the model is asked about.
    """
    assert subject.score
    scores = subject.score(rows.texts)
    cut = passages(rows.texts, subject.token_counts, subject.max_tokens)
    found = explain([(passage, by_sentence(passage.parts)) for passage in cut if len(passage)], subject.score, budget)
    rest = iter(found)
    nothing = np.empty((0, scores.shape[1]))
    each = [next(rest) if len(passage) else Explained(nothing, scores[k]) for k, passage in enumerate(cut)]
    return Explanations(rows, scans, cut, each, scores)


def _marked(passage: Passage, scan: Scan) -> Bools:
    marked = np.zeros(len(passage), dtype=bool)
    for mention in scan.mentions:
        marked[passage.at(mention.start, mention.end)] = True
    return marked


def _mass(values: Floats, marked: Bools) -> float:
    whole = np.abs(values).sum()
    return float(np.abs(values[marked]).sum() / whole) if marked.any() and whole > NO_EFFECT else float("nan")


def _half(strongest: Floats) -> float:
    whole = strongest.sum()
    if whole <= NO_EFFECT:
        return float("nan")
    needed = int(np.searchsorted(strongest.cumsum(), whole / 2 - NO_EFFECT)) + 1
    return needed / len(strongest)
