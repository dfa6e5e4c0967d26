"""What fairness probes share: groups of rows, and the rates of each group as findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import wilson
from audit.types import Bools, Finding, Floats, Subject
from probes._metric_frame import Comparison, compare
from probes._rates import RATES, Key, Tally, keys_of, replicate, tally

PRIVATE = 5
"""Groups of fewer rows are suppressed: their numbers would speak of persons."""

PARITIES = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "predictive_parity": ("precision",),
    "accuracy_parity": ("accuracy",),
    "false_positive_rate": ("false_positive_rate",),
    "false_negative_rate": ("false_negative_rate",),
}
"""Each parity and the rates that it asks to be equal."""

RATE_MEASURES = {
    "selection_rate": Measure("none", "Share of rows put into the class.", 0, 1),
    "true_positive_rate": Measure("higher", "Share of rows of the class that are put into it.", 0, 1, 1),
    "false_positive_rate": Measure("lower", "Share of rows of other classes that are put into the class.", 0, 1, 0),
    "false_negative_rate": Measure("lower", "Share of rows of the class that are put elsewhere.", 0, 1, 0),
    "precision": Measure("higher", "Share of rows put into the class that belong there.", 0, 1, 1),
    "accuracy": Measure("higher", "Share of rows whose class is right.", 0, 1, 1),
}


@dataclass(frozen=True)
class Groups:
    """Groups of rows to look at side by side."""

    slices: tuple[dict[str, str], ...]
    members: Bools
    """Shape (n, groups)."""
    compared: Bools
    """Which groups count in the comparison, shape (groups,)."""
    across: dict[str, str]
    """The slice of what is measured across the groups."""
    remark: str
    """Which rows are not compared; empty where all are."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names for a reader."""
        return tuple(" × ".join(where.values()) for where in self.slices)


@dataclass(frozen=True)
class Assessment:
    """Everything counted and resampled for one set of groups."""

    spec: ProbeSpec
    groups: Groups
    labels: tuple[str, ...]
    floor: int
    table: Tally
    shown: Comparison
    """Every group."""
    judged: Comparison
    """Groups that are compared and have rows enough."""
    draws: Floats

    def slice(self, key: Key) -> dict[str, str]:
        """Return the class that a rate speaks of, where there are more than two."""
        return {} if len(self.labels) == 2 or key.label is None else {"class": self.labels[key.label]}


def parities_of(rates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the parities that can be told from some rates."""
    return {name: parts for name, parts in PARITIES.items() if set(parts) <= set(rates)}


def measures_of(rates: Sequence[str]) -> dict[str, Measure]:
    """Return the measures of some rates and of the parities made of them."""
    measures = {rate: RATE_MEASURES[rate] for rate in rates}
    for name, parts in parities_of(rates).items():
        what = " or the ".join(part.replace("_", " ") for part in parts)
        meanings = (
            f"Largest difference between two groups in the {what}.",
            f"Smallest ratio of two groups in the {what}.",
        )
        measures[f"{name}_difference"] = Measure("lower", meanings[0], 0, 1, 0)
        measures[f"{name}_ratio"] = Measure("higher", meanings[1], 0, 1, 1)
    return measures


def assess(
    spec: ProbeSpec,
    subject: Subject,
    groups: Groups,
    rates: Sequence[str],
    *,
    floor: int,
    draws: int,
    rng: np.random.Generator,
) -> Assessment:
    """Count, compare and resample the rates of one set of groups."""
    classes = len(subject.labels)
    keys = keys_of(rates, classes, subject.positive)
    table = tally(subject.test.labels, subject.predicted.labels, groups.members, classes, keys)
    shown = compare(table, 1, np.ones_like(groups.compared))
    judged = compare(table, floor, groups.compared)
    return Assessment(spec, groups, subject.labels, floor, table, shown, judged, replicate(table, draws, rng))


def rate_findings(a: Assessment) -> Iterator[Finding]:
    """Yield every rate of every group with its Wilson interval."""
    for g, where in enumerate(a.groups.slices):
        for k, key in enumerate(a.table.keys):
            yield _rate_finding(a, g, k, where | a.slice(key))


def _rate_finding(a: Assessment, g: int, k: int, where: dict[str, str]) -> Finding:
    rate, size, rows = a.table.keys[k].rate, int(a.table.groups[g].sum()), int(a.table.rows[g, k])
    if size < PRIVATE:
        return a.spec.finding(rate, None, size, slice=where, note=too_small(size))
    of = RATES[rate].of
    if not rows:
        return a.spec.finding(rate, None, 0, slice=where, note=f"undefined: the group has no {of}")
    small = f"fewer than {a.floor} {of}: left out of the comparison" if rows < a.floor else ""
    note = small if a.groups.compared[g] else "rows of no group: not compared"
    interval = wilson(int(a.table.events[g, k]), rows)
    return a.spec.finding(rate, float(a.shown.values[g, k]), rows, slice=where, interval=interval, note=note)


def too_small(rows: int) -> str:
    """Return why a group of fewer than ``PRIVATE`` rows has no number."""
    return f"suppressed: fewer than {PRIVATE} rows" if rows else "undefined: the group has no rows"
