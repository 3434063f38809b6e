"""What `tune` found, as text and as JSON. All functions return text; nothing here writes to a stream."""

import itertools
import json
from typing import Any

from cascade.core.model import TICK
from cascade.diagnostics.printable import printable, width
from cascade.questions.cases import values_text
from cascade.questions.tune import Stretch, Tuning
from cascade.questions.variants import Counts, Decided, How
from cascade.records import dataclass
from cascade.reports.layout import Layout
from cascade.reports.runs import run_lines, run_of, run_summary
from cascade.reports.tables import table_lines
from cascade.reports.wording import count_text, proof_text
from cascade.verdicts.answer import Proof
from cascade.verdicts.verdict import Exhaustion, Holds, Undetermined, Violated

SCHEMA = "cascade.tune/1"
MARKS = {"holds": "✓", "violated": "✗", "undetermined": "?", "not examined": "·", "wrong": "!"}
STYLES = {"holds": "good", "violated": "bad"}


def tuning_text(tuning: Tuning, layout: Layout, *, with_runs: bool) -> str:
    """The verdicts in stretches of values, what they rest on, and with `with_runs` the runs at the frontiers."""
    lines = layout.wrap(f"{tuning.check.name}: {tuning.check.source}", style="strong", hang=2)
    if tuning.check.text:
        lines.extend(layout.wrap(tuning.check.text, indent=2, style="faint"))
    lines.append("")
    if len(tuning.axes) == 2:
        lines += [*_map_lines(tuning, layout), ""]
    lines += [
        *table_lines(
            [axis.name for axis in tuning.axes] + ["verdict"],
            [[*cells, f"{MARKS[word]} {text}"] for cells, word, text in evidence_rows(tuning)],
            layout,
        ),
        "",
    ]
    lines += layout.wrap(f"{count_text(len(tuning.cells), 'value')} decided: {counts_text(tuning.counts)}", indent=2)
    if tuning.wrong:
        lines += layout.wrap(f"with {count_text(len(tuning.wrong), 'value')} the spec has errors", indent=2)
    if not tuning.is_complete:
        lines += layout.wrap("not all values were examined: nothing is said of the others", indent=2)
    if with_runs:
        for position in frontier(tuning):
            lines += _run_at(tuning, position, layout)
    return "\n".join([*lines, ""])


def counts_text(counts: Counts) -> str:
    """How verdicts were come by."""
    parts = [f"{counts.searched:,} by a search"]
    if counts.replayed:
        parts.append(f"{counts.replayed:,} by a run of another variant, replayed")
    if counts.same:
        parts.append(f"{counts.same:,} by equal models")
    if counts.together:
        parts.append(f"{counts.together:,} by one search for several")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Row:
    """Values `first..last` of the last param with one verdict, `count` of which were examined."""

    first: int
    last: int
    word: str
    count: int


def _rows_of(tuning: Tuning, row: tuple[int, ...]) -> list[_Row]:
    """The stretches; where not all was examined, what lies between equal verdicts is not told apart."""
    found: list[_Row] = []
    skipped: Stretch | None = None
    for stretch in tuning.stretches(row):
        if stretch.word == "not examined":
            skipped = stretch
            continue
        count = stretch.last - stretch.first + 1
        if skipped is not None and found and found[-1].word == stretch.word:
            found[-1] = _Row(found[-1].first, stretch.last, stretch.word, found[-1].count + count)
        else:
            if skipped is not None:
                found.append(_Row(skipped.first, skipped.last, skipped.word, 0))
            found.append(_Row(stretch.first, stretch.last, stretch.word, count))
        skipped = None
    if skipped is not None:
        found.append(_Row(skipped.first, skipped.last, skipped.word, 0))
    return found


def evidence_rows(tuning: Tuning) -> list[tuple[list[str], str, str]]:
    """A row a stretch: values, verdict, the verdict with what it rests on; neighbouring values of the first axis with equal stretches are one row."""
    rows: list[tuple[list[str], str, str]] = []
    last = tuning.axes[-1].values
    groups: list[tuple[list[tuple[int, ...]], list[_Row]]] = []
    for row in tuning.rows:
        stretches = _rows_of(tuning, row)
        if groups and groups[-1][1] == stretches:
            groups[-1][0].append(row)
        else:
            groups.append(([row], stretches))
    for members, stretches in groups:
        for stretch in stretches:
            cells = [span(last[stretch.first], last[stretch.last])]
            if len(tuning.axes) == 2:
                first = tuning.axes[0].values
                cells.insert(0, span(first[members[0][0]], first[members[-1][0]]))
            size = stretch.last - stretch.first + 1
            extent = f" at {stretch.count:,} of {size:,} values" if 0 < stretch.count < size else ""
            word = "wrong spec" if stretch.word == "wrong" else stretch.word
            rows.append((cells, stretch.word, f"{word}{extent}{_evidence(tuning, members[0], stretch)}"))
    return rows


def span(first: str, last: str) -> str:
    """A stretch of values, from the first to the last."""
    return first if first == last else f"{first}..{last}"


def _evidence(tuning: Tuning, row: tuple[int, ...], stretch: _Row) -> str:
    """What the verdict rests on at the end of the stretch that has a neighbour, else at its last value."""
    at = stretch.first if stretch.first > 0 else stretch.last
    if (*row, at) in tuning.wrong:
        error = tuning.wrong[*row, at].errors[0]
        return f" — at {tuning.axes[-1].values[at]}: {error.code}, {error.message}"
    decided = tuning.cells.get((*row, at))
    if decided is None:
        return ""
    value = tuning.axes[-1].values[at]
    result = decided.result
    if isinstance(result.verdict, Undetermined):
        return f" — {result.verdict.reason.value}"
    run = run_of(result)
    if run is None:
        return f" — at {value}: {exhaustion_text(result.verdict)}"
    steps = count_text(sum(step != TICK for step in run.steps), "step")
    return f" — at {value}: a run with {count_text(run.fault_count, 'fault')} and {steps}{_with_values(decided)}"


