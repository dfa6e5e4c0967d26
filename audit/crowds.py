"""Columns of groups that are hardly groups: nearly every row has one of its own."""

from collections.abc import Iterable

from audit.data import Rows
from audit.discretion import Say

MOST = 200
"""Groups of a column that pass without a word."""


def warn_of_crowds(tables: Iterable[Rows], say: Say) -> None:
    """Say in one line for each column where there are many groups, and more than half as many as rows."""
    tables = tuple(tables)
    rows = sum(len(table.ids) for table in tables)
    sizes = {column.name: len(column.values) for table in tables for column in table.groups}
    for name, count in sizes.items():
        if count > max(MOST, rows / 2):
            say(
                f"The group column {name!r} has {count:,} groups in {rows:,} rows: hardly a group is large enough to "
                "be compared, and all of them are measured. Check [data] groups."
            )
