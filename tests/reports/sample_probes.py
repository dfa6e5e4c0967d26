"""What the probes of an invented audit report: real shapes, seeded numbers."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence

from audit.types import Curve, Evidence, Finding, Interval, Null, ProbeRun, Table

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate", "precision", "accuracy")
Groups = Mapping[str, Sequence[str]]


def interval(value: float, n: int, method: str = "Wilson") -> Interval:
    """Return the Wilson score interval of a share."""
    centre = (value + 1.92 / n) / (1 + 3.84 / n)
    half = 1.96 / (1 + 3.84 / n) * math.sqrt(value * (1 - value) / n + 0.96 / n**2)
    return Interval(low=round(max(0.0, centre - half), 6), high=round(min(1.0, centre + half), 6), method=method)


def share(metric: str, value: float, n: int, better: str = "higher", **more: object) -> Finding:
    """Return a measured share."""
    measured = round(value, 6)
    known = {"metric": metric, "value": measured, "n": n, "better": better, "interval": interval(measured, n)}
    return Finding.model_validate(known | more)


def performance(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``performance`` reports."""
    n = 2866
    for name, value in (("accuracy", 0.806), ("balanced_accuracy", 0.803), ("f1", 0.788), ("f1_macro", 0.804)):
        yield share(f"performance.{name}", value, n)
    for name, value in (("roc_auc", 0.887), ("pr_auc", 0.861), ("matthews_correlation", 0.609)):
        yield share(f"performance.{name}", value, n)
    gain = Interval(low=0.071, high=0.104, method="bootstrap, 1000 draws")
    yield Finding(metric="performance.accuracy_over_baseline", value=0.088, n=n, better="higher", interval=gain)
    yield Finding(
        metric="performance.mcnemar_p_value", value=3.1e-9, n=n, better="none", note="Exact test; no interval."
    )
    for column, names in groups.items():
        for name in names:
            where = {column: name}
            change = draw.gauss(0.07, 0.04)
            ends = Interval(low=round(change - 0.03, 6), high=round(change + 0.03, 6), method="bootstrap, 1000 draws")
            yield Finding(
                metric="performance.accuracy_over_baseline",
                value=round(change, 6),
                n=draw.randrange(60, 700),
                better="higher",
                slice=where,
                interval=ends,
            )
    for label in labels:
        for name in ("precision", "recall", "f1"):
            yield share(f"performance.{name}", draw.uniform(0.7, 0.86), n // len(labels), slice={"class": label})
    yield Table(
        name="performance.confusion_matrix",
        columns=("true class", *(f"predicted {label}" for label in labels)),
        rows=tuple(
            (a, *(draw.randrange(900, 1300) if a == b else draw.randrange(60, 330) for b in labels)) for a in labels
        ),
    )


def fairness(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``fairness.groups`` reports; with many classes, class by class."""
    for column, names in groups.items():
        sizes = {name: draw.randrange(60, 700) for name in names}
        for where in [{}] if len(labels) == 2 else [{"class": label} for label in labels]:
            for i, (rate, (name, n)) in enumerate((r, s) for r in RATES for s in sizes.items()):
                value = min(0.98, max(0.02, draw.gauss(0.27 if rate.startswith("false") else 0.78, 0.06)))
                better = "lower" if rate.startswith("false") else "none" if i < len(names) else "higher"
                yield share(f"fairness.groups.{rate}", value, n // 2, better, slice={column: name, **where})
        note = f"Highest: {names[0]} 0.352; lowest: {names[-1]} 0.189."
        for name, value in (("false_positive_rate", 0.163), ("demographic_parity", 0.094), ("equalized_odds", 0.171)):
            ends = Interval(low=value - 0.06, high=value + 0.065, method="simultaneous bootstrap, 1000 draws")
            yield Finding(
                metric=f"fairness.groups.{name}_difference",
                value=value,
                n=1433,
                better="lower",
                slice={column: "*"},
                interval=ends,
                note=note,
            )
        yield Finding(
            metric="fairness.groups.subgroup_auc",
            value=None,
            n=17,
            better="higher",
            slice={column: "unknown"},
            note="Only one class occurs among 17 rows.",
        )
        rows = tuple((name, n, n / sum(sizes.values()), n // 2, 0.5) for name, n in sizes.items())
        yield Table(
            name="fairness.groups.counts",
            slice={column: "*"},
            columns=("group", "rows", "share", "positives", "base rate"),
            rows=rows,
        )


def calibration(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``calibration`` reports."""
    slices = [{}, *({column: name} for column, names in groups.items() for name in names)]
    for where in slices:
        n = 2866 if not where else draw.randrange(60, 700)
        upper = round(0.9 / math.sqrt(n), 6)
        for name, value in (("smooth_ece", 0.041), ("ece", 0.055), ("debiased_ece", 0.038)):
            measured = round(value + draw.uniform(0, 0.03), 6)
            null = Null(upper=upper, p_value=0.005 if measured > upper else 0.31, method="199 redraws")
            ends = Interval(
                low=round(measured / 2, 6), high=round(measured * 1.4, 6), method="basic bootstrap, 1000 draws"
            )
            yield Finding(
                metric=f"calibration.{name}", value=measured, n=n, better="lower", slice=where, interval=ends, null=null
            )
        yield share("calibration.brier", 0.14, n, "lower", slice=where)
        x = tuple(round(0.05 + 0.1 * i, 3) for i in range(10))
        bend = tuple(round(min(1.0, max(0.0, p + 0.12 * math.sin(6.3 * p) + draw.gauss(0, 0.02))), 4) for p in x)
        width = 0.9 / math.sqrt(n / 10)
        yield Curve(
            name="calibration.reliability",
            slice=where,
            x_label="mean predicted probability",
            y_label="observed share",
            x=x,
            y=bend,
            low=tuple(round(max(0.0, p - width), 4) for p in x),
            high=tuple(round(min(1.0, p + width), 4) for p in x),
            n=tuple(draw.randrange(n // 20 + 1, n // 5 + 2) for _ in x),
            reference="diagonal",
        )
    yield Finding(
        metric="calibration.temperature",
        value=None,
        n=1146,
        better="none",
        note="There is no validation split to fit a temperature on.",
    )


def profile(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``data.profile`` reports."""
    for split, n in (("train", 7452), ("validation", 1146), ("test", 2866)):
        for name, value in (("rows", n), ("duplicates", draw.randrange(0, 9)), ("missing_texts", 0)):
            yield Finding(
                metric=f"data.profile.{name}",
                value=value,
                n=n,
                better="none" if name == "rows" else "lower",
                slice={"split": split},
                note="Exact count.",
            )
        yield share("data.profile.base_rate", 0.45, n, "none", slice={"split": split})
    for column, names in groups.items():
        for name in names:
            yield share(
                "data.profile.truncation_rate",
                draw.uniform(0, 0.06),
                draw.randrange(60, 700),
                "lower",
                slice={column: name},
            )


MAKERS = {
    "performance": (("value_creation",), performance),
    "fairness.groups": (("fairness",), fairness),
    "calibration": (("transparency", "collaboration"), calibration),
    "data.profile": (("accountability", "privacy"), profile),
}


def probe_runs(labels: Sequence[str], groups: Groups) -> tuple[ProbeRun, ...]:
    """Return four probes that ran, one that was skipped and one that failed."""
    ran = [
        ProbeRun(
            probe=id,
            version=1,
            values=values,
            params={"draws": 1000},
            status="ok",
            seconds=2.1,
            evidence=tuple(make(random.Random(id), labels, groups)),
        )
        for id, (values, make) in MAKERS.items()
    ]
    skipped = ProbeRun(
        probe="fairness.intersections",
        version=1,
        values=("fairness",),
        params={},
        status="skipped",
        reason="the data declare no crossings; name them in [data] crossings",
        seconds=0.0,
    )
    failed = ProbeRun(
        probe="robustness.typos",
        version=1,
        values=("robustness",),
        params={"rate": 0.1},
        status="error",
        reason="ValueError: texts of no letters",
        seconds=0.4,
    )
    return (*ran, skipped, failed)
