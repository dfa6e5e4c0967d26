"""Noise in Chinese texts: slips of typing and reading, other widths and scripts, tricks of evasion."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from audit.perturbations import UP_TO_ALL, Edit, perturbation
from probes._noise.tables import table

TEXTSHIELD = (
    "J. Li et al. (2020), TextShield: robust text classification based on multimodal embedding, USENIX Security"
)
LIU = "C.-L. Liu et al. (2011), Visually and phonologically similar characters in incorrect Chinese words, ACM TALIP"
OPENCC = "OpenCC's dictionaries, package opencc-python-reimplemented"

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
RUN = re.compile(f"[{HAN}]+")
GAP = re.compile(f"(?<=[{HAN}])(?=[{HAN}])")
FULL, HALF = "，。！？：；（）", ",.!?:;()"
OTHER_WIDTH = dict(zip(FULL + HALF, HALF + FULL, strict=True))
MARK = re.compile(f"(?<=[{HAN}])[{re.escape(FULL + HALF)}](?![a-zA-Z0-9/])")
SYMBOLS = "*|·_-~"


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """Return for each table, by character, the others that it is mistaken for."""
    read = table("chinese")
    return {"homophones": others(read["homophones"].values()), "similar": others(read["similar"])}


def others(groups: Iterable[str]) -> dict[str, str]:
    """Return for each character the rest of its group."""
    return {character: group.replace(character, "") for group in groups for character in group}


def mistaken(text: str, rng: np.random.Generator, alike: Mapping[str, str]) -> list[Edit]:
    """Return for each character of the table the edit to one of the others."""
    places = [k for k, character in enumerate(text) if character in alike]
    edits = []
    for k, draw in zip(places, rng.random(len(places)).tolist(), strict=True):
        choices = alike[text[k]]
        edits.append(Edit(k, k + 1, choices[int(draw * len(choices))]))
    return edits


@perturbation("zh", source=f"{TEXTSHIELD}; readings from package pypinyin, commonness from package jieba")
def homophone(text: str, rng: np.random.Generator) -> list[Edit]:
    """Replace a character by another of the same reading, as slips of typing by pinyin do.

    Example: ``现在 → 现再``
    """
    return mistaken(text, rng, tables()["homophones"])


@perturbation("zh", source=f"{LIU}; {TEXTSHIELD}")
def similar_character(text: str, rng: np.random.Generator) -> list[Edit]:
    """Replace a character by another that looks much like it.

    Example: ``自己 → 自已``
    """
    return mistaken(text, rng, tables()["similar"])


@perturbation("zh", source="Halfwidth and fullwidth forms, Unicode block U+FF00 to U+FFEF", shares=UP_TO_ALL)
def full_half_width(text: str, rng: np.random.Generator) -> list[Edit]:
    """Make a full-width mark of punctuation half-width, and the other way round.

    Example: ``你好，世界 → 你好,世界``
    """
    return [Edit(*mark.span(), OTHER_WIDTH[mark[0]]) for mark in MARK.finditer(text)]


@perturbation("zh", source=OPENCC, shares=UP_TO_ALL)
def simplified_to_traditional(text: str, rng: np.random.Generator) -> list[Edit]:
    """Replace a simplified character by the traditional one that fits its context.

    Example: ``头发 → 頭髮``
    """
    return converted(text, "s2t")


@perturbation("zh", source=OPENCC, shares=UP_TO_ALL)
def traditional_to_simplified(text: str, rng: np.random.Generator) -> list[Edit]:
    """Replace a traditional character by the simplified one.

    Example: ``頭髮 → 头发``
    """
    return converted(text, "t2s")


def converted(text: str, direction: str) -> list[Edit]:
    """Return an edit for each character that the conversion changes; it keeps their number."""
    return [
        Edit(k, k + 1, after)
        for run in RUN.finditer(text)
        for k, after in enumerate(converter(direction).convert(run[0]), run.start())
        if after != text[k]
    ]


@cache
def converter(direction: str) -> Any:
    """Return OpenCC's converter of that direction."""
    from opencc import OpenCC

    return OpenCC(direction)


@perturbation("zh", source=TEXTSHIELD)
def spaces_between_characters(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put a space between two characters.

    Example: ``你好 → 你 好``
    """
    return [Edit(*gap.span(), " ") for gap in GAP.finditer(text)]


@perturbation("zh", source=TEXTSHIELD)
def symbols_between_characters(text: str, rng: np.random.Generator) -> list[Edit]:
    """Put a symbol, the same in the whole text, between two characters.

    Example: ``你好 → 你*好``
    """
    symbol = SYMBOLS[rng.integers(len(SYMBOLS))]
    return [Edit(*gap.span(), symbol) for gap in GAP.finditer(text)]
