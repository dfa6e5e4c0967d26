"""Evidence files of statements are found and hashed before anything is measured."""

import hashlib
import re
from pathlib import Path

import pytest

from audit.config_file import load_config
from audit.errors import ConfigError
from audit.registry import discover
from audit.types import Attestation

discover()

CONTENT = b"%PDF- kept for a month"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CONFIG = """title = "T"
[data]
test = "t.csv"
[model]
kind = "load"
path = "m"
[[attest]]
value = "privacy"
statement = "Texts are kept for a month."
who = "D. Example"
role = "data officer"
date = "2026-01-01"
expires = "2027-01-01"
"""


def load(folder: Path, more: str) -> Attestation:
    (folder / "retention.pdf").write_bytes(CONTENT)
    (folder / "audit.toml").write_text(CONFIG + more, encoding="utf-8")
    return load_config(folder / "audit.toml")[0].attest[0]


def test_the_digest_of_the_file_is_recorded(tmp_path: Path) -> None:
    assert load(tmp_path, 'evidence = "retention.pdf"').sha256 == DIGEST
    assert load(tmp_path, f'evidence = "retention.pdf"\nsha256 = "{DIGEST.upper()}"').sha256 == DIGEST
    assert load(tmp_path, "").sha256 is None


def test_a_statement_may_name_what_it_answers(tmp_path: Path) -> None:
    assert load(tmp_path, 'about = "purpose"').about == "purpose"
    assert load(tmp_path, "").about is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('who = "D. Example"', 'who = " "', "'attest.0.who': must not be blank"),
        ('role = "data officer"', 'role = ""', "'attest.0.role': must not be blank"),
        ('"Texts are kept for a month."', '{ en = "" }', "'attest.0.statement"),
        (
            '"2027-01-01"',
            '"2999-01-01"',
            "line 13: a statement holds for 731 days at most. Let it expire on 2028-01-02",
        ),
    ],
)
def test_a_statement_is_signed_and_does_not_hold_for_ever(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert CONFIG.count(old) == 1
    (tmp_path / "audit.toml").write_text(CONFIG.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_config(tmp_path / "audit.toml")
    (tmp_path / "audit.toml").write_text(CONFIG.replace('"2027-01-01"', '"2028-01-02"'), encoding="utf-8")
    load_config(tmp_path / "audit.toml")


@pytest.mark.parametrize(
    ("more", "line", "says"),
    [
        ('about = "purpos"', 14, "Did you mean 'purpose'"),
        ('about = "social_value"', 8, "Write value = 'value_creation'"),
        ('evidence = "gone.pdf"', 14, "there is no file 'gone.pdf'"),
        ('evidence = "."', 14, "cannot be read"),
        (f'evidence = "retention.pdf"\nsha256 = "{"0" * 64}"', 15, f"has the sha256 {DIGEST}, not 000"),
        (f'sha256 = "{DIGEST}"', 14, "goes with 'evidence'"),
    ],
)
def test_a_statement_that_cannot_stand_stops_the_audit(tmp_path: Path, more: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, more)
    assert says in str(caught.value)
    assert f"audit.toml, line {line}:" in str(caught.value)
    assert "\n" not in str(caught.value)
