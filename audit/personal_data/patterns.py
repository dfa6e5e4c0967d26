"""Personal data that show in their spelling: what is looked for in a text, and where it was found."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from audit.personal_data.checksums import IBAN_LENGTHS, iban, old_resident_id, payment_card, resident_id


@dataclass(frozen=True)
class Hit:
    """Where one piece of personal data stands."""

    start: int
    end: int
    kind: str


Finder = Callable[[str], Iterator[tuple[int, int]]]

_NARROW = {code + 0xFEE0: code for code in range(0x21, 0x7F) if chr(code).isalnum() or chr(code) in "@.-+()_"}
_NARROW |= dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), ord(" ")) | dict.fromkeys((0x2010, 0x2011), ord("-"))
"""Full-width letters, digits and signs, and the spaces and hyphens that hold a number together."""


def narrowed(text: str) -> str:
    """Return the text as it would be typed in ASCII, every character in its place."""
    return text if text.isascii() else text.translate(_NARROW)


def _pattern(pattern: str, accept: Callable[[str], bool] = lambda _: True) -> Finder:
    """Return a finder of what a pattern describes and ``accept`` accepts."""
    # ASCII: a Chinese character may stand right before or after a number.
    compiled = re.compile(pattern, re.ASCII | re.VERBOSE)

    def finder(text: str) -> Iterator[tuple[int, int]]:
        at = 0
        while match := compiled.search(text, at):
            accepted = accept(match.group())
            if accepted:
                yield match.span()
            # What is refused may hold the beginning of what is not, as where a date stands before a number.
            at = match.end() if accepted else match.start() + 1

    return finder


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_resident_id(text: str) -> bool:
    number = re.sub("[ -]", "", text)
    # An old number has no check of its own: that of a card tells more.
    return resident_id(number) if len(number) == 18 else old_resident_id(number) and not payment_card(number)


def _is_phone(text: str) -> bool:
    pairs, digits = re.split("[ .]", text), _digits(text)
    # E.164 allows 15 digits; the least that a country code and a number have is 9.
    if text.startswith("+"):
        return 9 <= len(digits) <= 15 and digits[0] != "0"
    # Numbers drawn in a lottery are told in pairs too, but in ascending order.
    if all(len(pair) == 2 for pair in pairs):
        return pairs[0] in ("06", "07") or pairs != sorted(pairs)
    return (12 <= len(digits) <= 17) if digits.startswith("00") else (9 <= len(digits) <= 12)


def _is_public_address(text: str) -> bool:
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


# Seen ahead, not taken: words may look like the start of an account number that stands among them.
_IBAN_START = re.compile(r"(?<![A-Za-z0-9*]) (?= ( [A-Za-z]{2} [0-9]{2} (?: [ ]? [A-Za-z0-9] ){11,28} ) )", re.VERBOSE)
_WORD = re.compile(r"\w", re.ASCII)
_FEWEST_DIGITS = 10
"""Of an account number; words that happen to pass its check have fewer."""


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield account numbers, written together or in groups; the words that follow are not part of them."""
    for match in _IBAN_START.finditer(text):
        at = [k for k in range(*match.span(1)) if text[k] != " "]
        for length in IBAN_LENGTHS:
            end = at[length - 1] + 1 if length <= len(at) else 0
            if end and not _WORD.match(text, end) and _is_iban("".join(text[k] for k in at[:length])):
                yield match.start(), end


def _is_iban(account: str) -> bool:
    return len(_digits(account)) >= _FEWEST_DIGITS and iban(account.upper())


_NOT_PERSONS = r"(?! (?i: user | username | mention | everyone | here | all | channel | url ) (?!\w) )"
"""Words that stand for a name that was already taken out, or for everybody."""

_RESERVED = r"""(?! (?i: search | hashtag | home | explore | intent | share | sharer | i | p | reel | events | groups
    | pages | watch | login | about | help | settings | privacy | policies | terms | legal | topics | features )
    (?![\w.-]) )"""
"""First parts of a path that are no person's name."""

_HOSTS = r"""(?i: (?: facebook | fb | instagram | twitter | x | github | vk ) \.com / | t\.me/ | weibo\.com/(?:[un]/)?
    | linkedin\.com/in/ | reddit\.com/u(?:ser)?/ | zhihu\.com/people/ | (?: tiktok | youtube | medium ) \.com/@ )"""

_ABROAD = r"\u00c0-\u0dff\u1e00-\u1fff"
"""Letters of scripts that set words apart by spaces, beside those of ASCII."""
_LOCAL = rf"(?: (?<![\w.+{_ABROAD}-]) [\w+{_ABROAD}-] [\w.+{_ABROAD}-]{{0,63}} | [\u4e00-\u9fff]{{1,4}} )"
"""Of an e-mail address; of a Chinese one, whose start nothing marks, the end."""

PERSONAL: dict[str, Finder] = {
    "email": _pattern(
        rf"""{_LOCAL} @ (?: [A-Za-z0-9{_ABROAD}] [\w{_ABROAD}-]{{0,62}} \. ){{1,4}} [A-Za-z{_ABROAD}]{{2,24}}
            (?![\w{_ABROAD}-])"""
    ),
    "resident_id_cn": _pattern(
        r"""(?<![0-9*]) [1-8] (?: [ -]? [0-9] ){16} [ -]? [0-9Xx] (?!\w)
            | (?<![\w*.-]) [1-8][0-9]{14} (?! \w | [.-][0-9] )""",
        _is_resident_id,
    ),
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
            | (?<![0-9][ ]) (?: 0[1-9][0-9]{1,3} [ /-] | \( 0[1-9][0-9]{1,3} \) [ ]? )
                [0-9]{3,8} (?: [ -] [0-9]{2,4} ){0,2}
            | (?<![0-9][ ]) 0[1-79] (?P<gap> [ .] ) [0-9]{2} (?: (?P=gap) [0-9]{2} ){3} (?! [ ][0-9] )
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


def find(text: str, finders: Mapping[str, Finder] = FINDERS) -> tuple[Hit, ...]:
    """Return all personal data and web addresses of a text, in the order of the text; hits do not overlap.

    Parameters
    ----------
    text : str
        Any text; full-width characters count as the narrow ones.
    finders : mapping
        What to look for; :data:`PERSONAL` leaves web addresses out.
    """
    hits, taken = [], bytearray(len(text))
    plain = narrowed(text)
    for kind, finder in finders.items():
        for start, end in finder(plain):
            if not any(taken[start:end]):
                hits.append(Hit(start, end, kind))
                taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(hits, key=lambda hit: hit.start))
