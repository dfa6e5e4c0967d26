"""The charts of the card: dots with intervals in the rows of a table, and lines with bands."""

from collections.abc import Callable

from markupsafe import Markup

from reports.card import Dot, Forest, Line, Series
from reports.svg import element, path, shorten, text, tick_labels, ticks

LANE = 16
"""Height of the lane of a dot, in pixels."""
WIDTH, HEIGHT, SQUARE = 400, 290, 390
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 30, 44
"""Size and margins of a line chart; a diagonal asks for a square."""
NAMES, NAME, SHORTEST = 128, 15, 15
"""Room for the names of several lines, height of one, and its letters."""
MOST_DOTS = 12
"""Points up to which each is marked on several lines."""
ASIDE = 3
"""How far lines with intervals stand apart."""
BARS = 34
"""Height of the tallest bar of row counts."""

Scale = Callable[[float], float]


def lanes(chart: Forest) -> list[Markup]:
    """Return for each group a dot with its interval, and last the axis.

    They stand in the rows of a table that tells the same in numbers. Positions are percentages,
    so that the chart takes any width.
    """
    optional = (chart.overall, *(value for dot in chart.dots for value in (dot.null, dot.bound)))
    at = [end for dot in chart.dots for end in (dot.low, dot.high)] + [value for value in optional if value is not None]
    marks = ticks(min(at), max(at))
    x = _percent(marks[0], marks[-1])
    zero = 0.0 if marks[0] < 0 < marks[-1] else None
    return [
        *(_lane(dot, {"zero": zero, "all": chart.overall, "bound": dot.bound}, x) for dot in chart.dots),
        _axis(marks, x),
    ]


def _named(id: str) -> dict[str, str]:
    return {"role": "img", "aria_labelledby": f"{id}-title", "aria_describedby": f"{id}-reading"}


def _percent(low: float, high: float) -> Scale:
    return lambda value: 100 * (value - low) / (high - low)


def _at(position: float) -> str:
    return f"{position:.1f}%"


def _axis(marks: list[float], x: Scale) -> Markup:
    labels = [
        element("text", label, x=_at(x(mark)), y=LANE - 2)
        for mark, label in zip(marks, tick_labels(marks), strict=True)
    ]
    return _drawing([element("g", *labels, class_="tick")])


def _lane(dot: Dot, marked: dict[str, float | None], x: Scale) -> Markup:
    """Return a dot, its interval, and other marks; ``_icons.html`` has their shapes, for a card has hundreds."""
    y = LANE / 2
    shaded = [element("line", x2=_at(x(dot.null)), y1=y, y2=y, class_="null")] if dot.null is not None else []
    whisker = element("line", x1=_at(x(dot.low)), x2=_at(x(dot.high)), y1=y, y2=y)
    *others, own = (_mark(name, x(at)) for name, at in (marked | {"dot": dot.value}).items() if at is not None)
    return _drawing([*shaded, *others, whisker, own])


def _mark(name: str, at: float) -> Markup:
    return element("use", href=f"#{name}", x=_at(at))


def _drawing(parts: list[Markup]) -> Markup:
    """Return a drawing that says nothing to the ear: the table it stands in does."""
    return element("svg", *parts, aria_hidden="true")


# --- lines --------------------------------------------------------------------------------


def line(chart: Line) -> Markup:
    """Return one or more lines; alone, one has a band, and bars for the rows behind each point.

    Several have their names at the right and, in the place of bands, thin upright intervals.
    """
    height = SQUARE if chart.diagonal else HEIGHT
    several = len(chart.series) > 1
    xs, ys = _ticks_of(chart)
    x = _linear(xs, LEFT, WIDTH - (NAMES if several else RIGHT))
    y = _linear(ys, height - BOTTOM, TOP)
    base = height - BOTTOM
    parts = [_frame(chart, ys, y, x(xs[-1])), _steps(chart, xs, x, base)]
    if chart.mark is not None:
        parts.append(element("line", x1=x(chart.mark), x2=x(chart.mark), y1=TOP, y2=base, class_="overall"))
    if several:
        parts += [_one_of(chart, i, x, y) for i in range(len(chart.series))]
        parts.append(_names(chart.series, x(xs[-1]), y, base))
    else:
        (series,) = chart.series
        parts += [_band(series, x, y), _bars(series, x, base)]
        parts += [path([(x(xs[0]), y(ys[0])), (x(xs[-1]), y(ys[-1]))], class_="overall")] if chart.diagonal else []
        parts.append(_series(series, 0, x, y))
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


