"""Data quality: tables small enough to count by hand, planted faults, and independent implementations."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity

from audit.errors import DataError
from audit.types import Evidence, Examples, Finding, Floats, GroupColumn, Split, Subject, Table
from probes._quality.doubts import doubt
from probes._quality.drift import by_length, stability, told_apart
from probes._quality.learn import above_guessing, folds_of, out_of_fold
from probes._quality.likeness import likeness, near_pairs
from probes._quality.rows import says_nothing
from probes._text import normalised
from probes.data_quality import data_quality
from tests.subjects import WORDS, draw_labels, draw_scores, group_column, make_split, make_subject, texts_of

LONG = "the quick brown fox jumps over the lazy dog while seven wizards boil green tea in the garden"
OTHER = "an entirely different sentence about nothing in particular, of much the same length as others"


def evidence(subject: Subject, **params: object) -> list[Evidence]:
    return list(data_quality.run(subject, data_quality.params(**params), np.random.default_rng([7, 7])))


def findings(subject: Subject, **params: object) -> dict[tuple[str, ...], Finding]:
    """By metric without the probe's id, then the values of the slice."""
    found = [e for e in evidence(subject, **params) if isinstance(e, Finding)]
    return {(f.metric.removeprefix("data.quality."), *f.slice.values()): f for f in found}


def topical(rng: np.random.Generator, labels: np.ndarray) -> list[str]:
    """Return texts whose words give the label away more often than not."""
    return [
        " ".join(rng.choice(WORDS[:9] if label else WORDS[6:], size=8)) + f" {rng.integers(99)}" for label in labels
    ]


# --- repeats ------------------------------------------------------------------------------


@pytest.mark.parametrize("similarity", [0.3, 0.8, 0.9, 1.0])
def test_no_near_duplicate_is_missed(similarity: float) -> None:
    rng = np.random.default_rng(3)
    whole = [normalised(text) for text in texts_of(rng, 150)]
    texts = sorted({*whole, *(text[: rng.integers(5, len(text) + 1)] for text in whole), "a", "?!", "b " * 2000})
    cosine = cosine_similarity(TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4)).fit_transform(texts))
    expected = np.argwhere(np.triu(cosine >= similarity - 1e-5, k=1))
    found = near_pairs(texts, similarity)
    assert len(found) == len({tuple(pair) for pair in found})
    assert {tuple(pair) for pair in found} == {tuple(pair) for pair in expected}
    assert len(found) > 0 or similarity == 1


def test_repeats_are_those_counted_by_hand() -> None:
    texts = [LONG, LONG.upper(), LONG + "s", OTHER, OTHER + " ", "short", "", "n/a"]
    subject = make_subject(8, texts=texts, labels=np.array([0, 0, 1, 1, 0, 1, 1, 0]), groups={})
    found = findings(subject)
    near, against = found["near_duplicate_rate", "test"], found["contradiction_rate", "test"]
    assert (near.value, near.n, near.note) == (3 / 7, 7, "1 clusters, the largest of 3 rows")
    assert against.value == 5 / 7  # all of LONG by near-duplicates of another label, both of OTHER by equal text
    assert found["placeholder_rate", "test"].value == 2 / 8
    shown = next(e for e in evidence(subject) if isinstance(e, Examples) and e.name.endswith("contradictions"))
    assert shown.total == 3
    assert {item.change.split(" text")[0] for item in shown.items} == {"nearly the same", "the same"}
    for item in shown.items:
        assert item.change.endswith("1" if item.label == "0" else "0")


def test_a_chain_of_near_duplicates_is_one_cluster() -> None:
    steps = [LONG, LONG + " now", LONG + " now and then", OTHER, OTHER + "!"]
    like = likeness(steps, np.zeros(5, dtype=np.int64), 0.9)
    assert like.clusters().tolist() == [3, 2]
    assert not like.contradicted.any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.integers(0, 2)), min_size=1, max_size=12))
