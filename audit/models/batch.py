"""What every way of running a transformer shares: which rows go together, and how they are padded."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from audit.types import Floats, Ints

TOKEN_BUDGET = 2048
MAX_ROWS = 64
"""A batch holds at most so many tokens, padding included, and so many rows, unless asked otherwise."""


def lengths_of(encoded: Sequence[Sequence[int]]) -> Ints:
    """Return the tokens of each row, shape (rows,)."""
    return np.array([len(ids) for ids in encoded], dtype=np.int64)


def plan(lengths: Ints, budget: int = TOKEN_BUDGET) -> Iterator[Ints]:
    """Yield row numbers of batches of near-equal token count, the longest texts first."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = min(MAX_ROWS, max(1, budget // max(1, int(lengths[order[start]]))))
        yield order[start : start + rows]
        start += rows


def pad(batch: Sequence[Sequence[int]], pad_id: int) -> tuple[Ints, Ints]:
    """Return token ids and attention mask, both of shape (rows, longest row)."""
    lengths = lengths_of(batch)
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
    ids = np.full(mask.shape, pad_id, dtype=np.int64)
    ids[mask.astype(bool)] = np.concatenate([np.asarray(row, dtype=np.int64) for row in batch])
    return ids, mask


def softmax(logits: NDArray[np.floating]) -> Floats:
    """Return probabilities of shape (rows, classes)."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
