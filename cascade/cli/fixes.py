"""`cascade fixes SPEC`: with which of the declared fixes do violated checks hold?"""

import argparse
import sys

from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import unknown_names
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.cli.variants import has_complained, keeping_disagreements, open_variants, write_page
from cascade.questions.fixes import find_fixes
from cascade.reports.fixes import fixing_json, fixing_text
from cascade.reports.layout import Layout
from cascade.reports.terminal import header


def run(options: argparse.Namespace) -> ExitCode:
    """Look for the minimal sets of fixes with which violated checks hold."""
    opened = open_variants(options, settings=tuple(options.param))
    if opened is None:
        return ExitCode.BAD_INPUT
    variants, system, progress = opened
    if has_complained(unknown_names("check", options.check, [check.name for check in system.checks])):
        return ExitCode.BAD_INPUT
    with keeping_disagreements(options):
        found = find_fixes(
            variants, system, tuple(options.check), size_max=options.max_size, seconds_max=options.total_time
        )
    progress.clear()
    if options.format == "json":
        sys.stdout.write(fixing_json(options.file, found))
    else:
        layout = Layout(columns=columns(), paint=paint_for(sys.stdout))
        say(header(options.file, system.name, system.text, layout))
        say(fixing_text(found, layout, with_runs=options.trace))
    if options.html is not None:
        from cascade.reports.gather.remedies import fixing_results, fixing_tables, what_fixing_says

        if not write_page(options, system, fixing_results(found), fixing_tables(found), what_fixing_says(found)):
            return ExitCode.BAD_INPUT
    if found.is_interrupted:
        complain("interrupted: what was known by then is shown")
        return ExitCode.INTERRUPTED
    is_open = found.is_late or bool(found.left_open) or any(question.undecided for question in found.questions)
    return ExitCode.UNDETERMINED if is_open else ExitCode.OK
