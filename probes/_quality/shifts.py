"""How far the splits, and a further table, are from one another: texts, classes, groups and predictions."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audit.personal_data.naming import discreet
from audit.registry import ProbeSpec
from audit.stats import Z, mean_limits, substream, wilson
from audit.types import Finding, Floats, GroupColumn, Interval, Ints, Split, Subject
from probes._quality.drift import Drift, by_length, stability, told_apart
from probes._quality.learn import UNTAUGHT

CUSTOM = "customary marks (a convention, no test): 0.1 a moderate shift, 0.25 a large one"
NO_TRAIN = "not measured: there is no train split; name its table in [data] train"
NO_MODEL = "not measured: it takes the model itself, not its predictions alone"
MASKED = "not measured: names of groups hold personal data, and what is masked cannot be matched"
MOST_NAMED = 3
"""Unknown classes that are named."""
LONGEST = 40
"""Characters of their names that are told."""
SCORED = 2000
"""Rows of a further table at most that the model is run on: enough to tell a share to about 2 in 100."""


@dataclass(frozen=True)
class Pair:
    """A table, and the one that it is compared with."""

    spec: ProbeSpec
    ours: Split
    other: Split

    def far(self, name: str, group: dict[str, str], far: Drift | None, note: str) -> Finding:
        """Return one measure of the distance, or why there is none."""
        where = {"split": self.ours.name, "with": self.other.name, **group}
        if far is None:
            return self.spec.finding(name, None, len(self.ours), slice=where, note=note)
        return self.spec.finding(name, far.value, far.n, slice=where, interval=far.interval, null=far.null, note=note)

    def shift(self, name: str, group: dict[str, str], ours: Ints, theirs: Ints, *, note: str = CUSTOM) -> Finding:
        """Return the stability index of two rows of counts."""
        shift = stability(ours, theirs)
        return self.far(name, group, shift, note if shift else "undefined: one of the tables has no rows")

    def of_texts(self, most: int, rng: np.random.Generator) -> Iterator[Finding]:
        """Yield how far words and lengths are apart."""
        texts, others = (of.texts[:most] for of in (self.ours, self.other))
        apart = told_apart(texts, others, substream(rng, "domain_auc", self.ours.name))
        note = f"taught on the other rows of {len(texts):,} and {len(others):,}"
        yield self.far("domain_auc", {}, apart, note if apart else UNTAUGHT)
        yield self.shift("length_shift", {}, *by_length(self.ours.texts, self.other.texts))

    def of_labels(self, note: str = CUSTOM) -> Finding:
        """Return how far the shares of the classes are apart, rows without a label left out."""
        classes = 1 + max(int(of.labels.max(initial=0)) for of in (self.ours, self.other))
        counts = [np.bincount(of.labels[of.labels >= 0], minlength=classes) for of in (self.ours, self.other)]
        return self.shift("label_shift", {}, *counts, note=note)

    def of_groups(self, columns: tuple[GroupColumn, ...], missing: str) -> Iterator[Finding]:
        """Yield how far the shares of the groups of some columns are apart."""
        ours, theirs = ({column.name: column for column in of.groups} for of in (self.ours, self.other))
        for name in (column.name for column in columns):
            across = {name: "*"}
            if name in ours and any(discreet(value) != value for value in ours[name].values):
                yield self.far("group_shift", across, None, MASKED)
            elif name in ours and name in theirs:
                yield self.shift("group_shift", across, *_by_group(ours[name], theirs[name]))
            else:
                yield self.far("group_shift", across, None, missing.format(name=name))


def _by_group(ours: GroupColumn, theirs: GroupColumn) -> tuple[Ints, Ints]:
    """Count the rows of each group, and of none; a row of two groups counts in both."""
    names = list(dict.fromkeys((*ours.values, *theirs.values)))
    counts = np.zeros((2, len(names) + 1), dtype=np.int64)
    for row, column in zip(counts, (ours, theirs), strict=True):
        row[[names.index(value) for value in column.values]] = column.members.sum(axis=0)
        row[-1] = column.unknown.sum()
    return counts[0], counts[1]


def split_shifts(
    spec: ProbeSpec, test: Split, train: Split | None, most: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield how far the test split is from the train split; at most so many rows of each teach a model of words."""
    if train is None:
        pair = Pair(spec, test, Split("train", (), (), np.empty(0, dtype=np.int64), (), ""))
        yield from (pair.far(name, {}, None, NO_TRAIN) for name in ("domain_auc", "length_shift", "label_shift"))
        yield from pair.of_groups(test.groups, NO_TRAIN)
        return
    pair = Pair(spec, test, train)
    yield from pair.of_texts(most, rng)
    yield pair.of_labels()
    yield from pair.of_groups(test.groups, "not measured: the train split has no column {name!r}")


