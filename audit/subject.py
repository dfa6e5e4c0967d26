"""From a configuration to the subject of an audit: model, data and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit.assets import PREFIX, resolve
from audit.config import AuditConfig, LoadModel, StoredModel, TuneModel
from audit.crowds import warn_of_crowds
from audit.data import Rows, class_names, read_splits, systematic_sample, to_split
from audit.decisions import with_decisions
from audit.discretion import Say, warn_of_ids, without_names
from audit.errors import DataError, EmptyError, SubjectError, did_you_mean
from audit.models import stored
from audit.types import Asset, Model, Predictions, ScoringFacts, Split, SplitFacts, Subject, SubjectFacts, TuningFacts

if TYPE_CHECKING:
    from audit.models.transformer import TransformerModel
    from audit.scoring import Scorer

QUICK_ROWS = 1000
"""Test rows that a quick run looks at."""


@dataclass(frozen=True)
class Places:
    """The folders that a subject is made from."""

    config: Path
    """What relative paths of the configuration start from."""
    cache: Path
    """Assets, tuned models, exported models and scores."""


def load_subject(config: AuditConfig, places: Places, *, say: Say, quick: bool = False) -> Subject:
    """Read the data, load or tune the model, and score the splits; ``say`` takes lines for the user.

    Raises
    ------
    DataError, SubjectError, AssetError
        With a sentence and a remedy; see each reader.
    """
    extra = (*_stored_columns(config.model), *config.data.columns)
    tables = without_names(read_splits(config.data, places.config, config.seed, list(dict.fromkeys(extra))), say)
    warn_of_crowds(tables.values(), say)
    if config.data.id:
        warn_of_ids((id for rows in tables.values() for id in rows.ids), say)
    if quick:
        tables["test"] = _sample(tables["test"], config.seed)
    return replace(_of_kind(config, tables, places), folder=places.config, asset=_asset(places))


def _asset(places: Places) -> Asset:
    return lambda name: resolve(f"{PREFIX}{name}", places.config, places.cache)


def _of_kind(config: AuditConfig, tables: dict[str, Rows], places: Places) -> Subject:
    match config.model:
        case StoredModel():
            return _from_table(config, config.model, tables, places)
        case LoadModel():
            return _loaded(config, config.model, tables, places)
        case TuneModel():
            return _tuned(config, config.model, tables, places)


def _stored_columns(model: LoadModel | TuneModel | StoredModel) -> tuple[str, ...]:
    """Columns of the data tables themselves that hold predictions."""
    return stored.columns(model) if isinstance(model, StoredModel) and model.path is None else ()


def _sample(rows: Rows, seed: int) -> Rows:
    share = min(1.0, QUICK_ROWS / len(rows.ids))
    return rows.take(systematic_sample(rows, np.arange(len(rows.ids)), share, seed))


def _from_table(config: AuditConfig, model: StoredModel, tables: dict[str, Rows], places: Places) -> Subject:
    labels = _two_or_more(class_names(tables) if not model.scores else _with_scored(tables, model))
    scored = {name: rows for name, rows in tables.items() if name != "train"}
    predictions = {
        name: stored.stored_predictions(model, config.data, rows, labels, places.config)
        for name, rows in scored.items()
    }
    facts = {
        "kind": "stored predictions",
        "source": model.path or config.data.path or config.data.test,
        "base": model.base,
        "licence": model.licence,
    }
    return _subject(config, _splits(tables, labels, config), labels, predictions, facts)


def _with_scored(tables: Mapping[str, Rows], model: StoredModel) -> tuple[str, ...]:
    """Return the data's labels and those that only a score column names."""
    names = class_names(tables)
    return (*names, *(label for label in model.scores if label not in names)) if len(model.scores) > 1 else names


def _loaded(config: AuditConfig, chosen: LoadModel, tables: dict[str, Rows], places: Places) -> Subject:
    from audit.models.transformer import load_transformer

    path = resolve(chosen.path, places.config, places.cache)
    model = load_transformer(path if path.exists() else chosen.path, max_tokens=chosen.max_tokens)
    labels = match_labels(model.labels, class_names(tables), chosen.label_map)
    facts = {
        "kind": "loaded",
        "source": chosen.path,
        "base": chosen.base,
        "licence": chosen.licence,
        **_known(model),
    }
    return _scored(config, _splits(tables, labels, config), labels, model, facts, places)


