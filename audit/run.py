"""Run the probes over a subject: one ProbeRun for each that was requested, always."""

import time
import traceback
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from audit.composites import compose
from audit.config import AuditConfig
from audit.config_file import params_of, requested
from audit.errors import AuditError
from audit.personal_data.showing import shown
from audit.provenance import now, provenance
from audit.registry import ProbeSpec, Skip, find
from audit.types import Finding, Frozen, ProbeRun, RunRecord, Subject

Log = Callable[[str], None]

NEEDS = {
    "scores": "the model's predictions have no scores, only labels",
    "groups": "no row belongs to a group; name group columns in [data] groups",
    "crossings": 'no crossing is declared; name some in [data], such as crossings = [["sex", "race"]]',
    "model": "the model itself is not there, only its predictions",
    "train": "there is no train split",
    "validation": "there is no validation split",
    "baseline": "there is no untuned start to compare with",
    "labels": "there are no labels",
}


def run_audit(
    subject: Subject, config: AuditConfig, text: str, folder: Path, *, quick: bool, say: Log, log: Log
) -> RunRecord:
    """Run every requested probe and return the record.

    Parameters
    ----------
    subject : Subject
        What to audit.
    config : AuditConfig
        Probes, parameters, rules and facts.
    text : str
        The configuration as it was given.
    folder : Path
        Where the configuration stands, for the git revision.
    quick : bool
        Whether the subject is a sample; labels the record.
    say, log : callable
        Take one line for a person, and details for the log.

    Raises
    ------
    AuditError
        If a probe's parameters do not fit the subject; nothing has been measured then.
    """
    started, created = time.monotonic(), now()
    _check(subject, config, quick)
    runs = tuple(
        run_probe(find(id), subject, params_of(config, id, quick=quick), config.seed, say=say, log=log)
        for id in requested(config)
    )
    findings = [finding for run in runs for finding in run.findings]
    return RunRecord(
        run_id=uuid.uuid4().hex,
        created=created.isoformat(),
        title=config.title,
        quick=quick,
        subject=subject.facts,
        config_given=text,
        config_used=config.model_dump(mode="json"),
        card=config.card,
        rules=config.gate,
        attestations=config.attest,
        waivers=config.waive,
        provenance=provenance(
            folder,
            seed=config.seed,
            device=subject.facts.scoring.device if subject.facts.scoring else "none",
            digests=_digests(subject),
        ),
        probes=runs,
        composites=tuple(compose(one, findings, config.seed) for one in config.composite),
        seconds=round(time.monotonic() - started, 2),
    )


def _check(subject: Subject, config: AuditConfig, quick: bool) -> None:
    for spec in map(find, requested(config)):
        if spec.check and set(spec.needs) <= set(subject.offers):
            spec.check(subject, params_of(config, spec.id, quick=quick))


def run_probe(spec: ProbeSpec, subject: Subject, params: Frozen, seed: int, *, say: Log, log: Log) -> ProbeRun:
    """Run one probe; a missing need or an exception becomes its status, never a crash."""
    started = time.monotonic()
    common = _Common(spec, params, started)
    missing = [need for need in spec.needs if need not in subject.offers]
    if missing:
        return common.run("skipped", NEEDS.get(missing[0], f"the subject does not offer {missing[0]!r}"))
    rng = np.random.default_rng([seed, zlib.crc32(spec.id.encode())])
    try:
        evidence = tuple(kept for item in spec.run(subject, params, rng) if (kept := shown(item)))
        for item in evidence:
            if isinstance(item, Finding) and item.metric not in spec.metrics:
                raise ValueError(f"metric {item.metric!r} is not declared")
    except Skip as reason:
        return common.run("skipped", str(reason))
    except AuditError as error:  # a sentence with a remedy, such as for a file that a parameter names
        return common.run("error", str(error))
    except MemoryError:
        return common.run("error", "out of memory; use --quick or a smaller test table")
    except Exception as error:  # a probe that crashes must not take the others with it
        log(traceback.format_exc())
        return common.run("error", f"{type(error).__name__}: {error}")
    done = common.run("ok", "", evidence)
    say(f"{spec.id}: {len(done.findings):,} numbers in {done.seconds:.1f} s")
    return done


class _Common:
    """What every ProbeRun of one probe has in common."""

    def __init__(self, spec: ProbeSpec, params: Frozen, started: float) -> None:
        self.spec = spec
        self.params: dict[str, JsonValue] = params.model_dump(mode="json")
        self.started = started

    def run(self, status: str, reason: str, evidence: tuple[object, ...] = ()) -> ProbeRun:
        return ProbeRun.model_validate(
            {
                "probe": self.spec.id,
                "version": self.spec.version,
                "values": self.spec.values,
                "params": self.params,
                "status": status,
                "reason": reason,
                "seconds": round(time.monotonic() - self.started, 3),
                "evidence": evidence,
            }
        )


def _digests(subject: Subject) -> dict[str, str]:
    digests = {f"data.{name}": split.fingerprint for name, split in subject.splits.items()}
    model = subject.facts.model.get("digest")
    return digests | ({"model": str(model)} if model else {})
