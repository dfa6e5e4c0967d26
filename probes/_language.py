"""The language of a table's texts, as far as word lists, templates and suites depend on it."""

from collections.abc import Sequence
from typing import Literal

Language = Literal["en", "zh", ""]
"""English, Chinese, or neither."""
READ = 200
"""Texts that the language is told from, where there are as many."""
CHARACTERS = 200
"""Of each of them."""
LEAST = 50
"""Letters that a language can be told by."""


def language_of(texts: Sequence[str]) -> Language:
    """Return the language of most texts: Chinese where half of their letters are Han characters.

    Depends on the texts alone, in whatever order. English is told from other languages by its
    runs of letters (Nakatani 2010, package langdetect); too few plain Latin letters to tell by
    pass for English.
    """
    some = [text[:CHARACTERS] for text in sorted(texts)[:: max(1, len(texts) // READ)]]
    letters = "".join(letter for text in some for letter in text if letter.isalpha())
    han = sum("\u3400" <= letter <= "\u9fff" for letter in letters)
    if letters and han * 2 >= len(letters):
        return "zh"
    if len(letters) < LEAST:
        return "en" if letters and letters.isascii() else ""
    return "en" if _likeliest("\n".join(some)) == "en" else ""


def _likeliest(text: str) -> str:
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0  # it draws at random
    try:
        return str(detect(text))
    except LangDetectException:  # nothing it could go by
        return ""
