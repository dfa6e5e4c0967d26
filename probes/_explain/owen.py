"""SHAP values of the parts of texts by shap's partition explainer, for many texts in merged requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain, count
from typing import NamedTuple

import numpy as np

from audit.types import Bools, Floats, Score
from probes._explain.passages import Passage
from probes._explain.trees import Tree

STEP = 16
"""Masks of one text that are scored at a time."""


@dataclass(frozen=True)
class Explained:
    """What the parts of a text add to the scores of each class."""

    values: Floats
    """Shape (parts, classes)."""
    base: Floats
    """Scores with every part hidden, shape (classes,)."""


def explain(texts: Sequence[tuple[Passage, Tree]], score: Score, budget: int, *, step: int = STEP) -> list[Explained]:
    """Return the Owen values of the parts of each text under its tree.

    The effect of a node is that of showing its parts, averaged over whether its sibling, and the
    sibling of each node above it, is shown. Nodes of the largest effect are split first; where the
    budget ends, the effect of a node is divided evenly among its parts. Each request holds the
    masks of all texts.

    Parameters
    ----------
    texts : sequence of (Passage, Tree)
        What to explain.
    score : callable
        The model.
    budget : int
        Masks per text, the empty and the full one included.
    step : int
        Masks of one text in one request, shap's ``batch_size``.

    References
    ----------
    Lundberg et al. (shap 0.51, ``shap.PartitionExplainer``); Owen 1977,
    doi:10.1007/978-3-642-45494-3_7.
    """
    if not texts:
        return []
    ends = score([text for passage, _ in texts for text in _ends(passage)])
    searches = [
        _Search(passage, tree, ends[2 * k], ends[2 * k + 1], budget - 2, step)
        for k, (passage, tree) in enumerate(texts)
    ]
    while any(asked := [search.ask() for search in searches]):
        scores = score(list(chain.from_iterable(asked)))
        borders = np.cumsum([len(masked) for masked in asked])[:-1]
        for search, part in zip(searches, np.split(scores, borders), strict=True):
            search.tell(part)
    return [search.explained() for search in searches]


def _ends(passage: Passage) -> tuple[str, str]:
    return passage.show(np.zeros(len(passage), dtype=bool)), passage.show(np.ones(len(passage), dtype=bool))


class _Task(NamedTuple):
    """A node, what is shown around it, and the scores without and with its parts."""

    node: int
    around: Bools
    without: Floats
    with_it: Floats
    weight: float


class _Search:
    """The state of the explanation of one text."""

    def __init__(self, passage: Passage, tree: Tree, base: Floats, whole: Floats, budget: int, step: int) -> None:
        self._passage, self._tree, self._base = passage, tree, base
        self._left, self._step = budget, step
        self._effects = np.zeros((len(tree.spans), len(base)))
        self._queue: list[tuple[float, int, _Task]] = []
        self._ticket = count()
        self._open: list[_Task] = []
        if len(passage):
            self._put(_Task(len(tree.spans) - 1, np.zeros(len(passage), dtype=bool), base, whole, 1.0))

    def ask(self) -> list[str]:
        """Return the texts to be scored next, two for each node that is split; none at the end."""
        self._open = []
        while self._queue and 2 * len(self._open) < min(self._step, self._left):
            task = heappop(self._queue)[2]
            if task.node < self._tree.parts:
                self._credit(task)
            else:
                self._open.append(task)
        self._left -= 2 * len(self._open)
        return [self._passage.show(mask) for task in self._open for mask in self._halves(task)]

    def tell(self, scores: Floats) -> None:
        """Take the scores of what was asked, shape (texts, classes)."""
        for task, left, right in zip(self._open, scores[::2], scores[1::2], strict=True):
            with_left, with_right = self._halves(task)
            first, second = self._tree.children[task.node - self._tree.parts]
            half = task.weight / 2
            self._put(_Task(first, task.around, task.without, left, half))
            self._put(_Task(second, task.around, task.without, right, half))
            self._put(_Task(first, with_right, right, task.with_it, half))
            self._put(_Task(second, with_left, left, task.with_it, half))

    def explained(self) -> Explained:
        """Return what each part adds; what was not split further is divided evenly."""
        for _, _, task in self._queue:
            self._credit(task)
        effects, tree = self._effects, self._tree
        for node in range(len(tree.spans) - 1, tree.parts - 1, -1):
            for child in tree.children[node - tree.parts]:
                effects[child] += effects[node] * (tree.size(child) / tree.size(node))
        return Explained(effects[: len(self._passage)], self._base)

    def _put(self, task: _Task) -> None:
        effect = float(np.abs(task.with_it - task.without).max()) * task.weight
        heappush(self._queue, (-effect, next(self._ticket), task))

    def _credit(self, task: _Task) -> None:
        self._effects[task.node] += (task.with_it - task.without) * task.weight

    def _halves(self, task: _Task) -> tuple[Bools, Bools]:
        """Return what is shown with one and the other child of the task's node."""
        left, right = task.around.copy(), task.around.copy()
        first, second = self._tree.children[task.node - self._tree.parts]
        left[slice(*self._tree.spans[first])] = True
        right[slice(*self._tree.spans[second])] = True
        return left, right
