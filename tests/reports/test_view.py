"""What a card says, and in which order."""

from itertools import pairwise

import pytest

from audit.types import CardFacts, Example, Examples, Finding, Interval, ProbeRun, Table
from reports.card import Card, Section
from reports.forests import MOST_DOTS
from reports.grids import MOST_ROWS
from reports.sections import MOST_CHARTS, MOST_FINDINGS
from reports.view import WORST_FIRST, build_card
from reports.words import Both, Words, in_language
from tests.reports.sample_changes import NOISE, changed_runs
from tests.reports.sample_probes import Groups, share
from tests.reports.sample_record import ABOUT, STATEMENT, large_groups, sample_record, sample_verdict


def card(groups: Groups | None = None, **changes: object) -> Card:
    record = sample_record(groups).model_copy(update=changes)
    return build_card(record, sample_verdict(record))


def sections(drawn: Card) -> dict[str, Section]:
    return {section.id: section for value in drawn.values for section in value.sections}


def english(words: Words | None) -> str:
    return "" if words is None else in_language(words, "en")


def test_the_worst_check_comes_first() -> None:
    states = [check.state for check in card().checks]
    assert set(states) == set(WORST_FIRST)
    assert all(WORST_FIRST.index(a) <= WORST_FIRST.index(b) for a, b in pairwise(states))


def test_the_banner_counts_each_check_once() -> None:
    drawn = card()
    counts = dict(drawn.banner.counts)
    assert sum(counts.values()) + drawn.banner.waived == len(drawn.checks)
    assert drawn.banner.waived == 1
    assert counts["fail"] == sum(check.state == "fail" and not check.waiver for check in drawn.checks)


def test_a_waived_failure_stays_a_failure_on_the_card() -> None:
    (waived,) = [check for check in card().checks if check.waiver]
    assert waived.state == "fail"
    assert "A. Example (risk officer) until 31 January 2027" in english(waived.waiver)


def test_a_check_shows_value_interval_n_and_bound() -> None:
    check = next(c for c in card().checks if c.id == "fairness.groups.false_positive_rate_difference")
    assert (check.value, check.interval, check.n, check.bound) == ("0.163", "0.103 – 0.228", "1,433", "≤ 0.1")


def test_without_a_verdict_nothing_is_judged() -> None:
    drawn = build_card(sample_record(), None)
    assert drawn.banner.outcome is None
    assert english(drawn.banner.sentence) == "Not judged"
    assert (drawn.checks, drawn.banner.counts) == ((), ())


def test_everything_not_assessed_is_told() -> None:
    gaps = card().gaps
    assert [gap.state for gap in gaps.probes] == ["skipped", "error"]
    assert [english(gap.name) for gap in gaps.rules] == [
        "Robustness typos · Flip rate",
        "Calibration · Temperature",
    ]
    assert [gap.anchor for gap in gaps.values] == ["value-robustness"]
    assert gaps.numbers_count == 2
    assert english(gaps.numbers[0].reason) == "Only one class occurs among 17 rows."


def test_what_only_people_can_state_is_listed_until_someone_does() -> None:
    said = STATEMENT.model_copy(update={"value": "collaboration", "about": "redress"})
    drawn = card(attestations=(said,))
    unstated = {english(value): [english(topic) for topic in topics] for value, topics in drawn.gaps.unstated}
    assert [topic.partition(":")[0] for topic in unstated["Value creation"]] == ["Social value"]
    assert [topic.partition(":")[0] for topic in unstated["Human–AI collaboration"]] == ["Oversight"]
    (shown,) = next(value for value in drawn.values if value.anchor == "value-collaboration").statements
    assert english(shown.about).startswith("Complaint and redress")


def test_facts_nobody_stated_are_listed_as_missing() -> None:
    stated = {english(fact.name): fact.text for fact in card().facts}
    assert stated["Owner"] == "Trust and safety team"
    assert stated["Out of scope"] is None
    silent = {english(fact.name): fact.text for fact in card(card=CardFacts()).facts}
    assert len(silent) == 9
    assert set(silent.values()) == {None}


