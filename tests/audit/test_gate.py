"""The gate fails closed, and only on evidence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.gate import EXIT_CODES, judge
from audit.types import Rule, Verdict, Waiver
from tests.records import a_finding, a_record, a_run

TODAY = date(2026, 11, 22)
BELOW = Rule(metric="p.m", max=0.1)
ABOVE = Rule(metric="p.m", min=0.8)


def verdict(finding: object, *rules: Rule, waivers: tuple[Waiver, ...] = ()) -> Verdict:
    runs = [a_run([finding])] if finding else [a_run()]  # type: ignore[list-item]
    return judge(a_record(*runs), rules, TODAY, waivers)


@pytest.mark.parametrize(
    ("finding", "rule", "state", "code"),
    [
        (a_finding(0.05, 0.02, 0.09), BELOW, "pass", 0),
        (a_finding(0.05, 0.02, 0.10), BELOW, "pass", 0),
        (a_finding(0.05, 0.02, 0.12), BELOW, "inconclusive", 4),
        (a_finding(0.15, 0.11, 0.20), BELOW, "fail", 1),
        (a_finding(0.15, 0.10, 0.20), BELOW, "inconclusive", 4),
        (a_finding(0.90, 0.85, 0.95), ABOVE, "pass", 0),
        (a_finding(0.85, 0.75, 0.95), ABOVE, "inconclusive", 4),
        (a_finding(0.70, 0.65, 0.75), ABOVE, "fail", 1),
        (a_finding(0.05, 0.02, 0.09, n=29), BELOW, "inconclusive", 4),
        (a_finding(0.0), BELOW, "pass", 0),
        (a_finding(3.0), BELOW, "fail", 1),
        (a_finding(None), BELOW, "unmeasured", 3),
        (a_finding(None, n=4), BELOW, "inconclusive", 4),
        (None, BELOW, "unmeasured", 3),
        (a_finding(0.15, 0.11, 0.20, p_value=0.20), BELOW, "inconclusive", 4),
        (a_finding(0.15, 0.11, 0.20, p_value=0.01), BELOW, "fail", 1),
    ],
)
def test_a_rule_is_judged_by_the_whole_interval(finding: object, rule: Rule, state: str, code: int) -> None:
    result = verdict(finding, rule)
    assert [check.state for check in result.checks] == [state]
    assert result.exit_code == code
    assert all(result.checks[0].why.values())


@given(low=st.floats(0, 1), width=st.floats(0, 1), bound=st.floats(0, 1))
def test_max_and_min_are_mirror_images(low: float, width: float, bound: float) -> None:
    high = low + width
    below = verdict(a_finding((low + high) / 2, low, high), Rule(metric="p.m", max=bound)).outcome
    above = verdict(a_finding(-(low + high) / 2, -high, -low), Rule(metric="p.m", min=-bound)).outcome
    assert below == above


def test_a_bound_is_told_as_its_author_wrote_it() -> None:
    (check,) = verdict(a_finding(0.05, 0.02, 0.09), Rule(metric="p.m", max=0.0001)).checks
    assert check.why == {
        "en": "The whole interval (0.020 to 0.090) lies above the limit 0.0001.",
        "zh": "整个区间（0.020 至 0.090）高于上限 0.0001。",
    }


def test_no_rule_is_nothing_evaluated() -> None:
    assert verdict(a_finding(0.5, 0.4, 0.6)).exit_code == 5


def test_a_crashed_probe_blocks_even_where_no_rule_asks_for_it() -> None:
    record = a_record(a_run([a_finding(0.05, 0.02, 0.09)]), a_run(status="error", probe="q", reason="boom"))
    result = judge(record, [BELOW], TODAY)
    assert (result.outcome, result.exit_code) == ("unmeasured", 3)
    assert "boom" in result.reasons[0]["en"]


def test_a_skipped_probe_says_why_its_rule_is_not_measured() -> None:
    result = judge(a_record(a_run(status="skipped", reason="no scores")), [BELOW], TODAY)
    assert result.exit_code == 3
    assert "no scores" in result.checks[0].why["en"]


def test_rules_that_came_after_the_measurement_are_named() -> None:
    record = a_record(a_run([a_finding(0.05, 0.02, 0.09)]), rules=[BELOW])
    assert judge(record, record.rules, TODAY).reasons == ()
    assert "other rules" in judge(record, [Rule(metric="p.m", max=0.5)], TODAY).reasons[0]["en"]


def test_precedence() -> None:
    fail, thin, none = a_finding(0.3, 0.2, 0.4), a_finding(0.1, 0.0, 0.2, metric="p.t"), a_finding(None, metric="p.n")
    record = a_record(a_run([fail, thin, none]))
    rules = {name: Rule(metric=f"p.{name}", max=0.1) for name in "mtn"}
    assert judge(record, [rules["t"], rules["m"], rules["n"]], TODAY).exit_code == 3
    assert judge(record, [rules["t"], rules["m"]], TODAY).exit_code == 1
    assert judge(record, [rules["t"]], TODAY).exit_code == 4
    assert set(EXIT_CODES.values()) == {0, 1, 3, 4, 5}


def test_warnings_are_shown_and_do_not_block() -> None:
    finding = a_finding(0.3, 0.2, 0.4)
    result = verdict(finding, BELOW.model_copy(update={"severity": "warning"}))
    assert (result.checks[0].state, result.exit_code) == ("fail", 0)
    thin = verdict(a_finding(0.1, 0.0, 0.2), BELOW.model_copy(update={"inconclusive": "warn"}))
    assert (thin.checks[0].state, thin.exit_code) == ("inconclusive", 0)


def test_slices() -> None:
    findings = [
        a_finding(0.05, 0.0, 0.09, slice={"g": "a"}),
        a_finding(0.5, 0.4, 0.6, slice={"g": "b"}),
        a_finding(0.05, 0.0, 0.09, slice={"g": "*"}),
    ]
    record = a_record(a_run(findings))
    one = judge(record, [Rule(metric="p.m", max=0.1, slice={"g": "*"})], TODAY)
    assert [check.state for check in one.checks] == ["pass"]
    each = judge(record, [Rule(metric="p.m", max=0.1, each=("g",))], TODAY)
    assert [check.state for check in each.checks] == ["pass", "fail"]
    every = judge(record, [BELOW], TODAY)
    assert len(every.checks) == 3
    gone = judge(record, [Rule(metric="p.m", max=0.1, slice={"g": "z"})], TODAY)
    assert gone.checks[0].state == "unmeasured"


def waiver(expires: str, **more: object) -> Waiver:
    return Waiver(
        metric="p.m", reason="known", approved_by="A", role="R", created="2026-01-01", expires=expires, **more
    )


def test_a_waiver_is_shown_expires_and_never_covers_what_was_not_measured() -> None:
    fail = a_finding(0.3, 0.2, 0.4)
    waived = verdict(fail, BELOW, waivers=(waiver("2026-11-22"),))
    assert (waived.exit_code, waived.checks[0].state) == (0, "fail")
    assert waived.checks[0].waiver is not None
    expired = verdict(fail, BELOW, waivers=(waiver("2026-11-21"),))
    assert expired.exit_code == 1
    assert "2026-11-21" in expired.reasons[0]["en"]
    assert verdict(fail, BELOW, waivers=(waiver("2027-01-01", slice={"g": "a"}),)).exit_code == 1
    early = waiver("2028-01-01").model_copy(update={"created": "2027-01-01"})
    assert verdict(fail, BELOW, waivers=(early,)).exit_code == 1
    with pytest.raises(ValueError, match="cannot expire before"):
        waiver("2025-01-01")
    assert verdict(a_finding(None), BELOW, waivers=(waiver("2027-01-01"),)).exit_code == 3
