"""A card of all values: names for everything measured, weighted summaries, statements that lapsed."""

from audit.registry import discover
from audit.types import Finding
from reports.findings import FEW, leading
from reports.forests import is_fine
from reports.view import build_card
from reports.words import Both, column_name, gloss, known, metric_name, probe_name, reason_name
from tests.reports.pages import Page, drawn
from tests.reports.sample_probes import share
from tests.reports.sample_values import record_of_values


def test_every_probe_and_metric_has_a_name_in_both_languages() -> None:
    for id, spec in discover().items():
        assert isinstance(probe_name(id), Both), id
        assert known(f"about.{id}"), id
        assert [metric for metric in spec.metrics if not isinstance(metric_name(metric), Both)] == []


def test_a_word_may_mean_different_things_in_two_probes() -> None:
    assert metric_name("explain.quality.agreement") != metric_name("sustain.footprint.agreement")
    assert gloss("explain.quality.agreement") != gloss("sustain.footprint.agreement")
    assert column_name("predicted") == Both("predicted", "预测")
    assert column_name("texts of train") == Both("texts of train", "“train”的文本数")
    assert reason_name("wrong; half read") == Both("wrong; half read", "判断错误；half read")


def of(**slice: str) -> Finding:
    return share("p.accuracy", 0.7, 90, slice=slice)


def test_figures_of_all_rows_lead_else_those_of_the_test_rows() -> None:
    by_way = [of(split="train"), of(split="test"), of(race="a"), of(race="a", split="test")]
    assert [f.slice for f in leading(by_way, 12)] == [{"split": "test"}, {"split": "train"}]
    assert [f.slice for f in leading([*by_way, of()], 12)] == [{}]
    assert len(leading([of(split=str(i)) for i in range(9)], 12)) == FEW


def test_ways_of_measuring_are_not_too_fine_but_ways_by_group_are() -> None:
    assert not is_fine(of(backend="onnx", condition="again"))
    assert not is_fine(of(split="test", kind="email"))
    assert not is_fine(of(race="a", sex="f"))
    assert is_fine(of(race="a", variant="int8"))
    assert is_fine(of(perturbation="leetspeak", race="a"))


def test_a_weighted_summary_shows_weights_coverage_band_and_sources() -> None:
    section = Page(drawn("values")).first("section", id="summaries")
    for words in (
        "never changes the verdict",
        "What moderators need",
        "80.0%",
        "Counted as 0 and as 1",
        "performance.accuracy, n = 2,866",
        "not measured: the run holds no such figure",
        "stated by C. Example on 2 October 2026",
        "200 as 0, 0 as 1",
        "the figure, 0.224, lies beyond this range and counts as its end",
    ):
        assert words in section.text, words
    weights = [row.all("td")[0].text for row in section.all("tbody")[0].all("tr")]
    assert weights == ["0.5", "0.2", "0.2", "0.1"]
    assert all(e.attributes.get("id") != "summaries" for e in Page(drawn("usual")).all("section"))


def test_statements_that_lapsed_are_shown_as_such_and_do_not_count() -> None:
    card = build_card(record_of_values(), None)
    value = next(value for value in card.values if value.anchor == "value-privacy")
    assert [said.lapsed.en for said in value.statements] == ["expired", "not yet in force"]
    assert "sha256 abab" in value.statements[0].evidence
    alone = record_of_values().model_copy(update={"probes": ()})
    privacy = next(value for value in build_card(alone, None).values if value.anchor == "value-privacy")
    assert privacy.state == "absent"
    assert "no statement about it was in force" in privacy.rests_on.en
