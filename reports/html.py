"""A card as one HTML file: both languages inside, no network, readable without a script."""

import base64
import hashlib
import json
import lzma
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import charts, graph, numbers, twins
from reports.card import Card
from reports.marks import visible
from reports.words import Both, Language, Words, in_language, say

PLAIN_RECORD = 64 * 1024
"""Largest record, in bytes, that is embedded as plain JSON."""
PACKED_RECORD = 512 * 1024
"""Largest record, in characters of base64, that is embedded at all."""
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Letters that act on a page, such as those that turn the direction of writing, or that nobody sees."""
CHAPTERS_BEFORE = (
    ("verdict", "gate.verdict"),
    ("gate", "gate.title"),
    ("gaps", "gaps.title"),
    ("values", "values.title"),
    ("summaries", "composite.title"),
    ("facts", "facts.title"),
    ("subject", "subject.title"),
)
CHAPTERS_AFTER = (("origin", "origin.title"), ("glossary", "glossary.title"))


def render(card: Card, lang: Language = "en") -> str:
    """Return the card as one HTML document.

    Parameters
    ----------
    card : Card
        Made by :func:`reports.view.build_card`.
    lang : {"en", "zh"}
        The language it opens in; a script, where there is one, switches to the other.

    Returns
    -------
    str
        Refers to nothing outside itself. Style and script are allowed by their sha256 alone.
    """
    css, js = _asset("card.css"), _asset("card.js")
    page = (
        _environment()
        .get_template("card.html")
        .render(
            card=card,
            language=lang,
            title=in_language(say("page.title", title=card.title), lang),
            css=css,
            js=js,
            policy=_policy(css, js),
            record=_embedded(card.record_json),
            chapters_before=[c for c in CHAPTERS_BEFORE if c[0] not in _absent(card)],
            chapters_after=CHAPTERS_AFTER,
        )
    )
    return CONTROLS.sub(lambda letter: f"⟨U+{ord(letter[0]):04X}⟩", page)


def _absent(card: Card) -> set[str]:
    """Return the chapters that this card has not."""
    there = {"gate": card.banner.outcome, "summaries": card.summaries}
    return {chapter for chapter, content in there.items() if not content}


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["t"] = lambda key, **parts: _words(say(key, **parts))
    filters: dict[str, Callable[..., object]] = {
        "words": _words,
        "told": _told,
        "visible": _visible,
        "number": numbers.number,
        "bound": numbers.bound,
        "lanes": charts.lanes,
        "line": charts.line,
        "graph": graph.draw,
        "columns": twins.columns,
        "rows": twins.rows,
    }
    env.filters.update(filters)
    return env


def _words(words: Words) -> Markup:
    if isinstance(words, Both) and words.en != words.zh:
        # The shortest element there is: a card has two thousand of them.
        return Markup("<i lang=en>{}</i><i lang=zh>{}</i>").format(words.en, words.zh)
    return escape(in_language(words, "en"))


def _told(note: Words) -> Markup:
    """Return a note in both languages, or marked as English, which probes write, where nobody translated it."""
    return Markup('<span class="as-is" lang="en">{}</span>').format(note) if isinstance(note, str) else _words(note)


def _visible(text: str) -> Markup:
    """Return a text in which letters that cannot be seen stand as their code point."""
    parts = (Markup('<b class="unseen">{}</b>').format(part) if unseen else part for unseen, part in visible(text))
    return Markup("").join(parts)


def _asset(name: str) -> Markup:
    return Markup(files("reports").joinpath("templates", name).read_text(encoding="utf-8"))


def _policy(css: str, js: str) -> str:
    return (
        f"default-src 'none'; style-src '{_sha256(css)}'; script-src '{_sha256(js)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _rounded(number: str) -> float:
    """Return a number to six digits: the rest is noise, and takes a quarter of a packed record."""
    return float(f"{float(number):.6g}")


def _embedded(record: str) -> Markup:
    """Return the record as a data block: plain while small, rounded and packed while bearable, else left out."""
    if len(record.encode()) <= PLAIN_RECORD:
        safe = CONTROLS.sub(lambda letter: json.dumps(letter[0])[1:-1], record.replace("<", "\\u003c"))
        return Markup('<script type="application/json" id="record">{}</script>').format(Markup(safe))
    rounded = json.dumps(json.loads(record, parse_float=_rounded), ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(lzma.compress(rounded.encode(), preset=9 | lzma.PRESET_EXTREME)).decode()
    if len(packed) > PACKED_RECORD:
        return Markup("")
    return Markup('<script type="application/x-xz;base64" id="record">{}</script>').format(packed)
