"""What every saved type has in common."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

Text = str | dict[Literal["en", "zh"], str]
"""A sentence, or the same sentence by language."""


def _not_blank(said: Text) -> Text:
    parts = [said] if isinstance(said, str) else said.values()
    if not parts or not all(part.strip() for part in parts):
        raise ValueError("must not be blank")
    return said


Said = Annotated[Text, AfterValidator(_not_blank)]
"""A :data:`Text` that says something."""
Name = Annotated[str, AfterValidator(_not_blank)]
"""Of a person or a role: nobody answers for what is signed with a blank."""


def _iso(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise ValueError("must be a day such as 2026-11-22") from None


IsoDate = Annotated[str, AfterValidator(_iso)]
"""A day such as ``"2026-11-22"``."""


def _there(file: str, info: ValidationInfo) -> str:
    """Refuse a file that is not there, where the folder is known that its path starts from."""
    if isinstance(info.context, Path) and not (info.context / file).is_file():
        raise ValueError("there is no such file beside the configuration")
    return file


ConfigFile = Annotated[str, AfterValidator(_there)]
"""A file that a parameter names, relative to the configuration's folder (:attr:`Subject.folder`)."""


class Frozen(BaseModel):
    """Base of every saved type."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
