"""Rates by group with bootstrap intervals: ours against fairlearn's ``MetricFrame(n_boot=…)``.

10,000 rows, 4 groups, 5 rates, 1,000 resamples. ``python -m benchmarks.group_metrics``
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from audit.stats import TAILS
from audit.types import Floats, Ints
from probes._metric_frame import compare
from probes._rates import keys_of, replicate, tally

ROWS, GROUPS, DRAWS = 10_000, 4, 1_000
TIMED, COMPARED = 20, 100
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision", "accuracy")


def main() -> None:
    """Print both times, their ratio, and how far the intervals lie apart."""
    fairlearn_interval(1, *sample(0))
    rows = sample(1)
    _, one = timed(lambda: fairlearn_interval(1, *rows))
    _, some = timed(lambda: fairlearn_interval(TIMED, *rows))
    theirs = one + (some - one) / (TIMED - 1) * (DRAWS - 1)
    (interval, draws), ours = timed(lambda: our_interval(*rows))
    print(f"{ROWS:,} rows, {GROUPS} groups, {len(RATES)} rates, {DRAWS:,} resamples")
    print(f"fairlearn  {theirs:8.2f} s   (scaled: {TIMED} resamples took {some:.2f} s, one {one:.2f} s)")
    print(f"renben     {ours:8.3f} s")
    print(f"ratio      {theirs / ours:8.0f}")
    report_agreement(interval, draws, fairlearn_interval(COMPARED, *rows))


def sample(seed: int) -> tuple[Ints, Ints, Ints]:
    """Return true class, predicted class and group of each row, the groups of unequal size."""
    rng = np.random.default_rng(seed)
    group = rng.choice(GROUPS, size=ROWS, p=[0.5, 0.3, 0.15, 0.05])
    true = (rng.random(ROWS) < 0.3).astype(np.int64)
    return true, (rng.random(ROWS) < np.where(true == 1, 0.8, 0.1 + 0.05 * group)).astype(np.int64), group


def our_interval(true: Ints, predicted: Ints, group: Ints) -> tuple[Floats, Floats]:
    """Return percentile intervals, shape (2, groups, rates), and the replicates that they come from.

    The point values are made as well: they take most of the time, being fairlearn's own.
    """
    table = tally(true, predicted, group[:, None] == np.arange(GROUPS), 2, keys_of(RATES, 2, 1))
    compare(table, 1, np.ones(GROUPS, dtype=bool))
    draws = replicate(table, DRAWS, np.random.default_rng(2))
    return np.quantile(draws, TAILS, axis=0), draws


def fairlearn_interval(resamples: int, true: Ints, predicted: Ints, group: Ints) -> Floats:
    """Return fairlearn's percentile intervals, shape (2, groups, rates)."""
    import fairlearn.metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score

    metrics: dict[str, Callable[..., Any]] = {name: getattr(fairlearn, name) for name in RATES[:3]}
    metrics |= {"precision": partial(precision_score, zero_division=0), "accuracy": accuracy_score}
    frame = fairlearn.MetricFrame(
        metrics=metrics,
        y_true=true,
        y_pred=predicted,
        sensitive_features=group,
        n_boot=resamples,
        ci_quantiles=list(TAILS),
        random_state=3,
    )
    return np.stack([ends.to_numpy() for ends in frame.by_group_ci])


def report_agreement(ours: Floats, draws: Floats, theirs: Floats) -> None:
    """Print the largest gap between interval ends, beside the resampling noise of such an end."""
    # How much an end from as few resamples as theirs moves, told from blocks of our own.
    blocks = draws.reshape(-1, COMPARED, *draws.shape[1:])
    noise = np.quantile(blocks, TAILS, axis=1).std(axis=1, ddof=1) * np.sqrt(1 + COMPARED / DRAWS)
    apart = np.abs(ours - theirs)
    print(f"intervals: largest difference of {apart.size} ends {apart.max():.4f},")
    print(f"           in units of resampling noise at {COMPARED} resamples: mean {(apart / noise).mean():.2f}", end="")
    print(f", largest {(apart / noise).max():.2f}")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
