"""Intervals of the largest gap: equal to the textbook's for two groups, honest for many."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import studentized_range
from statsmodels.stats.proportion import confint_proportions_2indep

from audit.stats import resample_counts, wilson_limits
from audit.types import Bools, Floats, Ints
from probes._gaps import Family, critical_value, difference_limits, ends, ratio_limits
from probes._rates import family, keys_of, replicate, tally

ALONE = np.eye(8, dtype=bool)


def proportions(events: Ints, rows: Ints, rng: np.random.Generator, draws: int = 300, half: float = 0.0) -> Family:
    resampled = resample_counts(np.stack([rows - events, events], axis=1), draws, rng)[:, :, 1]
    limits = partial(wilson_limits, events, rows)
    values, groups = (events + half) / (rows + 2 * half), len(rows)
    return Family(values, limits, (resampled + 0.5) / (rows + 1), ALONE[:groups, :groups])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1, 0.6, 1, 0.6, 0.8], "highest: a, c 1.000; lowest: b, d 0.600"),
        ([1, 0.5, 1 - 1e-12, 1, 1], "highest: a, c, d and 1 more 1.000; lowest: b 0.500"),
        ([0, 0, 0, 1, 0], "highest: d 1.000; lowest: a, b, c and 1 more 0.000"),
        ([1, 1, 1, 1, 1], "all groups alike: 1.000"),
    ],
)
def test_no_group_is_singled_out_of_several_that_are_alike(values: list[float], told: str) -> None:
    assert ends("abcde", np.array(values, dtype=float)) == told


@pytest.mark.parametrize("groups", [2, 5, 8])
def test_the_critical_value_is_the_studentized_range(groups: int) -> None:
    draws = np.random.default_rng(0).normal(size=(20_000, groups))
    expected = studentized_range.ppf(0.95, groups, 1e6) / np.sqrt(2)
    assert critical_value([draws]) == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize(("events", "rows"), [((30, 12), (100, 80)), ((0, 9), (50, 60)), ((5, 5), (30, 300))])
def test_two_groups_give_newcombes_interval(events: tuple[int, int], rows: tuple[int, int]) -> None:
    family = proportions(np.array(events), np.array(rows), np.random.default_rng(1), draws=40_000)
    low, high = confint_proportions_2indep(events[0], rows[0], events[1], rows[1], method="newcomb")
    expected = max(0, low, -high), max(high, -low)
    assert difference_limits([family]) == pytest.approx(expected, abs=0.01)


def test_a_ratio_of_two_groups_is_near_the_score_interval() -> None:
    family = proportions(np.array([40, 90]), np.array([200, 220]), np.random.default_rng(1), draws=20_000, half=0.5)
    expected = confint_proportions_2indep(40, 200, 90, 220, compare="ratio", method="score")
    assert ratio_limits([family]) == pytest.approx(expected, abs=0.02)
    none = proportions(np.array([0, 90]), np.array([200, 220]), np.random.default_rng(1), half=0.5)
    assert ratio_limits([none])[0] == 0


def test_groups_that_share_rows_are_told_apart_better() -> None:
    rng = np.random.default_rng(2)
    common = rng.normal(size=(2000, 1))
    draws = 0.5 + 0.05 * (0.9 * common + np.sqrt(1 - 0.81) * rng.normal(size=(2000, 2)))

    def limits(critical: float) -> tuple[Floats, Floats]:
        return np.array([0.5, 0.6]) - 0.05 * critical, np.array([0.5, 0.6]) + 0.05 * critical

    apart = Family(np.array([0.5, 0.6]), limits, draws, np.eye(2, dtype=bool))
    joint = Family(apart.values, limits, draws, np.ones((2, 2), dtype=bool))
    assert difference_limits([apart])[0] == 0
    assert difference_limits([joint])[0] == pytest.approx(0.1 - 1.96 * 0.05 * np.sqrt(2 * (1 - 0.81)), abs=0.01)


@pytest.mark.parametrize(("groups", "n"), [(2, 100), (5, 200), (8, 300)])
def test_equal_groups_are_not_called_unequal(groups: int, n: int) -> None:
    rng, rows = np.random.default_rng(groups), np.full(groups, n)
    lows, naive = [], []
    for _ in range(150):
        family = proportions(rng.binomial(rows, 0.3), rows, rng)
        lows.append(difference_limits([family])[0])
        naive.append(np.quantile(np.ptp(family.draws, axis=1), 0.025))
    assert np.mean(np.array(lows) > 0.05) <= 0.025
    assert np.mean(np.array(lows) > 0) <= 0.10
    # What the percentile bootstrap of the maximum would have done.
    assert np.mean(np.array(naive) > 0) > 0.2


@pytest.mark.parametrize(
    ("rates", "rows"), [((0.2, 0.5), (100, 100)), ((0.05, 0.1, 0.1), (60, 300, 40)), ((0.0, 0.2), (50, 100))]
)
def test_the_true_gap_is_covered(rates: tuple[float, ...], rows: tuple[int, ...]) -> None:
    rng, sizes = np.random.default_rng(4), np.array(rows)
    held = []
    for _ in range(200):
        events = rng.binomial(sizes, rates)
        low, high = difference_limits([proportions(events, sizes, rng)])
        bottom, top = ratio_limits([proportions(events, sizes, rng, half=0.5)])
        held.append((low <= np.ptp(rates) <= high, bottom <= min(rates) / max(rates) <= top))
    # Three standard errors of 200 trials below 95 %.
    assert (np.mean(held, axis=0) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)).all()


@given(st.integers(0, 10_000), st.permutations(range(4)))
@settings(max_examples=25)
def test_the_order_of_rows_and_of_groups_changes_nothing(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    members = rng.choice(4, size=400, p=[0.1, 0.2, 0.3, 0.4])[:, None] == np.arange(4)
    true, predicted = rng.integers(0, 2, size=(2, 400))

    def limits(rows: Ints, columns: list[int]) -> tuple[float, float]:
        everyone: Bools = np.ones(4, dtype=bool)
        table = tally(true[rows], predicted[rows], members[rows][:, columns], 2, keys_of(["accuracy"], 2, 1))
        draws = replicate(table, 100, np.random.default_rng(1))
        return difference_limits([family(table, draws, 0, everyone, smooth=False)])

    assert limits(rng.permutation(400), order) == limits(np.arange(400), [0, 1, 2, 3])
