"""Where terms for identities stand in a text, and the text with a term swapped for another of its category."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from re import Match

import numpy as np

from audit.perturbations import Edit, make
from audit.stats import substream
from probes._identity.grammar import article, in_case_of, reading
from probes._identity.terms import UNIT, Lexicon, Sense

NEAR = 10
"""Characters before a term in which its article is looked for."""
JOINTS = " \t\n-‐‑'’"
"""What may stand between the words of a term."""


@dataclass(frozen=True)
class Mention:
    """A term at one place of a text, in one reading."""

    start: int
    end: int
    sense: Sense


@dataclass(frozen=True)
class Scan:
    """The terms in a text."""

    mentions: tuple[Mention, ...]
    left_alone: int
    """Words such as "black" that did not stand before a word for persons."""


@dataclass(frozen=True)
class Swap:
    """A text with every mention of one term swapped for another term."""

    category: str
    term: str
    other: str
    text: str


class _Units:
    """A text cut into words and Chinese characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at: list[Match[str]] = list(UNIT.finditer(text))
        self.words = [unit[0].casefold() for unit in self.at]

    def joined(self, first: int, length: int) -> bool:
        """Return whether so many units stand side by side."""
        ends = range(first, first + length - 1)
        return not any(self.text[self.at[k].end() : self.at[k + 1].start()].strip(JOINTS) for k in ends)

    def beside(self, k: int, step: int) -> str:
        """Return the neighbour on one side, empty where there is none or punctuation stands between."""
        if not 0 <= k + step < len(self.at):
            return ""
        left, right = (k, k + step) if step > 0 else (k + step, k)
        between = self.text[self.at[left].end() : self.at[right].start()]
        return "" if between.strip("'’ \t\n") else self.words[k + step]


def scan(text: str, lexicon: Lexicon) -> Scan:
    """Find the terms in a text; where several begin at one place, the longest counts.

    Words of ``before_person`` count only where a word for persons follows, other adjectives
    between allowed ("young black men"); given names only with a capital; words after "@" never.
    """
    units, mentions, left_alone, k = _Units(text), [], 0, 0
    while k < len(units.words):
        length = _longest(units, k, lexicon)
        if length:
            found = list(_mentions(units, k, length, lexicon))
            guarded = length == 1 and units.words[k] in lexicon.before_person
            if found and guarded and not _before_person(units, k, lexicon):
                left_alone += 1
            else:
                mentions += found
        k += max(length, 1)
    return Scan(tuple(mentions), left_alone)


def _longest(units: _Units, k: int, lexicon: Lexicon) -> int:
    """Return the length of the longest phrase that begins at a unit, 0 where there is none."""
    for length in lexicon.lengths.get(units.words[k], ()):
        phrase = tuple(units.words[k : k + length])
        if len(phrase) == length and phrase in lexicon.senses and units.joined(k, length):
            return length
    return 0


def _mentions(units: _Units, k: int, length: int, lexicon: Lexicon) -> Iterator[Mention]:
    start, end = units.at[k].start(), units.at[k + length - 1].end()
    if units.text[max(0, start - 1) : start] == "@":
        return
    senses = lexicon.senses[tuple(units.words[k : k + length])]
    for _, group in groupby(sorted(senses, key=lambda sense: sense.category), key=lambda sense: sense.category):
        of_one = [sense for sense in group if not (sense.name and units.text[start].islower())]
        if of_one:
            forms = [sense.form for sense in of_one]
            chosen = reading(forms, units.beside(k, -1), units.beside(k + length - 1, 1))
            yield Mention(start, end, of_one[chosen])


def _before_person(units: _Units, k: int, lexicon: Lexicon) -> bool:
    while word := units.beside(k, 1):
        k += 1
        if word in lexicon.persons:
            return True
        if word not in lexicon.adjectives:
            return False
    return False


def swaps(
    text: str, mentions: Sequence[Mention], lexicon: Lexicon, most: int, rng: np.random.Generator, key: str
) -> Iterator[Swap]:
    """Yield the text with each term swapped for others, at most so many per category.

    Parameters
    ----------
    text : str
        The text.
    mentions : sequence of Mention
        What :func:`scan` found in it.
    lexicon : Lexicon
        The terms.
    most : int
        Swaps per category; where more are possible they are drawn by ``rng``, category and ``key``.
    rng : numpy.random.Generator
        Source of randomness.
    key : str
        The row's id.
    """
    for category in sorted({mention.sense.category for mention in mentions}):
        found = [mention for mention in mentions if mention.sense.category == category]
        pairs = list(_pairs(found, lexicon, category))
        for drawn in substream(rng, "swaps", category, key).permutation(len(pairs))[:most]:
            term, other = pairs[drawn]
            mine = [mention for mention in found if mention.sense.term == term]
            yield Swap(category, term, other, swapped(text, mine, lexicon, other))


def _pairs(mentions: Sequence[Mention], lexicon: Lexicon, category: str) -> Iterator[tuple[str, str]]:
    for term in sorted({mention.sense.term for mention in mentions}):
        forms = frozenset(mention.sense.form for mention in mentions if mention.sense.term == term)
        for other in lexicon.others(category, term, forms):
            yield term, other


def swapped(text: str, mentions: Sequence[Mention], lexicon: Lexicon, other: str) -> str:
    """Return the text with these mentions of one term swapped for another, articles and capitals put right."""
    edits, capitals = [], text != text.lower()
    for mention in mentions:
        sense, start, end = mention.sense, mention.start, mention.end
        word = lexicon.counterpart(sense, other)
        word = in_case_of(text, start, end, sense.word, word) if capitals else word.lower()
        edits.append(Edit(start, end, word))
        near = max(0, start - NEAR)
        if wrong := article(text[near:start], word):
            edits.append(Edit(near + wrong[0], near + wrong[1], wrong[2]))
    return make(text, edits)
