"""A reader of the WordNet 3.0 files for single words: synonyms, parts of speech, antonyms.

It gives what NLTK's reader gives, which takes some seconds longer to open.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}

ENDINGS: dict[str, dict[str, list[str]]] = {
    "n": {"s": [""], "ses": ["s"], "ves": ["f"], "xes": ["x"], "zes": ["z"]}
    | {"ches": ["ch"], "shes": ["sh"], "men": ["man"], "ies": ["y"]},
    "v": {"s": [""], "ies": ["y"], "es": ["e", ""], "ed": ["e", ""], "ing": ["e", ""]},
    "a": {"er": ["", "e"], "est": ["", "e"]},
    "r": {},
}
"""Endings and what is put in their place, by part of speech (morphy(7WN))."""


@dataclass(frozen=True)
class Synset:
    """Words of one meaning."""

    part: str
    """n, v, a or r."""
    words: tuple[str, ...]
    antonyms: tuple[str, ...]
    """Opposites of any of the words."""


class WordNet:
    """The files ``index.*``, ``data.*`` and ``*.exc`` of a folder."""

    def __init__(self, folder: Path) -> None:
        self._index = {part: _by_first_word(folder / f"index.{name}") for part, name in PARTS.items()}
        self._irregular = {part: _by_first_word(folder / f"{name}.exc") for part, name in PARTS.items()}
        self._data = {part: (folder / f"data.{name}").read_bytes() for part, name in PARTS.items()}
        self._known: dict[str, tuple[Synset, ...]] = {}

    def synsets(self, word: str) -> tuple[Synset, ...]:
        """Return every synset of a word, in whatever form it stands."""
        if word not in self._known:
            self._known[word] = tuple(
                self._synset(part, offset)
                for part in PARTS
                for lemma in self._lemmas(word.lower(), part)
                for offset in self._offsets(lemma, part)
            )
        return self._known[word]

    def _lemmas(self, word: str, part: str) -> list[str]:
        irregular = self._irregular[part].get(word)
        forms = irregular.split()[1:] if irregular else _stripped(word, part)
        return [form for form in dict.fromkeys((word, *forms)) if form in self._index[part]]

    def _offsets(self, lemma: str, part: str) -> list[int]:
        fields = self._index[part][lemma].split()
        return [int(offset) for offset in fields[-int(fields[2]) :]]

    def _synset(self, part: str, offset: int) -> Synset:
        words, pointers = self._line(part, offset)
        opposites = [pointers[k : k + 4] for k in range(0, len(pointers), 4) if pointers[k] == "!"]
        antonyms = [self._line(other, int(at))[0][int(ends[2:], 16) - 1] for _, at, other, ends in opposites]
        return Synset(part, words, tuple(antonyms))

    def _line(self, part: str, offset: int) -> tuple[tuple[str, ...], list[str]]:
        """Return the words of a line of data, and its pointers: symbol, offset, part, numbers of two words."""
        data = self._data["a" if part == "s" else part]
        fields = data[offset : data.index(b"|", offset)].decode().split()
        end = 4 + 2 * int(fields[3], 16)
        # Some adjectives say where they stand, such as "galore(ip)".
        words = tuple(word.partition("(")[0] for word in fields[4:end:2])
        return words, fields[end + 1 : end + 1 + 4 * int(fields[end])]


def _by_first_word(path: Path) -> dict[str, str]:
    # Lines that begin with a space are the licence.
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    return {line.partition(" ")[0]: line for line in lines if line and line[0] != " "}


def _stripped(word: str, part: str) -> list[str]:
    fitting = {old: new for old, new in ENDINGS[part].items() if word.endswith(old)}
    return [word.removesuffix(old) + ending for old, new in fitting.items() for ending in new]


@cache
def wordnet(folder: Path) -> WordNet:
    """Return the WordNet in ``folder/corpora/wordnet``, where NLTK keeps it, read once."""
    return WordNet(folder / "corpora" / "wordnet")
