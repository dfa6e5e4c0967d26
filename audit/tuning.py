"""Fine-tuning: a base encoder and a train split become a classifier that is kept and reused."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from audit.config import Recipe
from audit.errors import SubjectError
from audit.frozen_layers import UpperPart, freeze, upper_part
from audit.linear_head import fit_head
from audit.models.folder import ModelFolder, open_folder
from audit.models.tokens import Tokens
from audit.models.transformer import best_device, load_network
from audit.training import Training, choose_precision
from audit.training_data import Examples, TokenInputs
from audit.types import Split, TuningFacts

VERSION = 1
"""Raised whenever the same recipe would give another model."""
FACTS, CHECKPOINT = "tuning.json", "checkpoint.pt"
HEAD_ONLY = "only the head was trained, so the start is the tuned model itself"


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned classifier and where it began."""

    model: Path
    """Folder in the transformers format."""
    start: Path
    """The same for the untuned start: the frozen encoder with a fitted head."""
    facts: TuningFacts


@dataclass(frozen=True)
class _Job:
    """Everything that decides what the tuned model will be."""

    folder: ModelFolder
    train: Split
    validation: Split
    recipe: Recipe
    labels: tuple[str, ...]
    seed: int

    @property
    def max_tokens(self) -> int:
        return self.folder.token_limit(self.recipe.max_tokens)

    @property
    def digest(self) -> str:
        settings = [VERSION, self.folder.digest, self.recipe.hyperparameters(), self.labels, self.seed]
        total = blake2b(json.dumps(settings).encode(), digest_size=16)
        for split in (self.train, self.validation):
            total.update(split.labels.tobytes())
            total.update(json.dumps(split.texts).encode())
        return total.hexdigest()


def tune(
    base: Path,
    train: Split,
    validation: Split,
    recipe: Recipe,
    *,
    labels: tuple[str, ...],
    seed: int,
    cache: Path,
    base_name: str,
) -> Tuned:
    """Fine-tune a base encoder, or return what an earlier run made of the same base, data, recipe and seed.

    Training begins from a head fitted on the frozen encoder. An interrupted run resumes from its
    last epoch; of two runs at once, one waits for the other.

    Parameters
    ----------
    base : Path
        Folder of the base encoder in the transformers format, or a hub name.
    train, validation : Split
        Rows to learn from, and rows that decide when to stop.
    recipe : Recipe
        Hyperparameters.
    labels : tuple of str
        Class names; the labels of the splits are indices into them.
    seed : int
        Of batches, dropout and new weights.
    cache : Path
        The model is kept in its folder ``models``.
    base_name : str
        What the facts call the base.

    Raises
    ------
    SubjectError
        If the base or a split is missing or unfit, or the disk cannot take the model.
    """
    for split in (train, validation):
        if not len(split):
            raise SubjectError(f"The {split.name} split is empty. Fine-tuning needs rows to learn from and to stop by.")
    if len(np.unique(train.labels)) < 2:
        raise SubjectError("All rows of the train split have one label. Fine-tuning needs rows of two or more.")
    job = _Job(open_folder(base), train, validation, recipe, labels, seed)
    kept = cache / "models" / job.digest
    try:
        with _alone(kept):
            reused = (kept / FACTS).is_file()
            if not reused:
                _make(job, kept)
    except OSError as error:
        raise SubjectError(f"The tuned model cannot be kept in {kept.parent}: {error}. Free space there.") from error
    facts = TuningFacts.model_validate_json((kept / FACTS).read_bytes())
    start = kept / ("model" if recipe.train == "head" else "start")
    asked = {"base": base_name, "reused": reused, "recipe": recipe.model_dump(mode="json")}
    return Tuned(kept / "model", start, facts.model_copy(update=asked))