def _tuned(config: AuditConfig, chosen: TuneModel, tables: dict[str, Rows], places: Places) -> Subject:
    from audit.hardening import Tuner, tune_as_asked
    from audit.models.transformer import load_transformer

    labels = _two_or_more(class_names(tables))
    splits = _splits(tables, labels, config)
    absent = [name for name in ("train", "validation") if name not in splits]
    if absent:
        raise SubjectError(
            f"Fine-tuning needs a {absent[0]} split. Name a table for it in [data], or use [data.split]."
        )
    base, recipe = resolve(chosen.base, places.config, places.cache), chosen.recipe
    tuner = Tuner(
        base if base.exists() else Path(chosen.base),
        chosen.base,
        splits["validation"],
        labels,
        config.seed,
        places.cache,
    )
    tuned, plain = tune_as_asked(tuner, splits["train"], recipe, _asset(places))
    model = load_transformer(tuned.model, max_tokens=recipe.max_tokens)
    # Where only the head was trained, the start is the model itself: nothing to compare with.
    start = None if tuned.start == tuned.model else load_transformer(tuned.start, max_tokens=recipe.max_tokens)
    facts = {"kind": "fine-tuned", "source": chosen.base, "licence": chosen.licence, **_known(model)}
    subject = _scored(config, splits, labels, model, facts, places, start=start, tuning=tuned.facts)
    if not plain:
        return subject
    return _beside(subject, load_transformer(plain.model, max_tokens=recipe.max_tokens), places)


def _beside(subject: Subject, plain: "TransformerModel", places: Places) -> Subject:
    """Return the subject with a model to compare it with, on the same engine so that nothing else differs."""
    from audit.scoring import Scorer
    from audit.workbench import TransformerBench

    chosen = subject.facts.scoring
    scorer = Scorer(plain, places.cache, backend="onnx" if chosen and chosen.backend == "onnx" else "torch")
    bench = TransformerBench(plain, scorer.engines, scorer.facts().backend)
    return replace(subject, plain_score=scorer.score, plain_bench=bench)


def _known(model: "TransformerModel") -> dict[str, object]:
    return {"digest": model.digest, "max_tokens": model.max_tokens, **model.facts()}


def _scored(
    config: AuditConfig,
    splits: dict[str, Split],
    labels: tuple[str, ...],
    model: "TransformerModel",
    facts: Mapping[str, object],
    places: Places,
    *,
    start: "TransformerModel | None" = None,
    tuning: TuningFacts | None = None,
) -> Subject:
    from audit.scoring import Scorer
    from audit.workbench import TransformerBench

    scorer = Scorer(model, places.cache)
    predictions = {name: _predict(scorer, split) for name, split in splits.items() if name != "train"}
    # Scored once: to export it first would take longer than it saves.
    baseline = {"test": _predict(Scorer(start, places.cache, backend="torch"), splits["test"])} if start else {}
    subject = _subject(
        config, splits, labels, predictions, facts, baseline=baseline, model=model, scorer=scorer, tuning=tuning
    )
    bench = TransformerBench(model, scorer.engines, scorer.facts().backend)
    return replace(subject, bench=bench)


def _predict(scorer: "Scorer", split: Split) -> Predictions:
    scores = scorer.score(split.texts)
    return Predictions(scores.argmax(axis=1), scores)


