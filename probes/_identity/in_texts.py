"""What a model makes of the same text with one identity in the place of another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import substream, wilson
from audit.types import Bools, Evidence, Example, Examples, Finding, Floats, Ints, Table
from probes._by_group import Means, findings
from probes._groups import PRIVATE
from probes._identity.pairs import Pair, pair_evidence
from probes._identity.scan import Scan
from probes._identity.swaps import Swap
from probes._sample import Sample


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
    """Words such as "black" that are not said of a person."""
    foreign: int
    """Texts neither English nor Chinese."""
    passed_over: int
    """Texts with a term that were read on the way to enough rows, and of which no swap is grammatical."""

    @classmethod
    def of(cls, spec: ProbeSpec, scans: Sequence[Scan], categories: Sequence[str], passed_over: int) -> "Coverage":
        """Count the texts."""
        in_text = [{mention.sense.category for mention in scan.mentions} for scan in scans]
        mentioned = {c: sum(c in found for found in in_text) for c in categories}
        hits = sum(bool(found & set(categories)) for found in in_text)
        left_alone, foreign = sum(scan.left_alone for scan in scans), sum(not scan.language for scan in scans)
        return cls(spec, len(scans), mentioned, hits, left_alone, foreign, passed_over)

    def _left_out(self) -> str:
        told = (
            (self.left_alone, "words such as 'black' not said of persons were left alone"),
            (self.passed_over, "texts with a term were passed over: no swap of it would surely be grammatical"),
            (self.foreign, "texts are neither English nor Chinese: only terms of your own file are looked for there"),
        )
        return "".join(f"; {count:,} {what}" for count, what in told if count)

    @property
    def absent(self) -> str:
        """Why nothing could be swapped."""
        return f"no identity term that can be swapped; terms found in {self.any:,} of {self.texts:,} texts"

    def findings(self) -> Iterator[Finding]:
        """Yield the share of texts with a term, of any category and of each."""
        for where, count in (({}, self.any), *(({"category": c}, n) for c, n in self.mentioned.items())):
            note = f"terms found in {count:,} of {self.texts:,} texts" + ("" if where else self._left_out())
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

    def per_row(self, values: Floats | Bools, chosen: Bools) -> Floats:
        """Return each row's mean over its chosen swaps, NaN where it has none."""
        size = len(self.sample)
        counts = np.bincount(self.rows[chosen], minlength=size)
        sums = np.bincount(self.rows[chosen], weights=values[chosen].astype(np.float64), minlength=size)
        return np.asarray(np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0))

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of terms with the swaps made between them, sorted."""
        made: dict[tuple[str, str, str], list[int]] = {}
        for k, swap in enumerate(self.swaps):
            made.setdefault((swap.category, swap.term, swap.other), []).append(k)
        before, after = self.before[self.rows, self.positive], self.after[:, self.positive]
        return tuple(
            Pair(*names, self.flipped[swaps], before[swaps], after[swaps]) for names, swaps in sorted(made.items())
        )


def text_evidence(
    swapped: Swapped, coverage: Coverage, floor: int, shown: int, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Yield flip rates and score shifts by category, group and pair of terms, and examples."""
    everything = np.ones(len(swapped.rows), dtype=bool)
    yield from _rates(swapped, everything, {}, coverage.absent, floor, rng)
    for category in coverage.mentioned:
        chosen = swapped.category == category
        absent = (
            f"no swap; terms of this category found in {coverage.mentioned[category]:,} of {coverage.texts:,} texts"
        )
        yield from _rates(swapped, chosen, {"category": category}, absent, floor, rng)
        yield from _matrix(swapped, category)
    yield from pair_evidence(swapped.spec, swapped.pairs)
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
    pairs = [pair for pair in swapped.pairs if pair.category == category and len(pair) >= PRIVATE]
    shifts = {(pair.term, pair.other): float(pair.shift.mean()) for pair in pairs}
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
