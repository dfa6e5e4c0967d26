"""What every saved type has in common."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Text = str | dict[Literal["en", "zh"], str]
"""A sentence, or the same sentence by language."""


def _iso(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise ValueError("must be a day such as 2026-11-22") from None


IsoDate = Annotated[str, AfterValidator(_iso)]
"""A day such as ``"2026-11-22"``."""


class Frozen(BaseModel):
    """Base of every saved type."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
