"""Classification metrics as an ``evaluate`` metric that works without a network; scikit-learn computes them.

It is used as a class, and by its path: ``evaluate.load("probes/_evaluate.py", "labels")``. The
loader copies this file alone, hence one import a line and none from this repository.
"""

import datasets
import evaluate
import numpy as np
from sklearn import metrics

FEATURES = {"labels": datasets.Value("int64"), "scores": datasets.Sequence(datasets.Value("float64"))}

DESCRIPTION = """
Metrics of a classifier with k classes. Configuration "labels" takes predicted classes, "scores"
takes probabilities. What is undefined, such as the precision of a class that is never predicted,
is NaN; in macro and weighted means it counts as 0, and classes that occur neither among labels
nor among predictions are left out.
"""

INPUTS = """
Args:
    predictions: class indices, or rows of k probabilities that sum to 1.
    references: class indices, 0 to k - 1.
    classes: k.
"""

CITATION = """
@article{pedregosa2011scikit, title={Scikit-learn: Machine Learning in {P}ython},
  author={Pedregosa, F. and others}, journal={JMLR}, volume={12}, pages={2825--2830}, year={2011}}
"""


class Classification(evaluate.Metric):  # type: ignore[misc]  # evaluate carries no types
    """Metrics from predicted labels (configuration ``labels``) or probabilities (``scores``)."""

    def _info(self) -> evaluate.MetricInfo:
        if self.config_name not in FEATURES:
            raise ValueError(f"Name a configuration: one of {sorted(FEATURES)}. Got {self.config_name!r} instead.")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {"predictions": FEATURES[self.config_name], "references": datasets.Value("int64")}
            ),
        )

    def _compute(self, predictions: np.ndarray, references: np.ndarray, classes: int) -> dict[str, object]:
        compute = label_metrics if self.config_name == "labels" else score_metrics
        return compute(np.asarray(references), np.asarray(predictions), classes)


def label_metrics(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, object]:
    """Return metrics of predicted labels, both of shape (n,): a float each, or a list with one per class."""
    present, chosen = np.unique(truth), np.unique(predicted)
    by_class = metrics.precision_recall_fscore_support(truth, predicted, labels=range(classes), zero_division=np.nan)
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": _balanced_accuracy(truth, predicted) if len(present) > 1 else np.nan,
        "matthews_correlation": (
            metrics.matthews_corrcoef(truth, predicted) if min(len(present), len(chosen)) > 1 else np.nan
        ),
        **dict(zip(("precision", "recall", "f1", "support"), map(list, by_class), strict=True)),
        **_averages(truth, predicted),
        "confusion_matrix": metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
    }


def _balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    # balanced_accuracy_score warns of classes that are predicted but do not occur; the mean recall is the same.
    return float(metrics.recall_score(truth, predicted, labels=np.unique(truth), average="macro"))


def _averages(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    scores = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}
    return {
        f"{name}_{average}": score(truth, predicted, average=average, zero_division=0)
        for name, score in scores.items()
        for average in ("macro", "weighted")
    }


def score_metrics(truth: np.ndarray, scores: np.ndarray, classes: int) -> dict[str, object]:
    """Return metrics of probabilities, shape (n, classes): log loss, and one-versus-rest areas per class."""
    hits = [truth == k for k in range(classes)]
    mixed = [bool(hit.any() and not hit.all()) for hit in hits]
    areas = {"roc_auc": metrics.roc_auc_score, "pr_auc": metrics.average_precision_score}
    return {
        "log_loss": metrics.log_loss(truth, scores, labels=range(classes)),
        **{
            name: [area(hits[k], scores[:, k]) if mixed[k] else np.nan for k in range(classes)]
            for name, area in areas.items()
        },
    }
