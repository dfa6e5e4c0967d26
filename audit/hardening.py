"""Fine-tuning as the recipe asks: once, or again on rows that were changed or broken by an attack."""

from dataclasses import dataclass, replace
from pathlib import Path

from audit.augmentation import with_attacks, with_noise
from audit.config import Recipe
from audit.models.transformer import load_transformer
from audit.perturbations import ADVERSARIES
from audit.scoring import Scorer
from audit.tuning import Tuned, tune
from audit.types import Asset, Score, Split


@dataclass(frozen=True)
class Tuner:
    """Tunes one base for one task, on whatever rows it is given."""

    base: Path
    base_name: str
    validation: Split
    labels: tuple[str, ...]
    seed: int
    cache: Path

    def tuned(self, rows: Split, recipe: Recipe) -> Tuned:
        """Return the base tuned on these rows; see :func:`audit.tuning.tune`."""
        return tune(
            self.base,
            rows,
            self.validation,
            recipe,
            labels=self.labels,
            seed=self.seed,
            cache=self.cache,
            base_name=self.base_name,
        )

    def score(self, tuned: Tuned, recipe: Recipe) -> Score:
        """Return the scores of a tuned model."""
        return Scorer(load_transformer(tuned.model, max_tokens=recipe.max_tokens), self.cache).score


def tune_as_asked(tuner: Tuner, train: Split, recipe: Recipe, asset: Asset) -> tuple[Tuned, Tuned | None]:
    """Return the tuned model and, where training rows were changed, the one tuned on them as they are.

    Parameters
    ----------
    tuner : Tuner
        Base and task.
    train : Split
        Rows to learn from.
    recipe : Recipe
        Hyperparameters, and with ``augment`` or ``attack`` what is added to the rows.
    asset : callable
        Where the assets live that an attack may need.

    Raises
    ------
    ConfigError
        If the attack cannot be run, or no training row can be changed; before anything is trained.
    """
    if not recipe.hardens:
        return tuner.tuned(train, recipe), None
    # What cannot be done is told before the first training.
    rows = with_noise(train, recipe, tuner.seed) if recipe.augment else train
    if recipe.attack:
        ADVERSARIES[recipe.attack].check(train.texts, asset)
    plain = tuner.tuned(train, recipe.plain)
    for turn in range(recipe.attack_rounds if recipe.attack else 0):
        score = tuner.score(tuner.tuned(rows, recipe), recipe)
        rows = with_attacks(train, rows, recipe, score, asset, tuner.seed, turn)
    tuned = tuner.tuned(rows, recipe)
    note = f"{len(rows) - len(train):,} changed copies of training rows were added"
    told = ". ".join(part for part in (tuned.facts.note, note) if part)
    return replace(tuned, facts=tuned.facts.model_copy(update={"note": told})), plain
