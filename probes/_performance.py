"""Point values and bootstrap replicates of classification metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from audit.stats import auc, quantile_interval, resample_counts, row_weights
from audit.types import Bools, Floats, GroupColumn, Interval, Ints, Predictions, Subject
from probes._rows import canonical_order

Metrics = Mapping[str, Any]
"""A float by metric name, or an array or list with one per class; NaN where undefined."""

Statistic = Callable[[Ints], Floats]
"""From weights, shape (draws, n), to replicates, shape (draws,) or (draws, classes)."""


@dataclass(frozen=True)
class Rows:
    """The test rows in canonical order."""

    names: tuple[str, ...]
    positive: int
    truth: Ints
    model: Predictions
    start: Predictions | None
    """The untuned start."""
    majority: int
    majority_source: str
    groups: tuple[GroupColumn, ...]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def right(self) -> Bools:
        """Rows that the model gets right."""
        return np.asarray(self.truth == self.model.labels)

    @property
    def everyone(self) -> Bools:
        """All rows as one group, shape (n, 1)."""
        return np.ones((len(self), 1), dtype=bool)

    @property
    def hits(self) -> Bools:
        """Whether a row has a class, shape (n, classes)."""
        return np.asarray(self.truth[:, None] == np.arange(len(self.names)))


def read_rows(subject: Subject) -> Rows:
    """Return what the metrics need of a subject."""
    truth, model, start = subject.test.labels, subject.predicted, subject.baseline.get("test")
    said = [predictions for predictions in (model, start) if predictions is not None]
    scores = [predictions.scores for predictions in said if predictions.scores is not None]
    order = canonical_order(truth, *(predictions.labels for predictions in said), *scores)
    source = subject.splits.get("train") or subject.test
    return Rows(
        names=subject.labels,
        positive=subject.positive,
        truth=truth[order],
        model=_taken(model, order),
        start=_taken(start, order) if start is not None else None,
        majority=int(np.bincount(source.labels, minlength=len(subject.labels)).argmax()),
        majority_source=source.name,
        groups=tuple(GroupColumn(g.name, g.values, g.members[order]) for g in subject.test.groups),
    )


def _taken(predictions: Predictions, order: Ints) -> Predictions:
    scores = predictions.scores
    if scores is not None:
        # Sums that are off by single precision would make scikit-learn warn.
        scores = scores[order].astype(np.float64)
        scores /= scores.sum(axis=1, keepdims=True)
    return Predictions(predictions.labels[order], scores)


def compute(kind: Literal["labels", "scores"], truth: Ints, predictions: Ints | Floats, classes: int) -> Metrics:
    """Return the metrics of :mod:`probes._evaluate`, from predicted labels or from scores."""
    from probes._evaluate import Classification

    # Its own folder, gone afterwards, so that two runs at once cannot meet.
    with TemporaryDirectory() as folder:
        metric = Classification(kind, keep_in_memory=True, cache_dir=folder, seed=0)
        values: Metrics = metric.compute(references=truth, predictions=predictions, classes=classes)
    return values


# --- replicates of confusion matrices -----------------------------------------------------


def confusion_replicates(confusion: Ints, draws: int, rng: np.random.Generator) -> Metrics:
    """Return bootstrap replicates of label metrics by name, shape (draws,) or (draws, classes)."""
    classes = len(confusion)
    replicates = resample_counts(confusion.reshape(1, -1), draws, rng)
    return confusion_metrics(replicates.reshape(draws, classes, classes))


def confusion_metrics(confusion: Ints) -> dict[str, Floats]:
    """Return label metrics of confusion matrices (rows: truth), shape (draws, classes, classes)."""
    true, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    by_class = {
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, true),
        "f1": _ratio(2 * hits, true + predicted),
    }
    averages = {}
    for name, values in by_class.items():
        filled = np.nan_to_num(values)
        averages[f"{name}_macro"] = _ratio(filled.sum(axis=1), (true + predicted > 0).sum(axis=1))
        averages[f"{name}_weighted"] = _ratio((filled * true).sum(axis=1), true.sum(axis=1))
    return {
        "balanced_accuracy": _ratio(np.nan_to_num(by_class["recall"]).sum(axis=1), (true > 0).sum(axis=1)),
        "matthews_correlation": _matthews_correlation(hits, true, predicted),
        **by_class,
        **averages,
    }


def _ratio(part: Any, whole: Any) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def _matthews_correlation(hits: Ints, true: Ints, predicted: Ints) -> Floats:
    n = true.sum(axis=1)
    covariance = n * hits.sum(axis=1) - (true * predicted).sum(axis=1)
    spread = [np.sqrt(n**2 - (counts**2).sum(axis=1)) for counts in (true, predicted)]
    return _ratio(covariance, spread[0] * spread[1])


Gain = tuple[float, int, Interval | None]
"""Accuracy gained, rows, interval."""


def gains(rows: Rows, other_right: Bools, members: Bools, draws: int, rng: np.random.Generator) -> list[Gain]:
    """Return the accuracy gained over other predictions, paired row by row, for each column of ``members``."""
    agreement = 2 * rows.right + other_right
    counts = np.stack([np.bincount(agreement[m], minlength=4) for m in members.T])
    replicates = resample_counts(counts, draws, rng)
    return [_gain(of, drawn) for of, drawn in zip(counts, replicates.swapaxes(0, 1), strict=True)]


def _gain(counts: Ints, replicates: Ints) -> Gain:
    n = int(counts.sum())
    drawn = np.asarray((replicates[:, 2] - replicates[:, 1]) / max(n, 1), dtype=np.float64)
    return (counts[2] - counts[1]) / max(n, 1), n, percentiles(drawn)


def percentiles(draws: Floats) -> Interval | None:
    """Return the percentile interval of replicates; None where none of them is defined."""
    defined = draws[~np.isnan(draws)]
    return quantile_interval(defined, f"bootstrap, {len(draws)} draws") if len(defined) else None


# --- replicates of weighted rows ----------------------------------------------------------


def row_replicates(
    statistic: Statistic, n: int, draws: int, rng: np.random.Generator, strata: Ints | None = None
) -> Floats:
    """Return bootstrap replicates of a statistic of weighted rows."""
    return np.concatenate([statistic(weights) for weights in row_weights(n, draws, rng, strata)])


def mean_of(values: Floats) -> Statistic:
    """Return the mean of values, shape (n,), as a statistic."""
    return lambda weights: np.asarray(weights @ values / len(values))


def roc_auc_of(hits: Bools, scores: Floats) -> Statistic:
    """Return the areas under the ROC curve, class by class, as a statistic; both of shape (n, classes)."""
    columns = list(zip(scores.T, hits.T, strict=True))
    return lambda weights: np.stack([auc(score, hit, weights) for score, hit in columns], axis=1)


def pr_auc_of(hits: Bools, scores: Floats) -> Statistic:
    """Return the average precisions, class by class, as a statistic; both of shape (n, classes)."""
    columns = list(zip(scores.T, hits.T, strict=True))
    return lambda weights: np.stack([_average_precision(score, hit, weights) for score, hit in columns], axis=1)


def _average_precision(scores: Floats, hits: Bools, weights: Ints) -> Floats:
    """Sum of precision times the rise in recall, over the distinct scores from above."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    chosen = np.add.reduceat(weights[:, order], starts, axis=1)
    found = np.add.reduceat(weights[:, order] * hits[order], starts, axis=1)
    precision = np.nan_to_num(_ratio(found.cumsum(axis=1), chosen.cumsum(axis=1)))
    return _ratio((precision * found).sum(axis=1), found.sum(axis=1))


def losses(truth: Ints, scores: Floats) -> Floats:
    """Return the log loss of each row in nats; scikit-learn's clipping of probabilities of 0."""
    chosen = scores[np.arange(len(truth)), truth]
    return -np.log(np.clip(chosen, np.finfo(chosen.dtype).eps, 1))
