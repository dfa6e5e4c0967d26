"""Texts changed by noise, and what a model makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.perturbations import find_perturbation
from audit.stats import substream
from audit.types import Bools, Floats, Score
from probes._sample import Sample


@dataclass(frozen=True)
class Noised:
    """Every row of a sample, changed by every perturbation at every severity."""

    rows: Sample
    names: tuple[str, ...]
    """Perturbations that can change one of the texts or more, in the order of the alphabet."""
    idle: tuple[str, ...]
    """Perturbations that can change none of them."""
    severities: tuple[int, ...]
    texts: tuple[str, ...]
    """By perturbation, row and severity, the last running fastest."""
    applies: Bools
    """Whether a perturbation can change a row, shape (perturbations, rows)."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Perturbations, rows and severities."""
        return len(self.names), len(self.rows), len(self.severities)

    def text(self, perturbation: int, row: int, severity: int) -> str:
        """Return one changed text; all three are positions."""
        return self.texts[np.ravel_multi_index((perturbation, row, severity), self.shape)]


def noised(rows: Sample, names: Iterable[str], severities: Sequence[int], rng: np.random.Generator) -> Noised:
    """Change texts.

    Parameters
    ----------
    rows : Sample
        Their texts and ids; the noise on a row depends on ``rng``, the perturbation and the id alone.
    names : iterable of str
        Perturbations.
    severities : sequence of int
        From 1 to 5; a milder variant makes some of the edits of a stronger one.
    rng : numpy.random.Generator
        Source of randomness.
    """
    known = sorted(names)
    kinds = [find_perturbation(name) for name in known]
    # Row by row, for all kinds look for the words of the same text.
    variants = [
        [kind.variants(text, severities, substream(rng, kind.name, id)) for kind in kinds]
        for text, id in zip(rows.texts, rows.ids, strict=True)
    ]
    changes = [[set(changed) != {text} for changed in of] for of, text in zip(variants, rows.texts, strict=True)]
    applies = np.array(changes, dtype=bool).reshape(len(rows), len(kinds)).T
    kept = np.flatnonzero(applies.any(axis=1)).tolist()
    return Noised(
        rows,
        tuple(known[k] for k in kept),
        tuple(name for k, name in enumerate(known) if k not in kept),
        tuple(severities),
        tuple(text for k in kept for of_row in variants for text in of_row[k]),
        applies[kept],
    )


@dataclass(frozen=True)
class Effect:
    """What noise did to a model's predictions.

    ``flips``, ``accuracy`` and ``shift`` have the shape (perturbations, rows, severities) and are
    NaN where a perturbation cannot change a row.
    """

    before: Floats
    """Probabilities of the texts as they are, shape (rows, classes)."""
    after: Floats
    """Probabilities of the changed texts, shape (perturbations, rows, severities, classes)."""
    flips: Floats
    """1 where the predicted class is another than before, else 0."""
    accuracy: Floats
    """1 where a wrong prediction became right, -1 where a right one became wrong, else 0."""
    shift: Floats
    """Absolute change of the probability of the class predicted before."""


def effect(noise: Noised, score: Score) -> Effect:
    """Score all texts, changed and unchanged, in one request, and compare."""
    scores = score((*noise.rows.texts, *noise.texts))
    size, classes = len(noise.rows), scores.shape[1]
    before, after = scores[:size], scores[size:].reshape(*noise.shape, classes)
    was, now, truth = before.argmax(axis=1)[:, None], after.argmax(axis=3), noise.rows.labels[:, None]
    of_class = np.take_along_axis(after, was[None, :, :, None], axis=3)[..., 0]
    known = np.where(noise.applies, 1.0, np.nan)[:, :, None]
    return Effect(
        before,
        after,
        known * (now != was),
        known * ((now == truth).astype(int) - (was == truth)),
        known * np.abs(of_class - np.take_along_axis(before, was, axis=1)),
    )
