"""A text with a term for an identity swapped for another of its category."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np

from audit.perturbations import Edit, make
from audit.stats import substream
from probes._identity.grammar import article, genitive, in_case_of
from probes._identity.lexicon import Lexicon
from probes._identity.scan import Mention, Scan
from probes._identity.units import phrase_of

NEAR = 10
"""Characters before a term in which its article is looked for."""
TWICE = re.compile(r"\b(\w+)[\s-]+\1\b|([\u3400-\u9fff]{1,3})\2", re.I)
PRONOUNS = frozenset(("subject", "object", "possessive", "possessive_pronoun", "reflexive"))


@dataclass(frozen=True)
class Swap:
    """A text with every mention of one term swapped for another term."""

    category: str
    term: str
    other: str
    text: str


def swaps(
    text: str, found: Scan, most: int, rng: np.random.Generator, key: str, categories: Sequence[str] = ()
) -> Iterator[Swap]:
    """Yield the text with each term swapped for others, at most so many per category.

    Only swaps that leave a sentence which could have been written are made: not of a term whose
    reading cannot be told at some place, nor for one that stands in the text already, that doubles
    a word, or that contradicts what the text says of the person besides ("gay man" to "lesbian man").

    Parameters
    ----------
    text : str
        The text.
    found : Scan
        What was found in it.
    most : int
        Swaps per category; where more are possible they are drawn by ``rng``, category and ``key``.
    rng : numpy.random.Generator
        Source of randomness.
    key : str
        The row's id.
    categories : sequence of str
        Categories to swap in; all where empty.
    """
    for category in sorted({mention.sense.category for mention in found.mentions}):
        if categories and category not in categories:
            continue
        pairs = list(_pairs(found, category))
        drawn = (pairs[k] for k in substream(rng, "swaps", category, key).permutation(len(pairs)))
        made = (Swap(category, term, other, swapped(text, found, category, term, other)) for term, other in drawn)
        yield from islice((swap for swap in made if _twice(swap.text) <= _twice(text)), most)


def _twice(text: str) -> int:
    """Return how often a word stands twice in a row, as in "Native American American"."""
    return sum(1 for _ in TWICE.finditer(text))


def _pairs(found: Scan, category: str) -> Iterator[tuple[str, str]]:
    of_category = [mention for mention in found.mentions if mention.sense.category == category]
    present = {mention.sense.term for mention in of_category}
    for term in sorted(present):
        mine = [mention for mention in of_category if mention.sense.term == term]
        if not all(mention.sure for mention in mine) or _spoken_of_otherwise(found.lexicon, of_category, term):
            continue
        forms = frozenset(mention.sense.form for mention in mine)
        for other in found.lexicon.others(category, term, forms):
            if other not in present and _agrees(found, mine, other):
                yield term, other


def _spoken_of_otherwise(lexicon: Lexicon, mentions: Sequence[Mention], term: str) -> bool:
    """Return whether pronouns that may speak of the same person belong to another term: "a trans woman and her dog"."""
    without = not PRONOUNS & set(lexicon.forms[mentions[0].sense.category][term])
    return without and any(m.sense.form in PRONOUNS and m.sense.term != term for m in mentions)


def _agrees(found: Scan, mentions: Sequence[Mention], other: str) -> bool:
    """Return whether another term goes with what the text says besides: no lesbian father, no Latina man."""
    category = mentions[0].sense.category
    new = {unit for m in mentions for unit in phrase_of(found.lexicon.counterpart(m.sense, other))}
    told = {(m.sense.category, m.sense.term) for m in found.mentions if m.sense.category != category}
    told |= _implied(found.lexicon, found.words)
    claims = {(category, other), *_implied(found.lexicon, new)}
    return not any(of == claimed and name != term for claimed, term in claims for of, name in told)


def _implied(lexicon: Lexicon, words: Set[str]) -> set[tuple[str, str]]:
    return {term for term, implying in lexicon.implies.items() if implying & words}


def swapped(text: str, found: Scan, category: str, term: str, other: str) -> str:
    """Return the text with one term swapped for another; articles, possessive endings and capitals are put right."""
    edits, capitals = [], text != text.lower()
    for mention in found.mentions:
        sense, start = mention.sense, mention.start
        if (sense.category, sense.term) != (category, term):
            continue
        listed = found.lexicon.counterpart(sense, other)
        word = in_case_of(text, start, mention.end, sense.word, listed) if capitals else listed.lower()
        end, ending = genitive(text, mention.end, sense.form, word)
        edits.append(Edit(start, end, word + ending))
        near = max(0, start - NEAR)
        if wrong := article(text[near:start], listed, upper=word.isupper()):
            edits.append(Edit(near + wrong[0], near + wrong[1], wrong[2]))
    return make(text, edits)
