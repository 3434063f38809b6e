"""The symbolic engine: runs and proofs by z3, for `Reach` queries and for lassos."""
