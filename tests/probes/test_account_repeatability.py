"""Repeatability: silent for a steady model, and every kind of unsteadiness is found."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from audit.registry import Skip
from audit.types import Evidence, Finding, Floats, Subject, Table
from probes.account_repeatability import Params, account_repeatability
from tests.subjects import SteadyBench, make_subject


def run(subject: Subject, rows: int = 100) -> list[Evidence]:
    return list(account_repeatability.run(subject, Params(rows=rows), np.random.default_rng([7, 1])))


def numbers(evidence: list[Evidence], name: str) -> dict[tuple[str, str], float | None]:
    return {
        (e.slice["backend"], e.slice["condition"]): e.value
        for e in evidence
        if isinstance(e, Finding) and e.metric.endswith(f".{name}")
    }


def with_bench(kind: type[SteadyBench]) -> Subject:
    subject = make_subject(300)
    assert subject.score
    return replace(subject, bench=kind(subject.score))


def test_a_steady_model_repeats_itself() -> None:
    evidence = run(make_subject(300))
    agreement = numbers(evidence, "label_agreement")
    assert {condition for _, condition in agreement} == {"again", "other batches", "other order", "recorded"}
    assert set(numbers(evidence, "max_probability_difference").values()) >= {0.0}
    torch = [value for (backend, _), value in agreement.items() if backend == "torch"]
    assert torch == [1, 1, 1, 1]
    assert numbers(evidence, "max_probability_difference")["onnx", "recorded"] == pytest.approx(0.0005, abs=1e-4)


class Random(SteadyBench):
    """Dropout left on."""

    noise = np.random.default_rng(3)

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        scores = self._score(texts) * self.noise.uniform(0.1, 1, size=(len(texts), 2))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))


class Batched(SteadyBench):
    """Its answer depends on the place in the batch."""

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        scores = self._score(texts).copy()
        scores[rows - 1 :: rows] = scores[rows - 1 :: rows, ::-1]
        return scores


class OtherEngine(SteadyBench):
    """One of its engines answers the contrary."""

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        return self._score(texts)[:, :: 1 if backend == "torch" else -1]


def test_a_model_that_rolls_dice_is_found_and_its_rows_are_listed() -> None:
    subject = with_bench(Random)
    evidence = run(subject)
    assert all(value is not None and value < 0.95 for value in numbers(evidence, "label_agreement").values())
    table = next(e for e in evidence if isinstance(e, Table))
    assert len(table.rows) == 20
    assert {row[0] for row in table.rows} <= set(subject.test.ids)
    assert all(row[3] != row[4] for row in table.rows)
    assert "20 shown" in table.note


def test_an_answer_that_depends_on_the_batch_is_found() -> None:
    agreement = numbers(run(with_bench(Batched), rows=64), "label_agreement")
    assert agreement["torch", "again"] == 1
    assert agreement["torch", "other batches"] == 1 - (64 // 32 + 64 // 7) / 64
    assert 1 - 4 / 64 <= agreement["torch", "other order"] < 1
    assert agreement["torch", "recorded"] == 1 - 2 / 64


def test_an_engine_that_differs_is_found() -> None:
    agreement = numbers(run(with_bench(OtherEngine)), "label_agreement")
    assert agreement["torch", "recorded"] == 1
    assert agreement["onnx", "again"] == 1
    assert agreement["onnx", "recorded"] == 0


def test_a_model_without_a_workbench_is_skipped() -> None:
    with pytest.raises(Skip, match="Audit a folder"):
        run(replace(make_subject(50), bench=None))
