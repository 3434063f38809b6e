"""`cascade gate [FILE…] --against REV`: the checks of all specs, and what a change adds to the ways to each outage."""

import argparse
from dataclasses import replace

from cascade.cli.check import Checker, execute
from cascade.cli.comparison import Comparison
from cascade.cli.config import matching_specs, unknown_outages
from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import show_diagnostics
from cascade.cli.outputs import command_line_span
from cascade.cli.progress import ProgressLine
from cascade.cli.revisions import Revision, RevisionError, find_revision
from cascade.cli.settings import Settings, check_options, settle
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.printable import printable
from cascade.reports.locations import relative_path


def run(options: argparse.Namespace) -> ExitCode:
    """Check all files; with a revision also compare each with what it was."""
    settings = settle(options, is_gate=True)
    if settings is None:
        return ExitCode.BAD_INPUT
    name = settings.config.gate.against if options.against is None else options.against
    if name is None:
        return execute(options, settings)
    try:
        revision = find_revision(name)
        with _comparison(options, settings, revision) as comparison:
            return execute(options, settings, _Comparing(settings, comparison, is_chosen=bool(options.files)))
    except RevisionError as error:
        show_diagnostics([_unreadable(name, error)])
        return ExitCode.BAD_INPUT


def _comparison(options: argparse.Namespace, settings: Settings, revision: Revision) -> Comparison:
    policy = settings.config.gate
    if options.max_size is not None:
        policy = replace(policy, size_max=options.max_size)
    return Comparison(revision, policy, check_options(options, settings), ProgressLine().of)


class _Comparing:
    """What the checker does after each file, and at the end."""

    def __init__(self, settings: Settings, comparison: Comparison, *, is_chosen: bool) -> None:
        self._settings = settings
        self._comparison = comparison
        self._is_chosen = is_chosen
        self._outages: set[str] = set()

    def after_file(self, checker: Checker, path: str) -> None:
        """Compare the file that was checked last."""
        system = checker.system
        if system is not None:
            self._outages.update(outage.name for outage in system.outages)
            checker.add_comparison(path, self._comparison.revision.label, self._comparison.of(path, system))

    def at_end(self, checker: Checker) -> None:
        """Specs that are no longer there, where the configuration, not the command line, says which there are."""
        if self._is_chosen:
            return
        config = self._settings.config
        unknown = unknown_outages(config.gate, self._outages)
        if unknown:
            show_diagnostics(unknown)
            checker.codes.append(ExitCode.BAD_INPUT)
        folder = self._comparison.glob_folder(config.folder)
        patterns = matching_specs(config.spec_patterns, folder)
        root = self._comparison.glob_folder(self._comparison.revision.root)
        paths = [found for path in patterns if (found := relative_path(path, root)) is not None]
        for report in self._comparison.removed(paths):
            checker.add_removed(report)


def _unreadable(name: str, error: RevisionError) -> Diagnostic:
    return Diagnostic(
        code="CF806",
        message=f"the revision to compare with cannot be read: {printable(str(error))}",
        primary=Label(span=command_line_span("--against", name)),
        help=error.hint,
    )
