"""What `tune` and `fixes` found, as tables of a page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from cascade.questions.cases import Values
from cascade.questions.declared import CheckResult
from cascade.questions.fixes import Fixing
from cascade.questions.tune import Tuning
from cascade.reports.data import Cell, Conclusive, Table
from cascade.reports.fixes import cost_text, has_costs
from cascade.reports.tune import MARKS, evidence_rows, frontier, span

TONES = {"holds": "good", "violated": "bad", "undetermined": "warn"}
MAP_COLUMNS_MAX = 40
SETS_SAID_MAX = 3


def _cell(word: str, text: str) -> Cell:
    """The tone brings its mark along."""
    return Cell(text=text, tone=TONES[word]) if word in TONES else Cell(text=text or MARKS[word])


def tuning_results(tuning: Tuning) -> list[CheckResult]:
    """The check at its first frontier, on the violated side, whose run is worth a look; else at any value."""
    positions = frontier(tuning) or list(tuning.cells)
    return [replace(tuning.cells[p].result, values=_values(tuning, p)) for p in positions[:1]]


def _values(tuning: Tuning, position: tuple[int, ...]) -> Values:
    """The values there, and those of open params in the run."""
    given = {axis.name: axis.values[i] for axis, i in zip(tuning.axes, position, strict=True)}
    return tuple((dict(tuning.cells[position].result.values) | given).items())


def fixing_results(fixing: Fixing) -> list[CheckResult]:
    """The violated checks that have no fixes of their own: of the others, the verdict here is not that of the spec."""
    return [question.without.result for question in fixing.questions if not question.check.fixes]


def tuning_tables(tuning: Tuning) -> list[Table]:
    """The verdicts in stretches of values, and for two params a map with a mark for each pair."""
    tables = [
        Table(
            key="tune",
            title=f"Values for which {tuning.check.name} holds",
            text=f"{tuning.check.source}. Nothing was concluded from one value about another.",
            headings=(*(axis.name for axis in tuning.axes), "verdict"),
            rows=tuple(
                (*(Cell(text=text) for text in cells), _cell(word, verdict))
                for cells, word, verdict in evidence_rows(tuning)
            ),
            note="" if tuning.is_complete else "Not all values were examined.",
        )
    ]
    if len(tuning.axes) == 2:
        tables.append(_map(tuning))
    return tables


def _map(tuning: Tuning) -> Table:
    """A mark for each pair of values. Neighbouring values with the same marks throughout are one row, or one column."""
    first, second = tuning.axes
    rows = [tuple(tuning.word((i, j)) for j in range(len(second.values))) for i in range(len(first.values))]
    across = _stretches(list(zip(*rows, strict=True)))
    # Of a map with more columns than a page has room for, some.
    shown = across[:: -(-len(across) // MAP_COLUMNS_MAX)]
    left_out = f"; {len(across) - len(shown)} columns are left out" if len(shown) < len(across) else ""
    return Table(
        key="tune-map",
        title=f"{first.name} against {second.name}",
        text="✓ holds, ✗ violated, ? undetermined, ! wrong spec, · not examined" + left_out,
        headings=(f"{first.name} ╲ {second.name}", *(span(second.values[a], second.values[b]) for a, b in shown)),
        rows=tuple(
            (Cell(text=span(first.values[a], first.values[b])), *(_cell(rows[a][c], "") for c, _ in shown))
            for a, b in _stretches(rows)
        ),
    )


def _stretches(lines: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """First and last positions of lines that are the same, one after the other."""
    found: list[tuple[int, int]] = []
    for position, line in enumerate(lines):
        if found and lines[found[-1][0]] == line:
            found[-1] = (found[-1][0], position)
        else:
            found.append((position, position))
    return found


def what_tuning_says(tuning: Tuning) -> Conclusive:
    """For how many values the check holds."""
    words = Counter(tuning.word(position) for position in product(*(range(len(axis.values)) for axis in tuning.axes)))
    total = words.total()
    others = [f"{words[word]:,} {word}" for word in ("undetermined", "not examined", "wrong") if words[word]]
    names = " and ".join(axis.name for axis in tuning.axes)
    tone = "good" if words["holds"] == total else "bad" if not words["holds"] else "warn"
    return Conclusive(
        text=f"{tuning.check.name} holds for {words['holds']:,} of {total:,} values of {names}"
        + (f" ({', '.join(others)})" if others else ""),
        tone="unknown" if others and not words["violated"] else tone,
        table="tune",
    )


def what_fixing_says(fixing: Fixing) -> Conclusive:
    """How many of the violated checks some of the fixes make hold; with which, if it is one check."""
    solved = [question for question in fixing.questions if question.remedies]
    count = len(fixing.questions)
    if not count:
        return Conclusive(text="No check is violated, so that nothing needs a fix", tone="good", table="explored")
    if count == 1 and solved:
        sets = [" + ".join(remedy.fixes) for remedy in solved[0].remedies[:SETS_SAID_MAX]]
        more = len(solved[0].remedies) - len(sets)
        text = f"{solved[0].check.name} holds with {', or with '.join(sets)}" + (
            f", or {more} more" if more > 0 else ""
        )
    elif count == 1:
        text = f"No set of fixes was found with which {fixing.questions[0].check.name} holds"
    else:
        text = f"{len(solved)} of {count} violated checks hold with some of the fixes"
    tone = "good" if len(solved) == count else "warn" if solved else "bad"
    return Conclusive(text=text, tone=tone, table="remedies")


def fixing_tables(fixing: Fixing) -> list[Table]:
    """The minimal sets of fixes of each question."""
    costs = has_costs(fixing)
    rows: list[tuple[Cell, ...]] = []
    for question in fixing.questions:
        for remedy in question.remedies:
            harm = ", ".join((*remedy.breaks, *(f"{name} (not known)" for name in remedy.open_checks)))
            rows.append(
                (
                    Cell(text=question.check.name),
                    Cell(text=" + ".join(remedy.fixes), tone="good"),
                    *([Cell(text=cost_text(remedy))] if costs else []),
                    Cell(text=harm, tone="bad" if harm else ""),
                )
            )
        if not question.remedies:
            empty = [Cell(text="")] * (1 + costs)
            rows.append((Cell(text=question.check.name), Cell(text="no set found", tone="bad"), *empty))
    extent = "" if fixing.size_max >= fixing.fix_count else f" of up to {fixing.size_max} fixes"
    return [
        Table(
            key="remedies",
            title="Fixes that suffice",
            text=f"Minimal sets{extent} with which violated checks hold, and checks that fail because of them.",
            headings=("check", "holds with", *(["cost"] if costs else []), "but breaks"),
            rows=tuple(rows),
            note="The search was cut short." if fixing.is_late or fixing.is_interrupted else "",
        )
    ]
