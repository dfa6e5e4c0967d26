"""Published numbers: what no confusion matrix can give is refused, and what one gives never is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlscorecheck.check.binary import check_1_testset_no_kfold
from pydantic import ValidationError
from sklearn.metrics import accuracy_score, classification_report

from audit.run import run_probe
from audit.types import ProbeRun, Subject
from probes._claims.arithmetic import check
from probes._claims.published import Claim
from probes.account_claims import account_claims
from tests.subjects import make_subject


def claim(**of: object) -> Claim:
    return Claim.model_validate({"name": "paper", **of})


def report(matrix: np.ndarray, decimals: int = 2) -> Claim:
    """Return what scikit-learn would print of a confusion matrix."""
    truth, said = (np.repeat(index.ravel(), matrix.ravel()) for index in np.indices(matrix.shape))
    told = classification_report(truth, said, labels=range(len(matrix)), output_dict=True, zero_division=0.0)
    shares = {"precision": "precision", "recall": "recall", "f1-score": "f1"}
    per_class = {
        f"c{k}": {name: round(told[str(k)][key], decimals) for key, name in shares.items()}
        | {"support": int(matrix[k].sum())}
        for k in range(len(matrix))
    }
    macro = round(told["macro avg"]["f1-score"], decimals)
    accuracy = round(float(accuracy_score(truth, said)), decimals)
    return claim(per_class=per_class, accuracy=accuracy, macro_f1=macro, decimals=decimals)


def run(subject: Subject, *claims: dict[str, object]) -> ProbeRun:
    params = account_claims.params.model_validate({"claims": claims})
    done = run_probe(account_claims, subject, params, 7, say=print, log=print)
    assert done.status == "ok", done.reason
    return done


def value(done: ProbeRun, name: str, **where: str) -> tuple[float | None, str]:
    slice_ = {"claim": "paper", **{key.rstrip("_"): v for key, v in where.items()}}
    found = next(f for f in done.findings if f.metric == f"account.claims.{name}" and f.slice == slice_)
    return found.value, found.note


# --- within the claim -----------------------------------------------------------------------

SPAM = {"precision": 0.95, "recall": 0.86, "f1": 0.91}
"""The numbers of the spam table in requirements.md §0.9 (M05) that the catalogue quotes; supports 138 and 124."""


@pytest.mark.parametrize(("supports", "true_accuracy"), [((138, 124), 0.91), ((124, 138), 0.9)])
def test_the_impossible_spam_table_is_refused(supports: tuple[int, int], true_accuracy: float) -> None:
    per_class = {"ham": {"support": supports[0]}, "spam": {**SPAM, "support": supports[1]}}
    answer = check(claim(per_class=per_class, accuracy=0.92))
    assert "none gives 'spam' the printed F1 0.91; the nearest is 0.90" in answer.contradictions[0]
    # Without its F1 it is still impossible, as its accuracy does not go with the rest.
    del per_class["spam"]["f1"]
    answer = check(claim(per_class=per_class, accuracy=0.92))
    assert "has accuracy 0.9" in answer.contradictions[0]
    assert check(claim(per_class=per_class, accuracy=true_accuracy)).contradictions == ()


@pytest.mark.parametrize("recalls", [(0.9, 0.93), (0.91, 0.92), (0.92, 0.91), (0.93, 0.9)])
def test_what_is_quoted_of_the_spam_test_table_refutes_nothing(recalls: tuple[float, float]) -> None:
    """§0.9 gives its supports, its accuracy and that the recalls imply 0.915, but none of its other numbers.

    These are all recalls of two decimals that imply as much, and each has a matrix: a fixture that is refused
    would have to make up precisions or F1.
    """
    per_class = {"ham": {"recall": recalls[0], "support": 141}, "spam": {"recall": recalls[1], "support": 133}}
    assert (recalls[0] * 141 + recalls[1] * 133) / 274 == pytest.approx(0.915, abs=5e-4)
    assert check(claim(per_class=per_class, accuracy=0.92)).contradictions == ()


def test_accuracy_must_be_what_the_recalls_make_it() -> None:
    per_class = {"ham": {"recall": 0.94, "support": 138}, "spam": {"recall": 0.86, "support": 124}}
    assert (
        "at most 237 can be right, an accuracy of 0.9046"
        in check(claim(per_class=per_class, accuracy=0.92)).contradictions[0]
    )
    assert check(claim(per_class=per_class, accuracy=0.9)).contradictions == ()


matrices = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.integers(0, 60), min_size=k * k, max_size=k * k).map(lambda cells: np.reshape(cells, (k, k)))
)


@settings(deadline=None, max_examples=40)
@given(matrix=matrices.filter(lambda m: m.sum(axis=1).all()), decimals=st.integers(1, 4))
def test_what_a_matrix_gives_is_never_called_a_contradiction(matrix: np.ndarray, decimals: int) -> None:
    printed = report(matrix, decimals)
    assert check(printed).contradictions == ()
    assert check(printed.model_copy(update={"confusion": tuple(map(tuple, matrix.tolist()))})).contradictions == ()
    without = {k: of.model_copy(update={"support": None}) for k, of in printed.per_class.items()}
    assert check(printed.model_copy(update={"per_class": without})).contradictions == ()


def possible(supports: list[int], shares: dict[str, float]) -> bool:
    """Whether some matrix of two classes gives these shares; by another package."""
    names = {"precision": "ppv", "recall": "sens", "f1": "f1", "accuracy": "acc"}
    scores = {names[name]: share for name, share in shares.items()}
    testset = {"p": supports[1], "n": supports[0]}
    return not check_1_testset_no_kfold(testset, scores, eps=0.005, numerical_tolerance=1e-9)["inconsistency"]


def test_two_classes_agree_with_an_independent_package() -> None:
    rng, answers = np.random.default_rng(0), []
    for _ in range(60):
        supports = rng.integers(5, 40, 2).tolist()
        hits = int(rng.integers(1, supports[1] + 1))
        wrong = int(rng.integers(0, supports[0] // 2))
        shares = {
            "recall": hits / supports[1],
            "precision": hits / (hits + wrong),
            "f1": 2 * hits / (hits + wrong + supports[1]),
            "accuracy": (hits + supports[0] - wrong) / sum(supports),
        }
        slip = rng.choice([0, 0, 0.01], p=[0.5, 0.2, 0.3], size=4)
        shares = {k: round(max(x - by, 0.0), 2) for (k, x), by in zip(shares.items(), slip, strict=True)}
        spam = {k: v for k, v in shares.items() if k != "accuracy"} | {"support": supports[1]}
        answer = check(claim(per_class={"ham": {"support": supports[0]}, "spam": spam}, accuracy=shares["accuracy"]))
        answers.append((not answer.contradictions, possible(supports, shares)))
    assert all(ours == theirs for ours, theirs in answers)
    assert 5 < sum(ours for ours, _ in answers) < 55


def test_three_classes_agree_with_trying_every_matrix() -> None:
    """With supports 3, 3 and 2 there are only 600."""
    rows = [[r for r in product(range(n + 1), repeat=3) if sum(r) == n] for n in (3, 3, 2)]
    every = np.array(list(product(*rows)))
    hits, predicted = np.diagonal(every, axis1=1, axis2=2), every.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(hits / predicted)
    accuracy, rng, answers = hits.sum(axis=1) / 8, np.random.default_rng(1), []
    for _ in range(40):
        wanted = np.round(precision[rng.integers(len(every))], 1)
        overall = round(float(accuracy[rng.integers(len(every))]), 1)
        fits = (np.abs(precision - wanted) <= 0.05 + 1e-9).all(axis=1) & (np.abs(accuracy - overall) <= 0.05 + 1e-9)
        per_class = {
            f"c{k}": {"precision": p, "support": n} for k, (p, n) in enumerate(zip(wanted, (3, 3, 2), strict=True))
        }
        answer = check(claim(per_class=per_class, accuracy=overall, decimals=1))
        answers.append((not answer.contradictions, bool(fits.any())))
    assert all(ours == theirs for ours, theirs in answers)
    assert 3 < sum(ours for ours, _ in answers) < 37


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ({"n": 90}, "holds 100 rows, but n is 90"),
        ({"accuracy": 0.81}, "accuracy is 0.8000, but 0.81"),
        ({"per_class": {"a": {"support": 51}, "b": {}}}, "has 50 rows of 'a', but the printed support is 51"),
        ({"per_class": {"a": {}, "b": {"recall": 0.7}}}, "recall of 'b' is 0.8000, but 0.7"),
    ],
)
def test_a_printed_matrix_is_recomputed(planted: dict[str, object], sentence: str) -> None:
    matrix = ((40, 10), (10, 40))
    assert check(claim(confusion=matrix, accuracy=0.8, n=100)).contradictions == ()
    assert sentence in check(claim(**{"confusion": matrix, **planted})).contradictions[0]


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"per_class": {"a": {"precision": 0.95, "recall": 0.86, "f1": 0.96}}}, "allow F1 from 0.8977 to 0.9078"),
        ({"per_class": {"a": {"recall": 0.8}, "b": {"recall": 0.9}}, "accuracy": 0.92}, "a mean of the recalls"),
        ({"per_class": {"a": {"f1": 0.8}, "b": {"f1": 0.9}}, "macro_f1": 0.9}, "mean between 0.8450 and 0.8550"),
        ({"accuracy": 0.92, "n": 10}, "none such is printed as 0.92"),
        ({"per_class": {"a": {"support": 5}, "b": {"support": 6}}, "n": 12, "accuracy": 1}, "add up to 11 rows"),
    ],
)
def test_other_contradictions_are_named(given_: dict[str, object], sentence: str) -> None:
    assert sentence in check(claim(**given_)).contradictions[0]


def test_large_tables_are_decided_too() -> None:
    per_class = {k: {"f1": f1, "support": 30_000} for k, f1 in (("a", 0.6), ("b", 0.8), ("c", 0.8))}
    found = check(claim(per_class=per_class, accuracy=0.92)).contradictions
    assert found[0].startswith("The numbers of the classes together allow an accuracy of 0.7")
    assert check(claim(per_class=per_class, accuracy=0.74)).contradictions == ()


# --- against what was measured --------------------------------------------------------------


def test_a_claim_is_held_against_what_was_measured() -> None:
    scores = np.tile([[0.9, 0.1], [0.2, 0.8]], (100, 1))
    labels = np.array([0, 1] * 80 + [1, 1] * 20)  # 180 of 200 right
    subject = make_subject(200, scores=scores, labels=labels)
    per_class = {"0": {"recall": 1.0, "precision": 0.8}, "9": {"recall": 0.5}}
    done = run(subject, {"name": "paper", "accuracy": 0.98, "per_class": per_class})
    difference, note = value(done, "measured_minus_claimed", method="accuracy")
    assert difference == pytest.approx(-0.08)
    assert "outside the interval" in note
    assert value(done, "measured_minus_claimed", class_="0", method="precision")[0] == pytest.approx(0)
    assert value(done, "measured_minus_claimed", class_="9", method="recall") == (
        None,
        "Not compared: the data have no class '9'.",
    )
    assert value(done, "overclaimed") == (1, "Of 3 published numbers that were measured here.")
    assert value(done, "consistent")[0] == 1  # accuracy lies between the recalls


def test_the_published_numbers_of_the_model_itself_hold() -> None:
    subject = make_subject(400, 3)
    matrix = np.zeros((3, 3), dtype=int)
    np.add.at(matrix, (subject.test.labels, subject.predicted.labels), 1)
    true = {"confusion": matrix.tolist(), "accuracy": round(np.trace(matrix) / 400, 2), "n": 400}
    done = run(subject, {"name": "paper", **true})
    assert value(done, "consistent") == (1, "The printed confusion matrix gives every printed number.")
    assert value(done, "overclaimed")[0] == 0
    assert not [e for e in done.evidence if e.kind == "table"]
    done = run(subject, {"name": "paper", **true, "accuracy": 0.99})
    assert value(done, "consistent")[0] == 0
    assert value(done, "contradictions")[0] == 1
    table = next(e for e in done.evidence if e.kind == "table")
    assert "but 0.99 is printed" in str(table.rows[0][1])


def test_without_claims_it_says_where_to_give_some() -> None:
    done = run_probe(account_claims, make_subject(50), account_claims.params(), 7, say=print, log=print)
    assert done.status == "skipped"
    assert "No published number is named" in done.reason


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"accuracy": 92}, "less than or equal to 1"),
        ({}, "give some published number"),
        ({"confusion": [[1, 2], [3]]}, "as many columns as rows"),
        ({"confusion": [[1, 2], [3, 4]], "per_class": {"a": {"f1": 1}}}, "has 2 classes, but 'per_class' names 1"),
        ({"confusion": [[0, 0], [0, 0]]}, "holds no rows"),
        ({"per_class": {"a": {"support": 0}, "b": {"support": 0}}, "accuracy": 0.5}, "add up to no rows"),
    ],
)
def test_what_cannot_be_meant_is_refused(given_: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        claim(**given_)
    with pytest.raises(ValidationError, match="two claims are called 'paper'"):
        account_claims.params.model_validate({"claims": [{"name": "paper", "accuracy": 0.9}] * 2})
