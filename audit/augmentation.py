"""Adversarial training: changed copies of training rows, drawn at random or searched for against the model."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audit.config import Recipe
from audit.errors import ConfigError
from audit.perturbations import ADVERSARIES, find_perturbation
from audit.stats import substream
from audit.types import Asset, Ints, Score, Split


def with_noise(train: Split, recipe: Recipe, seed: int) -> Split:
    """Return the rows and a changed copy of some of them, each by one of the recipe's perturbations.

    Which rows are copied, and how, depends on seed and id alone. A row that the perturbation
    cannot change gets no copy.

    Raises
    ------
    ConfigError
        If no row gets one: the model would be compared with itself.
    """
    rng = np.random.default_rng([seed, 1])
    rows, texts, drawn = [], [], 0
    for row, (id, text) in enumerate(zip(train.ids, train.texts, strict=True)):
        draw = substream(rng, id)
        if draw.random() >= recipe.augment_share:
            continue
        drawn += 1
        kind = find_perturbation(recipe.augment[int(draw.integers(len(recipe.augment)))])
        changed = kind.variants(text, [recipe.augment_severity], draw)[0]
        if changed != text:
            rows.append(row)
            texts.append(changed)
    if not rows:
        raise ConfigError(_no_copies(recipe, drawn, len(train)))
    return _extended(train, rows, texts, "noise")


def _no_copies(recipe: Recipe, drawn: int, rows: int) -> str:
    if not drawn:
        return (
            f"[model.recipe] augment_share = {recipe.augment_share:g} draws none of {rows:,} training rows; raise it."
        )
    return (
        f"[model.recipe] augment = {list(recipe.augment)} changes none of the {drawn:,} training texts drawn "
        "for it. Name perturbations for their language; 'renben probes robustness.noise' lists them."
    )


def with_attacks(train: Split, grown: Split, recipe: Recipe, score: Score, asset: Asset, seed: int, turn: int) -> Split:
    """Return the grown rows and what an attack made of some of the first that the model had right.

    Parameters
    ----------
    train : Split
        Rows as they are; the ones to attack.
    grown : Split
        The same rows first, then what was added before.
    recipe : Recipe
        Names the attack and how many rows it is tried on.
    score : callable
        The model as it is now.
    asset : callable
        Where assets live.
    seed, turn : int
        Decide which rows are attacked; each round draws anew.
    """
    assert recipe.attack is not None
    order = np.random.default_rng([seed, 2, turn]).permutation(len(train))
    candidates = order[: 4 * recipe.attack_rows]
    right = score([train.texts[row] for row in candidates]).argmax(axis=1) == train.labels[candidates]
    rows = candidates[right][: recipe.attack_rows]
    found = ADVERSARIES[recipe.attack].search(
        [train.texts[row] for row in rows], train.labels[rows], score, asset, seed
    )
    broken = [(int(row), text) for row, text in zip(rows, found, strict=True) if text is not None]
    return _extended(grown, [row for row, _ in broken], [text for _, text in broken], f"attack-{turn}")


def _extended(train: Split, rows: Sequence[int], texts: Sequence[str], mark: str) -> Split:
    kept: Ints = np.array([*range(len(train)), *rows], dtype=np.int64)
    return replace(
        train,
        ids=(*train.ids, *(f"{train.ids[row]}~{mark}" for row in rows)),
        texts=(*train.texts, *texts),
        labels=train.labels[kept],
        groups=tuple(replace(column, members=column.members[kept]) for column in train.groups),
        extra={name: tuple(values[row] for row in kept) for name, values in train.extra.items()},
    )
