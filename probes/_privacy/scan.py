"""Which texts of a split hold which kinds of personal data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.personal_data.masking import mask, masked
from audit.personal_data.patterns import FINDERS, PERSONAL, Hit, find
from audit.types import Bools, Ints, Split
from probes._privacy.names import find_names
from probes._sample import drawn

KINDS = (*FINDERS, "name")


@dataclass(frozen=True)
class Scan:
    """What was found in the texts of one split."""

    split: Split
    order: Ints
    """Row numbers in an order that does not depend on how they were stored."""
    hits: Sequence[tuple[Hit, ...]]
    """By row in that order."""
    names: Sequence[tuple[Hit, ...]]
    """Names in the first rows in that order: as many as were looked at."""

    def has(self, kind: str) -> Bools:
        """Return which rows hold a kind, of those that it was looked for in."""
        rows = self.names if kind == "name" else self.hits
        return np.array([any(hit.kind == kind for hit in row) for row in rows], dtype=bool)

    @property
    def personal(self) -> Bools:
        """Rows with anything but web addresses and names, which are counted apart."""
        return np.array([any(hit.kind in PERSONAL for hit in row) for row in self.hits])

    def kinds_of(self, row: int) -> tuple[str, ...]:
        """Return the kinds that a row holds."""
        found = {hit.kind for hit in (*self.hits[row], *self._names_of(row))}
        return tuple(kind for kind in KINDS if kind in found)

    def masked(self, row: int) -> str:
        """Return a row's text with all that was found masked."""
        hits = _joined((*self.hits[row], *self._names_of(row)))
        return masked(mask(self.split.texts[self.order[row]], hits))

    def _names_of(self, row: int) -> tuple[Hit, ...]:
        return self.names[row] if row < len(self.names) else ()


def _joined(hits: Iterable[Hit]) -> list[Hit]:
    """Return hits in order; those that overlap become one, lest masking the first leave the rest of the second."""
    joined: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: hit.start):
        if joined and hit.start < joined[-1].end:
            joined[-1] = Hit(joined[-1].start, max(joined[-1].end, hit.end), "")
        else:
            joined.append(hit)
    return joined


def scan(split: Split, package: str | None, name_rows: int, seed: int) -> Scan:
    """Scan the texts of a split for personal data and, where a recogniser is given, those of some rows for names."""
    order = drawn(split, seed)
    texts = [split.texts[row] for row in order]
    names = list(find_names(package, texts[:name_rows])) if package else []
    return Scan(split, order, [find(text) for text in texts], names)
