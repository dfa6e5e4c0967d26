"""The table that tells in numbers what a chart of lines shows."""

from reports import numbers
from reports.card import Line, Series
from reports.words import Words, column_name, say

Row = tuple[Words, ...]

MOST_ROWS = 12
"""Points of a chart that its table tells, evenly spread, the first and the last among them."""


def columns(chart: Line) -> Row:
    """Return the heads of the table of a chart."""
    heads = [head for series in chart.series for head in _heads(chart, series)]
    return (chart.x_label, *heads)


def _heads(chart: Line, series: Series) -> list[Words]:
    several = len(chart.series) > 1
    name = series.name if several else chart.y_label
    band: list[Words] = [say("figure.band")] if series.low and not several else []
    return [name, *band, *([column_name("rows")] if series.n else [])]


def rows(chart: Line) -> list[Row]:
    """Return the rows of the table of a chart."""
    cells = _cells if len(chart.series) == 1 else _together
    told = _told(len(chart.series[0].x))
    return [(_step(chart, i), *(c for series in chart.series for c in cells(series, i))) for i in told]


def _told(points: int) -> list[int]:
    if points <= MOST_ROWS:
        return list(range(points))
    return [round(i * (points - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)]


def _step(chart: Line, i: int) -> str:
    at = chart.series[0].x[i]
    return numbers.count(at) if chart.whole_steps else numbers.number(at)


def _cells(series: Series, i: int) -> list[str]:
    band = [numbers.span(series.low[i], series.high[i])] if series.low else []
    return [numbers.number(series.y[i]), *band, *([numbers.count(series.n[i])] if series.n else [])]


def _together(series: Series, i: int) -> list[str]:
    """Return value and interval in one cell, so that a table of several series stays readable."""
    value = numbers.number(series.y[i])
    shown = f"{value} ({numbers.span(series.low[i], series.high[i])})" if series.low else value
    return [shown, *([numbers.count(series.n[i])] if series.n else [])]
