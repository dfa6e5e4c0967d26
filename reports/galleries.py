"""Texts to read: what changed in them, and what the model made of it."""

from audit.types import Example, Examples
from reports import numbers
from reports.card import Gallery, Sample
from reports.marks import differences, excerpt, side
from reports.notes import in_both
from reports.words import Words, change_name, groups_name, join, metric_name, say, slice_name


def gallery(examples: Examples, id: str) -> Gallery:
    """Return a probe's examples with their changes marked."""
    title = metric_name(examples.name)
    return Gallery(
        id=id,
        title=say("figure.of", name=title, where=slice_name(examples.slice)) if examples.slice else title,
        samples=tuple(map(_sample, examples.items)),
        total=examples.total,
        note=in_both(examples.note),
    )


def _sample(example: Example) -> Sample:
    pieces = None if example.after is None else differences(example.before, example.after)
    return Sample(
        id=example.id,
        change=change_name(example.change),
        before=excerpt(example.before) if pieces is None else side(pieces, "added"),
        after=None if pieces is None else side(pieces, "removed"),
        told=_told(example),
        groups=groups_name(example.groups),
    )


def _told(example: Example) -> Words:
    """Return label, predictions and scores in sentences, as far as they are known."""
    label = [say("example.label", label=example.label)] if example.label else []
    return join([*label, *_predicted(example)], " ", "")


def _predicted(example: Example) -> list[Words]:
    before, after = example.predicted_before, example.predicted_after
    if not before:
        return []
    was, now = (_score(score) for score in (example.score_before, example.score_after))
    if not after:
        return [say("example.seen", before=before, was=was)]
    key = "example.stayed" if after == before else "example.turned"
    return [say(key, before=before, was=was, after=after, now=now)]


def _score(score: float | None) -> str:
    return numbers.ABSENT if score is None else numbers.number(score)
