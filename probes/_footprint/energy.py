"""From seconds to energy, emissions and money: measured where a counter can be read, else estimated and so called."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import DRAWS, quantile_interval, row_weights, substream
from audit.types import Finding, Floats, TuningFacts, Workbench
from probes._footprint.timing import CLOCKED, Timed

WATTS_PER_CORE = 12.0
"""Mean design power of common processors by core: Lannelongue, Grealey and Inouye 2021 (Green Algorithms,
Advanced Science 8:2100707), data file TDP_cpu.csv, entry "Any"."""
G_PER_KWH = 473.0
"""Mean of the world's electricity in 2024, g CO2e per kWh: Ember, Global Electricity Review 2025."""
PUE = 1.56
"""Mean of data centres, all energy by that of the computers: Uptime Institute, Global Data Center Survey 2024."""
JOULES_PER_WH = 3600.0
UNTUNED = 'not measured: this audit did not fine-tune the model; one of [model] kind = "tune" is timed'
COUNTED = "measured with the processor's energy counter (RAPL), whatever else ran included"


@dataclass(frozen=True)
class Rates:
    """What seconds and energy are multiplied by, and where it is from."""

    watts: float | None
    power: str
    """Source of the watts, or why there are none."""
    pue: float
    g_per_kwh: float
    price_per_hour: float | None

    @property
    def grid(self) -> str:
        """Sources of what turns energy into emissions."""
        pue = "mean of data centres, Uptime Institute 2024" if self.pue == PUE else "declared"
        grid = "mean of the world in 2024, Ember 2025" if self.g_per_kwh == G_PER_KWH else "declared"
        return f"× PUE {self.pue:g} ({pue}) × {self.g_per_kwh:g} g CO2e per kWh ({grid})"

    def grams(self, watt_hours: Floats) -> Floats:
        """Return emissions in grams of CO2 equivalent."""
        return watt_hours / 1000 * self.pue * self.g_per_kwh


def power_of(bench: Workbench, declared: float | None) -> tuple[float | None, str]:
    """Return the watts of the machine while it answers, and where the number is from."""
    if declared is not None:
        return declared, f"estimated: seconds × {declared:g} W (declared)"
    if bench.cores is None:
        return None, "the power of this device is not known; declare it with the parameter watts"
    watts = WATTS_PER_CORE * bench.cores
    source = f"{WATTS_PER_CORE:g} W a core, mean of common processors, Lannelongue et al. 2021"
    return watts, f"estimated: seconds × {watts:g} W ({source})"


def rate_findings(spec: ProbeSpec, measured: Timed, rates: Rates, rng: np.random.Generator) -> Iterator[Finding]:
    """Yield throughput, and energy, emissions and cost of 1,000 decisions.

    Intervals are percentiles of a bootstrap over requests: they cover the scatter of time or
    counter, not the doubt about the other factors.
    """
    report = _Report(spec, measured, rng)
    yield report.mean("texts_per_second", measured.seconds, lambda seconds: measured.texts / seconds, CLOCKED)
    thousand = 1000 / measured.texts
    if (joules := _joules(measured, rates)) is not None:
        how = COUNTED if measured.joules is not None else rates.power
        yield report.mean("energy_wh", joules, lambda used: thousand * used / JOULES_PER_WH, how)
        emitted = f"{how}, {rates.grid}"
        yield report.mean("co2e_g", joules, lambda used: rates.grams(thousand * used / JOULES_PER_WH), emitted)
    if (price := rates.price_per_hour) is not None:
        note = f"estimated: seconds × {price:g} an hour (declared), in that currency"
        yield report.mean("cost", measured.seconds, lambda seconds: thousand * seconds / 3600 * price, note)


def _joules(measured: Timed, rates: Rates) -> Floats | None:
    """Energy of each request."""
    if measured.joules is not None:
        return measured.joules
    return None if rates.watts is None else measured.seconds * rates.watts


@dataclass(frozen=True)
class _Report:
    spec: ProbeSpec
    measured: Timed
    rng: np.random.Generator

    def mean(self, name: str, values: Floats, scaled: Callable[[Floats], Floats], note: str) -> Finding:
        """Return a function of the mean over requests."""
        n, slice = len(values), self.measured.slice
        stream = substream(self.rng, name, *slice.values())
        draws = np.concatenate([weights @ values / n for weights in row_weights(n, DRAWS, stream)])
        value = float(scaled(values.mean(keepdims=True))[0])
        interval = quantile_interval(scaled(draws), f"bootstrap over requests, {DRAWS} draws")
        return self.spec.finding(name, value, n * self.measured.texts, slice=slice, interval=interval, note=note)


def absent_findings(spec: ProbeSpec, measured: list[Timed], rates: Rates) -> Iterator[Finding]:
    """Yield, once each, what was not declared and cannot be told without."""
    n = sum(one.texts * len(one.seconds) for one in measured)
    if rates.watts is None and all(one.joules is None for one in measured):
        for name in ("energy_wh", "co2e_g"):
            yield spec.finding(name, None, n, note=rates.power)
    if rates.price_per_hour is None:
        yield spec.finding(
            "cost", None, n, note="not measured: no price is declared; give the parameter price_per_hour"
        )


def tuning_findings(spec: ProbeSpec, tuning: TuningFacts | None, rates: Rates) -> Iterator[Finding]:
    """Yield energy and emissions of the fine-tuning, from its wall time."""
    reason = UNTUNED if tuning is None else rates.power
    if tuning is None or rates.watts is None:
        for name in ("tuning_energy_wh", "tuning_co2e_g"):
            yield spec.finding(name, None, 0, note=reason)
        return
    used = tuning.seconds * rates.watts / JOULES_PER_WH
    emitted = float(rates.grams(np.array([used]))[0])
    once = f"{rates.power}; {tuning.seconds:,.0f} s, one tuning, no interval"
    yield spec.finding("tuning_energy_wh", used, 1, note=once)
    yield spec.finding("tuning_co2e_g", emitted, 1, note=f"{once}, {rates.grid}")
