"""Tables of every format to splits, and every way in which a table can be wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.config import DataConfig, SplitShares
from audit.data import Rows, class_names, content_ids, fingerprint, read_splits, systematic_sample
from audit.errors import DataError, EmptyError

ROWS = [
    {"id": "1", "text": "one, two", "label": "0", "race": "a|b", "jew": "1"},
    {"id": "2", "text": "line\nbreak", "label": "1", "race": "", "jew": "0"},
    {"id": "3", "text": "三", "label": "1", "race": "c", "jew": "0.6"},
]
DATA = {"groups": ("race",), "delimiter": "|", "flags": {"religion": ("jew",)}, "id": "id"}


def write(folder: Path, kind: str) -> str:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    table = pa.Table.from_pylist(ROWS)
    path = folder / f"t.{kind}"
    if kind in ("csv", "tsv"):
        options = pyarrow.csv.WriteOptions(delimiter="\t" if kind == "tsv" else ",", quoting_style="all_valid")
        pyarrow.csv.write_csv(table, path, options)
    elif kind == "parquet":
        pyarrow.parquet.write_table(table, path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    else:
        import datasets

        path = folder / "saved"
        datasets.Dataset(table).save_to_disk(str(path))
    return path.name


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "folder"])
def test_every_format_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    rows = read_splits(DataConfig(test=write(tmp_path, kind), **DATA), tmp_path, 0)["test"]
    assert rows.ids == ("1", "2", "3")
    assert rows.texts == ("one, two", "line\nbreak", "三")
    assert rows.labels == ("0", "1", "1")
    race, religion = rows.groups
    assert race.values == ("a", "b", "c")
    assert race.members.tolist() == [[True, True, False], [False, False, False], [False, False, True]]
    assert race.unknown.tolist() == [False, True, False]
    assert religion.members[:, 0].tolist() == [True, False, True]


def read(folder: Path, text: str | bytes, **data: object) -> Rows:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_splits(DataConfig(test="t.csv", **data), folder, 0)["test"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("txet,label\na,1\n", "has no column 'text'. Did you mean 'txet'"),
        ("", "is empty"),
        ("text,label\na,1,2\n", "cannot be read"),
        (b"text,label\n\xff\xfe,1\n", "is not UTF-8"),
        ("text,label\na,\nb,1\n", "rows without 'label': 1 "),
        ("text,text,label\na,b,1\n", "two columns are called 'text'"),
    ],
)
def test_a_wrong_table_is_one_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(tmp_path, text)


def test_an_empty_table_is_nothing_to_evaluate(tmp_path: Path) -> None:
    with pytest.raises(EmptyError, match="no row to test on") as caught:
        read(tmp_path, "text,label\n")
    assert caught.value.exit_code == 5


def test_a_missing_file_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: no such file"):
        read_splits(DataConfig(test="gone.csv"), tmp_path, 0)


def test_ids_must_be_unique(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing or repeated ids: 1 \\(such as '7'\\)"):
        read(tmp_path, "id,text,label\n7,a,1\n7,b,0\n", id="id")


def test_group_names_that_mean_something_else(tmp_path: Path) -> None:
    rows = read(tmp_path, "text,label,sex\na,1,Unknown\nb,0,f\n", groups=("sex",))
    assert rows.groups[0].unknown.tolist() == [True, False]
    with pytest.raises(DataError, match="no group can be called"):
        read(tmp_path, "text,label,sex\na,1,*\n", groups=("sex",))
    with pytest.raises(ValueError, match="cannot be called 'class'"):
        DataConfig(test="t.csv", groups=("class",))


def test_flags_must_be_numbers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must hold 0 and 1"):
        read(tmp_path, "text,label,jew\na,1,maybe\n", flags={"religion": ("jew",)})


def test_a_cell_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    rows = read(tmp_path, f"text,label\n{'x' * 10_000_000},1\nb,0\n")
    assert [len(text) for text in rows.texts] == [10_000_000, 1]


def test_a_missing_text_stays_and_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    rows = read(tmp_path, b"\xef\xbb\xbftext,label\n,1\nb,0\n")
    assert rows.texts == ("", "b")


def test_labels_sort_as_numbers_where_they_are(tmp_path: Path) -> None:
    rows = read(tmp_path, "text,label\na,10\nb,9\nc,-1\nd,x\n")
    assert class_names({"test": rows}) == ("-1", "9", "10", "x")


def test_a_split_column_must_say_which(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label,part\na,1,train\nb,0,dev\nc,1,test\n", encoding="utf-8")
    splits = read_splits(DataConfig(path="t.csv", split_column="part"), tmp_path, 0)
    assert {name: rows.texts for name, rows in splits.items()} == {
        "train": ("a",),
        "validation": ("b",),
        "test": ("c",),
    }
    (tmp_path / "t.csv").write_text("text,label,part\na,1,trian\n", encoding="utf-8")
    with pytest.raises(DataError, match="Got 'trian' instead"):
        read_splits(DataConfig(path="t.csv", split_column="part"), tmp_path, 0)


def some_rows(labels: list[int], groups: list[int]) -> Rows:
    from tests.subjects import group_column

    texts = tuple(f"text {i}" for i in range(len(labels)))
    column = group_column("g", [f"g{g}" for g in groups])
    return Rows(content_ids(texts), texts, tuple(str(v) for v in labels), (column,), {})


@given(st.integers(1, 400), st.integers(0, 5), st.floats(0.05, 0.6))
def test_a_share_is_stratified_and_depends_on_ids_alone(n: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(n)
    rows = some_rows(rng.integers(2, size=n).tolist(), rng.integers(3, size=n).tolist())
    taken = systematic_sample(rows, np.arange(n), share, seed)
    assert abs(len(taken) - n * share) <= 1
    for label in ("0", "1"):
        of_label = [i for i in range(n) if rows.labels[i] == label]
        # Six strata in a row: each may be off by one at either end.
        assert abs(len(set(taken) & set(of_label)) - len(of_label) * share) <= 6
    order = rng.permutation(n)
    again = rows.take(order)
    assert {again.ids[i] for i in systematic_sample(again, np.arange(n), share, seed)} == {rows.ids[i] for i in taken}


def test_the_three_shares_cover_every_row_once(tmp_path: Path) -> None:
    lines = "\n".join(f"text {i},{i % 2}" for i in range(200))
    (tmp_path / "t.csv").write_text(f"text,label\n{lines}\n", encoding="utf-8")
    splits = read_splits(DataConfig(path="t.csv", split=SplitShares(validation=0.1, test=0.25)), tmp_path, 3)
    assert {name: len(rows.ids) for name, rows in splits.items()} == {"train": 130, "validation": 20, "test": 50}
    assert sorted(id for rows in splits.values() for id in rows.ids) == sorted(
        content_ids([f"text {i}" for i in range(200)])
    )


def test_rows_with_one_text_stay_together(tmp_path: Path) -> None:
    lines = "\n".join(f"{'Same  ' if i % 3 else 'same '}text {i % 60},{i % 2}" for i in range(300))
    (tmp_path / "t.csv").write_text(f"text,label\n{lines}\n", encoding="utf-8")
    splits = read_splits(DataConfig(path="t.csv", split=SplitShares(validation=0.1, test=0.25)), tmp_path, 3)
    known = [{" ".join(text.casefold().split()) for text in rows.texts} for rows in splits.values()]
    assert sum(map(len, known)) == 60
    assert sum(len(rows.ids) for rows in splits.values()) == 300


def test_fingerprints_ignore_order_and_see_every_change() -> None:
    rows = some_rows([0, 1, 1], [0, 1, 2])
    assert fingerprint(rows.take(np.array([2, 0, 1]))) == fingerprint(rows)
    assert fingerprint(some_rows([0, 1, 0], [0, 1, 2])) != fingerprint(rows)
    assert fingerprint(some_rows([0, 1, 1], [0, 1, 1])) != fingerprint(rows)


def test_a_repeated_text_gets_an_id_of_its_own() -> None:
    ids = content_ids(["a", "b", "a"])
    assert ids[2] == f"{ids[0]}-2"
