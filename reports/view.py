"""From a run record and a verdict to the card: order, rounding and wording. Pure."""

from collections import Counter
from collections.abc import Iterable

from audit.types import Check, Finding, RunRecord, State, Verdict, Waiver
from audit.values import VALUES, node_states, standing
from reports import numbers
from reports.card import Banner, Card, CheckRow, Entry, Gap, Gaps
from reports.composites import summary
from reports.findings import interval
from reports.graph import value_graph
from reports.notes import in_both
from reports.sections import anchor_of, values
from reports.subject import origin, subject
from reports.words import Words, gloss, join, metric_name, of, probe_name, say, slice_name

WORST_FIRST: tuple[State, ...] = ("fail", "unmeasured", "inconclusive", "pass")
FACTS = (
    "intended_use",
    "users",
    "affected_people",
    "harms",
    "out_of_scope",
    "human_oversight",
    "owner",
    "licence",
    "contacts",
)
TERMS = ("interval", "n", "null", "difference", "gate", "inconclusive", "group", "positive", "baseline")
MOST_REASONS = 3


def build_card(record: RunRecord, verdict: Verdict | None) -> Card:
    """Return everything that a card shows.

    Parameters
    ----------
    record : RunRecord
        What was measured.
    verdict : Verdict or None
        What the gate made of it; None where nobody asked the gate.
    """
    return Card(
        title=record.title,
        name=record.subject.name,
        banner=_banner(record, verdict),
        checks=_checks(verdict),
        gaps=_gaps(record, verdict),
        values=values(record, verdict),
        graph=value_graph(node_states(record, verdict)),
        summaries=tuple(summary(found, f"summary-{i}") for i, found in enumerate(record.composites)),
        facts=_facts(record),
        subject=subject(record),
        origin=origin(record),
        glossary=_glossary(record),
        record_json=record.model_dump_json(),
    )


# --- verdict ------------------------------------------------------------------------------


def _banner(record: RunRecord, verdict: Verdict | None) -> Banner:
    checks = verdict.checks if verdict else ()
    states = Counter(check.state for check in checks if check.waiver is None)
    outcome = verdict.outcome if verdict else None
    return Banner(
        outcome=outcome,
        sentence=say(f"outcome.{outcome or 'none'}"),
        counts=tuple((state, states[state]) for state in WORST_FIRST) if verdict else (),
        waived=len(checks) - states.total(),
        reasons=tuple(of(reason) for reason in (verdict.reasons if verdict else ())),
        facts=_at_a_glance(record, verdict),
        quick=record.quick,
    )


def _at_a_glance(record: RunRecord, verdict: Verdict | None) -> tuple[Entry, ...]:
    test = record.subject.splits.get("test")
    judged = (Entry(say("banner.judged"), numbers.day(verdict.judged_on)),) if verdict else ()
    return (
        Entry(say("banner.model"), str(record.subject.model.get("source", record.subject.name))),
        Entry(say("banner.rows"), numbers.count(test.rows) if test else None),
        Entry(say("banner.measured"), numbers.day(record.created)),
        *judged,
        Entry(say("banner.tool"), f"Renben {record.provenance.renben}"),
    )


def _checks(verdict: Verdict | None) -> tuple[CheckRow, ...]:
    checks = verdict.checks if verdict else ()
    return tuple(_check(check) for check in sorted(checks, key=_urgency))


def _urgency(check: Check) -> tuple[int, bool, bool]:
    return WORST_FIRST.index(check.state), check.waiver is not None, check.rule.severity == "warning"


def _check(check: Check) -> CheckRow:
    rule, finding = check.rule, check.finding
    where = slice_name(finding.slice if finding else rule.slice or {})
    return CheckRow(
        state=check.state,
        warning=rule.severity == "warning",
        metric=metric_name(rule.metric),
        id=rule.metric,
        where=join([probe_name(rule.metric.rpartition(".")[0]), where], " · ", " · "),
        why=of(check.why),
        purpose=of(rule.why) if rule.why else "",
        value=numbers.measured(finding) if finding else numbers.ABSENT,
        interval=interval(finding.interval) if finding else "",
        n=numbers.count(finding.n) if finding else numbers.ABSENT,
        bound=f"≥ {numbers.bound(rule.min)}"
        if rule.max is None and rule.min is not None
        else f"≤ {numbers.bound(rule.max or 0.0)}",
        waiver=_waiver(check.waiver) if check.waiver else "",
    )


def _waiver(waiver: Waiver) -> Words:
    return say(
        "gate.waiver",
        who=waiver.approved_by,
        role=waiver.role,
        expires=numbers.day(waiver.expires),
        reason=of(waiver.reason),
    )


# --- what was not assessed ----------------------------------------------------------------


def _gaps(record: RunRecord, verdict: Verdict | None) -> Gaps:
    checks = sorted(verdict.checks, key=_urgency) if verdict else ()
    absent = [f for f in record.findings() if f.value is None]
    return Gaps(
        probes=tuple(
            Gap(probe_name(run.probe), in_both(run.reason), anchor_of(run.probe), run.status)
            for run in record.probes
            if run.status != "ok"
        ),
        rules=tuple(
            Gap(_full_name(check.rule.metric), of(check.why)) for check in checks if check.state == "unmeasured"
        ),
        values=tuple(
            Gap(of(VALUES[id].title), of(VALUES[id].question), f"value-{id}")
            for id, held in standing(record).items()
            if held.state == "absent"
        ),
        unstated=tuple(
            (of(VALUES[id].title), tuple(of(asked.title) for asked in held.unstated))
            for id, held in standing(record).items()
            if held.unstated
        ),
        numbers=_absent_numbers(absent),
        numbers_count=len(absent),
    )


def _absent_numbers(absent: Iterable[Finding]) -> tuple[Gap, ...]:
    """Return one gap for each metric, with how often and why it could not be measured."""
    notes: dict[str, Counter[str]] = {}
    for finding in absent:
        notes.setdefault(finding.metric, Counter())[finding.note] += 1
    return tuple(
        Gap(say("gaps.times", name=_full_name(metric), times=numbers.count(reasons.total())), _reasons(reasons))
        for metric, reasons in notes.items()
    )


def _full_name(metric: str) -> Words:
    """Return probe and metric: several probes measure what is called by one name."""
    return join([probe_name(metric.rpartition(".")[0]), metric_name(metric)], " · ", " · ")


def _reasons(reasons: Counter[str]) -> Words:
    told = join([in_both(note) for note, _ in reasons.most_common(MOST_REASONS)], "; ", "；")
    more = len(reasons) - MOST_REASONS
    return say("gaps.more", told=told, more=more) if more > 0 else told


# --- what only a person knows, and what the words mean ------------------------------------


def _facts(record: RunRecord) -> tuple[Entry, ...]:
    told = {name: getattr(record.card, name) for name in FACTS}
    summary = (Entry(say("fact.summary"), of(record.card.summary)),) if record.card.summary else ()
    licence = told["licence"] or record.subject.model.get("licence")
    told["licence"] = str(licence) if licence else None
    return (*summary, *(Entry(say(f"fact.{name}"), of(text) if text else None) for name, text in told.items()))


def _glossary(record: RunRecord) -> tuple[Entry, ...]:
    """Return the terms that this card uses, metrics in the order measured."""
    terms = tuple(Entry(say(f"term.{term}"), say(f"gloss.{term}")) for term in TERMS)
    used = {finding.metric: None for finding in record.findings()}
    told = {(metric_name(metric), meaning): None for metric in used if (meaning := gloss(metric))}
    return (*terms, *(Entry(name, meaning) for name, meaning in told))
