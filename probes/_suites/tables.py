"""Rows of a small table, each knowing where it stands, so that an error can name its line."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import DataError

LARGEST_CELL = 1 << 30


@dataclass(frozen=True)
class Row:
    """Cells by column, and where they were read."""

    file: Path
    number: int
    unit: str
    """``"line"`` or, where a file has none, ``"row"``."""
    cells: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Such as ``"line 7"``."""
        return f"{self.unit} {self.number}"

    @property
    def where(self) -> str:
        """File and line, for an error."""
        return f"{self.file}, {self.name}"

    def word(self, column: str) -> str:
        """Return a cell as text without space at its ends; empty where there is none."""
        return self.text(column).strip()

    def text(self, column: str) -> str:
        """Return a cell as text as it stands; empty where there is none."""
        return as_text(self.cells.get(column))


def as_text(cell: Any) -> str:
    """Return a cell as text as it stands; empty where there is none."""
    # A column of whole numbers with gaps is stored as floats: 1.0 is the label "1".
    whole = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    return "" if whole is None or whole != whole else str(whole)


def read_rows(file: Path) -> list[Row]:
    """Read a CSV, TSV, JSON Lines or Parquet file; all but the last may end in ``.gz``.

    Raises
    ------
    DataError
        If it is missing, of another format, not UTF-8 or malformed.
    """
    suffix = Path(file.stem if file.suffix == ".gz" else file.name).suffix.lower()
    if suffix not in READERS:
        raise DataError(f"{file}: its name must end in {', '.join(READERS)} (or that and .gz). Rename or convert it.")
    try:
        return list(READERS[suffix](file))
    except UnicodeError:
        raise DataError(f"{file}: is not UTF-8 text. Save it as UTF-8 and try again.") from None
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DataError(f"{file}: cannot be read: {str(error).rstrip('.')}. Check the file.") from None


def _decoded(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")


def _csv(delimiter: str) -> Callable[[Path], Iterator[Row]]:
    def read(file: Path) -> Iterator[Row]:
        csv.field_size_limit(LARGEST_CELL)
        reader = csv.DictReader(io.StringIO(_decoded(file), newline=""), delimiter=delimiter)
        for cells in reader:
            if None in cells:
                raise ValueError(f"line {reader.line_num} has more cells than the header; quote texts with a comma")
            yield Row(file, reader.line_num, "line", cells)

    return read


def _json_lines(file: Path) -> Iterator[Row]:
    # Not splitlines(): a text may hold other line separators, such as U+2028.
    for number, line in enumerate(_decoded(file).split("\n"), start=1):
        if line.strip():
            yield Row(file, number, "line", _object(line, number))


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        cells = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number} is not JSON ({error.msg})") from None
    if not isinstance(cells, dict):
        raise ValueError(f"line {number} is not an object with named values")
    # An escape such as \ud800 is half of a character: no record could hold it.
    json.dumps(cells, ensure_ascii=False).encode()
    return cells


def _parquet(file: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    for number, cells in enumerate(pq.read_table(file).to_pylist(), start=1):
        yield Row(file, number, "row", cells)


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _csv(","),
    ".tsv": _csv("\t"),
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
