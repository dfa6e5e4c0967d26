"""Decisions of people are read with the data, and refused before a model runs where they are no classes."""

from pathlib import Path

import pytest

from audit.config import AuditConfig
from audit.errors import DataError
from audit.registry import discover
from audit.subject import Places, load_subject
from audit.types import Subject
from tests.tiny import tiny_model

discover()


def load(folder: Path, first: str) -> Subject:
    (folder / "t.csv").write_text(f"id,text,label,mod\n1,fox,no,{first}\n2,dog,yes, yes \n3,tea,yes,\n", "utf-8")
    raw = {
        "title": "T",
        "data": {"test": "t.csv", "id": "id", "columns": ["mod"]},
        "model": {"kind": "load", "path": "m"},
        "probes": {"human.deferral": {"human_column": "mod"}},
    }
    return load_subject(AuditConfig.model_validate(raw), Places(folder, folder / "cache"), say=print)


def test_decisions_are_classes_or_missing(tmp_path: Path) -> None:
    tiny_model(tmp_path / "m")
    assert load(tmp_path, "no").test.decisions["mod"].tolist() == [0, 1, -1]


def test_what_is_no_class_is_refused_before_the_model_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_model(tmp_path / "m")
    monkeypatch.setattr("audit.scoring.Scorer.score", lambda *_: pytest.fail("the model ran"))
    with pytest.raises(DataError, match=r"'mod' of people's decisions holds 'yess', .*Did you mean 'yes'"):
        load(tmp_path, "yess")
