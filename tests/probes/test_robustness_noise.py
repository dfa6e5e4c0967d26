"""Noise: known answers by hand, planted faults, and independence of what else was asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from audit.perturbations import PERTURBATIONS, Edit, Perturbation
from audit.registry import find
from audit.run import run_probe
from audit.types import Curve, Examples, Finding, Floats, ProbeRun, Subject, Table
from probes._noise_measures import trapezoid, worst_limits
from probes.robustness_noise import Params
from tests.subjects import make_subject, texts_of


def scores_where(flipped: Callable[[str], bool]) -> Callable[[Sequence[str]], Floats]:
    """Return a model that says class 0, but class 1 of texts for which something holds."""
    return lambda texts: np.array([[0.2, 0.8] if flipped(text) else [0.9, 0.1] for text in texts])


def measure(subject: Subject, **params: Any) -> ProbeRun:
    logged: list[str] = []
    spec = find("robustness.noise")
    done = run_probe(spec, subject, Params(**params), 7, say=lambda _: None, log=logged.append)
    assert not logged, logged[0]
    return done


def number(done: ProbeRun, name: str, **where: str) -> Finding:
    return next(f for f in done.findings if f.metric == f"robustness.noise.{name}" and f.slice == where)


def table(done: ProbeRun) -> dict[str, dict[str, Any]]:
    found = next(e for e in done.evidence if isinstance(e, Table))
    return {str(row[0]): dict(zip(found.columns, row, strict=True)) for row in found.rows}


def shown(done: ProbeRun) -> Examples:
    return next(e for e in done.evidence if isinstance(e, Examples))


@pytest.fixture
def bangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register noise that appends 1, 2, 4, 7 or 10 marks, by severity, to texts that end with a letter."""

    def edits(text: str, rng: np.random.Generator) -> list[Edit]:
        return [Edit(len(text), len(text), "!")] * 20 if text[-1:].isalpha() else []

    monkeypatch.setitem(
        PERTURBATIONS, "bangs", Perturbation("bangs", ("any",), "", (0.05, 0.1, 0.2, 0.35, 0.5), False, edits)
    )


def at_its_own_count(text: str) -> bool:
    """Flip "early …" from 1 mark on and "late …" from 4."""
    return text.count("!") >= {"early": 1, "late": 4}.get(text.split(" ")[0], 99)


def forty() -> Subject:
    """4 rows flip early, 16 late, 20 never; the early ones become right, the late ones wrong."""
    texts = [f"{'early' if i < 4 else 'late' if i < 20 else 'never'} row {'x' * i} end" for i in range(40)]
    labels = np.array([1] * 4 + [0] * 36)
    sex = ["f"] * 20 + ["m"] * 20
    return make_subject(40, labels=labels, texts=texts, groups={"sex": sex}, score=scores_where(at_its_own_count))


@pytest.mark.usefixtures("bangs")
def test_numbers_are_those_worked_out_by_hand() -> None:
    done = measure(forty(), perturbations=("bangs",), min_group=5)
    by_severity = [number(done, "flip_rate", severity=s).value for s in "135"]
    assert by_severity == pytest.approx([0.1, 0.5, 0.5])
    for where in ({}, {"perturbation": "bangs"}):
        assert number(done, "flip_rate", **where).value == pytest.approx(1.1 / 3)
        assert number(done, "accuracy_change", **where).value == pytest.approx((4 - 16 * 2 / 3) / 40)
        assert number(done, "score_shift", **where).value == pytest.approx(0.7 * 1.1 / 3)
        # From 1 to 3 the mean of 0.1 and 0.5, from 3 to 5 it is 0.5.
        assert number(done, "severity_area", **where).value == pytest.approx((0.3 + 0.5) / 2)
        assert number(done, "flip_rate_difference", sex="*", **where).value == pytest.approx(2.2 / 3)
    assert number(done, "flip_rate", perturbation="bangs", severity="1").n == 40
    assert number(done, "worst_flip_rate", sex="f").note == "worst: bangs"
    whole, women, men = (e for e in done.evidence if isinstance(e, Curve))
    assert whole.x == (0, 1, 3, 5)
    assert whole.y == pytest.approx((0, 0.1, 0.5, 0.5))
    assert women.y == pytest.approx((0, 0.2, 1, 1))
    assert men.y == (0, 0, 0, 0)
    assert table(done)["bangs"]["group hurt most"] == "sex: f"


