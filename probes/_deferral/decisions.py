"""What people decided: before they saw the model's answer, and in the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import DRAWS, TAILS, resample_counts, substream
from audit.types import UNDECIDED, Bools, Evidence, Finding, Floats, Interval, Ints, Split, Table
from probes._by_group import Means, findings, with_difference
from probes._deferral.ranked import Ranked
from probes._groups import PRIVATE, too_small

MEASURES = {
    **with_difference(
        {
            "override_rate": Measure("none", "Share of final decisions that are not the model's.", 0, 1),
            "over_reliance": Measure(
                "lower",
                "Of rows where the model is wrong and the person was right, share that end as the model said.",
                0,
                1,
                0,
            ),
            "under_reliance": Measure(
                "lower",
                "Of rows where the model is right and the person was wrong, share that do not end as the model said.",
                0,
                1,
                0,
            ),
        }
    ),
    "human_accuracy_measured": Measure("higher", "Share of the person's first decisions that are right.", 0, 1, 1),
    "final_accuracy": Measure("higher", "Share of final decisions that are right.", 0, 1, 1),
    "team_gain": Measure(
        "higher", "Accuracy of the final decisions less that of person or model alone, the better one.", -1, 1
    ),
}
NEEDS = {
    "override_rate": ("final_column",),
    "over_reliance": ("human_column", "final_column"),
    "under_reliance": ("human_column", "final_column"),
    "human_accuracy_measured": ("human_column",),
    "final_accuracy": ("final_column",),
    "team_gain": ("human_column", "final_column"),
}
"""Columns that each metric is made of."""


@dataclass(frozen=True)
class Decisions:
    """Decisions of people on the test rows; each of shape (n,), a class or ``UNDECIDED``."""

    rows: Ranked
    human: Ints | None
    """The person's first decision, without the model's."""
    final: Ints | None

    @classmethod
    def of(cls, split: Split, rows: Ranked, human: str | None, final: str | None) -> "Decisions":
        """Return the decisions that stand in two columns of the test table."""
        return cls(rows, *(None if column is None else split.decisions[column][rows.rows] for column in (human, final)))

    @cached_property
    def values(self) -> dict[str, Floats]:
        """What each metric is a mean of, NaN where a row does not count."""
        truth, model, known = self.rows.labels, self.rows.predicted, {}
        if self.human is not None:
            known["human_accuracy_measured"] = _among(self.human == truth, self.human != UNDECIDED)
        if self.final is not None:
            decided = self.final != UNDECIDED
            known["override_rate"] = _among(self.final != model, decided)
            known["final_accuracy"] = _among(self.final == truth, decided)
        if self.human is not None and self.final is not None:
            both, right, wrong = self.complete, ~self.rows.wrong, self.rows.wrong
            known["over_reliance"] = _among(self.final == model, both & wrong & (self.human == truth))
            known["under_reliance"] = _among(self.final != model, both & right & (self.human != truth))
        return known

    @cached_property
    def complete(self) -> Bools:
        """Rows with both decisions."""
        assert self.human is not None and self.final is not None
        return np.asarray((self.human != UNDECIDED) & (self.final != UNDECIDED))

    @property
    def missing(self) -> str:
        """How many decisions are missing, in words; empty where none is."""
        named = (("first", self.human), ("final", self.final))
        counts = [(name, int((values == UNDECIDED).sum())) for name, values in named if values is not None]
        return "; ".join(f"rows without a {name} decision: {count:,}" for name, count in counts if count)


def _among(event: Bools, counted: Bools) -> Floats:
    return np.where(counted, event, np.nan)


def decision_evidence(
    spec: ProbeSpec, decisions: Decisions, floor: int, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Yield how people and model decided together, overall and by group.

    Over- and under-reliance are the complements of the relative self-reliance and the relative
    AI reliance of Schemmer et al. 2023 (IUI, arXiv:2302.02187), counted as ending with the model's
    class or not.
    """
    for name, columns in NEEDS.items():
        values = decisions.values.get(name)
        if name == "team_gain" and {"over_reliance"} <= set(decisions.values):
            yield from _gains(spec, decisions, rng)
        elif values is None:
            yield from _absent(spec, name, columns, len(decisions.rows))
        else:
            yield from _means(spec, decisions, name, values, floor, rng)
    if "over_reliance" in decisions.values:
        yield _table(spec, decisions)


