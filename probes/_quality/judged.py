"""Rows of one split with what was found out about them."""

from dataclasses import dataclass
from functools import cached_property

from audit.types import Floats, Split
from probes._quality.doubts import Doubts, doubt
from probes._quality.likeness import Likeness


@dataclass(frozen=True)
class Part:
    """Rows of one split in an order of their own, and which of them are alike."""

    rows: Split
    like: Likeness

    @property
    def where(self) -> dict[str, str]:
        """The slice of what is measured in it."""
        return {"split": self.rows.name}


@dataclass(frozen=True)
class Judged:
    """Rows of one split, and what a model makes of their labels that was not taught them."""

    rows: Split
    probabilities: Floats | None
    """None where there are too few rows to teach a model."""
    judge: str

    @cached_property
    def doubts(self) -> Doubts | None:
        """Labels that are likely wrong."""
        return None if self.probabilities is None else doubt(self.rows.labels, self.probabilities)
