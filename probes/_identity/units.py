"""A text cut into what terms are compared by: words, and single Chinese characters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from re import Match

UNIT = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W_])+")
"""One Chinese character, or one word of another script."""
HAN = re.compile(r"[\u3400-\u9fff]")
KANA = re.compile(r"[\u3040-\u30ff]")
APOSTROPHES = "'’"
JOINTS = f" \t\n-‐‑{APOSTROPHES}"
"""What may stand between the words of a term, and between a word and its neighbour."""
OPENING = frozenset("\"“‘`'*_")
"""Signs that may stand before a word that is quoted or stressed."""
QUOTED = '"'
FAR = 4
"""Neighbours that are looked at on one side."""

Phrase = tuple[str, ...]


def phrase_of(words: str) -> Phrase:
    """Return the units of a term, without case."""
    return tuple(UNIT.findall(words.casefold()))


def is_chinese(text: str) -> bool:
    """Return whether half of a text's letters or more are Han characters, and none of them kana."""
    letters = sum(letter.isalpha() for letter in text)
    return 0 < letters <= 2 * len(HAN.findall(text)) and not KANA.search(text)


@dataclass(frozen=True)
class Units:
    """The units of a text, and what stands beside each of them."""

    text: str
    at: list[Match[str]] = field(init=False)
    words: list[str] = field(init=False)
    """In lower case."""

    def __post_init__(self) -> None:
        """Cut the text."""
        object.__setattr__(self, "at", list(UNIT.finditer(self.text)))
        object.__setattr__(self, "words", [unit[0].casefold() for unit in self.at])

    def joined(self, first: int, length: int) -> bool:
        """Return whether so many units are there and stand side by side."""
        return first + length <= len(self.at) and all(
            not self.between(k).strip(JOINTS) for k in range(first, first + length - 1)
        )

    def between(self, k: int) -> str:
        """Return what stands between a unit and the next."""
        return self.text[self.at[k].end() : self.at[k + 1].start()]

    def before(self, k: int) -> list[str]:
        """Return the words before a unit, the nearest first, as far as the next punctuation."""
        return list(self._beside(k, -1))

    def after(self, k: int) -> list[str]:
        """Return the words after a unit as far as the next punctuation, or a sign that a word in quotes follows."""
        return list(self._beside(k, 1)) or self._quoted(k)

    def _quoted(self, k: int) -> list[str]:
        between = self.between(k) if k + 1 < len(self.at) else ""
        signs = between.strip()
        return [QUOTED] if between[:1].isspace() and signs and OPENING.issuperset(signs) else []

    def _beside(self, k: int, step: int) -> Iterator[str]:
        for _ in range(FAR):
            k += step
            if not 0 <= k < len(self.at) or self.between(k - max(step, 0)).strip(JOINTS):
                return
            yield f"'{self.words[k]}" if self.ending(k) else self.words[k]

    def ending(self, k: int) -> bool:
        """Return whether a unit is what follows the apostrophe of "she's" and the like."""
        return k > 0 and self.between(k - 1) in tuple(APOSTROPHES) and len(self.words[k]) < 3

    def next_is(self, k: int, phrase: Phrase) -> bool:
        """Return whether a phrase stands right after a unit."""
        return tuple(self.words[k + 1 : k + 1 + len(phrase)]) == phrase and self.joined(k, len(phrase) + 1)

    def previous_is(self, k: int, phrase: Phrase) -> bool:
        """Return whether a phrase stands right before a unit."""
        first = k - len(phrase)
        return first >= 0 and tuple(self.words[first:k]) == phrase and self.joined(first, len(phrase) + 1)
