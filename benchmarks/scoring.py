"""Scoring a transformer's texts: ours against the transformers pipeline and against sorted batches in torch.

300 texts, fp32, the best of seven rounds each, in turns. ``python -m benchmarks.scoring`` takes the classifier
that ``make audit`` tuned and its comments; ``--model FOLDER --texts CSV --column NAME`` takes others.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from audit.cli import cache_folder
from audit.models.transformer import TransformerModel, load_transformer
from audit.scoring import Scorer
from audit.types import Floats

COMMENTS = Path(__file__).parent.parent / "examples" / "moderation" / "data" / "comments.csv"
ROWS, ROUNDS, BATCH = 300, 7, 32

Way = Callable[[list[str]], Floats]


def main() -> None:
    """Print the texts per second of each way, the ratios, and how far the results agree."""
    asked = arguments(__doc__)
    texts = read_texts(asked.texts, asked.column)
    model = load_transformer(asked.model, max_tokens=128)
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(model, Path(folder), texts)
        theirs = {"pipeline": pipeline(asked.model), "torch, sorted": sorted_torch(asked.model)}
        seconds, scores = race(theirs, ours, texts)
    print(f"{len(texts):,} texts, {model.token_counts(texts).mean():.0f} tokens each")
    print(f"renben ran {ours.reason}; comparing and exporting took {ours.preparing:.1f} s, once per model")
    for name in seconds:
        ratio = seconds[name] / seconds["renben"]
        print(f"{name:14} {len(texts) / seconds[name]:6.0f} texts/s   renben is {ratio:.2f} times as fast")
    print(f"time outside the model: {100 * ours.outside:.1f} % of renben's")
    report_agreement(scores)


def arguments(description: str | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=tuned_example(), help="folder of a text classifier")
    parser.add_argument("--texts", type=Path, default=COMMENTS, help="table of comma-separated values")
    parser.add_argument("--column", default="text", help="column of the table that holds the texts")
    asked = parser.parse_args()
    if asked.model is None or not asked.texts.is_file():
        sys.exit("Run 'make audit' first, or give --model and --texts.")
    return asked


def tuned_example() -> Path | None:
    """Return the moderation example's classifier that was tuned last on this machine."""
    found = (file.parent for file in cache_folder().glob("models/*/model/config.json") if "biased" in file.read_text())
    return max(found, key=lambda folder: folder.stat().st_mtime, default=None)


def read_texts(file: Path, column: str) -> list[str]:
    """Return texts from all over the table."""
    with file.open(encoding="utf-8", newline="") as handle:
        texts = [row[column] for row in csv.DictReader(handle)]
    return [texts[k] for k in np.random.default_rng(0).permutation(len(texts))[:ROWS]]


class Ours:
    """Scoring that knows no score yet; engine and model are ready before the clock starts, as for the others."""

    def __init__(self, model: TransformerModel, folder: Path, texts: list[str]) -> None:
        begun = time.perf_counter()
        self._model, self._folder = model, folder
        Scorer(model, folder)(texts)
        self.outside = 1.0
        self.preparing = time.perf_counter() - begun

    def fresh(self) -> Way:
        """Return scoring with an empty cache and a loaded model."""
        return partial(self._watched, self.scorer())

    def scorer(self) -> Scorer:
        """Return a scorer with an empty cache and a loaded model."""
        for file in (self._folder / "scores").glob("*"):
            file.unlink()
        scorer = Scorer(self._model, self._folder)
        scorer(["A text of no other table."])
        self.reason = f"{scorer.facts().backend} ({scorer.facts().reason})"
        return scorer

    def _watched(self, scorer: Scorer, texts: list[str]) -> Floats:
        before, begun = scorer.facts().model_seconds, time.perf_counter()
        scores = scorer.score(texts)
        inside = scorer.facts().model_seconds - before
        self.outside = min(self.outside, 1 - inside / (time.perf_counter() - begun))
        return scores


def pipeline(folder: Path) -> Way:
    """Return the pipeline of transformers with its batches."""
    from transformers import pipeline as make

    run: Any = make("text-classification", model=str(folder), top_k=None, device="cpu")
    names = load_transformer(folder).labels

    def score(texts: list[str]) -> Floats:
        answers = run(texts, batch_size=BATCH, truncation=True, max_length=128)
        by_name = [{answer["label"]: answer["score"] for answer in row} for row in answers]
        return np.array([[row[name] for name in names] for row in by_name])

    return score


def sorted_torch(folder: Path) -> Way:
    """Return batches sorted by length, each padded to its longest row."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)  # type: ignore[no-untyped-call]
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()

    def score(texts: list[str]) -> Floats:
        ids = tokenizer(texts, truncation=True, max_length=128)["input_ids"]
        order = np.argsort([len(row) for row in ids], kind="stable")
        scores = []
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                rows = [{"input_ids": ids[k]} for k in order[start : start + BATCH]]
                scores.append(network(**tokenizer.pad(rows, return_tensors="pt")).logits.softmax(dim=1))
        return np.asarray(torch.cat(scores).numpy()[np.argsort(order)], dtype=np.float64)

    return score


def race(theirs: dict[str, Way], ours: Ours, texts: list[str]) -> tuple[dict[str, float], dict[str, Floats]]:
    """Return the best seconds and the scores of each way; they take turns, so that a busy moment hits all."""
    seconds: dict[str, float] = {}
    scores: dict[str, Floats] = {}
    for _ in range(ROUNDS):
        for name, way in (theirs | {"renben": ours.fresh()}).items():
            begun = time.perf_counter()
            scores[name] = way(texts)
            seconds[name] = min(seconds.get(name, float("inf")), time.perf_counter() - begun)
    return seconds, scores


def report_agreement(scores: dict[str, Floats]) -> None:
    """Print how many labels are equal and how far the probabilities lie apart."""
    ours = scores.pop("renben")
    for name, theirs in scores.items():
        equal = int((ours.argmax(axis=1) == theirs.argmax(axis=1)).sum())
        apart = np.abs(ours - theirs).max()
        print(f"against {name:14} {equal:,} of {len(ours):,} labels equal, probabilities differ by {apart:.1e} at most")


if __name__ == "__main__":
    main()
