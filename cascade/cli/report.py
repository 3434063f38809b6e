"""`cascade report FILE…`: pages for people to look at; `check` with little on the terminal."""

import argparse

from cascade.cli import check
from cascade.cli.exit_codes import ExitCode


def run(options: argparse.Namespace) -> ExitCode:
    """Check all files and write their pages; the exit code is that of `check`."""
    return check.run(options)
