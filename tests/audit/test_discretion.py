"""Personal data in a table, from end to end: nothing that an audit writes or says holds them but ids beside scores."""

import csv
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from audit.config import AuditConfig
from audit.personal_data.naming import told_apart
from audit.record import read_record, read_verdict
from audit.registry import PROBES, discover
from audit.subject import Places, load_subject
from audit.types import Frozen, Subject
from tests.audit.test_cli import only_run, renben

MODERATORS = ("zadie@corpmail.com", "zelda@corpmail.com")
PIECES = ("zadie", "zelda", "corpmail", "4111 1", "7946 0")
CONFIG = """title = "Toy"
[data]
test = "test.csv"
id = "id"
groups = ["moderator"]
columns = ["clerk"]
[model]
kind = "predictions"
label = "said"
[[gate]]
metric = "fairness.groups.accuracy"
slice = { moderator = "z***@c***.com 2" }
min = 0.5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with an audit of rows that hold personal data in every column but the labels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RENBEN_CACHE", str(tmp_path / "cache"))
    with (tmp_path / "test.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(["id", "text", "label", "said", "moderator", "clerk"])
        for i in range(400):
            secret = ("zelda@corpmail.com", "4111 1111 1111 1111", "(020) 7946 0958")[i % 3]
            text = f"{i} {'the fox is quick ' * 100}"[:990] + f" {secret} and so on"
            label, moderator = i // 2 % 2, MODERATORS[i % 2]
            said = 1 - label if i % 2 and i % 5 else label
            table.writerow([f"{i}.{moderator}", text, label, said, moderator, f"{i % 4}.clerk@corpmail.com"])
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_what_a_table_holds_of_persons_stays_in_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Subject, *_: Frozen) -> None:
        raise RuntimeError(subject.test.texts[0])

    discover()
    monkeypatch.setitem(PROBES, "data.profile", replace(PROBES["data.profile"], run=broken))  # type: ignore[arg-type]
    result = renben("audit", "audit.toml")
    assert result.exit_code == 3, result.output
    run = only_run()
    said = {
        name: (run / name).read_text(encoding="utf-8") for name in ("run.json", "card.html", "verdict.json", "run.log")
    }
    scores = pq.read_table(run / "test-examples.parquet")
    said |= {"output": result.output, "scores": str(scores.drop(["id"]).to_pydict())}
    assert [(name, piece) for name, text in said.items() for piece in PIECES if piece in text] == []
    assert scores["id"][1].as_py() == "1.zelda@corpmail.com"
    assert [probe.probe for probe in read_record(run).probes if probe.status == "error"] == ["data.profile"]
    verdict = read_verdict(run)
    assert verdict is not None
    # Of zelda's rows, who comes after zadie.
    assert [check.finding.value for check in verdict.checks if check.finding] == [0.2]


def test_masked_groups_stay_apart_and_the_user_is_told(folder: Path) -> None:
    groups, said = loaded(folder)
    assert groups == {"moderator": {"z***@c***.com": 200, "z***@c***.com 2": 200, "unknown": 0}}
    assert [line.split(" hold")[0] for line in said] == ["Names of groups in moderator", "Ids of rows"]
    assert "such as 'z***@c***.com'" in said[0]
    endless = Path("test.csv").read_text(encoding="utf-8").replace(MODERATORS[0], f"{'word ' * 30}{MODERATORS[0]}")
    Path("test.csv").write_text(endless.replace(MODERATORS[1], "x"), encoding="utf-8")
    assert f"such as '{'word ' * 8}…'" in loaded(folder)[1][0]
    table = endless.replace("word ", "").replace("@corpmail.com", "")
    Path("test.csv").write_text(table, encoding="utf-8")
    assert loaded(folder) == ({"moderator": {"zadie": 200, "zelda": 200, "unknown": 0}}, [])


def loaded(folder: Path) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return the groups of the test split and what the user is told."""
    said: list[str] = []
    config = AuditConfig.model_validate(tomllib.loads(CONFIG))
    subject = load_subject(config, Places(folder, folder / "cache"), say=said.append)
    return subject.facts.splits["test"].groups, said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "id"', 'id = "clerk"', "repeated ids: 4 (such as '0***@c***.com')"),
        ('id = "id"', 'label = "clerk"', "predicted label '0' is not a label of the data. Known: 0***@c***.com"),
        ('title = "Toy"', 'title = "Toy"\nseed = "owner@corpmail.com"', "Got 'owner@corpmail.com'"),
    ],
)
def test_an_error_masks_what_it_quotes_but_not_what_the_user_wrote(folder: Path, old: str, new: str, says: str) -> None:
    Path("test.csv").rename("from@corpmail.com.csv")
    text = CONFIG.replace("test.csv", "from@corpmail.com.csv").replace(old, new)
    Path("audit.toml").write_text(text, encoding="utf-8")
    result = renben("audit", "audit.toml")
    assert result.exit_code == 2
    assert says in result.stderr
    assert ("from@corpmail.com.csv" in result.stderr) == ("repeated" in says)
    assert [piece for piece in ("zadie", "zelda", "clerk@") if piece in result.stderr] == []


def test_a_fault_that_nobody_foresaw_is_masked_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(MODERATORS[0])

    monkeypatch.setattr("audit.subject.load_subject", broken)
    told = renben("audit", "audit.toml").stderr
    log = Path(told.rpartition("Details are in ")[2].strip().removesuffix("."))
    assert [piece for piece in PIECES if piece in told + log.read_text(encoding="utf-8")] == []


def test_names_are_masked_only_for_persons_and_never_become_one() -> None:
    names = ("j***@e***.com", "jane@example.com", "john@example.com", "men", "https://news.example.org/a")
    told = told_apart(names)
    assert told == ("j***@e***.com", "j***@e***.com 2", "j***@e***.com 3", "men", "https://news.example.org/a")
    assert told_apart(told) == told
    taken = ("j***@e***.com", "j***@e***.com 2", "jane@example.com")
    assert told_apart(taken) == (*taken[:2], "j***@e***.com 3")
    assert len(np.unique(told_apart([f"j{k}x@example.com" for k in range(30)]))) == 30
