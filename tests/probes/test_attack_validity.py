"""The rules that a changed text must keep to count as valid."""

import numpy as np
import pytest

from probes._attack.attackers import searched
from probes._attack.validity import Rules, changed_share, changed_words, changes_identity

RULES = Rules(0.8, 0.3, None, {"good": 2.0, "bad": -2.5})
LONG = "they said that the show was good for women in town"


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (LONG, True),
        (LONG.replace("good", "gooood"), True),
        (LONG.replace("good", "bad"), False),
        (LONG.replace("women", "men"), False),
        (LONG.replace("women", "womne"), False),
        (LONG.replace("said", "sayd").replace("show", "shwo").replace("town", "twon"), True),
        ("thye siad taht the shwo was good for women in town", False),
    ],
)
def test_words_polarity_and_identity(after: str, holds: bool) -> None:
    assert RULES.hold([(LONG, after)]).tolist() == [holds]


def test_one_word_may_always_change() -> None:
    assert RULES.hold([("hello", "helo")]).tolist() == [True]


def test_similarity_is_asked_for_where_there_is_an_encoder() -> None:
    vectors = {"a b c d": [1, 0], "a b c x": [0.9, np.sqrt(0.19)], "a b c y": [0.5, np.sqrt(0.75)]}
    rules = Rules(0.8, 0.3, lambda texts: np.array([vectors[text] for text in texts]), {})
    assert rules.hold([("a b c d", "a b c x"), ("a b c d", "a b c y")]).tolist() == [True, False]
    assert "0.8" in rules.summary
    assert "renben fetch minilm" in RULES.summary
    assert rules.hold([]).shape == (0,)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [("", "", 0), ("a b c", "a x c", 1), ("a b c", "a b y c", 1), ("a b c", "c", 2), ("好电影", "坏电影", 1)],
)
def test_changed_words(before: str, after: str, count: int) -> None:
    assert changed_words(before, after) == count
    assert 0 <= changed_share(before, after) <= 1


def test_identity_terms_are_found_next_to_punctuation() -> None:
    assert changes_identity("Women!", "men", {"women"})
    assert not changes_identity("Women!", "women?", {"women"})


def test_a_long_text_is_searched_in_part() -> None:
    assert searched("a  b\n c ") == "a  b\n c "
    assert searched("word " * 10_000) == ("word " * 300).strip()
    assert len(searched("字" * 10_000)) == 3000
