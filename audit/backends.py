"""Which engine runs the model: torch, or ONNX Runtime where it is faster and agrees."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from pydantic import ValidationError

from audit.errors import SubjectError
from audit.models.engine import Engine, cores
from audit.types import Floats, Model, ScoringFacts

Backend = Literal["auto", "torch", "onnx"]

DECISION = "decision.json"
TOLERANCE = 1e-4
"""Largest difference of a probability between the two engines."""
SAMPLE = 64
"""Texts on which the engines are compared."""
TIMED_ROUNDS = 3


@runtime_checkable
class Exportable(Protocol):
    """A model in torch that can also run in ONNX Runtime."""

    pad_id: int

    def load(self) -> None:
        """Get ready for several threads that predict at once."""

    def device(self) -> str:
        """Where torch runs it."""

    def export(self, target: Path) -> None:
        """Write it as ONNX."""


def known_choice(backend: Backend, folder: Path) -> ScoringFacts | None:
    """Return what was asked for, or decided in an earlier run; None where it is still open."""
    if backend != "auto":
        return ScoringFacts(backend=backend, device="not used", reason="asked for")
    try:
        return ScoringFacts.model_validate_json((folder / DECISION).read_bytes())
    except (OSError, ValidationError):
        return None


def decide(model: Model, folder: Path, texts: Sequence[str]) -> ScoringFacts:
    """Compare the engines on a sample of the texts, and keep the decision for later runs."""
    sample = _stratified(model.encode(texts))
    facts = _compare(model, folder, sample)
    with suppress(OSError):  # without a decision on disk the next run decides again
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f"decision-{os.getpid()}.tmp"
        scratch.write_text(facts.model_dump_json(), "utf-8")
        scratch.replace(folder / DECISION)
    return facts


def engine(model: Model, folder: Path, backend: str) -> Engine:
    """Return what scores batches.

    Raises
    ------
    SubjectError
        If ONNX was asked for and the model cannot run there.
    """
    if backend == "onnx":
        if not isinstance(model, Exportable):
            raise SubjectError("This kind of model cannot run in ONNX Runtime. Use the backend 'auto' or 'torch'.")
        return _onnx(model, folder / "model.onnx")
    if isinstance(model, Exportable) and model.device() == "cpu":
        model.load()
        return Engine(model.predict, cores(), _keep_to_one_core)
    return Engine(model.predict)


def device_of(model: Model, backend: str) -> str:
    """Return where an engine runs."""
    return model.device() if backend == "torch" and isinstance(model, Exportable) else "cpu"


def _keep_to_one_core() -> None:
    import torch

    torch.set_num_threads(1)


def _onnx(model: Exportable, file: Path) -> Engine:
    from audit.models.onnx import OnnxModel

    if file.is_file():
        with suppress(Exception):  # a damaged file is exported again
            return Engine(OnnxModel(file, model.pad_id).predict, cores())
    try:
        model.export(file)
        return Engine(OnnxModel(file, model.pad_id).predict, cores())
    except Exception as error:  # exporter, runtime and disk each fail in their own ways
        reason = str(error).strip().split("\n", 1)[0]
        raise SubjectError(f"The ONNX export failed ({type(error).__name__}: {reason}). Use 'torch'.") from error


def _stratified(encoded: list[list[int]]) -> list[list[int]]:
    by_length = sorted(encoded, key=len)
    picks = np.linspace(0, len(by_length) - 1, min(SAMPLE, len(by_length))).astype(int)
    return [by_length[k] for k in picks]


def _compare(model: Model, folder: Path, sample: list[list[int]]) -> ScoringFacts:
    if not isinstance(model, Exportable):
        return ScoringFacts(backend="torch", device="cpu", reason="the only engine of this kind of model")
    if (device := model.device()) != "cpu":
        return ScoringFacts(backend="torch", device=device, reason=f"torch runs on {device}")
    torch = engine(model, folder, "torch")
    ours = _scores(torch, sample)
    try:
        onnx = engine(model, folder, "onnx")
        return _judge(ours, _scores(onnx, sample), _speed(torch, onnx, sample))
    except Exception as error:  # whatever the runtime meets, torch still works
        reason = str(error).strip().split("\n", 1)[0]
        return ScoringFacts(backend="torch", device="cpu", reason=f"ONNX Runtime cannot run it: {reason}")


def _judge(ours: Floats, theirs: Floats, speed: float) -> ScoringFacts:
    difference = float(np.abs(ours - theirs).max())
    equal = bool((ours.argmax(axis=1) == theirs.argmax(axis=1)).all())
    if not equal or not difference <= TOLERANCE:
        backend, reason = "torch", "ONNX Runtime does not agree with torch"
    elif speed <= 1:
        backend, reason = "torch", f"ONNX Runtime agrees but runs at {speed:.1f} times the speed of torch"
    else:
        backend, reason = "onnx", f"ONNX Runtime agrees with torch and is {speed:.1f} times as fast"
    return ScoringFacts(
        backend=backend,
        device="cpu",
        reason=reason,
        max_probability_difference=difference,
        equal_labels=equal,
        compared_rows=len(ours),
    )


def _scores(engine: Engine, sample: list[list[int]]) -> Floats:
    """Probabilities in the order of the batches, which is the same for both engines."""
    return np.concatenate([scores for _, scores in engine.run(sample)])


def _speed(torch: Engine, onnx: Engine, sample: list[list[int]]) -> float:
    """How many times as fast as torch ONNX Runtime is; they take turns, so that a busy moment hits both."""
    best = [float("inf"), float("inf")]
    for _ in range(TIMED_ROUNDS):
        for k, engine in enumerate((torch, onnx)):
            begun = time.perf_counter()
            _scores(engine, sample)
            best[k] = min(best[k], time.perf_counter() - begun)
    return best[0] / best[1]
