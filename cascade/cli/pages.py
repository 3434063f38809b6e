"""The folder of HTML pages that `--html` asks for."""

import os
import sys
from collections.abc import Sequence

from cascade.cli.loading import show_diagnostics
from cascade.cli.outputs import Output, command_line_span, unwritable
from cascade.cli.progress import ProgressLine
from cascade.cli.streams import complain
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.diagnostics.printable import printable
from cascade.pipeline import CheckOptions, FileResult, ask_unasked


def check_folder(folder: str | None) -> list[Diagnostic]:
    """What stands in the way of pages in `folder`: said before the search, which may take long."""
    if folder is None:
        return []
    existing = os.path.abspath(folder)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not folder:
        return [_unwritable(folder, "it has no name")]
    if not os.path.isdir(existing):
        return [_unwritable(folder, f"{existing} is no directory")]
    if not os.access(existing, os.W_OK | os.X_OK):
        return [_unwritable(folder, "the directory cannot be written to")]
    return []


def _unwritable(folder: str, reason: str) -> Diagnostic:
    return unwritable(Output(format="html", path=folder, span=command_line_span("--html", folder)), reason)


class Pages:
    """Writes the pages of one command. `is_asking`: the default questions are asked for the pages alone where nobody else asks them."""

    def __init__(self, folder: str, paths: Sequence[str], *, is_asking: bool) -> None:
        # Late: pages bring a template library along, and most commands write none.
        from cascade.reports.html.site import Site

        self._site = Site(folder, paths)
        self._folder = folder
        self._is_asking = is_asking

    def add(self, result: FileResult, options: CheckOptions, progress: ProgressLine) -> bool:
        """Write the page of a file, or say in the index why there is none; whether that worked."""
        system = result.system
        if system is None:
            self._leave_out(result)
            return True
        answers = result.answers
        is_one_model = not any(param.chosen for param in system.open_params)
        if (answers is None or answers.is_brief) and self._is_asking and is_one_model:
            answers = ask_unasked(system, options, progress.of)
        from cascade.reports.gather.report import gather

        report = gather(result.path, system, result.checks, answers, result.diagnostics)
        try:
            self._site.add(report)
        except OSError as error:
            return self._failed(error)
        return True

    def _leave_out(self, result: FileResult) -> None:
        from cascade.reports.html.page import Absent, Fault

        faults = tuple(
            Fault(where=f"{d.primary.span.line}:{d.primary.span.column}", code=d.code, message=d.message)
            for d in result.diagnostics
            if d.severity is Severity.ERROR
        )
        reason = "has errors, so that nothing was decided" if faults else "is a library: it declares no system"
        self._site.leave_out(Absent(path=result.path, reason=reason, errors=faults))

    def finish(self) -> bool:
        """Write the index and say where it is; whether that worked."""
        try:
            path = self._site.finish()
        except OSError as error:
            return self._failed(error)
        complain(f"cascade: {printable(path)} has the pages")
        return True

    def _failed(self, error: OSError) -> bool:
        sys.stdout.flush()
        show_diagnostics([_unwritable(self._folder, (error.strerror or str(error)).lower())])
        return False