def test_any_texts_can_be_compared(rows: list[tuple[str, int]]) -> None:
    texts, labels = [text for text, _ in rows], np.array([label for _, label in rows])
    like = likeness(texts, labels, 0.9)
    for row in np.flatnonzero(like.contradicted):
        assert labels[like.witness(int(row))] != labels[row]
    for one, text in enumerate(texts):
        same = [k for k, other in enumerate(texts) if normalised(other) == normalised(text) != ""]
        assert like.contradicted[one] or len({int(labels[k]) for k in same}) < 2
    says_nothing(texts)


@pytest.mark.parametrize(
    "text", ["", " \t", "N/A", "[deleted]", "...", "“None.”", "#REF!", "lorem ipsum dolor", "测试"]
)
def test_some_texts_stand_in_for_missing_ones(text: str) -> None:
    assert says_nothing([text]).all()


def test_the_group_whose_texts_are_missing_is_named() -> None:
    groups = {"sex": list("fm" * 100)}
    texts = ["[removed]" if k % 2 and k % 3 == 0 else text for k, text in enumerate(make_subject(200).test.texts)]
    found = findings(make_subject(200, texts=texts, groups=groups))
    assert [found["placeholder_rate", "test", sex].value for sex in "fm"] == [0, 0.33]
    gap = found["placeholder_rate_difference", "test", "*"]
    assert gap.interval
    assert gap.interval.low > 0.1
    assert gap.note.startswith("highest: m")


@pytest.mark.parametrize("text", ["😀", "none of it is true", "no", "nan bread", "好", "7", "tested"])
def test_short_texts_may_say_something(text: str) -> None:
    assert not says_nothing([text]).any()


# --- labels -------------------------------------------------------------------------------


def test_a_confident_other_class_casts_doubt() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    second = np.array([0.1, 0.2, 0.1, 0.9, 0.8, 0.9, 0.7, 0.2])  # thresholds: 0.675 for class 0, 0.65 for class 1
    found = doubt(labels, np.column_stack([1 - second, second]))
    assert np.flatnonzero(found.wrong).tolist() == [3, 7]
    assert found.worst.tolist() == [3, 7]
    assert found.counts().tolist() == [[3, 1], [1, 3]]


def test_doubts_agree_with_cleanlab() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        find_label_issues = pytest.importorskip("cleanlab.filter").find_label_issues
    for classes, tolerated in ((2, 0), (3, 0.01)):  # of several confident classes cleanlab may take one that is not
        rng = np.random.default_rng(classes)
        scores = draw_scores(rng, 800, classes)
        labels = draw_labels(rng, scores)
        ours, theirs = doubt(labels, scores).wrong, find_label_issues(labels, scores, filter_by="confident_learning")
        assert ours.sum() > 30
        assert (ours != theirs).mean() <= tolerated


def test_a_group_without_rows_is_not_blamed_on_the_model_of_words() -> None:
    subject = make_subject(60, groups={"sex": ["f"] * 60})
    sex = GroupColumn("sex", ("f", "x"), np.array([[True, False]] * 60))
    found = findings(replace(subject, splits={**subject.splits, "test": replace(subject.test, groups=(sex,))}))
    for name in ("label_error_rate", "placeholder_rate"):
        assert found[name, "test", "x"].note == "undefined: the group has no rows"


