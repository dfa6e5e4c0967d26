"""Synthetic subjects with known properties, for tests of probes."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import numpy as np

from audit.types import (
    Floats,
    GroupColumn,
    Ints,
    Predictions,
    Split,
    SplitFacts,
    Subject,
    SubjectFacts,
    Variant,
)

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "seven",
    "wizards",
    "boil",
    "green",
    "tea",
]


def texts_of(rng: np.random.Generator, n: int) -> tuple[str, ...]:
    """Return ``n`` distinct sentences of 5 to 12 words."""
    return tuple(f"{i} " + " ".join(rng.choice(WORDS, size=rng.integers(5, 13))) for i in range(n))


def group_column(name: str, of_row: Sequence[str | None]) -> GroupColumn:
    """Return a column in which each row is in one group, or in none."""
    values = tuple(sorted({v for v in of_row if v is not None}))
    members = np.array([[v == value for value in values] for v in of_row], dtype=bool)
    return GroupColumn(name, values, members.reshape(len(of_row), len(values)))


def make_split(
    name: str, labels: Ints, groups: Sequence[GroupColumn], texts: Sequence[str] | None = None, seed: int = 0
) -> Split:
    """Return a split with ids ``<name>-0 …``."""
    rng = np.random.default_rng([seed, len(name)])
    ids = tuple(f"{name}-{i}" for i in range(len(labels)))
    return Split(
        name, ids, tuple(texts or texts_of(rng, len(labels))), np.asarray(labels), tuple(groups), f"{name}-fingerprint"
    )


def draw_scores(rng: np.random.Generator, n: int, classes: int, sharpness: float = 1.5) -> Floats:
    """Return probabilities of shape (n, classes)."""
    logits = rng.normal(scale=sharpness, size=(n, classes))
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def draw_labels(rng: np.random.Generator, scores: Floats) -> Ints:
    """Return labels drawn from the scores: the model is then perfectly calibrated."""
    return np.asarray((scores.cumsum(axis=1) > rng.random((len(scores), 1))).argmax(axis=1))


def some_groups(rng: np.random.Generator, n: int) -> dict[str, Sequence[str | None]]:
    """Return two columns of groups that have nothing to do with anything."""
    return {
        "sex": [("f", "m", None)[k] for k in rng.choice(3, size=n, p=[0.45, 0.45, 0.1])],
        "race": [("a", "b", "c")[k] for k in rng.choice(3, size=n, p=[0.5, 0.3, 0.2])],
    }


def scorer_of(texts: Sequence[str], scores: Floats) -> Callable[[Sequence[str]], Floats]:
    """Return a model that gives these texts these scores, and every other text scores drawn by its own hash."""
    known = dict(zip(texts, scores, strict=True))
    salt = blake2b(scores.tobytes(), digest_size=8).digest()

    def of_hash(text: str) -> Floats:
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
        return draw_scores(np.random.default_rng(int.from_bytes(digest, "big")), 1, scores.shape[1])[0]

    return lambda batch: np.stack([known[t] if t in known else of_hash(t) for t in batch])


class SteadyBench:
    """A workbench without a model, whose clock ticks once whenever it is read.

    The second engine rounds its probabilities, and smaller copies round them harder.
    """

    backends: tuple[str, ...] = ("torch", "onnx")
    parameters = 1000
    file_bytes = 4_000_000
    cores: int | None = 2
    tick = 1 / 1024

    def __init__(self, score: Callable[[Sequence[str]], Floats]) -> None:
        self._score = score
        self._ticks = 0

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        return self._score(texts) if backend == "torch" else self._score(texts).round(3)

    def variant(self, kind: str) -> Variant:
        how = f"weights of {len(kind)} linear layers in 8 bits (torch, dynamic quantisation)"
        return Variant(lambda texts, rows: self._score(texts).round(1), 700, 1_000_000, how)

    def clock(self) -> float:
        self._ticks += 1
        return self._ticks * self.tick

    def joules(self) -> float | None:
        return None

    def peak_memory(self, work: Callable[[], object]) -> tuple[int | None, str]:
        work()
        return 200_000_000, "the whole process since it began, with data, fine-tuning and other probes: an upper bound"


def make_subject(
    n: int = 600,
    classes: int = 2,
    *,
    seed: int = 0,
    groups: dict[str, Sequence[str | None]] | None = None,
    scores: Floats | None = None,
    labels: Ints | None = None,
    with_scores: bool = True,
    score: Callable[[Sequence[str]], Floats] | None = None,
    texts: Sequence[str] | None = None,
    train: Split | None = None,
    crossings: tuple[tuple[str, ...], ...] = (),
) -> Subject:
    """Return a subject whose model is calibrated and treats groups alike, unless told otherwise.

    ``groups`` maps a column to the group of each row; by default ``sex`` (f, m, and some
    unknown) and ``race`` (a, b, c), independent of everything else. ``score`` is the model; by
    default it answers as ``scores`` say, and to other texts at random. Without scores there is none.
    """
    rng = np.random.default_rng(seed)
    scores = draw_scores(rng, n, classes) if scores is None else scores
    labels = draw_labels(rng, scores) if labels is None else np.asarray(labels)
    if groups is None:
        groups = some_groups(rng, n)
        crossings = crossings or (("sex", "race"),)
    test = make_split("test", labels, [group_column(c, v) for c, v in groups.items()], texts, seed)
    validation_scores = draw_scores(rng, n, classes)
    validation = make_split("validation", draw_labels(rng, validation_scores), [], None, seed + 1)
    splits = {"test": test, "validation": validation} | ({"train": train} if train else {})
    if with_scores:
        score = score or scorer_of(test.texts, scores)
    keep = (lambda s: s) if with_scores else (lambda s: None)
    predictions = {
        "test": Predictions(scores.argmax(axis=1), keep(scores)),
        "validation": Predictions(validation_scores.argmax(axis=1), keep(validation_scores)),
    }
    there = {"scores": with_scores, "groups": groups, "crossings": crossings, "model": score, "train": train}
    names = tuple(str(k) for k in range(classes))
    facts = facts_of(names, splits, {"labels", "validation", *(name for name, given in there.items() if given)})
    counts = lambda batch: np.array([len(t.split()) for t in batch])  # noqa: E731
    return Subject(
        "synthetic",
        names,
        1,
        splits,
        predictions,
        facts,
        crossings=crossings,
        score=score,
        token_counts=counts,
        max_tokens=128,
        bench=SteadyBench(score) if score else None,
    )


def facts_of(labels: tuple[str, ...], splits: Mapping[str, Split], offers: set[str]) -> SubjectFacts:
    """Return what the record tells of a synthetic subject."""
    return SubjectFacts(
        name="synthetic",
        task="text classification",
        labels=labels,
        positive=labels[1],
        model={"kind": "synthetic"},
        splits={k: SplitFacts(rows=len(s), fingerprint=s.fingerprint, groups={}) for k, s in splits.items()},
        offers=tuple(sorted(offers)),
    )
