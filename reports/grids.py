"""Tables of words and numbers; some are shaded."""

from collections.abc import Callable, Sequence

from audit.types import Cell, Table
from reports import numbers
from reports.card import Grid
from reports.notes import in_both
from reports.words import Words, column_name, metric_name, say, slice_name, value_name

MOST_ROWS = 25
TOLD = ("contradiction", "expected", "found", "note", "skipped", "source")
"""Columns in which probes write sentences, as in their notes."""
STEPS = (0.02, 0.05, 0.1, 0.2)
"""Sizes of a change from which on its cell is shaded more deeply."""


def grid(table: Table, id: str) -> Grid:
    """Return a probe's table without its empty columns; a matrix becomes a heat table."""
    shown = table.rows[:MOST_ROWS]
    filled = [i for i in range(len(table.columns)) if any(row[i] not in ("", None) for row in shown)]
    shifts, shade = _is_shifts(table), _shading(table)
    return Grid(
        id=id,
        title=_title(table),
        columns=tuple(column_name(table.columns[i]) for i in filled),
        rows=tuple(tuple(_cell(table.columns[i], row[i], shifts) for i in filled) for row in shown),
        words=tuple(at for at, i in enumerate(filled) if any(isinstance(row[i], str) for row in shown)),
        shades=tuple(shade([row[i] for i in filled[1:]]) for row in shown) if shade else (),
        left_out=len(table.rows) - len(shown),
        note=in_both(table.note),
    )


def _is_shifts(table: Table) -> bool:
    return table.name.endswith(".shifts")


def _title(table: Table) -> Words:
    title = metric_name(table.name)
    return say("figure.of", name=title, where=slice_name(table.slice)) if table.slice else title


def _cell(column: str, cell: Cell, signed: bool) -> Words:
    if not isinstance(cell, str):
        return numbers.change(cell) if signed and isinstance(cell, float) else numbers.cell(cell)
    if column in TOLD:
        return in_both(cell)
    return metric_name(cell) if column == "rate" else value_name(column, cell)


Shading = Callable[[Sequence[Cell]], tuple[str, ...]]


def _shading(table: Table) -> Shading | None:
    if table.name.endswith("confusion_matrix"):
        return _shares
    return _changes if _is_shifts(table) else None


def _shares(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return each cell's share of its row in tenths."""
    amounts = [float(c) if isinstance(c, int | float) else 0.0 for c in cells]
    total = sum(amounts) or 1.0
    return tuple(f"h{min(9, int(10 * amount / total))}" for amount in amounts)


def _changes(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return which way each cell moves, and how far."""
    return tuple(_change(c) if isinstance(c, int | float) else "" for c in cells)


def _change(value: float) -> str:
    depth = sum(abs(value) >= step for step in STEPS)
    return f"{'up' if value > 0 else 'down'}{depth}" if depth else ""
