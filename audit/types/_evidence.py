"""What a probe measured: numbers, tables, curves, examples and attributions."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from audit.types._base import Frozen

Better = Literal["lower", "higher", "none"]
Status = Literal["ok", "skipped", "error"]
Number = Annotated[float, AfterValidator(lambda number: number + 0.0)]
"""Minus zero, which a reader would take for a loss, is zero."""
Cell = str | int | Number | None


class Interval(Frozen):
    """A range that holds the true value at the stated level."""

    low: Number
    high: Number
    level: float = 0.95
    method: str
    """How it was made, such as ``"Wilson"`` or ``"bootstrap, 1000 draws"``."""


class Null(Frozen):
    """What a model without the fault would show on as many rows."""

    upper: float
    """The value that a faultless model stays below 95 times in 100."""
    p_value: float
    """Share of faultless draws at or above the measured value."""
    method: str


class Finding(Frozen):
    """One measured number, or the plain fact that it could not be measured."""

    kind: Literal["finding"] = "finding"
    metric: str
    """The probe's id, a dot and the field's full name."""
    value: Number | None
    n: int
    """Rows that the number rests on (for a rate: its denominator).

    Where the number is absent because of too few rows, those few; where it is absent for
    another reason, such as missing scores, the rows that were there.
    """
    better: Better
    slice: dict[str, str] = {}
    """Which rows: ``{}`` all, ``{"race": "Black"}`` a group, ``{"race": "*"}`` across groups."""
    interval: Interval | None = None
    null: Null | None = None
    note: str = ""

    @model_validator(mode="after")
    def _absence_has_a_reason(self) -> Self:
        if (self.value is None or self.interval is None) and not self.note:
            raise ValueError(f"{self.metric}: a number without value or interval needs a note")
        return self


class Table(Frozen):
    """Rows to read, such as a confusion matrix."""

    kind: Literal["table"] = "table"
    name: str
    slice: dict[str, str] = {}
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @model_validator(mode="after")
    def _as_wide_as_its_heading(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.name}: every row of a table must have {len(self.columns)} cells")
        return self


class Curve(Frozen):
    """A line to look at, such as a reliability curve, with an optional band."""

    kind: Literal["curve"] = "curve"
    name: str
    slice: dict[str, str] = {}
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    """Band around the curve, or around ``reference`` where that is the diagonal."""
    n: tuple[int, ...] = ()
    """Rows behind each point."""
    reference: Literal["none", "diagonal"] = "none"
    note: str = ""

    @model_validator(mode="after")
    def _same_lengths(self) -> Self:
        if len({len(self.x), *(len(v) for v in (self.y, self.low, self.high, self.n) if v)}) > 1:
            raise ValueError(f"{self.name}: the series of a curve must have one length")
        return self


class Example(Frozen):
    """One text, and what became of it when it was changed."""

    id: str
    """Of the row or case."""
    before: str
    after: str | None = None
    """The changed text; None where the text was only looked at."""
    change: str = ""
    """What was done to it, such as ``"homoglyph, severity 3"``, or why it is shown."""
    label: str = ""
    """The true or expected class."""
    predicted_before: str = ""
    predicted_after: str = ""
    score_before: float | None = None
    """Probability of the class predicted before; ``score_after`` is that of the same class."""
    score_after: float | None = None
    groups: tuple[str, ...] = ()
    """Such as ``"identity: women"``."""


class Examples(Frozen):
    """Texts to read, the most telling first."""

    kind: Literal["examples"] = "examples"
    name: str
    slice: dict[str, str] = {}
    items: tuple[Example, ...]
    total: int
    """How many such texts there were."""
    note: str = ""


class Attribution(Frozen):
    """How much each part of a text spoke for the predicted class."""

    kind: Literal["attribution"] = "attribution"
    name: str
    slice: dict[str, str] = {}
    id: str
    """Of the row."""
    tokens: tuple[str, ...]
    """Joined, they are the text."""
    weights: tuple[float, ...]
    """Added to ``base``, they give ``score``."""
    base: float
    """Probability of the predicted class where nothing of the text is seen."""
    score: float
    """Probability of the predicted class."""
    predicted: str
    label: str = ""
    groups: tuple[str, ...] = ()
    reason: str = ""
    """Why this text is shown, such as ``"wrong"``."""

    @model_validator(mode="after")
    def _one_weight_per_token(self) -> Self:
        if len(self.tokens) != len(self.weights):
            raise ValueError(f"{self.name}: every token needs one weight")
        return self


Evidence = Annotated[Finding | Table | Curve | Examples | Attribution, Field(discriminator="kind")]


class ProbeRun(Frozen):
    """What became of one requested probe: always present, whatever happened."""

    probe: str
    version: int
    values: tuple[str, ...]
    params: dict[str, JsonValue]
    status: Status
    reason: str = ""
    seconds: float
    evidence: tuple[Evidence, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The numbers among the evidence."""
        return tuple(e for e in self.evidence if isinstance(e, Finding))
