"""Changes are marked where they are, and letters nobody sees are shown."""

import time
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.marks import AROUND, LONG, MOST, Piece, differences, excerpt, side, visible

ANY = st.text(st.characters(), max_size=60)
"""Lone surrogates and controls included."""
NEAR = st.text("ab \u200b\u202e好", max_size=30)
SIGNS = {"removed": "-", "added": "+"}


def told(pieces: tuple[Piece, ...]) -> str:
    """Return the pieces in one line: ``[-what went]`` and ``[+what came]``."""
    return "".join(f"[{SIGNS[p.kind]}{p.text}]" if p.kind in SIGNS else p.text for p in pieces)


def joined(pieces: tuple[Piece, ...], without: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind != without)


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("a quick fox", "a qyick fox", "a q[-u][+y]ick fox"),
        ("Muslims pray", "Christians pray", "[-Muslims][+Christians] pray"),
        ("so good", "so very good", "so[+ very] good"),
        ("word", "wo\u200brd", "wo[+\u200b]rd"),
        ("he said no", "HE said no", "[-he][+HE] said no"),
        ("他是中国人", "她是中国人", "[-他][+她]是中国人"),
        ("two  spaces", "two spaces", "two[- ] spaces"),
        ("same", "same", "same"),
        ("", "new", "[+new]"),
        ("gone", "", "[-gone]"),
    ],
)
def test_what_changed_is_marked(before: str, after: str, marked: str) -> None:
    assert told(differences(before, after)) == marked


@given(st.one_of(ANY, NEAR), st.one_of(ANY, NEAR))
def test_the_pieces_join_to_both_texts(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert joined(pieces, "added") == before
    assert joined(pieces, "removed") == after
    assert [p for p in pieces if not p.text or p.kind == "gap"] == []
    assert before != after or {p.kind for p in pieces} <= {"same"}


@given(ANY)
def test_nothing_unseen_is_left(text: str) -> None:
    shown = "".join(part for _, part in visible(text))
    assert {category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    shown.encode()


def test_unseen_letters_are_told_by_their_code_point() -> None:
    assert visible("a\u200bb") == [(False, "a"), (True, "⟨U+200B⟩"), (False, "b")]
    assert visible("\u202e\ud800\U000e0041") == [(True, "⟨U+202E⟩⟨U+D800⟩⟨U+E0041⟩")]
    assert visible("a b\nc") == [(False, "a b"), (True, "↵"), (False, "c")]
    assert visible("e\u0301 好 👍\ufe0f") == [(False, "e\u0301 好 👍\ufe0f")]


def test_short_texts_are_shown_whole_and_long_ones_around_their_changes() -> None:
    words = [f"w{i}" for i in range(200)]
    changed = [*words[:100], "X", *words[101:]]
    pieces = differences(" ".join(words), " ".join(changed))
    before, after = side(pieces, "added"), side(pieces, "removed")
    assert [p.kind for p in before] == ["gap", "same", "removed", "same", "gap"]
    assert [p.text for p in after if p.kind == "added"] == ["X"]
    assert joined(after, "gap") in " ".join(changed)
    assert sum(len(p.text) for p in before) < 2 * AROUND + 10
    short = differences("a b", "a c")
    assert joined(side(short, "added"), "gap") == "a b"


@given(st.integers(0, 40), st.integers(1, 30))
def test_no_text_takes_more_than_its_room(unchanged: int, changed: int) -> None:
    before = "same words " * unchanged + "go " * changed * 20
    pieces = differences(before, before.upper())
    for shown in (side(pieces, "added"), side(pieces, "removed"), excerpt(before)):
        assert sum(len(p.text) for p in shown if p.kind != "gap") <= max(LONG, MOST)


def test_a_very_long_text_is_compared_in_time() -> None:
    words = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
    before = " ".join(words[i % 9] for i in range(10_000))
    began = time.perf_counter()
    differences(before, before.replace("fox", "fux"))
    differences("好的" * 5000, "好地" * 5000)
    assert time.perf_counter() - began < 10
