"""Noise that the eye hardly sees and a tokeniser does: other scripts' letters, invisible characters, accents."""

import re
from collections.abc import Container

import numpy as np

from audit.perturbations import Edit, perturbation
from probes._noise.tables import SKIPPED, words

BAD_CHARACTERS = "N. Boucher et al. (2022), Bad characters: imperceptible NLP attacks, IEEE S&P"
VIPER = "S. Eger et al. (2019), Text processing like humans do: visually attacking and shielding NLP systems, NAACL"

UNITS = re.compile(rf"{SKIPPED}|([^\W\d_\u3400-\u9fff]{{2,}}|[\u3400-\u9fff]{{2}})")
"""Words of any script, and pairs of Han characters, which have no spaces to tell words by."""
LEFT_TO_RIGHT = re.compile(rf"{SKIPPED}|([A-Za-zÀ-ÖØ-öø-ɏΑ-ώЀ-ҁҊ-ӿ]{{2,}}(?![\u0300-\u036f])|[\u3400-\u9fff]{{2}})")
"""Words whose letters can be written backwards one by one."""

LATIN = "aceijopsvwxyABCEHIJKMNOPSTXYZ"
HOMOGLYPHS = dict(zip(LATIN, "асеіјорѕνԝхуАВСЕНІЈКМΝОРЅТХΥΖ", strict=True))
"""Cyrillic and Greek letters that Unicode lists as confusable with a Latin one."""
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
MARKS = "\u0300\u0301\u0302\u0303\u0308"
FULL_WIDTH = {ord(" ") + k: 0xFF00 + k for k in range(1, 95)}
DIRECTIONS = (("\u202a", 1, "\u202c"), ("\u2066", 1, "\u2069"), ("\u202e", -1, "\u202c"))
"""Opening control, order of the letters and closing control."""


def one_letter(text: str, rng: np.random.Generator, eligible: Container[str]) -> list[int]:
    """Return the place of one eligible letter in each word that has any."""
    found, places = words(text), []
    for word, draw in zip(found, rng.random(len(found)).tolist(), strict=True):
        if at := [k for k in range(*word.span()) if text[k] in eligible]:
            places.append(at[int(draw * len(at))])
    return places


@perturbation("any", source="Unicode Technical Standard 39, confusables.txt")
def homoglyph(text: str, rng: np.random.Generator) -> list[Edit]:
    r"""Replace a letter of a word by its double from the Cyrillic or Greek alphabet.

    Example: ``great → gr\u0435at``
    """
    return [Edit(k, k + 1, HOMOGLYPHS[text[k]]) for k in one_letter(text, rng, HOMOGLYPHS)]


@perturbation("any", source=BAD_CHARACTERS)
def zero_width(text: str, rng: np.random.Generator) -> list[Edit]:
    r"""Put an invisible character of no width into a word.

    Example: ``great → gr\u200beat``
    """
    found, edits = [unit for unit in UNITS.finditer(text) if unit.lastindex], []
    for word, (place, kind) in zip(found, rng.random((len(found), 2)).tolist(), strict=True):
        at = word.start() + 1 + int(place * (len(word[0]) - 1))
        edits.append(Edit(at, at, ZERO_WIDTH[int(kind * len(ZERO_WIDTH))]))
    return edits


@perturbation("any", source=BAD_CHARACTERS)
def bidirectional(text: str, rng: np.random.Generator) -> list[Edit]:
    r"""Enclose a word in invisible controls of direction, or store it backwards; it is displayed as before.

    Example: ``great → \u202etaerg\u202c``
    """
    found, edits = [unit for unit in LEFT_TO_RIGHT.finditer(text) if unit.lastindex], []
    for word, draw in zip(found, rng.integers(len(DIRECTIONS), size=len(found)).tolist(), strict=True):
        opening, order, closing = DIRECTIONS[draw]
        edits.append(Edit(*word.span(), opening + word[0][::order] + closing))
    return edits


@perturbation("any", source=VIPER)
def accents(text: str, rng: np.random.Generator) -> list[Edit]:
    r"""Put an accent on a vowel that has none.

    Example: ``great → gre\u0301at``
    """
    places = one_letter(text, rng, "aeiouAEIOU")
    kinds = rng.integers(len(MARKS), size=len(places)).tolist()
    return [Edit(k + 1, k + 1, MARKS[kind]) for k, kind in zip(places, kinds, strict=True)]


@perturbation("any", source="Halfwidth and fullwidth forms, Unicode block U+FF00 to U+FFEF")
def full_width_latin(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a word in the full-width Latin letters of East Asian typing.

    Example: ``great → ｇｒｅａｔ``
    """
    return [Edit(*word.span(), word[0].translate(FULL_WIDTH)) for word in words(text)]
