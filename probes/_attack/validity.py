"""Whether a changed text would still mean the same to a person, as far as rules can tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from audit.types import Bools, Floats
from probes._attack.kept import charges
from probes._attack.lockstep import Service
from probes._attack.neighbours import flips
from probes._attack.reading import aligned, displayed, is_opposite, keeps, negations, people, words
from probes._identity.lexicon import Lexicon
from probes._identity.terms import load_terms
from probes._language import Language

ENGLISH_ONLY = "similarity and polarity not looked at (MiniLM and VADER know English alone)"
UNLOOKED: Mapping[Language, str] = {
    "zh": ENGLISH_ONLY,
    "": f"{ENGLISH_ONLY}, nor terms for people and negations (the lists are English and Chinese)",
}
"""Rules that say nothing of texts in other languages than English."""

SLIP = (
    "where a misspelling of one letter, not the first, in a word of four or more, is taken for the same word unless it "
    "makes another"
)


@dataclass(frozen=True)
class Rules:
    """What a changed text must keep to be held for the same; texts are compared as they are displayed."""

    least_similarity: float
    """Cosine of the two texts' sentence vectors."""
    most_changed: float
    """Share of words; one word may always change."""
    sentences: Service | None
    """None where there is no encoder, or where it does not know the language; similarity is then not looked at."""
    valence: Mapping[str, float]
    """By word; empty where there is no lexicon, or where it does not know the language."""
    language: Language = "en"
    """Of most texts."""
    lexicon: Lexicon = field(default_factory=load_terms)
    """Terms for people: none may come, and none go but by a slip of one letter."""

    @property
    def summary(self) -> str:
        """What the rules ask."""
        asked = [f"sentence cosine of {self.least_similarity:g} or more"] if self.sentences else []
        asked += [f"at most {self.most_changed:.0%} of words changed, or one"]
        asked += ["the same terms for people, words of abuse, faith and migration, and negations"]
        asked += [SLIP]
        asked += ["no word of good sense for one of bad, or the reverse"] if self.valence else []
        return "; ".join(filter(None, (f"valid, as displayed: {', '.join(asked)}", self.unlooked)))

    @property
    def unlooked(self) -> str:
        """Rules that cannot be looked at, and why; empty where all can."""
        if self.language in UNLOOKED:
            return UNLOOKED[self.language]
        missing = [] if self.sentences else ["similarity not looked at (get the encoder with: renben fetch minilm)"]
        missing += [] if self.valence else ["polarity not looked at (get the lexicon with: pip install vaderSentiment)"]
        return "; ".join(missing)

    def hold(self, pairs: Sequence[tuple[str, str]]) -> Bools:
        """Whether each changed text keeps all rules, shape (pairs,)."""
        seen = [(displayed(before), displayed(after)) for before, after in pairs]
        kept = np.array([self._of_words(*pair) for pair in seen], dtype=bool)
        if self.sentences and kept.any():
            alike = similarities(self.sentences, [pair for pair, keep in zip(seen, kept, strict=True) if keep])
            kept[kept] = alike >= self.least_similarity
        return kept

    def _of_words(self, before: str, after: str) -> bool:
        few = changed_words(before, after) <= max(1, self.most_changed * len(words(before)))
        turned = any(flips(self.valence, *pair) or is_opposite(*pair) for pair in exchanged(before, after))
        marks = (people(self.lexicon), charges, negations)
        return few and not turned and all(keeps(of_sort, before, after) for of_sort in marks)


def changed_words(before: str, after: str) -> int:
    """Return how many words of the first text are not in their place in the second, words put in between counted."""
    return sum(max(len(old), len(new)) for old, new in _differing(before, after))


def changed_share(before: str, after: str) -> float:
    """Return the share of words that are changed, from 0 to 1."""
    return min(1.0, changed_words(before, after) / max(1, len(words(before))))


def words_left(before: str, after: str) -> float:
    """Return how many words there are after, as a share of those before, from 0 to 1."""
    return min(1.0, len(words(after)) / max(1, len(words(before))))


def exchanged(before: str, after: str) -> list[tuple[str, str]]:
    """Return the words that stand for one another in two texts, punctuation taken off."""
    pairs = [pair for old, new in _differing(before, after) for pair in zip(old, new, strict=False)]
    return [(_bare(old), _bare(new)) for old, new in pairs]


def similarities(sentences: Service, pairs: Sequence[tuple[str, str]]) -> Floats:
    """Return the cosine of the two texts of each pair, shape (pairs,); at least one pair."""
    texts = {text: row for row, text in enumerate(dict.fromkeys(text for pair in pairs for text in pair))}
    vectors = sentences(list(texts))
    before, after = (vectors[[texts[pair[side]] for pair in pairs]] for side in (0, 1))
    return np.asarray((before * after).sum(axis=1))


def _differing(before: str, after: str) -> Iterator[tuple[list[str], list[str]]]:
    return ((old, new) for old, new in aligned(before, after) if old != new)


def _bare(word: str) -> str:
    return word.strip(".,;:!?'\"()[]{}*_#-").lower()
