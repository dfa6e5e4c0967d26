"""What probes noted, in both languages: they write English, and the forms of their notes are known here."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from reports.words import FAMILIES, Both, Words, in_language, join, known, value_name

PLACE = re.compile(r"\{(\w+)\}")
"""A placeholder such as ``{asset}``."""
FITTING = {"n": r"[-+]?\d(?:[\d,.]*\d)?(?:e[-+]?\d+)?%?", "note": ".+?", "recipe": r"\S+"}
"""What placeholders of some kinds may stand for."""
WITHIN = r"(?:(?!; ).)+?"
"""What all others may stand for: anything within one part of a note."""

LONGEST = 2000
"""Characters of a note that is looked up; a longer one is no probe's own."""
DEEPEST = 6
"""How often a note may stand within another."""


@dataclass(frozen=True)
class Form:
    """One form of note."""

    anchor: str
    """The longest of its English words that always stand there: looked for first, for a pattern takes longer."""
    english: re.Pattern[str]
    chinese: str


@cache
def in_both(note: str, column: str = "") -> Words:
    """Return a note in both languages; a part of it whose form is not known stays in English.

    Parameters
    ----------
    note : str
        One form of ``locales/notes.json`` or several, joined by semicolons.
    column : str
        Whose groups it may name.

    Notes
    -----
    What stands for a placeholder is the same in both languages, but for ``{note}``; ``{notes}``, several
    after commas; ``{metric}``; and those that are called like a column of Renben's own, such as
    ``{perturbation}``: entries of it, after commas. So is ``{group}`` where ``column`` is Renben's own.
    ``{n}`` is a number. Digits tell placeholders of one kind apart.
    """
    told = join(list(_parts(note, column, DEEPEST)), "; ", "；") if len(note) <= LONGEST else note
    return told if isinstance(told, Both) else note


def literals(form: str) -> list[str]:
    """Return the words of a form that always stand there."""
    return PLACE.split(form)[::2]


def _parts(note: str, column: str, depth: int) -> Iterator[Words]:
    while note:
        ends = [mark.start() for mark in re.finditer("; ", note)] + [len(note)]
        # The longest beginning that has a known form: forms may hold semicolons of their own.
        begun = ((end, told) for end in reversed(ends) if (told := _known(note[:end], column, depth)))
        end, part = next(begun, (ends[0], note[: ends[0]]))
        yield part
        note = note[end + 2 :]


@cache
def _known(note: str, column: str, depth: int) -> Both | None:
    matches = ((form, form.english.fullmatch(note)) for form in _forms() if form.anchor in note)
    chinese = (_filled(form.chinese, found.groupdict(), column, depth) for form, found in matches if found)
    return next((Both(note, told) for told in chinese if told), None)


def _filled(chinese: str, parts: Mapping[str, str], column: str, depth: int) -> str | None:
    told = {name: _told(_kind(name), text, column, depth - 1) for name, text in parts.items()}
    return None if None in told.values() else PLACE.sub(lambda place: str(told[place[1]]), chinese)


def _told(kind: str, text: str, column: str, depth: int) -> str | None:
    """Return in Chinese what stands for a placeholder; None where it is not of that kind."""
    if kind == "note":
        return _chinese(list(_parts(text, column, depth)), "；") if depth else None
    if kind == "notes":
        return _chinese([_known(part, column, depth) for part in text.split(", ")], "、") if depth else None
    if kind == "metric":
        return _chinese([known(f"metric.{text.lower().replace(' ', '_')}")], "")
    family = column if kind == "group" else kind
    if family in FAMILIES:
        return in_language(join([value_name(family, part) for part in text.split(", ")], zh="、"), "zh")
    return text


def _chinese(parts: Sequence[Words | None], comma: str) -> str | None:
    told = [part.zh for part in parts if isinstance(part, Both)]
    return comma.join(told) if len(told) == len(parts) else None


# --- the forms ----------------------------------------------------------------------------


@cache
def _forms() -> tuple[Form, ...]:
    """Return all forms; those with most words of their own come first."""
    text = files("reports").joinpath("locales", "notes.json").read_text(encoding="utf-8")
    forms: Mapping[str, str] = json.loads(text)
    ordered = sorted(forms, key=lambda english: -sum(map(len, literals(english))))
    return tuple(Form(max(literals(english), key=len), _pattern(english), forms[english]) for english in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    parts = enumerate(PLACE.split(english))
    return re.compile("".join(_place(part) if at % 2 else re.escape(part) for at, part in parts), re.DOTALL)


def _place(name: str) -> str:
    return f"(?P<{name}>{FITTING.get(_kind(name), WITHIN)})"


def _kind(name: str) -> str:
    return name.rstrip("0123456789")
