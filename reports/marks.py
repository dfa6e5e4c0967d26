"""What changed between two texts, letter by letter, and how letters that cannot be seen are shown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal
from unicodedata import category

Kind = Literal["same", "removed", "added", "gap"]

LONG = 300
"""Characters of a text that is shown whole."""
AROUND = 40
"""Characters kept on either side of a change in a longer one."""
MOST = 600
"""Characters shown of any text."""
ALIKE = 0.5
"""Share of letters that two words have in common, from which on their letters are compared one by one."""
MANY = 1000
"""Letters or words beyond which the commonest no longer serve to find what stayed."""

WORDS = re.compile(r"\s*\S+|\s+")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
"""Categories of letters that are blank, or that change how others are shown."""
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
"""Letters that are blank though their category does not say so."""
SHOWN = {"\n": "↵", "\t": "⇥"}


@dataclass(frozen=True)
class Piece:
    """Part of a text, and what became of it; a gap stands for a part left out."""

    kind: Kind
    text: str


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """Return what stayed, went and came, in order, found by words and then by letters.

    Without the added pieces they join to ``before``, without the removed ones to ``after``.
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    changed = _by_words(old[start : len(old) - end], new[start : len(new) - end])
    return _merged([("same", "".join(old[:start])), *changed, ("same", "".join(old[len(old) - end :]))])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts share at their start."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


Found = tuple[Kind, str]


def _by_words(old: list[str], new: list[str]) -> Iterator[Found]:
    for tag, i, j, k, m in _matcher(old, new).get_opcodes():
        if tag == "equal":
            yield "same", "".join(old[i:j])
        elif j - i == m - k:
            for a, b in zip(old[i:j], new[k:m], strict=True):
                yield from _by_letters(a, b)
        else:
            yield from _by_letters("".join(old[i:j]), "".join(new[k:m]))


def _by_letters(old: str, new: str) -> Iterator[Found]:
    blank = old[: len(old) - len(old.lstrip())]
    if blank and new.startswith(blank):
        yield "same", blank
        old, new = old[len(blank) :], new[len(blank) :]
    matcher = _matcher(old, new)
    codes = matcher.get_opcodes() if matcher.quick_ratio() >= ALIKE else [("replace", 0, len(old), 0, len(new))]
    for tag, i, j, k, m in codes:
        if tag == "equal":
            yield "same", old[i:j]
        else:
            yield "removed", old[i:j]
            yield "added", new[k:m]


def _matcher(old: Sequence[str], new: Sequence[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, old, new, autojunk=len(new) > MANY)


def _merged(found: Iterable[Found]) -> tuple[Piece, ...]:
    """Return the pieces with those of one change together: first what went, then what came."""
    pieces: list[Piece] = []
    for same, run in groupby((one for one in found if one[1]), key=lambda one: one[0] == "same"):
        parts = list(run)
        kinds: tuple[Kind, ...] = ("same",) if same else ("removed", "added")
        pieces += [Piece(kind, "".join(text for its, text in parts if its == kind)) for kind in kinds]
    return tuple(piece for piece in pieces if piece.text)


# --- what is shown of it ------------------------------------------------------------------


def side(pieces: Sequence[Piece], without: Kind) -> tuple[Piece, ...]:
    """Return one of the two texts, cut to windows around its changes where it is long.

    Parameters
    ----------
    pieces : sequence of Piece
        What :func:`differences` found.
    without : {"added", "removed"}
        What the text does not have: the first for the text before, the second for that after.
    """
    kept = [piece for piece in pieces if piece.kind != without]
    if sum(len(piece.text) for piece in kept) <= LONG:
        return tuple(kept)
    last = len(kept) - 1
    windows = [
        part for i, piece in enumerate(kept) for part in _window(piece, i == 0 and i < last, i == last and i > 0)
    ]
    return _cut(windows)


def _window(piece: Piece, first: bool, last: bool) -> list[Piece]:
    """Return the ends of a long piece; of the first and last of a text, only the end beside a change."""
    kind, text = piece.kind, piece.text
    if len(text) <= 2 * AROUND:
        return [piece]
    if kind == "same" and first:
        return [Piece("gap", "…"), Piece(kind, text[-AROUND:])]
    if kind == "same" and last:
        return [Piece(kind, text[:AROUND]), Piece("gap", "…")]
    return [Piece(kind, text[:AROUND]), Piece("gap", "…"), Piece(kind, text[-AROUND:])]


def _cut(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    room = MOST
    for piece in pieces:
        if room <= 0:
            return (*kept, Piece("gap", "…"))
        kept.append(Piece(piece.kind, piece.text[:room]))
        room -= len(piece.text)
    return (*kept, Piece("gap", "…")) if room < 0 else tuple(kept)


def excerpt(text: str) -> tuple[Piece, ...]:
    """Return the start of a text that was only looked at."""
    return _cut([Piece("same", text)])


def visible(text: str) -> list[tuple[bool, str]]:
    """Return a text in runs, each with whether it stands for letters that cannot be seen.

    Such letters, among them those that turn the direction of writing, are told by their code
    point (``⟨U+202E⟩``), so that a reader sees them and the page does not obey them.
    """
    runs = groupby(text, key=_unseen)
    return [(hidden, "".join(map(_named, run) if hidden else run)) for hidden, run in runs]


def _unseen(letter: str) -> bool:
    return letter not in " \u3000" and (letter in BLANK or category(letter) in UNSEEN)


def _named(letter: str) -> str:
    return SHOWN.get(letter, f"⟨U+{ord(letter):04X}⟩")
