"""Calibration: torchmetrics, relplot, uncertainty-calibration and scikit-learn as oracles; simulated nulls."""

from collections.abc import Sequence
from dataclasses import replace

import calibration as uncertainty_calibration
import numpy as np
import pytest
import relplot
import torch
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import chi2, norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

from audit.types import Curve, Finding, Floats, Ints, Subject
from probes._calibration import Sample, bin_weights, equal_mass_bins, observed, redrawn
from probes._calibration_errors import KINDS, Measured, limits, measure
from probes._recalibration import recalibration_intercept, recalibration_slope, temperature, tempered
from probes.calibration import MEASURES, OVERALL_ONLY, _Rows, calibration
from tests.subjects import draw_labels, draw_scores, make_subject

Found = dict[tuple[str, ...], Finding]


def findings(subject: Subject, draws: int = 200) -> Found:
    """By metric without the probe's id, then the values of the slice."""
    told = calibration.run(subject, calibration.params(draws=draws), np.random.default_rng([7, 7]))
    found = [e for e in told if isinstance(e, Finding)]
    return {(f.metric.removeprefix("calibration."), *f.slice.values()): f for f in found}


def value(found: Found, *key: str) -> float:
    measured = found[key].value
    assert measured is not None
    return measured


def scores_of(subject: Subject) -> Floats:
    assert subject.predicted.scores is not None
    return subject.predicted.scores


def overconfident(n: int, seed: int = 0) -> Subject:
    """Return a subject whose labels come from scores nearer to one half than those it gives."""
    rng = np.random.default_rng(seed)
    scores = draw_scores(rng, n, 2)
    return make_subject(n, scores=tempered(scores, 0.5), labels=draw_labels(rng, scores))


def sample_of(rng: np.random.Generator, n: int, power: float = 1) -> Sample:
    """Return chances and events; a power other than 1 makes the chances wrong."""
    chance = rng.beta(2, 2, n)
    return Sample(chance, rng.random(n) < chance**power, np.zeros(n))


def measured(sample: Sample, names: Sequence[str] = tuple(KINDS), draws: int = 100) -> dict[str, Measured]:
    return measure(names, sample, draws, np.random.default_rng(1), np.random.default_rng(2))


def smoothed_area(sample: Sample, width: float) -> float:
    """Integrate the smoothed residual over [0, 1], adding up the kernel and its mirror images."""
    at = np.linspace(0, 1, 801)[:, None]
    images = [2 * k + sign * sample.chance for k in (-1, 0, 1) for sign in (1, -1)]
    kernel = sum(norm.pdf(at, loc=image, scale=width) for image in images)
    return float(np.trapezoid(np.abs(kernel @ (sample.event - sample.chance)) / len(sample), at[:, 0]))


# --- values -------------------------------------------------------------------------------


def test_binned_errors_agree_with_torchmetrics_and_uncertainty_calibration() -> None:
    subject = overconfident(700)
    found, chance, event = findings(subject), scores_of(subject)[:, 1], subject.test.labels
    expected = binary_calibration_error(torch.tensor(chance), torch.tensor(event), n_bins=15)
    assert value(found, "ece") == pytest.approx(float(expected), abs=1e-6)
    oracle = uncertainty_calibration.lower_bound_scaling_ce
    assert value(found, "ece_equal_mass") == pytest.approx(oracle(chance, event, p=1, debias=False))
    assert value(found, "debiased_ece") == pytest.approx(oracle(chance, event, p=2, debias=True))


@pytest.mark.parametrize("n", [60, 400])
def test_smooth_error_agrees_with_relplot_and_with_the_definition(n: int) -> None:
    sample = sample_of(np.random.default_rng(n), n, 1.5)
    error = measured(sample, ["smooth_ece"])["smooth_ece"].value
    assert error == pytest.approx(relplot.smECE(sample.chance, sample.event.astype(float)), abs=1e-3)
    assert error == pytest.approx(brentq(lambda width: smoothed_area(sample, width) - width, 0.02, 1), abs=1e-4)


def test_equal_chances_share_a_bin() -> None:
    chance = np.repeat([0.1, 0.4, 0.4, 0.4, 0.9], 20)
    bins = equal_mass_bins(chance)
    assert [len(set(bins[chance == p])) for p in (0.1, 0.4, 0.9)] == [1, 1, 1]


def test_scores_and_parts_of_the_brier_score_agree_with_scikit_learn() -> None:
    subject = overconfident(500)
    rounded = scores_of(subject).round(2)  # ties
    subject = make_subject(500, scores=rounded, labels=subject.test.labels)
    found, chance, event = findings(subject), rounded[:, 1], subject.test.labels
    brier = brier_score_loss(event, chance)
    isotonic = IsotonicRegression().fit(chance, event).predict(chance)
    base = brier_score_loss(event, np.full(500, event.mean()))
    assert value(found, "brier") == pytest.approx(brier)
    assert value(found, "log_loss") == pytest.approx(log_loss(event, chance))
    assert value(found, "brier_uncertainty") == pytest.approx(base)
    assert value(found, "brier_reliability") == pytest.approx(brier - brier_score_loss(event, isotonic))
    assert value(found, "brier_resolution") == pytest.approx(base - brier_score_loss(event, isotonic))


