"""Performance: torchmetrics, scikit-learn and statsmodels as oracles, and baselines that are known to be beaten."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from torchmetrics.functional import classification as torchmetrics

import probes._evaluate
from audit.types import Evidence, Finding, Floats, GroupColumn, Ints, Predictions, Split, Subject, Table
from probes._performance import compute, confusion_metrics, pr_auc_of
from probes.performance import performance
from tests.subjects import draw_scores, make_subject

Found = dict[tuple[str, ...], Finding]


def evidence(subject: Subject) -> list[Evidence]:
    return list(performance.run(subject, performance.params(draws=200), np.random.default_rng([7, 7])))


def findings(subject: Subject) -> Found:
    """By metric without the probe's id, then the values of the slice."""
    found = [e for e in evidence(subject) if isinstance(e, Finding)]
    return {(f.metric.removeprefix("performance."), *f.slice.values()): f for f in found}


def with_start(subject: Subject, labels: Ints, scores: Floats | None = None) -> Subject:
    return replace(subject, baseline={"test": Predictions(labels, scores)})


def value(found: Found, *key: str) -> float:
    measured = found[key].value
    assert measured is not None
    return measured


def oracle(classes: int, subject: Subject) -> dict[str, Any]:
    truth = torch.tensor(subject.test.labels)
    predicted, scores = torch.tensor(subject.predicted.labels), torch.tensor(subject.predicted.scores)
    averaged: dict[str, Callable[..., torch.Tensor]] = {
        "precision": torchmetrics.multiclass_precision,
        "recall": torchmetrics.multiclass_recall,
        "f1": torchmetrics.multiclass_f1_score,
    }
    of_labels = {
        (name if average == "none" else f"{name}_{average}"): metric(predicted, truth, classes, average=average)
        for name, metric in averaged.items()
        for average in ("none", "macro", "weighted")
    }
    return of_labels | {
        "accuracy": torchmetrics.multiclass_accuracy(predicted, truth, classes, average="micro"),
        "balanced_accuracy": torchmetrics.multiclass_accuracy(predicted, truth, classes, average="macro"),
        "matthews_correlation": torchmetrics.multiclass_matthews_corrcoef(predicted, truth, classes),
        "roc_auc": torchmetrics.multiclass_auroc(scores, truth, classes, average="none"),
        "pr_auc": torchmetrics.multiclass_average_precision(scores, truth, classes, average="none"),
        "log_loss": torch.nn.functional.nll_loss(scores.log(), truth),
    }


@pytest.mark.parametrize("classes", [2, 4])
def test_values_agree_with_torchmetrics(classes: int) -> None:
    subject = make_subject(500, classes)
    found, expected = findings(subject), oracle(classes, subject)
    for name in ("precision", "recall", "f1"):
        by_class = expected.pop(name)
        for k, label in enumerate(subject.labels):
            assert value(found, name, label) == pytest.approx(float(by_class[k]), abs=1e-6)
    for name in ("roc_auc", "pr_auc"):
        areas = expected.pop(name)
        assert value(found, name) == pytest.approx(float(areas[1] if classes == 2 else areas.mean()), abs=1e-6)
        for k, label in enumerate(subject.labels if classes > 2 else ()):
            assert value(found, name, label) == pytest.approx(float(areas[k]), abs=1e-6)
    for name, number in expected.items():
        assert value(found, name) == pytest.approx(float(number), abs=1e-6), name
    table = next(e for e in evidence(subject) if isinstance(e, Table))
    counted = torchmetrics.multiclass_confusion_matrix(
        torch.tensor(subject.predicted.labels), torch.tensor(subject.test.labels), classes
    )
    assert [row[1:] for row in table.rows] == [tuple(row) for row in counted.tolist()]
    assert [value(found, "support", label) for label in subject.labels] == counted.sum(dim=1).tolist()


def test_of_two_classes_the_positive_one_stands_for_all() -> None:
    found = findings(make_subject(300))
    for name in ("precision", "recall", "f1"):
        assert value(found, name) == value(found, name, "1")


@pytest.mark.parametrize("classes", [2, 3])
def test_replicates_use_the_definitions_of_the_point_values(classes: int) -> None:
    subject = make_subject(400, classes)
    truth, scores = subject.test.labels, subject.predicted.scores
    assert scores is not None
    labelled = compute("labels", truth, subject.predicted.labels, classes)
    confusion = np.array(labelled["confusion_matrix"])
    for name, replicate in confusion_metrics(confusion[None]).items():
        assert replicate[0] == pytest.approx(labelled[name]), name
    weights = np.random.default_rng(2).integers(0, 4, size=(3, 400))
    tied = scores.round(1)
    hits = truth[:, None] == np.arange(classes)
    for drawn, areas in zip(weights, pr_auc_of(hits, tied)(weights), strict=True):
        expected = [
            metrics.average_precision_score(hits[:, k], tied[:, k], sample_weight=drawn) for k in range(classes)
        ]
        assert areas == pytest.approx(expected)


def test_every_interval_holds_its_value_and_narrows_with_rows() -> None:
    small, large = (findings(make_subject(n, 3)) for n in (150, 2400))
    for key, finding in large.items():
        assert finding.value is not None
        if finding.interval:
            assert finding.interval.low <= finding.value <= finding.interval.high, key
    for name in ("accuracy", "f1_macro", "matthews_correlation", "roc_auc", "pr_auc", "log_loss"):
        wide, narrow = small[(name,)].interval, large[(name,)].interval
        assert wide
        assert narrow
        assert 2 < (wide.high - wide.low) / (narrow.high - narrow.low) < 8, name


