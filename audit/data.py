"""Tables to splits: check, name groups, split by seed, fingerprint."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from audit.config import DataConfig, SplitShares
from audit.errors import DataError, EmptyError
from audit.tables import read_table
from audit.types import Bools, GroupColumn, Ints, Split

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Rows:
    """The rows of a table before labels become class indices."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[GroupColumn, ...]
    extra: Mapping[str, Sequence[Any]]
    """Further columns asked for, such as stored predictions."""

    def take(self, rows: Ints) -> "Rows":
        """Return the given rows, in the given order."""
        return Rows(
            _pick(self.ids, rows),
            _pick(self.texts, rows),
            _pick(self.labels, rows),
            tuple(replace(g, members=g.members[rows]) for g in self.groups),
            {name: _pick(values, rows) for name, values in self.extra.items()},
        )


def _pick(values: Sequence[T], rows: Ints) -> tuple[T, ...]:
    return tuple(values[i] for i in rows)


def read_splits(data: DataConfig, folder: Path, seed: int, extra: Sequence[str] = ()) -> dict[str, Rows]:
    """Read the tables that the configuration names.

    Parameters
    ----------
    data : DataConfig
        Files and columns.
    folder : Path
        What relative paths start from.
    seed : int
        Of the split, where shares are asked for.
    extra : sequence of str
        Further columns to keep.

    Returns
    -------
    dict of str to Rows
        ``test`` always; ``train`` and ``validation`` where there are.

    Raises
    ------
    DataError
        If a file or column is missing or unreadable, or ids repeat.
    EmptyError
        If there is no row to test on.
    """
    if data.path is None:
        files = {name: getattr(data, name) for name in SPLITS if getattr(data, name)}
        splits = {name: read_rows(folder / file, data, extra) for name, file in files.items()}
        splits = _same_groups(splits)
    else:
        file = folder / data.path
        rows = read_rows(file, data, [*extra, *([data.split_column] if data.split_column else [])])
        splits = _by_column(rows, data.split_column, file) if data.split_column else _by_share(rows, data.split, seed)
    if not len(splits["test"].ids):
        raise EmptyError(f"{data.test or data.path}: no row to test on. Name a table with at least one row.")
    return {name: rows for name, rows in splits.items() if len(rows.ids)}


def read_rows(file: Path, data: DataConfig, extra: Sequence[str] = ()) -> Rows:
    """Read one table into rows; see :func:`read_splits`."""
    flags = [column for columns in data.flags.values() for column in columns]
    wanted = [data.text, data.label, *data.groups, *flags, *([data.id] if data.id else []), *extra]
    table = read_table(file, wanted)
    texts = tuple(value or "" for value in _strings(table, data.text))
    groups = [_group_column(name, _cells(table, name), data.delimiter) for name in data.groups]
    groups += [_flag_column(table, name, columns) for name, columns in data.flags.items()]
    ids = _ids(_strings(table, data.id), file) if data.id else content_ids(texts)
    return Rows(
        ids, texts, _labels(table, data.label, file), tuple(groups), {name: _cells(table, name) for name in extra}
    )


def _cells(table: "pa.Table", name: str) -> list[Any]:
    cells: list[Any] = table.column(name).to_pylist()
    return cells


def _strings(table: "pa.Table", name: str) -> list[str | None]:
    return [_string(value) for value in _cells(table, name)]


def _string(value: Any) -> str | None:
    if value is None or value != value:
        return None
    # A column of whole numbers with gaps arrives as floats: 1.0 is the label "1".
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _labels(table: "pa.Table", name: str, file: Path) -> tuple[str, ...]:
    labels = _strings(table, name)
    absent = [i for i, label in enumerate(labels) if label is None or not label.strip()]
    if absent:
        raise DataError(
            f"{file}: rows without {name!r}: {len(absent):,} (first: row {absent[0] + 1}). Label or remove them."
        )
    return tuple(label.strip() for label in labels if label is not None)


def _ids(ids: Sequence[str | None], file: Path) -> tuple[str, ...]:
    repeated = [id for id, count in Counter(ids).items() if count > 1 or id is None]
    if repeated:
        raise DataError(
            f"{file}: missing or repeated ids: {len(repeated):,} (such as {repeated[0]!r}). Make ids unique."
        )
    return tuple(id for id in ids if id is not None)


def content_ids(texts: Sequence[str]) -> tuple[str, ...]:
    """Return an id for each text that depends on the text alone; a repeat gets ``-2``, ``-3`` and so on."""
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        id = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        seen[id] += 1
        ids.append(id if seen[id] == 1 else f"{id}-{seen[id]}")
    return tuple(ids)


def _group_column(name: str, cells: Sequence[Any], delimiter: str | None) -> GroupColumn:
    members = [_groups_of(cell, delimiter) for cell in cells]
    return _column(name, members, tuple(sorted({value for row in members for value in row})))


def _groups_of(cell: Any, delimiter: str | None) -> list[str]:
    if isinstance(cell, list):
        parts = [_string(part) for part in cell]
    else:
        whole = _string(cell) or ""
        parts = list(whole.split(delimiter)) if delimiter else [whole]
    return [part.strip() for part in parts if part and part.strip().casefold() not in UNKNOWN]


UNKNOWN = {"", "unknown"}
"""Cells that name no group."""


def _column(name: str, members: Sequence[Sequence[str]], values: tuple[str, ...]) -> GroupColumn:
    if "*" in values:
        raise DataError(f"column {name!r}: no group can be called '*', which stands for all of them. Rename it.")
    index = {value: i for i, value in enumerate(values)}
    matrix = np.zeros((len(members), len(values)), dtype=bool)
    for row, groups in enumerate(members):
        for group in groups:
            matrix[row, index[group]] = True
    return GroupColumn(name, values, matrix)


