"""The counts that a class may have, narrowed by one printed number after another."""

from dataclasses import dataclass, replace

import numpy as np

from audit.types import Floats, Ints
from probes._claims.published import Span


@dataclass(frozen=True)
class Counts:
    """For each number of hits, the range of how often the class may have been predicted."""

    support: int
    hits: Ints
    """Rising."""
    low: Ints
    high: Ints

    def within(self, name: str, span: Span) -> "Counts":
        """Return the counts that give ``recall``, ``precision`` or ``f1`` in a span; there may be none."""
        if name == "recall":
            shares = _share(self.hits, np.full(len(self.hits), self.support))
            return self._kept((shares >= span[0]) & (shares <= span[1]))
        low, high = self._predicted(name, span)
        narrowed = replace(self, low=np.maximum(self.low, low), high=np.minimum(self.high, high))
        return narrowed._kept(narrowed.low <= narrowed.high)

    def range(self, name: str) -> Span:
        """Return the smallest and largest value that ``recall``, ``precision`` or ``f1`` may have."""
        if name == "recall":
            ends = _share(self.hits, np.full(len(self.hits), self.support))
        else:
            ends = np.concatenate([self._value(name, self.low), self._value(name, self.high)])
        return float(ends.min()), float(ends.max())

    def nearest(self, name: str, printed: float) -> float:
        """Return the possible value that comes nearest to a printed one."""
        if name == "recall":
            values = _share(self.hits, np.full(len(self.hits), self.support))
        else:
            ideal = self._predicted(name, (printed, printed))
            values = np.concatenate([self._value(name, np.clip(end, self.low, self.high)) for end in ideal])
        return float(values[np.abs(values - printed).argmin()])

    def _predicted(self, name: str, span: Span) -> tuple[Ints, Ints]:
        """Return how often the class is predicted, at least and at most, if the value lies in the span."""
        top, less = (2 * self.hits, self.support) if name == "f1" else (self.hits, 0)
        most = int(self.high.max(initial=0)) + 1
        low = np.ceil(top / max(span[1], 1e-9)) - less
        high = np.floor(top / span[0]) - less if span[0] > 0 else np.full(len(top), most)
        if span[0] > 0:  # without a hit the share is 0, however often the class was predicted
            low, high = np.where(top > 0, low, most), np.where(top > 0, high, -1)
        return np.clip(low, 0, most).astype(np.int64), np.clip(high, -1, most).astype(np.int64)

    def _value(self, name: str, predicted: Ints) -> Floats:
        if name == "f1":
            return _share(2 * self.hits, self.support + predicted)
        return _share(self.hits, predicted)

    def _kept(self, rows: np.ndarray) -> "Counts":
        return Counts(self.support, self.hits[rows], self.low[rows], self.high[rows])


def all_counts(support: int, n: int) -> Counts:
    """Return every count that a class of ``support`` rows among ``n`` may have."""
    hits = np.arange(support + 1)
    return Counts(support, hits, hits, hits + n - support)


def _share(part: Ints, whole: Ints) -> Floats:
    """Return part / whole, and 0 of nothing, as it is usually printed."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
