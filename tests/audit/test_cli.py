"""The command from end to end: run folder, exit codes, and a sentence for every failure."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit.cli import app
from audit.record import read_record, read_verdict
from audit.types import Evidence, RunRecord
from tests.tiny import tiny_model

ROOT = Path(__file__).parent.parent.parent

CONFIG = """title = "Toy"
seed = 7
[data]
test = "test.csv"
id = "id"
groups = ["sex"]
[model]
kind = "predictions"
scores = { yes = "p" }
[[gate]]
metric = "performance.roc_auc"
min = 0.6
[[gate]]
metric = "fairness.groups.false_positive_rate_difference"
slice = { sex = "*" }
max = 0.2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with an audit whose predictions are calibrated and alike for both groups."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RENBEN_CACHE", str(tmp_path / "cache"))
    write_table(tmp_path, 600)
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def write_table(folder: Path, n: int, harm: float = 0.0) -> None:
    """Write predictions; ``harm`` is how often the harmless rows of one group are flagged anyway."""
    rng = random.Random(3)
    with (folder / "test.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(["id", "text", "label", "sex", "p"])
        for i in range(n):
            p, sex = rng.random(), rng.choice("fm")
            label = "yes" if rng.random() < p else "no"
            if sex == "f" and rng.random() < harm:
                p = 0.9
            table.writerow([i, f"comment {i} by someone", label, sex, p])


def renben(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def only_run() -> Path:
    (run,) = Path("runs").iterdir()
    return run


def timeless(record: RunRecord) -> list[tuple[Evidence, ...]]:
    """Return all evidence but that which the clock has a part in."""
    return [run.evidence for run in record.probes if run.probe != "sustain.footprint"]


def edit(old: str, new: str) -> None:
    path = Path("audit.toml")
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_an_audit_leaves_record_verdict_examples_and_card(folder: Path) -> None:
    result = renben("audit", "audit.toml")
    assert result.exit_code == 0, result.output
    run = only_run()
    assert {p.name for p in run.iterdir()} >= {"run.json", "verdict.json", "card.html", "test-examples.parquet"}
    assert "PASS" in result.output
    assert str(run / "card.html") in result.output.replace("\n", "")
    record = read_record(run)
    assert record.config_given == CONFIG
    assert record.config_used["data"]["label"] == "label"  # type: ignore[index, call-overload]
    assert all(probe.params for probe in record.probes)
    assert record.provenance.command.endswith("audit.toml") or record.provenance.command


def test_gate_and_card_work_from_the_record_alone(folder: Path) -> None:
    renben("audit", "audit.toml", "--no-gate")
    run = only_run()
    assert read_verdict(run) is None
    Path("test.csv").unlink()
    assert renben("gate", run).exit_code == 0
    assert renben("gate", run, "--as-of", "someday").exit_code == 2
    (run / "card.html").unlink()
    assert renben("card", run, "--lang", "zh").exit_code == 0
    assert '<html lang="zh' in (run / "card.html").read_text(encoding="utf-8")


def test_rules_can_be_tried_on_an_old_run(folder: Path) -> None:
    renben("audit", "audit.toml", "--no-gate")
    edit("min = 0.6", "min = 0.99")
    assert renben("gate", only_run(), "--config", "audit.toml").exit_code == 1


def test_a_planted_harm_fails_the_gate_and_names_the_group(folder: Path) -> None:
    write_table(folder, 2000, harm=0.6)
    result = renben("audit", "audit.toml")
    assert result.exit_code == 1
    verdict = read_verdict(only_run())
    assert verdict is not None
    failed = [check.finding for check in verdict.checks if check.state == "fail"]
    assert [finding.metric for finding in failed if finding] == ["fairness.groups.false_positive_rate_difference"]
    assert "f " in failed[0].note  # type: ignore[union-attr]


def test_too_few_rows_are_not_enough_evidence(folder: Path) -> None:
    write_table(folder, 90)
    assert renben("audit", "audit.toml").exit_code == 4


def test_labels_only_leave_the_rule_not_measured(folder: Path) -> None:
    text = Path("test.csv").read_text(encoding="utf-8").replace("id,text,label,sex,p", "id,text,label,sex,x")
    lines = text.splitlines()
    rows = [f"{line},{'yes' if float(line.rsplit(',', 1)[1]) > 0.5 else 'no'}" for line in lines[1:]]
    Path("test.csv").write_text("\n".join([f"{lines[0]},said", *rows]), encoding="utf-8")
    edit('scores = { yes = "p" }', 'label = "said"')
    result = renben("audit", "audit.toml")
    assert result.exit_code == 3
    assert "calibration skipped" in result.output


def test_no_rules_is_nothing_evaluated_unless_no_gate(folder: Path) -> None:
    Path("audit.toml").write_text(CONFIG.split("[[gate]]")[0], encoding="utf-8")
    assert renben("audit", "audit.toml").exit_code == 5
    assert renben("audit", "audit.toml", "--no-gate").exit_code == 0


def test_two_audits_of_the_same_find_the_same(folder: Path) -> None:
    renben("audit", "audit.toml", "--out", "a")
    renben("audit", "audit.toml", "--out", "b")
    first, second = (read_record(next(Path(out).iterdir())) for out in "ab")
    assert timeless(first) == timeless(second)


def test_a_statement_that_lapsed_is_told_in_one_line(folder: Path) -> None:
    said = '[[attest]]\nvalue = "privacy"\nabout = "purpose"\nstatement = "s"\nwho = "D. Example"\nrole = "officer"\n'
    edit("[[gate]]", f'{said}date = "2020-01-01"\nexpires = "2021-01-01"\n[[gate]]')
    told = " ".join(renben("audit", "audit.toml").output.split())
    assert "! What D. Example stated about purpose holds from 2020-01-01 to 2021-01-01, not on the day of" in told


def test_a_quick_run_is_labelled(folder: Path) -> None:
    write_table(folder, 1500)
    result = renben("audit", "audit.toml", "--quick")
    assert "quick run" in result.output
    record = read_record(only_run())
    assert record.quick
    assert record.subject.splits["test"].rows == 1000


BAD = {
    "a missing file": ('"test.csv"', '"gone.csv"', 2, "no such file"),
    "a missing column": ('id = "id"', 'id = "ident"', 2, "has no column 'ident'"),
    "an unknown key": ("seed = 7", "sede = 7", 2, "Did you mean 'seed'"),
    "an unknown probe": ("[[gate]]", "[probes.performence]\n[[gate]]", 2, "Did you mean 'performance'"),
    "an unknown metric": ("performance.roc_auc", "performance.rok_auc", 2, "Did you mean 'performance.roc_auc'"),
    "a hub name without network": (
        'kind = "predictions"\nscores = { yes = "p" }',
        'kind = "load"\npath = "nobody/no-such-model"',
        2,
        "nobody/no-such-model",
    ),
    "an asset that was not fetched": (
        'kind = "predictions"\nscores = { yes = "p" }',
        'kind = "tune"\nbase = "asset:minilm"',
        2,
        "renben fetch minilm|needs a train split",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_failure_is_one_sentence_and_leaves_no_folder(
    folder: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    old, new, code, says = BAD[case]
    edit(old, new)
    result = renben("audit", "audit.toml")
    assert result.exit_code == code, result.output
    assert re.search(says, result.stderr)
    assert result.stderr.count("renben: ") == 1
    assert "Traceback" not in result.output
    assert not Path("runs").exists() or not any(Path("runs").iterdir())


def test_an_unwritable_place_is_known_before_any_work(folder: Path) -> None:
    Path("full").write_text("", encoding="utf-8")
    result = renben("audit", "audit.toml", "--out", "full")
    assert result.exit_code == 2
    assert "--out" in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "run the same command again"),
        (MemoryError(), 3, "Out of memory"),
        (OSError(28, "No space left on device", "x"), 2, "No space left on device"),
        (ZeroDivisionError("odd"), 3, "A fault in Renben: ZeroDivisionError: odd"),
    ],
)
def test_what_no_one_foresaw_is_a_sentence_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("audit.subject.load_subject", fail)
    result = renben("audit", "audit.toml")
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_probe_that_crashes_does_not_take_the_others_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from audit.registry import PROBES, discover

    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    discover()
    monkeypatch.setitem(PROBES, "calibration", replace(PROBES["calibration"], run=broken))  # type: ignore[arg-type]
    result = renben("audit", "audit.toml")
    assert result.exit_code == 3
    runs = {run.probe: run for run in read_record(only_run()).probes}
    assert (runs["calibration"].status, runs["calibration"].reason) == ("error", "RuntimeError: planted")
    assert runs["performance"].status == "ok"
    assert "planted" in (only_run() / "run.log").read_text(encoding="utf-8")
    assert "planted" in (only_run() / "card.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("moment", ["at the very start", "while probes run"])
def test_ctrl_c_in_a_real_process(folder: Path, moment: str) -> None:
    write_table(folder, 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "audit", "audit", str(folder / "audit.toml"), "--out", str(folder / "runs")],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell that starts this suite in the background has it ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    if moment == "at the very start":
        time.sleep(0.15)
    while moment != "at the very start" and not Path("runs").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), errors
    assert "Traceback" not in errors
    assert moment == "at the very start" or "run the same command again" in errors
    assert not Path("runs").exists() or not any(Path("runs").iterdir())


def test_a_started_config_runs(folder: Path) -> None:
    Path("audit.toml").unlink()
    table = Path("test.csv").read_text(encoding="utf-8").splitlines()
    scores = ["id,score_yes,score_no"] + [
        f"{r.split(',')[0]},{r.split(',')[4]},{1 - float(r.split(',')[4])}" for r in table[1:]
    ]
    Path("scores.csv").write_text("\n".join(scores), encoding="utf-8")
    result = renben("init", "--model", "scores.csv", "--data", "test.csv", "--groups", "sex")
    assert result.exit_code == 0, result.output
    assert renben("audit", "audit.toml").exit_code in (0, 4)
    assert renben("init", "--model", "scores.csv", "--data", "test.csv").exit_code == 2


def test_a_model_folder_of_ones_own_is_audited(folder: Path) -> None:
    Path("audit.toml").unlink()
    tiny_model(folder / "mine")
    assert renben("init", "--model", "mine", "--data", "test.csv", "--groups", "sex").exit_code == 0
    assert renben("audit", "audit.toml").exit_code in (1, 4)
    record = read_record(only_run())
    assert record.subject.model["kind"] == "loaded"
    assert record.subject.scoring is not None
    assert record.subject.scoring.max_probability_difference is not None
    assert {run.probe: run.status for run in record.probes}["calibration"] == "ok"
    with Path("audit.toml").open("a", encoding="utf-8") as handle:
        handle.write('\n[probes."fairness.counterfactual"]\nnegative = ["yess"]\n')
    refused = renben("audit", "audit.toml", "--out", "refused")
    assert refused.exit_code == 2
    assert "'negative' names 'yess', which is no class. Did you mean 'yes'?" in refused.stderr
    assert not any(Path("refused").iterdir())


def test_a_base_of_ones_own_is_tuned_once(folder: Path) -> None:
    Path("audit.toml").unlink()
    tiny_model(folder / "base", head=False)
    assert renben("init", "--model", "base", "--data", "test.csv", "--groups", "sex").exit_code == 0
    for out in ("first", "second"):
        assert renben("audit", "audit.toml", "--out", out).exit_code in (1, 4)
    first, second = (read_record(next(Path(out).iterdir())) for out in ("first", "second"))
    assert first.subject.tuning is not None
    assert second.subject.tuning is not None
    assert (first.subject.tuning.reused, second.subject.tuning.reused) == (False, True)
    assert timeless(first) == timeless(second)
    assert any(f.metric == "performance.accuracy_over_baseline" for f in first.findings())


def test_groups_that_no_row_names_and_a_group_of_one(folder: Path) -> None:
    lines = Path("test.csv").read_text(encoding="utf-8").splitlines()
    none = [lines[0], *(line.replace(",f,", ",,").replace(",m,", ",,") for line in lines[1:])]
    Path("test.csv").write_text("\n".join(none), encoding="utf-8")
    result = renben("audit", "audit.toml", "--out", "none")
    assert result.exit_code == 3
    assert "no row belongs to a group" in result.output
    one = [lines[0], lines[1].replace(",f,", ",x,").replace(",m,", ",x,"), *lines[2:]]
    Path("test.csv").write_text("\n".join(one), encoding="utf-8")
    assert renben("audit", "audit.toml", "--out", "one").exit_code == 0
    alone = [f for f in read_record(next(Path("one").iterdir())).findings() if f.slice == {"sex": "x"}]
    assert alone
    assert all(f.value is None and f.note for f in alone)


def test_a_column_of_a_group_for_nearly_every_row_is_told_of(folder: Path) -> None:
    lines = Path("test.csv").read_text(encoding="utf-8").splitlines()
    crowded = [lines[0], *(line.replace(",f,", f",{k},") for k, line in enumerate(lines[1:]))]
    Path("test.csv").write_text("\n".join(crowded), encoding="utf-8")
    assert "'sex'" not in renben("audit", "audit.toml", "--no-gate").stderr
    crowded = [lines[0], *(line.replace(",f,", f",{k},").replace(",m,", f",{k},") for k, line in enumerate(lines[1:]))]
    Path("test.csv").write_text("\n".join(crowded), encoding="utf-8")
    assert "'sex' has 600 groups in 600 rows" in renben("audit", "audit.toml", "--no-gate").stderr


def test_test_texts_that_were_trained_on_are_told_of(folder: Path) -> None:
    lines = Path("test.csv").read_text(encoding="utf-8").splitlines()
    edit('test = "test.csv"', 'test = "test.csv"\ntrain = "train.csv"')
    told = "test texts also stand in the train split"
    for seen, says in ((29, ""), (30, f"5% of the {told}")):
        Path("train.csv").write_text("\n".join(lines[: seen + 1]), encoding="utf-8")
        output = " ".join(renben("audit", "audit.toml", "--quick", "--no-gate").output.split())
        assert (told in output, says in output) == (bool(says), True)


def test_init_never_takes_the_truth_for_the_prediction(folder: Path) -> None:
    Path("audit.toml").unlink()
    both = "text,label,pred\n" + "".join(f"t{i},{'ab'[i % 2]},{'ab'[i % 3 % 2]}\n" for i in range(60))
    Path("both.csv").write_text(both, encoding="utf-8")
    assert renben("init", "--model", "both.csv", "--data", "both.csv").exit_code == 0
    assert 'label = "pred"' in Path("audit.toml").read_text(encoding="utf-8")
    edit('label = "pred"', 'label = "label"')
    assert "the column of true labels" in renben("audit", "audit.toml").stderr
    Path("audit.toml").unlink()
    Path("both.csv").write_text(both.replace(",pred", ",guess"), encoding="utf-8")
    assert "which columns hold the predictions" in renben("init", "--model", "both.csv", "--data", "both.csv").stderr
    assert "no such folder" in renben("init", "--model", "./gone", "--data", "both.csv").stderr
    assert not Path("audit.toml").exists()


def test_questions_that_nobody_answers_end_in_a_sentence(folder: Path) -> None:
    asked = renben("init", "--out", "other.toml")
    assert (asked.exit_code, asked.stderr.count("Give --model and --data")) == (2, 1)
    assert not Path("other.toml").exists()


def test_a_reader_that_leaves_is_no_failure(folder: Path) -> None:
    command = f"{sys.executable} -m audit schema | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.strip() == "141"
    assert done.stderr == ""


def test_a_broken_probe_of_another_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    broken = EntryPoint("shouting", "no_such_module", "renben.probes")
    monkeypatch.setattr("audit.registry.entry_points", lambda group: [broken])
    result = renben("audit", "audit.toml")
    assert result.exit_code == 2
    assert "'shouting' of the package 'no_such_module' cannot be loaded" in result.stderr


def test_probes_schema_doctor_and_fetch_tell_what_there_is(folder: Path) -> None:
    assert "fairness.groups" in renben("probes").output
    assert "equalized_odds_difference" in renben("probes", "fairness.groups").output
    assert "Did you mean 'calibration'" in renben("probes", "calibratio").stderr
    assert json.loads(renben("schema").output)["title"] == "AuditConfig"
    assert "asset minilm: absent; get it with: renben fetch minilm" in renben("doctor").output
    assert "minilm" in renben("fetch").output