@pytest.mark.usefixtures("bangs")
def test_one_severity_has_its_flip_rate_for_an_area() -> None:
    done = measure(forty(), perturbations=("bangs",), severities=(3,))
    assert number(done, "severity_area").value == number(done, "flip_rate").value == 0.5


def test_steps_between_severities_count_by_their_width() -> None:
    rates = np.array([0.1, 0.2, 0.8])
    assert trapezoid((1, 2, 5)) @ rates == pytest.approx((1 * 0.15 + 3 * 0.5) / 4)


@pytest.mark.usefixtures("bangs")
def test_rows_that_cannot_be_changed_do_not_count() -> None:
    subject = forty()
    texts = ["", "🙂🙂", "早。", *subject.test.texts[3:]]
    test = replace(subject.test, texts=tuple(texts))
    done = measure(replace(subject, splits={**subject.splits, "test": test}), perturbations=("bangs",))
    assert number(done, "flip_rate").n == 37
    assert table(done)["bangs"]["applies to rows"] == 37


@pytest.mark.usefixtures("bangs")
def test_augmentation_is_compared_row_by_row() -> None:
    plain = scores_where(lambda text: "!" in text)
    done = measure(replace(forty(), plain_score=plain), perturbations=("bangs",))
    for where in ({}, {"perturbation": "bangs"}):
        assert number(done, "flip_rate_plain", **where).value == 1
        assert number(done, "flip_rate_change", **where).value == pytest.approx(1.1 / 3 - 1)
    assert number(done, "flip_rate_change", sex="m").value == -1


