"""Deferral: areas by hand and by other formulas, MAPIE's sets, planted groups, persons and decisions."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from audit.registry import Skip
from audit.stats import wilson
from audit.types import (
    UNDECIDED,
    Bools,
    Curve,
    Evidence,
    Finding,
    Floats,
    GroupColumn,
    Ints,
    Predictions,
    Subject,
    Table,
)
from probes._deferral.conformal import sets, threshold
from probes._deferral.risk import area_intervals, areas, level_counts, oracle_areas
from probes.human_deferral import human_deferral
from tests.subjects import draw_labels, draw_scores, group_column, make_subject

Found = dict[tuple[str, ...], Finding]


def evidence(subject: Subject, **params: JsonValue) -> list[Evidence]:
    return list(
        human_deferral.run(subject, human_deferral.params.model_validate(params), np.random.default_rng([7, 7]))
    )


def findings(subject: Subject, **params: JsonValue) -> Found:
    """By metric without the probe's id, then the values of the slice."""
    found = [e for e in evidence(subject, **params) if isinstance(e, Finding)]
    return {(f.metric.removeprefix("human.deferral."), *f.slice.values()): f for f in found}


def limits(finding: Finding) -> tuple[float, float]:
    assert finding.interval is not None
    return finding.interval.low, finding.interval.high


def value(finding: Finding) -> float:
    assert finding.value is not None
    return finding.value


def scores_of(top: Sequence[float] | Floats, predicted: Sequence[int] | Ints) -> Floats:
    """Return scores of two classes with the given confidence in the given class."""
    top = np.asarray(top)
    return np.where(np.asarray(predicted)[:, None] == [0, 1], top[:, None], 1 - top[:, None])


def subject_of(top: Floats, wrong: Sequence[bool] | np.ndarray, **more: Sequence[str | None]) -> Subject:
    """Return a subject of two classes with given confidences and errors, without a validation split."""
    labels = np.arange(len(top)) % 2
    made = make_subject(len(top), labels=labels, scores=scores_of(top, labels ^ np.asarray(wrong)), groups=dict(more))
    return replace(made, splits={"test": made.test}, predictions={"test": made.predicted})


def area(confidence: Sequence[float] | Floats, wrong: Sequence[bool] | np.ndarray) -> float:
    counts = level_counts(np.asarray(confidence), np.asarray(wrong, dtype=bool))[None]
    return float(areas(counts.sum(axis=2), counts[:, :, 1])[0])


# --- areas --------------------------------------------------------------------------------


def test_areas_by_hand() -> None:
    assert area([0.9, 0.8, 0.7, 0.6], [False, False, True, False]) == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert oracle_areas(np.array([1, 0, 4]), np.array([4, 4, 4])) == pytest.approx([1 / 16, 0, 1])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.6, 0.7, 0.8]), st.booleans()), min_size=1, max_size=5))
def test_equally_certain_rows_count_as_the_mean_over_their_orders(rows: list[tuple[float, bool]]) -> None:
    def risk(order: tuple[tuple[float, bool], ...]) -> float:
        return float((np.cumsum([wrong for _, wrong in order]) / np.arange(1, len(order) + 1)).mean())

    orders = [o for o in permutations(rows) if [c for c, _ in o] == sorted((c for c, _ in o), reverse=True)]
    assert area(*zip(*rows, strict=True)) == pytest.approx(np.mean([risk(order) for order in orders]))


def test_areas_equal_the_formula_by_ranks() -> None:
    """Each error weighs the mean of 1/k over the coverages k that hold it (Zhou et al. 2024)."""
    rng = np.random.default_rng(0)
    confidence, wrong = rng.random(80), rng.random(80) < 0.3
    rank = (-confidence).argsort().argsort()
    weights = np.array([(1 / np.arange(r + 1, 81)).sum() for r in rank])
    assert area(confidence, wrong) == pytest.approx((weights * wrong).sum() / 80)


