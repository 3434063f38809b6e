"""Replays what an engine claims, step by step: the only maker of a `ReplayedRun` (language reference, section 7).

In: a core model, a query or a failure, and a candidate run. Out: a replayed run, or `ReplayError` with a sentence.
Nothing is taken from the engine but the run itself.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import field
from typing import NoReturn, assert_never

from cascade.core.expressions import ExprId
from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError
from cascade.reference.step import Situation, State, initial_state
from cascade.verdicts.answer import FailureKind, SpecFailure
from cascade.verdicts.run import CandidateRun, ReplayedRun

SEARCH_STATES_MAX = 50_000
"""How many states are searched to confirm that a state cannot be left (`Recover`, a timelock): under a minute of work.
Where there are more, the run is replayed and the rest of the claim stands on the engine's word."""


class ReplayError(Exception):
    """The run is not what the engine claims. The message is a sentence."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """A run while it is replayed: one more situation than steps."""

    model: CoreModel
    candidate: CandidateRun
    situations: list[Situation] = field(default_factory=list)
    times_ticks: list[int] = field(default_factory=list)

    @property
    def last(self) -> Situation:
        """The situation at the end of the run."""
        return self.situations[-1]

    @property
    def loop(self) -> list[Situation]:
        """The situations of the loop, the one that closes it left out."""
        return self.situations[self.candidate.loop_start : -1]

    @property
    def loop_steps(self) -> tuple[int, ...]:
        """The steps of the loop."""
        return self.candidate.steps[self.candidate.loop_start :]


def replay(
    model: CoreModel, query: Query, candidate: CandidateRun, *, search_states_max: int = SEARCH_STATES_MAX
) -> ReplayedRun:
    """The run that shows that the answer to `query` is yes. Raises `ReplayError` unless every word of it is true.

    For `Recover` the states after the run are searched for the goal, up to `search_states_max` of them.
    """
    try:
        run = _take_steps(model, candidate)
        match query:
            case Reach():
                _check_reach(run, query)
            case Lasso():
                _check_lasso(run, query)
            case Recover():
                _check_recover(run, query, search_states_max)
            case _:
                assert_never(query)
    except EvaluationError as error:
        message = f"the run meets an error of the spec: {error}"
        raise ReplayError(message) from error
    return _replayed(run)


def replay_failure(
    model: CoreModel, failure: SpecFailure, query: Query | None = None, *, search_states_max: int = SEARCH_STATES_MAX
) -> ReplayedRun:
    """The run to an error of the spec. Raises `ReplayError` unless the error happens in its last state.

    An error in a formula of the query is confirmed with `query`, or else by evaluating the node that is said to fail.
    An error while the initial values settle has a run of one state: those values, not settled.
    """
    try:
        run = _take_steps(model, failure.run)
    except EvaluationError as error:
        if not failure.run.steps and error.command is None and _matches(failure, error):
            state = (*failure.run.initial, *(0 for _ in model.clocks))
            return ReplayedRun(model=model, steps=(), states=(state,), times_ticks=(0,), fault_count=0)
        message = f"the run to the failure meets another error of the spec: {error}"
        raise ReplayError(message) from error
    if failure.kind is FailureKind.TIMELOCK:
        _check_timelock(run, search_states_max)
    else:
        _check_no_loop(run)
        if failure.command is not None and not 0 <= failure.command < len(model.commands):
            _reject(f"the failure names a command that does not exist: {failure.command}")
        if not any(_matches(failure, error) for error in _errors(run.last, failure, query)):
            _reject(f"the last state of the run does not show the failure {failure.kind.name}")
    return _replayed(run)


# --- the steps (sections 4 to 6) ---


def _reject(sentence: str) -> NoReturn:
    raise ReplayError(sentence)


def _take_steps(model: CoreModel, candidate: CandidateRun) -> _Run:
    """Take every step of the candidate, each only if it is possible."""
    run = _Run(model=model, candidate=candidate)
    if len(candidate.initial) != len(model.variables):
        _reject(f"the run starts with {len(candidate.initial)} values for {len(model.variables)} variables")
    for variable, value in zip(model.variables, candidate.initial, strict=True):
        if value not in variable.initial:
            _reject(f"{value} is no initial value of {variable.name}")
    if candidate.loop_start is not None and not 0 <= candidate.loop_start <= len(candidate.steps):
        _reject(f"the loop starts at step {candidate.loop_start} of {len(candidate.steps)}")
    run.situations.append(Situation(model, initial_state(model, candidate.initial)))
    run.times_ticks.append(0)
    for number, step in enumerate(candidate.steps):
        if step == TICK:
            run.situations.append(Situation(model, _take_tick(run.last, number), before=run.last))
            run.times_ticks.append(run.times_ticks[-1] + 1)
        else:
            run.situations.append(Situation(model, _take_command(run.last, number, step)))
            run.times_ticks.append(run.times_ticks[-1])
    return run


def _take_tick(here: Situation, number: int) -> State:
    if not here.model.is_timed:
        _reject(f"step {number} is a tick, but the model has no time")
    for index, command in enumerate(here.model.commands):
        if here.is_due(index):
            _reject(f"step {number} is a tick, but {command.name} is due")
    return here.tick()


def _take_command(here: Situation, number: int, step: int) -> State:
    if not 0 <= step < len(here.model.commands):
        _reject(f"step {number} names a command that does not exist: {step}")
    command = here.model.commands[step]
    if not here.is_enabled(step):
        _reject(f"step {number} fires {command.name}, which is not enabled")
    if not here.is_permitted(step):
        _reject(f"step {number} fires {command.name}, which a clause of the check forbids")
    if not here.may_fire(step):
        _reject(f"step {number} fires {command.name} before its earliest time")
    return here.fire(step)


def _replayed(run: _Run) -> ReplayedRun:
    commands = [run.model.commands[step] for step in run.candidate.steps if step != TICK]
    return ReplayedRun(
        model=run.model,
        steps=run.candidate.steps,
        states=tuple(situation.state for situation in run.situations),
        times_ticks=tuple(run.times_ticks),
        fault_count=sum(1 for command in commands if command.command_class is CommandClass.FAULT),
        loop_start=run.candidate.loop_start,
    )


# --- what the run must show (section 7) ---


def _check_no_loop(run: _Run) -> None:
    if run.candidate.loop_start is not None:
        _reject("the run has a loop where a finite run is asked for")


def _check_reach(run: _Run, query: Reach) -> None:
    _check_no_loop(run)
    if run.last.holds(query.goal):
        return
    if query.clock is None:
        _reject("the goal does not hold in the last state of the run")
    if run.last.clock_values[query.clock] <= query.exceeds_ticks:
        clock = run.model.clocks[query.clock].name
        _reject(f"in the last state the goal does not hold and the clock {clock} does not exceed its bound")


def _check_lasso(run: _Run, query: Lasso) -> None:
    loop_start = run.candidate.loop_start
    if loop_start is None:
        _reject("the run has no loop")
    if loop_start == len(run.candidate.steps):
        _check_may_stop(run)
    else:
        _check_loop_closes(run)
        for step in run.loop_steps:
            if step in query.stopped:
                _reject(f"the loop fires {run.model.commands[step].name}, which has stopped")
        _check_fair(run)
    # The loop repeats for ever, so the goal may not hold anywhere in it.
    for situation in run.situations[loop_start:]:
        if situation.holds(query.goal):
            _reject("the goal holds in the loop")
    for situation in reversed(run.situations):
        if situation.holds(query.goal):
            break
        if situation.holds(query.trigger):
            return
    _reject("the trigger does not hold in any state from which on the goal never holds")


def _check_may_stop(run: _Run) -> None:
    """Section 5: a run may stop only where no fair command is enabled. Section 6: a timed run never stops."""
    if run.model.is_timed:
        _reject("the run stops, but in a model with time it has to go on")
    for index, command in enumerate(run.model.commands):
        if run.last.is_owed(index):
            _reject(f"the run stops where {command.name} is owed")


def _check_loop_closes(run: _Run) -> None:
    loop_start = run.candidate.loop_start
    assert loop_start is not None, "the caller checked that there is a loop"
    if run.last.state != run.situations[loop_start].state:
        _reject("the loop does not return to the state in which it starts")


def _check_fair(run: _Run) -> None:
    """Section 6: time grows without bound. Section 5, without time: nothing owed stays enabled without firing."""
    if run.model.is_timed:
        if TICK not in run.loop_steps:
            _reject("the loop is not fair: no time passes in it")
        return
    for index, command in enumerate(run.model.commands):
        if index not in run.loop_steps and all(situation.is_owed(index) for situation in run.loop):
            _reject(f"the loop is not fair: {command.name} stays enabled and never fires")


def _check_recover(run: _Run, query: Recover, search_states_max: int) -> None:
    _check_no_loop(run)
    if not run.last.holds(query.trigger):
        _reject("the trigger does not hold in the last state of the run")
    for situation in _reachable(run.last, query.stopped, search_states_max):
        if situation.holds(query.goal):
            _reject("the goal can be reached from the last state of the run")


def _reachable(start: Situation, without: frozenset[int], states_max: int) -> Iterator[Situation]:
    """The states that runs without these commands reach from `start`, itself included; the first `states_max`."""
    seen = {start.state}
    pending = deque([start.state])
    while pending:
        here = Situation(start.model, pending.popleft())
        yield here
        steps, errors = here.steps()
        if errors:
            raise errors[0]
        for step, state in steps:
            if step not in without and state not in seen and len(seen) < states_max:
                seen.add(state)
                pending.append(state)


# --- errors of the spec (section 9) ---


def _check_timelock(run: _Run, search_states_max: int) -> None:
    if not run.model.is_timed:
        _reject("there is no timelock in a model without time")
    if run.candidate.loop_start is None or not run.loop_steps:
        _reject("a timelock is shown by a loop")
    if TICK in run.loop_steps:
        _reject("time passes in the loop that should show a timelock")
    _check_loop_closes(run)
    try:
        for situation in _reachable(run.last, frozenset(), search_states_max):
            if situation.is_tick_possible():
                _reject("time can pass again after the loop that should show a timelock")
    except EvaluationError as error:
        message = f"after the loop there is another error of the spec: {error}"
        raise ReplayError(message) from error


def _errors(here: Situation, failure: SpecFailure, query: Query | None) -> list[EvaluationError]:
    """Every error of the spec that shows in the last state: in commands, in the tick, in the query's formulas."""
    errors = here.steps()[1]
    if failure.command is not None:
        try:
            if here.may_fire(failure.command):
                errors += here.update_errors(failure.command)
        except EvaluationError:
            pass  # its guard or permit fails: `steps` has told that
    for formula in _formulas(failure, query):
        try:
            here.holds(formula)
        except EvaluationError as error:
            errors.append(error)
    return errors


def _formulas(failure: SpecFailure, query: Query | None) -> tuple[ExprId, ...]:
    """What else may fail, besides the commands and the tick."""
    match query:
        case Reach():
            return (query.goal,)
        case Lasso() | Recover():
            return (query.trigger, query.goal)
        case None:
            return () if failure.command is not None or failure.expression is None else (failure.expression,)
        case _:
            assert_never(query)


def _matches(failure: SpecFailure, error: EvaluationError) -> bool:
    """Whether the error is the claimed one. What the claim leaves open is not compared."""
    return (
        error.kind is failure.kind
        and error.command == failure.command
        and failure.expression in (None, error.expression)
        and failure.variable in (None, error.variable)
        # A division has no value to tell; a claim may give the divisor.
        and (failure.value in (None, error.value) or error.kind is FailureKind.DIVISION_BY_ZERO)
    )
