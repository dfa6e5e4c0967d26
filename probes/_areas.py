"""Areas under the ROC curve by group, with the limited-pair areas of Borkan et al. 2019 (arXiv:1903.04561)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import Z, auc, newcombe_auc, newcombe_limits, substream
from audit.types import Bools, Finding, Floats, Interval, Ints, Subject
from probes._gaps import Family, correlated_draws, difference_limits, ends
from probes._groups import PRIVATE, Groups, too_small
from probes._rows import canonical_order

AREA_MEASURES = {
    "auc": Measure("higher", "Area under the ROC curve among the group's rows.", 0, 1, 1),
    "subgroup_auc": Measure("higher", "Area under the ROC curve among the group's rows (Borkan et al.).", 0, 1, 1),
    "bpsn_auc": Measure("higher", "The group's negatives ranked below everybody else's positives.", 0, 1, 1),
    "bnsp_auc": Measure("higher", "The group's positives ranked above everybody else's negatives.", 0, 1, 1),
    "auc_difference": Measure("lower", "Largest difference between two groups of the area.", 0, 1, 0),
}

ROWS: dict[str, Callable[[Bools, Bools], Bools]] = {
    "auc": lambda member, positive: member,
    "subgroup_auc": lambda member, positive: member,
    "bpsn_auc": lambda member, positive: member ^ positive,
    "bnsp_auc": lambda member, positive: member == positive,
}
"""Which rows each area ranks. BPSN, background positive and subgroup negative: in the group or positive, not both."""


@dataclass(frozen=True)
class Ranking:
    """Rows of one class ranked against the rest, in an order that does not depend on how they were stored."""

    slice: dict[str, str]
    scores: Floats
    positive: Bools
    members: Bools
    """Shape (n, groups)."""

    def area(self, name: str, group: int) -> tuple[float, int, int]:
        """Return one area of a group (NaN where undefined), its positives and its negatives."""
        rows = ROWS[name](self.members[:, group], self.positive)
        positives = int(self.positive[rows].sum())
        return auc(self.scores[rows], self.positive[rows]), positives, int(rows.sum()) - positives


def area_findings(
    spec: ProbeSpec, subject: Subject, groups: Groups, *, floor: int, draws: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield the areas of every group, and their largest difference by class and of the worst class."""
    if subject.predicted.scores is None:
        for name in AREA_MEASURES:
            note = "needs scores; the model gave only labels"
            yield spec.finding(name, None, len(subject.test), slice=groups.across, note=note)
        return
    ranked = rankings(subject, subject.predicted.scores, groups)
    for ranking in ranked:
        for g, where in enumerate(groups.slices):
            for name in ROWS:
                yield _area_finding(spec, ranking, name, g, where | ranking.slice)
    gaps = [Gap.of(r, groups, floor, draws, substream(rng, *r.slice.values())) for r in ranked]
    if len(gaps) > 1:
        for gap in gaps:
            yield _gap_finding(spec, groups, [gap], groups.across | gap.slice)
    yield _gap_finding(spec, groups, gaps, groups.across)


def rankings(subject: Subject, scores: Floats, groups: Groups) -> list[Ranking]:
    """Return the ranking of the positive class, or of each of several."""
    classes = len(subject.labels)
    found = []
    for label in (subject.positive,) if classes == 2 else range(classes):
        positive = subject.test.labels == label
        order = canonical_order(groups.members, positive, scores[:, label])
        where = {} if classes == 2 else {"class": subject.labels[label]}
        found.append(Ranking(where, scores[order, label], positive[order], groups.members[order]))
    return found


def _area_finding(spec: ProbeSpec, ranking: Ranking, name: str, group: int, where: dict[str, str]) -> Finding:
    size = int(ranking.members[:, group].sum())
    if size < PRIVATE:
        return spec.finding(name, None, size, slice=where, note=too_small(size))
    value, positives, negatives = ranking.area(name, group)
    if np.isnan(value):
        note = "undefined: needs rows of the class and rows of others"
        return spec.finding(name, None, positives + negatives, slice=where, note=note)
    interval = newcombe_auc(value, positives, negatives)
    return spec.finding(name, value, positives + negatives, slice=where, interval=interval)


