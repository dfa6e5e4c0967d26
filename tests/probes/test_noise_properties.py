"""What every perturbation must keep, whoever wrote it, on any text."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probes._noise  # noqa: F401  (registers them)
from audit.perturbations import PERTURBATIONS, SEVERITIES, SHARES, Edit, Edits, Perturbation

EVERY = pytest.mark.parametrize("noise", [PERTURBATIONS[name] for name in sorted(PERTURBATIONS)], ids=lambda n: n.name)

PIECES = (
    "The colour isn't 20 % off, you know: visit https://a.example/b or ask @friend about #This at 10:30!",
    "I've received their 2 letters, do not worry… PLEASE be there tomorrow, see you asap.",
    "我们现在的头发，自己买的3个蘋果（你好）！",
    "שלום עולם، مرحبا بالعالم",
    "हिन्दी में नमस्ते e\u0301te\u0301 👩‍👩‍👧‍👦 👍🏽 😀",
    "a\u200bb \ufeff\u202eabc\u202c \x00 \r\n\t　",
    "x",
    "",
)
TEXTS = st.text(max_size=40) | st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=3).map(" ".join)


def distance(a: str, b: str) -> int:
    """Levenshtein's, by the bit vectors of Hyyrö (2003)."""
    whole, last = (1 << len(a)) - 1, 1 << max(len(a) - 1, 0)
    places: dict[str, int] = {}
    for k, letter in enumerate(a):
        places[letter] = places.get(letter, 0) | 1 << k
    more, less, found = whole, 0, len(a)
    for letter in b if a else "":
        equal = places.get(letter, 0)
        across = (((equal & more) + more) ^ more) | equal
        up, down = less | whole & ~(across | more), more & across
        found += bool(up & last) - bool(down & last)
        up, down = whole & (up << 1 | 1), whole & down << 1
        more, less = down | whole & ~(equal | less | up), up & (equal | less)
    return found if a else len(b)


def faults(noise: Perturbation, text: str, seed: int = 3) -> list[str]:
    """Return the rules that it breaks on this text."""
    edits = sorted(noise.edits(text, np.random.default_rng(seed)), key=lambda edit: (edit.start, edit.end))
    variants = noise.variants(text, SEVERITIES, np.random.default_rng(seed))
    possible = any(text[edit.start : edit.end] != edit.text for edit in edits)
    grows = [distance(text, variant) for variant in variants]
    kept = {
        "edits lie within the text": all(0 <= edit.start <= edit.end <= len(text) for edit in edits),
        "edits do not overlap": all(one.end <= other.start for one, other in pairwise(edits)),
        "same seed, same text": variants == noise.variants(text, SEVERITIES, np.random.default_rng(seed)),
        "one severity asked for alone is the same": variants[2:3]
        == noise.variants(text, (3,), np.random.default_rng(seed)),
        "distance grows with severity": grows == sorted(grows),
        "changes the text where an edit is possible, else not": all(
            (variant != text) == possible for variant in variants
        ),
        "can be stored as UTF-8": all(encodable(variant) for variant in variants),
    }
    return [rule for rule, holds in kept.items() if not holds]


def encodable(text: str) -> bool:
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


@EVERY
@given(text=TEXTS)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_keeps_the_rules_on_any_text(noise: Perturbation, text: str) -> None:
    assert faults(noise, text) == []


@EVERY
@pytest.mark.parametrize("text", PIECES, ids=range(len(PIECES)))
def test_keeps_the_rules_on_awkward_texts(noise: Perturbation, text: str) -> None:
    assert faults(noise, text) == []


@EVERY
def test_copes_with_ten_thousand_words(noise: Perturbation) -> None:
    text = " ".join((*PIECES, examples(noise)[0][0]) * 250)
    assert len(text.split()) > 10_000
    assert noise.variants(text, (3,), np.random.default_rng(1)) != [text]


def examples(noise: Perturbation) -> list[tuple[str, str]]:
    """Return what its docstring shows before and after."""
    shown = re.findall(r"``(.+?) → (.+?)``", noise.edits.__doc__ or "")
    unescape = lambda text: re.sub(r"\\(?:u([0-9a-f]{4})|n)", lambda m: chr(int(m[1] or "a", 16)), text)  # noqa: E731
    return [(unescape(before), unescape(after)) for before, after in shown]


@EVERY
def test_its_documentation_is_true(noise: Perturbation) -> None:
    assert noise.summary.endswith(".")
    assert noise.source
    assert noise.languages
    assert list(noise.shares) == sorted(noise.shares)
    assert examples(noise)
    for before, after in examples(noise):
        drawn = (noise.variants(before, SEVERITIES, np.random.default_rng(seed)) for seed in range(400))
        assert any(after in variants for variants in drawn), (before, after)


def test_there_are_enough_for_english_and_chinese() -> None:
    assert len(PERTURBATIONS) >= 24
    assert sum("zh" in noise.languages for noise in PERTURBATIONS.values()) >= 5


def planted(edits: Edits, shares: tuple[float, ...] = SHARES) -> Perturbation:
    return Perturbation("planted", ("any",), "none", shares, False, edits)


def upper(text: str, rng: np.random.Generator) -> Sequence[Edit]:
    return [Edit(k, k + 1, letter.upper()) for k, letter in enumerate(text)]


def test_the_rules_can_be_broken() -> None:
    state = iter("abcdefgh")
    text = "some words"
    assert faults(planted(upper), text) == []
    assert faults(planted(upper, SHARES[::-1]), text) == ["distance grows with severity"]
    assert "edits do not overlap" in faults(planted(lambda t, _: [Edit(0, 3, "x"), Edit(2, 4, "y")]), text)
    assert "edits lie within the text" in faults(planted(lambda t, _: [Edit(len(t), len(t) + 1, "x")]), text)
    assert "same seed, same text" in faults(planted(lambda t, _: [Edit(0, 0, next(state))]), text)
    assert faults(planted(lambda t, _: [Edit(0, 0, "\ud800")]), text) == ["can be stored as UTF-8"]
    undone = [Edit(0, 1, ""), Edit(1, 1, "s")]
    assert "changes the text where an edit is possible, else not" in faults(
        planted(lambda t, _: undone, (1.0,) * 5), text
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2), ("a", "a", 0)],
)
def test_the_distance_is_levenshteins(a: str, b: str, expected: int) -> None:
    assert distance(a, b) == distance(b, a) == expected
