"""The training recipe: each planted fault raises its own concern, and a sound recipe none."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import JsonValue
from statsmodels.stats.proportion import confint_proportions_2indep

from audit.config import Recipe
from audit.run import run_probe
from audit.types import EpochFacts, Floats, ProbeRun, Split, Subject, TuningFacts
from probes._claims.accuracies import Accuracy, difference
from probes._claims.recipe import RULES
from probes.account_recipe import account_recipe
from tests.subjects import make_split, make_subject

LABELS = np.arange(400) % 2


def curve(*losses: float) -> tuple[EpochFacts, ...]:
    return tuple(
        EpochFacts(epoch=k, train_loss=0.3, validation_loss=loss, validation_accuracy=0.8, seconds=1.0)
        for k, loss in enumerate(losses, start=1)
    )


def tuning(losses: tuple[float, ...] = (0.5, 0.4, 0.42), **recipe: JsonValue) -> TuningFacts:
    return TuningFacts(
        base="minilm",
        recipe=Recipe(**recipe).model_dump(mode="json"),
        trainable_parameters=1,
        total_parameters=1,
        precision="fp32",
        curve=curve(*losses),
        best_epoch=int(np.argmin(losses)) + 1,
        seconds=1.0,
        reused=False,
    )


def scores_of(labels: np.ndarray, right: float) -> Floats:
    """Return scores of which this share is right."""
    wrong = np.arange(len(labels)) >= right * len(labels)
    return np.eye(2)[np.where(wrong, 1 - labels, labels)] * 0.8 + 0.1


def sound(
    facts: TuningFacts | None = None, *, train: Split | None = None, on_train: float = 0.9, on_test: float = 0.85
) -> Subject:
    """Return a subject with nothing to object to, unless told otherwise."""
    train = train or make_split("train", LABELS, [], seed=9)
    known = dict(zip(train.texts, scores_of(train.labels, on_train), strict=True))
    subject = make_subject(
        400,
        labels=LABELS,
        scores=scores_of(LABELS, on_test),
        train=train,
        score=lambda batch: np.stack([known[text] for text in batch]),
    )
    model: dict[str, JsonValue] = {"kind": "fine-tuned", "source": "asset:minilm", "licence": "Apache-2.0"}
    told = subject.facts.model_copy(update={"tuning": facts or tuning(), "model": model})
    return replace(subject, facts=told)


def run(subject: Subject) -> ProbeRun:
    done = run_probe(account_recipe, subject, account_recipe.params(), 7, say=print, log=print)
    assert done.status == "ok", done.reason
    return done


def concerns(done: ProbeRun) -> list[str]:
    return [f.slice["condition"] for f in done.findings if f.metric == "account.recipe.check" and f.value == 0]


def unknown(done: ProbeRun) -> list[str]:
    return [f.slice["condition"] for f in done.findings if f.metric == "account.recipe.check" and f.value is None]


def test_a_sound_recipe_raises_no_concern() -> None:
    done = run(sound())
    assert concerns(done) == unknown(done) == []
    assert next(f.value for f in done.findings if f.metric == "account.recipe.concerns") == 0
    table = next(e for e in done.evidence if e.kind == "table")
    assert [row[0] for row in table.rows] == [rule.id for rule in RULES]
    assert {row[1] for row in table.rows} == {"fine"}


def without_licence() -> Subject:
    subject = sound()
    return replace(subject, facts=subject.facts.model_copy(update={"model": {}}))


def of_unknown_base() -> Subject:
    subject = sound()
    return replace(subject, facts=subject.facts.model_copy(update={"tuning": None}))


def with_test_as(name: str) -> Callable[[], Subject]:
    def planted() -> Subject:
        subject = sound()
        split = replace(subject.test, name=name)
        predictions = {**subject.predictions, "validation": subject.predicted}
        score = lambda batch: np.tile([0.9, 0.1], (len(batch), 1))  # noqa: E731
        return replace(subject, splits={**subject.splits, name: split}, predictions=predictions, score=score)

    return planted


def without_validation() -> Subject:
    subject = sound()
    splits = {name: split for name, split in subject.splits.items() if name != "validation"}
    return replace(subject, splits=splits, predictions={"test": subject.predicted})


def long_texts() -> Subject:
    texts = [f"{k} " + "word " * (200 if k < 40 else 5) for k in range(400)]
    return sound(train=make_split("train", LABELS, [], texts))


PLANTED = {
    "learning rate": lambda: sound(tuning(learning_rate=1e-3)),
    "warm-up": lambda: sound(tuning(warmup=0)),
    "batch size": lambda: sound(tuning(batch_size=2)),
    "early stopping": lambda: sound(tuning((0.4,))),
    "trained enough": lambda: sound(tuning((0.5, 0.4, 0.3))),
    "dropout": lambda: sound(tuning(dropout=0)),
    "learned": lambda: sound(on_train=0.55, on_test=0.5),
    "generalises": lambda: sound(on_train=1.0, on_test=0.75),
    "validation split": without_validation,
    "selection apart from test": with_test_as("validation"),
    "training apart from test": with_test_as("train"),
    "class balance": lambda: sound(train=make_split("train", np.arange(400) % 10 // 9, [], seed=9)),
    "truncation": long_texts,
    "base model": of_unknown_base,
    "licence": without_licence,
}


def test_every_check_can_raise_a_concern() -> None:
    assert set(PLANTED) == {rule.id for rule in RULES}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(fault: str) -> None:
    done = run(PLANTED[fault]())
    assert concerns(done) == [fault]
    assert next(f.note for f in done.findings if f.metric == "account.recipe.concerns").endswith(f": {fault}.")


def test_what_suits_the_part_that_learns_is_no_concern() -> None:
    assert concerns(run(sound(tuning(learning_rate=2e-4)))) == ["learning rate"]
    assert concerns(run(sound(tuning(learning_rate=2e-4, train="top:3", warmup=0)))) == []
    assert concerns(run(sound(tuning((0.4, 0.5, 0.6))))) == ["trained enough"]
    rare = make_split("train", np.arange(400) % 10 // 9, [], seed=9)
    assert concerns(run(sound(tuning(class_weights="balanced"), train=rare))) == []


def test_of_a_loaded_model_the_recipe_is_unknown_and_that_is_said() -> None:
    done = run(make_subject(200))
    assert {"learning rate", "early stopping", "generalises", "truncation"} <= set(unknown(done))
    assert concerns(done) == ["base model", "licence"]
    notes = {f.slice["condition"]: f.note for f in done.findings if f.slice}
    assert "[model] kind" in notes["learning rate"]
    gap = next(f for f in done.findings if f.metric == "account.recipe.train_test_gap")
    assert gap.value is None
    assert "[data] train" in gap.note


def test_a_base_that_is_named_is_told() -> None:
    subject = of_unknown_base()
    named = subject.facts.model_copy(update={"model": {**subject.facts.model, "base": "roberta-base"}})
    done = run(replace(subject, facts=named))
    assert concerns(done) == []
    assert "Tuned from roberta-base." in {f.note for f in done.findings}


def test_that_one_seed_was_tried_is_said() -> None:
    for subject, told in ((sound(), "another seed in audit.toml"), (make_subject(60), 'kind = "tune"')):
        spread = next(f for f in run(subject).findings if f.metric == "account.recipe.seed_spread")
        assert spread.value is None
        assert told in spread.note


def test_a_memorising_model_has_a_gap() -> None:
    done = run(sound(on_train=1.0, on_test=0.75))
    gap = next(f for f in done.findings if f.metric == "account.recipe.train_test_gap")
    assert gap.value == pytest.approx(0.25)
    assert gap.interval is not None
    assert 0.2 < gap.interval.low < 0.25 < gap.interval.high < 0.3


def test_the_interval_is_newcombes() -> None:
    ours = difference(Accuracy(90, 100), Accuracy(150, 200))
    theirs = confint_proportions_2indep(90, 100, 150, 200, method="newcomb", compare="diff")
    assert (ours.low, ours.high) == pytest.approx(theirs)
