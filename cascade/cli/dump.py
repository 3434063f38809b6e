"""`cascade dump SPEC`: the core model and query of one check, as text."""

import argparse

from cascade.checked.elaborate import fixes_in_effect
from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import load_or_complain, unknown_names
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
    name = options.check or system.checks[0].name
    unknown = unknown_names("check", [name], [check.name for check in system.checks])
    for line in unknown:
        complain(f"cascade: {line}")
    if unknown:
        return ExitCode.BAD_INPUT
    check = next(check for check in system.checks if check.name == name)
    fixes = fixes_in_effect((*options.fix, *check.fixes))
    if fixes != system.applied_fixes:
        # The check's own fixes come last, as they do when it is decided.
        system = load_or_complain(options.file, fixes, tuple(options.param), for_one_model="a dump")
        if system is None:
            return ExitCode.BAD_INPUT
        check = next(check for check in system.checks if check.name == name)
    model, query = lower(system, check)
    say("\n".join(printable(line) for line in dump(model, query).rstrip().splitlines()))
    return ExitCode.OK
