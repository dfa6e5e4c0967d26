"""Membership inference: known answers, a model that memorises, and others that only look as if they did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstwobign, norm
from sklearn.metrics import roc_auc_score, roc_curve

from audit.run import run_probe
from audit.stats import auc, newcombe_auc
from audit.types import Curve, Finding, Floats, Interval, ProbeRun, Subject
from probes._privacy.attacks import guess, reference_log_probability
from probes._privacy.strength import (
    STRENGTHS,
    advantage,
    advantage_interval,
    area_interval,
    by_lot,
    hits_at_few_false_alarms,
    hits_interval,
    null_of,
    roc,
)
from probes.privacy_membership import privacy_membership
from tests.subjects import group_column, make_split, make_subject

N = 600
SEXES = [("f", "m")[i % 2] for i in range(N)]


def text(split: str, i: int, label: int) -> str:
    """Return a text whose label can half be told: two of three have its word."""
    word = ("good", "bad")[label if i % 3 else 1 - label]
    return f"{split} {i} was {word}"


def subject_with(score: Callable[[Sequence[str]], Floats], shifted: bool = False) -> Subject:
    """Return train and test rows of one kind; shifted, the words of train rows never mislead."""
    labels = np.arange(N) // 2 % 2
    texts = {name: [text(name, i, int(label)) for i, label in enumerate(labels)] for name in ("train", "test")}
    if shifted:
        texts["train"] = [text("train", 3 * i + 1, int(label)) for i, label in enumerate(labels)]
    train = make_split("train", labels, [group_column("sex", SEXES)], texts["train"])
    return make_subject(N, labels=labels, texts=texts["test"], groups={"sex": SEXES}, train=train, score=score)


def by_word(batch: Sequence[str]) -> Floats:
    """Answer by the word alone, a little more or less sure from text to text."""
    chance = np.array([blake2b(t.encode(), digest_size=1).digest()[0] / 2550 for t in batch])
    sure = np.array([0.8 if "bad" in t else 0.2 for t in batch]) + chance - 0.05
    return np.column_stack([1 - sure, sure])


def memorising(only: str = "fm", strength: float = 0.9) -> Callable[[Sequence[str]], Floats]:
    """Return a model that knows the labels of train rows by heart, or those of one group, and else goes by the word."""
    labels = np.arange(N) // 2 % 2
    known = {text("train", i, int(y)): y for i, y in enumerate(labels) if SEXES[i] in only}

    def score(batch: Sequence[str]) -> Floats:
        scores = by_word(batch)
        for row, t in enumerate(batch):
            if t in known:
                scores[row] = scores[row] * (1 - strength) + np.eye(2)[known[t]] * strength
        return scores

    return score


def run(subject: Subject) -> ProbeRun:
    done = run_probe(privacy_membership, subject, privacy_membership.params(), 7, say=lambda _: None, log=print)
    assert done.status == "ok", done.reason
    return done


def found(done: ProbeRun) -> dict[tuple[str, ...], Finding]:
    return {(f.metric.removeprefix("privacy.membership."), *f.slice.values()): f for f in done.findings}


def bounds(finding: Finding) -> tuple[float, float]:
    assert finding.interval is not None
    return bounds_of(finding.interval)


def bounds_of(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


# --- known answers ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> tuple[Floats, np.ndarray]:
    """Signals with ties, and membership."""
    rng = np.random.default_rng(3)
    member = np.arange(700) < 300
    return np.round(rng.normal(member * 0.7), 1), member


def test_numbers_are_those_of_scikit_learn_and_scipy(drawn: tuple[Floats, np.ndarray]) -> None:
    signal, member = drawn
    false, true, _ = roc_curve(member, signal, drop_intermediate=False)
    assert roc(signal, member)[0] == pytest.approx(false)
    assert roc(signal, member)[1] == pytest.approx(true)
    assert advantage(signal, member) == pytest.approx(ks_2samp(signal[member], signal[~member], "less").statistic)
    assert hits_at_few_false_alarms(signal, member) == pytest.approx(true[false <= 0.01].max())
    lot = by_lot(member, {"a": signal}, 1, np.random.default_rng(1))
    shuffled = np.random.default_rng(1).permutation(member)
    assert lot["auc"]["a"][0] == pytest.approx(roc_auc_score(shuffled, signal))
    assert lot["advantage"]["a"][0] == pytest.approx(advantage(signal, shuffled))
    assert lot["tpr_at_fpr"]["a"][0] == pytest.approx(hits_at_few_false_alarms(signal, shuffled))


def test_the_largest_of_several_is_known_less_well(drawn: tuple[Floats, np.ndarray]) -> None:
    signal, member = drawn
    assert bounds_of(area_interval([signal], member)) == pytest.approx(
        bounds_of(newcombe_auc(auc(signal, member), 300, 400))
    )
    for interval_of in (area_interval, advantage_interval, hits_interval):
        one, three = interval_of([signal], member), interval_of([signal] * 3, member)
        assert three.low <= one.low < one.high < three.high


def test_a_signal_that_never_varies_leaves_room_for_doubt(drawn: tuple[Floats, np.ndarray]) -> None:
    member, reach = drawn[1], kstwobign.isf(0.05) * np.sqrt(1 / 300 + 1 / 400)
    assert bounds_of(advantage_interval([np.zeros(700)], member)) == pytest.approx((0, reach), rel=1e-3)
    assert bounds_of(hits_interval([np.zeros(700)], member))[1] > 0.01


def test_signals_are_those_of_the_papers() -> None:
    scores, labels = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1])
    said = guess(["a", "b"], labels, np.array([True, False]), scores).signals
    assert said["loss"] == pytest.approx(np.log([0.7, 0.3]))
    assert said["entropy"][0] == pytest.approx(0.7 * np.log(0.7) + 0.2 * np.log(0.2) + 0.1 * np.log(0.1))
    assert said["modified entropy"][0] == pytest.approx(0.3 * np.log(0.7) + 0.2 * np.log(0.8) + 0.1 * np.log(0.9))
    assert set(guess(["a", "b"], labels, np.array([True, False]), scores[:, :2]).signals) == {"loss", "entropy"}


def test_the_reference_never_sees_the_row() -> None:
    """Were it trained on a row, the row's own label would show in what it says."""
    rng = np.random.default_rng(0)
    texts, labels, member = [f"w{i} only" for i in range(200)], rng.integers(0, 2, 200), np.arange(200) < 100
    said = reference_log_probability(texts, labels, member, 2)
    assert said is not None
    assert np.exp(said).mean() < 0.53
    assert reference_log_probability(texts, np.zeros(200, dtype=np.int64), member, 2) is None
    assert reference_log_probability([" "] * 200, labels, member, 2) is None


