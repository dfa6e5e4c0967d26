"""Calibration errors of a sample: values, limits, and what a calibrated model would show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from audit.stats import TAILS, Z
from audit.types import Floats
from probes._calibration import (
    GRID,
    Sample,
    Sums,
    bin_weights,
    equal_mass_bins,
    equal_width_bins,
    gathered,
    grid_weights,
    observed,
    redrawn,
    resampled,
)


def binned_error(sums: Sums) -> Floats:
    """Return the expected calibration error, shape (draws,): mean absolute residual over bins."""
    return np.asarray(np.abs(sums.residual).sum(axis=1))


def squared_error(sums: Sums, debias: bool) -> Floats:
    """Return the mean squared residual over bins, shape (draws,), less its own noise if ``debias``.

    Kumar, Liang and Ma 2019 (arXiv:1909.10155), section 5; below 0 where noise alone exceeds it.
    Bins with one row are left out.
    """
    rows = np.broadcast_to(sums.rows, np.broadcast_shapes(sums.rows.shape, sums.event.shape))
    kept = rows > 1
    share = np.divide(sums.event, rows, out=np.zeros(rows.shape), where=kept)
    gap = share - np.divide(sums.chance, rows, out=np.zeros(rows.shape), where=kept)
    noise = np.divide(share * (1 - share), rows - 1, out=np.zeros(rows.shape), where=kept)
    return np.asarray((rows * (gap**2 - debias * noise)).sum(axis=1) / rows.sum(axis=1))


def debiased_error(sums: Sums) -> Floats:
    """Return the root of the debiased squared error, shape (draws,); 0 where noise explains it all."""
    return np.asarray(np.sqrt(np.maximum(squared_error(sums, debias=True), 0)))


def smooth_error(sums: Sums) -> Floats:
    """Return the smooth calibration error, shape (draws,), of residuals on the grid.

    The residuals are smoothed by a Gaussian kernel reflected at 0 and 1; the error is the
    width at which their absolute area equals the width itself (Błasiok and Nakkiran 2023,
    arXiv:2309.12236). On [0, 1] that kernel damps each cosine on its own, so that smoothing is
    a product between two cosine transforms.
    """
    low, high = np.zeros(len(sums.event)), np.ones(len(sums.event))
    smooth = smoother(sums.residual)
    for _ in range(16):
        width = (low + high) / 2
        above = np.abs(smooth(width)).sum(axis=1) > width
        low, high = np.where(above, width, low), np.where(above, high, width)
    return (low + high) / 2


def smoother(residual: Floats) -> Callable[[Floats], Floats]:
    """Return a function of the kernel's width, shape (draws,) or (1,), that smooths residuals on the grid."""
    from scipy.fft import dct, idct

    waves = dct(residual, axis=1)

    def smooth(width: Floats) -> Floats:
        decay = (np.pi * width[:, None] * np.arange(GRID)) ** 2 / 2
        # Beyond 60 nothing is left of a wave; subnormal numbers would cost more than the transform.
        return np.asarray(idct(waves * np.exp(-np.minimum(decay, 60)), axis=1))

    return smooth


def brier_parts(sums: Sums, levels: Floats) -> dict[str, Floats]:
    """Return the Brier score and its parts, shape (draws,): reliability - resolution + uncertainty.

    CORP: the recalibrated chances come from isotonic regression (Dimitriadis, Gneiting and
    Jordan 2021, doi:10.1073/pnas.2016191118).

    Parameters
    ----------
    sums : Sums
        Over the distinct chances.
    levels : Floats, shape (levels,)
        The distinct chances, ascending.
    """
    # A replicate's numbers side by side: the loop over replicates runs several times faster.
    rows, event = (np.ascontiguousarray(part) for part in np.broadcast_arrays(sums.rows, sums.event))
    n = rows.sum(axis=1)
    mean = event.sum(axis=1) / n
    recalibrated = np.array([_isotonic(r, e) for r, e in zip(rows, event, strict=True)]) / n
    uncertainty = mean * (1 - mean)
    resolution = recalibrated - mean**2
    brier = (rows @ levels**2 - 2 * event @ levels) / n + mean
    reliability = np.maximum(brier - uncertainty + resolution, 0)
    return {
        "brier": brier,
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
    }


def _isotonic(rows: Floats, event: Floats) -> float:
    """Sum of the squares of the recalibrated chances of all rows."""
    from scipy.optimize import isotonic_regression

    kept = np.flatnonzero(rows)
    weights = rows[kept]
    fitted = isotonic_regression(event[kept] / weights, weights=weights).x
    return float((weights * fitted**2).sum())


