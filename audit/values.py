"""The human-centred values as data, and what a record gives as evidence for each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from audit.types import Attestation, Frozen, RunRecord

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


@dataclass(frozen=True)
class Standing:
    """What a record holds about one value."""

    state: Evidenced
    probes: tuple[str, ...]
    """Ids of the probes that measured it."""
    findings: int
    """Numbers that they measured."""
    attestations: tuple[Attestation, ...]
    """Statements that had not expired when the record was made."""
    expired: tuple[Attestation, ...]


def _load() -> Mapping[str, Value]:
    raw = tomllib.loads(files("audit").joinpath("values.toml").read_text(encoding="utf-8"))
    return MappingProxyType({id: Value.model_validate(value) for id, value in raw.items()})


VALUES = _load()


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
    measured = {
        run.probe: sum(finding.value is not None for finding in run.findings)
        for run in record.probes
        if value in run.values and run.status == "ok"
    }
    probes = tuple(probe for probe, count in measured.items() if count)
    statements = [a for a in record.attestations if a.value == value]
    day = record.created[:10]
    valid = tuple(a for a in statements if a.date <= day <= a.expires)
    return Standing(
        state="measured" if probes else "attested" if valid else "absent",
        probes=probes,
        findings=sum(measured.values()),
        attestations=valid,
        expired=tuple(a for a in statements if a not in valid),
    )
