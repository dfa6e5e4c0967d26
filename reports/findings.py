"""Findings and curves of a probe, ready to print or draw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from audit.types import Curve, Finding, Interval
from reports import numbers
from reports.card import Dot, Forest, Line, Metric, Reading, Series
from reports.words import Words, crossing_name, group_name, join, known, metric_name, say, slice_name

MOST_DOTS = 12
PREFERRED = (
    "false_positive_rate",
    "false_negative_rate",
    "false_positive_rate_difference",
    "false_negative_rate_difference",
    "equalized_odds_difference",
    "equal_opportunity_difference",
    "demographic_parity_difference",
    "predictive_parity_difference",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_macro",
    "roc_auc",
    "pr_auc",
    "matthews_correlation",
    "accuracy_over_majority",
    "accuracy_over_baseline",
    "selection_rate",
    "precision",
    "auc",
    "smooth_ece",
    "debiased_ece",
    "brier",
    "calibration_in_the_large",
    "calibration_slope",
    "temperature",
)
"""What most readers look for first, by the last part of the metric's id."""


Key = tuple[str, frozenset[tuple[str, str]]]
Bounds = Mapping[Key, float]


def key_of(finding: Finding) -> Key:
    """Return what tells a finding from all others of a record."""
    return finding.metric, frozenset(finding.slice.items())


def rank(metric: str) -> int:
    """Return the place of a metric in the order of reading."""
    last = metric.rpartition(".")[2]
    return PREFERRED.index(last) if last in PREFERRED else len(PREFERRED)


def reading(finding: Finding) -> Reading:
    """Return a finding in words and rounded numbers."""
    return Reading(
        name=metric_name(finding.metric),
        where=slice_name(finding.slice),
        value=numbers.measured(finding),
        interval=interval(finding.interval),
        n=numbers.count(finding.n),
        null=_null(finding),
        note=finding.note,
    )


def interval(found: Interval | None) -> str:
    """Return both ends of an interval, or nothing."""
    return numbers.span(found.low, found.high) if found else ""


def _null(finding: Finding) -> Words:
    if finding.null is None:
        return ""
    calibrated = finding.metric.startswith("calibration.") and not finding.metric.endswith("_difference")
    upper, p = numbers.number(finding.null.upper), numbers.number(finding.null.p_value)
    return say("null.calibration" if calibrated else "null.other", upper=upper, p=p)


def headline(findings: Iterable[Finding], most: int) -> tuple[Reading, ...]:
    """Return the figures for all rows and across groups, in the order of reading.

    All rows is what a headline speaks of unless it says otherwise.
    """
    whole = [f for f in findings if f.value is not None and (not f.slice or set(f.slice.values()) == {"*"})]
    first = sorted(whole, key=lambda f: rank(f.metric))[:most]
    return tuple(reading(f) if f.slice else replace(reading(f), where="") for f in first)


def by_metric(findings: Sequence[Finding]) -> tuple[Metric, ...]:
    """Return the readings metric by metric, in the order measured."""
    order = {f.metric: None for f in findings}
    rows = {metric: [f for f in findings if f.metric == metric] for metric in order}
    return tuple(
        Metric(metric, metric_name(metric), found[0].better, tuple(reading(f) for f in found))
        for metric, found in rows.items()
    )


# --- by group -----------------------------------------------------------------------------

Chart = tuple[str, tuple[str, ...], str]
"""Metric, columns that tell its dots apart, and the class where that is fixed."""


def forests(
    findings: Sequence[Finding], overall: Callable[[str], float | None], bounds: Bounds, anchor: str
) -> list[Forest]:
    """Return a chart for every metric that was measured with an interval in two groups or more.

    Parameters
    ----------
    findings : sequence of Finding
        Of one probe.
    overall : callable
        The figure for all rows, by metric id.
    bounds : mapping
        What the gate asks of a finding, by its key.
    anchor : str
        Prefix of the charts' ids.
    """
    charts: dict[Chart, list[Dot]] = {}
    for finding in findings:
        if finding.slice and "*" not in finding.slice.values():
            charts.setdefault(_chart(finding), []).extend(_dots(finding, bounds))
    several = sorted(((c, dots) for c, dots in charts.items() if len(dots) > 1), key=lambda pair: rank(pair[0][0]))
    return [_forest(f"{anchor}-groups-{i}", *pair, overall) for i, pair in enumerate(several)]


def _columns(slice: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(c for c in sorted(slice) if c != "class") or ("class",)


def _chart(finding: Finding) -> Chart:
    columns = _columns(finding.slice)
    return finding.metric, columns, "" if columns == ("class",) else finding.slice.get("class", "")


def _dots(finding: Finding, bounds: Bounds) -> list[Dot]:
    if finding.value is None or finding.interval is None:
        return []
    low, high = finding.interval.low, finding.interval.high
    label = join([group_name(finding.slice[column]) for column in _columns(finding.slice)], " × ", " × ")
    text = f"{numbers.number(finding.value)} ({numbers.span(low, high)})"
    null = finding.null.upper if finding.null else None
    return [Dot(label, finding.value, low, high, text, numbers.count(finding.n), null, bounds.get(key_of(finding)))]


def _forest(id: str, chart: Chart, dots: list[Dot], overall: Callable[[str], float | None]) -> Forest:
    metric, columns, fixed = chart
    by = say("figure.by", columns=crossing_name(list(columns)))
    shown = _extremes(dots)
    return Forest(
        id=id,
        title=metric_name(metric),
        by=say("figure.by_class", by=by, label=fixed) if fixed else by,
        dots=tuple(shown),
        overall=None if fixed else overall(metric),
        reading=_range(dots),
        left_out=len(dots) - len(shown),
    )


def _extremes(dots: list[Dot]) -> list[Dot]:
    """Return all of few groups, else the highest and the lowest."""
    if len(dots) <= MOST_DOTS:
        return dots
    ordered = sorted(dots, key=lambda dot: dot.value, reverse=True)
    return ordered[: MOST_DOTS // 2] + ordered[-MOST_DOTS // 2 :]


def _range(dots: list[Dot]) -> Words:
    lowest, highest = (pick(dots, key=lambda dot: dot.value) for pick in (min, max))
    low, high = numbers.number(lowest.value), numbers.number(highest.value)
    return say("figure.range", low=low, low_group=lowest.label, high=high, high_group=highest.label)


# --- curves -------------------------------------------------------------------------------


def lines(curves: Sequence[Curve], anchor: str) -> list[Line]:
    """Return a chart for every curve."""
    return [_line(curve, f"{anchor}-curve-{i}") for i, curve in enumerate(curves)]


def _line(curve: Curve, id: str) -> Line:
    series = Series(slice_name(curve.slice), curve.x, curve.y, curve.low, curve.high, curve.n)
    diagonal = curve.reference == "diagonal"
    return Line(
        id=id,
        title=say("figure.of", name=metric_name(curve.name), where=slice_name(curve.slice)),
        x_label=_axis(curve.x_label),
        y_label=_axis(curve.y_label),
        series=(series,),
        diagonal=diagonal,
        reading=_furthest(curve) if diagonal else say("figure.curve", points=len(curve.x)),
    )


def _furthest(curve: Curve) -> Words:
    """Return where a curve lies furthest from the diagonal."""
    x, y = max(zip(curve.x, curve.y, strict=True), key=lambda point: abs(point[1] - point[0]), default=(0.0, 0.0))
    return say("figure.furthest", x=numbers.number(x), y=numbers.number(y))


def _axis(label: str) -> Words:
    return known(f"axis.{label.lower().replace(' ', '_')}") or label
