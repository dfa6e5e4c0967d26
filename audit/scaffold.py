"""``renben init``: look at a model and a table, and write a commented audit.toml that runs."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.config_file import load_config
from audit.errors import ConfigError, DataError, SubjectError
from audit.record import write_text
from audit.subject import match_labels
from audit.tables import read_table

TEXT_NAMES = ("text", "comment", "sentence", "content", "review", "tweet", "message", "body")
PREDICTED_NAMES = ("predicted", "prediction", "pred", "predicted_label", "y_pred")
LABEL_NAMES = ("label", "labels", "target", "class", "category", "toxic", "sentiment", "y")
MOST_GROUPS = 20
"""A column with more different values than this is not proposed as a group column."""
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")


def scaffold(
    model: str, data: Path, out: Path, *, text: str | None = None, label: str | None = None, groups: str | None = None
) -> Iterator[str]:
    """Write ``out`` and yield what was chosen and what to do next.

    Raises
    ------
    ConfigError
        If ``out`` exists already.
    DataError
        If the table cannot be read, or no column of texts or labels can be told.
    """
    if out.exists():
        raise ConfigError(f"{out}: exists already. Move it away, or name another file with --out.")
    table = read_table(data)
    columns = {name: [str(v) for v in table.column(name).to_pylist() if v is not None] for name in table.column_names}
    text = text or _guess(columns, TEXT_NAMES, "text")
    label = label or _guess([name for name in columns if name != text], LABEL_NAMES, "label")
    for name in (text, label, *(_words(groups))):
        if name not in columns:
            raise DataError(f"{data}: has no column {name!r}. It has: {', '.join(columns)}.")
    chosen = _words(groups) or [n for n, v in columns.items() if n not in (text, label) and _looks_like_groups(v)]
    labels = sorted(set(columns[label]))
    where = _relative(data, out.parent)
    _check_model(model)
    apart = _is_table(model) and Path(model).resolve() != data.resolve()
    id = _shared_id(model, columns) if apart else None
    sections = [
        _head(data),
        _data(where, text, label, labels, id, chosen, shares=_is_base(model)),
        _model(model, labels, out.parent, truth=label, apart=apart),
    ]
    write_text(out, "\n".join([*sections, _gate(chosen, tuned=_is_base(model)), _card()]))
    load_config(out)
    yield f"{out}: written. Texts: {text!r}; labels: {label!r} ({', '.join(labels[:8])})."
    yield f"Groups: {', '.join(chosen) or 'none'}."
    yield "Look through it (above all the gate rules and the [card] facts), then run:"
    yield f"  renben audit {out}"


def _words(names: str | None) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()] if names else []


def _guess(columns: Sequence[str] | dict[str, list[str]], usual: Sequence[str], what: str) -> str:
    for name in usual:
        for column in columns:
            if column.casefold() == name:
                return column
    raise DataError(f"Cannot tell which column holds the {what}s: {', '.join(columns)}. Say so with --{what} COLUMN.")


def _looks_like_groups(values: Sequence[str]) -> bool:
    different = set(values)
    return (
        2 <= len(different) <= MOST_GROUPS
        and len(different) <= len(values) / 5
        and not all(_is_number(v) for v in different)
    )


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _is_base(model: str) -> bool:
    """Whether the model is an encoder without a classification head, so that it must be tuned."""
    if model.startswith("asset:"):
        return True
    config = Path(model) / "config.json"
    if not config.is_file():
        return False
    architectures = json.loads(config.read_text(encoding="utf-8")).get("architectures") or []
    return not any("ForSequenceClassification" in name for name in architectures)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


def _head(data: Path) -> str:
    return f"""# An audit. Run it with: renben audit audit.toml