def test_a_probe_is_shown_once_and_linked_from_its_other_values() -> None:
    values = {value.anchor: value for value in card().values}
    assert [s.id for s in values["value-transparency"].sections] == ["calibration"]
    assert [link.anchor for link in values["value-collaboration"].elsewhere] == ["probe-calibration"]
    shown = [section.id for value in values.values() for section in value.sections]
    assert sorted(shown) == sorted(run.probe for run in sample_record().probes)


def test_a_probe_of_an_unknown_value_has_a_place() -> None:
    record = sample_record()
    strange = record.probes[0].model_copy(update={"probe": "acme.joy", "values": ("joy",)})
    homeless = strange.model_copy(update={"probe": "acme.none", "values": ()})
    drawn = build_card(record.model_copy(update={"probes": (*record.probes, strange, homeless)}), None)
    assert [section.id for section in drawn.values[-1].sections] == ["acme.joy", "acme.none"]
    assert len(drawn.values) == 9


def test_every_number_has_its_interval_and_n() -> None:
    for section in sections(card()).values():
        for reading in (r for metric in section.metrics for r in metric.readings):
            assert reading.n
            assert reading.interval or reading.note


def test_headlines_speak_of_all_rows_or_across_groups() -> None:
    fairness = sections(card())["fairness.groups"].headline
    assert english(fairness[0].name) == "False positive rate difference"
    assert english(fairness[0].where) == "between groups of about"
    assert "Highest: women" in fairness[0].note
    assert {reading.where for reading in sections(card())["performance"].headline} == {""}


def test_the_null_is_told_in_plain_words() -> None:
    first = sections(card())["calibration"].headline[0]
    assert english(first.null) == "a perfectly calibrated model of this size stays below 0.017 (p = 0.005)"


def test_forests_carry_the_groups_the_overall_figure_and_the_bound() -> None:
    forests = {english(f.title): f for f in sections(card())["fairness.groups"].forests}
    rate, accuracy = forests["False positive rate"], forests["Accuracy"]
    assert [dot.label for dot in rate.dots] == list(ABOUT)
    assert ({dot.bound for dot in rate.dots}, rate.overall) == ({0.45}, None)
    assert ({dot.bound for dot in accuracy.dots}, accuracy.overall) == ({None}, 0.806)
    calibration = {english(f.title): f for f in sections(card())["calibration"].forests}
    assert all(dot.null for dot in calibration["Smooth calibration error"].dots)


def test_many_groups_are_trimmed_and_the_rest_is_counted() -> None:
    record = sample_record(large_groups())
    drawn = build_card(record, sample_verdict(record))
    for run in record.probes:
        section = sections(drawn)[run.probe]
        shown = sum(len(metric.readings) for metric in section.metrics)
        assert shown <= MOST_FINDINGS
        assert shown + section.others_left_out == section.others
        told = section.others + sum(len(forest.dots) for forest in section.forests) + len(section.headline)
        assert told == len(run.findings)
        assert len(section.forests) <= MOST_CHARTS
    chart = sections(drawn)["fairness.groups"].forests[0]
    assert (len(chart.dots), chart.left_out) == (MOST_DOTS, 40 - MOST_DOTS)
    assert english(drawn.subject.groups[0].rows[-1][0]) == "unknown"


def test_trimmed_forests_keep_the_lowest_and_the_highest() -> None:
    record = sample_record(large_groups())
    run = next(r for r in record.probes if r.probe == "fairness.groups")
    measured = [
        f.value or 0
        for f in run.findings
        if f.metric.endswith("groups.false_positive_rate") and "region" in f.slice and f.value
    ]
    charts = sections(build_card(record, None))["fairness.groups"].forests
    chart = next(c for c in charts if (english(c.title), english(c.by)) == ("False positive rate", "by region"))
    half = MOST_DOTS // 2
    assert [dot.value for dot in chart.dots] == sorted(measured)[::-1][:half] + sorted(measured)[::-1][-half:]


def probe(*evidence: Finding | Table | Examples) -> ProbeRun:
    return ProbeRun(probe="a.b", version=1, values=("fairness",), params={}, status="ok", seconds=0, evidence=evidence)


