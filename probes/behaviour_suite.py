"""Whether the model does what a suite of test cases asks of it."""

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from statistics import NormalDist
from typing import Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import DataError, as_value_error
from audit.registry import Measure, Skip, probe
from audit.stats import LEVEL, Z, substream
from audit.types import (
    Bools,
    ConfigFile,
    Evidence,
    Example,
    Examples,
    Finding,
    Frozen,
    GroupColumn,
    Interval,
    Subject,
    Table,
)
from probes._by_group import Means, findings, with_difference
from probes._language import language_of
from probes._suites.cases import Suite
from probes._suites.judge import answers, columns_of
from probes._suites.judged import Judged, Strings
from probes._suites.labels import OURS, kind_of, match, refuse_unknown
from probes._suites.own import own_suite
from probes._suites.read import read_suite

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
    def _labels_are_of_the_suite(self, info: ValidationInfo) -> Self:
        """Read a suite of one's own before any model is loaded, where its folder is known."""
        with as_value_error():
            if self.file is None:
                kinds = [*OURS] if self.suite == "auto" else [self.suite]
                refuse_unknown(self.labels, [label for kind in kinds for label in OURS[kind]], "our suites have")
            elif isinstance(info.context, Path):
                suite = read_suite(info.context / self.file)
                refuse_unknown(self.labels, suite.labels, f"{suite.name} has")
        return self


MEASURES = with_difference({"pass_rate": Measure("higher", "Share of cases that the model passes.", 0, 1, 1)}) | {
    "worst_capability_pass_rate": Measure("higher", "Share of cases passed in the worst capability.", 0, 1, 1)
}


def _labels_are_of_the_model(subject: Subject, params: Params) -> None:
    refuse_unknown(params.labels.values(), subject.labels, "the model has")


@probe(
    "behaviour.suite",
    version=2,
    values=("robustness", "fairness"),
    needs=("model",),
    measures=MEASURES,
    check=_labels_are_of_the_model,
)
def behaviour_suite(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Share of behavioural test cases that the model passes, by capability and by group. Ideal: 1, and no difference.

    A case is a text with the label it must get, or a text and a change to it that must not
    alter the prediction or must not move it the wrong way. In our suites every group gets the
    same sentences. Copies of one template are no independent cases: a rate has Wilson's interval
    at the size that they are worth (the number of templates where copies fare alike), and groups
    are compared template by template. Where a suite does not tell what its texts were made from,
    its cases are taken for independent. A suite can show faults, not their absence: its cases are
    few, and chosen to be hard.

    References
    ----------
    Ribeiro et al. 2020 (CheckList, arXiv:2005.04118); Röttger et al. 2021 (HateCheck, arXiv:2012.15606);
    Dean and Pagano 2015 (Journal of Survey Statistics and Methodology 3:484) for the intervals.
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
    low, high = (float(end[0]) for end in judged.limits([members], Z))
    rate, n, templates = float(judged.passed[members].mean()), int(members.sum()), len(set(judged.units[members]))
    method = "Wilson" if templates == n else f"Wilson at the effective size, {templates} templates"
    interval = Interval(low=min(low, rate), high=max(high, rate), method=method)
    return behaviour_suite.finding("pass_rate", rate, n, slice=where, interval=interval, note=note)


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
    units = np.unique(judged.units[rows], return_inverse=True)[1]
    means = Means(
        behaviour_suite, "pass_rate", judged.passed[rows], [column], where, "the group has no case", FLOOR, units
    )
    # The first is the mean of all rows, which stands there already.
    yield from islice(findings(means, substream(rng, "groups")), 1, None)


def _worst(judged: Judged) -> Finding:
    large = {name: members for name, members in judged.capabilities.items() if members.sum() >= FLOOR}
    if not large:
        note = f"no capability has {FLOOR} cases"
        return behaviour_suite.finding("worst_capability_pass_rate", None, len(judged.cases), note=note)
    # Šidák: the intervals of all capabilities hold at once, and so does that of their minimum.
    critical = NormalDist().inv_cdf((1 + LEVEL ** (1 / len(large))) / 2)
    low, high = judged.limits(list(large.values()), critical)
    name, members = next(iter(large.items()))
    passed, n = int(judged.passed[members].sum()), int(members.sum())
    method = "Wilson at the effective size, all capabilities at once (Šidák)"
    interval = Interval(low=float(low.min()), high=max(float(high.min()), passed / n), method=method)
    note = f"worst of {len(large)}: {name}, {passed} of {n} cases passed"
    return behaviour_suite.finding("worst_capability_pass_rate", passed / n, n, interval=interval, note=note)


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
        note=f"suite: {judged.suite.name}{_independent(judged)}",
    )


def _independent(judged: Judged) -> str:
    named = any(case.template for case in judged.cases)
    return "" if named else "; it names no templates, so cases are taken for independent"


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