def _frame(chart: Line, ys: list[float], y: Scale, end: float) -> Markup:
    rules = element("path", d="".join(f"M{LEFT} {y(m):.1f}H{end:.1f}" for m in ys), class_="rule")
    labels = [element("text", label, x=LEFT - 8, y=y(m) + 4) for m, label in zip(ys, tick_labels(ys), strict=True)]
    return text(chart.y_label, x=0, y=13, class_="axis") + rules + element("g", *labels, class_="tick end")


def _steps(chart: Line, xs: list[float], x: Scale, base: float) -> Markup:
    labels = [element("text", label, x=x(m), y=base + 18) for m, label in zip(xs, tick_labels(xs), strict=True)]
    name = text(chart.x_label, x=x(xs[-1]), y=base + 38, class_="axis end")
    return element("g", *labels, class_="tick") + name


def _bars(series: Series, x: Scale, base: float) -> Markup:
    most = max(series.n, default=0) or 1
    bars = [f"M{x(at):.1f} {base}v{-BARS * n / most:.1f}" for at, n in zip(series.x, series.n, strict=False)]
    return element("path", d="".join(bars), class_="bar")


def _series(series: Series, index: int, x: Scale, y: Scale) -> Markup:
    points = [(x(a), y(b)) for a, b in zip(series.x, series.y, strict=True)]
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in points)
    return path(points, class_=f"stroke s{index}") + element("path", d=dots, class_=f"dots s{index}")


def _band(series: Series, x: Scale, y: Scale) -> Markup:
    if not (series.low and series.high):
        return Markup("")
    up = [(x(a), y(b)) for a, b in zip(series.x, series.high, strict=True)]
    down = [(x(a), y(b)) for a, b in zip(series.x, series.low, strict=True)]
    return path(up + down[::-1], class_="band")


# --- several lines ------------------------------------------------------------------------


def _one_of(chart: Line, index: int, x: Scale, y: Scale) -> Markup:
    """Return one of several lines, set a little aside so that their intervals do not cover each other."""
    series = chart.series[index]
    aside = ASIDE * (index - (len(chart.series) - 1) / 2) if chart.whiskers else 0.0

    def beside(value: float) -> float:
        return x(value) + aside

    if len(series.x) > MOST_DOTS:
        return path([(x(a), y(b)) for a, b in zip(series.x, series.y, strict=True)], class_=f"stroke s{index}")
    spread = _whiskers(series, index, beside, y) if chart.whiskers else Markup("")
    return spread + _series(series, index, beside, y)


def _whiskers(series: Series, index: int, x: Scale, y: Scale) -> Markup:
    spans = zip(series.x, series.low, series.high, strict=True)
    ends = "".join(f"M{x(at):.1f} {y(low):.1f}V{y(high):.1f}" for at, low, high in spans)
    return element("path", d=ends, class_=f"stroke s{index} spread")


def _names(series: tuple[Series, ...], end: float, y: Scale, base: float) -> Markup:
    """Return the names of the lines at their ends, each tied to its line by a stroke of its own kind."""
    ends = [y(one.y[-1]) for one in series]
    parts = []
    for i, (one, at) in enumerate(zip(series, _apart(ends, TOP, base), strict=True)):
        parts.append(element("line", x1=end + 8, x2=end + 24, y1=ends[i], y2=at, class_=f"stroke s{i}"))
        parts.append(text(shorten(one.name, SHORTEST), x=end + 28, y=at + 4, class_="axis"))
    return Markup("").join(parts)


def _apart(wanted: list[float], first: float, last: float) -> list[float]:
    """Return the places nearest to those wanted at which names do not touch."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed, free = list(wanted), first
    for i in order:
        placed[i] = max(wanted[i], free)
        free = placed[i] + NAME
    free = last
    for i in reversed(order):
        placed[i] = min(placed[i], free)
        free = placed[i] - NAME
    return placed
