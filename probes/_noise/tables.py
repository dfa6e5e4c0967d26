"""Where the words of a text lie, and tables of what may be written in their place."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, permutations, product
from pathlib import Path
from typing import Any

import numpy as np

from audit.perturbations import Edit

LETTER = r"[A-Za-zÀ-ÖØ-öø-ɏΆΈ-Ͽ\u0400-\u0481\u048a-\u052f]"
"""Latin, Greek and Cyrillic, whose words stand between spaces."""
WEB = (
    r"(?:https?://|www\.)\S+"  # address
    r"|&#?\w{1,31};"  # entity
    r"|</?[A-Za-z][^<>]{0,200}>"  # tag
)
SKIPPED = (
    rf"{WEB}|[@#]\w+"  # mention, hashtag
    r"|(?<![\w-])[\w-]++(?:[.@/][\w-]++)+"  # e-mail, domain, path, U.S.
    rf"|(?<!\w){LETTER}*+[\d_]\w*+"  # number, code, identifier
)
"""What is not a word and must stay as it is."""
_WORD = rf"({LETTER}++(?:['’]{LETTER}++)*+)(?![\d_]|://|(?:-\w++){{0,5}}+[.@/]\w)"
_TOKEN = re.compile(rf"{_WORD}|{SKIPPED}")
_WORD_ENDS = r"(?![\w'’-])"


def words(text: str) -> list[re.Match[str]]:
    """Return the words, contractions whole, and no part of an address, mention, hashtag, tag or number."""
    return [token for token in _TOKEN.finditer(text) if token.lastindex]


def gaps(text: str) -> list[int]:
    """Return the places of single spaces between two words."""
    found = words(text)
    return [a.end() for a, b in pairwise(found) if b.start() - a.end() == 1 and text[a.end()] == " "]


def as_case(new: str, old: str) -> str:
    """Return ``new`` with the capitals of ``old``: all, the first letter, or none added."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


@dataclass(frozen=True)
class Entry:
    """What may be written for a phrase."""

    phrase: str
    choices: tuple[str, ...]
    ahead: re.Pattern[str]
    """Must match where the phrase ends."""


Lexicon = Mapping[str, tuple[Entry, ...]]
"""Entries by their first word, the longest phrase first."""


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return a TOML file of this folder."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def lexicon(name: str, *, back: bool = False) -> Lexicon:
    """Return a table of phrases; ``back`` is from right to left."""
    choices: dict[tuple[str, str], list[str]] = {}
    for left, right, ahead in _pairs(table(name)):
        old, new = (right, left) if back else (left, right)
        choices.setdefault((old, ahead), []).append(new)
    entries: dict[str, list[Entry]] = {}
    for (phrase, ahead), found in sorted(choices.items(), key=lambda item: -len(item[0][0])):
        entry = Entry(phrase, tuple(found), re.compile(ahead, re.IGNORECASE))
        entries.setdefault(phrase.split(" ", 1)[0], []).append(entry)
    return {first: tuple(of_first) for first, of_first in entries.items()}


def _pairs(table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield phrases, what is written for them, and a pattern for what comes next."""
    for old, choices in table.get("words", {}).items():
        yield from ((old, new, _WORD_ENDS) for new in choices.split(", "))
    for group in table.get("alike", ()):
        yield from ((old, new, _WORD_ENDS) for old, new in permutations(group.split(), 2))
    for family in table.get("families", ()):
        endings = list(zip(family["from"].split(", "), family["to"].split(", "), strict=True))
        for stem, (old, new) in product(family["stems"].split(), endings):
            yield stem + old, stem + new, _ahead(family)


def _ahead(family: Mapping[str, str]) -> str:
    if "before" in family:
        return rf" (?:{'|'.join(family['before'].split())}){_WORD_ENDS}"
    if "not_before" in family:
        return rf"{_WORD_ENDS}(?! (?:{'|'.join(family['not_before'].split())}){_WORD_ENDS})"
    return _WORD_ENDS


def replaced(text: str, lexicon: Lexicon, rng: np.random.Generator) -> list[Edit]:
    """Return an edit for each phrase of the table; where there are several choices, ``rng`` makes them."""
    found, edits, done = words(text), [], 0
    for word, draw in zip(found, rng.random(len(found)).tolist(), strict=True):
        start = word.start()
        if start >= done and (entry := _entry(text, start, _plain(word[0]), lexicon)):
            done = start + len(entry.phrase)
            new = entry.choices[int(draw * len(entry.choices))]
            edits.append(Edit(start, done, as_case(new, text[start:done])))
    return edits


def _entry(text: str, start: int, first: str, lexicon: Lexicon) -> Entry | None:
    for entry in lexicon.get(first, ()):
        end = start + len(entry.phrase)
        if _plain(text[start:end]) == entry.phrase and entry.ahead.match(text, end):
            return entry
    return None


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")
