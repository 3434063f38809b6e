"""`cascade check FILE…`: decide the checks of specs and report."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cascade import __version__
from cascade.checked.model import System
from cascade.cli.certificate import Certificate
from cascade.cli.exit_codes import MEANINGS, ExitCode, worst
from cascade.cli.loading import load_or_complain, show_diagnostics, unknown_names
from cascade.cli.outputs import TEXT, write_outputs
from cascade.cli.pages import Pages
from cascade.cli.progress import ProgressLine, reading_line
from cascade.cli.settings import Settings, check_options, settle
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.diagnostics.printable import printable
from cascade.limits import StopReason
from cascade.pipeline import CheckOptions, FileResult, check_file, load_system
from cascade.questions.ask import DisagreementError
from cascade.questions.declared import CheckResult
from cascade.reports import terminal
from cascade.reports.formats import render
from cascade.reports.layout import Layout
from cascade.reports.results import FileReport, Results
from cascade.verdicts.verdict import Undetermined

if TYPE_CHECKING:
    # Late wherever they are used: a run that only decides declared checks starts without them.
    from cascade.cli.comparison import Compared
    from cascade.questions.defaults import Answers


class Comparing(Protocol):
    """What `gate` adds: what is done after each file, and at the end."""

    def after_file(self, checker: "Checker", path: str) -> None:
        """Look at the file that was checked last."""

    def at_end(self, checker: "Checker") -> None:
        """Look at what no file stands for."""


def run(options: argparse.Namespace) -> ExitCode:
    """Check all files, whatever becomes of one; the worst outcome is the exit code."""
    settings = settle(options)
    return ExitCode.BAD_INPUT if settings is None else execute(options, settings)


def execute(options: argparse.Namespace, settings: Settings, comparing: Comparing | None = None) -> ExitCode:
    """Check all files of `settings`, compare them if that is asked for, and write all reports."""
    # Late, since `main` imports this module only to run it: the two would import each other.
    from cascade.cli.main import report_bug

    # Of pages only the place is told.
    is_text = settings.format == TEXT and options.command != "report"
    chosen = check_options(options, settings)
    pages = None if settings.html is None else Pages(settings.html, settings.files, is_asking=_asks_for_pages(options))
    checker = Checker(
        chosen,
        with_runs=options.trace,
        with_stats=options.stats,
        with_coverage=options.coverage,
        with_proofs=options.explain,
        is_text=is_text,
        pages=pages,
        certificate=None if options.certificate is None else Certificate(options.certificate, chosen),
    )
    if not checker.accepts_names(settings.files):
        return ExitCode.BAD_INPUT
    for path in settings.files:
        try:
            checker.check(path)
            if comparing is not None and not checker.is_interrupted:
                comparing.after_file(checker, path)
        except KeyboardInterrupt:
            checker.is_interrupted = True
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours in one file must not hide the verdicts of the others
            complain(f"cascade: while checking {printable(path)}:")
            report_bug(error, is_debug=options.debug)
            if isinstance(error, DisagreementError):
                from cascade.cli.reproducer import keep

                keep(error, path, chosen)
            checker.note_internal_error(path, error)
        if checker.is_interrupted:
            checker.codes.append(ExitCode.INTERRUPTED)
            break
    if comparing is not None and not checker.is_interrupted:
        comparing.at_end(checker)
    checker.finish()
    code = worst(checker.codes)
    results = checker.results(code)
    if settings.format != TEXT:
        sys.stdout.write(render(settings.format, results))
    return code if write_outputs(settings.outputs, results) else worst([code, ExitCode.BAD_INPUT])


def _asks_for_pages(options: argparse.Namespace) -> bool:
    """Whether pages get the answers to the default questions though nothing else does: then they count for no exit code."""
    return not options.only_declared and not options.check


class Checker:
    """Prints as verdicts come in, and keeps count."""

    def __init__(
        self,
        options: CheckOptions,
        *,
        with_runs: bool,
        with_stats: bool,
        with_coverage: bool = False,
        with_proofs: bool = False,
        is_text: bool,
        pages: Pages | None,
        certificate: Certificate | None = None,
    ) -> None:
        self.codes: list[ExitCode] = []
        self.is_interrupted = False
        self._say: Callable[[str], None] = say if is_text else lambda _: None
        self._reports: list[FileReport] = []
        self._decided: list[CheckResult] = []
        self.system: System | None = None  # of the file that was checked last
        self._options = options
        self._with_runs = with_runs
        self._with_stats = with_stats
        self._with_coverage = with_coverage
        self._with_proofs = with_proofs
        self._pages = pages
        self._certificate = certificate
        self._layout = Layout(columns=columns(), paint=paint_for(sys.stdout))
        self._totals = terminal.Totals()
        self._progress = ProgressLine()
        self._header_of: str | None = None
        self._is_after_blank = False

    def accepts_names(self, paths: Sequence[str]) -> bool:
        """Whether every name of --check is a check of some file; complains otherwise. Files with errors are let through."""
        if not self._options.check_names:
            return True
        known: list[str] = []
        for path in paths:
            diagnostics = Diagnostics()
            with reading_line():
                system = load_system(path, diagnostics)
            if diagnostics.errors:
                return True
            if system is not None:
                known.extend(check.name for check in system.checks)
        unknown = unknown_names("check", self._options.check_names, known)
        for line in unknown:
            complain(f"cascade: {line}")
        return not unknown

    def check(self, path: str) -> None:
        """Check one file and report on it."""
        self._totals.files += 1
        self._decided = []
        self.system = None
        self._progress.begin(path)
        if self._is_changed and not self._accepts_changes(path):
            return
        try:
            result = check_file(
                path,
                self._options,
                self._progress.of,
                lambda r: self._on_result(path, r),
                lambda a: self._on_brief(path, a),
                reading_line,
            )
        except KeyboardInterrupt:
            self.is_interrupted = True
            checks = tuple(self._decided)
            self._reports.append(report_of(FileResult(path=path, system=None, diagnostics=(), checks=checks)))
            return
        finally:
            self._progress.clear()
        self._reports.append(report_of(result))
        self.system = result.system
        if not self._is_changed:  # else they were shown above
            show_diagnostics(result.diagnostics)
        if any(d.severity is Severity.FINDING for d in result.diagnostics):
            self.codes.append(ExitCode.UNEXPECTED)
        if any(d.severity is Severity.ERROR for d in result.diagnostics):
            self._note_errors()
        elif result.answers is not None and result.system is not None and not result.answers.is_brief:
            self._on_answers(path, result.system, result.answers)
        elif not result.checks:
            self._say_why_nothing(path, result)
        if self._pages is not None:
            self._add_page(self._pages, result)
        if self._certificate is not None and not self.is_interrupted:
            self._add_evidence(self._certificate, result)

    def _add_evidence(self, certificate: Certificate, result: FileResult) -> None:
        try:
            certificate.add(result)
        except OSError as error:
            certificate.failed(error)
            self._certificate = None  # of some of the files it would say less than was asked for
            self.codes.append(ExitCode.BAD_INPUT)

    def _add_page(self, pages: Pages, result: FileResult) -> None:
        try:
            is_written = pages.add(result, self._options, self._progress)
        except KeyboardInterrupt:
            self.is_interrupted = True
            return
        finally:
            self._progress.clear()
        if not is_written:
            self.codes.append(ExitCode.BAD_INPUT)

    def add_comparison(self, path: str, revision: str, compared: "Compared") -> None:
        """Report what a change does to the file that was checked last."""
        from cascade.reports.changes import changes_text

        self._progress.clear()
        last = self._reports[-1]
        self._show_header(path, last.system_name, last.text)
        self._reports[-1] = replace(last, notices=compared.entries, compared_with=revision)
        self.codes.extend(compared.codes)
        text = changes_text(revision, compared.differences, compared.entries, self._layout, with_runs=self._with_runs)
        self._say(text)
        self._is_after_blank = False

    def add_removed(self, report: FileReport) -> None:
        """Report a spec that is no longer there."""
        from cascade.cli.comparison import Compared

        compared = Compared(differences=(), entries=report.notices)
        self._reports.append(report)
        self._totals.files += 1
        self.add_comparison(report.path, report.compared_with, compared)

    def note_internal_error(self, path: str, error: Exception) -> None:
        """Count a bug of ours, which must never look like success."""
        checks = tuple(self._decided)
        report = report_of(FileResult(path=path, system=None, diagnostics=(), checks=checks))
        if self.system is not None:  # its checks were done, what came after was not
            report = self._reports.pop()
        self._reports.append(replace(report, internal_error=f"{type(error).__name__}: {error}"))
        self._totals.internal_errors += 1
        self.codes.append(ExitCode.INTERNAL_ERROR)

    def finish(self) -> None:
        """The summary, unless no file came as far as a check."""
        if self.is_interrupted:
            complain("interrupted: the checks that are not listed were not decided")
        if self._totals.checks or self._totals.files > 1:
            self._say(("" if self._is_after_blank else "\n") + terminal.summary(self._totals, self._layout))
        if self._pages is not None and not self._pages.finish():
            self.codes.append(ExitCode.BAD_INPUT)
        if self._certificate is not None and not self.is_interrupted and not self._certificate.finish():
            self.codes.append(ExitCode.BAD_INPUT)

    def results(self, code: ExitCode) -> Results:
        """All that came out, for the formats."""
        return Results(
            version=__version__,
            files=tuple(self._reports),
            exit_code=code.value,
            exit_meaning=MEANINGS[code],
            is_interrupted=self.is_interrupted,
        )

    @property
    def _is_changed(self) -> bool:
        """Whether the command line changes what the specs say."""
        return bool(self._options.fix_names or self._options.settings)

    def _accepts_changes(self, path: str) -> bool:
        """Whether the spec has the fixes and params of the command line; complains otherwise."""
        if load_or_complain(path, self._options.fix_names, self._options.settings) is not None:
            return True
        diagnostics = Diagnostics()
        load_system(path, diagnostics, self._options.fix_names, self._options.settings)
        self._reports.append(FileReport(path=path, diagnostics=tuple(diagnostics.items)))
        self._note_errors()
        return False

    def _on_result(self, path: str, result: CheckResult) -> None:
        self._progress.clear()
        self._decided.append(result)
        root = result.model.components[0]
        self._show_header(path, root.type_name, root.text)
        self._totals.add(result)
        text = terminal.check_text(
            result, self._layout, with_run=self._with_runs, with_stats=self._with_stats, with_proof=self._with_proofs
        )
        self._is_after_blank = text.endswith("\n")
        self._say(text)
        if isinstance(result.verdict, Undetermined):
            is_spec_error = result.verdict.reason is StopReason.SPEC_ERROR
            if is_spec_error:
                self._totals.spec_errors += 1
            self.codes.append(ExitCode.BAD_INPUT if is_spec_error else ExitCode.UNDETERMINED)
            if result.verdict.reason is StopReason.INTERRUPTED:
                raise KeyboardInterrupt
        elif not result.is_as_expected and result.waiver is None:
            self.codes.append(ExitCode.UNEXPECTED)

    def _on_brief(self, path: str, answers: "Answers") -> None:
        """What a design with declared checks is told besides; it changes no exit code."""
        from cascade.reports import findings as terminal_findings

        self._progress.clear()
        text = terminal_findings.brief_text(answers, self._layout)
        if text:
            self._show_header(path, answers.system.name, answers.system.text)
            self._say(text + "\n")
        if answers.is_interrupted:
            raise KeyboardInterrupt

    def _on_answers(self, path: str, system: System, answers: "Answers") -> None:
        """The answers to the default questions; without an outage there are none, and the spec is told how to get some."""
        from cascade.reports import findings as terminal_findings

        if not system.outages and not system.checks:
            self._say_why_nothing(path, FileResult(path=path, system=system, diagnostics=(), checks=()))
            return
        self._show_header(path, system.name, system.text)
        show_diagnostics(answers.diagnostics)
        self._say(
            terminal_findings.answers_text(
                answers, self._layout, with_runs=self._with_runs, with_coverage=self._with_coverage
            )
        )
        self._is_after_blank = False
        self.is_interrupted = self.is_interrupted or answers.is_interrupted
        if answers.diagnostics:
            self.codes.append(ExitCode.BAD_INPUT)
        if terminal_findings.is_refuted(answers):
            self.codes.append(ExitCode.UNEXPECTED)
        if answers.undetermined:
            self.codes.append(ExitCode.UNDETERMINED)

    def _show_header(self, path: str, system_name: str, text: str) -> None:
        if self._header_of != path:
            if self._header_of is not None and not self._is_after_blank:
                self._say("")
            self._is_after_blank = False
            self._header_of = path
            self._say(terminal.header(path, system_name, text, self._layout))

    def _note_errors(self) -> None:
        self._totals.files_with_errors += 1
        self.codes.append(ExitCode.BAD_INPUT)

    def _say_why_nothing(self, path: str, result: FileResult) -> None:
        system = result.system
        self._show_header(path, "" if system is None else system.name, "" if system is None else system.text)
        if system is None:
            text = "a library: it declares no system, so there is nothing to check"
        elif not system.checks:
            outage = system.outages[0].name if system.outages else "OUTAGE"
            text = f"no check is declared; a first one: check safe: never {outage} while redundancy holds"
        else:
            text = "none of the checks that were asked for"
        self._say("\n".join(self._layout.wrap(text, indent=2)))


def report_of(result: FileResult) -> FileReport:
    """What the formats may know of a file. Where an error ended it early, the checks that were decided say what its system is."""
    system = result.system
    name, text = ("", "") if system is None else (system.name, system.text)
    if system is None and result.checks:
        root = result.checks[0].model.components[0]
        name, text = root.type_name, root.text
    return FileReport(
        path=result.path,
        system_name=name,
        text=text,
        diagnostics=result.diagnostics,
        checks=result.checks,
        # They leave open what takes longer; a report must not.
        answers=None if result.answers is not None and result.answers.is_brief else result.answers,
    )
