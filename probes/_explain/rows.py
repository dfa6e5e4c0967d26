"""Which texts are explained: drawn by their ids alone, so that both probes look at the same ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from audit.registry import ProbeSpec
from audit.types import Bools, Finding, Floats, Ints, Subject
from probes._by_group import Means, findings
from probes._sample import Sample, drawn, sample

SEED = 0
"""The same for both probes, whatever the audit's: quality speaks of the explanations that are shown."""


@dataclass(frozen=True)
class Draw:
    """Row numbers in the test split, in the order of the draw."""

    rows: Ints
    """Speak for the whole split."""
    topped: Mapping[str, Ints]
    """By group column: the same, and more of groups that had too few among them."""

    def every(self) -> set[int]:
        """Return all rows drawn."""
        return set(self.rows.tolist()).union(*(rows.tolist() for rows in self.topped.values()))


def draw(subject: Subject, eligible: Bools, most: int, floor: int) -> Draw:
    """Draw rows, and more of small groups.

    Parameters
    ----------
    subject : Subject
        Whose test split.
    eligible : Bools, shape (rows of the test split,)
        Which may be drawn.
    most : int
        Rows for the whole split.
    floor : int
        Rows of each group, where all groups of a column so filled need no more than twice ``most``.
    """
    order = drawn(subject.test, SEED)
    order = order[eligible[order]]
    topped = {}
    for column in subject.test.groups:
        chosen = np.zeros(len(subject.test), dtype=bool)
        chosen[order[:most]] = True
        for member in column.members.T if column.members.shape[1] * floor <= 2 * most else ():
            chosen[order[member[order]][:floor]] = True
        topped[column.name] = order[chosen[order]]
    return Draw(order[:most], topped)


@dataclass(frozen=True)
class Chosen:
    """Rows of the test split that are explained to measure something."""

    everyone: Draw
    mentioning: Draw
    """Those with an identity term."""
    errors: Ints

    @property
    def every(self) -> set[int]:
        """All of them."""
        return {*self.everyone.rows.tolist(), *self.mentioning.every(), *self.errors.tolist()}


def choose(subject: Subject, mentions: Bools, most: int, floor: int) -> Chosen:
    """Choose rows to explain.

    Parameters
    ----------
    subject : Subject
        Whose test split.
    mentions : Bools, shape (rows of the test split,)
        Which hold an identity term.
    most, floor : int
        As for :func:`draw`; a quarter of ``most`` are errors at least, where there are as many.
    """
    return Chosen(
        draw(subject, np.ones(len(subject.test), dtype=bool), most, floor),
        draw(subject, mentions, most, floor),
        draw(subject, subject.predicted.labels != subject.test.labels, max(most // 4, 1), floor).rows,
    )


def pool(subject: Subject, rows: set[int]) -> Sample:
    """Return rows of the test split in the order of the draw."""
    every = sample(subject, len(subject.test), SEED)
    return every.take(np.flatnonzero(np.isin(every.rows, list(rows))))


@dataclass(frozen=True)
class Report:
    """Means over the rows of a draw as findings."""

    spec: ProbeSpec
    rows: Sample
    draw: Draw
    floor: int
    rng: np.random.Generator

    def all(
        self,
        name: str,
        values: Floats,
        undefined: str,
        where: Mapping[str, str] | None = None,
        *,
        gaps: bool = False,
    ) -> Iterator[Finding]:
        """Yield the mean over the rows that speak for the whole split, of each group, and the difference of groups.

        Parameters
        ----------
        name : str
            Of the measure.
        values : Floats, shape (rows,)
            One for each row of the sample; NaN where it has none.
        undefined : str
            Why there is no mean where no row has a value.
        where : mapping of str to str, optional
            Further slice.
        gaps : bool
            Whether groups are compared.
        """
        yield self.overall(name, values, undefined, where)
        for column in self.rows.columns:
            here = np.isin(self.rows.rows, self.draw.topped[column.name])
            cut = replace(column, members=column.members[here])
            means = Means(self.spec, name, values[here], (cut,), where or {}, undefined, self.floor)
            yield from islice(findings(means, self.rng, gaps=gaps), 1, None)

    def overall(self, name: str, values: Floats, undefined: str, where: Mapping[str, str] | None = None) -> Finding:
        """Return the first of :meth:`all` alone."""
        here = np.isin(self.rows.rows, self.draw.rows)
        means = Means(self.spec, name, values[here], (), where or {}, undefined)
        return next(findings(means, self.rng, groups=False))
