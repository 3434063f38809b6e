"""The explicit engine's kernels: packed states, dense tables, one generic search in numba."""
