"""Behavioural suites: read right, judged right, and able to name what a rigged model gets wrong."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from statsmodels.stats.proportion import proportion_confint

from audit.errors import AuditError, ConfigError, DataError
from audit.registry import Skip
from audit.run import run_probe
from audit.types import Evidence, Examples, Finding, Floats, Subject, Table
from probes._suites.cases import Case, Suite
from probes._suites.judge import answers
from probes._suites.labels import kind_of, match
from probes._suites.own import own_suite
from probes._suites.read import read_suite
from probes.behaviour_suite import Params, behaviour_suite
from tests.subjects import make_subject

LABELS = {"moderation": ("acceptable", "abusive"), "sentiment": ("negative", "neutral", "positive")}
CHINESE = ["我们今天去公园散步。", "天气很好。"]
OURS = [(kind, language) for kind in ("moderation", "sentiment") for language in ("en", "zh")]
ours = pytest.mark.parametrize(("kind", "language"), OURS)

Answer = Callable[[str], str]


def oracle(suite: Suite) -> Answer:
    """Return a model that knows every answer."""
    known = {case.text: case.expected[0] for case in suite.cases if case.expected}
    for case in suite.cases:
        known |= {other: known.get(case.text, "") for other in case.others}
    return lambda text: known.get(text, "")


def subject_of(labels: Sequence[str], answer: Answer, folder: Path = Path(), chinese: bool = False) -> Subject:
    def score(texts: Sequence[str]) -> Floats:
        found = [list(labels).index(label) if (label := answer(text)) in labels else 0 for text in texts]
        return np.where(np.eye(len(labels))[found] == 1, 0.9, 0.1 / (len(labels) - 1))

    texts = CHINESE if chinese else ["a walk in the park", "fine weather"]
    subject = make_subject(2, len(labels), groups={}, texts=texts, score=score)
    return replace(subject, labels=tuple(labels), folder=folder)


def measured(subject: Subject, seed: int = 1, **params: Any) -> tuple[Evidence, ...]:
    return tuple(behaviour_suite.run(subject, Params(**params), np.random.default_rng(seed)))


def numbers(evidence: Sequence[Evidence]) -> dict[tuple[str, ...], Finding]:
    """Return findings by metric and slice."""
    return {
        (f.metric.removeprefix("behaviour.suite."), *f.slice.values()): f for f in evidence if isinstance(f, Finding)
    }


def failures(evidence: Sequence[Evidence]) -> Examples:
    return next(e for e in evidence if isinstance(e, Examples))


# --- our suites ---------------------------------------------------------------------------


@ours
def test_our_suites_are_whole(kind: Any, language: Any) -> None:
    suite = own_suite(kind, language)
    assert len({(case.text, case.others) for case in suite.cases}) == len(suite.cases) >= (100, 60)[language == "zh"]
    assert len({case.id for case in suite.cases}) == len(suite.cases)
    assert set(LABELS[kind]) == {label for case in suite.cases for label in case.expected}
    assert min(Counter(case.capability for case in suite.cases).values()) >= 10
    grouped = [case for case in suite.cases if case.group]
    for asked in {case.expected for case in grouped}:
        groups = Counter(case.group for case in grouped if case.expected == asked)
        assert len(groups) == 8
        assert len(set(groups.values())) == 1
        assert min(groups.values()) >= 10


@ours
def test_a_model_that_knows_every_answer_passes(kind: Any, language: Any) -> None:
    subject = subject_of(LABELS[kind], oracle(own_suite(kind, language)), chinese=language == "zh")
    evidence = measured(subject)
    found = numbers(evidence)
    rates = [f.value for key, f in found.items() if key[0].endswith("pass_rate")]
    assert rates == [1.0] * len(rates)
    assert found["pass_rate_difference", "*"].value == 0
    assert failures(evidence).total == 0
    assert language in next(e for e in evidence if isinstance(e, Table)).note


def test_a_model_deaf_to_negation_is_told_so() -> None:
    knows = oracle(own_suite("sentiment", "en"))
    turned = {"negative": "positive", "positive": "negative", "neutral": "negative"}
    negations = (" not ", "n't ", " no ", "nothing ", "nobody ", "never ")

    def deaf(text: str) -> str:
        label = knows(text)
        return turned[label] if label and any(word in text.lower() for word in negations) else label

    evidence = measured(subject_of(LABELS["sentiment"], deaf))
    worst = numbers(evidence)["worst_capability_pass_rate",]
    assert worst.note.startswith("worst of 12: negation, 0 of 14")
    assert worst.value == 0
    table = next(e for e in evidence if isinstance(e, Table))
    assert table.rows[0][0] == "negation"
    assert [row[3] for row in table.rows] == sorted(row[3] for row in table.rows)  # type: ignore[type-var]
    first = failures(evidence).items[0]
    assert (first.change.split(":")[0], first.label == first.predicted_before) == ("negation", False)


def test_a_model_that_keys_on_one_group_is_found_although_the_errors_cancel() -> None:
    keyed = lambda text: "abusive" if "muslim" in text.lower() else "acceptable"  # noqa: E731
    found = numbers(measured(subject_of(LABELS["moderation"], keyed)))
    alarms = found["pass_rate_difference", "acceptable", "*"]
    assert alarms.value == 1
    assert alarms.interval is not None
    assert alarms.interval.low > 0.5
    assert alarms.note.endswith("lowest: Muslims 0.000")
    assert found["pass_rate_difference", "*"].value < 0.1  # type: ignore[operator]


def test_independent_cases_have_wilsons_interval_and_copies_that_of_their_templates() -> None:
    found = numbers(measured(subject_of(LABELS["moderation"], lambda _: "acceptable")))
    for capability, rate, templates in (
        ("abuse of things", 1, 12),
        ("profanity without abuse", 1, 12),
        ("threat", 0, 4),
    ):
        finding = found["pass_rate", capability]
        low, high = proportion_confint(rate * templates, templates, method="wilson")
        assert (finding.value, finding.n) == (rate, 32 if templates == 4 else 12)
        assert finding.interval is not None
        assert (finding.interval.low, finding.interval.high) == pytest.approx((low, high)), capability


def test_a_suite_that_names_no_templates_says_that_its_cases_are_taken_for_independent(tmp_path: Path) -> None:
    rows = [f"text {k},yes,t{k % 3}\n" for k in range(30)]
    for header, said in (("text,expected,template\n", False), ("text,expected,other\n", True)):
        (tmp_path / "a.csv").write_text(header + "".join(rows), encoding="utf-8")
        evidence = measured(subject_of(("yes", "no"), lambda _: "yes", tmp_path), file="a.csv")
        assert ("independent" in next(e for e in evidence if isinstance(e, Table)).note) == said
        rate = numbers(evidence)["pass_rate",]
        assert rate.interval is not None
        assert rate.interval.low == pytest.approx(proportion_confint(*(30, 30) if said else (3, 3), method="wilson")[0])


def test_the_interval_of_the_worst_capability_holds_for_all_at_once() -> None:
    found = numbers(
        measured(subject_of(LABELS["moderation"], lambda text: "abusive" if len(text) % 3 else "acceptable"))
    )
    worst, rates = found["worst_capability_pass_rate",], [f for f in found.values() if "capability" in f.slice]
    alone = [f for f in rates if f.interval and f.interval.method == "Wilson"]
    alpha = 1 - 0.95 ** (1 / len(rates))
    limits = [proportion_confint(round((f.value or 0) * f.n), f.n, alpha, method="wilson") for f in alone]
    assert worst.value == min(f.value or 0 for f in rates)
    assert worst.interval is not None
    assert worst.interval.low <= min(low for low, _ in limits)
    assert worst.interval.high <= min(high for _, high in limits) + 1e-9
    assert len(alone) < len(rates)


def test_abuse_in_disguise_must_be_called_abuse(tmp_path: Path) -> None:
    blind = numbers(measured(subject_of(LABELS["moderation"], lambda _: "acceptable")))
    assert blind["pass_rate", "spelling that evades"].value == 0
    (tmp_path / "a.csv").write_text(
        "text,expected,pair,relation\nawful,bad,awfull,same\nfine,bad,fine!,same\n", encoding="utf-8"
    )
    evidence = measured(
        subject_of(("bad", "good"), lambda t: "bad" if "awful" in t else "good", tmp_path), file="a.csv"
    )
    assert numbers(evidence)["pass_rate",].value == 0.5
    (failed,) = failures(evidence).items
    assert (failed.before, failed.change) == ("fine", "general: expects bad, changed or not")


def test_failures_are_spread_over_capabilities_and_can_be_hidden() -> None:
    subject = subject_of(LABELS["moderation"], lambda _: "acceptable")
    shown = failures(measured(subject, examples=5))
    assert len({item.id.rstrip("0123456789 ") for item in shown.items}) == 5
    assert shown.total == 184
    assert not any(isinstance(e, Examples) for e in measured(subject, examples=0))


def test_neutral_cases_are_left_out_where_there_is_no_such_class() -> None:
    evidence = measured(subject_of(("negative", "positive"), oracle(own_suite("sentiment", "en"))))
    whole = numbers(evidence)["pass_rate",]
    assert whole.n == len(own_suite("sentiment", "en").cases) - 10
    assert whole.note.startswith("10 of 218 cases")


def test_a_pair_is_judged_although_its_own_class_is_lacking(tmp_path: Path) -> None:
    suite = "text,expected,pair,relation\nWater boils.,neutral,Water boi1s.,same\n"
    (tmp_path / "a.csv").write_text(suite, encoding="utf-8")
    whole = numbers(measured(subject_of(("negative", "positive"), lambda _: "positive", tmp_path), file="a.csv"))
    assert (whole["pass_rate",].value, whole["pass_rate",].n, whole["pass_rate",].note) == (1, 1, "")


# --- which class is which -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("NEGATIVE", "Positive"), "sentiment"),
        (("neg", "neutral", "pos"), "sentiment"),
        (("non-hateful", "hateful"), "moderation"),
        (("unbiased", "biased"), "moderation"),
        (("not_toxic", "toxic"), "moderation"),
        (("hate", "offensive", "neither"), "moderation"),
        (("正常", "仇恨"), "moderation"),
        (("fine", "toxic"), "moderation"),
        (("0", "1"), None),
        (("spam", "ham"), None),
        (("toxic", "insult"), None),
        (("positive", "neutral"), None),
    ],
)
def test_the_suite_is_told_by_the_names_of_the_labels(labels: tuple[str, ...], kind: str | None) -> None:
    assert kind_of(labels) == kind


def test_a_label_is_matched_by_the_user_by_name_and_by_meaning() -> None:
    suite = own_suite("moderation", "en")
    assert match(suite, ("hate", "offensive", "neither"), {}) == {"abusive": (0, 1), "acceptable": (2,)}
    assert match(suite, ("toxic", "abusive", "ok"), {}) == {"abusive": (1,), "acceptable": (2,)}
    assert match(suite, ("0", "1"), {"abusive": "1", "acceptable": "0"}) == {"abusive": (1,), "acceptable": (0,)}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"abusiv": "1"}, ConfigError, "no label 'abusiv'. Did you mean 'abusive'?"),
        ({"abusive": "yes"}, ConfigError, "the model has no label 'yes'. Known: 0, 1."),
        ({"abusive": "1"}, Skip, "speaks of 'acceptable'"),
    ],
)
def test_a_label_that_stands_for_nothing_is_refused(given: dict[str, str], error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        match(own_suite("moderation", "en"), ("0", "1"), given)
    assert message in str(caught.value)


def test_a_misspelt_label_is_told_before_anything_runs(tmp_path: Path) -> None:
    for params, message in (
        ({"labels": {"abusiv": "1", "acceptable": "0"}}, "our suites have no label 'abusiv'. Did you mean 'abusive'?"),
        ({"suite": "sentiment", "labels": {"spam": "1"}}, "Known: negative, neutral, positive."),
    ):
        with pytest.raises(ValidationError) as caught:
            Params(**params)
        assert message in str(caught.value)
    (tmp_path / "a.csv").write_text("text,expected\nx,spam\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="has no label 'spm'"):
        Params.model_validate({"file": "a.csv", "labels": {"spm": "1"}}, context=tmp_path)
    assert behaviour_suite.check is not None
    with pytest.raises(ConfigError, match="labels: the model has no label 'on'"):
        behaviour_suite.check(subject_of(("zero", "one"), str), Params(labels={"abusive": "on", "acceptable": "zero"}))


def test_the_users_matches_tell_the_suite_too() -> None:
    subject = subject_of(("0", "1"), lambda _: "0")
    assert numbers(measured(subject, labels={"abusive": "1", "acceptable": "0"}))["pass_rate", "0"].value == 1


def test_a_model_that_no_suite_fits_is_skipped_with_a_remedy() -> None:
    params = behaviour_suite.params.model_validate({})
    done = run_probe(behaviour_suite, make_subject(20), params, 7, say=lambda _: None, log=print)
    assert done.status == "skipped"
    assert "labels 0, 1" in done.reason
    assert "file = " in done.reason


def test_texts_in_another_language_are_skipped_with_a_remedy() -> None:
    subject = subject_of(("negative", "positive"), oracle(own_suite("sentiment", "en")))
    german = tuple(f"Das war in der Stadt so gut, dass wir am Abend noch {k} Mal kommen wollen." for k in range(20))
    test = replace(subject.test, texts=german * (len(subject.test) // 20 + 1))
    params = behaviour_suite.params.model_validate({})
    moved = replace(subject, splits={**subject.splits, "test": test})
    done = run_probe(behaviour_suite, moved, params, 7, say=lambda _: None, log=print)
    assert done.status == "skipped"
    assert "file = " in done.reason


# --- judging ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "scores", "passed"),
    [
        (Case("", "a", "", ("pos",)), [[0.4, 0.6]], 1),
        (Case("", "a", "", ("pos",)), [[0.6, 0.4]], 0),
        (Case("", "a", "", ("neg", "pos")), [[0.6, 0.4]], 1),
        (Case("", "a", "", (), ("b",), "same"), [[0.9, 0.1], [0.6, 0.4]], 1),
        (Case("", "a", "", (), ("b",), "same"), [[0.52, 0.48], [0.48, 0.52]], 1),
        (Case("", "a", "", (), ("b", "c"), "same"), [[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]], 0),
        (Case("", "a", "", ("pos",), ("b",), "up"), [[0.4, 0.6], [0.48, 0.52]], 1),
        (Case("", "a", "", ("pos",), ("b",), "up"), [[0.4, 0.6], [0.52, 0.48]], 0),
        (Case("", "a", "", (), ("b",), "up"), [[0.6, 0.4], [0.9, 0.1]], 1),
        (Case("", "a", "", (), ("b",), "down"), [[0.6, 0.4], [0.9, 0.1]], 0),
    ],
)
def test_a_case_passes_as_in_checklist(case: Case, scores: list[list[float]], passed: int) -> None:
    (answer,) = answers([case], {"neg": (0,), "pos": (1,)}, lambda _: np.array(scores), 0.1)
    assert answer.passed == passed
    assert answer.miss > 0.1 or passed


def test_a_direction_does_not_apply_to_a_neutral_prediction() -> None:
    case = Case("", "fine", "", (), ("very fine",), "up")
    (answer,) = answers([case], {"neutral": (1,)}, lambda _: np.array([[0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]), 0.1)
    assert np.isnan(answer.passed)


def test_everything_is_scored_in_one_call() -> None:
    calls: list[int] = []
    subject = subject_of(LABELS["sentiment"], lambda _: "positive")
    score = subject.score
    assert score is not None
    measured(replace(subject, score=lambda texts: (calls.append(len(texts)), score(texts))[1]))
    assert len(calls) == 1


# --- suites of one's own ------------------------------------------------------------------


def test_our_own_columns_are_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "id,text,expected,pair,relation,capability,group\n"
        'a,"Good, really",pos,,,praise,\n'
        ",Good,,Very good,up,praise,\n"
        ",Bad,neg,B ad,same,noise,x\n",
        encoding="utf-8",
    )
    one, two, three = read_suite(file).cases
    assert one == Case("a", "Good, really", "praise", ("pos",))
    assert two == Case("line 3", "Good", "praise", (), ("Very good",), "up")
    assert three == Case("line 4", "Bad", "noise", ("neg",), ("B ad",), "same", "x")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_is_read_as_it_stands(text: str) -> None:
    with TemporaryDirectory() as folder:
        rows = [{"text": text, "expected": "x"}]
        (Path(folder) / "a.jsonl").write_text(json.dumps(rows[0], ensure_ascii=False), encoding="utf-8")
        with (Path(folder) / "a.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, quoting=csv.QUOTE_ALL).writerows([["text", "expected"], [text, "x"]])
        for name in ("a.jsonl", "a.csv"):
            assert read_suite(Path(folder) / name).cases[0].text == text


@pytest.mark.parametrize("suffix", [".tsv", ".jsonl", ".jsonl.gz", ".parquet"])
def test_a_table_may_have_several_formats(tmp_path: Path, suffix: str) -> None:
    file, rows = (
        tmp_path / f"mine{suffix}",
        [{"text": "Gut\u2028so", "expected": "1"}, {"text": "Übel", "expected": "0"}],
    )
    if suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": [r["text"] for r in rows], "expected": [1.0, 0.0]}), file)
    elif suffix == ".tsv":
        file.write_text("text\texpected\n" + "".join(f"{r['text']}\t{r['expected']}\n" for r in rows), encoding="utf-8")
    else:
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        file.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    assert [(case.text, case.expected) for case in read_suite(file).cases] == [
        ("Gut\u2028so", ("1",)),
        ("Übel", ("0",)),
    ]


def test_hatechecks_columns_are_read_and_judged(tmp_path: Path) -> None:
    (tmp_path / "hatecheck.csv").write_text(
        ",functionality,case_id,test_case,label_gold,target_ident,direction,templ_id\n"
        "0,derog_neg_emote_h,1,I hate women.,hateful,women,general,1\n"
        "1,ident_neutral_nh,2,I am a woman.,non-hateful,women,general,30\n"
        "2,profanity_nh,3,Damn this weather.,non-hateful,,,41\n",
        encoding="utf-8",
    )
    assert [case.template for case in read_suite(tmp_path / "hatecheck.csv").cases] == ["1", "30", "41"]
    subject = subject_of(("ok", "toxic"), lambda text: "toxic" if "women" in text or "Damn" in text else "ok", tmp_path)
    found = numbers(measured(subject, file="hatecheck.csv"))
    assert found["pass_rate",].value == pytest.approx(2 / 3)
    assert found["pass_rate", "profanity_nh"].value == 0
    assert found["pass_rate", "derog_neg_emote_h"].value == 1
    assert found["worst_capability_pass_rate",].note == "no capability has 10 cases"


def test_checklists_tests_are_read_and_judged(tmp_path: Path) -> None:
    tests: list[dict[str, Any]] = [
        {"test": "words", "capability": "Vocabulary", "type": "MFT", "labels": [2, 0], "data": ["good", "bad"]},
        {"test": "plain", "capability": "Vocabulary", "type": "MFT", "labels": 1, "data": ["table"]},
        {"test": "simple negations: not negative", "capability": "Negation", "type": "MFT", "data": ["not bad"]},
        {"test": "Q & A: no", "capability": "SRL", "type": "MFT", "labels": [0, 1], "data": ["bad?", "good? no"]},
        {"test": "names", "capability": "NER", "type": "INV", "data": [["I am Al", "I am Bo", "I am bad Cy"]]},
        {"test": "intensifiers", "capability": "Vocabulary", "type": "DIR", "data": [["good", "very good"]]},
    ]
    with gzip.open(tmp_path / "suite.jsonl.gz", "wt", encoding="utf-8") as handle:
        handle.writelines(json.dumps(test) + "\n" for test in tests)
    words = {"bad": "negative", "good": "positive"}
    subject = subject_of(
        LABELS["sentiment"], lambda text: next((v for k, v in words.items() if k in text), "neutral"), tmp_path
    )
    found = numbers(measured(subject, file="suite.jsonl.gz"))
    rates = {key[1]: f.value for key, f in found.items() if len(key) > 1 and ":" in key[1]}
    assert rates == {
        "NER: names": 0,
        "Negation: simple negations: not negative": 0,
        "SRL: Q & A: no": 1,
        "Vocabulary: intensifiers": 1,
        "Vocabulary: plain": 1,
        "Vocabulary: words": 1,
    }
    assert found["pass_rate_difference", "*"].note == "the suite names no groups"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "txt,expected\nx,1\n", "has no column 'text'. Did you mean 'txt'?"),
        ("a.csv", "text,expected\n", "is empty"),
        ("a.csv", "text,expected\nx,1\n,1\n", "line 3: the text is empty"),
        ("a.csv", "text,expected\nx,\n", "line 2: there is neither a label in the column 'expected'"),
        ("a.csv", "text,pair,relation\nx,y,dwn\n", "line 2: there is no relation 'dwn'. Did you mean 'down'?"),
        (
            "a.csv",
            "text,pair,relation\nx,y,\n",
            "line 2: 'pair' has a text, but 'relation' is empty",
        ),
        ("a.csv", "text,expected,pair\nx,1,y\n", "line 2: 'pair' has a text, but 'relation' is empty"),
        ("a.csv", "text,expected,relation\nx,1,up\n", "line 2: the relation 'up' needs a second text"),
        ("a.csv", "text,expected\nx,1,2\n", "line 2 has more cells"),
        ("a.csv", b"text,expected\n\xff,1\n", "is not UTF-8"),
        ("a.xlsx", "", "its name must end in .csv"),
        ("a.jsonl", '{"text": "x", "expected": "1"}\n{"text"\n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 is not an object"),
        ("a.jsonl", r'{"text": "\ud800", "expected": "1"}', "is not UTF-8"),
        ("a.jsonl.gz", "no gzip", "cannot be read"),
        ("a.parquet", "no parquet", "cannot be read"),
        ("a.jsonl", '{"test": "t", "type": "XYZ", "data": ["x"]}', "line 1: there is no type 'XYZ'"),
        ("a.jsonl", '{"test": "t", "type": "MFT", "data": ["x"]}', "needs one label"),
        ("a.jsonl", '{"test": "t", "type": "DIR", "data": [["x", "y"]]}', "but not which way"),
        ("a.jsonl", '{"test": "t", "type": "INV", "data": ["x"]}', "two or more"),
        ("a.jsonl", '{"test": "t", "type": "INV", "data": []}', "has no data"),
        ("suite.pkl", "", "is a pickle, which could run anything"),
        ("suite.tar.gz", "", "Write it as JSON Lines where checklist is installed"),
        ("tests_n500", "A lovely flight.", "without what each must get"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_a_remedy(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_suite(file)
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_missing_file_and_a_label_of_nobody_are_user_errors(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        read_suite(tmp_path / "none.csv")
    (tmp_path / "mine.csv").write_text("text,expected\nx,spam\n", encoding="utf-8")
    with pytest.raises(Skip, match=r"speaks of 'spam' \(first in case 'line 2'\)"):
        measured(subject_of(("a", "b"), str, tmp_path), file="mine.csv")
