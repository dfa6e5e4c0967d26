"""Names of groups that hold personal data: masked, and still told apart."""

from collections import Counter
from collections.abc import Sequence

from audit.personal_data.masking import masked
from audit.personal_data.patterns import PERSONAL


def discreet(name: str, known: str = "") -> str:
    """Return a name with what leads to a person masked; a web address alone stays, and what stands in ``known``."""
    return masked(name, PERSONAL, known=known)


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return discreet names in the same order; those that become equal get a number, such as ``j***@e***.com 2``."""
    masks = [discreet(name) for name in names]
    taken, tried = {mask for name, mask in zip(names, masks, strict=True) if mask == name}, Counter[str]()
    return tuple(name if mask == name else _free(mask, taken, tried) for name, mask in zip(names, masks, strict=True))


def _free(mask: str, taken: set[str], tried: Counter[str]) -> str:
    """Return a mask that is not taken, and take it."""
    told = mask
    while told in taken:
        tried[mask] += 1
        told = f"{mask} {tried[mask] + 1}"
    taken.add(told)
    return told
