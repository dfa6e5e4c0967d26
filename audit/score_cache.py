"""Scores kept on disk, so that a killed or repeated run does not pay for them again."""

import os
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

PATIENCE_SECONDS = 30.0
KEYS_PER_QUERY = 500  # below SQLite's smallest limit on the number of parameters

Result = TypeVar("Result")


class ScoreCache:
    """Score bytes by text key in one SQLite file; safe with several threads and processes.

    It never fails: a file that is no cache is moved aside, and where the disk cannot be written to
    the work goes on without a cache, after one warning.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._base: sqlite3.Connection | None = None
        self._given_up = False

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the scores that are known."""
        return self._try(lambda base: _select(base, keys)) or {}

    def put(self, scores: Mapping[bytes, bytes]) -> None:
        """Keep scores; they survive the end of this process, however it ends."""
        self._try(lambda base: _insert(base, scores))

    def _try(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        with self._lock:
            for _ in range(2):
                if self._given_up:
                    return None
                try:
                    self._base = self._base or _connect(self._file)
                    return work(self._base)
                except (sqlite3.OperationalError, OSError) as error:
                    self._give_up(error)
                except sqlite3.DatabaseError as error:
                    self._move_aside(error)
            return None

    def _give_up(self, error: Exception) -> None:
        self._given_up = True
        print(f"Scores are not kept, so a repeated run starts again: {self._file}: {error}", file=sys.stderr)

    def _move_aside(self, error: Exception) -> None:
        self._base = None
        # SQLite would apply the old journal to a new file of the same name.
        for end in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.replace(f"{self._file}{end}", f"{self._file}.unreadable{end}")
        print(f"{self._file} is damaged ({error}); it was moved aside and scores are computed anew.", file=sys.stderr)


def _connect(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
    base.execute("PRAGMA journal_mode=WAL")
    # Without a sync per batch a power cut may lose the last batches; a killed process loses none.
    base.execute("PRAGMA synchronous=NORMAL")
    base.execute("CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
    return base


def _select(base: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        some = keys[start : start + KEYS_PER_QUERY]
        marks = ",".join("?" * len(some))
        found.update(base.execute(f"SELECT key, value FROM scores WHERE key IN ({marks})", some))
    return found


def _insert(base: sqlite3.Connection, scores: Mapping[bytes, bytes]) -> None:
    base.execute("BEGIN IMMEDIATE")
    try:
        base.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?)", scores.items())
        base.execute("COMMIT")
    except BaseException:
        base.rollback()
        raise
