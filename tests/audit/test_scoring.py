"""The one road to the model: what it gives, what it saves, and what happens when things break."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from zlib import crc32

import numpy as np
import pytest

from audit import score_cache
from audit.backends import SAMPLE, _speed
from audit.errors import SubjectError
from audit.models.batch import MAX_ROWS, TOKEN_BUDGET, plan
from audit.models.engine import QUEUED, WORKER_BUDGET, Engine
from audit.models.transformer import TransformerModel, load_transformer
from audit.scoring import Scorer
from audit.types import Floats, Ints
from tests.subjects import texts_of
from tests.tiny import tiny_model

TEXTS = texts_of(np.random.default_rng(5), 300)


class Arithmetic:
    """A model without weights: the score is made from the numbers of the words; its calls are counted."""

    digest = "arithmetic"
    labels = ("no", "yes")
    max_tokens = 64

    def __init__(self) -> None:
        self.rows = self.calls = 0

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [ids_of(text) for text in texts]

    def token_counts(self, texts: Sequence[str]) -> Ints:
        return np.array([len(ids) for ids in self.encode(texts)])

    def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
        self.calls += 1
        self.rows += len(batch)
        yes = np.array([expected(ids) for ids in batch])
        return np.column_stack([1 - yes, yes])


def ids_of(text: str) -> list[int]:
    return [crc32(word.encode()) for word in text.split()]


def expected(ids: Sequence[int]) -> float:
    return (sum(ids) % 17 + 1) / 19


def truth(texts: Sequence[str]) -> Floats:
    yes = np.array([expected(ids_of(text)) for text in texts])
    return np.column_stack([1 - yes, yes])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"), labels=("a", "b", "c"))


def direct(folder: Path, texts: Sequence[str]) -> Floats:
    """Scores of each text alone, straight from transformers."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        rows = [network(**tokenizer(text, return_tensors="pt", truncation=True)).logits for text in texts]
    return torch.cat(rows).softmax(dim=1).numpy()


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_scores_equal_a_direct_forward(folder: Path, tmp_path: Path, backend: str) -> None:
    texts = [*TEXTS[:40], "", "lazy " * 100, TEXTS[3], "Größe \ud800 三"]
    scorer = Scorer(load_transformer(folder), tmp_path, backend=backend)  # type: ignore[arg-type]
    scores = scorer(texts)
    assert np.allclose(scores[:-1], direct(folder, texts[:-1]), atol=1e-6)
    assert np.ptp(scores[:, 0]) > 0.1, "the random model must tell texts apart, or this test sees nothing"
    again = Scorer(load_transformer(folder), tmp_path, backend=backend)  # type: ignore[arg-type]
    assert np.array_equal(again(texts), scores)
    assert (again.facts().texts_scored, again.facts().texts_from_cache) == (0, 43)


def test_every_text_is_scored_once(tmp_path: Path) -> None:
    model = Arithmetic()
    scorer = Scorer(model, tmp_path)
    assert np.allclose(scorer(TEXTS[:50] * 2), truth(TEXTS[:50] * 2))
    assert np.allclose(scorer(TEXTS[40:60]), truth(TEXTS[40:60]))
    assert model.rows == 60
    assert scorer([]).shape == (0, 2)


def test_texts_of_equal_tokens_are_scored_once(tmp_path: Path) -> None:
    model = Arithmetic()
    scorer = Scorer(model, tmp_path)
    assert np.allclose(scorer(["quick fox", "quick  fox", "lazy dog"]), truth(["quick fox", "quick fox", "lazy dog"]))
    assert np.allclose(scorer([" quick fox", "lazy\tdog"]), truth(["quick fox", "lazy dog"]))
    facts = scorer.facts()
    assert (model.rows, facts.texts_scored, facts.texts_from_cache) == (2, 2, 3)
    model.encode = None  # type: ignore[assignment, method-assign]
    assert np.allclose(scorer([" quick fox"]), truth(["quick fox"])), "a text that was asked for before needs no tokens"


def test_batches_hold_every_row_once_and_near_equal_tokens() -> None:
    lengths = np.random.default_rng(0).integers(1, 512, 1000)
    batches = list(plan(lengths))
    assert sorted(np.concatenate(batches)) == list(range(1000))
    sizes = [len(rows) * lengths[rows].max() for rows in batches]
    assert max(sizes) <= TOKEN_BUDGET and max(map(len, batches)) <= MAX_ROWS
    assert sum(lengths) > 0.95 * sum(sizes), "too much padding"
    assert [len(rows) for rows in plan(np.array([9000, 0]))] == [1, 1]