def test_recalibration_agrees_with_scikit_learn_and_its_limits_with_chi_squared() -> None:
    sample = sample_of(np.random.default_rng(3), 800, 1.5)
    odds = logit(sample.chance)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(odds[:, None], sample.event)
    slope = recalibration_slope(sample.chance, sample.event)
    assert slope
    assert slope.value == pytest.approx(fitted.coef_[0, 0], rel=1e-4)
    shift = recalibration_intercept(sample.chance, sample.event)
    assert shift
    assert expit(odds + shift.value).mean() == pytest.approx(sample.event.mean(), abs=1e-5)
    best, low, high = (
        log_loss(sample.event, expit(odds + end), normalize=False) for end in (shift.value, shift.low, shift.high)
    )
    assert [2 * (low - best), 2 * (high - best)] == pytest.approx([chi2.ppf(0.95, 1)] * 2, rel=1e-4)


class _Stored(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """A classifier that gives the probabilities it is asked about."""

    def fit(self, X: Floats, y: Ints) -> "_Stored":
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Floats) -> Ints:
        return np.asarray(self.classes_[X.argmax(axis=1)])

    def predict_proba(self, X: Floats) -> Floats:
        return X


@pytest.mark.parametrize("classes", [2, 4])
def test_temperature_agrees_with_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    scores = draw_scores(rng, 600, classes)
    labels, sharp = draw_labels(rng, scores), tempered(scores, 0.6)
    oracle = CalibratedClassifierCV(FrozenEstimator(_Stored().fit(sharp, labels)), method="temperature").fit(
        sharp, labels
    )
    fit = temperature(sharp, labels)
    assert fit
    assert fit.low < 1 / 0.6 < fit.high
    assert tempered(sharp, fit.value) == pytest.approx(oracle.predict_proba(sharp), abs=1e-3)


def test_of_many_classes_the_highest_score_and_each_class_are_assessed() -> None:
    subject = make_subject(700, 4)
    found, scores, labels = findings(subject), scores_of(subject), subject.test.labels
    top = multiclass_calibration_error(torch.tensor(scores), torch.tensor(labels), 4, n_bins=15)
    assert value(found, "ece") == pytest.approx(float(top), abs=1e-6)
    by_class = [
        float(binary_calibration_error(torch.tensor(scores[:, k]), torch.tensor((labels == k).astype(int)), n_bins=15))
        for k in range(4)
    ]
    assert [value(found, "ece", label) for label in subject.labels] == pytest.approx(by_class, abs=1e-6)
    assert value(found, "classwise_ece") == pytest.approx(np.mean(by_class), abs=1e-6)
    assert value(found, "log_loss") == pytest.approx(log_loss(labels, scores))


def test_the_reliability_curve_shows_bins_and_band() -> None:
    subject = overconfident(750)
    told = calibration.run(subject, calibration.params(draws=100), np.random.default_rng(1))
    curve = next(e for e in told if isinstance(e, Curve))
    chance, event = scores_of(subject)[:, 1], subject.test.labels
    ranked = np.argsort(chance).reshape(15, 50)
    assert curve.x == pytest.approx(chance[ranked].mean(axis=1))
    assert curve.y == pytest.approx(event[ranked].mean(axis=1))
    assert curve.n == (50,) * 15
    x, y, low, high = (np.array(series) for series in (curve.x, curve.y, curve.low, curve.high))
    assert np.all((low < x) & (x < high))
    assert y[1] > high[1]  # overconfident: too few low scores are right to be low
    assert y[-2] < low[-2]


# --- nulls and limits ---------------------------------------------------------------------


def test_the_null_rejects_a_calibrated_model_as_rarely_as_it_says() -> None:
    rng = np.random.default_rng(8)

    def rejected(n: int, power: float, runs: int) -> Floats:
        errors = [measured(sample_of(rng, n, power), draws=1) for _ in range(runs)]
        p_values = [[(1 + (e.null >= e.value).sum()) / 200 for e in of.values()] for of in errors]
        return np.asarray((np.array(p_values) <= 0.05).mean(axis=0))

    # 120 runs at 5 %: 13 rejections or more would come once in 300.
    assert np.all(rejected(200, 1, 120) < 13 / 120)
    assert np.all(rejected(500, 1.5, 20) > 0.9)


