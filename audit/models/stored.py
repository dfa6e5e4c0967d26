"""Predictions that stand in a table, for a model that may not be run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audit.config import DataConfig, StoredModel
from audit.data import Rows
from audit.errors import DataError, did_you_mean
from audit.tables import read_table
from audit.types import Bools, Floats, Ints, Predictions

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
        said = _labels(cells[model.label], labels, rows.ids)
        if scores is not None:
            _agree(said, scores, rows.ids)
        return Predictions(said, scores)
    assert scores is not None  # the configuration asks for one of the two
    return Predictions(scores.argmax(axis=1), scores)


def _agree(said: Ints, scores: Floats, ids: Sequence[str]) -> None:
    """Refuse scores that point elsewhere than the labels; a threshold of one's own may move some."""
    apart = said != scores.argmax(axis=1)
    if apart.mean() > 0.5:
        sentence = "rows whose predicted label is not the class of the highest score: {} (such as row {}). "
        _refuse(apart, sentence + "Check in [model.scores] which column is whose.", ids)


def _joined(model: StoredModel, data: DataConfig, rows: Rows, folder: Path) -> Mapping[str, Sequence[Any]]:
    if data.id is None:
        raise DataError("[model] path needs [data] id, to join the stored predictions with the rows.")
    file = folder / str(model.path)
    table = read_table(file, [data.id, *columns(model)])
    place = {str(id): i for i, id in enumerate(table.column(data.id).to_pylist())}
    absent = [id for id in rows.ids if id not in place]
    if absent:
        raise DataError(
            f"{file}: rows without a prediction: {len(absent):,} of {len(rows.ids):,} (such as id {absent[0]!r}). "
            "Add them, or check [data] id."
        )
    order = [place[id] for id in rows.ids]
    return {name: table.column(name).take(order).to_pylist() for name in columns(model)}


def _labels(cells: Sequence[Any], labels: tuple[str, ...], ids: Sequence[str]) -> Ints:
    _refuse(
        np.array([_absent(cell) for cell in cells]),
        "rows without a predicted label: {} (such as row {}). Fill them in.",
        ids,
    )
    index = {name: i for i, name in enumerate(labels)}
    for id, cell in zip(ids, cells, strict=True):
        if _name(cell) not in index:
            known = did_you_mean(_name(cell), labels)
            raise DataError(f"row {id!r}: predicted label {_name(cell)!r} is not a label of the data.{known}")
    return np.array([index[_name(cell)] for cell in cells], dtype=np.int64)


def _absent(cell: Any) -> bool:
    return cell is None or cell != cell or not str(cell).strip()


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
        raise DataError(f"rows whose scores do not sum to 1: {len(wrong):,} ({first}). Give probabilities.")
    return np.asarray(scores / totals[:, None])


def _numbers(column: str, cells: Sequence[Any], ids: Sequence[str]) -> Floats:
    try:
        values = np.array([float("nan") if cell is None else float(cell) for cell in cells])
    except (TypeError, ValueError) as error:
        raise DataError(f"column {column!r} must hold probabilities: {error}.") from None
    _refuse(
        np.isnan(values),
        f"column {column!r}: scores that are missing: {{}} (such as that of row {{}}). Fill them in.",
        ids,
    )
    beyond = (
        f"column {column!r}: scores outside 0 to 1: {{}} (such as that of row {{}}). Give probabilities, not logits."
    )
    _refuse((values < 0) | (values > 1), beyond, ids)
    return values


def _refuse(wrong: Bools, sentence: str, ids: Sequence[str]) -> None:
    if wrong.any():
        raise DataError(sentence.format(f"{wrong.sum():,}", repr(ids[int(wrong.argmax())])))
