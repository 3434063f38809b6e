"""A run as text: when, who, what, what changed, and why it could happen. Steps that do not matter are counted only."""

from typing import assert_never

from cascade.core.queries import Lasso, Recover
from cascade.diagnostics.durations import duration_text
from cascade.diagnostics.printable import width
from cascade.questions.cases import values_of_run, values_text
from cascade.questions.causes import Change, ExplainedStep, Explanation
from cascade.questions.declared import CheckResult
from cascade.reports.folding import Repeated, Told, fold
from cascade.reports.layout import Layout
from cascade.reports.wording import clock_text, count_text
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated

INDENT = 4
# Values that follow from the variables and flipped in one step; the first say it all.
DERIVED_SHOWN_MAX = 4
_CLASS_COLUMNS = 8


def run_of(result: CheckResult) -> ReplayedRun | None:
    """The run on which the verdict rests, if it rests on one."""
    match result.verdict:
        case Holds(evidence=ReplayedRun() as run) | Violated(evidence=ReplayedRun() as run):
            return run
        case Undetermined(run=run):
            return run
        case _:
            return None


def run_summary(result: CheckResult, run: ReplayedRun, explanation: Explanation, layout: Layout) -> str:
    """One line: how many faults, how long, and the commands in their order, cut to the width."""
    parts = [count_text(run.fault_count, "fault")]
    if result.model.is_timed:
        ticks = run.times_ticks[-1]
        parts.append(duration_text(ticks * result.model.tick_ms) if ticks else "at once")
    parts.append(count_text(len(explanation.steps), "step"))
    text = ", ".join(parts)
    names = [step.command for step in explanation.steps]
    if names:
        text += ": " + " → ".join(names)
    return " " * INDENT + layout.crop(text, layout.columns - INDENT)


def run_lines(
    result: CheckResult, run: ReplayedRun, explanation: Explanation, layout: Layout, *, ending: str = ""
) -> list[str]:
    """The whole run, a blank line before it. `ending` is what its last state shows, if that is no verdict of a declared check."""
    renderer = _RunRenderer(result, run, explanation, layout, ending)
    return ["", *renderer.lines(), ""]


