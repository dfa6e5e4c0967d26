"""The human-centred values as data, and what a record gives as evidence for each."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from audit.types import Attestation, Finding, Frozen, ProbeRun, RunRecord, Verdict

Localised = dict[Literal["en", "zh"], str]
Evidenced = Literal["measured", "attested", "absent"]
Ruled = Literal["fail", "unmeasured", "inconclusive", "waived", "pass"]
"""What became of the gate rules about a value, the worst first."""


class Figures(Frozen):
    """Figures that are evidence for a value."""

    metrics: tuple[str, ...]
    """Their ids, ``*`` standing for anything."""
    requirements: tuple[str, ...] = ()
    """What of the requirements catalogue they answer, beside the V-numbers of the value."""


class Asked(Frozen):
    """What no measurement can show of a value, so that a named person is asked to state it."""

    id: str
    title: Localised
    requirements: tuple[str, ...]
    """What of the requirements catalogue such a statement answers."""


class Value(Frozen):
    """One human-centred value, in words that a non-specialist reads."""

    title: Localised
    question: Localised
    """What someone affected would ask."""
    limits: Localised
    """What its measurements cannot say."""
    requirements: tuple[str, ...]
    """V-numbers of the requirements catalogue that it takes up."""
    evidence: tuple[Figures, ...]
    attestations: tuple[Asked, ...]

    def rests_on(self, metric: str) -> bool:
        """Whether a figure of a probe that declares the value is evidence for it.

        Of a probe that the value names, only the figures named are; of another, all.
        """
        probe = metric.rpartition(".")[0]
        named = [name for figures in self.evidence for name in figures.metrics if name.startswith(f"{probe}.")]
        return not named or _is_one_of(metric, named)


class ValueNode(Frozen):
    """One node of the value graph."""

    title: Localised
    requirement: str
    """V-number of the requirements catalogue."""
    metrics: tuple[str, ...]
    """Which figures are evidence for it, ``*`` standing for anything."""
    leads_to: tuple[str, ...] = ()
    """Ids of the nodes that rest on it."""

    @property
    def value(self) -> str:
        """Id of the value that holds its requirement."""
        return next(id for id, value in VALUES.items() if self.requirement in value.requirements)


@dataclass(frozen=True)
class Topic:
    """What a statement can be about within a value."""

    value: str
    """Id of the value."""
    title: Localised


@dataclass(frozen=True)
class Standing:
    """What a record holds about one value."""

    state: Evidenced
    ruled: Ruled | None
    """The worst that became of the gate rules about its figures; None where there is no rule, or no verdict."""
    probes: tuple[str, ...]
    """Ids of the probes that measured it."""
    findings: int
    """Numbers that they measured."""
    attestations: tuple[Attestation, ...]
    """Statements in force when the record was made."""
    lapsed: tuple[Attestation, ...]
    """Statements that had expired by then, or had not begun: they never count."""
    unstated: tuple[Asked, ...]
    """What people are asked to state, and nobody had stated."""


def _load() -> tuple[Mapping[str, Value], Mapping[str, ValueNode]]:
    raw = tomllib.loads(files("audit").joinpath("values.toml").read_text(encoding="utf-8"))
    graph = {id: ValueNode.model_validate(node) for id, node in raw.pop("graph").items()}
    return MappingProxyType({id: Value.model_validate(value) for id, value in raw.items()}), MappingProxyType(graph)


VALUES, GRAPH = _load()
"""The eight values, and the tree in which they rest on each other, its root first."""

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {id: Topic(node.value, node.title) for id, node in GRAPH.items()}
    | {asked.id: Topic(id, asked.title) for id, value in VALUES.items() for asked in value.attestations}
)
"""What a statement can name: a node of the graph, or something that people are asked to state."""


def _is_one_of(metric: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(metric, name) for name in names)


def node_states(record: RunRecord, verdict: Verdict | None = None) -> Mapping[str, Evidenced | Ruled]:
    """Return for each node of the value graph what the gate made of it, else what evidence there is.

    Stricter than :func:`standing`: a node asks for figures, or a statement, of its own. A value may be
    measured while a node of it, such as what people accept, is not.

    Parameters
    ----------
    record : RunRecord
        The run.
    verdict : Verdict or None
        What the gate made of it.

    Returns
    -------
    mapping of str to str
        By node id: the worst that became of the gate rules about its figures; where there is no such
        rule, whether it was measured, attested or neither.
    """
    measured = {finding.metric for run in record.probes for finding in _measured(run)}
    stated = {said.about for said in record.attestations if _in_force(said, record)}

    def state(id: str, node: ValueNode) -> Evidenced | Ruled:
        ruled = _ruled(verdict, lambda metric: _is_one_of(metric, node.metrics))
        return ruled or _state(any(_is_one_of(metric, node.metrics) for metric in measured), id in stated)

    return MappingProxyType({id: state(id, node) for id, node in GRAPH.items()})


def _ruled(verdict: Verdict | None, is_about: Callable[[str], bool]) -> Ruled | None:
    """Return the worst that became of the rules about some figures."""
    checks = [check for check in verdict.checks if is_about(check.rule.metric)] if verdict else []
    states = {"waived" if check.waiver else check.state for check in checks}
    return next((state for state in get_args(Ruled) if state in states), None)


def _state(measured: bool, stated: bool) -> Evidenced:
    return "measured" if measured else "attested" if stated else "absent"


def standing(record: RunRecord, verdict: Verdict | None = None) -> Mapping[str, Standing]:
    """Return for each value whether it was measured, attested or neither, and what the gate made of it.

    Parameters
    ----------
    record : RunRecord
        The run; statements are valid on the day it was created, not on the day of reading.
    verdict : Verdict or None
        What the gate made of it.

    Returns
    -------
    mapping of str to Standing
        By value id, in the order of ``VALUES``. A value is *measured* if a probe that serves it
        found at least one number that is evidence for it, else *attested* if a person's statement
        about it was in force, else *absent*.
    """
    return MappingProxyType({id: _standing(id, record, verdict) for id in VALUES})


def _standing(id: str, record: RunRecord, verdict: Verdict | None) -> Standing:
    value = VALUES[id]
    serving = [run for run in record.probes if id in run.values]
    measured = {run.probe: sum(value.rests_on(finding.metric) for finding in _measured(run)) for run in serving}
    probes = tuple(probe for probe, count in measured.items() if count)
    statements = [said for said in record.attestations if said.value == id]
    valid = tuple(said for said in statements if _in_force(said, record))
    stated = {said.about for said in valid}
    return Standing(
        state=_state(bool(probes), bool(valid)),
        ruled=_ruled(verdict, lambda metric: metric.rpartition(".")[0] in measured and value.rests_on(metric)),
        probes=probes,
        findings=sum(measured.values()),
        attestations=valid,
        lapsed=tuple(said for said in statements if said not in valid),
        unstated=tuple(asked for asked in value.attestations if asked.id not in stated),
    )


def _measured(run: ProbeRun) -> list[Finding]:
    """Return the numbers that a probe measured."""
    return [finding for finding in run.findings if finding.value is not None] if run.status == "ok" else []


def _in_force(said: Attestation, record: RunRecord) -> bool:
    return said.date <= record.created[:10] <= said.expires