def test_limits_hold_the_true_error_where_bootstrap_intervals_fail() -> None:
    rng = np.random.default_rng(9)
    calibrated = [measured(sample_of(rng, 300)) for _ in range(60)]
    lows = np.array([[limits(e)[0] for e in of.values()] for of in calibrated])
    assert np.all((lows == 0).mean(axis=0) > 0.85)
    truth = {"ece": 0.119, "ece_equal_mass": 0.119, "debiased_ece": 0.1228, "smooth_ece": 0.119}
    wrong = [measured(sample_of(rng, 300, 1.5)) for _ in range(60)]
    for name, true in truth.items():
        held = [low <= true <= high for low, high in (limits(of[name]) for of in wrong)]
        assert np.mean(held) > 0.85, name
        assert np.mean([limits(of[name])[0] for of in wrong]) > 0.04, name


def test_redraws_give_each_row_one_class() -> None:
    scores = draw_scores(np.random.default_rng(1), 50, 3)
    rows = _Rows(scores, scores.argmax(axis=1), 1)
    cells = bin_weights(np.arange(50))
    drawn = [
        np.concatenate([sums.event for sums in redrawn(rows.of_class(k), cells, rng)])
        for k, rng in enumerate(np.random.default_rng(4) for _ in range(3))
    ]
    assert np.all(sum(drawn) == 1)
    assert np.mean(drawn, axis=1) == pytest.approx(scores.T, abs=0.15)


def test_no_error_measured_still_leaves_doubt() -> None:
    certain = np.arange(40) % 2
    sample = Sample(certain.astype(float), certain == 1, np.zeros(40))
    for error in measured(sample).values():
        low, high = limits(error)
        assert (error.value < 1e-4, low < 1e-4, high > 0.05) == (True, True, True)
    assert observed(sample, bin_weights(certain)).residual.tolist() == [[0, 0]]


def test_a_faulty_model_is_told_from_a_calibrated_one() -> None:
    for subject, faulty in ((overconfident(600), True), (make_subject(600, seed=1), False)):
        found = findings(subject)
        for name in ("ece", "ece_equal_mass", "debiased_ece", "smooth_ece", "brier_reliability"):
            finding = found[(name,)]
            assert finding.null
            assert finding.interval
            assert (finding.null.p_value <= 0.05) == faulty, name
            assert (finding.interval.low > 0) == faulty, name
        reliability, squared = (found[(name,)].interval for name in ("brier_reliability", "debiased_ece"))
        assert reliability
        assert squared
        assert reliability.high == pytest.approx(max(squared.high**2, value(found, "brier_reliability")))
        slope = found[("calibration_slope",)].interval
        assert slope
        assert (slope.high < 1) == faulty


# --- slices and splits --------------------------------------------------------------------


def test_groups_are_assessed_on_their_own_rows() -> None:
    good, bad = make_subject(300, seed=1), overconfident(300)
    scores = np.concatenate([scores_of(good), scores_of(bad)])
    labels = np.concatenate([good.test.labels, bad.test.labels])
    names = ["good"] * 300 + ["bad"] * 280 + ["few"] * 20
    found = findings(make_subject(600, scores=scores, labels=labels, groups={"group": names}))
    alone = findings(good)
    for name in set(MEASURES) - set(OVERALL_ONLY):
        assert found[(name, "good")].model_copy(update={"slice": {}}) == alone[(name,)]
        assert found[(name, "few")].value is None
        assert "fewer than 30" in found[(name, "few")].note
    assert value(found, "smooth_ece", "bad") > 2 * value(found, "smooth_ece", "good")


def test_the_temperature_of_the_validation_rows_mends_the_test_rows() -> None:
    subject = overconfident(600)
    validation = overconfident(600, seed=1)
    splits = {"test": subject.test, "validation": replace(validation.test, name="validation")}
    predictions = {"test": subject.predicted, "validation": validation.predicted}
    found = findings(replace(subject, splits=splits, predictions=predictions))
    assert value(found, "temperature") == pytest.approx(2, rel=0.15)
    assert value(found, "smooth_ece_after_temperature") < value(found, "smooth_ece") / 2
    alone = findings(replace(subject, splits={"test": subject.test}, predictions={"test": subject.predicted}))
    assert alone[("temperature",)].value is None
    assert "validation" in alone[("smooth_ece_after_temperature",)].note


def test_what_has_no_finite_value_is_said() -> None:
    certain = np.eye(2)[np.arange(60) % 2]
    separated = findings(make_subject(60, scores=tempered(0.5 + 0.3 * (certain - 0.5), 1), labels=np.arange(60) % 2))
    assert separated[("calibration_slope",)].value is None
    alike = findings(make_subject(60, labels=np.zeros(60, dtype=np.int64)))
    assert alike[("calibration_in_the_large",)].value is None
    assert "No finite value" in alike[("calibration_in_the_large",)].note
