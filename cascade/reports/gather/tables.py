"""The answers to the default questions, and what declared checks say of fixes, as tables."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cascade.diagnostics.durations import duration_text
from cascade.questions.classes import Classification, OutageClass
from cascade.questions.coverage import Cover, Coverage, Subject
from cascade.questions.cutsets import CutSets
from cascade.questions.defaults import Answers, OutageAnswers
from cascade.questions.inquiry import Reply
from cascade.questions.partial import Row, Survival
from cascade.questions.patterns import patterns
from cascade.reports.cutsets import extent_text, row_cells, same_rows
from cascade.reports.data import Cell, CheckRow, Table
from cascade.reports.findings import cell_text, how_text

if TYPE_CHECKING:
    from cascade.checked.model import System

RunOf = Callable[[Reply | None], int | None]
"""The position of a reply's run in the report; None if it has none."""

LoopsOf = Callable[[int | None], list[str]]
"""The feedback loops all parts of which are not as at the start where a run ends."""

_LASTING = (OutageClass.BY_CHANCE, OutageClass.OPERATOR_ONLY, OutageClass.ABSORBING)
_TONES = {
    OutageClass.UNREACHABLE: "good",
    OutageClass.TRANSIENT: "warn",
    OutageClass.LATE: "bad",
    OutageClass.BY_CHANCE: "bad",
    OutageClass.OPERATOR_ONLY: "bad",
    OutageClass.ABSORBING: "bad",
    OutageClass.UNDETERMINED: "warn",
}


def answer_tables(answers: Answers, run_of: RunOf, loops_of: LoopsOf) -> list[Table]:
    """Redundancy, minimal fault sets, how outages end, and what ever happens; those that have rows."""
    tables = [_survival(answers, run_of), _fault_sets(answers, run_of), _classes(answers, run_of, loops_of)]
    if answers.coverage is not None:
        tables.append(_coverage(answers.coverage))
    return [table for table in tables if table.rows]


def _coverage(covered: Coverage) -> Table:
    """A row for each kind of declaration; what never happens by its name."""
    rows: list[tuple[Cell, ...]] = []
    for subject in Subject:
        items = covered.of(subject)
        if not items:
            continue
        by_cover = {cover: [item for item in items if item.cover is cover] for cover in Cover}
        never, off, unknown = (by_cover[cover] for cover in (Cover.NEVER, Cover.OFF, Cover.UNKNOWN))
        rows.append(
            (
                Cell(text=subject.value),
                Cell(text=f"{len(by_cover[Cover.COVERED])} of {len(items)}"),
                Cell(text="; ".join(item.name for item in never).replace("`", ""), tone="warn" if never else ""),
                Cell(text="; ".join(item.name for item in off).replace("`", "")),
                Cell(text=f"{len(unknown)}" if unknown else "", tone="warn" if unknown else ""),
            )
        )
    note = "" if covered.reason is None else f"The exploration stopped early: {covered.reason.value}"
    return Table(
        key="coverage",
        title="Coverage: what ever happens",
        text="In all runs together, with any number of faults. What never happens was perhaps not meant so, or is switched off by a param.",
        headings=("what", "seen", "never", "switched off", "not examined"),
        rows=tuple(rows),
        note=note,
    )


def _survival(answers: Answers, run_of: RunOf) -> Table:
    """Rows that are equal but for the outage are one."""
    merged: dict[tuple[object, ...], tuple[Row, list[str]]] = {}
    for row in (row for found in answers.outages for row in found.rows):
        key = (row.group.name, tuple((c.kind, c.survived, c.is_exact, c.is_all) for c in row.cells))
        merged.setdefault(key, (row, []))[1].append(row.outage.name)
    kinds = list(dict.fromkeys(cell.kind for row, _ in merged.values() for cell in row.cells))
    rows: list[tuple[Cell, ...]] = []
    for row, outages in merged.values():
        cells = {cell.kind: cell for cell in row.cells}
        rows.append(
            (
                Cell(text=row.group.name),
                Cell(text=f"{row.group.needs} of {len(row.group.members)}"),
                *(_survival_cell(cells.get(kind), row, run_of) for kind in kinds),
                Cell(text=", ".join(outages)),
            )
        )
    return Table(
        key="redundancy",
        title="Who masks what",
        text="How many losses of one kind each group survives before an outage, if nothing else fails. A partial failure that is survived less often than "
        "a crash defeats the redundancy.",
        headings=("group", "needs", *kinds, "before"),
        rows=tuple(rows),
    )


def _survival_cell(cell: Survival | None, row: Row, run_of: RunOf) -> Cell:
    if cell is None:
        return Cell(text="–")
    tolerated = len(row.group.members) - row.group.needs
    tone = "good" if cell.survived >= tolerated else "bad"
    if not cell.is_exact:
        tone = "warn"
    return Cell(text=cell_text(cell), tone=tone, run=run_of(cell.reply))


def _fault_sets(answers: Answers, run_of: RunOf) -> Table:
    """Outages with the same sets are one."""
    merged: dict[tuple[object, ...], tuple[OutageAnswers, list[str]]] = {}
    for found in answers.outages:
        merged.setdefault(same_rows(found.cut_sets), (found, []))[1].append(found.outage.name)
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for found, outages in merged.values():
        names = ", ".join(outages)
        notes.append(f"{names}: {extent_text(found.cut_sets)}")
        rows.extend(_set_rows(answers, found.cut_sets, names, run_of))
    return Table(
        key="fault-sets",
        title="Minimal fault sets",
        text="Which faults together suffice for an outage; leave one out, and they do not.",
        headings=("faults", "size", "earliest", "outage"),
        rows=tuple(rows),
        note=". ".join(notes),
    )


