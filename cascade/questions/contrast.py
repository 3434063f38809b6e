"""Why a partial failure is not masked where a crash is: what each of the two changes at once, side by side.

In the state in which the fault of a run strikes, the crash of the same component is tried instead, and the named values of *other* components are compared. Nothing is
said where a crash is not possible there, or where the two make no difference to anybody else at that moment.
"""

from cascade.core.dump import value_text
from cascade.core.expressions import ExprId, Op
from cascade.core.model import TICK, CoreModel, Derived
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.reference.step import Situation
from cascade.verdicts.run import ReplayedRun

CRASH = "crash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A named value before, after the crash, and after the fault of the run, as text."""

    name: str
    before: str
    after_crash: str
    after_fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The fault of a run and the crash that would have been masked. `noticed`: values that only the crash changes, `harmed`: those that only the fault changes."""

    fault: str
    crash: str
    noticed: tuple[Difference, ...]
    harmed: tuple[Difference, ...]


def contrast(model: CoreModel, run: ReplayedRun) -> Contrast | None:
    """The contrast for the first fault of `run` that is no crash."""
    for position, step in enumerate(run.steps):
        if step == TICK:
            continue
        command = model.commands[step]
        if command.command_class.value != "fault" or command.kind == CRASH:
            continue
        crashes = [i for i, c in enumerate(model.commands) if c.kind == CRASH and c.component == command.component]
        for crash in crashes:
            found = _contrast(model, run, position, crash)
            if found is not None:
                return found
    return None


def _contrast(model: CoreModel, run: ReplayedRun, position: int, crash: int) -> Contrast | None:
    fault = model.commands[run.steps[position]]
    situation = Situation(model, run.states[position])
    try:
        if not situation.is_enabled(crash):
            return None
        crashed = situation.fire(crash)
    except EvaluationError:
        return None
    evaluators = [Evaluator(model, state) for state in (run.states[position], crashed, run.states[position + 1])]
    noticed: list[Difference] = []
    harmed: list[Difference] = []
    seen: set[ExprId] = set()
    for derived in model.derived:
        is_own = derived.component == fault.component or derived.component.startswith(f"{fault.component}.")
        if is_own or derived.value in seen or model.expressions.ops[derived.value] in (Op.CONST, Op.VAR):
            continue
        seen.add(derived.value)
        try:
            before, after_crash, after_fault = (_text(derived, e.value(derived.value)) for e in evaluators)
        except EvaluationError:
            continue
        difference = Difference(name=derived.name, before=before, after_crash=after_crash, after_fault=after_fault)
        if after_crash != before and after_fault == before:
            noticed.append(difference)
        elif after_crash == before and after_fault != before:
            harmed.append(difference)
    if not harmed:
        return None
    return Contrast(fault=fault.name, crash=model.commands[crash].name, noticed=tuple(noticed), harmed=tuple(harmed))


def _text(derived: Derived, value: int) -> str:
    return value_text(derived.kind, derived.labels, derived.low, value)
