"""The attacks that are built in: where they come from, what they need, how they are put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audit.errors import AssetError
from audit.types import Asset, Floats
from probes._attack.encoder import encoder
from probes._attack.lockstep import Ask, Service
from probes._attack.neighbours import Lexicon, neighbours, vectors
from probes._attack.resources import STOP_WORDS, MissingError, polarity, textattack
from probes._attack.wordnet import wordnet

MODEL, SENTENCES = "model", "sentences"
"""Services that a search may ask."""


class Victim:
    """What TextAttack takes for the model: it passes questions on to the searches' scheduler."""

    def __init__(self) -> None:
        self.ask: Ask | None = None
        self.service = MODEL
        self.tail = ""
        """The end of a long text, which is not searched."""

    @property
    def model(self) -> "Victim":
        """TextAttack looks at the class of this."""
        return self

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return probabilities, shape (n, classes)."""
        assert self.ask
        scores: Floats = self.ask(self.service, [text + self.tail for text in texts])
        # Of rows that do not quite sum to 1, TextAttack would take the softmax once more.
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))

    def similar(self, text: str, others: Sequence[str]) -> Floats:
        """Return the cosine of each of the others to the text."""
        assert self.ask
        sentences: Floats = self.ask(SENTENCES, [text, *others])
        return np.asarray(sentences[1:] @ sentences[0])


@dataclass(frozen=True)
class Resources:
    """Words and sentences, for recipes that need them; each raises MissingError where it is not there."""

    asset: Asset

    def folder(self, name: str) -> Path:
        """Return the folder of an asset."""
        try:
            return self.asset(name)
        except AssetError as error:
            raise MissingError(f"needs the asset {name!r}; get it with: renben fetch {name}") from error

    def lexicon(self) -> Lexicon:
        """Return parts of speech, synonyms, antonyms and valence."""
        return Lexicon(wordnet(self.folder("wordnet")), polarity())

    def synonyms(self) -> Callable[[str], list[str]]:
        """Return a function from a word to its synonyms in WordNet."""
        return Lexicon(wordnet(self.folder("wordnet")), {}).synonyms

    def neighbours(self, most: int, least: float) -> Callable[[str], list[str]]:
        """Return a function from a word to words that can stand for it."""
        return neighbours(
            vectors(self.folder("minilm")), self.lexicon(), most=most, least=least, stop=frozenset(STOP_WORDS)
        )

    def sentences(self) -> Service:
        """Return the encoder of sentences."""
        return encoder(self.folder("minilm"))


@dataclass(frozen=True)
class Recipe:
    """An attack by name."""

    name: str
    paper: str
    departures: str
    """From the paper."""
    build: Callable[[Victim, Resources], Any]
    """Returns a ``textattack.Attack``."""
    reduces: bool = False
    """Whether it looks for the fewest words that keep the class, and not for a change of class."""
    english: bool = False
    """Whether it puts in English words, and so can do nothing, or nonsense, with texts in other languages."""


def _deepwordbug(victim: Victim, resources: Resources) -> Any:
    return textattack().attack_recipes.DeepWordBugGao2018.build(victim)


def _pwws(victim: Victim, resources: Resources) -> Any:
    textattack()
    from probes._attack.parts import synonym_swaps

    return synonym_swaps(victim, resources.synonyms())


def _pruthi(victim: Victim, resources: Resources) -> Any:
    textattack()
    from probes._attack.parts import one_typo

    return one_typo(victim)


def _input_reduction(victim: Victim, resources: Resources) -> Any:
    return textattack().attack_recipes.InputReductionFeng2018.build(victim)


def _textfooler_like(victim: Victim, resources: Resources) -> Any:
    textattack()
    from probes._attack.parts import neighbour_swaps

    resources.sentences()
    return neighbour_swaps(victim, resources.neighbours(most=20, least=0.45), victim.similar, 0.84)


def _textbugger_like(victim: Victim, resources: Resources) -> Any:
    textattack()
    from probes._attack.parts import bugs

    resources.sentences()
    return bugs(victim, resources.neighbours(most=5, least=0.45), victim.similar, 0.8)


def _bad_characters(victim: Victim, resources: Resources) -> Any:
    textattack()
    from probes._attack.parts import unseen_changes

    return unseen_changes(victim)


STOPS = "stop words stay"
NEIGHBOURS = (
    "words from MiniLM's input embeddings of one part of speech in WordNet, no antonyms, no VADER polarity flips"
)
SIMILAR = "MiniLM sentence cosine of {} or more in place of the Universal Sentence Encoder, looked at after scoring"

BUILT_IN = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "deepwordbug",
            "Gao et al. 2018 (arXiv:1801.04354)",
            "words ranked by putting [UNK] in their place, not by head and tail scores; of one swap, substitution, "
            f"deletion and insertion each, the best by the model's answer; {STOPS}",
            _deepwordbug,
        ),
        Recipe(
            "pwws",
            "Ren et al. 2019 (ACL P19-1103)",
            f"no swap of named entities; synonyms of one word only; {STOPS}",
            _pwws,
            english=True,
        ),
        Recipe(
            "pruthi",
            "Pruthi et al. 2019 (arXiv:1905.11268)",
            "one edit in one word, inserted letters drawn at random; words in the order of importance, so that a query "
            f"budget cuts the least important, and none after the first that changes the class; {STOPS}",
            _pruthi,
        ),
        Recipe(
            "input_reduction",
            "Feng et al. 2018 (arXiv:1804.07781)",
            f"greedy, no beam; words ranked once by leaving them out, not at every step by gradient; {STOPS}",
            _input_reduction,
            reduces=True,
        ),
        Recipe(
            "textfooler_like",
            "after Jin et al. 2020 (arXiv:1907.11932)",
            f"{NEIGHBOURS}, the 20 nearest in place of 50 counter-fitted ones; {SIMILAR.format(0.84)}",
            _textfooler_like,
            english=True,
        ),
        Recipe(
            "textbugger_like",
            "after Li et al. 2019 (arXiv:1812.05271)",
            f"no ranking of sentences; Cyrillic and Greek look-alikes, no digits or signs; {NEIGHBOURS}; "
            f"{SIMILAR.format(0.8)}; {STOPS}",
            _textbugger_like,
            english=True,
        ),
        Recipe(
            "bad_characters",
            "after Boucher et al. 2022 (arXiv:2106.09898)",
            "greedy, one change in each word, not differential evolution; look-alikes from Cyrillic and Greek; no "
            f"deletion characters; {STOPS}",
            _bad_characters,
        ),
    )
}