def test_an_oracle_has_no_excess_and_confident_errors_have_much() -> None:
    top, wrong = np.linspace(0.99, 0.6, 200), np.arange(200) >= 160
    best, worst = findings(subject_of(top, wrong)), findings(subject_of(top[::-1], wrong))
    assert value(best["excess_aurc",]) == pytest.approx(0, abs=1e-12)
    assert value(best["coverage_at_accuracy",]) == pytest.approx(160 / (200 * 0.9), abs=0.005)
    assert value(best["accuracy_at_coverage", "0.8"]) == 1
    assert limits(worst["excess_aurc",])[0] > 0.2
    assert "unreachable" in worst["coverage_at_accuracy",].note
    assert value(worst["error_reduction",]) < 0


def test_the_interval_of_an_area_covers_it() -> None:
    rng, missed = np.random.default_rng(0), 0
    many = draw_scores(rng, 100_000, 2)
    truth = area(many.max(axis=1), many.argmax(axis=1) != draw_labels(rng, many))
    for _ in range(40):
        scores = draw_scores(rng, 150, 2)
        counts = level_counts(scores.max(axis=1), scores.argmax(axis=1) != draw_labels(rng, scores))
        interval = area_intervals(counts, rng)[0]
        missed += not interval.low <= truth <= interval.high
    assert missed <= 6


def test_a_curve_ends_at_the_error_rate_and_stays_small() -> None:
    subject = make_subject(700)
    curves = [e for e in evidence(subject) if isinstance(e, Curve) and e.name.endswith("risk_coverage")]
    whole = curves[0]
    assert whole.x[-1] == 1
    assert whole.y[-1] == pytest.approx((subject.predicted.labels != subject.test.labels).mean(), abs=1e-4)
    assert len(whole.x) <= 60
    assert [c.slice for c in curves[1:]] == [{k: v} for k, vs in (("sex", "fm"), ("race", "abc")) for v in vs]


# --- review -------------------------------------------------------------------------------


def uncertain_more_often(often: float, n: int = 2000) -> Subject:
    """Return a subject where group a is uncertain so often, and group b in one row of ten."""
    rng = np.random.default_rng(3)
    group = np.array(list("ab"))[np.arange(n) % 2]
    unsure = rng.random(n) < np.where(group == "a", often, 0.1)
    top = np.where(unsure, rng.uniform(0.5, 0.6, n), rng.uniform(0.8, 1, n))
    return subject_of(top, rng.random(n) < np.where(unsure, 0.4, 0.1), race=group.tolist())


def test_a_group_deferred_twice_as_often_is_named() -> None:
    told = evidence(uncertain_more_often(0.2), share=0.15)
    table = next(e for e in told if isinstance(e, Table) and e.name == "human.deferral.by_group")
    assert table.note.startswith("a: deferred 2.1 times as often as b")
    gap = next(e for e in told if isinstance(e, Finding) and e.metric.endswith("deferral_rate_difference"))
    assert limits(gap)[0] > 0.04


def test_groups_alike_are_not_told_apart() -> None:
    told = evidence(uncertain_more_often(0.1), share=0.1)
    table = next(e for e in told if isinstance(e, Table) and e.name == "human.deferral.by_group")
    assert table.note.startswith("no group is clearly deferred more often")
    assert "no group clearly keeps more errors" in table.note


def test_review_of_uncertain_errors_lowers_the_rest() -> None:
    top, wrong = np.linspace(0.99, 0.6, 200), (np.arange(200) >= 180) | (np.arange(200) % 20 == 0)
    found = findings(subject_of(top, wrong), share=0.1)
    assert (value(found["deferral_rate",]), value(found["remaining_error",])) == (0.1, 9 / 180)
    assert value(found["error_reduction",]) == pytest.approx(29 / 200 - 9 / 180)
    assert limits(found["error_reduction",])[0] > 0.05
    assert found["error_reduction",].note.startswith(
        "review the 10% least certain, and the error rate of the rest falls from 14.5% to 5.0%"
    )
    assert "from the test rows themselves" in found["error_reduction",].note


def test_equally_certain_rows_are_drawn_by_id() -> None:
    subject = subject_of(np.full(400, 0.7), np.arange(400) % 4 == 0)
    found = findings(subject)
    assert value(found["deferral_rate",]) == 0.1
    assert value(found["aurc",]) == pytest.approx(0.25)
    validated = make_subject(400, scores=np.tile([0.7, 0.3], (400, 1)), labels=np.arange(400) % 2)
    same = replace(validated, predictions={**validated.predictions, "validation": validated.predicted})
    assert 0.05 < value(findings(same)["deferral_rate",]) < 0.15