FAULTS = {
    "upper_case": lambda text: sum(letter.isupper() for letter in text) > 8,
    "zero_width": lambda text: "\u200b" in text,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_and_shown(name: str) -> None:
    done = measure(make_subject(120, score=scores_where(FAULTS[name])), severities=(5,))
    worst = number(done, "worst_flip_rate")
    assert f"worst: {name}" in worst.note
    assert worst.interval is not None
    assert worst.interval.low > 0.2
    assert next(iter(table(done))) == name
    first = shown(done).items[0]
    assert first.change == f"{name}, severity 5"
    assert FAULTS[name](first.after or "")
    assert (first.predicted_before, first.predicted_after) == ("0", "1")
    assert (first.score_before, first.score_after) == (0.9, 0.2)


def test_a_group_that_suffers_more_is_named() -> None:
    rng = np.random.default_rng(0)
    sex = ["f", "m"] * 60
    texts = [f"{'she' if s == 'f' else 'he'} {text}" for s, text in zip(sex, texts_of(rng, 120), strict=True)]
    model = scores_where(lambda text: text.casefold().startswith("she") and text != text.lower())
    subject = make_subject(120, texts=texts, groups={"sex": sex}, score=model)
    done = measure(subject, perturbations=("upper_case", "drop_letter"), severities=(5,))
    gap = number(done, "flip_rate_difference", sex="*", perturbation="upper_case")
    assert gap.note.startswith("highest: f 1.000; lowest: m 0.000")


def test_a_model_that_ignores_a_change_stays_quiet() -> None:
    def of_letters(texts: Sequence[str]) -> Floats:
        bare = [sum(map(ord, filter(str.isalnum, text.casefold()))) % 97 / 96 for text in texts]
        return np.column_stack([bare, 1 - np.array(bare)])

    done = measure(make_subject(120, score=of_letters), perturbations=("upper_case", "zero_width", "drop_letter"))
    for name in ("upper_case", "zero_width"):
        flips = number(done, "flip_rate", perturbation=name)
        assert flips.value == 0
        assert flips.interval is not None
        assert 0 < flips.interval.high < 0.1
    assert "worst: drop_letter" in number(done, "worst_flip_rate").note
    assert {example.change.split(",")[0] for example in shown(done).items} == {"drop_letter"}


def test_a_perturbation_is_measured_alike_whatever_else_is_asked() -> None:
    keep = lambda done: [f for f in done.findings if f.slice.get("perturbation") == "drop_letter"]  # noqa: E731
    alone = measure(make_subject(80), perturbations=("drop_letter",), severities=(3,))
    among = measure(make_subject(80), perturbations=("upper_case", "drop_letter", "zero_width"), severities=(3,))
    assert keep(alone) == keep(among)
    more = measure(make_subject(80), perturbations=("drop_letter",), severities=(5, 1, 3))
    where = {"perturbation": "drop_letter", "severity": "3"}
    assert number(more, "flip_rate", **where) == number(alone, "flip_rate", **where)
    assert more.evidence == measure(make_subject(80), perturbations=("drop_letter",), severities=(1, 3, 5)).evidence


def test_what_can_change_no_text_is_skipped_or_said() -> None:
    blank = make_subject(40, texts=["", "12", " ", "🙂"] * 10)
    done = measure(blank, perturbations=("drop_letter",))
    assert done.status == "skipped"
    assert "40 texts" in done.reason
    half = make_subject(40, texts=["", "Where there's SMOKE there's fire"] * 20)
    done = measure(half, perturbations=("drop_letter", "homophone"))
    asked = number(done, "flip_rate", perturbation="homophone")
    assert asked.value is None
    assert "none of the 40 texts" in asked.note


def test_small_groups_are_nowhere_named_with_numbers() -> None:
    sex = ["rare"] * 4 + ["m"] * 76
    done = measure(make_subject(80, groups={"sex": sex}), perturbations=("drop_letter", "upper_case"))
    for finding in done.findings:
        assert "rare" not in finding.slice.values() or finding.value is None
    assert all(e.slice != {"sex": "rare"} for e in done.evidence if isinstance(e, Curve))
    assert all(row["group hurt most"] != "sex: rare" for row in table(done).values())


@pytest.mark.usefixtures("bangs")
def test_few_rows_are_not_compared() -> None:
    texts = [*(f"loud {'x' * i} end" for i in range(10)), *(f"calm {'x' * i} end." for i in range(50))]
    subject = make_subject(
        60, texts=texts, groups={"sex": ["f"] * 20 + ["m"] * 40}, score=scores_where(lambda t: "!" in t)
    )
    done = measure(subject, perturbations=("bangs", "upper_case"))
    assert number(done, "flip_rate", perturbation="bangs").value == 1
    worst = number(done, "worst_flip_rate")
    assert worst.value == 0
    assert worst.note == "no perturbation changes a prediction; left out, fewer than 30 rows: bangs"
    assert table(done)["bangs"]["group hurt most"] is None
    assert number(done, "worst_flip_rate", sex="f").value is None


def test_examples_follow_the_ranking_and_spread_over_groups() -> None:
    sex = ["f"] * 70 + ["m"] * 10
    done = measure(make_subject(80, groups={"sex": sex}), severities=(1, 5), examples=4)
    items = shown(done).items
    assert [example.change.split(",")[0] for example in items] == list(table(done))[:4]
    assert sorted(group for example in items for group in example.groups) == ["sex: f"] * 2 + ["sex: m"] * 2
    assert all(example.predicted_before != example.predicted_after for example in items)
    assert shown(done).total > 4
    assert shown(measure(make_subject(80), severities=(1,), examples=0)).items == ()


@pytest.mark.usefixtures("bangs")
def test_an_example_shows_the_mildest_noise_that_flips() -> None:
    (example,) = shown(measure(forty(), perturbations=("bangs",))).items
    assert example.change == "bangs, severity 1"
    assert example.before.startswith("early")
    assert example.after == f"{example.before}!"
    late = replace(forty(), score=scores_where(lambda text: "late" in text and at_its_own_count(text)))
    (example,) = shown(measure(late, perturbations=("bangs",))).items
    assert example.change == "bangs, severity 3"


def test_the_interval_of_the_worst_covers_it() -> None:
    rng = np.random.default_rng(0)
    for shares in ([0.1] * 20, [0.1] * 19 + [0.4], [0.02] * 5):
        missed = 0
        for _ in range(300):
            flips = (rng.random((len(shares), 100)) < np.array(shares)[:, None]).astype(float)
            _, interval = worst_limits(flips)
            missed += not interval.low <= max(shares) <= interval.high
        assert missed <= 24, shares


GERMAN = "Das Buch {k} war so gut, dass wir in der Stadt noch lange davon gesprochen haben, und es gab Tee."
CHINESE = "我们现在在图书馆的二楼看第 {k} 本书，他们觉得这个地方很好。"


@pytest.mark.parametrize(("text", "language"), [(GERMAN, ""), (CHINESE, "zh")])
def test_noise_made_for_another_language_is_not_tried(text: str, language: str) -> None:
    texts = [text.format(k=k) for k in range(40)]
    done = measure(make_subject(40, texts=texts, groups={}))
    tried = {f.slice["perturbation"] for f in done.findings if "perturbation" in f.slice}
    assert all(PERTURBATIONS[name].fits(language) for name in tried)
    assert ("homophone" in tried, "polite_opener" in tried) == (language == "zh", language == "zh")
    note = next(e.note for e in done.evidence if isinstance(e, Table))
    assert ("neither English nor Chinese" in note) == (language == "")
    asked = measure(make_subject(40, texts=texts, groups={}), perturbations=("neutral_context_after",))
    assert number(asked, "flip_rate", perturbation="neutral_context_after").n == 40


@pytest.mark.usefixtures("bangs")
def test_kinds_that_change_few_rows_come_last_and_have_no_example() -> None:
    texts = [*(f"loud {'x' * i} End" for i in range(10)), *(f"calm {'x' * i} End." for i in range(50))]
    model = scores_where(lambda text: "!" in text or (text == text.lower() and "calm" in text))
    done = measure(make_subject(60, texts=texts, groups={}, score=model), perturbations=("bangs", "lower_case"))
    assert number(done, "flip_rate", perturbation="bangs").value == 1
    assert list(table(done)) == ["lower_case", "bangs"]
    assert [item.change.split(",")[0] for item in shown(done).items] == ["lower_case"]
    row = table(done)["lower_case"]
    limits = number(done, "flip_rate", perturbation="lower_case").interval
    assert limits is not None
    assert (row["low"], row["high"]) == (limits.low, limits.high)


def test_no_group_is_named_where_none_differs_beyond_doubt() -> None:
    rng = np.random.default_rng(1)
    texts, sex = texts_of(rng, 120), ["f", "m"] * 60
    chance = scores_where(lambda text: len(text) % 3 == 0)
    named = lambda subject: table(measure(subject, perturbations=("drop_letter",)))["drop_letter"]["group hurt most"]  # noqa: E731
    assert named(make_subject(120, texts=texts, groups={"sex": sex}, score=chance)) is None
    women = {text for text, who in zip(texts, sex, strict=True) if who == "f"}
    starts = {text.split(" ")[0] for text in women}
    keyed = scores_where(lambda text: text.split(" ")[0] in starts and text not in women)
    assert named(make_subject(120, texts=texts, groups={"sex": sex}, score=keyed)) == "sex: f"


def test_unknown_names_are_refused_with_a_hint() -> None:
    with pytest.raises(ValidationError, match="Did you mean 'upper_case'"):
        Params(perturbations=("uper_case",))
    with pytest.raises(ValidationError, match="less than or equal to 5"):
        Params(severities=(1, 6))
