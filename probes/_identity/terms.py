"""Terms for identities as data: read from TOML, checked, and put in order for looking up."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from audit.errors import ConfigError, did_you_mean
from audit.types import Frozen

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")
UNIT = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W_])+")
"""What texts and terms are compared by: one Chinese character, or one word of another script."""
HAN = re.compile(r"[\u3400-\u9fff]")

NAME = "given name"

Forms = dict[str, tuple[str, ...]]
Terms = Mapping[str, Mapping[str, Forms]]
"""Words by category, term and form."""
Phrase = tuple[str, ...]
Read = TypeVar("Read", bound=Frozen)


def phrase_of(words: str) -> Phrase:
    """Return the units of a term, without case."""
    return tuple(UNIT.findall(words.casefold()))


def _as_list(words: object) -> object:
    return [words] if isinstance(words, str) else words


Word = Annotated[str, Field(pattern=r"[^\W_]")]
Words = Annotated[tuple[Word, ...], BeforeValidator(_as_list), Field(min_length=1)]
FormsRead = Annotated[dict[str, Words], Field(min_length=1)]


class Rules(Frozen):
    """What must not be taken for an identity."""

    not_identity: tuple[Word, ...] = ()
    """Phrases that hold a term and do not speak of who somebody is, such as ``"Dutch oven"``."""
    before_person: tuple[Word, ...] = ()
    """Words that are a term only before a word for persons, such as ``"black"``."""
    persons: tuple[Word, ...] = ()
    """Words for persons."""


class TermFile(Frozen):
    """Terms by category and name, each with its words by form.

    ``[terms.religion.Muslims]`` with ``noun = "Muslim"``, ``nouns = "Muslims"`` and
    ``adjective = ["Muslim", "Islamic"]`` is a term. A word is swapped for the word of the same
    form of another term of the category: the one in the same place where both lists are equally
    long, else the first. ``[[names]]`` holds given names, and under a category's name the term
    that they speak of.
    """

    replace: bool = False
    """Leave out the terms that come with Renben; else these are added, a term of one name replaced."""
    terms: dict[str, dict[str, FormsRead]] = {}
    names: tuple[dict[str, Words], ...] = ()
    rules: Rules = Rules()

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.terms and not self.names:
            raise ValueError("it holds neither [terms.…] nor [[names]]")
        return self

    @model_validator(mode="after")
    def _names_belong_to_terms(self) -> Self:
        for entry in self.names:
            of = {category: term[0] for category, term in entry.items() if category != "names"}
            if "names" not in entry or not of:
                raise ValueError("an entry of [[names]] needs names, and the category and term that they speak of")
        return self

    def forms(self) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        """Yield category, term, form and words; a given name's form says what else the name speaks of."""
        for category, terms in self.terms.items():
            for term, forms in terms.items():
                for form, words in forms.items():
                    yield category, term, form, words
        for entry in self.names:
            of = {category: term[0] for category, term in entry.items() if category != "names"}
            for category, term in of.items():
                others = (name for other, name in of.items() if other != category)
                yield category, term, ", ".join((NAME, *others)), entry["names"]


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


NAMING = ("noun", "nouns", "adjective", "child")
"""Forms of the words that name persons by an identity."""


