"""Quasi-identifiers: tables small enough to count by hand."""

from dataclasses import replace

import numpy as np
import pytest

from audit.errors import ConfigError
from audit.registry import Skip
from audit.types import Evidence, Finding, Subject, Table
from probes.privacy_uniqueness import privacy_uniqueness
from tests.subjects import make_split, make_subject

AGES = ("30", "30", "30", "40", "40", "50", None, None)
TOWNS = ("A", "A", "B", "A", "A", "A", "A", "A")
LABELS = np.array([0, 1, 0, 1, 1, 0, 0, 1])


def small(train: bool = False) -> Subject:
    others = make_split("train", np.zeros(4, dtype=np.int64), []) if train else None
    subject = make_subject(8, labels=LABELS, groups={"sex": list("fffmmmff")}, train=others)
    test = replace(subject.test, extra={"age": AGES, "town": TOWNS})
    kept = {"train": replace(others, extra={"age": ("30",) * 4, "town": ("A",) * 4})} if others else {}
    return replace(subject, splits={"test": test, **kept})


def evidence(subject: Subject, *columns: str) -> list[Evidence]:
    return list(
        privacy_uniqueness.run(subject, privacy_uniqueness.params(columns=columns), np.random.default_rng([7, 7]))
    )


def values(subject: Subject, *columns: str, split: str | None = None) -> dict[str, float | None]:
    where = {"split": split} if split else {}
    found = [e for e in evidence(subject, *columns) if isinstance(e, Finding) and e.slice == where]
    return {f.metric.removeprefix("privacy.uniqueness."): f.value for f in found}


def test_classes_are_those_counted_by_hand() -> None:
    # 30 A twice (both labels), 30 B, 40 A twice (one label), 50 A, and two without an age (both labels).
    expected = {"smallest_class": 1, "unique_share": 2 / 8, "small_class_share": 1, "homogeneous_share": 4 / 8}
    assert values(small(), "age", "town") == expected
    assert values(small(), "age", "town", split="test") == expected


def test_a_missing_cell_is_a_value_of_its_own() -> None:
    assert values(small(), "age")["unique_share"] == 1 / 8
    without = small()
    ages = (*AGES[:6], "None", None)
    filled = replace(without, splits={"test": replace(without.test, extra={"age": ages})})
    assert values(filled, "age")["unique_share"] == 3 / 8


def test_groups_are_quasi_identifiers_too() -> None:
    assert values(small(), "sex")["smallest_class"] == 3
    assert values(small(), "sex", "town")["smallest_class"] == 1


def test_splits_are_looked_at_apart_and_together() -> None:
    subject = small(train=True)
    # Four more of "30 A", all of one label, hide those two among them and are themselves all alike.
    assert values(subject, "age", "town", split="train")["homogeneous_share"] == 1
    assert values(subject, "age", "town", split="train")["small_class_share"] == 1
    assert values(subject, "age", "town")["small_class_share"] == 6 / 12
    assert values(subject, "age", "town")["homogeneous_share"] == 4 / 12


def test_a_split_without_the_column_says_so() -> None:
    subject = small(train=True)
    bare = replace(subject.splits["train"], extra={})
    subject = replace(subject, splits={**subject.splits, "train": bare})
    found = [e for e in evidence(subject, "age") if isinstance(e, Finding) and e.slice == {"split": "train"}]
    assert {f.note for f in found} == {"the split lacks one of the columns"}
    assert values(subject, "age")["unique_share"] == 1 / 8


def test_tables_tell_which_column_singles_out_and_show_no_cell() -> None:
    tables = {e.name: e for e in evidence(small(), "age", "town") if isinstance(e, Table)}
    assert tables["privacy.uniqueness.classes"].rows[:2] == (("1", 2, 2, 0.25), ("2 to 4", 3, 6, 0.75))
    assert tables["privacy.uniqueness.left_out"].rows == (("none", 1, 0.25), ("age", 1, 0.125), ("town", 1, 0.125))


def test_nothing_named_and_nothing_known() -> None:
    with pytest.raises(Skip, match=r"name columns .* columns = "):
        evidence(small())
    with pytest.raises(ConfigError, match=r"no column 'agee'\. Did you mean 'age'"):
        evidence(small(), "agee")
