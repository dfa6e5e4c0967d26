"""Estimators of calibration: binned, smooth and isotonic errors, their replicates, and recalibration."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from audit.stats import row_weights
from audit.types import Bools, Floats, Ints

BINS = 15
GRID = 512
"""Points on which residuals are smoothed."""
REDRAWS = 199
REDRAWN_CELLS = 4_000_000


@dataclass(frozen=True)
class Sample:
    """Predicted chances of an event and whether it came true, rows in canonical order."""

    chance: Floats
    """Shape (n,)."""
    event: Bools
    """Shape (n,)."""
    floor: Floats
    """Where the event's share of [0, 1) begins, so that redraws of several classes agree; shape (n,)."""

    def __len__(self) -> int:
        return len(self.chance)


@dataclass(frozen=True)
class Sums:
    """Sums of replicates of one sample over cells; each of shape (draws, cells), or (1, cells) where constant."""

    rows: Floats
    chance: Floats
    event: Floats

    @property
    def residual(self) -> Floats:
        """Events beyond those predicted, as a share of all rows."""
        return np.asarray((self.event - self.chance) / self.rows.sum(axis=1, keepdims=True))

    def over(self, cells: slice) -> "Sums":
        """Return the sums over some of the cells."""
        return Sums(self.rows[:, cells], self.chance[:, cells], self.event[:, cells])


# --- bins ---------------------------------------------------------------------------------


def equal_width_bins(chance: Floats) -> Ints:
    """Return the bin of each row among 15 of equal width; the last one includes 1."""
    return np.minimum((chance * BINS).astype(np.int64), BINS - 1)


def equal_mass_bins(chance: Floats) -> Ints:
    """Return the bin of each row among at most 15 with about as many rows; equal chances stay together."""
    ranked = np.array_split(np.sort(chance), min(BINS, len(chance)))
    edges = [(left[-1] + right[0]) / 2 for left, right in pairwise(ranked)]
    return np.unique(np.searchsorted(np.unique(edges), chance), return_inverse=True)[1]


def grid_weights(chance: Floats) -> Any:
    """Return the sparse matrix, shape (n, 512), that shares each row between the two nearest grid points.

    The points are the middles of 512 cells of [0, 1]; what lies beyond the outer ones is
    reflected onto them, as the smoothing kernel does.
    """
    from scipy.sparse import csr_array

    place = np.clip(chance * GRID - 0.5, 0, GRID - 1)
    left = np.minimum(place.astype(np.int64), GRID - 2)
    share = place - left
    rows = np.arange(len(chance))
    entries = np.concatenate([1 - share, share]), (np.tile(rows, 2), np.concatenate([left, left + 1]))
    return csr_array(entries, shape=(len(chance), GRID))


def bin_weights(bins: Ints) -> Any:
    """Return the sparse indicator matrix of bins, shape (n, number of bins)."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(bins)), (np.arange(len(bins)), bins)))


# --- replicates ---------------------------------------------------------------------------


def observed(sample: Sample, cells: Any) -> Sums:
    """Return the sums of the sample itself; ``cells`` is a sparse matrix of shape (n, cells)."""
    return _weighted(sample, cells.T.tocsr(), np.ones((1, len(sample))))


def resampled(sample: Sample, cells: Any, draws: int, rng: np.random.Generator) -> Iterator[Sums]:
    """Yield the sums of bootstrap samples of the rows, in chunks."""
    by_cell = cells.T.tocsr()
    for weights in row_weights(len(sample), draws, rng):
        yield _weighted(sample, by_cell, weights)


def redrawn(sample: Sample, cells: Any, rng: np.random.Generator) -> Iterator[Sums]:
    """Yield the sums of 199 calibrated models, in chunks: the same rows, events drawn from their chances."""
    base, by_cell = observed(sample, cells), cells.T.tocsr()
    size = max(1, REDRAWN_CELLS // len(sample))
    for start in range(0, REDRAWS, size):
        uniform = rng.random((min(size, REDRAWS - start), len(sample)))
        event = (uniform >= sample.floor) & (uniform < sample.floor + sample.chance)
        yield Sums(base.rows, base.chance, (by_cell @ event.T.astype(np.float64)).T)


def _weighted(sample: Sample, by_cell: Any, weights: Any) -> Sums:
    parts = (by_cell, by_cell * sample.chance, by_cell * sample.event)
    return Sums(*((part @ weights.T).T for part in parts))


def gathered(chunks: Iterable[Sums]) -> Sums:
    """Return all replicates at once, each sum of shape (draws, cells)."""
    full = [np.broadcast_arrays(sums.rows, sums.chance, sums.event) for sums in chunks]
    return Sums(*(np.concatenate(parts) for parts in zip(*full, strict=True)))
