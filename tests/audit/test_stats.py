"""Intervals and resampling against independent sources."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import roc_auc_score

from audit import stats
from audit.stats import (
    Z,
    auc,
    basic_interval,
    newcombe_auc,
    quantile_interval,
    resample_counts,
    row_weights,
    substream,
    wilson,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, 1])


# --- random numbers -----------------------------------------------------------------------


def test_a_substream_depends_on_seed_and_names_alone() -> None:
    used = rng()
    used.random(1000)
    first = substream(rng(), "race", "auc").random(4)
    assert (substream(used, "race", "auc").random(4) == first).all()
    assert (substream(substream(rng(), "race"), "auc").random(4) == first).all()
    others = [substream(rng(), "race"), substream(rng(), "auc", "race"), substream(rng(1), "race", "auc"), rng()]
    assert not any((other.random(4) == first).any() for other in others)


def test_resampled_counts_keep_sizes_and_spread_as_the_smoothed_multinomial() -> None:
    counts = np.array([[80, 20], [0, 0], [0, 20]])
    draws = resample_counts(counts, 20_000, rng())
    assert (draws.sum(axis=2) == [100, 0, 20]).all()
    for row, n in ((0, 100), (2, 20)):
        share = (counts[row, 1] + 1) / (n + 2)
        assert draws[:, row, 1].mean() == pytest.approx(n * share, rel=0.01)
        assert draws[:, row, 1].var() == pytest.approx(n * share * (1 - share), rel=0.05)


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=1, max_size=6, unique_by=tuple))
def test_the_order_of_strata_changes_nothing(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    assert (resample_counts(counts[order], 5, rng()) == resample_counts(counts, 5, rng())[:, order]).all()


def test_row_weights_resample_rows_within_strata_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(row_weights(50, 4000, rng())))
    assert (whole.sum(axis=1) == 50).all()
    assert whole.mean(axis=0) == pytest.approx(1, abs=0.1)
    assert whole.var(axis=0).mean() == pytest.approx(1 - 1 / 50, rel=0.03)
    monkeypatch.setattr(stats, "CHUNK_CELLS", 50 * 7)
    chunks = list(row_weights(50, 4000, rng()))
    assert max(len(chunk) for chunk in chunks) == 7
    assert (np.concatenate(chunks) == whole).all()
    strata = np.repeat([3, 1], [20, 30])
    inside = np.concatenate(list(row_weights(50, 100, rng(), strata)))
    assert (inside[:, :20].sum(axis=1) == 20).all()
    assert inside[:, :20].std() > 0.5


# --- intervals ----------------------------------------------------------------------------


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (1, 3), (7, 50), (480, 1000)])
def test_wilson_is_scipys(successes: int, n: int) -> None:
    ours, theirs = wilson(successes, n), binomtest(successes, n).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert ours.low <= successes / n <= ours.high


def test_no_rows_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no rows"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="positives and negatives"):
        newcombe_auc(0.5, 3, 0)
    with pytest.raises(ValueError, match="no replicate"):
        quantile_interval(np.array([np.nan]), "bootstrap")


def test_bootstrap_intervals_are_scipys() -> None:
    data = (rng().exponential(size=40),)
    for method, interval in (("percentile", quantile_interval), ("basic", basic_interval)):
        theirs = bootstrap(data, np.mean, n_resamples=500, method=method, rng=np.random.default_rng(1))
        draws = np.append(theirs.bootstrap_distribution, np.nan)
        given_value = (float(data[0].mean()),) if method == "basic" else ()
        ours = interval(*given_value, draws, "bootstrap")
        assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval))


def test_the_basic_interval_keeps_to_the_range_of_the_metric() -> None:
    biased = rng().normal(0.12, 0.03, size=2000)
    interval = basic_interval(0.06, biased, "bootstrap", low=0, high=1)
    assert interval.low == 0
    assert interval.high == pytest.approx(0.06, abs=0.01)


# --- area under the ROC curve -------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40))
@settings(max_examples=60)
def test_auc_is_scikit_learns_with_ties_and_weights(rows: list[tuple[int, bool, int]]) -> None:
    scores, positive, weights = (np.array(column) for column in zip(*rows, strict=True))
    replicate = np.stack([np.ones_like(weights), weights])
    areas = auc(scores / 5, positive, replicate)
    assert (areas[0] == auc(scores / 5, positive)) or np.isnan(areas[0])
    for area, weight in zip(areas, replicate, strict=True):
        kept = weight > 0
        if len(set(positive[kept])) < 2:
            assert np.isnan(area)
        else:
            assert area == pytest.approx(roc_auc_score(positive[kept], scores[kept], sample_weight=weight[kept]))


@pytest.mark.parametrize(("area", "positives", "negatives"), [(0.8, 30, 50), (0.5, 10, 10), (0.97, 12, 400), (1, 9, 7)])
def test_newcombe_solves_his_equation(area: float, positives: int, negatives: int) -> None:
    interval = newcombe_auc(area, positives, negatives)

    def apart(true: float) -> float:
        """Hanley and McNeil's variance at the true value, with the mean sample size for both."""
        q1, q2, size = true / (2 - true), 2 * true**2 / (1 + true), (positives + negatives) / 2 - 1
        variance = true * (1 - true) + size * (q1 - true**2) + size * (q2 - true**2)
        return abs(area - true) - Z * np.sqrt(variance / (positives * negatives))

    assert interval.low == pytest.approx(brentq(apart, 1e-9, area - 1e-9), abs=1e-6)
    assert interval.high == pytest.approx(brentq(apart, area + 1e-9, 1 - 1e-9) if area < 1 else 1, abs=1e-6)
    mirrored = newcombe_auc(1 - area, negatives, positives)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((interval.low, interval.high))
