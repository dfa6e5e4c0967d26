"""Attacks as a source of training texts."""

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from math import inf

import numpy as np

from audit.errors import ConfigError
from audit.perturbations import Adversary
from audit.types import Asset, Ints, Score
from probes._attack.attackers import Attacker
from probes._attack.outcomes import Job, arm, attack
from probes._attack.recipes import MODEL, Recipe, Resources
from probes._language import Language, language_of

BUDGET = 200
"""Queries per text."""


def hardener(recipe: Recipe) -> Adversary:
    """Return a recipe as a source of training texts."""
    return Adversary(partial(_check, recipe), partial(adversarial, recipe))


def _check(recipe: Recipe, texts: Sequence[str], asset: Asset) -> None:
    _ready(recipe, asset, language_of(texts))


def adversarial(
    recipe: Recipe, texts: Sequence[str], labels: Ints, score: Score, asset: Asset, seed: int
) -> list[str | None]:
    """Return, for each text, one that the model takes for another class, or None where none was found.

    A text that the model has wrong already is its own adversary and gives None. The result
    depends on the seed and the text, not on the other texts.

    Raises
    ------
    ConfigError
        If the recipe cannot be run here; the message says why.
    """
    # Whether their language suits it was checked before, on all texts to train on.
    attackers = _ready(recipe, asset, "en")
    labels = np.asarray(labels)
    right = score(texts).argmax(axis=1) == labels if len(texts) else np.zeros(0, dtype=bool)
    ids = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() for text in texts]
    job = Job(ids, texts, labels, {MODEL: right}, inf, lambda: 0.0)
    results = attack(attackers, {MODEL: score}, asset, job, np.random.default_rng(seed))
    found: list[str | None] = [None] * len(texts)
    for row, result in zip(np.flatnonzero(right), results.get((MODEL, recipe.name), []), strict=True):
        if result.value is not None and result.value.changed:
            found[row] = result.value.text
    return found


def _ready(recipe: Recipe, asset: Asset, language: Language) -> tuple[Attacker, ...]:
    armoury = arm([recipe], Resources(asset), BUDGET, language)
    if not armoury.attackers:
        raise ConfigError(f"[model.recipe] attack = {recipe.name!r} was {armoury.skipped[recipe.name]}.")
    return armoury.attackers
