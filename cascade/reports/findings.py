"""The answers to the default questions as text: findings first, then what they rest on.

All functions return text; nothing here writes to a stream.
"""

from importlib import resources
from pathlib import Path

from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.diagnostics.durations import after_text
from cascade.diagnostics.printable import printable
from cascade.diagnostics.render import STYLES
from cascade.limits import StopReason
from cascade.questions.classes import Classification, OutageClass
from cascade.questions.coverage import Cover, Coverage, Subject
from cascade.questions.defaults import Answers, OutageAnswers
from cascade.questions.findings import Finding, findings, never_happens
from cascade.questions.partial import Row, Survival
from cascade.questions.wording import longest_text
from cascade.reports.cutsets import extent_text, same_rows, set_rows
from cascade.reports.layout import Layout
from cascade.reports.results import finding_ending
from cascade.reports.runs import run_lines, run_summary
from cascade.reports.tables import table_lines
from cascade.reports.wording import count_text, seconds_text, waiver_text

INDENT = 4
_MARKS = {Severity.FINDING: "✗", Severity.NOTICE: "!"}
UNDETERMINED_SHOWN_MAX = 8

BRIEF_LINES_MAX = 20
"""Findings in brief: with the header, and a line for what is left out, a screen of 24 lines."""


def answers_text(answers: Answers, layout: Layout, *, with_runs: bool, with_coverage: bool = False) -> str:
    """Everything. The run of the first finding is shown in full, of all with `with_runs`; the table of coverage with `with_coverage`."""
    found = findings(answers)
    lines: list[str] = []
    summaries: set[str] = set()
    for finding in found:
        told = _finding_lines(answers, finding, layout, with_run=with_runs)
        # The same run shows several things; it is told with the first.
        lines.extend(told[:-1] if not with_runs and told[-1] in summaries else told)
        summaries.add(told[-1])
    if not found:
        lines.extend(_nothing_lines(answers, layout))
    lines.extend(_undetermined_lines(answers, layout))
    if answers.is_interrupted:
        known = {a.outage.name for a in answers.outages}
        left = [outage.name for outage in answers.system.outages if outage.name not in known]
        lines.extend(layout.wrap(f"? interrupted: nothing is said of {', '.join(left)}", hang=2, style="warning"))
    lines.extend(_survival_lines(answers, layout))
    lines.extend(_set_lines(answers, layout))
    lines.extend(_outage_lines(answers, layout))
    lines.extend(_coverage_lines(answers, layout, with_table=with_coverage))
    if found and not with_runs:
        lines.extend(["", layout.paint(f"How {found[0].diagnostic.code} happens", "strong")])
        lines.extend(_run_lines(answers, found[0], layout)[:-1])
    lines.extend(["", *_summary_lines(answers, found, layout)])
    return "\n".join(lines)


def brief_text(answers: Answers, layout: Layout) -> str:
    """The gravest findings on one screen, and that there is more; "" if there is nothing to say."""
    found = findings(answers)
    lines: list[str] = []
    summaries: set[str] = set()
    told_count = 0
    for finding in found:
        told = _finding_lines(answers, finding, layout, with_run=False)
        told = told[:-1] if told[-1] in summaries else told
        if told_count and len(lines) + len(told) > BRIEF_LINES_MAX:
            break
        summaries.add(told[-1])
        lines.extend(told)
        told_count += 1
    rest: list[str] = []
    if told_count < len(found):
        codes = ", ".join(dict.fromkeys(f.diagnostic.code for f in found[told_count:]))
        rest.append(f"{len(found) - told_count} more ({codes})")
    if answers.undetermined:
        is_one = len(answers.undetermined) == 1
        rest.append(f"{count_text(len(answers.undetermined), 'question')} that {'takes' if is_one else 'take'} longer")
    if rest:
        lines.extend(layout.wrap(f"… {', '.join(rest)}: --default-questions", hang=2, style="faint"))
    return "\n".join(lines)


