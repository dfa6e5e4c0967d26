"""How little a deliberate search has to change to turn the model's answer, and for whom."""

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from pydantic import Field, field_validator

from audit.perturbations import ADVERSARIES
from audit.registry import Measure, Skip, probe
from audit.stats import substream
from audit.types import Evidence, Frozen, Score, Subject, Workbench
from probes._attack.attacked import Attacked
from probes._attack.by_name import find_recipe, modules_beside
from probes._attack.drawn import Drawn, draw_rows
from probes._attack.outcomes import PLAIN, Armoury, Job, arm, assess, attack, rules_of
from probes._attack.recipes import BUILT_IN, MODEL, Resources
from probes._attack.report import Report
from probes._attack.shown import curves, examples, recipes_table
from probes._attack.training import hardener
from probes._attack.validity import Rules
from probes._by_group import with_difference
from probes._groups import PRIVATE
from probes._language import language_of

MEASURES = with_difference(
    {
        "attack_success": Measure("lower", "Share of attacked rows whose class the attack changed.", 0, 1, 0),
        "robust_accuracy": Measure(
            "higher", "Share of rows that are right, and still right after the attack.", 0, 1, 1
        ),
        "valid_attack_success": Measure(
            "lower",
            "Share of attacked rows whose class changed while the text kept the declared rules of meaning; of each row "
            "the one text found is looked at, so that it is a lower bound.",
            0,
            1,
            0,
        ),
        "valid_robust_accuracy": Measure(
            "higher",
            "Share of rows that are right, and for which the search came upon no change of class that keeps the rules; "
            "an upper bound.",
            0,
            1,
            1,
        ),
    }
) | {
    "queries": Measure("higher", "Questions to the model per attacked row.", 0),
    "words_changed": Measure("higher", "Share of words changed where the class changed.", 0, 1),
    "words_left": Measure("none", "Share of words that input reduction left while the class stayed.", 0, 1),
    "attack_success_plain": Measure(
        "lower",
        "Attack success of the same recipe trained without augmentation, on rows that both have right.",
        0,
        1,
        0,
    ),
    "attack_success_change": Measure(
        "lower", "Attack success less that of the same recipe trained without augmentation, on the same rows.", -1, 1
    ),
}

for _name, _recipe in BUILT_IN.items():
    if not _recipe.reduces:
        ADVERSARIES[_name] = hardener(_recipe)


class Params(Frozen):
    """Parameters of ``robustness.attack``."""

    recipes: tuple[str, ...] = Field(("deepwordbug", "pwws", "textfooler_like"), min_length=1)
    """Built in: deepwordbug, pwws, pruthi, input_reduction, textfooler_like, textbugger_like, bad_characters.
    Besides, a class of ``textattack.attack_recipes``, or ``"module:function"`` that makes an attack of a model."""
    rows: int = Field(50, ge=1)
    """Rows that the model has right and that are attacked. Those it has wrong on the way to them count as lost."""
    min_group: int = Field(10, ge=PRIVATE)
    """Attacked rows that a group needs to be compared with others. More of a group that has fewer are attacked, at most
    as many again as ``rows`` for each column; figures of all rows leave them out. Few rows mean wide intervals."""
    max_queries: int = Field(500, ge=1)
    """Questions to the model that an attack may ask about one row."""
    seconds: float = Field(90, ge=0)
    """Time for all attacks. A row not begun by then is left out; one cut off counts half but not in n, with an interval
    for either end, and so does one whose search raised an error."""
    examples: int = Field(12, ge=0)
    """Changed texts to show; 0 where texts may not be shown."""
    min_similarity: float = Field(0.8, ge=-1, le=1)
    """Cosine of MiniLM's sentence vectors that a valid change keeps."""
    max_edit_share: float = Field(0.3, ge=0, le=1)
    """Share of words that a valid change may touch; one word always."""

    @field_validator("recipes")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            find_recipe(name)
        return tuple(dict.fromkeys(names))


