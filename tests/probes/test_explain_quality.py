"""The quality of explanations: a good one passes, random attributions do not."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from audit.registry import find
from audit.run import run_probe
from audit.types import Curve, Finding, Floats, ProbeRun, Score, Subject
from probes._explain.faithful import Ranked, faithfulness, order_of, rank_correlation, without_each
from probes._explain.owen import Explained
from probes._explain.passages import Passage, passages
from probes._explain.trees import Tree
from probes.explain_quality import Params
from tests.subjects import WORDS, make_subject

Model = Callable[[Sequence[str]], Floats]

WORTH = dict(zip(WORDS, np.linspace(-0.9, 0.9, len(WORDS)).tolist(), strict=True))


def additive(texts: Sequence[str]) -> Floats:
    """Add up what each word is worth."""
    logits = np.array([sum(WORTH.get(word, 0) for word in text.split()) for text in texts])
    return np.column_stack([1 / (1 + np.exp(logits)), 1 / (1 + np.exp(-logits))])


def subject_with(score: Model, texts: Sequence[str] | None = None) -> Subject:
    texts = texts or make_subject(60).test.texts
    return make_subject(len(texts), texts=texts, score=score, scores=score(texts))


def assess(subject: Subject, **params: Any) -> ProbeRun:
    logged: list[str] = []
    done = run_probe(find("explain.quality"), subject, Params(**params), 7, say=lambda _: None, log=logged.append)
    assert not logged, logged[0]
    return done


def number(done: ProbeRun, name: str, **where: str) -> Finding:
    return next(f for f in done.findings if f.metric == f"explain.quality.{name}" and f.slice == where)


OVER_RANDOM = [f"{name}_over_random" for name in ("comprehensiveness", "sufficiency", "deletion_auc", "insertion_auc")]


def test_good_explanations_pass() -> None:
    done = assess(subject_with(additive))
    for name in OVER_RANDOM:
        found = number(done, name)
        assert found.interval is not None
        assert found.interval.low > 0, name
    for condition in ("seed", "noise"):
        stable = number(done, "stability", condition=condition)
        assert stable.value is not None
        assert stable.value > 0.8
    assert (number(done, "agreement").value or 0) > 0.9
    ends = {e.slice["method"]: e.y for e in done.evidence if isinstance(e, Curve)}
    assert ends["shap"][5] < ends["random"][5]


def test_random_attributions_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)

    def at_random(texts: Sequence[tuple[Passage, Tree]], score: Score, budget: int) -> list[Explained]:
        found = []
        for passage, _ in texts:
            first = rng.normal(scale=0.01, size=len(passage))
            base = score([passage.text])[0] - [first.sum(), -first.sum()]
            found.append(Explained(np.column_stack([first, -first]), base))
        return found

    monkeypatch.setattr("probes._explain.quality.explain", at_random)
    done = assess(subject_with(additive))
    for name in OVER_RANDOM:
        found = number(done, name)
        assert found.interval is not None
        assert found.interval.low < 0 < found.interval.high, name
    for where in ({"condition": "seed"}, {"condition": "noise"}):
        assert abs(number(done, "stability", **where).value or 1) < 0.3
    assert abs(number(done, "agreement").value or 1) < 0.3


def passage(text: str) -> Passage:
    return passages([text], None, None)[0]


def has_fox(texts: Sequence[str]) -> Floats:
    return np.array([[0.1, 0.9] if "fox" in text else [0.8, 0.2] for text in texts])


def test_known_answers_where_one_word_of_ten_decides() -> None:
    cut = passage("a b c d e fox g h i j")
    best, worst = order_of(np.eye(10)[5]), order_of(-np.eye(10)[5])
    found = faithfulness([Ranked(cut, best, 1), Ranked(cut, worst, 1)], has_fox)
    assert found.comprehensiveness == pytest.approx([0.7, 0])
    assert found.sufficiency == pytest.approx([0, 0.7])
    assert found.deletion == pytest.approx([0.2 + 0.7 * 0.05, 0.9 - 0.7 * 0.05])
    assert found.insertion == pytest.approx([0.9 - 0.7 * 0.05, 0.2 + 0.7 * 0.05])
    assert found.deletion_curve[0].tolist() == [0.9, *[0.2] * 10]


def test_leave_one_out_hides_each_word() -> None:
    falls = without_each([(passage("a fox b"), 1), (passage("c d"), 0)], has_fox)
    assert falls[0] == pytest.approx([0, 0.7, 0])
    assert falls[1] == pytest.approx([0, 0])


def test_rank_correlation() -> None:
    rising = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(rising, rising**3) == pytest.approx(1)
    assert rank_correlation(rising, -rising) == pytest.approx(-1)
    assert np.isnan(rank_correlation(rising, np.ones(4)))
    assert np.isnan(rank_correlation(rising, np.array([1e-12, 0, 1e-13, 0])))
    assert np.isnan(rank_correlation(rising[:2], rising[:2]))


def constant(texts: Sequence[str]) -> Floats:
    return np.tile([0.4, 0.6], (len(texts), 1))


def test_a_constant_model_has_no_stability_and_gains_nothing() -> None:
    done = assess(subject_with(constant))
    assert number(done, "comprehensiveness_over_random").value == 0
    assert number(done, "stability", condition="seed").value is None
    assert "move the score" in number(done, "stability", condition="seed").note
    assert number(done, "agreement").value is None


def test_texts_of_one_word_are_left_out() -> None:
    def at_least_one(texts: Sequence[str]) -> Floats:
        assert texts
        return additive(texts)

    done = assess(subject_with(at_least_one, ["tea"] * 40))
    assert {f.value for f in done.findings} == {None}
    assert number(done, "comprehensiveness", method="shap").note == "no text explained has two words"
    mixed = assess(subject_with(additive, ["tea"] * 20 + list(make_subject(20).test.texts)))
    assert number(mixed, "comprehensiveness", method="shap").n < 30


def test_noise_that_changes_the_class_is_no_test_of_stability() -> None:
    def sees_slips(texts: Sequence[str]) -> Floats:
        known = {*WORDS, "...", "number"}
        slips = [any(len(w) > 3 and w not in known for w in text.split()) for text in texts]
        return np.where(np.array(slips)[:, None], [[0.1, 0.9]], additive(texts) * 0.5 + [[0.5, 0]])

    done = assess(subject_with(sees_slips), rows=10)
    assert number(done, "stability", condition="noise").value is None
    assert number(done, "stability", condition="seed").value is not None


def test_everything_is_asked_in_few_requests() -> None:
    calls: list[int] = []

    def counted(texts: Sequence[str]) -> Floats:
        calls.append(len(texts))
        return additive(texts)

    subject = subject_with(counted)
    calls.clear()
    assess(subject, rows=10, max_evals=60)
    assert len(calls) < 12
