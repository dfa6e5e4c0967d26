"""Texts of one table that are the same or nearly so, and the labels around each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audit.types import Bools, Ints
from probes._text import CHUNK_ROWS, COMPARED_CHARACTERS, normalised

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ROUNDING = 1e-5
"""Rounding in single precision must not set texts apart that are as alike as asked."""


def near_pairs(texts: Sequence[str], similarity: float) -> Ints:
    """Return the pairs of texts whose TF-IDF vectors have at least that cosine, shape (pairs, 2), smaller index first.

    The vectors are those of :func:`probes._text.nearly_in`. Every text is compared only with those
    that share one of its rarest runs of letters: so many of them that the rest of the vector is
    shorter than the cosine asked for, and could not reach it alone. No pair is missed.

    Parameters
    ----------
    texts : sequence of str
        Normalised, distinct, not blank.
    similarity : float
        Above 0, at most 1.

    References
    ----------
    Bayardo, Ma and Srikant 2007 (Scaling up all pairs similarity search, WWW), with the bound of
    Anastasiu and Karypis 2014 (L2AP, ICDE).
    """
    if len(texts) < 2:
        return np.empty((0, 2), dtype=np.int64)
    vectors = _rarest_first(texts)
    marked = _prefixes(vectors, similarity)
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(texts), CHUNK_ROWS):
        shared = (marked[start : start + CHUNK_ROWS] @ marked.T).tocoo()
        pairs = np.column_stack([shared.row + start, shared.col]).astype(np.int64)
        pairs = pairs[pairs[:, 0] < pairs[:, 1]]
        cosine = np.asarray(vectors[pairs[:, 0]].multiply(vectors[pairs[:, 1]]).sum(axis=1)).ravel()
        found.append(pairs[cosine >= similarity - ROUNDING])
    return np.concatenate(found)


def _rarest_first(texts: Sequence[str]) -> "csr_matrix":
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), dtype=np.float32)
    vectors = vectoriser.fit_transform([text[:COMPARED_CHARACTERS] for text in texts])
    ranked = vectors[:, np.argsort(-vectoriser.idf_, kind="stable")].tocsr()
    ranked.sort_indices()
    return ranked


def _prefixes(vectors: "csr_matrix", similarity: float) -> "csr_matrix":
    """Keep of each vector the entries from which on the rest is at least as long as the cosine asked for."""
    marked = vectors.copy()
    before = np.concatenate([[0.0], np.cumsum(vectors.data.astype(np.float64) ** 2)])
    row_ends = np.repeat(before[vectors.indptr[1:]], np.diff(vectors.indptr))
    marked.data = (row_ends - before[:-1] >= (similarity - ROUNDING) ** 2).astype(np.float32)
    marked.eliminate_zeros()
    return marked


@dataclass(frozen=True)
class Likeness:
    """Rows of a table by text; blank texts are like no other."""

    text_of: Ints
    """Which distinct text each row has; -1 where it is blank, shape (n,)."""
    labels: Ints
    pairs: Ints
    """Distinct texts that are nearly the same, shape (pairs, 2)."""

    @property
    def texts(self) -> int:
        """Number of distinct texts."""
        return int(self.text_of.max(initial=-1)) + 1

    @property
    def worded(self) -> Bools:
        """Rows with a text, shape (n,)."""
        return np.asarray(self.text_of >= 0)

    @cached_property
    def near(self) -> Bools:
        """Rows with nearly, but not exactly, the text of another row, shape (n,)."""
        return np.isin(self.text_of, self.pairs)

    @cached_property
    def contradicted(self) -> Bools:
        """Rows whose text, or nearly so, stands elsewhere with another label, shape (n,)."""
        counts = np.zeros((self.texts + 1, int(self.labels.max(initial=0)) + 1), dtype=np.int64)
        np.add.at(counts, (self.text_of, self.labels), 1)
        around = counts.copy()
        for ends in (self.pairs, self.pairs[:, ::-1]):
            np.add.at(around, ends[:, 0], counts[ends[:, 1]])
        others = around.sum(axis=1)[self.text_of] - around[self.text_of, self.labels]
        return np.asarray(self.worded & (others > 0))

    def witness(self, row: int) -> int:
        """Return a row of the same or nearly the same text as a contradicted row, and of another label."""
        text = self.text_of[row]
        alike = np.append(self.pairs[(self.pairs == text).any(axis=1)].ravel(), text)
        return int(np.flatnonzero(np.isin(self.text_of, alike) & (self.labels != self.labels[row]))[0])

    def clusters(self) -> Ints:
        """Return the rows in each cluster of different texts that near-duplicates chain together, the largest first."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        links = coo_matrix((np.ones(len(self.pairs)), tuple(self.pairs.T)), shape=(self.texts, self.texts))
        _, cluster_of = connected_components(links, directed=False)
        sizes = np.bincount(cluster_of[self.text_of[self.near]], minlength=1)
        return np.sort(sizes[sizes > 0])[::-1]


def likeness(texts: Sequence[str], labels: Ints, similarity: float) -> Likeness:
    """Find the texts that are the same but for case and spacing, and those that are nearly the same."""
    plain = [normalised(text) for text in texts]
    distinct = sorted(set(plain) - {""})
    number = {text: k for k, text in enumerate(distinct)} | {"": -1}
    return Likeness(np.array([number[text] for text in plain], np.int64), labels, near_pairs(distinct, similarity))
