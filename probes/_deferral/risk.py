"""Risk against coverage: how wrong a model is on the rows that it is most certain of."""

from collections.abc import Iterator

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import DRAWS, Z, quantile_interval, substream, wilson, wilson_limits
from audit.types import Bools, Curve, Evidence, Finding, Floats, Interval, Ints
from probes._deferral.ranked import NOBODY, Cut, Ranked, chosen_on, level_ends
from probes._deferral.thresholds import no_threshold, threshold_finding
from probes._groups import PRIVATE, too_small

COVERAGES = ("0.9", "0.8", "0.7", "0.5")
SHARES = np.linspace(0.05, 1, 20)
"""Shares kept at which the error rate is told; one scale for all groups, so that their curves stand in one chart."""
LEVELS = 200
"""Levels of certainty that are told apart in a bootstrap, at most."""
ROUNDING = 1e-12
MOST_GROUPS = 8
"""Columns with more groups have no curves: nobody could tell the lines apart."""
MEASURES = {
    "aurc": Measure("lower", "Area under the risk-coverage curve: mean error rate of the most certain rows.", 0, 1, 0),
    "excess_aurc": Measure("lower", "That area beyond the one of an order that puts every error last.", 0, 1, 0),
    "accuracy_at_coverage": Measure("higher", "Accuracy on the most certain share of the rows.", 0, 1, 1),
    "coverage_at_accuracy": Measure("higher", "Share of rows the model can keep at the required accuracy.", 0, 1, 1),
    "kept_accuracy": Measure("higher", "Accuracy on the rows kept at the threshold for that accuracy.", 0, 1, 1),
}


def areas(rows: Ints, errors: Ints) -> Floats:
    """Return the area under the risk-coverage curve, the mean over equally certain rows' orders.

    The risk at the k most certain rows, averaged over k = 1 ... n (Geifman, Uziel and El-Yaniv
    2019, arXiv:1805.08206). Within a level of confidence the errors are spread evenly.

    Parameters
    ----------
    rows, errors : Ints, shape (draws, levels)
        Rows and errors at each level of confidence, the highest first.

    Returns
    -------
    Floats, shape (draws,)
        From 0, the ideal, to 1.
    """
    end, sums = rows.cumsum(axis=1), errors.cumsum(axis=1)
    start, before = end - rows, sums - errors
    harmonic = np.append(0, (1 / np.arange(1, int(end.max()) + 1)).cumsum())
    rate = np.divide(errors, rows, out=np.zeros(rows.shape), where=rows > 0)
    # Sum over j of (before + j rate) / (start + j), in closed form.
    levels = errors + (before - rate * start) * (harmonic[end] - harmonic[start])
    return np.asarray(levels.sum(axis=1) / end[:, -1])


def oracle_areas(errors: Ints, n: Ints) -> Floats:
    """Return the smallest areas that so many errors in ``n`` rows allow: all of them last; shapes (draws,)."""
    return areas(np.column_stack([n - errors, errors]), np.column_stack([0 * errors, errors]))


def area_pairs(rows: Ints, errors: Ints) -> Floats:
    """Return area and excess area, shape (2, draws), of counts of shape (draws, levels)."""
    area = areas(rows, errors)
    oracle = oracle_areas(errors.sum(axis=1), rows.sum(axis=1))
    return np.stack([area, np.maximum(area - oracle, 0)])


def level_counts(confidence: Floats, wrong: Bools) -> Ints:
    """Return right and wrong rows at each level of confidence, the highest first; shape (levels, 2)."""
    levels, level = np.unique(-confidence, return_inverse=True)
    return np.bincount(2 * level + wrong, minlength=2 * len(levels)).reshape(-1, 2)


