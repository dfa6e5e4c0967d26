"""Model, data and fine-tuning; and where the numbers come from."""

from pydantic import JsonValue

from audit.types import RunRecord, ScoringFacts, SplitFacts, SubjectFacts, TuningFacts
from reports import numbers
from reports.card import Entry, Grid, Line, Origin, Reading, Series, SubjectView
from reports.findings import headline, leading
from reports.grids import MOST_ROWS
from reports.notes import in_both
from reports.words import Words, column_name, group_name, humanise, join, known, say

SPLITS = ("train", "validation", "test")


def subject(record: RunRecord) -> SubjectView:
    """Return what was audited."""
    facts = record.subject
    tuning = facts.tuning
    return SubjectView(
        model=_model(facts),
        splits=_splits(facts),
        groups=tuple(_groups(facts, column, i) for i, column in enumerate(_columns(facts))),
        recipe=_recipe(tuning) if tuning else (),
        # One epoch is a point, not a curve.
        curves=_curves(tuning) if tuning and len(tuning.curve) > 1 else (),
        change=_change(record),
    )


def _change(record: RunRecord) -> tuple[Reading, ...]:
    """Return accuracy before and after fine-tuning, and every paired difference."""
    paired = [f for f in record.findings() if f.metric.endswith("_over_baseline")]
    ends = [f for f in record.findings() if f.metric in ("performance.accuracy", "performance.baseline_accuracy")]
    return headline(leading([*ends, *paired], len(ends) + len(paired))) if paired else ()


def _model(facts: SubjectFacts) -> tuple[Entry, ...]:
    given: dict[str, Words] = {
        "task": facts.task,
        "labels": join(list(facts.labels)),
        **({"positive": facts.positive} if facts.positive is not None else {}),
    }
    told = {key: _plain(value) for key, value in facts.model.items() if key not in ("digest", "licence")}
    baseline = {"baseline": facts.baseline} if facts.baseline else {}
    return tuple(Entry(_label("model", key), text) for key, text in {**given, **told, **baseline}.items())


def _label(kind: str, key: str) -> Words:
    return known(f"{kind}.{key}") or humanise(key)


