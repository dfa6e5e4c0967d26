"""How far one table is from another: can they be told apart, and do their shares differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.stats import DRAWS, LEVEL, TAILS, auc, newcombe_auc
from audit.types import Bools, Floats, Interval, Ints, Null
from probes._quality.learn import held_out

BINS = 10


@dataclass(frozen=True)
class Drift:
    """One measure of the distance between two tables."""

    value: float
    interval: Interval
    null: Null
    n: int
    """Rows, or memberships of groups, that the value rests on."""


def told_apart(texts: Sequence[str], others: Sequence[str], rng: np.random.Generator) -> Drift | None:
    """Return how well a simple model tells two tables apart by their words; None where it cannot be taught.

    The area under the ROC curve over rows that the model was not taught; 0.5 where the tables are
    alike. Its null redraws which of those rows are of which table.

    Parameters
    ----------
    texts, others : sequence of str
        In orders that do not depend on how the rows were stored.
    rng : numpy.random.Generator
        Source of randomness for the null.

    References
    ----------
    Lopez-Paz and Oquab 2017 (Revisiting classifier two-sample tests, arXiv:1610.06545).
    """
    source = np.array([1] * len(texts) + [0] * len(others), dtype=np.int64)
    answers = held_out((*texts, *others), source)
    if answers is None:
        return None
    rows, scores = answers
    ours = source[rows] == 1
    positives, negatives = int(ours.sum()), int((~ours).sum())
    area = auc(scores, ours)
    return Drift(
        area, newcombe_auc(area, positives, negatives), _redrawn(area, scores, ours, rng), positives + negatives
    )


def _redrawn(area: float, scores: Floats, ours: Bools, rng: np.random.Generator) -> Null:
    """Redraw which rows are of which table; the area follows from the ranks of ours."""
    from scipy.stats import rankdata

    positives = int(ours.sum())
    sums = rng.permuted(np.tile(ours.astype(np.int8), (DRAWS, 1)), axis=1) @ rankdata(scores)
    areas = (sums - positives * (positives + 1) / 2) / (positives * (len(ours) - positives))
    # Rounding must not tell a draw from its equal.
    p_value = (1 + int((areas >= area - 1e-12).sum())) / (1 + DRAWS)
    method = f"rows redrawn between the tables, {DRAWS} times"
    return Null(upper=float(np.quantile(areas, LEVEL)), p_value=p_value, method=method)


def stability(counts: Ints, reference: Ints) -> Drift | None:
    """Return the population stability index of two tables of counts; None where either is empty.

    The sum of (p - q) ln(p / q) over the bins, half a row added to each. Where the shares are alike
    it has a chi-squared distribution, and near that a noncentral one, which gives the interval.

    Parameters
    ----------
    counts, reference : Ints, shape (bins,)
        Rows by bin.

    References
    ----------
    Yurdakul and Naranjo 2020 (Statistical properties of the population stability index, Journal of
    Risk Model Validation 14:89).
    """
    from scipy.stats import chi2

    tables = np.stack([counts, reference])
    # In the order of their counts, so that other names of groups change not even the rounding.
    tables = tables[:, np.lexsort(tables)]
    tables = tables[:, tables.sum(axis=0) > 0]
    if not tables.sum(axis=1).all():
        return None
    shares = (tables + 0.5) / (tables + 0.5).sum(axis=1, keepdims=True)
    value = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    scale, freedom = float((1 / tables.sum(axis=1)).sum()), max(tables.shape[1] - 1, 1)
    null = Null(
        upper=float(chi2.ppf(LEVEL, freedom)) * scale,
        p_value=float(chi2.sf(value / scale, freedom)),
        method="chi-squared",
    )
    return Drift(value, _noncentral(value, scale, freedom), null, int(tables.sum()))


def _noncentral(value: float, scale: float, freedom: int) -> Interval:
    """Return the noncentralities that do not contradict the value; luck below the null's mean narrows nothing."""
    from scipy.special import chndtr, chndtrinc

    def centre(statistic: float, tail: float) -> float:
        possible = chndtr(statistic, freedom, 0) > tail
        return float(chndtrinc(statistic, freedom, tail)) * scale if possible else 0.0

    low, high = centre(value / scale, TAILS[1]), centre(max(value / scale, freedom), TAILS[0])
    return Interval(low=min(low, value), high=max(high, value), method="noncentral chi-squared")


def by_length(texts: Sequence[str], others: Sequence[str]) -> tuple[Ints, Ints]:
    """Count texts by length in characters, in bins that hold a tenth of the others each."""
    lengths, reference = (np.array([len(text) for text in of]) for of in (texts, others))
    edges = np.unique(np.quantile(reference, np.arange(1, BINS) / BINS)) if len(reference) else np.empty(0)
    binned = (np.searchsorted(edges, of, side="right") for of in (lengths, reference))
    ours, theirs = (np.bincount(of, minlength=len(edges) + 1) for of in binned)
    return ours, theirs
