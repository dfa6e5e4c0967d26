"""What a model makes of one term in the place of another, pair by pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import LEVEL, mean_limits, wilson_limits
from audit.types import Bools, Evidence, Finding, Floats, Interval, Table
from probes._groups import PRIVATE


@dataclass(frozen=True)
class Pair:
    """The swaps of one term for another, at most one of a text."""

    category: str
    term: str
    other: str
    flipped: Bools
    """Whether the class changes, shape (texts,)."""
    before: Floats
    """Probability of the positive class in the texts as they are, shape (texts,)."""
    after: Floats
    """The same in the swapped texts, shape (texts,)."""

    def __len__(self) -> int:
        return len(self.flipped)

    @property
    def shift(self) -> Floats:
        """Change of the probability of the positive class, shape (texts,)."""
        return self.after - self.before

    def limits(self, critical: float) -> tuple[float, float]:
        """Return limits of the mean shift.

        Student's, at least as wide as if two more texts of average probability had been swapped,
        one of them to 0 and one to 1: shifts that all agree still leave room for doubt.
        """
        sums, squares, n = (np.array([value]) for value in (self.shift.sum(), (self.shift**2).sum(), len(self)))
        usual = float(self.before.mean())
        low, high = mean_limits(sums, squares, n, (-usual, 1 - usual), critical)
        return float(low[0]), float(high[0])


def pair_evidence(spec: ProbeSpec, pairs: Sequence[Pair]) -> Iterator[Evidence]:
    """Yield the flip rate and the mean shift of every pair with enough texts, and a table of them.

    Intervals hold for all pairs at once (Bonferroni), since a reader looks for the worst of them.
    """
    enough = [pair for pair in pairs if len(pair) >= PRIVATE]
    if not enough:
        most = max((len(pair) for pair in pairs), default=0)
        yield spec.finding("pair_shift", None, most, note=f"no pair of terms has {PRIVATE} texts")
        return
    rates, shifts = _flip_rates(spec, enough), _shifts(spec, enough)
    yield from rates
    yield from shifts
    yield _table(spec, rates, shifts)


def _flip_rates(spec: ProbeSpec, pairs: Sequence[Pair]) -> list[Finding]:
    n, flips = (np.array([of(pair.flipped) for pair in pairs]) for of in (len, np.sum))
    limits = wilson_limits(flips, n, _critical(pairs))
    return _findings(spec, "flip_rate", pairs, flips / n, limits, "Wilson")


def _shifts(spec: ProbeSpec, pairs: Sequence[Pair]) -> list[Finding]:
    limits = np.array([pair.limits(_critical(pairs)) for pair in pairs]).T
    values = np.array([pair.shift.mean() for pair in pairs])
    method = "Student's t, at least as wide as with two more texts swapped to 0 and 1"
    return _findings(spec, "pair_shift", pairs, values, (limits[0], limits[1]), method)


def _critical(pairs: Sequence[Pair]) -> float:
    from scipy.stats import norm

    return float(norm.isf((1 - LEVEL) / (2 * len(pairs))))


def _findings(
    spec: ProbeSpec, name: str, pairs: Sequence[Pair], values: Floats, limits: tuple[Floats, Floats], method: str
) -> list[Finding]:
    method = f"{method}, Bonferroni over {len(pairs)} pairs"
    return [
        spec.finding(
            name,
            float(value),
            len(pair),
            slice={"category": pair.category, "from": pair.term, "to": pair.other},
            interval=Interval(low=float(low), high=float(high), method=method),
        )
        for pair, value, low, high in zip(pairs, values, *limits, strict=True)
    ]


def _table(spec: ProbeSpec, rates: Sequence[Finding], shifts: Sequence[Finding]) -> Table:
    """Return all pairs, the surest and largest shifts first."""
    both = sorted(zip(rates, shifts, strict=True), key=lambda pair: _rank(pair[1]))
    rows = [(*shift.slice.values(), shift.n, *_figures(rate), *_figures(shift)) for rate, shift in both]
    return Table(
        name=f"{spec.id}.pairs",
        columns=("category", "from", "to", "texts", "flip rate", "low", "high", "shift", "low", "high"),
        rows=tuple(rows),
        note=f"{len(rows)} pairs with {PRIVATE} texts or more, those first whose shift is surely far from 0; "
        "intervals (Wilson, Student's t) hold for all of them at once",
    )


def _rank(shift: Finding) -> tuple[float, float, tuple[str, ...]]:
    value, low, high = _figures(shift)
    return -max(low, -high, 0.0), -abs(value), tuple(shift.slice.values())


def _figures(finding: Finding) -> tuple[float, float, float]:
    assert finding.value is not None and finding.interval is not None
    return finding.value, finding.interval.low, finding.interval.high
