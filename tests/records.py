"""Small run records for tests of gate, record and command line."""

from collections.abc import Sequence

from audit.types import (
    CardFacts,
    Evidence,
    Finding,
    Interval,
    Null,
    ProbeRun,
    Provenance,
    Rule,
    RunRecord,
    SplitFacts,
    Status,
    SubjectFacts,
    Waiver,
)


def a_finding(
    value: float | None = 0.5,
    low: float | None = None,
    high: float | None = None,
    *,
    metric: str = "p.m",
    n: int = 100,
    slice: dict[str, str] | None = None,
    p_value: float | None = None,
) -> Finding:
    interval = None if low is None or high is None else Interval(low=low, high=high, method="test")
    null = None if p_value is None else Null(upper=0.1, p_value=p_value, method="test")
    note = "" if value is not None and interval else "a note"
    return Finding(
        metric=metric, value=value, n=n, better="none", slice=slice or {}, interval=interval, null=null, note=note
    )


def a_run(evidence: Sequence[Evidence] = (), status: Status = "ok", probe: str = "p", reason: str = "") -> ProbeRun:
    return ProbeRun(
        probe=probe,
        version=1,
        values=("fairness",),
        params={},
        status=status,
        reason=reason,
        seconds=0.1,
        evidence=tuple(evidence),
    )


def a_record(*runs: ProbeRun, rules: Sequence[Rule] = (), waivers: Sequence[Waiver] = ()) -> RunRecord:
    return RunRecord(
        run_id="r",
        created="2026-11-22T10:00:00+00:00",
        title="T",
        quick=False,
        subject=SubjectFacts(
            name="T",
            task="text classification",
            labels=("0", "1"),
            positive="1",
            model={"kind": "test"},
            splits={"test": SplitFacts(rows=100, fingerprint="f", groups={"g": {"a": 60, "b": 40, "unknown": 0}})},
            offers=("labels",),
        ),
        config_given="title = 'T'\n",
        config_used={"title": "T"},
        card=CardFacts(),
        rules=tuple(rules),
        attestations=(),
        waivers=tuple(waivers),
        provenance=Provenance(
            renben="0",
            python="3.11",
            platform="test",
            processor="test",
            cores=2,
            memory_gib=1.0,
            device="cpu",
            packages={},
            revision=None,
            dirty=None,
            command="renben audit",
            seed=7,
            digests={},
        ),
        probes=runs,
        seconds=0.1,
    )
