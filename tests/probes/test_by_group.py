"""Means by group: equal to the textbook's where there is one, and honest where all rows agree."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from audit.registry import Measure, ProbeSpec
from audit.stats import Z, mean_limits
from audit.types import Finding, Floats, Frozen
from probes._by_group import Means, findings, with_difference
from tests.subjects import group_column

SPEC = ProbeSpec(
    "x.y",
    1,
    ("robustness",),
    (),
    with_difference({"share": Measure("lower", "A share.", 0, 1, 0), "shift": Measure("none", "A shift.", -1, 1, 0)}),
    Frozen,
    lambda *_: iter(()),
    {},
    {},
)


def measured(name: str, values: Floats, groups: list[str]) -> dict[tuple[str, str], Finding]:
    means = Means(SPEC, name, values, [group_column("sex", groups)], {}, "no row was measured")
    found = findings(means, np.random.default_rng(1))
    return {(f.metric.removeprefix("x.y."), f.slice.get("sex", "")): f for f in found}


def test_a_share_has_wilsons_interval() -> None:
    values = np.array([1.0] * 12 + [0.0] * 88)
    found = measured("share", values, ["f"] * 50 + ["m"] * 50)
    whole = found["share", ""]
    assert (whole.value, whole.n) == (0.12, 100)
    assert whole.interval is not None
    assert (whole.interval.low, whole.interval.high) == pytest.approx(proportion_confint(12, 100, method="wilson"))
    assert found["share", "f"].value == 0.24
    gap = found["share_difference", "*"]
    assert gap.value == 0.24
    assert gap.note.startswith("highest: f 0.240; lowest: m 0.000")
    assert gap.interval is not None
    assert 0 < gap.interval.low < 0.24 < gap.interval.high


def test_rows_that_were_not_measured_do_not_count() -> None:
    values = np.array([np.nan] * 60 + [0.5] * 40)
    found = measured("share", values, ["f"] * 50 + ["m"] * 50)
    assert found["share", ""].n == 40
    assert found["share", "f"].value is None
    assert found["share", "f"].note == "no row was measured"
    assert found["share_difference", "*"].value is None


def test_rows_that_all_agree_leave_room_for_doubt() -> None:
    found = measured("shift", np.zeros(60), ["f"] * 30 + ["m"] * 30)
    for finding in found.values():
        assert finding.value == 0
        assert finding.interval is not None
        assert 0.02 < finding.interval.high < 0.3, finding


def test_groups_that_are_alike_have_no_highest() -> None:
    assert measured("share", np.ones(60), ["f"] * 30 + ["m"] * 30)["share_difference", "*"].note == (
        "all groups alike: 1.000"
    )


def test_a_small_group_is_not_shown() -> None:
    found = measured("shift", np.linspace(-1, 1, 40), ["f"] * 36 + ["m"] * 4)
    assert found["shift", "m"].value is None
    assert "fewer than 5" in found["shift", "m"].note


@pytest.mark.parametrize(
    ("points", "chance"),
    [
        ([-1.0, 0.0, 1.0], [0.01, 0.97, 0.02]),
        ([-1.0, 0.0, 1.0], [0.1, 0.7, 0.2]),
        ([0.0, 0.3, 1.0], [0.8, 0.15, 0.05]),
        ([0.0, 0.05, 0.1, 0.5], [0.3, 0.4, 0.25, 0.05]),
    ],
    ids=["few changes", "many changes", "shares", "small shares"],
)
@pytest.mark.parametrize("n", [60, 300])
def test_the_interval_of_a_mean_covers_it(points: list[float], chance: list[float], n: int) -> None:
    values, truth = np.array(points), np.array(points) @ np.array(chance)
    draws = np.random.default_rng(0).choice(values, p=chance, size=(2000, n))
    span = (min(0, points[0]), 1)
    low, high = mean_limits(draws.sum(axis=1), (draws**2).sum(axis=1), np.full(2000, n), span, Z)
    assert ((low <= truth) & (truth <= high)).mean() > 0.93
    assert (low > truth).mean() < 0.04  # a rule fails by the lower limit


def test_equal_groups_seldom_differ() -> None:
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(100):
        gap = measured("share", rng.binomial(1, 0.2, 200).astype(float), list("abcd") * 50)["share_difference", "*"]
        assert gap.interval is not None
        wrong += gap.interval.low > 0.02
    assert wrong <= 5
