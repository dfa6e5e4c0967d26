"""Probes: one public file is one probe; files that begin with an underscore are shared."""
