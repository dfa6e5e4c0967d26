"""Kinds of model: one file each, and what they share."""
