"""Predictions that stand in a table, for a model that may not be run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audit.config import DataConfig, StoredModel
from audit.data import Rows
from audit.errors import DataError, did_you_mean
from audit.tables import read_table
from audit.types import Floats, Ints, Predictions

SUM_TOLERANCE = 1e-3


def columns(model: StoredModel) -> tuple[str, ...]:
    """Return the columns that hold predictions."""
    return (*([model.label] if model.label else []), *model.scores.values())


def stored_predictions(
    model: StoredModel, data: DataConfig, rows: Rows, labels: tuple[str, ...], folder: Path
) -> Predictions:
    """Return the stored predictions of the given rows.

    Raises
    ------
    DataError
        If a row has none, a label is unknown, a score is missing, outside 0 to 1, or the
        scores of a row do not sum to 1.
    """
    cells = rows.extra if model.path is None else _joined(model, data, rows, folder)
    scores = _scores(model, cells, labels, rows.ids) if model.scores else None
    if model.label is not None:
        return Predictions(_labels(cells[model.label], labels, rows.ids), scores)
    assert scores is not None  # the configuration asks for one of the two
    return Predictions(scores.argmax(axis=1), scores)


def _joined(model: StoredModel, data: DataConfig, rows: Rows, folder: Path) -> Mapping[str, Sequence[Any]]:
    if data.id is None:
        raise DataError("[model] path needs [data] id, to join the stored predictions with the rows.")
    file = folder / str(model.path)
    table = read_table(file, [data.id, *columns(model)])
    place = {str(id): i for i, id in enumerate(table.column(data.id).to_pylist())}
    absent = [id for id in rows.ids if id not in place]
    if absent:
        raise DataError(
            f"{file}: {len(absent):,} of {len(rows.ids):,} rows have no prediction (such as id {absent[0]!r})."
        )
    order = [place[id] for id in rows.ids]
    return {name: table.column(name).take(order).to_pylist() for name in columns(model)}


def _labels(cells: Sequence[Any], labels: tuple[str, ...], ids: Sequence[str]) -> Ints:
    index = {name: i for i, name in enumerate(labels)}
    for id, cell in zip(ids, cells, strict=True):
        if _name(cell) not in index:
            known = did_you_mean(_name(cell), labels)
            raise DataError(f"row {id!r}: predicted label {_name(cell)!r} is not a label of the data.{known}")
    return np.array([index[_name(cell)] for cell in cells], dtype=np.int64)


def _name(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _scores(
    model: StoredModel, cells: Mapping[str, Sequence[Any]], labels: tuple[str, ...], ids: Sequence[str]
) -> Floats:
    unknown = sorted(set(model.scores) - set(labels))
    if unknown:
        near = did_you_mean(unknown[0], labels)
        raise DataError(f"[model.scores] names {unknown[0]!r}, which is not a label of the data.{near}")
    given = {name: _numbers(column, cells[column], ids) for name, column in model.scores.items()}
    if len(labels) == 2 and len(given) == 1:
        only = next(iter(given))
        given[labels[1 - labels.index(only)]] = 1 - given[only]
    absent = [name for name in labels if name not in given]
    if absent:
        raise DataError(f"[model.scores] lacks the class {absent[0]!r}. Name one column of scores for each class.")
    return _normalised(np.stack([given[name] for name in labels], axis=1), ids)


def _normalised(scores: Floats, ids: Sequence[str]) -> Floats:
    totals = scores.sum(axis=1)
    wrong = np.flatnonzero(np.abs(totals - 1) > SUM_TOLERANCE)
    if len(wrong):
        first = f"row {ids[wrong[0]]!r}: {totals[wrong[0]]:.3f}"
        raise DataError(f"the scores of {len(wrong):,} rows do not sum to 1 ({first}). Give probabilities.")
    return np.asarray(scores / totals[:, None])


def _numbers(column: str, cells: Sequence[Any], ids: Sequence[str]) -> Floats:
    try:
        values = np.array([float("nan") if cell is None else float(cell) for cell in cells])
    except (TypeError, ValueError) as error:
        raise DataError(f"column {column!r} must hold probabilities: {error}.") from None
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(wrong):
        worst = values[wrong[0]]
        raise DataError(
            f"column {column!r}: {len(wrong):,} scores are missing or outside 0 to 1 (row {ids[wrong[0]]!r}: {worst}). "
            "Give probabilities, not logits."
        )
    return values
