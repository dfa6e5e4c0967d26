"""Personal data in the names of groups, in ids and in what errors quote: what becomes of them and what is told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from audit.data import Rows
from audit.personal_data.naming import discreet, told_apart

Say = Callable[[str], None]
LONGEST = 40
"""Characters of a name that are quoted."""


def without_names(tables: Mapping[str, Rows], say: Say) -> dict[str, Rows]:
    """Return the tables with those groups renamed whose names hold personal data, and say so in one line."""
    # All tables have the same groups.
    values = {column.name: column.values for rows in tables.values() for column in rows.groups}
    told = {name: told_apart(groups) for name, groups in values.items()}
    if telling := [name for name in values if told[name] != values[name]]:
        # The shortest: a rule can quote it.
        mask = min((mask for name in telling for mask in {*told[name]} - {*values[name]}), key=lambda m: (len(m), m))
        mask = mask if len(mask) <= LONGEST else f"{mask[:LONGEST]}…"
        say(
            f"Names of groups in {', '.join(telling)} hold personal data: they are masked in all that the audit "
            f"writes, such as {mask!r}. A rule about such a group must name it so."
        )
    return {
        name: replace(rows, groups=tuple(replace(column, values=told[column.name]) for column in rows.groups))
        for name, rows in tables.items()
    }


def warn_of_ids(ids: Iterable[str], say: Say) -> None:
    """Say in one line where ids hold personal data: the tables of scores keep them, to lead back to the rows."""
    if any(discreet(id) != id for id in ids):
        say(
            "Ids of rows hold personal data: record and card mask them, but the Parquet tables of scores keep them, "
            "so that they lead back to your table. Do not pass those on."
        )


def without_data(message: str, given: Mapping[str, object]) -> str:
    """Return the message of an error with personal data that it quotes from tables masked.

    What the user wrote stays readable: the parameters of the command, and the file that ``config`` names.
    """
    path = Path(str(given.get("config") or ""))
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # of which the message speaks
        text = ""
    return discreet(message, " ".join([text, *map(str, given.values())]))
