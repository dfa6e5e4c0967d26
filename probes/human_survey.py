"""Probe: what the people who work with the model answered in a survey."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import as_value_error, did_you_mean
from audit.registry import Measure, Skip, probe
from audit.stats import DRAWS, Z, mean_limits, substream, wilson
from audit.types import Bools, Cell, ConfigFile, Evidence, Finding, Floats, Frozen, Interval, Subject, Table
from probes._gaps import Family, correlated_draws, difference_limits, ends
from probes._groups import PRIVATE
from probes._survey import Answers, cronbach_alpha, feldt_interval, members_of, read_answers

SUS_QUESTIONS = 10
SUS_SCALE = (1, 5)
RANGE = (0.0, 100.0)
"""Of a score."""
METHOD = "Student, two values added at either end of the scale (Agresti and Coull 1998)"


class Params(Frozen):
    """Where the answers stand."""

    file: ConfigFile | None = None
    """A table with one row per respondent; without it the probe is skipped."""
    kind: Literal["sus", "likert"] = "sus"
    """The System Usability Scale, or questions of one's own."""
    columns: tuple[str, ...] = ()
    """The questions, in the order of the questionnaire; of the System Usability Scale all ten."""
    scale: tuple[int, int] = SUS_SCALE
    """Lowest and highest answer."""
    reverse: tuple[str, ...] = ()
    """Questions with which agreement is bad; of the System Usability Scale every second one is."""
    group: str | None = None
    """Column that says which group a respondent belongs to."""
    min_group: int = Field(10, ge=PRIVATE)
    """Smaller groups get no figure of their own."""

    @model_validator(mode="after")
    def _fits_the_questionnaire(self) -> Self:
        if self.file is not None and not self.columns:
            raise ValueError("name the questions in 'columns'")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("'columns' names a question twice")
        if unknown := [name for name in self.reverse if name not in self.columns]:
            raise ValueError(f"'reverse' names {unknown[0]!r}.{did_you_mean(unknown[0], self.columns)}")
        if not self.scale[0] < self.scale[1]:
            raise ValueError("'scale' must go from a lower to a higher answer")
        if self.kind == "sus" and self.columns and (len(self.columns) != SUS_QUESTIONS or self.scale != SUS_SCALE):
            raise ValueError(f"the System Usability Scale has {SUS_QUESTIONS} questions answered from 1 to 5")
        if self.kind == "sus" and self.reverse:
            raise ValueError("leave 'reverse' out: which questions the System Usability Scale reverses is known")
        return self

    @model_validator(mode="after")
    def _answers_can_be_read(self, info: ValidationInfo) -> Self:
        """Read the answers before any model is loaded, where their folder is known."""
        if self.file is not None and isinstance(info.context, Path):
            with as_value_error():
                read_answers(info.context / self.file, self.columns, self.scale, self.reversed, self.group)
        return self

    @property
    def reversed(self) -> tuple[str, ...]:
        """Questions with which agreement is bad."""
        return self.columns[1::2] if self.kind == "sus" else self.reverse


MEASURES = {
    "score": Measure("higher", "Mean score of the respondents, from 0 (worst answers) to 100 (best).", 0, 100, 100),
    "score_difference": Measure("lower", "Largest difference of the mean score between two groups.", 0, 100, 0),
    "alpha": Measure("higher", "Cronbach's alpha: how far the questions measure one thing.", None, 1, 1),
    "complete_share": Measure("higher", "Share of respondents who answered every question.", 0, 1, 1),
    "missing_answers": Measure("lower", "Answers that are missing: empty, or such as NA or -.", 0, None, 0),
}


