"""The little English grammar that a swap needs: which reading a word has, its article, its ending and its capitals."""

import re
from collections.abc import Sequence

from probes._identity import english

NOMINAL = frozenset(("noun", "role", "nouns", "adjective"))
"""Forms that are told apart by what stands beside them."""

_AN = re.compile(r"(?!eu|uk|ug|uni(?![dmn])|usa|one\b)[aeiou]|heir|honest|hour|lgbt", re.I)
_SPELT_AN = re.compile(r"[AEFHILMNORSX][A-Z]+\b")
"""Read by its letters, of which the first has a name that begins with a vowel: "HIV-positive"."""
_SPELT_A = re.compile(r"[B-DGJKPQT-WYZ][A-Z]+\b")
_ARTICLE = re.compile(r"(?<![\w'’])(an?)(\s+[\"'“‘(*_]*)$", re.I)
_GENITIVE = re.compile(r"['’](?:s\b|(?!\w))")
_OPENING = re.compile(r"(?<!\w)['‘]\w")
_SENTENCE_START = re.compile(r"(?:^|[.!?。！？]\s*|\n\s*)[\"'“‘(]*$")


# --- readings -----------------------------------------------------------------------------


def reading(forms: Sequence[str], before: Sequence[str], after: Sequence[str]) -> int | None:
    """Return which of a word's possible forms it has, by its neighbours; None where that cannot be told.

    Before a noun "her" is possessive and "Muslim" an adjective; after an article "Muslim" is a noun,
    after "is" an adjective. A noun in the singular has an article or the like before it, so that
    "man" in "come on man" and "German" in "she speaks German" have no reading. A word is taken for
    a noun that is not in a list of function words and common verbs.

    Parameters
    ----------
    forms : sequence of str
        Such as ``("adjective", "noun")``.
    before, after : sequence of str
        Neighbouring words in lower case, the nearest first, as far as the next punctuation.
    """
    if {"object", "possessive"} <= set(forms):
        form = _her(before, after)
    elif {"possessive", "possessive_pronoun"} <= set(forms):
        form = _his(after)
    elif NOMINAL.isdisjoint(forms):
        return 0
    else:
        form = _named(frozenset(forms), before, after)
    return forms.index(form) if form in forms else None


def _her(before: Sequence[str], after: Sequence[str]) -> str | None:
    word = after[0] if after else ""
    if word in english.OWNED:
        return "possessive"
    if word in english.EITHER or word[:1].isdigit():
        return None
    if not goes_on(word):
        return "object"
    doubtful = word.endswith(("ing", "ed", "ly")) or (before and before[0] in english.TWO_OBJECTS)
    return None if doubtful else "possessive"


def _his(after: Sequence[str]) -> str | None:
    word = after[0] if after else ""
    if not word or word in english.ENDS:
        return "possessive_pronoun"
    if goes_on(word) or word in english.OWNED | english.EITHER:
        return "possessive"
    return None


def _named(forms: frozenset[str], before: Sequence[str], after: Sequence[str]) -> str | None:
    word = after[0] if after else ""
    first = _beginning(before)
    determined, single = first in english.DETERMINERS, forms & {"noun", "role"}
    if "adjective" in forms and goes_on(word):
        verbal = word.endswith(("ed", "ing")) or (first in english.ONE and re.search(r"[^s]s$", word))
        if (single and determined and verbal) or ("nouns" in forms and word.endswith(("ed", "ing"))):
            return None
        return "adjective"
    if "nouns" in forms and ("adjective" not in forms or set(before[:1]) & english.PLURAL):
        return "nouns"
    if single and (determined or word == "'s"):
        return next(iter(single))
    alone = not forms - {"adjective"} and english.PREPOSITIONS.isdisjoint(before[:1])
    linked = first in english.LINKS or alone
    return "adjective" if linked and not determined else None


def _beginning(before: Sequence[str]) -> str:
    """Return the word that a noun phrase begins with, or that stands before it; "is" for the "'s" of "he's"."""
    for k, word in enumerate(before):
        if word in english.BEGINNINGS:
            return "is" if word == "'s" and set(before[k + 1 : k + 2]) & english.SHORT_IS_AFTER else word
    return ""


def goes_on(word: str) -> bool:
    """Return whether a noun phrase goes on with a word."""
    return bool(word) and word not in english.FUNCTION and not word.startswith("'")


def is_said_of_a_person(before: Sequence[str], after: Sequence[str], persons: frozenset[str]) -> bool:
    """Return whether an adjective stands by itself and is said of a person: "my wife is black", "im straight"."""
    word = after[0] if after else ""
    if goes_on(word) or word in english.OTHER_SENSE:
        return False
    rest = [w for w in before if w not in english.ADVERBS]
    if rest[:1] and rest[0] in english.SAYS_WHO:
        return True
    return len(rest) > 1 and rest[0] in english.BEING and rest[1] in english.SUBJECTS | persons


# --- spelling -----------------------------------------------------------------------------


def in_case_of(text: str, start: int, end: int, listed: str, word: str) -> str:
    """Return a word in the capitals that the one at ``[start:end]`` has; ``listed`` is that one's usual spelling."""
    found = text[start:end]
    if len(found) > 1 and found.isupper() and not listed.isupper():
        return word.upper()
    if found == found.lower() != listed:
        return word.lower()
    if found[0].isupper() and (listed[0].islower() or begins_sentence(text, start)):
        return word[0].upper() + word[1:]
    return word


def begins_sentence(text: str, start: int) -> bool:
    """Return whether a sentence begins at a place."""
    return bool(_SENTENCE_START.search(text[max(0, start - 20) : start]))


def article(before: str, word: str, *, upper: bool = False) -> tuple[int, int, str] | None:
    """Return start and end of a wrong "a" or "an" at the end of the text before a word, and the right one.

    The word is given in its usual spelling, which tells whether it is read by its letters;
    ``upper`` says that it will be written in capitals.
    """
    match = _ARTICLE.search(before)
    right = "an" if _SPELT_AN.match(word) or (_AN.match(word) and not _SPELT_A.match(word)) else "a"
    if match is None or match[1].lower() == right:
        return None
    if match[1][0].isupper():
        right = right.upper() if match[1] == "AN" or upper else right.capitalize()
    return match.start(1), match.end(1), right


def genitive(text: str, end: int, form: str, word: str) -> tuple[int, str]:
    """Return where a word's possessive ending in the text ends, and the ending that another word has in its place.

    "French people's" becomes "Nigerians'" and "the ladies' room" "the gentlemen's room"; an
    apostrophe after a plural may close a quotation, and then nothing is changed.
    """
    found = _GENITIVE.match(text, end)
    plural = found is not None and (form == "nouns" or len(found[0]) == 1)
    closing = found is not None and len(found[0]) == 1 and _OPENING.search(text, 0, end)
    if found is None or closing or not plural:
        return end, ""
    return found.end(), found[0][0] + ("" if word[-1] in "sS" else "S" if word.isupper() else "s")
