"""What people decided of the test rows, in columns that the parameters of probes name."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from audit.config import AuditConfig
from audit.config_file import params_of, requested
from audit.errors import DataError, did_you_mean
from audit.registry import find
from audit.types import UNDECIDED, Ints, Split


def with_decisions(split: Split, labels: Mapping[str, int], config: AuditConfig) -> Split:
    """Return a split with the decisions of people that the probes of an audit read.

    Raises
    ------
    DataError
        If a cell of such a column is neither empty nor a class.
    """
    named = [getattr(params_of(config, id), key) for id in requested(config) for key in find(id).decisions]
    return replace(split, decisions={column: _decided(split, column, labels) for column in named if column})


def _decided(split: Split, column: str, labels: Mapping[str, int]) -> Ints:
    cells = [(cell or "").strip() for cell in split.extra[column]]
    classes = {**labels, "": UNDECIDED}
    if alien := sorted(set(cells) - set(classes)):
        raise DataError(
            f"The column {column!r} of people's decisions holds {alien[0]!r}, which is no class; correct it, "
            f"or leave missing decisions empty.{did_you_mean(alien[0], labels)}"
        )
    return np.array([classes[cell] for cell in cells], dtype=np.int64)
