"""Explanations of rows put to the test: against other orders of the words, other seeds and noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

import probes._noise  # noqa: F401  # registers the perturbations
from audit.perturbations import find_perturbation
from audit.stats import substream
from audit.types import Floats, Ints, Subject
from probes._explain.faithful import STEPS, Faithfulness, Ranked, faithfulness, order_of, rank_correlation, without_each
from probes._explain.owen import Explained, explain
from probes._explain.passages import Passage, passages
from probes._explain.trees import at_random, by_sentence
from probes._sample import Sample

SHAP, LEAVE_ONE_OUT, RANDOM = "shap", "leave-one-out", "random"
METHODS = (SHAP, LEAVE_ONE_OUT, RANDOM)
RANDOM_ORDERS = 3
"""Of the words of each text, over which the random method is averaged."""
NOISE = ("keyboard_neighbour", "similar_character")
"""Slips that leave the words in their places, for English and for Chinese; the first that can change a text."""


@dataclass(frozen=True)
class Quality:
    """One value per row, shape (rows,); NaN where a text has too few words or no score that moves."""

    methods: Mapping[str, Faithfulness]
    stability: Mapping[str, Floats]
    """Rank correlation with the explanation under another tree, and of the text with a slip of the keyboard."""
    agreement: Floats
    """Rank correlation of SHAP values with leave-one-out."""


@dataclass(frozen=True)
class _Text:
    """A row with words enough to put them in an order."""

    row: int
    id: str
    passage: Passage
    noisy: Passage | None
    of_class: int


def quality(subject: Subject, rows: Sample, budget: int, rng: np.random.Generator) -> Quality:
    """Explain rows and put the explanations to the test.

    Parameters
    ----------
    subject : Subject
        The model.
    rows : Sample
        What to explain: the class predicted.
    budget : int
        Versions of a text for one explanation.
    rng : numpy.random.Generator
        Source of randomness.
    """
    assert subject.score
    texts = _texts(subject, rows, rng)
    if not texts:
        return _nothing(len(rows))
    values, under_seed, under_noise = _explained(subject, texts, budget, rng)
    alone = without_each([(text.passage, text.of_class) for text in texts], subject.score)
    agreement = _correlations(values, alone)
    spread = _Spread(np.array([text.row for text in texts], dtype=np.int64), len(rows))
    orders = {
        SHAP: [[order_of(of)] for of in values],
        LEAVE_ONE_OUT: [[order_of(of)] for of in alone],
        RANDOM: [_random_orders(text, rng) for text in texts],
    }
    return Quality(
        _methods(subject, texts, orders, spread),
        {
            "seed": spread.over(_correlations(values, under_seed)),
            "noise": spread.over(_correlations(values, under_noise)),
        },
        spread.over(agreement),
    )


def _nothing(n: int) -> Quality:
    none = np.full(n, np.nan)
    measured = Faithfulness(none, none, none, none, np.full((n, len(STEPS)), np.nan))
    return Quality(dict.fromkeys(METHODS, measured), {"seed": none, "noise": none}, none)


@dataclass(frozen=True)
class _Spread:
    """Puts values of texts in the places of their rows; the other rows have none."""

    rows: Ints
    n: int

    def over(self, values: Floats) -> Floats:
        spread = np.full((self.n, *values.shape[1:]), np.nan)
        spread[self.rows] = values
        return spread


def _texts(subject: Subject, rows: Sample, rng: np.random.Generator) -> list[_Text]:
    noisy = [_noisy(text, id, rng) for text, id in zip(rows.texts, rows.ids, strict=True)]
    cut = passages((*rows.texts, *noisy), subject.token_counts, subject.max_tokens)
    pairs = zip(cut[: len(rows)], cut[len(rows) :], strict=True)
    return [
        _Text(k, rows.ids[k], plain, changed if _aligned(plain, changed) else None, int(rows.predicted[k]))
        for k, (plain, changed) in enumerate(pairs)
        if len(plain) > 1
    ]


def _noisy(text: str, id: str, rng: np.random.Generator) -> str:
    for name in NOISE:
        changed = find_perturbation(name).variants(text, [1], substream(rng, name, id))[0]
        if changed != text:
            return changed
    return text


def _aligned(plain: Passage, changed: Passage) -> bool:
    return len(plain) == len(changed) and plain.text != changed.text


def _explained(
    subject: Subject, texts: Sequence[_Text], budget: int, rng: np.random.Generator
) -> tuple[list[Floats], list[Floats | None], list[Floats | None]]:
    """Return the SHAP values of each text for its class: as they are, under another tree, and after noise."""
    assert subject.score
    plain = [(text.passage, by_sentence(text.passage.parts)) for text in texts]
    seeded = [(text.passage, at_random(len(text.passage), substream(rng, "tree", text.id))) for text in texts]
    noisy = [(text.noisy, by_sentence(text.noisy.parts)) for text in texts if text.noisy]
    found = iter(explain([*plain, *seeded, *noisy], subject.score, budget))
    values = [next(found).values[:, text.of_class] for text in texts]
    under_seed: list[Floats | None] = [next(found).values[:, text.of_class] for text in texts]
    return values, under_seed, [_same_class(next(found), text.of_class) if text.noisy else None for text in texts]


def _same_class(found: Explained, of_class: int) -> Floats | None:
    """Return the values for a class where it is still the one predicted: else they ought to differ."""
    now = found.base + found.values.sum(axis=0)
    return found.values[:, of_class] if now.argmax() == of_class else None


def _correlations(values: Sequence[Floats], others: Sequence[Floats | None]) -> Floats:
    pairs = zip(values, others, strict=True)
    return np.array([np.nan if other is None else rank_correlation(one, other) for one, other in pairs])


def _random_orders(text: _Text, rng: np.random.Generator) -> list[Ints]:
    stream = substream(rng, RANDOM, text.id)
    return [stream.permutation(len(text.passage)) for _ in range(RANDOM_ORDERS)]


def _methods(
    subject: Subject, texts: Sequence[_Text], orders: Mapping[str, Sequence[Sequence[Ints]]], spread: _Spread
) -> dict[str, Faithfulness]:
    """Measure the orders of all methods in one request, and average those of one text."""
    assert subject.score
    ranked = {
        method: [
            Ranked(text.passage, order, text.of_class) for text, tried in zip(texts, of, strict=True) for order in tried
        ]
        for method, of in orders.items()
    }
    measured = faithfulness([one for of in ranked.values() for one in of], subject.score)
    ends = np.cumsum([len(of) for of in ranked.values()]).tolist()
    blocks = zip(ranked, [0, *ends[:-1]], ends, strict=True)
    return {method: _averaged(measured, slice(start, end), spread) for method, start, end in blocks}


def _averaged(measured: Faithfulness, block: slice, spread: _Spread) -> Faithfulness:
    def mean(values: Floats) -> Floats:
        own = values[block].reshape(len(spread.rows), -1, *values.shape[1:])
        return spread.over(own.mean(axis=1))

    return Faithfulness(*(mean(getattr(measured, field.name)) for field in fields(Faithfulness)))
