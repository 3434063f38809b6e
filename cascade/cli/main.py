"""The command line: arguments, dispatch, and what becomes of exceptions. A command is imported when it is run."""

import argparse
import atexit
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, TypeAlias, cast

from cascade import __version__
from cascade.cli import streams
from cascade.cli.arguments import calendar_date, duration_seconds, positive_count, size_bytes
from cascade.cli.exit_codes import MEANINGS, ExitCode
from cascade.diagnostics.printable import printable
from cascade.reports.formats import FORMATS

Run = Callable[[argparse.Namespace], ExitCode]

_DESCRIPTION = """\
Model checker for failure cascades: says of a design, written as a .cf spec,
whether an outage is possible, by which run, and whether the system comes back."""

_EXIT_CODES = "exit codes:\n" + "\n".join(f"  {code.value:>3}  {text}" for code, text in MEANINGS.items())

_EPILOG = f"""\
{_EXIT_CODES}

Of several files the worst counts, in the order 4, 2, 1, 3, 0; all are tried.

environment:
  NO_COLOR     never use colours
  FORCE_COLOR  use colours although the output is no terminal
  COLUMNS      how wide the output is"""

_CERTIFICATE_CODES = """\
exit codes:
    0  every verdict is confirmed
    1  the evidence for one does not show it, or a spec is not the one that the certificate is about
    2  the file is no certificate, or not as it was written
    3  a verdict is confirmed in part, or left open"""


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input; what they hold is shown without what a terminal obeys."""

    def format_help(self) -> str:
        """The help in colours. Late, because argparse makes a formatter for each argument, and rich costs time."""
        from rich_argparse import RawDescriptionRichHelpFormatter

        self.formatter_class = RawDescriptionRichHelpFormatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        streams.complain(f"{self.format_usage().rstrip()}\n{self.prog}: error: {printable(message)}")
        self.exit(ExitCode.BAD_INPUT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cascade`; returns the exit code."""
    streams.prepare()
    # Models are trees without cycles: looking for garbage often costs a tenth of the time and finds none.
    gc.set_threshold(500_000, 50, 100)
    options: argparse.Namespace | None = None
    try:
        try:
            options = make_parser().parse_args(arguments)
            code = _command(options.command)(options)
        except SystemExit as exit_request:  # argparse: help, version, wrong arguments
            code = ExitCode(exit_request.code if isinstance(exit_request.code, int) else ExitCode.BAD_INPUT)
        sys.stdout.flush()
    except BrokenPipeError:
        streams.abandon_stdout()
        return ExitCode.OK if options is None else ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        streams.complain("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug of ours, told as one
        report_bug(error, is_debug=options is not None and options.debug)
        return ExitCode.INTERNAL_ERROR
    return code


def run_process() -> NoReturn:
    """`main` as a process of its own.

    What a search leaves behind is given back faster by the system than by the interpreter, object by object: a tenth of a second of a run that takes
    half of one. A profiler or a debugger wants the interpreter's own end.
    """
    code = main()
    if sys.gettrace() is not None or sys.getprofile() is not None:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name for it
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # `main` has told what there is to tell
            stream.flush()
    os._exit(code)


def report_bug(error: BaseException, *, is_debug: bool) -> None:
    """Say that `error` is ours; its traceback only on demand."""
    if is_debug:
        streams.complain("".join(traceback.format_exception(error)).rstrip())
    streams.complain(
        f"cascade: internal error: {type(error).__name__}: {printable(str(error))}\n"
        "This is a bug of cascade, not of the spec, and there is no verdict. Please report it, with the spec"
        + (" and the traceback above." if is_debug else " and the traceback that --debug shows.")
    )


def _command(name: str) -> Run:
    return cast("Run", import_module(f"cascade.cli.{name.replace('-', '_')}").run)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(prog="cascade", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--version", action="version", version=f"cascade {__version__}", help="show the version and exit"
    )
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="cascade")
    _add_check(commands)
    _add_gate(commands)
    _add_report(commands)
    _add_cutsets(commands)
    _add_mutate(commands)
    _add_tune(commands)
    _add_fixes(commands)
    _add_dump(commands)
    _add_show(commands)
    _add_export(commands)
    _add_explain(commands)
    _add_verify_certificate(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - argparse has no public name for it


def _add(commands: "Commands", name: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an internal error")
    return parser


def _add_fix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fix", action="append", default=[], metavar="NAME", help="apply a fix of the spec to every check; repeatable"
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give a param another value, such as site.capacity=80; wins over fixes; repeatable",
    )


def _add_config(parser: argparse.ArgumentParser) -> None:
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument(
        "--cache",
        action="store_true",
        default=None,
        help="keep verdicts, and use those of before (default: gate does, check does not)",
    )
    kept.add_argument("--no-cache", dest="cache", action="store_false", help="search anew, and keep nothing")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", metavar="FILE", help="the configuration (default: the nearest cascade.toml upwards)")
    where.add_argument("--no-config", action="store_true", help="use no configuration")
    parser.add_argument(
        "--date", type=calendar_date, metavar="DAY", help="judge waivers as of this day, YYYY-MM-DD (default: today)"
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        metavar="FORMAT",
        help=f"what standard output gets: {', '.join(FORMATS)} (default: text)",
    )
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="also write this report to a file, such as sarif=out.sarif; repeatable",
    )


