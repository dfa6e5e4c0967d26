"""English noise: each kind keeps to its own rule, and so leaves the label alone."""

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from word2number import w2n

import probes._noise  # noqa: F401  (registers them)
from audit.perturbations import PERTURBATIONS, SEVERITIES, make
from probes._noise import additions, layout, letters, words
from probes._noise.charged import charged, masked
from probes._noise.tables import as_case, lexicon, table
from probes._noise.words import spelled

MODULES = {module.__name__ for module in (additions, layout, letters, words)}
ENGLISH = sorted(name for name, noise in PERTURBATIONS.items() if noise.edits.__module__ in MODULES)
TABLES = ("abbreviations", "british", "contractions", "homophones", "misspellings", "slang")
TEXT = (
    "I don't think they're going to receive Their favorite color at 10:30, because it is not the right one: "
    "please tell @Friend_1 about www.example.org/their-thing?q=because and #ThinkAboutIt :-) on twenty-five of 3.5 %! "
    "You would like 12 grey ones in 5 days? We are not able to say SORRY &amp; thank you <b>tomorrow</b>."
)
SLIPS = ["keyboard_neighbour", "swap_letters", "drop_letter", "repeat_letter", "insert_letter", "ocr_confusion"]
UNTOUCHED = ("@Friend_1", "www.example.org/their-thing?q=because", "#ThinkAboutIt", "3.5 %", "&amp;", "<b>", "10:30")


def everything(name: str, text: str, seed: int = 0) -> str:
    """Return the text with all possible edits made."""
    return make(text, PERTURBATIONS[name].edits(text, np.random.default_rng(seed)))


@cache
def variants(name: str, text: str) -> list[str]:
    """Return what 400 seeds make of a text, most often first."""
    made = (PERTURBATIONS[name].variants(text, SEVERITIES, np.random.default_rng(seed)) for seed in range(400))
    return [text for text, _ in Counter(text for five in made for text in five).most_common()]


def test_there_are_the_kinds_of_english_noise_that_are_promised() -> None:
    assert len(ENGLISH) == 32
    assert all(PERTURBATIONS[name].source for name in ENGLISH)


@pytest.mark.parametrize("name", ENGLISH)
def test_its_example_is_real(name: str) -> None:
    shown = re.findall(r"``(.+?) → (.+?)``", PERTURBATIONS[name].edits.__doc__ or "")
    assert shown
    for before, after in shown:
        assert after.replace(r"\n", "\n") in variants(name, before)


@pytest.mark.parametrize("name", ENGLISH)
def test_addresses_mentions_tags_and_figures_stay(name: str) -> None:
    if name == "truncation":
        return
    changed = everything(name, TEXT)
    assert changed != TEXT
    assert [kept for kept in UNTOUCHED if kept not in changed] == []


@pytest.mark.parametrize("name", SLIPS[:-1])
@given(word=st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True))
def test_slips_keep_first_and_last_letter_and_short_words(name: str, word: str) -> None:
    slipped = everything(name, word)
    assert (slipped[0], slipped[-1]) == (word[0], word[-1])
    assert len(word) > 3 or slipped == word
    if name == "swap_letters":
        assert sorted(slipped) == sorted(word)


def test_keys_are_neighbours_of_each_other() -> None:
    near = letters.NEIGHBOURS
    assert set(near["g"]) == set("ftyhbv")
    assert set(near["q"]) == set("wa")
    assert set(near["p"]) == set("ol")
    assert all(key in near[other] for key in near for other in near[key])


@pytest.mark.parametrize("name", ["lower_case", "upper_case", "title_case", "random_case"])
def test_case_is_all_that_changes(name: str) -> None:
    text = f"{TEXT} Straße ΟΔΟΣ"
    assert everything(name, text).casefold() == text.casefold()


@pytest.mark.parametrize("name", ["extra_spaces", "missing_spaces", "line_breaks"])
def test_spaces_are_all_that_changes(name: str) -> None:
    assert "".join(everything(name, TEXT).split()) == "".join(TEXT.split())


def test_joined_words_do_not_turn_a_negation_round() -> None:
    assert everything("missing_spaces", "We are not able to do a part") == "Wearenot abletodoa part"