def risk_evidence(
    spec: ProbeSpec, test: Ranked, tuned_on: Ranked, required: float, floor: int, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Yield areas and curves of all rows and of groups, and accuracy and coverage at given coverage and accuracy."""
    few = {column.name for column in test.columns if len(column.values) <= MOST_GROUPS}
    for where, member in test.slices():
        yield from _area_findings(spec, test, where, member, floor, rng)
        if not where or (member.sum() >= floor and few & set(where) and "unknown" not in where.values()):
            yield _curve(spec, test, where, member)
    yield from _accuracies(spec, test)
    yield from _coverage(spec, test, tuned_on, required, floor)


def _area_findings(
    spec: ProbeSpec, test: Ranked, where: dict[str, str], member: Bools, floor: int, rng: np.random.Generator
) -> Iterator[Finding]:
    n = int(member.sum())
    if n < (floor if where else 1):
        note = too_small(n) if n < PRIVATE else f"not measured: fewer than {floor} rows"
        yield from (spec.finding(name, None, n, slice=where, note=note) for name in ("aurc", "excess_aurc"))
        return
    counts = level_counts(test.confidence[member], test.wrong[member])
    intervals = area_intervals(counts, substream(rng, "aurc"))
    for name, value, interval in zip(("aurc", "excess_aurc"), _pairs_of(counts[None])[:, 0], intervals, strict=True):
        yield spec.finding(name, float(value), n, slice=where, interval=interval)


def _pairs_of(counts: Ints) -> Floats:
    return area_pairs(counts.sum(axis=2), counts[:, :, 1])


def area_intervals(counts: Ints, rng: np.random.Generator) -> list[Interval]:
    """Return the intervals of area and excess area of right and wrong rows by level, shape (levels, 2)."""
    values, n, errors = _pairs_of(counts[None])[:, 0], int(counts.sum()), int(counts[:, 1].sum())
    if errors in (0, n):
        # A bootstrap of rows that all agree leaves no doubt; the error rate's own interval does.
        reach, method = wilson(errors, n), "that of the error rate, Wilson: the rows are all right or all wrong"
        ends = [(reach.low, reach.high), (0.0, reach.high - reach.low)]
        return [Interval(low=low, high=high, method=method) for low, high in ends]
    # Neighbouring levels are resampled together, so that the effort does not grow with the rows.
    coarse = np.add.reduceat(counts, np.unique(np.linspace(0, len(counts), LEVELS, False).astype(np.int64)))
    replicates = rng.multinomial(n, coarse.ravel() / n, size=DRAWS).reshape(DRAWS, -1, 2)
    draws = np.clip(_pairs_of(replicates) + (values[:, None] - _pairs_of(coarse[None])), 0, 1)
    return [_area_interval(value, of_name, n) for value, of_name in zip(values.tolist(), draws, strict=True)]


def _area_interval(value: float, draws: Floats, n: int) -> Interval:
    """Return a normal interval on the log scale, which covers areas better than the percentiles of draws."""
    error = float(draws.std())
    if value <= ROUNDING:
        return Interval(low=0, high=wilson(0, n).high, method=f"Wilson's for none of {n} rows")
    if value <= 2 * error:
        found = quantile_interval(draws, f"bootstrap, {DRAWS} draws")
        return found.model_copy(update={"low": min(found.low, value), "high": max(found.high, value)})
    factor = float(np.exp(Z * error / value))
    method = f"normal on the log scale, bootstrap of {DRAWS} draws"
    return Interval(low=value / factor, high=max(value, min(value * factor, 1.0)), method=method)


def _curve(spec: ProbeSpec, test: Ranked, where: dict[str, str], member: Bools) -> Curve:
    order = test.least_certain_first[::-1]
    wrong = test.wrong[order[member[order]]]
    kept = np.ceil(SHARES * len(wrong) - ROUNDING).astype(np.int64)
    errors = wrong.cumsum()[kept - 1]
    low, high = wilson_limits(errors, kept, Z)
    return Curve(
        name=f"{spec.id}.risk_coverage",
        slice=where,
        x_label="coverage",
        y_label="error rate",
        x=rounded(SHARES),
        y=rounded(errors / kept),
        low=rounded(low),
        high=rounded(high),
        n=tuple(kept.tolist()),
        note="Error rate of the most certain rows; Wilson's band at each point.",
    )


def rounded(values: Floats) -> tuple[float, ...]:
    """Return points of a line to four decimals, so that a record stays small."""
    return tuple(np.round(values, 4).tolist())


def _accuracies(spec: ProbeSpec, test: Ranked) -> Iterator[Finding]:
    right = ~test.wrong[test.least_certain_first[::-1]]
    for coverage in COVERAGES:
        kept, where = round(float(coverage) * len(test)), {"coverage": coverage}
        if not kept:
            yield spec.finding("accuracy_at_coverage", None, 0, slice=where, note="undefined: too few rows to keep any")
            continue
        hits = int(right[:kept].sum())
        yield spec.finding("accuracy_at_coverage", hits / kept, kept, slice=where, interval=wilson(hits, kept))


def _coverage(spec: ProbeSpec, test: Ranked, tuned_on: Ranked, required: float, floor: int) -> Iterator[Finding]:
    names, condition = ("coverage_at_accuracy", "kept_accuracy"), "required accuracy"
    cut = cut_for(tuned_on, required, floor)
    if cut is None:
        note = f"unreachable: the most certain {tuned_on.split} rows, {floor} or more, never reach {required:g}"
        yield from (spec.finding(name, None, len(test), note=note) for name in names)
        yield no_threshold(spec, len(tuned_on), condition, note)
        return
    yield threshold_finding(spec, cut, tuned_on, condition, f"the rest, kept by the model, reaches {required:g}")
    kept = ~cut.below(test)
    n, hits = int(kept.sum()), int((kept & ~test.wrong).sum())
    note = f"required accuracy {required:g}; {chosen_on(tuned_on)}"
    yield spec.finding(names[0], n / len(test), len(test), interval=wilson(n, len(test)), note=note)
    if n:
        yield spec.finding(names[1], hits / n, n, interval=wilson(hits, n), note=note)
    else:
        yield spec.finding(names[1], None, 0, note=f"undefined: no row is kept; {note}")


def cut_for(rows: Ranked, required: float, floor: int) -> Cut | None:
    """Return the cut that keeps most of these rows at the required accuracy; None where none keeps ``floor`` rows.

    Equally certain rows stay together.
    """
    ordered = rows.least_certain_first
    sent = np.append(0, level_ends(rows)[:-1])
    kept = len(rows) - sent
    right = (~rows.wrong[ordered])[::-1].cumsum()[kept - 1]
    good = np.flatnonzero((right >= required * kept - 1e-9) & (kept >= floor))
    if not len(good):
        return None
    count = int(sent[good[0]])
    return Cut(float(rows.confidence[ordered[count - 1]])) if count else NOBODY
