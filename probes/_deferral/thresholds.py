"""Up to which certainty rows go to people: the thresholds themselves, for whoever sets one up."""

from math import ceil

from audit.registry import Measure, ProbeSpec
from audit.types import Finding
from probes._deferral.ranked import EVERYBODY, NOBODY, Cut, Ranked, chosen_on

DIGITS = range(4, 16)
"""Of a threshold that is told, as few as send the same rows: the last ones differ between machines and engines."""
ROUNDING = 1e-6
"""0.7 is stored as a little more or less."""
MEASURES = {
    "review_threshold": Measure("none", "Highest probability of a row, at or below which it goes to people.", 0, 1)
}


def threshold_finding(spec: ProbeSpec, cut: Cut, tuned_on: Ranked, condition: str, why: str) -> Finding:
    """Return the threshold of a cut: a choice made on some rows, and no estimate."""
    told = {NOBODY: "; no row goes to people", EVERYBODY: "; every row goes to people"}.get(cut, "")
    divided = cut.chance < 1 and (tuned_on.confidence == cut.confidence).sum() > 1
    tied = "; of the rows that lie on it, a hash of the id says which go" if divided else ""
    return spec.finding(
        "review_threshold",
        _told(cut, tuned_on),
        len(tuned_on),
        slice={"condition": condition},
        note=f"{why}{told}{tied}; {chosen_on(tuned_on)}",
    )


def _told(cut: Cut, tuned_on: Ranked) -> float:
    """Return the threshold from 0, no row, to 1, every row; the rows that lie on the cut lie at or below it."""
    within = min(max(cut.confidence, 0.0), 1.0)
    rounded = (ceil(within * 10**digits - ROUNDING) / 10**digits for digits in DIGITS)
    at_or_below = (tuned_on.confidence <= within).sum()
    return next((told for told in rounded if (tuned_on.confidence <= told).sum() == at_or_below), within)


def no_threshold(spec: ProbeSpec, n: int, condition: str, why: str) -> Finding:
    """Return that there is none."""
    return spec.finding("review_threshold", None, n, slice={"condition": condition}, note=why)