def _add_check(commands: "Commands") -> None:
    _add_checking(_add(commands, "check", "decide the checks of specs", _EXIT_CODES))


def _add_report(commands: "Commands") -> None:
    text = "write a page for each spec that shows verdicts, findings and runs"
    _add_checking(_add(commands, "report", text, _EXIT_CODES), html="reports")


def _add_gate(commands: "Commands") -> None:
    text = "decide the checks of specs, and compare their ways to each outage with those at a git revision"
    parser = _add(commands, "gate", text, _EXIT_CODES)
    parser.add_argument(
        "--against",
        metavar="REV",
        help="the revision, such as origin/main: what the branch started from is compared with",
    )
    parser.add_argument(
        "--max-size", type=positive_count, metavar="K", help="look at paths of up to K faults (default: 2)"
    )
    _add_checking(parser)


def _add_checking(parser: argparse.ArgumentParser, *, html: str | None = None) -> None:
    """What `check`, `report` and `gate` have in common; `html` is where pages go unless it is said."""
    default = "" if html is None else f"; default: {html}"
    parser.add_argument(
        "--html",
        default=html,
        metavar="DIR",
        help=f"write a page for each spec, and an index, into this folder (see docs/html.md{default})",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a spec (.cf; default: those of the configuration)")
    parser.add_argument(
        "--check", action="append", default=[], metavar="NAME", help="only this check; repeatable (default: all)"
    )
    _add_fix(parser)
    unasked = parser.add_mutually_exclusive_group()
    unasked.add_argument(
        "--default-questions",
        action="store_true",
        help="ask the default questions in full, and let findings count (default: of specs that declare no check)",
    )
    unasked.add_argument("--only-declared", action="store_true", help="never ask the default questions")
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="with the default questions in full, say what of the spec ever happens",
    )
    parser.add_argument("--trace", action="store_true", help="show the run of every verdict that rests on one")
    parser.add_argument("--explain", action="store_true", help="show the invariant of every verdict that one proves")
    _add_outputs(parser)
    parser.add_argument("--max-states", type=positive_count, metavar="N", help="give up on a check after N states")
    parser.add_argument(
        "--memory",
        type=size_bytes,
        metavar="SIZE",
        help="use no more memory than this, such as 4GB (default: most of what is free)",
    )
    parser.add_argument(
        "--time", type=duration_seconds, metavar="DURATION", help="give up on a check after this long, such as 60s"
    )
    parser.add_argument(
        "--threads", type=positive_count, metavar="N", help="use so many threads (default: one for each processor)"
    )
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep there where a long search stands, and go on from there next time",
    )
    parser.add_argument(
        "--certificate",
        metavar="FILE",
        help="write evidence for each verdict, which `cascade verify-certificate` confirms without the search",
    )
    parser.add_argument("--stats", action="store_true", help="say how each check was decided: tables, memory, times")
    parser.add_argument(
        "--slice",
        action="store_true",
        help="search only what can influence a check; numbers of states are of that part",
    )
    _add_symmetry(parser)
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="what searches: auto, explicit, symbolic, both, or one of the finer names (default: auto)",
    )
    _add_config(parser)


def _add_symmetry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--symmetry",
        action=argparse.BooleanOptionalAction,
        help="let one state stand for all that differ by which of several interchangeable members is in which state (default: where a search is long)",
    )


def _add_cutsets(commands: "Commands") -> None:
    parser = _add(commands, "cutsets", "find the minimal sets of faults that suffice for an outage")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument(
        "--outage", action="append", default=[], metavar="NAME", help="only this outage; repeatable (default: all)"
    )
    parser.add_argument(
        "--max-size", type=positive_count, default=2, metavar="K", help="faults in a set (default: %(default)s)"
    )
    _add_fix(parser)
    parser.add_argument("--trace", action="store_true", help="show the shortest run of each set")
    parser.add_argument("--time", type=duration_seconds, metavar="DURATION", help="give up on one question after this")
    parser.add_argument(
        "--total-time", type=duration_seconds, metavar="DURATION", help="stop after this, and show what is known"
    )
    parser.add_argument("--max-states", type=positive_count, metavar="N", help="give up on one question after N states")
    parser.add_argument("--engine", default="auto", metavar="NAME", help="what searches (default: %(default)s)")
    _add_symmetry(parser)


