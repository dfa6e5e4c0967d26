"""Whether the same text gets the same answer again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from audit.registry import Measure, Skip, probe
from audit.stats import substream, wilson
from audit.types import Bools, Cell, Evidence, Floats, Frozen, Ints, Subject, Table, Workbench
from probes._sample import Sample, sample

BATCHES = (32, 7)
"""Rows of a batch at first, and otherwise."""
LISTED = 20
"""Rows that are listed at most."""


class Params(Frozen):
    """Parameters of ``account.repeatability``."""

    rows: int = Field(200, ge=1)
    """Test rows to predict again, drawn at random."""


@dataclass(frozen=True)
class Repeat:
    """The same rows predicted twice."""

    backend: str
    condition: str
    """What was different."""
    first: Floats
    """Probabilities, shape (rows, classes)."""
    second: Floats

    @property
    def slice(self) -> dict[str, str]:
        """Where its numbers belong."""
        return {"backend": self.backend, "condition": self.condition}

    @property
    def changed(self) -> Bools:
        """Rows that got another class, shape (rows,)."""
        return np.asarray(self.first.argmax(axis=1) != self.second.argmax(axis=1))

    @property
    def differences(self) -> Floats:
        """Largest difference of a probability of each row, shape (rows,)."""
        return np.asarray(np.abs(self.first - self.second).max(axis=1))


@probe(
    "account.repeatability",
    version=1,
    values=("accountability", "robustness"),
    needs=("model", "scores"),
    measures={
        "label_agreement": Measure("higher", "Share of rows that get the same class when predicted again.", 0, 1, 1),
        "max_probability_difference": Measure(
            "lower", "Largest difference of a probability when rows are predicted again.", 0, 1, 0
        ),
    },
    quick={"rows": 60},
)
def account_repeatability(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Share of rows that get the same class when predicted again. Ideal 1, and differences of 0.

    On every engine that can run here the rows are predicted once, and then *again*, in *other
    batches* (and so beside other texts, with other padding), and in *other order*; that first time is
    also compared with what the audit *recorded*. Requirement V21.
    """
    rows = _by_length(sample(subject, params.rows, int(substream(rng, "rows").integers(2**32))))
    if not (bench := subject.bench):
        raise Skip("This kind of model cannot be run without the cache of its scores. Audit a folder.")
    recorded = subject.predicted.scores
    assert recorded is not None, "needs scores"
    shuffled = substream(rng, "order").permutation(len(rows))
    repeats = [
        repeat
        for backend in bench.backends
        for repeat in _repeats(bench, backend, rows.texts, recorded[rows.rows], shuffled)
    ]
    for repeat in repeats:
        n, changed = len(rows), int(repeat.changed.sum())
        yield account_repeatability.finding(
            "label_agreement", 1 - changed / n, n, slice=repeat.slice, interval=wilson(n - changed, n)
        )
        yield account_repeatability.finding(
            "max_probability_difference",
            float(repeat.differences.max()),
            n,
            slice=repeat.slice,
            note="the largest of these rows, no interval; of others it may be larger",
        )
    yield _listed(subject.labels, rows, repeats)


def _by_length(rows: Sample) -> Sample:
    """Return the rows so that texts of near-equal length share a batch, which saves padding."""
    return rows.take(np.argsort([len(text) for text in rows.texts], kind="stable"))


def _repeats(
    bench: Workbench, backend: str, texts: Sequence[str], recorded: Floats, shuffled: Ints
) -> Iterator[Repeat]:
    first = bench.rerun(texts, backend=backend, rows=BATCHES[0])
    others = {
        "again": bench.rerun(texts, backend=backend, rows=BATCHES[0]),
        "other batches": bench.rerun(texts, backend=backend, rows=BATCHES[1]),
        "other order": bench.rerun([texts[k] for k in shuffled], backend=backend, rows=BATCHES[0])[shuffled.argsort()],
        "recorded": recorded,
    }
    for condition, second in others.items():
        yield Repeat(backend, condition, first, second)


def _listed(labels: Sequence[str], rows: Sample, repeats: Sequence[Repeat]) -> Table:
    """Return the rows whose class changed, those of one row together."""
    found: list[tuple[Cell, ...]] = [
        (
            rows.ids[k],
            repeat.backend,
            repeat.condition,
            labels[int(repeat.first[k].argmax())],
            labels[int(repeat.second[k].argmax())],
            float(repeat.differences[k]),
        )
        for k in range(len(rows))
        for repeat in repeats
        if repeat.changed[k]
    ]
    return Table(
        name="account.repeatability.changed",
        columns=("row", "backend", "condition", "class before", "class after", "probability difference"),
        rows=tuple(found[:LISTED]),
        note=f"{len(found):,} changes of class; {min(len(found), LISTED)} shown"
        if found
        else "no row changed its class",
    )
