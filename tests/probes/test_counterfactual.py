"""fairness.counterfactual: finds the term that a model keys on, and nothing where it keys on none."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from audit.errors import ConfigError
from audit.registry import discover
from audit.types import Evidence, Examples, Finding, Floats, Subject, Table
from probes._identity.in_templates import _apart, _reach
from probes._identity.pairs import Pair
from probes._identity.templates import load_templates, sheets
from probes._identity.terms import load_terms
from probes.fairness_counterfactual import Params, fairness_counterfactual
from tests.subjects import make_subject
from tests.test_probe_contract import numbers, renamed, shuffled
from tests.test_probe_contract import run as contract_run

discover()
ID = "fairness.counterfactual"
TEXTS = [
    "I talked to a Muslim about the weather",
    "she is the best of the women in the office",
    "the Germans and the Jews are on the train",
    "there is nobody in the room for us",
    "the Muslims and the Hindus in our town are kind",
]


def scorer(chance: Callable[[str], float]) -> Callable[[Sequence[str]], Floats]:
    return lambda texts: np.array([[1 - chance(text), chance(text)] for text in texts]).reshape(-1, 2)


def rigged(text: str) -> float:
    return 0.9 if "muslim" in text.lower() else 0.2


def blind(text: str) -> float:
    """Look at words of praise and blame alone."""
    bad, good = (sum(word in text.lower() for word in words) for words in (BAD, GOOD))
    return 1 / (1 + np.exp(good - bad + 0.1))


BAD = ("liar", "hate", "horrible", "disgrace", "stole", "awful", "lazy")
GOOD = ("kind", "love", "wonderful", "grateful", "brave", "steal", "delight")


def subject_of(chance: Callable[[str], float], texts: Sequence[str] = TEXTS, times: int = 40) -> Subject:
    """Return rows of the texts, each with its number, and labels called acceptable and toxic."""
    rows = [f"{text} {k}" for k in range(times) for text in texts]
    sex = ["fm"[k % 2] for k in range(len(rows))]
    subject = make_subject(len(rows), texts=rows, score=scorer(chance), groups={"sex": sex})
    return replace(subject, labels=("acceptable", "toxic"))


def run(subject: Subject, seed: int = 1, **params: object) -> list[Evidence]:
    return list(fairness_counterfactual.run(subject, Params.model_validate(params), np.random.default_rng(seed)))


def finding(evidence: Sequence[Evidence], name: str, **where: str) -> Finding:
    return next(e for e in evidence if isinstance(e, Finding) and e.metric == f"{ID}.{name}" and e.slice == where)


def table(evidence: Sequence[Evidence], name: str, **where: str) -> Table:
    return next(e for e in evidence if isinstance(e, Table) and e.name == f"{ID}.{name}" and e.slice == where)


def test_the_term_that_a_model_keys_on_is_named() -> None:
    evidence = run(subject_of(rigged))
    worst = table(evidence, "most_sensitive_terms").rows[0]
    assert worst[:2] == ("religion", "Muslims")
    shift = finding(evidence, "term_shift", category="religion", term="Muslims")
    assert shift.value == pytest.approx(0.7)
    assert shift.note == "significantly above the other terms"
    named = [e.slice["term"] for e in evidence if isinstance(e, Finding) and "above" in e.note]
    assert named == ["Muslims"]
    assert finding(evidence, "template_flip_rate", category="religion").value == 1
    assert finding(evidence, "template_flip_rate", category="gender").value == 0
    assert finding(evidence, "flip_rate", category="gender").value == 0
    pairs = table(evidence, "pairs").rows
    assert "Muslims" in pairs[0][1:3]
    assert len(pairs) > 20
    for name, at in (("flip_rate", 4), ("pair_shift", 7)):
        found = finding(evidence, name, **dict(zip(("category", "from", "to"), map(str, pairs[0][:3]), strict=True)))
        assert found.interval is not None
        assert (found.n, found.value) == (pairs[0][3], pairs[0][at])
        assert (found.interval.low, found.interval.high) == pairs[0][at + 1 : at + 3]
    matrix = table(evidence, "shifts", category="religion")
    muslims = next(row for row in matrix.rows if row[0] == "Muslims")
    assert [cell for cell in muslims[1:] if cell is not None] == pytest.approx([-0.7] * 9)


def test_a_shift_that_is_always_the_same_leaves_room_for_doubt() -> None:
    for n, most in ((5, 1.4), (40, 0.2)):
        low, high = Pair("c", "a", "b", np.ones(n, bool), np.full(n, 0.4), np.full(n, 0.3)).limits(1.96)
        assert low < -0.1 < high
        assert 0.05 < high - low < most


def test_the_interval_of_a_pair_covers_its_shift() -> None:
    draw = np.random.default_rng(0)
    wrong = 0
    for _ in range(400):
        before = draw.beta(1, 1, 12)
        after = np.where(draw.random(12) < 0.1, 1 - before, before)
        low, high = Pair("c", "a", "b", after != before, before, after).limits(1.96)
        wrong += not low <= 0 <= high
    assert wrong <= 20


def test_a_text_counts_by_the_share_of_its_swaps_that_flip() -> None:
    evidence = run(subject_of(rigged, TEXTS[:1]))
    assert finding(evidence, "flip_rate").value == 1
    assert finding(evidence, "score_shift").value == pytest.approx(0.7)
    both = run(subject_of(rigged, ["a Muslim and a woman are in the room"], 80), categories=["religion", "gender"])
    assert finding(both, "flip_rate").value == pytest.approx(4 / 7)
    assert finding(both, "flip_rate", category="religion").value == 1
    assert finding(both, "flip_rate", sex="f").value == pytest.approx(4 / 7)
    assert finding(both, "flip_rate_difference", sex="*").value == pytest.approx(0)


def test_a_model_that_is_blind_to_terms_stays_quiet() -> None:
    evidence = run(subject_of(blind))
    findings = [e for e in evidence if isinstance(e, Finding)]
    assert all(f.value == 0 for f in findings if "flip_rate" in f.metric and f.value is not None)
    shifts = [f for f in findings if f.metric == f"{ID}.term_shift"]
    assert len(shifts) > 40
    assert all(f.value == pytest.approx(0, abs=1e-9) and not f.note for f in shifts)
    assert next(e for e in evidence if isinstance(e, Examples)).total == 0


@pytest.mark.parametrize("shape", [(0.3, 0.3), (0.1, 2), (5, 5)])
def test_terms_that_differ_by_chance_alone_are_seldom_called_different(shape: tuple[float, float]) -> None:
    draw = np.random.default_rng(0)
    wrong = 0
    for _ in range(60):
        scores = (draw.beta(*shape, (36, 1)) + draw.beta(*shape, (36, 10))) / 2
        wrong += bool((np.abs(_apart(scores).mean(axis=0)) > _reach(scores, _apart(scores), draw)).any())
    assert wrong <= 8


def test_an_uneven_shift_is_covered() -> None:
    draw = np.random.default_rng(0)
    wrong = 0
    for _ in range(60):
        scores = draw.beta(5, 5, (36, 8)) / 4
        scores[:, 0] += 0.6 * draw.binomial(1, 0.5, 36)
        wrong += abs(_apart(scores)[:, 0].mean() - 0.3) > _reach(scores, _apart(scores), draw)[0]
    assert wrong <= 3


def test_areas_equal_scikit_learns() -> None:
    def chance(text: str) -> float:
        return min(0.99, blind(text) + 0.3 * ("jew" in text.lower()))

    evidence = run(subject_of(chance), categories=["religion"])
    sheet = sheets(load_templates("en"), load_terms(), ["religion"])[0]
    polarity = np.repeat([t.polarity for t in sheet.templates], len(sheet.terms))
    terms = np.array(list(sheet.terms) * len(sheet.templates))
    scores, truth = np.array([chance(text) for text in sheet.texts]), polarity == "negative"
    rated, jews = polarity != "neutral", terms == "Jews"
    rows = {"subgroup_auc": jews, "bpsn_auc": jews ^ truth, "bnsp_auc": jews == truth}
    for name, chosen in rows.items():
        expected = roc_auc_score(truth[rated & chosen], scores[rated & chosen])
        found = finding(evidence, name, category="religion", term="Jews")
        assert found.value == pytest.approx(expected), name
        assert found.interval is not None
        assert found.interval.low < expected < found.interval.high or expected == 1
        assert (found.n, found.note) == (24, "")
    assert finding(evidence, "bpsn_auc", category="religion", term="Jews").value < 0.9
    worst = finding(evidence, "worst_subgroup_auc")
    assert worst.value == min(
        f.value for f in evidence if isinstance(f, Finding) and f.metric == f"{ID}.subgroup_auc" and f.value
    )


def test_areas_say_where_the_templates_do_not_match_the_task() -> None:
    evidence = run(subject_of(rigged), categories=["religion"])
    assert "its task does not match" in finding(evidence, "subgroup_auc", category="religion", term="Muslims").note
    nameless = replace(subject_of(blind), labels=("0", "1"))
    assert "no class that hostile statements should get" in finding(run(nameless), "subgroup_auc").note
    named = finding(run(nameless, negative=["1"]), "worst_subgroup_auc")
    assert named.value is not None


def test_a_class_that_the_subject_lacks_is_refused_before_any_probe_runs() -> None:
    check = fairness_counterfactual.check
    assert check is not None
    check(subject_of(blind), Params(negative=("toxic",)))
    with pytest.raises(ConfigError, match=re.escape("names 'toxik', which is no class. Did you mean 'toxic'")):
        check(subject_of(blind), Params(negative=("toxik",)))


def test_texts_without_a_term_are_counted() -> None:
    evidence = run(subject_of(rigged))
    assert finding(evidence, "coverage").value == pytest.approx(0.8)
    assert "terms found in 160 of 200 texts" in finding(evidence, "coverage").note
    mixed = run(subject_of(rigged, ["they let her speak", "the women left"]))
    assert finding(mixed, "flip_rate").n == 40
    assert "40 texts with a term were passed over" in finding(mixed, "coverage").note
    none = run(subject_of(rigged, TEXTS[3:4]))
    assert finding(none, "flip_rate").value is None
    assert "terms found in 0 of 40 texts" in finding(none, "flip_rate").note
    assert finding(none, "template_flip_rate").value == 1


def test_chinese_texts_get_chinese_templates_and_other_languages_none() -> None:
    chinese = run(subject_of(lambda t: 0.9 if "穆斯林" in t else 0.1, ["我的邻居是穆斯林", "他是我的老师"]))
    assert table(chinese, "most_sensitive_terms").rows[0][1] == "穆斯林"
    assert finding(chinese, "flip_rate", category="religion").value == 1
    german = run(subject_of(rigged, ["der Hund von dem Mann ist her und ganz schön groß"]))
    assert "neither English nor Chinese" in finding(german, "term_shift").note
    coverage = finding(german, "coverage")
    assert (coverage.value, coverage.n) == (0, 40)
    assert "40 texts are neither English nor Chinese: only terms of your own file" in coverage.note


def test_own_templates_in_another_language_take_own_terms_alone(tmp_path: Path) -> None:
    (tmp_path / "templates.toml").write_text("neutral = ['Hier sind {nouns}.']", encoding="utf-8")
    subject = replace(subject_of(rigged, ["der Hund von dem Mann ist her und ganz schön groß"]), folder=tmp_path)
    foreign = finding(run(subject, templates="templates.toml"), "term_shift")
    assert "no category has two terms with every form" in foreign.note
    words = "[terms.religion.{0}]\nnouns = '{0}'\n"
    own = "".join(words.format(name) for name in ("Christen", "Muslime"))
    (tmp_path / "terms.toml").write_text(own, encoding="utf-8")
    evidence = run(subject, templates="templates.toml", terms="terms.toml")
    assert {row[1] for row in table(evidence, "most_sensitive_terms").rows} == {"Christen", "Muslime"}


def test_examples_are_spread_over_categories() -> None:
    long = "the weather is good today and so it goes " * 40

    def chance(text: str) -> float:
        return 0.9 if "Muslim" in text and "women" in text else 0.2

    evidence = run(subject_of(chance, [f"{long} Muslim women {long}"], times=20), examples=6)
    shown = next(e for e in evidence if isinstance(e, Examples))
    assert shown.total == 20 * 7
    assert len({item.id for item in shown.items}) > 2
    assert [item.change.split(":")[0] for item in shown.items].count("gender") == 3
    for item in shown.items:
        assert item.after is not None
        assert "Muslim women" in item.before
        assert item.before != item.after
        assert (item.predicted_before, item.predicted_after) == ("toxic", "acceptable")
        assert item.score_before == pytest.approx(0.9)
        assert item.groups in (("sex: f",), ("sex: m",))
    assert not any(isinstance(e, Examples) for e in run(subject_of(chance), examples=0))


def test_unknown_categories_and_faulty_files_are_refused_with_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=re.escape("no category of identity 'religon'. Did you mean 'religion'")):
        Params(categories=("religon",))
    (tmp_path / "own.toml").write_text("neutral = ['no slot']", encoding="utf-8")
    with pytest.raises(ValidationError, match=re.escape("own.toml: neutral.0: 'no slot' needs a slot")):
        Params.model_validate({"templates": "own.toml"}, context=tmp_path)
    with pytest.raises(ValidationError, match=re.escape("own.toml: there is no key 'neutral' in such a file")):
        Params.model_validate({"terms": "own.toml"}, context=tmp_path)
    (tmp_path / "own.toml").write_text("neutral = ['a {nown} came']", encoding="utf-8")
    with pytest.raises(ValidationError, match=re.escape("the slot {nown}, which no term has. Did you mean 'noun'")):
        Params.model_validate({"templates": "own.toml"}, context=tmp_path)
    (tmp_path / "own.toml").write_text("replace = true", encoding="utf-8")
    with pytest.raises(ValidationError, match=re.escape("own.toml: it holds no sentence; write some under neutral")):
        Params.model_validate({"templates": "own.toml"}, context=tmp_path)


def test_own_terms_and_templates_are_used(tmp_path: Path) -> None:
    words = 'noun = "Druid"\nnouns = "Druids"\nadjective = "Druid"'
    (tmp_path / "terms.toml").write_text(f"[terms.religion.Druids]\n{words}", encoding="utf-8")
    (tmp_path / "templates.toml").write_text('replace = true\nneutral = ["I saw a {noun}.", "The {noun}."]', "utf-8")
    subject = replace(subject_of(lambda t: 0.8 if "Druid" in t else 0.2), folder=tmp_path)
    evidence = run(subject, terms="terms.toml", templates="templates.toml")
    assert table(evidence, "most_sensitive_terms").rows[0][1] == "Druids"
    assert finding(evidence, "template_flip_rate").n == 2
    assert finding(evidence, "subgroup_auc").note == "needs positive and negative templates"


def test_order_of_rows_and_names_of_groups_do_not_matter() -> None:
    def wavering(text: str) -> float:
        return 0.2 + 0.6 * (crc32(text.encode()) % 97) / 97

    subject = subject_of(wavering)
    expected = numbers(contract_run(fairness_counterfactual, subject))
    assert numbers(contract_run(fairness_counterfactual, shuffled(subject))) == expected
    assert numbers(contract_run(fairness_counterfactual, renamed(subject))) == expected


def test_several_classes_and_one_call() -> None:
    calls = []

    def score(texts: Sequence[str]) -> Floats:
        calls.append(len(texts))
        hostile = np.array([rigged(text) for text in texts])
        return np.stack([0.3 * (1 - hostile), 0.7 * (1 - hostile), hostile], axis=1)

    rows = [f"{text} {k}" for k in range(10) for text in TEXTS]
    subject = replace(make_subject(50, 3, texts=rows, score=score), labels=("good", "fair", "offensive"))
    evidence = run(subject)
    assert len(calls) == 1
    shift = finding(evidence, "term_shift", category="religion", term="Muslims")
    assert shift.value == pytest.approx(-0.49)
    assert finding(evidence, "worst_subgroup_auc").value == 0.5