@pytest.mark.parametrize("rows", [0, 1, 2, 70, 500])
def test_workers_share_the_rows(rows: int) -> None:
    encoded = [[k + 1] * (k % 20 + 1) for k in range(rows)]
    sizes: list[int] = []

    def predict(batch: Sequence[Sequence[int]]) -> Floats:
        sizes.append(sum(map(len, batch)))
        return np.array([[expected(ids)] for ids in batch])

    found = np.full((rows, 1), np.nan)
    for numbers, scores in Engine(predict, workers=4).run(encoded):
        assert np.isnan(found[numbers]).all()
        found[numbers] = scores
    assert np.array_equal(found[:, 0], [expected(ids) for ids in encoded])
    assert len(sizes) >= min(rows, 4)
    assert max(sizes, default=0) <= WORKER_BUDGET
    assert max(sizes, default=1) <= max(20, sum(sizes) / 4)


def test_workers_stop_soon_after_an_error() -> None:
    lock, calls = Lock(), []

    def broken(batch: Sequence[Sequence[int]]) -> Floats:
        with lock:
            calls.append(batch)
        raise SubjectError("damaged")

    engine = Engine(broken, workers=2)
    with pytest.raises(SubjectError):
        list(engine.run([[1] * WORKER_BUDGET] * 100))
    assert engine._pool is not None
    engine._pool.shutdown()
    assert len(calls) <= 2 * QUEUED + 1


def test_concurrent_callers_share_batches(tmp_path: Path) -> None:
    class Slow(Arithmetic):
        entered, go_on = Event(), Event()

        def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
            self.entered.set()
            assert self.go_on.wait(10)
            return super().predict(batch)

    model = Slow()
    scorer = Scorer(model, tmp_path)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(scorer.score, TEXTS[:1])
        assert model.entered.wait(10)
        others = [pool.submit(scorer.score, TEXTS[k : k + 5]) for k in range(10, 42, 4)]
        while len(scorer._pending) < len(others):
            Event().wait(0.01)
        model.go_on.set()
    assert np.allclose(first.result(), truth(TEXTS[:1]))
    for k, other in zip(range(10, 42, 4), others, strict=True):
        assert np.allclose(other.result(), truth(TEXTS[k : k + 5]))
    assert (model.calls, model.rows) == (2, 34)


def test_an_error_reaches_every_waiting_caller(tmp_path: Path) -> None:
    class Broken(Arithmetic):
        entered, go_on = Event(), Event()

        def predict(self, batch: Sequence[Sequence[int]]) -> Floats:
            self.entered.set()
            assert self.go_on.wait(10)
            return np.where(np.arange(len(batch))[:, None] == 0, np.nan, super().predict(batch))

    model = Broken()
    scorer = Scorer(model, tmp_path)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(scorer.score, TEXTS[k : k + 4]) for k in range(3)]
        assert model.entered.wait(10)
        model.go_on.set()
    for call in calls:
        with pytest.raises(SubjectError, match=r"gave 1 of \d+ texts"):
            call.result()


KILLED = """
import os, signal, sys
from pathlib import Path
from audit.scoring import Scorer
from tests.audit.test_scoring import Arithmetic, TEXTS

class Mortal(Arithmetic):
    def predict(self, batch):
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(batch)

Scorer(Mortal(), Path(sys.argv[1])).score(TEXTS)
"""


def test_a_killed_run_keeps_its_finished_batches(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -9
    model = Arithmetic()
    assert np.allclose(Scorer(model, tmp_path)(TEXTS), truth(TEXTS))
    assert model.rows == len(TEXTS) - 3 * MAX_ROWS


@pytest.mark.parametrize("when", ["PRAGMA journal_mode", "SELECT", "INSERT", "COMMIT"])
def test_a_full_disk_is_told_once_and_scoring_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    class Full(sqlite3.Connection):
        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
            if sql.startswith(when):
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *args)  # type: ignore[arg-type]

        def executemany(self, sql: str, *args: object) -> sqlite3.Cursor:
            if sql.startswith(when):
                raise sqlite3.OperationalError("database or disk is full")
            return super().executemany(sql, *args)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(score_cache.sqlite3, "connect", lambda *a, **k: connect(*a, factory=Full, **k))
    scorer = Scorer(Arithmetic(), tmp_path)
    for texts in (TEXTS[:30], TEXTS[:40]):
        assert np.allclose(scorer(texts), truth(texts))
    assert capsys.readouterr().err.count("disk is full") == 1


def test_a_cache_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert np.allclose(Scorer(Arithmetic(), tmp_path / "file")(TEXTS[:5]), truth(TEXTS[:5]))
    assert "Scores are not kept" in capsys.readouterr().err


