"""Results -> workflow commands of GitHub Actions: an annotation for each problem, at its line.

Text from specs cannot start a command of its own: no line end survives, and in properties no separator either.
"""

from cascade.diagnostics.codes import Severity
from cascade.diagnostics.printable import printable
from cascade.reports.locations import line_region, relative_path, repository_root
from cascade.reports.results import Entry, Outcome, Results, entries
from cascade.reports.runs import step_text

_LEVELS = {
    Severity.ERROR: "error",
    Severity.FINDING: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
}
STEPS_MAX = 12
"""An annotation is read beside a line of code: the whole run stands in the other reports."""


def render(results: Results) -> str:
    """A line an annotation; "" if there is nothing to say."""
    root = repository_root()
    lines: list[str] = []
    for file in results.files:
        lines.extend(_annotation(entry, root) for entry in entries(file) if entry.diagnostic is not None)
        if file.internal_error:
            text = f"{file.path}: internal error: {file.internal_error}"
            lines.append(f"::error title=cascade::{_data(printable(text))}")
    return "".join(f"{line}\n" for line in lines)


def _annotation(entry: Entry, root: str) -> str:
    diagnostic = entry.diagnostic
    assert diagnostic is not None, "only what is wrong is annotated"
    level = _LEVELS[diagnostic.severity]
    if entry.outcome is Outcome.UNDETERMINED:
        level = "error"
    title = f"{diagnostic.code}: {diagnostic.message}"
    body = [part for part in (diagnostic.note, diagnostic.help) if part]
    if entry.outcome is Outcome.WAIVED and entry.accepted is not None:
        level = "notice"
        body.insert(0, f"waived until {entry.accepted.until}: {entry.accepted.reason}")
    if entry.run is not None and entry.explanation is not None:
        steps = entry.explanation.steps
        body.extend(f"{n}. {step_text(step, entry.run)}" for n, step in enumerate(steps[:STEPS_MAX], start=1))
        if len(steps) > STEPS_MAX:
            body.append(f"and {len(steps) - STEPS_MAX} more steps")
        if entry.ending:
            body.append(entry.ending)
        body.extend(entry.remarks)
    span = diagnostic.primary.span
    line, column, end = line_region(span)
    path = relative_path(span.source.name, root)
    place = {
        "file": span.source.name if path is None else path,
        "line": str(line),
        "endLine": str(line),
        "col": str(column),
        "endColumn": str(end),
        "title": printable(title),
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    return f"::{level} {properties}::{_data(chr(10).join(map(printable, body)) or printable(title))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
