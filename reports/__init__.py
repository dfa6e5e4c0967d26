"""Documents drawn from a run record and a verdict. Knows `audit.types` and `audit.values`, nothing else."""
