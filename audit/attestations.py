"""Statements of people, looked at when the audit starts: what each is about, and its evidence file."""

import hashlib
from pathlib import Path

from audit.errors import did_you_mean
from audit.types import Attestation
from audit.values import TOPICS, VALUES


def fault(said: Attestation) -> tuple[str, str] | None:
    """Return a key of a statement and what is wrong with it; None where it can stand."""
    if said.value not in VALUES:
        return "value", f"there is no value {said.value!r}.{did_you_mean(said.value, VALUES)}"
    if said.about is None:
        return None
    if said.about not in TOPICS:
        return "about", f"nobody is asked for a statement about {said.about!r}.{did_you_mean(said.about, TOPICS)}"
    if said.value != (value := TOPICS[said.about].value):
        return "value", f"a statement about {said.about!r} is one about another value. Write value = {value!r}."
    return None


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
