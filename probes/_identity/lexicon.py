"""The terms for identities in order for looking up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import get_args

from probes._identity.units import HAN, Phrase, Units
from probes._language import Language

NAME = "given name"
NAMING = ("noun", "nouns", "adjective", "child")
"""Forms of the words that name persons by an identity."""

Forms = dict[str, tuple[str, ...]]
Terms = Mapping[str, Mapping[str, Forms]]
"""Words by category, term and form."""
Term = tuple[str, str]
"""Category and name."""


@dataclass(frozen=True)
class Sense:
    """One reading of a phrase."""

    category: str
    term: str
    form: str
    place: int
    """In the list of words of that form."""
    word: str
    """As it is written in the list."""

    @property
    def name(self) -> bool:
        """Whether it is a given name."""
        return self.form.startswith(NAME)


@dataclass(frozen=True)
class Beside:
    """Neighbours beside which a word is no term, such as "bug" after "lady"."""

    before: tuple[Phrase, ...]
    after: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    """Words to come that undo it."""

    def holds(self, units: Units, first: int, last: int, head: int) -> bool:
        """Return whether it holds for the units of a term; ``head`` is the first after it and further adjectives."""
        if any(units.next_is(last, phrase) for phrase in self.unless):
            return False
        ahead = any(units.next_is(k, phrase) for phrase in self.before for k in (last, head - 1))
        return ahead or any(units.previous_is(first, phrase) for phrase in self.after)


@dataclass(frozen=True)
class Lexicon:
    """Terms and rules, ready to be looked up."""

    forms: Terms
    senses: Mapping[Phrase, tuple[Sense, ...]]
    """Readings of a phrase; none for phrases that only look like a term."""
    before_person: frozenset[str]
    persons: frozenset[str]
    beside: Mapping[Phrase, tuple[Beside, ...]]
    implies: Mapping[Term, frozenset[str]]
    """Single words that say of a person what a term of another category says, such as "lesbian" of women."""
    languages: Mapping[Term, Language]
    """Of the lists that come with Renben; a list of one's own is looked for in any language."""
    own: Mapping[Term, Language] = field(default_factory=dict)
    """Languages of the terms of one's own as a table's texts tell them; else their script tells them."""
    language: Language = ""
    """Of the texts that this is for; in English a word's neighbours tell its reading."""
    lengths: Mapping[str, tuple[int, ...]] = field(init=False)
    """Lengths of the phrases that begin with a unit, longest first."""

    def __post_init__(self) -> None:
        """Index the phrases by their first unit."""
        found: dict[str, set[int]] = {}
        for phrase in self.senses:
            found.setdefault(phrase[0], set()).add(len(phrase))
        object.__setattr__(self, "lengths", {unit: tuple(sorted(n, reverse=True)) for unit, n in found.items()})

    def within(self, language: Language) -> "Lexicon":
        """Return the terms for texts in a language: its own list and the lists of one's own."""
        return self._within[language]

    @property
    def mine(self) -> frozenset[Term]:
        """The terms of one's own."""
        terms = ((category, term) for category, of in self.forms.items() for term in of)
        return frozenset(terms) - self.languages.keys()

    @cached_property
    def _within(self) -> Mapping[Language, "Lexicon"]:
        return {language: self._cut(language) for language in get_args(Language)}

    def _cut(self, language: Language) -> "Lexicon":
        foreign = {term for term, of in self.languages.items() if of != language}
        forms = {c: {t: words for t, words in of.items() if (c, t) not in foreign} for c, of in self.forms.items()}
        senses = {p: tuple(s for s in of if (s.category, s.term) not in foreign) for p, of in self.senses.items()}
        return replace(self, forms=forms, senses=senses, language=language)

    @cached_property
    def adjectives(self) -> frozenset[str]:
        """Single words that can stand between a term and the word for persons it belongs to."""
        return self._single(("adjective",))

    @cached_property
    def naming(self) -> frozenset[str]:
        """Single words that name persons by an identity: nouns and adjectives, but no pronouns, names or kin."""
        return self._single(NAMING)

    @cached_property
    def related(self) -> frozenset[str]:
        """Words for persons that name no identity, such as "friend"."""
        return self.persons - self.naming

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Single words for persons of whom something can be said, given names among them."""
        names = (phrase[0] for phrase, senses in self.senses.items() if any(sense.name for sense in senses))
        return self.persons.union(self._single(("noun", "nouns", "child", "kin", "role", "roles")), names)

    def _single(self, forms: Sequence[str]) -> frozenset[str]:
        return frozenset(
            p[0] for p, senses in self.senses.items() if len(p) == 1 and any(s.form in forms for s in senses)
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, sorted."""
        return tuple(sorted(self.forms))

    def chinese(self, category: str, term: str) -> bool:
        """Return whether a term is written in Chinese."""
        return any(HAN.search(word) for words in self.forms[category][term].values() for word in words)

    def others(self, category: str, term: str, forms: frozenset[str]) -> list[str]:
        """Return the terms that another can be swapped for: of its category and language, with all of these forms."""
        language = self._language(category, term)
        return sorted(
            other
            for other, has in self.forms[category].items()
            if other != term and forms <= set(has) and self._language(category, other) == language
        )

    def _language(self, category: str, term: str) -> Language:
        written: Language = "zh" if self.chinese(category, term) else "en"
        return self.languages.get((category, term), self.own.get((category, term), written))

    def counterpart(self, sense: Sense, other: str) -> str:
        """Return another term's word for that of a sense: the one in the same place, or the first of a shorter list."""
        words = self.forms[sense.category][other][sense.form]
        return words[sense.place] if sense.place < len(words) else words[0]
