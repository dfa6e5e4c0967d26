"""What the README shows works as shown."""

import re
from pathlib import Path

import pytest

from audit.attestations import WAIVER_DAYS, too_late
from audit.registry import PROBES
from audit.run import run_probe
from audit.types import Rule, Waiver
from tests.subjects import make_subject

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    (found,) = [code for code in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in code]
    return str(found)


def test_the_example_of_a_probe_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for id in list(PROBES):
        monkeypatch.setitem(PROBES, id, PROBES[id])
    file = tmp_path / "shouting.py"
    file.write_text(block("python", "robustness.shouting"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import shouting  # type: ignore[import-not-found]

    spec = PROBES.pop("robustness.shouting")
    assert spec is shouting.shouting
    texts = ["STOP THAT"] * 30 + ["stop that"] * 70
    for some in (texts, texts[30:]):
        subject = make_subject(len(some), texts=some)
        (finding,) = run_probe(spec, subject, spec.params(), 7, say=lambda _: None, log=print).findings
        assert finding.n == some.count("STOP THAT")
        assert (finding.value is None) == (finding.n == 0)


def test_the_examples_of_a_rule_and_a_waiver_are_such() -> None:
    import tomllib

    (rule,) = tomllib.loads(block("toml", "[[gate]]"))["gate"]
    assert Rule.model_validate(rule).max == 0.10
    (waiver,) = tomllib.loads(block("toml", "[[waive]]"))["waive"]
    assert Waiver.model_validate(waiver).slice == rule["slice"]
    assert waiver.keys() == Waiver.model_fields.keys()
    assert not too_late(waiver["created"], waiver["expires"], WAIVER_DAYS)


def test_what_people_are_asked_to_state_is_listed() -> None:
    from audit.values import VALUES

    asked = [one.id for value in VALUES.values() for one in value.attestations]
    assert [id for id in asked if f"`{id}`" not in README] == []


def test_the_exit_codes_are_those_of_the_gate() -> None:
    from audit.cli import INTERRUPTED
    from audit.gate import EXIT_CODES

    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == {*EXIT_CODES.values(), 2, INTERRUPTED}