def test_flipped_labels_are_found_and_the_group_is_named() -> None:
    rng = np.random.default_rng(0)
    truth, groups = np.arange(1200) % 2, np.array(["a", "b", "c"])[np.arange(1200) // 2 % 3]
    scores = np.eye(2)[truth] * 0.7 + 0.15 + rng.normal(0, 0.05, 1200)[:, None] * [1, -1]
    flipped = (groups == "b") & (rng.random(1200) < 0.2)
    labels = np.where(flipped, 1 - truth, truth)
    train = make_split("train", labels, [], topical(rng, truth))
    subject = make_subject(1200, labels=labels, scores=scores, groups={"g": list(groups)}, train=train)
    found = findings(subject)
    rate = found["label_error_rate", "test"].value
    assert rate is not None
    assert 0.8 * flipped.mean() < rate <= flipped.mean()
    gap = found["label_error_rate_difference", "test", "*"]
    assert gap.interval
    assert gap.interval.low > 0.1
    assert gap.note.startswith("highest: b")
    shown = [e for e in evidence(subject) if isinstance(e, Examples)]
    wrong = {subject.test.ids[k] for k in np.flatnonzero(flipped)}
    assert {item.id for e in shown for item in e.items if e.slice == {"split": "test"}} <= wrong
    assert 0 < sum(len(e.items) for e in shown) <= 12
    assert not [e for e in evidence(subject, examples=0) if isinstance(e, Examples)]
    table = next(e for e in evidence(subject) if isinstance(e, Table) and e.slice == {"split": "test"})
    assert sum(int(row[2] or 0) for row in table.rows) == round(rate * 1200)
    caught = doubt(labels, out_of_fold(train.texts, labels, 2)).wrong
    assert caught[flipped].mean() > 0.6
    assert caught[~flipped].mean() < 0.2


def test_shuffled_labels_are_called_unlearned() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(900) < 0.2).astype(np.int64)
    texts = topical(rng, labels)
    for given_labels, learned in ((labels, True), (rng.permutation(labels), False)):
        found = findings(make_subject(80, train=make_split("train", given_labels, [], texts)))["learnability", "train"]
        assert found.interval
        assert (found.interval.low > 0) == learned
        assert found.note.startswith("unlearned") != learned


def test_learnability_is_balanced_accuracy_above_guessing() -> None:
    rng = np.random.default_rng(2)
    scores = draw_scores(rng, 500, 3)
    labels = draw_labels(rng, scores)
    value, interval = above_guessing(labels, scores)
    weighed = (scores / np.bincount(labels)).argmax(axis=1)
    assert value == pytest.approx(balanced_accuracy_score(labels, weighed) - 1 / 3)
    assert interval.low < value < interval.high
    always = np.tile([0.9, 0.06, 0.04], (500, 1))
    assert above_guessing(labels, always)[0] == pytest.approx(0)


def test_no_text_is_asked_about_that_was_taught() -> None:
    """Labels without any pattern, but every text stands twice: only a leak could tell them."""
    rng = np.random.default_rng(5)
    labels = np.tile(rng.integers(0, 2, 300), 2)
    texts = [f"{text} {k % 300} {k % 300}a" for k, text in enumerate(texts_of(rng, 300) * 2)]
    assert len(set(folds_of(texts))) == 5
    learned = out_of_fold(texts, labels, 2)
    assert learned is not None
    assert 0.35 < (learned.argmax(axis=1) == labels).mean() < 0.62


# --- drift --------------------------------------------------------------------------------


def test_the_stability_index_is_the_textbooks() -> None:
    counts, reference = np.array([300, 200, 500]), np.array([1000, 1000, 2000])
    p, q = (counts + 0.5) / 1001.5, (reference + 0.5) / 4001.5
    found = stability(counts, reference)
    assert found
    assert found.value == pytest.approx(((p - q) * np.log(p / q)).sum())
    assert found.null.p_value < 0.01
    assert stability(counts[[2, 0, 1]], reference[[2, 0, 1]]) == found
    assert stability(counts, np.zeros(3, dtype=np.int64)) is None
    lucky = stability(counts, counts)
    assert lucky
    assert lucky.value == 0
    assert lucky.interval.high > 0.005


@pytest.mark.parametrize("shares", [[0.1] * 10, [0.3, 0.2] + [0.0625] * 8])
def test_the_interval_of_a_shift_covers_it(shares: list[float]) -> None:
    rng, alike = np.random.default_rng(0), np.full(10, 0.1)
    truth = float(((np.array(shares) - alike) * np.log(np.array(shares) / alike)).sum())
    drawn = [stability(rng.multinomial(500, shares), rng.multinomial(2000, alike)) for _ in range(150)]
    covered = [found.interval.low <= truth <= found.interval.high for found in drawn if found]
    assert np.mean(covered) > 0.9
    if truth == 0:
        assert np.mean([found.null.p_value < 0.05 for found in drawn if found]) < 0.1