@contextmanager
def _alone(kept: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    kept.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{kept}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another run is tuning this model; waiting for it.", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(job: _Job, kept: Path) -> None:
    """Build the folder beside its place and rename it: it is there whole or not at all."""
    import torch

    part = kept.with_suffix(".part")
    part.mkdir(exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(job.seed)
        facts = _tune(job, part)
    (part / FACTS).write_text(facts.model_dump_json(), "utf-8")
    os.replace(part, kept)
    (kept / CHECKPOINT).unlink()


def _tune(job: _Job, part: Path) -> TuningFacts:
    begun = time.monotonic()
    network = _network(job, part)
    total = _count(network.parameters())
    frozen, keep = _freeze(network, job.recipe.train)
    upper = _inputs(job, network, keep, part)
    if not (part / "start").is_dir():
        with upper.only():
            fit_head(network, upper.train, balanced=job.recipe.class_weights == "balanced")
        _save(network, job, part / "start")
    if job.recipe.train == "lora":
        network = _with_adapters(network, job.recipe)
    trainable = _count(weight for weight in network.parameters() if weight.requires_grad)
    precision, remark = choose_precision(job.recipe.precision, network.device.type)
    preparing = time.monotonic() - begun
    with upper.only():
        training = Training(
            network, frozen, upper.train, upper.validation, job.recipe, precision, job.seed, part / CHECKPOINT
        )
        best = training.run()
    if job.recipe.train == "lora":
        network = network.merge_and_unload()
    _save(network, job, part / "model")
    notes = (upper.note, remark, HEAD_ONLY if job.recipe.train == "head" else "")
    return TuningFacts(
        base=str(job.folder.path.name),
        recipe=job.recipe.model_dump(mode="json"),
        trainable_parameters=trainable,
        total_parameters=total,
        precision=precision,
        curve=tuple(training.curve),
        best_epoch=best,
        seconds=preparing + sum(epoch.seconds for epoch in training.curve),
        reused=False,
        note=". ".join(note for note in notes if note),
    )


def _network(job: _Job, part: Path) -> Any:
    """Return the base with a head for the data's labels, or the start that an interrupted run left."""
    from transformers import AutoConfig

    path = part / "start" if (part / "start").is_dir() else job.folder.path
    names = dict(enumerate(job.labels))
    config = AutoConfig.from_pretrained(
        path,
        id2label=names,
        label2id={name: k for k, name in names.items()},
        problem_type="single_label_classification",
    )
    if job.recipe.dropout is not None:
        for key in [key for key in config.to_dict() if key.endswith(("dropout", "dropout_prob"))]:
            setattr(config, key, job.recipe.dropout)
    network, missing = load_network(path, config=config, ignore_mismatched_sizes=True)
    encoder = f"{network.base_model_prefix}."
    if lost := [key for key in missing if key.startswith(encoder) and "pooler" not in key]:
        raise SubjectError(f"{path} lacks weights of the encoder, such as {lost[0]}. Download the base again.")
    return network.to(best_device())


def _freeze(network: Any, train: str) -> tuple[list[Any], int | None]:
    """Return the frozen modules, and how many layers above them learn (None where nothing is frozen)."""
    if train in ("all", "lora"):
        return [], None
    if train == "head":
        return freeze(network, None), 0
    keep = int(train.removeprefix("top:"))
    return freeze(network, keep), keep


def _inputs(job: _Job, network: Any, keep: int | None, scratch: Path) -> UpperPart:
    tokens = Tokens(job.folder, job.max_tokens)
    train, validation = (
        Examples(TokenInputs(tokens.encode(split.texts), job.folder.pad_id), split.labels)
        for split in (job.train, job.validation)
    )
    return UpperPart(train, validation) if keep is None else upper_part(network, keep, train, validation, scratch)


def _with_adapters(network: Any, recipe: Recipe) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    head = [
        name
        for name, child in network.named_children()
        if child is not network.base_model and next(child.parameters(), None) is not None
    ]
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=recipe.lora_rank, lora_alpha=recipe.lora_alpha, modules_to_save=head
    )
    try:
        return get_peft_model(network, config)
    except ValueError as error:  # peft does not know where this kind of model keeps its attention
        raise SubjectError(f"LoRA does not know this base: {error} Use train = 'all' or 'top:<k>'.") from error


def _save(network: Any, job: _Job, target: Path) -> None:
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    scratch = target.with_suffix(".tmp")
    try:
        network.save_pretrained(scratch)
    except SafetensorError as error:  # how the tensor library tells of a full disk
        raise OSError(str(error)) from error
    tokenizer = AutoTokenizer.from_pretrained(job.folder.path, model_max_length=job.max_tokens)  # type: ignore[no-untyped-call]
    tokenizer.save_pretrained(scratch)
    shutil.rmtree(target, ignore_errors=True)  # left by a run that was killed at its very end
    os.replace(scratch, target)


def _count(weights: Iterable[Any]) -> int:
    return sum(weight.numel() for weight in weights)
