"""Attacks that are named and not built in: found, told apart by their goals, skipped with a way out."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.registry import Skip
from audit.types import Finding
from probes._attack.resources import textattack
from reports.notes import in_both
from reports.words import Both
from tests.probes.test_attack import keyed, number, run, sentences, subject_of

BESIDE = """
from tests.probes.test_attack import exploding

def stronger(victim):
    import helper_beside
    attack = exploding(victim)
    search = attack.search_method.perform_search
    def searching(text):
        import lazy_beside
        return search(text)
    attack.search_method.perform_search = searching
    return attack
"""


def test_a_recipe_of_ones_own_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "attacks_beside.py").write_text(BESIDE, encoding="utf-8")
    for helper in ("helper_beside", "lazy_beside"):
        (tmp_path / f"{helper}.py").touch()
    subject = subject_of(keyed, sentences(10))
    name, path = "attacks_beside:stronger", list(sys.path)
    with pytest.raises(Skip, match="beside the audit"):
        run(subject, recipes=[name])
    assert number(run(replace(subject, folder=tmp_path), recipes=[name]), "attack_success", recipe=name).n == 8
    assert {"helper_beside", "lazy_beside"} <= sys.modules.keys()
    assert sys.path == path


def reducing(victim: Any) -> Any:
    """Return an attack whose goal is to leave words out."""
    return textattack().attack_recipes.InputReductionFeng2018.build(victim)


@pytest.mark.parametrize("recipe", ["InputReductionFeng2018", f"{__name__}:reducing"])
def test_a_reduction_is_known_by_its_goal(recipe: str) -> None:
    evidence = run(subject_of(keyed, sentences(10)), recipes=[recipe])
    assert number(evidence, "words_left", recipe=recipe).n > 0
    assert not [e for e in evidence if isinstance(e, Finding) and e.metric.endswith("attack_success")]


def targeted(victim: Any) -> Any:
    """Return an attack that is after one class."""
    attack = textattack().attack_recipes.DeepWordBugGao2018.build(victim)
    attack.goal_function = textattack().goal_functions.TargetedClassification(victim, target_class=0)
    return attack


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (f"{__name__}:targeted", "its goal is TargetedClassification"),
        ("CheckList2020", "needs a download from"),
        ("BadCharacters2021", "take the built-in bad_characters instead"),
        ("TextBuggerLi2018", "take the built-in textbugger_like instead"),
        ("HotFlipEbrahimi2017", "gradients"),
    ],
)
def test_what_cannot_be_counted_or_run_is_skipped_with_the_way_out(recipe: str, told: str) -> None:
    with pytest.raises(Skip, match=told) as skip:
        run(subject_of(keyed, sentences(4)), recipes=[recipe])
    assert isinstance(in_both(str(skip.value)), Both)
