"""What smaller copies of a model change, and for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from audit.errors import AuditError
from audit.registry import Measure, ProbeSpec
from audit.stats import substream
from audit.types import Finding, Floats, Ints, Subject, Variant, Workbench
from probes._by_group import Means, findings, with_difference
from probes._footprint.timing import BATCH
from probes._rates import Key, keys_of
from probes._sample import Sample

NO_ROW = "undefined: none of its rows was looked at"
ERRORS = ("false_positive_rate", "false_negative_rate")
MEASURES: Mapping[str, Measure] = with_difference(
    {
        "agreement": Measure("higher", "Share of rows to which a smaller copy gives the model's class.", 0, 1, 1),
        "accuracy_change": Measure("higher", "Accuracy of a smaller copy minus the model's, row by row.", -1, 1, 0),
        "false_positive_rate_change": Measure(
            "lower", "False positive rate of a smaller copy minus the model's, row by row.", -1, 1, 0
        ),
        "false_negative_rate_change": Measure(
            "lower", "False negative rate of a smaller copy minus the model's, row by row.", -1, 1, 0
        ),
    }
)
KINDS = ("int8", "pruned")


@dataclass(frozen=True)
class Copies:
    """The smaller copies that could be made, and why others could not."""

    made: Mapping[str, Variant]
    failed: Mapping[str, str]


def copies_of(bench: Workbench) -> Copies:
    """Make every kind of smaller copy."""
    made: dict[str, Variant] = {}
    failed: dict[str, str] = {}
    for kind in KINDS:
        try:
            made[kind] = bench.variant(kind)
        except AuditError as reason:
            failed[kind] = str(reason)
    return Copies(made, failed)


def copy_findings(
    spec: ProbeSpec, subject: Subject, rows: Sample, copies: Copies, min_group: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield how far each copy agrees with the model, and what it does to accuracy and to each kind of error, by group.

    A copy that trades one kind of error for the other leaves the accuracy of a group as it was.
    """
    for kind, reason in copies.failed.items():
        yield spec.finding("agreement", None, 0, slice={"variant": kind}, note=reason)
    for kind, variant in copies.made.items():
        for name, values, label, undefined in _outcomes(subject, rows, _predicted(variant, rows)):
            means = Means(spec, name, values, rows.columns, {"variant": kind, **label}, undefined, min_group)
            yield from findings(means, substream(rng, kind))


def _outcomes(subject: Subject, rows: Sample, after: Ints) -> Iterator[tuple[str, Floats, dict[str, str], str]]:
    """Yield each measure, its values by row, the class that it speaks of, and why it may be undefined."""
    before, truth = rows.predicted, rows.labels
    yield "agreement", (after == before).astype(float), {}, NO_ROW
    yield "accuracy_change", (after == truth).astype(float) - (before == truth), {}, NO_ROW
    for key in keys_of(ERRORS, len(subject.labels), subject.positive):
        label = {} if len(subject.labels) == 2 or key.label is None else {"class": subject.labels[key.label]}
        undefined = f"undefined: there are no {key.definition.of}"
        yield f"{key.rate}_change", _change(key, truth, before, after), label, undefined


def _change(key: Key, truth: Ints, before: Ints, after: Ints) -> Floats:
    """Return 1 for an error that only the copy makes, -1 for one that only the model makes; NaN outside the rate."""
    wrong, rows = [], key.definition.rows(*key.indicators(truth, before))
    for predicted in (after, before):
        wrong.append(key.definition.events(*key.indicators(truth, predicted)).astype(float))
    return np.where(rows, wrong[0] - wrong[1], np.nan)


def _predicted(variant: Variant, rows: Sample) -> Ints:
    """Return the classes that a copy predicts; texts of near-equal length share a batch, which saves padding."""
    order = np.argsort([len(text) for text in rows.texts], kind="stable")
    predicted = np.empty(len(rows), dtype=np.int64)
    predicted[order] = variant.run([rows.texts[k] for k in order], BATCH).argmax(axis=1)
    return predicted
