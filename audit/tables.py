"""Read a table from a CSV, TSV, JSON Lines or Parquet file or a saved ``datasets`` folder."""

import csv as standard_csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_LIMIT = 1 << 30
"""Largest block the CSV and JSON readers may ask for; one cell must fit into it."""


def read_table(file: Path, columns: Sequence[str] | None = None) -> "pa.Table":
    """Read a CSV, TSV, JSON Lines or Parquet file, or a saved ``datasets`` folder.

    Raises
    ------
    DataError
        If it is missing, of another format, not UTF-8, malformed or lacks a column.
    """
    import pyarrow as pa

    if not file.exists():
        raise DataError(f"{file}: no such file. Check the path; it starts from the configuration's folder.")
    try:
        table = _parse(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(_reading_failed(file, error)) from None
    missing = [name for name in columns or () if name not in table.column_names]
    if missing:
        raise DataError(f"{file}: has no column {missing[0]!r}.{did_you_mean(missing[0], table.column_names)}")
    return table.select(list(dict.fromkeys(columns))) if columns is not None else table


def _parse(file: Path) -> "pa.Table":
    match file.suffix.lower():
        case _ if file.is_dir():
            return _parse_folder(file)
        case ".csv" | ".tsv":
            return _parse_csv(file, "\t" if file.suffix.lower() == ".tsv" else ",")
        case ".jsonl" | ".ndjson":
            return _parse_json(file)
        case ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(file)
    raise ValueError("its name must end in .csv, .tsv, .jsonl or .parquet, or it must be a saved datasets folder")


def _parse_csv(file: Path, delimiter: str) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    block = _block(file)
    with file.open(encoding="utf-8-sig", newline="") as handle:
        # A cell may be larger than the standard reader's cautious limit.
        standard_csv.field_size_limit(BLOCK_LIMIT)
        header = next(standard_csv.reader(handle, delimiter=delimiter), [])
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise ValueError(f"two columns are called {twice!r}")
    return csv.read_csv(
        file,
        read_options=csv.ReadOptions(block_size=block),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        # Text as it stands: "01" and "1" are different labels.
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in header}, strings_can_be_null=True, null_values=[""]
        ),
    )


def _parse_json(file: Path) -> "pa.Table":
    from pyarrow import json

    return json.read_json(file, read_options=json.ReadOptions(block_size=_block(file)))


def _parse_folder(folder: Path) -> "pa.Table":
    import datasets

    loaded = datasets.load_from_disk(str(folder))
    if isinstance(loaded, datasets.DatasetDict):
        raise ValueError(f"holds several splits; name one, such as {folder / next(iter(loaded))}")
    return loaded.with_format("arrow")[:]


def _block(file: Path) -> int:
    return max(1 << 20, min(file.stat().st_size + 1, BLOCK_LIMIT))


def _reading_failed(file: Path, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, UnicodeDecodeError) or "UTF8" in reason:
        return f"{file}: is not UTF-8 text. Save it as UTF-8 and try again."
    if "Empty CSV" in reason or "Empty JSON" in reason:
        return f"{file}: is empty. It needs a header and at least one row."
    return f"{file}: cannot be read: {reason.rstrip('.')}."
