"""A text as parts that can be hidden from a model."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from audit.types import Bools, Ints

HIDDEN = "..."
"""Stands for each run of hidden parts, as in shap's masker for texts."""
_MARKS = r"!-/:-@\[-`{-~\u2010-\u2027\u3001-\u303f\uff01-\uff0f\uff1a-\uff20"
_SINGLE = r"\u3040-\u30ff\u3400-\u9fff"
PART = re.compile(rf"[{_SINGLE}]|[{_MARKS}]+|(?:[^\s{_MARKS}{_SINGLE}]|(?<=\w)['’](?=\w))+")
"""One Chinese or Japanese character, a run of punctuation, or a word of another script."""

TokenCounts = Callable[[Sequence[str]], Ints]


@dataclass(frozen=True)
class Passage:
    """A text cut into words and marks."""

    text: str
    starts: Ints
    """Where each part begins, and where what the model reads ends, shape (parts + 1,)."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts with the white space that follows them; joined, they are what the model reads."""
        return tuple(self.between(k, k + 1) for k in range(len(self)))

    @property
    def unread(self) -> str:
        """The end of a text that is longer than the model reads."""
        return self.text[self.starts[-1] :]

    def between(self, first: int, last: int) -> str:
        """Return some neighbouring parts, the last one excluded."""
        return self.text[self.starts[first] : self.starts[last]]

    def show(self, shown: Bools) -> str:
        """Return the text with some parts hidden.

        Parameters
        ----------
        shown : Bools, shape (parts,)
            Which to leave in place.
        """
        if shown.all():
            return self.text[: self.starts[-1]]
        ends = [0, *(np.flatnonzero(shown[1:] != shown[:-1]) + 1).tolist(), len(self)]
        return " ".join(self.between(*run).strip() if shown[run[0]] else HIDDEN for run in pairwise(ends))

    def at(self, start: int, end: int) -> slice:
        """Return which parts a stretch of the text touches."""
        first, last = np.searchsorted(self.starts, [start, end - 1], side="right")
        return slice(max(int(first) - 1, 0), min(int(last), len(self)))


def passages(texts: Sequence[str], token_counts: TokenCounts | None, max_tokens: int | None) -> list[Passage]:
    """Cut texts into parts; what a model with a limit does not read of a text is left out of its parts."""
    cut = [_cut(text) for text in texts]
    if token_counts is None or max_tokens is None or not texts:
        return cut
    long = token_counts(texts) > max_tokens
    return [_read(whole, token_counts, max_tokens) if too else whole for whole, too in zip(cut, long, strict=True)]


def _cut(text: str) -> Passage:
    starts = [part.start() for part in PART.finditer(text)]
    # White space before the first part belongs to it; a text without parts is left as it is.
    return Passage(text, np.array([0, *starts[1:], len(text)] if starts else [len(text)], dtype=np.int64))


def _read(whole: Passage, token_counts: TokenCounts, max_tokens: int) -> Passage:
    """Return the shortest beginning that fills the model's window."""
    beginnings = range(len(whole) + 1)
    last = bisect_left(beginnings, max_tokens, key=lambda k: int(token_counts([whole.between(0, k)])[0]))
    return Passage(whole.text, whole.starts[: last + 1])
