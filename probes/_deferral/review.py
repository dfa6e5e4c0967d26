"""The least certain share goes to people: who is deferred, and which errors stay."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import DRAWS, quantile_interval, resample_counts, substream
from audit.types import Bools, Cell, Evidence, Example, Examples, Finding, Floats, Ints, Subject, Table
from probes._by_group import Means, findings, with_difference
from probes._deferral.ranked import Ranked, chosen_on, cut_at
from probes._deferral.thresholds import threshold_finding
from probes._groups import PRIVATE, too_small

CELLS = 4
"""Kept and right, kept and wrong, deferred and right, deferred and wrong."""
MEASURES = {
    **with_difference(
        {
            "deferral_rate": Measure("none", "Share of rows that go to people.", 0, 1),
            "remaining_error": Measure("lower", "Error rate on the rows that the model keeps.", 0, 1, 0),
        }
    ),
    "error_reduction": Measure("higher", "Error rate on all rows less that on the rows the model keeps.", -1, 1),
}


def review_evidence(
    spec: ProbeSpec, test: Ranked, tuned_on: Ranked, share: float, floor: int, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Yield deferral rates, errors that stay and what review takes away; then a table of each column's groups."""
    cut = cut_at(tuned_on, share)
    deferred = cut.below(test)
    flags, left = deferred.astype(np.float64), np.where(deferred, np.nan, test.wrong)
    none = "undefined: every row goes to people"
    rates = list(findings(Means(spec, "deferral_rate", flags, test.columns, {}, "no rows", floor), rng))
    errors = list(findings(Means(spec, "remaining_error", left, test.columns, {}, none, floor), rng))
    yield threshold_finding(spec, cut, tuned_on, "share asked for", f"sends a share of {share:g} to people")
    yield from rates
    yield from errors
    for where, member in test.slices():
        note = f"{_sentence(deferred, test.wrong)}; {chosen_on(tuned_on)}" if not where else ""
        yield _reduction(spec, deferred[member], test.wrong[member], where, note, rng)
    for column in test.columns:
        yield _table(spec, test, deferred, column.name, _verdicts(column.name, rates, errors, floor))


def _sentence(deferred: Bools, wrong: Bools) -> str:
    if deferred.all():
        return "every row goes to people"
    if not deferred.any():
        return "no row is so uncertain that it goes to people"
    before, after = wrong.mean(), wrong[~deferred].mean()
    move = "falls" if after < before else "does not fall: it goes"
    rest = f"the error rate of the rest {move} from {before:.1%} to {after:.1%}"
    return f"review the {deferred.mean():.0%} least certain, and {rest}"


def _reduction(
    spec: ProbeSpec, deferred: Bools, wrong: Bools, where: dict[str, str], note: str, rng: np.random.Generator
) -> Finding:
    n, name = len(wrong), "error_reduction"
    if where and n < PRIVATE:
        return spec.finding(name, None, n, slice=where, note=too_small(n))
    counts = np.bincount(2 * deferred + wrong, minlength=CELLS)[None, :]
    value = float(_taken_away(counts)[0])
    if np.isnan(value):
        return spec.finding(name, None, n, slice=where, note="undefined: every row goes to people")
    draws = _taken_away(resample_counts(counts, DRAWS, substream(rng, name))[:, 0])
    found = quantile_interval(draws, f"bootstrap of counts, {DRAWS} draws")
    interval = found.model_copy(update={"low": min(found.low, value), "high": max(found.high, value)})
    return spec.finding(name, value, n, slice=where, interval=interval, note=note)


def _taken_away(counts: Ints) -> Floats:
    """Return the error rate of all rows less that of the kept ones; counts of shape (draws, cells)."""
    kept = counts[:, :2].sum(axis=1)
    after = np.divide(counts[:, 1], kept, out=np.full(len(counts), np.nan), where=kept > 0)
    return np.asarray((counts[:, 1] + counts[:, 3]) / counts.sum(axis=1) - after)


