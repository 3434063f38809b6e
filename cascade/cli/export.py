"""`cascade export SPEC`: the core model of one check, for another model checker, or the outages as fault trees."""

import argparse

from cascade.checked.model import Check, System
from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import check_under_its_fixes, load_or_complain, unknown_names
from cascade.cli.streams import complain, say
from cascade.core.lower import lower
from cascade.diagnostics.printable import printable
from cascade.export import load_exporter
from cascade.export.supported import UnsupportedError
from cascade.files import write_atomically


def run(options: argparse.Namespace) -> ExitCode:
    """Print the model, or write it to a file."""
    if options.to == "open-psa":
        return _export_trees(options)
    found = _load(options)
    if found is None:
        return ExitCode.BAD_INPUT
    system, check = found
    model, query = lower(system, check)
    try:
        text = load_exporter(options.to)(model, query, with_property=not options.no_property)
    except UnsupportedError as error:
        complain(f"cascade: {printable(check.name)} cannot be exported: {printable(str(error))}")
        return ExitCode.BAD_INPUT
    return _write(options, text)


def _export_trees(options: argparse.Namespace) -> ExitCode:
    """Print the fault trees of one outage, or of all, or write them to a file."""
    from cascade.export.open_psa import export
    from cascade.questions.fault_tree import NoTreeError, fault_tree
    from cascade.questions.inquiry import Inquiry

    system = load_or_complain(options.file, tuple(options.fix), tuple(options.param), for_one_model="an export")
    if system is None:
        return ExitCode.BAD_INPUT
    wanted = [options.outage] if options.outage else [outage.name for outage in system.outages]
    unknown = unknown_names("outage", wanted, [outage.name for outage in system.outages])
    for line in unknown or ([] if wanted else ["no outage is declared, so there is no tree"]):
        complain(f"cascade: {line}")
    if unknown or not wanted:
        return ExitCode.BAD_INPUT
    inquiry = Inquiry(system)
    trees = []
    for outage in system.outages:
        if outage.name in wanted:
            try:
                trees.append(fault_tree(inquiry, outage))
            except NoTreeError as error:
                complain(f"cascade: {printable(outage.name)} is no fault tree: {printable(str(error))}")
                return ExitCode.BAD_INPUT
    return _write(options, export(system.name, trees))


def _write(options: argparse.Namespace, text: str) -> ExitCode:
    if options.output is None:
        say(text.rstrip())
        return ExitCode.OK
    try:
        write_atomically(options.output, text.encode("ascii"))
    except OSError as error:
        complain(f"cascade: cannot write {printable(options.output)}: {printable(error.strerror or str(error))}")
        return ExitCode.BAD_INPUT
    return ExitCode.OK


def _load(options: argparse.Namespace) -> tuple[System, Check] | None:
    """The system under the fixes of the command line and of the check; None after saying what is wrong."""
    system = load_or_complain(options.file, tuple(options.fix), tuple(options.param), for_one_model="an export")
    if system is None:
        return None
    if options.check is None:
        complain("cascade: which check is to be exported? (--check NAME)")
        return None
    return check_under_its_fixes(options, system, options.check, "an export")
