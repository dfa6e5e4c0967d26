"""Where a model fails: conditions on rows, a search over them on one half, and a test on the other."""
