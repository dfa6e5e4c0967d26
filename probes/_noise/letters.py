"""Noise within words: slips of the finger, misread and lengthened letters.

The first and last letter of a word, and words of fewer than four letters, stay: people read such
words without effort (Rawlinson 1976, as in Pruthi et al. 2019), and short ones such as *not* would
become others.
"""

import re
from functools import cache
from string import ascii_lowercase

import numpy as np

from audit.perturbations import Edit, perturbation
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


def inner_letters(text: str, rng: np.random.Generator, kept: int = 1) -> list[tuple[int, float]]:
    """Return for each longer word the place of one letter, and a draw from [0, 1).

    ``kept`` letters at the end of the word are not chosen, nor is the first.
    """
    found = [word.span() for word in words(text) if len(word[0]) > 3 and word[0].isalpha()]
    draws = rng.random((len(found), 2)).tolist()
    return [
        (start + 1 + int(place * (end - start - 1 - kept)), draw)
        for (start, end), (place, draw) in zip(found, draws, strict=True)
    ]


@perturbation("en", source=BELINKOV)
def keyboard_neighbour(text: str, rng: np.random.Generator) -> list[Edit]:
    """Hit a neighbouring key (QWERTY) for one letter of a word.

    Example: ``great service → gteat service``
    """
    edits = []
    for at, draw in inner_letters(text, rng):
        if near := NEIGHBOURS.get(text[at].lower()):
            edits.append(Edit(at, at + 1, as_case(near[int(draw * len(near))], text[at])))
    return edits


@perturbation("en", source=PRUTHI)
def swap_letters(text: str, rng: np.random.Generator) -> list[Edit]:
    """Swap two neighbouring letters within a word.

    Example: ``great service → graet service``
    """
    return [Edit(at, at + 2, text[at + 1] + text[at]) for at, _ in inner_letters(text, rng, kept=2)]


@perturbation("en", source=PRUTHI)
def drop_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Leave out one letter within a word.

    Example: ``great service → grat service``
    """
    return [Edit(at, at + 1, "") for at, _ in inner_letters(text, rng)]


@perturbation("en", source=BRODY)
def repeat_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Lengthen a word by one letter repeated up to three times.

    Example: ``great service → greeat service``
    """
    return [Edit(at, at, text[at] * (1 + int(draw * 3))) for at, draw in inner_letters(text, rng)]


@perturbation("en", source=PRUTHI)
def insert_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put a random letter into a word.

    Example: ``great service → grxeat service``
    """
    return [Edit(at, at, as_case(ascii_lowercase[int(draw * 26)], text[at])) for at, draw in inner_letters(text, rng)]


@perturbation("en", source=OCR)
def ocr_confusion(text: str, rng: np.random.Generator) -> list[Edit]:
    """Misread letters of a word as a scanner does.

    Example: ``modern → modem``
    """
    alike, glyph = table("ocr")["alike"], _glyphs()
    found = words(text)
    edits = []
    for word, (place, draw) in zip(found, rng.random((len(found), 2)).tolist(), strict=True):
        start, end = word.span()
        if read := glyph.search(text, start + int(place * (end - start)), end):
            choices = alike[read[0]].split()
            edits.append(Edit(*read.span(), choices[int(draw * len(choices))]))
    return edits


@cache
def _glyphs() -> re.Pattern[str]:
    glyphs = table("ocr")["alike"]
    pairs, single = [glyph for glyph in glyphs if len(glyph) > 1], [glyph for glyph in glyphs if len(glyph) == 1]
    return re.compile(rf"{'|'.join(pairs)}|[{''.join(single)}]")
