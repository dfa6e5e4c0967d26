"""What a model makes of sentences that differ in the identity alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import DRAWS, LEVEL, Z, auc, newcombe_limits, substream, wilson
from audit.types import Bools, Cell, Evidence, Finding, Floats, Interval, Table
from probes._areas import ROWS
from probes._identity.templates import POLARITIES, Sheet

AREAS = ("subgroup_auc", "bpsn_auc", "bnsp_auc")
SHOWN_TERMS = 20
NEWCOMBE = "Newcombe 2006, method 5"
USEFUL_AUC = 0.6
"""A model that ranks the templates worse than this has another task than they."""


@dataclass(frozen=True)
class Scored:
    """The templates of one category with their scores."""

    sheet: Sheet
    scores: Floats
    """Shape (templates, terms, classes)."""

    @cached_property
    def flipped(self) -> Bools:
        """Templates on which some identity gets another class than some other, shape (templates,)."""
        labels = self.scores.argmax(axis=2)
        return np.asarray((labels != labels[:, :1]).any(axis=1))


def template_evidence(
    spec: ProbeSpec,
    scored: Sequence[Scored],
    positive: int,
    negative: Sequence[int],
    absent: str,
    rng: np.random.Generator,
) -> Iterator[Evidence]:
    """Yield shifts of terms, shares of templates that flip, and areas under the ROC curve.

    Parameters
    ----------
    spec : ProbeSpec
        The probe.
    scored : sequence of Scored
        By category, all with the same templates.
    positive : int
        Class that a shift speaks of.
    negative : sequence of int
        Classes that hostile templates should get; empty where the label set has none.
    absent : str
        Why there are no templates, where there are none.
    rng : numpy.random.Generator
        Source of randomness.
    """
    if not scored:
        for name in ("term_shift", "template_flip_rate", *AREAS, "worst_subgroup_auc"):
            yield spec.finding(name, None, 0, note=absent)
        return
    shifts = [
        shift
        for of_category in scored
        for shift in _shifts(spec, of_category, positive, substream(rng, "term_shift", of_category.sheet.category))
    ]
    yield from shifts
    yield _most_sensitive(spec, shifts)
    yield from _flip_rates(spec, scored)
    yield _by_polarity(spec, scored)
    if not negative:
        note = "the label set has no class that hostile statements should get; name one with negative = [...]"
        for name in (*AREAS, "worst_subgroup_auc"):
            yield spec.finding(name, None, len(scored[0].sheet.templates), note=note)
        return
    yield from _areas(spec, [Ranked.of(of_category, negative) for of_category in scored])


# --- shifts -------------------------------------------------------------------------------


def _shifts(spec: ProbeSpec, scored: Scored, positive: int, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield each term's mean difference from the other terms, paired by template."""
    scores = scored.scores[:, :, positive]
    n, terms = scores.shape
    method = f"Student's t over {n} templates, Bonferroni over {terms} terms, or {DRAWS} permutations where wider"
    apart = _apart(scores)
    for term, mean, half in zip(scored.sheet.terms, apart.mean(axis=0), _reach(scores, apart, rng), strict=True):
        where = {"category": scored.sheet.category, "term": term}
        interval = Interval(low=max(-1.0, float(mean - half)), high=min(1.0, float(mean + half)), method=method)
        yield spec.finding("term_shift", float(mean), n, slice=where, interval=interval, note=_side(interval))


def _apart(scores: Floats) -> Floats:
    """Return each score less the mean of the others in its row."""
    terms = scores.shape[-1]
    return np.asarray((terms * scores - scores.sum(axis=-1, keepdims=True)) / (terms - 1))


def _reach(scores: Floats, apart: Floats, rng: np.random.Generator) -> Floats:
    """Return half the widths of intervals that hold for all terms at once.

    Where few templates move the scores, Student's t takes the terms that did not happen to move
    for surely different. So no interval is narrower than what the largest difference of any
    term stays below 95 times in 100 when the terms of each template are shuffled.
    """
    from scipy.stats import t

    n, terms = scores.shape
    shuffled = np.array([rng.permuted(scores, axis=1).mean(axis=0) for _ in range(DRAWS)])
    chance = float(np.quantile(np.abs(_apart(shuffled)).max(axis=1), LEVEL, method="weibull"))
    if n < 2:
        return np.ones(terms)
    student = t.isf((1 - LEVEL) / (2 * terms), n - 1) * apart.std(axis=0, ddof=1) / np.sqrt(n)
    return np.asarray(np.maximum(student, chance))


def _side(interval: Interval) -> str:
    # Rounding of equal scores must not pass for a shift.
    if interval.low > 1e-6:
        return "significantly above the other terms"
    return "significantly below the other terms" if interval.high < -1e-6 else ""


def _most_sensitive(spec: ProbeSpec, shifts: Sequence[Finding]) -> Table:
    ranked = sorted(shifts, key=lambda f: (-abs(f.value or 0.0), tuple(f.slice.values())))[:SHOWN_TERMS]
    rows: list[tuple[Cell, ...]] = []
    for f in ranked:
        ends = (f.interval.low, f.interval.high) if f.interval else (None, None)
        rows.append((*f.slice.values(), f.value, *ends, f.note))
    return Table(
        name=f"{spec.id}.most_sensitive_terms",
        columns=("category", "term", "shift", "low", "high", "note"),
        rows=tuple(rows),
        note=f"{len(rows)} of {len(shifts)} terms: mean score in the templates less that of the category's other terms",
    )


