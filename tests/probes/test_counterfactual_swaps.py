"""Swaps of identity terms: grammatical, and not where no identity is spoken of."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import ConfigError
from probes._identity.swaps import scan, swapped, swaps
from probes._identity.templates import Template, load_templates, sheets
from probes._identity.terms import TermFile, load_terms, phrase_of, read

LEXICON = load_terms()


def swap(text: str, term: str, other: str) -> str:
    mentions = [mention for mention in scan(text, LEXICON).mentions if mention.sense.term == term]
    return swapped(text, mentions, LEXICON, other)


ENGLISH = [
    ("She told her mother that the book is hers.", "women", "men", "He told his father that the book is his."),
    ("I saw her yesterday with her dog.", "women", "men", "I saw him yesterday with his dog."),
    ("He lost his keys; the car is his.", "men", "women", "She lost her keys; the car is hers."),
    ("Nobody asked him.", "men", "women", "Nobody asked her."),
    ("Give it to her!", "women", "men", "Give it to him!"),
    ("my mum's sister hurt herself", "women", "men", "my dad's brother hurt himself"),
    (
        "The women and a woman left.",
        "women",
        "transgender people",
        "The transgender people and a transgender person left.",
    ),
    ("A WOMAN'S WORK", "women", "men", "A MAN'S WORK"),
    ("Mrs. Smith, the actress", "women", "men", "Mr. Smith, the actor"),
    ("An Asian man met me.", "Asian people", "black people", "A black man met me."),
    ("I met a white woman.", "white people", "Asian people", "I met an Asian woman."),
    ("Black people and young black men", "black people", "white people", "White people and young white men"),
    ("African-American voters", "black people", "white people", "Caucasian voters"),
    ("All African Americans vote.", "black people", "Asian people", "All Asian Americans vote."),
    (
        "He said it was her only chance, and hes right.",
        "women",
        "men",
        "He said it was his only chance, and hes right.",
    ),
    ("hes a romani man, not a gypsy", "Romani people", "white people", "hes a white man, not a white person"),
    ("Whites and blacks", "white people", "Romani people", "Romani people and blacks"),
    ("I met an Indian woman.", "Indians", "Ukrainians", "I met a Ukrainian woman."),
    ("Chinese people like Chinese food.", "Chinese people", "Germans", "Germans like German food."),
    ("The Chinese are here.", "Chinese people", "Germans", "The Germans are here."),
    ("A Muslim said so.", "Muslims", "Jews", "A Jew said so."),
    ("He is a Muslim.", "Muslims", "Jews", "He is a Jew."),
    ("He is Muslim and proud.", "Muslims", "Jews", "He is Jewish and proud."),
    ("The Muslim family prays.", "Muslims", "Jews", "The Jewish family prays."),
    ("Islam is a religion.", "Muslims", "Jews", "Judaism is a religion."),
    ("anti-Muslim talk", "Muslims", "Christians", "anti-Christian talk"),
    ("A Jewish man", "Jews", "atheists", "An atheist man"),
    ("all muslims are here", "Muslims", "Jews", "all jews are here"),
    ("MUSLIMS ARE HERE", "Muslims", "Christians", "CHRISTIANS ARE HERE"),
    ("I'm gay, she said.", "gay people", "bisexual people", "I'm bisexual, she said."),
    ("Two gays and a gay couple", "gay people", "lesbians", "Two lesbians and a lesbian couple"),
    ("An autistic boy spoke.", "autistic people", "deaf people", "A deaf boy spoke."),
    ("people with disabilities", "disabled people", "wheelchair users", "wheelchair users"),
    ("Elderly people and an old man", "elderly people", "young people", "Young people and a young man"),
    ("Emily lost her keys.", "women", "men", "Greg lost his keys."),
    ("Emily lost her keys.", "white people", "black people", "Lakisha lost her keys."),
]


@pytest.mark.parametrize(("before", "term", "other", "after"), ENGLISH)
def test_an_english_swap_keeps_the_grammar(before: str, term: str, other: str, after: str) -> None:
    assert swap(before, term, other) == after


CHINESE = [
    ("她说她妈妈是女司机。", "女性", "男性", "他说他爸爸是男司机。"),
    ("其他人说他妈妈会弹吉他。", "男性", "女性", "其他人说她妈妈会弹吉他。"),
    ("他们都是穆斯林。", "穆斯林", "基督徒", "他们都是基督徒。"),
    ("他们都来了。", "男性", "女性", "她们都来了。"),
    ("王永刚说他很忙。", "男性", "女性", "王秀英说她很忙。"),
    ("我认识一个love音乐的黑人", "黑人", "白人", "我认识一个love音乐的白人"),
    ("基督教徒和基督教", "基督徒", "穆斯林", "穆斯林和伊斯兰教"),
    ("老年人和老人", "老年人", "年轻人", "年轻人和年轻人"),
    ("同性恋者结婚", "同性恋者", "异性恋者", "异性恋者结婚"),
    ("中国人民银行的中国人", "中国人", "美国人", "中国人民银行的美国人"),
]


@pytest.mark.parametrize(("before", "term", "other", "after"), CHINESE)
def test_a_chinese_swap_takes_the_longest_word(before: str, term: str, other: str, after: str) -> None:
    assert swap(before, term, other) == after


@pytest.mark.parametrize(
    "text",
    [
        "Put it in the Dutch oven.",
        "black coffee on a white wall",
        "an old car, straight ahead",
        "French fries and a German shepherd",
        "do you speak Chinese?",
        "@he and @muslims",
        "you guys",
        "theme, shed, manage",
        "a guide by claire",
        "其他吉他，排他，子女，男女",
        "",
        "👩🏾‍🦱 🏳️‍🌈",
    ],
)
def test_no_identity_is_seen_where_none_is_spoken_of(text: str) -> None:
    assert scan(text, LEXICON).mentions == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[
            (text, [])
            for text in (
                "武汉人民很热情。",
                "西藏人民很热情。",
                "收藏人是谁？",
                "大家都是明白人。",
                "清白人家",
                "不要抹黑人民。",
                "文盲人口减少了。",
                "盲人摸象",
                "适合中老年人。",
                "这蛋糕真他妈好吃。",
                "你他妈给我出去！",
                "每天吃维他命。",
                "去马耳他和犹他州旅行。",
                "美女的裙子很漂亮。",
                "男子汉大丈夫",
                "黄河是母亲河。",
                "老婆饼很甜。",
                "《灰姑娘》里的仙女",
                "他山之石，可以攻玉。",
                "意志强大，标志明显，气宇轩昂，青年俊杰，浩然之气",
                "住在一家豪华酒店。",
            )
        ],
        ("他妈妈来了。", ["他", "妈妈"]),
        ("他告诉我他妈妈去他的店了。", ["他", "他", "妈妈", "他"]),
        ("我是女的。", ["女的"]),
        ("他们来了。", ["他们"]),
        ("藏族人和藏人", ["藏族人", "藏人"]),
    ],
)
def test_ordinary_chinese_words_hold_no_identity(text: str, found: list[str]) -> None:
    assert [text[m.start : m.end] for m in scan(text, LEXICON).mentions] == found


def test_words_for_colours_left_alone_are_counted() -> None:
    found = scan("black coffee, a white wall and a black man", LEXICON)
    assert found.left_alone == 2
    assert [mention.sense.term for mention in found.mentions] == ["black people", "men"]


def test_swaps_are_drawn_by_the_rows_id_alone() -> None:
    text = "Muslims and Germans met women."
    mentions = scan(text, LEXICON).mentions

    def drawn(seed: int, id: str, most: int = 3) -> list[str]:
        return [s.text for s in swaps(text, mentions, LEXICON, most, np.random.default_rng(seed), id)]

    assert drawn(1, "a") == drawn(1, "a")
    assert len({tuple(drawn(1, id)) for id in "abcd"}) > 1
    assert len(drawn(1, "a")) == 9
    assert drawn(1, "a", 2) == [s for k, s in enumerate(drawn(1, "a")) if k % 3 < 2]


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["She", "her", "a", "Muslim", "他", "其他", "\u202e", ".", "GAY", "ß"])).map(" ".join)
)
def test_any_text_can_be_scanned_and_swapped(text: str) -> None:
    mentions = scan(text, LEXICON).mentions
    assert all(text[m.start : m.end] for m in mentions)
    for made in swaps(text, mentions, LEXICON, 2, np.random.default_rng(0), "id"):
        left = [m for m in scan(text, LEXICON).mentions if m.sense.category == made.category]
        assert made.term in {m.sense.term for m in left}
        kept = text[: left[0].start].rstrip()
        assert made.text.startswith(kept[: kept.rfind(" ") + 1])


# --- the lists ----------------------------------------------------------------------------


def test_the_lists_cover_seven_categories_in_both_languages() -> None:
    seven = {"gender", "race_ethnicity", "nationality", "religion", "sexual_orientation", "disability", "age"}
    assert set(LEXICON.categories) == seven
    for language in ("en", "zh"):
        templates = load_templates(language)
        assert all(sum(t.polarity == p for t in templates) >= 10 for p in ("neutral", "positive", "negative"))
        filled = sheets(templates, LEXICON, LEXICON.categories)
        assert {sheet.category for sheet in filled} == seven
        chinese = language == "zh"
        expected = sum(LEXICON.chinese(c, t) == chinese for c in LEXICON.forms for t in LEXICON.forms[c])
        assert sum(len(sheet.terms) for sheet in filled) == expected


def test_words_of_women_and_men_stand_side_by_side() -> None:
    for women, men in (("women", "men"), ("女性", "男性")):
        forms = [LEXICON.forms["gender"][term] for term in (women, men)]
        assert {form: len(words) for form, words in forms[0].items()} == {f: len(w) for f, w in forms[1].items()}


def test_a_term_is_found_again_once_it_was_swapped_in() -> None:
    for (category, term, form, word), after in {
        (c, t, f, w): (" is" if f in ("noun", "nouns") else " person")
        for c, terms in LEXICON.forms.items()
        for t, forms in terms.items()
        for f, words in forms.items()
        for w in words
    }.items():
        found = scan(f"The {word}{after}", LEXICON).mentions
        assert (category, term) in {(m.sense.category, m.sense.term) for m in found}, (form, word)


def test_templates_are_filled_grammatically() -> None:
    forms = LEXICON.forms
    template = Template("neutral", "I met a {noun}, an {adjective} one.")
    assert template.fill(forms["religion"]["atheists"]) == "I met an atheist, an atheist one."
    assert template.fill(forms["gender"]["women"]) == "I met a woman, a female one."
    assert Template("neutral", "{nouns} came.").fill(forms["disability"]["deaf people"]) == "Deaf people came."


# --- lists of one's own -------------------------------------------------------------------


def test_own_terms_are_added_or_stand_alone(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    own = (
        '[terms.religion.Druids]\nnoun = "Druid"\nnouns = "Druids"\n[[names]]\nnames = "Getafix"\nreligion = "Druids"\n'
    )
    file.write_text(own, encoding="utf-8")
    added = load_terms(file)
    assert {"Druids", "Muslims"} <= set(added.forms["religion"])
    assert [m.sense.term for m in scan("Getafix, a Druid", added).mentions] == ["Druids", "Druids"]
    file.write_text(f"replace = true\n{own}", encoding="utf-8")
    assert set(load_terms(file).forms) == {"religion"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[terms.religion", "not valid TOML"),
        ('[term.religion.Druids]\nnoun = "Druid"', "no key 'term' in such a file. Did you mean 'terms'?"),
        ("[terms.religion.Druids]\nnoun = 3", "terms.religion.Druids.noun"),
        ('[terms.religion.Druids]\nnoun = "!"', "must hold a letter"),
        ("[terms.religion.Druids]\nnoun = []", "terms.religion.Druids.noun"),
        ("[terms.religion.Druids]", "terms.religion.Druids"),
        ('[[names]]\nnames = ["Getafix"]', "an entry of [[names]] needs names, and"),
    ],
)
def test_a_faulty_file_ends_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(file, TermFile)
    assert str(caught.value).startswith("own.toml: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[names]]\nnames = "Getafix"\nreligion = "Jew"', "[[names]] speaks of the term 'Jew', which religion lacks."),
        (
            '[[names]]\nnames = "Getafix"\nfaith = "Jews"',
            "[[names]] speaks of the category 'faith', which no term has.",
        ),
    ],
)
def test_names_must_speak_of_a_term_that_is_there(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_terms(file)
    assert sentence in str(caught.value)


def test_a_slot_that_no_term_fills_is_refused() -> None:
    with pytest.raises(ConfigError, match=re.escape("the slot {nown}, which no term has. Did you mean 'noun'")):
        sheets([Template("neutral", "I am a {nown}.")], LEXICON, LEXICON.categories)


def test_phrases_are_compared_without_case_and_hyphens() -> None:
    assert phrase_of("African-American") == ("african", "american")
    assert phrase_of("黑人ok") == ("黑", "人", "ok")
