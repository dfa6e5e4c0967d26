"""Rows of a split: in an order of their own, and by group."""

from collections.abc import Iterator

import numpy as np

from audit.types import Bools, GroupColumn, Ints


def canonical_order(*columns: np.ndarray) -> Ints:
    """Return an order of rows that depends on their content alone.

    Resampling in this order gives the same numbers however the rows were stored.

    Parameters
    ----------
    columns : arrays, shape (n,) or (n, k)
        What the numbers are made of; rows equal in all of it are interchangeable.
    """
    return np.lexsort([key for column in columns for key in np.atleast_2d(column.T)])


def group_rows(column: GroupColumn) -> Iterator[tuple[str, Bools]]:
    """Yield each group's name and rows, shape (n,); then ``"unknown"`` where rows have no group."""
    yield from zip(column.values, column.members.T, strict=True)
    if column.unknown.any():
        yield "unknown", column.unknown
