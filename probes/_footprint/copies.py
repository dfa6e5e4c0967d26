"""What smaller copies of a model change, and for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from audit.errors import AuditError
from audit.registry import Measure, ProbeSpec
from audit.stats import substream
from audit.types import Finding, Ints, Variant, Workbench
from probes._by_group import Means, findings, with_difference
from probes._footprint.timing import BATCH
from probes._sample import Sample

MEASURES: Mapping[str, Measure] = with_difference(
    {
        "agreement": Measure("higher", "Share of rows to which a smaller copy gives the model's class.", 0, 1, 1),
        "accuracy_change": Measure("higher", "Accuracy of a smaller copy minus the model's, row by row.", -1, 1, 0),
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
    spec: ProbeSpec, rows: Sample, copies: Copies, min_group: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield how far each copy agrees with the model, and what it does to accuracy, by group."""
    for kind, reason in copies.failed.items():
        yield spec.finding("agreement", None, 0, slice={"variant": kind}, note=reason)
    for kind, variant in copies.made.items():
        after = _predicted(variant, rows)
        outcomes = {
            "agreement": (after == rows.predicted).astype(float),
            "accuracy_change": (after == rows.labels).astype(float) - (rows.predicted == rows.labels),
        }
        for name, values in outcomes.items():
            means = Means(spec, name, values, rows.columns, {"variant": kind}, "no row was looked at", min_group)
            yield from findings(means, substream(rng, kind))


def _predicted(variant: Variant, rows: Sample) -> Ints:
    """Return the classes that a copy predicts; texts of near-equal length share a batch, which saves padding."""
    order = np.argsort([len(text) for text in rows.texts], kind="stable")
    predicted = np.empty(len(rows), dtype=np.int64)
    predicted[order] = variant.run([rows.texts[k] for k in order], BATCH).argmax(axis=1)
    return predicted
