"""Point values by group: fairlearn's metrics in its MetricFrame, on weighted counts instead of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from audit.types import Bools, Floats
from probes._rates import Key, Tally


@dataclass(frozen=True)
class Comparison:
    """Every rate by group, and how far the groups lie apart.

    NaN where undefined: a rate of too few rows, a gap between fewer than two groups, a ratio of 0 to 0.
    """

    values: Floats
    """Shape (groups, keys)."""
    difference: Floats
    """Largest minus smallest, shape (keys,)."""
    ratio: Floats
    """Smallest to largest, shape (keys,)."""


def compare(table: Tally, floor: int, groups: Bools) -> Comparison:
    """Return fairlearn's value of each rate in each of some groups, its difference and its ratio.

    Parameters
    ----------
    table : Tally
        The counts.
    floor : int
        Rows that a rate needs in its denominator to count.
    groups : Bools, shape (groups,)
        Which groups to look at.
    """
    from fairlearn.metrics import MetricFrame

    group, cell = np.nonzero(table.groups * groups[:, None])
    blank = np.full(len(table.keys), np.nan)
    if not len(group):
        return Comparison(np.tile(blank, (len(groups), 1)), blank, blank)
    names = [str(i) for i in range(len(table.keys))]
    weights = {"sample_weight": table.groups[group, cell]}
    frame = MetricFrame(
        metrics={name: _metric(key, floor) for name, key in zip(names, table.keys, strict=True)},
        y_true=table.cells[0][cell],
        y_pred=table.cells[1][cell],
        sensitive_features={"group": group},
        sample_params=dict.fromkeys(names, weights),
    )
    values = frame.by_group[names].reindex(range(len(groups))).to_numpy(dtype=float)
    alone = np.isfinite(values).sum(axis=0) < 2
    gaps = (np.where(alone, np.nan, gap[names].to_numpy()) for gap in (frame.difference(), frame.ratio()))
    return Comparison(values, *gaps)


def _metric(key: Key, floor: int) -> Callable[..., float]:
    function = _functions()[key.rate]

    def metric(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        true, predicted = key.indicators(np.asarray(y_true), np.asarray(y_pred))
        # fairlearn and scikit-learn say 0 for a rate of no rows; here it is undefined.
        if sample_weight[key.definition.rows(true, predicted)].sum() < floor:
            return float("nan")
        return float(function(true, predicted, sample_weight=sample_weight))

    return metric


def _functions() -> dict[str, Callable[..., Any]]:
    import fairlearn.metrics
    from sklearn.metrics import accuracy_score, precision_score

    rates = ("selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate")
    named = {rate: partial(getattr(fairlearn.metrics, rate), pos_label=1) for rate in rates}
    return named | {"precision": precision_score, "accuracy": accuracy_score}
