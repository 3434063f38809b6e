"""Minimal fault sets as text. All functions return text; nothing here writes to a stream."""

from cascade.diagnostics.durations import duration_text
from cascade.questions.classes import Classification
from cascade.questions.cutsets import CutSet, CutSets
from cascade.questions.inquiry import Inquiry
from cascade.questions.patterns import Pattern, patterns
from cascade.reports.layout import Layout
from cascade.reports.runs import run_lines
from cascade.reports.tables import table_lines
from cascade.reports.wording import count_text
from cascade.verdicts.verdict import Violated

UNDECIDED_SHOWN_MAX = 5


def extent_text(found: CutSets) -> str:
    """How much is known: `these are all`, `complete up to size 2`."""
    if found.is_all:
        return "these are all" if found.sets else "no faults bring it"
    if found.complete_to < 0:
        return "not complete: a limit was reached"
    text = f"complete up to size {found.complete_to}"
    return f"{text}, larger ones may exist" if not (found.undecided or found.open_replies) else text


def set_rows(inquiry: Inquiry, found: CutSets) -> list[list[str]]:
    """A row a pattern: size, time to the outage, class, faults. What is not known stays empty."""
    return [row_cells(pattern) for pattern in patterns(inquiry.system, found.sets)]


def same_rows(found: CutSets) -> tuple[object, ...]:
    """Outages for which this is equal have the same rows."""
    runs = (s.reply.run for s in found.sets)
    times = tuple(None if run is None else run.times_ticks[-1] for run in runs)
    return tuple(s.commands for s in found.sets), times, found.is_all, found.complete_to


def row_cells(pattern: Pattern) -> list[str]:
    """Size, time to the outage, class, faults."""
    first = pattern.sets[0]
    classes = {_class_text(s.classification) for s in pattern.sets if s.classification is not None}
    text = " + ".join(pattern.parts) or "no fault at all"
    if first.orders is not None and first.orders.matters:
        text += f" — {_order_text(first)}"
    if not first.is_surely_minimal:
        text += " (fewer may suffice)"
    return [str(len(first.commands)), _time_text(pattern), ", ".join(sorted(classes)), text]


def _class_text(found: Classification) -> str:
    """The class, and for how long at most the outage can last by itself."""
    longest = found.longest
    if longest is None or longest.at_most_ms is None:
        return found.outage_class.value
    return f"{found.outage_class.value}, {duration_text(longest.at_most_ms)}"


def _time_text(pattern: Pattern) -> str:
    """The least time to the outage, by the runs with the fewest faults."""
    runs = [s.reply.run for s in pattern.sets if s.reply.run is not None]
    if not runs or not runs[0].model.is_timed:
        return ""
    run = min(runs, key=lambda r: r.times_ticks[-1])
    ticks = run.times_ticks[-1]
    return duration_text(ticks * run.model.tick_ms) if ticks else "at once"


def _order_text(found: CutSet) -> str:
    assert found.orders is not None, "the order matters"
    orders = found.orders.possible if len(found.orders.possible) <= len(found.orders.impossible) else ()
    if orders:
        return "only in the order " + " or ".join(", then ".join(order) for order in orders)
    return "not in the order " + " or ".join(", then ".join(order) for order in found.orders.impossible)


def cut_sets_text(inquiry: Inquiry, found: CutSets, text: str, layout: Layout, *, with_runs: bool) -> str:
    """The fault sets of one outage, which the spec describes with `text`."""
    head = f"{found.outage.name}: {_count_text(found)}, {extent_text(found)}"
    lines = layout.wrap(head, style="strong", hang=2)
    if text:
        lines.extend(layout.wrap(text, indent=2, style="faint"))
    rows = set_rows(inquiry, found)
    if rows:
        lines.append("")
        columns = [i for i in range(4) if any(row[i] for row in rows)]
        headings = ("size", "earliest", "class", "faults")
        lines.extend(table_lines([headings[i] for i in columns], [[row[i] for i in columns] for row in rows], layout))
    if found.undecided:
        shown = [" + ".join(names) or "no fault at all" for names in found.undecided[:UNDECIDED_SHOWN_MAX]]
        more = len(found.undecided) - len(shown)
        items = [*shown, f"and {more:,} more"] if more else shown
        lines.extend(layout.wrap_items("? a limit left open: ", items, indent=2, hang=2))
    if with_runs:
        for pattern in patterns(inquiry.system, found.sets):
            lines.extend(_run_lines(inquiry, pattern, layout))
    return "\n".join([*lines, ""])


def _count_text(found: CutSets) -> str:
    return count_text(len(found.sets), "minimal fault set")


def _run_lines(inquiry: Inquiry, pattern: Pattern, layout: Layout) -> list[str]:
    first = pattern.sets[0]
    result = inquiry.result(first.reply)
    if first.reply.run is None or result.explanation is None or not isinstance(result.verdict, Violated):
        return []
    head = " + ".join(first.names) or "no fault at all"
    ending = f"{result.formula.split()[1]} begins"
    lines = run_lines(result, first.reply.run, result.explanation, layout, ending=ending)
    return ["", *layout.wrap(head, indent=2, hang=2, style="strong"), *lines[:-1]]
