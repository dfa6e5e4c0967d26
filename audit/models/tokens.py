"""Texts to token ids, without torch and mostly without transformers."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audit.errors import SubjectError
from audit.models.folder import ModelFolder, read_json
from audit.types import Ints

if TYPE_CHECKING:
    from tokenizers import Tokenizer  # type: ignore[import-untyped]


class Tokens:
    """The tokeniser of a model folder, loaded when it is first used."""

    def __init__(self, folder: ModelFolder, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut to the limit."""
        return [encoding.ids for encoding in self._cutting.encode_batch_fast(_valid(texts))]

    def counts(self, texts: Sequence[str]) -> Ints:
        """Tokens of each text before any cut, shape (n,)."""
        encodings = self._whole.encode_batch_fast(_valid(texts))
        return np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)

    @cached_property
    def _whole(self) -> "Tokenizer":
        tokenizer = _load(self._folder)
        # A saved tokeniser may still carry the settings of its last use.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _cutting(self) -> "Tokenizer":
        # Its own copy: cutting is a setting of the tokeniser, and threads may count meanwhile.
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self._whole.to_str())
        tokenizer.enable_truncation(self._limit)
        return tokenizer


def _valid(texts: Sequence[str]) -> list[str]:
    # JSON may hold halves of surrogate pairs, which no tokeniser takes.
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


def _load(folder: ModelFolder) -> "Tokenizer":
    from tokenizers import Tokenizer

    file = folder.path / "tokenizer.json"
    if not file.is_file() or _contradicted(folder):
        return _load_slowly(folder)
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        raise SubjectError(f"{file} cannot be read ({error}). Save the tokeniser again.") from error


def _contradicted(folder: ModelFolder) -> bool:
    """Whether tokenizer_config.json, which transformers lets win, changes the case of letters."""
    asked = read_json(folder.path / "tokenizer_config.json").get("do_lower_case")
    normalizer = read_json(folder.path / "tokenizer.json").get("normalizer") or {}
    return asked is not None and normalizer.get("lowercase", asked) != asked


def _load_slowly(folder: ModelFolder) -> "Tokenizer":
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder.path, use_fast=True)  # type: ignore[no-untyped-call]
        return tokenizer.backend_tokenizer
    except Exception as error:  # transformers raises many kinds, down to AttributeError
        reason = str(error).strip().split("\n", 1)[0]
        raise SubjectError(
            f"The tokeniser in {folder.path} cannot be loaded as a fast one ({reason}). Save its tokenizer.json there."
        ) from error
