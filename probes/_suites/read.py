"""Read a suite of one's own: our columns, HateCheck's, or the tests of a CheckList release."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from audit.errors import DataError, did_you_mean
from audit.personal_data.masking import masked
from probes._suites.cases import RELATIONS, Case, Relation, Suite
from probes._suites.tables import Row, read_rows

GENERAL = "general"
"""The capability of cases that name none."""
HATECHECK = {"functionality", "test_case", "label_gold"}
CHECKLIST = {"test", "type", "data"}
SENTIMENTS = ("negative", "neutral", "positive")
"""What 0, 1 and 2 stand for in CheckList's sentiment suite."""

DIRECTIONS: Mapping[str, tuple[Relation, str | None]] = {
    "intensifiers": ("up", None),
    "reducers": ("down", None),
    '"used to" should reduce': ("down", None),
    "add positive phrases": ("up", "positive"),
    "add negative phrases": ("up", "negative"),
}
"""Direction tests of CheckList's sentiment suite: in the release this is code, and is not in its data."""
NOT_NEGATIVE = {
    "simple negations: not negative",
    "simple negations: I thought x was negative, but it was not (should be neutral or positive)",
    "Hard: Negation of negative with neutral stuff in the middle (should be positive or neutral)",
    "Q & A: no",
}
"""Its tests in which no label, or neutral, stands for anything but ``negative``, for the same reason."""
RELEASED = {*DIRECTIONS, *NOT_NEGATIVE}
PICKLED = {".pkl", ".pickle", ".dill", ".tar", ".tgz"}
"""A pickle, or an archive of one."""


def read_suite(file: Path) -> Suite:
    """Read the cases of a file; its columns tell the format.

    Our own has ``text`` and, by row, ``expected``, or ``pair`` with ``relation``, or all three, and
    may have ``capability``, ``group``, ``template`` and ``id``. HateCheck's has ``functionality``,
    ``test_case`` and ``label_gold``; CheckList's has one test a row, with ``test``, ``type``
    and ``data``. What CheckList itself releases, a pickle, is not opened: it could run anything.

    Raises
    ------
    DataError
        If it cannot be read, lacks a column, is empty, or a row says nothing that can be judged.

    References
    ----------
    Röttger et al. 2021 (arXiv:2012.15606); Ribeiro et al. 2020 (arXiv:2005.04118).
    """
    _refuse_release(file)
    rows = read_rows(file)
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    cases = tuple(case for row in rows for case in _reader(file, list(columns))(row))
    if not cases:
        raise DataError(f"{file}: is empty. A suite needs at least one case.")
    return Suite(file.name, _named(cases) if {row.word("test") for row in rows} & RELEASED else cases)


def _refuse_release(file: Path) -> None:
    """Tell what to do with the files that CheckList releases."""
    if PICKLED & set(file.suffixes):
        raise DataError(
            f"{file}: is a pickle, which could run anything on this machine, so it is not opened. Write it as JSON "
            "Lines where checklist is installed: the README shows how, under 'A suite of one's own'."
        )
    if re.fullmatch(r"tests_n\d+(\.txt)?", file.name):
        raise DataError(
            f"{file}: holds CheckList's sentences without what each must get; that stands in the suite's .pkl only. "
            "Convert that: the README shows how, under 'A suite of one's own'."
        )


def _reader(file: Path, columns: Sequence[str]) -> Callable[[Row], Iterator[Case]]:
    for needed, reader in ((HATECHECK, _hatecheck), (CHECKLIST, _checklist), ({"text"}, _own)):
        if needed <= set(columns):
            return reader
    raise DataError(
        f"{file}: has no column 'text'.{did_you_mean('text', columns)} A suite has the columns text and expected, "
        "or text, pair and relation; and where you like capability, group, template and id."
    )


def _refuse(row: Row, what: str) -> NoReturn:
    raise DataError(f"{row.where}: {what}")


# --- our own columns ----------------------------------------------------------------------


