"""The language of a table's texts, as far as word lists, templates and suites depend on it."""

import re
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
ALONE = 20
"""Letters that the language of a single text can be told by, where it is told with certainty."""
SURE = 0.99
"""Probability that counts as certainty."""
_ENGLISH = """
    the and that this these those there with from have would could should because about been being were are is it's
    you your you're they their them they're what which when where why how who she his its our just don't dont doesn't
    isn't can't i'm im not if people think know
"""
ENGLISH = frozenset(_ENGLISH.split())
"""Words that are frequent in English and, together, in no other language."""
ONE_IN = 8
"""Words of an English text, of which one or more is such a word."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


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
    return "en" if _likeliest("\n".join(some))[0] == "en" else ""


def is_english(text: str, otherwise: bool) -> bool:
    """Return whether a single text is in English, and ``otherwise`` where it cannot be told.

    Short texts, slang and misspellings mislead langdetect, so words that are frequent in English
    count first: what it calls foreign must hold hardly any of them.
    """
    begin = text[:CHARACTERS]
    words = WORD.findall(begin.casefold().replace("’", "'"))
    if words and sum(word in ENGLISH for word in words) * ONE_IN >= len(words):
        return True
    return otherwise and not _surely_foreign(begin)


def _surely_foreign(text: str) -> bool:
    letters = "".join(filter(str.isalpha, text))
    if not any(letter.isascii() for letter in letters):
        return bool(letters)
    language, probability = _likeliest(text) if len(letters) >= ALONE else ("", 0.0)
    return language != "en" and probability >= SURE


def _likeliest(text: str) -> tuple[str, float]:
    """Return the likeliest language and its probability."""
    from langdetect import DetectorFactory, LangDetectException, detect_langs

    DetectorFactory.seed = 0  # it draws at random
    try:
        first = detect_langs(text)[0]
    except LangDetectException:  # nothing it could go by
        return "", 0.0
    return str(first.lang), float(first.prob)
