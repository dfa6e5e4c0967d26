"""Noise within words: slips of the finger, misread and lengthened letters.

The first and last letter of a word, and words of fewer than four letters, stay: people read such
words without effort (Rawlinson 1976, as in Pruthi et al. 2019), and short ones such as *not* would
become others.
"""

import re
from collections.abc import Callable
from functools import cache
from string import ascii_lowercase

import numpy as np

from audit.perturbations import Edit, perturbation
from probes._noise.charged import charged
from probes._noise.tables import as_case, table, words

BELINKOV = "Y. Belinkov and Y. Bisk (2018), Synthetic and natural noise both break neural machine translation, ICLR"
PRUTHI = "D. Pruthi et al. (2019), Combating adversarial misspellings with robust word recognition, ACL"
BRODY = "S. Brody and N. Diakopoulos (2011), Cooooooooooooooollllllllllllll!!!!!!!!!!!!!!, EMNLP"
OCR = "E. Ma (2019), nlpaug, OcrAug; K. Kukich (1992), Techniques for automatically correcting words in text"

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""Keys of a QWERTY keyboard; each row lies half a key to the right of the one above."""
NEIGHBOURS = {
    key: "".join(
        row[j : j + 1]
        for row, j in [
            (ROWS[i], k + 1),
            *([(ROWS[i], k - 1)] if k else []),
            *([(ROWS[i - 1], k), (ROWS[i - 1], k + 1)] if i else []),
            *([(ROWS[i + 1], k)] if i < 2 else []),
            *([(ROWS[i + 1], k - 1)] if i < 2 and k else []),
        ]
    )
    for i, keys in enumerate(ROWS)
    for k, key in enumerate(keys)
}


Slip = Callable[[str, int, float], str]
"""From a word, the place of one of its letters and a draw from [0, 1) to the word with a slip there."""


def slips(text: str, rng: np.random.Generator, slip: Slip, kept: int = 1) -> list[Edit]:
    """Return an edit for each longer word: a slip at one of its letters.

    None makes a word of feeling or abuse out of another. The first letter is not chosen, nor are
    the last ``kept``.
    """
    found = [word for word in words(text) if len(word[0]) > 3 and word[0].isalpha()]
    edits = []
    for word, (place, draw) in zip(found, rng.random((len(found), 2)).tolist(), strict=True):
        slipped = slip(word[0], 1 + int(place * (len(word[0]) - 1 - kept)), draw)
        if slipped.lower() not in charged():
            edits.append(Edit(*word.span(), slipped))
    return edits


@perturbation("any", source=BELINKOV)
def keyboard_neighbour(text: str, rng: np.random.Generator) -> list[Edit]:
    """Hit a neighbouring key (QWERTY) for one letter of a word.

    Example: ``great service → gteat service``
    """

    def slip(word: str, at: int, draw: float) -> str:
        near = NEIGHBOURS.get(word[at].lower(), word[at])
        return word[:at] + as_case(near[int(draw * len(near))], word[at]) + word[at + 1 :]

    return slips(text, rng, slip)


@perturbation("any", source=PRUTHI)
def swap_letters(text: str, rng: np.random.Generator) -> list[Edit]:
    """Swap two neighbouring letters within a word.

    Example: ``great service → graet service``
    """
    return slips(text, rng, lambda word, at, _: word[:at] + word[at + 1] + word[at] + word[at + 2 :], kept=2)


@perturbation("any", source=PRUTHI)
def drop_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Leave out one letter within a word.

    Example: ``great service → grat service``
    """
    return slips(text, rng, lambda word, at, _: word[:at] + word[at + 1 :])


@perturbation("any", source=BRODY)
def repeat_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Lengthen a word by one letter repeated up to three times.

    Example: ``great service → greeat service``
    """
    return slips(text, rng, lambda word, at, draw: word[:at] + word[at] * (1 + int(draw * 3)) + word[at:])


@perturbation("any", source=PRUTHI)
def insert_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put a random Latin letter into a word.

    Example: ``great service → grxeat service``
    """

    def slip(word: str, at: int, draw: float) -> str:
        return word[:at] + as_case(ascii_lowercase[int(draw * 26)], word[at]) + word[at:]

    return slips(text, rng, slip)


@perturbation("any", source=OCR)
def ocr_confusion(text: str, rng: np.random.Generator) -> list[Edit]:
    """Misread letters of a word as a scanner does, but not as a word of feeling or abuse.

    Example: ``modern → modem``
    """
    alike, glyph = table("ocr")["alike"], _glyphs()
    found, edits = words(text), []
    for word, (place, draw) in zip(found, rng.random((len(found), 2)).tolist(), strict=True):
        start, end = word.span()
        if read := glyph.search(text, start + int(place * (end - start)), end):
            choices = alike[read[0]].split()
            seen = choices[int(draw * len(choices))]
            if f"{text[start : read.start()]}{seen}{text[read.end() : end]}".lower() not in charged():
                edits.append(Edit(*read.span(), seen))
    return edits


@cache
def _glyphs() -> re.Pattern[str]:
    glyphs = table("ocr")["alike"]
    pairs, single = [glyph for glyph in glyphs if len(glyph) > 1], [glyph for glyph in glyphs if len(glyph) == 1]
    return re.compile(rf"{'|'.join(pairs)}|[{''.join(single)}]")
