"""Which words a prediction rests on, and how much of it on who is mentioned."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import ConfigError
from audit.registry import Measure, probe
from audit.types import ConfigFile, Evidence, Finding, Frozen, Ints, Subject
from probes._by_group import with_difference
from probes._explain.explained import Explanations, explanations
from probes._explain.outcomes import few_of_each, groups_of, outcomes
from probes._explain.rows import SEED, Draw, Report, choose, pool
from probes._explain.shown import attributions, errors_table, words_table
from probes._groups import PRIVATE
from probes._identity.scan import scan_all
from probes._identity.terms import load_terms
from probes._sample import drawn


class Params(Frozen):
    """Parameters of ``explain.shap``."""

    rows: int = Field(40, ge=1)
    """Test texts to explain, and as many with an identity term; some more of small groups and of errors, and
    a few of every group that are right, wrong, uncertain or flipped by an identity swap."""
    max_evals: int = Field(200, ge=4)
    """Versions of a text, with some words hidden, that the model is asked about."""
    terms: ConfigFile | None = None
    """TOML file of identity terms of one's own, as for ``fairness.counterfactual``."""
    examples: int = Field(12, ge=0)
    """Explanations to show; 0 for texts that may not be shown."""
    min_group: int = Field(8, ge=PRIVATE)
    """Texts with an identity term that a group needs to be compared."""

    @model_validator(mode="after")
    def _terms_can_be_read(self, info: ValidationInfo) -> Self:
        if self.terms and isinstance(info.context, Path):
            try:
                load_terms(info.context / self.terms)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return self


MEASURES = {
    **with_difference(
        {
            "identity_mass": Measure(
                "lower", "Share of a text's absolute attribution that falls on identity terms.", 0, 1, 0
            )
        }
    ),
    "identity_words": Measure("none", "Share of a text's words that are identity terms.", 0, 1),
    "half_mass": Measure("none", "Share of a text's words that carry half of its absolute attribution.", 0, 1),
    "additivity_error": Measure(
        "lower", "Largest gap between a score and what its explanation adds up to.", 0, None, 0
    ),
}
NO_TERM = "no text explained holds an identity term, or no word of them moves the score"
NO_EFFECT = "no word of any text explained moves the score"


@probe(
    "explain.shap",
    version=3,
    values=("transparency", "fairness"),
    needs=("model", "labels"),
    measures=MEASURES,
    quick={"rows": 12, "max_evals": 60},
)
def explain_shap(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Which words a prediction rests on, and how much of it on identity terms. Ideal: additivity error 0.

    SHAP values of words under shap's partition explainer: hidden words become "...", and what a
    part adds is averaged over what is shown around it. An attribution says what moves this model's
    score, not what is true of the world. ``identity_mass`` speaks of texts with an identity term and
    of the class predicted; read it beside ``identity_words``, the share of words that are such terms.
    Means and the table of words are of rows drawn at random. To be read there are, beside them, a few rows
    of every group that are right, wrong, uncertain, or flipped by an identity swap.

    References
    ----------
    Lundberg and Lee 2017 (arXiv:1705.07874); requirement V07.
    """
    lexicon = load_terms(subject.folder / params.terms if params.terms else None)
    scans = scan_all(subject.test.texts, lexicon)
    chosen = choose(subject, np.array([bool(of.mentions) for of in scans]), params.rows, params.min_group)
    order = drawn(subject.test, SEED)
    read = outcomes(subject, order, scans, params.rows, rng)
    beside = few_of_each(read, groups_of(subject), order, chosen.every, max(params.rows // 4, 1))
    rows = pool(subject, chosen.every | set(beside.tolist()))
    found = explanations(subject, rows, [scans[row] for row in rows.rows], params.max_evals)
    everyone, mentioning = (
        Report(explain_shap, rows, draw, params.min_group, rng) for draw in (chosen.everyone, chosen.mentioning)
    )
    yield from mentioning.all("identity_mass", found.identity_mass, NO_TERM, gaps=True)
    yield from _by_outcome(mentioning, chosen.errors, found)
    yield from mentioning.all("identity_words", found.identity_words, NO_TERM)
    yield everyone.overall("half_mass", found.half_mass, NO_EFFECT)
    yield _additivity(found)
    yield words_table(found, np.isin(rows.rows, chosen.everyone.rows), subject.labels)
    if params.examples:
        yield errors_table(found, subject.labels)
        yield from attributions(subject, found, read, params.examples)


def _by_outcome(mentioning: Report, errors: Ints, found: Explanations) -> Iterator[Evidence]:
    """Yield the identity mass of right and of wrong predictions."""
    both = replace(mentioning, draw=Draw(np.union1d(mentioning.draw.rows, errors), {}))
    for condition, wanted in (("right", ~found.wrong), ("wrong", found.wrong)):
        values = np.where(wanted, found.identity_mass, np.nan)
        yield both.overall("identity_mass", values, NO_TERM, {"condition": condition})


def _additivity(found: Explanations) -> Finding:
    largest, n = float(found.additivity_error.max()), len(found.rows)
    note = f"the largest of the {n:,} texts explained, as it was measured; above about 1e-6 no number here holds"
    return explain_shap.finding("additivity_error", largest, n, note=note)
