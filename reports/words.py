"""Sentences and names in both languages."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from audit.types import Text

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True)
class Both:
    """The same thing said in each language."""

    en: str
    zh: str


Words = str | Both
"""A plain string reads the same in both languages."""

FAMILIES = {
    "perturbation": "perturbation",
    "recipe": "attack",
    "category": "category",
    "capability": "capability",
    "condition": "condition",
    "check": "condition",
    "state": "checked",
    "method": "method",
    "variant": "variant",
    "kind": "kind",
    "agreement is": "agreement",
    "confirmed": "checked",
    "model": "condition",
    "person at first": "condition",
    "rows that look alike": "kind",
    "split": "column",
    "with": "column",
}
"""Columns of a slice or table whose entries are Renben's own, and where in the catalogue their names stand."""


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return every message of a language by its key."""
    text = files("reports").joinpath("locales", f"{language}.json").read_text(encoding="utf-8")
    messages: dict[str, str] = json.loads(text)
    return messages


def in_language(words: Words, language: Language) -> str:
    """Return the words of one language."""
    return words if isinstance(words, str) else words.en if language == "en" else words.zh


def say(key: str, **parts: Words | int) -> Both:
    """Return the message of that key with its placeholders filled in.

    Raises
    ------
    KeyError
        If there is no such message.
    """
    return Both(_fill("en", key, parts), _fill("zh", key, parts))


def _fill(language: Language, key: str, parts: Mapping[str, Words | int]) -> str:
    words = {k: str(v) if isinstance(v, int) else in_language(v, language) for k, v in parts.items()}
    return catalogue(language)[key].format(**words)


def known(key: str) -> Both | None:
    """Return the message of that key if there is one."""
    return say(key) if key in catalogue("en") else None


def of(text: Text) -> Words:
    """Return what a person wrote: in one language, or in both."""
    if isinstance(text, str):
        return text
    first = next(iter(text.values()), "")
    return Both(text.get("en", first), text.get("zh", first))


def join(parts: list[Words], en: str = ", ", zh: str = "，") -> Words:
    """Return the parts in one string; identifiers alone are joined the same way in both languages."""
    if all(isinstance(part, str) for part in parts):
        return en.join(in_language(part, "en") for part in parts)
    return Both(en.join(in_language(p, "en") for p in parts), zh.join(in_language(p, "zh") for p in parts))


def humanise(id: str) -> str:
    """Return a readable form of an identifier that nobody named."""
    words = re.sub(r"[._-]+", " ", id).strip()
    return words[:1].upper() + words[1:]


def metric_name(metric: str) -> Words:
    """Return the name of a metric, given its full id: its probe may use a word in a sense of its own."""
    last = metric.rpartition(".")[2]
    if name := known(f"metric.{metric}") or known(f"metric.{last}"):
        return name
    stem, _, comparison = last.rpartition("_")
    if comparison in ("difference", "ratio") and (name := known(f"metric.{stem}")):
        return say(f"compare.{comparison}", name=name)
    return humanise(last)


def gloss(metric: str) -> Words | None:
    """Return what a metric, given by its full id, means: its probe may use a name in a sense of its own."""
    return known(f"gloss.{metric}") or known(f"gloss.{metric.rpartition('.')[2]}")


def probe_name(probe: str) -> Words:
    """Return the name of a probe."""
    return known(f"probe.{probe}") or humanise(probe)


def slice_name(slice: Mapping[str, str]) -> Words:
    """Return which rows a finding speaks of, as a label."""
    if not slice:
        return say("slice.all")
    columns = [key for key, value in slice.items() if value == "*"]
    fixed = [_is(key, value) for key, value in slice.items() if value != "*"]
    return join([_across(columns), *fixed]) if columns else join(fixed)


def _across(columns: list[str]) -> Words:
    return (
        say("slice.across_category") if columns == ["category"] else say("slice.across", columns=crossing_name(columns))
    )


def _is(column: str, value: str) -> Words:
    return join([column_name(column), value_name(column, value)], ": ", "：")


def column_name(column: str) -> Words:
    """Return the name of a column of a table or of a slice."""
    for phrase in ("predicted", "rows of", "share of", "texts of"):
        if column.startswith(f"{phrase} "):
            return say(f"column_of.{phrase.replace(' ', '_')}", label=column.removeprefix(f"{phrase} "))
    return known(f"column.{_key(column)}") or known(f"metric.{_key(column)}") or column


def _key(name: str) -> str:
    """Return a name as it stands in the catalogue."""
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def crossing_name(columns: list[str]) -> Words:
    """Return the name of one column, or of several crossed."""
    return join([column_name(column) for column in columns], " × ", " × ")


def group_name(group: str) -> Words:
    """Return the name of a group."""
    return say("group.unknown") if group == "unknown" else group


def groups_name(groups: Sequence[str]) -> Words:
    """Return the groups that a text is about, each given as ``column: group``."""
    parts = [group.partition(": ") for group in groups]
    return join([slice_name({column: value}) if colon else column for column, colon, value in parts], " · ", " · ")


def value_name(column: str, value: str) -> Words:
    """Return the name of an entry of a column of a slice: a group, a kind of noise, an attack."""
    if column not in FAMILIES:
        return group_name(value)
    plain = value if " " in value else value.replace("_", " ")
    return known(f"{FAMILIES[column]}.{_key(value)}") or plain


def reason_name(reason: str) -> Words:
    """Return why a text is shown; what Renben has no words for is left as it is."""
    return join([known(f"reason.{_key(part)}") or part for part in reason.split("; ")], "; ", "；")


def change_name(change: str) -> Words:
    """Return what was done to a text; what Renben has no words for is left as it is."""
    if noise := re.fullmatch(r"(\w+), severity (\d+)", change):
        return say("example.change", name=value_name("perturbation", noise[1]), severity=noise[2])
    head, colon, rest = change.partition(": ")
    name = next((name for family in FAMILIES.values() if (name := known(f"{family}.{_key(head)}"))), None)
    if name is None:
        return reason_name(change)
    return say("example.told", name=name, rest=rest) if colon else name
