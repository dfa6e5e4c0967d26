"""The table that tells in numbers what a chart shows."""

from reports import numbers
from reports.card import Forest, Line, Series
from reports.words import Words, column_name, say

Row = tuple[Words, ...]


def columns(chart: Forest | Line) -> Row:
    """Return the heads of the table of a chart."""
    if isinstance(chart, Forest):
        return chart.by, say("page.value"), say("page.n")
    heads = [head for series in chart.series for head in _heads(chart, series)]
    return (chart.x_label, *heads)


def _heads(chart: Line, series: Series) -> list[Words]:
    name = series.name if len(chart.series) > 1 else chart.y_label
    band: list[Words] = [say("figure.band")] if series.low else []
    return [name, *band, *([column_name("rows")] if series.n else [])]


def rows(chart: Forest | Line) -> list[Row]:
    """Return the rows of the table of a chart."""
    if isinstance(chart, Forest):
        return [(dot.label, dot.text, dot.n) for dot in chart.dots]
    steps = chart.series[0].x
    return [(_step(chart, i), *(c for series in chart.series for c in _cells(series, i))) for i in range(len(steps))]


def _step(chart: Line, i: int) -> str:
    at = chart.series[0].x[i]
    return numbers.count(at) if chart.whole_steps else numbers.number(at)


def _cells(series: Series, i: int) -> list[str]:
    band = [numbers.span(series.low[i], series.high[i])] if series.low else []
    return [numbers.number(series.y[i]), *band, *([numbers.count(series.n[i])] if series.n else [])]