def _own(row: Row) -> Iterator[Case]:
    text, expected, pair = row.text("text"), row.word("expected"), row.text("pair")
    if not text.strip():
        _refuse(row, "the text is empty. Fill it in or remove the row.")
    if not expected and not pair:
        _refuse(row, "there is neither a label in the column 'expected' nor a text in the column 'pair'. Give one.")
    yield Case(
        id=row.word("id") or row.name,
        text=text,
        capability=row.word("capability") or GENERAL,
        expected=(expected,) if expected else (),
        others=(pair,) if pair else (),
        relation=_relation(row, bool(pair)),
        group=row.word("group"),
        template=row.word("template"),
    )


def _relation(row: Row, paired: bool) -> Relation | None:
    word = row.word("relation")
    if not word and paired:
        _refuse(row, "'pair' has a text, but 'relation' is empty. Write same, up or down there.")
    if not word:
        return None
    if word not in RELATIONS:
        _refuse(row, f"there is no relation {word!r}.{did_you_mean(word, RELATIONS)} Known: {', '.join(RELATIONS)}.")
    if not paired:
        _refuse(row, f"the relation {word!r} needs a second text. Give it in the column 'pair'.")
    return next(relation for relation in RELATIONS if relation == word)


# --- HateCheck ----------------------------------------------------------------------------


def _hatecheck(row: Row) -> Iterator[Case]:
    text, label = row.text("test_case"), row.word("label_gold")
    if not text.strip() or not label:
        _refuse(row, "test_case or label_gold is empty. Fill it in or remove the row.")
    yield Case(
        id=row.word("case_id") or row.word("mhc_case_id") or row.name,
        text=text,
        capability=row.word("functionality") or GENERAL,
        expected=(label,),
        group=row.word("target_ident"),
        template=row.word("templ_id"),
    )


# --- CheckList ----------------------------------------------------------------------------


def _checklist(row: Row) -> Iterator[Case]:
    test, kind, data = row.word("test"), row.word("type").upper(), row.cells["data"]
    if kind not in ("MFT", "INV", "DIR"):
        _refuse(row, f"there is no type {kind!r} of test. Known: MFT, INV, DIR.")
    if not isinstance(data, list) or not data:
        _refuse(row, f"the test {test!r} has no data. Give it a list of texts or remove it.")
    capability = ": ".join(part for part in (row.word("capability"), test) if part) or GENERAL
    labels = _labels(row, test, len(data)) if kind == "MFT" else [()] * len(data)
    relation, of = (None, None) if kind == "MFT" else _direction(row, test, kind)
    for k, (item, expected) in enumerate(zip(data, labels, strict=True)):
        first, *others = _texts(row, item, paired=kind != "MFT")
        yield Case(f"{test} {k + 1}", first, capability, (of,) if of else expected, tuple(others), relation)


def _texts(row: Row, item: Any, *, paired: bool) -> list[str]:
    texts = item if isinstance(item, list) else [item]
    if not all(isinstance(text, str) and text for text in texts):
        _refuse(row, f"a case must be a text or a list of texts. Got {masked(str(item))[:60]!r} instead.")
    if paired != (len(texts) > 1):
        _refuse(
            row, "a case of type MFT is one text, one of type INV or DIR two or more. Correct the type or the data."
        )
    return texts


def _labels(row: Row, test: str, cases: int) -> Sequence[tuple[str, ...]]:
    given = row.cells.get("labels")
    labels = given if isinstance(given, list) else [given] * cases
    lenient = (None, 1) if test in NOT_NEGATIVE else ()
    if (None in labels and not lenient) or len(labels) != cases:
        _refuse(row, f"the test {test!r} needs one label, or one for each of its {cases} cases.")
    return [SENTIMENTS[1:] if label in lenient else (str(label),) for label in labels]


def _direction(row: Row, test: str, kind: str) -> tuple[Relation | None, str | None]:
    if kind == "INV":
        return "same", None
    if row.word("relation"):
        return _relation(row, paired=True), row.word("expected") or None
    if test not in DIRECTIONS:
        _refuse(row, f"the test {test!r} is of type DIR, but not which way. Add the key relation: up or down.")
    return DIRECTIONS[test]


def _named(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Name the classes 0, 1 and 2 of the sentiment suite."""
    names = {str(k): name for k, name in enumerate(SENTIMENTS)}
    return tuple(replace(case, expected=tuple(names.get(label, label) for label in case.expected)) for case in cases)
