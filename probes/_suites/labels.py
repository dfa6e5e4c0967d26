"""Which of the model's classes a label of a suite stands for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from audit.errors import ConfigError, did_you_mean
from audit.registry import Skip
from probes._suites.cases import Suite

Kind = Literal["moderation", "sentiment"]
Classes = Mapping[str, tuple[int, ...]]
"""From a label of the suite to the model's classes that count as it."""

SENTIMENT = {
    "negative": {"negative", "neg", "消极", "负面", "负向", "差评"},
    "neutral": {"neutral", "neu", "中性", "中立"},
    "positive": {"positive", "pos", "积极", "正面", "正向", "好评"},
}
ABUSE = re.compile(
    "abus(e|ive)|attack|bias(ed)?|(cyber)?bullying|discriminat(ory|ion)|harass(ing|ment)|harmful|hat(e|eful|e ?speech)|"
    "identity hate|insult(ing)?|offen[cs](e|ive)|offensive language|personal attack|racis[mt]|sexis[mt]|"
    "(severe )?toxic(ity)?|threat(ening)?|仇恨|偏见|冒犯|攻击|有害|歧视|毒性|侮辱|辱骂"
)
HARMLESS = re.compile(
    "acceptable|appropriate|benign|civil|clean|decent|fine|harmless|innocuous|neither|neutral|none|normal|ok(ay)?|"
    "respectful|safe|中性|无害|正常"
)
NEGATION = re.compile(r"^(?:non|not|no|un|in|非|不|无|没有)\s?")
OURS: Mapping[Kind, tuple[str, ...]] = {"moderation": ("abusive", "acceptable"), "sentiment": tuple(SENTIMENT)}
"""The labels of the suites that ship with Renben."""
OFTEN_ABSENT = "neutral"
"""The class that many sentiment models do without; cases that expect only it are then left out."""


def kind_of(labels: Iterable[str]) -> Kind | None:
    """Return the kind of suite that fits a model with these labels, by their names alone."""
    names = list(labels)
    if {"negative", "positive"} <= set(map(_sentiment, names)) and None not in map(_sentiment, names):
        return "sentiment"
    if set(map(_abuse, names)) == {"abusive", "acceptable"}:
        return "moderation"
    return None


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", label).strip().casefold()


def _sentiment(label: str) -> str | None:
    return next((meaning for meaning, words in SENTIMENT.items() if _plain(label) in words), None)


def _abuse(label: str) -> str | None:
    plain = _plain(label)
    if ABUSE.fullmatch(plain):
        return "abusive"
    return "acceptable" if HARMLESS.fullmatch(plain) or ABUSE.fullmatch(NEGATION.sub("", plain)) else None


def refuse_unknown(named: Iterable[str], labels: Sequence[str], whose: str) -> None:
    """Refuse a label that is not there.

    Raises
    ------
    ConfigError
        With the nearest label that is.
    """
    for label in named:
        if label not in labels:
            raise ConfigError(
                f'[probes."behaviour.suite"] labels: {whose} no label {label!r}.{did_you_mean(label, labels)}'
            )


def match(suite: Suite, labels: Sequence[str], given: Mapping[str, str]) -> Classes:
    """Return the model's classes for every label of the suite.

    A label is matched by what the user gave, else by its name, else by its meaning (*hateful*
    and *toxic* are both abuse). ``neutral`` may stay without a class.

    Parameters
    ----------
    suite : Suite
        The cases.
    labels : sequence of str
        The model's labels.
    given : mapping of str to str
        The user's own matches, from the suite's label to the model's.

    Raises
    ------
    ConfigError
        If a match names a label that the suite or the model does not have.
    Skip
        If a label of the suite has no class.
    """
    refuse_unknown(given, suite.labels, f"{suite.name} has")
    refuse_unknown(given.values(), labels, "the model has")
    return {label: _classes(label, suite, labels, given) for label in suite.labels}


def _classes(label: str, suite: Suite, labels: Sequence[str], given: Mapping[str, str]) -> tuple[int, ...]:
    if label in given:
        return (labels.index(given[label]),)
    same = tuple(k for k, name in enumerate(labels) if _plain(name) == _plain(label))
    found = same or _alike(label, labels)
    if not found and label != OFTEN_ABSENT:
        raise Skip(
            f"no suite fits the labels {', '.join(labels)} as it stands: {suite.name} speaks of {label!r} "
            f'(first in case {_first(suite, label)!r}). In [probes."behaviour.suite"], say which label is which with '
            f'labels = {{ {_key(label)} = "…" }}, or name another suite with file = "…".'
        )
    return found


def _alike(label: str, labels: Sequence[str]) -> tuple[int, ...]:
    for meaning in (_sentiment, _abuse):
        wanted = meaning(label)
        found = tuple(k for k, name in enumerate(labels) if wanted and meaning(name) == wanted)
        if found:
            return found
    return ()


def _first(suite: Suite, label: str) -> str:
    return next(case.id for case in suite.cases if label in case.expected)


def _key(label: str) -> str:
    return label if re.fullmatch(r"[A-Za-z0-9_-]+", label) else f'"{label}"'