# Every key is explained by: renben schema
title = {_quoted(f"Audit on {data.name}")}
seed = 7
"""


def _is_table(model: str) -> bool:
    return Path(model).suffix.lower() in TABLES


def _check_model(model: str) -> None:
    """Refuse a path that is not there; ``name`` and ``owner/name`` may still be on the hub."""
    looks_like_path = (
        _is_table(model) or model.startswith((".", "/", "~")) or model.count("/") > 1 or model.endswith("/")
    )
    if looks_like_path and not Path(model).exists():
        raise SubjectError(f"{model}: no such folder or table. Name a model folder, a base encoder or a table.")


def _shared_id(model: str, columns: dict[str, list[str]]) -> str:
    """Return the column that joins a table of predictions with the data."""
    both: list[str] = [name for name in read_table(Path(model)).column_names if name in columns]
    unique = [name for name in both if len(set(columns[name])) == len(columns[name])]
    if not unique:
        raise DataError(f"{model}: shares no column of unique ids with the data. Give both tables one.")
    return unique[0]


def _data(
    where: str, text: str, label: str, labels: Sequence[str], id: str | None, groups: Sequence[str], *, shares: bool
) -> str:
    if shares:
        source = f"path = {_quoted(where)}\nsplit = {{ validation = 0.1, test = 0.25 }}"
    else:
        source = f"test = {_quoted(where)}"
    named = (
        f"groups = {_list(groups)}" if groups else '# groups = ["sex", "race"]   # columns that say whom a row is about'
    )
    join = f"id = {_quoted(id)}\n" if id else ""
    chosen = (
        f"positive = {_quoted(labels[1])}   # the class whose selection matters: check it\n" if len(labels) == 2 else ""
    )
    return f"""[data]
{source}
{join}text = {_quoted(text)}
label = {_quoted(label)}
{chosen}{named}
# delimiter = "|"                 # where a row belongs to several groups
# crossings = [["sex", "race"]]   # intersections to look at
"""


def _model(model: str, labels: Sequence[str], folder: Path, *, truth: str, apart: bool) -> str:
    if _is_table(model):
        return _stored(model, labels, folder, truth=truth, apart=apart)
    source = model if model.startswith("asset:") or not Path(model).exists() else _relative(Path(model), folder)
    if _is_base(model):
        return f"""[model]
kind = "tune"
base = {_quoted(source)}

[model.recipe]
train = "all"        # or "top:3" layers, "head", "lora"
epochs = 3
learning_rate = 5e-5
"""
    return f"""[model]
kind = "load"
path = {_quoted(source)}
# base = "…"      # what it was tuned from
# licence = "…"   # of its weights
{_label_map(model, labels)}"""


def _stored(model: str, labels: Sequence[str], folder: Path, *, truth: str, apart: bool) -> str:
    columns: list[str] = read_table(Path(model)).column_names
    usual = PREDICTED_NAMES + LABEL_NAMES if apart else PREDICTED_NAMES
    said = next(
        (name for want in usual for name in columns if name.casefold() == want and (apart or name != truth)), None
    )
    scores = {label: name for label in labels for name in columns if name in (f"score_{label}", f"p_{label}")}
    if not scores and said is None:
        raise DataError(
            f"{model}: cannot tell which columns hold the predictions: {', '.join(columns)}. "
            "Call them score_<class>, or call the predicted label 'predicted'."
        )
    if scores:
        given = "scores = { " + ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in scores.items()) + " }"
    else:
        given = f"label = {_quoted(str(said))}   # the predicted label"
    path = f"path = {_quoted(_relative(Path(model), folder))}   # joined with the data by [data] id\n" if apart else ""
    return f"""[model]
kind = "predictions"
{path}{given}
"""


def _label_map(model: str, labels: Sequence[str]) -> str:
    config = Path(model) / "config.json"
    if not config.is_file():
        return ""
    raw = json.loads(config.read_text(encoding="utf-8"))
    names = [raw.get("id2label", {}).get(str(i), f"LABEL_{i}") for i in range(len(raw.get("id2label", {0: 0, 1: 0})))]
    try:
        match_labels(tuple(names), tuple(labels), {})
    except SubjectError as error:
        lines = "\n".join(f'# {_quoted(name)} = "…"' for name in names)
        return (
            f"# {error}\n# [model.label_map]   # the model's class = the data's label ({', '.join(labels)})\n{lines}\n"
        )
    return ""


def _gate(groups: Sequence[str], *, tuned: bool) -> str:
    rules = [
        """# The gate: each rule passes, fails, or finds too little evidence, by the whole interval.
[[gate]]
metric = "performance.accuracy_over_majority"
min = 0.0
why = "It must do better than always giving the most frequent answer."
"""
    ]
    if tuned:
        rules.append("""[[gate]]
metric = "data.profile.overlap"
slice = { split = "test", with = "train" }
max = 0
why = "A text seen in training proves nothing in the test."
""")
    for column in groups:
        rules.append(f"""[[gate]]
metric = "fairness.groups.equalized_odds_difference"
slice = {{ {_quoted(column)} = "*" }}
max = 0.10
why = "Errors must not fall much more often on one group than on another."
""")
    return "\n".join(rules)


def _card() -> str:
    return """# What only a person knows. What is left out is shown on the card as missing.
[card]
# intended_use = "…"
# users = "…"
# affected_people = "…"
# harms = "which harm a wrong decision does, and who bears it"
# out_of_scope = "…"
# human_oversight = "…"
# owner = "…"
# licence = "…"
# contacts = "…"

# A named person's dated statement about one of the eight values:
# [[attest]]
# value = "privacy"
# about = "purpose"    # the question it answers; the card lists those that nobody answered
# statement = "…"
# who = "…"
# role = "…"
# date = "2026-01-31"
# expires = "2027-01-31"
"""
