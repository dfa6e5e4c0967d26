"""The hub of Renben: configuration, subject, scoring, record and gate."""

__version__ = "0.1.0"
