"""Accuracy on a split, and the interval of how far two splits lie apart."""

from dataclasses import dataclass

import numpy as np

from audit.stats import wilson
from audit.types import Bools, Interval


@dataclass(frozen=True)
class Accuracy:
    """Rows that were right, of all that were looked at."""

    right: int
    n: int

    @property
    def value(self) -> float:
        """Share of rows that were right."""
        return self.right / self.n

    @property
    def interval(self) -> Interval:
        """Wilson's."""
        return wilson(self.right, self.n)


def accuracy(right: Bools) -> Accuracy:
    """Return the accuracy of rows, shape (n,), of which there is at least one."""
    return Accuracy(int(right.sum()), len(right))


def difference(one: Accuracy, other: Accuracy) -> Interval:
    """Return the interval of one accuracy minus another, on different rows (Newcombe 1998, method 10)."""
    gap, a, b = one.value - other.value, one.interval, other.interval
    low = gap - np.hypot(one.value - a.low, b.high - other.value)
    high = gap + np.hypot(a.high - one.value, other.value - b.low)
    return Interval(low=float(max(low, -1)), high=float(min(high, 1)), method="Newcombe 1998, method 10")
