"""Whether scores mean what they say: of the rows scored 0.8, 80 in 100 should have the class."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import DRAWS, TAILS, basic_interval, quantile_interval, substream
from audit.types import Bools, Curve, Evidence, Finding, Floats, Frozen, Interval, Ints, Null, Subject
from probes._calibration import REDRAWS, Sample, bin_weights, equal_mass_bins, observed, redrawn, resampled
from probes._calibration_errors import KINDS, Measured, brier_parts, limits, mean_of_classes, measure
from probes._performance import losses, mean_of, row_replicates
from probes._recalibration import Estimate, recalibration_intercept, recalibration_slope, temperature, tempered
from probes._rows import canonical_order, group_rows


class Params(Frozen):
    """Parameters of ``calibration``."""

    min_group: int = Field(30, ge=2)
    """Rows below which nothing is said of a group."""
    draws: int = Field(DRAWS, ge=100)
    """Bootstrap replicates behind an interval."""


def _error(meaning: str) -> Measure:
    return Measure("lower", meaning, 0, 1, 0)


MEASURES = {
    "log_loss": Measure("lower", "Mean surprise, in nats, at the true class.", 0, None, 0),
    "brier": _error("Mean squared distance between score and outcome."),
    "brier_reliability": _error("Part of the Brier score that recalibration would take away."),
    "brier_resolution": Measure("higher", "How far the scores tell rows apart: the Brier score it saves.", 0, 0.25),
    "brier_uncertainty": Measure("none", "Brier score of always giving the observed share.", 0, 0.25),
    "ece": _error("Mean gap between score and observed share, over 15 bins of equal width."),
    "ece_equal_mass": _error("Mean gap between score and observed share, over 15 bins of equal rows."),
    "debiased_ece": _error("Root mean squared gap over 15 bins of equal rows, less what chance adds."),
    "smooth_ece": _error("Mean gap between score and observed share, smoothed instead of binned."),
    "classwise_ece": _error("Mean over the classes of the gap between score and observed share."),
    "calibration_in_the_large": Measure(
        "none", "Shift of all log odds that would fit best; above 0: scores are too low.", None, None, 0
    ),
    "calibration_slope": Measure(
        "none", "Factor on all log odds that would fit best; below 1: scores are too extreme.", None, None, 1
    ),
    "temperature": Measure(
        "none", "Temperature that would fit the validation rows best; above 1: too extreme.", 0, None, 1
    ),
    "smooth_ece_after_temperature": _error("Smooth calibration error that this temperature would leave."),
}

OVERALL_ONLY = ("classwise_ece", "temperature", "smooth_ece_after_temperature")
BY_SLICE = tuple(name for name in MEASURES if name not in OVERALL_ONLY)
TOP_LABEL = "Of the score of the highest class."


@dataclass(frozen=True)
class _Rows:
    scores: Floats
    labels: Ints
    positive: int

    @property
    def multiclass(self) -> bool:
        return bool(self.scores.shape[1] > 2)

    def taken(self, rows: Bools) -> "_Rows":
        return _Rows(self.scores[rows], self.labels[rows], self.positive)

    def sample(self) -> Sample:
        """Return the positive of two classes; of more, whether the highest score is right."""
        if not self.multiclass:
            return self.of_class(self.positive)
        top = self.scores.argmax(axis=1)
        return Sample(self.scores.max(axis=1), self.labels == top, np.zeros(len(top)))

    def of_class(self, k: int) -> Sample:
        # Each class owns a stretch of [0, 1), so that one uniform number redraws them all.
        floor = self.scores[:, :k].sum(axis=1) if self.multiclass else np.zeros(len(self.labels))
        return Sample(self.scores[:, k], self.labels == k, floor)


@probe(
    "calibration",
    version=1,
    values=("transparency", "collaboration"),
    needs=("labels", "scores"),
    measures=MEASURES,
)
def calibration(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Assess whether scores can be read as probabilities, overall and by group.

    Ideal: 0 for the errors, 1 for slope and temperature. A perfectly calibrated model still
    shows an error, larger on fewer rows; each error therefore comes with its null, the same
    error of 199 models whose classes are drawn from the scores, and with an interval whose
    lower end is 0 unless that null is rejected. Of two classes the positive one's scores are
    assessed; of more, the highest score against whether it is right, and each class by itself.
    """
    rows, order = _rows(subject)
    yield from _of_slice(rows, {}, params, rng)
    for column in subject.test.groups:
        for group, members in group_rows(column):
            yield from _of_slice(rows.taken(members[order]), {column.name: group}, params, rng)
    if rows.multiclass:
        yield from _of_classes(rows, subject.labels, params, rng)
    yield from _temperature(subject, rows, params, rng)


