"""Model, data, fine-tuning and provenance on the card."""

from collections.abc import Sequence

from audit.types import RunRecord
from reports.card import Card, Entry
from reports.view import build_card
from reports.words import Words, in_language
from tests.reports.sample_record import ABOUT, PROVENANCE, sample_record


def card(record: RunRecord | None = None) -> Card:
    return build_card(record or sample_record(), None)


def english(words: Words | None) -> str | None:
    return None if words is None else in_language(words, "en")


def told(entries: Sequence[Entry]) -> dict[str | None, str | None]:
    return {english(entry.name): english(entry.text) for entry in entries}


def of_subject(**changes: object) -> RunRecord:
    record = sample_record()
    return record.model_copy(update={"subject": record.subject.model_copy(update=changes)})


def test_the_model_is_described_by_what_is_known() -> None:
    model = told(card().subject.model)
    assert model["Positive class"] == "biased"
    assert model["Parameters"] == "22,713,986"
    assert model["Compared with"] == "head trained on the frozen encoder"
    assert told(card(of_subject(model={"kind": "stored", "oddity": None})).subject.model)["Oddity"] is None


def test_splits_and_groups_are_counted_with_the_unknown_last() -> None:
    subject = card().subject
    assert [row[:2] for row in subject.splits.rows][-1][1] == "2,866"
    (groups,) = subject.groups
    assert [english(row[0]) for row in groups.rows] == [*ABOUT, "unknown"]
    assert groups.rows[-1][-1] == "17 (0.6%)"


def test_the_recipe_tells_what_was_set_and_what_was_kept() -> None:
    recipe = told(card().subject.recipe)
    assert recipe["Trained parameters"] == "5,323,778 / 22,713,986 (23.4%)"
    assert (recipe["Epoch kept"], recipe["Learning rate"], recipe["Time to tune"]) == ("2", "0.0001", "3.5 min")
    assert "Dropout" not in recipe
    assert card(of_subject(tuning=None)).subject.recipe == ()


def test_the_learning_curve_marks_the_epoch_that_was_kept() -> None:
    loss, accuracy = card().subject.curves
    assert [series.y for series in loss.series] == [(0.512, 0.389, 0.301), (0.471, 0.449, 0.487)]
    assert (loss.mark, accuracy.mark) == (2.0, 2.0)
    assert "0.449" in (english(loss.reading) or "")
    assert "0.802" in (english(accuracy.reading) or "")


def test_before_and_after_stand_together() -> None:
    change = card().subject.change
    assert [english(reading.name) for reading in change] == ["Accuracy", "Accuracy gained by fine-tuning"]
    assert [reading.where for reading in change] == ["", ""]
    record = sample_record()
    untuned = record.probes[0].model_copy(
        update={"evidence": tuple(f for f in record.probes[0].findings if "baseline" not in f.metric)}
    )
    assert card(record.model_copy(update={"probes": (untuned,)})).subject.change == ()


def test_the_run_can_be_made_again() -> None:
    origin = card().origin
    assert origin.command == "renben audit audit.toml"
    assert told(origin.facts)["Revision"] == "4be21d0, with uncommitted changes"
    clean = sample_record().model_copy(update={"provenance": PROVENANCE.model_copy(update={"dirty": False})})
    assert told(card(clean).origin.facts)["Revision"] == "4be21d0"
    nowhere = sample_record().model_copy(update={"provenance": PROVENANCE.model_copy(update={"revision": None})})
    assert told(card(nowhere).origin.facts)["Revision"] is None


def test_the_agreement_of_the_backends_is_told() -> None:
    assert told(card().origin.scoring)["Agreement with torch"] == (
        "Equal labels on 64 rows; probabilities differ by at most 3.0e-07."
    )
    scoring = sample_record().subject.scoring
    assert scoring
    for changes, words in (({"equal_labels": False}, "Labels differ"), ({"max_probability_difference": None}, "Not")):
        changed = of_subject(scoring=scoring.model_copy(update=changes))
        assert (told(card(changed).origin.scoring)["Agreement with torch"] or "").startswith(words)


def test_what_the_model_was_tuned_from_is_told() -> None:
    assert told(card(of_subject(model={"base": "roberta-base"})).subject.model)["Base model"] == "roberta-base"


def test_the_licence_of_the_model_stands_in_for_one_nobody_stated() -> None:
    assert told(card().facts)["Licence"] is None
    assert told(card(of_subject(model={"licence": "Apache-2.0"})).facts)["Licence"] == "Apache-2.0"
    stated = sample_record().card.model_copy(update={"licence": "MIT"})
    both = of_subject(model={"licence": "Apache-2.0"}).model_copy(update={"card": stated})
    assert told(card(both).facts)["Licence"] == "MIT"
