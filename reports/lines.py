"""Charts of curves: those that can be compared stand in one."""

from collections.abc import Sequence

from audit.types import Curve
from reports import numbers
from reports.card import Line, Series
from reports.words import Words, crossing_name, join, known, metric_name, say, slice_name, value_name

MOST_SERIES = 9
"""Lines in one chart that can still be told apart."""
MOST_STEPS = 10.0
"""Largest whole number on an axis that has a tick for each."""
FEW_POINTS = 8
"""Points on each of several lines whose intervals can still be seen."""


def lines(curves: Sequence[Curve], anchor: str) -> list[Line]:
    """Return the charts of a probe's curves.

    A curve against a diagonal stands alone. Others of one name stand together, one chart for each
    column of groups, with the curve of all rows beside them.
    """
    alone = [[curve] for curve in curves if curve.reference == "diagonal"]
    charts = [*alone, *_together([curve for curve in curves if curve.reference == "none"])]
    return [_line(chart, f"{anchor}-curve-{i}") for i, chart in enumerate(charts)]


def _together(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Return the curves by name, points on the x axis and columns of the slice; that of all rows in each."""
    kinds: dict[tuple[str, tuple[float, ...]], dict[frozenset[str], list[Curve]]] = {}
    for curve in curves:
        kinds.setdefault((curve.name, curve.x), {}).setdefault(frozenset(curve.slice), []).append(curve)
    charts = []
    for kind in kinds.values():
        whole = kind.pop(frozenset(), [])
        charts += [[*whole, *parts][:MOST_SERIES] for parts in kind.values()] or [whole]
    return charts


def _line(curves: list[Curve], id: str) -> Line:
    first, several = curves[0], len(curves) > 1
    title = metric_name(first.name)
    whiskers = several and len(first.x) <= FEW_POINTS and all(curve.low and curve.high for curve in curves)
    return Line(
        id=id,
        title=say("figure.of", name=title, where=_apart_by(curves) if several else slice_name(first.slice)),
        x_label=_axis(first.x_label),
        y_label=_axis(first.y_label),
        series=tuple(Series(_name(c, several), c.x, c.y, c.low, c.high, c.n) for c in curves),
        diagonal=first.reference == "diagonal",
        reading=_ends(curves, whiskers) if several else _reading(first),
        whole_steps=max(first.x, default=0) <= MOST_STEPS and all(x.is_integer() for x in first.x),
        whiskers=whiskers,
    )


def _apart_by(curves: list[Curve]) -> Words:
    """Return by what several curves differ: the columns of any but that of all rows."""
    return say("figure.by", columns=crossing_name(sorted(set().union(*(curve.slice for curve in curves)))))


def _name(curve: Curve, several: bool) -> Words:
    """Return what tells a curve from its neighbours."""
    if several and len(curve.slice) == 1:
        (item,) = curve.slice.items()
        return value_name(*item)
    return slice_name(curve.slice)


def _reading(curve: Curve) -> Words:
    return _furthest(curve) if curve.reference == "diagonal" else say("figure.curve", points=len(curve.x))


def _furthest(curve: Curve) -> Words:
    """Return where a curve lies furthest from the diagonal."""
    x, y = max(zip(curve.x, curve.y, strict=True), key=lambda point: abs(point[1] - point[0]), default=(0.0, 0.0))
    return say("figure.furthest", x=numbers.number(x), y=numbers.number(y))


def _ends(curves: list[Curve], whiskers: bool) -> Words:
    low, high = (pick(curves, key=lambda curve: curve.y[-1]) for pick in (min, max))
    told = say(
        "figure.ends",
        low=numbers.number(low.y[-1]),
        low_name=_name(low, True),
        high=numbers.number(high.y[-1]),
        high_name=_name(high, True),
    )
    return join([told, say("figure.whiskers")], " ", "") if whiskers else told


def _axis(label: str) -> Words:
    key = label.lower().replace(",", "").replace(" ", "_")
    return known(f"axis.{key}") or known(f"metric.{key}") or label
