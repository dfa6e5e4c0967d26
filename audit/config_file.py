"""Read ``audit.toml``, check it whole before anything is loaded, and say where an error stands."""

import tomllib
from collections.abc import Iterable, Set
from math import inf
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from audit.attestations import WAIVER_DAYS, fault, too_late, with_digest
from audit.composites import with_range
from audit.config import RESERVED, AuditConfig, LoadModel, StoredModel, TuneModel
from audit.errors import ConfigError, did_you_mean
from audit.perturbations import ADVERSARIES, PERTURBATIONS
from audit.registry import PROBES, Measure, find
from audit.types import CompositeItem, Frozen, Rule

Place = tuple[str | int, ...]
"""Keys and indices that lead to a part of the configuration."""


def load_config(path: Path) -> tuple[AuditConfig, str]:
    """Read and check a configuration; return it with the text it was read from.

    Every probe id, parameter, metric and column name in it is checked here, before any data
    or model is loaded. The probes must have been discovered.

    Raises
    ------
    ConfigError
        With file, line where known, key and remedy.
    """
    text = _read(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    where = _Where(path, text)
    raw["probes"] = _flatten_probes(raw.get("probes", {}), where)
    try:
        config = AuditConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(where.explain(error)) from None
    _check_probes(config, where)
    _check_recipe(config, where)
    _check_rules(config, where)
    return _stated(_with_ranges(config, where), where), text


def requested(config: AuditConfig) -> tuple[str, ...]:
    """Ids of the probes to run, sorted: all that exist but those with ``enabled = false``."""
    return tuple(sorted(id for id in PROBES if config.probes.get(id, {}).get("enabled", True)))


def params_of(config: AuditConfig, id: str, *, quick: bool = False, folder: Path | None = None) -> Frozen:
    """Return a probe's parameters with defaults filled in; files are looked for in ``folder`` where it is given."""
    spec = find(id)
    given = {k: v for k, v in config.probes.get(id, {}).items() if k != "enabled"}
    return spec.params.model_validate({**(spec.quick if quick else {}), **given}, context=folder)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. 'renben init' writes one.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder. Name the audit.toml in it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error}). Save it as UTF-8.") from None


def _flatten_probes(tables: Any, where: "_Where", prefix: str = "") -> dict[str, Any]:
    """Turn ``[probes.fairness.groups]``, nested by TOML, into ``{"fairness.groups": …}``."""
    if not isinstance(tables, dict):
        raise ConfigError(where.say(("probes",), "'probes' must be tables such as [probes.performance]."))
    flat: dict[str, Any] = {}
    for key, value in tables.items():
        id = f"{prefix}{key}"
        if id in PROBES:
            flat[id] = value
        elif isinstance(value, dict) and any(known.startswith(f"{id}.") for known in PROBES):
            flat |= _flatten_probes(value, where, f"{id}.")
        else:
            raise ConfigError(
                where.say(("probes", *id.split(".")), f"there is no probe {id!r}.{did_you_mean(id, PROBES)}")
            )
    return flat


def _check_probes(config: AuditConfig, where: "_Where") -> None:
    for id, given in config.probes.items():
        if not isinstance(given.get("enabled", True), bool):
            raise ConfigError(where.say(("probes", *id.split("."), "enabled"), "'enabled' must be true or false."))
        try:
            params = params_of(config, id, folder=where.path.parent)
        except ValidationError as error:
            raise ConfigError(where.explain(error, ("probes", *id.split(".")), find(id).params)) from None
        columns = {*config.data.columns}
        known = dict.fromkeys(find(id).decisions, columns)
        known |= dict.fromkeys(find(id).columns, columns | {*config.data.groups, *config.data.flags})
        for key, there in known.items():
            _check_columns(getattr(params, key), there, ("probes", *id.split("."), key), where)
    if not requested(config):
        raise ConfigError(f"{where.path}: every probe is switched off; there is nothing to measure.")


def _check_columns(named: str | tuple[str, ...] | None, known: Set[str], loc: Place, where: "_Where") -> None:
    for name in (named,) if isinstance(named, str) else named or ():
        if name not in known:
            message = f"the column {name!r} is not known.{did_you_mean(name, known)} Name it in [data] columns."
            raise ConfigError(where.say(loc, message))