def test_long_tables_are_cut_and_empty_columns_dropped() -> None:
    rows = tuple((f"g{i}", "", i) for i in range(MOST_ROWS + 7))
    drawn = card(probes=(probe(Table(name="a.b.t", columns=("group", "class", "rows"), rows=rows)),))
    (grid,) = sections(drawn)["a.b"].grids
    assert [english(column) for column in grid.columns] == ["group", "rows"]
    assert (len(grid.rows), grid.left_out) == (MOST_ROWS, 7)
    assert grid.words == (0,)


def test_a_reliability_curve_tells_where_it_is_furthest_off() -> None:
    lines = sections(card())["calibration"].lines
    assert [english(line.title) for line in lines[:2]] == ["Reliability · all rows", "Reliability · about: women"]
    (series,) = lines[0].series
    x, y = max(zip(series.x, series.y, strict=True), key=lambda point: abs(point[0] - point[1]))
    assert english(lines[0].reading) == f"Furthest from the diagonal: {y:.3f} observed where {x:.3f} was stated."


def test_statements_are_shown_even_when_they_have_expired() -> None:
    old = STATEMENT.model_copy(update={"expires": "2026-01-01", "evidence": "power.pdf", "sha256": "ab12"})
    shown = next(v for v in card(attestations=(STATEMENT, old)).values if v.anchor == "value-sustainability")
    assert [bool(statement.lapsed) for statement in shown.statements] == [False, True]
    assert english(shown.statements[1].by) == "B. Example, operations lead, 1 October 2026; valid until 1 January 2026"
    assert shown.statements[1].evidence == "power.pdf · sha256 ab12"


def test_cells_of_a_crossing_are_named_by_both_groups() -> None:
    found = [
        Finding(
            metric="a.b.accuracy",
            value=value,
            n=50,
            better="higher",
            slice={"sex": sex, "race": "unknown", "class": "toxic"},
            interval=Interval(low=0.1, high=0.9, method="Wilson"),
        )
        for sex, value in (("f", 0.4), ("m", 0.6))
    ]
    (chart,) = sections(card(probes=(probe(*found),)))["a.b"].forests
    assert chart.by == Both("by race × sex, class toxic", "按race × sex，类别 toxic")
    assert [dot.label for dot in chart.dots] == [Both("unknown × f", "未知 × f"), Both("unknown × m", "未知 × m")]


@pytest.mark.parametrize(("value", "note", "written"), [(2866.0, "Exact count.", "2,866"), (1.0, "", "1.000")])
def test_counts_and_rates_are_told_apart(value: float, note: str, written: str) -> None:
    interval = None if note else Interval(low=0.9, high=1, method="Wilson")
    found = Finding(metric="a.b.c", value=value, n=9, better="none", interval=interval, note=note)
    assert sections(card(probes=(probe(found),)))["a.b"].headline[0].value == written


def test_the_glossary_explains_what_this_card_uses() -> None:
    names = {english(entry.name) for entry in card().glossary}
    assert {"95 % interval", "False positive rate", "Smooth calibration error"} <= names
    assert "Subgroup AUC" in names
    assert "McNemar p-value" not in {english(e.name) for e in card(probes=()).glossary}


# --- what changes of a text do -----------------------------------------------------------


def changed() -> dict[str, Section]:
    record = sample_record(more=changed_runs(("neutral", "biased"), {"about": ABOUT}))
    return sections(build_card(record, None))


def test_kinds_of_noise_are_ranked_the_worst_first() -> None:
    kinds, groups, worst = changed()["robustness.noise"].forests
    assert [english(f.title) for f in (kinds, groups, worst)] == ["Flip rate"] * 2 + ["Flip rate under the worst noise"]
    assert english(kinds.by) == "by noise"
    surely = [dot.low for dot in kinds.dots]
    assert surely == sorted(surely, reverse=True)
    assert (len(surely), kinds.left_out, kinds.ranked) == (MOST_DOTS, len(NOISE) - MOST_DOTS, True)
    assert kinds.dots[0].label == Both("invisible characters", "不可见字符")
    assert [dot.label for dot in groups.dots] == list(ABOUT)


