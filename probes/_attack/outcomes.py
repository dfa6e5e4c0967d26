"""Run recipes over rows and tell what became of every row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.stats import substream
from audit.types import Asset, Bools, Floats, Ints, Score
from probes._attack.attacked import CUT, DONE, ENDS, IDLE, LOST, OPEN, REFUTED, SPENT, WAITING, Attacked
from probes._attack.attackers import Attacker, Found, sealed, searched
from probes._attack.lockstep import Result, Search, run_searches
from probes._attack.recipes import SENTENCES, Recipe, Resources
from probes._attack.resources import MissingError, polarity
from probes._attack.validity import Rules, changed_share, words_left
from probes._language import Language

PLAIN = "plain"
"""The service that answers for the model without augmentation."""


@dataclass(frozen=True)
class Job:
    """What to attack, and how long."""

    ids: Sequence[str]
    texts: Sequence[str]
    labels: Ints
    right: Mapping[str, Bools]
    """By model: rows that it has right, shape (n,); only these are attacked."""
    seconds: float
    clock: Callable[[], float]
    quotes: bool = True
    """Whether an error may be told in its own words, which may be those of a text."""


@dataclass(frozen=True)
class Armoury:
    """Recipes that can be run, and why others cannot."""

    attackers: tuple[Attacker, ...]
    skipped: Mapping[str, str]
    """By recipe."""


def arm(recipes: Sequence[Recipe], resources: Resources, budget: int, language: Language) -> Armoury:
    """Build every recipe once; those that lack something, or cannot take the language, are skipped with the reason."""
    attackers, skipped = [], {}
    for recipe in recipes:
        if recipe.english and language != "en":
            skipped[recipe.name] = "skipped: it puts in English words, and the texts are not English"
            continue
        try:
            with sealed():
                attackers.append(Attacker(recipe, resources, budget))
        except MissingError as missing:
            skipped[recipe.name] = f"skipped: {missing}"
    return Armoury(tuple(attackers), skipped)


def attack(
    attackers: Sequence[Attacker], models: Mapping[str, Score], asset: Asset, job: Job, rng: np.random.Generator
) -> dict[tuple[str, str], list[Result[Found]]]:
    """Run every attacker against every model on the rows that it has right.

    Returns
    -------
    dict
        Results by model and recipe, in the order of the rows that the model has right.
    """
    # Row by row, so that a deadline costs every recipe the same rows.
    plan = [
        (row, name, attacker)
        for row in range(len(job.ids))
        for attacker in attackers
        for name in models
        if job.right[name][row]
    ]
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


def rules_of(asset: Asset, least_similarity: float, most_changed: float, language: Language) -> Rules:
    """Return the rules of validity, with what there is on this machine for the language."""
    if language != "en":
        return Rules(least_similarity, most_changed, None, {}, language)
    try:
        valence = polarity()
    except MissingError:
        valence = {}
    return Rules(least_similarity, most_changed, _sentences(asset).get(SENTENCES), valence)


def assess(
    recipe: Recipe, results: Sequence[Result[Found]], job: Job, model: str, again: Score, rules: Rules
) -> Attacked:
    """Look at every text found once more, and lay the outcomes out by row.

    Parameters
    ----------
    recipe, job : Recipe, Job
        What was run, and on what.
    results : sequence of Result
        In the order of the rows that the model has right.
    model : str
        Which of the job's models.
    again : callable
        Scores of that model by another way than the search's, where there is one.
    rules : Rules
        What a valid text keeps.
    """
    of_row = dict(zip(np.flatnonzero(job.right[model]).tolist(), results, strict=True))
    found = {row: result.value for row, result in of_row.items() if result.value and result.value.possible}
    claimed = {row: value.text for row, value in found.items() if value.changed}
    kept = _confirmed(claimed, job.labels, again, stays=recipe.reduces)
    pairs = {row: (job.texts[row], text) for row, text in kept.items()}
    share = words_left if recipe.reduces else changed_share
    ends = {
        row: REFUTED if row in claimed.keys() - kept else _end(result, job.quotes) for row, result in of_row.items()
    }
    # An error leaves a row as open as the end of the time does: what stumbles on a text may well have broken it.
    unended = {row: OPEN for row, end in ends.items() if end == CUT or end not in ENDS}
    known, n = dict.fromkeys(found, 0.0) | unended, len(job.texts)
    return Attacked(
        recipe,
        ends=tuple(ends.get(row, LOST) for row in range(n)),
        broken=_column(n, known | dict.fromkeys(kept, 1.0)),
        valid=_column(n, known | dict(zip(kept, rules.hold(list(pairs.values())), strict=True))),
        queries=_column(n, {row: value.queries for row, value in found.items()}),
        share=_column(n, {row: share(*pair) for row, pair in pairs.items()}),
        partly=np.array([searched(text) != text for text in job.texts], dtype=bool),
        texts=tuple(kept.get(row) for row in range(n)),
    )


def _end(result: Result[Found], quotes: bool) -> str:
    if result.value:
        return (SPENT if result.value.stopped else DONE) if result.value.possible else IDLE
    return (result.error if quotes else result.error.partition(":")[0]) or (CUT if result.begun else WAITING)


def _confirmed(claimed: Mapping[int, str], labels: Ints, again: Score, *, stays: bool) -> dict[int, str]:
    predicted = again(list(claimed.values())).argmax(axis=1) if claimed else ()
    pairs = zip(claimed.items(), predicted, strict=True)
    return {row: text for (row, text), label in pairs if (label == labels[row]) == stays}


def _column(n: int, values: Mapping[int, float]) -> Floats:
    column = np.full(n, np.nan)
    column[list(values)] = list(values.values())
    return column
