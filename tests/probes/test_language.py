"""The language of a table's texts."""

import random

import pytest

from probes._language import is_english, language_of

GERMAN = ["Man hat mir gesagt, sie kommt auch.", "Das war so gut in der Stadt, dass wir noch einmal kommen."]
DUTCH = ["De man is in het huis en hij was er ook, of niet.", "Dat was het dan, we zien je in de stad en op straat."]
FRENCH = [
    "C'est son livre et il a dit que les autres sont partis.",
    "On me dit qu'il est a la maison, mais on a une porte.",
]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["the quick fox is over it", "I am in a hurry"], "en"),
        (["free entry, win now", "u ok hun lol", "call me l8r"] * 5, "en"),
        (["iPhone 12 case, black leather", "Samsung TV 55 inch 4K", "Wireless mouse for laptop"] * 5, "en"),
        (["他是我的老师 ok", "你好"], "zh"),
        (["bad film"], "en"),
        (GERMAN, ""),
        (DUTCH, ""),
        (FRENCH, ""),
        (["Это была очень хорошая книга, и я её перечитал ещё раз, потому что конец мне понравился."] * 2, ""),
        (["", "😀", "123"], ""),
        ([], ""),
    ],
)
def test_the_language_of_texts(texts: list[str], language: str) -> None:
    assert language_of(texts) == language
    assert language_of(random.Random(1).sample(texts, len(texts))) == language


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Ich finde Muslime sind ekelhaft und das Haus war dumm", False),
        ("De vrouwen in dit land zijn allemaal gek", False),
        ("Les femmes sont toutes les mêmes", False),
        ("すごい", False),
        ("The women are not all like that", True),
        ("gays are so weird lmao", True),
        ("all blacks are criminals", True),
    ],
)
def test_a_text_tells_its_language_whatever_the_others_are(text: str, english: bool) -> None:
    assert is_english(text, otherwise=True) == english
    assert is_english(text, otherwise=False) == english


@pytest.mark.parametrize("text", ["", "😀", "bad film", "jews suck lol"])
def test_a_text_that_does_not_tell_its_language_is_taken_for_that_of_its_table(text: str) -> None:
    assert is_english(text, otherwise=True)
    assert not is_english(text, otherwise=False)
