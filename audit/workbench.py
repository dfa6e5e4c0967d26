"""A transformer on the workbench: run again without any cache, shrunk, timed."""

import time
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from audit.backends import engine
from audit.errors import SubjectError, did_you_mean
from audit.meters import EnergyCounter, peak_of_gpu, peak_of_process
from audit.models.batch import pad, softmax
from audit.models.engine import Predict
from audit.models.transformer import TransformerModel
from audit.types import Floats, Variant

PRUNED = 0.3
"""Share of the weights of the encoder's linear layers that the pruned copy sets to zero."""


class TransformerBench:
    """What probes may do with a transformer beyond asking for scores.

    Parameters
    ----------
    model : TransformerModel
        The classifier; its weights are loaded by the first use.
    exported : Path
        Folder of its ONNX file.
    scored_by : str
        Engine that the audit scored with, ``torch`` or ``onnx``.
    """

    def __init__(self, model: TransformerModel, exported: Path, scored_by: str) -> None:
        self._model = model
        self._exported = exported
        self._scored_by = scored_by
        self._engines: dict[str, Predict] = {}

    @cached_property
    def backends(self) -> tuple[str, ...]:
        """Engines that can run here: ``torch`` and ``onnx`` on the CPU, ``cuda``, ``mps``; first the audit's."""
        found = [*dict.fromkeys((self._native, "torch"))]
        try:
            self._predict("onnx")
            found.append("onnx")
        except SubjectError:  # torch always works
            pass
        first = "onnx" if self._scored_by == "onnx" else self._native
        return tuple(sorted(found, key=lambda name: name != first))

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return _count(self._model.network)

    @property
    def file_bytes(self) -> int:
        """Size of the saved weights, uncompressed."""
        return _saved_bytes(self._model.network)

    @property
    def cores(self) -> int | None:
        """Processor cores that torch computes on; None where it runs on another device."""
        import torch

        return torch.get_num_threads() if self._native == "torch" else None

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        """Probabilities, computed anew in this order and in batches of ``rows``; shape (n, classes).

        Raises
        ------
        SubjectError
            If the weights cannot be loaded, or that engine cannot run them.
        """
        return self._run(self._predict(backend), texts, rows)

    def variant(self, kind: str) -> Variant:
        """Return a smaller copy, which runs in torch on the CPU.

        Parameters
        ----------
        kind : {"int8", "pruned"}
            Weights of linear layers in 8 bits, or the smallest of the encoder's set to zero.

        Raises
        ------
        SubjectError
            If there is no such kind, or torch cannot make or run such a copy of this model here.
        """
        if kind not in SMALLER:
            raise SubjectError(f"There is no smaller copy {kind!r}.{did_you_mean(kind, SMALLER)}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch announces an end of this interface
                network, parameters, how = SMALLER[kind](_on_cpu(self._model.network))
                predict = _predictor(network, self._model.pad_id)
                self._run(predict, ["a"], 1)
                size = _saved_bytes(network)
        except Exception as error:  # each processor and kind of layer fails in its own way
            reason = str(error).strip().split("\n", 1)[0]
            raise SubjectError(f"The {kind} copy cannot be made here ({type(error).__name__}: {reason}).") from error
        return Variant(lambda texts, rows: self._run(predict, texts, rows), parameters, size, how)

    def clock(self) -> float:
        """Seconds since some moment."""
        return time.perf_counter()

    def joules(self) -> float | None:
        """Energy that the processor has used since some moment; None where no counter can be read.

        The energy of a graphics card is not counted, so that with one there is no number.
        """
        return self._counter.joules() if self._native == "torch" else None

    def peak_memory(self, work: Callable[[], object]) -> tuple[int | None, str]:
        """Return the most bytes in use while ``work`` ran, and what was counted."""
        return peak_of_gpu(work) if self._native == "cuda" else peak_of_process(work)

    @cached_property
    def _counter(self) -> EnergyCounter:
        return EnergyCounter()

    @cached_property
    def _native(self) -> str:
        """Torch on the best device there is."""
        device = self._model.device()
        return "torch" if device == "cpu" else device

    def _predict(self, backend: str) -> Predict:
        if backend not in self._engines:
            self._engines[backend] = self._start(backend)
        return self._engines[backend]

    def _start(self, backend: str) -> Predict:
        if backend == self._native:
            return self._model.predict
        if backend == "torch":
            return _predictor(_on_cpu(self._model.network), self._model.pad_id)
        return engine(self._model, self._exported, backend).predict

    def _run(self, predict: Predict, texts: Sequence[str], rows: int) -> Floats:
        encoded = self._model.encode(texts)
        return np.concatenate([predict(encoded[k : k + rows]) for k in range(0, len(encoded), rows)])


def _predictor(network: Any, pad_id: int) -> Predict:
    """Return the function by which a torch module on the CPU scores one batch."""
    import torch

    def predict(batch: Sequence[Sequence[int]]) -> Floats:
        ids, mask = (torch.from_numpy(array) for array in pad(batch, pad_id))
        with torch.inference_mode():
            return softmax(network(input_ids=ids, attention_mask=mask).logits.numpy())

    return predict


def _on_cpu(network: Any) -> Any:
    return deepcopy(network).cpu()


def _quantised(network: Any) -> tuple[Any, int, str]:
    import torch
    from torch.ao.quantization import quantize_dynamic

    layers, parameters = len(_linear(network)), _count(network)
    smaller = quantize_dynamic(network, {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    return smaller, parameters, f"weights of {layers} linear layers in 8 bits (torch, dynamic quantisation)"


def _pruned(network: Any) -> tuple[Any, int, str]:
    import torch

    weights = [layer.weight for layer in _linear(network.base_model)]
    with torch.no_grad():
        sizes = torch.cat([weight.abs().flatten() for weight in weights]).numpy()
        cut = int(PRUNED * len(sizes))
        least = float(np.partition(sizes, cut)[cut])
        for weight in weights:
            weight.mul_(weight.abs() >= least)
        parameters = sum(int(weight.count_nonzero()) for weight in network.parameters())
    how = f"the {PRUNED:.0%} smallest weights of {len(weights)} linear layers set to zero"
    return network, parameters, f"{how}; smaller on disk only where it is stored sparse or compressed"


SMALLER = {"int8": _quantised, "pruned": _pruned}


def _linear(network: Any) -> list[Any]:
    import torch

    layers = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    if not layers:
        raise ValueError("the model has no linear layers")
    return layers


def _count(network: Any) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _saved_bytes(network: Any) -> int:
    import torch

    file = BytesIO()
    torch.save(network.state_dict(), file)
    return file.tell()
