"""What it means that an engine and the reference interpreter agree on a check.

The oracle is `cascade.reference.decide`: brute force over the whole state space, which shares no code with any engine.
"""

from dataclasses import dataclass
from typing import assert_never

from cascade.checked.model import Check, FormulaKind, System
from cascade.core.lower import lower
from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.declared import CheckResult
from cascade.questions.declared import decide as decide_check
from cascade.reference.decide import Cost, Decision, DecisionKind, TooManyStatesError, decide
from cascade.verdicts.answer import FailureKind, SpecFailure
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A check on which both said the same."""

    kind: FormulaKind
    result: CheckResult
    decision: Decision


def compare(system: System, check: Check, *, states_max: int, engine: str = "explicit") -> Agreed | None:
    """Decide `check` both ways and assert that they agree; None if it has more than `states_max` states."""
    result = decide_check(system, check, engine=engine, limits=Limits(state_count_max=states_max), progress=Progress())
    if isinstance(result.verdict, Undetermined) and result.verdict.failure is None:
        assert result.verdict.reason is StopReason.STATES
        return None
    model, query = lower(system, check)
    assert (model, query) == (result.model, result.query), "lowering is deterministic"
    try:
        decision = decide(model, query, max_states=states_max)
    except TooManyStatesError:
        return None
    _assert_agreement(check, result, decision)
    return Agreed(kind=check.formula.kind, result=result, decision=decision)


def _assert_agreement(check: Check, result: CheckResult, decision: Decision) -> None:
    verdict, query = result.verdict, result.query
    match verdict:
        case Undetermined(failure=failure, run=run):
            assert failure is not None and run is not None, "no limit was reached"
            _assert_failure(result.model, failure, decision)
            assert [d.code for d in result.diagnostics] == [failure.kind.value]
        case Holds() | Violated():
            is_possible = check.formula.kind is FormulaKind.POSSIBLE
            is_yes = isinstance(verdict.evidence, ReplayedRun)
            # The answer "yes, such a run exists" makes `possible` hold and anything else violated.
            assert isinstance(verdict, Holds) == (is_yes == is_possible)
            if isinstance(verdict.evidence, ReplayedRun):
                _assert_found(query, verdict.evidence, decision)
                assert result.explanation is not None
            else:
                assert decision.kind is DecisionKind.EXHAUSTED
                assert verdict.statistics.state_count == decision.state_count
        case _:
            assert_never(verdict)


def _assert_found(query: Query, run: ReplayedRun, decision: Decision) -> None:
    """The run is one of least cost. Where the spec has an error that the engine did not meet first, so says the reference too."""
    assert decision.cost == cost_of(run.model, run.steps[: run.loop_start])
    assert decision.kind is not DecisionKind.EXHAUSTED
    if isinstance(query, Lasso):
        loop = run.steps[run.loop_start :]
        assert decision.is_loop_fault_free is not any(_is_fault(run.model, step) for step in loop)


def _assert_failure(model: CoreModel, failure: SpecFailure, decision: Decision) -> None:
    assert decision.kind is DecisionKind.FAILURE
    cost = cost_of(model, failure.run.steps[: failure.run.loop_start])
    if failure.kind is FailureKind.TIMELOCK:
        # The run goes on within the timelock until its loop begins.
        assert cost >= decision.failures[failure.kind]
    else:
        assert cost == decision.failures[failure.kind]


def cost_of(model: CoreModel, steps: tuple[int, ...]) -> Cost:
    """Faults, ticks and commands of a run."""
    tick_count = steps.count(TICK)
    return sum(_is_fault(model, step) for step in steps), tick_count, len(steps) - tick_count


def _is_fault(model: CoreModel, step: int) -> bool:
    return step != TICK and model.commands[step].command_class is CommandClass.FAULT
