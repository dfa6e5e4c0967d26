"""Sentences with a slot for an identity: neutral, positive and negative ones."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from audit.errors import ConfigError, did_you_mean
from audit.types import Frozen
from probes._identity.grammar import article
from probes._identity.lexicon import Lexicon
from probes._identity.terms import HERE, read
from probes._identity.units import HAN

POLARITIES = ("neutral", "positive", "negative")
SLOT = re.compile(r"\{(\w+)\}")


def _with_a_slot(sentence: str) -> str:
    if not SLOT.search(sentence):
        raise ValueError(f"{sentence!r} needs a slot such as {{noun}}")
    return sentence


Sentences = tuple[Annotated[str, AfterValidator(_with_a_slot)], ...]


class TemplateFile(Frozen):
    """Sentences by polarity, with slots named after the forms of terms: ``"My neighbour is a {noun}."``."""

    replace: bool = False
    """Leave out the templates that come with Renben."""
    neutral: Sentences = ()
    positive: Sentences = ()
    negative: Sentences = ()

    @model_validator(mode="after")
    def _holds_a_sentence(self) -> Self:
        if not self.templates:
            raise ValueError("it holds no sentence; write some under neutral, positive or negative")
        return self

    @property
    def templates(self) -> "list[Template]":
        """The sentences, each with its polarity."""
        return [Template(polarity, text) for polarity in POLARITIES for text in getattr(self, polarity)]


@dataclass(frozen=True)
class Template:
    """A sentence with slots."""

    polarity: str
    text: str

    @property
    def slots(self) -> frozenset[str]:
        """Forms that a term needs."""
        return frozenset(SLOT.findall(self.text))

    def fill(self, forms: Mapping[str, tuple[str, ...]]) -> str:
        """Return the sentence with a term in it, its article and its first letter put right."""
        text = ""
        for part in re.split(r"(\{\w+\})", self.text):
            word = forms[part[1:-1]][0] if SLOT.fullmatch(part) else part
            if SLOT.fullmatch(part) and (wrong := article(text, word)):
                start, end, right = wrong
                text = text[:start] + right + text[end:]
            text += word
        return text[0].upper() + text[1:]


def load_templates(language: str, own: Path | None = None) -> list[Template]:
    """Return the templates that come with Renben for a language, if any, and those of a file in its script.

    Raises
    ------
    ConfigError
        If the file cannot be read or does not hold templates; the message says where.
    """
    files = [] if own is None else [read(own, TemplateFile)]
    built_in = HERE / f"templates_{language}.toml"
    if built_in.is_file() and not (files and files[0].replace):
        files = [read(built_in, TemplateFile), *files]
    return [t for file in files for t in file.templates if bool(HAN.search(t.text)) == (language == "zh")]


@dataclass(frozen=True)
class Sheet:
    """The terms of one category in all templates."""

    category: str
    terms: tuple[str, ...]
    templates: tuple[Template, ...]
    texts: tuple[str, ...]
    """The sentences, by template and then by term."""


def check_slots(templates: Sequence[Template], lexicon: Lexicon) -> None:
    """Refuse templates with a slot that is a form of no term.

    Raises
    ------
    ConfigError
        Naming the slot, and the nearest form.
    """
    known = {form for terms in lexicon.forms.values() for forms in terms.values() for form in forms}
    for slot in sorted({slot for template in templates for slot in template.slots} - known):
        raise ConfigError(f"A template has the slot {{{slot}}}, which no term has.{did_you_mean(slot, known)}")


def sheets(templates: Sequence[Template], lexicon: Lexicon, categories: Sequence[str]) -> list[Sheet]:
    """Fill the terms of each category into the templates.

    Terms that lack a form that some template asks for are left out, and so are categories with
    fewer than two terms left.
    """
    slots = frozenset(slot for template in templates for slot in template.slots)
    chinese = any(HAN.search(template.text) for template in templates)
    found = []
    for category in categories if templates else ():
        forms = lexicon.forms[category]
        terms = [t for t in sorted(forms) if slots <= set(forms[t]) and lexicon.chinese(category, t) == chinese]
        texts = [template.fill(forms[term]) for template in templates for term in terms]
        if len(terms) > 1:
            found.append(Sheet(category, tuple(terms), tuple(templates), tuple(texts)))
    return found
