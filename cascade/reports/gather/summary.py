"""What is worth knowing although nothing is wrong: what was explored, how near the next outage is, what no question put to the test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cascade.diagnostics.durations import duration_text
from cascade.questions.cutsets import CutSets
from cascade.questions.declared import CheckResult
from cascade.questions.defaults import Answers
from cascade.reports.wording import count_text, seconds_text
from cascade.verdicts.verdict import Exhaustion, Undetermined

if TYPE_CHECKING:
    from cascade.checked.model import Check, System

_SHOWN_MAX = 8
_QUESTION_MAX = 200
"""Characters of a question; one about hundreds of faults names them all."""


def explored_lines(system: "System", checks: Sequence[CheckResult], answers: Answers | None) -> tuple[str, ...]:
    """Sizes: of the spec, of what was explored for checks and questions."""
    faults = sum(c.command_class.value == "fault" for c in system.commands)
    size = [
        count_text(sum(bool(c.name) for c in system.components), "component"),
        count_text(len(system.groups), "redundant group"),
        count_text(faults, "fault"),
        count_text(len(system.commands) - faults, "other command"),
        count_text(len(system.outages), "outage"),
    ]
    tick = f"; one tick is {duration_text(system.tick_ms)}" if system.is_timed else "; no timing"
    lines = [", ".join(size) + tick + "."]
    if checks:
        exhausted = sum(_is_exhausted(check) for check in checks)
        states = sum(check.verdict.statistics.state_count for check in checks)
        seconds = sum(check.verdict.statistics.seconds for check in checks)
        lines.append(
            f"{count_text(len(checks), 'declared check')}: {count_text(states, 'state')} explored in {seconds_text(seconds)}; "
            f"{exhausted} decided by looking at every reachable state or by proof, {len(checks) - exhausted} by a run."
        )
    if answers is not None:
        lines.append(
            f"{count_text(answers.inquiry.asked_count, 'default question')}: "
            f"{count_text(answers.inquiry.state_count, 'state')} explored in {seconds_text(answers.seconds)}; "
            f"{len(answers.undetermined) or 'none'} left undetermined."
        )
    return tuple(lines)


def _is_exhausted(result: CheckResult) -> bool:
    return not isinstance(result.verdict, Undetermined) and isinstance(result.verdict.evidence, Exhaustion)


def nearest_lines(answers: Answers | None) -> tuple[str, ...]:
    """For each outage how many faults are still missing, and for each group how many losses are left."""
    if answers is None:
        return ()
    said: dict[str, list[str]] = {}  # by what is said, the outages that it is said of
    for found in answers.outages:
        said.setdefault(_distance(found.cut_sets), []).append(found.outage.name)
    for row in (row for found in answers.outages for row in found.rows):
        for cell in row.cells:
            if cell.is_exact and not cell.is_all:
                losses = count_text(cell.survived, "loss") if cell.survived == 1 else f"{cell.survived or 'no'} losses"
                text = f"{row.group.name}, of {len(row.group.members)} members, survives {losses} of kind {cell.kind}"
                said.setdefault(text, []).append(row.outage.name)
    return tuple(f"{', '.join(outages)}: {text}." for text, outages in said.items() if text)


def _distance(found: CutSets) -> str:
    if found.sets:
        smallest = min(found.sets, key=lambda s: len(s.commands))
        what = " + ".join(smallest.names) or "no fault at all"
        return f"{count_text(len(smallest.commands), 'fault')} away ({what})"
    if found.is_all:
        return "out of reach of any number of faults"
    return f"more than {count_text(found.complete_to, 'fault')} away" if found.complete_to >= 0 else ""


def open_lines(answers: Answers | None) -> tuple[str, ...]:
    """The questions that a limit left open, with the limit."""
    if answers is None:
        return ()
    shown = [
        _cropped(reply.check.source) + ("" if reply.stop_reason is None else f": {reply.stop_reason.value}")
        for reply in answers.undetermined[:_SHOWN_MAX]
    ]
    more = len(answers.undetermined) - len(shown)
    return (*shown, *([f"and {more} more"] if more > 0 else []))


def _cropped(text: str) -> str:
    return text if len(text) <= _QUESTION_MAX else f"{text[:_QUESTION_MAX]}…"


def assumption_lines(system: "System") -> tuple[str, ...]:
    """What the declared checks take for granted: budgets, what is kept out, what cannot fail, what nobody asks about."""
    lines: list[str] = []
    checks = system.checks
    budgets = sorted({limit.count for check in checks for limit in check.budgets})
    bounded = [check for check in checks if check.budgets]
    if bounded:
        numbers = " or ".join(str(count) for count in budgets)
        lines.append(
            f"{len(bounded)} of {count_text(len(checks), 'check')} bound the number of faults (to {numbers}): more are not looked at there."
        )
    lines.extend(_never_tried(system, checks))
    silent = _cannot_fail(system)
    if silent:
        lines.append(f"Cannot fail by themselves, as the spec has no fault for them: {_some(silent)}.")
    unasked = [o.name for o in system.outages if checks and not any(o.name in c.source for c in checks)]
    if unasked:
        lines.append(f"No check asks about: {_some(unasked)}.")
    used = {name for check in checks for name in check.fixes}
    idle = [fix.name for fix in system.fixes if fix.name not in used]
    if idle:
        lines.append(f"No check uses the fixes: {_some(idle)}.")
    uncut = list(system.links)
    if uncut and not any(c.cut_checks is not None for c in system.commands):
        lines.append(
            f"No check lets a link be cut: {count_text(len(uncut), 'link')} always there unless what they run over fails."
        )
    return tuple(lines)


def _never_tried(system: "System", checks: "Sequence[Check]") -> list[str]:
    """Faults that every check keeps out."""
    faults = [i for i, c in enumerate(system.commands) if c.command_class.value == "fault" and c.cut_checks is None]
    if not checks:
        return []
    untried = [system.commands[i].name for i in faults if all(i in check.excluded for check in checks)]
    return [f"No declared check lets these faults happen: {_some(untried)}."] if untried else []


def _cannot_fail(system: "System") -> list[str]:
    failing = {c.component for c in system.commands if c.command_class.value == "fault"}
    return [
        component.name
        for component in system.components
        if component.parent == ""
        and not any(name == component.name or name.startswith(f"{component.name}.") for name in failing)
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
