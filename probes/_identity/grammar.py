"""The little English grammar that a swap needs: which reading a word has, its article and its capitals."""

import re
from collections.abc import Sequence

_FUNCTION = """
    a about above after again against all almost alone already also always am an and any anymore anyway are aren
    around as asked at away be because been before being believe believes below both but by came can cannot could
    couldn did didn do does doesn don down during each either else ever every everywhere for forever from gave get
    gets go goes got had has hasn have haven he her here hers him his how i if in instead into is isn it its just
    knew know knows last later like live lived lives ll look looked looks love loves made make makes may maybe me
    might more most much must my need needs never next no nor not now of off on once one only or our out over re
    really said saw say says she should so some soon still such take takes tell tells than thank that the their them
    then there these they think thinks this those though through to today together told tomorrow tonight too took
    under until up us ve very want wants was wasn we well went were weren what when where whether which while who
    whose why will with without won work worked works would yesterday yet you your
"""
FUNCTION = frozenset(_FUNCTION.split())
"""Words after which no noun phrase of the word before goes on: pronouns, prepositions, common verbs and adverbs."""
OWNED = frozenset(("last", "look", "looks", "love", "need", "needs", "only", "work", "works"))
"""Those of them that after "her" and "his" go on as a noun phrase more often than not."""
ONE = frozenset(("a", "an", "one", "every", "each", "another"))
_LINKS = "am is are was were be being been isn aren wasn very half not t s m re really openly proudly"
LINKS = frozenset(_LINKS.split())
"""Words before an adjective that stands by itself; the short ones are what is left of "isn't", "he's", "I'm"."""

_AN = re.compile(r"(?!eu|uk|ug|uni|usa|one\b)[aeiou]|heir|honest|hour|lgbt", re.I)
_ARTICLE = re.compile(r"\b(an?)(\s+)$", re.I)
_SENTENCE_START = re.compile(r"(?:^|[.!?。！？]\s*|\n\s*)[\"'“‘(]*$")


def reading(forms: Sequence[str], before: str, after: str) -> int:
    """Return which of a word's possible forms it has, by its neighbours.

    Before a noun "her" and "his" are possessive and "Muslim" is an adjective; after "a" it is
    a noun, after "is" an adjective. A word is taken for a noun that is not in a list of function
    words and common verbs, so that "saw her dance" is read as "her dance".

    Parameters
    ----------
    forms : sequence of str
        Such as ``("adjective", "noun")``.
    before, after : str
        Neighbouring words in lower case; empty at the text's ends and beside punctuation.
    """
    goes_on = after and after not in FUNCTION and not after.endswith("ing")
    order: tuple[str, ...]
    if goes_on or ("possessive" in forms and after in OWNED):
        order = ("possessive", "adjective")
    elif before in ONE:
        order = ("noun", "adjective")
    elif before in LINKS:
        order = ("adjective", "possessive_pronoun", "object")
    else:
        order = ("object", "possessive_pronoun", "nouns", "noun")
    return next((forms.index(form) for form in order if form in forms), 0)


def in_case_of(text: str, start: int, end: int, listed: str, word: str) -> str:
    """Return a word in the capitals that the one at ``[start:end]`` has; ``listed`` is that one's usual spelling."""
    found = text[start:end]
    if len(found) > 1 and found.isupper() and not listed.isupper():
        return word.upper()
    if found == found.lower() != listed:
        return word.lower()
    begins = _SENTENCE_START.search(text[max(0, start - 20) : start])
    if found[0].isupper() and (listed[0].islower() or begins):
        return word[0].upper() + word[1:]
    return word


def article(before: str, word: str) -> tuple[int, int, str] | None:
    """Return start and end of a wrong "a" or "an" at the end of the text before a word, and the right one."""
    match = _ARTICLE.search(before)
    right = "an" if _AN.match(word) else "a"
    if match is None or match[1].lower() == right:
        return None
    if match[1][0].isupper():
        right = right.upper() if match[1] == "AN" or word.isupper() else right.capitalize()
    return match.start(1), match.end(1), right
