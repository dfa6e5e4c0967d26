"""Adversarial search: many attacks at once on one model, and what became of them."""