@pytest.mark.parametrize("name", ["add_punctuation", "strip_punctuation", "double_punctuation"])
def test_punctuation_is_all_that_changes(name: str) -> None:
    bare = lambda text: re.sub(r"[^\w]", "", text)  # noqa: E731
    assert bare(everything(name, TEXT)) == bare(TEXT)
    assert ":-)" in everything(name, TEXT)


def test_what_strip_punctuation_leaves() -> None:
    assert everything("strip_punctuation", 'Well, "it\'s" (3.5) fine... :) yes!') == "Well it's 3.5 fine :) yes"
    assert everything("strip_punctuation", "yes,but know: 你好，再见。") == "yes,but know 你好再见"


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("back", [False, True])
def test_no_entry_of_a_table_is_idle_or_turns_into_itself(name: str, back: bool) -> None:
    for first, entries in lexicon(name, back=back).items():
        assert [len(entry.phrase) for entry in entries] == sorted((len(e.phrase) for e in entries), reverse=True)
        for entry in entries:
            assert entry.phrase == entry.phrase.lower()
            assert entry.phrase.split()[0] == first
            assert entry.phrase not in entry.choices
            assert len(set(entry.choices)) == len(entry.choices)


@pytest.mark.parametrize(
    ("name", "least"),
    [("misspellings", 250), ("homophones", 200), ("british", 400), ("abbreviations", 90), ("slang", 60)],
)
def test_tables_are_of_a_useful_size(name: str, least: int) -> None:
    assert sum(len(entries) for entries in lexicon(name).values()) >= least


def test_expansion_undoes_contraction() -> None:
    for entries in lexicon("contractions").values():
        for entry in entries:
            full = next(
                f"{entry.phrase} {word}"
                for word in ("been", "like", "going")
                if entry.here.match(f"{entry.phrase} {word}")
            )
            short = everything("contraction", full)
            assert len(short) < len(full), full
            assert everything("expansion", short).lower() == full
            assert everything("expansion", short.replace("'", "’")).lower() == full


@pytest.mark.parametrize(
    "text", ["Is that what it is?", "Isn't it late?", "She's gone, he'd gone.", "I have a car, and I've no map."]
)
def test_what_could_be_read_two_ways_is_left_alone(text: str) -> None:
    assert everything("contraction", text) == everything("expansion", text) == text


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "contraction",
            "I know who you are. That is who I am. Yes, I will | every country they are in. | as it is in there | "
            "They let us go | Please let us know. Let us know! He should have a dog | we have both the right",
        ),
        (
            "slang",
            "I got to the airport | it is used to treat colds | I will have to go | The lights come on | "
            "The rights they have to vote | I could have a dog | how do they do that | picture this | money laundering",
        ),
        ("abbreviation", "at the moment of truth | April is my sister | I can thank him"),
        ("british", "keep mom | no truck with | diaper"),
        ("american", "nappy hair | keep mum | no lorry | the analyses"),
    ],
)
def test_a_phrase_in_another_sense_is_left_alone(name: str, texts: str) -> None:
    for text in texts.split(" | "):
        assert everything(name, text) == text


def test_a_phrase_in_its_own_sense_is_changed() -> None:
    assert everything("contraction", "Let us see. I am here, you should have seen it") == (
        "Let's see. I'm here, you should've seen it"
    )
    said = "Thank you. I've got to go, I am going to tell them they could have asked"
    assert everything("slang", said) in [
        f"{thanks}. I've gotta go, I am gonna tell 'em they coulda asked" for thanks in ("Cheers", "Ta")
    ]


@pytest.mark.parametrize("name", [*SLIPS, "masked_letter"])
def test_a_slip_makes_no_word_of_feeling_abuse_or_negation(name: str) -> None:
    plain = "shirt shift count flag clock coin slit hare friend noting nine burn click that field where"
    made = {word for seed in range(300) for word in everything(name, plain, seed).split()} - set(plain.split())
    assert len(made) > 20
    assert not made & (charged() | masked())
    assert {"shit", "cunt", "fag", "coon", "hate", "fiend", "nothing", "none", "sh*t", "wh*re"} <= charged() | masked()


