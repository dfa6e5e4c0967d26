"""What attacks did, row by row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from audit.types import Floats
from probes._attack.recipes import Recipe

OPEN = 0.5
"""What a row counts whose search was cut off: it may yet break or not."""

ENDS = LOST, WAITING, CUT, IDLE, REFUTED, DONE = ("wrong", "not begun", "cut off", "unchangeable", "refuted", "done")
"""What becomes of a row: the model has it wrong, there was no time for it, time ran out during its search, nothing in
it can be changed, the change did not hold when the text was scored once more, or it was attacked to an end; else an
error."""


@dataclass(frozen=True)
class Attacked:
    """What one recipe did to each row."""

    recipe: Recipe
    ends: tuple[str, ...]
    """What became of each row: one of the ends above, or an error."""
    broken: Floats
    """Shape (n,): 1 where the class changed, and changed again when the text was scored once more; 0 where not, OPEN
    where the search was cut off, NaN elsewhere."""
    valid: Floats
    """Shape (n,): the same, but 1 only where the text keeps the rules."""
    queries: Floats
    """Shape (n,): NaN where the row was not attacked to an end."""
    share: Floats
    """Shape (n,): share of words changed, NaN but where broken; for a reduction, the share of words left."""
    texts: tuple[str | None, ...]
    """The text found, where broken."""

    @property
    def counts(self) -> Counter[str]:
        """How many rows came to each end."""
        return Counter(self.ends)

    @property
    def attacked(self) -> int:
        """Rows attacked to an end."""
        return self.counts[DONE] + self.counts[REFUTED]

    @property
    def errors(self) -> dict[str, int]:
        """How often each error came."""
        return {end: n for end, n in self.counts.items() if end not in ENDS}

    @property
    def note(self) -> str:
        """What is to be known about the numbers; empty where all went well."""
        counts = self.counts
        asked = len(self.ends) - counts[LOST]
        said = [f"attacked {self.attacked} of {asked}"] if self.attacked < asked else []
        said += [f"{counts[CUT]} cut off when time was over"] if counts[CUT] else []
        said += [f"no change possible in {counts[IDLE]} texts"] if counts[IDLE] else []
        said += [f"{count} ended in {error}" for error, count in self.errors.items()]
        said += [f"{counts[REFUTED]} did not hold on a second look"] if counts[REFUTED] else []
        return "; ".join(said)

    def first(self, rows: int) -> "Attacked":
        """Return so many first rows."""
        return Attacked(self.recipe, *(getattr(self, column.name)[:rows] for column in fields(self)[1:]))


def any_of(done: Sequence[Attacked]) -> Attacked:
    """Return several recipes as one that breaks a row when any of them does, at the cost of the cheapest.

    A row is known when no recipe came to an error on it or had no time for it. A recipe that came to
    no end at all counts for nothing, and so does one that cannot change the row.
    """
    ran = [one for one in done if not np.isnan(one.broken).all()] or list(done)
    ends = tuple(_together(row) for row in zip(*(one.ends for one in ran), strict=True))
    unknown = np.array([end not in (CUT, DONE) for end in ends], dtype=bool)
    columns = {name: np.array([getattr(one, name) for one in ran]) for name in ("broken", "valid", "queries", "share")}
    breaks = columns["broken"] == 1
    broken, valid = (np.where(unknown, np.nan, np.nan_to_num(columns[k]).max(axis=0)) for k in ("broken", "valid"))
    queries, share = (np.where(breaks, columns[k], np.inf).min(axis=0) for k in ("queries", "share"))
    return replace(ran[0], ends=ends, broken=broken, valid=valid, queries=queries, share=share, texts=())


def _together(ends: Sequence[str]) -> str:
    """Return the end of a row that several recipes tried: the one that leaves most open."""
    order = (CUT, DONE, REFUTED, IDLE)
    last = min(ends, key=lambda end: order.index(end) if end in order else -1)
    return DONE if last == REFUTED else last
