"""Judge a model's answers to the cases of a suite."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.types import Floats, Score
from probes._suites.cases import Case
from probes._suites.labels import OFTEN_ABSENT, Classes


@dataclass(frozen=True)
class Answer:
    """What a model made of one case."""

    passed: float
    """1 or 0; NaN where the case does not apply."""
    miss: float
    """How far off: the probability of wrong classes or, of a pair, the change that should not be; 0 to 1."""
    worst: int
    """Which changed text was farthest off, from 0; of a lone text 0."""
    scores: Floats
    """Of the text and of every changed text, shape (texts, classes)."""


def answers(cases: Sequence[Case], classes: Classes, score: Score, tolerance: float) -> list[Answer]:
    """Return the model's answer to every case; all texts are scored in one call.

    A lone text passes if its predicted class is an expected one. A pair passes if no changed
    text alters the prediction (``same``; where a class is expected, the prediction must be that),
    lowers (``up``) or raises (``down``) the probability of its class by more than ``tolerance``; a
    change of the prediction that moves the probability by less is let pass, too. A direction that
    names no class speaks of the class predicted for the first text, and does not apply where that
    is *neutral*.

    References
    ----------
    Ribeiro et al. 2020 (arXiv:2005.04118) and their package's ``Expect.inv`` and ``Expect.monotonic``.
    """
    texts = [text for case in cases for text in (case.text, *case.others)]
    ends = np.cumsum([1 + len(case.others) for case in cases])
    blocks = np.split(score(texts), ends[:-1])
    return [JUDGES[case.relation](case, block, classes, tolerance) for case, block in zip(cases, blocks, strict=True)]


def columns_of(case: Case, classes: Classes) -> list[int]:
    """Return the model's classes that a case names."""
    return sorted({k for label in case.expected for k in classes[label]})


def _expected(case: Case, scores: Floats, classes: Classes, tolerance: float) -> Answer:
    right = columns_of(case, classes)
    return Answer(float(scores[0].argmax() in right), 1 - float(scores[0, right].sum()), 0, scores)


def _same(case: Case, scores: Floats, classes: Classes, tolerance: float) -> Answer:
    label, right = scores[0].argmax(), columns_of(case, classes)
    if right and label not in right:
        return _expected(case, scores, classes, tolerance)
    moved = np.abs(scores[1:, label] - scores[0, label]) * (scores[1:].argmax(axis=1) != label)
    return _answer(moved, scores, tolerance)


def _up(case: Case, scores: Floats, classes: Classes, tolerance: float) -> Answer:
    return _directed(1, case, scores, classes, tolerance)


def _down(case: Case, scores: Floats, classes: Classes, tolerance: float) -> Answer:
    return _directed(-1, case, scores, classes, tolerance)


def _directed(sign: int, case: Case, scores: Floats, classes: Classes, tolerance: float) -> Answer:
    columns = columns_of(case, classes) or [int(scores[0].argmax())]
    if not case.expected and columns[0] in classes.get(OFTEN_ABSENT, ()):
        return Answer(np.nan, 0, 0, scores)
    of_class = scores[:, columns].sum(axis=1)
    return _answer(sign * (of_class[0] - of_class[1:]), scores, tolerance)


def _answer(wrong: Floats, scores: Floats, tolerance: float) -> Answer:
    worst = int(wrong.argmax())
    return Answer(float(wrong[worst] <= tolerance), max(float(wrong[worst]), 0.0), worst, scores)


JUDGES: dict[str | None, Callable[[Case, Floats, Classes, float], Answer]] = {
    None: _expected,
    "same": _same,
    "up": _up,
    "down": _down,
}
