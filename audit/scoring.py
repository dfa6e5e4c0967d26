"""The one road to the model: no text is scored twice, and concurrent callers share batches."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np

from audit.backends import SAMPLE, Backend, Predict, decide, device_of, engine, known_choice
from audit.errors import SubjectError
from audit.models.batch import plan
from audit.progress import track
from audit.score_cache import ScoreCache
from audit.types import Advance, Floats, Model, ScoringFacts

SHOW_PROGRESS_FROM = 300
CHUNK = 16_384
"""Texts that are held as token ids at one time."""


@dataclass
class _Request:
    """What one caller waits for; scores and error are filled in by whoever leads."""

    texts: Mapping[bytes, str]
    scores: Mapping[bytes, bytes] = field(default_factory=dict)
    error: BaseException | None = None
    done: bool = False


class Scorer:
    """Scores texts with one model; call it or its method :meth:`score`.

    Repeated texts are scored once, every score is kept on disk, and callers in several threads are
    served together in full batches.

    Parameters
    ----------
    model : Model
        The classifier. It is not loaded when every score is known.
    cache : Path
        Folder for scores and exported models.
    backend : {"auto", "torch", "onnx"}
        ``auto`` takes ONNX Runtime on a CPU where it agrees with torch and is faster.
    """

    def __init__(self, model: Model, cache: Path, *, backend: Backend = "auto") -> None:
        self._model = model
        self._cache = cache
        self._onnx = cache / "onnx" / model.digest
        self._undecided = True
        self._engine: Predict | None = None
        self._settle(known_choice(backend, self._onnx))
        self._pending: deque[_Request] = deque()
        self._turn, self._counting = Lock(), Lock()
        self._scored = self._found = 0
        self._seconds = 0.0

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return :meth:`score`, so that a scorer can stand wherever a function is asked for."""
        return self.score(texts)

    def score(self, texts: Sequence[str]) -> Floats:
        """Return the probabilities of each text, shape (n, classes), rows sum to 1.

        Raises
        ------
        SubjectError
            If the model cannot be loaded, or gives scores that are not numbers.
        """
        keys = [_key(text) for text in texts]
        unique = dict(zip(keys, texts, strict=True))
        scores = self._store.get(list(unique))
        with self._counting:
            self._found += len(scores)
        if missing := {key: text for key, text in unique.items() if key not in scores}:
            scores.update(self._request(missing))
        joined = b"".join(scores[key] for key in keys)
        table = np.frombuffer(joined, np.float32).reshape(len(keys), len(self._model.labels))
        return table.astype(np.float64)

    def facts(self) -> ScoringFacts:
        """Return which engine ran and why, and how much there was to score."""
        counts = {"texts_scored": self._scored, "texts_from_cache": self._found, "model_seconds": self._seconds}
        return self._choice.model_copy(update=counts)

    def _settle(self, choice: ScoringFacts | None) -> None:
        """Take an engine; while there are too few texts to compare engines, torch for the time being."""
        self._undecided = choice is None
        self._choice = choice or ScoringFacts(
            backend="torch", device="not used", reason=f"fewer than {SAMPLE} texts to compare engines on"
        )
        self._store = ScoreCache(self._cache / "scores" / f"{self._model.digest}-{self._choice.backend}.sqlite")
        self._engine = None

    def _request(self, texts: Mapping[bytes, str]) -> Mapping[bytes, bytes]:
        request = _Request(texts)
        self._pending.append(request)
        # Whoever gets the turn serves all who wait; they then find their request done.
        with self._turn:
            if not request.done:
                self._serve()
        if request.error:
            raise request.error
        return request.scores

    def _serve(self) -> None:
        requests = [self._pending.popleft() for _ in range(len(self._pending))]
        texts = {key: text for request in requests for key, text in request.texts.items()}
        scores: Mapping[bytes, bytes] = {}
        error: BaseException | None = None
        try:
            scores = self._run(texts)
        except BaseException as problem:
            error = problem
        for request in requests:
            request.scores, request.error, request.done = scores, error, True

    def _run(self, texts: Mapping[bytes, str]) -> dict[bytes, bytes]:
        if self._undecided and len(texts) >= SAMPLE:
            self._settle(decide(self._model, self._onnx, list(texts.values())))
        if self._engine is None:
            self._engine = engine(self._model, self._onnx, self._choice.backend)
            device = device_of(self._model, self._choice.backend)
            self._choice = self._choice.model_copy(update={"device": device})
        scores: dict[bytes, bytes] = {}
        items = list(texts.items())
        with _progress(len(items)) as advance:
            for start in range(0, len(items), CHUNK):
                scores.update(self._run_chunk(items[start : start + CHUNK], self._engine, advance))
        return scores

    def _run_chunk(
        self, items: Sequence[tuple[bytes, str]], predict: Predict, advance: Advance
    ) -> Iterator[tuple[bytes, bytes]]:
        encoded = self._model.encode([text for _, text in items])
        for rows in plan(np.array([len(ids) for ids in encoded])):
            begun = time.perf_counter()
            scores = _checked(predict([encoded[row] for row in rows]))
            self._seconds += time.perf_counter() - begun
            batch = {items[row][0]: line.tobytes() for row, line in zip(rows, scores, strict=True)}
            self._store.put(batch)
            self._scored += len(batch)
            advance(len(batch))
            yield from batch.items()


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _checked(scores: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    if bad := int((~np.isfinite(scores)).any(axis=1).sum()):
        raise SubjectError(
            f"The model gave {bad} of {len(scores)} texts of a batch a score that is not a number. "
            "Its weights are damaged: save or tune it again."
        )
    return scores.astype(np.float32)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    if total < SHOW_PROGRESS_FROM:
        yield lambda _: None
    else:
        with track("Scoring", total) as advance:
            yield advance
