"""What figures of attacks rest on: no row is forgotten, no recipe missed in silence, each class told apart."""

from typing import Any

import numpy as np
import pytest

from audit.types import GroupColumn, Interval
from probes._attack.report import Outcomes
from probes._by_group import findings
from probes.robustness_attack import robustness_attack
from tests.probes.test_attack import counting, exploding, keyed, mislabelled, number, run, sentences, subject_of

EXPLODING = f"{exploding.__module__}:{exploding.__name__}"
OF: tuple[dict[str, str], ...] = ({}, {"who": "rare"})


@pytest.mark.parametrize("seed", range(4))
def test_no_row_that_the_model_has_wrong_is_forgotten(seed: int) -> None:
    who = {"who": ["hit" if k < 30 else "spared" for k in range(40)]}
    subject = mislabelled(
        subject_of(counting, [f"lovely meal number {k}" for k in range(40)], groups=who), [*range(30)]
    )
    evidence = run(subject, seed, rows=40)
    for measure in ("robust_accuracy", "valid_robust_accuracy"):
        together, hit = number(evidence, measure), number(evidence, measure, who="hit")
        assert (together.value, together.n) == (10 / 40, 40)
        assert (hit.value, hit.n) == (0, 30)
        assert number(evidence, f"{measure}_difference", who="*").value == 1


def test_what_cannot_be_changed_stands() -> None:
    words, signs = [f"lovely meal number {k}" for k in range(10)], ["🙂" * (k + 1) for k in range(10)]
    subject = mislabelled(subject_of(counting, words + signs), [*range(5), *range(10, 15)])
    evidence = run(subject)
    assert number(evidence, "attack_success").n == 5
    robust = number(evidence, "robust_accuracy")
    assert (robust.value, robust.n) == (0.5, 20)


def test_each_class_is_told_apart() -> None:
    """The word can be misspelt away, and not into being."""
    evidence = run(subject_of(keyed, sentences(40)), rows=40)
    for measure in ("attack_success", "valid_attack_success"):
        found = {label: number(evidence, measure, **{"class": label}) for label in "01"}
        assert [(finding.value, finding.n) for finding in found.values()] == [(0, 20), (1, 20)], measure


@pytest.mark.parametrize("n", [40, 1000])
def test_a_gap_that_open_rows_may_close_or_widen_is_not_told_as_sure(n: int) -> None:
    """Of one group half broke, of the other none; the other halves are open: the gap is anything from 0 to 1."""
    half, members = n // 2, np.repeat(np.eye(2, dtype=bool), n, axis=0)
    low = np.r_[np.ones(half), np.zeros(half + n)]
    high = np.r_[np.ones(n), np.zeros(half), np.ones(half)]
    who, right = [GroupColumn("who", ("a", "b"), members)], np.ones(2 * n, dtype=bool)
    spec, name = robustness_attack, "attack_success"
    means = Outcomes(spec, name, (low + high) / 2, who, {}, "", 10, low=low, high=high, right=right)
    (gap,) = (f for f in findings(means, np.random.default_rng(1)) if f.metric.endswith("_difference"))
    assert isinstance(gap.interval, Interval)
    assert (gap.interval.low, gap.interval.high) == (0, 1)


def refusing(victim: Any) -> Any:
    """Return an attack that cannot take any text."""
    attack = exploding(victim)
    attack.search_method.perform_search = lambda _: 1 / 0
    return attack


def test_an_error_is_told_in_its_own_words_where_texts_may_be_shown_and_of_enough_rows() -> None:
    texts = [f"lovely {('hotel', 'meal')[k % 2]} number {k}" for k in range(20)]
    who = {"who": ["rare" if k < 3 else "often" for k in range(20)]}
    subject = subject_of(counting, texts, groups=who)
    told = {
        shown: [number(run(subject, recipes=[EXPLODING], examples=shown), "attack_success", **of) for of in OF]
        for shown in (12, 0)
    }
    assert "ended in RuntimeError: " in told[12][0].note
    assert "ended in RuntimeError" in told[0][0].note
    assert "RuntimeError: " not in told[0][0].note
    assert all("RuntimeError" not in rare.note for _, rare in told.values())


def test_a_row_that_one_recipe_breaks_is_broken_whatever_stops_the_others() -> None:
    evidence = run(subject_of(keyed, sentences(10)), recipes=["deepwordbug", EXPLODING])
    together = number(evidence, "attack_success")
    assert (together.value, together.n) == (5.5 / 10, 9), "four others and one hotel broke, another may"


def test_a_figure_of_all_recipes_says_which_it_is_without() -> None:
    evidence = run(subject_of(keyed, sentences(10)), recipes=["pwws", "deepwordbug", f"{__name__}:refusing"])
    for measure in ("attack_success", "valid_robust_accuracy"):
        together = number(evidence, measure)
        assert together.n == 10, measure
        assert together.note.startswith(f"by 1 of 3 recipes; pwws skipped; {__name__}:refusing failed"), measure
    assert not number(evidence, "attack_success", recipe="deepwordbug").note


def test_long_texts_that_are_searched_in_part_are_counted() -> None:
    texts = [*sentences(4), f"{'word ' * 400}", f"terrible {'word ' * 400}"]
    success = number(run(subject_of(keyed, texts), max_queries=2000), "attack_success")
    assert success.note == "2 long texts searched in part only"
