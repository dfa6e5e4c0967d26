"""Whether some confusion matrix of many classes gives printed numbers, as an integer program."""

from typing import Any

import numpy as np

from audit.types import Floats
from probes._claims.counts import Counts
from probes._claims.published import Claim, Span

MOST_NODES = 10_000
INFEASIBLE = 2


class Program:
    """Hits and predictions of each class, bound by what was printed.

    Every printed recall, precision, F1 and accuracy is linear in them. A matrix with these hits exists
    if predictions add up to the rows and no class has more errors (missed or wrongly
    predicted) than there are in all (Hall 1935).
    """

    def __init__(self, claim: Claim, counts: list[Counts]) -> None:
        self._n = claim.rows or 0
        self._counts = counts
        self._k = len(counts)
        self._rows: list[Floats] = []
        self._ends: list[Span] = []
        self._bind(self._row({}, predicted=1), (self._n, self._n))
        for i, (of, c) in enumerate(zip(claim.per_class.values(), counts, strict=True)):
            self._bind(self._row({i: -2, self._k + i: 1}, hits=1), (-np.inf, self._n - c.support))
            for name, times, support in (("precision", 1, 0), ("f1", 2, c.support)):
                if name in of.shares:
                    low, high = claim.span(of.shares[name])
                    self._bind(self._row({i: times, self._k + i: -low}), (low * support, np.inf))
                    self._bind(self._row({i: times, self._k + i: -high}), (-np.inf, high * support))

    def solve(self, accuracy: Span) -> bool | None:
        """Return whether there is a matrix; None where the search was given up."""
        done = self._run(np.zeros(2 * self._k), accuracy)
        return True if done.status == 0 else False if done.status == INFEASIBLE else None

    def accuracies(self) -> Span | None:
        """Return the smallest and largest accuracy that the other numbers allow; None where they allow none."""
        ends = [self._run(sign * self._row({}, hits=1), (0, 1)) for sign in (1, -1)]
        if any(end.status for end in ends):
            return None
        low, high = (abs(float(end.fun)) / self._n for end in ends)
        return low, high

    def _row(self, single: dict[int, float], *, hits: float = 0, predicted: float = 0) -> Floats:
        row = np.repeat([hits, predicted], self._k).astype(np.float64)
        for place, factor in single.items():
            row[place] += factor
        return row

    def _bind(self, row: Floats, ends: Span) -> None:
        self._rows.append(row)
        self._ends.append(ends)

    def _run(self, objective: Floats, accuracy: Span) -> Any:
        from scipy.optimize import Bounds, LinearConstraint, milp

        rows = np.stack([*self._rows, self._row({}, hits=1)])
        low, high = np.array([*self._ends, (accuracy[0] * self._n, accuracy[1] * self._n)]).T
        bounds = Bounds(
            [*(int(c.hits[0]) for c in self._counts), *(int(c.low.min()) for c in self._counts)],
            [*(int(c.hits[-1]) for c in self._counts), *(int(c.high.max()) for c in self._counts)],
        )
        return milp(
            objective,
            integrality=np.ones(2 * self._k),
            bounds=bounds,
            constraints=LinearConstraint(rows, low, high),
            options={"node_limit": MOST_NODES},
        )