def test_lengths_are_binned_by_tenths_of_the_reference() -> None:
    others = ["x" * k for k in range(1, 101)]
    assert by_length(others, others)[1].tolist() == [10] * 10
    assert by_length(["x" * 500], others)[0].tolist() == [0] * 9 + [1]
    assert by_length(["x"], ["y"] * 5)[0].sum() == 1


def test_tables_of_other_words_are_told_apart_and_alike_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    apart = told_apart(topical(rng, np.ones(200)), topical(rng, np.zeros(200)), rng)
    assert apart
    assert apart.value > 0.9
    assert apart.null.p_value < 0.01
    quiet = 0
    for _ in range(20):
        found = told_apart(topical(rng, np.ones(150)), topical(rng, np.ones(150)), rng)
        assert found
        quiet += found.null.p_value >= 0.05
        assert found.interval.low <= found.value <= found.interval.high
    assert quiet >= 16


def test_drift_of_labels_groups_and_lengths_is_measured() -> None:
    rng = np.random.default_rng(4)
    train = make_split("train", np.arange(600) % 2, [group_column("sex", ["f", "m"] * 300)], texts_of(rng, 600))
    labels = (np.arange(600) % 4 == 0).astype(np.int64)
    skewed = make_subject(600, labels=labels, groups={"sex": ["f", "f", "m"] * 200}, train=train)
    moved = findings(skewed)
    assert moved["label_shift", "test", "train"].value == pytest.approx(0.25 * np.log(3), abs=0.01)
    assert moved["group_shift", "test", "train", "*"].value == pytest.approx(1 / 6 * np.log(2), abs=0.01)
    for name in ("length_shift", "domain_auc"):
        null = moved[name, "test", "train"].null
        assert null
        assert null.p_value > 0.01
    still = findings(make_subject(600, labels=np.arange(600) % 2, groups={"sex": ["f", "m"] * 300}, train=train))
    assert still["label_shift", "test", "train"].value == 0
    assert still["group_shift", "test", "train", "*"].value == 0
    alone = findings(make_subject(100))
    for key in [key for key in alone if key[0] in ("domain_auc", "length_shift", "label_shift", "group_shift")]:
        assert (alone[key].value, alone[key].note) == (
            None,
            "not measured: there is no train split; name its table in [data] train",
        )


