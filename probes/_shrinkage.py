"""Empirical-Bayes estimates of several proportions."""

import numpy as np

from audit.types import Floats, Ints

STARTS = (0.0, 3.0, 6.0)
"""Log precisions to start from: the likelihood is flat or has two peaks for few groups."""


def shrink(events: Ints, rows: Ints) -> Floats:
    """Return beta-binomial posterior means, each drawn towards the mean of all groups.

    The prior is fitted by maximum likelihood on the logit of its mean and the log of its
    precision. Groups of few rows move most; groups that differ by chance alone fall together.

    Parameters
    ----------
    events, rows : Ints, shape (groups,)
        Successes and trials; no group may be empty.

    Returns
    -------
    Floats, shape (groups,)
        The proportions themselves where there are fewer than two groups.
    """
    if len(events) < 2:
        return np.asarray(events / rows)
    mean, precision = _prior(events, rows)
    return np.asarray((events + mean * precision) / (rows + precision))


def _prior(events: Ints, rows: Ints) -> tuple[float, float]:
    from scipy.optimize import minimize
    from scipy.special import betaln, expit, logit

    # In an order of their own, so that renaming groups cannot change the last digits.
    order = np.lexsort((events, rows))
    events, rows = events[order], rows[order]

    def loss(point: Floats) -> float:
        a, b = expit(point[0]) * np.exp(point[1]), expit(-point[0]) * np.exp(point[1])
        return -float(np.sum(betaln(events + a, rows - events + b) - betaln(a, b)))

    centre = logit((events.sum() + 0.5) / (rows.sum() + 1))
    fits = [minimize(loss, (centre, start), method="L-BFGS-B", bounds=((-9, 9), (-3, 10))) for start in STARTS]
    best = min(fits, key=lambda fit: float(fit.fun)).x
    return float(expit(best[0])), float(np.exp(best[1]))
