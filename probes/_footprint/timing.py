"""How long a model takes to answer, and what the energy counter says meanwhile."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import TAILS
from audit.types import Finding, Floats, Interval, Workbench

BATCH = 16
"""Texts of a request that asks for many at once."""
SINGLES = 5
"""Single requests for each batch that is timed."""
FEWEST = 20
"""Batches that are timed at least: of fewer none need be slower than the 95 % point."""
TURN = 10
"""Requests after which the next engine has its turn, so that a busy moment hits all of them."""
CLOCKED = "measured with the clock of this machine"
PERCENTILES = {"latency_p50_ms": 0.50, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}

Run = Callable[[Sequence[str], int], Floats]


@dataclass(frozen=True)
class Engine:
    """One way to run the model or a copy of it."""

    slice: Mapping[str, str]
    run: Run


@dataclass(frozen=True)
class Timed:
    """Requests that one engine answered."""

    slice: Mapping[str, str]
    texts: int
    """In each request."""
    seconds: Floats
    """Shape (requests,)."""
    joules: Floats | None
    """What the energy counter added, shape (requests,); None where there is no counter."""


def timed(bench: Workbench, engines: Sequence[Engine], texts: Sequence[str], requests: int) -> list[Timed]:
    """Time single requests and batches on every engine.

    Parameters
    ----------
    bench : Workbench
        Clock and energy counter.
    engines : sequence of Engine
        They take turns.
    texts : sequence of str
        What is asked, again from the start where there are too few.
    requests : int
        Single requests; of batches there are a fifth as many, but ``FEWEST`` or more.
    """
    single = _in_turns(bench, engines, _requests(texts, requests, 1))
    batches = _in_turns(bench, engines, _requests(texts, max(FEWEST, requests // SINGLES), BATCH))
    return [
        Timed({**engine.slice, "condition": condition}, size, *readings)
        for condition, size, measured in (("single", 1, single), (f"batch of {BATCH}", BATCH, batches))
        for engine, readings in zip(engines, measured, strict=True)
    ]


def _requests(texts: Sequence[str], count: int, size: int) -> list[list[str]]:
    """Return requests for texts of near-equal length, as whoever fills batches would make them."""
    asked = [texts[k % len(texts)] for k in range(count * size)]
    if size > 1:
        asked.sort(key=len)
    return [asked[start : start + size] for start in range(0, len(asked), size)]


def _in_turns(
    bench: Workbench, engines: Sequence[Engine], requests: list[list[str]]
) -> list[tuple[Floats, Floats | None]]:
    seen: list[list[tuple[float, float | None]]] = [[] for _ in engines]
    for start in range(0, len(requests), TURN):
        turn = requests[start : start + TURN]
        for engine, readings in zip(engines, seen, strict=True):
            engine.run(turn[0], BATCH)  # not counted: it finds the caches as another engine left them
            readings.extend(_reading(bench, engine.run, texts) for texts in turn)
    return [_columns(readings) for readings in seen]


def _reading(bench: Workbench, run: Run, texts: list[str]) -> tuple[float, float | None]:
    energy, begun = bench.joules(), bench.clock()
    run(texts, BATCH)
    seconds, used = bench.clock() - begun, bench.joules()
    return seconds, None if used is None or energy is None else used - energy


def _columns(readings: list[tuple[float, float | None]]) -> tuple[Floats, Floats | None]:
    joules = [used for _, used in readings if used is not None]
    return np.array([seconds for seconds, _ in readings]), np.array(joules) if joules else None


def latency_findings(spec: ProbeSpec, measured: Timed) -> Iterator[Finding]:
    """Yield percentiles of the time to answer, in milliseconds, with intervals from order statistics."""
    for name, share in PERCENTILES.items():
        yield _percentile(spec, measured, name, share)


def _percentile(spec: ProbeSpec, measured: Timed, name: str, share: float) -> Finding:
    ranked, n = np.sort(measured.seconds) * 1000, len(measured.seconds)
    if n < _least(share):
        return spec.finding(name, None, n, slice=measured.slice, note=f"not measured: {_few(measured, _least(share))}")
    value = float(ranked[math.ceil(round(n * share, 6)) - 1])
    low, high = ranks(n, share)
    if low < 1 or high > n:
        note = f"{CLOCKED}; no interval: {_few(measured, enough(share))}"
        return spec.finding(name, value, n, slice=measured.slice, note=note)
    interval = Interval(low=float(ranked[low - 1]), high=float(ranked[high - 1]), method="order statistics")
    return spec.finding(name, value, n, slice=measured.slice, interval=interval, note=CLOCKED)


def _few(measured: Timed, needed: int) -> str:
    """Say that so many requests are too few, and what would give as many as needed."""
    requests = needed if measured.texts == 1 else needed * SINGLES
    n = len(measured.seconds)
    return f"{n} requests are too few, {needed} are needed: set the parameter requests to {requests}"


def _least(share: float) -> int:
    """Return how many values it takes for one to lie beyond a quantile, on average."""
    return math.ceil(round(1 / (1 - share), 6))


def ranks(n: int, share: float) -> tuple[int, int]:
    """Return the ranks, from 1, of the values between which a quantile lies with 95 % confidence.

    Values below the quantile are binomial in number, whatever the distribution. A rank of 0 or of
    n + 1 says that there are too few values.
    """
    from scipy.stats import binom

    low, high = binom.ppf(TAILS, n, share)
    return int(low), int(high) + 1


def enough(share: float) -> int:
    """Return how many values it takes for an interval of a quantile above the median, or of it."""
    return math.ceil(math.log(TAILS[0]) / math.log(share))
