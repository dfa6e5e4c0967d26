"""The same transformer in ONNX Runtime: fp32 on the CPU."""

import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit.models.batch import pad, softmax
from audit.types import Floats

OPSET = 17


def export(network: Any, target: Path) -> None:
    """Write a sequence classifier as an ONNX file with free batch and sequence sizes.

    The file appears whole or not at all, so two processes may export at once.
    """
    import torch

    sample = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "sequence"}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, warnings.catch_warnings():
        # The tracer warns of every shape it fixes; the comparison with torch is the real check.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (),
            Path(scratch) / target.name,
            kwargs={"input_ids": sample, "attention_mask": sample},
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
        network.eval()  # exporting can leave it in train mode
        os.replace(Path(scratch) / target.name, target)


class OnnxModel:
    """An exported classifier."""

    def __init__(self, file: Path, pad_id: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # each core has a batch of its own
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._pad_id = pad_id

    def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
        """Probabilities of one batch of token ids, shape (batch, classes)."""
        ids, mask = pad(batch, self._pad_id)
        return softmax(self._session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0])
