"""What would be gained, and by whom, if people decided what the model is least certain of."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from audit.registry import Skip, probe
from audit.stats import substream
from audit.types import Evidence, Frozen, Subject
from probes._deferral import conformal, decisions, review, risk, simulation, thresholds
from probes._deferral.decisions import Decisions, decision_evidence
from probes._deferral.ranked import ranked, unranked
from probes._deferral.simulation import Person
from probes._groups import PRIVATE


class Params(Frozen):
    """Parameters of ``human.deferral``."""

    share: float = Field(0.1, gt=0, lt=1)
    """Share of rows, the least certain, that goes to people."""
    required_accuracy: float = Field(0.9, gt=0, le=1)
    """Accuracy that the rows kept by the model should have."""
    alpha: float = Field(0.1, gt=0, lt=1)
    """Share of conformal sets that may miss the true class."""
    human_accuracy: float | None = Field(None, ge=0, le=1)
    """How often a person is right, for the simulation; where it is None, as measured from ``human_column``."""
    human_cost: float = Field(0.1, ge=0)
    """Cost of one review."""
    error_cost: float = Field(1.0, ge=0)
    """Cost of one wrong decision, in the same unit."""
    human_column: str | None = None
    """Column of people's first decisions, made without the model; listed in ``[data] columns``."""
    final_column: str | None = None
    """Column of the final decisions, made with the model's answer at hand; listed in ``[data] columns``."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared."""
    examples: int = Field(12, ge=0)
    """Texts to show; 0 for texts that may not be shown."""


BY_SCORES = risk.MEASURES | thresholds.MEASURES | review.MEASURES | conformal.MEASURES | simulation.MEASURES
UNSCORED = "the model's predictions have no scores, only labels"


@probe(
    "human.deferral",
    version=3,
    values=("collaboration", "fairness"),
    needs=("labels",),
    measures=BY_SCORES | decisions.MEASURES,
    decisions=("human_column", "final_column"),
)
def human_deferral(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """How far review of the least certain rows lowers errors, and whose. Ideal: errors and differences 0, accuracy 1.

    Certainty is the highest probability of a row. Thresholds come from the validation split where
    it has scores. Areas are means over the orders of equally certain rows; elsewhere a hash of
    the id decides which of them is reviewed first. Conformal sets promise to hold the true class
    in a share of 1 - alpha over all rows; only with a threshold for each group ("mondrian") do
    they promise it to each group. A simulated person is as accurate as declared or measured,
    on every row alike; reliance is read off people's decisions where there are any.

    References
    ----------
    Geifman and El-Yaniv 2017 (arXiv:1705.08500); Jones et al. 2021 (arXiv:2010.14134), selective
    classification can hurt groups; Romano et al. 2020 (arXiv:1908.05428), coverage by group;
    Schemmer et al. 2023 (arXiv:2302.02187), reliance.
    """
    seed = int(substream(rng, "ties").integers(2**32))
    test = ranked(subject, "test", seed)
    if test is None:
        yield from _by_labels(subject, params, seed, rng)
        return
    validation = ranked(subject, "validation", seed)
    tuned_on, floor = validation or test, params.min_group
    decided = Decisions.of(subject.test, test, params.human_column, params.final_column)
    yield from risk.risk_evidence(human_deferral, test, tuned_on, params.required_accuracy, floor, rng)
    yield from review.review_evidence(human_deferral, test, tuned_on, params.share, floor, rng)
    yield from conformal.conformal_findings(human_deferral, test, validation, params.alpha, floor, rng)
    yield from simulation.simulation_evidence(human_deferral, test, tuned_on, _person(params, decided))
    yield from decision_evidence(human_deferral, decided, floor, rng)
    yield from review.review_examples(human_deferral, subject, test, tuned_on, params.share, params.examples)


def _by_labels(subject: Subject, params: Params, seed: int, rng: np.random.Generator) -> Iterator[Evidence]:
    """Yield what people's decisions tell beside a model that gives labels alone."""
    if not params.human_column and not params.final_column:
        raise Skip(f"{UNSCORED}, and no decisions of people are named; name human_column and final_column")
    for name in BY_SCORES:
        yield human_deferral.finding(name, None, len(subject.test), note=f"not measured: {UNSCORED}")
    rows = unranked(subject, seed)
    decided = Decisions.of(subject.test, rows, params.human_column, params.final_column)
    yield from decision_evidence(human_deferral, decided, params.min_group, rng)


def _person(params: Params, decided: Decisions) -> Person | None:
    """Return the person to simulate: as declared, else as measured; None where there is neither."""
    if params.human_accuracy is not None:
        return Person(params.human_accuracy, None, params.human_cost, params.error_cost)
    right = decided.values.get("human_accuracy_measured", np.array([]))
    counted = right[~np.isnan(right)]
    if not len(counted):
        return None
    return Person(float(counted.mean()), len(counted), params.human_cost, params.error_cost)
