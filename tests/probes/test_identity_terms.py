"""Lists of identity terms and templates: ours cover what they say, and faults in one's own end in a sentence."""

import re
from pathlib import Path

import pytest

from audit.errors import ConfigError
from probes._identity.scan import scan
from probes._identity.templates import Template, check_slots, load_templates, sheets
from probes._identity.terms import TermFile, load_terms, read
from probes._identity.units import phrase_of

LEXICON = load_terms()


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
        terms = [(c, t) for c in LEXICON.forms for t in LEXICON.forms[c] if (c, t) != ("age", "kids")]
        expected = sum(LEXICON.chinese(*term) == chinese for term in terms)
        assert sum(len(sheet.terms) for sheet in filled) == expected


def test_words_of_women_and_men_stand_side_by_side() -> None:
    for women, men in (("women", "men"), ("女性", "男性")):
        forms = [LEXICON.forms["gender"][term] for term in (women, men)]
        assert {form: len(words) for form, words in forms[0].items()} == {f: len(w) for f, w in forms[1].items()}


def test_a_term_is_found_again_once_it_was_swapped_in() -> None:
    for (category, term, form, word), after in {
        (c, t, f, w): (" is" if f in ("noun", "nouns", "role") else " person")
        for c, terms in LEXICON.forms.items()
        for t, forms in terms.items()
        for f, words in forms.items()
        for w in words
    }.items():
        language = "zh" if LEXICON.chinese(category, term) else "en"
        found = scan(f"The {word}{after}", LEXICON.within(language)).mentions
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
    assert [m.sense.term for m in scan("Getafix, a Druid", added.within("en")).mentions] == ["Druids", "Druids"]
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
        check_slots([Template("neutral", "I am a {nown}.")], LEXICON)


def test_phrases_are_compared_without_case_and_hyphens() -> None:
    assert phrase_of("African-American") == ("african", "american")
    assert phrase_of("黑人ok") == ("黑", "人", "ok")
