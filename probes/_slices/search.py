"""The search for slices on one half of the rows, and the test of what it found on the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit.types import Bools, Floats
from probes._slices.conditions import Condition, Slice

WIDEST = 0.8
"""Share of the rows that a slice may have: more is nearly everything."""
PAIRED = 40
"""Single conditions that are tried in pairs, the strongest."""
DEPTH = 3
"""Of the decision tree, and so of its conjunctions."""
OVERLAP = 0.6
"""Jaccard index from which on two slices are one finding."""
MOST = 10
"""Slices taken to the test."""
PRICE = 10
"""How many times less likely by chance a slice must be for being longer by one."""


@dataclass(frozen=True)
class Search:
    """What was searched, and the slices it left."""

    searched: int
    passed: int
    """Slices within the rate of false discoveries, before overlapping ones were merged."""
    slices: tuple[Slice, ...]
    """The strongest first."""


def search(conditions: Sequence[Condition], wrong: Bools, half: Bools, floor: int, false_discoveries: float) -> Search:
    """Look for slices that are wrong more often than the other rows, on one half of the rows.

    Tried are single conditions, pairs of the strongest, and the paths of a shallow decision tree. A
    conjunction must be worse than the rows that miss any one of its conditions: the largest of
    those p-values counts. The Benjamini-Hochberg procedure limits the share of false discoveries.

    Parameters
    ----------
    conditions : sequence of Condition
        Of all rows.
    wrong : Bools, shape (n,)
        Rows whose prediction is wrong.
    half : Bools, shape (n,)
        Rows to search.
    floor : int
        Rows of that half that a slice needs.
    false_discoveries : float
        Expected share of false discoveries that is put up with.
    """
    from scipy.stats import false_discovery_control

    singles = _distinct([Slice(((c, true),)) for true in (True, False) for c in conditions], half, floor)
    strongest = [singles[k] for k in np.argsort(chances(singles, wrong, half), kind="stable")[:PAIRED]]
    pairs = [Slice(one.literals + other.literals) for one, other in combinations(strongest, 2)]
    tried = _distinct([*singles, *pairs, *_paths(conditions, wrong, half, floor)], half, floor)
    by_chance = chances(tried, wrong, half)
    passed = np.flatnonzero(false_discovery_control(by_chance) <= false_discoveries)
    return Search(len(tried), len(passed), _merged([(tried[k], float(by_chance[k])) for k in passed], half))


def _distinct(slices: Sequence[Slice], half: Bools, floor: int) -> list[Slice]:
    """Keep slices of enough rows and not of nearly all; of the same rows the first."""
    found: dict[bytes, Slice] = {}
    for one in slices:
        inside = one.members[half]
        if floor <= inside.sum() <= WIDEST * len(inside):
            found.setdefault(inside.tobytes(), one)
    return list(found.values())


def _paths(conditions: Sequence[Condition], wrong: Bools, half: Bools, floor: int) -> Iterator[Slice]:
    """Yield every node of a shallow tree that sets wrong predictions apart."""
    from sklearn.tree import DecisionTreeClassifier

    if not conditions or not half.any():
        return
    table = np.column_stack([condition.members[half] for condition in conditions])
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=floor, random_state=0).fit(table, wrong[half]).tree_
    open_nodes: list[tuple[int, tuple[tuple[Condition, bool], ...]]] = [(0, ())]
    while open_nodes:
        node, literals = open_nodes.pop()
        if literals:
            yield Slice(literals)
        for true, child in ((False, tree.children_left[node]), (True, tree.children_right[node])):
            if child >= 0:
                open_nodes.append((child, (*literals, (conditions[tree.feature[node]], true))))


def chances(slices: Sequence[Slice], wrong: Bools, rows: Bools, *, against_wider: bool = True) -> Floats:
    """Return how likely so many wrong predictions would be in each slice by chance, shape (slices,).

    One-sided p-values of Fisher's exact test against all other rows; with ``against_wider`` the
    largest of that and of those against the rows that miss one of its conditions.
    """
    from scipy.stats import hypergeom

    counts = []
    for owner, one in enumerate(slices):
        inside = one.members & rows
        for around in (rows, *(wider.members & rows for wider in (one.wider if against_wider else ()))):
            sizes = (around.sum(), (around & wrong).sum(), inside.sum(), (inside & wrong).sum())
            counts.append((owner, *map(int, sizes)))
    owners, whole, errors, drawn, hits = np.array(counts, dtype=np.int64).reshape(-1, 5).T
    largest = np.zeros(len(slices))
    np.maximum.at(largest, owners, hypergeom.sf(hits - 1, whole, errors, drawn))
    return largest


def _merged(found: Sequence[tuple[Slice, float]], half: Bools) -> tuple[Slice, ...]:
    """Keep of overlapping slices the strongest; a further condition must pay for itself."""
    ranked = sorted(found, key=lambda item: (item[1] * PRICE ** item[0].length, item[0].members[half].tobytes()))
    kept: list[Slice] = []
    for one, _ in ranked:
        if len(kept) < MOST and all(_overlap(one.members[half], other.members[half]) <= OVERLAP for other in kept):
            kept.append(one)
    return tuple(kept)


def _overlap(one: Bools, other: Bools) -> float:
    return float((one & other).sum() / (one | other).sum())


def holm(p_values: Floats) -> Floats:
    """Return p-values that hold for all tests at once (Holm 1979), shape (tests,)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted
