"""Adversarial training: which copies are learnt from, and that the plain model stays what it was."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.augmentation import with_attacks, with_noise
from audit.config import Recipe
from audit.errors import AssetError, ConfigError
from audit.hardening import Tuner, tune_as_asked
from audit.perturbations import ADVERSARIES, PERTURBATIONS, Adversary, Edit, perturbation
from audit.types import Asset, Ints, Score
from tests.audit.test_tuning import LABELS, RECIPE, TRAIN, VALIDATION
from tests.subjects import group_column
from tests.tiny import tiny_model

ROWS = replace(TRAIN, groups=(group_column("sex", ["f", "m", None] * 24),))


@pytest.fixture(autouse=True)
def changes() -> Iterator[None]:
    def starred(text: str, rng: np.random.Generator) -> Sequence[Edit]:
        """Put a star before some words: ``a b → *a b``."""
        return [Edit(at, at, "*") for at, c in enumerate(text) if at == 0 or text[at - 1] == " "]

    def never(text: str, rng: np.random.Generator) -> Sequence[Edit]:
        """Change nothing."""
        return []

    perturbation("any", source="a test")(starred)
    perturbation("any", source="a test")(never)
    ADVERSARIES["swap_fox"] = Adversary(lambda texts, asset: None, swap_fox)
    yield
    del PERTURBATIONS["starred"], PERTURBATIONS["never"], ADVERSARIES["swap_fox"]


def swap_fox(texts: Sequence[str], labels: Ints, score: Score, asset: Asset, seed: int) -> list[str | None]:
    return [text.replace("fox", "wizards") if "fox" in text else None for text in texts]


def no_asset(name: str) -> Path:
    raise AssetError(name)


def perfect(texts: Sequence[str]) -> np.ndarray:
    return np.array([[0.1, 0.9] if "fox" in text else [0.9, 0.1] for text in texts])


def test_some_rows_get_one_changed_copy_that_keeps_label_and_groups() -> None:
    grown = with_noise(ROWS, Recipe(augment=("starred", "never"), augment_share=0.5), 3)
    added = len(grown) - len(ROWS)
    assert 8 <= added <= 28  # half of the rows, half of them with the perturbation that changes nothing
    assert grown.texts[: len(ROWS)] == ROWS.texts
    for k in range(len(ROWS), len(grown)):
        source = ROWS.ids.index(grown.ids[k].removesuffix("~noise"))
        assert grown.texts[k] != ROWS.texts[source]
        assert grown.texts[k].replace("*", "") == ROWS.texts[source]
        assert grown.labels[k] == ROWS.labels[source]
        assert (grown.groups[0].members[k] == ROWS.groups[0].members[source]).all()


def test_copies_depend_on_seed_and_id_alone() -> None:
    recipe = Recipe(augment=("starred",))
    half = replace(ROWS, ids=ROWS.ids[:36], texts=ROWS.texts[:36], labels=ROWS.labels[:36], groups=())
    every, some = (
        dict(zip(s.ids, s.texts, strict=True)) for s in (with_noise(ROWS, recipe, 3), with_noise(half, recipe, 3))
    )
    assert len(some) > 36
    assert some.items() <= every.items()
    assert with_noise(ROWS, recipe, 4).texts != with_noise(ROWS, recipe, 3).texts


def test_only_rows_that_the_model_had_right_are_attacked_and_each_round_takes_others() -> None:
    recipe = Recipe(attack="swap_fox", attack_rows=10)
    first = with_attacks(ROWS, ROWS, recipe, perfect, no_asset, 3, 0)
    second = with_attacks(ROWS, first, recipe, perfect, no_asset, 3, 1)
    assert 0 < len(first) - len(ROWS) <= 10
    assert len(second) > len(first)
    assert all("wizards" in text for text in second.texts[len(ROWS) :])
    assert (second.labels[len(ROWS) :] == 1).all()
    always_wrong = lambda texts: perfect(texts)[:, ::-1]  # noqa: E731
    assert len(with_attacks(ROWS, ROWS, recipe, always_wrong, no_asset, 3, 0)) == len(ROWS)


def test_the_plain_model_is_the_one_without_augmentation(tmp_path: Path) -> None:
    tuner = Tuner(tiny_model(tmp_path / "base", head=False), "tiny", VALIDATION, LABELS, 3, tmp_path / "cache")
    recipe = RECIPE.model_copy(update={"augment": ("starred",), "attack": "swap_fox", "attack_rows": 5, "epochs": 1})
    tuned, plain = tune_as_asked(tuner, ROWS, recipe, no_asset)
    alone, nothing = tune_as_asked(tuner, ROWS, recipe.plain, no_asset)
    assert nothing is None
    assert plain is not None
    assert plain.model == alone.model != tuned.model
    assert alone.facts.reused
    assert "changed copies of training rows were added" in tuned.facts.note
    assert tuned.facts.recipe["augment"] == ["starred"]
    assert tune_as_asked(tuner, ROWS, recipe, no_asset)[0].facts.reused


@pytest.mark.parametrize(
    ("unable", "told"),
    [
        ({"augment": ("never",), "augment_share": 1.0}, "none of the 72 training texts"),
        ({"augment": ("starred",), "augment_share": 1e-9}, "augment_share = 1e-09 draws none of 72"),
        ({"attack": "barred"}, "needs an asset"),
    ],
)
def test_what_cannot_harden_is_told_before_anything_is_trained(
    unable: dict[str, object], told: str, tmp_path: Path
) -> None:
    def barred(texts: Sequence[str], asset: Asset) -> None:
        raise ConfigError("it needs an asset")

    ADVERSARIES["barred"] = Adversary(barred, swap_fox)
    tuner = Tuner(tmp_path / "nothing to train", "tiny", VALIDATION, LABELS, 3, tmp_path / "cache")
    try:
        with pytest.raises(ConfigError, match=told):
            tune_as_asked(tuner, ROWS, RECIPE.model_copy(update=unable), no_asset)
    finally:
        del ADVERSARIES["barred"]
