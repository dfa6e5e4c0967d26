"""Whether published numbers can be right, and whether they are what was measured."""

from collections.abc import Iterator
from typing import Self

import numpy as np
from pydantic import model_validator

from audit.registry import Measure, Skip, probe
from audit.stats import DRAWS, substream, wilson
from audit.types import Evidence, Finding, Frozen, Interval, Ints, Subject, Table
from probes._claims.arithmetic import Answer, check
from probes._claims.published import Claim
from probes._performance import Metrics, confusion_metrics, confusion_replicates, percentiles


class Params(Frozen):
    """Parameters of ``account.claims``."""

    claims: tuple[Claim, ...] = ()
    """Published tables of results: ``[[probes."account.claims".claims]]``."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [claim.name for claim in self.claims]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two claims are called {twice[0]!r}; give each its own name")
        return self


MEASURES = {
    "consistent": Measure(
        "higher", "Whether the published numbers can belong together: 1, or 0 where they contradict.", 0, 1, 1
    ),
    "contradictions": Measure("lower", "Contradictions within the published numbers.", 0, None, 0),
    "measured_minus_claimed": Measure("none", "The number as measured here minus the published one.", -1, 1, 0),
    "overclaimed": Measure(
        "lower", "Published numbers that lie above the interval of what was measured here.", 0, None, 0
    ),
}


@probe("account.claims", version=1, values=("accountability", "transparency"), needs=("labels",), measures=MEASURES)
def account_claims(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Check published numbers for contradictions, and against what was measured. Ideal 0 contradictions.

    A table is consistent if some confusion matrix of whole numbers gives every printed share
    within rounding: a printed matrix is recomputed, for two classes every matrix is tried, for more
    an integer program decides. A published number is compared with the same number of this
    model on the split that it speaks of: a share has Wilson's interval, F1 a bootstrap's.
    """
    _ = subject.test
    if not params.claims:
        raise Skip(
            "No published number is named. Give some in the configuration, such as "
            '[probes."account.claims"] claims = [{ name = "paper, table 3", accuracy = 0.92 }].'
        )
    answers = [check(claim) for claim in params.claims]
    for claim, answer in zip(params.claims, answers, strict=True):
        yield from _arithmetic(claim, answer)
        yield from _against_measured(subject, claim, rng)
    if any(answer.contradictions for answer in answers):
        yield _table(params.claims, answers)


# --- within the claim -----------------------------------------------------------------------


def _arithmetic(claim: Claim, answer: Answer) -> Iterator[Finding]:
    where, n, found = {"claim": claim.name}, claim.rows or 0, answer.contradictions
    if not found and not answer.tried:
        note = "Nothing printed could contradict anything: give supports, precision and recall of each class."
        for name in ("consistent", "contradictions"):
            yield account_claims.finding(name, None, n, slice=where, note=note)
        return
    note = found[0] if found else answer.tried
    yield account_claims.finding("consistent", float(not found), n, slice=where, note=note)
    yield account_claims.finding("contradictions", len(found), n, slice=where, note="Exact arithmetic.")


def _table(claims: tuple[Claim, ...], answers: list[Answer]) -> Table:
    rows = [(c.name, why) for c, answer in zip(claims, answers, strict=True) for why in answer.contradictions]
    return Table(name="account.claims.contradictions", columns=("claim", "contradiction"), rows=tuple(rows))


# --- against what was measured --------------------------------------------------------------


def _against_measured(subject: Subject, claim: Claim, rng: np.random.Generator) -> Iterator[Finding]:
    printed = _printed(claim)
    if claim.split not in subject.predictions:
        why = f"Not compared: there are no predictions for a {claim.split} split."
        yield from (_absent(claim, key, 0, why) for key in printed)
        yield account_claims.finding("overclaimed", None, 0, slice={"claim": claim.name}, note=why)
        return
    measured = _Measured(_confusion(subject, claim.split), subject.labels, substream(rng, claim.split))
    found = [_compared(claim, key, value, measured) for key, value in printed.items()]
    yield from found
    compared = [f for f in found if f.value is not None and f.interval is not None]
    if not compared:
        note = "Not compared: none of the published numbers could be measured here."
        yield account_claims.finding("overclaimed", None, 0, slice={"claim": claim.name}, note=note)
        return
    above = sum(f.interval.high < 0 for f in compared if f.interval)
    note = f"Of {len(compared)} published numbers that were measured here."
    yield account_claims.finding("overclaimed", above, len(compared), slice={"claim": claim.name}, note=note)


def _printed(claim: Claim) -> dict[tuple[str, str], float]:
    """Return the published shares; of a bare confusion matrix its accuracy."""
    if claim.numbers:
        return claim.numbers
    matrix = np.array(claim.confusion)
    return {("", "accuracy"): float(np.trace(matrix) / matrix.sum())}


def _confusion(subject: Subject, split: str) -> Ints:
    k = len(subject.labels)
    cells = subject.splits[split].labels * k + subject.predictions[split].labels
    return np.bincount(cells, minlength=k * k).reshape(k, k)


class _Measured:
    """The same numbers of this model."""

    def __init__(self, confusion: Ints, labels: tuple[str, ...], rng: np.random.Generator) -> None:
        self.confusion = confusion
        self.labels = labels
        self._values = confusion_metrics(confusion[None])
        self._replicates: Metrics = confusion_replicates(confusion, DRAWS, rng)

    def number(self, label: str, name: str) -> tuple[float, int, Interval | None]:
        """Return value, rows and interval; NaN where undefined."""
        hits, n = np.diagonal(self.confusion), int(self.confusion.sum())
        if name == "accuracy":
            return float(hits.sum() / n), n, wilson(int(hits.sum()), n)
        if name == "macro_f1":
            return float(self._values["f1_macro"][0]), n, percentiles(self._replicates["f1_macro"])
        k = self.labels.index(label)
        if name == "f1":
            return float(self._values["f1"][0, k]), n, percentiles(self._replicates["f1"][:, k])
        rows = int(self.confusion.sum(axis=1 if name == "recall" else 0)[k])
        return float(self._values[name][0, k]), rows, wilson(int(hits[k]), rows) if rows else None


def _compared(claim: Claim, key: tuple[str, str], claimed: float, measured: _Measured) -> Finding:
    label, name = key
    if label and label not in measured.labels:
        return _absent(claim, key, 0, f"Not compared: the data have no class {label!r}.")
    value, n, interval = measured.number(label, name)
    if np.isnan(value) or interval is None:
        return _absent(claim, key, n, "Undefined here: the class has no rows, or is never predicted.")
    shifted = Interval(
        low=min(interval.low, value) - claimed, high=max(interval.high, value) - claimed, method=interval.method
    )
    inside = shifted.low <= 0 <= shifted.high
    note = (
        f"Measured {value:.3f}, claimed {claimed:g}; the claim lies {'inside' if inside else 'outside'} the interval."
    )
    return account_claims.finding(
        "measured_minus_claimed", value - claimed, n, slice=_where(claim, key), interval=shifted, note=note
    )


def _absent(claim: Claim, key: tuple[str, str], n: int, note: str) -> Finding:
    return account_claims.finding("measured_minus_claimed", None, n, slice=_where(claim, key), note=note)


def _where(claim: Claim, key: tuple[str, str]) -> dict[str, str]:
    label, name = key
    return {"claim": claim.name} | ({"class": label} if label else {}) | {"method": name}
