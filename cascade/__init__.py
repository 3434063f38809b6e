"""A formal model checker for failure cascades in control planes.

Importing this package imports nothing else: `cascade.pipeline` is the way from a path to verdicts, and the file to read first.
"""

__version__ = "0.1.0"
