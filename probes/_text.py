"""Texts as data: what counts as the same text, and as nearly the same."""

from collections.abc import Sequence

import numpy as np

from audit.types import Bools

COMPARED_CHARACTERS = 1000
"""Longer texts are compared by their beginning, so that one huge cell cannot stall an audit."""
CHUNK_ROWS = 256


def normalised(text: str) -> str:
    """Return the text without case and with single spaces: texts equal in this are duplicates."""
    return " ".join(text.casefold().split())


def nearly_in(texts: Sequence[str], others: Sequence[str], similarity: float) -> Bools:
    """Return which texts have a near-duplicate among others, shape (texts,).

    Texts are vectors of their runs of four characters within words, weighted by TF-IDF, so
    that a typo or one common word more hardly turns them. They are compared with every other
    text by their cosine.

    Parameters
    ----------
    texts, others : sequence of str
        Normalised; neither the texts nor the sequences empty.
    similarity : float
        Least cosine of near-duplicates, 0 to 1.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), dtype=np.float32)
    known = vectoriser.fit_transform([text[:COMPARED_CHARACTERS] for text in others])
    asked = vectoriser.transform([text[:COMPARED_CHARACTERS] for text in texts])
    # Rounding in single precision must not set identical texts apart.
    least = similarity - 1e-5
    nearest = [
        (asked[start : start + CHUNK_ROWS] @ known.T).max(axis=1).toarray().ravel()
        for start in range(0, len(texts), CHUNK_ROWS)
    ]
    return np.asarray(np.concatenate(nearest) >= least)
