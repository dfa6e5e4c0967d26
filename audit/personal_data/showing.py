"""What a probe found, without personal data and no longer than can be read: a record and a card may be passed on.

Whether a text may be shown is decided on the whole of it, and only then is it cut: half a number no
longer looks like one.
"""

from typing import Any

from audit.personal_data.masking import masked
from audit.personal_data.naming import discreet
from audit.types import Attribution, Cell, Curve, Evidence, Example, Examples, Finding, Table

LONGEST = 1000
"""Characters that are shown of a text, a cell, or what was done to a text."""
LONGEST_TOKEN = 120
"""Characters that are shown of one token; longer ones lose their middle."""


def shown(evidence: Evidence) -> Evidence | None:
    """Return evidence that may be shown; None where nothing of it may.

    Numbers, notes and tables keep their place, personal data in them masked. A text that holds personal
    data is left out whole, since what changed it may also have hidden the data from being found.
    """
    if isinstance(evidence, Attribution) and _holds("".join(evidence.tokens)):
        return None
    slice = {column: discreet(value) for column, value in evidence.slice.items()}
    return evidence.model_copy(update={"slice": slice, **_parts(evidence)})


def _parts(evidence: Evidence) -> dict[str, Any]:
    match evidence:
        case Finding() | Curve():
            return {"note": masked(evidence.note)}
        case Table():
            return _table(evidence)
        case Examples():
            return _examples(evidence)
        case Attribution():
            return _attribution(evidence)


def _table(evidence: Table) -> dict[str, Any]:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in evidence.rows)
    return {"rows": rows, "columns": tuple(map(discreet, evidence.columns)), "note": masked(evidence.note)}


def _cell(cell: Cell) -> Cell:
    return _cut(masked(cell)) if isinstance(cell, str) else cell


def _attribution(evidence: Attribution) -> dict[str, Any]:
    return {
        "id": masked(evidence.id),
        "tokens": tuple(map(_without_middle, evidence.tokens)),
        "groups": tuple(map(discreet, evidence.groups)),
    }


def _without_middle(token: str) -> str:
    half = LONGEST_TOKEN // 2
    return token if len(token) <= LONGEST_TOKEN else f"{token[:half]} […] {token[-half:]}"


def _examples(evidence: Examples) -> dict[str, Any]:
    kept = tuple(item for item in evidence.items if not _telling(item))
    out = len(evidence.items) - len(kept)
    note = f"left out, because they hold personal data: {out}" if out else ""
    told = "; ".join(part for part in (masked(evidence.note), note) if part)
    return {"items": tuple(map(_example, kept)), "note": told}


def _telling(item: Example) -> bool:
    return any(_holds(text) for text in (item.before, item.after or "", item.change))


def _example(item: Example) -> Example:
    start = _start(item.before, item.after) if item.after is not None else 0
    return item.model_copy(
        update={
            "id": masked(item.id),
            "before": _cut(item.before, start),
            "after": None if item.after is None else _cut(item.after, start),
            "change": _cut(item.change),
            "groups": tuple(map(discreet, item.groups)),
        }
    )


def _start(before: str, after: str) -> int:
    """Return where to begin to show two texts, so that their first difference is among what is shown."""
    if before == after:
        return 0
    shorter = min(len(before), len(after))
    same = next((k for k in range(shorter) if before[k] != after[k]), shorter)
    return max(0, same - LONGEST // 3)


def _cut(text: str, start: int = 0) -> str:
    if len(text) <= LONGEST:
        return text
    return ("…" if start else "") + text[start : start + LONGEST] + ("…" if start + LONGEST < len(text) else "")


def _holds(text: str) -> bool:
    return masked(text) != text
