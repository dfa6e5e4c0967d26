"""How far groups lie apart: parities as differences and ratios, each with the groups that differ most."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from audit.types import Bools, Finding, Floats, Interval, Table
from probes._gaps import difference_limits, ends, ratio_limits
from probes._groups import Assessment, parities_of
from probes._rates import RATES, family

Kind = Literal["difference", "ratio"]
KINDS: tuple[Kind, ...] = ("difference", "ratio")


def parity_findings(a: Assessment) -> Iterator[Finding]:
    """Yield every parity as difference and as ratio: of each class where there are several, then of the worst."""
    for name, rates in parities_of([key.rate for key in a.table.keys]).items():
        of_class: dict[int | None, list[int]] = {}
        for k, key in enumerate(a.table.keys):
            if key.rate in rates:
                of_class.setdefault(key.label, []).append(k)
        for kind in KINDS:
            if len(of_class) > 1:
                for part in of_class.values():
                    yield _finding(a, name, kind, [part], a.groups.across | a.slice(a.table.keys[part[0]]))
            yield _finding(a, name, kind, list(of_class.values()), a.groups.across)


def extremes(a: Assessment) -> Table:
    """Return the groups with the lowest and the highest value of each rate; no group where all are alike."""
    rows = []
    for k, key in enumerate(a.table.keys):
        if _eligible(a, k).sum() > 1:
            low, high = _ends(a, k)
            values = a.judged.values[:, k]
            label = "" if key.label is None else a.labels[key.label]
            lowest, highest = (a.groups.names[g] if low != high else "" for g in (low, high))
            rows.append((key.rate, label, lowest, float(values[low]), highest, float(values[high])))
    columns = ("rate", "class", "lowest group", "lowest", "highest group", "highest")
    return Table(name=f"{a.spec.id}.extremes", slice=a.groups.across, columns=columns, rows=tuple(rows))


def _finding(a: Assessment, name: str, kind: Kind, parts: list[list[int]], where: dict[str, str]) -> Finding:
    """Return the worst of some parts; a part is the rates of one class, all of which must be defined."""
    metric, gaps = f"{name}_{kind}", a.judged.difference if kind == "difference" else a.judged.ratio
    keys = [k for part in parts if np.isfinite(gaps[part]).all() for k in part]
    if not keys:
        return a.spec.finding(metric, None, 0, slice=where, note=_why_undefined(a, gaps, parts[0]))
    worst = keys[int(gaps[keys].argmax() if kind == "difference" else gaps[keys].argmin())]
    note = _note(a, worst, keys, [part[0] for part in parts if part[0] not in keys])
    interval = _interval(a, kind, keys, float(gaps[worst]))
    n = a.table.rows_of(worst, _eligible(a, worst))
    return a.spec.finding(metric, float(gaps[worst]), n, slice=where, interval=interval, note=note)


def _interval(a: Assessment, kind: Kind, keys: list[int], value: float) -> Interval:
    families = [family(a.table, a.draws, k, _eligible(a, k), smooth=kind == "ratio") for k in keys]
    low, high = difference_limits(families) if kind == "difference" else ratio_limits(families)
    # Ratios are smoothed on the way, the value is not.
    return Interval(
        low=min(low, value),
        high=min(max(high, value), 1.0),
        method=f"all pairs at once, max-t bootstrap, {len(a.draws)} draws",
    )


def _eligible(a: Assessment, k: int) -> Bools:
    return np.isfinite(a.judged.values[:, k])


def _ends(a: Assessment, k: int) -> tuple[int, int]:
    return int(np.nanargmin(a.judged.values[:, k])), int(np.nanargmax(a.judged.values[:, k]))


# --- words --------------------------------------------------------------------------------


def _note(a: Assessment, worst: int, keys: list[int], missing: list[int]) -> str:
    kept = np.flatnonzero(_eligible(a, worst))
    told = ends([a.groups.names[g] for g in kept], a.judged.values[kept, worst])
    where = f"{_name(a, worst)}: " if len(keys) > 1 else ""
    notes = [f"{where}{told}", _left_out(a, keys)]
    if missing:
        notes.append(f"not defined for {', '.join(_name(a, k) for k in missing)}")
    return "; ".join(note for note in (*notes, a.groups.remark) if note)


def _name(a: Assessment, k: int) -> str:
    key = a.table.keys[k]
    of_class = a.slice(key).get("class")
    return key.rate.replace("_", " ") + (f" of class {of_class!r}" if of_class else "")


def _left_out(a: Assessment, keys: list[int]) -> str:
    left = a.groups.compared & ~np.isfinite(a.judged.values[:, keys]).all(axis=1)
    names = ", ".join(name for name, out in zip(a.groups.names, left, strict=True) if out)
    of = ", or fewer than ".join(sorted({f"{a.floor} {RATES[a.table.keys[k].rate].of}" for k in keys}))
    return f"left out where there are fewer than {of}: {names}" if names else ""


def _why_undefined(a: Assessment, gaps: Floats, part: list[int]) -> str:
    """Name the first rate that stands in the way."""
    k = next(k for k in part if np.isnan(gaps[k]))
    if _eligible(a, k).sum() > 1:
        return f"undefined: the {_name(a, k)} is 0 in every group"
    few = f"fewer than two groups have {a.floor} {RATES[a.table.keys[k].rate].of}"
    return "; ".join(note for note in (few, a.groups.remark) if note)
