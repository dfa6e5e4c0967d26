"""What a reader makes of a changed text: disguises of letters unseen, slips of one letter read over."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher

from probes._attack.resources import lemmas
from probes._identity.lexicon import Lexicon
from probes._identity.scan import scan
from probes._identity.units import HAN
from probes._noise.chinese import converter
from probes._noise.unicode import HOMOGLYPHS

CJK = "\u3400-\u9fff"
WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")
"""Words between spaces; every Chinese character is one."""

PLAIN = str.maketrans({double: letter for letter, double in HOMOGLYPHS.items()})
SWAPPED = re.compile("\u202d\u2066\u202e\u2066(.)\u2069\u2066(.)\u2069\u202c\u2069\u202c", re.DOTALL)
"""Two characters that controls of direction display the other way round (Boucher et al. 2022)."""

UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\ufe00-\ufe0f\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Default-ignorable code points (Unicode 16, DerivedCoreProperties) that are no format characters."""

LONG = 4
"""Letters of a word in which one slip leaves no doubt which word is meant."""

_NEGATORS = "no not never none nobody nothing nowhere neither nor without hardly barely scarcely rarely seldom"
_NOT = """
aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt maynt mightnt mustnt neednt nt oughtnt
shant shouldnt wasnt werent wont wouldnt
"""
NEGATORS = frozenset(_NEGATORS.split())
NOT = frozenset(_NOT.split())
"""Other words for "not", apostrophes left out; "nt" where a text is cut into tokens ("do n't")."""
UN = ("un", "in", "im", "il", "ir", "dis", "non", "non-")
"""What turns a word into its opposite."""
HAN_NEGATORS = (
    "[不没未无勿]"
    # Not 特别 or 别人, but 别去; likewise 并非 and 非法, not 非常 or 除非; 切莫, not 莫名; 否认, not 是否.
    "|(?<![特区分级性类个差告辨鉴识判派永离送惜道诀])别(?![人的墅处名致样扭具称离国字号针墨])"
    "|(?<=[并绝决而若])非|非(?=[法正])|(?<=切)莫|莫(?=[要再让去])|否(?=[认定决])"
)
SPOKEN = re.compile(rf"{HAN_NEGATORS}|[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*")
"""Chinese negators, and words of other scripts."""
LETTERS, POSSESSIVE = re.compile(r"[^\W\d_]+"), re.compile(r"['’]s\b")

Marks = Callable[[str], Counter[Hashable]]
"""From a text to what it says of some sort, and how often."""


def displayed(text: str) -> str:
    """Return a text as it is read.

    Look-alike and styled letters are plain ones, invisible characters are gone, Chinese is in simplified letters.
    """
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", SWAPPED.sub(r"\2\1", text))).translate(PLAIN)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return str(converter("t2s").convert(seen)) if HAN.search(seen) else seen


def words(text: str) -> list[str]:
    """Return the words of a text, punctuation left on."""
    return WORD.findall(text)


def aligned(before: str, after: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield what stands for one another in two texts, word by word as far as they agree."""
    old, new = words(before), words(after)
    start, end = _ends(old, new)
    yield old[:start], new[:start]
    inner, other = old[start : len(old) - end], new[start : len(new) - end]
    for _, a, b, c, d in SequenceMatcher(None, inner, other, autojunk=False).get_opcodes():
        yield inner[a:b], other[c:d]
    yield old[len(old) - end :], new[len(new) - end :]


def keeps(marks: Marks, before: str, after: str) -> bool:
    """Whether a changed text says the same of some sort: nothing new, and nothing lost but by a slip."""
    there = marks(before)
    return marks(after) <= there and marks(_put_right(before, after)) == there


def people(lexicon: Lexicon) -> Marks:
    """Return a function from a text to the terms for people in it, in whatever form."""
    both = (lexicon.within("en"), lexicon.within("zh"))
    return lambda text: Counter((m.sense.category, m.sense.term) for terms in both for m in scan(text, terms).mentions)


def negations(text: str) -> Counter[Hashable]:
    """Return the negators of a text, every form of "not" as one."""
    spoken = [re.sub("['’]", "", word.lower()) for word in SPOKEN.findall(text)]
    return Counter("not" if word in NOT else word for word in spoken if word in NEGATORS | NOT or HAN.match(word))


def is_opposite(word: str, other: str) -> bool:
    """Whether one of two long words is the other with "un-" or the like before it."""
    return min(len(word), len(other)) >= LONG and any(word == un + other or other == un + word for un in UN)


def is_slip(word: str, other: str) -> bool:
    """Whether one letter, but not the first, is wrong, missing, added or swapped with the next in a long word.

    What makes another English word, as *males* and *mates*, is no slip: nobody would read the first in the second.
    """
    old, new = word.casefold(), other.casefold()
    start, end = _ends(old, new)
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    slight = max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
    long = sum(map(str.isalpha, old)) >= LONG
    return slight and start > 0 and long and not _is_another(old, new)


def _is_another(old: str, new: str) -> bool:
    """Whether all of the new is English words, and none is a form of a word of the old."""
    before, after = ([lemmas(word) for word in LETTERS.findall(POSSESSIVE.sub("", text))] for text in (old, new))
    return bool(after) and all(after) and not frozenset().union(*before) & frozenset().union(*after)


def _put_right(before: str, after: str) -> str:
    return " ".join(word for old, new in aligned(before, after) for word in _without_slips(old, new))


def _without_slips(old: list[str], new: list[str]) -> list[str]:
    if len(old) == len(new):
        return [word if is_slip(word, other) else other for word, other in zip(old, new, strict=True)]
    return old if is_slip(" ".join(old), " ".join(new)) else new


def _ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how much both begin and end with: to match the rest takes the square of its length."""
    shorter = min(len(old), len(new))
    start = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    most = shorter - start
    return start, next((k for k in range(most) if old[-1 - k] != new[-1 - k]), most)
