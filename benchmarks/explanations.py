"""SHAP values of a transformer: ours against ``shap.Explainer`` of a pipeline and of batches in torch.

A few comments, 200 versions of each, fp32, the better of two rounds. ``python -m benchmarks.explanations``
takes the same arguments as ``benchmarks.scoring``. shap must be installed (``pip install shap``).
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from audit.models.transformer import load_transformer
from audit.types import Floats
from benchmarks.scoring import Ours, Way, arguments, read_texts
from probes._explain.owen import STEP, explain
from probes._explain.passages import PART, passages
from probes._explain.trees import by_sentence

TEXTS, EVALS, ROUNDS, LONGEST = 6, 200, 2, 128
FIRST = 300
"""Texts by which the engine is chosen, before the clock starts."""

Explain = Callable[[list[str]], list[Floats]]


def main() -> None:
    """Print the seconds per text of each way, the ratios, and how far the values agree."""
    asked = arguments(__doc__)
    many = read_texts(asked.texts, asked.column)
    texts = many[:TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(load_transformer(asked.model, max_tokens=LONGEST), Path(folder), many[:FIRST])
        ways: dict[str, Callable[[], Explain]] = {
            "shap, pipeline": lambda: of_pipeline(asked.model),
            "shap, torch batches": lambda: of_batches(asked.model),
            "renben": lambda: renben(ours.fresh()),
        }
        seconds, values = race(ways, texts)
    print(f"{len(texts)} texts of {np.mean([len(of) for of in values['renben']]):.0f} words, {EVALS} versions of each")
    for name, taken in seconds.items():
        print(f"{name:20} {taken / len(texts):5.2f} s a text   renben is {taken / seconds['renben']:.2f} times as fast")
    pairs = zip(values["renben"], values["shap, torch batches"], strict=True)
    print(f"same words hidden: values differ by {max(np.abs(one - other).max() for one, other in pairs):.1e} at most")


def race(ways: dict[str, Callable[[], Explain]], texts: list[str]) -> tuple[dict[str, float], dict[str, list[Floats]]]:
    """Return the best seconds and the values of each way; they take turns, so that a busy moment hits all."""
    seconds: dict[str, float] = {}
    values: dict[str, list[Floats]] = {}
    for _ in range(ROUNDS):
        for name, make in ways.items():
            way = make()
            begun = time.perf_counter()
            values[name] = way(texts)
            seconds[name] = min(seconds.get(name, float("inf")), time.perf_counter() - begun)
    return seconds, values


def renben(score: Way) -> Explain:
    """Return our explanations."""

    def run(texts: list[str]) -> list[Floats]:
        cut = passages(texts, None, None)
        found = explain([(text, by_sentence(text.parts)) for text in cut], lambda asked: score(list(asked)), EVALS)
        return [of.values for of in found]

    return run


def of_pipeline(folder: Path) -> Explain:
    """Return what the documentation of shap shows: the explainer of a pipeline."""
    import shap
    from transformers import pipeline

    run: Any = pipeline("text-classification", model=str(folder), top_k=None, device="cpu")
    explainer = shap.Explainer(run)
    return lambda texts: list(explainer(texts, max_evals=EVALS, silent=True).values)


def of_batches(folder: Path) -> Explain:
    """Return shap's explainer of a function that pads each batch to its longest text, with our words and batches."""
    import shap
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)  # type: ignore[no-untyped-call]
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()

    def score(texts: Sequence[str]) -> Floats:
        batch = tokenizer(list(texts), truncation=True, max_length=LONGEST, padding=True, return_tensors="pt")
        with torch.inference_mode():
            return np.asarray(network(**batch).logits.softmax(dim=1).numpy(), dtype=np.float64)

    masker = shap.maskers.Text(_words)
    masker.clustering = lambda text: _clusters(text)
    explainer = shap.Explainer(score, masker)
    return lambda texts: list(explainer(texts, max_evals=EVALS, batch_size=STEP, silent=True).values)


def _words(text: str, return_offsets_mapping: bool = True) -> dict[str, Any]:
    offsets = list(pairwise([*(part.start() for part in PART.finditer(text)), len(text)]))
    return {"input_ids": [text[start:end] for start, end in offsets], "offset_mapping": offsets}


def _clusters(text: str) -> Floats:
    tree = by_sentence(passages([text], None, None)[0].parts)
    sizes = [tree.size(tree.parts + k) for k in range(len(tree.children))]
    return np.array([[*of, size, size] for of, size in zip(tree.children, sizes, strict=True)], dtype=np.float64)


if __name__ == "__main__":
    main()