def _with_values(decided: Decided) -> str:
    """What the open params are in the run."""
    values = decided.result.values
    return f", with {values_text(values)}" if values else ""


def exhaustion_text(verdict: Holds | Violated) -> str:
    """What a verdict about all states rests on."""
    match verdict.evidence:
        case Exhaustion(proof=Proof() as proof):
            return f"proved by {proof_text(proof)}"
        case _:
            return f"all {count_text(verdict.statistics.state_count, verdict.statistics.counted)} explored"


def _map_lines(tuning: Tuning, layout: Layout) -> list[str]:
    """Rows: values of the first param; columns: those of the second, a mark each; where there are too many, only some of them."""
    first, second = tuning.axes
    label = max(width(value) for value in first.values)
    room = max(layout.columns - label - 4, 1)
    step = -(-len(second.values) // room)
    shown = range(0, len(second.values), step)
    head = f"{second.name} from {second.values[0]} to {second.values[-1]}"
    if step > 1:
        head += f", every {step}th value"
    lines = layout.wrap(f"rows: {first.name}; columns: {head}", indent=2, style="faint")
    for i, value in enumerate(first.values):
        marks = "".join(layout.paint(MARKS[tuning.word((i, j))], STYLES.get(tuning.word((i, j)), "")) for j in shown)
        lines.append(f"  {printable(value).rjust(label)} {marks}")
    return lines


def frontier(tuning: Tuning) -> list[tuple[int, ...]]:
    """Violated values next to ones that hold, or the first violated value."""
    found: list[tuple[int, ...]] = []
    for row in tuning.rows:
        stretches = tuning.stretches(row)
        for before, after in itertools.pairwise(stretches):
            if {before.word, after.word} == {"holds", "violated"}:
                found.append((*row, before.last if before.word == "violated" else after.first))
    return found


def _run_at(tuning: Tuning, position: tuple[int, ...], layout: Layout) -> list[str]:
    decided = tuning.cells[position]
    run = run_of(decided.result)
    if run is None or decided.result.explanation is None:
        return []
    place = ", ".join(f"{axis.name} = {axis.values[i]}" for axis, i in zip(tuning.axes, position, strict=True))
    return [
        "",
        *layout.wrap(place, style="strong"),
        *run_lines(decided.result, run, decided.result.explanation, layout)[1:],
    ]


def tuning_json(path: str, tuning: Tuning) -> str:
    """The same as data; docs/remedies.md describes it."""
    data = {
        "schema": SCHEMA,
        "spec": path,
        "check": tuning.check.name,
        "formula": tuning.check.source,
        "params": [{"name": axis.name, "values": list(axis.values)} for axis in tuning.axes],
        "complete": tuning.is_complete,
        "stretches": [
            {
                **{axis.name: axis.values[i] for axis, i in zip(tuning.axes, row, strict=False)},
                "from": tuning.axes[-1].values[stretch.first],
                "to": tuning.axes[-1].values[stretch.last],
                "verdict": stretch.word,
            }
            for row in tuning.rows
            for stretch in tuning.stretches(row)
        ],
        "cells": [
            {
                "values": [axis.values[i] for axis, i in zip(tuning.axes, position, strict=True)],
                **(decided_data(tuning.cells[position]) if position in tuning.cells else _wrong_data(tuning, position)),
            }
            for position in sorted((*tuning.cells, *tuning.wrong))
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _wrong_data(tuning: Tuning, position: tuple[int, ...]) -> dict[str, Any]:
    error = tuning.wrong[position].errors[0]
    return {"verdict": "wrong", "code": error.code, "reason": error.message}


def decided_data(decided: Decided) -> dict[str, Any]:
    """A verdict as data: how it was come by, and the size of what it rests on."""
    verdict = decided.result.verdict
    data: dict[str, Any] = {"verdict": decided.word, "by": decided.how.value}
    if isinstance(verdict, Undetermined):
        data["reason"] = verdict.reason.value
        return data
    run = run_of(decided.result)
    if isinstance(verdict.evidence, Exhaustion) and verdict.evidence.proof is not None:
        data["proof"] = proof_text(verdict.evidence.proof)
    elif run is None:
        data["states"] = verdict.statistics.state_count
    else:
        data["faults"] = run.fault_count
        data["steps"] = [run.model.commands[step].name for step in run.steps if step != TICK]
        data["milliseconds"] = run.times_ticks[-1] * run.model.tick_ms if run.model.is_timed else None
        if decided.result.values:
            data["open_values"] = dict(decided.result.values)
    return data


def summary_of(decided: Decided, layout: Layout) -> str:
    """One line on what a verdict rests on: its run, or all states; why there is no verdict."""
    verdict = decided.result.verdict
    if isinstance(verdict, Undetermined):
        return verdict.reason.value
    run = run_of(decided.result)
    if run is None:
        return exhaustion_text(verdict)
    if decided.result.explanation is None:
        return f"a run with {count_text(run.fault_count, 'fault')}"
    note = " (a run of another variant)" if decided.how is How.REPLAYED else ""
    return run_summary(decided.result, run, decided.result.explanation, layout) + _with_values(decided) + note
