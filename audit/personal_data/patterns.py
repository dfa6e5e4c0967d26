"""Personal data that show in their spelling: what is looked for in a text, and where it was found."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from audit.personal_data.checksums import IBAN_LENGTHS, iban, payment_card, resident_id


@dataclass(frozen=True)
class Hit:
    """Where one piece of personal data stands."""

    start: int
    end: int
    kind: str


Finder = Callable[[str], Iterator[tuple[int, int]]]


def _pattern(pattern: str, accept: Callable[[str], bool] = lambda _: True) -> Finder:
    """Return a finder of what a pattern describes and ``accept`` accepts."""
    # ASCII: a Chinese character may stand right before or after a number.
    compiled = re.compile(pattern, re.ASCII | re.VERBOSE)
    return lambda text: (match.span() for match in compiled.finditer(text) if accept(match.group()))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_phone(text: str) -> bool:
    digits = _digits(text)
    # E.164 allows 15 digits; the least that a country code and a number have is 9.
    if text.startswith("+"):
        return 9 <= len(digits) <= 15 and digits[0] != "0"
    return (12 <= len(digits) <= 17) if digits.startswith("00") else (9 <= len(digits) <= 12)


def _is_public_address(text: str) -> bool:
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


_IBAN_START = re.compile(r"(?<![A-Za-z0-9*]) [A-Z]{2} [0-9]{2} (?: [ ]? [A-Z0-9] ){11,28}", re.VERBOSE)
_WORD = re.compile(r"\w", re.ASCII)


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield account numbers, written together or in groups; what follows in capitals is not part of them."""
    for match in _IBAN_START.finditer(text):
        at = [k for k in range(*match.span()) if text[k] != " "]
        for length in IBAN_LENGTHS:
            end = at[length - 1] + 1 if length <= len(at) else 0
            if end and not _WORD.match(text, end) and iban("".join(text[k] for k in at[:length])):
                yield match.start(), end


_NOT_PERSONS = r"(?! (?i: user | username | mention | everyone | here | all | channel | url ) (?!\w) )"
"""Words that stand for a name that was already taken out, or for everybody."""

_RESERVED = r"""(?! (?i: search | hashtag | home | explore | intent | share | sharer | i | p | reel | events | groups
    | pages | watch | login | about | help | settings | privacy | policies | terms | legal | topics | features )
    (?![\w.-]) )"""
"""First parts of a path that are no person's name."""

_HOSTS = r"""(?i: (?: facebook | fb | instagram | twitter | x | github | vk ) \.com / | t\.me/ | weibo\.com/(?:[un]/)?
    | linkedin\.com/in/ | reddit\.com/u(?:ser)?/ | zhihu\.com/people/ | (?: tiktok | youtube | medium ) \.com/@ )"""

PERSONAL: dict[str, Finder] = {
    "email": _pattern(
        r"""(?<![\w.+-]) [\w+-] [\w.+-]{0,63} @ (?: [^\W_] [\w-]{0,62} \. ){1,4} [^\W\d_]{2,24} (?![\w-])"""
    ),
    "resident_id_cn": _pattern(r"(?<![\w*]) [1-8][0-9]{16}[0-9Xx] (?!\w)", resident_id),
    "iban": _ibans,
    "payment_card": _pattern(
        r"""(?<![\w*.-]) (?: [2-6][0-9]{12,18} | [2-6][0-9]{3} (?: [ -][0-9]{4} ){3} (?: [ -][0-9]{3} )?
            | 3[0-9]{3} [ -] [0-9]{6} [ -] [0-9]{4,5} ) (?!\w)""",
        lambda text: payment_card(_digits(text)),
    ),
    "social_security_us": _pattern(
        r"(?<![\w*-]) (?! 000 | 666 | 9 ) [0-9]{3} - (?!00)[0-9]{2} - (?!0000)[0-9]{4} (?![\w-])"
    ),
    "phone": _pattern(
        r"""(?<![\w*.+/-]) (?:
            (?: \+ | (?<![0-9][ ]) 00 (?=[1-9]) ) [0-9] (?: [ ().-]{0,2} [0-9] ){7,15}
            | (?: 1 [ .-] )? (?: \( [2-9][0-9]{2} \) [ ]? | [2-9][0-9]{2} [ .-] ) [2-9][0-9]{2} [ .-] [0-9]{4}
            | 1[3-9][0-9] [ -]? [0-9]{4} [ -]? [0-9]{4}
            | (?<![0-9][ ]) 0[1-9][0-9]{1,3} [ /-] [0-9]{3,8} (?: [ -] [0-9]{2,4} ){0,2}
            | 07[0-9]{9}
        ) (?! \w | [.,/-][0-9] )""",
        _is_phone,
    ),
    "ip_address": _pattern(
        r"""(?<![\w.:*-]) (?: [0-9]{1,3} (?: \.[0-9]{1,3} ){3} | [0-9A-Fa-f:]{3,39} ) (?! [\w:*-] | \.[0-9] )""",
        _is_public_address,
    ),
    "profile": _pattern(
        rf"""(?<![\w@.*/-]) (?i: https?:// )? (?i: (?: www | m | [a-z]{{2}} ) \. )? {_HOSTS} {_RESERVED}
            [\w.%-]{{2,60}} (?: [/?\#] [^\s*<>"']{{0,200}} )?""",
    ),
    "handle": _pattern(
        rf"""(?<![\w@./*]) @ {_NOT_PERSONS} (?: [A-Za-z_] \w{{2,29}} | [\u4e00-\u9fff] [\w\u4e00-\u9fff]{{1,29}} )
            (?![\w*@])"""
    ),
}
"""Finders of what leads to a person, by kind; of two that overlap the first counts."""

FINDERS: dict[str, Finder] = PERSONAL | {
    "web_address": _pattern(
        r"""(?<![\w*]) (?i: https?:// | www\. ) [\w-]{1,63} (?: \. [\w-]{1,63} ){1,5}
            (?: [:/?\#] [^\s*<>"']{0,500} )?"""
    )
}
"""Those, and web addresses, which may lead to a person but mostly do not."""


def find(text: str) -> tuple[Hit, ...]:
    """Return all personal data and web addresses of a text, in the order of the text; hits do not overlap."""
    hits, taken = [], bytearray(len(text))
    for kind, finder in FINDERS.items():
        for start, end in finder(text):
            if not any(taken[start:end]):
                hits.append(Hit(start, end, kind))
                taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(hits, key=lambda hit: hit.start))