# --- conformal ----------------------------------------------------------------------------


class _Given:
    """A fitted classifier whose inputs are its probabilities."""

    classes_ = np.arange(3)

    def fit(self, x: Floats, y: Ints) -> "_Given":
        return self

    def predict(self, x: Floats) -> Ints:
        return np.asarray(x.argmax(axis=1))

    def predict_proba(self, x: Floats) -> Floats:
        return x

    def __sklearn_is_fitted__(self) -> bool:
        return True


def mapies(known: Floats, labels: Ints, new: Floats, alpha: float) -> Bools:
    """Return the sets of MAPIE for new rows, shape (n, 3)."""
    from mapie.classification import SplitConformalClassifier

    peer = SplitConformalClassifier(_Given(), confidence_level=1 - alpha, conformity_score="lac", prefit=True)
    return np.asarray(peer.conformalize(known, labels).predict_set(new)[1][:, :, 0])


@pytest.mark.parametrize(("n", "alpha"), [(57, 0.1), (99, 0.1), (200, 0.25), (400, 0.05)])
def test_sets_equal_those_of_mapie(n: int, alpha: float) -> None:
    rng = np.random.default_rng(n)
    known, new = draw_scores(rng, n, 3), draw_scores(rng, 300, 3)
    labels = draw_labels(rng, known)
    ours = sets(new, np.full(300, threshold(known, labels, alpha)))
    np.testing.assert_array_equal(ours, mapies(known, labels, new, alpha))


def test_sets_by_group_equal_those_of_mapie_on_each_group_alone() -> None:
    """A row of two groups has the sets of both together; rows of no group are a group of their own."""
    rng, n = np.random.default_rng(8), 600
    scores = {name: draw_scores(rng, n, 3) for name in ("validation", "test")}
    members = {name: rng.random((n, 2)) < [0.6, 0.3] for name in scores}
    labels = {
        name: np.where(members[name][:, 1], rng.integers(0, 3, n), draw_labels(rng, scores[name])) for name in scores
    }
    made = make_subject(n, 3, scores=scores["test"], labels=labels["test"], groups={})
    splits = {
        name: replace(made.splits[name], labels=labels[name], groups=(GroupColumn("race", ("a", "b"), members[name]),))
        for name in scores
    }
    predictions = {name: Predictions(scores[name].argmax(axis=1), scores[name]) for name in scores}
    found = findings(replace(made, splits=splits, predictions=predictions), alpha=0.2)
    of = {name: [*members[name].T, ~members[name].any(axis=1)] for name in scores}
    theirs = np.zeros((n, 3), dtype=bool)
    for known, new in zip(of["validation"], of["test"], strict=True):
        theirs[new] |= mapies(scores["validation"][known], labels["validation"][known], scores["test"][new], 0.2)
    for name, rows in zip(("a", "b", "unknown"), of["test"], strict=True):
        held = theirs[rows, labels["test"][rows]].mean()
        assert value(found["conformal_coverage", "mondrian", name]) == pytest.approx(held)
        assert value(found["set_size", "mondrian", name]) == pytest.approx(theirs[rows].sum(axis=1).mean())
        assert value(found["set_size", name]) != pytest.approx(theirs[rows].sum(axis=1).mean(), abs=0.02)


def test_too_few_rows_promise_nothing() -> None:
    scores = draw_scores(np.random.default_rng(0), 8, 3)
    assert sets(scores, np.full(8, threshold(scores, scores.argmax(axis=1), 0.1))).all()


