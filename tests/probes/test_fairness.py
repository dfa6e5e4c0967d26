"""Rates by group and parities: fairlearn and scikit-learn on the rows themselves as oracles, and planted faults."""

from collections.abc import Sequence
from dataclasses import replace

import fairlearn.metrics as fairlearn
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import betabinom
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

from audit.registry import ProbeSpec
from audit.stats import auc, row_weights
from audit.types import Bools, Evidence, Finding, GroupColumn, Predictions, Subject, Table
from probes._areas import Gap, rankings
from probes._groups import Groups
from probes._shrinkage import shrink
from probes.fairness_groups import fairness_groups
from probes.fairness_intersections import fairness_intersections
from tests.subjects import draw_scores, make_split, make_subject

RATES = {
    "selection_rate": fairlearn.selection_rate,
    "true_positive_rate": fairlearn.true_positive_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "false_negative_rate": fairlearn.false_negative_rate,
    "precision": precision_score,
    "accuracy": accuracy_score,
}


def evidence(spec: ProbeSpec, subject: Subject, **params: int) -> list[Evidence]:
    return list(spec.run(subject, spec.params(**{"draws": 200, **params}), np.random.default_rng([7, 7])))


def findings(spec: ProbeSpec, subject: Subject, **params: int) -> dict[tuple[str, ...], Finding]:
    """By metric without the probe's id, then the values of the slice."""
    found = [e for e in evidence(spec, subject, **params) if isinstance(e, Finding)]
    return {(f.metric.removeprefix(f"{spec.id}."), *f.slice.values()): f for f in found}


def table(spec: ProbeSpec, subject: Subject, name: str) -> Table:
    return next(e for e in evidence(spec, subject) if isinstance(e, Table) and e.name == f"{spec.id}.{name}")


def with_groups(subject: Subject, *columns: GroupColumn) -> Subject:
    split = make_split("test", subject.test.labels, columns)
    return replace(subject, splits={**subject.splits, "test": split})


def of_rows(true: Sequence[bool], predicted: Sequence[bool], groups: dict[str, Sequence[str | None]]) -> Subject:
    """Return a subject with these labels and predictions."""
    scores = np.where(np.array(predicted)[:, None], [0.2, 0.8], [0.7, 0.3])
    return make_subject(len(true), labels=np.array(true, dtype=np.int64), scores=scores, groups=groups)


def planted(groups: dict[str, Sequence[str | None]], harmed: Bools, extra: float = 0.3, seed: int = 1) -> Subject:
    """Return a subject of equal rates, but for a higher false positive rate of the harmed rows."""
    rng = np.random.default_rng(seed)
    true = rng.random(len(harmed)) < 0.4
    chance = np.where(true, 0.8, 0.2 + extra * harmed)
    subject = of_rows(true, rng.random(len(harmed)) < chance, groups)
    return replace(subject, crossings=(tuple(groups),) if len(groups) > 1 else ())


# --- agreement ----------------------------------------------------------------------------


@pytest.mark.parametrize("positive", [0, 1])
def test_rates_and_parities_are_fairlearns_on_the_rows(positive: int) -> None:
    sex = np.array(["f", "m", "x", None])[np.random.default_rng(1).choice(4, size=600, p=[0.4, 0.3, 0.2, 0.1])]
    subject = replace(make_subject(600, groups={"sex": list(sex)}), positive=positive)
    found = findings(fairness_groups, subject)
    true, predicted = subject.test.labels == positive, subject.predicted.labels == positive
    for name in ("f", "m", "x", None):
        inside = sex == name
        for rate, function in RATES.items():
            assert found[rate, name or "unknown"].value == pytest.approx(function(true[inside], predicted[inside]))
        assert found["true_positive_rate", name or "unknown"].n == true[inside].sum()
    known = sex != None  # noqa: E711
    for parity in ("demographic_parity", "equal_opportunity", "equalized_odds"):
        for kind in ("difference", "ratio"):
            function = getattr(fairlearn, f"{parity}_{kind}")
            expected = function(true[known], predicted[known], sensitive_features=sex[known])
            assert found[f"{parity}_{kind}", "*"].value == pytest.approx(expected), parity


