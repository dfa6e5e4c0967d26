"""Weighted summaries: what they came to, and everything that they were made of."""

from audit.types import CompositeItem, CompositeScore, Interval, ItemScore
from reports import numbers
from reports.card import Grid, Summary
from reports.notes import in_both
from reports.words import Words, join, metric_name, of, say, slice_name


def summary(found: CompositeScore, id: str) -> Summary:
    """Return a weighted summary with the table of its items."""
    return Summary(
        title=of(found.composite.name),
        kind=say(f"composite.{found.composite.kind}"),
        value=numbers.ABSENT if found.value is None else numbers.number(found.value),
        interval=_span(found.interval),
        band=_span(found.sensitivity),
        coverage=numbers.share(found.coverage, 1),
        missing=_missing(found),
        items=_grid(found, id),
    )


def _span(interval: Interval | None) -> str:
    return numbers.span(interval.low, interval.high) if interval else ""


def _missing(found: CompositeScore) -> Words:
    if found.coverage > 1 - 1e-6:
        return ""
    seen = found.coverage * (found.value or 0.0)
    low, high = numbers.number(seen), numbers.number(seen + 1 - found.coverage)
    return say("composite.missing", low=low, high=high)


def _grid(found: CompositeScore, id: str) -> Grid:
    pairs = zip(found.composite.items, found.items, strict=True)
    columns = ("item", "weight", "score", "range", "source")
    return Grid(
        id=id,
        title=say("composite.items"),
        columns=tuple(say(f"composite.column_{column}") for column in columns),
        rows=tuple(_row(item, scored) for item, scored in pairs),
        words=(0, 3, 4),
    )


def _row(item: CompositeItem, scored: ItemScore) -> tuple[Words, ...]:
    score = numbers.ABSENT if scored.score is None else numbers.number(scored.score)
    ends = f" ({_span(scored.interval)})" if scored.interval else ""
    return _name(item), numbers.bound(item.weight), f"{score}{ends}", _range(item), _source(item, scored)


def _name(item: CompositeItem) -> Words:
    if item.name:
        return of(item.name)
    if item.metric is None:
        return of(item.statement or "")
    name = metric_name(item.metric)
    return say("figure.of", name=name, where=slice_name(item.slice)) if item.slice else name


def _range(item: CompositeItem) -> Words:
    """Return which figures count as 0 and as 1."""
    if item.metric is None:
        return ""
    low, high = item.ends
    worst, best = (high, low) if item.better == "lower" else (low, high)
    return say("composite.range", worst=numbers.bound(worst), best=numbers.bound(best))


def _source(item: CompositeItem, scored: ItemScore) -> Words:
    """Return who stated it, or what was measured on how many rows, or why nothing was."""
    if item.metric is None:
        told = say("composite.stated", who=item.who or "", date=numbers.day(item.date or ""))
        return join([told, of(item.statement or "")], ": ", "：") if item.name else told
    if scored.score is None:
        return say("composite.absent", metric=item.metric, why=in_both(scored.note))
    told = say("composite.measured", metric=item.metric, n=numbers.count(scored.n))
    low, high = item.ends
    if scored.value is None or low <= scored.value <= high:
        return told
    return say("composite.beyond", told=told, value=numbers.number(scored.value))
