"""Intervals and resampling. Everything is a function of its arguments; randomness comes in as ``rng``."""

from collections.abc import Iterator
from statistics import NormalDist
from typing import overload
from zlib import crc32

import numpy as np

from audit.types import Bools, Floats, Interval, Ints

LEVEL = 0.95
DRAWS = 1000
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
Z = NormalDist().inv_cdf(TAILS[1])
CHUNK_CELLS = 4_000_000


# --- random numbers -----------------------------------------------------------------------


def substream(rng: np.random.Generator, *names: str) -> np.random.Generator:
    """Return an independent generator that depends on the seed of ``rng`` and ``names`` alone.

    However much was drawn from ``rng`` makes no difference, so that a new metric or column
    changes no other number.
    """
    seeds = rng.bit_generator.seed_seq
    if not isinstance(seeds, np.random.SeedSequence):
        raise TypeError("rng must come from numpy.random.default_rng")
    key = (*seeds.spawn_key, *(crc32(name.encode()) for name in names))
    return np.random.default_rng(np.random.SeedSequence(seeds.entropy, spawn_key=key))


def resample_counts(counts: Ints, draws: int, rng: np.random.Generator) -> Ints:
    """Resample a table of counts, each row on its own and at its own size.

    A smoothed multinomial bootstrap: two rows of pseudo-data are spread evenly over the cells,
    so that 20 right of 20 still varies. Strata are visited in the order of their counts, so
    that renaming them changes nothing.

    Parameters
    ----------
    counts : Ints, shape (strata, cells)
        Rows by stratum and cell.
    draws : int
        Number of replicates.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Ints, shape (draws, strata, cells)
        Replicates; a stratum without rows stays empty.
    """
    order = np.lexsort(counts.T[::-1])
    ranked = counts[order]
    n = ranked.sum(axis=1)
    probabilities = (ranked + 2 / counts.shape[1]) / (n[:, None] + 2)
    replicates = np.empty((draws, *counts.shape), dtype=np.int64)
    replicates[:, order] = rng.multinomial(n, probabilities, size=(draws, len(n)))
    return replicates


def row_weights(n: int, draws: int, rng: np.random.Generator, strata: Ints | None = None) -> Iterator[Ints]:
    """Yield bootstrap weights of ``n`` rows in chunks of bounded size.

    Parameters
    ----------
    n : int
        Rows, in an order that does not depend on how the data were stored.
    draws : int
        Number of replicates over all chunks.
    rng : numpy.random.Generator
        Source of randomness.
    strata : Ints, shape (n,), optional
        Each stratum keeps its size.

    Yields
    ------
    Ints, shape (chunk, n)
        How often each row is drawn in each replicate.
    """
    size = max(1, CHUNK_CELLS // max(n, 1))
    blocks = [np.arange(n)] if strata is None else [np.flatnonzero(strata == s) for s in np.unique(strata)]
    for start in range(0, draws, size):
        chunk = min(size, draws - start)
        weights = np.empty((chunk, n), dtype=np.int64)
        for rows in blocks:
            weights[:, rows] = _block_weights(len(rows), chunk, rng)
        yield weights


def _block_weights(n: int, chunk: int, rng: np.random.Generator) -> Ints:
    cells = rng.integers(0, n, size=(chunk, n)) + n * np.arange(chunk)[:, None]
    return np.bincount(cells.ravel(), minlength=chunk * n).reshape(chunk, n)


# --- intervals of one number --------------------------------------------------------------


def wilson(successes: int, n: int) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927).

    Raises
    ------
    ValueError
        If ``n`` is 0.
    """
    if n <= 0:
        raise ValueError("a proportion of no rows has no interval")
    low, high = wilson_limits(np.array([successes]), np.array([n]), Z)
    return Interval(low=float(low[0]), high=float(high[0]), method="Wilson")


def wilson_limits(successes: Ints | Floats, n: Ints | Floats, critical: float) -> tuple[Floats, Floats]:
    """Return Wilson limits of several proportions at a critical value; ``n`` must be positive."""
    share = successes / n
    shrink = 1 + critical**2 / n
    centre = (share + critical**2 / (2 * n)) / shrink
    half = critical / shrink * np.sqrt(share * (1 - share) / n + critical**2 / (4 * n**2))
    # Rounding must not leave the proportion itself outside.
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)


def mean_limits(
    sums: Floats, squares: Floats, n: Ints, span: tuple[float, float], critical: float
) -> tuple[Floats, Floats]:
    """Return limits of the means of bounded values at a critical value of the normal distribution.

    Student's interval, widened to the one after a value at either end of the range was added, as
    Agresti and Caffo (2000) do for proportions: rows that all agree still leave room for doubt.

    Parameters
    ----------
    sums, squares : Floats, shape (groups,)
        Sum of the values and of their squares.
    n : Ints, shape (groups,)
        Number of values, 1 or more.
    span : tuple of float
        Smallest and largest possible value.
    """
    mean = sums / n
    low, high = _student(sums, squares, n, critical)
    wider = _student(sums + sum(span), squares + span[0] ** 2 + span[1] ** 2, n + 2, critical)
    return np.clip(np.minimum(low, wider[0]), span[0], mean), np.clip(np.maximum(high, wider[1]), mean, span[1])


def _student(sums: Floats, squares: Floats, n: Ints, critical: float) -> tuple[Floats, Floats]:
    """Return Student's limits of means; of a single value, that value."""
    from scipy.stats import norm, t

    freedom = np.maximum(n - 1, 1)
    mean = sums / n
    error = np.sqrt(np.maximum(squares / n - mean**2, 0) / freedom)
    half = t.ppf(norm.cdf(critical), freedom) * error
    return mean - half, mean + half


