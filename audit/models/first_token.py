"""Encoders whose head reads the first token alone: their last layer is computed for that token only."""

from copy import deepcopy
from functools import partial
from itertools import chain
from typing import Any

TOLERANCE = 1e-6
"""Largest difference of a probability from that of the whole network."""
LOGIT_TOLERANCE = 1e-4
"""The same for logits, where probabilities near 0 or 1 hide a difference."""
CHECKED_LENGTHS = (17, 9, 4, 3)


def first_token_only(network: Any, longest: int) -> Any:
    """Return a network with the same scores and less work in its last layer, or the network itself.

    The two share their weights. A network of another build, or whose head reads further tokens, gives
    other scores on a few rows, and is left as it is.

    Parameters
    ----------
    network : torch.nn.Module
        A sequence classifier in eval mode.
    longest : int
        Most tokens of an input.
    """
    shared = {id(part): part for part in chain(network.parameters(), network.buffers())}
    lean = deepcopy(network, shared)
    try:
        layer = _last_layer(lean)
        layer.forward = partial(_distilbert if hasattr(layer, "sa_layer_norm") else _bert, layer)
        return lean if _agree(network, lean, longest) else network
    except Exception:  # a layer of another build fails in its own way; the whole network still works
        return network


def _last_layer(network: Any) -> Any:
    from torch import nn

    stacks = (part for part in network.base_model.modules() if isinstance(part, nn.ModuleList))
    return next(part for part in stacks if len(part) == network.config.num_hidden_layers)[-1]


def _bert(layer: Any, states: Any, mask: Any = None, *_: Any, **__: Any) -> tuple[Any]:
    part = layer.attention.self
    mixed = _of_first_token(part.query, part.key, part.value, part.num_attention_heads, states, mask)
    return (layer.feed_forward_chunk(layer.attention.output(mixed, states[:, :1])),)


def _distilbert(layer: Any, states: Any, mask: Any = None, *_: Any, **__: Any) -> tuple[Any]:
    part = layer.attention
    mixed = part.out_lin(_of_first_token(part.q_lin, part.k_lin, part.v_lin, part.n_heads, states, mask))
    mixed = layer.sa_layer_norm(mixed + states[:, :1])
    return (layer.output_layer_norm(layer.ffn(mixed) + mixed),)


def _of_first_token(query: Any, key: Any, value: Any, heads: int, states: Any, mask: Any) -> Any:
    """Attention of the first token, shape (rows, 1, width), without keys and values of the others.

    For one query q, q · (K x) = (Kᵀ q) · x, and the mean of V x is V times the mean of x. The key's
    bias adds the same to every score of a query, which softmax does not see.
    """
    rows, _, width = states.shape
    asked = query(states[:, 0]).view(rows, heads, -1)
    wanted = (asked.transpose(0, 1) @ key.weight.view(heads, -1, width)).transpose(0, 1)
    scores = wanted @ states.transpose(1, 2) / asked.shape[2] ** 0.5
    if mask is not None:
        scores = scores + mask[:, 0, :1]  # of shape (rows, 1, queries, keys)
    means = (scores.softmax(dim=-1) @ states).transpose(0, 1)
    mixed = (means @ value.weight.view(heads, -1, width).transpose(1, 2)).transpose(0, 1)
    return mixed.reshape(rows, 1, -1) + value.bias


def _agree(network: Any, lean: Any, longest: int) -> bool:
    import torch

    lengths = torch.tensor([min(longest, length) for length in CHECKED_LENGTHS])
    mask = (torch.arange(int(lengths[0])) < lengths[:, None]).long()
    draws = torch.Generator().manual_seed(0)
    ids = torch.randint(network.config.vocab_size, mask.shape, generator=draws)
    ids[mask == 0] = network.config.pad_token_id or 0
    inputs = {"input_ids": ids.to(network.device), "attention_mask": mask.to(network.device)}
    with torch.no_grad():
        whole, ours = network(**inputs).logits, lean(**inputs).logits
    apart = (whole.softmax(dim=1) - ours.softmax(dim=1)).abs().max()
    return bool(apart <= TOLERANCE and (whole - ours).abs().max() <= LOGIT_TOLERANCE)