# --- across groups ------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """The areas of the groups that can be compared, for one class."""

    slice: dict[str, str]
    groups: Ints
    n: int
    family: Family

    @classmethod
    def of(cls, ranking: Ranking, groups: Groups, floor: int, draws: int, rng: np.random.Generator) -> "Gap":
        areas = [ranking.area("auc", g) for g in range(len(groups.slices))]
        values, positives, negatives = (np.array(column) for column in zip(*areas, strict=True))
        kept = np.flatnonzero(groups.compared & np.isfinite(values) & (positives + negatives >= floor))
        members = ranking.members[:, kept]
        limits = partial(newcombe_limits, values[kept], positives[kept], negatives[kept])
        replicates = _replicates(ranking, kept, values[kept], limits(Z), draws, rng)
        shared = (members.T.astype(np.int64) @ members) > 0
        n = int(members.any(axis=1).sum())
        return cls(ranking.slice, kept, n, Family(values[kept], limits, replicates, shared))

    @property
    def value(self) -> float:
        """Largest minus smallest."""
        return float(np.ptp(self.family.values))


def _replicates(
    ranking: Ranking, kept: Ints, values: Floats, limits: tuple[Floats, Floats], draws: int, rng: np.random.Generator
) -> Floats:
    """Draw areas with the widths of Newcombe's intervals and the correlation of DeLong et al. 1988."""
    influence = np.stack([_influence(ranking, g) for g in kept], axis=1) if len(kept) else np.empty((0, 0))
    return correlated_draws(values, (limits[1] - limits[0]) / (2 * Z), influence, draws, rng)


def _influence(ranking: Ranking, group: int) -> Floats:
    """Return how far each row moves the area of a group, but for its sign, which is one in all groups."""
    member, influence = ranking.members[:, group], np.zeros(len(ranking.scores))
    for positive in (True, False):
        own, other = (member & (ranking.positive == side) for side in (positive, not positive))
        rivals, scores = ranking.scores[other], ranking.scores[own]
        below = np.searchsorted(rivals, scores, "left") + np.searchsorted(rivals, scores, "right")
        influence[own] = (below - below.mean()) / (2 * len(rivals) * len(scores))
    return influence


def _gap_finding(spec: ProbeSpec, groups: Groups, gaps: list[Gap], where: dict[str, str]) -> Finding:
    defined = [gap for gap in gaps if len(gap.groups) > 1]
    if not defined:
        note = "fewer than two groups have rows enough, both of the class and of others"
        return spec.finding("auc_difference", None, 0, slice=where, note=note)
    worst = max(defined, key=lambda gap: gap.value)
    # Classes are drawn independently, which is on the safe side (Gaussian correlation inequality).
    low, high = difference_limits([gap.family for gap in defined])
    method = f"all pairs at once, max-t, {len(worst.family.draws)} draws"
    interval = Interval(low=low, high=min(high, 1.0), method=method)
    note = _note(groups, worst, [gap for gap in gaps if len(gap.groups) < 2])
    return spec.finding("auc_difference", worst.value, worst.n, slice=where, interval=interval, note=note)


def _note(groups: Groups, gap: Gap, missing: list[Gap]) -> str:
    told = ends([groups.names[g] for g in gap.groups], gap.family.values)
    left = [name for g, name in enumerate(groups.names) if groups.compared[g] and g not in gap.groups]
    notes = [told, f"left out, too few rows: {', '.join(left)}" if left else ""]
    notes.append(groups.remark)
    if gap.slice:
        notes.insert(0, f"class {gap.slice['class']!r}")
    if missing:
        notes.append(f"not defined for class {', '.join(m.slice['class'] for m in missing)}")
    return "; ".join(note for note in notes if note)
