"""How well guesses tell members from others: area, advantage and hits at few false alarms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

import numpy as np

from audit.stats import LEVEL, auc, newcombe_limits, wilson_limits
from audit.types import Bools, Floats, Interval, Null

FALSE_ALARMS = 0.01
"""False positive rate at which attackers are compared (Carlini et al. 2022, arXiv:2112.03570)."""


# --- intervals of the largest of several, which hold for all of them at once ---------------


def area_interval(signals: Sequence[Floats], member: Bools) -> Interval:
    """Return the interval of the largest of some areas under the ROC curve (Bonferroni)."""
    critical = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / len(signals))
    areas = np.array([auc(signal, member) for signal in signals])
    members, others = (np.full(len(areas), side.sum()) for side in (member, ~member))
    low, high = newcombe_limits(areas, members, others, critical)
    return Interval(low=float(low.max()), high=float(high.max()), method=_of(len(areas), "Newcombe 2006, method 5"))


def advantage_interval(signals: Sequence[Floats], member: Bools) -> Interval:
    """Return the interval of the largest of some advantages: the band of Kolmogorov and Smirnov (Bonferroni).

    Where everywhere the two rates differ from the truth by no more than the band is wide, so does their
    largest difference, whichever threshold was best. Ties only make the band too wide: a signal that is
    the same for all rows still leaves room for doubt.
    """
    value = max(advantage(signal, member) for signal in signals)
    spread = 1 / int(member.sum()) + 1 / int((~member).sum())
    reach = sqrt(-log((1 - LEVEL) / 2 / len(signals)) / 2 * spread)
    method = _of(len(signals), "Kolmogorov-Smirnov band")
    return Interval(low=max(0.0, value - reach), high=min(1.0, value + reach), method=method)


def hits_interval(signals: Sequence[Floats], member: Bools) -> Interval:
    """Return the interval of the largest of some :func:`hits_at_few_false_alarms` (Bonferroni).

    The threshold is itself estimated: the interval takes it as far off as the order statistics of
    the others allow, and then Wilson's limits there; each has half of the error.
    """
    from scipy.stats import binom

    tail, count = (1 - LEVEL) / 4 / len(signals), int((~member).sum())
    fewest, most = (int(binom.ppf(p, count, FALSE_ALARMS)) for p in (tail, 1 - tail))
    critical, own = NormalDist().inv_cdf(1 - tail), np.full(len(signals), member.sum())
    found = [np.array([_found(signal, member, alarms) for signal in signals]) for alarms in (fewest - 1, most)]
    low, high = wilson_limits(found[0], own, critical)[0], wilson_limits(found[1], own, critical)[1]
    return Interval(
        low=float(low.max()),
        high=float(high.max()),
        method=_of(len(signals), "order statistics of the threshold and Wilson"),
    )


def _of(attacks: int, method: str) -> str:
    return f"{method}, the largest of {attacks} at once" if attacks > 1 else method


# --- point values -------------------------------------------------------------------------


def roc(signal: Floats, member: Bools) -> tuple[Floats, Floats]:
    """Return false and true positive rates over the distinct thresholds, from (0, 0) to (1, 1)."""
    order = np.argsort(-signal, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(signal[order])), len(signal) - 1)
    rates = [np.concatenate([[0.0], side[order].cumsum()[ends] / side.sum()]) for side in (~member, member)]
    return rates[0], rates[1]


def advantage(signal: Floats, member: Bools) -> float:
    """Return the largest true less false positive rate over all thresholds (Yeom et al. 2018). Range 0 to 1."""
    false, true = roc(signal, member)
    return float((true - false).max())


def hits_at_few_false_alarms(signal: Floats, member: Bools) -> float:
    """Return the share of members found by the lowest threshold that takes at most 1 in 100 others for one."""
    return _found(signal, member, int(FALSE_ALARMS * (~member).sum())) / int(member.sum())


def _found(signal: Floats, member: Bools, false_alarms: int) -> int:
    """Return the members above the lowest threshold that at most this many others pass; none for less than none."""
    others = np.sort(signal[~member])[::-1]
    return int((signal[member] > others[false_alarms]).sum()) if false_alarms >= 0 else 0


@dataclass(frozen=True)
class Strength:
    """One number for how well guesses tell members from others."""

    value: Callable[[Floats, Bools], float]
    """From a signal and who is a member."""
    interval: Callable[[Sequence[Floats], Bools], Interval]
    """Of the largest value that some signals reach."""


STRENGTHS = {
    "auc": Strength(auc, area_interval),
    "advantage": Strength(advantage, advantage_interval),
    "tpr_at_fpr": Strength(hits_at_few_false_alarms, hits_interval),
}

# --- chance -------------------------------------------------------------------------------

Chance = Mapping[str, Mapping[str, Floats]]
"""By strength and attack: what it reaches where membership is drawn by lot, shape (draws,)."""


def by_lot(member: Bools, signals: Mapping[str, Floats], draws: int, rng: np.random.Generator) -> Chance:
    """Draw membership by lot, the same for all attacks."""
    lots = [rng.permutation(member) for _ in range(draws)]
    reached = {}
    for name, signal in signals.items():
        order = np.argsort(-signal, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(signal[order])), len(signal) - 1)
        reached[name] = np.array([_of_lot(lot[order], ends) for lot in lots])
    return {
        strength: {name: of[:, column] for name, of in reached.items()} for column, strength in enumerate(STRENGTHS)
    }


def _of_lot(member: Bools, ends: np.ndarray) -> tuple[float, float, float]:
    """Return each strength for members in the order of a signal; ties end at ``ends``."""
    found, alarms = (np.append(0, side.cumsum()[ends]) for side in (member, ~member))
    true, false = found / found[-1], alarms / alarms[-1]
    area = np.diff(false) @ (true[1:] + true[:-1]) / 2
    few = np.searchsorted(alarms, int(FALSE_ALARMS * alarms[-1]), side="right") - 1
    return float(area), float((true - false).max()), float(true[few])


def null_of(value: float, draws: Floats, method: str) -> Null:
    """Return what chance reaches 95 times in 100, and how often it reaches ``value``."""
    # Rounding must not tell a draw from its equal.
    p = (1 + int((draws >= value - 1e-12).sum())) / (1 + len(draws))
    return Null(upper=float(np.quantile(draws, LEVEL)), p_value=p, method=method)
