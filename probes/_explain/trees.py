"""Which neighbouring parts of a text belong together, pair by pair up to the whole text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audit.types import Floats

CLAUSE, SENTENCE = 10.0, 20.0
"""What it costs to join parts across the end of a clause or sentence, in parts."""
_SENTENCE_END = re.compile(r"[.?!。！？…]")
_CLAUSE_END = re.compile(r"[,;:，；：、]")


@dataclass(frozen=True)
class Tree:
    """A binary tree: nodes below ``parts`` are parts of the text, the last node is the whole."""

    parts: int
    children: tuple[tuple[int, int], ...]
    """Of nodes ``parts``, ``parts + 1`` …; both come before their parent."""
    spans: tuple[tuple[int, int], ...]
    """First and last part of every node, the last excluded."""

    def size(self, node: int) -> int:
        """Return how many parts are under a node."""
        first, last = self.spans[node]
        return last - first


def by_sentence(parts: Sequence[str]) -> Tree:
    """Join the shortest neighbours first, across the ends of clauses and sentences last.

    In texts without brackets and without "and", "or" and "but" this is the tree of
    ``shap.maskers.Text``.
    """
    bare = [part.strip() for part in parts]
    costs = [_cost(left, right) for left, right in pairwise(bare)]
    return _join(np.array(costs), by_size=True)


def at_random(parts: int, rng: np.random.Generator) -> Tree:
    """Join neighbours in a random order."""
    return _join(rng.random(max(parts - 1, 0)), by_size=False)


def _cost(left: str, right: str) -> float:
    after = SENTENCE if _SENTENCE_END.match(left) else CLAUSE if _CLAUSE_END.match(left) else 0.0
    return after + bool(_SENTENCE_END.match(right) or _CLAUSE_END.match(right))


def _join(borders: Floats, *, by_size: bool) -> Tree:
    """Join the pair of least cost, the first where several are, until one is left.

    Parameters
    ----------
    borders : Floats, shape (parts - 1,)
        Cost of joining across each border.
    by_size : bool
        Whether the parts in a pair add to its cost.
    """
    spans = [(k, k + 1) for k in range(len(borders) + 1)]
    here = list(range(len(spans)))
    children: list[tuple[int, int]] = []
    costs = borders + 2.0 * by_size
    while len(here) > 1:
        k = int(costs.argmin())
        children.append((here[k], here[k + 1]))
        spans.append((spans[here[k]][0], spans[here[k + 1]][1]))
        here[k : k + 2] = [len(spans) - 1]
        costs = np.delete(costs, k)
        for pair in range(max(k - 1, 0), min(k + 1, len(costs))) if by_size else ():
            (first, border), (_, last) = spans[here[pair]], spans[here[pair + 1]]
            costs[pair] = borders[border - 1] + last - first
    return Tree(len(borders) + 1, tuple(children), tuple(spans))
