"""Recalibration: what would have to be done to the scores for them to be calibrated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audit.stats import Z
from audit.types import Bools, Floats, Ints

EPS = float(np.finfo(np.float64).eps)
LIKELIHOOD_DROP = Z**2 / 2
"""Half the 95 % point of chi-squared with one degree of freedom."""


@dataclass(frozen=True)
class Estimate:
    """A maximum-likelihood estimate with its 95 % profile-likelihood limits."""

    value: float
    low: float
    high: float


def most_likely(loss: Callable[[float], float], low: float, high: float) -> Estimate | None:
    """Minimise a negative log-likelihood in one parameter; None where it has no limits in the range."""
    from scipy.optimize import brentq, minimize_scalar

    best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-7})

    def excess(value: float) -> float:
        return loss(value) - float(best.fun) - LIKELIHOOD_DROP

    if min(excess(low), excess(high)) <= 0:
        return None
    return Estimate(float(best.x), float(brentq(excess, low, best.x)), float(brentq(excess, best.x, high)))


def recalibration_intercept(chance: Floats, event: Bools) -> Estimate | None:
    """Return the shift of all log odds that fits the events best (Cox 1958); 0 if calibrated."""
    logit = log_odds(chance)
    return most_likely(lambda shift: _logistic_loss(logit + shift, event), -30, 30)


def recalibration_slope(chance: Floats, event: Bools) -> Estimate | None:
    """Return the factor on all log odds that fits the events best, any shift allowed; 1 if calibrated."""
    from scipy.optimize import brentq
    from scipy.special import expit

    logit, total = log_odds(chance), event.sum()
    if not 0 < total < len(event):
        return None

    def loss(slope: float) -> float:
        far = 40 + abs(slope) * float(np.abs(logit).max())
        shift = brentq(lambda a: expit(slope * logit + a).sum() - total, -far, far)
        return _logistic_loss(slope * logit + shift, event)

    return most_likely(loss, -20, 20)


def log_odds(chance: Floats) -> Floats:
    clipped = np.clip(chance, EPS, 1 - EPS)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _logistic_loss(logit: Floats, event: Bools) -> float:
    return float(np.logaddexp(0, np.where(event, -logit, logit)).sum())


def temperature(scores: Floats, labels: Ints) -> Estimate | None:
    """Return the temperature that fits labels best (Guo et al. 2017, arXiv:1706.04599); 1 if calibrated.

    Parameters
    ----------
    scores : Floats, shape (n, classes)
        Probabilities; their logarithms serve as logits.
    labels : Ints, shape (n,)
        True classes.
    """
    logits = np.log(np.clip(scores, EPS, 1))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(labels)), labels]).sum())

    fit = most_likely(loss, np.log(0.01), np.log(100))
    return fit and Estimate(*(float(np.exp(end)) for end in (fit.value, fit.low, fit.high)))


def tempered(scores: Floats, temperature: float) -> Floats:
    """Return the probabilities at another temperature, shape (n, classes)."""
    scaled = np.log(np.clip(scores, EPS, 1)) / temperature
    return np.asarray(np.exp(scaled - np.logaddexp.reduce(scaled, axis=1)[:, None]))
