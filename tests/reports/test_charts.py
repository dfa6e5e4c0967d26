"""Charts put their marks where the numbers are."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import charts
from reports.card import Dot, Forest, Key, Line, Series
from reports.svg import element, shorten, tick_labels, ticks
from reports.words import Both
from tests.reports.pages import Page

KEY: Key = ("a.b", frozenset())
DOTS = (
    Dot(KEY, "a", 0.2, 0.1, 0.3, "0.200 (0.100 – 0.300)", "100"),
    Dot(KEY, "b", 0.35, 0.31, 0.4, "0.350 (0.310 – 0.400)", "300"),
)


def a_forest(dots: tuple[Dot, ...] = DOTS, overall: float | None = 0.25) -> Forest:
    return Forest("Rate", "by group", dots, overall, "", 0)


def a_line(diagonal: bool = True, **more: object) -> Line:
    series = Series("s", (0.1, 0.5, 0.9), (0.2, 0.4, 0.95), (0.0, 0.3, 0.8), (0.3, 0.7, 1.0), (10, 40, 20))
    return Line("l", "Reliability", "x", "y", (series,), diagonal, "", **more)  # type: ignore[arg-type]


def lanes(chart: Forest) -> Page:
    return Page("".join(charts.lanes(chart)))


def percent(text: str) -> float:
    return float(text.rstrip("%"))


def test_dots_and_whiskers_stand_on_the_axis() -> None:
    """Positions are read back by the tick labels, an independent scale."""
    page = lanes(a_forest())
    axis = [(percent(t.attributes["x"]), float(t.text)) for t in page.first("g", **{"class": "tick"}).all("text")]
    (x0, low), (x1, high) = axis[0], axis[-1]
    assert (x0, x1) == (0, 100)

    def value(position: str) -> float:
        return low + (high - low) * (percent(position) - x0) / (x1 - x0)

    circles = [e for e in page.all("use") if e.attributes["href"] == "#dot"]
    whiskers = [e for e in page.all("line") if "class" not in e.attributes]
    for dot, circle, whisker in zip(DOTS, circles, whiskers, strict=True):
        assert value(circle.attributes["x"]) == pytest.approx(dot.value, abs=1e-3)
        assert value(whisker.attributes["x1"]) == pytest.approx(dot.low, abs=1e-3)
        assert value(whisker.attributes["x2"]) == pytest.approx(dot.high, abs=1e-3)
    overall = [e for e in page.all("use") if e.attributes["href"] == "#all"]
    assert [value(e.attributes["x"]) for e in overall] == pytest.approx([0.25] * len(DOTS), abs=1e-3)


def test_the_axis_reaches_to_a_bound_which_marks_its_own_lane_alone() -> None:
    bounded = (*DOTS, Dot(KEY, "c", 0.3, 0.2, 0.4, "", "9", bound=0.9))
    page = lanes(a_forest(bounded))
    *plain, bounded_lane, _ = page.all("svg")
    (bound,) = [e for e in bounded_lane.all("use") if e.attributes["href"] == "#bound"]
    assert 50 < percent(bound.attributes["x"]) <= 100
    assert [e for lane in plain for e in lane.all("use") if e.attributes["href"] == "#bound"] == []


def test_the_null_is_shaded_from_the_axis_to_its_upper_end() -> None:
    shaded = (Dot(KEY, "a", 0.02, 0.0, 0.05, "", "9", null=0.1), *DOTS)
    page = lanes(a_forest(shaded, overall=None))
    (null,) = [e for e in page.all("line") if e.attributes.get("class") == "null"]
    assert ("x1" in null.attributes, null.attributes["x2"]) == (False, "25.0%")


def test_zero_is_marked_where_values_lie_on_both_sides_of_it() -> None:
    low = Dot(KEY, "c", -0.2, -0.3, -0.1, "", "9")
    assert [e for e in lanes(a_forest()).all("use") if e.attributes["href"] == "#zero"] == []
    zeros = [e for e in lanes(a_forest((*DOTS, low))).all("use") if e.attributes["href"] == "#zero"]
    assert len(zeros) == 3
    assert len({e.attributes["x"] for e in zeros}) == 1


def test_equal_values_can_be_drawn() -> None:
    same = (Dot(KEY, "a", 1.0, 1.0, 1.0, "1.000", "5"), Dot(KEY, "b", 1.0, 1.0, 1.0, "1.000", "5"))
    assert "nan" not in "".join(charts.lanes(a_forest(same, overall=None)))


def test_a_diagonal_chart_is_square_and_its_points_are_in_place() -> None:
    page = Page(str(charts.line(a_line())))
    (diagonal,) = [e for e in page.all("path") if e.attributes["class"] == "overall"]
    x0, y0, x1, y1 = (float(v) for v in re.findall(r"[\d.]+", diagonal.attributes["d"]))
    assert abs((y0 - y1) - (x1 - x0)) < 30
    assert (x0, x1) == (charts.LEFT, charts.WIDTH - charts.RIGHT)
    (dots,) = [e for e in page.all("path") if e.attributes["class"] == "dots s0"]
    points = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", dots.attributes["d"])]
    shares = [((x - x0) / (x1 - x0), (y0 - y) / (y0 - y1)) for x, y in points]
    for (x, y), drawn in zip(((0.1, 0.2), (0.5, 0.4), (0.9, 0.95)), shares, strict=True):
        assert drawn == pytest.approx((x, y), abs=0.01)


def test_band_and_bars_are_drawn_where_there_are_any() -> None:
    page = Page(str(charts.line(a_line())))
    assert len([e for e in page.all("path") if e.attributes["class"] == "band"]) == 1
    (bars,) = [e for e in page.all("path") if e.attributes["class"] == "bar"]
    heights = [-float(v) for v in re.findall(r"v(-[\d.]+)", bars.attributes["d"])]
    assert heights == pytest.approx([charts.BARS / 4, charts.BARS, charts.BARS / 2])
    bare = Line("l", "t", "x", "y", (Series("s", (1.0, 2.0), (0.5, 0.4)),), False, "")
    assert 'class="band"' not in charts.line(bare)


def test_learning_curves_have_whole_steps_a_mark_and_a_legend() -> None:
    series = tuple(
        Series(Both(n, n + "中"), (1.0, 2.0, 3.0), (0.5, 0.4, y)) for n, y in (("train", 0.3), ("test", 0.6))
    )
    page = Page(str(charts.line(Line("l", "t", "epoch", "loss", series, False, "", whole_steps=True, mark=2.0))))
    ticks = [e.text for e in page.first("g", **{"class": "tick"}).all("text")]
    assert ticks == ["1", "2", "3"]
    assert [e.text for e in page.all("text") if "lang" in e.attributes] == ["train", "train中", "test", "test中"]
    assert len([e for e in page.all("line") if e.attributes["class"] == "overall"]) == 1


def test_several_lines_have_their_names_apart_and_intervals_side_by_side() -> None:
    several = tuple(Series(name, (0.0, 1.0), (0.0, 0.5), (0.0, 0.4), (0.1, 0.6)) for name in "abcdefghi")
    page = Page(str(charts.line(Line("l", "t", "x", "y", several, False, "", whiskers=True))))
    names = {e.text: float(e.attributes["y"]) for e in page.all("text") if e.text in set("abcdefghi")}
    places = sorted(names.values())
    assert len(places) == 9
    assert min(b - a for a, b in pairwise(places)) >= charts.NAME - 0.2
    assert charts.TOP <= places[0] < places[-1] <= charts.HEIGHT
    spread = [e.attributes["d"] for e in page.all("path") if e.attributes["class"].endswith("spread")]
    assert len(set(spread)) == 9
    assert [e for e in page.all("path") if e.attributes["class"] == "band"] == []


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_enclose_what_they_measure(low: float, width: float) -> None:
    marks = ticks(low, low + width)
    assert 2 <= len(marks) <= 9
    slack = 1e-6 * max(1.0, abs(low) + width)
    assert marks[0] <= low + slack
    assert marks[-1] >= low + width - slack
    assert all(a < b for a, b in pairwise(marks))


def test_tick_labels_share_their_decimals() -> None:
    assert tick_labels([-0.05, 0.0, 0.1]) == ["−0.05", "0.00", "0.10"]
    assert tick_labels([0.0, 1000.0, 2000.0]) == ["0", "1,000", "2,000"]


def test_attributes_and_text_are_escaped() -> None:
    assert element("a", "<b>", id='"><b>') == '<a id="&#34;&gt;&lt;b&gt;">&lt;b&gt;</a>'


def test_long_labels_are_cut_by_their_width() -> None:
    assert shorten("short", 10) == "short"
    assert shorten("abcdefghijkl", 10) == "abcdefghi…"
    assert shorten("一二三四五六", 10) == "一二三四…"
    assert shorten(Both("abcdefghijkl", "一二"), 10) == Both("abcdefghi…", "一二")
