"""The footprint: percentiles and rates by hand, marked sources, and a copy that costs one group more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import SubjectError
from audit.registry import Skip
from audit.types import Finding, Floats, Subject, Table, TuningFacts, Variant
from probes._footprint.copies import MEASURES
from probes._footprint.timing import Timed, enough, latency_findings, ranks
from probes.sustain_footprint import Params, sustain_footprint
from tests.subjects import SteadyBench, make_subject

TICK = SteadyBench.tick
ONE = {"backend": "torch", "condition": "single"}
MANY = {"backend": "torch", "condition": "batch of 16"}


def run(subject: Subject, **params: float) -> list[Finding]:
    asked = Params.model_validate({"requests": 20, **params})
    evidence = sustain_footprint.run(subject, asked, np.random.default_rng([7, 1]))
    return [e for e in evidence if isinstance(e, Finding)]


def find(found: list[Finding], name: str, slice: dict[str, str] | None = None) -> Finding:
    return next(f for f in found if f.metric == f"sustain.footprint.{name}" and f.slice == (slice or {}))


def with_bench(kind: type[SteadyBench], subject: Subject | None = None) -> Subject:
    subject = subject or make_subject(300)
    assert subject.score
    return replace(subject, bench=kind(subject.score))


def percentiles(milliseconds: Sequence[float], texts: int = 1) -> dict[str, Finding]:
    one = Timed({}, texts, np.array(milliseconds) / 1000, None)
    return {f.metric.rsplit(".", 1)[1]: f for f in latency_findings(sustain_footprint, one)}


def test_percentiles_by_hand() -> None:
    found = percentiles(range(400, 0, -1))
    assert [found[f"latency_p{p}_ms"].value for p in (50, 95, 99)] == pytest.approx([200, 380, 396])
    middle, last = found["latency_p50_ms"].interval, found["latency_p99_ms"].interval
    assert middle is not None
    assert last is not None
    # Binomial(400, 0.5) has its 2.5 and 97.5 % points at 180 and 220; Binomial(400, 0.99) at 392 and 399.
    assert (middle.low, middle.high) == pytest.approx((180, 221))
    assert (last.low, last.high) == pytest.approx((392, 400))


def test_few_requests_say_so() -> None:
    found = percentiles(range(1, 51))
    assert found["latency_p50_ms"].interval
    assert (found["latency_p95_ms"].value, found["latency_p95_ms"].interval) == (pytest.approx(48), None)
    assert found["latency_p95_ms"].note.endswith(
        "50 requests are too few, 72 are needed: set the parameter requests to 72"
    )
    assert found["latency_p99_ms"].value is None
    assert found["latency_p99_ms"].note.startswith("not measured: 50 requests are too few, 100 are needed")
    assert percentiles(range(1, 51), texts=16)["latency_p99_ms"].note.endswith(
        "100 are needed: set the parameter requests to 500"
    )
    assert ranks(enough(0.99), 0.99)[1] == enough(0.99) == 368
    assert ranks(367, 0.99)[1] > 367


@given(st.integers(0, 2**32 - 1))
def test_the_value_lies_in_its_interval(seed: int) -> None:
    for finding in percentiles(np.random.default_rng(seed).exponential(size=400)).values():
        assert finding.interval
        assert finding.value
        assert finding.interval.low <= finding.value <= finding.interval.high


def test_the_interval_of_a_percentile_covers_it() -> None:
    rng, truth = np.random.default_rng(1), -np.log(1 - 0.95) * 1000
    hits = 0
    for _ in range(300):
        interval = percentiles(rng.exponential(1000, size=100))["latency_p95_ms"].interval
        assert interval
        hits += interval.low <= truth <= interval.high
    assert hits >= 276  # 2 % of exact 95 % intervals would fall below


def test_rates_follow_from_the_clock_by_hand() -> None:
    found = run(make_subject(300), watts=36, pue=2, g_per_kwh=500, price_per_hour=7.2)
    assert find(found, "latency_p50_ms", ONE).value == TICK * 1000
    assert find(found, "texts_per_second", ONE).value == 1 / TICK
    assert find(found, "texts_per_second", MANY).value == 16 / TICK
    watt_hours = 1000 * TICK * 36 / 3600
    assert find(found, "energy_wh", ONE).value == pytest.approx(watt_hours)
    assert find(found, "energy_wh", MANY).value == pytest.approx(watt_hours / 16)
    assert find(found, "co2e_g", ONE).value == pytest.approx(watt_hours / 1000 * 2 * 500)
    assert find(found, "cost", ONE).value == pytest.approx(1000 * TICK / 3600 * 7.2)
    assert find(found, "file_mb").value == 4
    assert find(found, "file_mb", {"variant": "int8"}).value == 1
    assert find(found, "peak_memory_mb").value == 200


def test_the_overview_repeats_the_numbers() -> None:
    evidence = sustain_footprint.run(make_subject(300), Params(requests=20, watts=36), np.random.default_rng([7, 1]))
    table, *found = evidence
    assert isinstance(table, Table)
    assert [row[:4] for row in table.rows] == [
        ("model", "torch", 4, TICK * 1000),
        ("model", "onnx", 4, TICK * 1000),
        ("int8", "torch", 1, TICK * 1000),
        ("pruned", "torch", 1, TICK * 1000),
    ]
    agreement = next(f for f in found if isinstance(f, Finding) and f.slice == {"variant": "int8"} and f.n == 300)
    assert (table.rows[2][6], table.rows[0][6]) == (agreement.value, None)
    assert table.rows[0][4] == 16 / TICK


def test_every_percentile_of_batches_is_there_or_said_to_be_missing() -> None:
    found = run(make_subject(300))
    assert [find(found, f"latency_p{p}_ms", MANY).value for p in (50, 95, 99)] == [TICK * 1000, TICK * 1000, None]
    assert "20 requests are too few" in find(found, "latency_p99_ms", MANY).note


def test_each_figure_is_called_measured_or_estimated() -> None:
    compared = ("agreement", "_change", "_difference")
    for finding in run(make_subject(300), price_per_hour=1):
        if finding.value is not None and not finding.metric.endswith(compared):
            assert finding.note.startswith(("measured", "estimated")), finding


def test_an_estimate_is_called_one_with_its_source() -> None:
    found = run(make_subject(300))
    energy = find(found, "energy_wh", ONE)
    assert energy.note.startswith("estimated: seconds × 24 W (12 W a core")
    assert "Lannelongue" in energy.note
    assert "Ember 2025" in find(found, "co2e_g", ONE).note
    declared = run(make_subject(300), watts=10, g_per_kwh=30)
    assert "10 W (declared)" in find(declared, "energy_wh", ONE).note
    assert "30 g CO2e per kWh (declared)" in find(declared, "co2e_g", ONE).note
    assert "price_per_hour" in find(found, "cost").note


class Counted(SteadyBench):
    """A machine whose counter adds a quarter of a joule whenever it is read."""

    looks = 0

    def joules(self) -> float | None:
        self.looks += 1
        return self.looks / 4


class Elsewhere(SteadyBench):
    """A model on a device whose power nobody knows."""

    cores = None


def test_a_counter_is_read_and_the_number_called_measured() -> None:
    energy = find(run(with_bench(Counted), watts=1e6), "energy_wh", ONE)
    assert energy.value == pytest.approx(1000 * 0.25 / 3600)
    assert energy.note.startswith("measured with the processor's energy counter")


def test_without_power_there_is_no_energy() -> None:
    found = run(with_bench(Elsewhere))
    for name in ("energy_wh", "co2e_g"):
        assert find(found, name).value is None
        assert "parameter watts" in find(found, name).note
    assert find(run(with_bench(Elsewhere), watts=300), "energy_wh", ONE).value


def test_the_fine_tuning_is_counted() -> None:
    subject = make_subject(300)
    assert find(run(subject), "tuning_energy_wh").value is None
    tuning = TuningFacts(
        base="b",
        recipe={},
        trainable_parameters=1,
        total_parameters=1,
        precision="fp32",
        curve=(),
        best_epoch=1,
        seconds=1800,
        reused=True,
    )
    tuned = replace(subject, facts=subject.facts.model_copy(update={"tuning": tuning}))
    found = run(tuned, watts=100, pue=1, g_per_kwh=400)
    assert find(found, "tuning_energy_wh").value == pytest.approx(50)
    assert find(found, "tuning_co2e_g").value == pytest.approx(20)


class Harmful(SteadyBench):
    """Its int8 copy answers the contrary where a text is marked; its pruned copy cannot be made."""

    def variant(self, kind: str) -> Variant:
        if kind == "pruned":
            raise SubjectError("The pruned copy cannot be made here (ValueError: the model has no linear layers).")

        def contrary(texts: Sequence[str], rows: int) -> Floats:
            flip = np.array(["wizards" in text for text in texts])[:, None]
            return np.where(flip, self._score(texts)[:, ::-1], self._score(texts))

        return Variant(contrary, 700, 1_000_000, "made up")


def test_a_copy_that_flips_one_group_is_named() -> None:
    plain = make_subject(400)
    marked = ["wizards" in text for text in plain.test.texts]
    subject = make_subject(400, groups={"topic": ["magic" if m else "other" for m in marked]})
    found = run(with_bench(Harmful, subject), rows=400)
    assert find(found, "agreement", {"variant": "int8", "topic": "magic"}).value == 0
    assert find(found, "agreement", {"variant": "int8", "topic": "other"}).value == 1
    gap = find(found, "agreement_difference", {"variant": "int8", "topic": "*"})
    assert gap.value == 1
    assert "lowest: magic" in gap.note
    change = find(found, "accuracy_change", {"variant": "int8", "topic": "magic"})
    rows = np.array(marked)
    right = subject.predicted.labels == subject.test.labels
    assert change.value == pytest.approx(1 - 2 * right[rows].mean())
    assert find(found, "agreement", {"variant": "pruned"}).note.startswith("The pruned copy cannot be made")


class Trading(SteadyBench):
    """Its copies call every marked text negative, and answer others as the model does."""

    def variant(self, kind: str) -> Variant:
        def negative(texts: Sequence[str], rows: int) -> Floats:
            marked = np.array(["wizards" in text for text in texts])[:, None]
            return np.where(marked, [1.0, 0.0], self._score(texts))

        return Variant(negative, 700, 1_000_000, "made up")


def test_a_copy_that_trades_one_kind_of_error_for_the_other_in_one_group_is_named() -> None:
    marked = np.array(["wizards" in text for text in make_subject(400).test.texts])
    labels = np.zeros(400, dtype=np.int64)
    for group in (marked, ~marked):
        labels[group] = np.arange(group.sum()) % 2
    scores = np.eye(2)[np.where(marked, 1, labels)]  # the model calls every marked text positive
    groups = {"topic": ["magic" if m else "other" for m in marked]}
    found = run(with_bench(Trading, make_subject(400, labels=labels, scores=scores, groups=groups)), rows=400)
    for name, change, end in (("false_positive_rate", -1, "lowest"), ("false_negative_rate", 1, "highest")):
        magic = find(found, f"{name}_change", {"variant": "int8", "topic": "magic"})
        assert (magic.value, magic.n) == (change, int((marked & (labels == (change > 0))).sum()))
        assert find(found, f"{name}_change", {"variant": "int8", "topic": "other"}).value == 0
        gap = find(found, f"{name}_change_difference", {"variant": "int8", "topic": "*"})
        assert gap.interval
        assert gap.interval.low > 0.9
        assert f"{end}: magic" in gap.note
    accuracy = find(found, "accuracy_change", {"variant": "int8", "topic": "magic"})
    assert accuracy.value == pytest.approx(0, abs=0.01)


def test_a_faithful_copy_shows_nothing() -> None:
    class Faithful(SteadyBench):
        def variant(self, kind: str) -> Variant:
            return Variant(lambda texts, rows: self._score(texts), 1000, 1_000_000, "made up")

    found = run(with_bench(Faithful))
    for name in [name for name in MEASURES if name.endswith("_difference")]:
        gap = find(found, name, {"variant": "int8", "sex": "*"})
        assert gap.value == 0
        assert gap.interval
        assert gap.interval.low == 0


def test_a_model_without_a_workbench_is_skipped() -> None:
    with pytest.raises(Skip, match="cannot be timed"):
        run(replace(make_subject(50), bench=None))
