"""What can be said of a row in one phrase: its words, length, label, groups and further columns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audit.personal_data.masking import masked
from audit.personal_data.naming import discreet
from audit.types import Bools, Ints, Split
from probes._quality.learn import WORD
from probes._rows import group_rows

QUANTILES = (0.2, 0.4, 0.6, 0.8)
"""Of length, in words, where the conditions on it cut."""
HAN_SPACE = re.compile(r"(?<=[㐀-鿿]) (?=[㐀-鿿])")
"""Between two Han characters in a pair of words."""
MOST_WORDS = 400
"""Words and pairs of words looked at, the most frequent."""
MOST_VALUES = 20
"""Different values of a further column that make it a category."""


@dataclass(frozen=True)
class Condition:
    """A phrase that is true of some rows."""

    text: str
    """Such as ``"contains 'never'"``."""
    opposite: str
    """Of all other rows."""
    members: Bools
    """Rows it is true of, shape (n,)."""


@dataclass(frozen=True)
class Slice:
    """Rows of which some conditions, or their opposites, are all true."""

    literals: tuple[tuple[Condition, bool], ...]
    """Each condition, and whether it must be true."""

    @property
    def name(self) -> str:
        """For a reader."""
        return " and ".join(sorted(condition.text if true else condition.opposite for condition, true in self.literals))

    @property
    def members(self) -> Bools:
        """Rows in it, shape (n,)."""
        return np.asarray(np.all([condition.members == true for condition, true in self.literals], axis=0))

    @property
    def length(self) -> int:
        """What a reader must keep in mind: its conditions, an opposite counting twice."""
        return len(self.literals) + sum(not true for _, true in self.literals)

    @property
    def wider(self) -> "tuple[Slice, ...]":
        """The slices of one condition less; none where there is but one."""
        if len(self.literals) == 1:
            return ()
        return tuple(Slice(self.literals[:k] + self.literals[k + 1 :]) for k in range(len(self.literals)))


def conditions(split: Split, labels: Sequence[str], rows: int) -> list[Condition]:
    """Return what is true of some rows and not of others, in an order that depends on which rows alone.

    Parameters
    ----------
    split : Split
        Rows to describe.
    labels : sequence of str
        Names of the classes.
    rows : int
        That a word must stand in.
    """
    found: dict[bytes, Condition] = {}
    for condition in (*_labels(split, labels), *_groups(split), *_categories(split), *_words(split, rows)):
        if condition.members.any() and not condition.members.all():
            found.setdefault(condition.members.tobytes(), condition)
    return [found[key] for key in sorted(found)]


def _labels(split: Split, labels: Sequence[str]) -> Iterator[Condition]:
    for k, name in enumerate(labels):
        opposite = f"labelled {labels[1 - k]}" if len(labels) == 2 else f"not labelled {name}"
        yield Condition(f"labelled {name}", opposite, np.asarray(split.labels == k))


def _groups(split: Split) -> Iterator[Condition]:
    for column in split.groups:
        for group, members in group_rows(column):
            yield Condition(f"{column.name}: {group}", f"not {column.name}: {group}", members.copy())


def personal_columns(split: Split) -> tuple[str, ...]:
    """Return the further columns whose values, few enough to make conditions, hold personal data."""
    values = {column: set(cells) for column, cells in split.extra.items()}
    return tuple(
        column
        for column, few in values.items()
        if len(few) <= MOST_VALUES and any(value and discreet(value) != value for value in few)
    )


def _categories(split: Split) -> Iterator[Condition]:
    left_out = personal_columns(split)
    for column, cells in split.extra.items():
        values = dict.fromkeys(cells)
        if len(values) <= MOST_VALUES and column not in left_out:
            for value in values:
                members = np.array([cell == value for cell in cells], dtype=bool)
                phrase = f"{column}: {'missing' if value is None else value}"
                yield Condition(phrase, f"not {phrase}", members)


def _words(split: Split, rows: int) -> Iterator[Condition]:
    yield from _lengths(np.array([len(re.findall(WORD, text)) for text in split.texts], dtype=np.int64))
    from sklearn.feature_extraction.text import CountVectorizer

    vectoriser = CountVectorizer(token_pattern=WORD, ngram_range=(1, 2), min_df=rows, binary=True, dtype=np.int32)
    try:
        # A word of an address or name of an account would be quoted as a condition.
        table = vectoriser.fit_transform([masked(text) for text in split.texts]).tocsc()
    except ValueError:  # no word stands in as many rows
        return
    frequent = np.argsort(-np.diff(table.indptr), kind="stable")[:MOST_WORDS]
    names = vectoriser.get_feature_names_out()
    for k in frequent:
        word = HAN_SPACE.sub("", names[k])
        yield Condition(f"contains '{word}'", f"does not contain '{word}'", table[:, [k]].toarray().ravel() > 0)


def _lengths(words: Ints) -> Iterator[Condition]:
    for cut in np.unique(np.quantile(words, QUANTILES, method="higher")):
        yield Condition(f"{cut} words or more", f"fewer than {cut} words", np.asarray(words >= cut))