def _set_rows(answers: Answers, found: CutSets, names: str, run_of: RunOf) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for pattern in patterns(answers.system, found.sets):
        size, earliest, _, faults = row_cells(pattern)
        tone = "bad" if int(size) <= 1 else "warn"
        rows.append(
            (
                Cell(text=faults, run=run_of(pattern.sets[0].reply)),
                Cell(text=size, tone=tone),
                Cell(text=earliest),
                Cell(text=names),
            )
        )
    return rows


def _classes(answers: Answers, run_of: RunOf, loops_of: LoopsOf) -> Table:
    return Table(
        key="classes",
        title="How outages end, once faults stop",
        text="Transient: as soon as the fault does. Late: by itself, but after the fault is gone. Operator-only: somebody must act. Absorbing: nothing leads back.",
        headings=("outage", "class", "how it ends", "what keeps it up"),
        rows=tuple(_class_row(answers, found.classification, run_of, loops_of) for found in answers.outages),
    )


def _class_row(answers: Answers, found: Classification, run_of: RunOf, loops_of: LoopsOf) -> tuple[Cell, ...]:
    decisive = found.evidence[-1] if found.evidence else None
    if found.longest is not None and found.longest.reply is not None:
        decisive = found.longest.reply
    tone = _TONES[found.outage_class]
    run = run_of(decisive)
    loops = loops_of(run) if found.outage_class in _LASTING else []
    return (
        Cell(text=found.outage.name),
        Cell(text=found.outage_class.value, tone=tone, run=run),
        Cell(text=how_text(found)),
        Cell(text="; ".join(filter(None, (_sustaining(answers, found, decisive), *loops)))),
    )


def _sustaining(answers: Answers, found: Classification, decisive: Reply | None) -> str:
    """The loop of values, or else the commands of the loop, in their order; of a run that comes to an end, what it waited for most."""
    if found.sustained is not None and found.sustained.loop:
        return " → ".join(found.sustained.values)
    if found.sustained is not None and found.sustained.rests_on:
        return f"nothing changes {', '.join(found.sustained.rests_on)}"
    loops = [r for r in found.evidence if r.run is not None and r.run.loop_start is not None]
    if loops and loops[-1].run is not None and loops[-1].run.loop_start is not None:
        steps = loops[-1].run.steps[loops[-1].run.loop_start :]
        names = list(dict.fromkeys(loops[-1].model.commands[step].name for step in steps if step >= 0))
        return " → ".join([*names, names[0]]) if names else "nothing that could end it is enabled"
    if decisive is None or decisive.run is None or not decisive.model.is_timed:
        return ""
    explanation = answers.inquiry.result(decisive).explanation
    waits = [] if explanation is None else [step for step in explanation.steps if step.waited_ticks]
    if not waits:
        return ""
    longest = max(waits, key=lambda step: step.waited_ticks)
    return f"it waits {duration_text(longest.waited_ticks * decisive.model.tick_ms)} for {longest.command}"


def fix_table(system: "System", checks: Sequence[CheckRow]) -> Table:
    """What the declared checks say of each fix, and of each set of fixes that they combine: a column for each question that is asked with a fix."""
    texts = {fix.name: fix.text or ", ".join(fix.settings) for fix in system.fixes}
    order = list(texts)
    questions = list(dict.fromkeys(_without_fixes(check) for check in checks if check.fixes))
    by_fixes: dict[tuple[str, ...], list[CheckRow]] = {(): [], **{(name,): [] for name in texts}}
    for check in checks:
        if _without_fixes(check) in questions:
            by_fixes.setdefault(check.fixes, []).append(check)
    if not by_fixes[()]:
        del by_fixes[()]
    rows = [
        (
            Cell(text=" + ".join(fixes) or "as it is"),
            Cell(text="; ".join(texts.get(name, "") for name in fixes)),
            *(_fix_cell([c for c in by_fixes[fixes] if _without_fixes(c) == question]) for question in questions),
        )
        for fixes in sorted(by_fixes, key=lambda names: (len(names), [order.index(name) for name in names]))
    ]
    return Table(
        key="fixes",
        title="What the fixes change",
        text="What the declared checks say of the spec as it is, and with each fix. No sign: no check asks.",
        headings=("fix", "what it does", *questions),
        rows=tuple(rows),
    )


_FIX_CLAUSE = re.compile(r" with fix \w+( ?, ?\w+)*")
_FIX_TONES = {"holds": "good", "violated": "bad", "undetermined": "warn"}


def _without_fixes(check: CheckRow) -> str:
    """What a check asks, wherever among its clauses the fixes stand."""
    return _FIX_CLAUSE.sub("", check.formula)


def _fix_cell(checks: Sequence[CheckRow]) -> Cell:
    """The verdict, with its run; the worst, should several checks ask the same."""
    for verdict in ("violated", "undetermined", "holds"):
        found = [check for check in checks if check.verdict == verdict]
        if found:
            run = next((c.run for c in found if c.run is not None), None) if verdict == "violated" else None
            return Cell(text=verdict, tone=_FIX_TONES[verdict], run=run)
    return Cell(text="")


def sample_table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    """What single faults do where no outage comes of them."""
    return Table(
        key="samples",
        title="Sample runs",
        text="No outage comes of these: one fault of each sort strikes, and what follows.",
        headings=("fault", "what follows", "at the end"),
        rows=tuple(rows),
    )