def test_the_numbers_in_fairlearns_documentation() -> None:
    true, predicted = [1, 1, 1, 1, 1, 0, 0, 1, 1, 0], [0, 1, 1, 1, 1, 0, 0, 0, 1, 1]
    subject = of_rows(np.array(true) == 1, np.array(predicted) == 1, {"sex": ["Female"] * 5 + ["Male"] * 5})
    found = findings(fairness_groups, subject, min_group=5)
    expected = {("selection_rate", "Female"): 0.8, ("selection_rate", "Male"): 0.4, ("accuracy", "Male"): 0.6}
    expected |= {("demographic_parity_difference", "*"): 0.4, ("demographic_parity_ratio", "*"): 0.5}
    expected |= {("accuracy_parity_difference", "*"): 0.2, ("accuracy_parity_ratio", "*"): 0.75}
    assert {key: found[key].value for key in expected} == pytest.approx(expected)


def test_areas_rank_the_pairs_that_borkan_et_al_define() -> None:
    subject = make_subject(400, groups={"race": list("aabc" * 100)})
    found, true, score = findings(fairness_groups, subject), subject.test.labels == 1, subject.predicted.scores[:, 1]
    column = subject.test.group("race")
    areas = []
    for name, member in zip(column.values, column.members.T, strict=True):
        areas.append(roc_auc_score(true[member], score[member]))
        pairs = {"bpsn_auc": (~member & true, member & ~true), "bnsp_auc": (member & true, ~member & ~true)}
        pairs["subgroup_auc"] = pairs["auc"] = (member & true, member & ~true)
        for metric, (positives, negatives) in pairs.items():
            wins = (score[positives][:, None] > score[negatives]).mean()
            assert found[metric, name].value == pytest.approx(wins), metric
            assert found[metric, name].n == positives.sum() + negatives.sum()
    assert found["auc_difference", "*"].value == pytest.approx(np.ptp(areas))


def test_areas_of_groups_that_share_rows_vary_together_as_in_a_bootstrap() -> None:
    subject, rng = make_subject(300, groups={}), np.random.default_rng(8)
    members = rng.random((300, 3)) < [0.3, 0.6, 0.9]
    groups = Groups(({"g": "a"}, {"g": "b"}, {"g": "c"}), members, np.ones(3, bool), {"g": "*"}, "")
    [ranking] = rankings(subject, subject.predicted.scores, groups)
    ours = Gap.of(ranking, groups, 30, 5000, rng).family.draws
    weights = next(row_weights(300, 2000, rng))
    rows = ranking.members.T
    bootstrap = np.stack([auc(ranking.scores[r], ranking.positive[r], weights[:, r]) for r in rows], axis=1)
    assert np.corrcoef(ours.T) == pytest.approx(np.corrcoef(bootstrap.T), abs=0.08)
    assert ours.std(axis=0) == pytest.approx(bootstrap.std(axis=0), rel=0.15)


def test_each_of_several_classes_is_taken_against_the_rest() -> None:
    subject = make_subject(900, 3, groups={"race": list("abc" * 300)})
    found, race = findings(fairness_groups, subject), np.array(list("abc" * 300))
    for label in range(3):
        true, predicted = subject.test.labels == label, subject.predicted.labels == label
        for name in "abc":
            inside = race == name
            value = found["false_positive_rate", name, str(label)].value
            assert value == pytest.approx(fairlearn.false_positive_rate(true[inside], predicted[inside]))
        odds = fairlearn.equalized_odds_difference(true, predicted, sensitive_features=race)
        assert found["equalized_odds_difference", "*", str(label)].value == pytest.approx(odds)
    assert found["accuracy", "a"].value == (subject.test.labels == subject.predicted.labels)[race == "a"].mean()
    for metric, pick in (
        ("equalized_odds_difference", max),
        ("demographic_parity_ratio", min),
        ("auc_difference", max),
    ):
        of_class = [found[metric, "*", str(label)] for label in range(3)]
        worst = found[metric, "*"]
        assert worst.value == pick(f.value for f in of_class)
        assert f"class '{[f.value for f in of_class].index(worst.value)}'" in worst.note
        narrow = next(f for f in of_class if f.value == worst.value)
        assert worst.interval.high - worst.interval.low >= narrow.interval.high - narrow.interval.low


def test_rows_of_several_groups_count_in_each() -> None:
    subject, rng = make_subject(500, groups={}), np.random.default_rng(3)
    members = rng.random((500, 3)) < 0.4
    members[:, 2] |= ~members.any(axis=1)
    found = findings(fairness_groups, with_groups(subject, GroupColumn("of", ("a", "b", "c"), members)))
    row, group = np.nonzero(members)
    true, predicted = subject.test.labels[row], subject.predicted.labels[row]
    expected = fairlearn.equalized_odds_difference(true, predicted, sensitive_features=group)
    assert found["equalized_odds_difference", "*"].value == pytest.approx(expected)
    assert found["demographic_parity_difference", "*"].n == 500
    twins = np.repeat(members[:, :1], 2, axis=1)
    twins[:20, 1] = False
    alike = findings(fairness_groups, with_groups(subject, GroupColumn("of", ("a", "b"), twins)))
    # Nine rows in ten in common: on separate rows the accuracies could differ by 0.12.
    assert alike["accuracy_parity_difference", "*"].interval.high < 0.06


