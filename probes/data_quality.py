"""Whether the data can be relied on: repeats, doubtful labels, empty texts, and drift between tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import as_value_error
from audit.registry import Measure, probe
from audit.stats import substream, wilson
from audit.types import Bools, ConfigFile, Evidence, Finding, Frozen, Split, Subject
from probes._by_group import Means, findings, with_difference
from probes._groups import PRIVATE
from probes._quality.judged import Judged, Part
from probes._quality.learn import UNTAUGHT, above_guessing, out_of_fold
from probes._quality.likeness import likeness
from probes._quality.new import new_split, read_new
from probes._quality.rows import says_nothing, some, take
from probes._quality.shifts import new_shifts, split_shifts
from probes._quality.shown import DOUBTFUL, examples, suggested
from probes._sample import drawn


class Params(Frozen):
    """Parameters of ``data.quality``."""

    similarity: float = Field(0.9, gt=0, le=1)
    """Cosine of TF-IDF vectors from which on two texts are near-duplicates."""
    rows: int = Field(20_000, ge=1)
    """Rows of a split at most that are looked at, drawn with the seed."""
    taught_rows: int = Field(5000, ge=1)
    """Rows of a split at most that a simple model of words is taught on."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared."""
    new_data: ConfigFile | None = None
    """A further table, such as last month's, which is compared with the test split."""
    text: str = "text"
    """Its column of texts."""
    label: str = "label"
    """Its column of labels, where it has one. Groups are read from columns called as in the audit's ``groups``."""
    delimiter: str | None = None
    """Between several groups of one of its rows, such as ``"|"``."""
    examples: int = Field(12, ge=0)
    """Doubtful rows to show; 0 for texts that must not be shown."""

    @model_validator(mode="after")
    def _new_data_can_be_read(self, info: ValidationInfo) -> Self:
        """Read the further table before any model is loaded, where its folder is known."""
        if self.new_data is not None and isinstance(info.context, Path):
            with as_value_error():
                read_new(info.context / self.new_data, self.text)
        return self


MEASURES = with_difference(
    {
        "label_error_rate": Measure(
            "lower", "Share of rows whose label is likely wrong, by confident learning.", 0, 1, 0
        ),
        "placeholder_rate": Measure(
            "lower", "Share of rows whose text is blank or stands in for one that is missing.", 0, 1, 0
        ),
    }
) | {
    "near_duplicate_rate": Measure(
        "lower", "Share of rows with nearly, but not exactly, the text of another row of the split.", 0, 1, 0
    ),
    "contradiction_rate": Measure(
        "lower", "Share of rows with the same or nearly the same text as a row with another label.", 0, 1, 0
    ),
    "learnability": Measure(
        "higher", "Balanced accuracy of a simple model of words, out of fold, less that of guessing.", -0.5, 1
    ),
    "domain_auc": Measure("lower", "How well a simple model tells two tables apart by their words.", 0, 1, 0.5),
    "length_shift": Measure("lower", "Population stability index of the length of texts.", 0, None, 0),
    "label_shift": Measure("lower", "Population stability index of the classes.", 0, None, 0),
    "group_shift": Measure("lower", "Population stability index of the groups of a column.", 0, None, 0),
    "prediction_shift": Measure(
        "lower", "Population stability index of the classes that the model predicts.", 0, None, 0
    ),
    "predicted_share": Measure("none", "Share of rows that the model puts into the class.", 0, 1),
    "confidence_change": Measure(
        "none", "Mean probability of the predicted class in new data, less that in the test split.", -1, 1, 0
    ),
}
NO_ROWS = "undefined: the group has no rows"
UNLEARNED = (
    "unlearned: a simple model of words does no better than guessing, so that the labels may be shuffled, "
    "or depend on what single words do not tell"
)


