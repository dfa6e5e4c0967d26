"""How much each part of a text spoke for the predicted class: explanations to read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from audit.types import Attribution
from reports import numbers
from reports.words import Words, groups_name, join, metric_name, reason_name, say, slice_name

MOST_TEXTS = 12
MOST_TOKENS = 80
"""Tokens shown of a text: the strongest, in their order."""
MOST_LETTERS = 40
"""Letters shown of a token."""
NUMBERED = 5
"""How many of the strongest tokens show their number."""
STEPS = (0.1, 0.3, 0.55, 0.8)
"""Shares of the strongest weight of a text from which on a token is shaded more deeply."""
GAP = "…"


@dataclass(frozen=True)
class Token:
    """Part of a text and how it is marked."""

    text: str
    shade: str
    """``up1`` to ``up4`` where it spoke for the predicted class, ``down1`` to ``down4`` against it; else empty."""
    number: str
    """Its weight, where it is among the strongest."""


@dataclass(frozen=True)
class Explanation:
    """One text with its parts marked."""

    id: str
    why: Words
    """Why this text is shown."""
    told: Words
    """Label, prediction and scores in a sentence."""
    groups: Words
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Explained:
    """Explanations of one kind."""

    id: str
    title: Words
    items: tuple[Explanation, ...]
    total: int


def explained(found: Sequence[Attribution], anchor: str) -> tuple[Explained, ...]:
    """Return a probe's explanations, those of one name and slice together, trimmed to what is read."""
    kinds: dict[tuple[str, frozenset[tuple[str, str]]], list[Attribution]] = {}
    for one in found:
        kinds.setdefault((one.name, frozenset(one.slice.items())), []).append(one)
    return tuple(_kind(items, f"{anchor}-explained-{i}") for i, items in enumerate(kinds.values()))


def _kind(items: list[Attribution], id: str) -> Explained:
    first = items[0]
    title = metric_name(first.name)
    return Explained(
        id=id,
        title=say("figure.of", name=title, where=slice_name(first.slice)) if first.slice else title,
        items=tuple(map(_explanation, items[:MOST_TEXTS])),
        total=len(items),
    )


def _explanation(found: Attribution) -> Explanation:
    label = [say("example.label", label=found.label)] if found.label else []
    base, score = numbers.number(found.base), numbers.number(found.score)
    told = say("explained.predicted", predicted=found.predicted, base=base, score=score)
    return Explanation(
        id=found.id,
        why=reason_name(found.reason),
        told=join([*label, told], " ", ""),
        groups=groups_name(found.groups),
        tokens=tuple(_merged(_tokens(found))),
    )


def _tokens(found: Attribution) -> list[Token]:
    """Return the strongest tokens in their order; a gap stands for what was left out."""
    strongest = sorted(range(len(found.weights)), key=lambda i: -abs(found.weights[i]))
    kept, numbered = set(strongest[:MOST_TOKENS]), set(strongest[:NUMBERED])
    most = max(map(abs, found.weights), default=0.0)
    return [
        token
        for i, weight in enumerate(found.weights)
        for token in (_token(found.tokens[i], weight, most, i in numbered) if i in kept else [Token(GAP, "", "")])
    ]


def _token(text: str, weight: float, most: float, numbered: bool) -> list[Token]:
    """Return a token marked, and apart from it the space that follows."""
    depth = sum(abs(weight) >= step * most for step in STEPS) if most else 0
    shade = f"{'up' if weight > 0 else 'down'}{depth}" if depth else ""
    body = text.rstrip() if shade else text
    cut = body if len(body) <= MOST_LETTERS else body[: MOST_LETTERS - 1] + GAP
    marked = Token(cut, shade, numbers.change(weight) if shade and numbered else "")
    return [marked, Token(text[len(body) :], "", "")]


def _merged(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens, those that look alike in one, so that a text takes few bytes."""
    for (shade, number, gap), run in groupby(tokens, key=lambda t: (t.shade, t.number, t.text == GAP)):
        parts = [token.text for token in run if token.text]
        if number:
            yield from (Token(part, shade, number) for part in parts)
        else:
            yield Token(GAP if gap else "".join(parts), shade, "")
