"""What `fixes` found, as text and as JSON. All functions return text; nothing here writes to a stream."""

import json

from cascade.questions.fixes import Fixing, Remedies, Remedy, question_text
from cascade.reports.layout import Layout
from cascade.reports.runs import run_lines, run_of
from cascade.reports.tables import table_lines
from cascade.reports.tune import counts_text, decided_data, summary_of
from cascade.reports.wording import count_text

SCHEMA = "cascade.fixes/1"
NAMES_SHOWN_MAX = 4


def fixing_text(fixing: Fixing, layout: Layout, *, with_runs: bool) -> str:
    """What each fix does by itself, then each question with its remedies, ranked."""
    lines = _overview_lines(fixing, layout) if len(fixing.questions) > 1 else []
    for question in fixing.questions:
        lines += _question_lines(fixing, question, layout, with_runs=with_runs)
    for name, reason in fixing.left_open.items():
        lines += layout.wrap(f"? {name}: not known without fixes: {reason}", indent=2, hang=2)
    if not fixing.questions and not fixing.left_open and not (fixing.is_late or fixing.is_interrupted):
        lines += layout.wrap("no check is violated without fixes, so there is nothing to remedy", indent=2)
    lines += layout.wrap(f"verdicts: {counts_text(fixing.counts)}", style="faint")
    if fixing.contradictory_count:
        text = f"{count_text(fixing.contradictory_count, 'set')} left out, in which two fixes give one param different values"
        lines += layout.wrap(text, style="faint")
    return "\n".join([*lines, ""])


def _overview_lines(fixing: Fixing, layout: Layout) -> list[str]:
    """Which violated checks each fix makes hold by itself, the most useful one first."""
    rows: list[tuple[int, list[str]]] = []
    useless: list[str] = []
    for fix in fixing.system.fixes:
        found = [
            (question.check.name, remedy)
            for question in fixing.questions
            for remedy in question.remedies
            if remedy.fixes == (fix.name,)
        ]
        if not found:
            useless.append(fix.name)
            continue
        names = [name for name, _ in found]
        breaks = list(dict.fromkeys(name for _, remedy in found for name in remedy.breaks))
        text = ", ".join(names) + (f"; but breaks {', '.join(breaks)}" if breaks else "")
        rows.append((len(names), [fix.name, cost_text(found[0][1]), str(len(names)), text]))
    rows.sort(key=lambda row: -row[0])
    columns = [0, *([1] if has_costs(fixing) else []), 2, 3]
    headings = ("alone", "cost", f"of {len(fixing.questions)}", "makes hold")
    lines = table_lines([headings[i] for i in columns], [[row[i] for i in columns] for _, row in rows], layout)
    if useless:
        lines += layout.wrap(f"alone none of them: {', '.join(useless)}", indent=2, hang=2)
    return [*(lines if rows else lines[1:]), ""]


def _question_lines(fixing: Fixing, question: Remedies, layout: Layout, *, with_runs: bool) -> list[str]:
    lines = layout.wrap(f"{question.check.name}: {question_text(question.check)}", style="strong", hang=2)
    more = question.checks[1:]
    if more:
        shown = ", ".join(more[:NAMES_SHOWN_MAX]) + (
            f" and {len(more) - NAMES_SHOWN_MAX} more" if len(more) > NAMES_SHOWN_MAX else ""
        )
        lines += layout.wrap(f"the same question, with fixes of their own: {shown}", indent=2, hang=2, style="faint")
    lines += layout.wrap(f"violated without fixes: {summary_of(question.without, layout).strip()}", indent=2, hang=2)
    rows = [
        [str(len(remedy.fixes)), cost_text(remedy), " + ".join(remedy.fixes), _harm_text(remedy)]
        for remedy in question.remedies
    ]
    if rows:
        columns = [0, *([1] if has_costs(fixing) else []), 2, *([3] if any(row[3] for row in rows) else [])]
        headings = ("size", "cost", "holds with", "but")
        lines += table_lines([headings[i] for i in columns], [[row[i] for i in columns] for row in rows], layout)
    lines += layout.wrap(_extent_text(fixing, question), indent=2, hang=2)
    if question.undecided:
        items = [" + ".join(names) for names in list(question.undecided)[:NAMES_SHOWN_MAX]]
        rest = len(question.undecided) - len(items)
        reasons = "; ".join(dict.fromkeys(question.undecided.values()))
        lines += layout.wrap_items(
            f"? left open ({reasons}): ", [*items, *([f"and {rest:,} more"] if rest else [])], indent=2, hang=2
        )
    run = run_of(question.without.result)
    if with_runs and run is not None and question.without.result.explanation is not None:
        lines += run_lines(question.without.result, run, question.without.result.explanation, layout)
    return [*lines, ""]


def has_costs(fixing: Fixing) -> bool:
    """Does the spec say what fixes cost?"""
    return any(fix.cost is not None for fix in fixing.system.fixes)


def cost_text(remedy: Remedy) -> str:
    """What the set costs."""
    return "–" if remedy.cost is None else f"{remedy.cost:,}"


def _harm_text(remedy: Remedy) -> str:
    parts = []
    if remedy.breaks:
        parts.append(f"breaks {', '.join(remedy.breaks)}")
    if remedy.open_checks:
        parts.append(f"a limit leaves open: {', '.join(remedy.open_checks)}")
    return "; ".join(parts)


def _extent_text(fixing: Fixing, question: Remedies) -> str:
    count = question.failing_count
    failing = f"{count_text(count, 'set')} of fixes {'do' if count != 1 else 'does'} not suffice"
    if question.complete_to >= fixing.fix_count:
        extent = "these are all" if question.remedies else "no set of declared fixes suffices"
    elif question.complete_to:
        found = "" if question.remedies else "no set suffices; "
        extent = (
            f"{found}complete up to {count_text(question.complete_to, 'fix', 'fixes')}; larger sets are not examined"
        )
    else:
        extent = "not complete: a limit was reached"
    return f"{extent}; {failing}" if count else extent


def fixing_json(path: str, fixing: Fixing) -> str:
    """The same as data; docs/remedies.md describes it."""
    data = {
        "schema": SCHEMA,
        "spec": path,
        "fixes": [
            {"name": fix.name, "text": fix.text, "cost": fix.cost, "settings": list(fix.settings)}
            for fix in fixing.system.fixes
        ],
        "max_size": fixing.size_max,
        "complete": not (fixing.is_interrupted or fixing.is_late),
        "left_open": fixing.left_open,
        "questions": [
            {
                "checks": question.checks,
                "formula": question_text(question.check),
                "without": decided_data(question.without),
                "complete_to": question.complete_to,
                "remedies": [
                    {
                        "fixes": list(remedy.fixes),
                        "cost": remedy.cost,
                        **decided_data(remedy.decided),
                        "breaks": remedy.breaks,
                        "ends": remedy.ends,
                        "open": remedy.open_checks,
                    }
                    for remedy in question.remedies
                ],
                "failing": [list(names) for names in question.failing],
                "failing_count": question.failing_count,
                "undecided": [list(names) for names in question.undecided],
            }
            for question in fixing.questions
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
