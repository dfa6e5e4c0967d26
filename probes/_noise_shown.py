"""What noise does to predictions, to look at: curves over severity, a table of perturbations, examples."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audit.types import Cell, Curve, Example, Examples, Finding, Ints, Subject, Table
from probes._noise_measures import DIGITS
from probes._noised import Effect, Noised

PROBE = "robustness.noise"
MOST_GROUPS = 8
"""Columns with more groups have no curves: nobody could tell the lines apart."""
LONGEST = 1000
"""Characters of the longest text shown as an example."""


class Found:
    """Findings, to be looked up by metric and slice."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._by_key = {(f.metric, frozenset(f.slice.items())): f for f in findings}

    def at(self, name: str, where: Mapping[str, str]) -> Finding:
        """Return the finding of that metric, without the probe's id, and slice."""
        return self._by_key[f"{PROBE}.{name}", frozenset(where.items())]


def curves(found: Found, noise: Noised) -> Iterator[Curve]:
    """Yield the flip rate over severity: of all rows, and of each group."""
    columns = [column for column in noise.rows.columns if len(column.values) <= MOST_GROUPS]
    for where in ({}, *({column.name: value} for column in columns for value in column.values)):
        points = [found.at("flip_rate", {**where, "severity": str(s)}) for s in noise.severities]
        limits = [point.interval for point in points if point.interval]
        if len(limits) == len(points):
            yield Curve(
                name=f"{PROBE}.flip_rate",
                slice=where,
                x_label="severity",
                y_label="flip rate",
                x=(0.0, *map(float, noise.severities)),
                y=(0.0, *(point.value or 0.0 for point in points)),
                low=(0.0, *(interval.low for interval in limits)),
                high=(0.0, *(interval.high for interval in limits)),
                n=(points[0].n, *(point.n for point in points)),
            )


def ranking(found: Found, noise: Noised, drawn_of: int, floor: int, remark: str) -> Table:
    """Return the perturbations, the worst first; those that change fewer rows than ``floor`` come last."""
    notes = [f"{len(noise.rows):,} of {drawn_of:,} rows were drawn", *filter(None, [remark])]
    if noise.idle:
        notes.append(f"can change none of them: {', '.join(noise.idle)}")
    compared, rare = _worst_first(found, noise, floor)
    if rare:
        notes.append(f"last, for they can change fewer than {floor} rows: {', '.join(rare)}")
    return Table(
        name=f"{PROBE}.by_perturbation",
        columns=(
            *("perturbation", "applies to rows", "flip rate", "low", "high"),
            *("accuracy change", "score shift", "group hurt most", "its flip rate"),
        ),
        rows=tuple(_table_row(found, noise, name, floor) for name in (*compared, *rare)),
        note="; ".join(notes),
    )


def _worst_first(found: Found, noise: Noised, floor: int) -> tuple[list[str], list[str]]:
    """Return the perturbations that change rows enough to be compared, and the others."""
    flips = {name: found.at("flip_rate", {"perturbation": name}) for name in noise.names}
    order = sorted(flips, key=lambda name: -round(flips[name].value or 0.0, DIGITS))
    return [name for name in order if flips[name].n >= floor], [name for name in order if flips[name].n < floor]


def _table_row(found: Found, noise: Noised, name: str, floor: int) -> tuple[Cell, ...]:
    where = {"perturbation": name}
    flips = found.at("flip_rate", where)
    limits = (flips.interval.low, flips.interval.high) if flips.interval else (None, None)
    others = (found.at(metric, where).value for metric in ("accuracy_change", "score_shift"))
    return (name, flips.n, flips.value, *limits, *others, *_hurt_most(found, noise, where, floor))


def _hurt_most(found: Found, noise: Noised, where: Mapping[str, str], floor: int) -> tuple[str | None, float | None]:
    """Return the group with the highest flip rate, of columns in which the groups differ beyond doubt."""
    rates = {
        f"{column.name}: {value}": finding.value or 0.0
        for column in noise.rows.columns
        if _differ(found.at("flip_rate_difference", {**where, column.name: "*"}))
        for value in column.values
        if (finding := found.at("flip_rate", {**where, column.name: value})).n >= floor
    }
    worst = max(rates, key=lambda group: rates[group], default=None)
    return (worst, rates[worst]) if worst else (None, None)


def _differ(gap: Finding) -> bool:
    return gap.interval is not None and gap.interval.low > 0


def examples(subject: Subject, found: Found, noise: Noised, effect: Effect, most: int, floor: int) -> Examples:
    """Return texts whose predicted class changed: one for each of the worst perturbations.

    Those that change too few rows to be compared have none, unless there are no others.
    Of the rows that a perturbation flips, that is shown which flips at the lowest severity, then
    one whose groups were shown least often, then the one whose score moves most.
    """
    readable = np.array([len(text) <= LONGEST for text in noise.rows.texts])
    shown: list[Example] = []
    compared, rare = _worst_first(found, noise, floor)
    for p in map(noise.names.index, compared or rare):
        rows = np.flatnonzero((effect.flips[p] == 1).any(axis=1) & readable)
        if len(shown) < most and len(rows):
            shown.append(_most_telling(subject, noise, effect, p, rows, shown))
    return Examples(
        name=f"{PROBE}.examples",
        items=tuple(shown),
        total=int((effect.flips == 1).sum()),
        note="" if readable.all() else f"texts of more than {LONGEST:,} characters are not shown",
    )


def _most_telling(
    subject: Subject, noise: Noised, effect: Effect, p: int, rows: Ints, shown: Sequence[Example]
) -> Example:
    first = (effect.flips[p] == 1).argmax(axis=1)
    seen = [group for example in shown for group in example.groups]

    def rank(row: int) -> tuple[int, int, float]:
        often = max((seen.count(group) for group in noise.rows.groups_of(row)), default=len(shown))
        return int(first[row]), often, -float(effect.shift[p, row, first[row]])

    row = min(rows.tolist(), key=rank)
    return _example(subject, noise, effect, p, row, int(first[row]))


def _example(subject: Subject, noise: Noised, effect: Effect, p: int, row: int, s: int) -> Example:
    was, now = int(effect.before[row].argmax()), int(effect.after[p, row, s].argmax())
    return Example(
        id=noise.rows.ids[row],
        before=noise.rows.texts[row],
        after=noise.text(p, row, s),
        change=f"{noise.names[p]}, severity {noise.severities[s]}",
        label=subject.labels[noise.rows.labels[row]],
        predicted_before=subject.labels[was],
        predicted_after=subject.labels[now],
        score_before=float(effect.before[row, was]),
        score_after=float(effect.after[p, row, s, was]),
        groups=noise.rows.groups_of(row),
    )
