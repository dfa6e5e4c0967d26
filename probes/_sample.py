"""Some rows of the test split, for probes that cannot afford all."""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from audit.types import GroupColumn, Ints, Split, Subject


@dataclass(frozen=True)
class Sample:
    """Rows of the test split in an order that does not depend on how they were stored."""

    rows: Ints
    """Row numbers in the test split."""
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Ints
    predicted: Ints
    columns: tuple[GroupColumn, ...]
    """Group columns, their members cut to these rows."""

    def __len__(self) -> int:
        return len(self.rows)

    def groups_of(self, row: int) -> tuple[str, ...]:
        """Return the groups of the sample's row of that number, such as ``"race: black"``."""
        return tuple(
            f"{column.name}: {value}"
            for column in self.columns
            for value, member in zip(column.values, column.members[row], strict=True)
            if member
        )

    def take(self, kept: Ints) -> "Sample":
        """Return some of the rows."""
        return Sample(
            self.rows[kept],
            tuple(self.ids[k] for k in kept),
            tuple(self.texts[k] for k in kept),
            self.labels[kept],
            self.predicted[kept],
            tuple(replace(column, members=column.members[kept]) for column in self.columns),
        )


def sample(subject: Subject, most: int, seed: int) -> Sample:
    """Return at most so many rows of the test split, drawn by seed and id alone.

    A row more or less in the table, or another group column, leaves the other rows in place.
    """
    test = subject.test
    rows = drawn(test, seed)[:most]
    return Sample(
        rows,
        tuple(test.ids[k] for k in rows),
        tuple(test.texts[k] for k in rows),
        test.labels[rows],
        subject.predicted.labels[rows],
        tuple(replace(column, members=column.members[rows]) for column in test.groups),
    )


def drawn(split: Split, seed: int) -> Ints:
    """Return all row numbers in random order."""
    keys = [blake2b(f"{seed}/{id}".encode("utf-8", "surrogatepass"), digest_size=8).digest() for id in split.ids]
    return np.array(sorted(range(len(keys)), key=lambda k: (keys[k], split.ids[k])), dtype=np.int64)
