"""The numbers of attacks: of each recipe, of all together, and against a plain model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import substream
from audit.types import Bools, Finding, Floats, GroupColumn
from probes._attack.attacked import LOST, OPEN, WAITING, Attacked, any_of
from probes._attack.drawn import Drawn
from probes._by_group import Means, findings

NOTHING = "no row was attacked to an end"
HALF = "a row cut off counts half, and the interval holds whether or not it would break"


@dataclass(frozen=True, kw_only=True)
class Outcomes(Means):
    """Means of outcomes of which some are open: their limits hold however those would come out."""

    low: Floats
    """Shape (n,): the values, with the smallest possible ones where they are open."""
    high: Floats
    """Shape (n,)."""
    most: int | None = None
    """Largest possible value, where it is a budget and not the measure's."""

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        return super().span if self.most is None else (0.0, float(self.most))

    def limits(self, members: Bools, critical: float) -> tuple[Floats, Floats]:
        """Return the lower limits of the least that is possible, and the upper ones of the most."""
        low, high = (Means.limits(replace(self, values=end), members, critical) for end in (self.low, self.high))
        return low[0], high[1]

    @property
    def method(self) -> str:
        """What the interval of one group is called."""
        if not self.open:
            return super().method
        return f"{replace(self, values=self.low, high=self.low).method}, at either extreme of rows cut off"

    @property
    def open(self) -> bool:
        """Whether any value is."""
        return not np.array_equal(self.low, self.high, equal_nan=True)

    def of(self, rows: Bools, columns: Sequence[GroupColumn]) -> "Outcomes":
        """Return the means of some rows, by these columns."""
        values, low, high = (column[rows] for column in (self.values, self.low, self.high))
        members = [replace(column, members=column.members[rows]) for column in columns]
        return replace(self, values=values, low=low, high=high, columns=members)


@dataclass(frozen=True)
class Report:
    """Turns outcomes into findings."""

    spec: ProbeSpec
    drawn: Drawn
    budget: int
    floor: int
    """Rows that a group needs to be compared."""
    unlooked: str
    """Rules of validity that could not be looked at; empty where all were."""
    rng: np.random.Generator

    def numbers(self, done: Sequence[Attacked]) -> Iterator[Finding]:
        """Yield the numbers of every recipe, and of rows that any recipe broke."""
        searches = [one for one in done if not one.recipe.reduces]
        if searches:
            yield from self._success(any_of(searches), {})
        for one in searches:
            where = {"recipe": one.recipe.name}
            yield from self._success(one, where)
            yield from self._plain("queries", one, one.queries, where, NOTHING, self.budget)
            yield from self._plain("words_changed", one, one.share, where, "no row's class was changed")
        for one in done:
            if one.recipe.reduces:
                where = {"recipe": one.recipe.name}
                yield from self._plain("words_left", one, one.share, where, "no text was reduced")

    def change(self, done: Sequence[Attacked], plain: Sequence[Attacked]) -> Iterator[Finding]:
        """Yield how often a plain model breaks, and how much more often the model does, row by row."""
        pairs = [(one, other) for one, other in zip(done, plain, strict=False) if not one.recipe.reduces]
        if not pairs:
            note = "the model was not trained on changed texts"
            yield self.spec.finding("attack_success_change", None, 0, note=note)
            return
        together = tuple(any_of(list(side)) for side in zip(*pairs, strict=True))
        for where, (one, other) in [({}, together), *(({"recipe": pair[0].recipe.name}, pair) for pair in pairs)]:
            own, others = _ends(one.broken), _ends(other.broken)
            yield from self._compared("attack_success_plain", others, where, other)
            shifts = own[0] - others[1], own[1] - others[0]
            yield from self._compared("attack_success_change", shifts, where, other)

    def _success(self, one: Attacked, where: Mapping[str, str]) -> Iterator[Finding]:
        for name, broken in {"": one.broken, "valid_": one.valid}.items():
            rules = self.unlooked if name else ""
            for measure, values in {"attack_success": broken, "robust_accuracy": self._robust(one, broken)}.items():
                means = self._outcomes(f"{name}{measure}", _ends(values), where, NOTHING)
                yield from self._noted(means, one, rules)

    def _robust(self, one: Attacked, broken: Floats) -> Floats:
        """Rows that the model has wrong are lost, but for those beyond the last row that was come to."""
        right, known = self.drawn.right, ~np.isnan(broken)
        if right.any() and not known.any():
            return broken
        come_to = np.flatnonzero([end not in (LOST, WAITING) for end in one.ends])
        reached = come_to.max(initial=-1) if right.any() else len(broken)
        return np.where(~right & (np.arange(len(broken)) <= reached), 0.0, 1 - broken)

    def _plain(
        self,
        name: str,
        one: Attacked,
        values: Floats,
        where: Mapping[str, str],
        undefined: str,
        most: int | None = None,
    ) -> Iterator[Finding]:
        """Yield means of rows that were attacked to an end."""
        means = replace(
            self._outcomes(name, (values, values), where, undefined if one.attacked else NOTHING), most=most
        )
        yield from self._noted(means, one, "", gaps=False)

    def _compared(
        self, name: str, ends: tuple[Floats, Floats], where: Mapping[str, str], plain: Attacked
    ) -> Iterator[Finding]:
        means = self._outcomes(name, ends, where, NOTHING).of(self.drawn.overall, ())
        wrong = int((self.drawn.right & self.drawn.overall & np.array([end == LOST for end in plain.ends])).sum())
        note = f"{wrong} rows that the plain model has wrong are left out" if wrong else ""
        for finding in findings(means, self.rng):
            yield finding.model_copy(update={"note": _joined(finding.note, note, self._told(means, plain))})

    def _outcomes(self, name: str, ends: tuple[Floats, Floats], where: Mapping[str, str], undefined: str) -> Outcomes:
        low, high = ends
        middle = (low + high) / 2
        return Outcomes(self.spec, name, middle, self.drawn.columns, where, undefined, self.floor, low=low, high=high)

    def _noted(self, means: Outcomes, one: Attacked, note: str, *, gaps: bool = True) -> Iterator[Finding]:
        """Yield the figure of the rows drawn whoever they are about, and those by group, of all rows of each."""
        rng = substream(self.rng, means.name)
        for finding in findings(means.of(self.drawn.overall, ()), rng):
            yield finding.model_copy(update={"note": _joined(finding.note, self._told(means, one), note)})
        for column in means.columns:
            of_groups = findings(means.of(self.drawn.of(column), (column,)), rng, gaps=gaps)
            yield from islice(of_groups, 1, None)

    def _told(self, means: Outcomes, one: Attacked) -> str:
        return _joined(one.first(self.drawn.first).note, HALF if means.open else "")


def _ends(values: Floats) -> tuple[Floats, Floats]:
    """Return the smallest and the largest that each outcome can be."""
    return np.where(values == OPEN, 0.0, values), np.where(values == OPEN, 1.0, values)


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
