"""Weighted summaries: by hand, with parts missing, and never a say in the verdict."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.composites import compose, with_range
from audit.config_file import load_config
from audit.errors import ConfigError
from audit.registry import PROBES, discover
from audit.types import Composite, CompositeItem, CompositeScore, Finding, Interval, RunRecord
from tests.reports.sample_record import sample_record, sample_verdict

discover()


def measured(metric: str, value: float | None, half: float | None = None, **slice: str) -> Finding:
    interval = (
        Interval(low=value - half, high=value + half, method="x") if half is not None and value is not None else None
    )
    return Finding(metric=metric, value=value, n=50, better="higher", slice=slice, interval=interval, note="a note")


def of(*items: dict[str, object]) -> Composite:
    return Composite.model_validate({"name": "Needs", "kind": "needs", "items": items})


FIGURES = [measured("p.accuracy", 0.8, 0.1), measured("p.gap", 0.05, 0.02, sex="*"), measured("p.absent", None)]
ACCURACY = {"metric": "p.accuracy", "low": 0.5, "high": 1.0, "better": "higher", "weight": 0.6}
SHARE = {"low": 0.0, "high": 1.0}
GAP = {"metric": "p.gap", "slice": {"sex": "*"}, "low": 0.0, "high": 0.2, "better": "lower", "weight": 0.4}


def test_a_sum_by_hand() -> None:
    found = compose(of(ACCURACY, GAP), FIGURES, 7)
    assert [item.score for item in found.items] == [pytest.approx(0.6), pytest.approx(0.75)]
    assert found.value == pytest.approx(0.6 * 0.6 + 0.4 * 0.75)
    assert found.coverage == pytest.approx(1)
    # All parts at the worse, and all at the better end of their intervals.
    assert found.interval and found.interval.low == pytest.approx(0.6 * 0.4 + 0.4 * 0.65, abs=0.01)
    assert found.interval.high == pytest.approx(0.6 * 0.8 + 0.4 * 0.85, abs=0.01)
    assert found.sensitivity and 0.6 < found.sensitivity.low < found.value < found.sensitivity.high < 0.75


def test_what_is_missing_is_missing_and_not_zero() -> None:
    absent = {"metric": "p.absent", "better": "higher", "weight": 0.2, **SHARE}
    unknown = {"metric": "p.nobody", "better": "higher", "weight": 0.2, **SHARE}
    found = compose(of({**ACCURACY, "weight": 0.6}, absent, unknown), FIGURES, 7)
    assert found.value == pytest.approx(0.6)
    assert found.coverage == pytest.approx(0.6)
    assert [item.note for item in found.items[1:]] == ["a note", "the run holds no such figure"]
    nothing = compose(of({**absent, "weight": 1.0}), FIGURES, 7)
    assert (nothing.value, nothing.coverage, nothing.interval, nothing.sensitivity) == (None, 0, None, None)


def test_what_a_person_states_has_no_interval() -> None:
    said = {"statement": "Liked.", "score": 0.7, "who": "A", "date": "2026-11-01", "weight": 1.0}
    found = compose(of(said), FIGURES, 7)
    assert found.value == pytest.approx(0.7)
    assert found.interval is None
    assert found.sensitivity and found.sensitivity.low == pytest.approx(found.sensitivity.high) == pytest.approx(0.7)


def test_a_part_counts_by_the_range_of_its_metric_unless_another_is_declared() -> None:
    poor = measured("human.survey.score", 49.3, 4.0)
    own = PROBES["human.survey"].measures["score"]
    for declared, score in (({}, 0.493), ({"low": 40.0}, 9.3 / 60), ({"low": 0.0, "high": 1.0}, 1.0)):
        item = CompositeItem(metric=poor.metric, weight=1.0, better="higher", **declared)
        (found,) = compose(of(with_range(item, own).model_dump()), [poor], 7).items
        assert found.score == pytest.approx(score)
        assert found.value == 49.3


def test_the_same_seed_gives_the_same_numbers() -> None:
    one = of(ACCURACY, GAP)
    assert compose(one, FIGURES, 7) == compose(one, FIGURES, 7)
    assert compose(one, FIGURES, 7).sensitivity != compose(one, FIGURES, 8).sensitivity


@given(st.lists(st.tuples(st.floats(-1, 2), st.floats(0, 0.5), st.integers(1, 9)), min_size=1, max_size=5))
def test_everything_lies_between_the_worst_and_the_best_part(parts: list[tuple[float, float, int]]) -> None:
    total = sum(weight for *_, weight in parts)
    items = [{"metric": f"p.m{i}", "better": "higher", "weight": w / total, **SHARE} for i, (*_, w) in enumerate(parts)]
    found = compose(of(*items), [measured(f"p.m{i}", value, half) for i, (value, half, _) in enumerate(parts)], 1)
    scores = [item.score for item in found.items if item.score is not None]
    assert found.value is not None and found.interval and found.sensitivity
    assert min(scores) - 1e-9 <= found.value <= max(scores) + 1e-9
    assert min(scores) - 1e-9 <= found.sensitivity.low <= found.sensitivity.high <= max(scores) + 1e-9
    assert -1e-9 <= found.interval.low <= found.value + 0.02
    assert found.value - 0.02 <= found.interval.high <= 1 + 1e-9


def test_it_never_changes_the_verdict() -> None:
    record = sample_record()
    perfect = CompositeScore(composite=of({**ACCURACY, "weight": 1.0}), value=1.0, coverage=1.0, items=())
    worst = perfect.model_copy(update={"value": 0.0})
    for composites in ((perfect,), (worst,), (perfect, worst)):
        summed = record.model_copy(update={"composites": composites})
        assert RunRecord.model_validate_json(summed.model_dump_json()) == summed
        assert sample_verdict(summed) == sample_verdict(record)


CONFIG = """title = "T"
[data]
test = "t.csv"
groups = ["race"]
[model]
kind = "load"
path = "m"
[[composite]]
name = "Performance"
kind = "performance"
items = [
  {{ metric = "performance.accuracy", better = "higher", weight = 0.6 }},
  {{ {item} }},
]
"""


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ('metric = "performance.f1", better = "higher", weight = 0.3', "must sum to 1; they sum to 0.9"),
        ('metric = "performance.f1", better = "higher", weight = -0.4', "greater than or equal to 0"),
        ('metric = "performance.f2", better = "higher", weight = 0.4', "Did you mean 'performance.f1'"),
        ('metric = "performance.f1", better = "lower", weight = 0.4', "higher is better"),
        ('metric = "performance.f1", weight = 0.4', "needs better"),
        ('metric = "performance.f1", better = "higher", low = 1, high = 0, weight = 0.4', "must be below"),
        ('metric = "performance.f1", better = "higher", low = 1, weight = 0.4', "they are 1 and 1"),
        (
            'metric = "sustain.footprint.latency_p95_ms", better = "lower", low = 0, weight = 0.4',
            "does not range from a 'low' to a 'high'. Give both: 'high' is the figure that counts as 0",
        ),
        ('metric = "performance.f1", better = "higher", weight = 0.4, slice = { rase = "a" }', "Did you mean 'race'"),
        ('metric = "performance.f1", better = "higher", weight = 0.4, score = 1', "go with 'statement'"),
        ('statement = "s", score = 0.5, weight = 0.4', "needs 'score' (0 to 1), 'who' and 'date'"),
        ('statement = "s", score = 0.5, who = "", date = "2026-11-01", weight = 0.4', "who': must not be blank"),
        ("weight = 0.4", "give 'metric' or 'statement'"),
    ],
)
def test_an_error_is_one_sentence_with_a_remedy(tmp_path: Path, item: str, says: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(CONFIG.format(item=item), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert says in str(caught.value)
    assert "audit.toml, line" in str(caught.value)


def test_a_good_one_loads(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(CONFIG.format(item='metric = "performance.f1", better = "higher", weight = 0.4'), encoding="utf-8")
    (composite,) = load_config(path)[0].composite
    assert composite.kind == "performance"
    assert [item.ends for item in composite.items] == [(0, 1), (0, 1)]