def is_refuted(answers: Answers) -> bool:
    """Whether there is a finding, not only notices: what the design claims is not so."""
    return any(f.diagnostic.severity is Severity.FINDING and f.waiver is None for f in findings(answers))


# --- findings ---


def _finding_lines(answers: Answers, finding: Finding, layout: Layout, *, with_run: bool) -> list[str]:
    diagnostic = finding.diagnostic
    mark = _MARKS[diagnostic.severity] if finding.waiver is None else "~"
    lead = f"{mark} {diagnostic.code}  "
    style = STYLES[diagnostic.severity] if finding.waiver is None else "faint"
    first, *rest = layout.wrap(diagnostic.message.replace("`", ""), indent=len(lead), style="strong")
    lines = [layout.paint(lead, style) + first.replace(" " * len(lead), "", 1), *rest]
    lines.extend(layout.wrap(_place(diagnostic), indent=INDENT, hang=2, style="faint"))
    if diagnostic.note:
        lines.extend(layout.wrap(diagnostic.note.replace("`", ""), indent=INDENT, hang=2))
    if finding.waiver is not None:
        lines.extend(layout.wrap(waiver_text(finding.waiver), indent=INDENT, hang=2))
    result = answers.inquiry.result(finding.reply)
    if with_run:
        lines.extend(_run_lines(answers, finding, layout))
    elif finding.reply.run is not None and result.explanation is not None:
        lines.append(layout.paint(run_summary(result, finding.reply.run, result.explanation, layout), "faint"))
    return lines


def _place(diagnostic: Diagnostic) -> str:
    span = diagnostic.primary.span
    label = f", {diagnostic.primary.text}" if diagnostic.primary.text else ""
    return f"{printable(_shown_path(span.source.name))}:{span.line}{label}"


def _shown_path(name: str) -> str:
    """The shipped library under its own name, wherever it is installed."""
    path = Path(name)
    return f"std/{path.name}" if path.parent == Path(str(resources.files("cascade"))) / "std" else name


def _run_lines(answers: Answers, finding: Finding, layout: Layout) -> list[str]:
    result, minimal = answers.inquiry.shortest(finding.reply)
    if minimal is None or result.explanation is None:
        return []
    ending = finding_ending(result, finding.outages[0].strip("`"), finding.diagnostic.code)
    return run_lines(result, minimal.run, result.explanation, layout, ending=ending)


def _nothing_lines(answers: Answers, layout: Layout) -> list[str]:
    if not answers.outages:
        return layout.wrap("no outage is declared, so nothing was asked", indent=2)
    if answers.undetermined or answers.is_interrupted:
        return []
    return layout.wrap("✓ nothing was found that the design does not intend", style="good")


def _undetermined_lines(answers: Answers, layout: Layout) -> list[str]:
    lines: list[str] = []
    for reply in answers.undetermined[:UNDETERMINED_SHOWN_MAX]:
        lines.extend(layout.wrap(f"? undetermined: {reply.check.source}", hang=2, style="warning"))
        if reply.stop_reason is not None:
            lines.extend(layout.wrap(reply.stop_reason.value, indent=INDENT, style="faint"))
    more = len(answers.undetermined) - UNDETERMINED_SHOWN_MAX
    if more > 0:
        lines.extend(layout.wrap(f"? and {count_text(more, 'more question')} undetermined", style="warning"))
    return lines


# --- tables ---