def _flag_column(table: "pa.Table", name: str, columns: Sequence[str]) -> GroupColumn:
    return GroupColumn(
        name, tuple(columns), np.array([_flags(table, column) for column in columns]).T.reshape(-1, len(columns))
    )


def _flags(table: "pa.Table", column: str) -> Bools:
    try:
        return np.array([_flag(value) for value in _strings(table, column)])
    except ValueError as error:
        raise DataError(
            f"column {column!r} in [data.flags] must hold 0 and 1, true and false, or shares: {error}."
        ) from None


FLAG_WORDS = {"": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


def _flag(value: str | None) -> bool:
    word = (value or "").strip().lower()
    # Crowd annotations often give the share of annotators; half of them decides.
    return (FLAG_WORDS[word] if word in FLAG_WORDS else float(word)) >= 0.5


def _same_groups(splits: dict[str, Rows]) -> dict[str, Rows]:
    """Give every split the same groups in each column, present in it or not."""
    every = [rows.groups for rows in splits.values()]
    values = [tuple(sorted({v for g in columns for v in g.values})) for columns in zip(*every, strict=True)]
    return {
        name: replace(rows, groups=tuple(_widen(g, v) for g, v in zip(rows.groups, values, strict=True)))
        for name, rows in splits.items()
    }


def _widen(column: GroupColumn, values: tuple[str, ...]) -> GroupColumn:
    members = np.zeros((len(column.members), len(values)), dtype=bool)
    members[:, [values.index(v) for v in column.values]] = column.members
    return GroupColumn(column.name, values, members)


def _by_column(rows: Rows, column: str, file: Path) -> dict[str, Rows]:
    names = [SPLIT_NAMES.get(str(value).strip().lower()) for value in rows.extra[column]]
    unknown = sorted({str(v) for v, name in zip(rows.extra[column], names, strict=True) if name is None})
    if unknown:
        raise DataError(f"{file}: {column!r} must say train, validation or test. Got {unknown[0]!r} instead.")
    return {name: rows.take(np.flatnonzero([n == name for n in names])) for name in SPLITS}


SPLIT_NAMES = {name: name for name in SPLITS} | {"val": "validation", "valid": "validation", "dev": "validation"}


def _by_share(rows: Rows, shares: SplitShares | None, seed: int) -> dict[str, Rows]:
    """Split by a hash of seed and id, in proportion within each label and group pattern.

    Rows with the same text, but for case and spacing, stay together: a text that was learned
    must not be tested on.
    """
    shares = shares or SplitShares()
    leader = _leaders(rows)
    left = np.unique(leader)
    test = systematic_sample(rows, left, shares.test, seed)
    left = np.setdiff1d(left, test)
    validation = systematic_sample(rows, left, shares.validation / (1 - shares.test), seed)
    parts = {"train": np.setdiff1d(left, validation), "validation": validation, "test": test}
    return {name: rows.take(np.flatnonzero(np.isin(leader, part))) for name, part in parts.items()}


def _leaders(rows: Rows) -> Ints:
    """Return for each row the row that stands for all with its text: the one with the smallest id."""
    first: dict[str, int] = {}
    keys = [" ".join(text.casefold().split()) for text in rows.texts]
    for i in sorted(range(len(keys)), key=lambda i: rows.ids[i]):
        first.setdefault(keys[i], i)
    return np.array([first[key] for key in keys], dtype=np.int64)


def systematic_sample(rows: Rows, among: Ints, share: float, seed: int) -> Ints:
    """Return a share of ``among``, stratified by label and groups; depends on seed and ids alone.

    Rows are put in order of stratum and, within it, of a hash of seed and id; every
    ``1/share``-th is taken (systematic sampling).
    """
    strata = np.hstack([g.members for g in rows.groups]) if rows.groups else np.zeros((len(rows.ids), 0), bool)
    hashes = [blake2b(f"{seed}:{id}".encode(), digest_size=8).digest() for id in rows.ids]
    order = sorted(among.tolist(), key=lambda i: (rows.labels[i], strata[i].tobytes(), hashes[i]))
    marks = np.floor(np.arange(1, len(order) + 1) * share + 1e-9)
    taken = np.diff(marks, prepend=0) > 0
    return np.sort(np.array(order, dtype=np.int64)[taken])


def to_split(name: str, rows: Rows, labels: Mapping[str, int], columns: Sequence[str] = ()) -> Split:
    """Return a split with labels as class indices, and with some of the further columns."""
    return Split(
        name=name,
        ids=rows.ids,
        texts=rows.texts,
        labels=np.array([labels[label] for label in rows.labels], dtype=np.int64),
        groups=rows.groups,
        fingerprint=fingerprint(rows),
        extra={column: tuple(_string(value) for value in rows.extra[column]) for column in columns},
    )


def fingerprint(rows: Rows) -> str:
    """Return a digest of ids, texts, labels and groups that does not depend on row order."""
    lines = sorted(
        "\x1f".join((rows.ids[i], rows.texts[i], rows.labels[i], *(_names(g, i) for g in rows.groups)))
        for i in range(len(rows.ids))
    )
    return blake2b("\x1e".join(lines).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _names(column: GroupColumn, row: int) -> str:
    return "|".join(v for v, member in zip(column.values, column.members[row], strict=True) if member)


def class_names(splits: Mapping[str, Rows]) -> tuple[str, ...]:
    """Return every label of the data, numbers in numeric order."""
    names = {label for rows in splits.values() for label in rows.labels}
    return tuple(
        sorted(names, key=lambda n: (not n.lstrip("-").isdigit(), int(n) if n.lstrip("-").isdigit() else 0, n))
    )
