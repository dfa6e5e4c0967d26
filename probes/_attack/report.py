"""The numbers of attacks: of each recipe, of all together, and against a plain model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from audit.registry import ProbeSpec
from audit.types import Bools, Finding, Floats, GroupColumn
from probes._attack.attacked import IDLE, LOST, OPEN, WAITING, Attacked, any_of
from probes._attack.drawn import Drawn
from probes._by_group import Means, findings
from probes._groups import PRIVATE

NOTHING = "no row was attacked to an end"
HALF = "rows that came to no end count half and are not in n, and the interval holds whether or not they would break"


@dataclass(frozen=True, kw_only=True)
class Outcomes(Means):
    """Means of outcomes of which some are open: their limits hold however those would come out."""

    low: Floats
    """Shape (n,): the values, with the smallest possible ones where they are open."""
    high: Floats
    """Shape (n,)."""
    right: Bools
    """Shape (n,): rows that there was something to search for."""
    most: int | None = None
    """Largest possible value, where it is a budget and not the measure's."""

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        return super().span if self.most is None else (0.0, float(self.most))

    def count(self, members: Bools) -> int:
        """Return how many came to an end; none, where that is true of no row that the model has right."""
        ended, asked = members & (self.low == self.high), members & self.right
        return int(ended.sum()) if (ended & asked).any() or not asked.any() else 0

    def limits(self, members: Bools, critical: float) -> tuple[Floats, Floats]:
        """Return the lower limits of the least that is possible, and the upper ones of the most."""
        low, high = (Means.limits(replace(self, values=end), members, critical) for end in (self.low, self.high))
        return low[0], high[1]

    def extremes(self, members: Bools) -> tuple[Floats, Floats] | None:
        """Return the least and the most that each group's mean can be; None where no value is open."""
        least, most = (np.nan_to_num(end) @ members / members.sum(axis=0) for end in (self.low, self.high))
        return (least, most) if self.open else None

    @property
    def method(self) -> str:
        """What the interval of one group is called."""
        if not self.open:
            return super().method
        return f"{replace(self, values=self.low, high=self.low).method}, at either extreme of rows without an end"

    @property
    def open(self) -> bool:
        """Whether any value is."""
        return not np.array_equal(self.low, self.high, equal_nan=True)

    def of(self, rows: Bools, columns: Sequence[GroupColumn]) -> "Outcomes":
        """Return the means of some rows, by these columns."""
        names = ("values", "low", "high", "right")
        kept = {name: getattr(self, name)[rows] for name in names}
        members = [replace(column, members=column.members[rows]) for column in columns]
        return replace(self, columns=members, **kept)


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
    skipped: Sequence[str]
    """Recipes that were asked for and could not be run; reductions aside."""
    labels: Sequence[str]
    rng: np.random.Generator

    def numbers(self, done: Sequence[Attacked]) -> Iterator[Finding]:
        """Yield the numbers of every recipe, and of rows that any recipe broke."""
        searches = [one for one in done if not one.recipe.reduces]
        if searches:
            by = self._by(searches, [one.recipe.name for one in searches if one.failed])
            yield from self._success(any_of(searches), {}, by)
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
        failed = [one.recipe.name for one, other in pairs if one.failed or other.failed]
        ran = [pair for pair in pairs if pair[0].recipe.name not in failed] or pairs
        by = self._by([one for one, _ in pairs], failed)
        one, other = (any_of(side) for side in zip(*ran, strict=True))
        yield from self._both(one, other, {}, by)
        for one, other in pairs:
            yield from self._both(one, other, {"recipe": one.recipe.name}, "")

    def _both(self, one: Attacked, plain: Attacked, where: Mapping[str, str], by: str) -> Iterator[Finding]:
        own, others = _ends(one.broken), _ends(plain.broken)
        yield from self._compared("attack_success_plain", others, where, plain, by)
        shifts = own[0] - others[1], own[1] - others[0]
        yield from self._compared("attack_success_change", shifts, where, plain, by)

    def _by(self, searches: Sequence[Attacked], failed: Sequence[str]) -> str:
        """Return which recipes a figure of all is without; empty where of none."""
        asked = len(searches) + len(self.skipped)
        out = [*(f"{name} skipped" for name in self.skipped), *(f"{name} failed" for name in failed)]
        return _joined(f"by {asked - len(out)} of {asked} recipes", *out) if out else ""

    def _success(self, one: Attacked, where: Mapping[str, str], by: str = "") -> Iterator[Finding]:
        for name, broken in {"": one.broken, "valid_": one.valid}.items():
            notes = by, self.unlooked if name else ""
            success, robust = (
                self._outcomes(f"{name}{measure}", _ends(values), where, NOTHING)
                for measure, values in (("attack_success", broken), ("robust_accuracy", _robust(one.ends, broken)))
            )
            yield from self._noted(success, one, *notes)
            if not where:
                yield from self._of_classes(success, one, *notes)
            yield from self._noted(robust, one, *notes)

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
        yield from self._noted(means, one, gaps=False)

    def _compared(
        self, name: str, ends: tuple[Floats, Floats], where: Mapping[str, str], plain: Attacked, by: str
    ) -> Iterator[Finding]:
        means = self._outcomes(name, ends, where, NOTHING).of(self.drawn.overall, ())
        wrong = int((self.drawn.right & self.drawn.overall & np.array([end == LOST for end in plain.ends])).sum())
        note = f"{wrong} rows that the plain model has wrong are left out" if wrong else ""
        for finding in findings(means, self.rng):
            yield _with(finding, by, note, self._told(finding, means, plain.of(self.drawn.overall)))

    def _outcomes(self, name: str, ends: tuple[Floats, Floats], where: Mapping[str, str], undefined: str) -> Outcomes:
        low, high = ends
        middle = (low + high) / 2
        columns, right = self.drawn.columns, self.drawn.right
        return Outcomes(self.spec, name, middle, columns, where, undefined, self.floor, low=low, high=high, right=right)

    def _noted(self, means: Outcomes, one: Attacked, *notes: str, gaps: bool = True) -> Iterator[Finding]:
        """Yield the figure of the rows drawn whoever they are about, and those by group, of all rows of each."""
        rows = self.drawn.overall
        for finding in findings(means.of(rows, ()), self.rng):
            yield _with(finding, self._told(finding, means.of(rows, ()), one.of(rows)), *notes)
        for column in means.columns:
            yield from self._of_groups(means, one, column, self.drawn.of(column), *notes, gaps=gaps)

    def _of_classes(self, means: Outcomes, one: Attacked, *notes: str) -> Iterator[Finding]:
        """Yield the figure of every class that texts are of: often one direction of change alone serves an attacker."""
        members = self.drawn.rows.labels[:, None] == np.arange(len(self.labels))
        column = GroupColumn("class", tuple(self.labels), members)
        yield from self._of_groups(means, one, column, self.drawn.overall, *notes, gaps=False)

    def _of_groups(
        self, means: Outcomes, one: Attacked, column: GroupColumn, rows: Bools, *notes: str, gaps: bool
    ) -> Iterator[Finding]:
        for finding in islice(findings(means.of(rows, (column,)), self.rng, gaps=gaps), 1, None):
            members = rows & _members(column, finding.slice[column.name])
            yield _with(finding, self._told(finding, means.of(members, ()), one.of(members)), *notes)

    def _told(self, finding: Finding, means: Outcomes, one: Attacked) -> str:
        if finding.value is None and 0 < finding.n < PRIVATE:
            return ""  # what became of so few is theirs alone
        half = finding.value is not None and means.open
        return _joined(one.note(self.budget), HALF if half else "")


def _robust(ends: Sequence[str], broken: Floats) -> Floats:
    """Return what stands: no row that the model has wrong, any that cannot be changed; unknown once time was over."""
    fixed = {LOST: 0.0, IDLE: 1.0}
    stands = [fixed.get(end, 1 - value) for end, value in zip(ends, broken, strict=True)]
    late = ends.index(WAITING) if WAITING in ends else len(ends)
    return np.array([*stands[:late], *[np.nan] * (len(ends) - late)])


def _members(column: GroupColumn, value: str) -> Bools:
    """Return the rows that a figure of that value is of, shape (n,)."""
    if value in column.values:
        return np.asarray(column.members[:, column.values.index(value)])
    return column.unknown if value == "unknown" else np.ones(len(column.members), dtype=bool)


def _ends(values: Floats) -> tuple[Floats, Floats]:
    """Return the smallest and the largest that each outcome can be."""
    return np.where(values == OPEN, 0.0, values), np.where(values == OPEN, 1.0, values)


def _with(finding: Finding, *notes: str) -> Finding:
    return finding.model_copy(update={"note": _joined(finding.note, *notes)})


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
