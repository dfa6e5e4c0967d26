"""Words that can stand for one another: near in meaning, of one part of speech, no opposites."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from probes._attack.wordnet import WordNet

SHORTEST = 3
"""Letters of the shortest word that is exchanged."""


@dataclass(frozen=True)
class Vectors:
    """Unit vectors of words."""

    words: tuple[str, ...]
    rows: Mapping[str, int]
    matrix: "np.ndarray[Any, np.dtype[np.float32]]"
    """Shape (words, width)."""

    def near(self, word: str, most: int, least: float) -> list[str]:
        """Return at most so many other words of at least that cosine, the nearest first."""
        if word not in self.rows:
            return []
        cosines = self.matrix @ self.matrix[self.rows[word]]
        close = np.flatnonzero(cosines >= least)
        order = close[np.argsort(-cosines[close], kind="stable")]
        return [self.words[k] for k in order if self.words[k] != word][:most]


@cache
def vectors(folder: Path) -> Vectors:
    """Return the input embeddings of a BERT-like model for the whole words of its vocabulary."""
    from safetensors.numpy import load_file

    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    whole = [k for k, word in enumerate(vocabulary) if len(word) >= SHORTEST and word.isascii() and word.isalpha()]
    matrix = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"][whole].astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    words = tuple(vocabulary[k] for k in whole)
    return Vectors(words, {word: k for k, word in enumerate(words)}, matrix)


@dataclass(frozen=True)
class Lexicon:
    """What is known of words: their parts of speech and antonyms (WordNet) and their valence (VADER)."""

    wordnet: WordNet
    valence: Mapping[str, float]

    def synonyms(self, word: str) -> list[str]:
        """Return the other words of the synsets that the word is in, as TextAttack's WordNet swap does."""
        names = {name for synset in self.wordnet.synsets(word) for name in synset.words}
        return sorted(names - {word})

    def alike(self, word: str, other: str) -> bool:
        """Whether both share a part of speech and are no opposites; words that WordNet lacks are not alike."""
        return bool(self._parts(word) & self._parts(other)) and not self.opposite(word, other)

    def opposite(self, word: str, other: str) -> bool:
        """Whether one is an antonym of the other or of its synonyms, or one is good and the other bad."""
        return other in self._antonyms(word) or word in self._antonyms(other) or flips(self.valence, word, other)

    def _parts(self, word: str) -> set[str]:
        return {synset.part for synset in self.wordnet.synsets(word)}

    def _antonyms(self, word: str) -> set[str]:
        return {opposite.lower() for synset in self.wordnet.synsets(word) for opposite in synset.antonyms}


def flips(valence: Mapping[str, float], word: str, other: str) -> bool:
    """Whether one word is good and the other bad."""
    return valence.get(word.lower(), 0) * valence.get(other.lower(), 0) < 0


def neighbours(
    space: Vectors, lexicon: Lexicon, *, most: int, least: float, stop: frozenset[str]
) -> Callable[[str], list[str]]:
    """Return a function from a word to the words that can stand for it, in the same case.

    Parameters
    ----------
    space, lexicon : Vectors, Lexicon
        Meaning and grammar.
    most : int
        Nearest words looked at.
    least : float
        Smallest cosine.
    stop : frozenset of str
        Words that are never put in.
    """

    @cache
    def of(word: str) -> tuple[str, ...]:
        plain = word.lower()
        near = [other for other in space.near(plain, most, least) if other not in stop and lexicon.alike(plain, other)]
        return tuple(_cased(other, word) for other in near)

    return lambda word: list(of(word))


def _cased(word: str, like: str) -> str:
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
