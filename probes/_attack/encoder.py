"""How alike sentences are, by the mean of MiniLM's last hidden states."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audit.types import Floats

MOST_TOKENS = 256
BATCH_TOKENS = 4096
MOST_KNOWN = 20_000
"""Vectors that are remembered."""


class Encoder:
    """MiniLM from a folder; torch and the weights are loaded at the first sentence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Any] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return one unit vector per text, shape (n, width); the cosine of two is their product."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            if len(self._known) + len(new) > MOST_KNOWN:
                self._known.clear()
                new = list(dict.fromkeys(texts))
            self._known.update(zip(new, self._encoded(new), strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float64)

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda k: len(encoded[k]))
        vectors: list[Any] = [None] * len(encoded)
        while order:
            rows = order[-max(1, BATCH_TOKENS // len(encoded[order[-1]])) :]
            del order[-len(rows) :]
            for row, vector in zip(rows, self._mean([encoded[k] for k in rows]), strict=True):
                vectors[row] = vector
        return vectors

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer  # type: ignore[import-untyped]

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MOST_TOKENS)
        return tokenizer

    @cached_property
    def _network(self) -> Any:
        from transformers import AutoModel

        return AutoModel.from_pretrained(self._folder, local_files_only=True).eval()

    def _mean(self, batch: Sequence[Sequence[int]]) -> Any:
        import torch

        network = self._network
        ids = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.long)
        mask = torch.zeros(ids.shape)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)], mask[row, : len(tokens)] = torch.tensor(tokens), 1
        with torch.inference_mode(), _one_thread():
            states = network(input_ids=ids, attention_mask=mask).last_hidden_state
            return torch.nn.functional.normalize((states * mask[..., None]).sum(dim=1), dim=1).numpy()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: two that wait for each other take ten times as long on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def encoder(folder: Path) -> Encoder:
    """Return the encoder of that folder, loaded once."""
    return Encoder(folder)
