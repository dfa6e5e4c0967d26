"""What figures of attacks rest on: no row is forgotten, no recipe missed in silence, each class told apart."""

from typing import Any

import pytest

from tests.probes.test_attack import counting, exploding, keyed, mislabelled, number, run, sentences, subject_of

EXPLODING = f"{exploding.__module__}:{exploding.__name__}"


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


def refusing(victim: Any) -> Any:
    """Return an attack that cannot take any text."""
    attack = exploding(victim)
    attack.search_method.perform_search = lambda _: 1 / 0
    return attack


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
