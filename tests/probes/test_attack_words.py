"""Words for attacks: a WordNet of four synsets in its own file format, and vectors in the plane."""

from pathlib import Path

import numpy as np
import pytest

from probes._attack.neighbours import Lexicon, Vectors, neighbours
from probes._attack.wordnet import WordNet

SYNSETS = {
    "noun": ["06 n 02 film 0 movie 0 001 @ 00000000 n 0000 | pictures"],
    "verb": ["06 v 01 film 0 000 01 + 08 00 | make one"],
    "adj": ["00 a 02 great 0 grand(p) 1 001 ! 00000200 a 0101 | of size", "00 s 01 small 0 000 | of size"],
    "adv": [],
}
"""Lines of data without their offsets, which are 100, 200, …"""

IRREGULAR = {"noun": "feelm film\n"}


@pytest.fixture
def wordnet(tmp_path: Path) -> WordNet:
    for name, lines in SYNSETS.items():
        data, index = "  1 licence".ljust(99) + "\n", "  1 licence\n"
        for at, line in enumerate(lines, start=1):
            data += f"{100 * at:08} {line}".ljust(99) + "\n"
            fields = line.split()
            words = [word.partition("(")[0] for word in fields[3 : 3 + 2 * int(fields[2]) : 2]]
            index += "".join(f"{word} x 1 0 1 0 {100 * at:08}  \n" for word in words)
        (tmp_path / f"data.{name}").write_text(data, encoding="utf-8")
        (tmp_path / f"index.{name}").write_text(index, encoding="utf-8")
        (tmp_path / f"{name}.exc").write_text(IRREGULAR.get(name, ""), encoding="utf-8")
    return WordNet(tmp_path)


def test_a_word_is_found_in_every_form_and_part_of_speech(wordnet: WordNet) -> None:
    assert [(s.part, s.words) for s in wordnet.synsets("film")] == [("n", ("film", "movie")), ("v", ("film",))]
    assert [s.part for s in wordnet.synsets("Films")] == ["n", "v"]
    assert [s.part for s in wordnet.synsets("filming")] == ["v"]
    assert [s.part for s in wordnet.synsets("feelm")] == ["n"]
    assert wordnet.synsets("greatest")[0].words == ("great", "grand")
    assert wordnet.synsets("licence") == ()
    assert wordnet.synsets("") == ()


def test_synonyms_antonyms_and_polarity(wordnet: WordNet) -> None:
    lexicon = Lexicon(wordnet, {"great": 3.0, "film": -1.0, "movie": 1.0})
    assert lexicon.synonyms("movie") == ["film"]
    assert lexicon.opposite("great", "small")
    assert lexicon.opposite("small", "grand"), "of a synonym too"
    assert lexicon.opposite("film", "movie"), "one is good and the other bad"
    assert lexicon.alike("great", "grand")
    assert not lexicon.alike("great", "small"), "opposites"
    assert not lexicon.alike("great", "movie"), "no part of speech in common"


def test_neighbours_are_the_nearest_of_one_kind_in_the_same_case(wordnet: WordNet) -> None:
    words, angles = ("great", "grand", "small", "movie"), np.array([0.0, 0.3, 0.1, 0.2])
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    space = Vectors(words, {word: k for k, word in enumerate(words)}, matrix)
    assert space.near("great", 3, 0.0) == ["small", "movie", "grand"]
    assert space.near("great", 3, 0.99) == ["small"]
    assert space.near("none", 3, 0.0) == []
    of = neighbours(space, Lexicon(wordnet, {}), most=3, least=0.0, stop=frozenset())
    assert (of("Great"), of("GREAT"), of("great")) == (["Grand"], ["GRAND"], ["grand"])
    assert neighbours(space, Lexicon(wordnet, {}), most=3, least=0.0, stop=frozenset({"grand"}))("great") == []
