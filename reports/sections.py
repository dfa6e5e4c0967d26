"""The section of each probe, and the values that the sections stand under."""

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace

from audit.types import Attestation, Attribution, Curve, Examples, Finding, ProbeRun, RunRecord, Table, Verdict
from audit.values import TOPICS, VALUES, Standing, standing
from reports import numbers
from reports.attributions import explained
from reports.card import Entry, Key, Link, Metric, Section, Statement, Value
from reports.findings import Bounds, by_metric, headline, key_of, leading
from reports.forests import forests, is_fine
from reports.galleries import gallery
from reports.grids import grid
from reports.lines import lines
from reports.notes import in_both
from reports.words import Words, humanise, join, known, of, probe_name, say

MOST_HEADLINES = 12
MOST_CHARTS = 6
MOST_FINDINGS = 12


def anchor_of(probe: str) -> str:
    """Return the place of a probe's section in the card."""
    return "probe-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in probe)


def values(record: RunRecord, verdict: Verdict | None) -> tuple[Value, ...]:
    """Return every value with the sections of the probes that give evidence for it.

    A probe is shown under the first value that it serves; the others link to it.
    """
    overall, bounds = _overall(record), _bounds(verdict)
    sections = {run.probe: section(run, overall, bounds) for run in record.probes}
    known_values = [_value(id, held, record, sections) for id, held in standing(record, verdict).items()]
    homeless = tuple(sections[run.probe] for run in record.probes if not run.values or run.values[0] not in VALUES)
    return (*known_values, *_other(homeless))


def _value(id: str, held: Standing, record: RunRecord, sections: Mapping[str, Section]) -> Value:
    value = VALUES[id]
    serving = [run for run in record.probes if id in run.values]
    first = tuple(sections[run.probe] for run in serving if run.values[0] == id)
    later = tuple(Link(anchor_of(run.probe), probe_name(run.probe)) for run in serving if run.values[0] != id)
    return Value(
        anchor=f"value-{id}",
        title=of(value.title),
        question=of(value.question),
        limits=of(value.limits),
        state=held.state,
        ruled=held.ruled,
        rests_on=_rests_on(held),
        sections=first,
        elsewhere=later,
        statements=(
            *(_statement(said, "") for said in held.attestations),
            *(_statement(said, _lapse(said, record)) for said in held.lapsed),
        ),
    )


def _rests_on(held: Standing) -> Words:
    if held.state == "measured":
        names = join([probe_name(probe) for probe in held.probes], ", ", "、")
        return say("standing.rests_on", findings=numbers.count(held.findings), probes=names)
    state = "lapsed" if held.state == "absent" and held.lapsed else held.state
    return say(f"standing.{state}_by", statements=len(held.attestations))


def _lapse(said: Attestation, record: RunRecord) -> Words:
    return say("statement.expired" if said.expires < record.created[:10] else "statement.not_yet")


def _statement(said: Attestation, lapsed: Words) -> Statement:
    by = say(
        "statement.by", who=said.who, role=said.role, date=numbers.day(said.date), expires=numbers.day(said.expires)
    )
    evidence = " · ".join(part for part in (said.evidence, said.sha256 and f"sha256 {said.sha256}") if part)
    topic = TOPICS.get(said.about or "")
    about = of(topic.title) if topic else said.about or ""
    return Statement(about, of(said.statement), by, evidence, lapsed)


def _other(sections: tuple[Section, ...]) -> tuple[Value, ...]:
    """Return a place for probes whose value this version does not know."""
    if not sections:
        return ()
    words = {part: say(f"other.{part}") for part in ("title", "question", "limits")}
    return (
        Value(
            "value-other",
            **words,
            state="measured",
            ruled=None,
            rests_on="",
            sections=sections,
            elsewhere=(),
            statements=(),
        ),
    )


def _overall(record: RunRecord) -> Callable[[str], float | None]:
    figures = {f.metric: f.value for f in record.findings() if not f.slice}
    return lambda metric: figures.get(metric, figures.get(f"performance.{metric.rpartition('.')[2]}"))


def _bounds(verdict: Verdict | None) -> Bounds:
    """Return the bound that each finding was judged by."""
    judged = [(check.finding, check.rule) for check in verdict.checks] if verdict else []
    ends = [(key_of(finding), rule.min if rule.max is None else rule.max) for finding, rule in judged if finding]
    return {key: end for key, end in ends if end is not None}


# --- one probe ----------------------------------------------------------------------------


def section(run: ProbeRun, overall: Callable[[str], float | None], bounds: Bounds) -> Section:
    """Return what a probe found, trimmed so that a card stays readable whatever its size."""
    anchor = anchor_of(run.probe)
    charts = forests(run.findings, overall, bounds)
    drawn = {dot.key for chart in charts[:MOST_CHARTS] for dot in chart.dots}
    first = leading(_others(run.findings, drawn), MOST_HEADLINES)
    curves = lines([e for e in run.evidence if isinstance(e, Curve)], anchor)
    others = _others(run.findings, {*map(key_of, first), *drawn})
    metrics = _first(by_metric([f for f in others if not is_fine(f)]), MOST_FINDINGS)
    return Section(
        id=run.probe,
        anchor=anchor,
        title=probe_name(run.probe),
        about=known(f"about.{run.probe}") or "",
        status=run.status,
        reason=in_both(run.reason),
        params=tuple(Entry(humanise(k), json.dumps(v, ensure_ascii=False), code=True) for k, v in run.params.items()),
        headline=headline(first),
        forests=tuple(charts[:MOST_CHARTS]),
        forests_left_out=max(0, len(charts) - MOST_CHARTS),
        lines=tuple(curves[:MOST_CHARTS]),
        lines_left_out=max(0, len(curves) - MOST_CHARTS),
        grids=tuple(grid(e, f"{anchor}-table-{i}") for i, e in enumerate(run.evidence) if isinstance(e, Table)),
        galleries=tuple(
            gallery(e, f"{anchor}-texts-{i}") for i, e in enumerate(run.evidence) if isinstance(e, Examples)
        ),
        explained=explained([e for e in run.evidence if isinstance(e, Attribution)], anchor),
        metrics=metrics,
        others=len(others),
        others_left_out=len(others) - sum(len(m.readings) for m in metrics),
    )


def _others(findings: Sequence[Finding], shown: Set[Key]) -> list[Finding]:
    """Return the findings not shown yet."""
    return [f for f in findings if key_of(f) not in shown]


def _first(metrics: tuple[Metric, ...], most: int) -> tuple[Metric, ...]:
    """Return as many readings as there is room for, every metric keeping its share."""
    room = [len(m.readings) for m in metrics]
    if sum(room) <= most:
        return metrics
    each = max(1, most // len(metrics))
    return tuple(replace(m, readings=m.readings[:each]) for m in metrics)
