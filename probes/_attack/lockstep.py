"""Many searches at once, of which one runs at a time: what they ask is answered in merged batches."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Semaphore, Thread
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.random.mtrand import get_bit_generator, set_bit_generator
from numpy.typing import NDArray

Answers = NDArray[Any]
Service = Callable[[Sequence[str]], Answers]
"""From distinct texts to one row of numbers each."""

Ask = Callable[[str, Sequence[str]], Answers]
"""From the name of a service and texts to one row of numbers each."""

Value = TypeVar("Value")

WIDTH = 64
"""Searches that are open at one time."""

PATIENCE = 5.0
"""Seconds that a search which is told to end may take over it."""


@dataclass(frozen=True)
class Search(Generic[Value]):
    """One search: what it does, and what its random numbers are drawn from."""

    run: Callable[[Ask], Value]
    """May use ``random`` and ``numpy.random``, whose state is its own while it runs."""
    seed: int
    """From 0 to 2**32 - 1."""


@dataclass(frozen=True)
class Result(Generic[Value]):
    """What became of a search: a value, an error, or neither where it was ended early."""

    value: Value | None = None
    error: str = ""

    @property
    def finished(self) -> bool:
        """Whether it came to its own end."""
        return self.value is not None or bool(self.error)


class Ended(BaseException):
    """Raised inside a search that has to end early; no handler of ordinary exceptions stops it."""


def run_searches(
    searches: Sequence[Search[Value]],
    services: Mapping[str, Service],
    *,
    seconds: float,
    clock: Callable[[], float],
    width: int = WIDTH,
) -> list[Result[Value]]:
    """Run all searches and return their results in the same order.

    Each search has a thread, but one thread runs at any time. A search that asks is parked; when
    all are parked, each service is asked once for the texts of all. Every search has its own
    stream of random numbers, so that neither order nor width changes a result.

    Parameters
    ----------
    searches : sequence of Search
        What to run; begun in this order.
    services : mapping of str to callable
        Whom searches may ask; called in the caller's thread.
    seconds : float
        When this time is over no search is begun and those under way are ended.
    clock : callable
        Returns seconds, such as ``time.monotonic``.
    width : int
        Searches under way at one time.

    Raises
    ------
    Exception
        Whatever a service raises; an exception in a search is only that search's error.
    """
    workers = [_Worker(search) for search in searches]
    waiting, deadline = iter(workers), clock() + seconds
    under_way: list[_Worker[Value]] = []
    with _kept(_Randomness.now()):
        try:
            while clock() < deadline:
                under_way += list(islice(waiting, width - len(under_way)))
                for worker in under_way:
                    worker.step()
                under_way = [worker for worker in under_way if not worker.ended]
                _answer(under_way, services)
                if not under_way and all(worker.ended for worker in workers):
                    break
        finally:
            for worker in under_way:
                worker.end()
    return [worker.result for worker in workers]


def _answer(workers: Sequence["_Worker[Any]"], services: Mapping[str, Service]) -> None:
    for name in dict.fromkeys(worker.service for worker in workers):
        asking = [worker for worker in workers if worker.service == name]
        rows = {text: row for row, text in enumerate(dict.fromkeys(t for w in asking for t in w.texts))}
        answers = services[name](list(rows))
        for worker in asking:
            worker.answer = answers[[rows[text] for text in worker.texts]]


@dataclass
class _Randomness:
    """State of the global generators; NumPy's is exchanged whole, which costs a hundredth of copying it."""

    python: Any
    numpy: Any

    @classmethod
    def now(cls) -> "_Randomness":
        return cls(random.getstate(), get_bit_generator())

    @classmethod
    def seeded(cls, seed: int) -> "_Randomness":
        return cls(random.Random(seed).getstate(), np.random.RandomState(seed)._bit_generator)

    def restore(self) -> None:
        random.setstate(self.python)
        set_bit_generator(self.numpy)


@contextmanager
def _kept(state: _Randomness) -> Iterator[None]:
    try:
        yield
    finally:
        state.restore()


class _Worker(Generic[Value]):
    """A search in its thread. Scheduler and thread hand control to each other; they never run together."""

    def __init__(self, search: Search[Value]) -> None:
        self.result: Result[Value] = Result()
        self.service, self.texts = "", ()  # type: tuple[str, Sequence[str]]
        self.answer: Answers | None = None
        self.ended = False
        self._search = search
        self._told_to_end = False
        self._randomness = _Randomness.seeded(search.seed)
        self._go, self._stopped = Semaphore(0), Semaphore(0)
        # A daemon does not keep the program alive, should a search never ask again.
        self._thread = Thread(target=self._work, daemon=True)

    def step(self) -> None:
        """Let the search run until it asks or ends."""
        self._randomness.restore()
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._stopped.acquire()
        self._randomness = _Randomness.now()

    def end(self) -> None:
        """End the search where it asks, or at its next question if an interrupt came while it ran."""
        self._told_to_end = True
        self._go.release()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _work(self) -> None:
        try:
            self.result = Result(self._search.run(self._ask))
        except Ended:
            pass
        except Exception as error:
            self.result = Result(error=f"{type(error).__name__}: {error}")
        self.ended = True
        self._stopped.release()

    def _ask(self, service: str, texts: Sequence[str]) -> Answers:
        self.service, self.texts, self.answer = service, texts, None
        self._stopped.release()
        self._go.acquire()
        if self._told_to_end:
            raise Ended
        assert self.answer is not None
        return self.answer
