"""The training loop: steps, validation, early stopping, and a checkpoint after each epoch."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from audit.config import Recipe
from audit.errors import SubjectError
from audit.frozen_layers import run
from audit.models.batch import plan
from audit.progress import track
from audit.training_data import Examples, length_buckets
from audit.types import Advance, EpochFacts, Floats, Ints


@dataclass
class Training:
    """One fine-tune of a network's trainable parameters.

    Each epoch seeds its own random numbers, so one that resumes after an epoch goes on exactly as
    one that was never interrupted.
    """

    network: Any
    frozen: list[Any]
    """Modules that stay as they are, dropout included."""
    train: Examples
    validation: Examples
    recipe: Recipe
    precision: str
    seed: int
    checkpoint: Path
    curve: list[EpochFacts] = field(default_factory=list)

    def run(self) -> int:
        """Train, leave the best weights in the network and return the best epoch.

        Raises
        ------
        SubjectError
            If the loss stops being a number.
        """
        self._prepare()
        with track("Fine-tuning", self._steps * self.recipe.epochs) as advance:
            self._restore(advance)
            while not self._finished():
                self._epoch(advance)
                self._save()
        self._load(self._best_weights)
        return self._best.epoch

    @property
    def _best(self) -> EpochFacts:
        return min(self.curve, key=lambda epoch: epoch.validation_loss)

    def _finished(self) -> bool:
        done = len(self.curve)
        return done == self.recipe.epochs or (done > 0 and done - self._best.epoch >= self.recipe.patience)

    def _prepare(self) -> None:
        import torch
        from transformers import get_linear_schedule_with_warmup

        recipe = self.recipe
        self._weights = {name: part for name, part in self.network.named_parameters() if part.requires_grad}
        # Decay pulls matrices towards zero; for biases and norms that is not wanted (Devlin et al. 2019).
        matrices = [part for part in self._weights.values() if part.ndim > 1]
        vectors = [part for part in self._weights.values() if part.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        self._optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate)
        batches = -(-len(self.train.labels) // recipe.batch_size)
        self._steps = -(-batches // recipe.accumulate)
        total = self._steps * recipe.epochs
        rise = int(total * recipe.warmup)
        self._scheduler = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
            self._optimizer, rise, total
        )
        self._loss = torch.nn.CrossEntropyLoss(weight=self._class_weights())

    def _class_weights(self) -> Any | None:
        import torch

        if self.recipe.class_weights == "none":
            return None
        weights = balanced_weights(self.train.labels, self.network.config.num_labels)
        return torch.tensor(weights, dtype=torch.float32, device=self.network.device)

    def _epoch(self, advance: Advance) -> None:
        import torch

        begun = time.monotonic()
        number = len(self.curve) + 1
        state = np.random.SeedSequence([self.seed, number])
        torch.manual_seed(int(state.generate_state(1)[0]))
        batches = length_buckets(self.train.inputs.lengths, self.recipe.batch_size, np.random.default_rng(state))
        self.network.train()
        for part in self.frozen:
            part.eval()
        losses = [self._step(group, advance) for group in _grouped(batches, self.recipe.accumulate)]
        loss, accuracy = self._validate()
        if not np.isfinite([loss, *losses]).all():
            raise SubjectError(f"The loss is no longer a number in epoch {number}. Lower learning_rate in the recipe.")
        facts = EpochFacts(
            epoch=number,
            train_loss=float(np.mean(losses)),
            validation_loss=loss,
            validation_accuracy=accuracy,
            seconds=time.monotonic() - begun,
        )
        self.curve.append(facts)
        if self._best is facts:
            self._best_weights = self._copy()
        _tell(facts, self.recipe.epochs)

    def _step(self, batches: list[Ints], advance: Advance) -> float:
        import torch

        total = 0.0
        for rows in batches:
            loss = self._loss(self._logits(self.train, rows), self._targets(self.train, rows)) / len(batches)
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self._weights.values(), self.recipe.clip)
        self._optimizer.step()
        self._scheduler.step()
        self._optimizer.zero_grad()
        advance(1)
        return total

    def _validate(self) -> tuple[float, float]:
        """Loss and accuracy on the validation split."""
        import torch

        self.network.eval()
        order = list(plan(self.validation.inputs.lengths))
        with torch.no_grad():
            logits = torch.cat([self._logits(self.validation, rows) for rows in order])
        targets = self._targets(self.validation, np.concatenate(order))
        return float(self._loss(logits, targets)), float((logits.argmax(1) == targets).float().mean())

    def _logits(self, examples: Examples, rows: Ints) -> Any:
        with self._autocast():
            return run(self.network, examples.inputs, rows).float()

    def _targets(self, examples: Examples, rows: Ints) -> Any:
        import torch

        return torch.from_numpy(examples.labels[rows]).to(self.network.device)

    def _autocast(self) -> AbstractContextManager[Any]:
        import torch

        return torch.autocast(self.network.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def _copy(self) -> dict[str, Any]:
        return {name: part.detach().clone() for name, part in self._weights.items()}

    def _load(self, weights: dict[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, part in self._weights.items():
                part.copy_(weights[name])

    def _save(self) -> None:
        import torch

        state = {
            "weights": self._copy(),
            "best": self._best_weights,
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "curve": [epoch.model_dump() for epoch in self.curve],
        }
        packed = BytesIO()  # so that a full disk is an OSError, and not an error of torch's own
        torch.save(state, packed)
        scratch = self.checkpoint.with_suffix(".tmp")
        scratch.write_bytes(packed.getbuffer())
        os.replace(scratch, self.checkpoint)

    def _restore(self, advance: Advance) -> None:
        import torch

        if not self.checkpoint.is_file():
            return
        state = torch.load(self.checkpoint, map_location=self.network.device, weights_only=True)
        self._load(state["weights"])
        self._best_weights = state["best"]
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
        self.curve += [EpochFacts(**epoch) for epoch in state["curve"]]
        advance(self._steps * len(self.curve))


def balanced_weights(labels: Ints, classes: int) -> Floats:
    """Return n / (classes * count) for each class, so that each weighs the same in all; 0 where absent."""
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 0.0)


def choose_precision(asked: str, device: str) -> tuple[str, str]:
    """Return ``fp32`` or ``bf16``, and a note where that is not what was asked for."""
    if asked != "fp32" and _native_bf16(device):
        return "bf16", ""
    return "fp32", "bf16 was asked for, but this machine does not compute it natively" if asked == "bf16" else ""


def _native_bf16(device: str) -> bool:
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _grouped(batches: list[Ints], size: int) -> Iterator[list[Ints]]:
    return (batches[k : k + size] for k in range(0, len(batches), size))


def _tell(facts: EpochFacts, epochs: int) -> None:
    print(
        f"Epoch {facts.epoch} of {epochs}: training loss {facts.train_loss:.3f}, validation loss "
        f"{facts.validation_loss:.3f}, validation accuracy {facts.validation_accuracy:.3f} ({facts.seconds:.0f} s)",
        file=sys.stderr,
        flush=True,
    )
