"""What a behavioural suite is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Relation = Literal["same", "up", "down"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)


@dataclass(frozen=True)
class Case:
    """One text and what is expected of it, or of what a change to it does."""

    id: str
    text: str
    capability: str
    expected: tuple[str, ...] = ()
    """Labels of the suite, any of which is right; of a case with ``up`` or ``down``, the class it speaks of."""
    others: tuple[str, ...] = ()
    """Changed texts to compare with ``text``; empty where the text stands alone."""
    relation: Relation | None = None
    """What the change may do: not alter the prediction, not lower a class's probability, not raise it."""
    group: str = ""
    """Whom the text is about."""
    template: str = ""
    """What the text was made from; cases of one template are copies of one another. Empty where it stands alone."""

    @property
    def asks(self) -> str:
        """What the case asks of a model, for a reader."""
        labels = " or ".join(self.expected)
        if not self.others:
            return f"expects {labels}"
        if self.relation == "same":
            return f"expects {labels}, changed or not" if labels else "the prediction must not change"
        return f"the probability of {labels or 'the predicted class'} must not {_WRONG[self.relation]}"


_WRONG: Mapping[Relation | None, str] = {"up": "fall", "down": "rise"}


@dataclass(frozen=True)
class Suite:
    """Cases with a name, and what each capability asks."""

    name: str
    cases: tuple[Case, ...]
    asks: Mapping[str, str] = field(default_factory=dict)
    """By capability; where a capability is not named, its cases speak for themselves."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that a case names, in order of appearance."""
        return tuple(dict.fromkeys(label for case in self.cases for label in case.expected))

    def asked(self, capability: str) -> str:
        """Return what a capability asks of a model, in a sentence."""
        if capability in self.asks:
            return self.asks[capability]
        return "; ".join(sorted({case.asks for case in self.cases if case.capability == capability}))
