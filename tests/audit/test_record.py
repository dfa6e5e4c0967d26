"""The record: whole or not at all, read back as it was written, wrong ones refused in a sentence."""

import json
from pathlib import Path

import pytest

from audit.errors import RecordError
from audit.record import new_run_folder, read_record, read_verdict, write_examples, write_model, write_text
from audit.types import Table
from tests.records import a_finding, a_record, a_run
from tests.subjects import make_subject


def test_a_record_reads_back_as_written(tmp_path: Path) -> None:
    record = a_record(a_run([a_finding(0.3, 0.2, 0.4)]))
    write_model(tmp_path / "run.json", record)
    assert read_record(tmp_path) == read_record(tmp_path / "run.json") == record
    assert read_verdict(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no such file"),
        ("{", "not a readable run record"),
        ("[]", "schema version None"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 1}', "damaged at 'run_id'"),
    ],
)
def test_a_wrong_record_is_one_sentence(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=says):
        read_record(tmp_path)


def test_no_number_may_be_infinite_or_missing_without_a_reason() -> None:
    finding = a_finding(0.3, 0.2, 0.4).model_dump()
    for change in ({"value": float("nan")}, {"value": float("inf")}, {"value": None, "note": ""}, {"extra": 1}):
        with pytest.raises(ValueError):
            type(a_finding()).model_validate(finding | change)


def test_minus_zero_is_zero() -> None:
    table = Table(name="p.t", columns=("x",), rows=((-0.0,),))
    assert "-0.0" not in a_run([a_finding(-0.0, -0.0, -0.0), table]).model_dump_json()


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "run.json"
    write_text(target, "old")

    def full(self: Path, text: str, encoding: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RecordError, match="No space left on device"):
        write_text(target, "new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_run_folders_never_collide_and_an_unwritable_place_is_known_at_once(tmp_path: Path) -> None:
    first, second = new_run_folder(tmp_path, "评论 Audit!"), new_run_folder(tmp_path, "评论 Audit!")
    assert first != second
    assert first.name.startswith("评论-audit-")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RecordError, match=r"cannot be written|is a file"):
        new_run_folder(tmp_path / "file", "t")


def test_the_examples_hold_ids_scores_and_groups_but_no_text(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    subject = make_subject(50)
    write_examples(tmp_path, subject)
    table = pq.read_table(tmp_path / "test-examples.parquet")
    assert table.column_names == ["id", "label", "group_sex", "group_race", "predicted", "score_0", "score_1"]
    assert table.num_rows == 50
    assert subject.test.texts[0] not in json.dumps(table.slice(0, 1).to_pylist())
