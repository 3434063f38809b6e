"""`cascade dump SPEC`: the core model and query of one check, as text."""

import argparse

from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import check_under_its_fixes, load_or_complain
from cascade.cli.streams import complain, say
from cascade.core.dump import dump
from cascade.core.lower import lower
from cascade.diagnostics.printable import printable


def run(options: argparse.Namespace) -> ExitCode:
    """Print what the engine would get."""
    system = load_or_complain(options.file, tuple(options.fix), tuple(options.param), for_one_model="a dump")
    if system is None:
        return ExitCode.BAD_INPUT
    if not system.checks:
        complain(f"cascade: {printable(options.file)} has no check, and a core model belongs to a check")
        return ExitCode.BAD_INPUT
    found = check_under_its_fixes(options, system, options.check or system.checks[0].name, "a dump")
    if found is None:
        return ExitCode.BAD_INPUT
    model, query = lower(*found)
    say("\n".join(printable(line) for line in dump(model, query).rstrip().splitlines()))
    return ExitCode.OK
