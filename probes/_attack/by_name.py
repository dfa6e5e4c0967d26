"""Attacks by their names: built in, TextAttack's own, or a function of the user's."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from audit.errors import did_you_mean
from probes._attack.recipes import BUILT_IN, Recipe, Victim
from probes._attack.resources import MissingError, textattack

TEXTATTACK = (
    *("A2TYoo2021", "BAEGarg2019", "BERTAttackLi2020", "BadCharacters2021", "CLARE2020", "CheckList2020"),
    *("ChineseRecipe", "DeepWordBugGao2018", "FasterGeneticAlgorithmJia2019", "FrenchRecipe"),
    *("GeneticAlgorithmAlzantot2018", "HotFlipEbrahimi2017", "IGAWang2019", "InputReductionFeng2018", "Kuleshov2017"),
    *("LEAP2023", "MorpheusTan2020", "PSOZang2020", "PWWSRen2019", "Pruthi2019", "Seq2SickCheng2018BlackBox"),
    *("SpanishRecipe", "TextBuggerLi2018", "TextFoolerJin2019"),
)
"""Classes of ``textattack.attack_recipes``; written down because the package takes ten seconds to import."""

FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
"""``module:function``."""


def find_recipe(name: str) -> Recipe:
    """Return a built-in recipe, TextAttack's own of that class name, or one made by ``"module:function"``.

    Whether a module and a function of those names exist is found out when the attack is built.

    Raises
    ------
    ValueError
        If the name can be none of these; the message names the nearest.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    if FUNCTION.fullmatch(name):
        return Recipe(name, "user-supplied", "not known", lambda victim, of: _imported(name, of.modules)(victim))
    if name in TEXTATTACK:
        return Recipe(name, "see TextAttack", "see TextAttack", lambda victim, _: _class_of(name).build(victim))
    if ":" in name:
        raise ValueError(f"{name!r} must name a module and a function in it, such as 'my_attacks:stronger'.")
    raise ValueError(f"There is no recipe {name!r}.{did_you_mean(name, (*BUILT_IN, *TEXTATTACK))}")


def _imported(name: str, folder: Path) -> Callable[[Victim], Any]:
    textattack()
    module, _, function = name.partition(":")
    try:
        with _on_path(folder):
            imported = importlib.import_module(module)
    except ImportError as error:
        raise MissingError(f"{error}; put {module!r} beside the audit.toml or on the Python path") from error
    if not callable(made := getattr(imported, function, None)):
        raise MissingError(
            f"the module {module!r} has no function {function!r}.{did_you_mean(function, dir(imported))}"
        )
    return cast(Callable[[Victim], Any], made)


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _class_of(name: str) -> Any:
    return getattr(textattack().attack_recipes, name)
