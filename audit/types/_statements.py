"""What only a person knows or decides: statements, facts, rules and waivers."""

from typing import Literal, Self

from pydantic import Field, model_validator

from audit.types._base import Frozen, IsoDate, Text

Severity = Literal["blocker", "warning"]


class Attestation(Frozen):
    """A named person's dated statement about one value."""

    value: str
    statement: Text
    who: str
    role: str
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
    reason: Text
    approved_by: str
    role: str
    created: IsoDate
    expires: IsoDate

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.expires < self.created:
            raise ValueError("a waiver cannot expire before it was created")
        return self
