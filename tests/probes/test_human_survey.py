"""Surveys: the published scoring by hand, alpha by another formula, planted differences, thin answers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from audit.run import run_probe
from audit.types import Finding, ProbeRun, Table
from probes._survey import cronbach_alpha, feldt_interval
from probes.human_survey import Params, survey
from tests.subjects import make_subject

TEN = tuple(f"q{i}" for i in range(1, 11))
BROOKE = (5, 4, 2, 1, 2, 3, 2, 4, 5, 2)
"""The scale as filled in by a user in the example of Brooke 1996, which comes to 22 × 2.5 = 55."""


def ask(folder: Path, text: str, **params: object) -> ProbeRun:
    (folder / "survey.csv").write_text(text, encoding="utf-8")
    subject = replace(make_subject(20), folder=folder)
    given = Params.model_validate({"file": "survey.csv", "columns": TEN} | params)
    return run_probe(survey, subject, given, 7, say=lambda _: None, log=pytest.fail)


def table(rows: list[tuple[object, ...]], head: tuple[str, ...] = TEN) -> str:
    return "\n".join(",".join(map(str, row)) for row in [head, *rows]) + "\n"


def found(done: ProbeRun, metric: str, **slice: str) -> Finding:
    return next(f for f in done.findings if f.metric == f"human.survey.{metric}" and f.slice == slice)


def questions(done: ProbeRun) -> tuple[tuple[Any, ...], ...]:
    return next(e for e in done.evidence if isinstance(e, Table)).rows


def two_groups(apart: float, n: int = 40) -> str:
    """Return answers of two groups whose mean answers lie so far apart."""
    draw = np.random.default_rng(3)
    rows = []
    for i in range(2 * n):
        mood = draw.normal(3 + apart * (i % 2), 0.6, size=4).round().clip(1, 5).astype(int)
        rows.append(("ab"[i % 2], *mood))
    return table(rows, ("team", *TEN[:4]))


LIKERT = {"kind": "likert", "columns": TEN[:4], "group": "team"}


def test_the_published_example_scores_55(tmp_path: Path) -> None:
    done = ask(tmp_path, table([BROOKE] * 5))
    score = found(done, "score")
    assert score.value == pytest.approx(55)
    assert score.n == 5
    assert score.interval and score.interval.low < 55 < score.interval.high
    assert found(done, "alpha").value is None


def test_fewer_than_five_have_no_figure(tmp_path: Path) -> None:
    done = ask(tmp_path, table([BROOKE] * 4))
    assert found(done, "score").note == "fewer than 5 complete respondents"
    assert [row[2:5] for row in questions(done)] == [(None, None, None)] * 10
    with pytest.raises(ValidationError, match="greater than or equal to 5"):
        Params.model_validate({"min_group": 4})


@pytest.mark.parametrize(("answers", "score"), [((5, 1) * 5, 100), ((1, 5) * 5, 0), ((3,) * 10, 50)])
def test_the_ends_of_the_scale(tmp_path: Path, answers: tuple[int, ...], score: float) -> None:
    assert found(ask(tmp_path, table([answers] * 5)), "score").value == pytest.approx(score)


def test_questions_of_ones_own_are_reversed_where_declared(tmp_path: Path) -> None:
    rows = [(7, 1), (7, 1), (4, 4), (4, 4), (1, 7)]
    plain = {"kind": "likert", "columns": ("a", "b"), "scale": (1, 7)}
    turned = ask(tmp_path, table(rows, ("a", "b")), **plain, reverse=("b",))
    assert found(turned, "score").value == pytest.approx((100 + 100 + 50 + 50 + 0) / 5)
    assert found(turned, "alpha").value == pytest.approx(1)
    straight = ask(tmp_path, table(rows, ("a", "b")), **plain)
    assert found(straight, "score").value == pytest.approx(50)


answer = st.integers(1, 5)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6).flatmap(lambda k: st.lists(st.tuples(*[answer] * k), min_size=3, max_size=12)))
def test_alpha_agrees_with_the_analysis_of_variance(rows: list[tuple[int, ...]]) -> None:
    """Hoyt 1941: one minus the residual over the mean square between respondents."""
    values = np.array(rows, dtype=np.float64)
    n, k = values.shape
    between = k * ((values.mean(axis=1) - values.mean()) ** 2).sum() / (n - 1)
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    alpha = cronbach_alpha(values)
    if alpha is None:
        assert between == pytest.approx(0, abs=1e-6)
    else:
        assert alpha == pytest.approx(1 - (rest**2).sum() / ((n - 1) * (k - 1)) / between)


def test_the_interval_of_alpha_holds_the_truth_95_times_in_100() -> None:
    """Normal answers with equal correlations of 0.4: alpha is then 5 × 0.4 / (1 + 4 × 0.4)."""
    draw, truth = np.random.default_rng(11), 2 / 2.6
    held = 0
    for _ in range(400):
        values = np.sqrt(0.4) * draw.standard_normal((30, 1)) + np.sqrt(0.6) * draw.standard_normal((30, 5))
        alpha = cronbach_alpha(values)
        assert alpha is not None
        interval = feldt_interval(alpha, 30, 5)
        held += interval.low <= truth <= interval.high
    assert 0.92 <= held / 400 <= 0.98


def test_missing_answers_are_counted_and_never_filled_in(tmp_path: Path) -> None:
    done = ask(tmp_path, table([*[BROOKE] * 6, (*BROOKE[:9], ""), ("",) * 10]))
    assert found(done, "missing_answers").value == 11
    assert found(done, "complete_share").value == 0.75
    assert found(done, "score").value == pytest.approx(55)
    assert found(done, "score").n == 6
    empty = ask(tmp_path, table([("",) * 10]))
    assert found(empty, "score").value is None
    assert found(empty, "complete_share").value == 0


@pytest.mark.parametrize("word", ["NA", "N/A", "nan", "-", " ", "无"])
def test_what_stands_for_nothing_is_missing(tmp_path: Path, word: str) -> None:
    rows = [(*BROOKE[:9], word, "a"), *[(*BROOKE, word)] * 5]
    done = ask(tmp_path, table(rows, (*TEN, "team")), group="team")
    assert found(done, "missing_answers").value == 1
    assert {f.slice.get("team", "*") for f in done.findings} == {"*", "a"}


def test_a_question_that_the_first_respondent_left_out_is_no_mistake(tmp_path: Path) -> None:
    lines = [json.dumps({"q2": 4}), *[json.dumps({"q1": 5, "q2": 4})] * 6]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = ask(tmp_path, "", file="answers.jsonl", kind="likert", columns=("q1", "q2"))
    assert found(done, "missing_answers").value == 1
    assert found(done, "score").n == 6


def test_the_mean_answer_to_a_question_has_an_interval(tmp_path: Path) -> None:
    rows = [(1 + k % 5, 4) for k in range(20)]
    first, second = questions(ask(tmp_path, table(rows, ("a", "b")), kind="likert", columns=("a", "b")))
    assert first[:3] == ("a", 20, 3.0)
    half = 2.093 * np.std([row[0] for row in rows], ddof=1) / np.sqrt(20)
    assert first[3:5] == pytest.approx((3 - half, 3 + half), abs=0.02)
    assert second[3] < 4 < second[4]


def test_a_group_served_worse_is_named(tmp_path: Path) -> None:
    done = ask(tmp_path, two_groups(0.8), **LIKERT)
    gap = found(done, "score_difference", team="*")
    assert gap.interval and gap.interval.low > 0
    assert "highest: b" in gap.note and "lowest: a" in gap.note
    assert found(done, "score", team="b").value > found(done, "score", team="a").value


def test_equal_groups_stay_quiet_and_small_ones_have_no_figure(tmp_path: Path) -> None:
    gap = found(ask(tmp_path, two_groups(0.0), **LIKERT), "score_difference", team="*")
    assert gap.interval and gap.interval.low == 0
    small = ask(tmp_path, two_groups(0.8, 5), **LIKERT)
    assert found(small, "score", team="a").value is None
    assert found(small, "score_difference", team="*").value is None
    assert found(small, "score").n == 10


def test_without_a_file_it_is_skipped_with_a_remedy() -> None:
    done = run_probe(survey, make_subject(20), Params(), 7, say=lambda _: None, log=pytest.fail)
    assert done.status == "skipped"
    assert "name it in 'file'" in done.reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (table([(9, *BROOKE[1:])]), "line 2: 'q1' is '9', which is not an answer from 1 to 5"),
        (table([("agree", *BROOKE[1:])]), "not an answer"),
        (table([]), "is empty"),
        (table([BROOKE], (*TEN[:9], "q11")), "has no column 'q10'. Did you mean 'q1"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    done = ask(tmp_path, text)
    assert done.status == "error"
    assert says in done.reason


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"columns": ()}, "name the questions"),
        ({"columns": TEN[:9]}, "has 10 questions"),
        ({"reverse": ("q2",)}, "leave 'reverse' out"),
        ({"kind": "likert", "reverse": ("q12",)}, "'reverse' names 'q12'. Did you mean"),
        ({"kind": "likert", "scale": (5, 1)}, "from a lower to a higher"),
        ({"columns": ("q1",) * 10}, "twice"),
    ],
)
def test_a_questionnaire_that_does_not_fit_is_refused(params: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Params.model_validate({"file": "survey.csv", "columns": TEN} | params)


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    head, *rows = two_groups(0.3).splitlines()
    one = ask(tmp_path, "\n".join([head, *rows]), **LIKERT)
    other = ask(tmp_path, "\n".join([head, *rows[::-1]]), **LIKERT)
    for here, there in zip(one.findings, other.findings, strict=True):
        assert here.value == pytest.approx(there.value)
        assert not here.interval or here.interval.high == pytest.approx(there.interval.high, rel=1e-6)