# --- planted faults and quiet -------------------------------------------------------------


def test_the_harmed_group_is_found_and_named() -> None:
    group = np.array(list("abcde" * 500))
    found = findings(fairness_groups, planted({"of": list(group)}, group == "d"))
    for metric in ("false_positive_rate_difference", "equalized_odds_difference"):
        finding = found[metric, "*"]
        assert finding.value == pytest.approx(0.3, abs=0.08)
        assert 0.1 < finding.interval.low < 0.3 < finding.interval.high
        assert "highest: d" in finding.note
    assert found["false_positive_rate_ratio", "*"].interval.high < 0.8
    assert found["equal_opportunity_difference", "*"].interval.low < 0.05
    ends = table(fairness_groups, planted({"of": list(group)}, group == "d"), "extremes")
    assert next(row for row in ends.rows if row[0] == "false_positive_rate")[4] == "d"


def test_groups_that_are_all_right_are_called_alike() -> None:
    labels = np.arange(200) % 2
    subject = make_subject(200, labels=labels, scores=np.eye(2)[labels], groups={"g": list("aabb" * 50)})
    assert findings(fairness_groups, subject)["accuracy_parity_difference", "*"].note == "all groups alike: 1.000"
    assert {(row[2], row[4]) for row in table(fairness_groups, subject, "extremes").rows} == {("", "")}


def test_a_class_that_is_worse_for_one_group_is_named() -> None:
    rng, group = np.random.default_rng(2), np.array(list("ab" * 600))
    scores, labels = draw_scores(rng, 1200, 3, 0.5), rng.integers(0, 3, 1200)
    scores[np.arange(1200), labels] += 2
    scores[:, 2] += np.where((group == "b") & (labels == 0) & (rng.random(1200) < 0.5), 3, 0)
    subject = make_subject(
        1200, 3, scores=scores / scores.sum(axis=1, keepdims=True), labels=labels, groups={"g": group}
    )
    finding = findings(fairness_groups, subject)["equal_opportunity_difference", "*"]
    assert finding.interval.low > 0.2
    assert finding.note.startswith("true positive rate of class '0': highest: a")


def test_equal_groups_stay_quiet() -> None:
    lows = []
    for seed in range(8):
        groups = {"of": list("aabbbcdeee" * 150)}
        found = findings(fairness_groups, planted(groups, np.zeros(1500, bool), seed=seed), draws=300)
        lows += [f.interval.low for (name, *_), f in found.items() if name.endswith("_difference")]
    assert len(lows) == 8 * 8
    assert np.mean(np.array(lows) > 0.05) <= 0.025


def test_a_harm_that_shows_only_where_groups_cross_is_found() -> None:
    sex, race = np.array(list("ffmm" * 500)), np.array(list("abab" * 500))
    harmed = ((sex == "f") & (race == "b")) | ((sex == "m") & (race == "a"))
    subject = planted({"sex": list(sex), "race": list(race)}, harmed)
    apart = [f for (name, *_), f in findings(fairness_groups, subject).items() if name == "false_positive_rate"]
    assert np.ptp([f.value for f in apart]) < 0.1
    crossed = findings(fairness_intersections, subject)["false_positive_rate_difference", "*", "*"]
    assert crossed.interval.low > 0.1
    assert "highest: f × b" in crossed.note or "highest: m × a" in crossed.note


# --- thin data ----------------------------------------------------------------------------


