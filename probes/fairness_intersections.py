"""Rates where groups cross, such as women of one origin."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import DRAWS, substream
from audit.types import Bools, Cell, Evidence, Finding, Frozen, Ints, Split, Subject, Table
from probes._groups import PRIVATE, Assessment, Groups, assess, measures_of, rate_findings
from probes._parity import extremes, parity_findings
from probes._shrinkage import shrink

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
COUNTS = {
    "small_cells": Measure("lower", "Cells with too few rows to be compared.", 0, None, 0),
    "suppressed_cells": Measure("lower", "Cells with so few rows that nothing is said of them.", 0, None, 0),
}


class Params(Frozen):
    """Parameters of ``fairness.intersections``."""

    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a rate needs in a cell for the cell to be compared; smaller ones are only shown."""
    draws: int = Field(DRAWS, ge=100)
    """Bootstrap replicates."""


@probe(
    "fairness.intersections",
    version=1,
    values=("fairness",),
    needs=("labels", "groups", "crossings"),
    measures=measures_of(RATES) | COUNTS,
)
def fairness_intersections(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Rates where groups cross and how far the cells lie apart. Ideal: differences 0, ratios 1.

    A cell is made of one group of each column of a crossing. Estimates that borrow strength
    from the other cells stand beside the raw ones in a table, for reading only: they can hide
    the one cell that is harmed, so no finding is made of them.

    References
    ----------
    Kearns et al. 2018 (arXiv:1711.05144) for why groups must be crossed.
    """
    for crossing in subject.crossings:
        cells = _cells(subject.test, crossing)
        sizes = cells.members.sum(axis=0)
        yield from _small(cells, sizes, params.min_group)
        shown = _keep(cells, sizes >= PRIVATE)
        found = assess(
            fairness_intersections,
            subject,
            shown,
            RATES,
            floor=params.min_group,
            draws=params.draws,
            rng=substream(rng, *crossing),
        )
        yield from rate_findings(found)
        yield from parity_findings(found)
        yield extremes(found)
        yield _shrunk(found)


def _cells(test: Split, crossing: tuple[str, ...]) -> Groups:
    """Return the cells that hold at least one row."""
    slices: list[dict[str, str]] = [{}]
    members = np.ones((len(test), 1), dtype=bool)
    for column in map(test.group, crossing):
        slices = [where | {column.name: value} for where in slices for value in column.values]
        members = (members[:, :, None] & column.members[:, None, :]).reshape(len(test), len(slices))
        filled = members.any(axis=0)
        slices = [slices[i] for i in np.flatnonzero(filled)]
        members = members[:, filled]
    outside = int((~members.any(axis=1)).sum())
    return Groups(
        slices=tuple(slices),
        members=members,
        compared=np.ones(len(slices), dtype=bool),
        across=dict.fromkeys(crossing, "*"),
        remark=f"rows without a group in every column, not compared: {outside}" if outside else "",
    )


def _keep(cells: Groups, kept: Bools) -> Groups:
    return replace(
        cells,
        slices=tuple(cells.slices[i] for i in np.flatnonzero(kept)),
        members=cells.members[:, kept],
        compared=cells.compared[kept],
    )


def _small(cells: Groups, sizes: Ints, floor: int) -> Iterator[Finding]:
    few = {"small_cells": (sizes >= PRIVATE) & (sizes < floor), "suppressed_cells": sizes < PRIVATE}
    limits = {"small_cells": f"{PRIVATE} to {floor - 1} rows", "suppressed_cells": f"1 to {PRIVATE - 1} rows"}
    for name, which in few.items():
        note = f"exact count: of {len(sizes)} cells with rows, those with {limits[name]}"
        yield fairness_intersections.finding(
            name, float(which.sum()), len(cells.members), slice=cells.across, note=note
        )


def _shrunk(found: Assessment) -> Table:
    """Return raw and shrunk rates of each cell."""
    rows: list[tuple[Cell, ...]] = []
    for k, key in enumerate(found.table.keys):
        label = "" if key.label is None else found.labels[key.label]
        events, sizes = found.table.events[:, k], found.table.rows[:, k]
        filled = np.flatnonzero(sizes)
        for g, shrunk in zip(filled, shrink(events[filled], sizes[filled]), strict=True):
            raw = float(events[g] / sizes[g])
            rows.append((key.rate, label, found.groups.names[g], int(sizes[g]), raw, float(shrunk)))
    return Table(
        name="fairness.intersections.shrunk",
        slice=found.groups.across,
        columns=("rate", "class", "cell", "rows", "raw", "shrunk"),
        rows=tuple(rows),
        note="shrunk: beta-binomial empirical Bayes, for reading only; no gate rule reads it",
    )
