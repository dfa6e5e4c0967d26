"""Size, speed, energy and cost of a model, and what smaller copies would change."""

from collections.abc import Iterator, Mapping

import numpy as np
from pydantic import Field

from audit.registry import Measure, Skip, probe
from audit.stats import substream
from audit.types import Evidence, Finding, Frozen, Subject, Workbench
from probes._footprint.copies import MEASURES, Copies, copies_of, copy_findings
from probes._footprint.energy import (
    G_PER_KWH,
    PUE,
    Rates,
    absent_findings,
    power_of,
    rate_findings,
    tuning_findings,
)
from probes._footprint.overview import overview
from probes._footprint.timing import BATCH, Engine, latency_findings, timed
from probes._groups import PRIVATE
from probes._sample import Sample, sample

MEGA = 1e6


class Params(Frozen):
    """Parameters of ``sustain.footprint``."""

    requests: int = Field(100, ge=10)
    """Single requests to time on each engine and copy; batches are a fifth as many, but 20 or more."""
    rows: int = Field(600, ge=1)
    """Test rows on which the smaller copies are compared with the model, drawn at random."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared with others."""
    watts: float | None = Field(None, gt=0)
    """Power of the machine while it answers, in watts; by default 12 W for each processor core."""
    g_per_kwh: float = Field(G_PER_KWH, ge=0)
    """Emissions of the electricity, g CO2e per kWh; by default the world's mean of 2024."""
    pue: float = Field(PUE, ge=1)
    """Power usage effectiveness: all energy of the building by that of its computers."""
    price_per_hour: float | None = Field(None, ge=0)
    """What the machine costs an hour, in any currency."""


@probe(
    "sustain.footprint",
    version=2,
    values=("sustainability", "fairness"),
    needs=("model", "labels"),
    measures={
        "parameters": Measure("lower", "Weights of the model; of a pruned copy, those that are not zero.", 0),
        "file_mb": Measure("lower", "Size of the saved weights in megabytes, uncompressed.", 0),
        "latency_p50_ms": Measure("lower", "Milliseconds within which half of the requests were answered.", 0),
        "latency_p95_ms": Measure("lower", "Milliseconds within which 95 % of the requests were answered.", 0),
        "latency_p99_ms": Measure("lower", "Milliseconds within which 99 % of the requests were answered.", 0),
        "texts_per_second": Measure("higher", "Texts decided in a second.", 0),
        "peak_memory_mb": Measure("lower", "Most megabytes in use while the model answered.", 0),
        "energy_wh": Measure("lower", "Watt-hours for 1,000 decisions.", 0),
        "co2e_g": Measure("lower", "Grams of CO2 equivalent for 1,000 decisions.", 0),
        "cost": Measure("lower", "Price of 1,000 decisions.", 0),
        "tuning_energy_wh": Measure("lower", "Watt-hours for the fine-tuning.", 0),
        "tuning_co2e_g": Measure("lower", "Grams of CO2 equivalent for the fine-tuning.", 0),
        **MEASURES,
    },
    quick={"requests": 20, "rows": 100},
)
def sustain_footprint(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Size, time, energy and cost of decisions, and what smaller copies change. Ideal: little, agreement 1, change 0.

    Requests are texts of the test split, asked one after another without any cache, so that times
    are those of this machine when nobody waits in line; they differ between runs. Energy is that of
    the processor: its own counter where that can be read, else seconds times power. The note of each
    figure begins with *measured* or *estimated*. Making the machine, its memory, disks and network are not counted.

    References
    ----------
    Lannelongue, Grealey and Inouye 2021 (Advanced Science 8:2100707), energy from time and power;
    Hooker et al. 2020 (arXiv:2010.03058), smaller copies that cost some groups more than others.
    Requirements V15, V44, R07, R17, K13, K14, C07, C10.
    """
    rows = sample(subject, params.rows, int(substream(rng, "rows").integers(2**32)))
    if not (bench := subject.bench):
        raise Skip("This kind of model cannot be run without the cache, so that it cannot be timed. Audit a folder.")
    rates = Rates(*power_of(bench, params.watts), params.pue, params.g_per_kwh, params.price_per_hour)
    memory, copies = _memory(bench, rows), copies_of(bench)
    engines = _engines(bench, copies)
    measured = timed(bench, engines, rows.texts, params.requests)
    found = [
        memory,
        *_sizes(bench, copies),
        *(finding for one in measured for finding in latency_findings(sustain_footprint, one)),
        *(finding for one in measured for finding in rate_findings(sustain_footprint, one, rates, rng)),
        *absent_findings(sustain_footprint, measured, rates),
        *tuning_findings(sustain_footprint, subject.facts.tuning, rates),
        *copy_findings(sustain_footprint, subject, rows, copies, params.min_group, rng),
    ]
    yield overview(found, engines)
    yield from found


def _memory(bench: Workbench, rows: Sample) -> Finding:
    asked, backend = rows.texts[:BATCH], bench.backends[0]
    bench.rerun(asked, backend=backend, rows=BATCH)  # what loading takes is over before the meter starts
    used, what = bench.peak_memory(lambda: bench.rerun(asked, backend=backend, rows=BATCH))
    if used is None:
        return sustain_footprint.finding("peak_memory_mb", None, len(asked), note=what)
    return sustain_footprint.finding("peak_memory_mb", used / MEGA, len(asked), note=f"measured: {what}")


def _sizes(bench: Workbench, copies: Copies) -> Iterator[Finding]:
    yield from _size(bench.parameters, bench.file_bytes, {}, "counted in the model itself")
    for kind, variant in copies.made.items():
        yield from _size(variant.parameters, variant.file_bytes, {"variant": kind}, variant.how)


def _size(parameters: int, file_bytes: int, where: Mapping[str, str], how: str) -> Iterator[Finding]:
    yield sustain_footprint.finding("parameters", parameters, 1, slice=where, note=f"measured: {how}")
    yield sustain_footprint.finding("file_mb", file_bytes / MEGA, 1, slice=where, note=f"measured: {how}")


def _engines(bench: Workbench, copies: Copies) -> list[Engine]:
    """Return every engine of the model, and the copies, which run in torch."""

    def of(backend: str) -> Engine:
        return Engine({"backend": backend}, lambda texts, rows: bench.rerun(texts, backend=backend, rows=rows))

    smaller = [Engine({"backend": "torch", "variant": kind}, copy.run) for kind, copy in copies.made.items()]
    return [of(backend) for backend in bench.backends] + smaller
