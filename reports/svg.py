"""Small, deterministic SVG: elements, both languages in one text, and round axis ticks."""

import math
from itertools import accumulate
from unicodedata import east_asian_width

from markupsafe import Markup, escape

from reports.words import Both, Words


def element(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """Return an element; ``class_`` and underscores stand for ``class`` and hyphens."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(_short(v))}"' for key, v in attributes.items())
    inner = Markup("").join(children)
    return Markup(f"<{name}{written}>{inner}</{name}>") if inner else Markup(f"<{name}{written}/>")


def _short(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def text(words: Words, **attributes: str | float) -> Markup:
    """Return a text element, or one for each language where they differ."""
    if isinstance(words, str):
        return element("text", words, **attributes)
    en, zh = (element("text", part, lang=lang, **attributes) for part, lang in ((words.en, "en"), (words.zh, "zh")))
    return en + zh


def shorten(words: Words, most: int) -> Words:
    """Return the words cut to a width in letters; an ideograph is two letters wide."""
    if not isinstance(words, str):
        return Both(_cut(words.en, most), _cut(words.zh, most))
    return _cut(words, most)


def _cut(line: str, most: int) -> str:
    widths = accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
    fits = sum(width <= most for width in widths)
    return line if fits == len(line) else line[: fits - 1] + "…"


def path(points: list[tuple[float, float]], **attributes: str | float) -> Markup:
    """Return a straight-segment path through the points."""
    steps = "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
    return element("path", d=f"M{steps}", **attributes)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Return round numbers that enclose ``low`` to ``high``, about ``about`` steps apart."""
    size = max(abs(low), abs(high), 1e-6)
    room = high - low if high - low > 1e-6 * max(size, 1.0) else size
    rough = room / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]


def tick_labels(values: list[float]) -> list[str]:
    """Return the ticks with one number of decimals."""
    decimals = max(len(f"{value:.10f}".rstrip("0").partition(".")[2]) for value in values)
    return [f"{value:,.{min(decimals, 6)}f}".replace("-", "−") for value in values]
