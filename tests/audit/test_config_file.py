"""Every error in a configuration names file, line, key and remedy."""

from pathlib import Path

import pytest

from audit.config_file import load_config, params_of, requested
from audit.errors import ConfigError
from audit.registry import discover

discover()

GOOD = """title = "T"
[data]
test = "t.csv"
groups = ["race"]
[model]
kind = "load"
path = "m"
[probes.calibration]
[[gate]]
metric = "performance.accuracy"
min = 0.7
[[gate]]
metric = "fairness.groups.equalized_odds_difference"
slice = { race = "*" }
max = 0.1
"""


def load(folder: Path, text: str) -> object:
    path = folder / "audit.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)[0]


def test_a_good_file_loads_and_every_probe_runs_by_default(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert len(config.gate) == 2
    assert "fairness.groups" in requested(config)


def test_a_probe_is_configured_through_nested_tables(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD + "[probes.fairness.groups]\nmin_group = 50\n[probes.data.profile]\nenabled = false\n")
    assert params_of(config, "fairness.groups").min_group == 50
    assert "data.profile" not in requested(config)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('test = "t.csv"', 'tests = "t.csv"', 3, "Did you mean 'test'"),
        ('path = "m"', 'pathh = "m"', 7, "Did you mean 'path'"),
        ('kind = "load"', 'kind = "laod"', 6, "'load', 'tune', 'predictions'"),
        ("[probes.calibration]", "[probes.calibratoin]", 8, "Did you mean 'calibration'"),
        ("[probes.calibration]", "[probes.calibration]\nbinz = 3", 9, "unknown key 'probes.calibration.binz'"),
        ('"performance.accuracy"', '"performance.acuracy"', 10, "Did you mean 'performance.accuracy'"),
        ("min = 0.7", 'min = "high"', 11, "'gate.0.min'"),
        ("min = 0.7", "min = 0.7\nmax = 1", 9, "exactly one of 'max' and 'min'"),
        ("min = 0.7", "min = 1.5", 11, "never holds"),
        ("max = 0.1", "max = 1.0", 15, "always holds"),
        ("min = 0.7", "min = 0.7\nmin_n = 0", 12, "greater than or equal to 1"),
        ('{ race = "*" }', '{ rase = "*" }', 14, "Did you mean 'race'"),
        ('title = "T"', "title = T", 1, "not valid TOML"),
        ('title = "T"', "", None, "'title' is missing"),
        ('groups = ["race"]', 'groups = ["race"]\ncrossings = [["race", "sex"]]', 2, "must name two or three"),
        ('groups = ["race"]', 'groups = ["race", "race"]', 2, "'race' is named twice"),
        ('groups = ["race"]', 'groups = ["race"]\n[data.flags]\nrace = ["a"]', 2, "'race' is named twice"),
        ('groups = ["race"]', 'groups = ["text"]', 2, "'text' holds the texts, labels or ids"),
        ('groups = ["race"]', 'id = "n"\ngroups = ["race", "n"]', 2, "'n' holds the texts, labels or ids"),
        ('groups = ["race"]', 'groups = "race"', 4, "should be a list in square brackets. Got 'race'"),
        ('test = "t.csv"', 'test = "t.csv"\npath = "u.csv"', 2, "give 'path' (one table) or 'test'"),
        ("[[gate]]", '[[waive]]\nmetric = "performance.f1"\nreason = "r"\napproved_by = "A"\nrole = "R"\n'
         'created = "2026-01-01"\nexpires = "2026-02-01"\n[[gate]]', 10, "no gate rule is about"),
        ("[[gate]]", '[[waive]]\nmetric = "performance.accuracy"\nreason = "r"\napproved_by = "A"\nrole = " "\n'
         'created = "2026-01-01"\nexpires = "2026-02-01"\n[[gate]]', 13, "'waive.0.role': must not be blank"),
        ("[[gate]]", '[[waive]]\nmetric = "performance.accuracy"\nreason = "r"\napproved_by = "A"\nrole = "R"\n'
         'created = "2026-01-01"\nexpires = "2026-07-01"\n[[gate]]', 15, "Let it expire on 2026-06-30"),
        ("[[gate]]", '[[attest]]\nvalue = "privasy"\nstatement = "s"\nwho = "A"\nrole = "R"\n'
         'date = "2026-01-01"\nexpires = "2026-02-01"\n[[gate]]', 10, "Did you mean 'privacy'"),
        ("[[gate]]", '[[attest]]\nvalue = "privacy"\nstatement = "s"\nwho = "A"\nrole = "R"\n'
         'date = "yesterday"\nexpires = "2026-02-01"\n[[gate]]', 14, "'attest.0.date'"),
    ],
)  # fmt: skip
def test_an_error_names_line_key_and_remedy(tmp_path: Path, old: str, new: str, line: int | None, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert says in message
    assert "audit.toml" in message
    assert line is None or f"line {line}" in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_missing_file_or_a_folder_is_one_sentence(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match=r"no such file|is a folder"):
        load_config(tmp_path / path)


def test_the_schema_knows_every_table() -> None:
    from audit.config import AuditConfig

    assert {"data", "model", "probes", "gate", "card", "attest", "waive"} <= set(
        AuditConfig.model_json_schema()["properties"]
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("severities = [0, 9]", "less than or equal to 5"),
        ("severities = []", "list should have at least 1 item, not 0"),
        ('perturbations = ["keyboard_neighbor"]', "Did you mean 'keyboard_neighbour'? Got"),
    ],
)
def test_lists_of_probes_are_told_of_plainly(tmp_path: Path, given: str, expected: str) -> None:
    with pytest.raises(ConfigError) as told:
        load(tmp_path, f'{GOOD}\n[probes."robustness.noise"]\n{given}\n')
    assert expected in str(told.value)
    assert "after validation" not in str(told.value)
    assert "?." not in str(told.value)