def _verdicts(column: str, rates: Sequence[Finding], errors: Sequence[Finding], floor: int) -> str:
    """Return in words which group is deferred most and which keeps most errors, where that is no chance."""
    deferred, left = (_compared(found, column, floor) for found in (rates, errors))
    if min(len(deferred), len(left)) < 2:
        return f"not compared: fewer than two groups have {floor} rows"
    return f"{_often(deferred, _gap(rates, column))}; {_worst(left, _gap(errors, column))}"


def _compared(found: Sequence[Finding], column: str, floor: int) -> dict[str, float]:
    named = ((f.slice.get(column, "*"), f) for f in found)
    return {g: f.value for g, f in named if g not in ("*", "unknown") and f.value is not None and f.n >= floor}


def _gap(found: Sequence[Finding], column: str) -> Finding:
    return next(f for f in found if f.slice.get(column) == "*")


def _clear(gap: Finding) -> bool:
    return gap.interval is not None and gap.interval.low > 0


def _often(rates: Mapping[str, float], gap: Finding) -> str:
    most, least = max(rates, key=rates.__getitem__), min(rates, key=rates.__getitem__)
    shares = f"{rates[most]:.1%} against {rates[least]:.1%}"
    if not _clear(gap):
        return f"no group is clearly deferred more often than another (at most {shares})"
    if not rates[least]:
        return f"{most}: deferred and not {least} ({shares})"
    return f"{most}: deferred {rates[most] / rates[least]:.1f} times as often as {least} ({shares})"


def _worst(errors: Mapping[str, float], gap: Finding) -> str:
    worst = max(errors, key=errors.__getitem__)
    if not _clear(gap):
        return "no group clearly keeps more errors than another"
    return f"most errors among the rows kept: {worst}, {errors[worst]:.1%}"


def _table(spec: ProbeSpec, test: Ranked, deferred: Bools, column: str, note: str) -> Table:
    rows = [(where[column], member) for where, member in test.slices() if column in where]
    return Table(
        name=f"{spec.id}.by_group",
        slice={column: "*"},
        columns=("group", "rows", "deferral rate", "error rate before", "error rate after"),
        rows=tuple(
            (group, int(member.sum()), *_shares(deferred[member], test.wrong[member])) for group, member in rows
        ),
        note=note,
    )


def _shares(deferred: Bools, wrong: Bools) -> tuple[Cell, ...]:
    if len(wrong) < PRIVATE:
        return (None, None, None)
    after = None if deferred.all() else float(wrong[~deferred].mean())
    return (float(deferred.mean()), float(wrong.mean()), after)


# --- texts to read ------------------------------------------------------------------------


def review_examples(
    spec: ProbeSpec, subject: Subject, test: Ranked, tuned_on: Ranked, share: float, most: int
) -> Iterator[Examples]:
    """Yield errors that review would miss, the most certain first, and rows that it would see, the least certain."""
    deferred = cut_at(tuned_on, share).below(test)
    order = test.least_certain_first
    missed = order[::-1][(test.wrong & ~deferred)[order[::-1]]]
    seen = order[deferred[order]]
    parts = (("errors_kept", missed, most - most // 2), ("sent_to_people", seen, most // 2))
    for name, rows, shown in parts:
        if len(rows) and shown:
            items = tuple(_example(subject, test, row) for row in rows[:shown])
            yield Examples(name=f"{spec.id}.{name}", items=items, total=len(rows))


def _example(subject: Subject, test: Ranked, row: int) -> Example:
    place, split = int(test.rows[row]), subject.test
    return Example(
        id=split.ids[place],
        before=split.texts[place],
        label=subject.labels[test.labels[row]],
        predicted_before=subject.labels[test.predicted[row]],
        score_before=float(test.confidence[row]),
        groups=tuple(
            f"{column.name}: {value}"
            for column in test.columns
            for value, member in zip(column.values, column.members[row], strict=True)
            if member
        ),
    )
