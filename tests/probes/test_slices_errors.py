"""Error slices: planted failures are found and confirmed, patternless errors are not, numbers equal the textbook's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from audit.types import Bools, Evidence, Examples, Finding, Subject, Table
from probes._quality.rows import take
from probes._slices.conditions import Condition, Slice, conditions, further
from probes._slices.search import chances, holm, search
from probes.slices_errors import newcombe, slices_errors
from tests.subjects import make_subject, texts_of


def failing(wrong: Bools, texts: Sequence[str], groups: dict[str, Sequence[str | None]] | None = None) -> Subject:
    """Return a subject whose model is wrong in just these rows."""
    labels = np.random.default_rng(9).integers(0, 2, len(wrong))
    scores = np.eye(2)[np.where(wrong, 1 - labels, labels)] * 0.6 + 0.2
    return make_subject(len(wrong), labels=labels, scores=scores, texts=texts, groups=groups or {})


def evidence(subject: Subject, seed: int = 7, **params: object) -> list[Evidence]:
    return list(slices_errors.run(subject, slices_errors.params(**params), np.random.default_rng([seed, 7])))


def findings(subject: Subject, seed: int = 7, **params: object) -> dict[tuple[str, ...], Finding]:
    found = [e for e in evidence(subject, seed, **params) if isinstance(e, Finding)]
    return {(f.metric.removeprefix("slices.errors."), *f.slice.values()): f for f in found}


def confirmed(subject: Subject, seed: int = 7) -> list[str]:
    return [key[1] for key in findings(subject, seed) if key[0] == "error_rate_over_rest" and len(key) > 1]


def test_a_word_at_which_the_model_fails_is_found() -> None:
    rng = np.random.default_rng(0)
    texts = texts_of(rng, 1200)
    tea = np.array(["wizards" in text for text in texts])
    subject = failing(rng.random(1200) < np.where(tea, 0.4, 0.1), texts)
    found = findings(subject)
    assert confirmed(subject) == ["contains 'wizards'"]
    assert found["slices_confirmed",].value == 1
    gap = found["error_rate_over_rest", "contains 'wizards'"]
    assert gap.value is not None
    assert gap.value == pytest.approx(0.3, abs=0.1)
    assert gap.interval
    assert gap.interval.low < 0.3 < gap.interval.high


def test_the_numbers_are_those_of_the_half_held_back() -> None:
    rng = np.random.default_rng(0)
    texts = texts_of(rng, 900)
    old = np.arange(900) % 3 == 0
    subject = failing(rng.random(900) < np.where(old, 0.5, 0.1), texts, {"age": ["old" if o else "new" for o in old]})
    found, table = findings(subject), next(e for e in evidence(subject) if isinstance(e, Table))
    line = dict(zip(table.columns, table.rows[0], strict=True))
    assert (line["condition"], line["confirmed"]) == ("age: old", "yes")
    rate = found["error_rate", "age: old"]
    assert (rate.value, rate.n) == (line["error rate held back"], line["rows held back"])
    wrong = subject.predicted.labels != subject.test.labels
    n, searched = int(old.sum()), line["rows searched"]
    assert isinstance(searched, int)
    assert rate.n + searched == n
    assert rate.value is not None
    assert rate.value * rate.n + float(line["error rate searched"] or 0) * searched == pytest.approx(wrong[old].sum())
    hits, rest = round(rate.value * rate.n), found["error_rate",].n - rate.n
    misses = round(float(line["error rate of the rest"] or 0) * rest)
    chance = fisher_exact([[hits, rate.n - hits], [misses, rest - misses]], alternative="greater").pvalue
    assert chance * 0.99 < float(line["p-value"] or 0) < chance * 1.01 * len(table.rows)
    shown = next(e for e in evidence(subject) if isinstance(e, Examples))
    ids = {subject.test.ids[k] for k in np.flatnonzero(wrong & old)}
    assert len(shown.items) == 12
    assert shown.total == len(ids)
    assert {item.id for item in shown.items} <= ids
    assert not [e for e in evidence(subject, examples=0) if isinstance(e, Examples)]


def test_a_failure_of_two_conditions_together_is_found() -> None:
    rng = np.random.default_rng(3)
    texts = texts_of(rng, 2400)
    green, sex = np.array(["green" in text for text in texts]), np.arange(2400) % 2 == 0
    subject = failing(rng.random(2400) < np.where(green & sex, 0.5, 0.1), texts, {"sex": list("fm" * 1200)})
    assert "contains 'green' and sex: f" in confirmed(subject)


def test_further_columns_and_lengths_are_searched() -> None:
    rng = np.random.default_rng(4)
    texts = ["tea " * int(k) + str(i) for i, k in enumerate(rng.integers(5, 60, 1500))]
    source = [("phone", "web", None)[k] for k in rng.integers(0, 3, 1500)]
    long, missing = np.array([len(text.split()) > 48 for text in texts]), np.array([s is None for s in source])
    subject = failing(rng.random(1500) < 0.05 + 0.3 * long + 0.3 * missing, texts)
    clerks = [f"{one}@example.org" for one in source]
    found = confirmed(subject := with_columns(subject, clerk=clerks, source=source, id=list(map(str, range(1500)))))
    assert "source: missing" in found
    assert any("words or more" in name for name in found)
    table = next(e for e in evidence(subject) if isinstance(e, Table))
    assert "clerk (its cells hold personal data)" in table.note


def with_columns(subject: Subject, **extra: Sequence[str | None]) -> Subject:
    return replace(subject, splits={**subject.splits, "test": replace(subject.test, extra=extra)})


def test_numbers_are_cut_and_what_cannot_be_searched_is_named() -> None:
    rng = np.random.default_rng(6)
    age, n = rng.integers(18, 90, 1500), 1500
    told = [str(a) if k % 10 else (None, "", "N/A")[k % 3] for k, a in enumerate(age)]
    subject = failing(rng.random(n) < np.where(age >= 65, 0.6, 0.1), texts_of(rng, n))
    searched = with_columns(subject, age=told, pseudonym=[f"p{k % 30}" for k in range(n)])
    assert any(name.startswith("age: ") and name.endswith(" or more") for name in confirmed(searched))
    names = {c.text: c for c in conditions(searched.test, subject.labels, 60, further(searched.test))}
    assert names["age: missing"].members.tolist() == [k % 10 == 0 for k in range(n)]
    above = next(c for name, c in names.items() if name.endswith(" or more") and name.startswith("age"))
    assert above.opposite.endswith(" or missing")
    table = next(e for e in evidence(searched) if isinstance(e, Table))
    assert table.note.endswith("; columns not searched: pseudonym (more than 20 values that are no numbers)")


def test_large_numbers_are_told_in_full_and_signs_are_no_numbers() -> None:
    texts = [f"fox {k}" for k in range(200)]
    times = [str(1_700_000_000_000 + k) for k in range(200)]
    signs = ["*" * (1 + k % 30) for k in range(200)]
    subject = with_columns(failing(np.arange(200) < 9, texts), time=times, rating=signs)
    columns = further(subject.test)
    assert columns.left_out == {"rating": "more than 20 values that are no numbers"}
    told = {c.text for c in conditions(subject.test, subject.labels, 60, columns) if c.text.startswith("time")}
    assert "time: 1700000000040 or more" in told
    assert len(told) == 4


def test_what_people_decided_is_no_slice() -> None:
    rng = np.random.default_rng(7)
    wrong = rng.random(900) < 0.2
    subject = with_columns(failing(wrong, texts_of(rng, 900)), moderator=["01"[k] for k in wrong.astype(int)])
    assert confirmed(subject) == ["moderator: 1"]
    decided = replace(subject.test, decisions={"moderator": wrong.astype(np.int64)})
    told = replace(subject, splits={**subject.splits, "test": decided})
    assert confirmed(told) == []
    table = next(e for e in evidence(told) if isinstance(e, Table))
    assert "moderator (what people decided is no property of a text)" in table.note


def test_errors_without_a_pattern_seldom_make_a_slice() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        groups = {"race": [("a", "b", "c")[k] for k in rng.integers(0, 3, 500)]}
        alarms += bool(confirmed(failing(rng.random(500) < 0.25, texts_of(rng, 500), groups), seed))
    assert alarms <= 4


def test_what_the_search_alone_says_is_too_good_to_be_true() -> None:
    """Errors without a pattern: slices look bad on the half that picked them, and not on the other."""
    searched, held = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        subject, half = failing(rng.random(600) < 0.3, texts_of(rng, 600)), rng.random(600) < 0.5
        wrong = subject.predicted.labels != subject.test.labels
        for one in search(conditions(subject.test, ("0", "1"), 60, further(subject.test)), wrong, half, 30, 1.0).slices:
            for rows, excess in ((half, searched), (~half, held)):
                excess.append(wrong[one.members & rows].mean() - wrong[~one.members & rows].mean())
    assert np.mean(searched) > 0.04
    assert abs(np.mean(held)) < 0.02


def test_equal_texts_share_a_half() -> None:
    """A text that stands ten times, always wrong, must not confirm itself."""
    rng = np.random.default_rng(2)
    texts = [*texts_of(rng, 600), *(["Mr  Unlucky sat down", "mr unlucky SAT down"] * 40)]
    wrong = np.concatenate([rng.random(600) < 0.1, np.ones(80, dtype=bool)])
    names = [name for seed in range(6) for name in confirmed(failing(wrong, texts), seed)]
    assert not [name for name in names if any(word in name for word in ("mr", "unlucky", "sat", "down"))]


def test_overlapping_slices_are_one_finding() -> None:
    rng = np.random.default_rng(5)
    texts = texts_of(rng, 1200)
    groups = {"a": ["x" if k % 4 == 0 else "y" for k in range(1200)]}
    groups["b"] = ["x" if k % 4 == 0 and k % 100 else "y" for k in range(1200)]
    wrong = rng.random(1200) < np.where(np.arange(1200) % 4 == 0, 0.5, 0.1)
    assert len([name for name in confirmed(failing(wrong, texts, groups)) if name.endswith(": x")]) == 1


def test_p_values_and_intervals_are_the_textbooks() -> None:
    rng = np.random.default_rng(0)
    members, wrong, rows = (rng.random(200) < share for share in (0.3, 0.2, 0.8))
    one = Slice(((Condition("x", "not x", members), True),))
    table = [[(a & b & rows).sum() for b in (wrong, ~wrong)] for a in (members, ~members)]
    assert chances([one], wrong, rows)[0] == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
    p_values = rng.random(9) ** 3
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    value, interval = newcombe(np.array([30, 20]), np.array([80, 120]))
    assert value == pytest.approx(30 / 80 - 20 / 120)
    assert (interval.low, interval.high) == pytest.approx(confint_proportions_2indep(30, 80, 20, 120, method="newcomb"))


def test_a_conjunction_must_beat_each_of_its_parts() -> None:
    rng = np.random.default_rng(1)
    bad, idle = rng.random(1000) < 0.5, rng.random(1000) < 0.5
    wrong = rng.random(1000) < np.where(bad, 0.5, 0.1)
    parts = [(Condition("bad", "", bad), True), (Condition("idle", "", idle), True)]
    alone, both = chances([Slice((parts[0],)), Slice(tuple(parts))], wrong, np.ones(1000, dtype=bool))
    assert alone < 1e-10
    assert both > 0.01


def test_chinese_words_are_conditions() -> None:
    texts = [f"{('我们', '我的', '你们')[k % 3]}喝茶 {k}" for k in range(120)]
    subject = failing(np.arange(120) % 3 == 0, texts)
    names = {condition.text for condition in conditions(subject.test, subject.labels, 20, further(subject.test))}
    assert {"contains '我们'", "contains '我'", "contains '们'"} <= names


def test_conditions_do_not_depend_on_the_names_of_groups() -> None:
    subject = failing(np.arange(90) % 3 == 0, texts_of(np.random.default_rng(0), 90), {"g": list("abc" * 30)})
    other = failing(np.arange(90) % 3 == 0, subject.test.texts, {"g": list("zyx" * 30)})
    first, second = (conditions(s.test, s.labels, 10, further(s.test)) for s in (subject, other))
    assert [c.members.tobytes() for c in first] == [c.members.tobytes() for c in second]
    assert len(take(subject.test, np.arange(5))) == 5


def test_too_few_rows_and_no_errors_are_told_apart() -> None:
    texts = texts_of(np.random.default_rng(0), 400)
    few = findings(failing(np.ones(20, dtype=bool), texts[:20]))["slices_confirmed",]
    assert few.value is None
    assert few.note.startswith("not searched: a slice needs 30 rows")
    right = findings(failing(np.zeros(400, dtype=bool), texts))
    assert right["slices_confirmed",].value == 0
    assert right["error_rate",].value == 0
    assert right["error_rate_over_rest",].note == "no slice was confirmed"
