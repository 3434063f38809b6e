"""What no check noticed, as text and as JSON. Nothing here writes to a stream."""

import json

from cascade.diagnostics.printable import printable
from cascade.questions.mutants import MutationKind
from cascade.questions.mutate import Fate, Mutation, Tried
from cascade.reports.layout import Layout
from cascade.reports.tables import table_lines
from cascade.reports.wording import count_text, seconds_text

JSON_VERSION = 1


def mutation_text(mutation: Mutation, layout: Layout) -> str:
    """Unnoticed mutants by their place, then how many of each kind there are, and what was not examined."""
    lines: list[str] = []
    unnoticed = sorted(mutation.of(Fate.UNNOTICED), key=_place_key)
    if unnoticed:
        lines.append(layout.paint("Noticed by no check", "strong"))
        for tried in unnoticed:
            lines.extend(layout.wrap(f"{_place(tried)}  {tried.mutant.text}", indent=2, hang=4))
    left_open = sorted(mutation.of(Fate.OPEN), key=_place_key)
    if left_open:
        lines.extend(["", layout.paint("Not decided: a limit was reached", "warning")])
        for tried in left_open:
            lines.extend(layout.wrap(f"{_place(tried)}  {tried.mutant.text}", indent=2, hang=4))
    lines.extend(["", *_table(mutation, layout), "", *_summary(mutation, layout)])
    return "\n".join(lines)


def _place_key(tried: Tried) -> tuple[str, int, int]:
    span = tried.mutant.span
    return span.source.name, span.start, span.end


def _place(tried: Tried) -> str:
    span = tried.mutant.span
    return f"{printable(span.source.name)}:{span.line}:{span.column}"


def _table(mutation: Mutation, layout: Layout) -> list[str]:
    rows: list[list[str]] = []
    for kind in MutationKind:
        of_kind = [t for t in mutation.tried if t.mutant.kind is kind]
        if of_kind:
            counts = [sum(t.fate is fate for t in of_kind) for fate in Fate]
            rows.append([*(str(count) if count else "" for count in counts), kind.value])
    return (
        table_lines(["noticed", "unnoticed", "not decided", "equivalent", "invalid", "what"], rows, layout)
        if rows
        else []
    )


def _summary(mutation: Mutation, layout: Layout) -> list[str]:
    unnoticed, left_open = len(mutation.of(Fate.UNNOTICED)), len(mutation.of(Fate.OPEN))
    valid = len(mutation.tried) - len(mutation.of(Fate.INVALID)) - len(mutation.of(Fate.SAME))
    head = f"{unnoticed:,} of {count_text(valid, 'mutant')} noticed by no check"
    parts = [head, *([f"{left_open:,} not decided"] if left_open else [])]
    is_partial = bool(left_open or mutation.not_examined or mutation.undecided)
    style = "error" if unnoticed else "warning" if is_partial else "good"
    lines = layout.wrap(
        f"{', '.join(parts)} ({count_text(len(mutation.checks), 'check')}, {seconds_text(mutation.seconds)})",
        hang=2,
        style=style,
    )
    if mutation.not_examined:
        text = f"{mutation.not_examined:,} of {mutation.total:,} not examined: --time, --max-mutants"
        lines.extend(layout.wrap(text, hang=2, style="warning"))
    if mutation.undecided:
        text = f"without a verdict of their own, so they notice nothing: {', '.join(mutation.undecided)}"
        lines.extend(layout.wrap(text, hang=2, style="warning"))
    return lines


def mutation_json(path: str, mutation: Mutation) -> str:
    """Every mutant that was tried, and what was not."""
    found = {
        "version": JSON_VERSION,
        "file": path,
        "checks": list(mutation.checks),
        "undecided_checks": list(mutation.undecided),
        "total": mutation.total,
        "not_examined": mutation.not_examined,
        "interrupted": mutation.is_interrupted,
        "mutants": [_mutant(tried) for tried in mutation.tried],
    }
    return json.dumps(found, indent=1) + "\n"


def _mutant(tried: Tried) -> dict[str, object]:
    span = tried.mutant.span
    return {
        "kind": tried.mutant.kind.name.lower(),
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "text": tried.mutant.text,
        "fate": tried.fate.name.lower(),
        "noticed_by": tried.noticed_by or None,
        "open_checks": list(tried.open_checks),
    }
