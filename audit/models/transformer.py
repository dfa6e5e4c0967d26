"""A transformer text classifier from a folder; torch is loaded only when it has to predict."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from audit.errors import SubjectError
from audit.models.batch import pad, softmax
from audit.models.folder import ModelFolder, open_folder
from audit.models.tokens import Tokens
from audit.types import Floats, Ints


class TransformerModel:
    """A sequence classifier in the transformers format, in fp32 on the best device there is."""

    def __init__(self, folder: ModelFolder, max_tokens: int) -> None:
        self._folder = folder
        self._tokens = Tokens(folder, max_tokens)
        self.max_tokens = max_tokens
        self.labels = folder.labels
        self.pad_id = folder.pad_id
        self.digest = blake2b(f"{folder.digest}/{max_tokens}".encode(), digest_size=16).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut to ``max_tokens``."""
        return self._tokens.encode(texts)

    def token_counts(self, texts: Sequence[str]) -> Ints:
        """Tokens of each text before any cut, shape (n,)."""
        return self._tokens.counts(texts)

    def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
        """Probabilities of one batch of token ids, shape (batch, classes).

        Raises
        ------
        SubjectError
            If the weights cannot be loaded or the folder holds no classification head.
        """
        import torch

        network = self._lean  # loaded out here: weights made in inference mode could not be exported
        ids, mask = (torch.from_numpy(array).to(self.device()) for array in pad(batch, self.pad_id))
        with torch.inference_mode():
            logits = network(input_ids=ids, attention_mask=mask).logits
        return softmax(logits.cpu().numpy())

    def device(self) -> str:
        """Where it runs: cuda, else mps, else cpu."""
        return best_device()

    def load(self) -> None:
        """Load the weights, so that several threads may predict at once."""
        self._lean  # noqa: B018

    @cached_property
    def network(self) -> Any:
        """The torch module, in eval mode."""
        return _trained(self._folder).eval().to(self.device())

    @cached_property
    def _lean(self) -> Any:
        """The same network without work that no score needs."""
        from audit.models.first_token import first_token_only

        return first_token_only(self.network, self.max_tokens)

    def export(self, target: Path) -> None:
        """Write the model as ONNX to ``target``."""
        from audit.models.onnx import export

        export(self._lean.cpu(), target)
        self._lean.to(self.device())

    def facts(self) -> dict[str, JsonValue]:
        """Return what the card tells about the model, from its files alone."""
        folder = self._folder
        known: dict[str, JsonValue] = {
            "architecture": next(iter(folder.config.get("architectures") or ()), folder.config.get("model_type")),
            "parameters": folder.parameters,
            "size_bytes": folder.size_bytes,
            "max_tokens": self.max_tokens,
            "licence": folder.licence,
        }
        return {key: value for key, value in known.items() if value is not None}


def load_transformer(path: Path | str, *, max_tokens: int | None = None) -> TransformerModel:
    """Return the text classifier in a folder, or of a hub name where there is a network.

    Reads a few small files and the digest of the weights; the weights themselves are loaded by the
    first prediction.

    Parameters
    ----------
    path : Path or str
        Folder made by ``save_pretrained`` for model and tokeniser, or a hub name.
    max_tokens : int, optional
        Longest input; never more than the model allows.

    Raises
    ------
    SubjectError
        If files are missing, or the model gives each class a probability of its own.
    """
    folder = open_folder(path)
    if folder.config.get("problem_type") == "multi_label_classification" or len(folder.labels) == 1:
        raise SubjectError(
            f"The model in {folder.path} does not choose one of several classes (its outputs are independent). "
            "Give a classifier with two or more classes that exclude each other."
        )
    return TransformerModel(folder, folder.token_limit(max_tokens))


def best_device() -> str:
    """Return ``cuda``, else ``mps``, else ``cpu``."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def load_network(path: Path, **settings: Any) -> tuple[Any, list[str]]:
    """Return a sequence classifier in fp32, and the names of the weights that the folder lacks.

    Raises
    ------
    SubjectError
        If the weights cannot be loaded.
    """
    import torch
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    # It warns of weights made up at random; the callers look at them themselves.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        network, info = AutoModelForSequenceClassification.from_pretrained(
            path, dtype=torch.float32, output_loading_info=True, local_files_only=True, **settings
        )
    except Exception as error:  # a bad file fails in the tensor library, in torch or in transformers
        reason = str(error).strip().split("\n", 1)[0]
        raise SubjectError(f"The model in {path} cannot be loaded ({reason}). Save or download it again.") from error
    return network, sorted(info["missing_keys"])


def _trained(folder: ModelFolder) -> Any:
    network, missing = load_network(folder.path)
    if missing:
        raise SubjectError(
            f"{folder.path} is no trained classifier: it has no weights for {', '.join(missing[:3])}. "
            'Give a fine-tuned classifier, or tune this base with [model] kind = "tune".'
        )
    return network