def _survival_lines(answers: Answers, layout: Layout) -> list[str]:
    """Rows that are equal but for the outage are one."""
    merged: dict[tuple[str, tuple[tuple[str, int, bool, bool], ...]], tuple[Row, list[str]]] = {}
    for row in (row for found in answers.outages for row in found.rows):
        key = (row.group.name, tuple((c.kind, c.survived, c.is_exact, c.is_all) for c in row.cells))
        merged.setdefault(key, (row, []))[1].append(row.outage.name)
    if not merged:
        return []
    kinds = list(dict.fromkeys(cell.kind for row, _ in merged.values() for cell in row.cells))
    rows: list[list[str]] = []
    for row, outages in merged.values():
        cells = {cell.kind: cell for cell in row.cells}
        counts = [cell_text(cells[kind]) if kind in cells else "" for kind in kinds]
        rows.append([row.group.name, f"{row.group.needs} of {len(row.group.members)}", *counts, ", ".join(outages)])
    title = layout.paint("Losses survived, by kind of fault", "strong")
    return ["", title, *table_lines(["group", "needs", *kinds, "before"], rows, layout)]


def cell_text(cell: Survival) -> str:
    """How many losses are survived: `all`, `none`, `2`, and `≥ 1 ?` where a limit was reached."""
    if not cell.is_exact:
        return f"≥ {cell.survived} ?"
    return "all" if cell.is_all else str(cell.survived) if cell.survived else "none"


def _set_lines(answers: Answers, layout: Layout) -> list[str]:
    """Outages with the same fault sets are one."""
    merged: dict[tuple[object, ...], tuple[OutageAnswers, list[str]]] = {}
    for found in answers.outages:
        merged.setdefault(same_rows(found.cut_sets), (found, []))[1].append(found.outage.name)
    lines: list[str] = []
    for found, outages in merged.values():
        head = f"Minimal fault sets of {', '.join(outages)}: {extent_text(found.cut_sets)}"
        lines.extend(["", *layout.wrap(head, hang=2, style="strong")])
        rows = [[row[0], row[1], row[3]] for row in set_rows(answers.inquiry, found.cut_sets)]
        if rows:
            columns = [i for i in range(3) if any(row[i] for row in rows)]
            headings = ("size", "earliest", "faults")
            lines.extend(
                table_lines([headings[i] for i in columns], [[row[i] for i in columns] for row in rows], layout)
            )
    return lines


def _outage_lines(answers: Answers, layout: Layout) -> list[str]:
    if not answers.outages:
        return []
    rows = [_outage_row(found.classification) for found in answers.outages]
    title = layout.paint("How outages end, once faults stop", "strong")
    return ["", title, *table_lines(["outage", "class", "faults", "how"], rows, layout)]


def _coverage_lines(answers: Answers, layout: Layout, *, with_table: bool) -> list[str]:
    """What never happens; with the table also what does, and how much was not examined."""
    if answers.coverage is None:
        return []
    lines: list[str] = []
    for diagnostic in never_happens(answers):
        lead = f"{_MARKS.get(diagnostic.severity, '!')} {diagnostic.code}  "
        first, *rest = layout.wrap(diagnostic.message.replace("`", ""), indent=len(lead))
        lines.extend([layout.paint(lead, STYLES[diagnostic.severity]) + first.replace(" " * len(lead), "", 1), *rest])
        lines.extend(layout.wrap(_place(diagnostic), indent=INDENT, hang=2, style="faint"))
    covered = answers.coverage
    open_count = sum(item.cover is Cover.UNKNOWN for item in covered.items)
    if open_count:
        text = f"? {open_count:,} more not examined: {covered.reason.value if covered.reason is not None else ''}"
        lines.extend(layout.wrap(text, hang=2, style="warning"))
    if lines:
        lines = ["", layout.paint("What never happens", "strong"), *lines]
    if with_table:
        lines.extend(
            ["", layout.paint("Coverage: what ever happens, in all runs", "strong"), *_coverage_table(covered, layout)]
        )
    return lines


def _coverage_table(covered: Coverage, layout: Layout) -> list[str]:
    rows: list[list[str]] = []
    for subject in Subject:
        items = covered.of(subject)
        if items:
            counts = [sum(item.cover is cover for item in items) for cover in Cover]
            seen, never, off, unknown = (str(count) if count else "" for count in counts)
            rows.append([f"{seen or '0'} of {len(items)}", never, off, unknown, subject.value])
    return table_lines(["seen", "never", "switched off", "not examined", "what"], rows, layout)


