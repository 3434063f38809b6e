"""The report that `cascade check` prints: a line a check, and what a person needs to act on it.

All functions return text; nothing here writes to a stream.
"""

from dataclasses import field

from cascade.diagnostics.printable import printable, width
from cascade.diagnostics.render import render
from cascade.questions.cases import values_text
from cascade.questions.declared import CheckResult
from cascade.records import dataclass
from cascade.reports.layout import Layout
from cascade.reports.runs import INDENT, run_lines, run_of, run_summary
from cascade.reports.wording import count_text, proof_sentences, proof_text, seconds_text, waiver_text
from cascade.verdicts.answer import Proof
from cascade.verdicts.verdict import Exhaustion, Holds, Undetermined, Violated

INVARIANT_LINES_MAX = 24
INVARIANT_LINE_MAX = 400
"""More of an invariant is for programs to read."""

_WORD_COLUMNS = 9
_STATES_COLUMNS = 15
_SECONDS_COLUMNS = 7


@dataclass(slots=True)
class Totals:
    """What the summary line counts."""

    files: int = 0
    files_with_errors: int = 0
    spec_errors: int = 0
    internal_errors: int = 0
    as_expected: int = 0
    unexpected: int = 0
    undetermined: int = 0
    waived: int = 0
    states: int = 0
    seconds: float = 0.0
    cached: int = 0
    unexpected_names: list[str] = field(default_factory=list)

    @property
    def checks(self) -> int:
        """All that were asked."""
        return self.as_expected + self.unexpected + self.undetermined + self.waived

    def add(self, result: CheckResult) -> None:
        """Count one check."""
        self.states += result.verdict.statistics.state_count
        self.seconds += result.verdict.statistics.seconds
        self.cached += result.verdict.statistics.is_cached
        if isinstance(result.verdict, Undetermined):
            self.undetermined += 1
        elif result.is_as_expected:
            self.as_expected += 1
        elif result.waiver is not None:
            self.waived += 1
        else:
            self.unexpected += 1
            self.unexpected_names.append(result.name)


def header(path: str, system_name: str, text: str, layout: Layout) -> str:
    """The file, its system and what the system says of itself."""
    first = layout.paint(printable(path), "strong")
    name = printable(system_name)
    if name:
        fits = width(printable(path)) + 2 + width(name) <= layout.columns
        first += f"  {name}" if fits else f"\n  {name}"
    return "\n".join([first, *layout.wrap(text, indent=2, style="faint"), ""])


def check_text(
    result: CheckResult,
    layout: Layout,
    *,
    with_run: bool,
    with_stats: bool = False,
    with_proof: bool = False,
) -> str:
    """The lines of one check.

    `with_run` shows its run whatever was expected, `with_stats` how it was decided, `with_proof` the invariant that proves it.
    """
    lines = _verdict_lines(result, layout)
    if with_stats:
        for name, text in result.verdict.statistics.details:
            lines.extend(layout.wrap(f"{name}: {text}", indent=INDENT, hang=2, style="faint"))
    is_unexpected = not result.is_as_expected and result.waiver is None
    if result.waiver is not None:
        lines.extend(layout.wrap(waiver_text(result.waiver), indent=INDENT, hang=2))
    run = run_of(result)
    shows_run = run is not None and result.explanation is not None and (with_run or is_unexpected)
    if is_unexpected or (with_run and shows_run):
        if result.text:
            lines.extend(layout.wrap(result.text, indent=INDENT, style="faint"))
        lines.extend(layout.wrap(result.formula, indent=INDENT, hang=2))
        if is_unexpected and not isinstance(result.verdict, Undetermined):
            lines.extend(layout.wrap(f"expected: {result.expected}", indent=INDENT, style="faint"))
    match result.verdict:
        case Undetermined():
            lines.extend(_undetermined_lines(result.verdict, layout))
            if result.values and not shows_run:
                lines.extend(layout.wrap(open_values_text(result), indent=INDENT, hang=2, style="warning"))
        case Violated(evidence=Exhaustion()):
            lines.extend(layout.wrap(_no_run_text(result), indent=INDENT, style="faint"))
        case Holds(evidence=Exhaustion()) if result.ranges:
            lines.extend(layout.wrap(open_values_text(result), indent=INDENT, hang=2, style="faint"))
        case Violated() | Holds() if run is not None and result.values and not shows_run:
            lines.extend(layout.wrap(open_values_text(result), indent=INDENT, hang=2, style="faint"))
            if isinstance(result.verdict, Violated) and result.explanation is not None:
                lines.append(layout.paint(run_summary(result, run, result.explanation, layout), "faint"))
        case Violated() if run is not None and result.explanation is not None and not shows_run:
            lines.append(layout.paint(run_summary(result, run, result.explanation, layout), "faint"))
        case Violated() | Holds():
            pass
    lines.extend(_proof_lines(result, layout, with_proof=with_proof))
    for diagnostic in result.diagnostics:
        lines.extend(["", render(diagnostic, columns=layout.columns, paint=layout.paint)])
    if shows_run and run is not None and result.explanation is not None:
        lines.extend(run_lines(result, run, result.explanation, layout))
    elif is_unexpected or result.diagnostics:
        lines.append("")
    return "\n".join(lines)


