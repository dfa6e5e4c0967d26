"""A further table, such as last month's, as a split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audit.errors import DataError, did_you_mean
from audit.types import GroupColumn, Split, Subject
from probes._suites.tables import Row, as_text, read_rows

NO_GROUP = {"", "unknown"}
"""Cells that name no group, as in the audit's own tables."""


def read_new(file: Path, text: str) -> list[Row]:
    """Read a table that is not part of the audit's data.

    Raises
    ------
    DataError
        If it cannot be read, has no column of texts of that name or no rows.
    """
    rows = read_rows(file)
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    if not rows:
        raise DataError(f"{file}: is empty. Name a table with at least one row.")
    if text not in columns:
        raise DataError(f"{file}: has no column {text!r}.{did_you_mean(text, columns)} Name it with the key text.")
    return rows


def new_split(rows: Sequence[Row], subject: Subject, *, text: str, label: str, delimiter: str | None) -> Split:
    """Return the rows as a split, with those group columns of the test split that the table has.

    Labels are indices into the subject's, those that it does not know after them, and -1 where a row has none;
    their words stand in the further column.
    Rows stand in an order that does not depend on how they were stored.
    """
    rows = sorted(rows, key=lambda row: (row.text(text), repr(row.cells)))
    given = [row.word(label) for row in rows]
    names = dict.fromkeys((*subject.labels, *sorted({*given} - {""})))
    index = {name: k for k, name in enumerate(names)} | {"": -1}
    there = {name for row in rows for name in row.cells}
    columns = [column.name for column in subject.test.groups if column.name in there]
    texts = tuple(row.text(text) for row in rows)
    return Split(
        "new",
        texts,
        texts,
        np.array([index[name] for name in given], dtype=np.int64),
        tuple(_column(name, [_groups(row, name, delimiter) for row in rows]) for name in columns),
        "",
        {label: tuple(given)},
    )


def _groups(row: Row, column: str, delimiter: str | None) -> list[str]:
    cell: Any = row.cells.get(column)
    word = row.word(column)
    parts = map(as_text, cell) if isinstance(cell, list) else word.split(delimiter) if delimiter else [word]
    return [name for part in parts if (name := part.strip()).casefold() not in NO_GROUP]


def _column(name: str, members: Sequence[Sequence[str]]) -> GroupColumn:
    values = tuple(sorted({value for row in members for value in row}))
    inside = np.array([[value in row for value in values] for row in members], dtype=bool)
    return GroupColumn(name, values, inside.reshape(len(members), len(values)))
