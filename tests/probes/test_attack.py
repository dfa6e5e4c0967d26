"""Attacks on rigged models with known weak points. TextAttack is imported here (some ten seconds, once)."""

import random
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from pydantic import ValidationError

from audit.errors import AssetError, ConfigError
from audit.perturbations import ADVERSARIES
from audit.registry import Skip
from audit.stats import wilson
from audit.types import Evidence, Examples, Finding, Floats, Subject, Table
from probes._attack import recipes
from probes._attack.attackers import Attacker, Found, sealed
from probes._attack.by_name import TEXTATTACK, find_recipe
from probes._attack.lockstep import Result, Search, run_searches
from probes._attack.neighbours import Vectors
from probes._attack.outcomes import Job, assess
from probes._attack.recipes import BUILT_IN, MODEL, Resources
from probes._attack.resources import MissingError, textattack
from probes._attack.validity import Rules
from probes._attack.wordnet import Synset
from probes.robustness_attack import Params, robustness_attack
from tests.subjects import SteadyBench, make_subject

Model = Callable[[Sequence[str]], Floats]


def of(chances: Sequence[float]) -> Floats:
    positive = np.array(chances, dtype=float)
    return np.stack([1 - positive, positive], axis=1)


def keyed(texts: Sequence[str]) -> Floats:
    """Positive where the word is there, and wholly blind to all else."""
    return of([0.9 if "terrible" in text.split() else 0.2 for text in texts])


def counting(texts: Sequence[str]) -> Floats:
    """Positive where there are many words, however they are spelt."""
    return of([0.9 if len(text.split()) > 6 else 0.2 for text in texts])


def smooth(texts: Sequence[str]) -> Floats:
    """Take a little of every word, so that each edit moves the score."""
    sums = [sum(crc32(word.encode()) % 2001 - 1000 for word in text.split()) / 1000 for text in texts]
    return of([1 / (1 + np.exp(-value)) for value in sums])


def sentences(n: int) -> list[str]:
    """Return texts of which every other one is long and has the word."""
    places = ("film", "meal", "hotel", "journey", "concert")
    return [
        f"what a terrible {places[k % 5]} that was number {k}" if k % 2 else f"lovely {places[k % 5]} number {k}"
        for k in range(n)
    ]


def subject_of(model: Model, texts: Sequence[str], **more: Any) -> Subject:
    scores = model(texts)
    labels = scores.argmax(axis=1)
    subject = make_subject(
        len(texts), texts=texts, scores=scores, labels=labels, score=model, groups=more.pop("groups", {})
    )
    return replace(subject, **more)


def run(subject: Subject, seed: int = 1, **params: Any) -> list[Evidence]:
    given = Params.model_validate({"recipes": ["deepwordbug"], **params})
    return list(robustness_attack.run(subject, given, np.random.default_rng([seed, 2])))


def number(evidence: Sequence[Evidence], name: str, **where: str) -> Finding:
    found = (e for e in evidence if isinstance(e, Finding))
    return next(f for f in found if f.metric == f"robustness.attack.{name}" and f.slice == where)


def table(evidence: Sequence[Evidence]) -> dict[str, dict[str, Any]]:
    read = next(e for e in evidence if isinstance(e, Table))
    return {str(row[0]): dict(zip(read.columns, row, strict=True)) for row in read.rows}


def shown(evidence: Sequence[Evidence]) -> Examples:
    return next(e for e in evidence if isinstance(e, Examples))


# --- a WordNet, vectors and an encoder of a few words ----------------------------------------------------