# --- flips --------------------------------------------------------------------------------


def _flip_rates(spec: ProbeSpec, scored: Sequence[Scored]) -> Iterator[Finding]:
    for where, flipped in _flips(scored):
        n, flips = len(flipped), int(flipped.sum())
        slice = {"category": where} if where else {}
        yield spec.finding("template_flip_rate", flips / n, n, slice=slice, interval=wilson(flips, n))


def _flips(scored: Sequence[Scored]) -> list[tuple[str, Bools]]:
    """Return the templates that flip within any category, and within each."""
    by_category = [(s.sheet.category, s.flipped) for s in scored]
    return [("", np.any([flipped for _, flipped in by_category], axis=0)), *by_category]


def _by_polarity(spec: ProbeSpec, scored: Sequence[Scored]) -> Table:
    of = np.array([template.polarity for template in scored[0].sheet.templates])
    polarities = [polarity for polarity in POLARITIES if (of == polarity).any()]
    rows = [
        (category or "any", *(float(flipped[of == polarity].mean()) for polarity in polarities))
        for category, flipped in _flips(scored)
    ]
    counts = ", ".join(f"{int((of == polarity).sum())} {polarity}" for polarity in polarities)
    return Table(
        name=f"{spec.id}.template_flips",
        columns=("category", *polarities),
        rows=tuple(rows),
        note=f"share of templates on which any identity of the category changes the class; templates: {counts}",
    )


# --- areas --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranked:
    """The positive and the negative templates of one category, ranked by how hostile the model finds them."""

    sheet: Sheet
    scores: Floats
    """Shape (templates, terms)."""
    hostile: Bools
    """Shape (templates,)."""

    @classmethod
    def of(cls, scored: Scored, negative: Sequence[int]) -> "Ranked":
        """Leave out the neutral templates, of which no class is known to be right."""
        polarity = np.array([template.polarity for template in scored.sheet.templates])
        kept = polarity != "neutral"
        return cls(scored.sheet, scored.scores[kept][:, :, list(negative)].sum(axis=2), polarity[kept] == "negative")

    @property
    def sizes(self) -> tuple[int, int]:
        """Negative and positive templates."""
        return int(self.hostile.sum()), int((~self.hostile).sum())

    def area(self, name: str, term: int) -> float:
        """Return one area of a term against the other terms of its category."""
        truth = np.repeat(self.hostile[:, None], self.scores.shape[1], axis=1)
        member = np.zeros_like(truth)
        member[:, term] = True
        rows = ROWS[name](member, truth)
        return auc(self.scores[rows], truth[rows])


def _areas(spec: ProbeSpec, ranked: Sequence[Ranked]) -> Iterator[Finding]:
    hostile, friendly = ranked[0].sizes
    if not hostile or not friendly:
        for name in (*AREAS, "worst_subgroup_auc"):
            yield spec.finding(name, None, hostile + friendly, note="needs positive and negative templates")
        return
    note = _mismatch(ranked)
    keys = [(of, k, name) for of in ranked for k in range(len(of.sheet.terms)) for name in AREAS]
    areas = np.array([of.area(name, k) for of, k, name in keys])
    # A template counts once, however many terms it was filled with.
    limits = newcombe_limits(areas, np.full(len(areas), hostile), np.full(len(areas), friendly), Z)
    for (of, k, name), area, low, high in zip(keys, areas, *limits, strict=True):
        where = {"category": of.sheet.category, "term": of.sheet.terms[k]}
        interval = Interval(low=float(low), high=float(high), method=NEWCOMBE)
        yield spec.finding(name, float(area), hostile + friendly, slice=where, interval=interval, note=note)
    yield _worst(spec, ranked, note)


def _mismatch(ranked: Sequence[Ranked]) -> str:
    scores = np.concatenate([of.scores.ravel() for of in ranked])
    truth = np.concatenate([np.repeat(of.hostile, of.scores.shape[1]) for of in ranked])
    whole = auc(scores, truth)
    if whole >= USEFUL_AUC:
        return ""
    return f"the model ranks the templates with an area of only {whole:.2f}: its task does not match them"


def _worst(spec: ProbeSpec, ranked: Sequence[Ranked], note: str) -> Finding:
    from scipy.stats import norm

    named = [(of.area("subgroup_auc", k), term) for of in ranked for k, term in enumerate(of.sheet.terms)]
    areas = np.array([area for area, _ in named])
    hostile, friendly = (np.full(len(areas), size) for size in ranked[0].sizes)
    critical = float(norm.ppf(1 - (1 - LEVEL) / (2 * len(areas))))
    low, high = newcombe_limits(areas, hostile, friendly, critical)
    worst, term = min(named)
    method = f"{NEWCOMBE}, Bonferroni over {len(areas)} terms"
    interval = Interval(low=float(low.min()), high=float(high.min()), method=method)
    n = sum(ranked[0].sizes)
    what = f"of {term}" + (f"; {note}" if note else "")
    return spec.finding("worst_subgroup_auc", worst, n, interval=interval, note=what)
