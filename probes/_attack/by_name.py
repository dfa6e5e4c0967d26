"""Attacks by their names: built in, TextAttack's own, or a function of the user's."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

from audit.errors import did_you_mean
from probes._attack.recipes import BUILT_IN, Recipe, Victim
from probes._attack.resources import DownloadError, MissingError, not_built, process_kept, textattack

TEXTATTACK = (
    *("A2TYoo2021", "BAEGarg2019", "BERTAttackLi2020", "BadCharacters2021", "CLARE2020", "CheckList2020"),
    *("ChineseRecipe", "DeepWordBugGao2018", "FasterGeneticAlgorithmJia2019", "FrenchRecipe"),
    *("GeneticAlgorithmAlzantot2018", "HotFlipEbrahimi2017", "IGAWang2019", "InputReductionFeng2018", "Kuleshov2017"),
    *("LEAP2023", "MorpheusTan2020", "PSOZang2020", "PWWSRen2019", "Pruthi2019", "Seq2SickCheng2018BlackBox"),
    *("SpanishRecipe", "TextBuggerLi2018", "TextFoolerJin2019"),
)
"""Classes of ``textattack.attack_recipes``; written down because the package takes ten seconds to import."""

OURS = {
    "BadCharacters2021": "bad_characters",
    "PWWSRen2019": "pwws",
    "TextBuggerLi2018": "textbugger_like",
    "TextFoolerJin2019": "textfooler_like",
}
"""Built-in recipes of the kind of one of TextAttack's that needs more than there is."""

LACKS = {
    "BadCharacters2021": "TextAttack's class must be told a kind of goal, which a name cannot",
    "HotFlipEbrahimi2017": "it follows the gradients of one kind of model of TextAttack's own",
    "TextBuggerLi2018": "TextAttack's package lacks a file that it reads",
}
"""Why TextAttack's class cannot be built, where its own error does not say so to a user."""

TRIAL = "Anna came to Paris in 2020."
"""A text that a recipe is tried on: some fetch what they need when they are first used, and not when they are built."""

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
        return Recipe(name, "user-supplied", "not known", lambda victim, _: _imported(name)(victim))
    if name in TEXTATTACK:
        return Recipe(name, "see TextAttack", "see TextAttack", lambda victim, _: _textattacks_own(name, victim))
    if ":" in name:
        raise ValueError(f"{name!r} must name a module and a function in it, such as 'my_attacks:stronger'.")
    raise ValueError(f"There is no recipe {name!r}.{did_you_mean(name, (*BUILT_IN, *TEXTATTACK))}")


@contextmanager
def modules_beside(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Let modules be found in a folder first, if there are recipes of one's own: they may import as they run, too."""
    if not any(map(FUNCTION.fullmatch, names)):
        yield
        return
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _imported(name: str) -> Callable[[Victim], Any]:
    textattack()
    module, _, function = name.partition(":")
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        raise MissingError(f"{error}; put {module!r} beside the audit.toml or on the Python path") from error
    if not callable(made := getattr(imported, function, None)):
        raise MissingError(
            f"the module {module!r} has no function {function!r}.{did_you_mean(function, dir(imported))}"
        )
    return cast(Callable[[Victim], Any], made)


def _textattacks_own(name: str, victim: Victim) -> Any:
    _tried(name)
    return getattr(textattack().attack_recipes, name).build(victim)


@cache
def _tried(name: str) -> None:
    """Find out whether a class of TextAttack's can be built and used here; if not, MissingError says why."""
    package = textattack()
    try:
        attack = getattr(package.attack_recipes, name).build(Victim())
        with process_kept():
            attack.transformation(package.shared.AttackedText(TRIAL))
    except DownloadError as error:
        raise MissingError(f"{error}; {_instead(name)}") from error
    except Exception as error:  # of code that neither we nor the user can mend
        raise MissingError(f"{LACKS.get(name) or not_built(error)}; {_instead(name)}") from error


def _instead(name: str) -> str:
    return f"take the built-in {OURS[name]} instead" if name in OURS else "take a built-in recipe instead"
