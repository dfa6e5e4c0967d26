"""What a model makes of the same text with one identity in the place of another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import LEVEL, substream, wilson, wilson_limits
from audit.types import Bools, Evidence, Example, Examples, Finding, Floats, Ints, Table
from probes._by_group import Means, findings
from probes._groups import PRIVATE
from probes._identity.swaps import Scan, Swap
from probes._sample import Sample

SHOWN_PAIRS = 20


@dataclass(frozen=True)
class Coverage:
    """How many texts hold a term."""

    spec: ProbeSpec
    texts: int
    mentioned: Mapping[str, int]
    """Texts with a term, by category."""
    any: int
    """Texts with a term of any category."""
    left_alone: int

    @classmethod
    def of(cls, spec: ProbeSpec, scans: Sequence[Scan], categories: Sequence[str]) -> "Coverage":
        """Count the texts."""
        in_text = [{mention.sense.category for mention in scan.mentions} for scan in scans]
        mentioned = {c: sum(c in found for found in in_text) for c in categories}
        hits = sum(bool(found & set(categories)) for found in in_text)
        return cls(spec, len(scans), mentioned, hits, sum(scan.left_alone for scan in scans))

    @property
    def absent(self) -> str:
        """Why nothing could be swapped."""
        return f"no identity term that can be swapped; terms found in {self.any:,} of {self.texts:,} texts"

    def findings(self) -> Iterator[Finding]:
        """Yield the share of texts with a term, of any category and of each."""
        left = f"; {self.left_alone:,} words such as 'black' not before a word for persons were left alone"
        for where, count in (({}, self.any), *(({"category": c}, n) for c, n in self.mentioned.items())):
            note = f"terms found in {count:,} of {self.texts:,} texts" + ("" if where or not self.left_alone else left)
            interval = wilson(count, self.texts) if self.texts else None
            value = count / self.texts if self.texts else None
            yield self.spec.finding("coverage", value, self.texts, slice=where, interval=interval, note=note)


@dataclass(frozen=True)
class Swapped:
    """Rows, their swaps, and the scores of both."""

    spec: ProbeSpec
    sample: Sample
    rows: Ints
    """Row of the sample that each swap was made of."""
    swaps: tuple[Swap, ...]
    before: Floats
    """Shape (rows, classes)."""
    after: Floats
    """Shape (swaps, classes)."""
    labels: tuple[str, ...]
    positive: int

    @cached_property
    def category(self) -> np.ndarray:
        """Category of each swap."""
        return np.array([swap.category for swap in self.swaps], dtype=object)

    @cached_property
    def flipped(self) -> Bools:
        """Whether a swap changes the predicted class."""
        return np.asarray(self.after.argmax(axis=1) != self.before.argmax(axis=1)[self.rows])

    @cached_property
    def moved(self) -> Floats:
        """Absolute change of the probability of the class predicted before; in a binary task, of either."""
        first, swap = self.before.argmax(axis=1)[self.rows], np.arange(len(self.rows))
        return np.asarray(np.abs(self.after[swap, first] - self.before[self.rows, first]))

    @cached_property
    def shift(self) -> Floats:
        """Change of the probability of the positive class."""
        return np.asarray(self.after[:, self.positive] - self.before[self.rows, self.positive])

    def per_row(self, values: Floats | Bools, chosen: Bools) -> Floats:
        """Return each row's mean over its chosen swaps, NaN where it has none."""
        size = len(self.sample)
        counts = np.bincount(self.rows[chosen], minlength=size)
        sums = np.bincount(self.rows[chosen], weights=values[chosen].astype(np.float64), minlength=size)
        return np.asarray(np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0))

    def pairs(self, category: str) -> Iterator[tuple[str, str, Ints]]:
        """Yield the pairs of terms of a category with the swaps made between them."""
        pairs = sorted({(swap.term, swap.other) for swap in self.swaps if swap.category == category})
        of = np.array([swap.term for swap in self.swaps], dtype=object)
        to = np.array([swap.other for swap in self.swaps], dtype=object)
        for term, other in pairs:
            yield term, other, np.flatnonzero((self.category == category) & (of == term) & (to == other))


