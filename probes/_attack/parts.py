"""Our own parts for TextAttack's attacks. Imported only after :func:`resources.textattack`."""

from collections.abc import Callable, Sequence
from typing import Any

from textattack import Attack
from textattack.constraints.pre_transformation import MinWordLength, RepeatModification, StopwordModification
from textattack.goal_function_results import GoalFunctionResultStatus
from textattack.goal_functions import UntargetedClassification
from textattack.search_methods import GreedyWordSwapWIR
from textattack.shared.utils import is_one_word
from textattack.transformations import (
    CompositeTransformation,
    WordSwap,
    WordSwapInvisibleCharacters,
    WordSwapNeighboringCharacterSwap,
    WordSwapQWERTY,
    WordSwapRandomCharacterDeletion,
    WordSwapRandomCharacterInsertion,
    WordSwapReorderings,
)

from audit.types import Floats
from probes._noise.unicode import HOMOGLYPHS

LETTERS = "abcdefghijklmnopqrstuvwxyz"

FEW = 2
"""Candidates whose similarity is looked at in one go, the best first."""

MOST_WON = 4
"""Candidates that change the class among which the most similar is sought."""

Similar = Callable[[str, Sequence[str]], Floats]
"""From a text and others to the similarity of each."""


class Words(WordSwap):  # type: ignore[misc]
    """Puts other words in the place of a word."""

    def __init__(self, others: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._others = others

    def _get_replacement_words(self, word: str) -> list[str]:
        return [other for other in self._others(word) if "_" not in other and is_one_word(other)]


class Lookalikes(WordSwap):  # type: ignore[misc]
    """Puts a letter of another script that looks the same in the place of one letter."""

    def _get_replacement_words(self, word: str) -> list[str]:
        places = [k for k, letter in enumerate(word) if letter in HOMOGLYPHS]
        return [word[:k] + HOMOGLYPHS[word[k]] + word[k + 1 :] for k in places]


class Greedy(GreedyWordSwapWIR):  # type: ignore[misc]
    """Greedy search in the order of importance that lets only similar texts through.

    Candidates are scored before their similarity is looked at, and that from the best down until
    one is similar enough: nearly the choice that filtering first would lead to, with some more
    queries and a tenth of the sentences encoded.

    Parameters
    ----------
    similar : callable, optional
        How similar texts are to another; without it all are let through.
    least : float
        Smallest similarity to the text that the search began with.
    wir_method : str
        How the importance of words is found.
    """

    def __init__(self, similar: Similar | None = None, least: float = 0.0, wir_method: str = "delete") -> None:
        super().__init__(wir_method)
        self._similar, self._least = similar, least

    def perform_search(self, initial_result: Any) -> Any:
        """Change one word after the other until the class changes or no word is left."""
        begun, current = initial_result.attacked_text, initial_result
        order, over = self._get_index_order(begun)
        for index in order:
            if over or current.goal_status == GoalFunctionResultStatus.SUCCEEDED:
                break
            candidates = self.get_transformations(
                current.attacked_text, original_text=begun, indices_to_modify=[index], shifted_idxs=True
            )
            results, over = self.get_goal_results(candidates) if candidates else ([], over)
            current = self._best(results, begun.text, current)
        return current

    def _best(self, results: Sequence[Any], begun: str, current: Any) -> Any:
        better = sorted((r for r in results if r.score > current.score), key=lambda r: -r.score)
        won = [r for r in better if r.goal_status == GoalFunctionResultStatus.SUCCEEDED]
        lost = [r for r in better if r.goal_status != GoalFunctionResultStatus.SUCCEEDED]
        for start in range(0, len(won), MOST_WON):
            if similar := self._let_through(won[start : start + MOST_WON], begun):
                return max(similar, key=lambda pair: pair[0])[1]
        for start in range(0, len(lost), FEW):
            if similar := self._let_through(lost[start : start + FEW], begun):
                return similar[0][1]
        return current

    def _let_through(self, results: Sequence[Any], begun: str) -> list[tuple[float, Any]]:
        if not results or not self._similar:
            return [(0.0, result) for result in results]
        likeness = self._similar(begun, [result.attacked_text.text for result in results])
        return [(value, r) for value, r in zip(likeness, results, strict=True) if value >= self._least]


class OneWord(GreedyWordSwapWIR):  # type: ignore[misc]
    """Every edit of one word, word after word in the order of importance, until one changes the class."""

    def perform_search(self, initial_result: Any) -> Any:
        """Return the result of the edit that goes furthest."""
        begun, best = initial_result.attacked_text, initial_result
        order, over = self._get_index_order(begun)
        for index in order:
            if over or best.goal_status == GoalFunctionResultStatus.SUCCEEDED:
                break
            candidates = self.get_transformations(begun, original_text=begun, indices_to_modify=[index])
            results, over = self.get_goal_results(candidates) if candidates else ([], over)
            best = max([best, *results], key=lambda result: result.score)
        return best


def synonym_swaps(victim: Any, synonyms: Callable[[str], list[str]]) -> Attack:
    """PWWS: synonyms, words in the order of saliency times the best effect of a swap."""
    return _attack(victim, Words(synonyms), GreedyWordSwapWIR("weighted-saliency"))


def one_typo(victim: Any) -> Attack:
    """Pruthi et al.: one swap, deletion, insertion or neighbouring key within one word."""
    inner: dict[str, Any] = {"random_one": False, "skip_first_char": True, "skip_last_char": True}
    kinds = [
        WordSwapNeighboringCharacterSwap(**inner),
        WordSwapRandomCharacterDeletion(**inner),
        WordSwapRandomCharacterInsertion(**inner, letters_to_insert=LETTERS),
        WordSwapQWERTY(**inner),
    ]
    return _attack(victim, CompositeTransformation(kinds), OneWord(), MinWordLength(min_length=4))


def neighbour_swaps(victim: Any, others: Callable[[str], list[str]], similar: Similar, least: float) -> Attack:
    """Like TextFooler: words near in meaning, sentences that stay similar."""
    return _attack(victim, Words(others), Greedy(similar, least))


def bugs(victim: Any, others: Callable[[str], list[str]], similar: Similar, least: float) -> Attack:
    """Like TextBugger: insert a space, delete, swap, a look-alike letter, or a word near in meaning."""
    inner: dict[str, Any] = {"random_one": True, "skip_first_char": True, "skip_last_char": True}
    kinds = [
        WordSwapRandomCharacterInsertion(**inner, letters_to_insert=" "),
        WordSwapRandomCharacterDeletion(**inner),
        WordSwapNeighboringCharacterSwap(**inner),
        Lookalikes(),
        Words(others),
    ]
    return _attack(victim, CompositeTransformation(kinds), Greedy(similar, least))


def unseen_changes(victim: Any) -> Attack:
    """Bad Characters: invisible characters, look-alike letters and reorderings that display as before."""
    kinds = [WordSwapInvisibleCharacters(), Lookalikes(), WordSwapReorderings()]
    return _attack(victim, CompositeTransformation(kinds), Greedy())


def _attack(victim: Any, transformation: Any, search: Any, *more: Any) -> Attack:
    constraints = [RepeatModification(), StopwordModification(), *more]
    return Attack(UntargetedClassification(victim), constraints, transformation, search)
