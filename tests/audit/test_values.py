"""The eight values, and what a record holds about each."""

from audit.values import GRAPH, VALUES, node_states, standing
from tests.reports.sample_record import STATEMENT, sample_record


def test_every_requirement_on_values_belongs_to_exactly_one_value() -> None:
    claimed = [number for value in VALUES.values() for number in value.requirements]
    assert sorted(claimed) == [f"V{i:02d}" for i in range(1, 56)]
    assert len(VALUES) == 8


def test_every_value_speaks_both_languages() -> None:
    for value in VALUES.values():
        for words in (value.title, value.question, value.limits):
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


def test_a_node_asks_for_evidence_of_its_own() -> None:
    record = sample_record()
    states = node_states(record)
    # Fairness was measured, but no measurement stands for social harmony, and no survey was made.
    assert states["justice"] == "measured"
    assert states["harmony"] == "absent"
    assert states["acceptance"] == "absent"
    assert states["sustainability"] == "attested"
    said = STATEMENT.model_copy(update={"value": "fairness"})
    assert node_states(record.model_copy(update={"attestations": (said,)}))["harmony"] == "attested"
    assert set(node_states(record.model_copy(update={"probes": ()})).values()) == {"absent", "attested"}


def test_a_statement_that_has_not_begun_does_not_count() -> None:
    early = STATEMENT.model_copy(update={"date": "2026-11-23"})
    held = standing(sample_record().model_copy(update={"attestations": (early,)}))["sustainability"]
    assert held.state == "absent"
    assert held.lapsed == (early,)
