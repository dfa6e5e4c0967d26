"""What hiding the parts that an explanation names first, or all others, does to the score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from audit.types import Bools, Floats, Ints, Score
from probes._explain.passages import Passage

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Of the parts, over which comprehensiveness and sufficiency are averaged (DeYoung et al. 2020)."""
STEPS = tuple(np.linspace(0, 1, 11).tolist())
"""Of the parts, over which deletion and insertion curves run."""
EQUAL = 9
"""Digits to which attributions that differ by rounding alone are equal."""


@dataclass(frozen=True)
class Ranked:
    """A text and an order of its parts, the most important first."""

    passage: Passage
    order: Ints
    of_class: int
    """The class that is explained."""


@dataclass(frozen=True)
class Faithfulness:
    """Four measures of each order, shape (orders,), and the two curves."""

    comprehensiveness: Floats
    sufficiency: Floats
    deletion: Floats
    insertion: Floats
    deletion_curve: Floats
    """Score of the class at each of ``STEPS``, shape (orders, steps)."""


def order_of(values: Floats) -> Ints:
    """Return parts by how much they speak for a class; equal ones in the order of the text."""
    return np.argsort(-values.round(EQUAL), kind="stable")


def faithfulness(ranked: Sequence[Ranked], score: Score) -> Faithfulness:
    """Measure orders in one request.

    Comprehensiveness is the fall of the score when the first parts are hidden and sufficiency its
    fall when only they are shown, each a mean over ``SHARES``; deletion and insertion are areas
    under the curve of the score while parts are hidden, or shown, one after the other.

    References
    ----------
    DeYoung et al. 2020 (ERASER, arXiv:1911.03429), AOPC; Petsiuk et al. 2018 (RISE,
    arXiv:1806.07421), deletion and insertion.
    """
    masks = [_masks(one.order) for one in ranked]
    texts = [one.passage.show(mask) for one, of in zip(ranked, masks, strict=True) for mask in of]
    classes = np.repeat([one.of_class for one in ranked], [len(of) for of in masks])
    values = score(texts)[np.arange(len(texts)), classes].reshape(len(ranked), 2, -1)
    hidden, kept = values[:, 0], values[:, 1]
    whole, some = hidden[:, [len(SHARES)]], slice(len(SHARES))
    return Faithfulness(
        (whole - hidden[:, some]).mean(axis=1),
        (whole - kept[:, some]).mean(axis=1),
        np.trapezoid(hidden[:, len(SHARES) :], STEPS, axis=1),
        np.trapezoid(kept[:, len(SHARES) :], STEPS, axis=1),
        hidden[:, len(SHARES) :],
    )


def _masks(order: Ints) -> list[Bools]:
    """Return what is shown when the first parts are hidden, at each share and step; then the contrary."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    counts = [max(1, round(share * len(order))) for share in SHARES] + [round(step * len(order)) for step in STEPS]
    hidden = [rank >= count for count in counts]
    return hidden + [~mask for mask in hidden]


def without_each(texts: Sequence[tuple[Passage, int]], score: Score) -> list[Floats]:
    """Return how far the score of a class falls when each part alone is hidden.

    Parameters
    ----------
    texts : sequence of (Passage, int)
        Each with its class.
    score : callable
        The model.
    """
    masks = [~np.eye(len(passage) + 1, len(passage), dtype=bool)[::-1] for passage, _ in texts]
    asked = list(chain.from_iterable(_shown(passage, of) for (passage, _), of in zip(texts, masks, strict=True)))
    scores = score(asked)
    parts = np.split(scores, np.cumsum([len(of) for of in masks])[:-1])
    return [of[0, label] - of[:0:-1, label] for of, (_, label) in zip(parts, texts, strict=True)]


def _shown(passage: Passage, masks: Bools) -> Iterator[str]:
    return (passage.show(mask) for mask in masks)


def rank_correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation; NaN for fewer than three parts or where one does not vary."""
    from scipy.stats import rankdata

    first, second = (rankdata(values.round(EQUAL)) for values in (one, other))
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(first, second)[0, 1], -1, 1))
