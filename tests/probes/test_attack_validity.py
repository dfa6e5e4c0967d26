"""The rules that a changed text must keep to count as valid."""

import numpy as np
import pytest

from probes._attack.attackers import searched
from probes._attack.reading import displayed, is_slip
from probes._attack.validity import Rules, changed_share, changed_words

RULES = Rules(0.8, 0.3, None, {"good": 2.0, "bad": -2.5})
LONG = "they said that the show was good for women in town"


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (LONG, True),
        (LONG.replace("good", "gooood"), True),
        (LONG.replace("good", "bad"), False),
        (LONG.replace("said", "sayd").replace("show", "shwo").replace("town", "twon"), True),
        ("thye siad taht the shwo was good for women in town", False),
    ],
)
def test_few_words_and_no_turn_of_polarity(after: str, holds: bool) -> None:
    assert RULES.hold([(LONG, after)]).tolist() == [holds]


def holds(before: str, after: str) -> bool:
    """Whether a change of one place in a longer text is valid."""
    around = "people were saying all day long that {} should be there when the talk begins"
    return bool(RULES.hold([(around.format(before), around.format(after))])[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Islam", "Judaism"),
        ("homosexuality", "heterosexuality"),
        ("she", "he"),
        ("his wife", "his husband"),
        ("Mohammed", "Greg"),
        ("people with disabilities", "people with beards"),
        ("a muslim's house", "a christian's house"),
        ("those Muslims-are-there", "those Christians-are-there"),
        ("Women!", "Men!"),
        ("the women", "the w0m3n"),
        ("the kind people", "the black people"),
        ("gay men", "gray men"),
        ("is not a threat", "is a threat"),
        ("isn't a threat", "is a threat"),
        ("never a threat", "nearly a threat"),
        ("a note to them", "a not to them"),
        ("a threat to nobody", "a threat to somebody"),
        ("黑人都是坏人", "白人都是坏人"),
        ("他不是坏人", "他才是坏人"),
        ("their males", "their mates"),
        ("those muslims", "those muslins"),
        ("trans people", "tans people"),
        ("those trannies", "those grannies"),
        ("a quran", "a bible"),
        ("refugees", "terrorists"),
        ("immigrants", "migrants"),
        ("feminists", "racists"),
        ("kikes", "kids"),
        ("mightn't be a threat", "might be a threat"),
        ("do n't go", "do go"),
        ("rarely a threat", "really a threat"),
        ("unlikely", "likely"),
        ("大家别去那里", "大家去那里"),
        ("他们并非坏人", "他们并是坏人"),
        ("他们否认了", "他们承认了"),
        ("同性戀", "異性戀"),
        ("河南人", "河北人"),
        ("清真寺", "教堂"),
    ],
)
def test_another_identity_or_negation_is_another_meaning(before: str, after: str) -> None:
    assert not holds(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Women!", "women?"),
        ("nation of islam", "nation of iFlam"),
        ("the girl", "the gril"),
        ("people with disabilities", "people with disabilties"),
        ("young black men", "young blakc men"),
        ("the women", "the wom en"),
        ("the women", "the wo\u200bmen"),
        ("the women", "the w\u043emen"),
        ("the women", "the ｗｏｍｅｎ"),
        ("she", "s\u202d\u2066\u202e\u2066e\u2069\u2066h\u2069\u202c\u2069\u202c"),
        ("an old car", "an ancient car"),
        ("isn't there", "is not there"),
        ("isn't there", "isnt there"),
        ("他不是坏人", "他不是恶人"),
        ("white people", "white peoples"),
        ("those mosques", "those mosqeus"),
        ("特别多的别人", "特殊多的他人"),
        ("非常坏的人", "十分坏的人"),
        ("是否是坏人", "究竟是坏人"),
        ("猶太人", "犹太人"),
        ("the women", "the wo\u034f\u3164\ufe0fmen"),
    ],
)
def test_what_reads_alike_is_the_same_identity_and_negation(before: str, after: str) -> None:
    assert holds(before, after)


def test_a_slip_is_one_letter_of_a_long_word_but_the_first() -> None:
    assert all(is_slip("women", other) for other in ("wmoen", "womn", "woomen", "wamen", "WOMEN"))
    assert not any(is_slip("women", other) for other in ("omen", "awomen", "owmen", "wmeno", "womans", "men", ""))
    assert not is_slip("man,", "mon,")


def test_a_text_is_compared_as_it_is_displayed() -> None:
    assert displayed("gr\u0435\u200bat ｎｅｗｓ") == "great news"
    every = " ".join(f"\u200b{word}" for word in LONG.split())
    assert RULES.hold([(LONG, every)]).tolist() == [True], "no word looks changed"


def test_rules_that_do_not_know_the_language_are_named() -> None:
    assert RULES.unlooked.startswith("similarity not looked at (get the encoder")
    chinese, french = (Rules(0.8, 0.3, None, {}, language) for language in ("zh", ""))
    assert chinese.unlooked == "similarity and polarity not looked at (MiniLM and VADER know English alone)"
    assert "terms for people and negations" in french.unlooked
    assert french.unlooked in french.summary


def test_one_word_may_always_change() -> None:
    assert RULES.hold([("hello", "helo")]).tolist() == [True]


def test_similarity_is_asked_for_where_there_is_an_encoder() -> None:
    vectors = {"a b c d": [1, 0], "a b c x": [0.9, np.sqrt(0.19)], "a b c y": [0.5, np.sqrt(0.75)]}
    rules = Rules(0.8, 0.3, lambda texts: np.array([vectors[text] for text in texts]), {})
    assert rules.hold([("a b c d", "a b c x"), ("a b c d", "a b c y")]).tolist() == [True, False]
    assert rules.hold([("a b c d", "a b\u200b c d")]).tolist() == [True], "of what is displayed"
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


def test_a_long_text_is_searched_in_part() -> None:
    assert searched("a  b\n c ") == "a  b\n c "
    assert searched("word " * 10_000) == ("word " * 300).strip()
    assert len(searched("字" * 10_000)) == 3000
