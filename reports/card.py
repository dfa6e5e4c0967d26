"""The card: everything a document shows, ordered, rounded and worded in both languages."""

from dataclasses import dataclass

from audit.types import Better, Outcome, State, Status
from audit.values import Evidenced, Ruled
from reports.attributions import Explained
from reports.graph import Node
from reports.marks import Piece
from reports.words import Words

Key = tuple[str, frozenset[tuple[str, str]]]
"""Metric and slice: what tells a finding from all others of a record."""


@dataclass(frozen=True)
class Reading:
    """One finding, ready to print."""

    name: Words
    where: Words
    value: str
    interval: str
    n: str
    null: Words
    """What a model without the fault would show; empty where nobody asked."""
    note: Words


@dataclass(frozen=True)
class Metric:
    """Every reading of one metric."""

    id: str
    name: Words
    better: Better
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Grid:
    """A table of words and numbers."""

    id: str
    title: Words
    columns: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    """The first cell of a row names it."""
    words: tuple[int, ...] = ()
    """Columns that hold words, which are set flush left."""
    shades: tuple[tuple[str, ...], ...] = ()
    """For a heat table, of every cell after the first: ``h0`` to ``h9`` for its share of the row, or
    ``up1`` to ``up4`` and ``down1`` to ``down4`` for a change; empty for none."""
    left_out: int = 0
    note: Words = ""


@dataclass(frozen=True)
class Dot:
    """One row of a forest chart."""

    key: Key
    label: Words
    value: float
    low: float
    high: float
    text: str
    n: str
    null: float | None = None
    """What a model without the fault stays below on as many rows."""
    bound: float | None = None
    """What the gate asks of it."""


@dataclass(frozen=True)
class Forest:
    """A metric by group: a dot and its interval for each."""

    title: Words
    by: Words
    dots: tuple[Dot, ...]
    overall: float | None
    reading: Words
    """One sentence on what there is to see."""
    left_out: int
    ranked: bool = False
    """Whether the worst come first and what was left out is better, or the groups in between."""


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    name: Words
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    n: tuple[int, ...] = ()


@dataclass(frozen=True)
class Line:
    """A chart of one or more lines."""

    id: str
    title: Words
    x_label: Words
    y_label: Words
    series: tuple[Series, ...]
    diagonal: bool
    reading: Words
    whole_steps: bool = False
    """Whether x counts something, so that ticks stand at whole numbers."""
    whiskers: bool = False
    """Whether each point of several lines shows its interval."""
    mark: float | None = None
    """An x worth marking, such as the epoch whose weights were kept."""


@dataclass(frozen=True)
class Entry:
    """A name and what there is to say about it; ``None`` if nobody said it."""

    name: Words
    text: Words | None
    code: bool = False


@dataclass(frozen=True)
class Link:
    """A place elsewhere in the card."""

    anchor: str
    title: Words


@dataclass(frozen=True)
class Sample:
    """One text to read, and what became of it."""

    id: str
    change: Words
    before: tuple[Piece, ...]
    after: tuple[Piece, ...] | None
    """None where the text was only looked at."""
    told: Words
    """Label, predictions and score in sentences."""
    groups: Words


@dataclass(frozen=True)
class Gallery:
    """Texts to read."""

    id: str
    title: Words
    samples: tuple[Sample, ...]
    total: int
    note: Words


@dataclass(frozen=True)
class Section:
    """What one probe found, or why it found nothing."""

    id: str
    anchor: str
    title: Words
    about: Words
    status: Status
    reason: Words
    params: tuple[Entry, ...]
    headline: tuple[Reading, ...]
    forests: tuple[Forest, ...]
    forests_left_out: int
    lines: tuple[Line, ...]
    lines_left_out: int
    grids: tuple[Grid, ...]
    galleries: tuple[Gallery, ...]
    explained: tuple[Explained, ...]
    metrics: tuple[Metric, ...]
    """What neither the headline nor a forest shows, as far as there is room."""
    others: int
    """How many such numbers there are."""
    others_left_out: int


@dataclass(frozen=True)
class Statement:
    """What a named person stated."""

    about: Words
    """What it answers; empty where it is about the value at large."""
    text: Words
    by: Words
    evidence: str
    lapsed: Words
    """Why it does not count; empty where it does."""


@dataclass(frozen=True)
class Value:
    """One human-centred value and the evidence for it."""

    anchor: str
    title: Words
    question: Words
    limits: Words
    state: Evidenced
    ruled: Ruled | None
    """The worst that became of the gate rules about it; None where there is none."""
    rests_on: Words
    sections: tuple[Section, ...]
    elsewhere: tuple[Link, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Summary:
    """One weighted summary, ready to print."""

    title: Words
    kind: Words
    value: str
    interval: str
    band: str
    """Where the value lies when the weights are shaken."""
    coverage: str
    missing: Words
    """What the items that were not measured could do to it; empty where none is missing."""
    items: Grid


@dataclass(frozen=True)
class CheckRow:
    """One rule applied to one finding."""

    state: State
    warning: bool
    metric: Words
    id: str
    where: Words
    why: Words
    purpose: Words
    value: str
    interval: str
    n: str
    bound: str
    waiver: Words


@dataclass(frozen=True)
class Banner:
    """The verdict at a glance."""

    outcome: Outcome | None
    sentence: Words
    counts: tuple[tuple[State, int], ...]
    waived: int
    reasons: tuple[Words, ...]
    facts: tuple[Entry, ...]
    quick: bool


@dataclass(frozen=True)
class Gap:
    """Something that was not assessed, and why."""

    name: Words
    reason: Words
    anchor: str = ""
    state: str = ""
    """``skipped`` or ``error`` for a probe."""


@dataclass(frozen=True)
class Gaps:
    """Everything that was not assessed."""

    probes: tuple[Gap, ...]
    rules: tuple[Gap, ...]
    values: tuple[Gap, ...]
    unstated: tuple[tuple[Words, tuple[Words, ...]], ...]
    """By value: what people are asked to state, and nobody had stated."""
    numbers: tuple[Gap, ...]
    numbers_count: int


@dataclass(frozen=True)
class SubjectView:
    """Model, data and fine-tuning."""

    model: tuple[Entry, ...]
    splits: Grid
    groups: tuple[Grid, ...]
    recipe: tuple[Entry, ...]
    curves: tuple[Line, ...]
    change: tuple[Reading, ...]


@dataclass(frozen=True)
class Origin:
    """Where the numbers come from and how to make them again."""

    command: str
    facts: tuple[Entry, ...]
    scoring: tuple[Entry, ...]
    digests: tuple[Entry, ...]
    packages: tuple[Entry, ...]


@dataclass(frozen=True)
class Card:
    """A whole model card."""

    title: str
    name: str
    banner: Banner
    checks: tuple[CheckRow, ...]
    gaps: Gaps
    values: tuple[Value, ...]
    graph: Node
    summaries: tuple[Summary, ...]
    facts: tuple[Entry, ...]
    subject: SubjectView
    origin: Origin
    glossary: tuple[Entry, ...]
    record_json: str
