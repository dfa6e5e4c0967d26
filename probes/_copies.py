"""Rows that are no independent evidence: filled from one template, they come in units of like ones."""

import numpy as np

from audit.types import Bools, Floats, Ints


def effective_sizes(values: Floats, members: Bools, units: Ints) -> Floats:
    """Return how many independent rows would tell as much of a share as rows that come in units of like ones.

    The number of rows over the design effect, which the spread between units tells. Two more
    units, one all right and one all wrong, are counted with them: rows that all agree still leave
    room for doubt, and then count for as many as there are units.

    Parameters
    ----------
    values : Floats, shape (n,)
        1 or 0.
    members : Bools, shape (n, groups)
        Rows of each group, one or more.
    units : Ints, shape (n,)
        From 0; rows of one unit are copies of one template, or of one person.

    Returns
    -------
    Floats, shape (groups,)
        The number of rows where no two share a unit.

    References
    ----------
    Kish 1965 (Survey sampling), section 8.2; Dean and Pagano 2015 (Journal of Survey Statistics and
    Methodology 3:484), Wilson's interval at the effective size.
    """
    sizes, sums = by_unit(members.astype(float), units), by_unit(values[:, None] * members, units)
    n, mean = sizes.sum(axis=0), sizes.sum(axis=0) / (sizes > 0).sum(axis=0)
    share = (sums.sum(axis=0) + mean) / (n + 2 * mean)
    spread = ((sums - share * sizes) ** 2).sum(axis=0) + mean**2 * (share**2 + (1 - share) ** 2)
    return np.asarray(n / np.maximum(spread / ((n + 2 * mean) * share * (1 - share)), 1))


def by_unit(values: Floats, units: Ints) -> Floats:
    """Return the sums of the rows of each unit, shape (units, columns)."""
    sums = np.zeros((units.max() + 1, values.shape[1]))
    np.add.at(sums, units, values)
    return sums


def alike(influence: Floats, averages: Floats, n: Ints) -> Floats:
    """Return influences in which any two groups correlate alike, as all pairs of them do together.

    Groups seen in the same units err together, and what they have in common is no difference
    between them (for one pair Newcombe 1998, Statistics in Medicine 17:2635, method 10). Each
    pair's own correlation would rest on too few units: the largest of many is a chance find.
    Two rows of its own for each group, one right and one wrong, keep groups that agree in
    every unit seen from being taken for equal.
    """
    covariance = influence.T @ influence
    errors = np.sqrt(np.diag(covariance) + (averages**2 + (1 - averages) ** 2) / n**2)
    pairs = ~np.eye(len(errors), dtype=bool)
    common = max(0.0, float(covariance[pairs].sum() / np.outer(errors, errors)[pairs].sum()))
    return np.vstack((np.sqrt(common) * errors, np.sqrt(1 - common) * np.diag(errors)))