def _absent(spec: ProbeSpec, name: str, columns: Sequence[str], n: int) -> Iterator[Finding]:
    note = f"not measured: no decisions of people; name {' and '.join(columns)}, and their columns in [data] columns"
    for metric in (name, f"{name}_difference"):
        if metric in MEASURES:
            yield spec.finding(metric, None, n, note=note)


def _means(
    spec: ProbeSpec, decisions: Decisions, name: str, values: Floats, floor: int, rng: np.random.Generator
) -> Iterator[Finding]:
    means = Means(spec, name, values, decisions.rows.columns, {}, "undefined: there is no such row", floor)
    for finding in findings(means, rng, gaps=f"{name}_difference" in MEASURES):
        note = "; ".join(part for part in (finding.note, decisions.missing) if part)
        yield finding if finding.slice else finding.model_copy(update={"note": note})


def _gains(spec: ProbeSpec, decisions: Decisions, rng: np.random.Generator) -> Iterator[Finding]:
    rows, kept = decisions.rows, decisions.complete
    # One cell for each way in which final decision, person and model are right.
    right = np.stack([decisions.final == rows.labels, decisions.human == rows.labels, ~rows.wrong])
    cell = 2 ** np.arange(3) @ right
    for where, member in rows.slices():
        counts = np.bincount(cell[member & kept], minlength=8)[None, :]
        yield _gain(spec, counts, where, substream(rng, "team_gain"))


def _gain(spec: ProbeSpec, counts: Ints, where: dict[str, str], rng: np.random.Generator) -> Finding:
    n = int(counts.sum())
    if n < (PRIVATE if where else 1):
        return spec.finding("team_gain", None, n, slice=where, note=too_small(n) if where else "no complete row")
    person, model = _ahead(counts)[:, 0].tolist()
    value = min(person, model)
    low, high = np.quantile(_ahead(resample_counts(counts, DRAWS, rng)[:, 0]), TAILS, axis=1)
    # The gain is over the better of two: each limit is the smaller of the two differences'.
    interval = Interval(
        low=min(float(low.min()), value),
        high=max(float(high.min()), value),
        method=f"paired bootstrap of counts against person and model, {DRAWS} draws",
    )
    note = f"against the person {person:+.3f}, against the model {model:+.3f}"
    return spec.finding("team_gain", value, n, slice=where, interval=interval, note=note)


def _ahead(counts: Ints) -> Floats:
    """Return the accuracy of the final decisions less the person's and less the model's, shape (2, draws)."""
    cells = np.arange(8)
    final, person, model = (counts @ ((cells >> k) & 1) for k in range(3))
    return np.asarray(np.stack([final - person, final - model]) / counts.sum(axis=1))


def _table(spec: ProbeSpec, decisions: Decisions) -> Table:
    """Return how rows ended, by whether model and person were right at first."""
    assert decisions.human is not None and decisions.final is not None
    truth, words = decisions.rows.labels, ("wrong", "right")
    rows = []
    for model in (1, 0):
        for person in (1, 0):
            here = decisions.complete & (decisions.rows.wrong == 1 - model) & ((decisions.human == truth) == person)
            ended = int((here & (decisions.final == truth)).sum())
            rows.append((words[model], words[person], int(here.sum()), ended))
    return Table(
        name=f"{spec.id}.decisions",
        columns=("model", "person at first", "rows", "right in the end"),
        rows=tuple(rows),
        note=decisions.missing,
    )
