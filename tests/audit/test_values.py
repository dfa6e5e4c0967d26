"""The eight values, and what a record holds about each."""

import re
from collections import Counter
from datetime import date
from fnmatch import filter as matching

import pytest

from audit.gate import judge
from audit.registry import discover
from audit.types import ProbeRun, Rule, RunRecord, Waiver
from audit.values import GRAPH, TOPICS, VALUES, node_states, standing
from tests.records import a_finding, a_record, a_run
from tests.reports.sample_record import STATEMENT, sample_record

LAST = {"V": 55, "F": 13, "R": 24, "K": 36, "M": 5, "C": 16, "O": 8}
"""How many items of each kind the requirements catalogue has."""


def test_every_requirement_on_values_belongs_to_exactly_one_value() -> None:
    claimed = [number for value in VALUES.values() for number in value.requirements]
    assert sorted(claimed) == [f"V{i:02d}" for i in range(1, 56)]
    assert len(VALUES) == 8


def test_what_is_cited_of_the_catalogue_exists_and_stands_once() -> None:
    """A statement answers V-numbers of its own value; whatever else is cited is answered in one place."""
    others: Counter[str] = Counter()
    for value in VALUES.values():
        asked = [id for one in value.attestations for id in one.requirements]
        assert {id for id in asked if id.startswith("V")} <= set(value.requirements)
        assert all(one.requirements for one in value.attestations)
        others += Counter(id for figures in value.evidence for id in figures.requirements)
        others += Counter(id for id in asked if not id.startswith("V"))
    for id, times in others.items():
        assert re.fullmatch(r"F[1-9]\d?|[RKMCO]\d\d", id), id
        assert 1 <= int(id[1:]) <= LAST[id[0]] and times == 1, id


def test_a_value_names_figures_of_just_the_probes_that_declare_it() -> None:
    probes = discover()
    for id, value in VALUES.items():
        names = [name for figures in value.evidence for name in figures.metrics]
        for spec in probes.values():
            own = [name for name in names if name.startswith(f"{spec.id}.")]
            assert bool(own) == (id in spec.values), (id, spec.id)
            assert all(matching(spec.metrics, name) for name in own), own


def test_every_value_speaks_both_languages() -> None:
    for value in VALUES.values():
        for words in (value.title, value.question, value.limits, *(asked.title for asked in value.attestations)):
            assert set(words) == {"en", "zh"}
            assert words["en"].isascii() or "–" in words["en"]
            assert any("\u4e00" <= letter <= "\u9fff" for letter in words["zh"])


def test_standing_is_measured_attested_or_absent() -> None:
    held = standing(sample_record())
    assert list(held) == list(VALUES)
    assert held["value_creation"].state == "measured"
    assert held["sustainability"].state == "attested"
    # Its only probe failed, and nobody made a statement.
    assert held["robustness"].state == "absent"


def test_standing_counts_numbers_not_gaps() -> None:
    record = sample_record()
    fairness = next(run for run in record.probes if run.probe == "fairness.groups")
    measured = [finding for finding in fairness.findings if finding.value is not None]
    assert len(measured) < len(fairness.findings)
    assert standing(record)["fairness"].findings == len(measured)
    assert standing(record)["fairness"].probes == ("fairness.groups",)


def test_a_probe_without_a_single_number_is_no_evidence() -> None:
    record = sample_record()
    empty = tuple(
        run.model_copy(update={"evidence": tuple(f for f in run.findings if f.value is None)}) for run in record.probes
    )
    assert standing(record.model_copy(update={"probes": empty}))["fairness"].state == "absent"


def test_a_statement_expires_by_the_day_of_the_record() -> None:
    last_day = STATEMENT.model_copy(update={"expires": "2026-11-22"})
    expired = STATEMENT.model_copy(update={"expires": "2026-11-21"})
    for statement, state in ((last_day, "attested"), (expired, "absent")):
        record = sample_record().model_copy(update={"attestations": (statement,)})
        assert standing(record)["sustainability"].state == state
    assert standing(record)["sustainability"].lapsed == (expired,)


def test_the_graph_is_a_tree_over_the_values() -> None:
    led_to = [child for node in GRAPH.values() for child in node.leads_to]
    root = next(iter(GRAPH))
    assert sorted([root, *led_to]) == sorted(GRAPH)
    for node in GRAPH.values():
        assert node.requirement in VALUES[node.value].requirements


def test_what_has_one_name_belongs_to_one_value() -> None:
    asked = [(one.id, value) for value, held in VALUES.items() for one in held.attestations]
    assert len({id for id, _ in asked}) == len(asked)
    for id, value in [*asked, *((id, node.value) for id, node in GRAPH.items())]:
        assert TOPICS[id].value == value


def test_figures_for_nodes_are_measured_by_some_probe() -> None:
    metrics = [metric for spec in discover().values() for metric in spec.metrics]
    assert [name for node in GRAPH.values() for name in node.metrics if not matching(metrics, name)] == []


def one_run(metric: str, values: tuple[str, ...] = (), figure: float | None = 0.5) -> RunRecord:
    run: ProbeRun = a_run([a_finding(figure, metric=metric)], probe=metric.rpartition(".")[0])
    return a_record(run.model_copy(update={"values": values}))


