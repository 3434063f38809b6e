"""`cascade explain [CODE]`."""

import argparse
import sys

from cascade.cli.exit_codes import ExitCode
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.diagnostics.explain import explain, known_code, nearest_code, table
from cascade.diagnostics.printable import printable


def run(options: argparse.Namespace) -> ExitCode:
    """Print the page of a code, or all codes."""
    word: str | None = options.code
    paint = paint_for(sys.stdout)
    if word is None:
        say(f"{table(paint=paint)}\n\n`cascade explain CODE` prints the page of a code.")
        return ExitCode.OK
    code = known_code(word)
    if code is None:
        close = nearest_code(word)
        hint = f"did you mean {close}?" if close else "`cascade explain` lists all codes"
        complain(f"cascade: there is no code {printable(word)}; {hint}")
        return ExitCode.BAD_INPUT
    say(explain(code, columns=columns(), paint=paint))
    return ExitCode.OK