def _subject(
    config: AuditConfig,
    splits: dict[str, Split],
    labels: tuple[str, ...],
    predictions: Mapping[str, Predictions],
    model_facts: Mapping[str, object],
    *,
    baseline: Mapping[str, Predictions] | None = None,
    model: Model | None = None,
    scorer: "Scorer | None" = None,
    tuning: TuningFacts | None = None,
) -> Subject:
    positive = _positive(config.data.positive, labels)
    scoring: ScoringFacts | None = scorer.facts() if scorer else None
    facts = SubjectFacts(
        name=config.title,
        task="text classification",
        labels=labels,
        positive=labels[positive] if len(labels) == 2 or config.data.positive else None,
        model={key: value for key, value in model_facts.items() if value is not None},
        splits={name: _split_facts(split) for name, split in splits.items()},
        offers=_offers(splits, predictions, baseline or {}, model, config.data.crossings),
        baseline="the untuned start: the frozen encoder with a head fitted under a strong penalty"
        if baseline
        else None,
        tuning=tuning,
        scoring=scoring,
    )
    return Subject(
        name=config.title,
        labels=labels,
        positive=positive,
        splits=splits,
        predictions=dict(predictions),
        facts=facts,
        baseline=dict(baseline or {}),
        crossings=config.data.crossings,
        score=scorer.score if scorer else None,
        token_counts=model.token_counts if model else None,
        max_tokens=model.max_tokens if model else None,
    )


def _splits(tables: Mapping[str, Rows], labels: tuple[str, ...], config: AuditConfig) -> dict[str, Split]:
    index = {label: i for i, label in enumerate(labels)}
    splits = {name: to_split(name, rows, index, config.data.columns) for name, rows in tables.items()}
    return splits | {"test": with_decisions(splits["test"], index, config)}


def _split_facts(split: Split) -> SplitFacts:
    groups = {
        column.name: {
            **{value: int(column.members[:, i].sum()) for i, value in enumerate(column.values)},
            "unknown": int(column.unknown.sum()),
        }
        for column in split.groups
    }
    return SplitFacts(rows=len(split), fingerprint=split.fingerprint, groups=groups)


def _offers(
    splits: Mapping[str, Split],
    predictions: Mapping[str, Predictions],
    baseline: Mapping[str, Predictions],
    model: Model | None,
    crossings: tuple[tuple[str, ...], ...],
) -> tuple[str, ...]:
    present = {
        "labels": True,
        "scores": predictions["test"].scores is not None,
        "groups": any(len(column.values) for column in splits["test"].groups),
        "crossings": bool(crossings),
        "model": model is not None,
        "baseline": bool(baseline),
        "train": "train" in splits,
        "validation": "validation" in predictions,
    }
    return tuple(name for name, there in present.items() if there)


def _positive(chosen: str | None, labels: tuple[str, ...]) -> int:
    if chosen is None:
        return 1
    if chosen not in labels:
        raise DataError(f"[data] positive = {chosen!r} is not a label of the data.{did_you_mean(chosen, labels)}")
    return labels.index(chosen)


def _two_or_more(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(labels) < 2:
        raise EmptyError(f"All rows have the label {labels[0]!r}; there is nothing to tell apart. Check [data] label.")
    return labels


def match_labels(of_model: tuple[str, ...], of_data: tuple[str, ...], given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the data's name of each class of the model, in the model's order.

    A class is matched by the configured map, else by its own name (whatever its case), else
    ``LABEL_<i>`` by the number ``<i>``. A class of the model that the data lacks keeps its name.

    Raises
    ------
    SubjectError
        If a label of the data matches no class of the model.
    """
    unknown = sorted(set(given) - set(of_model))
    if unknown:
        raise SubjectError(
            f"[model.label_map] names {unknown[0]!r}, which the model lacks.{did_you_mean(unknown[0], of_model)}"
        )
    by_name = {label.casefold(): label for label in of_data}
    names = tuple(
        given.get(name) or by_name.get(name.casefold()) or _by_number(name, of_data) or name for name in of_model
    )
    lost = [label for label in of_data if label not in names]
    if lost:
        raise SubjectError(
            f"The data's label {lost[0]!r} matches no class of the model ({', '.join(of_model)}). "
            'Say which is which in [model.label_map], such as LABEL_1 = "toxic".'
        )
    if len(set(names)) < len(names):
        raise SubjectError("[model.label_map] gives two classes of the model one name. Give each its own.")
    return names


def _by_number(name: str, of_data: tuple[str, ...]) -> str | None:
    number = name.removeprefix("LABEL_")
    return number if number in of_data else None
