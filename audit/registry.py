"""The probes that exist: how one is declared, found and looked up."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, get_type_hints

import numpy as np
from pydantic import JsonValue

from audit.errors import ConfigError, did_you_mean
from audit.types import Better, Evidence, Finding, Frozen, Interval, Null, Subject

Run = Callable[[Subject, Any, np.random.Generator], Iterator[Evidence]]
Check = Callable[[Subject, Any], None]


class Skip(Exception):
    """Raised by a probe that cannot say anything of this subject; the reason is shown on the card."""


@dataclass(frozen=True)
class Measure:
    """One number that a probe reports: direction, range and meaning."""

    better: Better
    meaning: str
    """One line for a reader, ending with a full stop."""
    low: float | None = None
    high: float | None = None
    ideal: float | None = None


@dataclass(frozen=True)
class ProbeSpec:
    """A registered probe."""

    id: str
    version: int
    values: tuple[str, ...]
    needs: tuple[str, ...]
    measures: Mapping[str, Measure]
    """By metric name, without the probe's id."""
    params: type[Frozen]
    run: Run
    quick: Mapping[str, JsonValue]
    """Parameters that a quick run takes where the configuration names no others."""
    choices: Mapping[str, Mapping[str, str]]
    """By parameter: the names that it takes, each with a line about it."""
    columns: tuple[str, ...] = ()
    """Parameters that name further columns of the table."""
    decisions: tuple[str, ...] = ()
    """Parameters that name columns of what people decided, a class in each cell or nothing."""
    check: Check | None = None
    """Refuses parameters that do not fit the subject, before any probe runs."""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return inspect.cleandoc(self.run.__doc__ or "").split("\n", 1)[0]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Full ids of every metric."""
        return tuple(f"{self.id}.{name}" for name in self.measures)

    def finding(
        self,
        name: str,
        value: float | None,
        n: int,
        *,
        slice: Mapping[str, str] | None = None,
        interval: Interval | None = None,
        null: Null | None = None,
        note: str = "",
    ) -> Finding:
        """Return a Finding of this probe's metric ``name``, its direction filled in."""
        return Finding(
            metric=f"{self.id}.{name}",
            value=value,
            n=n,
            better=self.measures[name].better,
            slice=dict(slice or {}),
            interval=interval,
            null=null,
            note=note,
        )


PROBES: dict[str, ProbeSpec] = {}


def probe(
    id: str,
    *,
    version: int,
    values: tuple[str, ...],
    needs: tuple[str, ...] = (),
    measures: Mapping[str, Measure],
    quick: Mapping[str, JsonValue] = MappingProxyType({}),
    choices: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    columns: tuple[str, ...] = (),
    decisions: tuple[str, ...] = (),
    check: Check | None = None,
) -> Callable[[Run], ProbeSpec]:
    """Register a function as a probe; its name then stands for its :class:`ProbeSpec`.

    Parameters
    ----------
    id : str
        Such as ``"fairness.groups"``; every metric id begins with it.
    version : int
        Raised whenever the numbers could change.
    values : tuple of str
        Ids of the human-centred values that it gives evidence for.
    needs : tuple of str
        What the subject must offer; else the probe is skipped with a reason.
    measures : mapping of str to Measure
        Every metric that it can report.
    quick : mapping
        Parameters for ``--quick``, such as fewer rows.
    choices : mapping
        By parameter: the names that it takes, each with a line about it.
    columns : tuple of str
        Parameters that name further columns of the table; they must stand in ``[data] columns`` or be groups.
    decisions : tuple of str
        Parameters that name columns of what people decided; they must stand in ``[data] columns``, and are read
        into ``Split.decisions`` before the model runs.
    check : callable, optional
        Takes subject and parameters before any probe runs, and raises an AuditError where the
        parameters speak of something that the subject lacks, such as a class.

    Raises
    ------
    ValueError
        If two probes have one id.
    """

    def register(run: Run) -> ProbeSpec:
        if id in PROBES and PROBES[id].run.__module__ != run.__module__:
            raise ValueError(f"two probes are called {id!r}")
        params = get_type_hints(run)["params"]
        PROBES[id] = ProbeSpec(
            id, version, values, needs, measures, params, run, dict(quick), dict(choices), columns, decisions, check
        )
        return PROBES[id]

    return register


def discover(package: str = "probes") -> Mapping[str, ProbeSpec]:
    """Import every public file of a package, and third-party entry points ``renben.probes``."""
    root = importlib.import_module(package)
    for info in pkgutil.iter_modules(root.__path__):
        if not info.name.startswith("_"):
            importlib.import_module(f"{package}.{info.name}")
    for point in entry_points(group="renben.probes"):
        try:
            point.load()
        except Exception as error:
            package = point.dist.name if point.dist else point.value
            raise ConfigError(
                f"The probe {point.name!r} of the package {package!r} cannot be loaded "
                f"({type(error).__name__}: {error}). Mend or uninstall that package."
            ) from error
    return PROBES


def find(id: str) -> ProbeSpec:
    """Return the probe of that id.

    Raises
    ------
    ConfigError
        If there is none; the message names the nearest.
    """
    if id not in PROBES:
        raise ConfigError(f"There is no probe {id!r}.{did_you_mean(id, PROBES)}")
    return PROBES[id]