def test_a_group_is_covered_once_it_has_its_own_threshold() -> None:
    rng, n = np.random.default_rng(1), 2000
    group = ["ab"[i % 5 == 0] for i in range(n)]
    honest = [draw_scores(rng, n, 2) for _ in range(2)]
    # In group b the labels have nothing to do with the scores.
    labels = [np.where(np.array(group) == "b", rng.integers(0, 2, n), draw_labels(rng, s)) for s in honest]
    subject = make_subject(n, scores=honest[0], labels=labels[0], groups={"race": group})
    validation = replace(subject.splits["validation"], labels=labels[1], groups=(group_column("race", group),))
    predictions = {**subject.predictions, "validation": Predictions(honest[1].argmax(axis=1), honest[1])}
    told = replace(subject, splits={**subject.splits, "validation": validation}, predictions=predictions)
    found = findings(told)
    low, high = limits(found["conformal_coverage",])
    assert low < 0.9 < high
    assert "below the promised 0.9" in found["conformal_coverage", "b"].note
    assert limits(found["conformal_coverage_difference", "*"])[0] > 0.05
    low, high = limits(found["conformal_coverage", "mondrian", "b"])
    assert low < 0.92
    assert high > 0.9
    assert value(found["set_size", "mondrian", "b"]) > value(found["set_size", "b"])


def test_a_calibrated_subject_is_covered() -> None:
    found = findings(make_subject(1500, classes=3))
    covered = [f for key, f in found.items() if key[0] == "conformal_coverage" and f.value is not None]
    assert not any("below" in f.note for f in covered)
    assert "no column" in found["conformal_coverage", "mondrian", "*"].note


def test_without_validation_there_are_no_sets() -> None:
    found = findings(subject_of(np.linspace(0.99, 0.6, 100), np.arange(100) > 80))
    assert found["set_size",].value is None
    assert "validation" in found["set_size",].note


# --- people -------------------------------------------------------------------------------


def test_the_cheapest_share_by_hand() -> None:
    """Of ten uncertain rows nine are wrong: a review for 0.2 pays there, and nowhere else."""
    wrong = np.isin(np.arange(100), np.arange(91, 100)) | (np.arange(100) == 5)
    subject = subject_of(np.linspace(0.99, 0.6, 100), wrong)
    found = findings(subject, human_accuracy=1.0, human_cost=0.2)
    assert value(found["best_share",]) == 0.09
    assert value(found["cost_at_best",]) == pytest.approx((9 * 0.2 + 1) / 100)
    assert value(found["cost_of_model_alone",]) == pytest.approx(0.1)
    assert value(found["cost_of_human_alone",]) == 0.2
    assert "declared" in found["best_share",].note
    assert value(findings(subject, human_accuracy=0.5)["best_share",]) == 0.09
    assert value(findings(subject, human_accuracy=1.0, human_cost=0.0)["best_share",]) == 0.95
    assert value(findings(subject, human_accuracy=1.0, human_cost=2.0)["best_share",]) == 0


CONDITIONS = ("least cost", "required accuracy", "share asked for")


def test_the_thresholds_themselves_are_told() -> None:
    """The 20 least certain of 100 rows are wrong: without them all are right."""
    top = np.linspace(0.995, 0.5, 100)  # in steps of 0.005
    found = findings(subject_of(top, np.arange(100) >= 80), human_accuracy=1.0, share=0.1, required_accuracy=1.0)
    told = {condition: found["review_threshold", condition] for condition in CONDITIONS}
    assert {condition: value(f) for condition, f in told.items()} == {
        "least cost": 0.595,
        "required accuracy": 0.595,
        "share asked for": 0.545,
    }
    assert {f.n for f in told.values()} == {100}
    assert all("threshold from the test rows themselves" in f.note for f in told.values())
    finer = findings(subject_of(top + 0.00001, np.arange(100) >= 80), share=0.1)
    assert value(finer["review_threshold", "share asked for"]) == 0.5451
    surest = findings(subject_of(1 - 10.0 ** -np.linspace(3.5, 7, 100), np.arange(100) >= 80), share=0.1)
    assert value(surest["review_threshold", "share asked for"]) < 0.9999, "1 would send all"


