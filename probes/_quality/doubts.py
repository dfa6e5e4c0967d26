"""Confident learning: which labels are likely wrong."""

from dataclasses import dataclass

import numpy as np

from audit.types import Bools, Floats, Ints

ROUNDING = 1e-6
"""Of probabilities, so that a row exactly at the threshold counts."""


@dataclass(frozen=True)
class Doubts:
    """What a model that never saw the labels of these rows makes of them."""

    labels: Ints
    """As given, shape (n,)."""
    suggested: Ints
    """Class that the row is confidently counted to; as given where there is no doubt, shape (n,)."""
    probabilities: Floats
    """Shape (n, classes)."""

    @property
    def wrong(self) -> Bools:
        """Rows whose label is likely wrong, shape (n,)."""
        return np.asarray(self.suggested != self.labels)

    @property
    def worst(self) -> Ints:
        """Those rows, the least probable label first."""
        given = self.probabilities[np.arange(len(self.labels)), self.labels]
        rows = np.flatnonzero(self.wrong)
        return np.asarray(rows[np.argsort(given[rows], kind="stable")])

    def counts(self) -> Ints:
        """Return rows by given and suggested class, shape (classes, classes)."""
        classes = self.probabilities.shape[1]
        table = np.zeros((classes, classes), dtype=np.int64)
        np.add.at(table, (self.labels, self.suggested), 1)
        return table


def doubt(labels: Ints, probabilities: Floats) -> Doubts:
    """Find labels that are likely wrong, from probabilities of a model that was not taught these rows.

    A class is confidently named where its probability is at least the mean that it has among the
    rows so labelled; of several the most probable counts. A label is in doubt where another class is
    confidently named and the label itself is not the most probable one.

    Parameters
    ----------
    labels : Ints, shape (n,)
        As given.
    probabilities : Floats, shape (n, classes)
        Out of sample.

    References
    ----------
    Northcutt, Jiang and Chuang 2021 (Confident learning, JAIR 70:1373).
    """
    columns = np.arange(probabilities.shape[1])
    usual = np.array([probabilities[labels == k, k].mean() if (labels == k).any() else np.inf for k in columns])
    confident = probabilities >= usual - ROUNDING
    named = np.where(confident, probabilities, -1).argmax(axis=1)
    sure = confident.any(axis=1) & (probabilities.argmax(axis=1) != labels)
    return Doubts(labels, np.where(sure, named, labels), probabilities)
