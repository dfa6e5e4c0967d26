"""What a probe found, without the personal data in it: a record and a card may be passed on."""

from audit.personal_data.masking import masked
from audit.types import Attribution, Cell, Evidence, Example, Examples, Finding, Table


def shown(evidence: Evidence) -> Evidence | None:
    """Return evidence that may be shown; None where nothing of it may.

    Numbers, notes and tables keep their place, personal data in them masked. A text that holds personal
    data is left out whole, since what changed it may also have hidden the data from being found.
    """
    match evidence:
        case Examples():
            return _examples(evidence)
        case Attribution():
            return None if _holds("".join(evidence.tokens)) else evidence
        case Table():
            rows = tuple(tuple(_cell(cell) for cell in row) for row in evidence.rows)
            return evidence.model_copy(update={"rows": rows, "note": masked(evidence.note)})
        case Finding():
            return evidence.model_copy(update={"note": masked(evidence.note)}) if _holds(evidence.note) else evidence
    return evidence


def _examples(evidence: Examples) -> Examples:
    kept = tuple(item for item in evidence.items if not _telling(item))
    out = len(evidence.items) - len(kept)
    note = f"left out, because they hold personal data: {out}" if out else ""
    told = "; ".join(part for part in (masked(evidence.note), note) if part)
    items = tuple(item.model_copy(update={"id": masked(item.id)}) for item in kept)
    return evidence.model_copy(update={"items": items, "note": told})


def _telling(item: Example) -> bool:
    return any(_holds(text) for text in (item.before, item.after or "", item.change))


def _cell(cell: Cell) -> Cell:
    return masked(cell) if isinstance(cell, str) else cell


def _holds(text: str) -> bool:
    return masked(text) != text
