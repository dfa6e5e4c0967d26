"""Answers of a survey: read, brought to one scale, and asked whether they agree with each other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit.errors import DataError, did_you_mean
from audit.personal_data.naming import told_apart
from audit.stats import TAILS
from audit.types import Bools, Floats, Interval
from probes._quality.rows import says_nothing
from probes._suites.tables import Row, read_rows


@dataclass(frozen=True)
class Answers:
    """What the respondents said, higher always meaning better."""

    values: Floats
    """Shape (respondents, questions), 0 to 100; NaN where nothing was answered."""
    raw: Floats
    """The same as it was answered, on the scale of the questionnaire."""
    groups: tuple[str, ...] | None
    """Of each respondent; empty where it is missing. None where no column of groups was named."""

    @property
    def complete(self) -> Bools:
        """Who answered every question, shape (respondents,)."""
        return np.asarray(~np.isnan(self.values).any(axis=1))


def read_answers(
    file: Path, columns: Sequence[str], scale: tuple[int, int], reverse: Sequence[str], group: str | None
) -> Answers:
    """Read one row per respondent. Empty cells and such as ``NA`` or ``-`` are missing.

    Raises
    ------
    DataError
        If the file cannot be read, is empty, lacks a column, or an answer lies off the scale.
    """
    rows = read_rows(file)
    if not rows:
        raise DataError(f"{file}: is empty. A survey needs at least one row of answers.")
    known = dict.fromkeys(str(name) for row in rows for name in row.cells)
    for column in (*columns, *([group] if group else [])):
        if column not in known:
            raise DataError(f"{file}: has no column {column!r}.{did_you_mean(column, known)}")
    raw = np.array([[_answer(row, column, scale) for column in columns] for row in rows])
    turned = np.where([column in reverse for column in columns], sum(scale) - raw, raw)
    values = 100 * (turned - scale[0]) / (scale[1] - scale[0])
    return Answers(values, raw, tuple(_word(row, group) for row in rows) if group else None)


def _word(row: Row, column: str) -> str:
    """Return what a respondent wrote; empty where the cell says nothing."""
    word = row.word(column)
    return "" if says_nothing([word])[0] else word


def _answer(row: Row, column: str, scale: tuple[int, int]) -> float:
    word = _word(row, column)
    if not word:
        return math.nan
    try:
        answer = float(word)
    except ValueError:
        answer = math.nan
    if not scale[0] <= answer <= scale[1]:
        raise DataError(
            f"{row.where}: {column!r} is {word!r}, which is not an answer from {scale[0]} to {scale[1]}. "
            "Correct it, leave it empty, or set 'scale'."
        )
    return answer


def cronbach_alpha(values: Floats) -> float | None:
    """Return Cronbach's alpha: how far the questions measure one thing. Up to 1; ideal above 0.7.

    Parameters
    ----------
    values : Floats, shape (respondents, questions)
        Complete answers.

    Returns
    -------
    float or None
        None with fewer than two questions or respondents, or if all respondents have one sum.

    References
    ----------
    Cronbach 1951 (Psychometrika 16:297).
    """
    respondents, questions = values.shape
    if min(respondents, questions) < 2:
        return None
    of_sums = values.sum(axis=1).var(ddof=1)
    if of_sums < 1e-9:
        return None
    return float(questions / (questions - 1) * (1 - values.var(axis=0, ddof=1).sum() / of_sums))


def feldt_interval(alpha: float, respondents: int, questions: int) -> Interval:
    """Return the interval of Cronbach's alpha (Feldt 1965, Psychometrika 30:357)."""
    from scipy.stats import f

    freedom = respondents - 1, (respondents - 1) * (questions - 1)
    high, low = (1 - (1 - alpha) * f.ppf(tail, *freedom) for tail in TAILS)
    return Interval(low=float(low), high=float(high), method="Feldt 1965")


def members_of(answers: Answers) -> Mapping[str, Bools]:
    """Return which respondents are in each group, by a name without personal data."""
    groups = np.array(answers.groups or ())
    names = [str(name) for name in np.unique(groups) if name]
    return {told: groups == name for told, name in zip(told_apart(names), names, strict=True)}