def test_new_data_are_compared_with_the_test_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [f"{text} and much else besides, in another voice" for text in texts_of(rng, 300)]
    lines = [json.dumps({"comment": text}) for text in texts]
    (tmp_path / "new.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "empty.csv").write_text("text\n", encoding="utf-8")
    subject = replace(make_subject(300), folder=tmp_path)
    found = findings(subject, new_data="new.jsonl", text="comment")
    area, length = found["domain_auc", "new", "test"].value, found["length_shift", "new", "test"].value
    assert area is not None
    assert area > 0.95
    assert length is not None
    assert length > 1
    with pytest.raises(DataError, match=r"no column 'coment'. Did you mean 'comment'\? Name it with the key text."):
        findings(subject, new_data="new.jsonl", text="coment")
    with pytest.raises(DataError, match="is empty"):
        findings(subject, new_data="empty.csv")


def by_wizards(batch: Sequence[str]) -> Floats:
    """Return a model that is sure of class 1 where a text has wizards, and less sure of class 0 elsewhere."""
    return np.array([[0.1, 0.9] if "wizards" in text else [0.6, 0.4] for text in batch])


def new_table(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_new_data_may_shift_in_classes_groups_and_predictions(tmp_path: Path) -> None:
    old = ["wizards meet"] * 100 + ["nobody came"] * 300
    texts, labels = [f"{text} {k}" for k, text in enumerate(old)], np.arange(400) % 2
    groups = {"sex": ["f", "m"] * 200}
    subject = make_subject(400, labels=labels, scores=by_wizards(texts), texts=texts, groups=groups, score=by_wizards)
    subject = replace(subject, folder=tmp_path)
    rows: list[dict[str, object]] = [
        {"text": f"{'wizards met' if k % 2 else 'they came'} {k}", "label": k % 4 and 1, "sex": ["f|m", "f"][k % 2]}
        for k in range(200)
    ]
    rows += [{"text": f"they came again {k}", "label": label, "sex": " Unknown"} for k, label in enumerate((None, "2"))]
    new_table(tmp_path / "new.jsonl", rows)
    found = findings(subject, new_data="new.jsonl", delimiter="|")
    shares = {key: found["predicted_share", *key] for key in (("new", "1"), ("test", "1"))}
    assert [(f.value, f.n) for f in shares.values()] == [(100 / 202, 202), (0.25, 400)]
    by_hand = {
        ("prediction_shift", "new", "test"): ([102, 100], [300, 100]),
        ("label_shift", "new", "test"): ([50, 150, 1], [200, 200, 0]),
        ("group_shift", "new", "test", "*"): ([200, 100, 2], [200, 200, 0]),
    }
    for key, (ours, theirs) in by_hand.items():
        expected = stability(np.array(ours), np.array(theirs))
        assert expected
        assert (found[key].value, found[key].n) == (pytest.approx(expected.value), expected.n), key
    assert found["label_shift", "new", "test"].note.startswith(
        "rows of classes that the model does not know: 1, of '2'; customary marks"
    )
    secret = [{"text": f"words {k}", "label": f"{k % 5}.jane@example.com"} for k in range(50)]
    new_table(tmp_path / "secret.jsonl", secret)
    told = findings(subject, new_data="secret.jsonl")["label_shift", "new", "test"].note
    assert "know: 50, of '0***@e***.com', '1***@e***.com', '2***@e***.com' and 2 more; customary" in told
    change = found["confidence_change", "new", "test"]
    assert change.value == pytest.approx((100 * 0.9 + 102 * 0.6) / 202 - (100 * 0.9 + 300 * 0.6) / 400)
    assert change.interval
    assert 0 < change.interval.low < change.value < change.interval.high


def test_what_new_data_lack_is_said(tmp_path: Path) -> None:
    new_table(tmp_path / "new.jsonl", [{"text": text} for text in texts_of(np.random.default_rng(0), 60)])
    told = evidence(replace(make_subject(60, with_scores=False), folder=tmp_path), new_data="new.jsonl")
    absent = [f for f in told if isinstance(f, Finding) and f.value is None and f.slice["split"] == "new"]
    notes = {(f.metric[13:], *list(f.slice)[2:]): f.note for f in absent}
    assert "parameter label" in notes["label_shift",]
    assert "no column 'sex'" in notes["group_shift", "sex"]
    for name in ("prediction_shift", "predicted_share", "confidence_change"):
        assert "takes the model itself" in notes[name,]


def test_the_order_of_new_rows_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [{"text": f"word {rng.integers(2)}", "label": str(rng.integers(2)), "sex": "fm"[k % 2]} for k in range(90)]
    subject = replace(make_subject(90), folder=tmp_path)
    new_table(tmp_path / "a.jsonl", rows)
    new_table(tmp_path / "b.jsonl", rows[::-1])
    assert findings(subject, new_data="a.jsonl", rows=50) == findings(subject, new_data="b.jsonl", rows=50)


def test_without_scores_a_simple_model_judges_the_test_split() -> None:
    rng = np.random.default_rng(6)
    labels = np.arange(400) % 2
    subject = make_subject(400, labels=labels, texts=topical(rng, labels), with_scores=False, groups={})
    found = findings(subject)["label_error_rate", "test"]
    assert found.value is not None
    assert "a simple model of words" in found.note
    assert found.value < 0.5


@pytest.mark.parametrize(
    "texts", [[""] * 60, ["..."] * 60, ["word"] * 60, ["x" * 50_000, *texts_of(np.random.default_rng(0), 59)]]
)
def test_texts_without_words_and_endless_ones_are_no_obstacle(texts: list[str]) -> None:
    found = findings(
        make_subject(60, texts=texts, labels=np.arange(60) % 2, train=make_split("train", np.arange(60) % 2, [], texts))
    )
    assert found["placeholder_rate", "test"].n == 60
    empty = Split("train", (), (), np.array([], dtype=np.int64), (), "x")
    subject = make_subject(60, texts=texts)
    assert findings(replace(subject, splits={**subject.splits, "train": empty}))
