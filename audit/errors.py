"""Errors a user can cause: shown as one sentence with a remedy, never as a traceback."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class AuditError(Exception):
    """A failure with a plain sentence, a remedy and an exit code."""

    exit_code = 2


class ConfigError(AuditError):
    """The configuration cannot be used as it is."""


class DataError(AuditError):
    """A table is missing, unreadable or does not hold what the configuration says."""


class SubjectError(AuditError):
    """The model cannot be loaded, tuned or matched to the data."""


class RecordError(AuditError):
    """A run record is missing, unreadable or of an unknown version."""


class AssetError(AuditError):
    """An asset is unknown, absent, or not the file that was expected."""


class EmptyError(AuditError):
    """There is nothing to evaluate."""

    exit_code = 5


@contextmanager
def as_value_error() -> Iterator[None]:
    """Turn an AuditError into a ValueError, so that the validation of a parameter can name file and line."""
    try:
        yield
    except AuditError as error:
        raise ValueError(str(error)) from None


MOST_SHOWN = 12


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"``, or the known words where none is near."""
    options = sorted(known)
    near = get_close_matches(word, options, n=1, cutoff=0.5)
    if near:
        return f" Did you mean {near[0]!r}?"
    more = f", and {len(options) - MOST_SHOWN} more" if len(options) > MOST_SHOWN else ""
    return f" Known: {', '.join(options[:MOST_SHOWN])}{more}." if options else ""
