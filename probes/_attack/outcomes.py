"""Run recipes over rows and tell what became of every row."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.stats import substream
from audit.types import Asset, Bools, Floats, Ints, Score
from probes._attack.attackers import Attacker, Found, sealed
from probes._attack.lockstep import Result, Search, run_searches
from probes._attack.recipes import SENTENCES, Recipe, Resources
from probes._attack.resources import MissingError, polarity
from probes._attack.validity import Rules, changed_share, words_left

PLAIN = "plain"
"""The service that answers for the model without augmentation."""


@dataclass(frozen=True)
class Job:
    """What to attack, and how long."""

    ids: Sequence[str]
    texts: Sequence[str]
    labels: Ints
    right: Bools
    """Rows that the model has right, shape (n,): only these are attacked."""
    seconds: float
    clock: Callable[[], float]


@dataclass(frozen=True)
class Attacked:
    """What one recipe did to each row; NaN where a row was not attacked to an end."""

    recipe: Recipe
    broken: Floats
    """Shape (n,): 1 where the class changed, and changed again when the text was scored once more."""
    valid: Floats
    """Shape (n,): 1 where, besides, the text keeps the rules."""
    queries: Floats
    """Shape (n,)."""
    share: Floats
    """Shape (n,): share of words changed, NaN but where broken; for a reduction, the share of words left."""
    texts: tuple[str | None, ...]
    """The text found, where broken."""
    asked: int
    """Rows that were to be attacked."""
    unconfirmed: int
    """Changes of class that did not hold when the text was scored once more."""
    errors: Mapping[str, int]
    """How often each error came."""
    said: str | None = None
    """What to say in the place of :attr:`note`."""

    @property
    def attacked(self) -> int:
        """Rows attacked to an end."""
        return int((~np.isnan(self.broken)).sum())

    @property
    def note(self) -> str:
        """What is to be known about the numbers; empty where all went well."""
        if self.said is not None:
            return self.said
        said = [f"attacked {self.attacked} of {self.asked}"] if self.attacked < self.asked else []
        said += [f"{count} ended in {error}" for error, count in self.errors.items()]
        said += [f"{self.unconfirmed} did not hold on a second look"] if self.unconfirmed else []
        return "; ".join(said)


@dataclass(frozen=True)
class Armoury:
    """Recipes that can be run, and why others cannot."""

    attackers: tuple[Attacker, ...]
    skipped: Mapping[str, str]
    """By recipe."""


def arm(recipes: Sequence[Recipe], asset: Asset, budget: int) -> Armoury:
    """Build every recipe once; those that lack something are skipped with the reason."""
    resources, attackers, skipped = Resources(asset), [], {}
    for recipe in recipes:
        try:
            with sealed():
                attackers.append(Attacker(recipe, resources, budget))
        except MissingError as missing:
            skipped[recipe.name] = f"skipped: {missing}"
    return Armoury(tuple(attackers), skipped)


def attack(
    attackers: Sequence[Attacker], models: Mapping[str, Score], asset: Asset, job: Job, rng: np.random.Generator
) -> dict[tuple[str, str], list[Result[Found]]]:
    """Run every attacker against every model on the rows that are right.

    Returns
    -------
    dict
        Results by model and recipe, in the order of the rows that are right.
    """
    rows = np.flatnonzero(job.right).tolist()
    # Row by row, so that a deadline costs every recipe the same rows.
    plan = [(row, name, attacker) for row in rows for attacker in attackers for name in models]
    searches = [
        Search(
            attacker.run(name, job.texts[row], int(job.labels[row])),
            int(substream(rng, "search", attacker.recipe.name, job.ids[row]).integers(2**32)),
        )
        for row, name, attacker in plan
    ]
    services = {**models, **_sentences(asset)}
    with sealed():
        results = run_searches(searches, services, seconds=job.seconds, clock=job.clock)
    done: dict[tuple[str, str], list[Result[Found]]] = {}
    for (_, name, attacker), result in zip(plan, results, strict=True):
        done.setdefault((name, attacker.recipe.name), []).append(result)
    return done


def _sentences(asset: Asset) -> dict[str, Score]:
    try:
        return {SENTENCES: Resources(asset).sentences()}
    except MissingError:
        return {}


def rules_of(asset: Asset, least_similarity: float, most_changed: float) -> Rules:
    """Return the rules of validity, with what there is on this machine."""
    try:
        valence = polarity()
    except MissingError:
        valence = {}
    return Rules(least_similarity, most_changed, _sentences(asset).get(SENTENCES), valence)


def assess(recipe: Recipe, results: Sequence[Result[Found]], job: Job, score: Score, rules: Rules) -> Attacked:
    """Look at every text found once more, and lay the outcomes out by row."""
    rows: list[int] = np.flatnonzero(job.right).tolist()
    found = {row: result.value for row, result in zip(rows, results, strict=True) if result.value is not None}
    claimed = {row: value.text for row, value in found.items() if value.changed}
    kept = _confirmed(claimed, job.labels, score, stays=recipe.reduces)
    pairs = {row: (job.texts[row], text) for row, text in kept.items()}
    share = words_left if recipe.reduces else changed_share
    none, n = dict.fromkeys(found, 0.0), len(job.texts)
    return Attacked(
        recipe,
        broken=_column(n, none | dict.fromkeys(kept, 1.0)),
        valid=_column(n, none | dict(zip(kept, rules.hold(list(pairs.values())), strict=True))),
        queries=_column(n, {row: value.queries for row, value in found.items()}),
        share=_column(n, {row: share(*pair) for row, pair in pairs.items()}),
        texts=tuple(kept.get(row) for row in range(n)),
        asked=len(rows),
        unconfirmed=len(claimed) - len(kept),
        errors=Counter(result.error for result in results if result.error),
    )


def _confirmed(claimed: Mapping[int, str], labels: Ints, score: Score, *, stays: bool) -> dict[int, str]:
    predicted = score(list(claimed.values())).argmax(axis=1) if claimed else ()
    pairs = zip(claimed.items(), predicted, strict=True)
    return {row: text for (row, text), label in pairs if (label == labels[row]) == stays}


def _column(n: int, values: Mapping[int, float]) -> Floats:
    column = np.full(n, np.nan)
    column[list(values)] = list(values.values())
    return column