# --- false alarms and coverage ------------------------------------------------------------


def test_chance_seldom_looks_like_memory() -> None:
    rng, alarms = np.random.default_rng(0), np.zeros(6)
    member = np.arange(240) < 120
    for _ in range(60):
        hard = rng.normal(size=240)
        signals = {name: hard + rng.normal(size=240) for name in "abc"}
        lot = by_lot(member, signals, 100, rng)
        found = list(signals.values())
        alarms += [
            area_interval(found, member).low > 0.5,
            advantage_interval(found, member).low > 0,
            hits_interval(found, member).low > 0.01,
            *(luckier(name, found, member, lot[name]) for name in STRENGTHS),
        ]
    assert (alarms / 60 <= 0.1).all(), alarms


def luckier(name: str, signals: list[Floats], member: np.ndarray, by_chance: Mapping[str, Floats]) -> bool:
    """Return whether the strongest of some attacks is called stronger than chance."""
    value = max(STRENGTHS[name].value(signal, member) for signal in signals)
    return null_of(value, np.max(list(by_chance.values()), axis=0), "").p_value <= 0.05


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_intervals_hold_the_truth(spread: float) -> None:
    rng, missed = np.random.default_rng(1), 0
    member, grid = np.arange(400) < 200, np.linspace(-8, 9, 4001)
    gain = (norm.sf(grid, 0.5, spread) - norm.sf(grid)).max()
    hits = norm.sf(norm.isf(0.01), 0.5, spread)
    for _ in range(100):
        signal = np.where(member, rng.normal(0.5, spread, 400), rng.normal(size=400))
        band, found = advantage_interval([signal], member), hits_interval([signal], member)
        missed += not (band.low <= gain <= band.high and found.low <= hits <= found.high)
    assert missed <= 8


# --- the probe ----------------------------------------------------------------------------


