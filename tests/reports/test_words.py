"""Both languages say the same things, in words of their own."""

import re
from pathlib import Path
from string import Formatter

import pytest

from audit.values import VALUES
from reports.numbers import bound, day, duration, number, share
from reports.words import (
    FAMILIES,
    LANGUAGES,
    Both,
    catalogue,
    change_name,
    column_name,
    gloss,
    metric_name,
    of,
    say,
    slice_name,
    value_name,
)

REPORTS = Path(__file__).parents[2] / "reports"
IDEOGRAPH = "[\u4e00-\u9fff]"


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def test_both_languages_have_the_same_messages_and_placeholders() -> None:
    en, zh = (catalogue(language) for language in LANGUAGES)
    assert list(en) == list(zh)
    assert {key for key in en if placeholders(en[key]) != placeholders(zh[key])} == set()
    assert {key for key in en if not (en[key].strip() and zh[key].strip())} == set()


def test_chinese_is_set_in_chinese_punctuation() -> None:
    half_width = re.compile(f"{IDEOGRAPH}[,;:?!()]|[,;:?!()]{IDEOGRAPH}")
    of_values = [(v.title, v.question, *(asked.title for asked in v.attestations)) for v in VALUES.values()]
    messages = [*catalogue("zh").values(), *(words["zh"] for told in of_values for words in told)]
    assert [message for message in messages if half_width.search(message)] == []
    assert [message for message in catalogue("en").values() if re.search(IDEOGRAPH, message)] == []


def test_no_message_promises_more_than_an_audit_can() -> None:
    said = " ".join(catalogue("en").values()).lower()
    for word in ("unbiased", "fair model", "compliant", "guarantee", "certified"):
        assert word not in said


def test_every_message_is_used() -> None:
    """By its key, or by the family in which something of the record is looked up."""
    sources = [*REPORTS.rglob("*.py"), *REPORTS.rglob("*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    families = (*re.findall(r"""["'](\w+\.)(?:\{|["'] ~)""", text), "model.", "recipe.")
    families += tuple(f"{family}." for family in FAMILIES.values())
    assert [key for key in catalogue("en") if f'"{key}"' not in text and not key.startswith(families)] == []


def test_names_come_from_the_catalogue_or_from_the_id() -> None:
    assert metric_name("performance.accuracy") == Both("Accuracy", "准确率")
    assert metric_name("x.recall_difference") == Both("Recall: largest difference", "召回率：最大差距")
    assert metric_name("third.party_thing") == "Party thing"
    assert column_name("predicted toxic") == Both("predicted toxic", "预测为“toxic”")


def test_slices_are_named() -> None:
    assert slice_name({}) == say("slice.all")
    assert slice_name({"race": "black", "sex": "f"}) == "race: black, sex: f"
    across = slice_name({"race": "*", "class": "toxic"})
    assert across == Both("between groups of race, class: toxic", "race各组之间，类别：toxic")


def test_what_was_done_to_a_text_is_named() -> None:
    assert slice_name({"perturbation": "zero_width"}) == Both("noise: invisible characters", "扰动：不可见字符")
    assert value_name("perturbation", "my_own") == "my own"
    assert value_name("dialect", "my_own") == "my_own"
    assert slice_name({"category": "*"}) == Both("between identities or groups", "不同身份或群体之间")
    assert change_name("upper_case, severity 3") == Both("upper case, severity 3", "全大写，强度 3")
    assert change_name("religion: Muslims → Jews") == Both("religion: Muslims → Jews", "宗教：Muslims → Jews")
    assert change_name("textfooler_like") == Both("TextFooler-like", "类 TextFooler")
    assert change_name("something else: {odd}") == "something else: {odd}"


def test_a_probe_may_use_a_name_in_a_sense_of_its_own() -> None:
    here, there = gloss("fairness.counterfactual.flip_rate"), gloss("robustness.noise.flip_rate")
    assert here and there and here != there
    assert gloss("x.nobody_knows") is None


def test_a_text_in_one_language_is_shown_in_both() -> None:
    assert of("plain") == "plain"
    assert of({"zh": "只有中文"}) == Both("只有中文", "只有中文")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.35249, "0.352"),
        (0.0, "0.000"),
        (-0.0213, "−0.021"),
        (0.00042, "0.0004"),
        (3e-9, "<0.0001"),
        (-3e-9, ">−0.0001"),
        (9.5, "9.500"),
        (24.31, "24.3"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_keep_what_a_reader_can_use(value: float, written: str) -> None:
    assert number(value) == written


def test_bounds_shares_dates_and_times_are_written_out() -> None:
    assert (bound(0.1), bound(-0.05), share(1, 8), share(1, 0)) == ("0.1", "−0.05", "12.5%", "–")
    assert day("2026-11-02T09:30:00+00:00") == Both("2 November 2026", "2026 年 11 月 2 日")
    assert duration(12.34) == Both("12.3 s", "12.3 秒")
    assert duration(213) == Both("3.5 min", "3.5 分钟")
