"""Texts to token ids, without torch and mostly without transformers."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audit.errors import SubjectError
from audit.models.folder import ModelFolder, read_json
from audit.types import Ints

if TYPE_CHECKING:
    from tokenizers import Tokenizer  # type: ignore[import-untyped]

LONG = 16
"""Characters for each token of the limit; a longer text is not read to its end."""
END_OF_WORD = re.compile(r"\w ")


class Tokens:
    """The tokeniser of a model folder, loaded when it is first used."""

    def __init__(self, folder: ModelFolder, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut to the limit."""
        begun = [self._beginning(text) for text in texts]
        found = self._encoded(begun)
        # A beginning that fills the limit has the ids of the whole text; any other has to be read on.
        cut = [len(begin) < len(text) for begin, text in zip(begun, texts, strict=True)]
        short = [k for k, ids in enumerate(found) if cut[k] and len(ids) < self._limit]
        for k, ids in zip(short, self._encoded([texts[k] for k in short]), strict=True):
            found[k] = ids
        return found

    def counts(self, texts: Sequence[str]) -> Ints:
        """Tokens of each text before any cut, shape (n,)."""
        encodings = self._whole.encode_batch_fast(_valid(texts))
        return np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._cutting.encode_batch_fast(_valid(texts))]

    def _beginning(self, text: str) -> str:
        """Return a text as far as the end of a word beyond which the limit will hardly reach."""
        far = LONG * self._limit
        end = END_OF_WORD.search(text, far) if len(text) > far and self._word_by_word else None
        return text[: end.start() + 1] if end else text

    @cached_property
    def _word_by_word(self) -> bool:
        """Whether no token depends on what comes after the end of its word."""
        from tokenizers import normalizers, pre_tokenizers

        whole, words = self._whole, self._whole.pre_tokenizer
        return (
            (whole.normalizer is None or isinstance(whole.normalizer, normalizers.BertNormalizer))
            and (
                isinstance(words, pre_tokenizers.BertPreTokenizer)
                or (isinstance(words, pre_tokenizers.ByteLevel) and words.use_regex)
            )
            and not any(" " in token.content for token in whole.get_added_tokens_decoder().values())
        )

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
