"""One place of a text where a phrase of the lexicon stands: what it may mean there."""

import re
from dataclasses import dataclass

from probes._identity import english
from probes._identity.grammar import begins_sentence
from probes._identity.lexicon import Lexicon, Sense
from probes._identity.units import JOINTS, Phrase, Units

FAR = 80
"""Characters of an address that are looked at."""
_ADDRESS = re.compile(r"://|www\.|\.(?:com|org|net|edu|gov|html?)\b")


@dataclass(frozen=True)
class Place:
    """The units of a phrase of the lexicon in a text."""

    units: Units
    first: int
    last: int
    lexicon: Lexicon

    @property
    def phrase(self) -> Phrase:
        """The units."""
        return tuple(self.units.words[self.first : self.last + 1])

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.units.at[self.first].start()

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.units.at[self.last].end()

    @property
    def head(self) -> int:
        """The first unit after this and further adjectives, "and" and "or" between them allowed."""
        k, words, adjectives = self.last, self.units.words, self.lexicon.adjectives
        while self.units.joined(k, 2):
            step = 2 if words[k + 1] in ("and", "or") and self.units.joined(k + 1, 2) else 1
            if words[k + step : k + step + 1] and words[k + step] in adjectives:
                k += step
            else:
                break
        return k + 1

    def senses(self) -> list[Sense]:
        """Return its readings but those that it cannot have here; sorted by category."""
        text, beside = self.units.text, self.lexicon.beside.get(self.phrase, ())
        if text[max(0, self.start - 1) : self.start] == "@":
            return []
        if any(rule.holds(self.units, self.first, self.last, self.head) for rule in beside):
            return []
        found = [sense for sense in self.lexicon.senses[self.phrase] if not self._part_of_a_name(sense)]
        return sorted(found, key=lambda sense: sense.category)

    def doubtful(self, sense: Sense) -> bool:
        """Return whether it is part of a longer sign ("LGBTQ+", "user:sikh") or of a name ("my wife Emily")."""
        text = self.units.text
        cut = text[max(0, self.start - 1) : self.start] in ("/", ":") or text[self.end : self.end + 1] in ("+", "/")
        return cut or self._in_an_address() or self._begins_a_name(sense) or self._like_a_name(sense)

    def _in_an_address(self) -> bool:
        text = self.units.text
        before = text[max(0, self.start - FAR) : self.start].split(" ")[-1]
        after = text[self.end : self.end + FAR].split(" ", 1)[0]
        return bool(_ADDRESS.search(f"{before} {after}"))

    def _begins_a_name(self, sense: Sense) -> bool:
        before_names = sense.form in ("kin", "role", "roles") or (sense.form == "title" and sense.word.islower())
        return before_names and self._capital(self.last + 1)

    def _like_a_name(self, sense: Sense) -> bool:
        """Return whether a common noun is written with a capital of its own: "Our Lady", "the King"."""
        found = self.units.text[self.start : self.end]
        common = (
            sense.word.islower() and self.first == self.last and sense.form in ("noun", "kin", "role", "roles", "child")
        )
        opens = begins_sentence(self.units.text, self.start)
        return common and found[0].isupper() and not found.isupper() and not opens

    def _part_of_a_name(self, sense: Sense) -> bool:
        found, units = self.units.text[self.start : self.end], self.units
        if sense.name:
            verse = "".join(units.after(self.last)[:1]).isdigit()
            return found[0].islower() or self._capital(self.first - 1) or self._titled() or verse
        abbreviated = sense.form == "title" and sense.word[0].isupper()
        if abbreviated or not found[0].isupper() or (found.isupper() and len(found) > 1):
            return False
        k = self.first - (2 if self.first and units.words[self.first - 1] == "of" else 1)
        opened = k >= 0 and sense.word[0].isupper() and begins_sentence(units.text, units.at[k].start())
        ends = self._capital(k) and not opened
        return ends or (self._capital(self.last + 1) and not self._begins_a_name(sense))

    def _titled(self) -> bool:
        k = self.first - 1
        return k >= 0 and self.units.between(k).strip() == "." and self.units.words[k] in english.TITLES

    def _capital(self, k: int) -> bool:
        """Return whether a neighbour is written like a name: with one capital, and no function word or term."""
        if not 0 <= k < len(self.units.at) or self.units.between(min(k, self.last)).strip(JOINTS):
            return False
        word, low = self.units.at[k][0], self.units.words[k]
        common = low in english.BEGINNINGS or (low,) in self.lexicon.senses
        return word[0].isupper() and not common and (len(word) == 1 or not word.isupper())
