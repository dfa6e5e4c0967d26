"""Where the model fails: slices of the rows that one half suggested and the other half confirmed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import LEVEL, Z, substream, wilson, wilson_limits
from audit.types import (
    Bools,
    Cell,
    Evidence,
    Example,
    Examples,
    Finding,
    Floats,
    Frozen,
    Interval,
    Ints,
    Split,
    Subject,
    Table,
)
from probes._groups import PRIVATE
from probes._quality.rows import groups_of, take
from probes._sample import drawn
from probes._slices.conditions import Slice, conditions, further
from probes._slices.search import Search, chances, holm, search
from probes._text import normalised


class Params(Frozen):
    """Parameters of ``slices.errors``."""

    min_rows: int = Field(30, ge=PRIVATE)
    """Rows that a slice needs in the half that is searched."""
    false_discoveries: float = Field(0.1, gt=0, lt=1)
    """Share of false discoveries that the search may hand on to the test on the other half."""
    examples: int = Field(12, ge=0)
    """Wrong predictions to show; 0 for texts that must not be shown."""


MEASURES = {
    "error_rate": Measure("lower", "Share of rows whose predicted class is wrong, in the half held back.", 0, 1, 0),
    "error_rate_over_rest": Measure(
        "lower", "Error rate of a slice less that of all other rows, in the half held back.", -1, 1, 0
    ),
    "slices_confirmed": Measure("lower", "Slices that fail more often than the rest in both halves.", 0, None, 0),
}


@dataclass(frozen=True)
class Rows:
    """The test rows in an order of their own, their errors, and the two halves."""

    split: Split
    predicted: Ints
    scores: Floats | None
    searched: Bools
    """Rows of the half that is searched; the others are held back."""

    @property
    def wrong(self) -> Bools:
        """Rows whose prediction is wrong, shape (n,)."""
        return np.asarray(self.predicted != self.split.labels)

    @property
    def held(self) -> Bools:
        """Rows of the half that is held back, shape (n,)."""
        return ~self.searched


@dataclass(frozen=True)
class Tested:
    """A slice that the search found, and what the rows held back say of it."""

    slice: Slice
    p_value: float
    """Of all slices tested, adjusted."""
    rows: int
    """Held back, in the slice."""

    @property
    def confirmed(self) -> bool:
        """Whether it fails more often there too; a handful of rows is no evidence."""
        return self.p_value <= 1 - LEVEL and self.rows >= PRIVATE


@probe("slices.errors", version=2, values=("fairness", "value_creation"), needs=("labels",), measures=MEASURES)
def slices_errors(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Find rows for which the model fails more often: by words, length, class, groups and columns. Ideal: no slice.

    Half of the rows are searched. What is found there looks worse than it is, because the worst was
    picked; so it is tested on the other half, and all numbers are of that half. Equal texts share a
    half. On a model whose errors have no pattern a slice is confirmed in at most 5 of 100 audits. A
    slice is an association: the word need not be the cause.

    References
    ----------
    Chung et al. 2019 (Slice Finder, arXiv:1807.06068); Benjamini and Hochberg 1995; Holm 1979;
    Newcombe 1998 (Statistics in Medicine 17:873), method 10.
    """
    rows = _rows(subject, int(substream(rng, "halves").integers(2**32)))
    columns = further(rows.split)
    said = conditions(rows.split, subject.labels, 2 * params.min_rows, columns)
    found = search(said, rows.wrong, rows.searched, params.min_rows, params.false_discoveries)
    tested = _tested(found, rows)
    confirmed = [one.slice for one in tested if one.confirmed]
    yield _overall(rows)
    yield _confirmed(found, confirmed, rows, params)
    for one in confirmed:
        yield _error_rate(one, rows)
        yield _over_rest(one, rows)
    if not confirmed:
        note = "no slice was confirmed" if found.searched else _unsearched(params)
        yield slices_errors.finding("error_rate_over_rest", None, int(rows.held.sum()), note=note)
    yield _table(found, tested, rows, columns.left_out, params)
    if params.examples and confirmed:
        yield _examples(subject, confirmed, rows, params.examples)


def _rows(subject: Subject, seed: int) -> Rows:
    order = drawn(subject.test, seed)
    split, predicted = take(subject.test, order), subject.predicted
    scores = None if predicted.scores is None else predicted.scores[order]
    return Rows(split, predicted.labels[order], scores, np.array([_first(text, seed) for text in split.texts], bool))


def _first(text: str, seed: int) -> bool:
    """Tell the half of a text: equal ones share it, lest a copy confirm what it suggested."""
    return blake2b(f"{seed}/{normalised(text)}".encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] % 2 == 0


def _tested(found: Search, rows: Rows) -> list[Tested]:
    adjusted = holm(chances(found.slices, rows.wrong, rows.held, against_wider=False))
    return [
        Tested(one, float(p_value), int((one.members & rows.held).sum()))
        for one, p_value in zip(found.slices, adjusted, strict=True)
    ]


