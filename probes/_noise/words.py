"""Noise by which a word is written otherwise: misspelt, misheard, shortened, by other conventions."""

import re
from functools import cache

import numpy as np

from audit.perturbations import UP_TO_ALL, Edit, perturbation
from probes._noise.tables import lexicon, replaced

HELM = "P. Liang et al. (2022), Holistic evaluation of language models, arXiv:2211.09110"
CHECKLIST = "M. T. Ribeiro et al. (2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL"
LANGTEST = "A. Nazir et al. (2024), LangTest: a comprehensive evaluation library for custom LLM and NLP models"

# fmt: off
UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
# A number that counts something: after one of these words or at the beginning, and before a plural. Elsewhere it may
# be part of a name or a date: iPhone 12, Psalm 23, 25 May.
_OPENS = """
a about after all almost and another any around at before between buy by every first for from get gets give got had
has have in is just last least less more most my nearly next of only or our over past per some than that the
their these those to under until was were with within without your"""
_NO_PLURAL = "always does goes minus perhaps plus says this whereas"
_COUNT = re.compile(
    rf"(?:\A|[.!?…]\s|[(\"“]|(?<![\w'’-])(?i:{'|'.join(_OPENS.split())})\s)(0|[1-9]\d{{0,2}})"
    rf"(?= (?!(?:{'|'.join(_NO_PLURAL.split())})\b)(?:[a-z]{{2,}}[a-rt-z]s|people|men|women|children|feet|teeth)\b)"
)
_SPELLED = re.compile(
    rf"(?<![\w'’-])(?:{'|'.join([*UNITS[::-1], *TENS])})"
    rf"(?:(?:[- ]|(?<=hundred) and )(?:{'|'.join([*UNITS[::-1], *TENS, 'hundred'])}))*(?![\w'’-])",
    re.IGNORECASE,
)


@perturbation("en", source=f"Tables in misspellings.toml; {HELM}", shares=UP_TO_ALL)
def misspelling(text: str, rng: np.random.Generator) -> list[Edit]:
    """Spell a word wrong as people often do.

    Example: ``I received it because → I recieved it because``
    """
    return replaced(text, lexicon("misspellings"), rng)


@perturbation("en", source=f"Tables in homophones.toml; {LANGTEST}", shares=UP_TO_ALL)
def speech_to_text(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write another word that sounds the same, as dictation does.

    Example: ``their new car → there new car``
    """
    return replaced(text, lexicon("homophones"), rng)


@perturbation("en", source=f"Tables in contractions.toml; {CHECKLIST}", shares=UP_TO_ALL)
def contraction(text: str, rng: np.random.Generator) -> list[Edit]:
    """Contract two words.

    Example: ``I do not know → I don't know``
    """
    return replaced(text, lexicon("contractions"), rng)


@perturbation("en", source=f"Tables in contractions.toml; {CHECKLIST}", shares=UP_TO_ALL)
def expansion(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a contraction in full.

    Example: ``I don't know → I do not know``
    """
    return replaced(text, lexicon("contractions", back=True), rng)


@perturbation("en", source=f"Tables in british.toml; {LANGTEST}", shares=UP_TO_ALL)
def british(text: str, rng: np.random.Generator) -> list[Edit]:
    """Spell an American word the British way.

    Example: ``my favorite color → my favourite color``
    """
    return replaced(text, lexicon("british"), rng)


@perturbation("en", source=f"Tables in british.toml; {LANGTEST}", shares=UP_TO_ALL)
def american(text: str, rng: np.random.Generator) -> list[Edit]:
    """Spell a British word the American way.

    Example: ``my favourite colour → my favorite colour``
    """
    return replaced(text, lexicon("british", back=True), rng)


@perturbation("en", source=f"Tables in abbreviations.toml; {LANGTEST}", shares=UP_TO_ALL)
def abbreviation(text: str, rng: np.random.Generator) -> list[Edit]:
    """Abbreviate a word or phrase as in short messages.

    Example: ``see you tomorrow → see you tmrw``
    """
    return replaced(text, lexicon("abbreviations"), rng)


@perturbation("en", source=f"Tables in slang.toml; {LANGTEST}", shares=UP_TO_ALL)
def slang(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a word or phrase as in casual speech.

    Example: ``I am going to tell you → I am gonna tell you``
    """
    return replaced(text, lexicon("slang"), rng)


@perturbation("en", source=f"{CHECKLIST}; {LANGTEST}", shares=UP_TO_ALL)
def number_to_word(text: str, rng: np.random.Generator) -> list[Edit]:
    """Spell out a whole number below 1,000 that counts something; dates, names and figures with a sign stay.

    Example: ``after 25 minutes → after twenty-five minutes``
    """
    return [Edit(*count.span(1), spelled(int(count[1]))) for count in _COUNT.finditer(text)]


@perturbation("en", source=f"{CHECKLIST}; {LANGTEST}", shares=UP_TO_ALL)
def word_to_number(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a number from two to 999 in digits.

    Example: ``after twenty-five minutes → after 25 minutes``
    """
    found = [(number.span(), _values().get(_joined(number[0]))) for number in _SPELLED.finditer(text)]
    return [Edit(*span, str(value)) for span, value in found if value is not None]


def spelled(number: int) -> str:
    """Return a number from 0 to 999 in words.

    >>> spelled(125)
    'one hundred and twenty-five'
    """
    hundreds, rest = divmod(number, 100)
    tens, unit = divmod(rest, 10)
    small = UNITS[rest] if rest < 20 else "-".join((TENS[tens - 2], *([UNITS[unit]] if unit else ())))
    if not hundreds:
        return small
    return f"{UNITS[hundreds]} hundred" + (f" and {small}" if rest else "")


@cache
def _values() -> dict[str, int]:
    """Return numbers by their words; *one* is left out, for it is a pronoun too."""
    return {_joined(spelled(number)): number for number in range(2, 1000)}


def _joined(words: str) -> str:
    return words.lower().replace("-", " ").replace(" and ", " ")
