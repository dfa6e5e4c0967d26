"""SHAP values: known answers of small games, and shap's own numbers at the same masks and budget."""

import os
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.types import Floats
from probes._explain.owen import Explained, explain
from probes._explain.passages import PART, Passage, passages
from probes._explain.trees import Tree, at_random, by_sentence

PLAIN = "the quick brown fox jumps over a lazy dog while seven wizards boil green tea"
SENTENCES = "my cat sleeps all day, it is old. Then we eat a lot. What a day! she said"
BRACKETS = "rock (and roll) never dies, but rock 'n' roll (loud) does: so it goes..."


def passage(text: str) -> Passage:
    return passages([text], None, None)[0]


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+|\.\.\.|[^\w\s]", text)


def of_hash(texts: Sequence[str]) -> Floats:
    """Answer every text at random: all interactions there can be."""
    digests = [blake2b(" ".join(words_of(text)).encode(), digest_size=8).digest() for text in texts]
    scores = [np.random.default_rng(int.from_bytes(digest, "big")).random(3) for digest in digests]
    return np.array([of / of.sum() for of in scores])


def game(value: Callable[[set[str]], float]) -> Callable[[Sequence[str]], Floats]:
    """Return a model of two classes whose second has this value of the words shown."""

    def score(texts: Sequence[str]) -> Floats:
        second = np.array([value(set(words_of(text))) for text in texts])
        return np.column_stack([1 - second, second])

    return score


def explained(text: str, score: Callable[[Sequence[str]], Floats], budget: int = 10_000) -> Explained:
    cut = passage(text)
    return explain([(cut, by_sentence(cut.parts))], score, budget)[0]


class _OurCut:
    """Cuts texts for shap as we do."""

    def __call__(self, text: str, return_offsets_mapping: bool = True) -> dict[str, Any]:
        starts = [part.start() for part in PART.finditer(text)]
        offsets = list(pairwise([*starts, len(text)]))
        return {"input_ids": [text[a:b] for a, b in offsets], "offset_mapping": offsets}


