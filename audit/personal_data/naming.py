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
    seen = Counter(name for name in names if discreet(name) == name)
    told = []
    for name in names:
        shown = discreet(name)
        if shown != name:
            seen[shown] += 1
            shown = shown if seen[shown] == 1 else f"{shown} {seen[shown]}"
        told.append(shown)
    return tuple(told)
