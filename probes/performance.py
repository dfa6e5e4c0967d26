"""How often the model is right, in every usual sense, and against what it has to beat."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import DRAWS, newcombe_auc, substream, wilson
from audit.types import (
    Bools,
    Evidence,
    Finding,
    Floats,
    Frozen,
    GroupColumn,
    Interval,
    Ints,
    Predictions,
    Subject,
    Table,
)
from probes._groups import PRIVATE, too_small
from probes._performance import (
    Metrics,
    Rows,
    Statistic,
    compute,
    confusion_replicates,
    gains,
    losses,
    mean_of,
    percentiles,
    pr_auc_of,
    read_rows,
    roc_auc_of,
    row_replicates,
)
from probes._rows import group_rows


class Params(Frozen):
    """Parameters of ``performance``."""

    draws: int = Field(DRAWS, ge=100)
    """Bootstrap replicates behind an interval."""


def _share(meaning: str) -> Measure:
    return Measure("higher", meaning, 0, 1, 1)


def _increase(meaning: str) -> Measure:
    return Measure("higher", meaning, -1, 1)


MEASURES = {
    "accuracy": _share("Share of rows whose class the model gets right."),
    "balanced_accuracy": _share("Mean of the recalls of all classes, each class counting alike."),
    "precision": _share("Of the rows given this class, the share that has it; with no class named, the positive one."),
    "recall": _share("Of the rows with this class, the share that is found; with no class named, the positive one."),
    "f1": _share("Harmonic mean of precision and recall of a class; with no class named, the positive one."),
    "precision_macro": _share("Mean precision of the classes, each counting alike."),
    "recall_macro": _share("Mean recall of the classes, each counting alike."),
    "f1_macro": _share("Mean F1 of the classes, each counting alike."),
    "precision_weighted": _share("Mean precision of the classes, weighted by their rows."),
    "recall_weighted": _share("Mean recall of the classes, weighted by their rows."),
    "f1_weighted": _share("Mean F1 of the classes, weighted by their rows."),
    "matthews_correlation": Measure("higher", "Correlation between truth and prediction; 0 is chance.", -1, 1, 1),
    "support": Measure("none", "Rows that have this class.", 0),
    "roc_auc": _share("Chance that a row of the class scores above one that is not of it; 0.5 is chance."),
    "pr_auc": _share("Average precision over all thresholds; chance is the class's share of rows."),
    "log_loss": Measure("lower", "Mean surprise, in nats, at the true class.", 0, None, 0),
    "majority_baseline_accuracy": Measure("none", "Accuracy of always naming the most frequent class.", 0, 1),
    "accuracy_over_majority": _increase("Accuracy gained over always naming the most frequent class."),
    "baseline_accuracy": Measure("none", "Accuracy of the untuned start.", 0, 1),
    "accuracy_over_baseline": _increase("Accuracy gained over the untuned start, on the same rows."),
    "mcnemar_p_value": Measure("none", "How often chance alone sets model and untuned start this far apart.", 0, 1),
    "log_loss_over_baseline": Measure("lower", "Log loss minus that of the untuned start; below 0 is better."),
    "roc_auc_over_baseline": _increase("Area under the ROC curve gained over the untuned start."),
}

UNDEFINED = {
    "precision": "Undefined: the model never predicts this class.",
    "recall": "Undefined: no row has this class.",
    "f1": "Undefined: the class occurs neither among labels nor among predictions.",
    "balanced_accuracy": "Undefined: all rows have one class.",
    "matthews_correlation": "Undefined: it needs two classes among the labels and two among the predictions.",
    "roc_auc": "Undefined: it needs rows with the class and rows without it.",
    "pr_auc": "Undefined: it needs rows with the class and rows without it.",
    "roc_auc_over_baseline": "Undefined: it needs rows with the class and rows without it.",
}


@probe("performance", version=1, values=("value_creation",), needs=("labels",), measures=MEASURES)
def performance(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Assess how often predictions are right, per class and overall, and against simple baselines.

    Ideal: 1 for every share and area, 0 for log loss, and gains over the baselines clearly above 0.
    Scikit-learn's definitions, through ``evaluate``. Areas are one-versus-rest: of two classes
    that of the positive one, else per class and their mean. Macro and weighted means count an
    undefined precision as 0 and leave out classes that do not occur.
    """
    rows = read_rows(subject)
    yield from _from_labels(rows, params.draws, rng)
    yield from _from_scores(rows, params.draws, rng)
    yield from _over_majority(rows, params.draws, rng)
    if rows.start is not None:
        yield from _over_start(rows, rows.start, params.draws, rng)