def stock(text: str, budget: int, step: int, tree: Tree | None = None) -> Any:
    """Explain with shap; under its own tree unless another is given."""
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # compiling takes longer than all there is to compute
    shap = pytest.importorskip("shap")
    masker = shap.maskers.Text(_OurCut())
    if tree:
        sizes = [tree.size(tree.parts + k) for k in range(len(tree.children))]
        rows = [[*of, size, size] for of, size in zip(tree.children, sizes, strict=True)]
        masker.clustering = lambda _: np.array(rows, dtype=float)
    explainer = shap.explainers.PartitionExplainer(lambda texts: of_hash(list(texts)), masker)
    return explainer([text], max_evals=budget, batch_size=step, silent=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("budget", [20, 150, 10_000])
@pytest.mark.parametrize("text", [PLAIN, SENTENCES])
def test_equal_to_the_stock_explainer(text: str, budget: int) -> None:
    theirs = stock(text, budget, step=16)
    ours = explained(text, of_hash, budget)
    assert np.abs(ours.values - theirs.values[0]).max() < 1e-12
    assert np.abs(ours.base - theirs.base_values[0]).max() < 1e-12


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", [6, 16])
def test_equal_to_the_stock_explainer_under_any_tree(step: int) -> None:
    cut = passage(BRACKETS)
    for tree in (by_sentence(cut.parts), at_random(len(cut), np.random.default_rng(1))):
        ours = explain([(cut, tree)], of_hash, 100, step=step)[0]
        assert np.abs(ours.values - stock(BRACKETS, 100, step, tree).values[0]).max() < 1e-12


def test_an_additive_game_gives_each_word_its_own_value() -> None:
    worth = {"fox": 0.3, "dog": -0.1, "tea": 0.2}
    found = explained(PLAIN, game(lambda shown: 0.4 + sum(worth.get(word, 0) for word in shown)))
    expected = [worth.get(word, 0) for word in PLAIN.split()]
    assert found.values[:, 1] == pytest.approx(expected)
    assert found.values[:, 0] == pytest.approx([-value for value in expected])
    assert found.base == pytest.approx([0.6, 0.4])


def test_an_and_game_is_shared_equally_and_spares_the_others() -> None:
    found = explained(PLAIN, game(lambda shown: float({"fox", "tea"} <= shown)))
    assert found.values[:, 1] == pytest.approx([0.5 * (word in ("fox", "tea")) for word in PLAIN.split()])


def test_a_word_that_is_enough_beside_another_that_is_enough_gets_half() -> None:
    found = explained("good fine day", game(lambda shown: float(bool({"good", "fine"} & shown))))
    assert found.values[:, 1] == pytest.approx([0.5, 0.5, 0])


def test_where_the_budget_ends_neighbours_share() -> None:
    score = game(lambda shown: float("fox" in shown))
    cut = passage(PLAIN)
    spread, found = (explain([(cut, by_sentence(cut.parts))], score, budget, step=2)[0] for budget in (2, 32))
    assert spread.values[:, 1] == pytest.approx(np.full(15, 1 / 15))
    assert found.values[3, 1] == pytest.approx(1)


@given(st.text(max_size=60), st.integers(2, 60))
def test_explanations_add_up_whatever_the_text_and_budget(text: str, budget: int) -> None:
    cut = passage(text)
    if len(cut):
        found = explained(text, of_hash, budget)
        assert found.base + found.values.sum(axis=0) == pytest.approx(of_hash([text])[0])


def test_many_texts_are_asked_about_together_and_within_the_budget() -> None:
    calls: list[int] = []

    def counted(texts: Sequence[str]) -> Floats:
        calls.append(len(texts))
        return of_hash(texts)

    cuts = [passage(f"{PLAIN} {k}") for k in range(5)]
    together = explain([(cut, by_sentence(cut.parts)) for cut in cuts], counted, 100)
    alone = [explained(cut.text, of_hash, 100) for cut in cuts]
    assert all(np.array_equal(one.values, other.values) for one, other in zip(together, alone, strict=True))
    assert sum(calls) <= 5 * 100
    assert len(calls) < 10


@given(st.text(max_size=80))
def test_the_parts_are_the_text(text: str) -> None:
    cut = passage(text)
    assert "".join(cut.parts) == (text if text.strip() else "")
    assert cut.show(np.ones(len(cut), dtype=bool)) == text
    assert all(part.strip() for part in cut.parts)


def test_how_texts_are_cut_and_hidden() -> None:
    cut = passage("I don't know, 他是医生!")
    assert [part.strip() for part in cut.parts] == ["I", "don't", "know", ",", "他", "是", "医", "生", "!"]
    shown = np.ones(9, dtype=bool)
    shown[[1, 2, 8]] = False
    assert cut.show(shown) == "I ... , 他是医生 ..."
    assert cut.show(np.zeros(9, dtype=bool)) == "..."
    assert cut.at(14, 16) == slice(4, 6)


def test_what_a_model_does_not_read_is_no_part() -> None:
    def counts(texts: Sequence[str]) -> Any:
        return np.array([2 * len(text.split()) for text in texts])

    text = " ".join(["word"] * 10_000)
    short, long = passages(["a b c", text], counts, 128)
    assert (len(short), short.unread) == (3, "")
    assert len(long) == 64
    assert len(long.unread.split()) == 10_000 - 64
    assert long.at(40_000, 40_004) == slice(64, 64)


def test_trees_join_neighbours_and_sentences_last() -> None:
    cut = passage("a b c. d e f")
    tree = by_sentence(cut.parts)
    first, last = tree.children[-1]
    assert (tree.spans[first], tree.spans[last]) == ((0, 4), (4, 7))
    assert tree.spans[-1] == (0, 7)


def test_a_very_long_text_is_joined_in_moments() -> None:
    tree = by_sentence(["word "] * 10_000)
    assert tree.spans[-1] == (0, 10_000)
