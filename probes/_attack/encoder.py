"""How alike sentences are, by the mean of MiniLM's last hidden states."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audit.types import Floats

MOST_TOKENS = 256
BATCH_TOKENS = 512
"""More tokens no longer fit the cache of one core; every core has a batch of its own."""
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
        import torch

        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        vectors: list[Any] = [None] * len(encoded)
        batches = _batches(encoded)
        self._network  # noqa: B018  # loaded once, before several threads ask for it
        with ThreadPoolExecutor(torch.get_num_threads(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for rows, found in zip(
                batches, pool.map(self._mean, [[encoded[k] for k in b] for b in batches]), strict=True
            ):
                for row, vector in zip(rows, found, strict=True):
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
        with torch.inference_mode():
            states = network(input_ids=ids, attention_mask=mask).last_hidden_state
            return torch.nn.functional.normalize((states * mask[..., None]).sum(dim=1), dim=1).numpy()


def _batches(encoded: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return row numbers of batches of near-equal length, the longest first."""
    order = sorted(range(len(encoded)), key=lambda k: len(encoded[k]))
    batches = []
    while order:
        batches.append(order[-max(1, BATCH_TOKENS // len(encoded[order[-1]])) :])
        del order[-len(batches[-1]) :]
    return batches


@cache
def encoder(folder: Path) -> Encoder:
    """Return the encoder of that folder, loaded once."""
    return Encoder(folder)
