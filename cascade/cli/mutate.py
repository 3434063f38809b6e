"""`cascade mutate SPEC`: which small changes of a spec no declared check notices."""

import argparse
import sys

from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import load_or_complain, unknown_names
from cascade.cli.progress import ProgressLine
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.engines import ENGINE_NAMES
from cascade.limits import Limits, processor_count, usable_bytes
from cascade.questions.mutate import Fate, MutateOptions, Mutation, mutable_files, mutate
from cascade.reports.layout import Layout
from cascade.reports.mutation import mutation_json, mutation_text
from cascade.reports.terminal import header
from cascade.syntax.imports import LIBRARY_ROOT, load


def run(options: argparse.Namespace) -> ExitCode:
    """Mutate and report: 1 if some mutant is noticed by no check, 3 if not all could be examined, 0 if all are noticed."""
    system = load_or_complain(options.file, ())
    unknown = unknown_names("engine", [options.engine], ENGINE_NAMES)
    for line in unknown:
        complain(f"cascade: {line}")
    if system is None or unknown:
        return ExitCode.BAD_INPUT
    if not system.checks:
        complain("cascade: no check is declared, so nothing can notice a mutant")
        return ExitCode.BAD_INPUT
    loaded = load(options.file, Diagnostics())
    limits = Limits(
        seconds_max=options.check_time,
        memory_bytes_max=options.memory or usable_bytes(),
        thread_count=processor_count(),
    )
    progress = ProgressLine()
    mutation = mutate(
        loaded,
        tuple(mutable_files(loaded, str(LIBRARY_ROOT / "std"), with_library=options.library)),
        MutateOptions(
            limits=limits,
            engine=options.engine,
            mutant_count_max=options.max_mutants,
            seconds_max=options.time,
        ),
        progress.of,
    )
    progress.clear()
    if options.format == "json":
        sys.stdout.write(mutation_json(options.file, mutation))
    else:
        layout = Layout(columns=columns(), paint=paint_for(sys.stdout))
        say(header(options.file, system.name, system.text, layout))
        say(mutation_text(mutation, layout))
    if mutation.is_interrupted:
        complain("interrupted: what was found by then is shown")
    return _code(mutation)


def _code(mutation: Mutation) -> ExitCode:
    if mutation.is_interrupted:
        return ExitCode.INTERRUPTED
    if mutation.of(Fate.UNNOTICED):
        return ExitCode.UNEXPECTED
    is_open = mutation.of(Fate.OPEN) or mutation.not_examined or mutation.undecided
    return ExitCode.UNDETERMINED if is_open else ExitCode.OK
