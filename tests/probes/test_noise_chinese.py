"""Noise for Chinese texts and tricks of evasion: what may change, and what may not."""

import re
import unicodedata

import numpy as np
import pytest

import probes._noise  # noqa: F401  (registers them)
from audit.perturbations import PERTURBATIONS, find_perturbation, make
from probes._noise import chinese, unicode

CHINESE = sorted(name for name, noise in PERTURBATIONS.items() if noise.languages == ("zh",))
TEXT = "我们现在的头发很好，他没有买自己的3个苹果（真的）！但是皇后在后面。"


def strongest(name: str, text: str, seed: int = 1) -> str:
    return find_perturbation(name).variants(text, (5,), np.random.default_rng(seed))[0]


def everything(name: str, text: str, seed: int = 1) -> str:
    return make(text, find_perturbation(name).edits(text, np.random.default_rng(seed)))


@pytest.mark.parametrize("name", CHINESE)
def test_a_text_without_han_characters_is_left_alone(name: str) -> None:
    for text in ("Nothing Chinese (at all), is there? 3.5!", "，。（）", "ひらがな。", ""):
        assert strongest(name, text) == text


@pytest.mark.parametrize(("table", "least"), [("homophones", 1000), ("similar", 200)])
def test_the_tables_are_large_and_change_no_negation_person_or_number(table: str, least: int) -> None:
    characters = chinese.tables()[table]
    assert len(characters) >= least
    for character, others in characters.items():
        assert others
        assert len(set(others)) == len(others)
        assert character not in others
        assert all(character in characters[other] for other in others)
    assert not set("不没无未非别他她它一二三四五六七八九十百千万") & set(characters)


@pytest.mark.parametrize("table", ["homophones", "similar"])
def test_no_character_of_abuse_illness_or_crime_is_put_in(table: str) -> None:
    assert not set("犬毒辱鬼废污兽牲残病罪犯盗奸狗猪死亡杀") & set(chinese.tables()[table])
    assert "大" not in chinese.tables()["similar"].get("太", "")


@pytest.mark.parametrize("name", ["neutral_context_before", "neutral_context_after", "polite_opener"])
def test_what_is_added_to_a_chinese_text_is_chinese(name: str) -> None:
    after = everything(name, "犹太人住在这个区")
    assert "犹太人住在这个区" in after
    assert not re.search("[A-Za-z ]", after)
    assert "犹太人住在这个区。" in after or name != "neutral_context_after"


def test_homophones_sound_alike() -> None:
    readings = {"zai4": "在再", "shi4": "是事市世式", "gong1": "工公功攻"}
    for group in readings.values():
        for character in group:
            assert set(group) - {character} <= set(chinese.tables()["homophones"][character])
    assert "在" not in chinese.tables()["homophones"]["是"]


@pytest.mark.parametrize("name", ["homophone", "similar_character"])
def test_mistaken_characters_keep_length_and_negation(name: str) -> None:
    after = everything(name, TEXT)
    assert len(after) == len(TEXT)
    assert after != TEXT
    assert [k for k, c in enumerate(TEXT) if c in "没他"] == [k for k, c in enumerate(after) if c in "没他"]


def test_traditional_characters_fit_their_context_and_come_back() -> None:
    after = strongest("simplified_to_traditional", "头发，皇后，后面，发现")
    assert after == "頭髮，皇后，後面，發現"
    assert strongest("traditional_to_simplified", after) == "头发，皇后，后面，发现"


def test_the_conversion_keeps_the_number_of_characters() -> None:
    for direction in ("s2t", "t2s"):
        for group in chinese.converter(direction)._dict_chain_data:
            for _, _, words in group:
                assert all(len(word) == len(found.split(" ")[0]) for word, found in words.items())


def test_width_goes_both_ways_and_spares_numbers_and_addresses() -> None:
    assert strongest("full_half_width", "你好，世界。见a.example/b和3.5") == "你好,世界.见a.example/b和3.5"
    assert strongest("full_half_width", "你好,世界!") == "你好，世界！"
    assert strongest("full_half_width", "版本.3") == "版本.3"


@pytest.mark.parametrize("name", ["spaces_between_characters", "symbols_between_characters"])
def test_what_stands_between_characters_can_be_taken_out_again(name: str) -> None:
    after = everything(name, TEXT)
    assert re.sub(r"[ *|·_~-]", "", after) == TEXT
    assert not re.search(r"[ *|·_~-]{2}|^[ *|·_~-]|[ *|·_~-]$", after)


@pytest.mark.parametrize("name", ["zero_width", "bidirectional"])
def test_invisible_characters_are_all_that_is_added(name: str) -> None:
    text = "Great work, my friend, Привет! 我们喜欢"
    after = everything(name, text)
    seen = re.sub("\u202e(.+?)\u202c", lambda match: match[1][::-1], after)
    assert "".join(c for c in seen if unicodedata.category(c) != "Cf") == text
    openings, closings = re.findall("[\u202a\u202e\u2066]", after), re.findall("[\u202c\u2069]", after)
    assert len(openings) == len(closings)
    assert after != text


def test_right_to_left_and_accented_letters_are_not_reversed() -> None:
    assert everything("bidirectional", "שלום مرحبا") == "שלום مرحبا"
    for seed in range(9):
        assert "e\u0301" in everything("bidirectional", "cafe\u0301", seed)


def test_homoglyphs_are_other_letters_of_the_same_case() -> None:
    for latin, double in unicode.HOMOGLYPHS.items():
        assert "LATIN" not in unicodedata.name(double)
        assert latin.isupper() == double.isupper()


def test_compatible_forms_fold_back() -> None:
    text = "Great work, my friend"
    assert unicodedata.normalize("NFKC", everything("full_width_latin", text)) == text
    bare = unicodedata.normalize("NFD", everything("accents", text))
    assert "".join(c for c in bare if not unicodedata.combining(c)) == text


@pytest.mark.parametrize("name", ["zero_width", "bidirectional"])
def test_invisible_characters_spare_addresses_tags_and_mentions(name: str) -> None:
    spared = "@somebody https://example.org/some-page ab.cd@example.com <span> &amp; 10:30 #hashtag "
    assert everything(name, spared) == spared
    changed = everything(name, spared + "有3个苹果，word")
    assert changed.startswith(spared)
    assert sum(unicodedata.category(c) == "Cf" for c in changed[len(spared) :]) >= 2


@pytest.mark.parametrize("name", ["leetspeak", "spaced_out", "separators", "masked_letter"])
def test_evasion_spares_addresses_mentions_and_contractions(name: str) -> None:
    spared = "@somebody don't https://example.org/some-page mail.example.com 10:30 #hashtag "
    assert everything(name, spared) == spared
    assert everything(name, spared + "simple").startswith(spared)
    assert everything(name, spared + "simple") != spared + "simple"
