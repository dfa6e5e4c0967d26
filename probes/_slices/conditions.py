"""What can be said of a row in one phrase: its words, length, label, groups and further columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.personal_data.masking import masked
from audit.personal_data.naming import discreet
from audit.types import Bools, Floats, Ints, Split
from probes._quality.learn import WORD
from probes._quality.rows import says_nothing
from probes._rows import group_rows

QUANTILES = (0.2, 0.4, 0.6, 0.8)
"""Of length, in words, and of further numbers, where the conditions on them cut."""
HAN_SPACE = re.compile(r"(?<=[㐀-鿿]) (?=[㐀-鿿])")
"""Between two Han characters in a pair of words."""
MOST_WORDS = 400
"""Words and pairs of words looked at, the most frequent."""
MOST_VALUES = 20
"""Different values of a further column that make it a category; with more it must be a number."""


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


def conditions(split: Split, labels: Sequence[str], rows: int, columns: "Further") -> list[Condition]:
    """Return what is true of some rows and not of others, in an order that depends on which rows alone.

    Parameters
    ----------
    split : Split
        Rows to describe.
    labels : sequence of str
        Names of the classes.
    rows : int
        That a word must stand in.
    columns : Further
        The further columns of the split.
    """
    found: dict[bytes, Condition] = {}
    for condition in (*_labels(split, labels), *_groups(split), *_of_further(split, columns), *_words(split, rows)):
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


@dataclass(frozen=True)
class Further:
    """The further columns of a split, sorted by what they are good for."""

    columns: Mapping[str, Floats | None]
    """Those that make conditions: their numbers, or None for a category."""
    left_out: Mapping[str, str]
    """Why the others make none."""


def further(split: Split) -> Further:
    """Read the further columns of a split."""
    columns: dict[str, Floats | None] = {}
    reasons = dict.fromkeys(split.decisions, "what people decided is no property of a text")
    for column, cells in split.extra.items():
        if column in reasons:
            continue
        numbers = _numbers(cells) if _is_long(cells) else None
        if _is_long(cells) and numbers is None:
            reasons[column] = f"more than {MOST_VALUES} values that are no numbers"
        elif any(cell and discreet(cell) != cell for cell in set(cells)):
            reasons[column] = "its cells hold personal data"
        else:
            columns[column] = numbers
    return Further(columns, reasons)


def _of_further(split: Split, found: Further) -> Iterator[Condition]:
    for column, numbers in found.columns.items():
        yield from _categories(column, split.extra[column]) if numbers is None else _amounts(column, numbers)


def _is_long(cells: Sequence[str | None]) -> bool:
    return len(set(cells)) > MOST_VALUES


def _categories(column: str, cells: Sequence[str | None]) -> Iterator[Condition]:
    for value in dict.fromkeys(cells):
        members = np.array([cell == value for cell in cells], dtype=bool)
        phrase = f"{column}: {'missing' if value is None else value}"
        yield Condition(phrase, f"not {phrase}", members)


def _numbers(cells: Sequence[str | None]) -> Floats | None:
    """Return the numbers in the cells, NaN where one is missing; None where others hold words, or all are missing."""
    words = [cell or "" for cell in cells]
    try:
        numbers = np.array(
            [np.nan if missing else float(word) for word, missing in zip(words, says_nothing(words), strict=True)]
        )
    except ValueError:
        return None
    return None if np.isinf(numbers).any() or np.isnan(numbers).all() else numbers


def _amounts(column: str, numbers: Floats) -> Iterator[Condition]:
    missing = np.isnan(numbers)
    rest = " or missing" if missing.any() else ""
    for cut in np.unique(np.quantile(numbers[~missing], QUANTILES, method="higher")):
        told = int(cut) if cut.is_integer() else float(cut)  # in full: another number would be another condition
        yield Condition(f"{column}: {told} or more", f"{column}: below {told}{rest}", numbers >= cut)
    yield Condition(f"{column}: missing", f"not {column}: missing", missing)


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
