"""Frozen lower layers: which they are, and how to compute them once instead of every epoch."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audit.errors import SubjectError
from audit.models.batch import plan
from audit.progress import track
from audit.training_data import Examples, Inputs, StateInputs

TOLERANCE = 1e-4
"""Largest difference of a logit between the whole network and its upper part on kept states."""
CHECKED_ROWS = 8


@dataclass(frozen=True)
class Stack:
    """Where a network keeps its embeddings and its layers."""

    encoder: Any
    embeddings: str
    """Name of the encoder's child that holds them."""
    owner: Any
    attribute: str
    """``getattr(owner, attribute)`` is the list of layers."""

    @property
    def layers(self) -> Any:
        """The layers, the lowest first."""
        return getattr(self.owner, self.attribute)


def find_stack(network: Any) -> Stack | None:
    """Return where the layers are, or None in a network of an unusual build (such as shared layers)."""
    from torch import nn

    encoder, words = network.base_model, network.get_input_embeddings()
    children = (name for name, child in encoder.named_children() if any(part is words for part in child.modules()))
    embeddings = next(children, None)
    for path, part in encoder.named_modules():
        if isinstance(part, nn.ModuleList) and len(part) == network.config.num_hidden_layers and embeddings:
            owner, _, attribute = path.rpartition(".")
            return Stack(encoder, embeddings, encoder.get_submodule(owner), attribute)
    return None


def freeze(network: Any, keep: int | None) -> list[Any]:
    """Freeze the encoder below its top ``keep`` layers, or all of it; return the frozen modules.

    Raises
    ------
    SubjectError
        If the encoder has no such layers.
    """
    encoder = network.base_model
    encoder.requires_grad_(False)
    if keep is None:
        return [encoder]
    stack = find_stack(network)
    if stack is None:
        raise SubjectError("The layers of this base cannot be told apart. Use train = 'all', 'head' or 'lora'.")
    layers = list(stack.layers)
    if keep > len(layers):
        raise SubjectError(f"The base has {len(layers)} layers, not {keep} to train. Use train = 'all'.")
    lower, upper = layers[: len(layers) - keep], layers[len(layers) - keep :]
    for part in (*upper, *_after(stack)):
        part.requires_grad_(True)
    return [getattr(encoder, stack.embeddings), *lower]


def _after(stack: Stack) -> list[Any]:
    """Parts of the encoder that follow its layers, such as a pooler."""
    parts = [child for name, child in stack.encoder.named_children() if name != stack.embeddings]
    return [part for part in parts if not any(inner is stack.layers for inner in part.modules())]


@dataclass(frozen=True)
class UpperPart:
    """What learns: its rows, and how to let a network consist of it alone."""

    train: Examples
    validation: Examples
    only: Callable[[], AbstractContextManager[None]] = nullcontext
    note: str = ""


def upper_part(network: Any, keep: int, train: Examples, validation: Examples, scratch: Path) -> UpperPart:
    """Run the frozen lower part once over all rows, and return what is above it.

    Where the network cannot be cut there, its lower part is frozen and runs in every epoch.

    Parameters
    ----------
    network : torch.nn.Module
        A sequence classifier.
    keep : int
        Layers of the upper part; 0 leaves the head.
    train, validation : Examples
        With token ids as inputs.
    scratch : Path
        Folder for states that do not fit in memory.
    """
    stack = find_stack(network)
    if stack is None or keep == len(stack.layers):
        return UpperPart(train, validation)
    lower, upper = stack.layers[: len(stack.layers) - keep], stack.layers[len(stack.layers) - keep :]

    def only() -> AbstractContextManager[None]:
        return _swapped(stack, upper, _pass_through())

    with _swapped(stack, lower, None):
        states = _states(network, lower[-1], validation.inputs, scratch)
    if not _agree(network, only, validation.inputs, states):
        return UpperPart(train, validation, note="the frozen layers could not be cut off and ran in every epoch")
    known = Examples(states, validation.labels)
    with _swapped(stack, lower, None):
        return UpperPart(Examples(_states(network, lower[-1], train.inputs, scratch), train.labels), known, only)


def _states(network: Any, last: Any, inputs: Inputs, scratch: Path) -> StateInputs:
    """Return what the module ``last`` gives for every row."""
    import torch

    states = StateInputs(inputs.lengths, network.config.hidden_size, scratch)
    seen: list[Any] = []
    hook = last.register_forward_hook(lambda _module, _args, output: seen.append(output))
    network.eval()
    with torch.no_grad(), track("Frozen layers", len(inputs.lengths)) as advance:
        for rows in plan(inputs.lengths):
            run(network, inputs, rows)
            output = seen.pop()
            states.put(rows, (output[0] if isinstance(output, tuple) else output).float().cpu().numpy())
            advance(len(rows))
    hook.remove()
    return states


def _agree(network: Any, only: Callable[[], AbstractContextManager[None]], inputs: Inputs, states: StateInputs) -> bool:
    """Whether whole network and upper part give the same logits on rows of several lengths."""
    import torch

    by_length = np.argsort(inputs.lengths, kind="stable")
    rows = by_length[np.linspace(0, len(by_length) - 1, CHECKED_ROWS).astype(int)]
    network.eval()
    with torch.no_grad():
        whole = run(network, inputs, rows)
        try:
            with only():
                upper = run(network, states, rows)
        except (RuntimeError, TypeError, ValueError):  # a network that takes no states in this place
            return False
    return bool((whole - upper).abs().max() <= TOLERANCE)


@contextmanager
def _swapped(stack: Stack, layers: Any, embeddings: Any | None) -> Iterator[None]:
    """Let the encoder have other layers and, where given, other embeddings."""
    old_layers, old_embeddings = stack.layers, getattr(stack.encoder, stack.embeddings)
    setattr(stack.owner, stack.attribute, layers)
    setattr(stack.encoder, stack.embeddings, embeddings or old_embeddings)
    try:
        yield
    finally:
        setattr(stack.owner, stack.attribute, old_layers)
        setattr(stack.encoder, stack.embeddings, old_embeddings)


def run(network: Any, inputs: Inputs, rows: Any) -> Any:
    """Return the logits of some rows, shape (rows, classes)."""
    return network(**{name: part.to(network.device) for name, part in inputs.batch(rows).items()}).logits


def _pass_through() -> Any:
    from torch import nn

    class PassThrough(nn.Module):
        def forward(self, input_ids: None = None, inputs_embeds: Any = None, **_: Any) -> Any:
            return inputs_embeds

    return PassThrough()
