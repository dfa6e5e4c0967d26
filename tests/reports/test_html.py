"""The file itself: one document, nothing from outside, nothing that runs but its own script."""

import base64
import hashlib
import json
import lzma
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from unicodedata import category

import pytest

from audit.types import ProbeRun, RunRecord
from reports.html import render
from reports.view import build_card
from tests.reports.pages import KINDS, Page, drawn
from tests.reports.sample_record import HOSTILE, large_groups, sample_record, sample_verdict

GOLDEN = Path(__file__).parents[1] / "golden"
TEMPLATES = Path(__file__).parents[2] / "reports" / "templates"


@cache
def page(kind: str) -> Page:
    return Page(drawn(kind))


every_card = pytest.mark.parametrize("kind", KINDS)


@every_card
def test_it_refers_to_nothing_outside_itself(kind: str) -> None:
    ids = {e.attributes["id"] for e in page(kind).elements() if "id" in e.attributes}
    for element in page(kind).elements():
        assert element.tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "video", "audio")
        assert "src" not in element.attributes
        if "href" in element.attributes:
            assert element.attributes["href"].removeprefix("#") in ids, element.attributes
    style = page(kind).all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


@every_card
def test_there_is_no_inline_style_or_handler(kind: str) -> None:
    names = {name for element in page(kind).elements() for name in element.attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []


@every_card
def test_the_policy_allows_its_own_style_and_script_alone(kind: str) -> None:
    policy = page(kind).first("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (style,) = page(kind).all("style")
    (script,) = [s for s in page(kind).all("script") if "type" not in s.attributes]

    def sha256(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == sha256(style.text)
    assert rules["script-src"] == sha256(script.text)


@every_card
def test_it_is_one_well_formed_document_with_landmarks(kind: str) -> None:
    tree = page(kind)
    assert [len(tree.all(tag)) for tag in ("html", "main", "nav", "h1", "title", "header", "footer")] == [1] * 7
    ids = [e.attributes["id"] for e in tree.elements() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in tree.elements():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)
    levels = [int(e.tag[1]) for e in tree.elements() if re.fullmatch("h[1-6]", e.tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels)), "a heading level is left out"


@every_card
def test_what_is_said_in_one_language_is_said_in_the_other(kind: str) -> None:
    tree = page(kind)
    assert tree.all("html")[0].attributes["lang"] == ("zh-CN" if kind == "chinese" else "en")
    said = [e for e in tree.elements() if "lang" in e.attributes and "as-is" not in e.attributes.get("class", "")][1:]
    assert [e.attributes["lang"] for e in said] == ["en", "zh"] * (len(said) // 2)


@every_card
def test_every_chart_is_named_described_and_told_in_a_table(kind: str) -> None:
    figures = [figure for figure in page(kind).all("figure") if "graph" not in figure.attributes.get("class", "")]
    assert figures
    for figure in figures:
        assert figure.all("figcaption")[0].text.strip()
        (table,) = figure.all("table")
        cells = table.all("tbody")[0].all("td")
        drawings = [svg for svg in figure.all("svg") if "aria-hidden" not in svg.attributes]
        for chart in drawings:
            assert chart.attributes["role"] == "img"
            assert {"aria-labelledby", "aria-describedby"} <= chart.attributes.keys()
        marks = (
            [e for e in figure.all("use") if e.attributes["href"] == "#dot"]
            if not drawings
            else re.findall("h0", str(drawings[0]))
        )
        assert len(cells) >= len(marks) > 0


@every_card
def test_every_table_has_heads(kind: str) -> None:
    for table in page(kind).all("table"):
        assert {e.attributes["scope"] for e in table.all("th")} >= {"col"}
        columns = len(table.all("thead")[0].all("th"))
        for row in (r for body in table.all("tbody") for r in body.all("tr")):
            cells = [e for e in row.inside if e.tag in ("th", "td")]
            assert sum(int(c.attributes.get("colspan", "1")) for c in cells) == columns


@every_card
def test_no_letter_acts_on_the_page_unseen(kind: str) -> None:
    left = {category(letter) for letter in drawn(kind)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert left <= {"Cc"}
    assert "\x00" not in drawn(kind)
    drawn(kind).encode()


def test_hostile_texts_are_shown_and_stay_text() -> None:
    (texts,) = [e for e in page("hostile").all("details") if e.attributes.get("class") == "texts"]
    first, second, arabic, long = texts.all("li")
    assert "⟨U+202E⟩evil⟨U+202C⟩ ⟨U+200B⟩zero⟨U+0000⟩" in first.text
    assert "</bdi><script>alert(1)</script>" in first.text
    assert "script" not in {e.tag for e in texts.elements()}
    assert [len(item.all("bdi")) for item in (first, second, arabic, long)] == [2, 2, 2, 2]
    assert "مرحبا" in arabic.text
    assert len(long.text) < 1000


def test_examples_show_what_changed_to_eye_and_ear() -> None:
    section = page("changed").first("section", id="probe-robustness-noise")
    (noise,) = [e for e in section.all("details") if e.attributes.get("class") == "texts"]
    assert "open" not in noise.attributes
    assert "content warning" in noise.all("summary")[0].text
    assert "812" in noise.all("summary")[0].text
    zero_width, upper_case, long = noise.all("li")[:3]
    assert [e.text for e in zero_width.all("ins")] == ["⟨U+200B⟩"]
    assert [e.text for e in upper_case.all("del")] == ["should", "home"]
    assert [e.text for e in upper_case.all("ins")] == ["SHOULD", "HOME"]
    assert "…" in long.text
    for words in (
        "upper case, severity 3",
        "about: women",
        "Right answer: biased.",
        "biased (0.910) → neutral; biased now 0.234",
        "test-1",
    ):
        assert words in upper_case.text
    style = (TEMPLATES / "card.css").read_text(encoding="utf-8")
    for mark in ("del::before", "ins::before"):
        assert len(re.findall(f'{mark} {{ content: "', style)) == 2, "said in both languages"


def test_hostile_names_stay_text() -> None:
    tree, html = page("hostile"), drawn("hostile")
    assert HOSTILE not in html
    assert tree.all("h1")[0].text == HOSTILE
    assert any(HOSTILE in body.text for figure in tree.all("figure") for body in figure.all("tbody"))
    embedded = tree.first("script", id="record").text
    assert RunRecord.model_validate_json(embedded).title == HOSTILE


def test_the_record_is_inside_plain_packed_or_left_out() -> None:
    small = page("usual").first("script", id="record")
    assert small.attributes["type"] == "application/json"
    assert RunRecord.model_validate_json(small.text) == sample_record()
    packed = page("large").first("script", id="record")
    assert packed.attributes["type"] == "application/x-xz;base64"
    unpacked = RunRecord.model_validate_json(lzma.decompress(base64.b64decode(packed.text)))
    whole = sample_record(large_groups(), ("news", "sport", "culture", "science"))
    for kept, found in zip(unpacked.findings(), whole.findings(), strict=True):
        assert (kept.metric, kept.slice, kept.n) == (found.metric, found.slice, found.n)
        assert kept.value == (None if found.value is None else pytest.approx(found.value, rel=1e-5))
    noise = "".join(hashlib.sha256(str(i).encode()).hexdigest() for i in range(30_000))
    huge = sample_record().model_copy(update={"config_given": noise})
    left_out = render(build_card(huge, None))
    assert 'id="record"' not in left_out
    assert "too large to embed" in left_out


def test_sizes_keep_to_the_budget() -> None:
    # A real card has a third more text than this sample, and a budget of 400 KiB.
    assert len(drawn("changed").encode()) < 300 * 1024
    assert len(drawn("large").encode()) < 2 * 1024 * 1024
    assert sum((TEMPLATES / name).stat().st_size for name in ("card.css", "card.js")) < 40 * 1024


def test_the_verdict_is_told_by_word_shape_and_colour() -> None:
    verdict = page("usual").first("section", id="verdict")
    assert "A required measurement is missing" in verdict.all("p")[0].text
    assert verdict.all("use")[0].attributes["href"] == "#icon-unmeasured"
    assert "is-unmeasured" in verdict.attributes["class"]
    assert "Not judged" in page("unjudged").first("section", id="verdict").text
    assert all(e.attributes.get("id") != "gate" for e in page("unjudged").all("section"))


def test_a_value_whose_rule_failed_does_not_look_like_one_that_passed() -> None:
    def shown(kind: str, value: str) -> list[str]:
        section = page(kind).first("section", id=value)
        standing = next(e for e in section.all("p") if e.attributes.get("class") == "standing")
        classes = [e.attributes.get("class", "") for e in standing.all("span")]
        return [name.removeprefix("state is-") for name in classes if name.startswith("state ")]

    assert shown("usual", "value-fairness") == ["measured", "fail"]
    assert shown("usual", "value-value_creation") == ["measured", "pass"]
    assert shown("unjudged", "value-fairness") == ["measured"]


def test_no_part_of_the_card_is_left_off_the_page() -> None:
    tree = page("usual")
    text = tree.all("main")[0].text
    for words in (
        "To order a queue for human moderators.",
        "5,323,778 / 22,713,986",
        "The service runs in a region with hydro power.",
        "B. Example, operations lead",
        "Social value: who is better off through it",
        "Accepted by A. Example",
        "renben audit audit.toml",
        "with uncommitted changes",
        "the data declare no crossings",
        "ValueError: texts of no letters",
        "The range in which the true value plausibly lies",
        "Metrics on a test set say how often",
        "Furthest from the diagonal",
    ):
        assert words in text, words


def test_a_quick_run_says_so() -> None:
    record = sample_record()
    quick = render(build_card(record.model_copy(update={"quick": True}), sample_verdict(record)))
    assert "Quick run" in Page(quick).first("section", id="verdict").text
    assert "Quick run" not in page("usual").first("section", id="verdict").text


def test_many_passed_checks_are_folded_but_no_failure_is() -> None:
    record = sample_record()
    verdict = sample_verdict(record)
    many = verdict.model_copy(update={"checks": verdict.checks * 3})
    gate = Page(render(build_card(record, many))).first("section", id="gate")
    (folded,) = gate.all("details")
    states = {e.attributes["class"] for e in folded.all("span") if "state" in e.attributes.get("class", "").split()}
    assert states == {"state is-pass"}
    assert len(gate.all("details")[0].all("tbody")[0].all("tr")) == 3 * sum(c.state == "pass" for c in verdict.checks)


def test_what_was_counted_as_nothing_stands_back() -> None:
    record = sample_record()
    verdict = sample_verdict(record)
    passed = verdict.model_copy(update={"checks": tuple(c for c in verdict.checks if c.state == "pass")})
    counts = Page(render(build_card(record, passed))).first("ul", **{"class": "counts"}).all("li")
    assert [item.attributes.get("class") for item in counts] == ["zero", "zero", "zero", None]


def test_a_probe_nobody_knows_is_drawn_by_the_default_section() -> None:
    record = sample_record()
    known = next(run for run in record.probes if run.probe == "calibration")
    renamed = json.loads(known.model_dump_json().replace("calibration.", "acme.new-probe."))
    strange = ProbeRun.model_validate(renamed | {"probe": "acme.new-probe"})
    tree = Page(render(build_card(record.model_copy(update={"probes": (strange,)}), None)))
    section = tree.first("section", id="probe-acme-new-probe")
    assert section.text.lstrip().startswith("Acme new probe")
    assert len(section.all("figure")) == len(page("usual").first("section", id="probe-calibration").all("figure"))


def golden(name: str) -> tuple[RunRecord, Page]:
    """Return a record written once by the sample of an earlier version, never to be written again, and its card."""
    record = RunRecord.model_validate_json((GOLDEN / name).read_text(encoding="utf-8"))
    return record, Page(render(build_card(record, sample_verdict(record))))


def test_a_golden_record_is_read_for_ever() -> None:
    _, tree = golden("run-v1.json")
    assert tree.all("h1")[0].text == "Comment moderation"
    check = tree.first("section", id="gate").all("tbody")[0].all("tr")[0]
    assert "0.163" in check.text
    assert "(0.103 – 0.228)" in check.text


def test_a_golden_record_with_examples_is_read_for_ever() -> None:
    record, tree = golden("run-v1-examples.json")
    assert RunRecord.model_validate_json(record.model_dump_json()) == record
    failing, hostile = [e for e in tree.all("details") if e.attributes.get("class") == "texts"]
    assert "negated abuse" in failing.all("li")[0].text
    assert "I do not hate them at all." in failing.all("li")[0].text
    assert "⟨U+202E⟩" in hostile.all("li")[0].text


# --- colours ------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: str, share: float, other: str) -> str:
    parts = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_can_be_told_from_the_paper(theme: int) -> None:
    style = (TEMPLATES / "card.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    colour = {name: shades[theme] for name, *shades in pairs}
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for name in ("ink", "quiet", "accent", "pass", "fail", "inconclusive", "unmeasured"):
        assert contrast(colour[name], colour["paper"]) >= 4.5, name
    for name in ("ink", "quiet"):
        assert contrast(colour[name], colour["wash"]) >= 4.5, name
    for mark in ("accent", "ink"):
        assert contrast(colour[mark], colour["band"]) >= 3, mark
    assert contrast(colour["violet"], colour["paper"]) >= 3
    for hue in ("accent", "fail"):
        shades = [int(share) for share in re.findall(rf"color-mix\(in srgb, var\(--{hue}\) (\d+)%", style)]
        assert contrast(colour["ink"], mixed(colour[hue], max(shades) / 100, colour["paper"])) >= 4.5
