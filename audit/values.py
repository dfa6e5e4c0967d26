"""The human-centred values as data, and what a record gives as evidence for each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from audit.types import Attestation, Frozen, ProbeRun, RunRecord

Localised = dict[Literal["en", "zh"], str]
Evidenced = Literal["measured", "attested", "absent"]


class Value(Frozen):
    """One human-centred value, in words that a non-specialist reads."""

    title: Localised
    question: Localised
    """What someone affected would ask."""
    limits: Localised
    """What its measurements cannot say."""
    requirements: tuple[str, ...]
    """V-numbers of the requirements catalogue that it takes up."""


class ValueNode(Frozen):
    """One node of the value graph."""

    title: Localised
    requirement: str
    """V-number of the requirements catalogue."""
    probes: tuple[str, ...]
    """What is evidence for it: probe ids, or what they begin with."""
    leads_to: tuple[str, ...] = ()
    """Ids of the nodes that rest on it."""

    @property
    def value(self) -> str:
        """Id of the value that holds its requirement, whose statements are also about it."""
        return next(id for id, value in VALUES.items() if self.requirement in value.requirements)


@dataclass(frozen=True)
class Standing:
    """What a record holds about one value."""

    state: Evidenced
    probes: tuple[str, ...]
    """Ids of the probes that measured it."""
    findings: int
    """Numbers that they measured."""
    attestations: tuple[Attestation, ...]
    """Statements in force when the record was made."""
    lapsed: tuple[Attestation, ...]
    """Statements that had expired by then, or had not begun: they never count."""


def _load() -> tuple[Mapping[str, Value], Mapping[str, ValueNode]]:
    raw = tomllib.loads(files("audit").joinpath("values.toml").read_text(encoding="utf-8"))
    graph = {id: ValueNode.model_validate(node) for id, node in raw.pop("graph").items()}
    return MappingProxyType({id: Value.model_validate(value) for id, value in raw.items()}), MappingProxyType(graph)


VALUES, GRAPH = _load()
"""The eight values, and the tree in which they rest on each other, its root first."""


def node_states(record: RunRecord) -> Mapping[str, Evidenced]:
    """Return for each node of the value graph whether it was measured, attested or neither.

    Stricter than :func:`standing`: a value may be measured while a node of it, such as what
    people accept, is not.
    """
    ran = [run.probe for run in record.probes if _numbers(run)]
    held = standing(record)
    return MappingProxyType(
        {id: _state(any(p.startswith(node.probes) for p in ran), held[node.value]) for id, node in GRAPH.items()}
    )


def _state(measured: bool, held: "Standing") -> Evidenced:
    return "measured" if measured else "attested" if held.attestations else "absent"


def _numbers(run: ProbeRun) -> int:
    """Return how many numbers a probe measured."""
    return sum(finding.value is not None for finding in run.findings) if run.status == "ok" else 0


def standing(record: RunRecord) -> Mapping[str, Standing]:
    """Return for each value whether it was measured, attested or neither.

    Parameters
    ----------
    record : RunRecord
        The run; statements are valid on the day it was created, not on the day of reading.

    Returns
    -------
    mapping of str to Standing
        By value id, in the order of ``VALUES``. A value is *measured* if a probe that serves it
        found at least one number, else *attested* if a person's statement about it was in force,
        else *absent*.
    """
    return MappingProxyType({value: _standing(value, record) for value in VALUES})


def _standing(value: str, record: RunRecord) -> Standing:
    measured = {run.probe: _numbers(run) for run in record.probes if value in run.values}
    probes = tuple(probe for probe, count in measured.items() if count)
    statements = [a for a in record.attestations if a.value == value]
    day = record.created[:10]
    valid = tuple(a for a in statements if a.date <= day <= a.expires)
    return Standing(
        state="measured" if probes else "attested" if valid else "absent",
        probes=probes,
        findings=sum(measured.values()),
        attestations=valid,
        lapsed=tuple(a for a in statements if a not in valid),
    )