def _check_recipe(config: AuditConfig, where: "_Where") -> None:
    if not isinstance(config.model, TuneModel):
        return
    recipe = config.model.recipe
    attacks = (recipe.attack,) if recipe.attack else ()
    for key, what, names, known in (
        ("augment", "perturbation", recipe.augment, list(PERTURBATIONS)),
        ("attack", "attack", attacks, list(ADVERSARIES)),
    ):
        for name in set(names) - set(known):
            message = f"there is no {what} {name!r}.{did_you_mean(name, known)}"
            raise ConfigError(where.say(("model", "recipe", key), message))


def _check_rules(config: AuditConfig, where: "_Where") -> None:
    columns = {*config.data.groups, *config.data.flags}
    for index, rule in enumerate(config.gate):
        measure = _measure(rule.metric, config, ("gate", index), where)
        _check_bound(rule, measure, ("gate", index), where)
        key = "each" if rule.each else "slice"
        _check_slice({*(rule.slice or {}), *rule.each}, columns, ("gate", index, key), where)
        kind = (rule.slice or {}).get("perturbation", "*")
        if kind != "*" and kind not in PERTURBATIONS:
            message = f"there is no perturbation {kind!r}.{did_you_mean(kind, PERTURBATIONS)}"
            raise ConfigError(where.say(("gate", index, "slice"), message))
    for index, waiver in enumerate(config.waive):
        if waiver.metric not in {rule.metric for rule in config.gate}:
            raise ConfigError(where.say(("waive", index, "metric"), f"no gate rule is about {waiver.metric!r}."))
        if late := too_late(waiver.created, waiver.expires, WAIVER_DAYS):
            raise ConfigError(where.say(("waive", index, "expires"), f"a waiver {late}"))


def _measure(metric: str, config: AuditConfig, loc: Place, where: "_Where") -> Measure:
    """Return what is known of a metric, or refuse one that nobody measures."""
    specs = [find(id) for id in requested(config)]
    measures = {f"{spec.id}.{name}": measure for spec in specs for name, measure in spec.measures.items()}
    if metric not in measures:
        message = f"no requested probe measures {metric!r}.{did_you_mean(metric, measures)}"
        raise ConfigError(where.say((*loc, "metric"), message))
    return measures[metric]


def _check_slice(named: Iterable[str], columns: Set[str], loc: Place, where: "_Where") -> None:
    for column in set(named) - columns - RESERVED:
        near = did_you_mean(column, columns | RESERVED)
        raise ConfigError(where.say(loc, f"{column!r} is neither a group column nor another key of slices.{near}"))


def _check_bound(rule: Rule, measure: Measure, loc: Place, where: "_Where") -> None:
    """Refuse a rule that no number can break, or none can keep."""
    low, high = (-inf if measure.low is None else measure.low), (inf if measure.high is None else measure.high)
    side, bound = ("max", rule.max) if rule.max is not None else ("min", rule.min)
    assert bound is not None  # a rule has exactly one bound
    never, always = (bound < low, bound >= high) if side == "max" else (bound > high, bound <= low)
    if never or always:
        span = f"{rule.metric} lies between {low:g} and {high:g}, so that {side} = {bound:g}"
        raise ConfigError(
            where.say((*loc, side), f"{span} {'always' if always else 'never'} holds. Choose a bound inside.")
        )


def _with_ranges(config: AuditConfig, where: "_Where") -> AuditConfig:
    """Return the configuration with the range of every part of its composites filled in."""
    composites = []
    for index, composite in enumerate(config.composite):
        loc = ("composite", index, "items")
        items = tuple(_with_range(item, config, (*loc, at), where) for at, item in enumerate(composite.items))
        composites.append(composite.model_copy(update={"items": items}))
    return config.model_copy(update={"composite": tuple(composites)})


def _with_range(item: CompositeItem, config: AuditConfig, loc: Place, where: "_Where") -> CompositeItem:
    if item.metric is None:
        return item
    measure = _measure(item.metric, config, loc, where)
    _check_slice(item.slice, {*config.data.groups, *config.data.flags}, (*loc, "slice"), where)
    if measure.better not in ("none", item.better):
        message = f"of {item.metric} {measure.better} is better. Write better = {measure.better!r}."
        raise ConfigError(where.say((*loc, "better"), message))
    try:
        return with_range(item, measure)
    except ValueError as error:
        raise ConfigError(where.say(loc, str(error))) from None


