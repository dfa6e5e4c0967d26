"""Suites of cases that say how a model should behave: read, matched to its labels, and judged."""
