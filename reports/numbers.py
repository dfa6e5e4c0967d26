"""How numbers and dates are written, the same way in every report."""

from datetime import date

from audit.types import Cell, Finding
from reports.words import Both

ABSENT = "–"


def number(value: float) -> str:
    """Return a measured number: three decimals, fewer where they would be noise."""
    size = abs(value)
    if 0 < size < 0.0001:
        return "<0.0001" if value > 0 else ">−0.0001"
    decimals = 4 if 0 < size < 0.001 else 3 if size < 10 else 1 if size < 1000 else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def count(value: float) -> str:
    """Return a whole number with thousands separators."""
    return f"{value:,.0f}".replace("-", "−")


def share(part: float, whole: float) -> str:
    """Return a part of a whole as a percentage."""
    return f"{part / whole:.1%}" if whole else ABSENT


def bound(value: float) -> str:
    """Return a bound as its author wrote it."""
    return f"{value:,g}".replace("-", "−")


def span(low: float, high: float) -> str:
    """Return both ends of an interval."""
    return f"{number(low)} – {number(high)}"


def measured(finding: Finding) -> str:
    """Return the value of a finding; whole numbers without interval are counts."""
    if finding.value is None:
        return ABSENT
    exact = finding.interval is None and finding.value.is_integer()
    return count(finding.value) if exact else number(finding.value)


def change(value: float) -> str:
    """Return a number with its sign, where there is any after rounding."""
    return f"{value:+.3f}".replace("-", "−") if round(value, 3) else "0.000"


def cell(value: Cell) -> str:
    """Return the content of a table cell."""
    if value is None:
        return ABSENT
    if isinstance(value, float):
        return number(value)
    return count(value) if isinstance(value, int) else value


def duration(seconds: float) -> Both:
    """Return a length of time."""
    if seconds < 90:
        return Both(f"{seconds:.1f} s", f"{seconds:.1f} 秒")
    return Both(f"{seconds / 60:.1f} min", f"{seconds / 60:.1f} 分钟")


def day(iso: str) -> Both:
    """Return a date, given in ISO 8601 with or without a time of day."""
    at = date.fromisoformat(iso[:10])
    return Both(f"{at.day} {at:%B} {at.year}", f"{at.year} 年 {at.month} 月 {at.day} 日")
