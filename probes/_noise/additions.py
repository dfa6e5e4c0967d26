"""Noise around a text that says nothing about its label: context, greetings, residue of web pages, hashtags, cuts."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from audit.perturbations import Edit, perturbation
from probes._noise.tables import WEB, gaps, table

STRESS = "A. Naik et al. (2018), Stress test evaluation for natural language inference, COLING"
CHECKLIST = "M. T. Ribeiro et al. (2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL"
TEXTFLINT = "X. Wang et al. (2021), TextFlint: unified multilingual robustness evaluation toolkit for NLP, ACL"
STEPS = (0.3, 0.3, 0.6, 0.6, 1.0)
"""One, one, two, two and three of three additions."""

_SIGN = re.compile(rf"{WEB}|([&<>\"])")
_UNIT = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OPEN_END = re.compile(r"(?<!\S)(?!https?://|www\.|[@#])\S*\w\s*\Z")
"""A word at the end of a text, and no address, mention or hashtag: a sentence that nothing ends."""
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def said(text: str) -> Mapping[str, Any]:
    """Return what may be added in the language of the text: Chinese where half of its letters are Han."""
    chinese = 2 * len(_HAN.findall(text)) > len(_LETTER.findall(text))
    return cast(Mapping[str, Any], table("additions")["zh" if chinese else "en"])


def some(choices: Sequence[str], text: str, rng: np.random.Generator, most: int = 3) -> list[str]:
    """Return different choices in random order; none for a text that is blank."""
    return [choices[k] for k in rng.permutation(len(choices))[:most]] if text.strip() else []


@perturbation("en", "zh", source=STRESS, shares=STEPS)
def neutral_context_before(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put up to three sentences before the text that have nothing to do with it.

    Example: ``A great service. → The report has four pages. A great service.``
    """
    add = said(text)
    return [Edit(0, 0, sentence + add["space"]) for sentence in some(add["context"], text, rng)]


@perturbation("en", "zh", source=STRESS, shares=STEPS, ordered=True)
def neutral_context_after(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put up to three sentences after the text that have nothing to do with it; one that nothing ends gets a full stop.

    Example: ``A great service → A great service. The report has four pages.``
    """
    add, end = said(text), len(text.rstrip())
    stops = (add["stop"] if _OPEN_END.search(text) else "", "", "")
    sentences = some(add["context"], text, rng)
    return [Edit(end, end, stop + add["space"] + sentence) for stop, sentence in zip(stops, sentences, strict=False)]


@perturbation("en", "zh", source=CHECKLIST, shares=(0.5, 0.5, 0.5, 1.0, 1.0), ordered=True)
def polite_opener(text: str, rng: np.random.Generator) -> list[Edit]:
    """Begin with a greeting or, if severe, with a greeting and a polite phrase.

    Example: ``Where is my order? → Good morning. Where is my order?``
    """
    add = said(text)
    openers = [opener for kind in ("greetings", "phrases") for opener in some(add[kind], text, rng, most=1)]
    return [Edit(0, 0, opener + add["space"]) for opener in openers]


@perturbation("any", source=f"{CHECKLIST}, random URLs; text cut out of web pages")
def html_residue(text: str, rng: np.random.Generator) -> list[Edit]:
    """Leave tags, entities and links of a web page in the text.

    Example: ``a great service → a great<br>service``
    """
    residue, found = table("additions")["residue"], gaps(text)
    draws = rng.integers(len(residue), size=len(found)).tolist()
    left = [Edit(at, at + 1, residue[draw]) for at, draw in zip(found, draws, strict=True)]
    return left + [Edit(*sign.span(), ENTITIES[sign[0]]) for sign in _SIGN.finditer(text) if sign.lastindex]


@perturbation("any", source=f"{TEXTFLINT}, TwitterType; {CHECKLIST}", shares=STEPS)
def hashtag(text: str, rng: np.random.Generator) -> list[Edit]:
    """Add up to three neutral hashtags with capitals at the end.

    Example: ``A great service. → A great service. #MondayNotes``
    """
    tags = [first + second for first in table("additions")["first"] for second in table("additions")["second"]]
    end = len(text.rstrip())
    return [Edit(end, end, f" #{tag}") for tag in some(tags, text, rng)]


@perturbation("any", source=f"{TEXTFLINT}; texts cut by a limit of length", ordered=True)
def truncation(text: str, rng: np.random.Generator) -> list[Edit]:
    """Cut the text off, up to half of its words.

    Example: ``They sent me the wrong size → They sent me the wrong``
    """
    units = [unit.end() for unit in _UNIT.finditer(text)]
    return [Edit(start, end, "") for start, end in pairwise(units)][::-1]
