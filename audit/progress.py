"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from audit.types import Advance

PLAIN_EVERY_SECONDS = 10.0


@contextmanager
def track(what: str, total: int) -> Iterator[Advance]:
    """Yield ``advance(steps)``; shows how far ``what`` has come out of ``total``."""
    bar = _bar if sys.stderr.isatty() else _lines
    with bar(what, total) as advance:
        yield advance


@contextmanager
def _bar(what: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)


@contextmanager
def _lines(what: str, total: int) -> Iterator[Advance]:
    state = {"done": 0, "said": time.monotonic()}

    def advance(steps: int) -> None:
        state["done"] += steps
        if time.monotonic() - state["said"] >= PLAIN_EVERY_SECONDS:
            state["said"] = time.monotonic()
            print(f"{what}: {state['done']:,} of {total:,}", file=sys.stderr, flush=True)

    yield advance
    print(f"{what}: done ({state['done']:,} of {total:,})", file=sys.stderr, flush=True)