@probe("human.survey", version=2, values=("collaboration", "value_creation"), measures=MEASURES)
def survey(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Mean score of a survey among people who work with the model, by group, and whether its questions agree.

    Each answer is brought to 0 to 100, the worst and the best that the scale allows, and a respondent's
    score is their mean; of the System Usability Scale that is its usual score. Ideal 100. Only respondents
    who answered every question have a score (requirements V12 and V31; R03, R09); means of fewer than
    five are not told, as they would speak of persons.

    References
    ----------
    Brooke 1996 (Usability Evaluation in Industry, 189); Cronbach 1951 (Psychometrika 16:297);
    Feldt 1965 (Psychometrika 30:357).
    """
    if params.file is None:
        raise Skip("no survey is named; put one row per respondent into a table and name it in 'file'")
    answers = read_answers(subject.folder / params.file, params.columns, params.scale, params.reversed, params.group)
    yield from _missing(answers)
    yield _alpha(answers.values[answers.complete])
    yield _score(answers, answers.complete, {}, PRIVATE)
    yield from _by_group(answers, params, substream(rng, "groups"))
    yield _questions(answers, params)


def _missing(answers: Answers) -> Iterator[Finding]:
    missing, n = int(np.isnan(answers.values).sum()), len(answers.values)
    whole = int(answers.complete.sum())
    yield survey.finding("missing_answers", missing, answers.values.size, note="exact count, of all answers asked for")
    yield survey.finding("complete_share", whole / n, n, interval=wilson(whole, n))


def _alpha(values: Floats) -> Finding:
    alpha, (n, questions) = cronbach_alpha(values), values.shape
    if alpha is None:
        note = "needs two questions or more, and two complete respondents or more who differ"
        return survey.finding("alpha", None, n, note=note)
    return survey.finding("alpha", alpha, n, interval=feldt_interval(alpha, n, questions))


def _score(answers: Answers, chosen: Bools, slice: Mapping[str, str], fewest: int) -> Finding:
    n = int(chosen.sum())
    if n < fewest:
        return survey.finding("score", None, n, slice=slice, note=f"fewer than {fewest} complete respondents")
    scores = answers.values[chosen].mean(axis=1)
    low, high = _limits([scores], RANGE, Z)
    interval = Interval(low=float(low[0]), high=float(high[0]), method=METHOD)
    return survey.finding("score", float(scores.mean()), n, slice=slice, interval=interval)


def _limits(values: Sequence[Floats], span: tuple[float, float], critical: float) -> tuple[Floats, Floats]:
    """Return limits of the mean of each of some sets of values."""
    sums = np.array([of_one.sum() for of_one in values])
    squares = np.array([(of_one**2).sum() for of_one in values])
    return mean_limits(sums, squares, np.array([len(of_one) for of_one in values]), span, critical)


def _by_group(answers: Answers, params: Params, rng: np.random.Generator) -> Iterator[Finding]:
    if params.group is None:
        return
    members = {name: rows & answers.complete for name, rows in members_of(answers).items()}
    for name, rows in members.items():
        yield _score(answers, rows, {params.group: name}, params.min_group)
    large = {name: rows for name, rows in members.items() if rows.sum() >= params.min_group}
    yield _difference(answers, large, params.group, rng)


def _difference(answers: Answers, members: Mapping[str, Bools], column: str, rng: np.random.Generator) -> Finding:
    scores = [answers.values[rows].mean(axis=1) for rows in members.values()]
    n = sum(map(len, scores))
    if len(scores) < 2:
        note = "fewer than two groups have enough complete respondents"
        return survey.finding("score_difference", None, n, slice={column: "*"}, note=note)
    means = np.array([group.mean() for group in scores])
    errors = np.array([(high - low) / (2 * Z) for low, high in zip(*_limits(scores, RANGE, Z), strict=True)])
    draws = correlated_draws(means, errors, np.eye(len(means)), DRAWS, rng)
    family = Family(means, lambda critical: _limits(scores, RANGE, critical), draws, np.eye(len(means), dtype=bool))
    low, high = difference_limits([family])
    note = ends(list(members), means, ".1f")
    value = float(means.max() - means.min())
    interval = Interval(
        low=min(low, value), high=max(min(high, 100.0), value), method=f"simultaneous pairs, {DRAWS} draws"
    )
    return survey.finding("score_difference", value, n, slice={column: "*"}, interval=interval, note=note)


def _questions(answers: Answers, params: Params) -> Table:
    """Return the mean answer to each question, as it was answered."""
    means = (_mean_answer(column[~np.isnan(column)], params.scale) for column in answers.raw.T)
    return Table(
        name="human.survey.questions",
        columns=("question", "answers", "mean answer", "low", "high", "agreement is"),
        rows=tuple(
            (name, *mean, "bad" if name in params.reversed else "good")
            for name, mean in zip(params.columns, means, strict=True)
        ),
        note=f"interval: {METHOD}; no mean of fewer than {PRIVATE} answers",
    )


def _mean_answer(given: Floats, scale: tuple[int, int]) -> tuple[Cell, ...]:
    """Return how many answered, the mean of what they said, and its interval."""
    if len(given) < PRIVATE:
        return len(given), None, None, None
    low, high = _limits([given], scale, Z)
    return len(given), float(given.mean()), float(low[0]), float(high[0])
