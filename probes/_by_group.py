"""A mean over rows, such as a share of changed predictions: of all rows, of each group, and between groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import DRAWS, Z, mean_limits, substream, wilson_limits
from audit.types import Bools, Finding, Floats, GroupColumn, Interval, Ints
from probes._copies import alike, by_unit, effective_sizes
from probes._gaps import Family, correlated_draws, difference_limits, ends
from probes._groups import PRIVATE, too_small


def with_difference(measures: Mapping[str, Measure]) -> dict[str, Measure]:
    """Return measures and, for each, the largest difference of it between two groups."""
    gaps = {
        f"{name}_difference": Measure(
            "lower", f"Largest difference between two groups: {m.meaning[0].lower()}{m.meaning[1:]}", 0, _width(m), 0
        )
        for name, m in measures.items()
    }
    return {**measures, **gaps}


def _width(measure: Measure) -> float | None:
    return None if measure.high is None or measure.low is None else measure.high - measure.low


@dataclass(frozen=True)
class Means:
    """One value per row, to be averaged; its measure must have a range."""

    spec: ProbeSpec
    name: str
    values: Floats
    """Shape (n,), in an order that does not depend on how the rows were stored; NaN where not measured."""
    columns: Sequence[GroupColumn]
    """Members of shape (n, groups)."""
    slice: Mapping[str, str]
    undefined: str
    """Why there is no number where no row was measured."""
    floor: int = 30
    """Rows that a group needs to be compared."""
    units: Ints | None = None
    """Which rows are copies of one another, shape (n,), from 0, for values of 0 and 1. None: rows are independent."""

    def count(self, members: Bools) -> int:
        """Return how many of these rows were measured; if none, there is no number."""
        return int((members & ~np.isnan(self.values)).sum())

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        measure = self.spec.measures[self.name]
        assert measure.low is not None and measure.high is not None, f"{self.name} needs a range"
        return measure.low, measure.high

    def limits(self, members: Bools, critical: float) -> tuple[Floats, Floats]:
        """Return limits of each group's mean: Wilson's for a share of rows, else Student's with pseudo-values."""
        values, known = np.nan_to_num(self.values), members & ~np.isnan(self.values)[:, None]
        n, sums = known.sum(axis=0), values @ known
        if self.units is not None:
            size = effective_sizes(values, known, self.units)
            return wilson_limits(sums / n * size, size, critical)
        if self._counted:
            return wilson_limits(sums.round().astype(np.int64), n, critical)
        return mean_limits(sums, values**2 @ known, n, self.span, critical)

    def extremes(self, members: Bools) -> tuple[Floats, Floats] | None:
        """Return the least and the most that each group's mean can be; None where no value is open."""
        return None

    @property
    def _counted(self) -> bool:
        return self.span == (0, 1) and bool(np.isin(self.values[~np.isnan(self.values)], (0, 1)).all())

    @property
    def method(self) -> str:
        """What the interval of one group is called."""
        if self.units is not None:
            return "Wilson at the effective size, copies of one template being alike"
        return "Wilson" if self._counted else "Student's t, at least as wide as with a pseudo-value at either end"


def findings(means: Means, rng: np.random.Generator, *, groups: bool = True, gaps: bool = True) -> Iterator[Finding]:
    """Yield the mean of all rows, of each group, and the largest difference between two groups of each column.

    Parameters
    ----------
    means : Means
        What to average.
    rng : numpy.random.Generator
        Source of randomness for the intervals of the differences.
    groups, gaps : bool
        Whether to look at each group, and at the differences between them (``<name>_difference``).
    """
    everyone = np.ones(len(means.values), dtype=bool)
    yield _mean(means, everyone, {})
    for column in means.columns if groups else ():
        for value, member in zip(column.values, column.members.T, strict=True):
            yield _mean(means, member, {column.name: value})
        if column.unknown.any():
            yield _mean(means, column.unknown, {column.name: "unknown"})
        if gaps:
            yield _difference(means, column, substream(rng, means.name, column.name, *means.slice.values()))


def _mean(means: Means, member: Bools, group: dict[str, str]) -> Finding:
    where = {**means.slice, **group}
    values, n = means.values[member & ~np.isnan(means.values)], means.count(member)
    if not n:
        return means.spec.finding(means.name, None, 0, slice=where, note=means.undefined)
    if group and n < PRIVATE:
        return means.spec.finding(means.name, None, n, slice=where, note=too_small(n))
    low, high = (float(end[0]) for end in means.limits(member[:, None], Z))
    value = float(values.mean())
    # Rounding of the mean must not leave it outside its own interval.
    interval = Interval(low=min(low, value), high=max(high, value), method=means.method)
    return means.spec.finding(means.name, value, n, slice=where, interval=interval)


def _difference(means: Means, column: GroupColumn, rng: np.random.Generator) -> Finding:
    name, where = f"{means.name}_difference", {**means.slice, column.name: "*"}
    known = column.members & ~np.isnan(means.values)[:, None]
    counts = np.array([means.count(member) for member in column.members.T], dtype=np.int64)
    kept = np.flatnonzero(counts >= means.floor)
    if len(kept) < 2:
        note = f"fewer than two groups have {means.floor} rows"
        return means.spec.finding(name, None, int(counts.sum()), slice=where, note=note)
    members = known[:, kept]
    family = _family(means, members, rng)
    low, high = difference_limits([family])
    value = float(np.ptp(family.values))
    top = means.span[1] - means.span[0]
    interval = Interval(
        low=min(low, value), high=max(min(high, top), value), method=f"all pairs at once, max-t, {DRAWS} draws"
    )
    n = means.count(np.asarray(column.members[:, kept].any(axis=1)))
    return means.spec.finding(
        name, value, n, slice=where, interval=interval, note=_note(means, column, kept, family.values)
    )


def _family(means: Means, members: Bools, rng: np.random.Generator) -> Family:
    n, values = members.sum(axis=0), np.nan_to_num(means.values)
    averages = values @ members / n
    low, high = means.limits(members, Z)
    influence, there = members * (values[:, None] - averages) / n, members.astype(float)
    if means.units is not None:
        influence, there = alike(by_unit(influence, means.units), averages, n), by_unit(there, means.units)
    draws = correlated_draws(averages, (high - low) / (2 * Z), influence, DRAWS, rng)
    shared = there.T @ there > 0
    return Family(averages, partial(means.limits, members), draws, shared, means.extremes(members))


def _note(means: Means, column: GroupColumn, kept: np.ndarray, values: Floats) -> str:
    left = [name for g, name in enumerate(column.values) if g not in kept]
    out = f"; left out, fewer than {means.floor} rows: {', '.join(left)}" if left else ""
    return f"{ends([column.values[g] for g in kept], values)}{out}"