def test_what_is_undefined_is_said_and_not_guessed() -> None:
    three = make_subject(60, 3)
    never = replace(three, predictions={"test": Predictions(np.zeros(60, dtype=np.int64), None)})
    found = findings(never)
    assert found[("precision", "1")].value is None
    assert "never predicts" in found[("precision", "1")].note
    assert found[("matthews_correlation",)].value is None
    assert found[("roc_auc",)].value is None
    assert "without scores" in found[("roc_auc",)].note
    assert value(found, "precision_macro") == pytest.approx((three.test.labels == 0).mean() / 3)
    assert "1, 2" in found[("precision_macro",)].note
    alike = findings(make_subject(60, labels=np.zeros(60, dtype=np.int64)))
    assert [alike[(name,)].value for name in ("balanced_accuracy", "roc_auc", "pr_auc", "recall")] == [None] * 4


def test_majority_comes_from_the_training_rows() -> None:
    labels = np.repeat([0, 1], [70, 30])
    subject = make_subject(100, labels=labels)
    assert value(findings(subject), "majority_baseline_accuracy") == 0.7
    train = replace(subject.test, name="train", labels=1 - labels)
    found = findings(replace(subject, splits={**subject.splits, "train": train}))
    assert value(found, "majority_baseline_accuracy") == 0.3
    assert value(found, "accuracy_over_majority") == pytest.approx(value(found, "accuracy") - 0.3)


def test_the_untuned_start_is_compared_row_by_row() -> None:
    subject = make_subject(600)
    start_scores = draw_scores(np.random.default_rng(5), 600, 2)
    found = findings(with_start(subject, start_scores.argmax(axis=1), start_scores))
    truth, scores = subject.test.labels, subject.predicted.scores
    assert scores is not None
    right, before = subject.predicted.labels == truth, start_scores.argmax(axis=1) == truth
    agreement = metrics.confusion_matrix(right, before)
    p_value = mcnemar(agreement, exact=True).pvalue
    assert value(found, "mcnemar_p_value") == pytest.approx(p_value)
    assert found[("mcnemar_p_value",)].n == agreement[0, 1] + agreement[1, 0]
    assert value(found, "accuracy_over_baseline") == pytest.approx(right.mean() - before.mean())
    gained = metrics.roc_auc_score(truth, scores[:, 1]) - metrics.roc_auc_score(truth, start_scores[:, 1])
    assert value(found, "roc_auc_over_baseline") == pytest.approx(gained)
    lost = metrics.log_loss(truth, scores) - metrics.log_loss(truth, start_scores)
    assert value(found, "log_loss_over_baseline") == pytest.approx(lost)


def test_better_on_average_and_worse_for_whom() -> None:
    rng = np.random.default_rng(4)
    truth, harmed = rng.integers(0, 2, 900), np.arange(900) % 3 == 0
    wrong = rng.random(900) < np.where(harmed, 0.4, 0.1)
    wrong_before = rng.random(900) < np.where(harmed, 0.2, 0.4)
    scores = np.where((truth ^ wrong)[:, None], [0.2, 0.8], [0.8, 0.2])
    groups = {"group": [("rest", "harmed")[int(h)] for h in harmed]}
    found = findings(with_start(make_subject(900, labels=truth, scores=scores, groups=groups), truth ^ wrong_before))
    overall, worse = (found[("accuracy_over_baseline", *key)].interval for key in ((), ("harmed",)))
    assert overall
    assert worse
    assert overall.low > 0 > worse.high
    assert found[("accuracy_over_baseline", "harmed")].n == harmed.sum()
    assert found[("roc_auc_over_baseline",)].value is None  # the start gave labels alone


def test_a_model_like_its_start_shows_no_gain() -> None:
    subject = make_subject(200)
    found = findings(with_start(subject, subject.predicted.labels, subject.predicted.scores))
    assert value(found, "mcnemar_p_value") == 1
    for name in ("accuracy_over_baseline", "log_loss_over_baseline", "roc_auc_over_baseline"):
        assert value(found, name) == 0


def test_row_order_of_the_start_does_not_matter() -> None:
    subject = make_subject(200, 3)
    start = draw_scores(np.random.default_rng(5), 200, 3)
    order = np.random.default_rng(6).permutation(200)
    moved = replace(subject, splits={"test": _moved(subject.test, order)})
    scores = subject.predicted.scores
    assert scores is not None
    moved = replace(moved, predictions={"test": Predictions(subject.predicted.labels[order], scores[order])})
    told = evidence(with_start(subject, start.argmax(axis=1), start))
    assert evidence(with_start(moved, start[order].argmax(axis=1), start[order])) == told


def _moved(split: Split, order: Ints) -> Split:
    groups = tuple(GroupColumn(g.name, g.values, g.members[order]) for g in split.groups)
    return replace(split, ids=tuple(split.ids[i] for i in order), labels=split.labels[order], groups=groups)


def test_the_metric_loads_by_path_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import evaluate

    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("the network was asked")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(evaluate.config, "HF_MODULES_CACHE", tmp_path / "modules")
    path = probes._evaluate.__file__
    labels = evaluate.load(path, "labels", cache_dir=str(tmp_path / "metrics"))
    assert labels.compute(references=[0, 1, 1, 0], predictions=[0, 1, 0, 0], classes=2)["accuracy"] == 0.75
    scores = evaluate.load(path, "scores", cache_dir=str(tmp_path / "metrics"))
    computed = scores.compute(references=[0, 1], predictions=[[0.9, 0.1], [0.4, 0.6]], classes=2)
    assert computed["roc_auc"] == [1, 1]
    with pytest.raises(ValueError, match="Name a configuration"):
        evaluate.load(path, cache_dir=str(tmp_path / "metrics"))


def test_computing_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import evaluate

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", tmp_path / "cache")
    compute("labels", np.array([0, 1]), np.array([0, 0]), 2)
    assert list(tmp_path.iterdir()) == []
