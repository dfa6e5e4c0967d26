"""A card as one HTML file: both languages inside, no network, readable without a script."""

import base64
import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import charts, numbers, twins
from reports.card import Card
from reports.words import Both, Language, Words, in_language, say

PLAIN_RECORD = 64 * 1024
"""Largest record, in bytes, that is embedded as plain JSON."""
PACKED_RECORD = 512 * 1024
"""Largest record, in characters of base64, that is embedded at all."""
CHAPTERS_BEFORE = (
    ("verdict", "gate.verdict"),
    ("gate", "gate.title"),
    ("gaps", "gaps.title"),
    ("values", "values.title"),
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
    return (
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
            chapters_before=[c for c in CHAPTERS_BEFORE if c[0] != "gate" or card.banner.outcome],
            chapters_after=CHAPTERS_AFTER,
        )
    )


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
        "number": numbers.number,
        "bound": numbers.bound,
        "forest": charts.forest,
        "line": charts.line,
        "columns": twins.columns,
        "rows": twins.rows,
    }
    env.filters.update(filters)
    return env


def _words(words: Words) -> Markup:
    if isinstance(words, Both) and words.en != words.zh:
        return Markup('<span lang="en">{}</span><span lang="zh-CN">{}</span>').format(words.en, words.zh)
    return escape(in_language(words, "en"))


def _asset(name: str) -> Markup:
    return Markup(files("reports").joinpath("templates", name).read_text(encoding="utf-8"))


def _policy(css: str, js: str) -> str:
    return (
        f"default-src 'none'; style-src '{_sha256(css)}'; script-src '{_sha256(js)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(record: str) -> Markup:
    """Return the record as a data block: plain while small, packed while bearable, else left out."""
    if len(record.encode()) <= PLAIN_RECORD:
        safe = record.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return Markup('<script type="application/json" id="record">{}</script>').format(Markup(safe))
    packed = base64.b64encode(gzip.compress(record.encode(), mtime=0)).decode()
    if len(packed) > PACKED_RECORD:
        return Markup("")
    return Markup('<script type="application/gzip;base64" id="record">{}</script>').format(packed)