@pytest.mark.parametrize(
    ("metric", "measured"),
    [
        ("human.deferral.deferral_rate", set()),
        ("human.deferral.cost_at_best", set()),
        ("human.deferral.team_gain", {"human_computing"}),
        ("human.deferral.over_reliance", {"trust"}),
        ("human.survey.missing_answers", set()),
        ("human.survey.score", {"people_first", "acceptance", "trust"}),
        ("account.recipe.concerns", set()),
        ("account.claims.consistent", {"credibility"}),
        ("performance.accuracy", set()),
        ("performance.accuracy_over_baseline", {"innovation"}),
        ("fairness.groups.accuracy", {"people_first"}),
        ("fairness.intersections.small_cells", set()),
        ("fairness.intersections.accuracy_parity_difference", {"justice"}),
        ("explain.quality.stability", {"transparency", "explainability"}),
        ("sustain.footprint.latency_p50_ms", set()),
        ("sustain.footprint.tuning_co2e_g", {"sustainability"}),
    ],
)
def test_a_node_is_measured_by_figures_of_its_own_alone(metric: str, measured: set[str]) -> None:
    assert {id for id, state in node_states(one_run(metric)).items() if state == "measured"} == measured
    assert set(node_states(one_run(metric, figure=None)).values()) == {"absent"}


def test_a_value_is_not_measured_by_what_a_probe_measures_for_another() -> None:
    serves = ("sustainability", "fairness")
    held = standing(one_run("sustain.footprint.latency_p50_ms", serves))
    assert (held["sustainability"].state, held["fairness"].state) == ("measured", "absent")
    assert standing(one_run("sustain.footprint.agreement_difference", serves))["fairness"].findings == 1
    # Of a probe that the table does not know, the probe's own word is taken.
    assert standing(one_run("acme.joy.rate", ("fairness",)))["fairness"].state == "measured"


def test_what_people_are_asked_stays_open_until_a_statement_names_it() -> None:
    def open_topics(**said: str) -> list[str]:
        statement = STATEMENT.model_copy(update={"value": "fairness", **said})
        record = sample_record().model_copy(update={"attestations": (statement,)})
        return [asked.id for asked in standing(record)["fairness"].unstated]

    assert open_topics() == ["harmony", "rights", "work"]
    assert open_topics(about="work") == ["harmony", "rights"]
    assert open_topics(about="work", expires="2026-11-21") == ["harmony", "rights", "work"]


def test_a_node_is_attested_by_a_statement_that_names_it_alone() -> None:
    states = node_states(sample_record())
    # Fairness was measured, but no measurement stands for social harmony; a statement on energy is about no node.
    assert [states[id] for id in ("justice", "harmony", "sustainability")] == ["measured", "absent", "absent"]
    said = STATEMENT.model_copy(update={"value": "fairness"})
    for about, state in ((None, "absent"), ("work", "absent"), ("harmony", "attested")):
        named = said.model_copy(update={"about": about})
        assert node_states(sample_record().model_copy(update={"attestations": (named,)}))["harmony"] == state
    lapsed = said.model_copy(update={"about": "harmony", "expires": "2026-11-21"})
    assert node_states(sample_record().model_copy(update={"attestations": (lapsed,)}))["harmony"] == "absent"


WAIVER = Waiver(
    metric="fairness.groups.a_difference",
    reason="known",
    approved_by="A",
    role="R",
    created="2026-11-01",
    expires="2026-12-31",
)


@pytest.mark.parametrize(
    ("figures", "waivers", "ruled"),
    [
        ({"a": 0.05}, (), "pass"),
        ({"a": 0.5}, (), "fail"),
        ({"a": 0.5}, (WAIVER,), "waived"),
        ({"a": None}, (), "unmeasured"),
        ({"a": 0.05, "b": 0.1}, (), "inconclusive"),
        ({"a": 0.5, "b": 0.1}, (WAIVER,), "inconclusive"),
        ({"a": 0.5, "b": None}, (), "fail"),
    ],
)
def test_the_worst_that_became_of_a_rule_shows_on_node_and_value(
    figures: dict[str, float | None], waivers: tuple[Waiver, ...], ruled: str
) -> None:
    found = [
        a_finding(value, (value or 0) - 0.02, (value or 0) + 0.02, metric=f"fairness.groups.{name}_difference")
        for name, value in figures.items()
    ]
    record = a_record(a_run(found, probe="fairness.groups"))
    verdict = judge(record, [Rule(metric=finding.metric, max=0.1) for finding in found], date(2026, 11, 22), waivers)
    # People first rests on the same figures, the value too; nothing else does.
    assert {id for id, state in node_states(record, verdict).items() if state == ruled} == {"people_first", "justice"}
    assert [id for id, held in standing(record, verdict).items() if held.ruled] == ["fairness"]
    assert standing(record, verdict)["fairness"].ruled == ruled
    assert standing(record)["fairness"].ruled is None
    assert node_states(record)["justice"] in ("measured", "absent")


def test_a_statement_that_has_not_begun_does_not_count() -> None:
    early = STATEMENT.model_copy(update={"date": "2026-11-23"})
    held = standing(sample_record().model_copy(update={"attestations": (early,)}))["sustainability"]
    assert held.state == "absent"
    assert held.lapsed == (early,)
