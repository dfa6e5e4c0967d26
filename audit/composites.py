"""Weighted summaries of needs, performance and experience: shown with their weights, never judged by."""

import zlib
from collections.abc import Sequence

import numpy as np

from audit.registry import Measure
from audit.stats import Z, quantile_interval
from audit.types import Composite, CompositeItem, CompositeScore, Finding, Floats, Interval, ItemScore

DRAWS = 4000
CONCENTRATION = 25
"""Of the Dirichlet weights: a weight of 0.5 then has a standard deviation of 0.10, one of 0.1 of 0.06."""


def with_range(item: CompositeItem, measure: Measure) -> CompositeItem:
    """Return an item with the ends of its range filled in: as declared, else those of the metric.

    Raises
    ------
    ValueError
        If neither says where the range ends, or it ends before it begins.
    """
    low = measure.low if item.low is None else item.low
    high = measure.high if item.high is None else item.high
    worst, best = ("high", "low") if item.better == "lower" else ("low", "high")
    if low is None or high is None:
        remedy = f"Give both: {worst!r} is the figure that counts as 0, {best!r} that which counts as 1"
        raise ValueError(f"of its own {item.metric} does not range from a 'low' to a 'high'. {remedy}.")
    if not low < high:
        raise ValueError(f"'low' must be below 'high'; they are {low:g} and {high:g}.")
    return item.model_copy(update={"low": low, "high": high})


def compose(composite: Composite, findings: Sequence[Finding], seed: int) -> CompositeScore:
    """Return what a weighted summary comes to.

    Every item is brought to 0 to 1 by its declared range and direction. The value is the mean of the
    items observed, by their weights; an item that was not measured is left out and lowers the coverage.

    Parameters
    ----------
    composite : Composite
        Items and weights.
    findings : sequence of Finding
        Everything measured.
    seed : int
        Of the run.

    Returns
    -------
    CompositeScore
        Its interval carries the intervals of the items over (Monte Carlo). Figures of one model on
        the same rows err together to an unknown degree; they are drawn as if they did so wholly, which
        gives the widest interval. What a person states has no interval, and adds none. The sensitivity
        band draws the weights from a Dirichlet distribution around those declared. Whether an order
        would be stable is not asked: a record holds one model, which has no rank.
    """
    items = tuple(_score(item, findings) for item in composite.items)
    seen = [
        (item.weight, scored) for item, scored in zip(composite.items, items, strict=True) if scored.score is not None
    ]
    weights = np.array([weight for weight, _ in seen])
    coverage = min(1.0, float(weights.sum()))
    if not coverage:
        return CompositeScore(composite=composite, value=None, coverage=0.0, items=items)
    scores = np.array([scored.score for _, scored in seen], dtype=np.float64)
    rng = np.random.default_rng([seed, zlib.crc32(b"composite")])
    return CompositeScore(
        composite=composite,
        value=float(weights @ scores / weights.sum()),
        coverage=coverage,
        interval=_interval([scored for _, scored in seen], weights, rng),
        sensitivity=_sensitivity(scores, weights, rng),
        items=items,
    )


def _score(item: CompositeItem, findings: Sequence[Finding]) -> ItemScore:
    if item.metric is None:
        return ItemScore(score=item.score)
    finding = next((f for f in findings if f.metric == item.metric and f.slice == item.slice), None)
    if finding is None:
        return ItemScore(score=None, note="the run holds no such figure")
    if finding.value is None:
        return ItemScore(score=None, n=finding.n, note=finding.note)
    interval = _ends(finding.interval, item)
    note = finding.note if interval is None else ""
    score = _scaled(finding.value, item)
    return ItemScore(score=score, n=finding.n, value=finding.value, interval=interval, note=note)


def _scaled(value: float, item: CompositeItem) -> float:
    low, high = item.ends
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return 1 - share if item.better == "lower" else share


def _ends(found: Interval | None, item: CompositeItem) -> Interval | None:
    if found is None:
        return None
    low, high = sorted((_scaled(found.low, item), _scaled(found.high, item)))
    return Interval(low=low, high=high, level=found.level, method=found.method)


def _interval(items: Sequence[ItemScore], weights: Floats, rng: np.random.Generator) -> Interval | None:
    """Return the interval of the weighted mean; None where no item has one."""
    if all(item.interval is None for item in items):
        return None
    error = rng.standard_normal(DRAWS)
    draws = np.stack([_drawn(item, error) for item in items], axis=1) @ weights / weights.sum()
    return quantile_interval(draws, f"Monte Carlo of the items' intervals, {DRAWS} draws")


def _drawn(item: ItemScore, error: Floats) -> Floats:
    """Return draws of one score: normal on either side of it, as wide as its interval says."""
    assert item.score is not None  # only observed items are drawn
    low, high = (item.interval.low, item.interval.high) if item.interval else (item.score, item.score)
    below, above = (item.score - low) / Z, (high - item.score) / Z
    return np.clip(item.score + error * np.where(error < 0, below, above), 0, 1)


def _sensitivity(scores: Floats, weights: Floats, rng: np.random.Generator) -> Interval:
    """Return where the weighted mean lies when the weights are drawn around those declared."""
    used = weights > 0
    shaken = rng.dirichlet(CONCENTRATION * weights[used] / weights.sum(), size=DRAWS)
    method = f"weights drawn from a Dirichlet distribution around those declared, concentration {CONCENTRATION}"
    return quantile_interval(shaken @ scores[used], method)