def _outage_row(found: Classification) -> list[str]:
    is_reached = found.outage_class is not OutageClass.UNREACHABLE and found.evidence[0].run is not None
    count = f"≤ {found.fault_count}" if is_reached else ""
    if _ends_with_any(found) and found.longest is None:
        count = "any"  # times are those with the fewest faults
    return [found.outage.name, found.outage_class.value, count, how_text(found)]


def _ends_with_any(found: Classification) -> bool:
    """Whether it always ends, whatever number of faults strikes."""
    return found.more_faults is not None and found.more_faults.is_no


def _by_itself(found: Classification) -> str:
    """When an outage that always ends is over."""
    if found.longest is None:
        return "by itself"
    if found.quickest_ms is None:
        return f"by itself, {longest_text(found.longest)}"
    if found.longest.at_most_ms == found.quickest_ms:
        return f"by itself {after_text(found.quickest_ms)}"
    return f"by itself, {longest_text(found.longest)}; at best {after_text(found.quickest_ms)}"


def how_text(found: Classification) -> str:
    """How an outage ends, and how long it can last."""
    parts: list[str] = []
    match found.outage_class:
        case OutageClass.TRANSIENT | OutageClass.LATE:
            parts.append(_by_itself(found))
            if found.longest_acting is not None:
                parts.append(f"if operators act {longest_text(found.longest_acting)}")
        case OutageClass.BY_CHANCE:
            parts.append("it can, but nothing makes it")
        case OutageClass.OPERATOR_ONLY:
            parts.append(f"by {', '.join(found.escape)}" if found.escape else "by operators")
            if found.longest_acting is not None:
                parts.append(longest_text(found.longest_acting))
        case OutageClass.ABSORBING if found.unrepaired:
            parts.append(f"never: nothing repairs {', '.join(found.unrepaired)}")
        case OutageClass.ABSORBING:
            parts.append("never")
        case OutageClass.UNREACHABLE:
            parts.append("it cannot happen")
        case OutageClass.UNDETERMINED:
            is_error = any(r.stop_reason is StopReason.SPEC_ERROR for r in found.evidence)
            parts.append("the spec has an error" if is_error else "a limit was reached")
    if found.recurring is not None and found.recurring.run is not None:
        parts.append("comes back again and again")
    if found.more_faults is not None and found.more_faults.run is not None:
        parts.append("with more faults it need not end")
    if _ends_with_any(found) and found.longest is not None:
        parts.append("with more faults it ends, too")
    if found.is_by_operators:
        parts.append("operators bring it about")
    return "; ".join(parts)


def _summary_lines(answers: Answers, found: tuple[Finding, ...], layout: Layout) -> list[str]:
    grave = sum(f.diagnostic.severity is Severity.FINDING and f.waiver is None for f in found)
    waived = sum(finding.waiver is not None for finding in found)
    notices = len(found) - grave - waived + len(never_happens(answers))
    parts = [count_text(grave, "finding"), count_text(notices, "notice")]
    parts += [f"{waived} waived"] if waived else []
    if answers.undetermined:
        parts.append(f"{len(answers.undetermined):,} undetermined")
    inquiry = answers.inquiry
    tail = (
        f"{count_text(inquiry.asked_count, 'question')}, {count_text(inquiry.state_count, 'state')}, "
        f"{seconds_text(answers.seconds)}"
    )
    style = "error" if grave else "warning" if found or answers.undetermined else "good"
    lines = layout.wrap(f"{', '.join(parts)} ({tail})", hang=2, style=style)
    if found:
        lines.extend(layout.wrap(f"cascade explain {found[0].diagnostic.code} says more", style="faint"))
    return lines
