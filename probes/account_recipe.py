"""Whether the training recipe is known and sound."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import substream
from audit.types import Evidence, Finding, Frozen, Ints, Subject, Table
from probes._claims.accuracies import Accuracy, accuracy, difference
from probes._claims.recipe import RULES, UNKNOWN, Facts, State
from probes._sample import drawn


class Params(Frozen):
    """Parameters of ``account.recipe``."""

    train_rows: int = Field(1000, ge=1)
    """Train rows to score, drawn at random."""


MEASURES = {
    "concerns": Measure("lower", "Checks of the recipe that raise a concern.", 0, len(RULES), 0),
    "unknown": Measure("lower", "Checks of the recipe that cannot be told.", 0, len(RULES), 0),
    "check": Measure("higher", "Whether a check of the recipe is fine: 1, or 0 where it raises a concern.", 0, 1, 1),
    "seed_spread": Measure("lower", "Range of accuracy between trainings that differ in their seed alone.", 0, 1, 0),
    "train_test_gap": Measure("lower", "Accuracy on rows learnt from minus accuracy on test rows.", -1, 1, 0),
    "validation_test_gap": Measure("lower", "Accuracy on rows chosen by minus accuracy on test rows.", -1, 1, 0),
}
ONE_SEED = (
    "not measured: the model was tuned once, with weights, batches and dropout fixed by the audit's seed. "
    "Audit again with another seed in audit.toml to see how far the numbers move."
)
WORDS = {True: "fine", False: "concern", None: "cannot be told"}


@probe(
    "account.recipe",
    version=2,
    values=("accountability",),
    needs=("labels",),
    measures=MEASURES,
    quick={"train_rows": 200},
)
def account_recipe(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Check how the model was trained and chosen, as far as that is known. Ideal 0 concerns.

    Each check is fine, a concern, or cannot be told: what is not known of a training counts as neither,
    but that nobody names base or licence is a concern. The limits are conventions, with their sources in
    the table; a concern is a reason to look, not a verdict. One training cannot tell how far another seed
    would move the numbers: ``seed_spread`` says so. The gaps compare accuracies on different rows, with
    Newcombe's interval.

    References
    ----------
    Devlin et al. 2019 (arXiv:1810.04805); Sun et al. 2019 (arXiv:1905.05583); Mosbach et al. 2020
    (arXiv:2006.04884); Dodge et al. 2020 (arXiv:2002.06305); Kapoor and Narayanan 2023 (Patterns 4:100804).
    """
    rows = _train_rows(subject, params.train_rows, rng)
    train, test = _on_train(subject, rows), accuracy(subject.test.labels == subject.predicted.labels)
    gap = difference(train, test) if train else None
    facts = Facts(subject, train, test, gap, _truncated(subject, rows))
    states = [rule.judge(facts) for rule in RULES]
    yield from _counts(states)
    yield from _checks(states)
    why = "Not measured: it takes the model itself and its train split ([data] train)."
    yield _gap("train_test_gap", train, test, why)
    why = "Not measured: there is no validation split. Name it in [data]."
    yield _gap("validation_test_gap", _on_validation(subject), test, why)
    yield account_recipe.finding("seed_spread", None, test.n, note=ONE_SEED if subject.facts.tuning else UNKNOWN)
    yield _table(states)


def _train_rows(subject: Subject, most: int, rng: np.random.Generator) -> Ints:
    if "train" not in subject.splits:
        return np.zeros(0, dtype=np.int64)
    return drawn(subject.splits["train"], int(substream(rng, "train").integers(2**32)))[:most]


def _on_train(subject: Subject, rows: Ints) -> Accuracy | None:
    if subject.score is None or not len(rows):
        return None
    split = subject.splits["train"]
    scores = subject.score([split.texts[row] for row in rows])
    return accuracy(scores.argmax(axis=1) == split.labels[rows])


def _on_validation(subject: Subject) -> Accuracy | None:
    if "validation" not in subject.predictions or not len(subject.splits["validation"]):
        return None
    return accuracy(subject.splits["validation"].labels == subject.predictions["validation"].labels)


def _truncated(subject: Subject, rows: Ints) -> float | None:
    if subject.token_counts is None or subject.max_tokens is None or not len(rows):
        return None
    texts = subject.splits["train"].texts
    return float((subject.token_counts([texts[row] for row in rows]) > subject.max_tokens).mean())


# --- evidence -------------------------------------------------------------------------------


def _counts(states: list[State]) -> Iterator[Finding]:
    told = [fine for fine, _ in states if fine is not None]
    named = [rule.id for rule, (fine, _) in zip(RULES, states, strict=True) if fine is False]
    note = f"Exact count, of {len(told)} checks that could be told{': ' if named else ''}{', '.join(named)}."
    yield account_recipe.finding("concerns", len(named), len(told), note=note)
    yield account_recipe.finding("unknown", len(states) - len(told), len(states), note="Exact count.")


def _checks(states: list[State]) -> Iterator[Finding]:
    for rule, (fine, found) in zip(RULES, states, strict=True):
        value = None if fine is None else float(fine)
        yield account_recipe.finding("check", value, 1, slice={"condition": rule.id}, note=found)


def _gap(name: str, one: Accuracy | None, test: Accuracy, why: str) -> Finding:
    if one is None:
        return account_recipe.finding(name, None, test.n, note=why)
    note = f"Accuracy {one.value:.3f} of {one.n:,} rows, on test {test.value:.3f} of {test.n:,}."
    interval = difference(one, test)
    return account_recipe.finding(name, one.value - test.value, one.n + test.n, interval=interval, note=note)


def _table(states: list[State]) -> Table:
    return Table(
        name="account.recipe.checks",
        columns=("check", "state", "found", "expected", "source"),
        rows=tuple(
            (rule.id, WORDS[fine], found, rule.expected, rule.source)
            for rule, (fine, found) in zip(RULES, states, strict=True)
        ),
    )
