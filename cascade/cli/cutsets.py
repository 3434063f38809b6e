"""`cascade cutsets SPEC`: the minimal sets of faults that suffice for each outage."""

import argparse
import sys

from cascade.cli.exit_codes import ExitCode, worst
from cascade.cli.loading import load_or_complain, show_diagnostics, unknown_names
from cascade.cli.progress import ProgressLine
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.engines import ENGINE_NAMES
from cascade.limits import Limits, processor_count, usable_bytes
from cascade.pipeline import CheckOptions, inquire
from cascade.questions.cutsets import CutSetOptions, CutSets, cut_sets
from cascade.reports.cutsets import cut_sets_text
from cascade.reports.layout import Layout
from cascade.reports.terminal import header


def run(options: argparse.Namespace) -> ExitCode:
    """Search for each outage, and show what was found by growing size; what a limit left open is no success."""
    system = load_or_complain(
        options.file, tuple(options.fix), tuple(options.param), for_one_model="the search for sets of faults"
    )
    if system is None:
        return ExitCode.BAD_INPUT
    unknown = unknown_names("outage", options.outage, [outage.name for outage in system.outages])
    unknown += unknown_names("engine", [options.engine], ENGINE_NAMES)
    for line in unknown:
        complain(f"cascade: {line}")
    if unknown:
        return ExitCode.BAD_INPUT
    layout = Layout(columns=columns(), paint=paint_for(sys.stdout))
    progress = ProgressLine()
    limits = Limits(
        state_count_max=options.max_states,
        seconds_max=options.time,
        memory_bytes_max=usable_bytes(),
        thread_count=processor_count(),
        symmetry=options.symmetry,
    )
    inquiry = inquire(
        system,
        CheckOptions(limits=limits, engine=options.engine),
        progress.of,
        seconds_max=options.total_time,
    )
    say(header(options.file, system.name, system.text, layout))
    wanted = [outage for outage in system.outages if not options.outage or outage.name in options.outage]
    if not wanted:
        say("\n".join(layout.wrap("no outage is declared, so no fault suffices for one", indent=2)))
    codes = [ExitCode.OK]
    for outage in wanted:
        found = cut_sets(inquiry, outage, CutSetOptions(size_max=options.max_size))
        progress.clear()
        say(cut_sets_text(inquiry, found, outage.text, layout, with_runs=options.trace))
        codes.append(_code(found))
        if found.is_interrupted:
            complain("interrupted: what was found by then is shown")
            break
    show_diagnostics(inquiry.diagnostics.items)
    if inquiry.diagnostics.errors:
        codes.append(ExitCode.BAD_INPUT)
    return worst(codes)


def _code(found: CutSets) -> ExitCode:
    if found.is_interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.UNDETERMINED if found.undecided or found.open_replies else ExitCode.OK
