"""What attacks did, row by row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from audit.types import Bools, Floats
from probes._attack.recipes import Recipe

OPEN = 0.5
"""What a row counts whose search came to no end, for want of time or in an error: it may break or not."""

ENDS = LOST, WAITING, CUT, IDLE, REFUTED, SPENT, DONE = (
    *("wrong", "not begun", "cut off", "unchangeable", "refuted", "out of queries", "done"),
)
"""What becomes of a row: the model has it wrong, there was no time for it, time ran out during its search, nothing in
it can be changed, the change did not hold when the text was scored once more, the search had asked all that it may, or
the row was attacked to an end; else an error."""

FINISHED = (DONE, REFUTED, SPENT)
"""Ends of rows that were attacked until nothing was left to do or to ask."""


@dataclass(frozen=True)
class Attacked:
    """What one recipe did to each row."""

    recipe: Recipe
    ends: tuple[str, ...]
    """What became of each row: one of the ends above, or an error."""
    broken: Floats
    """Shape (n,): 1 where the class changed, and changed again when the text was scored once more; 0 where not, OPEN
    where the search was cut off or ended in an error, NaN elsewhere."""
    valid: Floats
    """Shape (n,): the same, but 1 only where the text keeps the rules."""
    queries: Floats
    """Shape (n,): NaN where the row was not attacked to an end."""
    share: Floats
    """Shape (n,): share of words changed, NaN but where broken; for a reduction, the share of words left."""
    partly: Bools
    """Shape (n,): which texts are so long that their beginning alone is searched."""
    texts: tuple[str | None, ...]
    """The text found, where broken."""

    @property
    def counts(self) -> Counter[str]:
        """How many rows came to each end."""
        return Counter(self.ends)

    @property
    def attacked(self) -> int:
        """Rows attacked to an end."""
        return sum(self.counts[end] for end in FINISHED)

    @property
    def errors(self) -> dict[str, int]:
        """How often each error came."""
        return {end: n for end, n in self.counts.items() if end not in ENDS}

    @property
    def failed(self) -> bool:
        """Whether every search ended in an error."""
        return bool(self.errors) and not self.attacked and not self.counts[CUT]

    def note(self, budget: int) -> str:
        """Return what is to be known about the numbers, where so many queries were allowed; empty if all went well."""
        counts = self.counts
        asked = len(self.ends) - counts[LOST]
        said = [f"attacked {self.attacked} of {asked}"] if self.attacked < asked else []
        said += [f"{counts[CUT]} cut off when time was over"] if counts[CUT] else []
        said += [f"{counts[SPENT]} of {self.attacked} stopped at {budget} queries"] if counts[SPENT] else []
        said += [f"no change possible in {counts[IDLE]} texts"] if counts[IDLE] else []
        said += [f"{count} ended in {error}" for error, count in self.errors.items()]
        said += [f"{counts[REFUTED]} did not hold on a second look"] if counts[REFUTED] else []
        partly = sum(end in FINISHED for end in compress(self.ends, self.partly))
        return "; ".join([*said, f"{partly} long texts searched in part only"] if partly else said)

    def of(self, rows: Bools) -> "Attacked":
        """Return some rows, given in shape (n,)."""
        names = ("broken", "valid", "queries", "share", "partly")
        columns = {name: getattr(self, name)[rows] for name in names}
        ends, texts = tuple(compress(self.ends, rows)), tuple(compress(self.texts, rows))
        return replace(self, ends=ends, texts=texts, **columns)


def any_of(done: Sequence[Attacked]) -> Attacked:
    """Return several recipes as one that breaks a row when any of them does, at the cost of the cheapest.

    A row that none broke is open where a recipe came to no end on it. A recipe that failed on all
    rows counts for nothing, and so does one that cannot change the row.
    """
    ran = [one for one in done if not one.failed] or list(done)
    columns = {name: np.array([getattr(one, name) for one in ran]) for name in ("broken", "valid", "queries", "share")}
    breaks = columns["broken"] == 1
    by_row = zip(zip(*(one.ends for one in ran), strict=True), breaks.any(axis=0), strict=True)
    ends = tuple(DONE if broke else _together(row) for row, broke in by_row)
    late = np.array([[end == WAITING for end in one.ends] for one in ran])
    nothing = np.array([end in (LOST, WAITING, IDLE) for end in ends], dtype=bool)
    broken, valid = (
        np.where(nothing, np.nan, np.where(late, OPEN, np.nan_to_num(columns[name])).max(axis=0))
        for name in ("broken", "valid")
    )
    queries, share = (np.where(breaks, columns[k], np.inf).min(axis=0) for k in ("queries", "share"))
    return replace(
        ran[0], ends=ends, broken=broken, valid=valid, queries=queries, share=share, texts=(None,) * len(ends)
    )


def _together(ends: Sequence[str]) -> str:
    """Return the end of a row that several recipes tried and none broke: the one that leaves most open."""
    if WAITING in ends and set(ends) != {WAITING}:
        return CUT
    order = (LOST, WAITING, CUT, SPENT, DONE, REFUTED, IDLE)
    last = min(ends, key=lambda end: order.index(end) if end in order else -1)
    return DONE if last == REFUTED else last