def test_a_threshold_beyond_all_rows_says_so() -> None:
    top, all_wrong, all_right = np.linspace(0.99, 0.6, 100), np.ones(100, dtype=bool), np.zeros(100, dtype=bool)
    wrong, right = (findings(subject_of(top, rows), human_accuracy=1.0) for rows in (all_wrong, all_right))
    assert "unreachable" in wrong["review_threshold", "required accuracy"].note
    assert value(wrong["review_threshold", "least cost"]) == 1
    assert "every row goes to people" in wrong["review_threshold", "least cost"].note
    assert [value(right["review_threshold", c]) for c in ("least cost", "required accuracy")] == [0, 0]
    assert "no row goes to people" in right["review_threshold", "least cost"].note
    undeclared = findings(make_subject(100))["review_threshold", "least cost"]
    assert (undeclared.value, undeclared.n) == (None, 100)
    tied = findings(subject_of(np.full(100, 0.7), all_right))["review_threshold", "share asked for"]
    assert (value(tied), "a hash of the id" in tied.note) == (0.7, True)


def test_nobody_is_simulated_undeclared() -> None:
    assert "declare" in findings(make_subject(100))["best_share",].note


def decided(human: Ints, final: Ints, n: int = 400) -> Subject:
    """Return a subject whose model is wrong in the first quarter of its rows, with decisions of people."""
    subject = subject_of(np.linspace(0.6, 0.99, n), np.arange(n) < n // 4, sex=list("fm" * (n // 2)))
    decisions = {"human": np.asarray(human), "final": np.asarray(final)}
    return replace(subject, splits={"test": replace(subject.test, decisions=decisions)})


COLUMNS: dict[str, JsonValue] = {"human_column": "human", "final_column": "final"}


def test_a_team_better_than_both_gains() -> None:
    truth, i = np.arange(400) % 2, np.arange(400)
    found = findings(decided(np.where(i >= 320, 1 - truth, truth), truth), **COLUMNS)
    assert value(found["human_accuracy_measured",]) == 0.8
    assert value(found["final_accuracy",]) == 1
    assert value(found["team_gain",]) == pytest.approx(0.2)
    assert limits(found["team_gain",])[0] > 0.1
    assert value(found["override_rate",]) == 0.25
    assert (value(found["over_reliance",]), value(found["under_reliance",])) == (0, 0)
    assert "measured on 400 rows" in found["best_share",].note
    alone = findings(decided(np.where(i % 5 == 0, UNDECIDED, truth), truth), **COLUMNS)["cost_of_human_alone",]
    assert alone.n == 320
    assert alone.note.startswith("a person right in 100.0% (measured on 320 rows)")
    assert limits(alone) == (value(alone), pytest.approx(value(alone) + 1 - wilson(320, 320).low))
    declared = findings(make_subject(100), human_accuracy=0.9)["cost_of_human_alone",]
    assert (declared.interval, declared.note.split(",")[0]) == (None, "as assumed")


def test_a_team_that_follows_the_model_blindly_relies_too_much() -> None:
    truth = np.arange(400) % 2
    model = np.where(np.arange(400) < 100, 1 - truth, truth)
    found = findings(decided(truth, np.array([UNDECIDED, *model[1:]])), **COLUMNS)
    assert (value(found["over_reliance",]), found["over_reliance",].n) == (1, 99)
    assert value(found["override_rate",]) == 0
    assert found["override_rate",].note == "rows without a final decision: 1"
    assert limits(found["team_gain",])[1] < -0.15
    assert "no such row" in found["under_reliance",].note


def test_a_model_that_gives_labels_alone_can_still_be_compared_with_people() -> None:
    scored = decided(np.arange(400) % 2, np.arange(400) % 2)
    subject = replace(scored, predictions={"test": replace(scored.predicted, scores=None)})
    ours, theirs = findings(subject, **COLUMNS), findings(scored, **COLUMNS)
    for metric in ("override_rate", "over_reliance", "human_accuracy_measured", "final_accuracy", "team_gain"):
        assert ours[metric,] == theirs[metric,]
    assert ours["aurc",].value is None
    assert "only labels" in ours["aurc",].note
    with pytest.raises(Skip, match="no decisions of people"):
        findings(subject)


def test_texts_are_shown_only_where_they_may_be() -> None:
    subject = make_subject(200)
    shown = [e for e in evidence(subject) if e.kind == "examples"]
    assert [e.name for e in shown] == ["human.deferral.errors_kept", "human.deferral.sent_to_people"]
    first = shown[0].items[0]
    assert first.label != first.predicted_before
    assert sum(len(e.items) for e in shown) == 12
    assert not [e for e in evidence(subject, examples=0) if e.kind == "examples"]
