"""What noise does to predictions, in numbers: over all perturbations, by each, by severity and by group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import TAILS, Z, mean_limits
from audit.types import Bools, Finding, Floats, Interval
from probes._by_group import Means, findings, with_difference
from probes._groups import PRIVATE, too_small
from probes._noised import Effect, Noised

DIGITS = 9
"""Flip rates that agree so far are ranked as equal: rounding must not tell them apart."""

MEASURES = {
    **with_difference(
        {
            "flip_rate": Measure("lower", "Share of predictions that noise changes.", 0, 1, 0),
            "accuracy_change": Measure("higher", "Accuracy under noise minus accuracy without, row by row.", -1, 1, 0),
            "score_shift": Measure(
                "lower", "Mean absolute change of the probability of the class predicted before.", 0, 1, 0
            ),
            "severity_area": Measure(
                "lower", "Area under the flip rate over severity, as a share of the largest possible.", 0, 1, 0
            ),
        }
    ),
    "worst_flip_rate": Measure("lower", "Flip rate under the perturbation that changes most predictions.", 0, 1, 0),
    "flip_rate_plain": Measure("lower", "Flip rate of the same recipe trained without augmentation.", 0, 1, 0),
    "flip_rate_change": Measure("lower", "Flip rate of the model minus that without augmentation, row by row.", -1, 1),
}


@dataclass(frozen=True)
class Report:
    """Noise on the rows of a sample, and how to speak of it."""

    spec: ProbeSpec
    noise: Noised
    floor: int
    """Rows that a group or perturbation needs to be compared."""
    rng: np.random.Generator
    """For the intervals of differences."""

    def over_all(
        self, name: str, values: Floats, where: Mapping[str, str], *, groups: bool = True, gaps: bool = False
    ) -> Iterator[Finding]:
        """Yield the mean over rows of each row's mean over perturbations, values being (perturbations, rows)."""
        yield from self._findings(name, mean_of_known(values), where, groups=groups, gaps=gaps)

    def by_perturbation(
        self, name: str, values: Floats, where: Mapping[str, str], *, groups: bool = False, gaps: bool = False
    ) -> Iterator[Finding]:
        """Yield the mean over rows for each perturbation, values being (perturbations, rows)."""
        for perturbation, of_rows in zip(self.noise.names, values, strict=True):
            here = {"perturbation": perturbation, **where}
            yield from self._findings(name, of_rows, here, groups=groups, gaps=gaps)

    def _findings(
        self, name: str, values: Floats, where: Mapping[str, str], *, groups: bool, gaps: bool
    ) -> Iterator[Finding]:
        undefined = "no text of these rows can be changed so"
        means = Means(self.spec, name, values, self.noise.rows.columns, where, undefined, self.floor)
        yield from findings(means, self.rng, groups=groups, gaps=gaps)

    def worst(self, flips: Floats) -> Iterator[Finding]:
        """Yield the flip rate of the worst perturbation over all rows, and of each group's own worst."""
        yield self._worst(flips, np.ones(len(self.noise.rows), dtype=bool), {})
        for column in self.noise.rows.columns:
            for value, member in zip(column.values, column.members.T, strict=True):
                yield self._worst(flips, member, {column.name: value})

    def _worst(self, flips: Floats, member: Bools, where: dict[str, str]) -> Finding:
        size = int(member.sum())
        if where and size < PRIVATE:
            return self.spec.finding("worst_flip_rate", None, size, slice=where, note=too_small(size))
        n = (~np.isnan(flips[:, member])).sum(axis=1)
        kept = np.flatnonzero(n >= self.floor)
        if not len(kept):
            note = f"no perturbation can change {self.floor} of these rows"
            return self.spec.finding("worst_flip_rate", None, size, slice=where, note=note)
        values, interval = worst_limits(flips[kept][:, member])
        worst = int(values.round(DIGITS).argmax())
        note = self._named(kept[worst], values[worst], n < self.floor)
        return self.spec.finding(
            "worst_flip_rate", float(values[worst]), int(n[kept[worst]]), slice=where, interval=interval, note=note
        )

    def _named(self, worst: int, value: float, left_out: Bools) -> str:
        named = f"worst: {self.noise.names[worst]}" if value else "no perturbation changes a prediction"
        rare = ", ".join(name for name, out in zip(self.noise.names, left_out, strict=True) if out)
        return f"{named}; left out, fewer than {self.floor} rows: {rare}" if rare else named


def worst_limits(flips: Floats) -> tuple[Floats, Interval]:
    """Return the mean of each perturbation, and an interval of the largest true mean.

    The largest of several estimates lies too high. Its lower limit is therefore the largest of
    lower limits that hold for all perturbations at once (Bonferroni). The upper limit needs no
    such care: whichever perturbation is truly the worst, the largest of the upper limits is no
    smaller than its own (Berger 1982, Technometrics 24:295).

    Parameters
    ----------
    flips : Floats, shape (perturbations, rows)
        From 0 to 1; NaN where a perturbation cannot change a row, but not for all rows.
    """
    many = len(flips)
    n, sums, squares = (~np.isnan(flips)).sum(axis=1), np.nansum(flips, axis=1), np.nansum(flips**2, axis=1)
    low, _ = mean_limits(sums, squares, n, (0, 1), NormalDist().inv_cdf(1 - TAILS[0] / many))
    _, high = mean_limits(sums, squares, n, (0, 1), Z)
    method = f"largest of {many}: Student's t with two pseudo-values at either end, Bonferroni below"
    return sums / n, Interval(low=float(low.max()), high=float(high.max()), method=method)


def noise_findings(report: Report, effect: Effect) -> Iterator[Finding]:
    """Yield everything measured of one model."""
    pooled = {
        "flip_rate": effect.flips.mean(axis=2),
        "accuracy_change": effect.accuracy.mean(axis=2),
        "score_shift": effect.shift.mean(axis=2),
        "severity_area": effect.flips @ trapezoid(report.noise.severities),
    }
    for name, values in pooled.items():
        yield from report.over_all(name, values, {}, gaps=True)
        groups = name in ("flip_rate", "accuracy_change")
        yield from report.by_perturbation(name, values, {}, groups=groups, gaps=name == "flip_rate")
    yield from report.worst(pooled["flip_rate"])
    for s, severity in enumerate(report.noise.severities):
        where = {"severity": str(severity)}
        yield from report.over_all("flip_rate", effect.flips[:, :, s], where)
        yield from report.by_perturbation("flip_rate", effect.flips[:, :, s], where)


def plain_findings(report: Report, effect: Effect, plain: Effect) -> Iterator[Finding]:
    """Yield what the model without augmentation does, and what augmentation changed."""
    flips = plain.flips.mean(axis=2)
    for name, values in {"flip_rate_plain": flips, "flip_rate_change": effect.flips.mean(axis=2) - flips}.items():
        yield from report.over_all(name, values, {})
        yield from report.by_perturbation(name, values, {})


def mean_of_known(values: Floats) -> Floats:
    """Return the mean of each column without its NaN; NaN where there is nothing else."""
    known = (~np.isnan(values)).sum(axis=0)
    sums, undefined = np.nansum(values, axis=0), np.full(values.shape[1], np.nan)
    return np.asarray(np.divide(sums, known, out=undefined, where=known > 0))


def trapezoid(severities: tuple[int, ...]) -> Floats:
    """Return the weights of rising severities in the area under a line through them; they sum to 1."""
    if len(severities) == 1:
        return np.ones(1)
    steps = np.diff(severities) / (severities[-1] - severities[0])
    return np.asarray((np.append(steps, 0) + np.append(0, steps)) / 2)