def quantile_interval(draws: Floats, method: str) -> Interval:
    """Return the percentile interval of replicates; undefined (NaN) ones are left out.

    Raises
    ------
    ValueError
        If no replicate is defined.
    """
    low, high = _quantiles(draws)
    return Interval(low=low, high=high, method=method)


def basic_interval(
    value: float, draws: Floats, method: str, low: float | None = None, high: float | None = None
) -> Interval:
    """Return the basic (reverse percentile) interval, clipped to the range of the metric.

    Replicates of a statistic that is biased upwards, such as the expected calibration error,
    lie too high by about as much as the statistic itself; reflecting them about it takes that
    bias out, at the price that the interval may lie below ``value``.

    Raises
    ------
    ValueError
        If no replicate is defined.
    """
    lower, upper = _quantiles(draws)
    ends = np.clip([2 * value - upper, 2 * value - lower], low, high)
    return Interval(low=float(ends[0]), high=float(ends[1]), method=method)


def _quantiles(draws: Floats) -> tuple[float, float]:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        raise ValueError("no replicate is defined")
    low, high = np.quantile(defined, TAILS)
    return float(low), float(high)


# --- area under the ROC curve -------------------------------------------------------------


@overload
def auc(scores: Floats, positive: Bools) -> float: ...
@overload
def auc(scores: Floats, positive: Bools, weights: Ints) -> Floats: ...
def auc(scores: Floats, positive: Bools, weights: Ints | None = None) -> float | Floats:
    """Return the area under the ROC curve; ties count one half. Range 0 to 1, ideal 1.

    Parameters
    ----------
    scores : Floats, shape (n,)
        Higher speaks for the positive class.
    positive : Bools, shape (n,)
        The truth.
    weights : Ints, shape (draws, n), optional
        Times that each row counts, by replicate.

    Returns
    -------
    float or Floats, shape (draws,)
        NaN where there are no positives or no negatives.
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    rows = np.ones((1, len(scores)), dtype=np.int64) if weights is None else weights[:, order]
    positives = np.add.reduceat(rows * positive[order], starts, axis=1)
    negatives = np.add.reduceat(rows * ~positive[order], starts, axis=1)
    wins = (positives * (negatives.cumsum(axis=1) - negatives / 2)).sum(axis=1)
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    areas = np.divide(wins, pairs, out=np.full(len(rows), np.nan), where=pairs > 0)
    return float(areas[0]) if weights is None else areas


def newcombe_auc(auc: float, positives: int, negatives: int) -> Interval:
    """Return the score-type interval of an area under the ROC curve (Newcombe 2006, method 5).

    Raises
    ------
    ValueError
        If there are no positives or no negatives.
    """
    if min(positives, negatives) < 1:
        raise ValueError("an area under the ROC curve needs positives and negatives")
    low, high = newcombe_limits(np.array([auc]), np.array([positives]), np.array([negatives]), Z)
    return Interval(low=float(low[0]), high=float(high[0]), method="Newcombe 2006, method 5")


def newcombe_limits(areas: Floats, positives: Ints, negatives: Ints, critical: float) -> tuple[Floats, Floats]:
    """Return Newcombe's limits of several areas at a critical value."""
    low = _newcombe_low(areas, positives, negatives, critical)
    return low, 1 - _newcombe_low(1 - areas, positives, negatives, critical)


def _newcombe_low(areas: Floats, positives: Ints, negatives: Ints, critical: float) -> Floats:
    low, high = np.zeros_like(areas), areas.copy()
    size = (positives + negatives) / 2 - 1
    for _ in range(60):
        middle = (low + high) / 2
        spread = 1 + size * ((1 - middle) / (2 - middle) + middle / (1 + middle))
        error = np.sqrt(middle * (1 - middle) * spread / (positives * negatives))
        outside = areas - middle > critical * error
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    return low
