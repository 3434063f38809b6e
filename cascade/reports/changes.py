"""What a change does to the paths to each outage, as text. All functions return text; nothing here writes to a stream."""

from collections.abc import Sequence

from cascade.diagnostics.printable import printable
from cascade.diagnostics.render import STYLES
from cascade.questions.difference import Difference
from cascade.reports.layout import Layout
from cascade.reports.results import Entry, Outcome
from cascade.reports.runs import run_lines, run_summary

INDENT = 4
_MARKS = {Outcome.FAILED: "✗", Outcome.NOTED: "!", Outcome.WAIVED: "~", Outcome.UNDETERMINED: "?", Outcome.BROKEN: "✗"}


def changes_text(
    revision: str, differences: Sequence[Difference], entries: Sequence[Entry], layout: Layout, *, with_runs: bool
) -> str:
    """New paths with their runs, what is gone, and what nothing was said of."""
    lines = ["", *layout.wrap(f"Against {revision}", style="strong")]
    for entry in entries:
        lines.extend(_entry_lines(entry, layout, with_run=with_runs or entry.outcome is Outcome.FAILED))
    for difference in differences:
        for names in difference.gone:
            text = " + ".join(sorted(names)) or "no fault at all"
            lines.extend(layout.wrap(f"✓ no longer brings {difference.outage.name}: {text}", indent=2, hang=2))
        if difference.is_known and not difference.new and not difference.gone:
            text = f"no path of up to {difference.size} faults to {difference.outage.name} is new"
            lines.extend(layout.wrap(text.replace("1 faults", "1 fault"), indent=2, hang=2, style="faint"))
    if not differences and not entries:
        lines.extend(layout.wrap("unchanged", indent=2, style="faint"))
    return "\n".join(lines)


def _entry_lines(entry: Entry, layout: Layout, *, with_run: bool) -> list[str]:
    diagnostic = entry.diagnostic
    assert diagnostic is not None, "a change is something to be said"
    lead = f"{_MARKS[entry.outcome]} {diagnostic.code}  "
    style = "faint" if entry.accepted is not None else STYLES[diagnostic.severity]
    first, *rest = layout.wrap(diagnostic.message.replace("`", ""), indent=len(lead), style="strong")
    lines = [layout.paint(lead, style) + first.replace(" " * len(lead), "", 1), *rest]
    span = diagnostic.primary.span
    lines.extend(layout.wrap(f"{printable(span.source.name)}:{span.line}", indent=INDENT, style="faint"))
    if diagnostic.note:
        lines.extend(layout.wrap(diagnostic.note.replace("`", ""), indent=INDENT, hang=2))
    if entry.accepted is not None:
        text = f"waived until {entry.accepted.until}: {entry.accepted.reason}"
        lines.extend(layout.wrap(text, indent=INDENT, hang=2))
    if entry.result is not None and entry.run is not None and entry.explanation is not None:
        if with_run:
            lines.extend(run_lines(entry.result, entry.run, entry.explanation, layout, ending=entry.ending)[:-1])
        else:
            lines.append(layout.paint(run_summary(entry.result, entry.run, entry.explanation, layout), "faint"))
    return lines
