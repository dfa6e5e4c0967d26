"""Swaps of identity terms: grammatical, and not where no identity is spoken of."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes._identity.lexicon import Lexicon
from probes._identity.scan import scan, scan_all
from probes._identity.swaps import swaps
from probes._identity.terms import load_terms

LEXICON = load_terms()
EN, ZH = LEXICON.within("en"), LEXICON.within("zh")


def made(text: str, lexicon: Lexicon = EN) -> dict[tuple[str, str], str]:
    """Return all swaps of a text by both terms."""
    found = swaps(text, scan(text, lexicon), 10_000, np.random.default_rng(0), "id")
    return {(swap.term, swap.other): swap.text for swap in found}


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
        "They said it was her only chance, and shes right.",
        "women",
        "men",
        "They said it was his only chance, and hes right.",
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
    ("people with disabilities", "disabled people", "wheelchair users", "people in wheelchairs"),
    ("Elderly people and an old man", "elderly people", "young people", "Young people and a young man"),
    ("Emily lost her keys.", "women", "men", "Greg lost his keys."),
    ("Emily lost her keys.", "white people", "black people", "Lakisha lost her keys."),
    ("A 10 year old boy ran.", "men", "women", "A 10 year old girl ran."),
    ("hes asian and im so Muslim", "Asian people", "white people", "hes white and im so Muslim"),
    ("hes asian and im so Muslim", "Muslims", "Jews", "hes asian and im so Jewish"),
    ("They are both Muslim and proud.", "Muslims", "Jews", "They are both Jewish and proud."),
    ("We met Muslim and Hindu families.", "Muslims", "Jews", "We met Jewish and Hindu families."),
    ("An 'Asian' man", "Asian people", "white people", "A 'white' man"),
    ("My wife is black.", "black people", "Arab people", "My wife is Arab."),
    ("French people's food", "French people", "Nigerians", "Nigerians' food"),
    ("The gays' bar", "gay people", "LGBTQ people", "The LGBTQ people's bar"),
    ("the ladies' hats", "women", "men", "the gentlemen's hats"),
    ("They called them 'ladies'.", "women", "men", "They called them 'gentlemen'."),
    ("Blacks and black folk", "black people", "Arab people", "Arabs and Arab folk"),
    ("A gay man came.", "gay people", "bisexual people", "A bisexual man came."),
    ("A trans woman came.", "transgender people", "men", "A man came."),
    ("A non-binary person and a Brit", "nonbinary people", "transgender people", "A trans person and a Brit"),
    ("Two Brits are Latino.", "Latino people", "white people", "Two Brits are white."),
    ("Juan is Latino.", "Latino people", "white people", "Brendan is white."),
    ("Her book, her own idea, is about her.", "women", "men", "His book, his own idea, is about him."),
    ("His back hurts; the pain is his.", "men", "women", "Her back hurts; the pain is hers."),
]


@pytest.mark.parametrize(("before", "term", "other", "after"), ENGLISH)
def test_an_english_swap_keeps_the_grammar(before: str, term: str, other: str, after: str) -> None:
    assert made(before)[term, other] == after


CHINESE = [
    ("她说她妈妈是女司机。", "女性", "男性", "他说他爸爸是男司机。"),
    ("其他人说他会弹吉他。", "男性", "女性", "其他人说她会弹吉他。"),
    ("他们都是穆斯林。", "穆斯林", "基督徒", "他们都是基督徒。"),
    ("他们都来了。", "男性", "女性", "她们都来了。"),
    ("王永刚说他很忙。", "男性", "女性", "王秀英说她很忙。"),
    ("我认识一个love音乐的黑人", "黑人", "白人", "我认识一个love音乐的白人"),
    ("基督教徒和基督教", "基督徒", "穆斯林", "穆斯林和伊斯兰教"),
    ("老年人和老人", "老年人", "年轻人", "年轻人和年轻人"),
    ("同性恋者结婚", "同性恋者", "异性恋者", "异性恋者结婚"),
    ("中国人民银行的中国人", "中国人", "美国人", "中国人民银行的美国人"),
    ("他人很好，常帮助他人。", "男性", "女性", "她人很好，常帮助他人。"),
    ("美女的侄女来了。", "女性", "男性", "帅哥的侄子来了。"),
    ("小姑娘和跨性别女性", "女性", "男性", "小伙子和跨性别女性"),
    ("小女孩哭了。", "女性", "跨性别者", "跨性别者哭了。"),
    ("残疾人士和跨性别女性", "残疾人", "聋人", "聋人和跨性别女性"),
    ("中国人大多善良。", "中国人", "美国人", "美国人大多善良。"),
]


@pytest.mark.parametrize(("before", "term", "other", "after"), CHINESE)
def test_a_chinese_swap_takes_the_longest_word(before: str, term: str, other: str, after: str) -> None:
    assert made(before, ZH)[term, other] == after


UNTOLD = [
    # "her" may be an object though more follows
    *("Let her speak.", "I made her cry.", "It makes her happy.", "They call her lazy.", "I find her attractive."),
    *(
        "I want her back.",
        "Have her call me.",
        "I saw her last night.",
        "We gave her money.",
        "It was against her will.",
        'I met her "friend".',
    ),
    # terms that stand together, or where the other stands already
    *("a man and a woman", "his/her dog", "my grandma and grandpa"),
    # parts of names
    *("Queen Victoria reigned.", "Stephen King wrote it.", "sir Elton sang", "the Virgin and the Lady of Lourdes"),
    # a noun in the singular without an article is called out, a name or a language
    *("come on man", "Prince died."),
]


@pytest.mark.parametrize("text", UNTOLD)
def test_a_swap_between_women_and_men_that_could_break_the_sentence_is_not_made(text: str) -> None:
    assert {("women", "men"), ("men", "women")}.isdisjoint(made(text))


@pytest.mark.parametrize(
    ("text", "term", "other"),
    [
        ("The Muslims and Jews pray.", "Muslims", "Jews"),
        ("Many Indian Americans vote.", "Americans", "Germans"),
        ("My trans daughter came.", "transgender people", "men"),
        ("A Hispanic-American woman came.", "Latino people", "Native American people"),
        ("A gay man came.", "gay people", "lesbians"),
        ("Lesbian mothers met.", "women", "men"),
        ("A Latina woman came.", "women", "men"),
        ("A trans woman and her dog came.", "transgender people", "men"),
        ("LGBTQ+ people vote.", "LGBTQ people", "gay people"),
        ("My friend Christian came.", "Christians", "Jews"),
        ("Muslim here, ask me.", "Muslims", "Jews"),
        ("see www.muslim-news.org for more", "Muslims", "Jews"),
        ("user:muslim wrote it", "Muslims", "Jews"),
        ("I, a gay male engaged to a doctor", "gay people", "lesbians"),
    ],
)
def test_a_term_is_not_swapped_for_one_that_does_not_go_with_the_text(text: str, term: str, other: str) -> None:
    assert term in {mention.sense.term for mention in scan(text, EN).mentions}
    assert (term, other) not in made(text)


@pytest.mark.parametrize(
    "text",
    [
        "Put it in the Dutch oven.",
        "black coffee on a white wall",
        "an old car, straight ahead",
        "French fries and a German shepherd",
        "do you speak Chinese?",
        "an epileptic seizure, the elderly, my old friend",
        "a lady bug, my mother tongue, son of a bitch",
        "Read the Encyclopedia of Judaism. The Nation of Islam.",
        "Islamic State, the Arab Spring, Chinese New Year, the Iron Lady, the First Lady",
        "a friend named Christian, the whites of an egg, a color-blind friend, a sister ship",
        "you are too young, when theyre old, Matthew 24:45",
        "Ilhan Omar, Martin Luther King, the Prophet Mohammed, the gospel of Matthew",
        "They speak German, learn Chinese.",
        "Latin American food, South American wine, the German language",
        "South Koreans, West Indian cricketers, baby boomers, Judeo-Christian values, an orthodox Jew",
        "the cleaning lady, the dinner ladies",
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
    assert scan(text, EN).mentions == scan(text, ZH).mentions == ()


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
                "中国人寿保险公司的美国人口研究",
                "老婆婆在国外公司附近养了一只老公鸡。",
                "英国王后和英国王子",
                "他日再会，尊重他人。",
                "男子汉大丈夫",
                "黄河是母亲河。",
                "老婆饼很甜。",
                "中国人大开会了，张女士、王永刚先生去了青少年宫和基督教堂。",
                "犹太人口，男孩子气，女人味",
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
    assert [text[m.start : m.end] for m in scan(text, ZH).mentions] == found


def test_words_for_colours_left_alone_are_counted() -> None:
    found = scan("black coffee, a white wall and a black man", EN)
    assert found.left_alone == 2
    assert [mention.sense.term for mention in found.mentions] == ["black people", "men"]


def test_swaps_are_drawn_by_the_rows_id_alone() -> None:
    text = "Muslims and Germans met women."
    found = scan(text, EN)

    def drawn(seed: int, id: str, most: int = 3) -> list[str]:
        return [s.text for s in swaps(text, found, most, np.random.default_rng(seed), id)]

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
    for lexicon in (EN, ZH):
        found = scan(text, lexicon)
        assert all(text[m.start : m.end] for m in found.mentions)
        for swap in swaps(text, found, 2, np.random.default_rng(0), "id"):
            first = next(m for m in found.mentions if (m.sense.category, m.sense.term) == (swap.category, swap.term))
            kept = text[: first.start].rstrip()
            assert swap.text.startswith(kept[: kept.rfind(" ") + 1])


# --- languages ----------------------------------------------------------------------------


def test_terms_are_looked_for_in_their_own_language() -> None:
    german = ["Man hat mir gesagt, dass sie her kommt.", "Der Mann ist Student und will in die Stadt."]
    english = ["The man said that she was a Muslim woman from the city.", "The women are here with us today."]
    chinese = "我的邻居是一位穆斯林女人。"
    assert [len(found.mentions) for found in scan_all([*german, chinese], LEXICON)] == [0, 0, 2]
    assert [bool(found.mentions) for found in scan_all([*english, chinese], LEXICON)] == [True] * 3


def test_terms_of_ones_own_are_looked_for_in_any_language(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    words = '[terms.religion.{0}]\nnouns = "{0}"\n'
    file.write_text("".join(words.format(name) for name in ("Christen", "Juden")), encoding="utf-8")
    text = "Wir haben gestern alle Christen in der Stadt getroffen und mit den Leuten gesprochen."
    found = scan_all([text], load_terms(file))[0]
    swap = next(swaps(text, found, 9, np.random.default_rng(0), "id"))
    assert swap.text == text.replace("Christen", "Juden")


def test_a_minority_in_another_language_is_told_text_by_text() -> None:
    english = ["I think Muslims are kind and the house was grey."] * 6
    german = ["Ich finde, dass der Student aus der Stadt her kommt.", "Der Mann ist Muslim und will in die Stadt."]
    found = scan_all([*english, *german], LEXICON)
    assert [of.language for of in found] == ["en"] * 6 + ["", ""]
    assert not any(of.mentions for of in found[6:])


def test_terms_of_ones_own_are_swapped_within_the_language_of_the_texts_that_they_stand_in(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    names = ("Christen", "Muslime", "Druids")
    file.write_text("".join(f'[terms.religion.{name}]\nnouns = "{name}"\n' for name in names), encoding="utf-8")
    english, german = (
        "I think Muslims are kind and the house was grey.",
        "Ich finde, {} sind ekelhaft, und das Haus war auch schlimm.",
    )
    texts = [english] * 6 + [german.format("Muslime"), german.format("Christen")]
    found = scan_all(texts, load_terms(file))
    of_english, of_german = (
        {swap.other for swap in swaps(texts[k], found[k], 99, np.random.default_rng(0), "id")} for k in (0, 6)
    )
    assert {"Druids", "Catholics"} <= of_english
    assert not {"Christen", "Muslime"} & of_english
    assert of_german == {"Christen"}
