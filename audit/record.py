"""The run folder: write and read ``run.json``, ``verdict.json`` and the tables beside them."""

import itertools
import json
import os
import re
import shutil
from pathlib import Path

from pydantic import ValidationError

from audit.errors import RecordError
from audit.provenance import now
from audit.types import SCHEMA_VERSION, Frozen, RunRecord, Split, Subject, Verdict

RUN = "run.json"
VERDICT = "verdict.json"
CARD = "card.html"
LOG = "run.log"
EXAMPLES = "examples.parquet"


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    RecordError
        If the folder cannot be written or the disk is full.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise RecordError(
            f"{path}: cannot be written ({error.strerror}). Free space or name another folder with --out."
        ) from None


def new_run_folder(out: Path, title: str) -> Path:
    """Make and return ``<out>/<title>-<time>``.

    Raises
    ------
    RecordError
        If nothing can be written there; known before any model is loaded.
    """
    name = re.sub(r"[^\w]+", "-", title.casefold()).strip("-")[:40] or "run"
    stem = f"{name}-{now():%Y%m%d-%H%M%S}"
    for attempt in itertools.count(1):
        folder = out / (stem if attempt == 1 else f"{stem}-{attempt}")
        try:
            folder.mkdir(parents=True)
            write_text(folder / ".probe", "")
            (folder / ".probe").unlink()
        except FileExistsError as error:
            if not folder.is_dir():
                raise RecordError(f"{error.filename}: is a file. Name another folder with --out.") from None
        except OSError as error:
            raise RecordError(
                f"{folder}: cannot be written ({error.strerror}). Name another folder with --out."
            ) from None
        except KeyboardInterrupt:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        else:
            return folder
    raise AssertionError("unreachable")


def write_model(path: Path, saved: Frozen) -> None:
    """Write a saved type as JSON."""
    write_text(path, saved.model_dump_json(indent=1) + "\n")


def read_record(run: Path) -> RunRecord:
    """Read the record of a run folder, or a ``run.json`` itself.

    Raises
    ------
    RecordError
        If there is none, it is not JSON, of another version, or damaged.
    """
    path = run / RUN if run.is_dir() else run
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path}: no such file. 'renben audit' writes it.") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: is not a readable run record ({error}).") from None
    found = raw.get("schema_version") if isinstance(raw, dict) else None
    if found != SCHEMA_VERSION:
        raise RecordError(
            f"{path}: has schema version {found!r}; this Renben reads {SCHEMA_VERSION}. Use the Renben that wrote it."
        )
    try:
        return RunRecord.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{path}: is damaged at {place!r}: {first['msg']}. Run the audit again.") from None


def read_verdict(run: Path) -> Verdict | None:
    """Read the verdict beside a record; None where the run was not judged."""
    path = (run if run.is_dir() else run.parent) / VERDICT
    if not path.exists():
        return None
    try:
        return Verdict.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RecordError(f"{path}: is damaged. Judge the run again with: renben gate {path.parent}") from None


def write_examples(folder: Path, subject: Subject) -> None:
    """Write one row per example: id, label, prediction, scores and groups, but no text.

    Texts may hold personal data; the id leads back to them where they are kept, so it is not masked.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, predictions in subject.predictions.items():
        columns = _example_columns(subject, subject.splits[name])
        columns["predicted"] = [subject.labels[i] for i in predictions.labels]
        if predictions.scores is not None:
            columns |= {f"score_{label}": predictions.scores[:, i] for i, label in enumerate(subject.labels)}
        try:
            pq.write_table(pa.table(columns), folder / f"{name}-{EXAMPLES}")
        except OSError as error:
            raise RecordError(
                f"{folder}: cannot be written ({error}). Free space or name another folder with --out."
            ) from None


def _example_columns(subject: Subject, split: Split) -> dict[str, object]:
    columns: dict[str, object] = {"id": list(split.ids), "label": [subject.labels[i] for i in split.labels]}
    for group in split.groups:
        values = [[v for v, member in zip(group.values, row, strict=True) if member] for row in group.members]
        columns[f"group_{group.name}"] = values
    return columns
