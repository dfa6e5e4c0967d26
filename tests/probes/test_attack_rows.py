"""Which rows are attacked, what those count that time cut off, and going on after an interrupt."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import probes.robustness_attack as probe
from audit.models.transformer import load_transformer
from audit.scoring import Scorer
from audit.stats import wilson
from audit.types import Curve, Evidence, Floats, Subject
from probes._attack.attacked import DONE, Attacked, any_of
from probes._attack.attackers import Found
from probes._attack.drawn import draw_rows
from probes._attack.lockstep import Result
from probes._attack.outcomes import Job, assess
from probes._attack.recipes import BUILT_IN, MODEL
from probes._attack.shown import examples
from probes._attack.validity import Rules
from tests.probes.test_attack import keyed, number, run, sentences, shown, subject_of, table
from tests.tiny import tiny_model

# --- which rows -------------------------------------------------------------------------------------------


def with_groups(of_row: Sequence[str | None], **more: Sequence[str | None]) -> Subject:
    return subject_of(keyed, sentences(len(of_row)), groups={"who": of_row, **more})


RARE = with_groups(["few" if k % 20 == 0 else "many" for k in range(800)], sex=["f", "m", None, None] * 200)


def test_every_group_gets_its_share_and_figures_of_all_rows_stay_those_of_a_random_draw() -> None:
    plain = draw_rows(subject_of(keyed, sentences(800)), 50, 10, 3)
    drawn = draw_rows(RARE, 50, 10, 3)
    assert len(plain.rows) == 50 == drawn.first
    assert drawn.rows.ids[:50] == plain.rows.ids
    few = drawn.columns[0].members[:, drawn.columns[0].values.index("few")]
    assert few[:50].sum() < few.sum() == 10
    assert set(drawn.rows.ids[50:]) == {drawn.rows.ids[k] for k in np.flatnonzero(few) if k >= 50}
    assert not drawn.columns[1].members[50:].any(), "drawn for their first column alone"
    assert drawn.of(drawn.columns[1]).sum() == 50, "nor are they rows of no sex"


def test_more_rows_of_groups_are_at_most_as_many_again() -> None:
    small = with_groups([f"g{k % 40}" for k in range(800)])
    assert len(draw_rows(small, 50, 10, 3).rows) == 50, "to bring forty groups to five each would take too many"
    some = draw_rows(with_groups([f"g{k % 10}" for k in range(800)]), 50, 20, 3)
    sizes = some.columns[0].members.sum(axis=0)
    assert 80 < len(some.rows) <= 100
    assert min(sizes) >= 8


def test_a_small_group_that_breaks_is_named_by_default_and_has_curves() -> None:
    texts, who = sentences(400), [("hit" if k % 20 == 1 else "spared") for k in range(400)]
    texts = [
        text if name == "hit" else text.replace("terrible", "wordy") for text, name in zip(texts, who, strict=True)
    ]
    evidence = run(subject_of(keyed, texts, groups={"who": who}))
    for measure in ("attack_success", "valid_attack_success", "robust_accuracy", "valid_robust_accuracy"):
        gap = number(evidence, f"{measure}_difference", who="*")
        assert gap.value == 1, measure
        assert gap.interval and gap.interval.low > 0.4
    overall = number(evidence, "attack_success")
    assert overall.n == 50
    assert overall.value is not None and overall.value < 0.2, "not of as many from either group"
    assert table(evidence)["deepwordbug"]["rows attacked"] == 50, "those of the figure"
    assert shown(evidence).note.endswith("of them were drawn for their groups alone")
    ends = {curve.slice.get("who"): curve.y[-1] for curve in evidence if isinstance(curve, Curve)}
    assert (ends["hit"], ends["spared"]) == (1, 0)


# --- time -------------------------------------------------------------------------------------------------


def test_what_time_cut_off_counts_half_and_the_interval_holds_either_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that break do so early; those that resist are what a deadline cuts off."""
    quick = [f"what a terrible meal number {k}" for k in range(10)]
    slow = [f"{' '.join(f'dish{j}' for j in range(30))} number {k}" for k in range(10)]
    subject = subject_of(keyed, quick + slow, groups={"kind": ["quick"] * 10 + ["slow"] * 10})
    assert number(run(subject), "attack_success").value == 0.5
    ticks = itertools.count()
    monkeypatch.setattr(probe, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    evidence = run(subject, seconds=160)
    success = number(evidence, "attack_success", recipe="deepwordbug")
    assert (success.value, success.n) == (0.75, 10)
    assert success.interval
    assert success.interval.low == wilson(10, 20).low
    assert success.interval.high == wilson(20, 20).high
    assert success.note == (
        "attacked 10 of 20; 10 cut off when time was over; "
        "rows that came to no end count half and are not in n, and the interval holds whether or not they would break"
    )
    assert number(evidence, "robust_accuracy").value == 0.25
    for measure in ("attack_success", "valid_robust_accuracy"):
        slow = number(evidence, measure, kind="slow")
        assert (slow.value, slow.n) == (None, 0)
        assert slow.note.startswith("no row was attacked to an end; attacked 0 of 10; 10 cut off when time was over")
        gap = number(evidence, f"{measure}_difference", kind="*")
        assert (gap.value, gap.n) == (None, 10), "the slow ones may yet break"
        assert gap.note.startswith("fewer than two groups have 10 rows; attacked 10 of 20; 10 cut off when")
    assert number(evidence, "queries", recipe="deepwordbug").n == 10
    curve = next(e for e in evidence if isinstance(e, Curve) and e.slice == {"recipe": "deepwordbug"})
    assert (curve.y[-1], curve.high[-1]) == (0.75, success.interval.high)


def test_of_several_recipes_a_row_is_open_only_where_it_matters() -> None:
    right, n = np.ones(7, dtype=bool), 7
    job = Job([str(k) for k in range(n)], ["so good"] * n, np.zeros(n, int), {MODEL: right}, 1, lambda: 0.0)
    rules = Rules(0.8, 0.3, None, {"good": 1.0, "terrible": -1.0})
    hit, miss, idle = Found("so terrible", True, 3), Found("so good", False, 5), Found("so good", False, 1, False)
    cut, waiting = Result[Found](), Result[Found](begun=False)
    one, other = (
        assess(BUILT_IN["deepwordbug"], results, job, MODEL, keyed, rules)
        for results in (
            [Result(hit), Result(miss), Result(miss), Result(hit), Result(miss), Result(idle), waiting],
            [cut, cut, Result(idle), waiting, waiting, Result(idle), waiting],
        )
    )
    together = any_of([one, other])
    assert together.broken.tolist()[:5] == [1, 0.5, 0, 1, 0.5]
    assert together.valid.tolist()[:5] == [0.5, 0.5, 0, 0.5, 0.5], "what broke was not valid; what is to come may be"
    assert np.isnan(together.broken[5:]).all(), "one that nothing can change, and one that none came to"
    assert together.note(9) == "attacked 3 of 7; 2 cut off when time was over; no change possible in 1 texts"


def test_a_row_is_shown_for_the_best_that_was_found_of_it() -> None:
    texts = ["what a terrible meal number one", "what a terrible meal number two"]
    drawn, n = draw_rows(subject_of(keyed, texts), 50, 10, 3), np.ones(2)

    def attacked(name: str, valid: list[float], share: list[float], found: tuple[str | None, ...]) -> Attacked:
        return Attacked(BUILT_IN[name], (DONE, DONE), n, np.array(valid), n, np.array(share), n > 1, found)

    one = attacked("deepwordbug", [1, 0], [0.1, 0.2], ("a valid text", "an invalid text"))
    other = attacked("pruthi", [0, 0], [0.5, np.nan], ("another invalid text", None))
    best = examples([one, other], drawn, ("0", "1"), keyed, 1)
    assert [item.after for item in best.items] == ["a valid text"]


# --- interrupts -------------------------------------------------------------------------------------------


def test_an_attack_that_was_interrupted_goes_on_to_the_same_evidence(tmp_path: Path) -> None:
    model = load_transformer(tiny_model(tmp_path / "model"))
    texts = [f"the quick brown fox jumps over a lazy dog while wizard {k} boils tea" for k in range(8)]
    calls = itertools.count()

    def asked(folder: str, last: float) -> tuple[list[Evidence], int]:
        scorer = Scorer(model, tmp_path / folder, backend="torch")

        def score(batch: Sequence[str]) -> Floats:
            if next(calls) > last:
                raise KeyboardInterrupt
            return scorer.score(batch)

        subject = replace(subject_of(scorer.score, texts), score=score)
        return run(subject, recipes=["deepwordbug", "pruthi"]), scorer.facts().texts_scored

    with pytest.raises(KeyboardInterrupt):
        asked("interrupted", last=6)
    resumed, rest = asked("interrupted", last=np.inf)
    whole, every = asked("new", last=np.inf)
    assert resumed == whole
    assert rest < every, "what was answered before the interrupt is not asked again"
