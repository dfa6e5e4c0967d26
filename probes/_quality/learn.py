"""A simple model of words, asked only about texts that it was not taught."""

import warnings
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from audit.stats import Z, wilson_limits
from audit.types import Floats, Interval, Ints
from probes._text import normalised

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WORD = r"[㐀-鿿]|[^\W㐀-鿿]+"
"""A Han character or a run of other letters and digits: Chinese is written without spaces."""
FOLDS = 5
HELD = 2
"""Folds held out where one model is taught on the others."""
FEWEST = 10
"""Rows that a class needs, in at least two classes, for a model to be taught."""
UNTAUGHT = (
    f"not measured: a simple model of words needs {FEWEST} rows in each of two classes or tables, and words that recur"
)
PENALTY = 3.0
"""Inverse strength of the ridge penalty; a middling one for vectors of length 1."""


def out_of_fold(texts: Sequence[str], labels: Ints, classes: int) -> Floats | None:
    """Return each row's class probabilities by a model that was taught on the other folds, shape (n, classes).

    Logistic regression on TF-IDF of single words and pairs. Equal texts share a fold, so that none
    is asked about that was taught. None where there are too few rows of a second class, or no words.

    Parameters
    ----------
    texts : sequence of str
        In an order that does not depend on how the rows were stored.
    labels : Ints, shape (n,)
        Index of the class.
    classes : int
        How many classes there are.
    """
    vectors = _vectors(texts, labels)
    if vectors is None:
        return None
    folds, probabilities = folds_of(texts), np.zeros((len(texts), classes))
    for fold in np.unique(folds):
        asked = np.flatnonzero(folds == fold)
        known, taught = _taught(vectors[folds != fold], labels[folds != fold])
        probabilities[np.ix_(asked, known)] = taught(vectors[asked])
    return probabilities


def held_out(texts: Sequence[str], labels: Ints) -> tuple[Ints, Floats] | None:
    """Return rows that one model was not taught, and its probabilities of class 1 of 2 for them.

    Unlike answers of several folds, these are independent of one another given the model, so that
    a test of them is exact. None as in :func:`out_of_fold`.
    """
    vectors = _vectors(texts, labels)
    if vectors is None:
        return None
    held = folds_of(texts) < HELD
    known, taught = _taught(vectors[~held], labels[~held])
    if len(known) < 2 or len(np.unique(labels[held])) < 2:
        return None
    return np.flatnonzero(held), taught(vectors[held])[:, 1]


def _vectors(texts: Sequence[str], labels: Ints) -> "csr_matrix | None":
    from sklearn.feature_extraction.text import TfidfVectorizer

    if (np.bincount(labels) >= FEWEST).sum() < 2:
        return None
    try:
        return TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no word stands in two texts
        return None


def folds_of(texts: Sequence[str]) -> Ints:
    """Return the fold of each text, which depends on the text alone, shape (n,)."""
    digests = (blake2b(normalised(text).encode("utf-8", "surrogatepass"), digest_size=4) for text in texts)
    return np.array([int.from_bytes(digest.digest(), "big") % FOLDS for digest in digests], dtype=np.int64)


def _taught(vectors: "csr_matrix", labels: Ints) -> tuple[Ints, Callable[["csr_matrix"], Floats]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    known = np.unique(labels)
    if len(known) < 2:
        return known, lambda asked: np.ones((asked.shape[0], len(known)))
    with warnings.catch_warnings():
        # A few steps short of the optimum is good enough here, and nothing a user could mend.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=PENALTY, solver="newton-cg").fit(vectors, labels)
    return known, model.predict_proba


def above_guessing(labels: Ints, probabilities: Floats) -> tuple[float, Interval]:
    """Return the balanced accuracy of a model less that of guessing, and its interval.

    Each class is weighed by its share, so that always naming the largest class earns nothing. The
    interval is made of the Wilson limits of each class's share of hits, which are independent
    (Zou and Donner 2008, method of variance estimates recovery).
    """
    rows = np.bincount(labels, minlength=probabilities.shape[1])
    there = rows > 0
    weighed = np.divide(probabilities, rows, out=np.full(probabilities.shape, -1.0), where=there)
    hits = np.bincount(labels[weighed.argmax(axis=1) == labels], minlength=len(rows))[there]
    shares, guessing = hits / rows[there], 1 / there.sum()
    low, high = wilson_limits(hits, rows[there], Z)
    value = float(shares.mean() - guessing)
    reach = [float(np.sqrt(((end - shares) ** 2).sum()) * guessing) for end in (low, high)]
    return value, Interval(low=value - reach[0], high=value + reach[1], method="Wilson limits of each class, combined")