class _RunRenderer:
    def __init__(
        self, result: CheckResult, run: ReplayedRun, explanation: Explanation, layout: Layout, ending: str
    ) -> None:
        self._ending = ending
        self._result = result
        self._run = run
        self._explanation = explanation
        self._layout = layout
        self._is_timed = result.model.is_timed
        self._time_columns = width(self._clock(run.times_ticks[-1])) + 2 if self._is_timed else 0
        self._number_columns = max(2, len(str(len(explanation.steps))))
        self._what_column = INDENT + self._number_columns + 2 + self._time_columns + _CLASS_COLUMNS + 2

    def lines(self) -> list[str]:
        steps, loop = self._explanation.steps, self._explanation.loop_start
        is_lasso = isinstance(self._result.query, Lasso) and loop is not None
        values = values_of_run(self._run)
        lines = (
            self._layout.wrap(f"with {values_text(values)}", indent=INDENT, hang=2, style="strong") if values else []
        )
        stem = steps[:loop] if is_lasso else steps
        if is_lasso and stem:
            lines.append(self._heading("stem: it happens once"))
        lines.extend(self._steps(stem, first=1))
        if is_lasso:
            lines.extend(self._loop(steps[len(stem) :], first=len(stem) + 1))
        else:
            lines.extend(self._end())
        if self._explanation.omitted_count:
            count = self._explanation.omitted_count
            them = "it" if count == 1 else "them"
            text = f"{count_text(count, 'other step')} left out: nothing above rests on {them}"
            lines.extend(self._layout.wrap(text, indent=INDENT, style="faint"))
        for text in unmasked_texts(self._explanation):
            lines.extend(self._layout.wrap(text, indent=INDENT, hang=2))
        return lines

    def _clock(self, ticks: int) -> str:
        tick_ms = self._result.model.tick_ms
        return clock_text(ticks * tick_ms, with_milliseconds=tick_ms % 1_000 != 0)

    def _heading(self, text: str) -> str:
        return " " * INDENT + self._layout.paint(text, "strong")

    def _steps(self, steps: tuple[ExplainedStep, ...], *, first: int) -> list[str]:
        lines: list[str] = []
        for item in fold(steps, first=first):
            match item:
                case Told():
                    lines.extend(self._step(item.number, item.step))
                case Repeated():
                    lines.extend(self._closing(item.text, item.time_ticks if self._is_timed else None))
                case _:
                    assert_never(item)
        return lines

    def _step(self, number: int, step: ExplainedStep) -> list[str]:
        paint = self._layout.paint
        time = f"{self._clock(step.time_ticks):<{self._time_columns}}" if self._is_timed else ""
        styles = {"fault": "error", "repair": "good", "operator": "note", "event": "note"}
        head = paint(f"{step.command_class:<{_CLASS_COLUMNS}}", styles.get(step.command_class, ""))
        lead = f"{' ' * INDENT}{number:>{self._number_columns}}  {time}{head}  "
        command, *rest = self._layout.wrap(step.command, indent=self._what_column, style="strong")
        lines = [lead + command.replace(" " * self._what_column, "", 1), *rest]
        if step.text:
            lines.extend(self._detail(step.text, "faint"))
        if step.because:
            lines.extend(self._detail(f"because {step.because}"))
        own = [change for change in step.changes if not change.is_derived]
        derived = [change for change in step.changes if change.is_derived]
        if own:
            lines.extend(self._items("", [_change_text(c, step.component) for c in own]))
        if derived:
            lines.extend(self._items("hence ", _derived_texts(derived, step.component)))
        return lines

    def _detail(self, text: str, style: str = "") -> list[str]:
        return self._layout.wrap(text, indent=self._what_column, hang=2, style=style)

    def _items(self, head: str, items: list[str]) -> list[str]:
        return self._layout.wrap_items(head, items, indent=self._what_column, hang=2)

    def _loop(self, steps: tuple[ExplainedStep, ...], *, first: int) -> list[str]:
        if steps:
            lines = [self._heading("loop: it repeats for ever")]
            lines.extend(self._steps(steps, first=first))
            return [*lines, *self._closing(f"and again from step {first}, for ever")]
        if self._run.loop_start == len(self._run.steps):
            return [self._heading("here the run may stop for ever: nothing that is owed can happen")]
        return [self._heading("loop: only time passes; it repeats for ever")]

    def _end(self) -> list[str]:
        match self._result.verdict:
            case Undetermined():
                text = "the error shows"
            case Holds():
                text = "the last condition holds"
            case Violated():
                text = "the check is violated"
        if self._ending:
            text = self._ending
        elif isinstance(self._result.query, Recover) and isinstance(self._result.verdict, Violated):
            text = "there is no run any more to what is asked for"
        if not self._is_timed:
            return self._closing(f"here {text}")
        last_step = self._explanation.steps[-1].time_ticks if self._explanation.steps else 0
        waited = self._run.times_ticks[-1] - last_step
        lead = f"{duration_text(waited * self._result.model.tick_ms)} later" if waited else "here"
        return self._closing(f"{lead} {text}", self._run.times_ticks[-1])

    def _closing(self, text: str, ticks: int | None = None) -> list[str]:
        """A sentence where the classes stand, with the time before it if `ticks` says when."""
        indent = INDENT + self._number_columns + 2 + self._time_columns
        lines = self._layout.wrap(text, indent=indent, hang=2, style="strong")
        if ticks is not None:
            time = " " * (INDENT + self._number_columns + 2) + f"{self._clock(ticks):<{self._time_columns}}"
            lines[0] = lines[0].replace(" " * indent, time, 1)
        return lines


def _change_text(change: Change, component: str) -> str:
    return f"{_short(change.name, component)}: {change.before} → {change.after}"


def _derived_texts(changes: list[Change], component: str) -> list[str]:
    """Names of the system itself (outages first of all) count most; the rest in order, as far as they are shown."""
    ranked = sorted(range(len(changes)), key=lambda i: ("." in changes[i].name, i))
    chosen = sorted(ranked[:DERIVED_SHOWN_MAX])
    texts = [_change_text(changes[i], component) for i in chosen]
    left = len(changes) - len(chosen)
    return [*texts, f"and {left} more"] if left else texts


def _short(name: str, component: str) -> str:
    return name.removeprefix(f"{component}.") if component else name


def unmasked_texts(explanation: Explanation) -> list[str]:
    """Why redundancy on the way did not mask it, a sentence a group."""
    return [f"{group.name} did not mask it: {group.why}" for group in explanation.groups if group.struck]


def step_time(ticks: int, run: ReplayedRun) -> str:
    """When it is, `00:31:00`; "" without time."""
    if not run.model.is_timed:
        return ""
    return clock_text(ticks * run.model.tick_ms, with_milliseconds=run.model.tick_ms % 1_000 != 0)


def step_text(step: ExplainedStep, run: ReplayedRun) -> str:
    """A step on one line: when, who decides, what, why, what changed."""
    own = [change for change in step.changes if not change.is_derived]
    derived = [change for change in step.changes if change.is_derived]
    text = " ".join(filter(None, (step_time(step.time_ticks, run), step.command_class, step.command)))
    if step.in_loop:
        text = f"again and again: {text}"
    if step.because:
        text += f" because {step.because}"
    changes = [_change_text(change, step.component) for change in own] + _derived_texts(derived, step.component)
    return f"{text}: {', '.join(changes)}" if changes else text
