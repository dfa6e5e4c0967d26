"""Copies of one template: how much they tell, by simulation and by answers known."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from audit.stats import Z, wilson_limits
from audit.types import Bools, Finding, Floats, GroupColumn, Ints
from probes._by_group import Means, findings
from probes._copies import effective_sizes
from probes.behaviour_suite import behaviour_suite

ALL = np.ones((48, 1), dtype=bool)


def size(values: Floats, units: Ints, members: Bools = ALL) -> float:
    return float(effective_sizes(values, members, units)[0])


def test_copies_that_fare_alike_count_as_one_and_independent_rows_each() -> None:
    six, alone = np.repeat(np.arange(6), 8), np.arange(48)
    for passed in (0, 2, 6):
        assert size((six < passed).astype(float), six) == pytest.approx(6)
    for passed in (0, 17, 48):
        assert size((alone < passed).astype(float), alone) == pytest.approx(48)
    assert 6 < size((np.arange(48) % 8 < 4).astype(float), six) < 48
    half = ALL & (alone < 24)[:, None]
    assert size((six < 2).astype(float), six, half) == pytest.approx(3)


def test_one_case_more_changes_little() -> None:
    six = np.repeat(np.arange(6), 8)
    sizes = [size((np.arange(48) < passed).astype(float), six) for passed in range(49)]
    assert np.abs(np.diff(sizes)).max() < 1


@pytest.mark.parametrize("templates", [6, 12, 30])
@pytest.mark.parametrize(("mean", "alike"), [(0.5, 0.0), (0.5, 0.4), (0.9, 0.1), (0.9, 0.3), (0.95, 0.9)])
def test_the_interval_covers_what_other_templates_would_give(templates: int, mean: float, alike: float) -> None:
    rng, draws, copies = np.random.default_rng(3), 500, 8
    rates = rng.beta(mean / alike - mean, (1 - mean) / alike - 1 + mean, (draws, templates)) if alike else mean
    passed = rng.binomial(copies, np.broadcast_to(rates, (draws, templates)))
    units, members = np.repeat(np.arange(templates), copies), np.ones((copies * templates, 1), dtype=bool)
    sizes = np.array(
        [effective_sizes((np.arange(copies) < row[:, None]).ravel().astype(float), members, units)[0] for row in passed]
    )
    low, high = wilson_limits(passed.mean(axis=1) / copies * sizes, sizes, Z)
    assert np.mean((low <= mean) & (mean <= high)) >= 0.92
    low, high = proportion_confint(passed.sum(axis=1), copies * templates, method="wilson")
    assert np.mean((low <= mean) & (mean <= high)) < 0.9 or not alike


def gap(rates: Floats, groups: int, rng: np.random.Generator, *, paired: bool = True) -> Finding:
    """Return the difference between groups that were all shown a copy of every template."""
    values = (rng.random((len(rates), groups)) < rates[:, None]).astype(float).ravel()
    units, of = np.repeat(np.arange(len(rates)), groups), np.tile(np.arange(groups), len(rates))
    column = GroupColumn("category", tuple(f"g{k}" for k in range(groups)), of[:, None] == np.arange(groups))
    means = Means(behaviour_suite, "pass_rate", values, [column], {}, "", 10, units if paired else None)
    return next(f for f in findings(means, np.random.default_rng(0)) if f.metric.endswith("difference"))


def test_groups_are_compared_template_by_template() -> None:
    rng, found, apart = np.random.default_rng(4), [], []
    for _ in range(80):
        rates = rng.beta(0.5, 0.5, 20)
        found.append(gap(rates, 6, rng).interval)
        apart.append(gap(rates, 6, rng, paired=False).interval)
    width = lambda intervals: np.mean([one.high - one.low for one in intervals if one])  # noqa: E731
    assert sum(one.low > 0 for one in found if one) <= 8
    assert width(found) < 0.85 * width(apart)


def test_groups_that_agree_in_every_template_may_yet_differ() -> None:
    same = gap(np.arange(20) % 2.0, 6, np.random.default_rng(5))
    assert same.value == 0
    assert same.interval is not None
    assert 0.05 < same.interval.high < 0.4