# --- numbers ------------------------------------------------------------------------------


def _unsearched(params: Params) -> str:
    return f"not searched: a slice needs {params.min_rows} rows, and others beside them, in the half that is searched"


def _counts(members: Bools, rows: Rows) -> tuple[int, int]:
    """Count the errors and the rows of those held back."""
    inside = members & rows.held
    return int((inside & rows.wrong).sum()), int(inside.sum())


def _overall(rows: Rows) -> Finding:
    errors, n = _counts(rows.held, rows)
    if not n:
        return slices_errors.finding("error_rate", None, 0, note="undefined: no row is held back")
    return slices_errors.finding("error_rate", errors / n, n, interval=wilson(errors, n))


def _confirmed(found: Search, confirmed: list[Slice], rows: Rows, params: Params) -> Finding:
    n = int(rows.held.sum())
    if not found.searched:
        return slices_errors.finding("slices_confirmed", None, n, note=_unsearched(params))
    return slices_errors.finding("slices_confirmed", len(confirmed), n, note="Exact count.")


def _error_rate(one: Slice, rows: Rows) -> Finding:
    errors, n = _counts(one.members, rows)
    return slices_errors.finding("error_rate", errors / n, n, slice={"condition": one.name}, interval=wilson(errors, n))


def _over_rest(one: Slice, rows: Rows) -> Finding:
    counts = np.array([_counts(one.members, rows), _counts(~one.members, rows)])
    value, interval = newcombe(counts[:, 0], counts[:, 1])
    return slices_errors.finding(
        "error_rate_over_rest", value, int(counts[:, 1].sum()), slice={"condition": one.name}, interval=interval
    )


def newcombe(errors: Ints, rows: Ints) -> tuple[float, Interval]:
    """Return the first share less the second, of two independent samples, and its interval."""
    shares = errors / rows
    low, high = wilson_limits(errors, rows, Z)
    below, above = shares - low, high - shares
    value = float(shares[0] - shares[1])
    interval = Interval(
        low=value - float(np.hypot(below[0], above[1])),
        high=value + float(np.hypot(above[0], below[1])),
        method="Newcombe 1998, method 10",
    )
    return value, interval


# --- to read ------------------------------------------------------------------------------


def _table(found: Search, tested: list[Tested], rows: Rows, silent: Mapping[str, str], params: Params) -> Table:
    unsearched = [f"{column} ({why})" for column, why in silent.items()]
    return Table(
        name="slices.errors.slices",
        columns=(
            "condition",
            "rows searched",
            "error rate searched",
            "rows held back",
            "error rate held back",
            "error rate of the rest",
            "p-value",
            "confirmed",
        ),
        rows=tuple(_line(one, rows) for one in sorted(tested, key=lambda one: not one.confirmed)),
        note=(
            f"{found.searched:,} slices were searched, {found.passed:,} were within the rate of false discoveries "
            f"({params.false_discoveries:g}), {len(tested)} were left once overlapping ones were merged"
            f"{'; columns not searched: ' if unsearched else ''}{', '.join(unsearched)}"
        ),
    )


def _line(one: Tested, rows: Rows) -> tuple[Cell, ...]:
    members = one.slice.members
    searched = members & rows.searched
    rates = [errors / n if n >= PRIVATE else None for errors, n in (_counts(members, rows), _counts(~members, rows))]
    return (
        one.slice.name,
        int(searched.sum()),
        float(rows.wrong[searched].mean()),
        one.rows,
        *rates,
        one.p_value,
        "yes" if one.confirmed else "no",
    )


def _examples(subject: Subject, confirmed: list[Slice], rows: Rows, most: int) -> Examples:
    """Show wrong predictions of every confirmed slice in turn, the most confident first."""
    sure = np.zeros(len(rows.split)) if rows.scores is None else rows.scores.max(axis=1)
    ranked = np.argsort(-sure, kind="stable")
    shown: dict[int, str] = {}
    queues = [[int(row) for row in ranked if (one.members & rows.wrong)[row]] for one in confirmed]
    for turn in range(max(map(len, queues))):
        for one, queue in zip(confirmed, queues, strict=True):
            if turn < len(queue) and len(shown) < most:
                shown.setdefault(queue[turn], one.name)
    total = np.logical_or.reduce([one.members for one in confirmed]) & rows.wrong
    items = tuple(_example(subject, rows, row, name) for row, name in shown.items())
    return Examples(name="slices.errors.wrong", items=items, total=int(total.sum()))


def _example(subject: Subject, rows: Rows, row: int, condition: str) -> Example:
    predicted = int(rows.predicted[row])
    return Example(
        id=rows.split.ids[row],
        before=rows.split.texts[row],
        change=condition,
        label=subject.labels[rows.split.labels[row]],
        predicted_before=subject.labels[predicted],
        score_before=None if rows.scores is None else float(rows.scores[row, predicted]),
        groups=groups_of(rows.split, row),
    )
