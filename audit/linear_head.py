"""A classification head fitted on frozen features: the start of a fine-tune, and its baseline."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.errors import SubjectError
from audit.frozen_layers import run
from audit.models.batch import plan
from audit.progress import track
from audit.training_data import Examples, Inputs
from audit.types import Floats

MAX_ITERATIONS = 1000
PENALTY = 0.1
"""Of the squared weights, against the mean loss of a row. Large weights would fit no better on rows not
seen, and dropout in front of them would drown fine-tuning in noise."""
NEVER = -10.0
"""Bias, below every other, of a class that the train split does not hold."""


def fit_head(network: Any, train: Examples, *, balanced: bool) -> None:
    """Write multinomial logistic regression on the network's own features into its last linear layer.

    To begin from such a head and not from a random one keeps the first steps of fine-tuning from
    distorting the features (Kumar et al. 2022, arXiv:2202.10054).

    Raises
    ------
    SubjectError
        If the network does not end in a linear layer.
    """
    import torch

    classes = network.config.num_labels
    layer = _last_linear(network, classes)
    weights, bias = _logistic(_features(network, layer, train.inputs), train, classes, balanced)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        layer.bias.copy_(torch.from_numpy(bias))


def _last_linear(network: Any, classes: int) -> Any:
    from torch import nn

    layers = [part for part in network.modules() if isinstance(part, nn.Linear)]
    if not layers or layers[-1].out_features != classes or layers[-1].bias is None:
        raise SubjectError("The head of this base does not end in a linear layer with a bias. Choose another base.")
    return layers[-1]


def _features(network: Any, layer: Any, inputs: Inputs) -> NDArray[np.float32]:
    """Return what enters the layer, shape (n, width)."""
    import torch

    features = np.empty((len(inputs.lengths), layer.in_features), np.float32)
    seen: list[Any] = []
    hook = layer.register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
    network.eval()
    with torch.no_grad(), track("Features of the frozen encoder", len(features)) as advance:
        for rows in plan(inputs.lengths):
            run(network, inputs, rows)
            features[rows] = seen.pop().float().cpu().numpy()
            advance(len(rows))
    hook.remove()
    return features


def _logistic(features: NDArray[np.float32], train: Examples, classes: int, balanced: bool) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    fitted = LogisticRegression(
        C=1 / (PENALTY * len(features)), max_iter=MAX_ITERATIONS, class_weight="balanced" if balanced else None
    )
    fitted.fit(scaler.transform(features), train.labels)
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row for two classes: half of it for each gives the same probabilities
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    # The scaling becomes part of the layer.
    weights, bias = np.zeros((classes, features.shape[1])), np.full(classes, NEVER)
    weights[fitted.classes_] = coefficients / scaler.scale_
    bias[fitted.classes_] = intercepts - weights[fitted.classes_] @ scaler.mean_
    return weights, bias
