"""What the command line shows of probes and of a finished run."""

import inspect
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit.record import CARD, LOG
from audit.registry import PROBES, ProbeSpec
from audit.types import Check, Finding, RunRecord, Verdict
from audit.values import standing

OUTCOMES = {
    "pass": "[bold green]✔ PASS[/]: every rule that blocks holds or is waived.",
    "fail": "[bold red]✘ FAIL[/]: at least one rule is broken.",
    "inconclusive": "[bold yellow]? NOT ENOUGH EVIDENCE[/] to pass or fail.",
    "unmeasured": "[bold red]! NOT MEASURED[/]: a probe failed, or a number that the gate needs is missing.",
    "empty": "[bold red]! NOTHING EVALUATED[/]: there are no gate rules. Add some to the configuration.",
}
BETTER = {"lower": "lower is better, ", "higher": "higher is better, ", "none": ""}
SEEN = 0.05
"""Share of test texts in the train split from which on the user is told."""
STATES = {
    "fail": "[red]✘ fail[/]",
    "unmeasured": "[red]! not measured[/]",
    "inconclusive": "[yellow]? not enough evidence[/]",
    "pass": "[green]✔ pass[/]",
}


def list_probes() -> None:
    """Print every probe with its summary, values, needs and parameters."""
    console = Console(highlight=False)
    for id in sorted(PROBES):
        spec = PROBES[id]
        console.print(f"[bold]{id}[/]  {escape(spec.summary)}")
        console.print(f"    needs {', '.join(spec.needs)}; evidence for {', '.join(spec.values)}")
        for line in _params(spec):
            console.print(f"    {escape(line)}")
        console.print(f"    measures {', '.join(spec.measures)}")
    console.print("One in full: renben probes ID")


def describe(spec: ProbeSpec) -> None:
    """Print one probe in full."""
    console = Console()
    console.print(f"[bold]{spec.id}[/] version {spec.version}; evidence for {', '.join(spec.values)}")
    console.print(escape(inspect.cleandoc(spec.run.__doc__ or "")), soft_wrap=True)
    console.print("Parameters:")
    for line, (name, field) in zip(_params(spec), spec.params.model_fields.items(), strict=True):
        console.print(f"  {escape(line)}  {escape(' '.join((field.description or '').split()))}", soft_wrap=True)
        for choice, about in spec.choices.get(name, {}).items():
            console.print(f"      {escape(choice)}: {escape(about)}", soft_wrap=True)
    if spec.quick:
        console.print(
            f"  with --quick: {escape(', '.join(f'{k} = {v!r}' for k, v in spec.quick.items()))}", soft_wrap=True
        )
    console.print("Measures:")
    for name, measure in spec.measures.items():
        span = f"{_bound(measure.low)} to {_bound(measure.high)}, ideal {_bound(measure.ideal)}"
        console.print(f"[bold]{spec.id}.{name}[/]  {BETTER[measure.better]}{span}", soft_wrap=True)
        console.print(f"    {escape(measure.meaning)}")


def _params(spec: ProbeSpec) -> list[str]:
    return [
        f"{name} = {field.get_default(call_default_factory=True)!r}" for name, field in spec.params.model_fields.items()
    ]


def _bound(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def summarise(record: RunRecord, verdict: Verdict | None, folder: Path) -> None:
    """Print the outcome, the checks, what was not measured or no longer counts, and where the card is."""
    console = Console(highlight=False)
    if verdict is not None:
        if verdict.checks:
            console.print(_checks(verdict.checks))
        for reason in verdict.reasons:
            console.print(f"! {escape(reason['en'])}")
    for line in [*_seen_in_training(record), *_not_measured(record, folder), *_lapsed(record)]:
        console.print(f"! {escape(line)}")
    quick = " (quick run: a sample of the test rows)" if record.quick else ""
    console.print((OUTCOMES[verdict.outcome] + _waived(verdict.checks) if verdict else "Not judged.") + quick)
    console.print(f"Card: {escape(str(folder / CARD))}", soft_wrap=True)


def _waived(checks: Iterable[Check]) -> str:
    count = sum(check.waiver is not None for check in checks)
    return f" [bold yellow]Waived, though they do not hold: {count}.[/]" if count else ""


def _checks(checks: Iterable[Check]) -> Table:
    # Two narrow columns: metric ids are long, and logs are often 80 characters wide.
    table = Table("Verdict", "Rule, and what was measured (95 % interval)", title="Gate")
    for check in sorted(checks, key=lambda check: list(STATES).index(check.state)):
        waived = " (waived)" if check.waiver else ""
        warning = " (warning)" if check.rule.severity == "warning" else ""
        bound = f"≤ {check.rule.max:g}" if check.rule.max is not None else f"≥ {check.rule.min:g}"
        rule = escape(f"{check.rule.metric}{_slice(check)} {bound}")
        table.add_row(STATES[check.state] + warning + waived, f"{rule}\n{_measured(check.finding)}{_too_few(check)}")
    return table


def _too_few(check: Check) -> str:
    if check.finding is None or check.finding.n >= check.rule.min_n:
        return ""
    return f"; the rule asks for {check.rule.min_n:,}"


def _slice(check: Check) -> str:
    where = check.finding.slice if check.finding else (check.rule.slice or {})
    return f" [{', '.join(f'{k}={v}' for k, v in where.items())}]" if where else ""


def _measured(finding: Finding | None) -> str:
    if finding is None or finding.value is None:
        return "no number"
    if finding.interval is None:
        return f"{finding.value:g}, n = {finding.n:,}"
    return f"{finding.value:.3f} ({finding.interval.low:.3f} to {finding.interval.high:.3f}), n = {finding.n:,}"


def _seen_in_training(record: RunRecord) -> list[str]:
    where = {"split": "test", "with": "train"}
    return [
        f"{finding.value / finding.n:.0%} of the test texts also stand in the train split, so that a model may only "
        "recall them. Take them out of one of the two."
        for finding in record.findings()
        if finding.metric == "data.profile.overlap" and finding.slice == where
        if finding.value and finding.value >= SEEN * finding.n
    ]


def _not_measured(record: RunRecord, folder: Path) -> list[str]:
    lines = [f"{run.probe} skipped: {run.reason}" for run in record.probes if run.status == "skipped"]
    if (folder / LOG).is_file():
        lines.append(f"What went wrong in a failed probe stands in {LOG}, beside the card.")
    absent = [finding for finding in record.findings() if finding.value is None]
    # A recipe or perturbation that was asked for and could not be tried is more than one missing number.
    for finding in absent:
        if len(finding.slice) == 1 and {"recipe", "perturbation"} & finding.slice.keys():
            lines.append(f"{finding.metric} [{', '.join(finding.slice.values())}]: {finding.note}")
    if absent:
        lines.append(f"Numbers that could not be measured: {len(absent):,}; the card names each with its reason.")
    return lines


def _lapsed(record: RunRecord) -> list[str]:
    return [
        f"What {said.who} stated about {said.about or said.value} holds from {said.date} to {said.expires}, "
        "not on the day of this run, and does not count."
        for held in standing(record).values()
        for said in held.lapsed
    ]
