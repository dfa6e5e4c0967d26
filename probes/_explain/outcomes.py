"""Rows to read of every group: wrong, least certain, flipped by an identity swap, and right."""

from collections.abc import Mapping, Sequence

import numpy as np

from audit.types import Bools, Floats, Ints, Subject
from probes._identity.scan import Scan
from probes._identity.swaps import swaps

FEW = 2
"""Rows of each group and outcome that are explained."""
SWAPPED = 4
"""Rows whose identity terms are swapped, over all groups, for each row that is explained."""


def groups_of(subject: Subject) -> list[Bools]:
    """Return which rows of the test split are in each group, shape (rows,); all in one where there are no groups."""
    groups = [member for column in subject.test.groups for member in column.members.T]
    return groups or [np.ones(len(subject.test), dtype=bool)]


def outcomes(
    subject: Subject, order: Ints, scans: Sequence[Scan], most: int, rng: np.random.Generator
) -> dict[str, Ints]:
    """Return the rows of the test split that had each outcome, by its name, those to be read first in front.

    Parameters
    ----------
    subject : Subject
        Whose test split.
    order : Ints, shape (rows of the test split,)
        The rows in the order of the draw.
    scans : sequence of Scan
        Identity terms of each row.
    most : int
        Rows that are explained to speak for the whole split.
    rng : numpy.random.Generator
        Draws the swaps.
    """
    wrong = subject.predicted.labels[order] != subject.test.labels[order]
    groups = groups_of(subject)
    mentions = order[[bool(scans[row].mentions) for row in order]]
    tried = first_of_each(mentions, groups, max(1, SWAPPED * most // len(groups)))
    return {
        "wrong": order[wrong],
        "most uncertain": first_of_each(_least_certain_first(subject, order), groups, FEW),
        "flipped by an identity swap": _flipped(subject, tried, scans, rng),
        "right": order[~wrong],
    }


def first_of_each(order: Ints, groups: Sequence[Bools], most: int) -> Ints:
    """Return so many rows of each group, the first in an order, in that order."""
    kept = np.zeros(len(order), dtype=bool)
    for member in groups:
        kept[np.flatnonzero(member[order])[:most]] = True
    return order[kept]


def _least_certain_first(subject: Subject, order: Ints) -> Ints:
    """Return the rows by how near to each other their two likeliest classes are."""
    scores: Floats | None = subject.predicted.scores
    if scores is None:
        return order[:0]
    ranked = np.sort(scores[order], axis=1)
    return order[np.argsort((ranked[:, -1] - ranked[:, -2]).round(9), kind="stable")]


def _flipped(subject: Subject, tried: Ints, scans: Sequence[Scan], rng: np.random.Generator) -> Ints:
    """Return the rows whose class another identity term changes; one swap is tried per category."""
    assert subject.score
    made = [
        (row, swap.text)
        for row in tried.tolist()
        for swap in swaps(subject.test.texts[row], scans[row], 1, rng, subject.test.ids[row])
    ]
    if not made:
        return tried[:0]
    after = subject.score([text for _, text in made]).argmax(axis=1)
    before = subject.predicted.labels
    changed = [row for (row, _), label in zip(made, after, strict=True) if label != before[row]]
    return tried[np.isin(tried, changed)]


def few_of_each(
    by_outcome: Mapping[str, Ints], groups: Sequence[Bools], order: Ints, drawn: set[int], most: int
) -> Ints:
    """Return rows to explain beside those drawn, so that of every group there are a few of each outcome.

    The first of each come before the second, and within that those first in the order of the draw, so that
    where there are more groups than ``most`` allows the names of the groups decide nothing.
    """
    place = np.argsort(order)
    wanted = sorted(
        (depth, int(place[row]), row)
        for rows in by_outcome.values()
        for member in groups
        for depth, row in enumerate(rows[member[rows]][:FEW].tolist())
    )
    fresh = dict.fromkeys(row for _, _, row in wanted if row not in drawn)
    return np.array(list(fresh)[:most], dtype=np.int64)
