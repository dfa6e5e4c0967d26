"""Batch after batch through a model, on a processor one batch per core."""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from audit.models.batch import TOKEN_BUDGET, lengths_of, plan
from audit.types import Floats, Ints

Predict = Callable[[Sequence[Sequence[int]]], Floats]
WORKER_BUDGET = 512
"""Tokens of a batch on one core: more no longer fit its cache."""
QUEUED = 2
"""Batches that wait for each worker, so that an interrupt does not wait long."""


class Engine:
    """Scores rows of token ids in batches.

    Several small batches side by side beat one large batch on all cores: cores need not wait for each
    other after every operation, and caches hold more of the batch.

    Parameters
    ----------
    predict : Predict
        Gives the probabilities of one batch; with several workers called by several threads at once.
    workers : int
        Batches computed at one time.
    begin : callable, optional
        Runs first in every worker's thread.
    """

    def __init__(self, predict: Predict, workers: int = 1, begin: Callable[[], None] | None = None) -> None:
        self.predict = predict
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, "renben-model", begin) if workers > 1 else None

    def run(self, encoded: Sequence[Sequence[int]]) -> Iterator[tuple[Ints, Floats]]:
        """Yield row numbers and the probabilities of these rows, the longest first."""
        lengths = lengths_of(encoded)
        batches = plan(lengths, self._budget(lengths))
        if self._pool is None:
            return ((rows, self.predict([encoded[row] for row in rows])) for rows in batches)
        return self._side_by_side(self._pool, encoded, batches)

    def _side_by_side(
        self, pool: ThreadPoolExecutor, encoded: Sequence[Sequence[int]], batches: Iterator[Ints]
    ) -> Iterator[tuple[Ints, Floats]]:
        waiting: deque[tuple[Ints, Future[Floats]]] = deque()
        for rows in batches:
            waiting.append((rows, pool.submit(self.predict, [encoded[row] for row in rows])))
            if len(waiting) > QUEUED * self._workers:
                done, scores = waiting.popleft()
                yield done, scores.result()
        for done, scores in waiting:
            yield done, scores.result()

    def _budget(self, lengths: Ints) -> int:
        """Tokens of a batch, so that all workers get equally many batches, even of a small request."""
        if self._pool is None:
            return TOKEN_BUDGET
        tokens = max(1, int(lengths.sum()))
        rounds = math.ceil(tokens / (self._workers * WORKER_BUDGET))
        return math.ceil(tokens / (self._workers * rounds))


def cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