def test_a_damaged_cache_is_moved_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "scores" / "arithmetic-torch.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"no database" * 500)
    assert np.allclose(Scorer(Arithmetic(), tmp_path)(TEXTS[:5]), truth(TEXTS[:5]))
    assert "moved aside" in capsys.readouterr().err
    assert (tmp_path / "scores" / "arithmetic-torch.sqlite.unreadable").is_file()
    fresh = Arithmetic()
    Scorer(fresh, tmp_path)(TEXTS[:5])
    assert fresh.rows == 0


def test_scorers_at_once_on_one_cache(tmp_path: Path) -> None:
    scorers = [Scorer(Arithmetic(), tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda scorer: scorer(TEXTS), scorers):
            assert np.allclose(scores, truth(TEXTS))
    fresh = Arithmetic()
    Scorer(fresh, tmp_path)(TEXTS)
    assert fresh.rows == 0


def test_onnx_is_chosen_only_after_it_agreed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer(load_transformer(folder), tmp_path)
    assert scorer(TEXTS[:5]).shape == (5, 3)
    assert (scorer.facts().backend, scorer.facts().compared_rows) == ("torch", 0)
    monkeypatch.setattr("audit.backends._speed", lambda *_: 2.0)
    scores = scorer(TEXTS)
    facts = scorer.facts()
    assert (facts.backend, facts.compared_rows, facts.equal_labels) == ("onnx", SAMPLE, True)
    assert facts.max_probability_difference is not None and facts.max_probability_difference < 1e-5
    assert "2.0 times as fast" in facts.reason
    assert np.allclose(scores[:20], direct(folder, TEXTS[:20]), atol=1e-5)


def test_the_speed_is_the_ratio_of_the_times() -> None:
    def slow(batch: Sequence[Sequence[int]]) -> Floats:
        Event().wait(0.05)
        return np.ones((len(batch), 2))

    ratio = _speed(Engine(slow), Engine(lambda batch: (slow(batch), slow(batch))[0]), [[1, 2]])
    assert ratio == pytest.approx(0.5, abs=0.1)


def test_a_slower_onnx_is_not_chosen(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.backends._speed", lambda *_: 0.5)
    scorer = Scorer(load_transformer(folder), tmp_path)
    scorer(TEXTS)
    assert (scorer.facts().backend, scorer.facts().equal_labels) == ("torch", True)


class Perturbed(TransformerModel):
    """Its ONNX file has slightly other weights."""

    def export(self, target: Path) -> None:
        import torch

        bias = self.network.classifier.bias
        with torch.no_grad():
            bias += torch.tensor([0.01, 0, 0])
            super().export(target)
            bias -= torch.tensor([0.01, 0, 0])


class Unexportable(TransformerModel):
    def export(self, target: Path) -> None:
        raise RuntimeError("operator not known\nand a long story")


@pytest.mark.parametrize(("kind", "reason"), [(Perturbed, "does not agree"), (Unexportable, "operator not known)")])
def test_torch_stays_where_onnx_differs_or_fails(
    folder: Path, tmp_path: Path, kind: type[TransformerModel], reason: str
) -> None:
    plain = load_transformer(folder)
    scorer = Scorer(kind(plain._folder, plain.max_tokens), tmp_path)
    scores = scorer(TEXTS[:SAMPLE])
    assert scorer.facts().backend == "torch"
    assert reason in scorer.facts().reason
    assert np.allclose(scores, direct(folder, TEXTS[:SAMPLE]), atol=1e-6)
    later = Scorer(plain, tmp_path)
    assert reason in later.facts().reason, "the decision is kept"


WITHOUT_TORCH = """
import sys
from pathlib import Path
import numpy as np
from audit.models.transformer import load_transformer
from audit.scoring import Scorer
from tests.audit.test_scoring import TEXTS

model = load_transformer(sys.argv[1])
scorer = Scorer(model, Path(sys.argv[2]))
scores = scorer(TEXTS[:100])
model.facts(), model.token_counts(TEXTS)
assert scorer.facts().texts_scored == 0, scorer.facts()
assert "onnxruntime" not in sys.modules
scorer(TEXTS[100:])
assert scorer.facts().texts_scored == 200, scorer.facts()
assert scorer.facts().backend == "onnx", scorer.facts()
assert not {"torch", "transformers"} & set(sys.modules)
np.save(sys.argv[3], scores)
"""


def test_a_second_run_needs_no_torch(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.backends._speed", lambda *_: 2.0)
    first = Scorer(load_transformer(folder), tmp_path)(TEXTS[:100])
    out = tmp_path / "scores.npy"
    arguments = [str(folder), str(tmp_path), str(out)]
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *arguments], check=True, timeout=60, env={**os.environ})
    assert np.array_equal(np.load(out), first)


def test_onnx_cannot_be_asked_of_every_model(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="cannot run in ONNX Runtime"):
        Scorer(Arithmetic(), tmp_path, backend="onnx")(TEXTS[:5])