def _finding(
    name: str, value: float, n: int, interval: Interval | None, note: str = "", slice: Mapping[str, str] | None = None
) -> Finding:
    if np.isnan(value):
        return performance.finding(name, None, n, slice=slice, note=UNDEFINED[name])
    return performance.finding(name, float(value), n, slice=slice, interval=interval, note=note)


# --- from predicted labels ----------------------------------------------------------------


def _from_labels(rows: Rows, draws: int, rng: np.random.Generator) -> Iterator[Evidence]:
    values = compute("labels", rows.truth, rows.model.labels, len(rows.names))
    confusion = np.array(values["confusion_matrix"])
    replicates = confusion_replicates(confusion, draws, substream(rng, "confusion"))
    n = len(rows)
    yield _finding("accuracy", values["accuracy"], n, wilson(int(np.trace(confusion)), n))
    for name in ("balanced_accuracy", "matthews_correlation"):
        yield _finding(name, values[name], n, percentiles(replicates[name]))
    for name in ("precision", "recall", "f1"):
        note = _without_value(rows.names, values[name], "counts as 0 here, or is left out where it does not occur")
        for average in (f"{name}_macro", f"{name}_weighted"):
            yield _finding(average, values[average], n, percentiles(replicates[average]), note)
    if len(rows.names) == 2:
        yield from _of_class(rows.positive, {}, values, confusion, replicates)
    for k, label in enumerate(rows.names):
        yield from _of_class(k, {"class": label}, values, confusion, replicates)
        support = int(confusion[k].sum())
        yield _finding("support", support, support, None, "Exact count.", {"class": label})
    yield _confusion_table(rows.names, confusion)


def _without_value(names: tuple[str, ...], by_class: Iterable[float], consequence: str) -> str:
    undefined = [name for name, value in zip(names, by_class, strict=True) if np.isnan(value)]
    return f"Undefined for {', '.join(undefined)}, which {consequence}." if undefined else ""


def _confusion_table(names: tuple[str, ...], confusion: Ints) -> Table:
    return Table(
        name="performance.confusion_matrix",
        columns=("true class", *(f"predicted {name}" for name in names)),
        rows=tuple((name, *counts) for name, counts in zip(names, confusion.tolist(), strict=True)),
    )


def _of_class(
    k: int, where: dict[str, str], values: Metrics, confusion: Ints, replicates: Metrics
) -> Iterator[Finding]:
    hits, true, predicted = int(confusion[k, k]), int(confusion[k].sum()), int(confusion[:, k].sum())
    for name, n in (("precision", predicted), ("recall", true)):
        yield _finding(name, values[name][k], n, wilson(hits, n) if n else None, slice=where)
    interval = percentiles(replicates["f1"][:, k])
    yield _finding("f1", values["f1"][k], true + predicted - hits, interval, slice=where)


# --- from scores --------------------------------------------------------------------------


def _from_scores(rows: Rows, draws: int, rng: np.random.Generator) -> Iterator[Finding]:
    if rows.model.scores is None:
        yield from _without_scores(("log_loss", "roc_auc", "pr_auc"), len(rows))
        return
    scores, n = rows.model.scores, len(rows)
    values = compute("scores", rows.truth, scores, len(rows.names))
    replicates = row_replicates(mean_of(losses(rows.truth, scores)), n, draws, substream(rng, "log_loss"))
    yield _finding("log_loss", values["log_loss"], n, percentiles(replicates))
    for name, statistic in (("roc_auc", roc_auc_of), ("pr_auc", pr_auc_of)):
        yield from _areas(name, np.array(values[name]), statistic(rows.hits, scores), rows, draws, substream(rng, name))


def _without_scores(names: tuple[str, ...], n: int) -> Iterator[Finding]:
    for name in names:
        yield performance.finding(name, None, n, note="Not measured: there are labels without scores.")


def _areas(
    name: str, by_class: Floats, statistic: Statistic, rows: Rows, draws: int, rng: np.random.Generator
) -> Iterator[Finding]:
    # Drawn within the classes, so that no replicate lacks one.
    replicates = row_replicates(statistic, len(rows), draws, rng, strata=rows.truth)
    area = _headline(by_class, rows)
    if len(rows.names) == 2:
        yield _finding(name, area, len(rows), _area_interval(name, area, rows.positive, rows, replicates))
        return
    note = _without_value(rows.names, by_class, "is left out")
    yield _finding(name, area, len(rows), percentiles(_headline(replicates, rows)), note)
    for k, label in enumerate(rows.names):
        interval = _area_interval(name, by_class[k], k, rows, replicates)
        yield _finding(name, by_class[k], len(rows), interval, slice={"class": label})


