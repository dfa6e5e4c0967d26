"""What only a person knows or decides: statements, facts, rules and waivers."""

from math import isclose
from typing import Literal, Self

from pydantic import Field, model_validator

from audit.types._base import Frozen, IsoDate, Name, Said, Text

Severity = Literal["blocker", "warning"]


class Attestation(Frozen):
    """A named person's dated statement about one value."""

    value: str
    about: str | None = None
    """What it answers: something that people are asked to state of the value, or a node of the value graph."""
    statement: Said
    who: Name
    role: Name
    date: IsoDate
    expires: IsoDate
    evidence: str | None = None
    """A file, relative to the configuration."""
    sha256: str | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.expires < self.date:
            raise ValueError("a statement cannot expire before its date")
        return self


class CardFacts(Frozen):
    """Facts for the card that no measurement can give."""

    summary: Text | None = None
    intended_use: Text | None = None
    users: Text | None = None
    affected_people: Text | None = None
    harms: Text | None = None
    """Which harm a wrong decision does, and who bears it."""
    out_of_scope: Text | None = None
    human_oversight: Text | None = None
    owner: str | None = None
    licence: str | None = None
    contacts: str | None = None


class Rule(Frozen):
    """One gate rule: a metric, a bound, and what follows from too little evidence."""

    metric: str
    max: float | None = None
    min: float | None = None
    slice: dict[str, str] | None = None
    """Exact slice; without it the overall figure, or every slice where there is none."""
    each: tuple[str, ...] = ()
    """Columns: the rule holds for every group of these columns."""
    min_n: int = Field(30, ge=1)
    """Fewer rows are never enough evidence."""
    severity: Severity = "blocker"
    inconclusive: Literal["block", "warn"] = "block"
    why: Text | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.max is None) == (self.min is None):
            raise ValueError("give exactly one of 'max' and 'min'")
        if self.slice is not None and self.each:
            raise ValueError("give 'slice' or 'each', not both")
        return self


class Waiver(Frozen):
    """A named person's dated acceptance of one failed rule."""

    metric: str
    slice: dict[str, str] | None = None
    reason: Said
    approved_by: Name
    role: Name
    created: IsoDate
    expires: IsoDate

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.expires < self.created:
            raise ValueError("a waiver cannot expire before it was created")
        return self


class CompositeItem(Frozen):
    """One part of a weighted summary: a measured figure, or what a named person states."""

    weight: float = Field(ge=0)
    name: Text | None = None
    """What it stands for, such as a need of the users; else the metric or the statement names it."""
    metric: str | None = None
    slice: dict[str, str] = {}
    """Of the figure; all rows by default."""
    low: float | None = None
    """The figure that counts as 0 or, where lower is better, as 1; by default the least that the metric can be."""
    high: float | None = None
    """The figure that counts as 1 or, where lower is better, as 0; by default the most that the metric can be."""
    better: Literal["lower", "higher"] | None = None
    """Which way the figure counts; a metric must say."""
    statement: Said | None = None
    score: float | None = Field(None, ge=0, le=1)
    who: Name | None = None
    date: IsoDate | None = None

    @model_validator(mode="after")
    def _measured_or_stated(self) -> Self:
        stated = (self.statement, self.score, self.who, self.date)
        if (self.metric is None) == (self.statement is None):
            raise ValueError("give 'metric' or 'statement', and not both")
        if self.metric is None and None in stated:
            raise ValueError("a statement needs 'score' (0 to 1), 'who' and 'date'")
        if self.metric is not None and any(part is not None for part in stated):
            raise ValueError("'score', 'who' and 'date' go with 'statement', not with 'metric'")
        if self.metric is not None and self.better is None:
            raise ValueError("a metric needs better = 'higher' or 'lower'")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """``low`` and ``high`` of a metric."""
        assert self.low is not None and self.high is not None  # filled in where the configuration is read
        return self.low, self.high


class Composite(Frozen):
    """A weighted summary, declared by its owner with its weights; it never decides anything.

    The sums of needs, performance and experience (F1, F2 and F4 of the requirements catalogue).
    """

    name: Text
    kind: Literal["needs", "performance", "experience"]
    items: tuple[CompositeItem, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> Self:
        total = sum(item.weight for item in self.items)
        if not isclose(total, 1, abs_tol=1e-6):
            raise ValueError(f"the weights of the items must sum to 1; they sum to {total:.6g}")
        return self
