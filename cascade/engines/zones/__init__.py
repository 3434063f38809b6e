"""The zones engine: sets of clock valuations as difference bound matrices, for `Reach` queries."""