def _rows(subject: Subject) -> tuple[_Rows, Ints]:
    scores, labels = subject.predicted.scores, subject.test.labels
    assert scores is not None  # the probe needs scores
    order = canonical_order(labels, scores)
    return _Rows(scores[order], labels[order], subject.positive), order


def _of_slice(rows: _Rows, where: dict[str, str], params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    n = len(rows.labels)
    if n < params.min_group:
        note = f"Not measured: {n} rows, fewer than {params.min_group}."
        yield from (calibration.finding(name, None, n, slice=where, note=note) for name in BY_SLICE)
        return
    sample, draws = rows.sample(), params.draws
    note = TOP_LABEL if rows.multiclass else ""
    loss = losses(rows.labels, rows.scores)
    # The streams are the same for every slice: a group's numbers depend on its rows, not on its name or place.
    replicates = row_replicates(mean_of(loss), n, draws, substream(rng, "log_loss"))
    interval = quantile_interval(replicates, _bootstrap(draws))
    yield calibration.finding("log_loss", float(loss.mean()), n, slice=where, interval=interval)
    errors = _measure(tuple(KINDS), sample, draws, rng)
    yield from _brier(sample, errors["debiased_ece"], where, note, draws, rng)
    for name, measured in errors.items():
        yield _finding(name, measured, n, where, draws, note)
    intercept, slope = (fit(sample.chance, sample.event) for fit in (recalibration_intercept, recalibration_slope))
    yield _recalibrated("calibration_in_the_large", intercept, n, where, note)
    yield _recalibrated("calibration_slope", slope, n, where, note)
    yield _reliability_curve(sample, where, note, rng)


def _bootstrap(draws: int) -> str:
    return f"bootstrap, {draws} draws"


def _measure(names: tuple[str, ...], sample: Sample, draws: int, rng: np.random.Generator) -> dict[str, Measured]:
    return measure(names, sample, draws, substream(rng, "bootstrap"), substream(rng, "null"))


def _finding(name: str, measured: Measured, n: int, where: Mapping[str, str], draws: int, note: str = "") -> Finding:
    low, high = limits(measured)
    return calibration.finding(
        name,
        measured.value,
        n,
        slice=where,
        interval=Interval(low=low, high=high, method=f"test inversion, {draws} bootstrap draws"),
        null=_null(measured.value, measured.null),
        note=note,
    )


def _null(value: float, draws: Floats) -> Null:
    return Null(
        upper=float(np.quantile(draws, 0.95)),
        p_value=float((1 + (draws >= value).sum()) / (1 + len(draws))),
        method=f"{REDRAWS} redraws of the classes from the scores",
    )


def _brier(
    sample: Sample, squared: Measured, where: dict[str, str], note: str, draws: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield the Brier score and its parts; reliability estimates the square of what ``squared`` measures."""
    levels, level = np.unique(sample.chance, return_inverse=True)
    cells = bin_weights(level)
    value = {name: float(parts[0]) for name, parts in brier_parts(observed(sample, cells), levels).items()}
    chunks = [brier_parts(sums, levels) for sums in resampled(sample, cells, draws, substream(rng, "bootstrap"))]
    drawn = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in value}
    redraws = [brier_parts(sums, levels) for sums in redrawn(sample, cells, substream(rng, "null"))]
    null = np.concatenate([chunk["brier_reliability"] for chunk in redraws])
    low, high = (limit**2 for limit in limits(squared))
    reliability = value["brier_reliability"]
    intervals = {
        "brier": quantile_interval(drawn["brier"], _bootstrap(draws)),
        "brier_reliability": Interval(
            low=min(low, reliability), high=max(high, reliability), method="square of the interval of debiased_ece"
        ),
        "brier_resolution": basic_interval(
            value["brier_resolution"], drawn["brier_resolution"], f"basic {_bootstrap(draws)}", 0, 0.25
        ),
        "brier_uncertainty": quantile_interval(drawn["brier_uncertainty"], _bootstrap(draws)),
    }
    nulls = {"brier_reliability": _null(reliability, null)}
    for name, interval in intervals.items():
        yield calibration.finding(
            name, value[name], len(sample), slice=where, interval=interval, null=nulls.get(name), note=note
        )


def _recalibrated(name: str, fit: Estimate | None, n: int, where: Mapping[str, str], note: str = "") -> Finding:
    if fit is None:
        why = "No finite value fits: the rows are of one kind, all scored alike, or set apart without error."
        return calibration.finding(name, None, n, slice=where, note=why)
    interval = Interval(low=fit.low, high=fit.high, method="profile likelihood")
    return calibration.finding(name, fit.value, n, slice=where, interval=interval, note=note)


def _reliability_curve(sample: Sample, where: dict[str, str], note: str, rng: np.random.Generator) -> Curve:
    cells = bin_weights(equal_mass_bins(sample.chance))
    sums = observed(sample, cells)
    null = np.concatenate([drawn.event for drawn in redrawn(sample, cells, substream(rng, "null"))])
    low, high = np.quantile(null / sums.rows, TAILS, axis=0)
    return Curve(
        name="calibration.reliability",
        slice=where,
        x_label="mean score",
        y_label="observed share",
        x=tuple((sums.chance / sums.rows)[0].tolist()),
        y=tuple((sums.event / sums.rows)[0].tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        n=tuple(sums.rows[0].astype(int).tolist()),
        reference="diagonal",
        note=f"Bins of equal rows; the band holds 95 in 100 calibrated models. {note}".strip(),
    )


def _of_classes(rows: _Rows, labels: tuple[str, ...], params: Params, rng: np.random.Generator) -> Iterator[Finding]:
    n, draws = len(rows.labels), params.draws
    if n < params.min_group:
        yield calibration.finding("classwise_ece", None, n, note=f"Not measured: fewer than {params.min_group} rows.")
        return
    names = ("ece", "smooth_ece")
    classes = [_measure(names, rows.of_class(k), draws, rng) for k in range(len(labels))]
    yield _finding("classwise_ece", mean_of_classes([errors["ece"] for errors in classes]), n, {}, draws)
    for label, errors in zip(labels, classes, strict=True):
        for name in names:
            yield _finding(name, errors[name], n, {"class": label}, draws)


def _temperature(subject: Subject, rows: _Rows, params: Params, rng: np.random.Generator) -> Iterator[Finding]:
    after, n = "smooth_ece_after_temperature", len(rows.labels)
    split, predicted = subject.splits.get("validation"), subject.predictions.get("validation")
    if split is None or predicted is None or predicted.scores is None:
        for name in ("temperature", after):
            yield calibration.finding(name, None, 0, note="Not measured: there are no scores of a validation split.")
        return
    order = canonical_order(split.labels, predicted.scores)
    fit = temperature(predicted.scores[order], split.labels[order])
    yield _recalibrated("temperature", fit, len(split), {})
    if fit is None or n < params.min_group:
        yield calibration.finding(after, None, n, note="Not measured: no finite temperature, or too few test rows.")
        return
    cooled = _Rows(tempered(rows.scores, fit.value), rows.labels, rows.positive)
    note = f"At the temperature {fit.value:.3g}, fitted on the validation split."
    errors = _measure(("smooth_ece",), cooled.sample(), params.draws, rng)
    yield _finding(after, errors["smooth_ece"], n, {}, params.draws, note)
