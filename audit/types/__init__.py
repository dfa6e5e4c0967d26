"""The types that flow through an audit. No input or output happens here.

Saved types are frozen pydantic models that forbid unknown keys, NaN and infinity.
Runtime types are frozen dataclasses.
"""

from audit.types._base import Frozen, IsoDate, Text
from audit.types._evidence import Better, Cell, Curve, Evidence, Finding, Interval, Null, ProbeRun, Status, Table
from audit.types._record import (
    SCHEMA_VERSION,
    Check,
    EpochFacts,
    Outcome,
    Provenance,
    RunRecord,
    ScoringFacts,
    SplitFacts,
    State,
    SubjectFacts,
    TuningFacts,
    Verdict,
)
from audit.types._statements import Attestation, CardFacts, Rule, Severity, Waiver
from audit.types._subject import Advance, Bools, Floats, GroupColumn, Ints, Model, Predictions, Score, Split, Subject

__all__ = [
    "SCHEMA_VERSION",
    "Advance",
    "Attestation",
    "Better",
    "Bools",
    "CardFacts",
    "Cell",
    "Check",
    "Curve",
    "EpochFacts",
    "Evidence",
    "Finding",
    "Floats",
    "Frozen",
    "GroupColumn",
    "Interval",
    "Ints",
    "IsoDate",
    "Model",
    "Null",
    "Outcome",
    "Predictions",
    "ProbeRun",
    "Provenance",
    "Rule",
    "RunRecord",
    "Score",
    "ScoringFacts",
    "Severity",
    "Split",
    "SplitFacts",
    "State",
    "Status",
    "Subject",
    "SubjectFacts",
    "Table",
    "Text",
    "TuningFacts",
    "Verdict",
    "Waiver",
]
