"""Numbers as an owner published them, and how far rounding lets them stray."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from audit.types import Frozen

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Span = tuple[float, float]
"""Smallest and largest value."""

SLACK = 1e-12
"""Less than any two shares of up to a million rows differ after four decimals: only float error fits in."""


class ClassNumbers(Frozen):
    """What was printed for one class."""

    precision: Share | None = None
    """Of the rows given this class, the share that has it."""
    recall: Share | None = None
    """Of the rows with this class, the share that was found."""
    f1: Share | None = None
    """Harmonic mean of the two."""
    support: Count | None = None
    """Rows that have this class."""

    @property
    def shares(self) -> dict[str, float]:
        """The printed shares by name."""
        named = {"recall": self.recall, "precision": self.precision, "f1": self.f1}
        return {name: value for name, value in named.items() if value is not None}


class Claim(Frozen):
    """One published table of results."""

    name: str = Field(min_length=1)
    """What to call it, such as ``"paper, table 3"``."""
    per_class: dict[str, ClassNumbers] = {}
    """One class, or every class in the order of the confusion matrix."""
    accuracy: Share | None = None
    """Share of rows that were right."""
    macro_f1: Share | None = None
    """Mean F1 of the classes, each counting alike."""
    confusion: tuple[tuple[Count, ...], ...] = ()
    """Rows by true class (down) and predicted class (across)."""
    n: int | None = Field(None, gt=0)
    """Rows in all."""
    split: Literal["test", "validation"] = "test"
    """The split that was spoken of."""
    decimals: int = Field(2, ge=1, le=6)
    """Decimals that the shares were rounded to; a share with more keeps its own."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        size = len(self.confusion)
        if any(len(row) != size for row in self.confusion):
            raise ValueError("'confusion' must have as many columns as rows")
        if size and self.per_class and len(self.per_class) != size:
            raise ValueError(f"'confusion' has {size} classes, but 'per_class' names {len(self.per_class)}")
        if size and not sum(map(sum, self.confusion)):
            raise ValueError("'confusion' holds no rows")
        if self.supports and not any(self.supports):
            raise ValueError("the supports add up to no rows")
        if not self.confusion and not self.numbers:
            raise ValueError("give some published number, such as accuracy = 0.92")
        return self

    @property
    def numbers(self) -> dict[tuple[str, str], float]:
        """Every published share by (class, name); the class is ``""`` for the whole."""
        whole = {("", "accuracy"): self.accuracy, ("", "macro_f1"): self.macro_f1}
        by_class = {(label, name): x for label, of in self.per_class.items() for name, x in of.shares.items()}
        return {key: value for key, value in whole.items() if value is not None} | by_class

    @property
    def supports(self) -> tuple[int, ...] | None:
        """Rows of each class; None where one is not given, or one class alone was spoken of."""
        given = [of.support for of in self.per_class.values() if of.support is not None]
        return tuple(given) if len(given) == len(self.per_class) > 1 else None

    @property
    def rows(self) -> int | None:
        """Rows in all, as far as they are told."""
        if self.confusion:
            return sum(map(sum, self.confusion))
        return sum(self.supports) if self.supports else self.n

    def span(self, printed: float | None) -> Span:
        """Return the values that are printed so; any share where nothing is printed."""
        if printed is None:
            return 0.0, 1.0
        exponent = Decimal(repr(printed)).as_tuple().exponent
        half = 0.5 * 10.0 ** -max(self.decimals, -int(exponent))
        return printed - half - SLACK, printed + half + SLACK
