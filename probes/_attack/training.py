"""Attacks as a source of training texts."""

from collections.abc import Sequence
from hashlib import blake2b
from math import inf

import numpy as np

from audit.errors import ConfigError
from audit.types import Asset, Ints, Score
from probes._attack.outcomes import Job, arm, attack
from probes._attack.recipes import MODEL, Recipe

BUDGET = 200
"""Queries per text."""


def adversarial(
    recipe: Recipe, texts: Sequence[str], labels: Ints, score: Score, asset: Asset, seed: int
) -> list[str | None]:
    """Return, for each text, one that the model takes for another class, or None where none was found.

    A text that the model has wrong already is its own adversary and gives None. The result
    depends on the seed and the text, not on the other texts.

    Raises
    ------
    ConfigError
        If the recipe lacks a resource; the message says how to get it.
    """
    armoury = arm([recipe], asset, BUDGET)
    if not armoury.attackers:
        raise ConfigError(f"The attack {recipe.name!r} was {armoury.skipped[recipe.name]}")
    labels = np.asarray(labels)
    right = score(texts).argmax(axis=1) == labels if len(texts) else np.zeros(0, dtype=bool)
    ids = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() for text in texts]
    job = Job(ids, texts, labels, right, inf, lambda: 0.0)
    results = attack(armoury.attackers, {MODEL: score}, asset, job, np.random.default_rng(seed))
    found: list[str | None] = [None] * len(texts)
    for row, result in zip(np.flatnonzero(right), results.get((MODEL, recipe.name), []), strict=True):
        if result.value is not None and result.value.changed:
            found[row] = result.value.text
    return found