def test_what_is_rude_already_may_be_masked() -> None:
    assert everything("masked_letter", "shit") in ("s*it", "sh*t")


def test_american_undoes_british() -> None:
    for first in lexicon("british"):
        assert everything("american", everything("british", first)) == first


def test_no_misspelling_is_another_word_of_the_tables() -> None:
    right = set(table("misspellings")["words"]) | set(lexicon("homophones")) | set(lexicon("british", back=True))
    wrong = {word for choices in table("misspellings")["words"].values() for word in choices.split(", ")}
    assert wrong & right == set()


@given(number=st.integers(0, 999))
def test_numbers_keep_their_value(number: int) -> None:
    text = f"about {number} things"
    worded = everything("number_to_word", text)
    assert worded == f"about {spelled(number)} things"
    assert w2n.word_to_num(spelled(number)) == number
    assert everything("word_to_number", worded) == (text if number > 1 else worded)


@pytest.mark.parametrize(
    "text",
    [
        *("on 3/4/21 at 5:30", "£20 or 5%", "007", "call 555 123 4567", "12.5 or 1,200", "v2 a-3"),
        *(
            "on 25 May 2020",
            "May 25, 2020",
            "Call 911 as soon as you can",
            "20 % of 5 %",
            "Psalm 23 says",
            "# 5 things",
        ),
        *("my iPhone 12 works", "see page 12", "I want 2 kiss you"),
    ],
)
def test_dates_times_prices_names_and_codes_stay_in_digits(text: str) -> None:
    assert everything("number_to_word", text) == text


@pytest.mark.parametrize("text", ["no one", "two-thirds", "two three", "twenty-year", "the second"])
def test_words_that_only_look_like_numbers_stay(text: str) -> None:
    assert everything("word_to_number", text) == text


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [("u", "you", "u"), ("colour", "Color", "Colour"), ("pls", "PLEASE", "PLS"), ("a b", "I", "A b")],
)
def test_capitals_are_kept(new: str, old: str, expected: str) -> None:
    assert as_case(new, old) == expected


@pytest.mark.parametrize("name", ["neutral_context_before", "neutral_context_after", "polite_opener", "hashtag"])
def test_additions_keep_the_text_whole_and_leave_a_blank_one_blank(name: str) -> None:
    text = "It broke, twice."
    five = PERTURBATIONS[name].variants(text, SEVERITIES, np.random.default_rng(2))
    assert all(text in changed and changed != text for changed in five)
    assert everything(name, " \n") == " \n"


@given(text=st.text())
def test_truncation_keeps_the_beginning(text: str) -> None:
    cut = everything("truncation", text)
    assert text.startswith(cut.rstrip())
    assert bool(cut.strip()) == bool(text.strip())


def test_a_sentence_that_nothing_ends_is_ended_before_another() -> None:
    for text, ended in (("No", "No."), ("Yes!", "Yes!"), ("so 5\n", "so 5."), ("see @me", "see @me"), ("好", "好。")):
        changed = everything("neutral_context_after", text)
        assert changed.startswith(ended)
        assert changed[len(ended) :].lstrip(" ")[0] not in ".。"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("polite_opener", "Where is my order?"),
        ("contraction", "I am late, you are late, we are late, they are late."),
        ("british", "my favorite color is gray"),
        ("slang", "you want to talk to them, yes, lots of them"),
        ("strip_punctuation", "Well, yes; no: fine."),
        ("double_punctuation", "Well, yes; no, fine."),
        ("misspelling", "I received it because you believe in their address"),
    ],
)
def test_severity_makes_a_difference_where_a_text_has_few_places(name: str, text: str) -> None:
    five = PERTURBATIONS[name].variants(text, SEVERITIES, np.random.default_rng(2))
    assert five[-1] == everything(name, text, 2)
    assert five[0] != five[-1]


def test_truncation_cuts_half_at_most() -> None:
    five = PERTURBATIONS["truncation"].variants(
        "one two three four five six seven", SEVERITIES, np.random.default_rng(1)
    )
    assert five[0] == "one two three four five six"
    assert five[-1] == "one two three four"