def test_a_misspelt_perturbation_or_key_in_a_rule_is_told_of(tmp_path: Path) -> None:
    rule = '[[gate]]\nmetric = "robustness.noise.flip_rate"\nmax = 0.1\nslice = '
    for slice, near in (('{ perturbation = "homoglyh" }', "'homoglyph'"), ('{ perturbaton = "x" }', "'perturbation'")):
        with pytest.raises(ConfigError, match=f"Did you mean {near}"):
            load(tmp_path, f"{GOOD}\n{rule}{slice}\n")


@pytest.mark.parametrize(
    ("probe", "given", "problem"),
    [
        ("behaviour.suite", 'file = "table.csv"', "column 'expected'"),
        ("human.survey", 'file = "table.csv"\nkind = "likert"\ncolumns = ["labl"]', "no column 'labl'.*'label'"),
        ("human.survey", 'file = "table.csv"\nkind = "likert"\ncolumns = ["label"]', "'fine', which is not an answer"),
        ("data.quality", 'new_data = "table.csv"\ntext = "txt"', "no column 'txt'.*'text'"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_of_before_any_model_is_loaded(
    tmp_path: Path, probe: str, given: str, problem: str
) -> None:
    (tmp_path / "table.csv").write_text("text,label\nhello,fine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=problem):
        load(tmp_path, f'{GOOD}\n[probes."{probe}"]\n{given}\n')


@pytest.mark.parametrize(
    "given", ['[probes."human.deferral"]\nhuman_column = "rcae"', '[probes."privacy.uniqueness"]\ncolumns = ["rcae"]']
)
def test_a_column_that_nobody_declared_is_told_of_before_any_model_is_loaded(tmp_path: Path, given: str) -> None:
    declared = GOOD.replace("groups", 'columns = ["rcea"]\ngroups', 1)
    with pytest.raises(ConfigError, match=r"'rcae' is not known. Did you mean 'rcea'\? Name it in \[data\] columns"):
        load(tmp_path, f"{declared}\n{given}\n")
    load(tmp_path, f"{declared}\n{given}\n".replace("rcae", "rcea"))


def test_a_column_of_groups_may_tell_who_somebody_is_but_holds_no_decisions(tmp_path: Path) -> None:
    load(tmp_path, f'{GOOD}\n[probes."privacy.uniqueness"]\ncolumns = ["race"]\n')
    with pytest.raises(ConfigError, match="'race' is not known"):
        load(tmp_path, f'{GOOD}\n[probes."human.deferral"]\nhuman_column = "race"\n')
