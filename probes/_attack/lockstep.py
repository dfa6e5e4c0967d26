"""Many searches at once, of which one runs at a time: what they ask is answered in merged batches."""

import ctypes
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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

SILENCE = 30.0
"""Seconds that a search may compute without asking."""

LONGEST = 200
"""Characters of an error that are kept."""

PATIENCE = 5.0
"""Seconds that a search which is told to end, or which the end of the time finds computing, may take over it."""


@dataclass(frozen=True)
class Search(Generic[Value]):
    """One search: what it does, and what its random numbers are drawn from."""

    run: Callable[[Ask], Value]
    """May use ``random`` and ``numpy.random``, whose state is its own while it runs."""
    seed: int
    """From 0 to 2**32 - 1."""


@dataclass(frozen=True)
class Result(Generic[Value]):
    """What became of a search: a value, an error, or neither where it was ended early or never begun."""

    value: Value | None = None
    error: str = ""
    begun: bool = True

    @property
    def finished(self) -> bool:
        """Whether it came to its own end."""
        return self.value is not None or bool(self.error)


class Ended(BaseException):
    """Raised inside a search that has to end early; no handler of ordinary exceptions stops it."""


class _TimeOver(Exception):
    """No step is begun any more."""


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
    stream of random numbers, so that neither order nor width changes a result. A search that
    computes for more than ``SILENCE`` seconds without asking is given up: that is its error.

    Parameters
    ----------
    searches : sequence of Search
        What to run; begun in this order.
    services : mapping of str to callable
        Whom searches may ask; called in the caller's thread.
    seconds : float
        When this time is over no search is begun and those under way are ended; one that computes
        may take ``PATIENCE`` seconds more.
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
    with _kept(_Randomness.now()), suppress(_TimeOver):
        try:
            while under_way := [*under_way, *islice(waiting, width - len(under_way))]:
                for worker in under_way:
                    worker.step(deadline - clock())
                under_way = [worker for worker in under_way if not worker.ended]
                _answer(under_way, services)
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
        self.result: Result[Value] = Result(begun=False)
        self.service, self.texts = "", ()  # type: tuple[str, Sequence[str]]
        self.answer: Answers | None = None
        self.ended = False
        self._search = search
        self._told_to_end = False
        self._randomness = _Randomness.seeded(search.seed)
        self._go, self._stopped = Semaphore(0), Semaphore(0)
        # A daemon does not keep the program alive, should a search never ask again.
        self._thread = Thread(target=self._work, daemon=True)

    def step(self, left: float) -> None:
        """Let the search run until it asks or ends; ``left`` are the seconds until the time is over."""
        if left <= 0:
            raise _TimeOver
        self._randomness.restore()
        if self._thread.ident is None:
            self.result = Result()
            self._thread.start()
        else:
            self._go.release()
        patience = min(SILENCE, left + PATIENCE)
        if self._stopped.acquire(timeout=patience):
            self._randomness = _Randomness.now()
        else:
            self._give_up(patience)

    def end(self) -> None:
        """End the search where it asks, or at its next question if an interrupt came while it ran."""
        self._told_to_end = True
        self._go.release()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _give_up(self, seconds: float) -> None:
        """End a search that does not ask; whatever it still does, this is its result."""
        assert self._thread.ident
        self._told_to_end = self.ended = True
        self.result = Result(error=f"TimeoutError: it asked nothing for {seconds:.0f} s")
        # Raised at its next line of Python. Not guaranteed: code in C, or that catches everything, runs on, and may
        # draw from the random numbers of a search beside it, whose result then no longer follows from its seed.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(Ended))
        self.end()

    def _work(self) -> None:
        result: Result[Value] = Result()
        try:
            result = Result(self._search.run(self._ask))
        except Ended:
            pass
        except BaseException as error:  # such as SystemExit: whoever waits must hear of every end
            result = Result(error=" ".join(f"{type(error).__name__}: {error}".split())[:LONGEST])
        finally:
            if not self._told_to_end:
                self.result, self.ended = result, True
            self._stopped.release()

    def _ask(self, service: str, texts: Sequence[str]) -> Answers:
        self.service, self.texts, self.answer = service, texts, None
        self._stopped.release()
        self._go.acquire()
        if self._told_to_end:
            raise Ended
        assert self.answer is not None
        return self.answer
