"""The footprint at a glance: every engine and copy side by side."""

from collections.abc import Iterable, Mapping, Sequence

from audit.types import Cell, Finding, Table
from probes._footprint.timing import BATCH, Engine

COLUMNS = {
    "file in MB": ("file_mb", ""),
    "median ms": ("latency_p50_ms", "single"),
    "texts per second": ("texts_per_second", f"batch of {BATCH}"),
    "Wh per 1,000": ("energy_wh", f"batch of {BATCH}"),
    "agreement": ("agreement", ""),
    "accuracy change": ("accuracy_change", ""),
}
"""Each column's metric and condition."""


def overview(found: Iterable[Finding], engines: Sequence[Engine]) -> Table:
    """Return one row for each engine and copy; what does not depend on the engine is told of each."""
    values = {(f.metric, frozenset(f.slice.items())): f.value for f in found}
    return Table(
        name="sustain.footprint.overview",
        columns=("variant", "backend", *COLUMNS),
        rows=tuple(_row(values, engine.slice) for engine in engines),
        note=f"median of single requests; texts and energy in batches of {BATCH}; agreement with the model's classes; "
        "the note of each figure says whether it was measured or estimated",
    )


def _row(
    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float | None], where: Mapping[str, str]
) -> tuple[Cell, ...]:
    copy = {key: value for key, value in where.items() if key == "variant"}
    cells: list[Cell] = [where.get("variant", "model"), where["backend"]]
    for metric, condition in COLUMNS.values():
        slice = {**where, "condition": condition} if condition else copy
        cells.append(values.get((f"sustain.footprint.{metric}", frozenset(slice.items()))))
    return tuple(cells)