@probe(
    "data.quality",
    version=2,
    values=("accountability", "fairness"),
    needs=("labels",),
    measures=MEASURES,
    quick={"rows": 4000, "taught_rows": 1000},
)
def data_quality(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Assess whether labels and texts can be relied on. Ideal: no repeats, contradictions, doubts or shifts.

    Labels of the test split are doubted by the model under audit, which never saw them; those of
    the training split by a simple model of words, taught on other folds. A doubt is not an error: a
    model that is confidently wrong about a group casts doubt on its labels. Drift is measured from
    the training split to the test split, and from the test split to ``new_data`` where that is given,
    there of the model's predictions too; a domain AUC of 0.5 says that two tables cannot be told apart.
    Requirements R13, K23.

    References
    ----------
    Northcutt, Jiang and Chuang 2021 (JAIR 70:1373); Lopez-Paz and Oquab 2017 (arXiv:1610.06545);
    Yurdakul and Naranjo 2020 (population stability index).
    """
    seed = int(substream(rng, "rows").integers(2**32))
    parts = {name: _part(split, params, seed) for name, split in subject.splits.items() if len(split)}
    for part in parts.values():
        yield from _texts(part, len(subject.splits[part.rows.name]), params, rng)
    taught = _taught(subject, "train" if "train" in parts else "test", params, seed)
    yield _learnability(taught)
    judged = [_test_judged(subject, taught, params, seed), *([taught] if "train" in parts else [])]
    for one in judged:
        yield from _label_errors(subject, one, params, rng)
    test, train = parts["test"].rows, parts["train"].rows if "train" in parts else None
    # The table that was asked for first: a card has no room for every number.
    if params.new_data is not None:
        new = some(_new(subject, subject.folder / params.new_data, params), params.rows, seed)
        yield from new_shifts(data_quality, subject, new, test, params.taught_rows, rng)
    yield from split_shifts(data_quality, test, train, params.taught_rows, rng)
    if params.examples:
        yield from examples(subject, parts, judged, params.examples)


def _part(split: Split, params: Params, seed: int) -> Part:
    rows = some(split, params.rows, seed)
    return Part(rows, likeness(rows.texts, rows.labels, params.similarity))


def _new(subject: Subject, file: Path, params: Params) -> Split:
    rows = read_new(file, params.text)
    return new_split(rows, subject, text=params.text, label=params.label, delimiter=params.delimiter)


def _taught(subject: Subject, name: str, params: Params, seed: int) -> Judged:
    rows = some(subject.splits[name], params.taught_rows, seed)
    return Judged(rows, out_of_fold(rows.texts, rows.labels, len(subject.labels)), "a simple model of words")


def _test_judged(subject: Subject, taught: Judged, params: Params, seed: int) -> Judged:
    scores = subject.predicted.scores
    if scores is None:
        return taught if taught.rows.name == "test" else _taught(subject, "test", params, seed)
    order = drawn(subject.test, seed)[: params.rows]
    return Judged(take(subject.test, order), scores[order], "the model under audit")


# --- texts --------------------------------------------------------------------------------


def _texts(part: Part, of: int, params: Params, rng: np.random.Generator) -> Iterator[Finding]:
    sampled = (
        f"; a sample of {len(part.rows):,} of {of:,} rows, which has fewer such pairs" if len(part.rows) < of else ""
    )
    worded, sizes = part.like.worded, part.like.clusters()
    clusters = f"{len(sizes):,} clusters, the largest of {sizes[0]:,} rows{sampled}" if len(sizes) else sampled[2:]
    yield _share("near_duplicate_rate", part.like.near[worded], part, clusters)
    yield _share("contradiction_rate", part.like.contradicted[worded], part, sampled[2:])
    name, missing = "placeholder_rate", says_nothing(part.rows.texts).astype(float)
    means = Means(data_quality, name, missing, part.rows.groups, part.where, NO_ROWS, params.min_group)
    yield from findings(means, substream(rng, name))


def _share(name: str, hits: Bools, part: Part, note: str) -> Finding:
    successes, n = int(hits.sum()), len(hits)
    if not n:
        return data_quality.finding(name, None, 0, slice=part.where, note="undefined: every text is blank")
    return data_quality.finding(name, successes / n, n, slice=part.where, interval=wilson(successes, n), note=note)


# --- labels -------------------------------------------------------------------------------


def _learnability(taught: Judged) -> Finding:
    where, n = {"split": taught.rows.name}, len(taught.rows)
    if taught.probabilities is None:
        return data_quality.finding("learnability", None, n, slice=where, note=UNTAUGHT)
    value, interval = above_guessing(taught.rows.labels, taught.probabilities)
    note = "" if interval.low > 0 else UNLEARNED
    return data_quality.finding("learnability", value, n, slice=where, interval=interval, note=note)


def _label_errors(subject: Subject, judged: Judged, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    name, where, rows = "label_error_rate", {"split": judged.rows.name}, judged.rows
    wrong = np.full(len(rows), np.nan) if judged.doubts is None else judged.doubts.wrong.astype(float)
    undefined = UNTAUGHT if judged.doubts is None else NO_ROWS
    means = Means(data_quality, name, wrong, rows.groups, where, undefined, params.min_group)
    for finding in findings(means, substream(rng, name)):
        overall = finding.slice == where and finding.value is not None
        yield finding.model_copy(update={"note": f"by {judged.judge}; {DOUBTFUL}"}) if overall else finding
    if judged.doubts is not None:
        yield suggested(subject, judged)