def _stated(config: AuditConfig, where: "_Where") -> AuditConfig:
    """Return the configuration with the evidence of every statement found and hashed."""
    statements = []
    for index, statement in enumerate(config.attest):
        if wrong := fault(statement):
            raise ConfigError(where.say(("attest", index, wrong[0]), wrong[1]))
        try:
            statements.append(with_digest(statement, where.path.parent))
        except ValueError as error:
            key = "sha256" if statement.sha256 else "evidence"
            raise ConfigError(where.say(("attest", index, key), str(error))) from None
    return config.model_copy(update={"attest": tuple(statements)})


class _Where:
    """Turns the place of an error into file and line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = _key_lines(text)

    def say(self, loc: Place, message: str) -> str:
        for end in range(len(loc), 0, -1):
            if loc[:end] in self.lines:
                return f"{self.path}, line {self.lines[loc[:end]]}: {message}"
        return f"{self.path}: {message}"

    def explain(self, error: ValidationError, prefix: tuple[str, ...] = (), root: type[Frozen] = AuditConfig) -> str:
        """Return one line for each thing that pydantic found wrong."""
        errors: list[dict[str, Any]] = [dict(e) for e in error.errors()]
        # A list whose items are wrong is reported once more as being too short without them.
        deeper = {tuple(e["loc"])[:-1] for e in errors}
        told = [e for e in errors if not (e["type"] == "too_short" and tuple(e["loc"]) in deeper)]
        return "\n".join(self._one(e, prefix, root) for e in told)

    def _one(self, error: dict[str, Any], prefix: tuple[str, ...], root: type[Frozen]) -> str:
        inner = tuple(error["loc"])
        shown = tuple(part for part in inner if not (prefix == () and inner[0] == "model" and part in MODEL_KINDS))
        loc = (*prefix, *shown, *(("kind",) if error["type"].startswith("union_tag") else ()))
        key = ".".join(str(part) for part in loc)
        if error["type"] == "extra_forbidden":
            return self.say(loc, f"unknown key {key!r}.{did_you_mean(str(inner[-1]), _fields_at(root, inner[:-1]))}")
        if error["type"] == "missing":
            return self.say(loc[:-1], f"the key {key!r} is missing.")
        message = error["msg"].removeprefix("Value error, ")
        message = message.replace(" after validation", "").replace("Tuple should", "List should").rstrip(".")
        message = message.replace("a valid tuple", "a list in square brackets")
        message = message[0].lower() + message[1:]
        end = "" if message.endswith("?") else "."
        got = f" Got {error['input']!r}." if not isinstance(error["input"], dict) else ""
        return self.say(loc, f"{key!r}: {message}{end}{got}" if key else f"{message}{end}")


MODEL_KINDS: dict[str, type[Frozen]] = {"load": LoadModel, "tune": TuneModel, "predictions": StoredModel}


def _fields_at(root: type[Frozen], loc: Place) -> list[str]:
    """Return the known keys of the table at ``loc`` below ``root``."""
    model = root
    for part in loc:
        if part in MODEL_KINDS and model is AuditConfig:
            model = MODEL_KINDS[str(part)]
        elif isinstance(part, str) and part in model.model_fields and part != "model":
            model = _table_type(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _table_type(annotation: Any) -> type[Frozen] | None:
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        return annotation
    return next((t for arg in getattr(annotation, "__args__", ()) if (t := _table_type(arg))), None)


def _key_lines(text: str) -> dict[Place, int]:
    """Map each table and key of a TOML text, such as ``("gate", 0, "max")``, to its line."""
    lines: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("[["):
            name = stripped.strip("[] ").split("]", 1)[0]
            counts[name] = counts.get(name, -1) + 1
            table = (*_dotted(name), counts[name])
        elif stripped.startswith("["):
            table = _dotted(stripped.split("]", 1)[0].strip("[ "))
        elif "=" in stripped and not stripped.startswith("#"):
            lines.setdefault((*table, *_dotted(stripped.split("=", 1)[0])), number)
            continue
        lines.setdefault(table, number)
    return lines


def _dotted(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.strip().split("."))