def text_evidence(
    swapped: Swapped, coverage: Coverage, floor: int, shown: int, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Yield flip rates and score shifts by category and group, tables by pair of terms, and examples."""
    everything = np.ones(len(swapped.rows), dtype=bool)
    yield from _rates(swapped, everything, {}, coverage.absent, floor, rng)
    for category in coverage.mentioned:
        chosen = swapped.category == category
        absent = (
            f"no swap; terms of this category found in {coverage.mentioned[category]:,} of {coverage.texts:,} texts"
        )
        yield from _rates(swapped, chosen, {"category": category}, absent, floor, rng)
        yield from _matrix(swapped, category)
    yield from _pairs(swapped, list(coverage.mentioned))
    if shown:
        yield _examples(swapped, shown)


def _rates(
    swapped: Swapped, chosen: Bools, where: dict[str, str], absent: str, floor: int, rng: np.random.Generator
) -> Iterator[Finding]:
    by_group = not where or bool(chosen.any())
    for name, values in (("flip_rate", swapped.flipped), ("score_shift", swapped.moved)):
        per_row = swapped.per_row(values, chosen)
        means = Means(swapped.spec, name, per_row, swapped.sample.columns, where, absent, floor)
        yield from findings(means, substream(rng, name), groups=by_group)


def _matrix(swapped: Swapped, category: str) -> Iterator[Table]:
    """Yield the mean shift from each term to each other, where enough rows were swapped."""
    shifts = {(a, b): float(swapped.shift[k].mean()) for a, b, k in swapped.pairs(category) if len(k) >= PRIVATE}
    if shifts:
        terms, others = (sorted({pair[side] for pair in shifts}) for side in (0, 1))
        yield Table(
            name=f"{swapped.spec.id}.shifts",
            slice={"category": category},
            columns=("from", *others),
            rows=tuple((term, *(shifts.get((term, other)) for other in others)) for term in terms),
            note=f"mean change of the probability of {swapped.labels[swapped.positive]!r} when the term of the row is "
            f"swapped for that of the column; empty below {PRIVATE} texts",
        )


def _pairs(swapped: Swapped, categories: Sequence[str]) -> Iterator[Table]:
    """Yield the pairs of terms with their intervals, the surest and largest shifts first."""
    found = [
        ((category, term, other), swaps)
        for category in categories
        for term, other, swaps in swapped.pairs(category)
        if len(swaps) >= PRIVATE
    ]
    if found:
        rows = [(*names, *_pair(swapped, swaps, len(found))) for names, swaps in found]
        rows.sort(key=lambda row: (-max(row[8], -row[9], 0), -abs(row[7]), row[:3]))
        yield Table(
            name=f"{swapped.spec.id}.pairs",
            columns=("category", "from", "to", "texts", "flip rate", "low", "high", "shift", "low", "high"),
            rows=tuple(rows[:SHOWN_PAIRS]),
            note=f"{min(len(rows), SHOWN_PAIRS)} of {len(rows)} pairs with {PRIVATE} texts or more, those first whose "
            f"shift is surely far from 0; intervals (Wilson, Student's t) hold for all {len(rows)} pairs at once",
        )


def _pair(swapped: Swapped, swaps: Ints, pairs: int) -> tuple[int, float, float, float, float, float, float]:
    """Return texts, flip rate and mean shift of one pair, with limits by Bonferroni."""
    from scipy.stats import norm, t

    n, tail = len(swaps), (1 - LEVEL) / (2 * pairs)
    flips, shift = int(swapped.flipped[swaps].sum()), swapped.shift[swaps]
    low, high = wilson_limits(np.array([flips]), np.array([n]), float(norm.isf(tail)))
    mean, half = float(shift.mean()), float(t.isf(tail, n - 1) * shift.std(ddof=1) / np.sqrt(n))
    return n, flips / n, float(low[0]), float(high[0]), mean, max(-1.0, mean - half), min(1.0, mean + half)


# --- examples -----------------------------------------------------------------------------


def _examples(swapped: Swapped, shown: int) -> Examples:
    """Return swaps that change the class: of each category in turn, one of a row, the largest change first."""
    order = [k for k in np.argsort(-swapped.moved, kind="stable") if swapped.flipped[k]]
    ranks: dict[int, tuple[int, int]] = {}
    seen: dict[tuple[str, int], int] = {}
    turns: dict[str, int] = {}
    for k in order:
        row = (swapped.swaps[k].category, int(swapped.rows[k]))
        seen[row] = seen.get(row, -1) + 1
        if not seen[row]:
            turns[row[0]] = turns.get(row[0], -1) + 1
        ranks[k] = (seen[row], turns[row[0]])
    kept = sorted(order, key=lambda k: ranks[k])[:shown]
    return Examples(name=f"{swapped.spec.id}.flips", items=tuple(_example(swapped, k) for k in kept), total=len(order))


def _example(swapped: Swapped, k: int) -> Example:
    swap, row = swapped.swaps[k], int(swapped.rows[k])
    first, then = int(swapped.before[row].argmax()), int(swapped.after[k].argmax())
    return Example(
        id=swapped.sample.ids[row],
        before=swapped.sample.texts[row],
        after=swap.text,
        change=f"{swap.category}: {swap.term} → {swap.other}",
        label=swapped.labels[swapped.sample.labels[row]],
        predicted_before=swapped.labels[first],
        predicted_after=swapped.labels[then],
        score_before=float(swapped.before[row, first]),
        score_after=float(swapped.after[k, first]),
        groups=swapped.sample.groups_of(row),
    )
