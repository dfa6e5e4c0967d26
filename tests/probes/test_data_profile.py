"""The data profile: a table small enough to count by hand, planted repeats and leaks, and scikit-learn's cosine."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from audit.types import Evidence, Finding, Split, Subject, Table
from probes._text import nearly_in, normalised
from probes.data_profile import data_profile
from tests.subjects import group_column, make_split, make_subject, texts_of

TEXTS = ["One  day", "one day ", "another day", "", " \t", "ONE DAY", "a cat sat", "a cat sat", "the end", "fin"]
LABELS = [0, 1, 0, 1, 0, 0, 1, 1, 0, 0]
GROUPS = ["a", "a", "a", "a", "a", "a", "a", "b", "b", None]


def evidence(subject: Subject, **params: float) -> list[Evidence]:
    return list(data_profile.run(subject, data_profile.params(**params), np.random.default_rng([7, 7])))


def findings(subject: Subject, **params: float) -> dict[tuple[str, ...], Finding]:
    """By metric without the probe's id, then the values of the slice."""
    found = [e for e in evidence(subject, **params) if isinstance(e, Finding)]
    return {(f.metric.removeprefix("data.profile."), *f.slice.values()): f for f in found}


def small() -> Subject:
    subject = make_subject(10, labels=np.array(LABELS), texts=TEXTS, groups={"group": GROUPS})
    return replace(subject, max_tokens=2)


def of_texts(test: list[str], train: list[str]) -> Subject:
    rows = np.zeros(len(train), dtype=np.int64)
    return make_subject(len(test), texts=test, train=make_split("train", rows, [], train))


def without(subject: Subject, split: str) -> Subject:
    return replace(subject, splits={name: s for name, s in subject.splits.items() if name != split})


def test_counts_are_those_counted_by_hand() -> None:
    found = findings(small())
    expected = {
        "rows": 10,
        "base_rate": 0.4,
        "missing_texts": 2,
        "duplicates": 3,  # "one day" twice more, "a cat sat" once more
        "contradictory_duplicates": 3,  # "one day" with 0, 1, 0
        "characters_median": np.median([len(text) for text in TEXTS]),
        "characters_p95": np.quantile([len(text) for text in TEXTS], 0.95),
        "tokens_median": np.median([len(text.split()) for text in TEXTS]),
        "tokens_p95": 3,
        "truncation_rate": 0.2,  # three words, and the model reads two
    }
    assert {name: found[(name, "test")].value for name in expected} == pytest.approx(expected)
    assert found[("unknown_group_rate", "test", "*")].value == 0.1
    assert found[("base_rate", "test", "a")].value == pytest.approx(3 / 7)
    assert found[("truncation_rate", "test", "a")].value == pytest.approx(1 / 7)
    for key, finding in found.items():
        assert finding.interval or finding.note.startswith(("Exact", "suppressed", "Not measured")), key


def test_shares_have_wilson_intervals() -> None:
    interval = findings(small())[("base_rate", "test", "a")].interval
    expected = binomtest(3, 7).proportion_ci(method="wilson")
    assert interval
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_groups_of_a_few_rows_are_not_described() -> None:
    subject = small()
    found = findings(subject)
    for key in (("base_rate", "test", "b"), ("truncation_rate", "test", "unknown")):
        assert found[key].value is None
        assert found[key].note == "suppressed: fewer than 5 rows"
    table = next(e for e in evidence(subject) if isinstance(e, Table) and e.name == "data.profile.groups")
    assert table.rows == (("a", 7, 0.7, pytest.approx(3 / 7)), ("b", 2, 0.2, None), ("unknown", 1, 0.1, None))
    assert table.note.endswith("b, unknown")


def test_classes_are_counted_in_every_split() -> None:
    subject = small()
    table = next(e for e in evidence(subject) if isinstance(e, Table) and e.name == "data.profile.classes")
    validation = subject.splits["validation"].labels
    expected = [("test", "0", 6, 0.6), ("test", "1", 4, 0.4)]
    expected += [("validation", str(k), (validation == k).sum(), (validation == k).mean()) for k in (0, 1)]
    assert list(table.rows) == expected


def test_leaks_between_splits_are_found() -> None:
    clean = list(texts_of(np.random.default_rng(1), 60))
    kept = [f"{text} {i}" for i, text in enumerate(texts_of(np.random.default_rng(2), 60))]
    leaking = [clean[0].upper(), clean[1].replace(" ", "  "), clean[2] + "s", *kept[3:]]
    found = findings(of_texts(leaking, clean))
    assert found[("overlap", "test", "train")].value == 2
    near = found[("near_duplicate_rate", "test", "train")]
    assert near.n == 60
    assert near.value == pytest.approx(3 / 60)  # the copies and the one with a letter more
    assert findings(of_texts(kept, clean))[("near_duplicate_rate", "test", "train")].value == 0
    for split, key in (("train", ("test", "train")), ("validation", ("test", "validation"))):
        lacking = findings(without(of_texts(leaking, clean), split))[("overlap", *key)]
        assert (lacking.value, lacking.note) == (None, f"Not measured: there is no {split} split.")


def test_near_duplicates_agree_with_the_cosine_of_all_pairs() -> None:
    rng = np.random.default_rng(3)
    others = [normalised(text) for text in texts_of(rng, 300)]
    texts = [text[: rng.integers(5, len(text))] for text in others[:280]]
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4)).fit(others)
    nearest = cosine_similarity(vectoriser.transform(texts), vectoriser.transform(others)).max(axis=1)
    hits = nearly_in(texts, others, 0.9)
    assert 20 < hits.sum() < 260
    assert np.array_equal(hits, nearest >= 0.9)


def test_a_sample_stands_for_many_rows_whatever_their_order() -> None:
    clean = list(texts_of(np.random.default_rng(1), 80))
    half = clean[:40] + list(texts_of(np.random.default_rng(9), 80))[40:]
    key = ("near_duplicate_rate", "test", "train")
    drawn = findings(of_texts(half, clean), near_duplicate_rows=30)[key]
    assert drawn.n == 30
    assert drawn.interval
    assert drawn.interval.low < 0.5 < drawn.interval.high
    assert "A sample of 30 rows" in drawn.note
    assert findings(of_texts(half[::-1], clean), near_duplicate_rows=30)[key] == drawn


def test_blank_texts_and_empty_splits_are_no_obstacle() -> None:
    blank = findings(of_texts([" "] * 6, [*["words"] * 5, ""]))
    assert blank[("missing_texts", "test")].value == 6
    assert blank[("duplicates", "test")].value == 0
    assert blank[("overlap", "test", "train")].value == 0
    assert blank[("near_duplicate_rate", "test", "train")].value is None
    none = Split("train", (), (), np.array([], dtype=np.int64), (group_column("sex", []),), "x")
    subject = make_subject(40)
    empty = findings(replace(subject, splits={**subject.splits, "train": none}))
    assert empty[("rows", "train")].value == 0
    assert empty[("near_duplicate_rate", "test", "train")].value is None


def test_without_a_tokeniser_truncation_is_not_measured() -> None:
    found = findings(replace(small(), token_counts=None))
    assert found[("truncation_rate", "test")].value is None
    assert "tokens" in found[("tokens_median", "test")].note