def test_a_model_that_memorises_is_caught() -> None:
    done = run(subject_with(memorising()))
    of = found(done)
    for name, chance in (("auc", 0.5), ("advantage", 0.0), ("tpr_at_fpr", 0.01)):
        assert bounds(of[name,])[0] > chance + 0.1, name
        assert of[name,].null is not None
        assert of[name,].null.p_value < 0.01
    assert "no memory" not in of["auc",].note
    curve = next(e for e in done.evidence if isinstance(e, Curve))
    assert (curve.x[0], curve.x[-1], curve.y[-1]) == (0, 1, 1)
    assert max(np.array(curve.y) - curve.x) == pytest.approx(of["advantage", curve.slice["method"]].value, abs=0.05)


def test_a_model_that_does_not_is_left_alone() -> None:
    of = found(run(subject_with(by_word)))
    assert bounds(of["auc",])[0] < 0.5
    assert bounds(of["advantage",])[0] == 0
    assert bounds(of["tpr_at_fpr",])[0] <= 0.01
    assert of["auc",].null is not None
    assert of["auc",].null.p_value > 0.05


def test_a_shift_between_the_splits_is_named() -> None:
    of = found(run(subject_with(by_word, shifted=True)))
    assert bounds(of["auc",])[0] > 0.5
    assert bounds(of["reference_auc",])[0] > 0.5
    assert "train rows are easier than test rows for any model" in of["auc",].note


def test_calibration_finds_what_difficulty_hides() -> None:
    rng, member = np.random.default_rng(0), np.arange(2 * N) < N
    labels = rng.integers(0, 2, 2 * N)
    misled = rng.random(2 * N) < 0.3
    words = [("good", "bad")[word] for word in np.where(misled, 1 - labels, labels)]
    right = np.where(misled, 0.3, 0.7) + rng.uniform(-0.05, 0.05, 2 * N) + 0.08 * member
    scores = np.where(np.arange(2) == labels[:, None], right[:, None], 1 - right[:, None])
    areas = {name: auc(signal, member) for name, signal in guess(words, labels, member, scores).signals.items()}
    assert areas["calibrated loss"] > areas["loss"] + 0.1


def test_the_group_that_is_remembered_is_named() -> None:
    of = found(run(subject_with(memorising(only="f"))))
    for name, chance in (("auc", 0.5), ("advantage", 0.0)):
        assert bounds(of[name, "f"])[0] > chance + 0.3, name
        assert bounds(of[name, "m"])[0] <= chance, name
    assert of["tpr_at_fpr", "f"].value == 1
    assert bounds(of["tpr_at_fpr", "m"])[1] < 0.5
    assert bounds(of["auc_difference", "*"])[0] > 0.2
    assert "highest: f 1.000; lowest: m 0.5" in of["auc_difference", "*"].note


def test_each_number_names_the_attack_that_it_comes_from() -> None:
    done = run(subject_with(memorising("f", strength=0.5)))
    of = found(done)
    attacks = {key[1] for key in of if key[0] == "advantage" and of[key].slice.keys() == {"method"}}
    named = set()
    for name in ("auc", "advantage", "tpr_at_fpr"):
        attack = of[name,].note.removeprefix("by the ").split(", the strongest")[0]
        assert of[name,].value == of[name, attack].value == max(of[name, other].value for other in attacks)
        assert of[name, "f"].note == f"by the {attack}"
        named.add(attack)
    assert len(named) > 1, "choose a model whose numbers come from different attacks"


def test_test_rows_that_were_trained_on_do_not_count() -> None:
    subject = subject_with(memorising())
    test = subject.test
    leaked = replace(test, texts=(*(t.upper() for t in subject.splits["train"].texts[:40]), *test.texts[40:]))
    of = found(run(replace(subject, splits={**subject.splits, "test": leaked})))
    assert of["auc",].n == 2 * N - 40


def test_too_few_rows_are_said_to_be_too_few() -> None:
    few = make_subject(20, groups={}, train=make_split("train", np.arange(400) % 2, []))
    done = run_probe(privacy_membership, few, privacy_membership.params(), 7, say=lambda _: None, log=print)
    assert (done.status, done.reason.startswith("400 rows of the train split and 20")) == ("skipped", True)
    some = found(
        run(make_subject(80, groups={"sex": list("fm" * 40)}, train=make_split("train", np.arange(400) % 2, [])))
    )
    assert some["tpr_at_fpr",].value is None
    assert some["auc", "f"].value is None  # the train rows name no group
    assert "100 test rows" in some["tpr_at_fpr",].note
