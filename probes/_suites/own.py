"""Suites that ship with Renben: TOML files whose templates are filled for every group alike."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from probes._suites.cases import Case, Suite
from probes._suites.labels import Kind

Language = Literal["en", "zh"]
FOLDER = Path(__file__).parent


def own_suite(kind: Kind, language: Language) -> Suite:
    """Return a suite of ours; a template with a slot becomes one case for each group."""
    table = tomllib.loads((FOLDER / f"{kind}_{language}.toml").read_text(encoding="utf-8"))
    entries = table["capability"]
    cases = tuple(case for entry in entries for case in _cases(entry, table["groups"]))
    return Suite(f"{kind} ({language})", cases, {entry["name"]: entry["asks"] for entry in entries})


def _cases(entry: Mapping[str, Any], groups: Mapping[str, Mapping[str, str]]) -> Iterator[Case]:
    templates = [(block, item) for block in entry["cases"] for item in block["texts"]]
    for k, (block, item) in enumerate(templates, start=1):
        texts, name = [item] if isinstance(item, str) else item, f"{entry['name']} {k}"
        slotted = any("{" in text for text in texts)
        for group, words in groups.items() if slotted else [("", {})]:
            first, *others = (_filled(text, words) for text in texts)
            yield Case(
                id=f"{name} {group}".strip(),
                text=first,
                capability=entry["name"],
                expected=tuple(block.get("expected", ())),
                others=tuple(others),
                relation=block.get("relation"),
                group=group,
                template=name if slotted else "",
            )


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = template.format_map(words)
    return text[0].upper() + text[1:]
