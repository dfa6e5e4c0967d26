"""What probes note is told in both languages, and what nobody can note any more is not kept."""

import ast
import json
import re
import time
from pathlib import Path

import pytest

from reports.notes import in_both, literals
from reports.words import Both
from tests.reports.test_words import IDEOGRAPH

ROOT = Path(__file__).parents[2]
FORMS: dict[str, str] = json.loads((ROOT / "reports" / "locales" / "notes.json").read_text(encoding="utf-8"))
SOURCES = [path for room in ("audit", "probes") for path in sorted((ROOT / room).rglob("*.py"))]


def chinese(note: str, column: str = "") -> str:
    told = in_both(note, column)
    assert isinstance(told, Both), f"only in English: {note}"
    assert told.en == note
    return told.zh


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("Exact count.", "精确计数。"),
        ("highest: Jews 0.244; lowest: LGBTQ people 0.097", "最高：Jews 0.244；最低：LGBTQ people 0.097"),
        ("highest: a, b 1.000; lowest: c, d, e and 2 more 0.1", "最高：a, b 1.000；最低：c, d, e等（另有 2 个）0.1"),
        (
            "by 1 of 3 recipes; pwws skipped; own:attack failed; 3 of 10 stopped at 500 queries",
            "3 种攻击方法中用了 1 种；PWWS 已跳过；own:attack 每次都出错；10 个中有 3 个用完 500 次查询后停止",
        ),
        ("by the calibrated loss; all groups alike: 0.000", "攻击依据：校准损失；各群体相同：0.000"),
        (
            "worst: drop_letter; left out, fewer than 30 rows: slang, emoji",
            "最差：漏字母；因样本不足 30 个而未计入：俚语、表情符号",
        ),
        (
            "undefined: the true positive rate of class 'spam' is 0 in every group",
            "无法定义：各群体的类别“spam”的真阳性率均为 0",
        ),
        ("not defined for false positive rate, precision of class 'a'", "无法定义：假阳性率、类别“a”的精确率"),
        (
            "rows of classes that the model does not know: 5, of 'b', 'c', 'd' and 2 more",
            "属于模型未知类别的样本：5 个，类别为 'b', 'c', 'd'，另有 2 个类别",
        ),
        ("measured: counted in the model itself", "实测：从模型本身计数"),
        (
            "pwws: needs textattack (gone); get it with: pip install textattack",
            "PWWS：需要 textattack（gone）；可用 pip install textattack 安装",
        ),
        (
            "Exact count, of 15 checks that could be told: dropout, learned.",
            "精确计数，在可以判断的 15 项检查中：随机失活、学到了东西。",
        ),
    ],
)
def test_a_note_is_told_in_chinese(note: str, told: str) -> None:
    assert chinese(note) == told


def test_groups_of_renbens_own_have_chinese_names() -> None:
    note = "highest: Jews 0.950; lowest: older people 0.500"
    assert chinese(note, "category") == "最高：犹太人 0.950；最低：老年人 0.500"
    assert chinese(note, "about") == chinese(note) == "最高：Jews 0.950；最低：older people 0.500"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "ValueError: texts of no letters; ",
        "measured: by guess",
        "undefined: the speed is 0 in every group",
        "many rows.",
    ],
)
def test_what_nobody_translated_stays_in_english(note: str) -> None:
    assert in_both(note) == note


def test_a_part_that_nobody_translated_stays_in_english() -> None:
    assert chinese("all groups alike: 0.1; by hand") == "各群体相同：0.1；by hand"


@pytest.mark.parametrize("piece", ["measured: ", "a: ", "rows; ", "measured: rows; ", "of class 'a'", ", × PUE 1 ("])
def test_odd_notes_take_no_time(piece: str) -> None:
    started = time.process_time()
    for length in (10, 300, 100_000):
        in_both(piece * (length // len(piece)))
    assert time.process_time() - started < 1


def test_both_languages_have_the_same_placeholders_and_chinese_punctuation() -> None:
    spots = {
        english: (set(re.findall(r"\{(\w+)\}", english)), set(re.findall(r"\{(\w+)\}", zh)))
        for english, zh in FORMS.items()
    }
    assert [english for english, (ours, theirs) in spots.items() if ours != theirs] == []
    half_width = re.compile(f"{IDEOGRAPH}[,;:?!()]|[,;:?!()]{IDEOGRAPH}")
    assert [
        zh for zh in FORMS.values() if half_width.search(zh) or ("{" not in zh and not re.search(IDEOGRAPH, zh))
    ] == []


# --- whether the source can still write it --------------------------------------------------


def written() -> str:
    """Return every string that stands in the source of audit and probes."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES)
    constants = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "\n".join(value for value in constants if isinstance(value, str))


def stale(forms: list[str], source: str) -> list[str]:
    """Return the forms whose longest run of words without punctuation nobody writes."""
    runs = {form: re.split("[;:,.()]", ";".join(literals(form))) for form in forms}
    return [form for form, of in runs.items() if max(of, key=len).strip(" '") not in source]


def test_every_form_can_still_be_written() -> None:
    assert stale(list(FORMS), written()) == []


def test_a_form_that_nobody_writes_is_seen() -> None:
    assert stale(["Exact guess.", "{n} rows of the guess: {names}"], written()) != []
    assert stale(["Exact count.", "worst: {perturbation}"], written()) == []