# --- an error with its limits and its null ------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """One way to measure calibration error."""

    cells: Callable[[Floats], Any]
    """From chances, shape (n,), to the cells that residuals are summed over."""
    value: Callable[[Sums], Floats]
    order: Literal[1, 2] = 1
    """The error is the norm of this order of the residuals' parts."""
    parts: Callable[[Sums, float], Callable[[Floats], Floats]] = lambda base, value: lambda residual: residual
    """From the sums and the error to a linear map of residuals."""


KINDS = {
    "ece": Kind(lambda chance: bin_weights(equal_width_bins(chance)), binned_error),
    "ece_equal_mass": Kind(lambda chance: bin_weights(equal_mass_bins(chance)), binned_error),
    "debiased_ece": Kind(
        lambda chance: bin_weights(equal_mass_bins(chance)),
        debiased_error,
        order=2,
        parts=lambda base, value: lambda residual: residual / np.sqrt(base.rows / base.rows.sum()),
    ),
    "smooth_ece": Kind(
        grid_weights,
        smooth_error,
        parts=lambda base, value: lambda residual: smoother(residual)(np.array([value])),
    ),
}


@dataclass(frozen=True)
class Measured:
    """A calibration error, what a calibrated model would show, and what its limits are made of."""

    value: float
    null: Floats
    """The same error of calibrated models, shape (199,)."""
    parts: Floats
    """Residuals whose norm is the error before any debiasing, shape (parts,)."""
    noise: Floats
    """Bootstrap deviations from them, shape (draws, parts)."""
    order: Literal[1, 2]
    least: float
    """Upper limit of the mean residual's size, which no calibration error can be below."""


def measure(
    names: Sequence[str], sample: Sample, draws: int, bootstrap: np.random.Generator, null: np.random.Generator
) -> dict[str, Measured]:
    """Measure some of :data:`KINDS`, all on the same bootstrap samples and redraws."""
    from scipy.sparse import hstack

    cells = [KINDS[name].cells(sample.chance) for name in names]
    stacked = hstack(cells, format="csr")
    base = observed(sample, stacked)
    drawn = gathered(resampled(sample, stacked, draws, bootstrap))
    redraws = gathered(redrawn(sample, stacked, null))
    ends = np.cumsum([0, *(part.shape[1] for part in cells)])
    spans = [slice(start, end) for start, end in pairwise(ends)]
    return {
        name: _measured(KINDS[name], _least(sample), base.over(span), drawn.over(span), redraws.over(span))
        for name, span in zip(names, spans, strict=True)
    }


def _measured(kind: Kind, least: float, base: Sums, drawn: Sums, redraws: Sums) -> Measured:
    value = float(kind.value(base)[0])
    parts = kind.parts(base, value)
    return Measured(
        value=value,
        null=kind.value(redraws),
        parts=parts(base.residual)[0],
        noise=parts(drawn.residual - base.residual),
        order=kind.order,
        least=least,
    )


def _least(sample: Sample) -> float:
    residual = sample.event - sample.chance
    # Two rows of pseudo-data leave doubt even where every residual is 0.
    return float(abs(residual.mean()) + Z * np.sqrt((residual**2).sum() + 2) / len(sample))


def mean_of_classes(classes: Sequence[Measured]) -> Measured:
    """Return the mean error of classes that were resampled and redrawn together."""
    return Measured(
        value=float(np.mean([each.value for each in classes])),
        null=np.mean([each.null for each in classes], axis=0),
        parts=np.concatenate([each.parts for each in classes]) / len(classes),
        noise=np.concatenate([each.noise for each in classes], axis=1) / len(classes),
        order=1,
        least=float(np.mean([each.least for each in classes])),
    )


def limits(measured: Measured) -> tuple[float, float]:
    """Return 95 % limits of a calibration error by test inversion.

    Plug-in errors are biased upwards, and near 0 neither the percentile nor the basic
    bootstrap covers. Here the residuals are scaled by a common factor, 0 being a calibrated
    model, and the factors are sought at which an error as small or as large as the measured one
    is drawn 2.5 times in 100 (Carpenter 1999, J. R. Stat. Soc. B 61:159). So the lower
    limit is 0 unless calibration itself is rejected.
    """
    size = float(np.linalg.norm(measured.parts, ord=measured.order))
    low, high = (size * _factor(measured, size, share) for share in reversed(TAILS))
    return min(low, measured.value), min(max(high, measured.value, measured.least), 1.0)


def _factor(measured: Measured, size: float, share: float) -> float:
    """Factor on the residuals at which this share of draws is at or below ``size``; 0 if none reaches it."""

    def at_or_below(factor: float) -> float:
        drawn = np.linalg.norm(factor * measured.parts + measured.noise, ord=measured.order, axis=1)
        return float((drawn <= size).mean())

    if size == 0 or at_or_below(0) <= share:
        return 0.0
    low, high = 0.0, 1.0
    while at_or_below(high) > share:
        high *= 2
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if at_or_below(middle) > share else (low, middle)
    return (low + high) / 2
