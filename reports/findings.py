"""Findings of a probe, ready to print."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from audit.types import Finding, Interval
from reports import numbers
from reports.card import Key, Metric, Reading
from reports.notes import in_both
from reports.words import Words, metric_name, say, slice_name

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
    "flip_rate",
    "flip_rate_difference",
    "worst_flip_rate",
    "accuracy_change",
    "flip_rate_change",
    "term_shift",
    "template_flip_rate",
    "worst_subgroup_auc",
    "pass_rate",
    "worst_capability_pass_rate",
    "pass_rate_difference",
    "attack_success",
    "valid_attack_success",
    "robust_accuracy",
    "attack_success_difference",
    "deferral_rate",
    "remaining_error",
    "error_reduction",
    "coverage_at_accuracy",
    "team_gain",
    "deferral_rate_difference",
    "remaining_error_difference",
    "aurc",
    "identity_mass",
    "identity_mass_difference",
    "comprehensiveness_over_random",
    "stability",
    "agreement",
    "advantage",
    "tpr_at_fpr",
    "rate",
    "unique_share",
    "smallest_class",
    "label_error_rate",
    "learnability",
    "domain_auc",
    "slices_confirmed",
    "error_rate_over_rest",
    "latency_p50_ms",
    "energy_wh",
    "co2e_g",
    "parameters",
    "label_agreement",
    "concerns",
    "consistent",
    "contradictions",
    "score",
    "score_difference",
    "alpha",
)
"""What most readers look for first, by the last part of the metric's id."""

WAYS = ("split", "with", "coverage", "backend", "variant", "kind", "claim", "condition", "method")
"""Columns of a slice that tell how something was measured, and of what, and not whom it is about."""
FEW = 4
"""Figures that lead where none is of all rows."""

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
        note=in_both(finding.note, _compared(finding)),
    )


def _compared(finding: Finding) -> str:
    """Return the column whose groups are compared; empty where none are."""
    return next((column for column, value in finding.slice.items() if value == "*"), "")


def interval(found: Interval | None) -> str:
    """Return both ends of an interval, or nothing."""
    return numbers.span(found.low, found.high) if found else ""


def _null(finding: Finding) -> Words:
    if finding.null is None:
        return ""
    calibrated = finding.metric.startswith("calibration.") and not finding.metric.endswith("_difference")
    upper, p = numbers.number(finding.null.upper), numbers.number(finding.null.p_value)
    return say("null.calibration" if calibrated else "null.other", upper=upper, p=p)


def leading(findings: Iterable[Finding], most: int) -> list[Finding]:
    """Return the figures for all rows and across groups, in the order of reading; else some of all rows in one way."""
    there = [f for f in findings if f.value is not None]
    whole = [f for f in there if not f.slice or set(f.slice.values()) == {"*"}]
    if whole:
        return sorted(whole, key=lambda f: rank(f.metric))[:most]
    return sorted((f for f in there if f.slice.keys() <= set(WAYS)), key=_by_way)[:FEW]


def _by_way(finding: Finding) -> tuple[int, bool]:
    """Return the place of a figure measured in several ways or of several splits: those of the test rows first."""
    return rank(finding.metric), finding.slice.get("split", "test") != "test"


def headline(findings: Iterable[Finding]) -> tuple[Reading, ...]:
    """Return figures as a headline: all rows is what it speaks of unless it says otherwise."""
    return tuple(reading(f) if f.slice else replace(reading(f), where="") for f in findings)


def by_metric(findings: Sequence[Finding]) -> tuple[Metric, ...]:
    """Return the readings metric by metric, in the order measured."""
    order = {f.metric: None for f in findings}
    rows = {metric: [f for f in findings if f.metric == metric] for metric in order}
    return tuple(
        Metric(metric, metric_name(metric), found[0].better, tuple(reading(f) for f in found))
        for metric, found in rows.items()
    )
