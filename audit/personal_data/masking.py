"""Texts that may be shown: personal data become stars."""

import re
from collections.abc import Iterable, Mapping

from audit.personal_data.patterns import FINDERS, Finder, Hit, find, narrowed

TELLING = 4
"""Shorter words vanish entirely: their first letter would say too much."""


def masked(text: str, finders: Mapping[str, Finder] = FINDERS, *, known: str = "") -> str:
    """Return the text with all personal data and web addresses masked, such as ``j***@e***.com``.

    What is left has nothing more to find; a text without personal data comes back as it is. It
    finds what :func:`audit.personal_data.patterns.find` finds, so no names of persons. What also
    stands in ``known`` stays readable.
    """
    # Where two finds overlapped, the rest of the second may show only now. Each round leaves fewer letters.
    while hits := [hit for hit in find(text, finders) if text[hit.start : hit.end] not in known]:
        text = mask(text, hits)
    return text


def mask(text: str, hits: Iterable[Hit]) -> str:
    """Return the text with these hits masked; they must be in order and not overlap."""
    parts, at = [], 0
    for hit in hits:
        parts += [text[at : hit.start], MASKS.get(hit.kind, _stars)(narrowed(text[hit.start : hit.end]))]
        at = hit.end
    return "".join((*parts, text[at:]))


def _word(word: str) -> str:
    return f"{word[0]}***" if len(word) >= TELLING else "***"


def _email(text: str) -> str:
    name, host = text.split("@", 1)
    return f"{_word(name)}@{_host(host)}"


def _host(host: str) -> str:
    domain, _, top = host.rpartition(".")
    return f"{_word(domain)}.{top}"


def _handle(text: str) -> str:
    return f"@{_word(text[1:])}"


def _address(text: str) -> str:
    scheme, host, rest = re.match(r"(https?://|)([^/:?#]*)(.*)", text, re.IGNORECASE | re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{scheme}{_host(host)}{'/***' if rest else ''}"


def _name(text: str) -> str:
    return " ".join(map(_word, text.split()))


def _stars(text: str) -> str:
    return re.sub(r"\w", "*", text)


MASKS = {
    "email": _email,
    "handle": _handle,
    "profile": _address,
    "web_address": _address,
    "name": _name,
}
"""How a kind is masked; any other loses all letters and digits."""
