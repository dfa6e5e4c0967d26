"""Attacks that are ready to run, and one attack on one text."""

import re
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from probes._attack.lockstep import Ask
from probes._attack.recipes import Recipe, Resources, Victim
from probes._attack.resources import DownloadError, MissingError, not_built, textattack

MOST_WORDS, MOST_CHARACTERS = 300, 3000
"""Of a text that are searched; what comes after goes along unchanged."""


@dataclass(frozen=True)
class Found:
    """What an attack came to on one text."""

    text: str
    changed: bool
    """Whether TextAttack holds that its goal was reached."""
    queries: int
    possible: bool = True
    """Whether there was any change to try, or none for want of queries."""
    stopped: bool = False
    """Whether it had no query left before it came to its goal; a reduction has no other."""


class _Candidates:
    """Stands in for a search's source of changes, and remembers whether any came."""

    def __init__(self, search: Any) -> None:
        self.any = False
        self._source = search.get_transformations
        search.get_transformations = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self._source(*args, **kwargs)
        self.any = self.any or bool(found)
        return found


class Attacker:
    """An attack that can be run on many texts at once.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    resources : Resources
        What it may be built from.
    budget : int
        Queries per text.

    Raises
    ------
    MissingError
        If it cannot be built on this machine; the message says what is needed.
    """

    def __init__(self, recipe: Recipe, resources: Resources, budget: int) -> None:
        self.recipe = recipe
        self._resources, self._budget = resources, budget
        try:
            self._idle = [self._built()]
            self.recipe = replace(recipe, reduces=_reduces(self._idle[0].goal_function))
        except (MissingError, KeyboardInterrupt):
            raise
        except DownloadError as error:
            raise MissingError(f"{error}; take a built-in recipe instead") from error
        except (Exception, SystemExit) as error:  # of code that is not ours
            raise MissingError(f"{not_built(error)}; mend it or take a built-in recipe") from error

    def run(self, service: str, text: str, label: int) -> Callable[[Ask], Found]:
        """Return the attack on one text of that class, for :func:`lockstep.run_searches`."""

        def search(ask: Ask) -> Found:
            # An attack keeps state, so no two searches may share one; one that raised is not used again.
            attack = self._idle.pop() if self._idle else self._built()
            victim: Victim = attack.goal_function.model
            head = searched(text)
            victim.ask, victim.service, victim.tail = ask, service, text[len(head) :]
            found = self._attacked(attack, head, label)
            self._idle.append(attack)
            return replace(found, text=found.text + victim.tail)

        return search

    def _built(self) -> Any:
        attack = self.recipe.build(Victim(), self._resources)
        attack.goal_function.query_budget = self._budget
        attack.goal_function.batch_size = self._budget
        _Candidates(attack.search_method)
        return attack

    def _attacked(self, attack: Any, text: str, label: int) -> Found:
        attack.clear_cache()
        if not textattack().shared.AttackedText(text).num_words:
            return Found(text, False, 0, possible=False)  # some recipes divide by it
        kinds, candidates = textattack().attack_results, attack.search_method.get_transformations
        candidates.any = False
        try:
            result = attack.attack(text, label)
        except Exception:
            # Some of TextAttack's searches take an empty answer for granted where no query is left.
            if attack.goal_function.num_queries < self._budget:
                raise
            return Found(text, False, self._budget, stopped=True)
        if isinstance(result, kinds.SkippedAttackResult):
            raise ValueError("the model does not give the text its class")
        reached = isinstance(result, kinds.SuccessfulAttackResult | kinds.MaximizedAttackResult)
        spent = result.num_queries >= self._budget
        stopped = spent and (self.recipe.reduces or not reached)
        after = result.perturbed_result.attacked_text.text
        return Found(after, reached, result.num_queries, candidates.any or spent, stopped)


def _reduces(goal: Any) -> bool:
    """Whether a goal is the fewest words, and not another class; other goals are not what is counted."""
    goals = textattack().goal_functions
    if not isinstance(goal, goals.InputReduction | goals.UntargetedClassification):
        raise MissingError(
            f"its goal is {type(goal).__name__}, and what is counted is a change to any other class "
            "(UntargetedClassification) or a reduction (InputReduction); give it such a goal or take a built-in recipe"
        )
    return isinstance(goal, goals.InputReduction)


def searched(text: str) -> str:
    """Return the beginning of a long text, cut after a word, or the whole of a shorter one."""
    ends = [match.end() for match in re.finditer(r"\S+", text[:MOST_CHARACTERS])][:MOST_WORDS]
    cut = len(text) > MOST_CHARACTERS or len(text.split()) > MOST_WORDS
    return text[: ends[-1]] if cut and ends else text


@contextmanager
def sealed() -> Iterator[None]:
    """Let code that is not ours look up no host and print no warning."""
    look_up = socket.getaddrinfo

    def refuse(host: Any, *_: Any, **__: Any) -> Any:
        # Not an OSError: those are tried again for a minute.
        raise DownloadError(f"needs a download from {host}, and attacks run offline")

    socket.getaddrinfo = refuse
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        socket.getaddrinfo = look_up
