"""Time, energy and size of a model, and what its smaller copies change."""
