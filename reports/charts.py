"""The charts of the card: a forest of dots and intervals, and lines with bands."""

from collections.abc import Callable

from markupsafe import Markup

from reports.card import Dot, Forest, Line, Series
from reports.svg import element, path, shorten, text, tick_labels, ticks

ROW, AXIS = 44, 22
"""Heights of a row and of the axis in a forest, in pixels."""
LANE = 30
"""Where, within a row, its dot stands: below its words, so that no line crosses a letter."""
LONGEST = 28
"""Characters of a label that fit beside the figures on a phone."""
WIDTH, HEIGHT, SQUARE = 400, 290, 390
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 30, 44
"""Size and margins of a line chart; a diagonal asks for a square."""
BARS = 34
"""Height of the tallest bar of row counts."""

Scale = Callable[[float], float]


def forest(chart: Forest) -> Markup:
    """Return a dot with its interval for each group.

    Positions are percentages, so that the chart takes any width and its letters keep their size.
    """
    optional = (chart.overall, *(value for dot in chart.dots for value in (dot.null, dot.bound)))
    at = [end for dot in chart.dots for end in (dot.low, dot.high)] + [value for value in optional if value is not None]
    marks = ticks(min(at), max(at))
    x = _percent(marks[0], marks[-1])
    height = ROW * len(chart.dots)
    lanes = [_lane(dot, chart, x, ROW * i + LANE) for i, dot in enumerate(chart.dots)]
    plot = Markup("").join([_axis(marks, x, height), *lanes])
    inner = element("svg", plot, x="5%", width="90%", overflow="visible", height=height + AXIS)
    return element(
        "svg", inner + _labels(chart.dots), class_="forest", width="100%", height=height + AXIS, **_named(chart.id)
    )


def _named(id: str) -> dict[str, str]:
    return {"role": "img", "aria_labelledby": f"{id}-title", "aria_describedby": f"{id}-reading"}


def _percent(low: float, high: float) -> Scale:
    return lambda value: 100 * (value - low) / (high - low)


def _at(position: float) -> str:
    return f"{position:.1f}%"


def _axis(marks: list[float], x: Scale, height: float) -> Markup:
    return Markup("").join(
        element("text", label, x=_at(x(mark)), y=height + 14, text_anchor="middle", class_="tick")
        for mark, label in zip(marks, tick_labels(marks), strict=True)
    )


def _lane(dot: Dot, chart: Forest, x: Scale, y: float) -> Markup:
    tracks = [element("line", x1="0%", x2="100%", y1=y, y2=y, class_="track")]
    if dot.null is not None:
        tracks.append(element("line", x1="0%", x2=_at(x(dot.null)), y1=y, y2=y, class_="null"))
    named = (("overall", chart.overall), ("bound", dot.bound))
    marks = [
        element("line", x1=_at(x(value)), x2=_at(x(value)), y1=y - 8, y2=y + 8, class_=kind)
        for kind, value in named
        if value is not None
    ]
    whisker = element("line", x1=_at(x(dot.low)), x2=_at(x(dot.high)), y1=y, y2=y, class_="whisker")
    return Markup("").join([*tracks, *marks, whisker, element("circle", cx=_at(x(dot.value)), cy=y, r=5, class_="dot")])


def _labels(dots: tuple[Dot, ...]) -> Markup:
    rows = [
        text(shorten(dot.label, LONGEST), x=0, y=ROW * i + 16, class_="label")
        + element("text", dot.text, x="100%", y=ROW * i + 16, text_anchor="end", class_="figures")
        for i, dot in enumerate(dots)
    ]
    return Markup("").join(rows)


# --- lines --------------------------------------------------------------------------------


