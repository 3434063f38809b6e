"""Reports in other formats: which are asked for, and writing them."""

from collections.abc import Sequence

from cascade.cli.loading import show_diagnostics
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.printable import printable
from cascade.diagnostics.suggest import nearest
from cascade.files import why_not_writable, write_atomically
from cascade.records import dataclass
from cascade.reports.formats import FORMATS, render
from cascade.reports.results import Results
from cascade.source import SourceFile, Span

TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A report that is written to a file; `span` is where it was asked for."""

    format: str
    path: str
    span: Span


def command_line_span(option: str, value: str) -> Span:
    """The place of an option's value, as diagnostics show it."""
    return Span(SourceFile("command line", f"{option} {value}"), len(option) + 1, len(option) + 1 + len(value))


def parse_outputs(values: Sequence[str]) -> tuple[list[Output], list[Diagnostic]]:
    """`FORMAT=PATH` each; what is wrong with them."""
    outputs: list[Output] = []
    wrong: list[Diagnostic] = []
    for value in values:
        name, separator, path = value.partition("=")
        span = command_line_span("--output", value)
        if not separator or not path or name not in FORMATS:
            wrong.append(unknown_format(name, span) if separator and path else _no_path(span))
            continue
        outputs.append(Output(format=name, path=path, span=Span(span.source, span.end - len(path), span.end)))
    return outputs, wrong


def check_outputs(outputs: Sequence[Output]) -> list[Diagnostic]:
    """What stands in the way of writing them: said before the search, which may take long."""
    wrong: list[Diagnostic] = []
    seen: dict[str, Output] = {}
    for output in outputs:
        reason = why_not_writable(output.path)
        earlier = seen.setdefault(output.path, output)
        if earlier is not output:
            reason = f"the {earlier.format} report is written there"
        if reason is not None:
            wrong.append(unwritable(output, reason))
    return wrong


def write_outputs(outputs: Sequence[Output], results: Results) -> bool:
    """Write all that can be written; whether that was all of them."""
    wrong: list[Diagnostic] = []
    for output in outputs:
        try:
            write_atomically(output.path, render(output.format, results).encode("utf-8", "backslashreplace"))
        except OSError as error:
            wrong.append(unwritable(output, (error.strerror or str(error)).lower()))
    show_diagnostics(wrong)
    return not wrong


def unknown_format(name: str, span: Span) -> Diagnostic:
    """A format that is not in the table."""
    near = nearest(name, FORMATS)
    return Diagnostic(
        code="CF805",
        message=f"`{printable(name)}` is no format",
        primary=Label(span=Span(span.source, span.start, span.start + len(name))),
        help=f"did you mean `{near}`?" if near else f"there are {', '.join(FORMATS)}",
    )


def _no_path(span: Span) -> Diagnostic:
    return Diagnostic(
        code="CF805",
        message="it is not said which report goes where",
        primary=Label(span=span),
        help="write it as FORMAT=PATH, such as `sarif=out.sarif`; `--format` is for standard output",
    )


def unwritable(output: Output, reason: str) -> Diagnostic:
    """A report that cannot be written where it was asked for."""
    return Diagnostic(
        code="CF804",
        message=f"the {output.format} report cannot be written to `{printable(output.path)}`: {printable(reason)}",
        primary=Label(span=output.span),
        help="what stood there before is still there",
    )
