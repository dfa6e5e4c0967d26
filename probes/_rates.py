"""Rates by group: their definitions, the counts they are made of, and replicates of those counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from audit.stats import CHUNK_CELLS, resample_counts, wilson_limits
from audit.types import Bools, Floats, Ints
from probes._gaps import Family

Choose = Callable[[Ints, Ints], Bools]
"""From indicators of the class, true and predicted, to the rows that are meant."""


@dataclass(frozen=True)
class Rate:
    """A share of rows that says how a group is treated."""

    events: Choose
    rows: Choose
    of: str
    """The rows of the denominator, in words."""


def _all(true: Ints, predicted: Ints) -> Bools:
    return np.ones(len(true), dtype=bool)


RATES = {
    "selection_rate": Rate(lambda true, predicted: predicted == 1, _all, "rows"),
    "true_positive_rate": Rate(
        lambda true, predicted: (true & predicted) == 1, lambda true, _: true == 1, "rows of the class"
    ),
    "false_positive_rate": Rate(
        lambda true, predicted: predicted > true, lambda true, _: true == 0, "rows of other classes"
    ),
    "false_negative_rate": Rate(
        lambda true, predicted: predicted < true, lambda true, _: true == 1, "rows of the class"
    ),
    "precision": Rate(
        lambda true, predicted: (true & predicted) == 1, lambda _, predicted: predicted == 1, "rows put into the class"
    ),
    "accuracy": Rate(lambda true, predicted: true == predicted, _all, "rows"),
}


@dataclass(frozen=True)
class Key:
    """A rate of one class, or of all classes at once (accuracy)."""

    rate: str
    label: int | None

    @property
    def definition(self) -> Rate:
        """What the rate counts."""
        return RATES[self.rate]

    def indicators(self, true: Ints, predicted: Ints) -> tuple[Ints, Ints]:
        """Return truth and prediction as seen from this class."""
        if self.label is None:
            return true, predicted
        return (true == self.label).astype(np.int64), (predicted == self.label).astype(np.int64)


def keys_of(rates: Sequence[str], classes: int, positive: int) -> tuple[Key, ...]:
    """Return the rates of the positive class, or of each of several; accuracy knows no class."""
    labels = (positive,) if classes == 2 else tuple(range(classes))
    return tuple(Key(rate, label) for rate in rates for label in ((None,) if rate == "accuracy" else labels))


@dataclass(frozen=True)
class Tally:
    """Rows by which groups they are in and by true and predicted class: all that the rates need.

    Rows of several groups are one pattern of membership, counted once and resampled once, so
    that groups which share rows vary together.
    """

    keys: tuple[Key, ...]
    classes: int
    patterns: Bools
    """Shape (patterns, groups)."""
    counts: Ints
    """Shape (patterns, classes * classes), the true class first."""

    @cached_property
    def cells(self) -> tuple[Ints, Ints]:
        """True and predicted class of each cell."""
        true, predicted = np.divmod(np.arange(self.classes**2), self.classes)
        return true, predicted

    @cached_property
    def masks(self) -> tuple[Bools, Bools]:
        """Which cells are events, and which are rows, of each key: shape (cells, keys)."""
        views = [(key.definition, key.indicators(*self.cells)) for key in self.keys]
        events = np.stack([rate.events(*view) for rate, view in views], axis=1)
        return events, np.stack([rate.rows(*view) for rate, view in views], axis=1)

    @cached_property
    def groups(self) -> Ints:
        """Rows by group and cell, shape (groups, cells)."""
        return self.patterns.T.astype(np.int64) @ self.counts

    @cached_property
    def events(self) -> Ints:
        """Events by group and key."""
        return self.groups @ self.masks[0]

    @cached_property
    def rows(self) -> Ints:
        """Denominators by group and key."""
        return self.groups @ self.masks[1]

    @cached_property
    def shared(self) -> Bools:
        """Which groups have rows in common."""
        return (self.patterns.T.astype(np.int64) @ self.patterns) > 0

    def rows_of(self, key: int, groups: Bools) -> int:
        """Return the distinct rows that one key rests on in some groups."""
        return int((self.counts[self.patterns[:, groups].any(axis=1)] @ self.masks[1][:, key]).sum())


def tally(true: Ints, predicted: Ints, members: Bools, classes: int, keys: tuple[Key, ...]) -> Tally:
    """Count rows by pattern of membership and by true and predicted class.

    Parameters
    ----------
    true, predicted : Ints, shape (n,)
        Class indices.
    members : Bools, shape (n, groups)
        Which groups a row is in; rows of none are left out.
    classes : int
        Number of classes.
    keys : tuple of Key
        The rates that will be asked for.
    """
    inside = members.any(axis=1)
    patterns, pattern = np.unique(members[inside], axis=0, return_inverse=True)
    cell = true[inside] * classes + predicted[inside]
    counts = np.bincount(pattern * classes**2 + cell, minlength=len(patterns) * classes**2)
    return Tally(keys, classes, patterns, counts.reshape(len(patterns), classes**2))


def replicate(table: Tally, draws: int, rng: np.random.Generator) -> Floats:
    """Return bootstrap replicates of the rates, shape (draws, groups, keys), resampled by pattern.

    Half an event and half a non-event are added to each, so that every replicate is defined and positive.
    """
    patterns, masks = table.patterns.T.astype(float), [mask.astype(float) for mask in table.masks]
    size = max(1, CHUNK_CELLS // max(1, table.counts.size))
    chunks = []
    for start in range(0, draws, size):
        counts = patterns @ resample_counts(table.counts, min(size, draws - start), rng)
        events, rows = (counts @ mask for mask in masks)
        chunks.append((events + 0.5) / (rows + 1))
    return np.concatenate(chunks)


def family(table: Tally, draws: Floats, key: int, groups: Bools, *, smooth: bool) -> Family:
    """Return one rate of some groups as a family, with Wilson limits.

    Parameters
    ----------
    table : Tally
        The counts.
    draws : Floats, shape (draws, groups, keys)
        From :func:`replicate`.
    key : int
        Which of the table's keys.
    groups : Bools, shape (groups,)
        Which groups; none of them may lack rows.
    smooth : bool
        Keep rates off zero, for ratios.
    """
    events, rows = table.events[groups, key], table.rows[groups, key]
    values = (events + 0.5) / (rows + 1) if smooth else events / rows
    shared = table.shared[np.ix_(groups, groups)]
    return Family(values, partial(wilson_limits, events, rows), draws[:, groups, key], shared)
