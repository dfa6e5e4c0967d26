"""Terms for identities as data: read from TOML, checked, and put in order for looking up."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from audit.errors import ConfigError, did_you_mean
from audit.types import Frozen
from probes._identity.lexicon import NAME, Beside, Forms, Lexicon, Sense, Term, Terms
from probes._identity.units import Phrase, phrase_of
from probes._language import Language

HERE = Path(__file__).parent
LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")
Read = TypeVar("Read", bound=Frozen)


def _as_list(words: object) -> object:
    return [words] if isinstance(words, str) else words


Word = Annotated[str, Field(pattern=r"[^\W_]")]
Words = Annotated[tuple[Word, ...], BeforeValidator(_as_list), Field(min_length=1)]
FormsRead = Annotated[dict[str, Words], Field(min_length=1)]


class BesideRead(Frozen):
    """Neighbours beside which some words are no term."""

    words: Words
    before: Words = ()
    """What comes after them: right after, or after further adjectives."""
    after: Words = ()
    """What they come after."""
    unless: Words = ()
    """What comes after them and undoes the rule."""

    def rule(self) -> Beside:
        """Return it with its words cut into units."""
        before, after, unless = (tuple(map(phrase_of, words)) for words in (self.before, self.after, self.unless))
        return Beside(before, after, unless)


class Rules(Frozen):
    """What must not be taken for an identity, and what speaks of several at once."""

    not_identity: tuple[Word, ...] = ()
    """Phrases that hold a term and do not speak of who somebody is, such as ``"Dutch oven"``."""
    before_person: tuple[Word, ...] = ()
    """Adjectives that are a term only before a word for persons or said of one, such as ``"black"``."""
    persons: tuple[Word, ...] = ()
    """Words for persons."""
    beside: tuple[BesideRead, ...] = ()
    """Neighbours beside which a word is no term, such as "bug" after "lady"."""
    implies: dict[str, dict[str, Words]] = {}
    """By category and term: words that say the same of a person without being such a term, as "lesbian" of women."""


class TermFile(Frozen):
    """Terms by category and name, each with its words by form.

    ``[terms.religion.Muslims]`` with ``noun = "Muslim"``, ``nouns = "Muslims"`` and
    ``adjective = ["Muslim", "Islamic"]`` is a term. A word is swapped for the word of the same
    form of another term of the category: the one in the same place, or the first where that list
    is shorter. ``[[names]]`` holds given names, and under a category's name the term
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


def load_terms(own: Path | None = None) -> Lexicon:
    """Return the terms that come with Renben and those of a file.

    Raises
    ------
    ConfigError
        If the file cannot be read or does not hold terms; the message says where.
    """
    files = [] if own is None else [read(own, TermFile)]
    mine = {(category, term) for file in files for category, terms in file.terms.items() for term in terms}
    built_in = {} if files and files[0].replace else {language: _built_in(language) for language in LANGUAGES}
    languages: dict[Term, Language] = {
        (category, term): language
        for language, file in built_in.items()
        for category, terms in file.terms.items()
        for term in terms
        if (category, term) not in mine
    }
    return _lexicon([*built_in.values(), *files], languages)


@cache
def _built_in(language: Language) -> TermFile:
    return read(HERE / f"terms_{language}.toml", TermFile)


def _lexicon(files: Sequence[TermFile], languages: Mapping[Term, Language]) -> Lexicon:
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
    beside: dict[Phrase, tuple[Beside, ...]] = {}
    for entry in (entry for r in rules for entry in r.beside):
        for phrase in map(phrase_of, entry.words):
            beside[phrase] = (*beside.get(phrase, ()), entry.rule())
    return Lexicon(
        forms,
        senses,
        before_person=frozenset(word.casefold() for r in rules for word in r.before_person),
        persons=frozenset(word.casefold() for r in rules for word in r.persons),
        beside=beside,
        implies={(c, t): frozenset(words) for r in rules for c, of in r.implies.items() for t, words in of.items()},
        languages=languages,
    )


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
