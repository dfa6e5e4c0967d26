"""Whether the model does what a suite of test cases asks of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from pathlib import Path
from statistics import NormalDist
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import DataError, as_value_error
from audit.registry import Measure, Skip, probe
from audit.stats import LEVEL, substream, wilson, wilson_limits
from audit.types import (
    Bools,
    ConfigFile,
    Evidence,
    Example,
    Examples,
    Finding,
    Floats,
    Frozen,
    GroupColumn,
    Interval,
    Subject,
    Table,
)
from probes._by_group import Means, findings, with_difference
from probes._language import language_of
from probes._suites.cases import Case, Suite
from probes._suites.judge import Answer, answers, columns_of
from probes._suites.labels import kind_of, match
from probes._suites.own import own_suite
from probes._suites.read import read_suite

Strings = NDArray[np.str_]
FLOOR = 10
"""Cases that a group needs to be compared, and a capability to be called the worst."""


class Params(Frozen):
    """Parameters of ``behaviour.suite``."""

    suite: Literal["auto", "moderation", "sentiment"] = "auto"
    """Which suite of ours to take; ``auto`` tells by the names of the model's labels, or of ``labels``."""
    file: ConfigFile | None = None
    """A suite of one's own instead: our columns, HateCheck's or a CheckList release's."""
    labels: dict[str, str] = {}
    """Which of the model's labels a label of the suite stands for, such as ``{abusive = "biased"}``."""
    tolerance: float = Field(0.1, ge=0, lt=1)
    """Change of probability that a changed text may make without failing."""
    examples: int = Field(12, ge=0)
    """Failing cases to show; 0 for texts that must not be shown."""

    @model_validator(mode="after")
    def _file_can_be_read(self, info: ValidationInfo) -> Self:
        """Read a suite of one's own before any model is loaded, where its folder is known."""
        if self.file is not None and isinstance(info.context, Path):
            with as_value_error():
                read_suite(info.context / self.file)
        return self


MEASURES = with_difference({"pass_rate": Measure("higher", "Share of cases that the model passes.", 0, 1, 1)}) | {
    "worst_capability_pass_rate": Measure("higher", "Share of cases passed in the worst capability.", 0, 1, 1)
}


@dataclass(frozen=True)
class Judged:
    """The cases that apply to the model, and what it made of them."""

    suite: Suite
    cases: tuple[Case, ...]
    answers: tuple[Answer, ...]
    expected: tuple[str, ...]
    """The model's labels that are right, by case, such as ``"neutral or positive"``; empty where none is named."""
    labels: tuple[str, ...]

    @cached_property
    def passed(self) -> Floats:
        """1 or 0, shape (cases,)."""
        return np.array([answer.passed for answer in self.answers])

    @cached_property
    def groups(self) -> Strings:
        """Whom each case is about, empty where nobody is named, shape (cases,)."""
        return np.array([case.group for case in self.cases])

    @cached_property
    def classes(self) -> Strings:
        """The labels that each lone text should get, empty for pairs, shape (cases,)."""
        return np.array(["" if case.others else name for case, name in zip(self.cases, self.expected, strict=True)])

    @cached_property
    def capabilities(self) -> dict[str, Bools]:
        """Which cases are of each capability; the lowest pass rate first."""
        of = np.array([case.capability for case in self.cases])
        members = {str(name): of == name for name in np.unique(of)}
        return dict(sorted(members.items(), key=lambda item: self.passed[item[1]].mean()))