class TinyWordNet:
    known = (
        Synset("a", ("terrible", "awful", "god_awful"), ("wonderful",)),
        Synset("a", ("wonderful", "lovely"), ()),
        Synset("n", ("film", "movie"), ()),
    )

    def synsets(self, word: str) -> list[Synset]:
        return [synset for synset in self.known if word in synset.words]


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    known = ("terrible", "awful", "wonderful", "film", "movie")
    matrix = np.eye(5, dtype=np.float32) * 0.1 + 1
    space = Vectors(known, {w: k for k, w in enumerate(known)}, matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    monkeypatch.setattr(recipes, "wordnet", lambda _: TinyWordNet())
    monkeypatch.setattr(recipes, "vectors", lambda _: space)
    monkeypatch.setattr(recipes, "encoder", lambda _: lambda texts: np.ones((len(texts), 1)))
    return Path


# --- weak points that must be found, and none where there is none ----------------------------------------


def test_a_model_keyed_on_one_word_breaks() -> None:
    evidence = run(subject_of(keyed, sentences(40)), rows=40)
    success = number(evidence, "attack_success", recipe="deepwordbug")
    assert (success.value, success.n) == (0.5, 40), "the half that has the word"
    assert number(evidence, "attack_success").value == 0.5
    assert number(evidence, "robust_accuracy").value == 0.5
    assert 0 < number(evidence, "words_changed", recipe="deepwordbug").value < 0.2  # type: ignore[operator]
    for example in shown(evidence).items:
        assert "terrible" in example.before
        assert example.after
        assert "terrible" not in example.after.split()
        assert (example.predicted_before, example.predicted_after) == ("1", "0")
    assert shown(evidence).total == 20


def test_a_model_that_does_not_look_at_letters_stands() -> None:
    evidence = run(subject_of(counting, sentences(20)), recipes=["deepwordbug", "pruthi"])
    assert number(evidence, "attack_success").value == 0
    assert number(evidence, "robust_accuracy").value == 1
    assert shown(evidence).items == ()
    assert number(evidence, "words_changed", recipe="pruthi").note == "no row's class was changed"


def test_the_group_that_is_hurt_is_named() -> None:
    groups = {"sex": ["f" if k % 2 else "m" for k in range(80)]}
    gap = number(run(subject_of(keyed, sentences(80), groups=groups), rows=80), "attack_success_difference", sex="*")
    assert gap.value == 1
    assert gap.note.startswith("highest: f 1.000; lowest: m 0.000")


def test_rows_that_the_model_has_wrong_are_lost_without_an_attack() -> None:
    evidence = run(mislabelled(subject_of(keyed, sentences(20)), [0, 2]), rows=20)
    assert number(evidence, "attack_success").n == 18
    assert number(evidence, "robust_accuracy").n == 20
    assert number(evidence, "robust_accuracy").value == 8 / 20


def mislabelled(subject: Subject, rows: list[int]) -> Subject:
    """Return the subject with so many texts that the model has wrong."""
    labels = subject.test.labels.copy()
    labels[rows] = 1 - labels[rows]
    return replace(subject, splits={**subject.splits, "test": replace(subject.test, labels=labels)})


@pytest.mark.parametrize("recipe", [name for name in BUILT_IN if name != "input_reduction"])
def test_every_recipe_finds_the_key_word(recipe: str, words: Any) -> None:
    evidence = run(subject_of(keyed, sentences(6), asset=words), recipes=[recipe])
    broken, possible = (table(evidence)[recipe][name] for name in ("class changed", "no change possible"))
    assert broken == 3
    assert number(evidence, "attack_success", recipe=recipe).n == 6 - possible
    if recipe.startswith(("pwws", "textfooler")):
        assert all("awful" in str(example.after) for example in shown(evidence).items), "never the antonym"


def test_input_reduction_leaves_the_key_word_and_is_no_success() -> None:
    evidence = run(subject_of(keyed, ["a terrible film that was"] * 3), recipes=["input_reduction"])
    left = number(evidence, "words_left", recipe="input_reduction").value
    assert left is not None
    assert 0.2 <= left < 0.5
    assert not [e for e in evidence if isinstance(e, Finding) and e.metric.endswith("attack_success")]


def test_an_augmented_model_is_compared_with_the_plain_one_row_by_row() -> None:
    texts = [*sentences(20), "what a splendid and long and lovely hotel", "terrible hotel"]
    evidence = run(subject_of(counting, texts, plain_score=keyed), rows=22)
    change, plain = (number(evidence, f"attack_success_{name}", recipe="deepwordbug") for name in ("change", "plain"))
    assert (change.value, change.n) == (-0.5, 20)
    assert (plain.value, plain.n) == (0.5, 20)
    assert number(evidence, "attack_success_plain").value == 0.5
    assert change.note == plain.note == "2 rows that the plain model has wrong are left out"


def test_texts_that_a_recipe_cannot_change_do_not_count_for_it() -> None:
    texts = [f"{text}{k}" for k in range(5) for text in ("这部电影真是太糟糕了", "今天的天气很好")]

    def reading(texts: Sequence[str]) -> Floats:
        return of([0.9 if "糟" in text else 0.2 for text in texts])

    evidence = run(subject_of(reading, texts), recipes=["pruthi", "textfooler_like", "bad_characters"])
    success = number(evidence, "attack_success", recipe="pruthi")
    assert (success.value, success.n) == (None, 0)
    assert "no change possible in 10 texts" in success.note
    assert "not English" in number(evidence, "attack_success", recipe="textfooler_like").note
    assert number(evidence, "attack_success").n == 10, "of the one that can"
    assert "MiniLM and VADER know English alone" in number(evidence, "valid_attack_success").note
    evidence = run(subject_of(reading, [*texts, "", "🙂🙂"]), recipes=["deepwordbug"])
    stands = number(evidence, "robust_accuracy", recipe="deepwordbug")
    assert (stands.value, stands.n) == (8 / 12, 12), "four of ten were broken, and two cannot be"


# --- the engine is TextAttack's -------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["deepwordbug", "pwws"])
def test_outcomes_are_those_of_textattack_one_by_one(recipe: str, words: Any) -> None:
    texts = [f"the film {k} was terrible and lovely to behold {k * 7}" for k in range(10)]
    labels = smooth(texts).argmax(axis=1)
    resources = Resources(words)
    with sealed():
        attacker = Attacker(find_recipe(recipe), resources, 500)
        searches = [
            Search(attacker.run(MODEL, t, int(y)), k) for k, (t, y) in enumerate(zip(texts, labels, strict=True))
        ]
        found = run_searches(searches, {MODEL: smooth}, seconds=60, clock=lambda: 0.0)
        victim = recipes.Victim()
        victim.ask = lambda _, batch: smooth(batch)
        for k, text in enumerate(texts):
            random.seed(k)
            np.random.seed(k)
            one = find_recipe(recipe).build(victim, resources).attack(text, int(labels[k]))
            value = found[k].value
            assert value
            assert (value.text, value.queries) == (one.perturbed_result.attacked_text.text, one.num_queries)
            assert value.changed == (type(one).__name__ == "SuccessfulAttackResult")


def test_rows_are_attacked_alike_whichever_others_there_are() -> None:
    texts = [f"the film {k} was rather long and dull to sit through" for k in range(12)]
    subject = subject_of(smooth, texts)
    everything = {item.id: item for item in shown(run(subject, rows=12)).items}
    some = shown(run(subject, rows=5)).items
    assert some
    assert all(everything[item.id] == item for item in some)


def test_importing_it_leaves_the_process_as_it_was() -> None:
    import os

    textattack()
    assert not any("renben-attack" in value for value in os.environ.values())


# --- bad input and missing things ------------------------------------------------------------------------


def test_odd_texts_do_not_crash() -> None:
    odd = [
        "",
        " ",
        "x",
        "🙂🙂🙂",
        "terrible",
        "terrible " * 10_000,
        "مرحبا بالعالم",
        "糟糕的电影",
        "a\x00b",
    ]
    every = ["deepwordbug", "pruthi", "bad_characters", "input_reduction"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the segmenter of Chinese words
        evidence = run(subject_of(keyed, odd), recipes=every, max_queries=30)
    for name, row in table(evidence).items():
        assert row["rows attacked"] + row["no change possible"] == len(odd), name
        assert row["no change possible"] >= 3, "those without a letter"
        assert row["errors"] == 0


def test_the_query_budget_holds() -> None:
    evidence = run(subject_of(counting, sentences(6)), max_queries=7)
    queries = number(evidence, "queries", recipe="deepwordbug")
    assert queries.value == 7
    assert queries.interval
    assert queries.interval.high <= 7
    assert number(evidence, "attack_success").note == "6 of 6 stopped at 7 queries"
    assert table(evidence)["deepwordbug"]["stopped"] == 6


def test_no_time_is_said_so() -> None:
    evidence = run(subject_of(keyed, sentences(6)), seconds=0)
    success = number(evidence, "attack_success", recipe="deepwordbug")
    assert (success.value, success.n) == (None, 0)
    assert "attacked 0 of 6" in success.note


def test_a_missing_wordnet_skips_that_recipe_with_a_remedy() -> None:
    evidence = run(subject_of(keyed, sentences(6)), recipes=["pwws", "deepwordbug"])
    assert "renben fetch wordnet" in number(evidence, "attack_success", recipe="pwws").note
    assert "renben fetch wordnet" in table(evidence)["pwws"]["skipped"]
    assert number(evidence, "attack_success", recipe="deepwordbug").value == 0.5
    with pytest.raises(Skip, match="renben fetch wordnet"):
        run(subject_of(keyed, sentences(6)), recipes=["pwws"])


def test_without_textattack_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    textattack()
    import nltk

    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.setitem(sys.modules, "textattack", None)
    with pytest.raises(MissingError, match="pip install textattack"):
        textattack.__wrapped__()


@pytest.mark.parametrize("recipe", ["TextFoolerJin2019", "PWWSRen2019", "no_such_module:f"])
def test_a_recipe_that_cannot_be_built_offline_is_skipped(recipe: str) -> None:
    with pytest.raises(Skip, match=recipe):
        run(subject_of(keyed, sentences(4)), recipes=[recipe])


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ("deepwordbugs", "Did you mean 'deepwordbug'"),
        ("PWWSRen2018", "Did you mean 'PWWSRen2019'"),
        ("NoSuch2020", "There is no recipe 'NoSuch2020'"),
        (":", "must name a module and a function in it, such as"),
        (":f", "must name a module and a function"),
        ("my attacks:f", "must name a module and a function"),
    ],
)
def test_an_unknown_recipe_is_refused_with_the_nearest(recipe: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Params(recipes=(recipe,))


def test_the_names_of_textattacks_recipes_are_those_of_the_package() -> None:
    package = textattack().attack_recipes
    kinds = {name: kind for name, kind in vars(package).items() if isinstance(kind, type)}
    assert {name for name, kind in kinds.items() if issubclass(kind, package.AttackRecipe)} == {
        *TEXTATTACK,
        "AttackRecipe",
    }


def exploding(victim: Any) -> Any:
    """Return an attack that cannot take one of the texts."""
    attack = textattack().attack_recipes.DeepWordBugGao2018.build(victim)
    search = attack.search_method.perform_search

    def perform(initial: Any) -> Any:
        if "hotel" in initial.attacked_text.text:
            raise RuntimeError("no hotels")
        return search(initial)

    attack.search_method.perform_search = perform
    return attack


def test_a_recipe_of_ones_own_that_raises_on_some_rows_is_told() -> None:
    evidence = run(subject_of(keyed, sentences(10)), recipes=[f"{__name__}:exploding"])
    success = number(evidence, "attack_success", recipe=f"{__name__}:exploding")
    assert (success.value, success.n) == ((4 + 2 * 0.5) / 10, 8)
    assert success.interval and success.interval.high == wilson(6, 10).high, "an error may hide a break"
    assert "attacked 8 of 10; 2 ended in RuntimeError: no hotels" in success.note


def test_a_change_that_does_not_hold_is_not_counted() -> None:
    job = Job(["a", "b"], ["one", "two"], np.array([0, 0]), {MODEL: np.array([True, True])}, 1, lambda: 0.0)
    results = [Result(Found("ome", True, 3)), Result(Found("terrible", True, 4))]
    one = assess(BUILT_IN["deepwordbug"], results, job, MODEL, keyed, Rules(0.8, 0.3, None, {}))
    assert one.broken.tolist() == [0, 1]
    assert one.note(500) == "1 did not hold on a second look"


class Steadfast(SteadyBench):
    """Answers otherwise than the cache where there is a hotel."""

    def rerun(self, texts: Sequence[str], *, backend: str, rows: int) -> Floats:
        return keyed([text.replace("hotel", "terrible") for text in texts])


def test_successes_against_the_plain_model_are_looked_at_again_too() -> None:
    subject = subject_of(keyed, sentences(10), plain_score=keyed, bench=Steadfast(keyed), plain_bench=Steadfast(keyed))
    evidence = run(subject)
    assert number(evidence, "attack_success_plain").value == 4 / 10
    assert number(evidence, "attack_success_change").value == 0


def test_successes_are_looked_at_again_without_the_cache() -> None:
    evidence = run(replace(subject_of(keyed, sentences(10)), bench=Steadfast(keyed)))
    assert table(evidence)["deepwordbug"]["not confirmed"] == 1
    assert number(evidence, "attack_success", recipe="deepwordbug").value == 4 / 10


def test_adversaries_for_training_depend_on_the_text_alone() -> None:
    def no_asset(name: str) -> Path:
        raise AssetError(f"get it with: renben fetch {name}")

    texts = sentences(8)
    labels = keyed(texts).argmax(axis=1)
    found = ADVERSARIES["deepwordbug"].search(texts, labels, keyed, no_asset, 3)
    assert [text is not None for text in found] == [k % 2 == 1 for k in range(8)]
    assert ADVERSARIES["deepwordbug"].search(texts[::-1], labels[::-1], keyed, no_asset, 3) == found[::-1]
    assert "input_reduction" not in ADVERSARIES


@pytest.mark.parametrize(
    ("attack", "texts", "told"),
    [("pwws", sentences(8), "renben fetch wordnet"), ("pwws", ["今天的天气很好"] * 8, "the texts are not English")],
)
def test_an_adversary_that_cannot_be_run_is_refused_before_any_training(
    attack: str, texts: list[str], told: str
) -> None:
    def no_asset(name: str) -> Path:
        raise AssetError(name)

    with pytest.raises(ConfigError, match=told):
        ADVERSARIES[attack].check(texts, no_asset)


def test_a_language_that_was_checked_is_not_told_anew_from_a_few_texts(words: Callable[[str], Path]) -> None:
    assert ADVERSARIES["pwws"].search(["今天的天气很好"], np.zeros(1, int), keyed, words, 3) == [None]