@probe(
    "robustness.attack",
    version=3,
    values=("robustness", "fairness"),
    needs=("model", "labels"),
    measures=MEASURES,
    quick={"recipes": ["deepwordbug", "input_reduction"], "rows": 10},
    choices={"recipes": {name: recipe.paper for name, recipe in BUILT_IN.items()}},
)
def robustness_attack(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Share of rows whose class an adversarial search changes. Ideal: success 0, robust accuracy 1.

    Searches of TextAttack run against the deployed model within a budget of queries and of time;
    every change of class is scored once more, past the cache where there is one. A change is *valid*
    when the text, as it is displayed, keeps its sentence similarity, most of its words, their polarity
    (VADER), its negations, its terms for groups of people and its words of abuse, faith and migration;
    a misspelling of one letter, not the first, in a word of four or more, is taken for the same word
    unless it makes another (lemminflect). These rules stand in for a person's judgement. The slice of
    all recipes counts a row as broken when any recipe broke it. A text that a recipe cannot change
    does not count for its success, and counts as right or wrong for robust accuracy. Success is a lower
    bound: another search, or more queries, may find more. It is told by the right class too, for each
    is another direction of change.

    References
    ----------
    Morris et al. 2020 (TextAttack, arXiv:2005.05909); Morris et al. 2020 on validity
    (arXiv:2004.14174); the papers of the recipes are named in the table.
    """
    assert subject.score
    recipes = [find_recipe(name) for name in params.recipes]
    language = language_of(subject.test.texts)
    drawn = draw_rows(subject, params.rows, params.min_group, int(substream(rng, "rows").integers(2**32)))
    rules = rules_of(subject.asset, params.min_similarity, params.max_edit_share, language)
    with modules_beside(subject.folder, params.recipes):
        armoury = arm(recipes, Resources(subject.asset), params.max_queries, language)
        if not armoury.attackers:
            raise Skip(_reasons(armoury))
        done = _attacked(subject, params, drawn, armoury, rules, rng)
    unrun = [recipe.name for recipe in recipes if recipe.name in armoury.skipped and not recipe.reduces]
    report = Report(
        robustness_attack, drawn, params.max_queries, params.min_group, rules.unlooked, unrun, subject.labels, rng
    )
    headline = [one.of(drawn.overall) for one in done[MODEL]]
    yield recipes_table(recipes, headline, armoury.skipped, rules.summary)
    yield from report.numbers(done[MODEL])
    for name, reason in armoury.skipped.items():
        yield robustness_attack.finding("attack_success", None, 0, slice={"recipe": name}, note=reason)
    yield from report.change(done[MODEL], done.get(PLAIN, []))
    yield from curves(done[MODEL], drawn, params.max_queries)
    if params.examples:
        yield examples(done[MODEL], drawn, subject.labels, subject.score, params.examples)


def _reasons(armoury: Armoury) -> str:
    return "; ".join(f"{name}: {reason.removeprefix('skipped: ')}" for name, reason in armoury.skipped.items())


def _attacked(
    subject: Subject, params: Params, drawn: Drawn, armoury: Armoury, rules: Rules, rng: np.random.Generator
) -> dict[str, list[Attacked]]:
    """Attack the model, and a plain one if there is one; return what each recipe did to either."""
    assert subject.score
    rows, right = drawn.rows, {MODEL: drawn.right}
    models, again = {MODEL: subject.score}, {MODEL: _uncached(subject.score, subject.bench)}
    if subject.plain_score:
        models[PLAIN], again[PLAIN] = subject.plain_score, _uncached(subject.plain_score, subject.plain_bench)
        right[PLAIN] = drawn.right & (subject.plain_score(rows.texts).argmax(axis=1) == rows.labels)
    job = Job(rows.ids, rows.texts, rows.labels, right, params.seconds, time.monotonic, params.examples > 0)
    results = attack(armoury.attackers, models, subject.asset, job, rng)
    ran = [attacker.recipe for attacker in armoury.attackers]
    return {
        model: [assess(recipe, results.get((model, recipe.name), []), job, model, look, rules) for recipe in ran]
        for model, look in again.items()
    }


def _uncached(score: Score, bench: Workbench | None) -> Score:
    """Return a model as it answers a text that comes alone, where it can be run anew; else as it answers."""
    return partial(bench.rerun, backend=bench.backends[0], rows=1) if bench else score
