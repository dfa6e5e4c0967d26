"""Where terms for identities stand in a text, and in which reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from probes._identity.grammar import is_said_of_a_person, reading
from probes._identity.lexicon import NAMING, Lexicon, Sense, Term
from probes._identity.place import Place
from probes._identity.units import JOINTS, Units, is_chinese
from probes._language import Language, is_english, language_of

ONE_PERSON = (*NAMING, "kin", "role", "roles")
"""Forms of words that side by side speak of one person."""


@dataclass(frozen=True)
class Mention:
    """A term at one place of a text, in one reading."""

    start: int
    end: int
    sense: Sense
    sure: bool = True
    """Whether the reading can be told; else another term cannot be put in its place."""


@dataclass(frozen=True)
class Scan:
    """The terms in a text."""

    mentions: tuple[Mention, ...]
    left_alone: int
    """Words such as "black" that did not stand before a word for persons and were not said of one."""
    words: frozenset[str]
    """All words of the text, in lower case."""
    lexicon: Lexicon = field(repr=False)
    """The terms that were looked for."""

    @property
    def language(self) -> Language:
        """Of the text, as far as it matters here."""
        return self.lexicon.language

    def speaks_of(self, categories: Sequence[str]) -> bool:
        """Return whether a term of one of these categories was found."""
        return any(mention.sense.category in categories for mention in self.mentions)


def scan_all(texts: Sequence[str], lexicon: Lexicon) -> list[Scan]:
    """Find the terms in each of the texts of a table.

    Chinese terms are looked for in texts that are Chinese, English ones in those that are English,
    terms of one's own in all. The language of a text that does not show it is the language of
    those of the table that are not Chinese. A term of one's own is of the language of the texts
    that it stands in, and is swapped for terms of that language alone.
    """
    rest: Language = "en" if language_of([text for text in texts if not is_chinese(text)]) == "en" else ""
    scans = [scan(text, lexicon.within(_language(text, rest))) for text in texts]
    told = replace(lexicon, own=_languages_of_own(scans, lexicon, rest))
    return [replace(found, lexicon=told.within(found.language)) for found in scans]


def _language(text: str, rest: Language) -> Language:
    if is_chinese(text):
        return "zh"
    return "en" if is_english(text, rest == "en") else ""


def _languages_of_own(scans: Sequence[Scan], lexicon: Lexicon, rest: Language) -> dict[Term, Language]:
    """Return the language of most texts that a term of one's own stands in; the table's where that tells nothing."""
    mine = [term for term in lexicon.mine if not lexicon.chinese(*term)]
    balance = dict.fromkeys(mine, 0)
    for found in scans:
        for term in {(m.sense.category, m.sense.term) for m in found.mentions} & balance.keys():
            balance[term] += 1 if found.language == "en" else -1
    return {term: rest if not more else "en" if more > 0 else "" for term, more in balance.items()}


def scan(text: str, lexicon: Lexicon) -> Scan:
    """Find the terms in a text; where several begin at one place, the longest counts.

    Words of ``before_person`` count only where a word for persons follows, other adjectives
    between allowed ("young black men"), or where they are said of a person ("she is black"); given
    names only with a capital; parts of proper names ("Arab Spring") and words after "@" never.
    """
    units, mentions, left_alone, k = Units(text), [], 0, 0
    while k < len(units.words):
        length = _longest(units, k, lexicon)
        if length:
            of_persons, others = _mentions(Place(units, k, k + length - 1, lexicon))
            mentions += of_persons
            left_alone += others
        k += max(length, 1)
    return Scan(tuple(_apart(text, mentions)), left_alone, frozenset(units.words), lexicon)


def _longest(units: Units, k: int, lexicon: Lexicon) -> int:
    """Return the length of the longest phrase that begins at a unit, 0 where there is none."""
    for length in lexicon.lengths.get(units.words[k], ()):
        phrase = tuple(units.words[k : k + length])
        if len(phrase) == length and phrase in lexicon.senses and units.joined(k, length):
            return length
    return 0


def _mentions(place: Place) -> tuple[list[Mention], int]:
    """Return the mentions of a phrase, one per category, and how many are left alone for not being of a person."""
    found, left_alone = [], 0
    for _, group in groupby(place.senses(), key=lambda sense: sense.category):
        senses = list(group)
        chosen = _reading(place, [sense.form for sense in senses])
        sense = senses[chosen or 0]
        possible = senses if chosen is None else [sense]
        noun = any(one.form in ("noun", "nouns") for one in possible)
        if place.first == place.last and not noun and not _of_a_person(place):
            left_alone += 1
        else:
            sure = chosen is not None and not place.doubtful(sense)
            found.append(Mention(place.start, place.end, sense, sure))
    return found, left_alone


def _reading(place: Place, forms: Sequence[str]) -> int | None:
    if place.lexicon.language != "en":
        return 0
    after = place.units.after(place.last)
    if "adjective" in forms and after[:1] and after[0] in ("and", "or"):
        after = place.units.after(place.head - 1)
    before = place.units.before(place.first)
    chosen = reading(forms, before, after)
    # "My friend Christian" is somebody's name.
    named = chosen is not None and forms[chosen] == "noun" and set(before[:1]) & place.lexicon.related
    return None if named else chosen


def _of_a_person(place: Place) -> bool:
    """Return whether a word is of a person, if it is one that needs to be."""
    units, lexicon = place.units, place.lexicon
    if units.words[place.first] not in lexicon.before_person:
        return True
    if any(word in lexicon.persons for word in _as_far_as_adjectives(place)):
        return True
    return is_said_of_a_person(units.before(place.first), units.after(place.head - 1), lexicon.subjects)


def _as_far_as_adjectives(place: Place) -> Iterator[str]:
    """Yield the words after a term up to the first that is no adjective."""
    for word in place.units.after(place.last):
        yield word
        if word not in place.lexicon.adjectives and word not in ("and", "or"):
            return


def _apart(text: str, mentions: Sequence[Mention]) -> Iterator[Mention]:
    """Yield mentions; of two terms of one category that name one person ("trans son") neither is sure."""
    doubled: set[Mention] = set()
    for category in {mention.sense.category for mention in mentions}:
        naming = [m for m in mentions if m.sense.category == category and m.sense.form in ONE_PERSON]
        doubled.update(m for pair in pairwise(naming) if _one_phrase(text, *pair) for m in pair)
    yield from (replace(mention, sure=mention.sure and mention not in doubled) for mention in mentions)


def _one_phrase(text: str, left: Mention, right: Mention) -> bool:
    between = text[left.end : right.start]
    return left.sense.term != right.sense.term and bool(between) and not between.strip(JOINTS)