def _add_mutate(commands: "Commands") -> None:
    parser = _add(commands, "mutate", "change the spec a little, again and again, and list what no check notices")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument(
        "--max-mutants", type=positive_count, default=200, metavar="N", help="try no more (default: %(default)s)"
    )
    parser.add_argument(
        "--time", type=duration_seconds, default=60.0, metavar="DURATION", help="stop after this (default: 60s)"
    )
    parser.add_argument(
        "--check-time",
        type=duration_seconds,
        default=2.0,
        metavar="DURATION",
        help="give up on one check of one mutant after this (default: 2s)",
    )
    parser.add_argument("--memory", type=size_bytes, metavar="SIZE", help="use no more memory than this, such as 4GB")
    parser.add_argument("--library", action="store_true", help="also change what the shipped library declares")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    parser.add_argument("--engine", default="auto", metavar="NAME", help="what searches (default: %(default)s)")


def _add_tune(commands: "Commands") -> None:
    parser = _add(commands, "tune", "find the values of a param, or of two, for which a check holds")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument(
        "--param",
        action="append",
        required=True,
        metavar="NAME=VALUES",
        help="the values: 1..100, 1min..2h:5min (by 5 min; default: by a tick), or a,b,c; once or twice",
    )
    parser.add_argument("--check", required=True, metavar="NAME", help="the check")
    parser.add_argument(
        "--fix", action="append", default=[], metavar="NAME", help="apply a fix of the spec throughout; repeatable"
    )
    _add_variants(parser)


def _add_fixes(commands: "Commands") -> None:
    parser = _add(commands, "fixes", "find the minimal sets of fixes with which violated checks hold")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument(
        "--check", action="append", default=[], metavar="NAME", help="only this check; repeatable (default: all)"
    )
    parser.add_argument(
        "--max-size", type=positive_count, metavar="K", help="look at sets of up to K fixes (default: at all sets)"
    )
    _add_fix(parser)
    _add_variants(parser)


def _add_variants(parser: argparse.ArgumentParser) -> None:
    """What commands have in common that ask one question of many variants of a spec."""
    parser.add_argument("--trace", action="store_true", help="show runs")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", metavar="FORMAT", help="text or json (default: text)"
    )
    parser.add_argument("--html", metavar="DIR", help="also write a page with the table, or the map, into this folder")
    parser.add_argument("--time", type=duration_seconds, metavar="DURATION", help="give up on one question after this")
    parser.add_argument(
        "--total-time", type=duration_seconds, metavar="DURATION", help="stop after this, and show what is known"
    )
    parser.add_argument("--max-states", type=positive_count, metavar="N", help="give up on one question after N states")
    parser.add_argument("--engine", default="auto", metavar="NAME", help="what searches (default: %(default)s)")


def _add_dump(commands: "Commands") -> None:
    parser = _add(commands, "dump", "print the guarded commands that a check is decided on")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument("--check", metavar="NAME", help="the check (default: the first)")
    _add_fix(parser)


def _add_show(commands: "Commands") -> None:
    parser = _add(commands, "show", "print what a spec consists of: components, groups, commands, checks")
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    _add_fix(parser)


def _add_export(commands: "Commands") -> None:
    text = "write the model of a check for another model checker, SPIN or Rumur, or outages as fault trees for SCRAM"
    parser = _add(commands, "export", text)
    parser.add_argument("file", metavar="SPEC", help="a spec (.cf)")
    parser.add_argument("--check", metavar="NAME", help="the check, for promela and murphi")
    parser.add_argument("--outage", metavar="NAME", help="the outage, for open-psa (default: all)")
    parser.add_argument("--to", required=True, choices=("promela", "murphi", "open-psa"), help="the language")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument("--no-property", action="store_true", help="only the states, nothing to violate")
    _add_fix(parser)


def _add_explain(commands: "Commands") -> None:
    parser = _add(commands, "explain", "explain the code of an error or a warning")
    parser.add_argument("code", nargs="?", metavar="CODE", help="such as CF101 (default: the table of all codes)")


def _add_verify_certificate(commands: "Commands") -> None:
    text = "confirm the verdicts of a certificate, which `check --certificate` wrote"
    parser = _add(commands, "verify-certificate", text, _CERTIFICATE_CODES)
    parser.add_argument("file", metavar="FILE", help="the certificate")
    parser.add_argument("--z3", action="store_true", help="examine invariants too, by z3")


if __name__ == "__main__":
    sys.exit(main())
