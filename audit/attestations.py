"""Statements of people, looked at when the audit starts: what each is about, how long it holds, its evidence file."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

from audit.errors import did_you_mean
from audit.types import Attestation
from audit.values import TOPICS, VALUES

STATEMENT_DAYS = 731
"""How long a statement holds at most: two years, a leap day among them."""
WAIVER_DAYS = 180
"""How long a waiver holds at most."""


def fault(said: Attestation) -> tuple[str, str] | None:
    """Return a key of a statement and what is wrong with it; None where it can stand."""
    if said.value not in VALUES:
        return "value", f"there is no value {said.value!r}.{did_you_mean(said.value, VALUES)}"
    if said.about is not None and said.about not in TOPICS:
        return "about", f"nobody is asked for a statement about {said.about!r}.{did_you_mean(said.about, TOPICS)}"
    if said.about is not None and said.value != (value := TOPICS[said.about].value):
        return "value", f"a statement about {said.about!r} is one about another value. Write value = {value!r}."
    late = too_late(said.date, said.expires, STATEMENT_DAYS)
    return ("expires", f"a statement {late}") if late else None


def too_late(begins: str, expires: str, most: int) -> str:
    """Return that something would hold for longer than ``most`` days, and what to write; empty where it would not."""
    first, last = date.fromisoformat(begins), date.fromisoformat(expires)
    if last - first <= timedelta(days=most):
        return ""
    return f"holds for {most} days at most. Let it expire on {first + timedelta(days=most)}, and renew it then."


def with_digest(statement: Attestation, folder: Path) -> Attestation:
    """Return a statement with the sha256 of its evidence file filled in.

    Parameters
    ----------
    statement : Attestation
        Its evidence, where there is any, is a file relative to ``folder``.
    folder : Path
        Where the configuration stands.

    Raises
    ------
    ValueError
        If the file is missing or unreadable, or is not the one whose digest was declared.
    """
    if statement.evidence is None:
        if statement.sha256 is not None:
            raise ValueError("'sha256' goes with 'evidence', the file that it is the digest of.")
        return statement
    found = _sha256(folder / statement.evidence, statement.evidence)
    if statement.sha256 is not None and statement.sha256.lower() != found:
        raise ValueError(
            f"{statement.evidence!r} has the sha256 {found}, not {statement.sha256}. "
            "Put the file back that was attested, or let its author state anew."
        )
    return statement.model_copy(update={"sha256": found})


def _sha256(file: Path, name: str) -> str:
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        raise ValueError(f"there is no file {name!r} beside the configuration. Check the path.") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{name!r} cannot be read ({why}). Name a readable file.") from None
