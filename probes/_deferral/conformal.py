"""Sets of classes that hold the true one as often as promised."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import TAILS, substream
from audit.types import Bools, Finding, Floats, GroupColumn, Ints
from probes._by_group import Means, findings, with_difference
from probes._deferral.ranked import Ranked
from probes._rows import group_rows

MEASURES = with_difference(
    {
        "conformal_coverage": Measure("higher", "Share of rows whose set of classes holds the true one.", 0, 1),
        "set_size": Measure("lower", "Classes in a row's set; other than one asks for a person's look.", 0, None, 1),
    }
)
SURPRISE = 0.05
"""Chance, corrected for the number of groups, below which a coverage is called too low."""
NAMES = ("conformal_coverage", "set_size")
ROUNDING = 1e-8
"""Scores this near the threshold are in the set, as in MAPIE."""


@dataclass(frozen=True)
class _Sizes(Means):
    """Set sizes, whose range ends with the number of classes."""

    classes: int = 2

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        return 0.0, float(self.classes)


def threshold(scores: Floats, labels: Ints, alpha: float) -> float:
    """Return how far from 1 the probability of a class in the set may be.

    The least ambiguous set-valued classifier (Sadinle, Lei and Wasserman 2019, JASA
    114:223): the k-th smallest distance of a true class's probability from 1, with
    k = ceil((n + 1) (1 - alpha)). Where k exceeds n, too few rows for the promise, it is 1 and every class is
    in the set.

    Parameters
    ----------
    scores : Floats, shape (n, classes)
        Probabilities of the calibration rows.
    labels : Ints, shape (n,)
        Their true classes.
    alpha : float
        Share of sets that may miss the true class.
    """
    n = len(labels)
    place = _place(n, alpha)
    return float(np.sort(1 - scores[np.arange(n), labels])[place - 1]) if place <= n else 1.0


def _place(n: int, alpha: float) -> int:
    # Rounding must not turn 9.000000000000002 into 10.
    return ceil((n + 1) * (1 - alpha) - 1e-9)


def sets(scores: Floats, thresholds: Floats) -> Bools:
    """Return which classes are in each row's set, shape (n, classes); thresholds of shape (n,)."""
    return np.asarray(1 - scores - thresholds[:, None] <= ROUNDING)


def conformal_findings(
    spec: ProbeSpec, test: Ranked, validation: Ranked | None, alpha: float, floor: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield coverage and size of the sets with one threshold for all, then with one for each group."""
    if validation is None:
        note = "not measured: sets need the scores of a validation split"
        yield from (spec.finding(name, None, len(test), note=note) for name in MEASURES)
        return
    n = len(validation)
    found = sets(test.scores, np.full(len(test), threshold(validation.scores, validation.labels, alpha)))
    tests = {column.name: len(column.values) for column in test.columns}
    for finding in _measured(spec, test, found, test.columns, {}, floor, rng):
        of_column = next(iter(finding.slice), "")
        if finding.metric == f"{spec.id}.conformal_coverage":
            marked = _marked(finding, n, alpha, tests.get(of_column, 1))
            yield marked if of_column else _noted(marked, _promise(n, alpha))
        else:
            yield finding
    for column in test.columns:
        yield from _mondrian(spec, test, validation, column, alpha, floor, rng)


def _measured(
    spec: ProbeSpec,
    test: Ranked,
    found: Bools,
    columns: tuple[GroupColumn, ...],
    where: dict[str, str],
    floor: int,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    held = found[np.arange(len(test)), test.labels].astype(np.float64)
    sizes = found.sum(axis=1).astype(np.float64)
    yield from findings(Means(spec, "conformal_coverage", held, columns, where, "no rows", floor), rng)
    classes = found.shape[1]
    yield from findings(_Sizes(spec, "set_size", sizes, columns, where, "no rows", floor, classes=classes), rng)


def _marked(finding: Finding, n: int, alpha: float, tests: int) -> Finding:
    """Say where fewer rows are covered than chance explains, by ``n`` calibration rows and among so many groups.

    Of rows like the calibration rows, the number covered has a beta-binomial distribution (Vovk 2012,
    arXiv:1209.2673).
    """
    from scipy.stats import betabinom

    place = _place(n, alpha)
    if finding.value is None:
        return finding
    if place > n:
        return _noted(finding, f"too few validation rows ({n}) to promise {1 - alpha:g}: every class is in the set")
    hits = round(finding.value * finding.n)
    chance = min(1.0, tests * float(betabinom.cdf(hits, finding.n, place, n + 1 - place)))
    if chance >= SURPRISE:
        return finding
    return _noted(finding, f"below the promised {1 - alpha:g}, beyond chance (p = {chance:.2g})")


def _promise(n: int, alpha: float) -> str:
    """Return in words how near to the promise so many calibration rows bring the coverage; empty where too few."""
    from scipy.stats import beta

    place = _place(n, alpha)
    if place > n:
        return ""
    low, high = beta.ppf(TAILS, place, n + 1 - place)
    return f"with {n:,} validation rows, sets that promise {1 - alpha:g} cover {low:.1%} to {high:.1%} of new rows"


def _noted(finding: Finding, note: str) -> Finding:
    return finding.model_copy(update={"note": "; ".join(part for part in (finding.note, note) if part)})


# --- a threshold for each group -----------------------------------------------------------


def _mondrian(
    spec: ProbeSpec,
    test: Ranked,
    validation: Ranked,
    column: GroupColumn,
    alpha: float,
    floor: int,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    """Yield coverage and size by group where each group has its own threshold (Vovk et al. 2003, Mondrian)."""
    where = {"method": "mondrian"}
    known = next((c for c in validation.columns if c.name == column.name), None)
    if known is None:
        note = f"not measured: the validation split has no column {column.name!r}"
        across = where | {column.name: "*"}
        yield from (spec.finding(name, None, len(test), slice=across, note=note) for name in NAMES)
        return
    sizes = {group: int(member.sum()) for group, member in group_rows(known)}
    found = sets(test.scores, group_thresholds(validation, known, column, alpha))
    for finding in _measured(spec, test, found, (column,), where, floor, substream(rng, "mondrian")):
        group = finding.slice.get(column.name)
        if group and finding.metric == f"{spec.id}.conformal_coverage":
            yield _marked(finding, sizes.get(group, 0), alpha, len(column.values))
        elif group:
            yield finding


def group_thresholds(validation: Ranked, known: GroupColumn, column: GroupColumn, alpha: float) -> Floats:
    """Return each test row's threshold, shape (n,): the largest of its groups', or that of rows of no group.

    The larger threshold gives the larger set, so that a row of several groups keeps the promise to each.
    """
    rows = dict(zip(known.values, known.members.T, strict=True))
    nobody = np.zeros(len(validation), dtype=bool)
    members = [rows.get(value, nobody) for value in column.values]
    limits = [threshold(validation.scores[m], validation.labels[m], alpha) for m in (*members, known.unknown)]
    belongs = np.column_stack([column.members, column.unknown])
    return np.asarray(np.where(belongs, limits, 0.0).max(axis=1))
