"""Whether the explanations of this model are to be believed."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.types import Curve, Evidence, Floats, Frozen, Subject
from probes._by_group import with_difference
from probes._explain.faithful import STEPS
from probes._explain.quality import METHODS, RANDOM, SHAP, Quality, quality
from probes._explain.rows import Report, draw, pool
from probes._groups import PRIVATE


class Params(Frozen):
    """Parameters of ``explain.quality``."""

    rows: int = Field(30, ge=1)
    """Test texts whose explanations are put to the test; the first of those that ``explain.shap`` explains."""
    max_evals: int = Field(200, ge=4)
    """Versions of a text for one explanation, as for ``explain.shap``."""
    min_group: int = Field(8, ge=PRIVATE)
    """Texts that a group needs to be compared."""


FAITHFUL = {
    "comprehensiveness": Measure(
        "higher", "Fall of the score when the words that the explanation names first are hidden.", -1, 1, 1
    ),
    "sufficiency": Measure(
        "lower", "Fall of the score when only the words that the explanation names first are shown.", -1, 1, 0
    ),
    "deletion_auc": Measure("lower", "Mean score while words are hidden, the strongest first.", 0, 1, 0),
    "insertion_auc": Measure("higher", "Mean score while words are shown, the strongest first.", 0, 1, 1),
}
GAIN = "Better than words in random order"
OVER_RANDOM = {
    "comprehensiveness_over_random": Measure("higher", f"{GAIN}: higher comprehensiveness.", -1, 1, 1),
    "sufficiency_over_random": Measure("higher", f"{GAIN}: lower sufficiency.", -1, 1, 1),
    "deletion_auc_over_random": Measure("higher", f"{GAIN}: lower deletion area.", -1, 1, 1),
    "insertion_auc_over_random": Measure("higher", f"{GAIN}: higher insertion area.", -1, 1, 1),
}
COMPARED = "comprehensiveness_over_random"
MEASURES = {
    **FAITHFUL,
    **OVER_RANDOM,
    **with_difference({COMPARED: OVER_RANDOM[COMPARED]}),
    "stability": Measure("higher", "Rank correlation of explanations that ought to be alike.", -1, 1, 1),
    "agreement": Measure("higher", "Rank correlation of SHAP values with leave-one-out.", -1, 1, 1),
}
TOO_SHORT = "no text explained has two words"
UNDEFINED = {
    "seed": "no text explained has three words of which some move the score",
    "noise": "no text explained has three words that move its score and keeps its class after a slip of the keyboard",
}


@probe(
    "explain.quality",
    version=1,
    values=("transparency", "fairness"),
    needs=("model", "labels"),
    measures=MEASURES,
    quick={"rows": 10, "max_evals": 60},
)
def explain_quality(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Whether the words that explanations name are those that the model goes by. Ideal: stability and agreement 1.

    The words of a text are hidden, or shown alone, in the order of their SHAP values for the class
    predicted, of the fall of the score without each of them, and in random orders; an explanation
    that does no better than random orders says nothing. Stability compares an explanation with
    that under another, random tree of the words ("seed") and with that of the same text after slips
    of the keyboard that leave its class ("noise").

    References
    ----------
    DeYoung et al. 2020 (ERASER, arXiv:1911.03429); Petsiuk et al. 2018 (RISE, arXiv:1806.07421);
    Alvarez-Melis and Jaakkola 2018 (arXiv:1806.08049), stability; requirement V07.
    """
    drawn = draw(subject, np.ones(len(subject.test), dtype=bool), params.rows, params.min_group)
    rows = pool(subject, drawn.every())
    found = quality(subject, rows, params.max_evals, rng)
    report = Report(explain_quality, rows, drawn, params.min_group, rng)
    for name in FAITHFUL:
        for method in METHODS:
            yield report.overall(name, _of(found, method, name), TOO_SHORT, {"method": method})
        gain = _of(found, SHAP, name) - _of(found, RANDOM, name)
        better = gain if MEASURES[name].better == "higher" else -gain
        over = f"{name}_over_random"
        yield from report.all(over, better, TOO_SHORT, gaps=over == COMPARED)
    for condition, values in found.stability.items():
        yield from report.all("stability", values, UNDEFINED[condition], where={"condition": condition})
    yield from report.all("agreement", found.agreement, UNDEFINED["seed"])
    yield from _curves(found, np.isin(rows.rows, drawn.rows))


def _of(found: Quality, method: str, name: str) -> Floats:
    values: Floats = getattr(found.methods[method], name.removesuffix("_auc"))
    return values


def _curves(found: Quality, everyone: np.ndarray) -> Iterator[Curve]:
    for method, measured in found.methods.items():
        points = measured.deletion_curve[everyone]
        points = points[~np.isnan(points).any(axis=1)]
        if len(points):
            yield Curve(
                name="explain.quality.deletion",
                slice={"method": method},
                x_label="share of words hidden, the strongest first",
                y_label="probability of the class predicted",
                # Without any word all methods see the same empty text.
                x=STEPS[:-1],
                y=tuple(points.mean(axis=0)[:-1].tolist()),
                n=(len(points),) * (len(STEPS) - 1),
            )
