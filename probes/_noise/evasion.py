"""Noise by which spam and abuse slip past filters and stay readable."""

import re

import numpy as np

from audit.perturbations import Edit, perturbation
from probes._noise.charged import masked, rude
from probes._noise.tables import words

LOVE = "T. Gröndahl et al. (2018), All you need is “love”: evading hate speech detection, AISec"
HATECHECK = "P. Röttger et al. (2021), HateCheck: functional tests for hate speech detection models, ACL"
PERSPECTIVE = "H. Hosseini et al. (2017), Deceiving Google's Perspective API built for detecting toxic comments"
OBSCENITY = "S. Rojas-Galeano (2017), On obstructing obscenity obfuscation, ACM Transactions on the Web"

LEET = str.maketrans("aeiosAEIOS", "4310543105")
SEPARATORS = ".-_*"
NEUTRAL_EMOJI = "📌📎📝📅📦🔖🔹🔸🪑🚪🧩📷"
"""Things without a feeling, a person or a culture."""
AFTER_WORD = re.compile(r"(?<=\S)(?=\s)|(?<=\S)\Z|(?<=[，。！？；])(?=\S)")


def plain(text: str, least: int = 3) -> list[re.Match[str]]:
    """Return the words of so many letters or more and of nothing but letters."""
    return [word for word in words(text) if len(word[0]) >= least and word[0].isalpha()]


@perturbation("any", source=f"{LOVE}; {HATECHECK}")
def leetspeak(text: str, rng: np.random.Generator) -> list[Edit]:
    """Replace the letters of a word by the digits that resemble them.

    Example: ``readers → r34d3r5``
    """
    return [Edit(*word.span(), word[0].translate(LEET)) for word in plain(text)]


@perturbation("any", source=f"{LOVE}; {HATECHECK}")
def spaced_out(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put spaces between the letters of a word.

    Example: ``hello → h e l l o``
    """
    return [Edit(*word.span(), " ".join(word[0])) for word in plain(text)]


@perturbation("any", source=PERSPECTIVE)
def separators(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put dots, dashes or the like between the letters of a word.

    Example: ``hello → h.e.l.l.o``
    """
    found = plain(text)
    draws = rng.integers(len(SEPARATORS), size=len(found)).tolist()
    return [Edit(*word.span(), SEPARATORS[draw].join(word[0])) for word, draw in zip(found, draws, strict=True)]


@perturbation("any", source=OBSCENITY)
def masked_letter(text: str, rng: np.random.Generator) -> list[Edit]:
    """Mask one inner letter of a word by an asterisk, but not so that it reads as a word of abuse.

    Example: ``bread → br*ad``
    """
    found, edits = plain(text, least=4), []
    for word, draw in zip(found, rng.random(len(found)).tolist(), strict=True):
        plainly = word[0].lower()
        at = 1 + int(draw * (len(plainly) - 2))
        if plainly in rude() or f"{plainly[:at]}*{plainly[at + 1 :]}" not in masked():
            edits.append(Edit(word.start() + at, word.start() + at + 1, "*"))
    return edits


@perturbation("any", source="Unicode Technical Standard 51, emoji; things without a feeling, our own choice")
def emoji(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put an emoji of a neutral thing after a word.

    Example: ``see you → see 📌 you``
    """
    places = [gap.start() for gap in AFTER_WORD.finditer(text)]
    draws = rng.integers(len(NEUTRAL_EMOJI), size=len(places)).tolist()
    return [Edit(at, at, f" {NEUTRAL_EMOJI[draw]}") for at, draw in zip(places, draws, strict=True)]
