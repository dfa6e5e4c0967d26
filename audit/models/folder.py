"""A model folder in the transformers format, read without torch and without transformers."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from audit.errors import SubjectError

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
TOKENIZER_EXTRAS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
COUNT_FROM_PADDING = {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer", "data2vec-text"}
"""Kinds of model whose position numbers begin after the padding id, so that as many positions are lost."""
USUAL_LIMIT = 512
SMALL_FILES = ("*.json", "*.txt", "*.model", "README.md")


@dataclass(frozen=True)
class ModelFolder:
    """Where a model lives, and what its files say about it."""

    path: Path
    config: Mapping[str, Any]
    weights: tuple[Path, ...]
    """Every file that holds weights."""

    @cached_property
    def digest(self) -> str:
        """Identity of configuration, tokeniser and weights."""
        names = ("config.json", *TOKENIZER_FILES, *TOKENIZER_EXTRAS)
        total = blake2b(digest_size=16)
        for file in (*(self.path / name for name in names if (self.path / name).is_file()), *self.weights):
            with file.open("rb") as handle:
                total.update(file.name.encode() + file_digest(handle, "blake2b").digest())
        return total.hexdigest()

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the model's outputs."""
        names = self.config.get("id2label") or {k: f"LABEL_{k}" for k in range(2)}
        return tuple(str(names[k]) for k in sorted(names, key=int))

    @property
    def pad_id(self) -> int:
        """Token that fills up the shorter rows of a batch; the attention mask hides it."""
        return int(self.config.get("pad_token_id") or 0)

    def token_limit(self, asked: int | None = None) -> int:
        """Longest input that tokeniser and position table allow, and at most ``asked``."""
        limits = [asked, read_json(self.path / "tokenizer_config.json").get("model_max_length")]
        if positions := self.config.get("max_position_embeddings"):
            lost = self.pad_id + 1 if self.config.get("model_type") in COUNT_FROM_PADDING else 0
            limits.append(positions - lost)
        # Tokenisers without a limit say 1e30.
        known = [int(limit) for limit in limits if limit and limit < 1e9]
        return min(known, default=USUAL_LIMIT)

    @property
    def size_bytes(self) -> int:
        """Size of the weights on disk."""
        return sum(file.stat().st_size for file in self.weights)

    @property
    def parameters(self) -> int | None:
        """Number of weights, from the headers of the files; None where their format hides it."""
        if any(file.suffix != ".safetensors" for file in self.weights):
            return None
        return sum(_count_parameters(file) for file in self.weights)

    @property
    def licence(self) -> str | None:
        """What the configuration or the head of the README says."""
        readme = self.path / "README.md"
        head = readme.read_text("utf-8", "replace")[:20_000].split("---") if readme.is_file() else []
        found = re.search(r"^license:\s*(\S+)", head[1], re.M) if len(head) > 2 else None
        return self.config.get("license") or (found[1] if found else None)


def open_folder(source: Path | str) -> ModelFolder:
    """Return the model folder at a path, or of a hub name where there is a network.

    Raises
    ------
    SubjectError
        If there is no such folder, or its configuration, weights or tokeniser are missing.
    """
    path = Path(source)
    if not path.is_dir():
        path = _from_hub(str(source))
    if not (path / "config.json").is_file():
        raise SubjectError(f"{path} holds no model: config.json is missing. Give a folder made by save_pretrained().")
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        raise SubjectError(f"{path} has no tokeniser. Save it beside the model: tokenizer.save_pretrained(folder).")
    return ModelFolder(path, read_json(path / "config.json"), _weights(path))


def read_json(file: Path) -> dict[str, Any]:
    """Return a JSON object, or an empty one where there is no such file.

    Raises
    ------
    SubjectError
        If the file is not JSON.
    """
    if not file.is_file():
        return {}
    try:
        return dict(json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise SubjectError(f"{file} is not a JSON object: {error}. Save the model again.") from error


def _weights(path: Path) -> tuple[Path, ...]:
    first = next((path / name for name in WEIGHTS if (path / name).is_file()), None)
    if first is None:
        raise SubjectError(f"{path} has no weights (model.safetensors). Save it there: model.save_pretrained(folder).")
    if first.suffix != ".json":
        return (first,)
    parts = tuple(path / name for name in sorted(set(read_json(first).get("weight_map", {}).values())))
    if lost := [part.name for part in parts if not part.is_file()]:
        raise SubjectError(f"{path} lacks {', '.join(lost)}, which {first.name} names. Download the folder again.")
    return parts


def _count_parameters(file: Path) -> int:
    with file.open("rb") as handle:
        header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
    tensors = (entry for name, entry in header.items() if name != "__metadata__")
    # Whole numbers are tables of positions, not weights.
    return sum(math.prod(entry["shape"]) for entry in tensors if not entry["dtype"].startswith(("I", "U", "B8")))


def _from_hub(name: str) -> Path:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
        raise SubjectError(f"There is no model folder {name}. Check the path.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = Path(snapshot_download(name, allow_patterns=[*SMALL_FILES, "*.safetensors"]))
        if not list(found.glob("*.safetensors")):
            snapshot_download(name, allow_patterns=[*SMALL_FILES, "*.bin"])
    except (OSError, ValueError, HfHubHTTPError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise SubjectError(
            f"{name!r} is no folder, and the model hub cannot be reached or does not know it ({reason}). "
            "Give the folder of a downloaded model."
        ) from error
    return found
