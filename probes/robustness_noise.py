"""How predictions change under everyday noise, and for whom."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field, field_validator

import probes._noise  # noqa: F401  # registers the perturbations
from audit.errors import did_you_mean
from audit.perturbations import PERTURBATIONS, SEVERITIES
from audit.registry import Skip, probe
from audit.stats import substream
from audit.types import Evidence, Finding, Frozen, Subject
from probes._groups import PRIVATE
from probes._language import language_of
from probes._noise_measures import MEASURES, Report, noise_findings, plain_findings
from probes._noise_shown import Found, curves, examples, ranking
from probes._noised import Noised, effect, noised
from probes._sample import sample

NEITHER = "the texts are neither English nor Chinese: noise made for these languages is left out"


class Params(Frozen):
    """Parameters of ``robustness.noise``."""

    perturbations: tuple[str, ...] = ()
    """Kinds of noise; empty for all that fit the language of the texts."""
    severities: tuple[Annotated[int, Field(ge=SEVERITIES[0], le=SEVERITIES[-1])], ...] = Field((1, 3, 5), min_length=1)
    """How much of a text is changed, from 1 to 5."""
    rows: int = Field(300, ge=1)
    """Test rows to change, drawn at random."""
    examples: int = Field(12, ge=0)
    """Changed texts to show; 0 for texts that may not be shown."""
    min_group: int = Field(30, ge=PRIVATE)
    """Changed rows that a group, or a perturbation, needs to be compared with others."""

    @field_validator("perturbations")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in PERTURBATIONS:
                raise ValueError(f"there is no perturbation {name!r}.{did_you_mean(name, PERTURBATIONS)}")
        return tuple(sorted(set(names)))

    @field_validator("severities")
    @classmethod
    def _rising(cls, severities: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(severities)))


@probe(
    "robustness.noise",
    version=2,
    values=("robustness", "fairness"),
    needs=("model", "labels"),
    measures=MEASURES,
    quick={"rows": 60, "severities": [3]},
    choices={"perturbations": {name: kind.summary for name, kind in sorted(PERTURBATIONS.items())}},
)
def robustness_noise(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Share of predictions that change when texts are changed as everyday noise does. Ideal 0.

    Each row is changed by every perturbation at every severity; a milder severity makes some of
    the edits of a stronger one. A row counts once, with its mean over the severities and over the
    perturbations that can change it, so that intervals are over rows. A row that a perturbation
    cannot change does not count for it, and noise made for another language is not tried.

    References
    ----------
    Ribeiro et al. 2020 (CheckList, arXiv:2005.04118), invariance tests; Moradi and Samwald 2021
    (arXiv:2108.12237), noise at several severities; Hendrycks and Dietterich 2019
    (arXiv:1903.12261), means over kinds of corruption.
    """
    rows = sample(subject, params.rows, int(substream(rng, "rows").integers(2**32)))
    language = language_of(subject.test.texts)
    fitting = [name for name, kind in PERTURBATIONS.items() if kind.fits(language)]
    noise = noised(rows, params.perturbations or fitting, params.severities, rng)
    if not noise.names:
        raise Skip(
            f"No perturbation can change any of the {len(rows):,} texts drawn. Name others in "
            '[probes."robustness.noise"] perturbations, or register some for this language.'
        )
    assert subject.score, "needs a model"
    report = Report(robustness_noise, noise, params.min_group, rng)
    changed = effect(noise, subject.score)
    found = list(noise_findings(report, changed))
    yield from found
    yield from _asked_in_vain(noise, params)
    if subject.plain_score:
        yield from plain_findings(report, changed, effect(noise, subject.plain_score))
    lookup = Found(found)
    yield from curves(lookup, noise)
    neither = "" if language or params.perturbations else NEITHER
    yield ranking(lookup, noise, len(subject.test), params.min_group, neither)
    yield examples(subject, lookup, noise, changed, params.examples, params.min_group)


def _asked_in_vain(noise: Noised, params: Params) -> Iterator[Finding]:
    for name in noise.idle:
        if name in params.perturbations:
            note = f"it can change none of the {len(noise.rows):,} texts drawn"
            yield robustness_noise.finding("flip_rate", None, 0, slice={"perturbation": name}, note=note)