@probe("behaviour.suite", version=1, values=("robustness", "fairness"), needs=("model",), measures=MEASURES)
def behaviour_suite(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Share of behavioural test cases that the model passes, by capability and by group. Ideal: 1, and no difference.

    A case is a text with the label it must get, or a text and a change to it that must not
    alter the prediction or must not move it the wrong way. In our suites every group gets the
    same sentences. Intervals take cases for independent: that of a difference between groups is
    wider than such matched cases need, that of a rate over many groups narrower than its few
    templates deserve. A suite can show faults, not their absence: its cases are few, and chosen to be hard.

    References
    ----------
    Ribeiro et al. 2020 (CheckList, arXiv:2005.04118); Röttger et al. 2021 (HateCheck, arXiv:2012.15606).
    """
    judged = _judged(subject, params)
    yield from _pass_rates(judged)
    yield from _by_group(judged, rng)
    yield _worst(judged)
    yield _table(judged)
    if params.examples:
        yield _failures(judged, params.examples)


def _suite(subject: Subject, params: Params) -> Suite:
    if params.file is not None:
        return read_suite(subject.folder / params.file)
    kind = (kind_of(subject.labels) or kind_of(params.labels)) if params.suite == "auto" else params.suite
    if kind is None:
        raise Skip(
            f'no suite fits the labels {", ".join(subject.labels)}; in [probes."behaviour.suite"] name one with '
            'suite = "moderation" or file = "…", and say which label is which with labels = { … }'
        )
    language = language_of(subject.test.texts)
    if not language:
        raise Skip(
            "our suites are English and Chinese, and the test texts are neither; "
            'in [probes."behaviour.suite"] name one of your own with file = "…"'
        )
    return own_suite(kind, language)


def _judged(subject: Subject, params: Params) -> Judged:
    suite = _suite(subject, params)
    classes = match(suite, subject.labels, params.labels)
    assert subject.score is not None, "the probe needs a model"
    cases = [case for case in suite.cases if case.relation == "same" or not case.expected or columns_of(case, classes)]
    given = answers(cases, classes, subject.score, params.tolerance) if cases else []
    kept = [(case, answer) for case, answer in zip(cases, given, strict=True) if not np.isnan(answer.passed)]
    if not kept:
        raise DataError(f"{suite.name}: no case fits the labels {', '.join(subject.labels)}. Name another suite.")
    expected = (" or ".join(subject.labels[k] for k in columns_of(case, classes)) for case, _ in kept)
    return Judged(suite, tuple(c for c, _ in kept), tuple(a for _, a in kept), tuple(expected), subject.labels)


# --- numbers ------------------------------------------------------------------------------


def _pass_rates(judged: Judged) -> Iterator[Finding]:
    left = len(judged.suite.cases) - len(judged.cases)
    note = f"{left:,} of {len(judged.suite.cases):,} cases do not apply to this model's classes"
    yield _pass_rate(judged, np.ones(len(judged.cases), dtype=bool), {}, note if left else "")
    for name, members in sorted(judged.capabilities.items()):
        yield _pass_rate(judged, members, {"capability": name})
    for name in _named(judged.classes):
        yield _pass_rate(judged, judged.classes == name, {"class": name})


def _pass_rate(judged: Judged, members: Bools, where: dict[str, str], note: str = "") -> Finding:
    passed, n = int(judged.passed[members].sum()), int(members.sum())
    return behaviour_suite.finding("pass_rate", passed / n, n, slice=where, interval=wilson(passed, n), note=note)


def _named(names: Strings) -> list[str]:
    return [str(name) for name in np.unique(names) if name]


def _by_group(judged: Judged, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield each group's pass rate, over all and by class: wrong alarms must not hide behind misses."""
    groups = _named(judged.groups)
    if not groups:
        note = "the suite names no groups"
        yield behaviour_suite.finding("pass_rate_difference", None, 0, slice={"category": "*"}, note=note)
        return
    grouped = judged.groups != ""
    yield from _compared(judged, grouped, {}, rng)
    for name in _named(judged.classes[grouped]):
        yield from _compared(judged, grouped & (judged.classes == name), {"class": name}, rng)


def _compared(judged: Judged, rows: Bools, where: dict[str, str], rng: np.random.Generator) -> Iterator[Finding]:
    names = _named(judged.groups[rows])
    column = GroupColumn("category", tuple(names), judged.groups[rows, None] == np.array(names))
    means = Means(behaviour_suite, "pass_rate", judged.passed[rows], [column], where, "the group has no case", FLOOR)
    # The first is the mean of all rows, which stands there already.
    yield from islice(findings(means, substream(rng, "groups")), 1, None)


def _worst(judged: Judged) -> Finding:
    large = {name: members for name, members in judged.capabilities.items() if members.sum() >= FLOOR}
    if not large:
        note = f"no capability has {FLOOR} cases"
        return behaviour_suite.finding("worst_capability_pass_rate", None, len(judged.cases), note=note)
    passed = np.array([int(judged.passed[members].sum()) for members in large.values()])
    n = np.array([int(members.sum()) for members in large.values()])
    # Šidák: the intervals of all capabilities hold at once, and so does that of their minimum.
    low, high = wilson_limits(passed, n, NormalDist().inv_cdf((1 + LEVEL ** (1 / len(n))) / 2))
    interval = Interval(low=float(low.min()), high=float(high.min()), method="Wilson, all capabilities at once (Šidák)")
    note = f"worst of {len(n)}: {next(iter(large))}, {passed[0]} of {n[0]} cases passed"
    return behaviour_suite.finding(
        "worst_capability_pass_rate", float(passed[0] / n[0]), int(n[0]), interval=interval, note=note
    )


# --- to read ------------------------------------------------------------------------------


def _table(judged: Judged) -> Table:
    rows = []
    for name, members in judged.capabilities.items():
        passed, n = int(judged.passed[members].sum()), int(members.sum())
        rows.append((name, n, passed, passed / n, judged.suite.asked(name)))
    return Table(
        name="behaviour.suite.capabilities",
        columns=("capability", "cases", "passed", "pass rate", "what it asks"),
        rows=tuple(rows),
        note=f"suite: {judged.suite.name}",
    )


def _failures(judged: Judged, most: int) -> Examples:
    """Return failing cases, one of each capability in turn, the worst first and the farthest off first."""
    failed = [
        sorted(
            np.flatnonzero(members & (judged.passed == 0)).tolist(),
            key=lambda k: (-judged.answers[k].miss, judged.cases[k].id),
        )
        for members in judged.capabilities.values()
    ]
    turns = [k for turn in zip_longest(*failed) for k in turn if k is not None]
    return Examples(
        name="behaviour.suite.failures",
        items=tuple(_example(judged, k) for k in turns[:most]),
        total=len(turns),
        note="one of each capability in turn, the worst capability and the clearest failure first",
    )


def _example(judged: Judged, k: int) -> Example:
    case, answer = judged.cases[k], judged.answers[k]
    before, after = answer.scores[0], answer.scores[1 + answer.worst] if case.others else None
    label = int(before.argmax())
    return Example(
        id=case.id,
        before=case.text,
        after=case.others[answer.worst] if case.others else None,
        change=f"{case.capability}: {case.asks}",
        # A direction names the class it speaks of, not the right one.
        label="" if case.relation in ("up", "down") else judged.expected[k],
        predicted_before=judged.labels[label],
        predicted_after="" if after is None else judged.labels[int(after.argmax())],
        score_before=float(before[label]),
        score_after=None if after is None else float(after[label]),
        groups=(f"category: {case.group}",) if case.group else (),
    )