def test_small_groups_are_shown_but_not_compared_and_tiny_ones_not_shown() -> None:
    names: list[str | None] = [*"a" * 200, *"b" * 200, *"c" * 20, *"d" * 4, *[None] * 76]
    subject = planted({"of": names}, np.array([name == "c" for name in names]), extra=0.7)
    found = findings(fairness_groups, subject)
    parity = found["demographic_parity_difference", "*"]
    assert parity.n == 400
    assert "left out where there are fewer than 30 rows: c, d" in parity.note
    assert "not compared: 76" in parity.note
    assert parity.value < found["selection_rate", "c"].value - found["selection_rate", "a"].value
    assert "left out" in found["selection_rate", "c"].note
    assert found["selection_rate", "unknown"].n == 76
    hidden = found["selection_rate", "d"]
    assert (hidden.value, hidden.n, hidden.note) == (None, 4, "suppressed: fewer than 5 rows")
    assert (found["auc", "d"].value, found["auc", "d"].note) == (None, hidden.note)
    assert found["auc_difference", "*"].n == 400
    counts = {row[0]: row[1:] for row in table(fairness_groups, subject, "counts").rows}
    assert counts["a"] == (200, 0.4, subject.test.labels[:200].sum(), subject.test.labels[:200].mean())
    assert counts["d"] == (4, 0.008, None, None)


def test_what_is_undefined_says_why() -> None:
    group = list("ab" * 100)
    only_negatives = findings(fairness_groups, of_rows([False] * 200, [True, False] * 100, {"of": group}))
    assert only_negatives["true_positive_rate", "a"].value is None
    assert "no rows of the class" in only_negatives["true_positive_rate", "a"].note
    assert "fewer than two groups have 30 rows of the class" in only_negatives["equalized_odds_difference", "*"].note
    assert only_negatives["auc", "a"].value is None
    assert only_negatives["false_positive_rate_difference", "*"].value == 1
    perfect = [bool(i % 4 < 2) for i in range(200)]
    faultless = findings(fairness_groups, of_rows(perfect, perfect, {"of": group}))
    assert faultless["equalized_odds_difference", "*"].value == 0
    assert "false positive rate is 0 in every group" in faultless["equalized_odds_ratio", "*"].note
    alone = findings(fairness_groups, of_rows(perfect, perfect, {"of": ["a"] * 200}))
    assert alone["accuracy_parity_difference", "*"].value is None
    labels_only = replace(make_subject(200), predictions={"test": Predictions(np.zeros(200, dtype=np.int64), None)})
    assert "only labels" in findings(fairness_groups, labels_only)["auc_difference", "*"].note


def test_a_class_too_rare_to_compare_is_named_beside_the_worst_of_the_others() -> None:
    scores = draw_scores(np.random.default_rng(4), 400, 3)
    labels = np.where(np.arange(400) < 8, 2, np.arange(400) % 2)
    found = findings(
        fairness_groups, make_subject(400, 3, scores=scores, labels=labels, groups={"g": list("aabb" * 100)})
    )
    assert found["equal_opportunity_difference", "*", "2"].value is None
    worst = found["equal_opportunity_difference", "*"]
    assert worst.value == max(found["equal_opportunity_difference", "*", label].value for label in "01")
    assert "not defined for true positive rate of class '2'" in worst.note


def test_small_cells_are_counted_and_left_out() -> None:
    sex = ["f"] * 150 + ["m"] * 150
    race = ["a"] * 147 + ["b"] * 3 + ["a"] * 130 + ["b"] * 20
    subject = planted({"sex": sex, "race": race}, np.zeros(300, bool))
    found = findings(fairness_intersections, subject)
    assert found["suppressed_cells", "*", "*"].value == 1
    assert found["small_cells", "*", "*"].value == 1
    assert ("selection_rate", "f", "b") not in found
    assert found["selection_rate", "m", "b"].n == 20
    assert found["demographic_parity_difference", "*", "*"].n == 277


# --- shrunk estimates ---------------------------------------------------------------------


def test_shrunk_rates_are_posterior_means_under_the_best_beta_binomial() -> None:
    rng, rows = np.random.default_rng(5), np.array([20, 40, 80, 160, 320, 640])
    events = rng.binomial(rows, rng.beta(6, 14, size=6))

    def loss(log_ab: np.ndarray) -> float:
        return -float(betabinom.logpmf(events, rows, *np.exp(log_ab)).sum())

    a, b = np.exp(minimize(loss, (1.0, 2.0), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x)
    assert shrink(events, rows) == pytest.approx((events + a) / (rows + a + b), abs=1e-3)


def test_shrinking_removes_chance_gaps_and_keeps_real_ones() -> None:
    rng, rows = np.random.default_rng(6), np.full(8, 60)
    equal = rng.binomial(rows, 0.3)
    assert np.ptp(shrink(equal, rows)) < 0.3 * np.ptp(equal / rows)
    spread = rng.binomial(rows * 10, np.linspace(0.1, 0.8, 8))
    assert shrink(spread, rows * 10) == pytest.approx(spread / (rows * 10), abs=0.02)
    assert shrink(np.array([3]), np.array([10])) == pytest.approx([0.3])
