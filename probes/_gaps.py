"""Intervals of the largest gap between groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.stats import LEVEL
from audit.types import Bools, Floats

ROUNDING = 1e-9
"""Estimates this near to each other are equal."""
MOST_NAMED = 3
"""Groups that are named where several are alike the highest, or the lowest."""
Limits = Callable[[float], tuple[Floats, Floats]]
"""From a critical value (1.96 for one 95 % interval) to lower and upper limits, one per group."""


@dataclass(frozen=True)
class Family:
    """Estimates of one quantity in several groups, to be compared with one another."""

    values: Floats
    """Shape (groups,)."""
    limits: Limits
    draws: Floats
    """Replicates, shape (draws, groups)."""
    shared: Bools
    """Which groups have rows in common, shape (groups, groups)."""
    extremes: tuple[Floats, Floats] | None = None
    """Shape (groups,) each: the least and the most that the estimates can be where outcomes are open; None where none
    are."""

    def log(self) -> "Family":
        """Return the family on the log scale, where a difference is a ratio."""

        def limits(critical: float) -> tuple[Floats, Floats]:
            with np.errstate(divide="ignore"):
                low, high = self.limits(critical)
                return np.log(low), np.log(high)

        extremes = self.extremes and (np.log(self.extremes[0]), np.log(self.extremes[1]))
        return Family(np.log(self.values), limits, np.log(self.draws), self.shared, extremes)


def difference_limits(families: Sequence[Family]) -> tuple[float, float]:
    """Return limits of the largest difference between two groups of one family.

    The percentile bootstrap of a maximum is biased upwards: it calls equal groups unequal.
    Here every pair of every family gets an interval, all of them valid at once, and the
    limits of the maximum follow: at least the largest lower limit of a pair, at most the
    largest upper one. A pair's interval is made of the two groups' own limits (the method of
    variance estimates recovery), at the critical value that :func:`critical_value` finds.

    Returns
    -------
    tuple of float
        Low (never below 0) and high.

    References
    ----------
    Newcombe 1998 (Statistics in Medicine 17:873), method 10, for a pair;
    Zou 2008 (Statistics in Medicine 27:1693) for groups that share rows;
    Hothorn, Bretz and Westfall 2008 (Biometrical Journal 50:346) for the maximum.
    """
    critical = critical_value([family.draws for family in families])
    ends = [_pair_limits(family, critical) for family in families]
    return max(0.0, *(low for low, _ in ends)), max(high for _, high in ends)


def ratio_limits(families: Sequence[Family]) -> tuple[float, float]:
    """Return limits of the smallest ratio of two groups of one family; values must be positive.

    Returns
    -------
    tuple of float
        Low and high, from 0 to 1.
    """
    low, high = difference_limits([family.log() for family in families])
    return float(np.exp(-high)), float(np.exp(-low))


def critical_value(families: Sequence[Floats]) -> float:
    """Return what the largest standardised difference of any pair stays below 95 times in 100.

    Parameters
    ----------
    families : sequence of Floats, shape (draws, groups)
        Joint replicates; pairs are formed within a family, the maximum runs over all. They are
        centred on their own mean, so that smoothing shifts nothing.
    """
    largest = np.zeros(len(families[0]))
    for draws in families:
        centred = draws - draws.mean(axis=0)
        for first in range(draws.shape[1] - 1):
            apart = np.abs(centred[:, first + 1 :] - centred[:, [first]])
            error = np.sqrt((apart**2).mean(axis=0))
            standard = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
            largest = np.maximum(largest, standard.max(axis=1))
    # Of draws + 1, as in a Monte Carlo test: the plain sample quantile is a little too small.
    return float(np.quantile(largest, LEVEL, method="weibull"))


def _pair_limits(family: Family, critical: float) -> tuple[float, float]:
    low, high = family.limits(critical)
    # What is open is no error of sampling: it may be at the one extreme here and at the other there.
    least, most = family.extremes or (family.values, family.values)
    below, above = least - low, high - most
    # A group without events has no lower limit on the log scale; rounding may leave a square below 0.
    with np.errstate(invalid="ignore"):
        common = 2 * _correlation(family) * below[:, None] * above
        reach = np.sqrt(np.maximum(below[:, None] ** 2 + above**2 - common, 0))
    lower = least[:, None] - most - np.where(np.isinf(below[:, None]), np.inf, reach)
    # The upper limit of i against j is minus the lower limit of j against i: both are in here.
    pairs = ~np.eye(len(lower), dtype=bool)
    return float(lower[pairs].max()), float(-lower[pairs].min())


def correlated_draws(values: Floats, errors: Floats, influence: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw estimates of several groups around their values, groups that share rows together.

    Parameters
    ----------
    values, errors : Floats, shape (groups,)
        Estimates and their standard errors.
    influence : Floats, shape (n, groups)
        How far each row moves each estimate; 0 for rows of other groups.

    Returns
    -------
    Floats, shape (draws, groups)
        Normal replicates; groups are visited in the order of their values, so that renaming changes nothing.
    """
    if len(values) < 2:
        return np.tile(values, (draws, 1))
    covariance = influence.T @ influence
    error = np.sqrt(np.diag(covariance))
    scale = error[:, None] * error
    correlation = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    np.fill_diagonal(correlation, 1)
    order = np.lexsort((errors, values))
    normal = np.empty((draws, len(values)))
    normal[:, order] = rng.multivariate_normal(
        np.zeros(len(values)), correlation[np.ix_(order, order)], size=draws, method="eigh"
    )
    return values + normal * errors


def _correlation(family: Family) -> Floats:
    """Correlation of groups that share rows, 0 for others; by column sums, so that order cannot matter."""
    centred = family.draws - family.draws.mean(axis=0)
    covariance = np.stack([(centred * column[:, None]).mean(axis=0) for column in centred.T])
    error = np.sqrt(np.diag(covariance))
    scale = error[:, None] * error
    return np.asarray(np.divide(covariance, scale, out=np.zeros_like(scale), where=family.shared & (scale > 0)))


def ends(names: Sequence[str], values: Floats, spell: str = ".3f") -> str:
    """Return in words which groups are highest and which are lowest, or that there are no such groups."""
    low, high = values.min(), values.max()
    if high - low <= ROUNDING:
        return f"all groups alike: {low:{spell}}"
    return f"highest: {_named(names, values, high)} {high:{spell}}; lowest: {_named(names, values, low)} {low:{spell}}"


def _named(names: Sequence[str], values: Floats, end: float) -> str:
    """Return the first groups that are at an end, and how many more are."""
    there = [name for name, value in zip(names, values, strict=True) if abs(value - end) <= ROUNDING]
    more = len(there) - MOST_NAMED
    return ", ".join(there[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