@dataclass(frozen=True)
class Lexicon:
    """All terms, ready to be looked up."""

    forms: Terms
    senses: Mapping[Phrase, tuple[Sense, ...]]
    """Readings of a phrase; none for phrases that only look like a term."""
    before_person: frozenset[str]
    persons: frozenset[str]
    lengths: Mapping[str, tuple[int, ...]] = field(init=False)
    """Lengths of the phrases that begin with a unit, longest first."""

    def __post_init__(self) -> None:
        """Index the phrases by their first unit."""
        found: dict[str, set[int]] = {}
        for phrase in self.senses:
            found.setdefault(phrase[0], set()).add(len(phrase))
        object.__setattr__(self, "lengths", {unit: tuple(sorted(n, reverse=True)) for unit, n in found.items()})

    @cached_property
    def adjectives(self) -> frozenset[str]:
        """Single words that can stand between a term and the word for persons it belongs to."""
        return frozenset(p[0] for p, senses in self.senses.items() if any(s.form == "adjective" for s in senses))

    @cached_property
    def persons_words(self) -> frozenset[str]:
        """Single words that name persons by an identity: nouns and adjectives, but no pronouns, names or kin."""
        return frozenset(
            phrase[0]
            for phrase, senses in self.senses.items()
            if len(phrase) == 1 and any(sense.form in NAMING for sense in senses)
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, sorted."""
        return tuple(sorted(self.forms))

    def chinese(self, category: str, term: str) -> bool:
        """Return whether a term is written in Chinese: terms are swapped within one script."""
        return any(HAN.search(word) for words in self.forms[category][term].values() for word in words)

    def others(self, category: str, term: str, forms: frozenset[str]) -> list[str]:
        """Return the terms that another can be swapped for: those of its category that have all of these forms."""
        script = self.chinese(category, term)
        return sorted(
            other
            for other, has in self.forms[category].items()
            if other != term and forms <= set(has) and self.chinese(category, other) == script
        )

    def counterpart(self, sense: Sense, other: str) -> str:
        """Return another term's word for that of a sense: in the same place of a list as long, else the first."""
        terms = self.forms[sense.category]
        own, words = terms[sense.term][sense.form], terms[other][sense.form]
        return words[sense.place] if len(words) == len(own) else words[0]


@cache
def identity_words() -> frozenset[str]:
    """Return the single words that name persons by an identity, in lower case, from the lists that come with Renben."""
    return load_terms().persons_words


def load_terms(own: Path | None = None) -> Lexicon:
    """Return the terms that come with Renben and those of a file.

    Raises
    ------
    ConfigError
        If the file cannot be read or does not hold terms; the message says where.
    """
    files = [] if own is None else [read(own, TermFile)]
    if not files or not files[0].replace:
        files = [*(read(HERE / f"terms_{language}.toml", TermFile) for language in LANGUAGES), *files]
    return _lexicon(files)


def _lexicon(files: Sequence[TermFile]) -> Lexicon:
    forms: dict[str, dict[str, Forms]] = {}
    for file in files:
        for category, terms in file.terms.items():
            forms.setdefault(category, {}).update({term: {} for term in terms})
        for category, term, form, words in file.forms():
            _of(forms, category, term)[form] = words
    senses: dict[Phrase, tuple[Sense, ...]] = {}
    for category, term, form, place, word in _each(forms):
        phrase = phrase_of(word)
        senses[phrase] = (*senses.get(phrase, ()), Sense(category, term, form, place, word))
    rules = [file.rules for file in files]
    senses |= {phrase_of(words): () for r in rules for words in r.not_identity}
    guarded, persons = (
        frozenset(word.casefold() for r in rules for word in getattr(r, key)) for key in ("before_person", "persons")
    )
    return Lexicon(forms, senses, guarded, persons)


def _of(forms: Terms, category: str, term: str) -> Forms:
    """Return the forms of a term, which names may speak of only where it is there."""
    if category not in forms:
        raise ConfigError(
            f"[[names]] speaks of the category {category!r}, which no term has.{did_you_mean(category, forms)}"
        )
    if term not in forms[category]:
        near = did_you_mean(term, forms[category])
        raise ConfigError(f"[[names]] speaks of the term {term!r}, which {category} lacks.{near}")
    return forms[category][term]


def _each(forms: Terms) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield every word once per form, at its first place."""
    for category, terms in forms.items():
        for term, of_term in terms.items():
            for form, words in of_term.items():
                for word in dict.fromkeys(words):
                    yield category, term, form, words.index(word), word


def read(file: Path, kind: type[Read]) -> Read:
    """Read a TOML file of terms or templates.

    Raises
    ------
    ConfigError
        If it is not there, not TOML or not of that kind; the message says where in it.
    """
    try:
        return kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file.name}: cannot be read as UTF-8 text ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.name}: not valid TOML: {error}.") from None
    except ValidationError as error:
        raise ConfigError(f"{file.name}: {_sentence(error, kind)}") from None


def _sentence(error: ValidationError, kind: type[Frozen]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no key {key!r} in such a file.{did_you_mean(key, kind.model_fields)}"
    what = "must hold a letter" if first["type"] == "string_pattern_mismatch" else first["msg"]
    what = what.removeprefix("Value error, ")
    return f"{key}: {what}." if key else f"{what}."