def _verdict_lines(result: CheckResult, layout: Layout) -> list[str]:
    match result.verdict:
        case Holds():
            mark, word, style = "✓", "holds", "good"
        case Violated():
            mark, word, style = "✗", "violated", "error"
        case Undetermined():
            mark, word, style = "?", "undetermined", "warning"
    if isinstance(result.verdict, Undetermined):
        remark, remark_style = "", "warning"
    elif result.is_as_expected:
        remark, remark_style = "as expected", "faint"
        style = "good" if style == "good" else "faint"
    elif result.waiver is not None:
        mark, remark, remark_style, style = "~", "waived", "faint", "faint"
    else:
        remark, remark_style = "UNEXPECTED", "error"
    name = printable(result.name)
    statistics = result.verdict.statistics
    states, seconds = extent_text(result), seconds_text(statistics.seconds)
    left = f"{mark} {word:<{_WORD_COLUMNS}} "
    painted = layout.paint(left, style) + layout.paint(name, "strong")
    room = layout.columns - len(left) - width(name)
    # As aligned as the name leaves room for; a very long name has the line for itself.
    for right in (
        f"{remark:<11} {states:>{_STATES_COLUMNS}} {seconds:>{_SECONDS_COLUMNS}}",
        f"{remark}  {states}  {seconds}",
    ):
        if width(right) + 2 <= room:
            gap = room - width(right)
            return [painted + " " * gap + right.replace(remark, layout.paint(remark, remark_style), 1)]
    right = f"{remark}  {states}  {seconds}".strip()
    return [painted, " " * max(0, layout.columns - width(right)) + right]


def _undetermined_lines(verdict: Undetermined, layout: Layout) -> list[str]:
    statistics = verdict.statistics
    explored = (
        f"{count_text(statistics.state_count, statistics.counted)} explored in" if statistics.state_count else "after"
    )
    text = f"no verdict: {verdict.reason.value}; {explored} {seconds_text(statistics.seconds)}"
    return layout.wrap(text, indent=INDENT, hang=2, style="warning")


def proof_of(result: CheckResult) -> Proof | None:
    """The proof that no run shows it, if the verdict rests on one."""
    match result.verdict:
        case Holds(evidence=Exhaustion(proof=proof)) | Violated(evidence=Exhaustion(proof=proof)):
            return proof
    return None


def extent_text(result: CheckResult) -> str:
    """How many states were explored, or what was found instead."""
    if proof_of(result) is not None:
        return "proved"
    statistics = result.verdict.statistics
    return count_text(statistics.state_count, statistics.counted) if statistics.state_count else ""


def open_values_text(result: CheckResult) -> str:
    """What the open params are in what the verdict rests on, or over which values it is; "" without any."""
    if result.values:
        return f"with {values_text(result.values)}"
    if not result.ranges:
        return ""
    ranges = ", ".join(f"{name} ({values})" for name, values in result.ranges)
    return f"for {'all values' if isinstance(result.verdict, Holds) else 'no value'} of {ranges}"


def _no_run_text(result: CheckResult) -> str:
    text = _reason_text(result)
    return f"{open_values_text(result)}; {text}" if result.ranges else text


def _proof_lines(result: CheckResult, layout: Layout, *, with_proof: bool) -> list[str]:
    """What proves that the check holds; with its invariant, line by line, if that is asked for."""
    proof = proof_of(result)
    if proof is None:
        return []
    lines = []
    if isinstance(result.verdict, Holds):
        lines.extend(layout.wrap(f"proved by {proof_text(proof)}", indent=INDENT, style="faint"))
    if not with_proof:
        return lines
    for sentence in proof_sentences(proof):
        lines.extend(layout.wrap(sentence, indent=INDENT, hang=2))
    for line in proof.invariant[:INVARIANT_LINES_MAX]:
        lines.extend(layout.wrap(_shortened(printable(line)), indent=INDENT + 2, hang=2))
    if len(proof.invariant) > INVARIANT_LINES_MAX:
        rest = count_text(len(proof.invariant) - INVARIANT_LINES_MAX, "more line")
        lines.extend(layout.wrap(f"and {rest} (--format json has them all)", indent=INDENT + 2, hang=2, style="faint"))
    return lines


def _shortened(line: str) -> str:
    return line if len(line) <= INVARIANT_LINE_MAX else f"{line[:INVARIANT_LINE_MAX]}…"


def _reason_text(result: CheckResult) -> str:
    proof = proof_of(result)
    if proof is not None:
        return f"no run does this: proved by {proof_text(proof)}"
    return f"no run does this: all {count_text(result.verdict.statistics.state_count, result.verdict.statistics.counted)} were explored"


def summary(totals: Totals, layout: Layout) -> str:
    """The last line of the report."""
    checks = totals.checks
    parts = [f"{totals.as_expected} as expected"] if checks else []
    if totals.waived:
        parts.append(f"{totals.waived} waived")
    if totals.unexpected:
        parts.append(f"{totals.unexpected} unexpected")
    if totals.undetermined:
        parts.append(f"{totals.undetermined} undetermined")
    if totals.spec_errors:
        parts.append(f"{count_text(totals.spec_errors, 'error')} found in a run")
    if totals.files_with_errors:
        parts.append(f"{count_text(totals.files_with_errors, 'file')} with errors")
    if totals.internal_errors:
        parts.append(f"{count_text(totals.internal_errors, 'internal error')}")
    head = f"{count_text(checks, 'check') if checks else 'no checks'} in {count_text(totals.files, 'file')}"
    kept = f", {totals.cached} from the cache" if totals.cached else ""
    tail = f" ({count_text(totals.states, 'state')}, {seconds_text(totals.seconds)}{kept})" if checks else ""
    text = head + (f": {', '.join(parts)}" if parts else "") + tail
    if totals.unexpected or totals.files_with_errors or totals.spec_errors or totals.internal_errors:
        style = "error"
    else:
        style = "warning" if totals.undetermined else "good"
    return "\n".join(layout.wrap(text, hang=2, style=style))
