"""Results -> text for a file: what the terminal shows, without colours, with every run, and with what is said of wrong specs."""

from cascade.diagnostics.codes import Severity
from cascade.diagnostics.printable import printable
from cascade.diagnostics.render import render as render_diagnostic
from cascade.reports import terminal
from cascade.reports.findings import answers_text
from cascade.reports.layout import Layout
from cascade.reports.results import EntryKind, FileReport, Results
from cascade.reports.runs import run_lines


def render(results: Results) -> str:
    """The report, in lines of 80 columns."""
    layout = Layout()
    totals = terminal.Totals()
    blocks: list[str] = []
    for file in results.files:
        totals.files += 1
        blocks.extend(_file(file, layout))
        for result in file.checks:
            totals.add(result)
        totals.files_with_errors += any(d.severity is Severity.ERROR for d in file.diagnostics)
        totals.internal_errors += bool(file.internal_error)
    blocks.append(f"{terminal.summary(totals, layout)}\n{results.exit_code}: {results.exit_meaning}")
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _file(file: FileReport, layout: Layout) -> list[str]:
    blocks = [terminal.header(file.path, file.system_name, file.text, layout)]
    blocks.extend(render_diagnostic(d, columns=layout.columns) for d in file.diagnostics)
    if file.checks:
        blocks.append("\n".join(terminal.check_text(c, layout, with_run=True).rstrip("\n") for c in file.checks))
    if file.answers is not None:
        blocks.extend(render_diagnostic(d, columns=layout.columns) for d in file.answers.diagnostics)
        blocks.append(answers_text(file.answers, layout, with_runs=True))
    for entry in file.notices:
        if entry.diagnostic is not None and entry.kind is not EntryKind.CHECK:
            blocks.append(render_diagnostic(entry.diagnostic, columns=layout.columns))
            if entry.result is not None and entry.run is not None and entry.explanation is not None:
                lines = run_lines(entry.result, entry.run, entry.explanation, layout, ending=entry.ending)
                blocks.append("\n".join(lines))
    if file.internal_error:
        blocks.append(printable(f"internal error: {file.internal_error}"))
    return blocks
