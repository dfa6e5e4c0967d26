"""The gate: a record and rules to a verdict. Needs no model and no probe code."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from audit.types import Check, Finding, Outcome, Rule, RunRecord, State, Verdict, Waiver

EXIT_CODES: dict[Outcome, int] = {"pass": 0, "fail": 1, "unmeasured": 3, "inconclusive": 4, "empty": 5}
SIGNIFICANCE = 0.05

Sentence = dict[Literal["en", "zh"], str]


def judge(record: RunRecord, rules: Sequence[Rule], today: date, waivers: Sequence[Waiver] = ()) -> Verdict:
    """Apply rules to a record.

    Parameters
    ----------
    record : RunRecord
        What was measured.
    rules : sequence of Rule
        The bounds.
    today : date
        Against which waivers expire.
    waivers : sequence of Waiver
        Failures that a named person accepted for a while.

    Returns
    -------
    Verdict
        ``unmeasured`` before ``empty`` before ``fail`` before ``inconclusive`` before ``pass``:
        the gate never passes in silence on what was not measured.
    """
    checks = [check for rule in rules for check in _apply(rule, record)]
    checks = [_waive(check, waivers, today) for check in checks]
    reasons = [*_crashed(record), *_expired(waivers, today), *_changed(record, rules, waivers)]
    outcome = _outcome(checks, record)
    return Verdict(
        outcome=outcome,
        exit_code=EXIT_CODES[outcome],
        judged_on=today.isoformat(),
        checks=tuple(checks),
        reasons=tuple(reasons),
    )


def _outcome(checks: Sequence[Check], record: RunRecord) -> Outcome:
    open_checks = [check for check in checks if check.rule.severity == "blocker" and check.waiver is None]
    states = {check.state for check in open_checks}
    if "unmeasured" in states or any(run.status == "error" for run in record.probes):
        return "unmeasured"
    if not checks:
        return "empty"
    if "fail" in states:
        return "fail"
    if any(check.state == "inconclusive" and check.rule.inconclusive == "block" for check in open_checks):
        return "inconclusive"
    return "pass"


def _apply(rule: Rule, record: RunRecord) -> list[Check]:
    findings = _matching(rule, record)
    if not findings:
        return [Check(rule=rule, state="unmeasured", why=_why_absent(rule, record))]
    return [_check(rule, finding) for finding in findings]


def _matching(rule: Rule, record: RunRecord) -> list[Finding]:
    findings = [finding for finding in record.findings() if finding.metric == rule.metric]
    if rule.slice is not None:
        return [finding for finding in findings if finding.slice == rule.slice]
    if rule.each:
        return [f for f in findings if set(f.slice) == set(rule.each) and "*" not in f.slice.values()]
    overall = [finding for finding in findings if not finding.slice]
    return overall or findings


def _check(rule: Rule, finding: Finding) -> Check:
    state, why = _judge_one(rule, finding)
    return Check(rule=rule, state=state, why=why, finding=finding)


def _judge_one(rule: Rule, finding: Finding) -> tuple[State, Sentence]:
    if finding.n < rule.min_n:
        why = f" ({finding.note})" if finding.value is None else ""
        return "inconclusive", _say("few", n=f"{finding.n:,}", min_n=f"{rule.min_n:,}", why=why)
    if finding.value is None:
        return "unmeasured", _say("unmeasured", note=finding.note)
    side = "max" if rule.max is not None else "min"
    bound = rule.max if rule.max is not None else rule.min
    assert bound is not None  # a rule has exactly one bound
    low, high = (finding.interval.low, finding.interval.high) if finding.interval else (finding.value, finding.value)
    kept, broken = (high <= bound, low > bound) if side == "max" else (low >= bound, high < bound)
    words = {"low": _number(low), "high": _number(high), "bound": f"{bound:,g}"}
    exact = "" if finding.interval else "exact_"
    if kept:
        return "pass", _say(f"{exact}{side}_kept", **words)
    if broken and not _like_faultless(finding):
        return "fail", _say(f"{exact}{side}_broken", **words)
    if broken:
        return "inconclusive", _say("like_faultless", **words)
    return "inconclusive", _say("holds_bound", **words)


def _like_faultless(finding: Finding) -> bool:
    """Whether a model without the fault would often look as bad on as many rows."""
    return finding.null is not None and finding.null.p_value > SIGNIFICANCE


def _why_absent(rule: Rule, record: RunRecord) -> Sentence:
    for run in record.probes:
        if rule.metric.startswith(f"{run.probe}.") and run.status != "ok":
            return _say(run.status, probe=run.probe, reason=run.reason)
    asked = ", ".join(f"{k} = {v}" for k, v in (rule.slice or {}).items()) or ", ".join(rule.each)
    return _say("no_such_slice", slice=asked) if asked else _say("no_figure")


def _waive(check: Check, waivers: Sequence[Waiver], today: date) -> Check:
    if check.state not in ("fail", "inconclusive"):
        return check
    where = check.finding.slice if check.finding else None
    for waiver in waivers:
        fits = waiver.metric == check.rule.metric and waiver.slice in (None, where)
        if fits and date.fromisoformat(waiver.created) <= today <= date.fromisoformat(waiver.expires):
            return check.model_copy(update={"waiver": waiver})
    return check


def _crashed(record: RunRecord) -> list[Sentence]:
    return [_say("error", probe=run.probe, reason=run.reason) for run in record.probes if run.status == "error"]


def _expired(waivers: Sequence[Waiver], today: date) -> list[Sentence]:
    return [
        _say("expired", metric=waiver.metric, created=waiver.created, expires=waiver.expires)
        for waiver in waivers
        if not date.fromisoformat(waiver.created) <= today <= date.fromisoformat(waiver.expires)
    ]


def _changed(record: RunRecord, rules: Sequence[Rule], waivers: Sequence[Waiver]) -> list[Sentence]:
    """Say so where rules or waivers came after the measurement."""
    same = tuple(rules) == record.rules and tuple(waivers) == record.waivers
    return [] if same else [_say("other_rules", declared=str(len(record.rules)))]


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _say(key: str, **words: str) -> Sentence:
    return {"en": SENTENCES[key][0].format(**words), "zh": SENTENCES[key][1].format(**words)}


SENTENCES: dict[str, tuple[str, str]] = {
    "max_kept": (
        "The whole interval ({low} to {high}) lies at or below {bound}.",
        "整个区间（{low} 至 {high}）不高于 {bound}。",
    ),
    "min_kept": (
        "The whole interval ({low} to {high}) lies at or above {bound}.",
        "整个区间（{low} 至 {high}）不低于 {bound}。",
    ),
    "max_broken": (
        "The whole interval ({low} to {high}) lies above the limit {bound}.",
        "整个区间（{low} 至 {high}）高于上限 {bound}。",
    ),
    "min_broken": (
        "The whole interval ({low} to {high}) lies below the floor {bound}.",
        "整个区间（{low} 至 {high}）低于下限 {bound}。",
    ),
    "exact_max_kept": ("The exact figure {low} is at or below {bound}.", "精确值 {low} 不高于 {bound}。"),
    "exact_min_kept": ("The exact figure {low} is at or above {bound}.", "精确值 {low} 不低于 {bound}。"),
    "exact_max_broken": ("The exact figure {low} is above the limit {bound}.", "精确值 {low} 高于上限 {bound}。"),
    "exact_min_broken": ("The exact figure {low} is below the floor {bound}.", "精确值 {low} 低于下限 {bound}。"),
    "holds_bound": (
        "Not enough evidence: the interval ({low} to {high}) holds the bound {bound}.",
        "证据不足：区间（{low} 至 {high}）包含界限 {bound}。",
    ),
    "like_faultless": (
        "Not enough evidence: a model without this fault often shows as much on so few rows.",
        "证据不足：样本这样少时，没有该缺陷的模型也常出现同样的数值。",
    ),
    "few": (
        "Not enough evidence: it rests on {n} rows, and the rule asks for {min_n}{why}.",
        "证据不足：仅基于 {n} 行，而规则要求 {min_n} 行{why}。",
    ),
    "unmeasured": ("Not measured: {note}", "未能测量：{note}"),
    "skipped": ("Not measured: probe {probe} was skipped: {reason}", "未能测量：探针 {probe} 被跳过：{reason}"),
    "error": ("Probe {probe} failed and measured nothing: {reason}", "探针 {probe} 出错，未得到结果：{reason}"),
    "no_figure": ("Not measured: the run holds no such figure.", "未能测量：本次运行没有这项数值。"),
    "no_such_slice": ("Not measured: there is no figure for {slice}.", "未能测量：没有 {slice} 的数值。"),
    "other_rules": (
        "Judged by other rules or waivers than the {declared} declared before this run was measured.",
        "判定所用的规则或豁免，并非本次运行测量之前声明的那 {declared} 条规则。",
    ),
    "expired": (
        "The waiver for {metric} holds from {created} to {expires}, not on this day, and does not count.",
        "对 {metric} 的豁免有效期为 {created} 至 {expires}，当日不在其内，不予计入。",
    ),
}