def _plain(value: JsonValue) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | str):
        return str(value).lower() if isinstance(value, bool) else value
    if isinstance(value, int):
        return numbers.count(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- data ---------------------------------------------------------------------------------


def _ordered(facts: SubjectFacts) -> list[str]:
    return sorted(facts.splits, key=lambda name: SPLITS.index(name) if name in SPLITS else len(SPLITS))


def _splits(facts: SubjectFacts) -> Grid:
    splits = {name: facts.splits[name] for name in _ordered(facts)}
    return Grid(
        id="data-splits",
        title=say("data.splits"),
        columns=(column_name("split"), column_name("rows"), say("data.fingerprint")),
        words=(2,),
        rows=tuple((column_name(k), numbers.count(split.rows), split.fingerprint[:16]) for k, split in splits.items()),
    )


def _columns(facts: SubjectFacts) -> list[str]:
    return list({column: None for split in facts.splits.values() for column in split.groups})


def _groups(facts: SubjectFacts, column: str, index: int) -> Grid:
    splits = [name for name in _ordered(facts) if column in facts.splits[name].groups]
    groups = list({group: None for name in splits for group in facts.splits[name].groups[column]})
    named = [group for group in groups if group != "unknown"]
    shown = named[:MOST_ROWS] + [group for group in groups if group == "unknown"]
    return Grid(
        id=f"data-groups-{index}",
        title=say("data.groups", columns=column_name(column)),
        columns=(column_name(column), *(column_name(name) for name in splits)),
        rows=tuple((group_name(g), *(_part(facts.splits[s], column, g) for s in splits)) for g in shown),
        left_out=len(groups) - len(shown),
    )


def _part(split: SplitFacts, column: str, group: str) -> str:
    rows = split.groups[column].get(group, 0)
    return f"{numbers.count(rows)} ({numbers.share(rows, split.rows)})"


# --- fine-tuning --------------------------------------------------------------------------


def _recipe(tuning: TuningFacts) -> tuple[Entry, ...]:
    trainable, total = tuning.trainable_parameters, tuning.total_parameters
    part = f"{numbers.count(trainable)} / {numbers.count(total)} ({numbers.share(trainable, total)})"
    entries = [
        Entry(say("tuning.base"), tuning.base),
        Entry(say("tuning.trainable"), part),
        Entry(say("tuning.seconds"), numbers.duration(tuning.seconds)),
        Entry(say("tuning.reused"), say("yes" if tuning.reused else "no")),
        Entry(say("tuning.best_epoch"), str(tuning.best_epoch)),
        *(Entry(_label("recipe", k), _plain(value)) for k, value in tuning.recipe.items() if _applies(k, tuning)),
        Entry(say("tuning.precision"), tuning.precision),
    ]
    return (*entries, Entry(say("tuning.note"), tuning.note)) if tuning.note else tuple(entries)


def _applies(key: str, tuning: TuningFacts) -> bool:
    return tuning.recipe[key] is not None and (tuning.recipe.get("train") == "lora" or not key.startswith("lora_"))


def _curves(tuning: TuningFacts) -> tuple[Line, ...]:
    loss = (_series(tuning, "train_loss"), _series(tuning, "validation_loss"))
    return (_curve(tuning, "loss", loss), _curve(tuning, "accuracy", (_series(tuning, "validation_accuracy"),)))


def _series(tuning: TuningFacts, of: str) -> Series:
    epochs = tuple(float(epoch.epoch) for epoch in tuning.curve)
    return Series(say(f"tuning.{of}"), epochs, tuple(float(getattr(epoch, of)) for epoch in tuning.curve))


def _curve(tuning: TuningFacts, of: str, series: tuple[Series, ...]) -> Line:
    best = next((e for e in tuning.curve if e.epoch == tuning.best_epoch), tuning.curve[-1])
    shown = best.validation_loss if of == "loss" else best.validation_accuracy
    return Line(
        id=f"tuning-{of}",
        title=say(f"tuning.{of}_by_epoch"),
        x_label=say("tuning.epoch"),
        y_label=say(f"tuning.{of}"),
        series=series,
        diagonal=False,
        reading=say(f"tuning.{of}_reading", epoch=best.epoch, value=numbers.number(shown)),
        whole_steps=True,
        mark=float(best.epoch),
    )


# --- where the numbers come from ----------------------------------------------------------


def origin(record: RunRecord) -> Origin:
    """Return the provenance and the command that makes the numbers again."""
    made = record.provenance
    machine = f"{made.processor} · {made.cores} × CPU · {made.memory_gib:.1f} GiB · {made.device}"
    facts = (
        Entry(say("origin.run"), record.run_id, code=True),
        Entry(say("origin.revision"), _revision(made.revision, made.dirty)),
        Entry(say("origin.seed"), str(made.seed), code=True),
        Entry(say("origin.machine"), machine),
        Entry(say("origin.platform"), f"{made.platform} · Python {made.python} · Renben {made.renben}"),
        Entry(say("origin.seconds"), numbers.duration(record.seconds)),
    )
    return Origin(
        command=made.command,
        facts=facts,
        scoring=_scoring(record.subject.scoring) if record.subject.scoring else (),
        digests=tuple(Entry(name, digest, code=True) for name, digest in made.digests.items()),
        packages=tuple(Entry(name, version) for name, version in sorted(made.packages.items())),
    )


def _revision(revision: str | None, dirty: bool | None) -> Words | None:
    if revision is None:
        return None
    return say("origin.dirty", revision=revision) if dirty else revision


def _scoring(facts: ScoringFacts) -> tuple[Entry, ...]:
    return (
        Entry(say("scoring.backend"), f"{facts.backend} · {facts.device}"),
        Entry(say("scoring.reason"), in_both(facts.reason)),
        Entry(say("scoring.agreement"), _agreement(facts)),
        Entry(
            say("scoring.texts"),
            say(
                "scoring.counts", scored=numbers.count(facts.texts_scored), cached=numbers.count(facts.texts_from_cache)
            ),
        ),
        Entry(say("scoring.seconds"), numbers.duration(facts.model_seconds)),
    )


def _agreement(facts: ScoringFacts) -> Words:
    if facts.max_probability_difference is None:
        return say("scoring.not_compared")
    return say(
        "scoring.agrees" if facts.equal_labels else "scoring.disagrees",
        rows=numbers.count(facts.compared_rows),
        difference=f"{facts.max_probability_difference:.1e}",
    )