def _headline(areas: Floats, rows: Rows) -> Any:
    """Area of the positive of two classes, else the mean of the classes that have one; last axis: classes."""
    if len(rows.names) == 2:
        return areas[..., rows.positive]
    mixed = rows.hits.any(axis=0) & ~rows.hits.all(axis=0)
    return areas[..., mixed].mean(axis=-1) if mixed.any() else areas[..., 0]


def _area_interval(name: str, area: float, k: int, rows: Rows, replicates: Floats) -> Interval | None:
    if np.isnan(area) or name != "roc_auc":
        return percentiles(replicates[:, k])
    positives = int(rows.hits[:, k].sum())
    return newcombe_auc(float(area), positives, len(rows) - positives)


# --- against baselines --------------------------------------------------------------------


def _over_majority(rows: Rows, draws: int, rng: np.random.Generator) -> Iterator[Finding]:
    right, n = rows.truth == rows.majority, len(rows)
    note = f"Always {rows.names[rows.majority]!r}, the most frequent class of the {rows.majority_source} split."
    yield _finding("majority_baseline_accuracy", right.mean(), n, wilson(int(right.sum()), n), note)
    gain = gains(rows, right, rows.everyone, draws, substream(rng, "accuracy_over_majority"))[0]
    yield _finding("accuracy_over_majority", *gain, note)


def _over_start(rows: Rows, start: Predictions, draws: int, rng: np.random.Generator) -> Iterator[Finding]:
    right, n, name = rows.truth == start.labels, len(rows), "accuracy_over_baseline"
    accuracy = compute("labels", rows.truth, start.labels, len(rows.names))["accuracy"]
    yield _finding("baseline_accuracy", accuracy, n, wilson(int(right.sum()), n))
    yield _finding(name, *gains(rows, right, rows.everyone, draws, substream(rng, name))[0])
    for column in rows.groups:
        yield from _gain_by_group(name, rows, right, column, draws, substream(rng, name, column.name))
    yield _mcnemar(rows.right, right)
    yield from _scores_over_start(rows, start, draws, rng)


def _gain_by_group(
    name: str, rows: Rows, other_right: Bools, column: GroupColumn, draws: int, rng: np.random.Generator
) -> Iterator[Finding]:
    groups, members = zip(*group_rows(column), strict=True)
    found = gains(rows, other_right, np.stack(members, axis=1), draws, rng)
    for group, (gain, size, interval) in zip(groups, found, strict=True):
        where = {column.name: group}
        if size < PRIVATE:
            yield performance.finding(name, None, size, slice=where, note=too_small(size))
        else:
            yield _finding(name, gain, size, interval, slice=where)


def _mcnemar(right: Bools, other_right: Bools) -> Finding:
    from scipy.stats import binomtest

    gained, lost = int(np.sum(right & ~other_right)), int(np.sum(~right & other_right))
    n = gained + lost
    p_value = binomtest(gained, n).pvalue if n else 1.0
    note = f"Exact test on the {n} rows that only one gets right ({gained} the model, {lost} the start)."
    return _finding("mcnemar_p_value", p_value, n, None, note)


def _scores_over_start(rows: Rows, start: Predictions, draws: int, rng: np.random.Generator) -> Iterator[Finding]:
    names, n = ("log_loss_over_baseline", "roc_auc_over_baseline"), len(rows)
    both = [predictions.scores for predictions in (rows.model, start) if predictions.scores is not None]
    if len(both) < 2:
        yield from _without_scores(names, n)
        return
    gain = losses(rows.truth, both[0]) - losses(rows.truth, both[1])
    replicates = row_replicates(mean_of(gain), n, draws, substream(rng, names[0]))
    yield _finding(names[0], gain.mean(), n, percentiles(replicates))
    yield _area_over_start(names[1], rows, both, draws, substream(rng, names[1]))


def _area_over_start(name: str, rows: Rows, both: list[Floats], draws: int, rng: np.random.Generator) -> Finding:
    areas = [np.array(compute("scores", rows.truth, scores, len(rows.names))["roc_auc"]) for scores in both]
    model, start = (roc_auc_of(rows.hits, scores) for scores in both)
    replicates = row_replicates(lambda w: model(w) - start(w), len(rows), draws, rng, strata=rows.truth)
    return _finding(name, _headline(areas[0] - areas[1], rows), len(rows), percentiles(_headline(replicates, rows)))
