"""Results -> Markdown, as the summary of a CI job shows it.

Whatever comes from a spec is text: escaped so that no Markdown, no HTML, no link, mention or formula comes of it.
"""

import re
from typing import assert_never

from cascade.diagnostics.printable import printable
from cascade.reports.folding import Item, Repeated, Told, fold, told_count
from cascade.reports.locations import line_region, relative_path, repository_root
from cascade.reports.results import Entry, EntryKind, FileReport, Outcome, Results, entries
from cascade.reports.runs import step_time
from cascade.reports.wording import count_text
from cascade.verdicts.run import ReplayedRun

_MARKS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.UNDETERMINED: "❓",
    Outcome.BROKEN: "❌",
    Outcome.NOTED: "ℹ️",
    Outcome.WAIVED: "⏳",
}
_WORDS = {
    Outcome.PASSED: "as expected",
    Outcome.FAILED: "failed",
    Outcome.UNDETERMINED: "undetermined",
    Outcome.BROKEN: "error",
    Outcome.NOTED: "to be known",
    Outcome.WAIVED: "waived",
}
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+\-!|~:^=.]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "$": "&#36;", "@": "@\u200b"}
"""What Markdown does not let a backslash escape for certain, in all its dialects. A mention is broken up by a blank of no width."""

STEPS_MAX = 60
DETAILS_MAX = 30
"""Runs shown: a summary of a job has a limit, and nobody reads more."""


def escape(text: str) -> str:
    """`text` as it reads, wherever in a line it stands."""
    shown = "".join(_ENTITIES.get(character, character) for character in printable(text).replace("\\", "\x00"))
    # The entities above bring `&`, `#` and `;` of their own: only what is left of the text is escaped.
    parts = re.split(r"(&(?:amp|lt|gt|quot|#39|#36);)", shown)
    escaped = "".join(part if index % 2 else _SPECIAL.sub(r"\\\g<0>", part) for index, part in enumerate(parts))
    return escaped.replace("\x00", "\\\\")


def message_text(text: str) -> str:
    """A message, with the names that it quotes as code; in a code span nothing else is special, and none here has a bar, which would end a cell."""
    parts = re.split(r"(`[^`|]+`)", printable(text))
    return "".join(part if index % 2 else escape(part) for index, part in enumerate(parts))


def render(results: Results) -> str:
    """The summary: verdict first, then a table a file, then what is to be said with its run."""
    root = repository_root()
    lines = [f"## cascade: {escape(results.exit_meaning)}", ""]
    for file in results.files:
        lines.extend(_file(file, root))
    left = DETAILS_MAX
    for file in results.files:
        for entry in entries(file):
            if entry.diagnostic is not None and left:
                left -= 1
                lines.extend(_details(entry, root))
    if not left:
        lines.extend(["Further problems stand in the other reports.", ""])
    return "\n".join(lines)


def _file(file: FileReport, root: str) -> list[str]:
    found = entries(file)
    head = f"### {escape(file.path)}" + (f" — {escape(file.system_name)}" if file.system_name else "")
    lines = [head, ""]
    if file.text:
        lines.extend([escape(file.text), ""])
    if file.internal_error:
        lines.extend([f"❌ internal error: {escape(file.internal_error)}", ""])
    if not found:
        lines.extend(["Nothing was checked here.", ""] if not file.internal_error else [])
        return lines
    lines.extend(["| | what | outcome | where |", "|---|---|---|---|"])
    lines.extend(_row(entry, root) for entry in found)
    counts = {outcome: sum(entry.outcome is outcome for entry in found) for outcome in Outcome}
    total = ", ".join(f"{count} {_WORDS[outcome]}" for outcome, count in counts.items() if count)
    return [*lines, "", total, ""]


def _row(entry: Entry, root: str) -> str:
    name = escape(entry.name)
    if entry.diagnostic is not None and entry.kind is not EntryKind.CHECK:
        name = f"{entry.code}: {message_text(entry.diagnostic.message)}"
    if entry.kind is EntryKind.CHECK and entry.result is not None:
        outcome = _verdict(entry)
    else:
        outcome = _WORDS[entry.outcome]
    if entry.accepted is not None:
        outcome += f" until {escape(entry.accepted.until)}: {escape(entry.accepted.reason)}"
    return f"| {_MARKS[entry.outcome]} | {name} | {outcome} | {_place(entry, root)} |"


def _verdict(entry: Entry) -> str:
    result = entry.result
    assert result is not None, "a check has a result"
    word = type(result.verdict).__name__.lower()
    if entry.outcome is Outcome.PASSED:
        return f"{word}, as expected"
    if entry.outcome in (Outcome.UNDETERMINED, Outcome.BROKEN):
        return word
    return f"{word}, expected: {result.expected}" + (", waived" if entry.outcome is Outcome.WAIVED else "")


def _step_row(item: Item, run: ReplayedRun) -> str:
    match item:
        case Told(number=number, step=step):
            changes = ", ".join(f"{c.name}: {c.before} → {c.after}" for c in step.changes)
            cells = (step_time(step.time_ticks, run), step.command_class, step.command, step.because, changes)
            return f"| {number} | {' | '.join(map(escape, cells))} |"
        case Repeated():
            return f"| … | {escape(step_time(item.time_ticks, run))} | | {escape(item.text)} | | |"
        case _:
            assert_never(item)


def _place(entry: Entry, root: str) -> str:
    path = relative_path(entry.span.source.name, root)
    return f"{escape(entry.span.source.name if path is None else path)}:{line_region(entry.span)[0]}"


def _details(entry: Entry, root: str) -> list[str]:
    """What is wrong, what to do, and the run as a table."""
    diagnostic = entry.diagnostic
    assert diagnostic is not None, "only what is wrong has details"
    lines = [f"#### {_MARKS[entry.outcome]} {diagnostic.code}: {message_text(diagnostic.message)}", ""]
    lines.extend([_place(entry, root), ""])
    for name, text in (("note", diagnostic.note), ("help", diagnostic.help)):
        if text:
            lines.extend([f"{name}: {message_text(text)}", ""])
    run, explanation = entry.run, entry.explanation
    if run is None or explanation is None or not explanation.steps:
        return lines
    summary = f"How it happens: {count_text(run.fault_count, 'fault')}, {count_text(len(explanation.steps), 'step')}"
    lines.extend([f"<details><summary>{summary}</summary>", ""])
    lines.extend(["| | time | who | what | why | change |", "|--:|---|---|---|---|---|"])
    items = fold(explanation.steps)
    lines.extend(_step_row(item, run) for item in items[:STEPS_MAX])
    if len(items) > STEPS_MAX:
        lines.extend(["", f"{told_count(items[STEPS_MAX:])} more steps stand in the other reports."])
    if entry.ending:
        lines.extend(["", escape(entry.ending)])
    for text in entry.remarks:
        lines.extend(["", escape(text)])
    return [*lines, "", "</details>", ""]
