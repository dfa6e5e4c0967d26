"""What every registered probe must keep, whoever wrote it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import JsonValue

from audit.registry import PROBES, ProbeSpec, discover
from audit.run import NEEDS, run_probe
from audit.types import Attribution, Frozen, GroupColumn, Predictions, ProbeRun, Split, Subject
from audit.values import VALUES
from reports.notes import in_both
from reports.words import Both, Words
from tests.subjects import draw_labels, draw_scores, make_split, make_subject, scorer_of

discover()
EVERY = pytest.mark.parametrize("spec", [PROBES[id] for id in sorted(PROBES)], ids=lambda spec: spec.id)


CLAIMS: list[JsonValue] = [
    {
        "name": "paper",
        "accuracy": 0.9,
        "macro_f1": 0.9,
        "n": 200,
        "per_class": {
            "0": {"precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 100},
            "1": {"recall": 0.9, "support": 100},
        },
    },
    {"name": "abstract", "accuracy": 0.99},
]
TABLES = Path(__file__).parent / "probes"
PARAMS: dict[str, dict[str, JsonValue]] = {
    "behaviour.suite": {"labels": {"abusive": "1", "acceptable": "0"}},
    "account.claims": {"claims": CLAIMS},
    "data.quality": {"new_data": str(TABLES / "new_rows.csv")},
    "privacy.uniqueness": {"columns": ["district"]},
    "human.survey": {
        "file": str(TABLES / "survey.csv"),
        "columns": [f"q{i}" for i in range(1, 11)],
        "group": "role",
    },
}
"""What a probe needs to be told of synthetic subjects."""


def synthetic(n: int = 600, classes: int = 2, **given: Any) -> Subject:
    """Return a subject with a train split and a further column."""
    subject = make_subject(n, classes, **{"train": make_split("train", np.arange(400) % classes, [])} | given)
    splits = {name: replace(split, extra={"district": districts(split)}) for name, split in subject.splits.items()}
    return replace(subject, splits=splits)


def districts(split: Split) -> tuple[str | None, ...]:
    drawn = np.random.default_rng(len(split)).integers(31, size=len(split))
    return tuple(f"d{k}" if k else None for k in drawn)


def params_of(spec: ProbeSpec) -> Frozen:
    return spec.params.model_validate({**spec.quick, **PARAMS.get(spec.id, {})})


def run(spec: ProbeSpec, subject: Subject, seed: int = 7) -> ProbeRun:
    """Run a probe; whatever it notes must be known in both languages, see ``reports/locales/notes.json``."""
    logged: list[str] = []
    done = run_probe(spec, subject, params_of(spec), seed, say=lambda _: None, log=logged.append)
    assert not logged, logged[0]
    assert only_english(done) == []
    return done


def only_english(done: ProbeRun) -> list[str]:
    """Return what the card would say in English to readers of Chinese."""
    noted = {one.note for one in done.evidence if not isinstance(one, Attribution)}
    return [note for note in sorted({done.reason, *noted} - {""}) if not _is_told(in_both(note))]


def _is_told(note: Words) -> bool:
    """Tell whether each part of a note holds Chinese."""
    return isinstance(note, Both) and all(re.search("[\u4e00-\u9fff]", part) for part in note.zh.split("；"))


def shuffled(subject: Subject) -> Subject:
    order = np.random.default_rng(5).permutation(len(subject.test))
    test, predicted = subject.test, subject.predicted
    groups = tuple(replace(g, members=g.members[order]) for g in test.groups)
    pick = lambda values: tuple(values[i] for i in order)  # noqa: E731
    extra = {name: pick(values) for name, values in test.extra.items()}
    moved = replace(
        test, ids=pick(test.ids), texts=pick(test.texts), labels=test.labels[order], groups=groups, extra=extra
    )
    scores = None if predicted.scores is None else predicted.scores[order]
    predictions = {**subject.predictions, "test": Predictions(predicted.labels[order], scores)}
    return replace(subject, splits={**subject.splits, "test": moved}, predictions=predictions)


def renamed(subject: Subject) -> Subject:
    """Reverse the order of the groups and give them other names."""

    def other(column: GroupColumn) -> GroupColumn:
        names = tuple(f"z{len(column.values) - i}{v}" for i, v in enumerate(column.values))
        return GroupColumn(column.name, names[::-1], column.members[:, ::-1])

    test = replace(subject.test, groups=tuple(other(g) for g in subject.test.groups))
    return replace(subject, splits={**subject.splits, "test": test})


def numbers(done: ProbeRun) -> list[tuple[object, ...]]:
    """Everything measured, without the names of groups and in no order."""
    rows = []
    for f in done.findings:
        interval = (round(f.interval.low, 9), round(f.interval.high, 9)) if f.interval else (None, None)
        rows.append((f.metric, len(f.slice), None if f.value is None else round(f.value, 9), f.n, *interval))
    return sorted(rows, key=repr)


def test_a_note_in_english_alone_is_seen() -> None:
    done = run(PROBES["performance"], synthetic(60))
    (first, *rest) = done.evidence
    for note in ("nobody knows this", "Exact count.; nobody knows this"):
        planted = first.model_copy(update={"note": note})
        assert only_english(done.model_copy(update={"evidence": (planted, *rest)})) == [note]
    assert only_english(done.model_copy(update={"reason": "KeyError: 'test'"})) == ["KeyError: 'test'"]


@EVERY
def test_declares_what_it_measures(spec: ProbeSpec) -> None:
    assert spec.summary.endswith(".")
    assert "ideal" in (spec.run.__doc__ or "").lower()
    assert set(spec.values) <= set(VALUES)
    assert spec.values
    for measure in spec.measures.values():
        assert measure.meaning.endswith(".")
        ends = [v for v in (measure.low, measure.ideal, measure.high) if v is not None]
        assert ends == sorted(ends)
    assert all(field.is_required() is False for field in spec.params.model_fields.values())


@EVERY
def test_findings_are_declared_complete_and_repeatable(spec: ProbeSpec) -> None:
    subject = synthetic()
    done = run(spec, subject)
    assert done.status == "ok", done.reason
    assert done.findings
    for finding in done.findings:
        assert finding.metric in spec.metrics
        assert finding.n >= 0
        assert finding.value is None or finding.interval or finding.note
        if finding.value is not None:
            measure = spec.measures[finding.metric.removeprefix(f"{spec.id}.")]
            assert measure.low is None or finding.value >= measure.low - 1e-9
            assert measure.high is None or finding.value <= measure.high + 1e-9
        if finding.interval:
            assert finding.interval.low <= finding.interval.high
    again = run(spec, subject)
    assert again.evidence == done.evidence
    assert ProbeRun.model_validate_json(done.model_dump_json()).evidence == done.evidence
    keys = [(f.metric, tuple(sorted(f.slice.items()))) for f in done.findings]
    assert len(keys) == len(set(keys)), "one number twice"


@EVERY
def test_reports_most_of_what_it_declares(spec: ProbeSpec) -> None:
    subject = synthetic()
    baseline = {"test": Predictions(*_noisy(subject))}
    facts = subject.facts.model_copy(update={"offers": (*subject.facts.offers, "baseline")})
    plain = scorer_of(subject.test.texts, baseline["test"].scores)
    told = replace(subject, baseline=baseline, facts=facts, plain_score=plain)
    reported = {f.metric for f in run(spec, told).findings}
    multiclass = {f.metric for f in run(spec, synthetic(classes=3)).findings}
    assert set(spec.metrics) == reported | multiclass


def _noisy(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    scores = draw_scores(np.random.default_rng(3), len(subject.test), 2)
    return scores.argmax(axis=1), scores


@EVERY
def test_row_order_and_group_names_do_not_matter(spec: ProbeSpec) -> None:
    subject = synthetic(500)
    expected = numbers(run(spec, subject))
    assert numbers(run(spec, shuffled(subject))) == expected
    assert numbers(run(spec, renamed(subject))) == expected


@EVERY
def test_another_group_column_changes_no_other_number(spec: ProbeSpec) -> None:
    groups = {"sex": list("fm" * 200), "race": list("abab" * 100)}
    both = synthetic(400, groups=groups, crossings=(("sex", "race"),))
    extra = [("y", "z")[i % 3 == 0] for i in range(400)]
    three = synthetic(400, groups={"colour": extra, **groups}, crossings=(("sex", "race"),))
    keep = lambda done: [f for f in done.findings if "colour" not in f.slice]  # noqa: E731
    assert keep(run(spec, three)) == keep(run(spec, both))


@EVERY
@pytest.mark.parametrize(
    "case", ["one class", "one group", "empty group", "n=1", "no group", "labels only", "constant"]
)
def test_thin_data_gives_notes_and_no_crash(spec: ProbeSpec, case: str) -> None:
    stands(spec, THIN[case]())


def stands(spec: ProbeSpec, subject: Subject) -> None:
    """Assert that a probe measures a subject, or says why it does not."""
    done = run(spec, subject)
    assert done.status in ("ok", "skipped"), done.reason
    assert done.status == "ok" or done.reason
    ProbeRun.model_validate_json(done.model_dump_json())


def _empty_group() -> Subject:
    subject = synthetic(200)
    sex = subject.test.group("sex")
    widened = GroupColumn("sex", (*sex.values, "x"), np.hstack([sex.members, np.zeros((200, 1), bool)]))
    test = replace(subject.test, groups=(widened, subject.test.group("race")))
    return replace(subject, splits={**subject.splits, "test": test})


THIN = {
    "one class": lambda: synthetic(80, labels=np.ones(80, dtype=np.int64)),
    "one group": lambda: synthetic(80, groups={"sex": ["f"] * 80}),
    "empty group": _empty_group,
    "n=1": lambda: synthetic(1, groups={"sex": ["f"]}),
    "no group": lambda: synthetic(80, groups={}),
    "labels only": lambda: synthetic(80, with_scores=False),
    "constant": lambda: synthetic(80, scores=np.tile([0.7, 0.3], (80, 1)), labels=np.arange(80) % 2),
}


@EVERY
@pytest.mark.parametrize("classes", [3, 5])
def test_many_classes(spec: ProbeSpec, classes: int) -> None:
    done = run(spec, synthetic(400, classes))
    assert done.status == "ok"
    assert any(f.value is not None for f in done.findings)


@EVERY
def test_the_subject_is_not_changed(spec: ProbeSpec) -> None:
    subject = synthetic(200)
    for array in _arrays(subject):
        array.setflags(write=False)
    assert run(spec, subject).status == "ok"


def _arrays(subject: Subject) -> list[np.ndarray]:
    splits: list[Split] = list(subject.splits.values())
    arrays = [s.labels for s in splits] + [g.members for s in splits for g in s.groups]
    for predictions in subject.predictions.values():
        arrays += [predictions.labels, predictions.scores]
    return arrays


@pytest.mark.parametrize(
    "spec", [PROBES[id] for id in sorted(PROBES) if id != "human.survey"], ids=lambda spec: spec.id
)
def test_a_crash_is_an_error_with_its_reason(spec: ProbeSpec) -> None:
    logged: list[str] = []
    subject = replace(synthetic(50), splits={})
    done = run_probe(spec, subject, params_of(spec), 7, say=lambda _: None, log=logged.append)
    assert done.status == "error"
    assert "KeyError" in done.reason
    assert "Traceback" in logged[0]


MAIL, CARD, PHONE, RESIDENT = "zelda.mod@corpmail.com", "4111 1111 1111 1111", "(020) 7946 0958", "11010519491231002X"
PIECES = ("zelda", "quentin", "corpmail", "4111 1", "7946 0", "1949123")
"""What no record may hold: also a part of a number is one too many."""


def telling(n: int = 400) -> Subject:
    """Return a subject with personal data everywhere, whose model is mostly wrong at night."""
    night, labels = np.arange(n) % 2 == 0, np.arange(n) // 2 % 2
    moderators = [(MAIL, "quentin.mod@corpmail.com")[i // 3 % 2] for i in range(n)]
    wrong = np.where(night, np.arange(n) % 5 < 4, np.arange(n) % 20 == 1)
    sure = np.where(labels ^ wrong, 0.9, 0.1)[:, None]
    across = (f"{'the Muslim is quick ' * 60}"[:985] + f" {told} and so on" for told in (CARD, MAIL, RESIDENT))
    told = (f"write to {MAIL}", f"call {PHONE} or not", *across, "the dog is lazy", "the woman is green")
    texts = [f"{i} {told[i // 2 % len(told)]}" for i in range(n)]
    subject = synthetic(
        n, groups={"moderator": moderators}, labels=labels, scores=np.hstack([1 - sure, sure]), texts=texts,
        crossings=(("moderator",),), score=lambda texts: np.array([[len(t) % 2, 1 - len(t) % 2] for t in texts], float),
    )  # fmt: skip
    test = replace(
        subject.test,
        ids=tuple(f"{i}.{MAIL}" for i in range(n)),
        extra={
            **subject.test.extra,
            "clerk": tuple(moderators),
            "shift": tuple("night" if dark else "day" for dark in night),
        },
    )
    train = replace(subject.splits["train"], texts=tuple(f"long ago {text}" for text in texts))
    return replace(subject, splits={**subject.splits, "test": test, "train": train})


def files_with_personal_data(folder: Path) -> dict[str, dict[str, JsonValue]]:
    """Write tables for the probes that read some, and return the parameters that name them."""
    survey, columns = folder / "survey.csv", [f"q{k}" for k in range(1, 11)]
    lines = [
        f"{who}@corpmail.com,{','.join('13'[k % 2] for k in range(r, r + 10))}"
        for who in ("zelda", "zadie")
        for r in range(12)
    ]
    survey.write_text("\n".join(["who," + ",".join(columns), *lines]), encoding="utf-8")
    suite = folder / "suite.csv"
    cases = [f'{k}.{MAIL},"fox {k} {secret}",{k % 2},{MAIL},{MAIL}' for k, secret in enumerate([CARD, PHONE, MAIL] * 8)]
    suite.write_text("\n".join(["id,text,expected,group,capability", *cases]), encoding="utf-8")
    new = folder / "new.csv"
    rows = (f"{k} write to {MAIL},{k}.zelda@corpmail.com" for k in range(60))
    new.write_text("\n".join(["text,moderator", *rows]), encoding="utf-8")
    return {
        "human.survey": {"file": str(survey), "columns": columns, "group": "who"},  # type: ignore[dict-item]
        "behaviour.suite": {"file": str(suite), "labels": {}},
        "data.quality": {"new_data": str(new)},
        "privacy.uniqueness": {"columns": ["moderator", "clerk"]},
    }


@EVERY
def test_nothing_of_planted_personal_data_is_in_the_record(spec: ProbeSpec, tmp_path: Path) -> None:
    given = {**spec.quick, **PARAMS.get(spec.id, {}), **files_with_personal_data(tmp_path).get(spec.id, {})}
    done = run_probe(spec, telling(), spec.params.model_validate(given), 7, say=lambda _: None, log=lambda _: None)
    assert done.status == "ok", done.reason
    assert only_english(done) == []
    saved = done.model_dump_json()
    assert [piece for piece in PIECES if piece in saved] == []
    keys = [(f.metric, tuple(sorted(f.slice.items()))) for f in done.findings]
    assert len(keys) == len(set(keys)), "groups are not told apart"


def test_every_public_file_registers_a_probe() -> None:
    import probes

    files = {p.stem for p in Path(probes.__path__[0]).glob("*.py") if not p.stem.startswith("_")}
    assert files == {id.replace(".", "_") for id in PROBES if "." in id or id in files}


def test_a_calibrated_subject_draws_labels_from_its_scores() -> None:
    scores = draw_scores(np.random.default_rng(0), 20_000, 2)
    labels = draw_labels(np.random.default_rng(1), scores)
    assert abs(labels.mean() - scores[:, 1].mean()) < 0.01


def test_none_of_the_findings_is_a_placeholder() -> None:
    """Two unlike subjects must not give one and the same set of numbers; a survey is about neither."""
    for id in sorted(set(PROBES) - {"human.survey"}):
        a, b = (numbers(run(PROBES[id], synthetic(300, seed=seed))) for seed in (1, 2))
        assert a != b, id


def test_what_a_probe_needs_can_be_had_by_the_configuration() -> None:
    needs = {need for spec in PROBES.values() for need in spec.needs}
    assert [need for need in needs if not {"[data]", "[model]"} & set(NEEDS[need].replace(",", "").split())] == []


ODD = {
    "one-token texts": lambda: synthetic(40, texts=[("tea", "fox", "茶", "?")[k % 4] for k in range(40)]),
    "10,000-token texts": lambda: synthetic(2, texts=["a quick fox " * 3_333 + end for end in ("sees", "sees tea")]),
    "a class never predicted": lambda: synthetic(
        60, 3, scores=np.tile([0.6, 0.4, 0.0], (60, 1)), labels=np.arange(60) % 3
    ),
    "no train split": lambda: synthetic(60, train=None),
}


@EVERY
@pytest.mark.parametrize("case", ODD)
def test_odd_texts_and_classes_give_notes_and_no_crash(spec: ProbeSpec, case: str) -> None:
    stands(spec, ODD[case]())
