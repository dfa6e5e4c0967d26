"""The engine of attacks: equal results in any order and width, early ends, errors, and nothing left behind."""

import itertools
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from audit.types import Floats
from probes._attack import lockstep
from probes._attack.lockstep import Ask, Result, Search, run_searches


class Letters:
    """A service that tells how many letters a text has, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> Floats:
        self.calls.append(list(texts))
        return np.array([[float(len(text))] for text in texts])


def walk(name: str, steps: int = 4) -> Callable[[Ask], tuple[float, ...]]:
    """Return a search that asks for texts of random length, one after the other."""

    def search(ask: Ask) -> tuple[float, ...]:
        texts = (f"{name}{'x' * (random.randrange(50) + int(np.random.randint(50)))}" for _ in range(steps))
        return tuple(float(ask("letters", [text, "same"])[0, 0]) for text in texts)

    return search


def run(searches: Sequence[Search[tuple[float, ...]]], width: int = 64) -> list[Result[tuple[float, ...]]]:
    return run_searches(searches, {"letters": Letters()}, seconds=60, clock=time.monotonic, width=width)


SEARCHES = [Search(walk(f"{k}-", 2 + k % 4), seed=k) for k in range(30)]


@pytest.mark.parametrize("width", [1, 7, 64])
def test_order_and_width_change_no_result(width: int) -> None:
    expected = run(SEARCHES)
    assert len({result.value for result in expected}) == 30
    assert run(SEARCHES, width) == expected
    assert run(SEARCHES[::-1], width) == expected[::-1]
    assert run(SEARCHES[3:5], width) == expected[3:5], "other searches must not matter"


def test_random_numbers_are_those_of_the_seed_alone() -> None:
    random.seed(5)
    np.random.seed(5)
    alone = walk("a")(lambda _, texts: Letters()(texts))
    assert run([Search(walk("b"), 1), Search(walk("a"), 5)])[1].value == alone


def test_questions_are_merged_and_asked_once() -> None:
    letters = Letters()
    run_searches([Search(walk(str(k)), k) for k in range(20)], {"letters": letters}, seconds=60, clock=time.monotonic)
    assert [len(call) for call in letters.calls] == [21] * 4, "20 texts of their own and one that all share"


def test_the_callers_random_numbers_are_untouched() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), float(np.random.random())
    random.seed(1)
    np.random.seed(1)
    run(SEARCHES[:5])
    assert (random.random(), float(np.random.random())) == expected


def test_an_exception_is_that_searchs_error_and_the_rest_go_on() -> None:
    def broken(ask: Ask) -> tuple[float, ...]:
        ask("letters", ["before"])
        raise ValueError("no such word")

    results = run([SEARCHES[0], Search(broken, 0), SEARCHES[1]])
    assert results[1] == Result(error="ValueError: no such word")
    assert [results[0], results[2]] == run(SEARCHES[:2])


def test_an_exit_is_that_searchs_error_too() -> None:
    def leaving(ask: Ask) -> tuple[float, ...]:
        sys.exit(3)

    results = run([SEARCHES[0], Search(leaving, 0), SEARCHES[1]])
    assert results[1] == Result(error="SystemExit: 3")
    assert [results[0], results[2]] == run(SEARCHES[:2])


def endless(ask: Ask) -> tuple[float, ...]:
    while True:
        random.random()


AWAKE = threading.Event()


def asleep(ask: Ask) -> tuple[float, ...]:
    AWAKE.wait()  # in C, where no exception reaches it
    return (0.0,)


@pytest.mark.parametrize("silent", [endless, asleep])
def test_a_search_that_never_asks_is_given_up_and_the_rest_go_on(
    silent: Callable[[Ask], tuple[float, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockstep, "SILENCE", 0.1)
    monkeypatch.setattr(lockstep, "PATIENCE", 0.1)
    AWAKE.clear()
    threads = threading.active_count()
    results = run([SEARCHES[0], Search(silent, 0), *SEARCHES[1:]])
    assert "asked nothing" in results[1].error
    assert [results[0], *results[2:]] == run(SEARCHES)
    assert threading.active_count() == threads + (silent is asleep)
    AWAKE.set()
    while threading.active_count() > threads:
        time.sleep(0.01)


def test_a_search_that_never_asks_cannot_outlast_the_time_by_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "PATIENCE", 0.1)
    begun = time.monotonic()
    results = run_searches([Search(endless, 0)] * 3, {}, seconds=0.1, clock=time.monotonic)
    assert time.monotonic() - begun < 5
    assert [(result.begun, bool(result.error)) for result in results] == [(True, True), (False, False), (False, False)]


def test_a_deadline_ends_what_is_under_way() -> None:
    ticks, threads = itertools.count(), threading.active_count()
    results = run_searches(SEARCHES, {"letters": Letters()}, seconds=30, clock=lambda: next(ticks), width=4)
    finished = [result.finished for result in results]
    assert any(finished)
    assert not all(finished)
    assert [r for r in results if r.finished] == [r for r, f in zip(run(SEARCHES), finished, strict=True) if f]
    assert threading.active_count() == threads


def test_no_time_means_no_search() -> None:
    letters = Letters()
    results = run_searches(SEARCHES, {"letters": letters}, seconds=0, clock=time.monotonic)
    assert not any(result.finished or result.begun for result in results)
    assert letters.calls == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_leaves_no_thread_and_a_restart_finds_the_same(problem: type[BaseException]) -> None:
    letters, threads = Letters(), threading.active_count()
    known: dict[str, Floats] = {}

    def cached(texts: Sequence[str]) -> Floats:
        new = [text for text in texts if text not in known]
        known.update(zip(new, letters(new) if new else (), strict=True))
        return np.array([known[text] for text in texts])

    def interrupted(texts: Sequence[str]) -> Floats:
        if len(letters.calls) == 2:
            raise problem
        return cached(texts)

    before = random.getstate()
    with pytest.raises(problem):
        run_searches(SEARCHES, {"letters": interrupted}, seconds=60, clock=time.monotonic, width=8)
    assert threading.active_count() == threads
    assert random.getstate() == before
    resumed = run_searches(SEARCHES, {"letters": cached}, seconds=60, clock=time.monotonic, width=8)
    assert resumed == run(SEARCHES)
    asked = [text for call in letters.calls for text in call]
    assert len(asked) == len(set(asked)), "what was answered before the interrupt is not asked again"


def test_a_search_that_catches_all_exceptions_still_ends() -> None:
    def stubborn(ask: Ask) -> int:
        while True:
            try:
                ask("letters", ["again"])
            except Exception:
                continue

    ticks, threads = itertools.count(), threading.active_count()
    results = run_searches([Search(stubborn, 0)], {"letters": Letters()}, seconds=9, clock=lambda: next(ticks))
    assert not results[0].finished
    assert threading.active_count() == threads
