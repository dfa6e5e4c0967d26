"""Attacks that guess from a model's scores whether it was trained on a row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.types import Bools, Floats, Ints
from probes._text import COMPARED_CHARACTERS

FOLDS = 5
FEATURES = 5000
"""More would cost time and tell no more of so few rows."""


@dataclass(frozen=True)
class Guesses:
    """Rows of which it is known whether the model was trained on them, and what each attack says of them."""

    member: Bools
    """Shape (n,)."""
    signals: dict[str, Floats]
    """By attack, shape (n,): the higher, the more it takes a row for a member."""
    reference: Floats | None
    """Log probability that a model trained on other rows gives the true class; None where it cannot be trained."""

    def among(self, rows: Bools) -> "Guesses":
        """Return what is said of some of the rows."""
        signals = {name: signal[rows] for name, signal in self.signals.items()}
        return Guesses(self.member[rows], signals, None if self.reference is None else self.reference[rows])


def guess(texts: Sequence[str], labels: Ints, member: Bools, scores: Floats) -> Guesses:
    """Return what each attack says.

    ``loss`` (Yeom et al. 2018) and ``entropy`` ask how sure the model is, of the true class and at
    all; ``modified entropy`` (Song and Mittal 2021) joins the two, and ranks rows of two classes as
    the loss does, so that it is left out there. ``calibrated loss`` (Watson et al. 2022) takes off
    what makes a row hard for everybody: the loss of a reference trained without it.

    Parameters
    ----------
    texts : sequence of str
        In an order that does not depend on how they were stored; members first or last makes no difference.
    labels, member, scores : arrays, shape (n,), (n,) and (n, classes)
        True classes, whether trained on, and the model's probabilities.
    """
    chosen = np.arange(len(labels)), labels
    logs = np.log(_inside(scores))
    signals = {"loss": logs[chosen], "entropy": (scores * logs).sum(axis=1)}
    if scores.shape[1] > 2:
        signals["modified entropy"] = _modified_entropy(scores, labels)
    reference = reference_log_probability(texts, labels, member, scores.shape[1])
    if reference is not None:
        signals["calibrated loss"] = signals["loss"] - reference
    return Guesses(member, signals, reference)


def _inside(probabilities: Floats) -> Floats:
    """Return probabilities that have a logarithm."""
    return np.clip(probabilities, 1e-12, 1)


def _modified_entropy(scores: Floats, labels: Ints) -> Floats:
    """Return equation 8 of Song and Mittal 2021 (arXiv:2003.10595), its sign turned."""
    chosen = np.arange(len(labels)), labels
    others = scores * np.log(_inside(1 - scores))
    of_label = (1 - scores[chosen]) * np.log(_inside(scores[chosen]))
    return np.asarray(of_label + others.sum(axis=1) - others[chosen])


def reference_log_probability(texts: Sequence[str], labels: Ints, member: Bools, classes: int) -> Floats | None:
    """Return the log probability of the true class by a reference that did not see the row, shape (n,).

    Logistic regression on TF-IDF of runs of 1 to 3 characters, trained on the other folds. Each
    fold has its share of members, so that the reference knows as much of them as of the rest.
    None where there is nothing to learn: a single class, or blank texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    fold = np.empty(len(labels), dtype=np.int64)
    for side in (member, ~member):
        fold[side] = np.arange(side.sum()) % FOLDS
    trained_on = [np.flatnonzero(fold != k) for k in range(FOLDS)]
    if any(len(np.unique(labels[rows])) < 2 for rows in trained_on) or not any(map(str.strip, texts)):
        return None
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), max_features=FEATURES, sublinear_tf=True)
    vectors = vectoriser.fit_transform([text[:COMPARED_CHARACTERS] for text in texts])
    probabilities = np.zeros((len(labels), classes))
    for k, rows in enumerate(trained_on):
        model = LogisticRegression(max_iter=1000).fit(vectors[rows], labels[rows])
        probabilities[np.ix_(fold == k, model.classes_)] = model.predict_proba(vectors[fold == k])
    # A class that the other folds lack is as unlikely as one row among them.
    return np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1 / len(labels)))