def line(chart: Line) -> Markup:
    """Return one or more lines with their bands, and bars for the rows behind each point."""
    height = SQUARE if chart.diagonal else HEIGHT
    xs, ys = _ticks_of(chart)
    x = _linear(xs, LEFT, WIDTH - RIGHT)
    y = _linear(ys, height - BOTTOM, TOP)
    base = height - BOTTOM
    parts = [_frame(chart, ys, y), *(_band(one, x, y) for one in chart.series), _steps(chart, xs, x, base)]
    parts += [_bars(series, x, base) for series in chart.series]
    if chart.diagonal:
        parts.append(path([(x(xs[0]), y(ys[0])), (x(xs[-1]), y(ys[-1]))], class_="overall"))
    if chart.mark is not None:
        parts.append(element("line", x1=x(chart.mark), x2=x(chart.mark), y1=TOP, y2=base, class_="overall"))
    parts += [_series(series, i, x, y) for i, series in enumerate(chart.series)]
    parts += [_legend(chart.series)] if len(chart.series) > 1 else []
    return element("svg", Markup("").join(parts), class_="line", viewBox=f"0 0 {WIDTH} {height}", **_named(chart.id))


def _ticks_of(chart: Line) -> tuple[list[float], list[float]]:
    xs = [value for series in chart.series for value in series.x]
    ys = [value for series in chart.series for value in (*series.y, *series.low, *series.high)]
    if chart.diagonal:
        both = ticks(max(0.0, min(xs + ys)), min(1.0, max(xs + ys)))
        return both, both
    if chart.whole_steps:
        first, last = int(min(xs)), int(max(xs))
        return [float(step) for step in range(first, max(last, first + 1) + 1)], ticks(min(ys), max(ys))
    return ticks(min(xs), max(xs)), ticks(min(ys), max(ys))


def _linear(marks: list[float], start: float, end: float) -> Scale:
    return lambda value: start + (end - start) * (value - marks[0]) / (marks[-1] - marks[0])


def _frame(chart: Line, ys: list[float], y: Scale) -> Markup:
    rules = [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(m), y2=y(m), class_="rule") for m in ys]
    labels = [
        element("text", label, x=LEFT - 8, y=y(m) + 4, text_anchor="end", class_="tick")
        for m, label in zip(ys, tick_labels(ys), strict=True)
    ]
    return Markup("").join([text(chart.y_label, x=0, y=13, class_="axis"), *rules, *labels])


def _steps(chart: Line, xs: list[float], x: Scale, base: float) -> Markup:
    labels = [
        element("text", label, x=x(m), y=base + 18, text_anchor="middle", class_="tick")
        for m, label in zip(xs, tick_labels(xs), strict=True)
    ]
    name = text(chart.x_label, x=WIDTH - RIGHT, y=base + 38, text_anchor="end", class_="axis")
    return Markup("").join([*labels, name])


def _bars(series: Series, x: Scale, base: float) -> Markup:
    most = max(series.n, default=0) or 1
    bars = [f"M{x(at):.1f} {base}v{-BARS * n / most:.1f}" for at, n in zip(series.x, series.n, strict=False)]
    return element("path", d="".join(bars), class_="bar")


def _series(series: Series, index: int, x: Scale, y: Scale) -> Markup:
    points = [(x(a), y(b)) for a, b in zip(series.x, series.y, strict=True)]
    dots = [element("circle", cx=a, cy=b, r=3.4, class_=f"dot s{index}") for a, b in points]
    return Markup("").join([path(points, class_=f"stroke s{index}"), *dots])


def _band(series: Series, x: Scale, y: Scale) -> Markup:
    if not (series.low and series.high):
        return Markup("")
    up = [(x(a), y(b)) for a, b in zip(series.x, series.high, strict=True)]
    down = [(x(a), y(b)) for a, b in zip(series.x, series.low, strict=True)]
    return path(up + down[::-1], class_="band")


def _legend(series: tuple[Series, ...]) -> Markup:
    entries = []
    for i, one in enumerate(series):
        left = WIDTH - RIGHT - 96 * (len(series) - i)
        entries.append(element("line", x1=left, x2=left + 20, y1=9, y2=9, class_=f"stroke s{i}"))
        entries.append(text(one.name, x=left + 26, y=13, class_="axis"))
    return Markup("").join(entries)
