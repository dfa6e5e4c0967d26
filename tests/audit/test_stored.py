"""Stored predictions are checked row by row before anything is measured."""

from pathlib import Path

import numpy as np
import pytest

from audit.config import AuditConfig
from audit.errors import DataError, EmptyError, SubjectError
from audit.subject import Places, load_subject, match_labels

GOOD = "id,text,label,sex,p,q,said\n1,a,no,f,0.9,0.1,no\n2,b,yes,m,0.2,0.8,yes\n3,c,yes,,0.6,0.4,no\n"


def load(folder: Path, table: str = GOOD, *, quick: bool = False, data: dict | None = None, **model: object) -> object:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    raw = {
        "title": "T",
        "data": {"test": "t.csv", "id": "id", "groups": ["sex"], **(data or {})},
        "model": {"kind": "predictions", **(model or {"scores": {"no": "p", "yes": "q"}})},
    }
    return load_subject(AuditConfig.model_validate(raw), Places(folder, folder / "cache"), say=print, quick=quick)


def test_scores_in_the_table(tmp_path: Path) -> None:
    subject = load(tmp_path)
    assert subject.labels == ("no", "yes")
    assert subject.positive == 1
    assert np.allclose(subject.predicted.scores, [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert subject.offers == {"labels", "scores", "groups"}
    assert subject.facts.splits["test"].groups == {"sex": {"f": 1, "m": 1, "unknown": 1}}


def test_the_base_that_the_owner_names_is_kept(tmp_path: Path) -> None:
    assert load(tmp_path, label="said", base="roberta-base").facts.model["base"] == "roberta-base"
    assert "base" not in load(tmp_path, label="said").facts.model


def test_one_score_suffices_for_two_classes_and_labels_for_none(tmp_path: Path) -> None:
    assert np.allclose(load(tmp_path, scores={"yes": "q"}).predicted.scores[:, 0], [0.9, 0.2, 0.6])
    labels = load(tmp_path, label="said")
    assert labels.predicted.scores is None
    assert labels.predicted.labels.tolist() == [0, 1, 0]


def test_a_table_of_its_own_is_joined_by_id(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,s\n3,0.1\n2,0.2\n1,0.3\n", encoding="utf-8")
    assert np.allclose(load(tmp_path, path="p.csv", scores={"yes": "s"}).predicted.scores[:, 1], [0.3, 0.2, 0.1])
    (tmp_path / "p.csv").write_text("id,s\n3,0.1\n", encoding="utf-8")
    with pytest.raises(DataError, match="rows without a prediction: 2 of 3"):
        load(tmp_path, path="p.csv", scores={"yes": "s"})


@pytest.mark.parametrize(
    ("old", "new", "model", "says"),
    [
        ("0.9,0.1", ",0.1", None, "scores that are missing: 1 "),
        ("0.9,0.1", "nan,0.1", None, "scores that are missing: 1 "),
        ("0.9,0.1", "1.9,0.1", None, "scores outside 0 to 1: 1 "),
        ("0.9,0.1", "0.9,0.3", None, "rows whose scores do not sum to 1: 1 "),
        ("0.9,0.1", "high,0.1", None, "must hold probabilities"),
        ("0.1,no", "0.1,nope", {"label": "said"}, "'nope' is not a label of the data"),
        ("", "", {"scores": {"no": "p", "yse": "q"}}, "lacks the class 'yes'|names 'yse'"),
        ("0.1,no", "0.1,", {"label": "said"}, "rows without a predicted label: 1 .such as row '1'"),
        ("", "", {"label": "said", "scores": {"no": "q", "yes": "p"}}, "which column is whose"),
        ("", "", {"scores": {"no": "p", "yes": "gone"}}, "has no column 'gone'"),
    ],
)
def test_wrong_scores_are_one_sentence(tmp_path: Path, old: str, new: str, model: dict | None, says: str) -> None:
    with pytest.raises(DataError, match=says):
        load(tmp_path, GOOD.replace(old, new, 1), **(model or {}))


def test_one_class_only_is_nothing_to_evaluate(tmp_path: Path) -> None:
    with pytest.raises(EmptyError, match="nothing to tell apart"):
        load(tmp_path, GOOD.replace("yes", "no"), label="said")


def test_quick_looks_at_a_stratified_sample(tmp_path: Path) -> None:
    lines = "".join(f"{i},t{i},{'yes' if i % 4 else 'no'},f,0.5,0.5,no\n" for i in range(3000))
    subject = load(tmp_path, "id,text,label,sex,p,q,said\n" + lines, quick=True)
    assert len(subject.test) == 1000
    assert subject.test.labels.mean() == pytest.approx(0.75, abs=0.01)


def test_labels_of_model_and_data_are_matched() -> None:
    assert match_labels(("LABEL_0", "LABEL_1"), ("0", "1"), {}) == ("0", "1")
    assert match_labels(("NEGATIVE", "POSITIVE"), ("negative", "positive"), {}) == ("negative", "positive")
    assert match_labels(("LABEL_0", "LABEL_1"), ("ham", "spam"), {"LABEL_0": "ham", "LABEL_1": "spam"}) == (
        "ham",
        "spam",
    )
    assert match_labels(("a", "b", "c"), ("a", "b"), {}) == ("a", "b", "c")
    with pytest.raises(SubjectError, match=r"'ham' matches no class of the model \(LABEL_0, LABEL_1\)"):
        match_labels(("LABEL_0", "LABEL_1"), ("ham", "spam"), {})
    with pytest.raises(SubjectError, match="Did you mean 'LABEL_1'"):
        match_labels(("LABEL_0", "LABEL_1"), ("0", "1"), {"LABEL_2": "0"})
