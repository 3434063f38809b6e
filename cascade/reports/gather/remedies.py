"""What `tune` and `fixes` found, as tables of a page."""

from dataclasses import replace

from cascade.questions.cases import Values
from cascade.questions.declared import CheckResult
from cascade.questions.fixes import Fixing
from cascade.questions.tune import Tuning
from cascade.reports.data import Cell, Table
from cascade.reports.fixes import cost_text, has_costs
from cascade.reports.tune import MARKS, evidence_rows, frontier

TONES = {"holds": "good", "violated": "bad", "undetermined": "warn"}
MAP_COLUMNS_MAX = 60


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
        first, second = tuning.axes
        step = -(-len(second.values) // MAP_COLUMNS_MAX)
        shown = range(0, len(second.values), step)
        rows = []
        for i, value in enumerate(first.values):
            words = [tuning.word((i, j)) for j in shown]
            rows.append((Cell(text=value), *(_cell(word, "") for word in words)))
        tables.append(
            Table(
                key="tune-map",
                title=f"{first.name} against {second.name}",
                text="✓ holds, ✗ violated, ? undetermined, ! wrong spec, · not examined"
                + (f"; every {step}th value" if step > 1 else ""),
                headings=(first.name, *(second.values[j] for j in shown)),
                rows=tuple(rows),
            )
        )
    return tables


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
