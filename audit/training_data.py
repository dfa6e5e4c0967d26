"""What a network is trained on: token ids, or the hidden states of frozen layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from audit.models.batch import pad
from audit.types import Ints

if TYPE_CHECKING:
    import torch

IN_MEMORY_BYTES = 1 << 30
BATCHES_SORTED_TOGETHER = 50


class Inputs(Protocol):
    """Rows that a network takes."""

    @property
    def lengths(self) -> Ints:
        """Tokens of each row, shape (n,)."""

    def batch(self, rows: Ints) -> "dict[str, torch.Tensor]":
        """Keyword arguments of the network for these rows, padded to the longest."""


@dataclass(frozen=True)
class Examples:
    """Inputs and their true classes."""

    inputs: Inputs
    labels: Ints


class TokenInputs:
    """Token ids of each row."""

    def __init__(self, ids: Sequence[Sequence[int]], pad_id: int) -> None:
        self._ids = ids
        self._pad_id = pad_id
        self.lengths: Ints = np.array([len(row) for row in ids], dtype=np.int64)

    def batch(self, rows: Ints) -> "dict[str, torch.Tensor]":
        """Token ids and attention mask."""
        import torch

        ids, mask = pad([self._ids[row] for row in rows], self._pad_id)
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}


class StateInputs:
    """Hidden states of each row, kept without padding: in memory, or in a nameless file where they are many."""

    def __init__(self, lengths: Ints, width: int, scratch: Path) -> None:
        self.lengths = lengths
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        shape = (int(self._starts[-1]), width)
        self._states: NDArray[np.float32]
        if shape[0] * width * 4 <= IN_MEMORY_BYTES:
            self._states = np.empty(shape, np.float32)
        else:
            with TemporaryFile(dir=scratch) as file:
                self._states = np.memmap(file, np.float32, "w+", shape=shape)

    def put(self, rows: Ints, states: NDArray[np.float32]) -> None:
        """Keep the states of some rows, shape (rows, longest row, width)."""
        for row, state in zip(rows, states, strict=True):
            self._states[self._starts[row] : self._starts[row + 1]] = state[: self.lengths[row]]

    def batch(self, rows: Ints) -> "dict[str, torch.Tensor]":
        """Hidden states in the place of embeddings, and attention mask."""
        import torch

        lengths = self.lengths[rows]
        mask = np.arange(lengths.max()) < lengths[:, None]
        states = np.zeros((*mask.shape, self._states.shape[1]), np.float32)
        for k, row in enumerate(rows):
            states[k, : lengths[k]] = self._states[self._starts[row] : self._starts[row + 1]]
        return {"inputs_embeds": torch.from_numpy(states), "attention_mask": torch.from_numpy(mask.astype(np.int64))}


def length_buckets(lengths: Ints, size: int, rng: np.random.Generator) -> list[Ints]:
    """Return batches of rows in random order, each of rows that are about equally long."""
    order = rng.permutation(len(lengths))
    batches: list[Ints] = []
    for start in range(0, len(order), size * BATCHES_SORTED_TOGETHER):
        bucket = order[start : start + size * BATCHES_SORTED_TOGETHER]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        batches += [bucket[k : k + size] for k in range(0, len(bucket), size)]
    return [batches[k] for k in rng.permutation(len(batches))]
