"""What a model made of a suite, and how sure its pass rates are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audit.stats import wilson_limits
from audit.types import Bools, Floats, Ints
from probes._copies import effective_sizes
from probes._suites.cases import Case, Suite
from probes._suites.judge import Answer

Strings = NDArray[np.str_]


@dataclass(frozen=True)
class Judged:
    """The cases that apply to the model, and what it made of them."""

    suite: Suite
    cases: tuple[Case, ...]
    answers: tuple[Answer, ...]
    expected: tuple[str, ...]
    """The model's labels that are right, by case, such as ``"neutral or positive"``; empty where none is named."""
    labels: tuple[str, ...]

    @cached_property
    def passed(self) -> Floats:
        """1 or 0, shape (cases,)."""
        return np.array([answer.passed for answer in self.answers])

    @cached_property
    def units(self) -> Ints:
        """The template of each case, as a number from 0, or a number of its own, shape (cases,)."""
        names = [case.template or f"{k}\n" for k, case in enumerate(self.cases)]
        return np.unique(names, return_inverse=True)[1]

    def limits(self, members: Sequence[Bools], critical: float) -> tuple[Floats, Floats]:
        """Return Wilson's limits of each group's pass rate at the size that copies of templates are worth."""
        of = np.array(members).T
        size = effective_sizes(self.passed, of, self.units)
        return wilson_limits(self.passed @ of / of.sum(axis=0) * size, size, critical)

    @cached_property
    def groups(self) -> Strings:
        """Whom each case is about, empty where nobody is named, shape (cases,)."""
        return np.array([case.group for case in self.cases])

    @cached_property
    def classes(self) -> Strings:
        """The labels that each lone text should get, empty for pairs, shape (cases,)."""
        return np.array(["" if case.others else name for case, name in zip(self.cases, self.expected, strict=True)])

    @cached_property
    def capabilities(self) -> dict[str, Bools]:
        """Which cases are of each capability; the lowest pass rate first."""
        of = np.array([case.capability for case in self.cases])
        members = {str(name): of == name for name in np.unique(of)}
        return dict(sorted(members.items(), key=lambda item: self.passed[item[1]].mean()))
