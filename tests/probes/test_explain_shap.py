"""Explanations as evidence: who is mentioned, what is shown, and texts that leave little to explain."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from audit.registry import find
from audit.run import run_probe
from audit.types import Attribution, Finding, Floats, ProbeRun, Subject, Table
from probes.explain_shap import Params
from tests.subjects import make_subject

NAMED = ("Muslim", "Jewish", "Christian")


def texts_with_terms(n: int) -> list[str]:
    return [f"my {NAMED[k % 3]} neighbour number {k} has {('a nice', 'an awful')[k % 2]} garden" for k in range(n)]


def model(positive: Callable[[str], float]) -> Callable[[Sequence[str]], Floats]:
    return lambda texts: np.array([[1 - positive(text), positive(text)] for text in texts])


by_identity = model(lambda text: 0.9 if "Muslim" in text else 0.2)
by_judgement = model(lambda text: 0.9 if "awful" in text else 0.2 if "nice" in text else 0.4)


def subject_of(texts: Sequence[str], score: Callable[[Sequence[str]], Floats], **more: Any) -> Subject:
    labels = np.array(["awful" in text for text in texts], dtype=np.int64)
    return make_subject(len(texts), texts=texts, score=score, scores=score(texts), labels=labels, **more)


def explain(subject: Subject, **params: Any) -> ProbeRun:
    logged: list[str] = []
    done = run_probe(find("explain.shap"), subject, Params(**params), 7, say=lambda _: None, log=logged.append)
    assert not logged, logged[0]
    return done


def number(done: ProbeRun, name: str, **where: str) -> Finding:
    return next(f for f in done.findings if f.metric == f"explain.shap.{name}" and f.slice == where)


def table(done: ProbeRun, name: str) -> Table:
    return next(e for e in done.evidence if isinstance(e, Table) and e.name == f"explain.shap.{name}")


def shown(done: ProbeRun) -> list[Attribution]:
    return [e for e in done.evidence if isinstance(e, Attribution)]


def test_a_model_keyed_on_who_is_mentioned_is_found_out() -> None:
    texts = [text for text in texts_with_terms(90) if "Muslim" in text]
    religion = ["Muslims", "others"] * 15
    keyed, honest = (
        explain(subject_of(texts, score, groups={"religion": religion})) for score in (by_identity, by_judgement)
    )
    mass = number(keyed, "identity_mass")
    assert mass.value == pytest.approx(1)
    assert number(honest, "identity_mass").value == pytest.approx(0.0, abs=1e-9)
    assert mass.interval is not None
    assert mass.interval.low > 0.7
    assert number(keyed, "identity_words").value == pytest.approx(1 / 9)
    assert number(keyed, "identity_mass_difference", religion="*").value == pytest.approx(0)
    assert {e.reason for e in shown(keyed)} >= {"wrong", "flipped by an identity swap"}
    assert "flipped by an identity swap" not in {e.reason for e in shown(honest)}


def test_the_group_whose_mention_decides_is_named() -> None:
    score = model(lambda text: 0.8 if "Muslim" in text else float(by_judgement([text])[0, 1]))
    groups = {"religion": [NAMED[k % 3] for k in range(60)]}
    done = explain(subject_of(texts_with_terms(60), score, groups=groups))
    gap = number(done, "identity_mass_difference", religion="*")
    assert gap.value is not None
    assert gap.value > 0.5
    assert gap.note.startswith("highest: Muslim")


def test_terms_that_speak_against_each_other_both_count() -> None:
    texts = [f"a Muslim and a Christian meet {k}" for k in range(20)]
    score = model(lambda text: 0.5 + 0.3 * ("Muslim" in text) - 0.3 * ("Christian" in text))
    assert number(explain(subject_of(texts, score)), "identity_mass").value == pytest.approx(1)


def test_the_strongest_words_and_errors_are_listed() -> None:
    done = explain(subject_of(texts_with_terms(60), by_identity))
    words = [row[:2] for row in table(done, "strongest_words").rows]
    assert words == [("1", "muslim")]
    errors = table(done, "errors")
    assert errors.rows
    for _, true, predicted, score, words_named, mass in errors.rows:
        assert true != predicted
        assert (score, mass) == ((0.9, pytest.approx(1)) if predicted == "1" else (0.8, None))
        assert words_named == ("Muslim".casefold() if predicted == "1" else "")


def test_explanations_add_up_to_the_score() -> None:
    done = explain(subject_of(texts_with_terms(60), by_judgement))
    assert number(done, "additivity_error").value == pytest.approx(0, abs=1e-12)
    for e in shown(done):
        assert e.base + sum(e.weights) == pytest.approx(e.score, abs=1e-4)
    assert len(shown(done)) == 12


def test_a_model_that_reads_on_where_we_stop_breaks_additivity() -> None:
    texts = [f"{text} " + "and so on " * 60 + "awful" for text in texts_with_terms(30)]
    done = explain(subject_of(texts, by_judgement), max_evals=20)
    assert number(done, "additivity_error").value == pytest.approx(0.7)


def test_a_long_text_is_shown_in_few_parts() -> None:
    texts = [f"awful {k} " + "word " * 10_000 for k in range(2)]
    done = explain(subject_of(texts, by_judgement), max_evals=300)
    for e in shown(done):
        assert len(e.tokens) <= 61
        assert len("".join(e.tokens)) < 3_000
        assert "reads no further" in e.reason
        assert e.tokens[0] == "awful "
        assert e.weights[0] > 0.25


@pytest.mark.parametrize("case", ["constant", "one word", "empty"])
def test_where_there_is_little_to_explain_notes_say_so(case: str) -> None:
    texts = {"constant": texts_with_terms(20), "one word": ["awful"] * 20, "empty": [" ", ""] * 10}[case]
    done = explain(subject_of(texts, model(lambda _: 0.4) if case == "constant" else by_judgement))
    assert done.status == "ok", done.reason
    assert number(done, "identity_mass").value is None
    assert "no text explained holds an identity term" in number(done, "identity_mass").note
    assert (number(done, "half_mass").value is None) == (case != "one word")


def test_chinese_terms_are_found_in_chinese_texts() -> None:
    texts = [f"我的邻居是穆斯林第{k}号" for k in range(20)]
    done = explain(subject_of(texts, model(lambda text: 0.9 if "穆斯林" in text else 0.2)))
    assert number(done, "identity_mass").value == pytest.approx(1)


def test_texts_that_may_not_be_shown_are_not() -> None:
    done = explain(subject_of(texts_with_terms(40), by_identity), examples=0)
    assert not shown(done)
    assert "garden" not in done.model_dump_json()


def test_small_groups_are_topped_up() -> None:
    groups = {"sex": ["f"] * 15 + ["m"] * 185}
    done = explain(subject_of(texts_with_terms(200), by_judgement, groups=groups), rows=20, min_group=10)
    assert number(done, "identity_mass", sex="f").n >= 10
    assert number(done, "identity_mass").n == 20


def of_two_groups() -> Subject:
    """Return a subject keyed on who is mentioned; half of the small group b is judged wrong, and few of a.

    One row of each group is uncertain.
    """
    texts, b = texts_with_terms(400), np.arange(400) % 10 == 1
    unsure = model(lambda text: 0.9 if "Muslim" in text else 0.45 if "391" in text or "398" in text else 0.2)
    wrong = np.where(b, np.arange(400) % 20 == 1, np.arange(400) % 10 == 2)
    subject = subject_of(texts, unsure, groups={"team": ["ab"[k] for k in b.astype(int)]})
    test = replace(subject.test, labels=subject.predicted.labels ^ wrong)
    return replace(subject, splits={**subject.splits, "test": test})


def test_every_group_is_shown_right_wrong_uncertain_and_flipped() -> None:
    done = shown(explain(of_two_groups(), rows=20))
    told = Counter((e.reason, *e.groups) for e in done)
    assert len(told) == 8
    assert max(told.values()) <= 2
    assert {"test-391", "test-398"} <= {e.id for e in done if e.reason == "most uncertain"}


def test_what_is_there_to_be_read_moves_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    with_them = explain(of_two_groups(), rows=20)
    monkeypatch.setattr("probes.explain_shap.few_of_each", lambda *_: np.array([], dtype=np.int64))
    without = explain(of_two_groups(), rows=20)
    figures = lambda done: [f for f in done.findings if not f.metric.endswith("additivity_error")]  # noqa: E731
    assert number(with_them, "additivity_error").n > number(without, "additivity_error").n
    assert figures(with_them) == figures(without)
    assert table(with_them, "strongest_words") == table(without, "strongest_words")


def test_terms_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "terms.toml").write_text('replace = true\n[terms.guild.Gardeners]\nnoun = "garden"\n', encoding="utf-8")
    subject = replace(subject_of(texts_with_terms(30), by_identity), folder=tmp_path)
    assert number(explain(subject, terms="terms.toml"), "identity_mass").value == pytest.approx(0)
    (tmp_path / "terms.toml").write_text("[terms", encoding="utf-8")
    with pytest.raises(ValidationError, match="not valid TOML"):
        Params.model_validate({"terms": "terms.toml"}, context=tmp_path)


def test_the_sample_does_not_depend_on_the_seed() -> None:
    """So that quality speaks of the explanations that are shown."""
    params = Params(rows=10, max_evals=30)
    runs = (
        run_probe(find("explain.shap"), make_subject(100), params, seed, say=lambda _: None, log=print)
        for seed in (1, 2)
    )
    first, second = (number(done, "half_mass") for done in runs)
    assert first.value == second.value
    assert first.value is not None


def test_no_part_of_an_address_becomes_a_word() -> None:
    texts = [f"write to zorro{k % 2}@leakdomain.com about the {('nice', 'awful')[k % 2]} garden" for k in range(24)]
    plain = [f"the {('nice', 'awful')[k % 2]} garden number {k}" for k in range(8)]
    done = explain(subject_of([*texts, *plain], by_judgement), rows=40)
    assert done.status == "ok"
    assert "awful" in {row[1] for row in table(done, "strongest_words").rows}
    assert "zorro" not in done.model_dump_json()
    assert "leakdomain" not in done.model_dump_json()
