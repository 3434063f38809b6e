"""Benchmarks against other model checkers: `python -m bench`."""
