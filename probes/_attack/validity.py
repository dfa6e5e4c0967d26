"""Whether a changed text would still mean the same to a person, as far as rules can tell."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from audit.types import Bools, Floats
from probes._attack.lockstep import Service
from probes._attack.neighbours import flips
from probes._identity.terms import identity_words

CJK = "\u3400-\u9fff"
WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")
"""Words between spaces; every Chinese character is one."""


@dataclass(frozen=True)
class Rules:
    """What a changed text must keep to be held for the same."""

    least_similarity: float
    """Cosine of the two texts' sentence vectors."""
    most_changed: float
    """Share of words; one word may always change."""
    sentences: Service | None
    """None where there is no encoder; similarity is then not looked at."""
    valence: Mapping[str, float]
    """By word; empty where there is no lexicon."""
    terms: frozenset[str] = field(default_factory=identity_words)
    """Words that name persons by an identity; none may come or go."""

    @property
    def summary(self) -> str:
        """What the rules ask."""
        asked = [f"sentence cosine of {self.least_similarity:g} or more"] if self.sentences else []
        asked += [f"at most {self.most_changed:.0%} of words changed, or one", "terms for groups of people kept"]
        asked += ["no word of good sense for one of bad, or the reverse"] if self.valence else []
        return "; ".join(filter(None, (f"valid: {', '.join(asked)}", self.unlooked)))

    @property
    def unlooked(self) -> str:
        """Rules that cannot be looked at, and why; empty where all can."""
        missing = [] if self.sentences else ["similarity not looked at (get the encoder with: renben fetch minilm)"]
        missing += [] if self.valence else ["polarity not looked at (get the lexicon with: pip install vaderSentiment)"]
        return "; ".join(missing)

    def hold(self, pairs: Sequence[tuple[str, str]]) -> Bools:
        """Whether each changed text keeps all rules, shape (pairs,)."""
        kept = np.array([self._of_words(*pair) for pair in pairs], dtype=bool)
        if self.sentences and kept.any():
            alike = similarities(self.sentences, [pair for pair, keep in zip(pairs, kept, strict=True) if keep])
            kept[kept] = alike >= self.least_similarity
        return kept

    def _of_words(self, before: str, after: str) -> bool:
        few = changed_words(before, after) <= max(1, self.most_changed * len(words(before)))
        turned = any(flips(self.valence, *pair) for pair in exchanged(before, after))
        return few and not turned and not changes_identity(before, after, self.terms)


def words(text: str) -> list[str]:
    """Return the words of a text, punctuation left on."""
    return WORD.findall(text)


def changed_words(before: str, after: str) -> int:
    """Return how many words of the first text are not in their place in the second, words put in between counted."""
    return sum(max(len(old), len(new)) for old, new in _blocks(before, after))


def changed_share(before: str, after: str) -> float:
    """Return the share of words that are changed, from 0 to 1."""
    return min(1.0, changed_words(before, after) / max(1, len(words(before))))


def words_left(before: str, after: str) -> float:
    """Return how many words there are after, as a share of those before, from 0 to 1."""
    return min(1.0, len(words(after)) / max(1, len(words(before))))


def exchanged(before: str, after: str) -> list[tuple[str, str]]:
    """Return the words that stand for one another in two texts, punctuation taken off."""
    pairs = [pair for old, new in _blocks(before, after) for pair in zip(old, new, strict=False)]
    return [(_bare(old), _bare(new)) for old, new in pairs]


def changes_identity(before: str, after: str, terms: Iterable[str]) -> bool:
    """Whether a term for a group of people comes more or less often after than before."""
    counts = [Counter(_bare(word) for word in words(text)) for text in (before, after)]
    return any(counts[0][term] != counts[1][term] for term in terms)


def similarities(sentences: Service, pairs: Sequence[tuple[str, str]]) -> Floats:
    """Return the cosine of the two texts of each pair, shape (pairs,); at least one pair."""
    texts = {text: row for row, text in enumerate(dict.fromkeys(text for pair in pairs for text in pair))}
    vectors = sentences(list(texts))
    before, after = (vectors[[texts[pair[side]] for pair in pairs]] for side in (0, 1))
    return np.asarray((before * after).sum(axis=1))


def _blocks(before: str, after: str) -> list[tuple[list[str], list[str]]]:
    old, new = _apart(words(before), words(after))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[a:b], new[c:d]) for kind, a, b, c, d in steps if kind != "equal"]


def _apart(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Leave out what both begin and end with: matching takes the square of the length."""
    shorter = min(len(old), len(new))
    start = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    most = shorter - start
    end = next((k for k in range(most) if old[-1 - k] != new[-1 - k]), most)
    return old[start : len(old) - end], new[start : len(new) - end]


def _bare(word: str) -> str:
    return word.strip(".,;:!?'\"()[]{}*_#-").lower()
