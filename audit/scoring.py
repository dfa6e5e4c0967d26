"""The one road to the model: no text is scored twice, and concurrent callers share batches."""

import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np

from audit.backends import SAMPLE, Backend, decide, device_of, engine, known_choice
from audit.errors import SubjectError
from audit.models.engine import Engine
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

    Repeated texts are scored once, and so are texts that the tokeniser does not tell apart; every score
    is kept on disk, and callers in several threads are served together in full batches.

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
        self.engines = cache / "engines" / model.digest
        """Where the exported model and the choice of engine are kept."""
        self._undecided = True
        self._engine: Engine | None = None
        self._settle(known_choice(backend, self.engines))
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
        self._count(found=len(scores))
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
            self._settle(decide(self._model, self.engines, list(texts.values())))
        scores: dict[bytes, bytes] = {}
        items = iter(texts.items())
        with _progress(len(texts)) as advance:
            while chunk := dict(islice(items, CHUNK)):
                scores.update(self._run_chunk(chunk, advance))
        return scores

    def _run_chunk(self, texts: Mapping[bytes, str], advance: Advance) -> Mapping[bytes, bytes]:
        encoded = self._model.encode(list(texts.values()))
        ids_keys = [_ids_key(ids) for ids in encoded]
        by_ids = dict(zip(ids_keys, encoded, strict=True))
        scores = self._store.get(list(by_ids))
        fresh = {key: ids for key, ids in by_ids.items() if key not in scores}
        self._count(found=len(texts) - len(fresh))
        advance(len(texts) - len(fresh))
        for batch in self._compute(fresh) if fresh else ():
            self._store.put(batch)
            self._count(scored=len(batch))
            advance(len(batch))
            scores.update(batch)
        by_text = {key: scores[ids_key] for key, ids_key in zip(texts, ids_keys, strict=True)}
        self._store.put(by_text)
        return by_text

    def _compute(self, rows: Mapping[bytes, list[int]]) -> Iterator[dict[bytes, bytes]]:
        keys = list(rows)
        running = self._ready().run(list(rows.values()))
        begun = time.perf_counter()
        for batch, scores in running:
            self._seconds += time.perf_counter() - begun
            lines = _checked(scores)
            yield {keys[row]: line.tobytes() for row, line in zip(batch, lines, strict=True)}
            begun = time.perf_counter()

    def _ready(self) -> Engine:
        if self._engine is None:
            self._engine = engine(self._model, self.engines, self._choice.backend)
            device = device_of(self._model, self._choice.backend)
            self._choice = self._choice.model_copy(update={"device": device})
        return self._engine

    def _count(self, *, scored: int = 0, found: int = 0) -> None:
        with self._counting:
            self._scored += scored
            self._found += found


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _ids_key(ids: Sequence[int]) -> bytes:
    return blake2b(array("q", ids).tobytes(), digest_size=16, person=b"ids").digest()


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