# --- a further table ----------------------------------------------------------------------


def new_shifts(
    spec: ProbeSpec, subject: Subject, new: Split, test: Split, most: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield how far a further table is from the test split, and what the model makes of it.

    Its rows stand in random order; at most so many of each table teach a model of words.
    """
    pair = Pair(spec, new, test)
    yield from pair.of_texts(most, rng)
    unlabelled = "not measured: no row of the new table has a label; name its column with the parameter label"
    told = _unknown(new, len(subject.labels)) + CUSTOM
    yield pair.of_labels(told) if (new.labels >= 0).any() else pair.far("label_shift", {}, None, unlabelled)
    yield from pair.of_groups(test.groups, "not measured: the new table has no column {name!r}; add it")
    yield from _of_predictions(pair, subject)


def _unknown(new: Split, known: int) -> str:
    """Say which classes the model can never give: their rows count as a shift, for it is wrong on each of them."""
    (words,) = new.extra.values()
    rows = Counter(sorted(str(words[row]) for row in np.flatnonzero(new.labels >= known)))
    if not rows:
        return ""
    # Masked whole, and only then cut: half a number no longer looks like one.
    names = [repr(discreet(name)[:LONGEST]) for name, _ in rows.most_common()]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"rows of classes that the model does not know: {rows.total():,}, of {', '.join(names[:MOST_NAMED])}{more}; "


def _of_predictions(pair: Pair, subject: Subject) -> Iterator[Finding]:
    known = subject.predicted
    if subject.score is None or known.scores is None:
        names = ("prediction_shift", "predicted_share", "confidence_change")
        yield from (pair.far(name, {}, None, NO_MODEL) for name in names)
        return
    scores = subject.score(pair.ours.texts[:SCORED])
    said = {pair.ours.name: scores.argmax(axis=1), pair.other.name: known.labels}
    counts = {name: np.bincount(labels, minlength=len(subject.labels)) for name, labels in said.items()}
    yield pair.shift("prediction_shift", {}, *counts.values())
    for name, rows in counts.items():
        for label, count in zip(subject.labels, rows.tolist(), strict=True):
            where, n = {"split": name, "class": label}, len(said[name])
            yield pair.spec.finding("predicted_share", count / n, n, slice=where, interval=wilson(count, n))
    yield _of_confidence(pair, scores.max(axis=1), known.scores.max(axis=1), 1 / len(subject.labels))


def _of_confidence(pair: Pair, ours: Floats, theirs: Floats, least: float) -> Finding:
    """Return the change of the mean confidence; its interval is made of those of both (Zou and Donner 2008)."""
    sums, squares, n = (np.array([f(of) for of in (ours, theirs)]) for f in (np.sum, lambda of: (of**2).sum(), len))
    means, (low, high) = sums / n, mean_limits(sums, squares, n, (least, 1.0), Z)
    change = float(means[0] - means[1])
    below, above = means - low, high - means
    interval = Interval(
        low=change - float(np.hypot(below[0], above[1])),
        high=change + float(np.hypot(above[0], below[1])),
        method="limits of both means, combined",
    )
    where = {"split": pair.ours.name, "with": pair.other.name}
    note = f"mean confidence {means[0]:.3f} on {n[0]:,} new rows, {means[1]:.3f} on the test split"
    return pair.spec.finding("confidence_change", change, int(n.sum()), slice=where, interval=interval, note=note)
