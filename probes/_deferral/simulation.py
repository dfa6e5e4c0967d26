"""A simulated person, as accurate and as costly as declared, beside the model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audit.registry import Measure, ProbeSpec
from audit.stats import Z, mean_limits, wilson
from audit.types import Curve, Evidence, Finding, Floats, Interval, Ints
from probes._deferral.ranked import EVERYBODY, NOBODY, Cut, Ranked, chosen_on, level_ends
from probes._deferral.risk import rounded
from probes._deferral.thresholds import no_threshold, threshold_finding

POINTS = 41
MEASURES = {
    "best_share": Measure("none", "Share of rows that go to people where the expected cost is least.", 0, 1),
    "cost_at_best": Measure("lower", "Expected cost of a row, review and errors, at that share.", 0),
    "cost_of_model_alone": Measure("lower", "Expected cost of a row where nothing is reviewed.", 0),
    "cost_of_human_alone": Measure("lower", "Expected cost of a row where everything is reviewed.", 0),
}


@dataclass(frozen=True)
class Person:
    """How well and at what price a person decides."""

    accuracy: float
    rows: int | None
    """On how many rows the accuracy was measured; None where it is declared."""
    review_cost: float
    error_cost: float

    @property
    def cost(self) -> float:
        """Expected cost of a row that the person decides."""
        return self.cost_if(self.accuracy)

    def cost_if(self, accuracy: float) -> float:
        """Return that cost if the person were right so often."""
        return self.review_cost + (1 - accuracy) * self.error_cost

    @property
    def terms(self) -> str:
        """What was assumed, in words."""
        basis = "declared" if self.rows is None else f"measured on {self.rows:,} rows"
        return (
            f"a person right in {self.accuracy:.1%} ({basis}); declared cost {self.review_cost:g} per review "
            f"and {self.error_cost:g} per error"
        )


def simulation_evidence(spec: ProbeSpec, test: Ranked, tuned_on: Ranked, person: Person | None) -> Iterator[Evidence]:
    """Yield the share that costs least, its cost beside those of model and person alone, and the team's accuracy.

    The person's errors are taken to be independent of the model's certainty: where people, too,
    find the uncertain rows hard, the team does worse than this.
    """
    if person is None:
        note = "not simulated: declare how often a person is right, such as human_accuracy = 0.95"
        yield from (spec.finding(name, None, len(test), note=note) for name in MEASURES)
        yield no_threshold(spec, len(tuned_on), "least cost", note)
        return
    cut = cheapest_cut(tuned_on, person)
    deferred = cut.below(test)
    yield threshold_finding(spec, cut, tuned_on, "least cost", person.terms)
    n, sent, note = len(test), int(deferred.sum()), f"{person.terms}; {chosen_on(tuned_on)}"
    yield spec.finding("best_share", sent / n, n, interval=wilson(sent, n), note=note)
    alone = np.where(test.wrong, person.error_cost, 0.0)
    yield _cost(spec, "cost_at_best", np.where(deferred, person.cost, alone), person, note)
    yield _cost(spec, "cost_of_model_alone", alone, person, f"declared cost {person.error_cost:g} per error")
    yield _of_human_alone(spec, person, n)
    yield _team_curve(spec, test, person)


def cheapest_cut(rows: Ranked, person: Person) -> Cut:
    """Return the cut with the least expected cost on these rows; of equally cheap ones the least review."""
    ordered = rows.least_certain_first
    sent = np.append(0, level_ends(rows))
    errors = np.append(0, rows.wrong[ordered].cumsum())
    costs = sent * person.cost + (errors[-1] - errors[sent]) * person.error_cost
    # Rounding must not prefer review that saves nothing.
    count = int(sent[np.flatnonzero(costs <= costs.min() + 1e-9)[0]])
    if count == len(rows):
        return EVERYBODY
    return Cut(float(rows.confidence[ordered[count - 1]])) if count else NOBODY


def _cost(spec: ProbeSpec, name: str, costs: Floats, person: Person, note: str) -> Finding:
    n, value = len(costs), float(costs.mean())
    low, high = _limits(costs.sum(), (costs**2).sum(), n, max(person.cost, person.error_cost))
    interval = Interval(low=min(low, value), high=max(high, value), method="Student's t with pseudo-values")
    return spec.finding(name, value, n, interval=interval, note=note)


def _of_human_alone(spec: ProbeSpec, person: Person, n: int) -> Finding:
    name = "cost_of_human_alone"
    if person.rows is None:
        return spec.finding(name, person.cost, n, note=f"as assumed, not measured: {person.terms}")
    right = wilson(round(person.accuracy * person.rows), person.rows)
    interval = Interval(low=person.cost_if(right.high), high=person.cost_if(right.low), method=right.method)
    return spec.finding(name, person.cost, person.rows, interval=interval, note=person.terms)


def _limits(total: float, squares: float, n: int, most: float) -> tuple[float, float]:
    low, high = mean_limits(np.array([total]), np.array([squares]), np.array([n]), (0.0, most), Z)
    return float(low[0]), float(high[0])


def _team_curve(spec: ProbeSpec, test: Ranked, person: Person) -> Curve:
    """Return the accuracy of model and person together over the share that the person decides."""
    n, right = len(test), (~test.wrong[test.least_certain_first]).astype(np.int64)
    sent: Ints = np.unique(np.linspace(0, n, min(POINTS, n + 1)).round().astype(np.int64))
    kept = right.sum() - np.append(0, right.cumsum())[sent]
    total, squares = kept + sent * person.accuracy, kept + sent * person.accuracy**2
    low, high = mean_limits(total, squares, np.full(len(sent), n), (0.0, 1.0), Z)
    return Curve(
        name=f"{spec.id}.team_accuracy",
        x_label="share deferred",
        y_label="expected accuracy",
        x=rounded(sent / n),
        y=rounded(total / n),
        low=rounded(low),
        high=rounded(high),
        note=f"Simulated: {person.terms}.",
    )
