"""Where the words of a text lie, and tables of what may be written in their place."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
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
_W = r"[^\W\u3400-\u9fff]"  # Han characters stand side by side, and are no part of an address or a number
SKIPPED = (
    rf"{WEB}|[@#]\w+"  # mention, hashtag
    rf"|(?<![\w-])(?:{_W}|-)++(?:[.@/](?:{_W}|-)++)+"  # e-mail, domain, path, U.S.
    rf"|(?<!\w){LETTER}*+[\d_]{_W}*+"  # number, code, identifier
)
"""What is not a word and must stay as it is."""
_WORD = rf"({LETTER}++(?:['’]{LETTER}++)*+)(?![\d_]|://|(?:-\w++){{0,5}}+[.@/]\w)"
_TOKEN = re.compile(rf"{_WORD}|{SKIPPED}")
_WORD_ENDS = r"(?![\w'’-])"
_BEGINS = r'(?:(?<![^\n"“(])|(?<=[.!?…] ))'
"""Where a sentence begins."""


@lru_cache(maxsize=1)
def words(text: str) -> tuple[re.Match[str], ...]:
    """Return the words, contractions whole, and no part of an address, mention, hashtag, tag or number."""
    return tuple(token for token in _TOKEN.finditer(text) if token.lastindex)


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
    here: re.Pattern[str]
    """Matches the phrase where it stands in the right surroundings."""


Lexicon = Mapping[str, tuple[Entry, ...]]
"""Entries by their first word, the longest phrase first."""


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return a TOML file of this folder."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def lexicon(name: str, *, back: bool = False) -> Lexicon:
    """Return a table of phrases; ``back`` is from right to left."""
    choices: dict[tuple[str, tuple[str, str]], list[str]] = {}
    for left, right, around in _pairs(table(name)):
        old, new = (right, left) if back else (left, right)
        choices.setdefault((old, around), []).append(new)
    entries: dict[str, list[Entry]] = {}
    for (phrase, (behind, ahead)), found in sorted(choices.items(), key=lambda item: -len(item[0][0])):
        here = re.compile(behind + re.escape(phrase).replace("'", "['’]") + ahead, re.IGNORECASE)
        entries.setdefault(phrase.split(" ", 1)[0], []).append(Entry(phrase, tuple(found), here))
    return {first: tuple(of_first) for first, of_first in entries.items()}


def _pairs(table: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Yield phrases, what is written for them, and patterns of what stands behind and ahead."""
    for group in table.get("alike", ()):
        yield from ((old, new, ("", _WORD_ENDS)) for old, new in permutations(group.split(), 2))
    for family in ({"words": table.get("words", {})}, *table.get("families", ())):
        around = _behind(family), _ahead(family)
        yield from ((old, new, around) for old, new in _phrases(family))


def _phrases(family: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield phrases and what is written for them: as they stand, or every stem with every ending."""
    for old, choices in family.get("words", {}).items():
        yield from ((old, new) for new in choices.split(", "))
    if "stems" in family:
        endings = list(zip(family["from"].split(", "), family["to"].split(", "), strict=True))
        yield from ((stem + old, stem + new) for stem, (old, new) in product(family["stems"].split(), endings))


def _behind(family: Mapping[str, Any]) -> str:
    return _BEGINS if family.get("begins") else "".join(rf"(?<!\b{word} )" for word in _listed(family, "not_after"))


def _ahead(family: Mapping[str, Any]) -> str:
    """Return the pattern of the end of the phrase and of the word that follows."""
    before, not_before = ("|".join(_listed(family, key)) for key in ("before", "not_before"))
    pattern = _WORD_ENDS + (r"(?= \w)" if family.get("goes_on") else "")
    pattern += rf"(?= (?:{before}){_WORD_ENDS})" if before else ""
    return pattern + (rf"(?! (?:{not_before}){_WORD_ENDS})" if not_before else "")


def _listed(family: Mapping[str, Any], key: str) -> list[str]:
    """Return words of a key; ``{verbs}`` stands for those of ``word_classes.toml``."""
    return str(family.get(key, "")).format_map(table("word_classes")).split()


def replaced(text: str, lexicon: Lexicon, rng: np.random.Generator) -> list[Edit]:
    """Return an edit for each phrase of the table; where there are several choices, ``rng`` makes them."""
    found, edits, done = words(text), [], 0
    for word, draw in zip(found, rng.random(len(found)).tolist(), strict=True):
        start = word.start()
        entries = lexicon.get(word[0].lower().replace("’", "'"), ())
        if start >= done and (entry := next((e for e in entries if e.here.match(text, start)), None)):
            done = start + len(entry.phrase)
            new = entry.choices[int(draw * len(entry.choices))]
            edits.append(Edit(start, done, as_case(new, text[start:done])))
    return edits
