"""Which rows are attacked: some at random, and more of groups that these hold too few of."""

from dataclasses import dataclass, replace

import numpy as np

from audit.types import Bools, GroupColumn, Ints, Subject
from probes._groups import PRIVATE
from probes._sample import Sample, sample


@dataclass(frozen=True)
class Drawn:
    """Rows to attack, in the order in which they are come to."""

    rows: Sample
    first: int
    """How many were drawn whoever they are about; figures of all rows are of these."""
    columns: tuple[GroupColumn, ...]
    """Groups, whose members among the further rows are those that were drawn for them.

    A group's members are then the first of it in random order, whatever other groups a row is in."""

    @property
    def right(self) -> Bools:
        """Rows that the model has right, shape (n,)."""
        return np.asarray(self.rows.labels == self.rows.predicted)

    @property
    def overall(self) -> Bools:
        """Rows that figures of all rows are of, shape (n,)."""
        return np.arange(len(self.rows)) < self.first

    def of(self, column: GroupColumn) -> Bools:
        """Return the rows that figures by this column's groups are of, shape (n,)."""
        return self.overall | column.members.any(axis=1)


def draw_rows(subject: Subject, most: int, least: int, seed: int) -> Drawn:
    """Draw so many rows that the model has right, and those it has wrong on the way to them.

    Parameters
    ----------
    subject : Subject
        Its test split is drawn from.
    most : int
        Right rows, whoever they are about.
    least : int
        Right rows of each group: more of it are drawn where it has fewer. If that takes more than
        ``most`` further right rows, all groups of that column are content with fewer.
    seed : int
        Decides the order, with the rows' ids.
    """
    everything = sample(subject, len(subject.test), seed)
    right = everything.labels == everything.predicted
    overall = _before(right) < most
    members = [_members(column, right, overall, most, least) for column in everything.columns]
    kept = np.logical_or.reduce([overall, *(of_column.any(axis=1) for of_column in members)])
    columns = [replace(c, members=m[kept]) for c, m in zip(everything.columns, members, strict=True)]
    return Drawn(everything.take(np.flatnonzero(kept)), int(overall.sum()), tuple(columns))


def _members(column: GroupColumn, right: Bools, overall: Bools, most: int, least: int) -> Bools:
    """Return each group's rows among those drawn anyway, and on down to as many right ones as can be afforded."""
    before = _before(column.members & right[:, None])
    for of_each in range(least, PRIVATE - 1, -1):
        members = column.members & (overall[:, None] | (before < of_each))
        if (right & ~overall & members.any(axis=1)).sum() <= most:
            return members
    return column.members & overall[:, None]


def _before(right: Bools) -> Ints:
    """Return how many are right above each row."""
    return np.asarray(right.cumsum(axis=0) - right)
