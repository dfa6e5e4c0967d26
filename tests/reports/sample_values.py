"""What the probes of all values report on: explanations, weighted summaries, statements that lapsed. Invented."""

from audit.composites import compose
from audit.types import Attestation, Attribution, Composite, CompositeItem, ProbeRun, RunRecord
from tests.reports.sample_changes import changed_runs
from tests.reports.sample_probes import share
from tests.reports.sample_record import ABOUT, STATEMENT, sample_record

TOKENS = ("You ", "people ", "are\u202e ", "all ", "the ", "same", ".\n", "<b>")
WEIGHTS = (0.02, 0.31, -0.01, -0.17, 0.0, 0.12, 0.005, 0.05)


def attribution(id: str = "test-1", reason: str = "most uncertain", **more: object) -> Attribution:
    """Return an explanation of a short text."""
    known = {
        "name": "explain.shap.texts",
        "id": id,
        "tokens": TOKENS,
        "weights": WEIGHTS,
        "base": 0.21,
        "score": 0.535,
        "predicted": "biased",
        "label": "neutral",
        "groups": ("about: women",),
        "reason": reason,
    }
    return Attribution.model_validate(known | more)


def explained_run() -> ProbeRun:
    """Return a probe that explains fourteen texts."""
    mass = (share("explain.shap.identity_mass", 0.3, 40, "none", slice={"about": group}) for group in ABOUT)
    return ProbeRun(
        probe="explain.shap",
        version=1,
        values=("transparency", "fairness"),
        params={},
        status="ok",
        seconds=9.0,
        evidence=(*mass, *(attribution(f"test-{i}") for i in range(14))),
    )


COMPOSITE = Composite(
    name={"en": "What moderators need", "zh": "审核员的需求"},
    kind="needs",
    items=(
        CompositeItem(weight=0.5, metric="performance.accuracy", low=0.5, high=1.0, better="higher"),
        CompositeItem(
            weight=0.2,
            metric="fairness.groups.false_positive_rate",
            slice={"about": "women"},
            low=0.0,
            high=0.1,
            better="lower",
        ),
        CompositeItem(
            weight=0.2, name="Speed", metric="sustain.footprint.latency", low=0.0, high=200.0, better="lower"
        ),
        CompositeItem(weight=0.1, statement="Two of three like it.", score=0.67, who="C. Example", date="2026-10-02"),
    ),
)
LAPSED = Attestation(
    value="privacy",
    statement="Texts are kept for a month.",
    who="D. Example",
    role="data officer",
    date="2024-01-01",
    expires="2025-01-01",
    evidence="retention.pdf",
    sha256="ab" * 32,
)
EARLY = LAPSED.model_copy(update={"date": "2027-01-01", "expires": "2028-01-01"})


def record_of_values() -> RunRecord:
    """Return the record of an audit of every value."""
    record = sample_record(more=(*changed_runs(("neutral", "biased"), {"about": ABOUT}), explained_run()))
    return record.model_copy(
        update={
            "composites": (compose(COMPOSITE, record.findings(), record.provenance.seed),),
            "attestations": (STATEMENT, LAPSED, EARLY),
        }
    )
