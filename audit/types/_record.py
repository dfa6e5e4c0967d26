"""The run record and the verdict on it."""

from typing import Literal

from pydantic import JsonValue

from audit.types._base import Frozen
from audit.types._evidence import Finding, Interval, ProbeRun
from audit.types._statements import Attestation, CardFacts, Composite, Rule, Waiver

SCHEMA_VERSION = 1

State = Literal["pass", "fail", "inconclusive", "unmeasured"]
Outcome = Literal["pass", "fail", "inconclusive", "unmeasured", "empty"]


class SplitFacts(Frozen):
    """Size and identity of one split."""

    rows: int
    fingerprint: str
    groups: dict[str, dict[str, int]]
    """Rows by group column and group; ``"unknown"`` counts rows without a group."""


class EpochFacts(Frozen):
    """One point of the learning curve."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class TuningFacts(Frozen):
    """How the model was fine-tuned."""

    base: str
    recipe: dict[str, JsonValue]
    trainable_parameters: int
    total_parameters: int
    precision: str
    curve: tuple[EpochFacts, ...]
    best_epoch: int
    seconds: float
    """Wall time of the tuning itself, whenever it took place."""
    reused: bool
    note: str = ""


class ScoringFacts(Frozen):
    """Which backend scored, and how far it agreed with torch."""

    backend: str
    device: str
    reason: str
    max_probability_difference: float | None = None
    equal_labels: bool | None = None
    compared_rows: int = 0
    texts_scored: int = 0
    texts_from_cache: int = 0
    model_seconds: float = 0.0


class SubjectFacts(Frozen):
    """What was audited."""

    name: str
    task: str
    labels: tuple[str, ...]
    positive: str | None
    """The class whose selection matters; None where there are several and none was chosen."""
    model: dict[str, JsonValue]
    """Kind, source, digest, architecture, parameters, licence: whatever is known."""
    splits: dict[str, SplitFacts]
    offers: tuple[str, ...]
    baseline: str | None = None
    tuning: TuningFacts | None = None
    scoring: ScoringFacts | None = None


class Provenance(Frozen):
    """Where, when and with what the run was made."""

    renben: str
    python: str
    platform: str
    processor: str
    cores: int
    memory_gib: float
    device: str
    packages: dict[str, str]
    revision: str | None
    """Git revision of the repository that holds the configuration."""
    dirty: bool | None
    command: str
    seed: int
    digests: dict[str, str]


class ItemScore(Frozen):
    """What one item of a weighted summary came to."""

    score: float | None
    """From 0 to 1, 1 the best; None where it was not measured."""
    interval: Interval | None = None
    n: int = 0
    value: float | None = None
    """The figure as measured; None where there is none, where a person states the score, and in older records."""
    note: str = ""
    """Why it, or its interval, is missing."""


class CompositeScore(Frozen):
    """What a weighted summary came to."""

    composite: Composite
    value: float | None
    """Weighted mean of the items that were observed, 0 to 1; None where there was none."""
    coverage: float
    """Sum of their weights: a missing item is missing, not zero."""
    interval: Interval | None = None
    """From the intervals of the items."""
    sensitivity: Interval | None = None
    """Where the value lies when the weights are shaken."""
    items: tuple[ItemScore, ...]
    """One for each item of the composite."""


class RunRecord(Frozen):
    """Everything measured in one run: the only bridge from measuring to judging."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    title: str
    quick: bool
    subject: SubjectFacts
    config_given: str
    config_used: dict[str, JsonValue]
    card: CardFacts
    rules: tuple[Rule, ...]
    attestations: tuple[Attestation, ...]
    waivers: tuple[Waiver, ...]
    provenance: Provenance
    probes: tuple[ProbeRun, ...]
    composites: tuple[CompositeScore, ...] = ()
    seconds: float

    def findings(self) -> tuple[Finding, ...]:
        """Every number of the run, in order."""
        return tuple(f for run in self.probes for f in run.findings)


class Check(Frozen):
    """One rule applied to one finding."""

    rule: Rule
    state: State
    why: dict[Literal["en", "zh"], str]
    """One plain sentence, by language."""
    finding: Finding | None = None
    waiver: Waiver | None = None
    """Set where a failed or inconclusive check was accepted by a named person."""


class Verdict(Frozen):
    """What the gate makes of a record."""

    outcome: Outcome
    exit_code: int
    judged_on: str
    checks: tuple[Check, ...]
    reasons: tuple[dict[Literal["en", "zh"], str], ...] = ()
    """Why the outcome is what it is, beyond the checks (such as a probe that failed)."""
