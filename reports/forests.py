"""Charts of findings: by group, and by what was done to the texts, the worst first."""

from collections.abc import Callable, Mapping, Sequence

from audit.types import Better, Finding
from reports import numbers
from reports.card import Dot, Forest
from reports.findings import WAYS, Bounds, key_of, rank
from reports.words import Words, crossing_name, join, metric_name, say, value_name

MOST_DOTS = 12
CHANGES = ("perturbation", "severity", "recipe", "budget", "category", "term", "capability")
"""Columns of a slice that tell what was done to a text or asked of it, and not whom it is about."""
RANKED = ("perturbation", "recipe", "category", "term", "capability", "condition")
"""Those drawn the worst first; severity and budget have curves."""
DRAWN = {
    "robustness.noise": ("flip_rate", "worst_flip_rate"),
    "fairness.counterfactual": ("flip_rate", "term_shift", "template_flip_rate"),
    "behaviour.suite": ("pass_rate",),
    "robustness.attack": ("attack_success", "robust_accuracy"),
    "human.deferral": ("deferral_rate", "remaining_error", "over_reliance", "team_gain", "conformal_coverage"),
    "data.quality": ("label_error_rate", "contradiction_rate"),
    "explain.shap": ("identity_mass",),
    "explain.quality": ("comprehensiveness_over_random", "stability"),
    "privacy.membership": ("auc",),
    "privacy.uniqueness": ("unique_share",),
    "account.repeatability": ("label_agreement",),
    "slices.errors": ("error_rate_over_rest",),
    "sustain.footprint": ("accuracy_change",),
}
"""Of probes that measure much, what is drawn; their tables tell the rest."""

Overall = Callable[[str], float | None]
Chart = tuple[str, tuple[str, ...], str]
"""Metric, columns that tell its dots apart, and the class where that is fixed."""


def forests(findings: Sequence[Finding], overall: Overall, bounds: Bounds) -> list[Forest]:
    """Return a chart for every metric that was measured with an interval in two groups or more.

    Parameters
    ----------
    findings : sequence of Finding
        Of one probe.
    overall : callable
        The figure for all rows, by metric id.
    bounds : mapping
        What the gate asks of a finding, by its key.
    """
    charts: dict[Chart, list[Finding]] = {}
    for finding in findings:
        if finding.value is not None and finding.interval and _drawn(finding):
            charts.setdefault(_chart(finding), []).append(finding)
    several = sorted((pair for pair in charts.items() if len(pair[1]) > 1), key=lambda pair: _order(pair[0]))
    return [_forest(*pair, overall, bounds) for pair in several]


def is_fine(finding: Finding) -> bool:
    """Return whether a slice is finer than a reader can take in, such as one kind of noise in one group."""
    columns = set(finding.slice) - {"class"}
    if columns <= {*WAYS} or columns == {"category", "term"}:
        return False
    return len(columns) > 1 and not columns.isdisjoint((*CHANGES, *WAYS))


def _drawn(finding: Finding) -> bool:
    """Return whether a finding belongs on a chart: of one group, or of one kind of change to all rows."""
    probe, _, metric = finding.metric.rpartition(".")
    if not finding.slice or "*" in finding.slice.values() or metric not in DRAWN.get(probe, (metric,)):
        return False
    return not is_fine(finding) and not {"severity", "budget"} & set(finding.slice)


def _chart(finding: Finding) -> Chart:
    columns = _columns(finding.slice)
    return finding.metric, columns, "" if columns == ("class",) else finding.slice.get("class", "")


def _columns(slice: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that name a dot; a term says its category by itself."""
    if "term" in slice:
        return ("term",)
    return tuple(c for c in sorted(slice) if c != "class") or ("class",)


def _order(chart: Chart) -> tuple[int, bool]:
    metric, columns, _ = chart
    return rank(metric), columns[0] not in RANKED


def _dot(finding: Finding, bounds: Bounds) -> Dot:
    assert finding.value is not None and finding.interval
    low, high = finding.interval.low, finding.interval.high
    label = join([value_name(column, finding.slice[column]) for column in _columns(finding.slice)], " × ", " × ")
    text = f"{numbers.number(finding.value)} ({numbers.span(low, high)})"
    null = finding.null.upper if finding.null else None
    key = key_of(finding)
    return Dot(key, label, finding.value, low, high, text, numbers.count(finding.n), null, bounds.get(key))


def _forest(chart: Chart, findings: list[Finding], overall: Overall, bounds: Bounds) -> Forest:
    metric, columns, fixed = chart
    by, ranked = say("figure.by", columns=crossing_name(list(columns))), columns[0] in RANKED
    dots = [_dot(finding, bounds) for finding in findings]
    shown = _worst(dots, findings[0].better) if ranked else _extremes(dots)
    return Forest(
        title=metric_name(metric),
        by=say("figure.by_class", by=by, label=fixed) if fixed else by,
        dots=tuple(shown),
        overall=None if fixed else overall(metric),
        reading=_range(dots),
        left_out=len(dots) - len(shown),
        ranked=ranked,
    )


def _worst(dots: list[Dot], better: Better) -> list[Dot]:
    """Return the worst first or, where neither end is worse, those farthest from 0.

    What counts is the milder end of the interval, so that a high figure on few rows does not lead.
    """
    mildest: dict[Better, Callable[[Dot], float]] = {
        "lower": lambda dot: dot.low,
        "higher": lambda dot: -dot.high,
        "none": lambda dot: max(dot.low, -dot.high),
    }
    return sorted(dots, key=mildest[better], reverse=True)[:MOST_DOTS]


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