def test_terms_are_ranked_by_how_far_they_move_the_score_either_way() -> None:
    shifts = next(f for f in changed()["fairness.counterfactual"].forests if english(f.title) == "Shift by term")
    sizes = [max(dot.low, -dot.high) for dot in shifts.dots]
    assert sizes == sorted(sizes, reverse=True)
    assert min(dot.value for dot in shifts.dots) < 0 < max(dot.value for dot in shifts.dots)


def test_the_worst_capability_is_the_lowest() -> None:
    by_capability = next(f for f in changed()["behaviour.suite"].forests if english(f.by) == "by capability")
    surely = [dot.high for dot in by_capability.dots]
    assert surely == sorted(surely)


def test_a_high_figure_on_few_rows_does_not_lead() -> None:
    few = share("robustness.noise.flip_rate", 0.25, 4, "lower", slice={"perturbation": "slang"})
    many = share("robustness.noise.flip_rate", 0.2, 300, "lower", slice={"perturbation": "homoglyph"})
    run = probe(few, many).model_copy(update={"probe": "robustness.noise"})
    (chart,) = sections(card(probes=(run,)))["robustness.noise"].forests
    assert [dot.n for dot in chart.dots] == ["300", "4"]


def test_groups_share_one_chart_of_severity_and_attacks_one_of_queries() -> None:
    (noise,) = changed()["robustness.noise"].lines
    assert [english(series.name) for series in noise.series] == ["all rows", *ABOUT]
    assert (noise.whiskers, noise.whole_steps) == (True, True)
    assert english(noise.x_label) == "severity, 0 is unchanged"
    highest = max(noise.series, key=lambda series: series.y[-1])
    assert english(highest.name) in english(noise.reading)
    (attacks,) = changed()["robustness.attack"].lines
    assert english(attacks.series[0].name) == "DeepWordBug"
    assert (attacks.whiskers, attacks.whole_steps) == (False, False)


def test_shifts_are_signed_and_shaded_by_direction() -> None:
    rows = (("a", None, 0.25, -0.06), ("b", -0.0004, None, -0.5))
    table = Table(name="x.y.shifts", slice={"category": "age"}, columns=("from", "a", "b", "c"), rows=rows)
    (grid,) = sections(card(probes=(probe(table),)))["a.b"].grids
    assert english(grid.title) == "Mean shift by swap · identity or group: age"
    assert grid.shades == (("", "up4", "down2"), ("", "", "down4"))
    assert [row[1:] for row in grid.rows] == [("–", "+0.250", "−0.060"), ("0.000", "–", "−0.500")]


def test_what_was_done_is_told_by_name_in_tables_and_examples() -> None:
    noise = changed()["robustness.noise"]
    (table,) = noise.grids
    assert table.rows[0][0] == Both("invisible characters", "不可见字符")
    (gallery,) = noise.galleries
    assert english(gallery.samples[0].change) == "invisible characters, severity 1"
    assert (len(gallery.samples), gallery.total) == (12, 812)


def test_what_is_known_of_an_example_is_told() -> None:
    looked_at = Example(id="7", before="text", label="a", predicted_before="b", score_before=0.7)
    silent = Example(id="8", before="text", after="next")
    stayed = Example(id="9", before="x", after="y", predicted_before="b", predicted_after="b", score_after=0.5)
    texts = Examples(name="a.b.examples", items=(looked_at, silent, stayed), total=3)
    (gallery,) = sections(card(probes=(probe(texts),)))["a.b"].galleries
    told = [english(sample.told) for sample in gallery.samples]
    assert told == ["Right answer: a. Predicted: b (0.700).", "", "Predicted: b (– → 0.500)."]
    assert [sample.after is not None for sample in gallery.samples] == [False, True, True]


def test_robustness_counts_as_measured_and_fairness_links_to_it() -> None:
    record = sample_record(more=changed_runs(("neutral", "biased"), {"about": ABOUT}))
    values = {value.anchor: value for value in build_card(record, None).values}
    assert values["value-robustness"].state == "measured"
    shown = [section.id for section in values["value-robustness"].sections]
    assert shown == ["robustness.typos", "robustness.noise", "behaviour.suite", "robustness.attack"]
    assert "probe-robustness-noise" in [link.anchor for link in values["value-fairness"].elsewhere]
    assert "fairness.counterfactual" in [section.id for section in values["value-fairness"].sections]
