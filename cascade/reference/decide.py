"""Brute force over whole state spaces: what every engine must answer (language reference, sections 5 to 7).

In: a core model and a query. Out: the true answer, the number of reachable states, and the cost of the best witness.
Textbook algorithms only: breadth-first search, Dijkstra with costs that are compared as tuples, Tarjan's components.
"""

import enum
import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import assert_never

from cascade.core.expressions import ExprId
from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.records import dataclass
from cascade.reference.components import strong_components
from cascade.reference.evaluate import EvaluationError
from cascade.reference.step import Situation, State, initial_state, initial_values
from cascade.verdicts.answer import FailureKind

Cost = tuple[int, int, int]
"""Faults, ticks, commands (the faults among them): compared in this order (section 7)."""

MAX_STATES = 200_000
"""Where `decide` gives up unless told otherwise; some minutes of work."""


Node = tuple[int, bool]
"""A state's index, and a mark whose meaning the search defines."""


class TooManyStatesError(Exception):
    """The model has more reachable states than the caller allowed."""


class DecisionKind(enum.Enum):
    """The answer to a query."""

    FOUND = "found"
    EXHAUSTED = "exhausted"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer, and what an engine's statistics and witness must agree with.

    `state_count` counts the reachable states (variables and clocks); states with an error of the spec have no
    successors. `cost` is the least cost of a witness: of the run for Reach and Recover, of the stem (up to the state
    in which the loop is entered, the trigger having held with no goal since) over the preferred kind of loop for Lasso.
    `is_loop_fault_free` says for a Lasso which kind of loop that is.

    `kind` is FAILURE as soon as any reachable state shows an error of the spec; `failures` then has the least cost of a
    run to each kind of error. An engine may find a witness before it meets the error: `cost` is then its least cost
    within what is free of errors (None for Recover, which cannot be told where states are missing).
    """

    kind: DecisionKind
    state_count: int
    cost: Cost | None = None
    is_loop_fault_free: bool | None = None
    failures: Mapping[FailureKind, Cost] = field(default_factory=dict)


@dataclass(slots=True)
class _Space:
    """All reachable states, by index, and what the query needs to know of each.

    `steps[i]` are (command or TICK, target); `owed[i]` the owed commands that are enabled and permitted;
    `truths[i]` the values of the query's formulas; `errors[i]` the kinds of error that show in state i.
    """

    states: list[State] = field(default_factory=list)
    index: dict[State, int] = field(default_factory=dict)
    initial: list[int] = field(default_factory=list)
    steps: list[list[tuple[int, int]]] = field(default_factory=list)
    owed: list[frozenset[int]] = field(default_factory=list)
    truths: list[dict[ExprId, bool]] = field(default_factory=list)
    errors: list[set[FailureKind]] = field(default_factory=list)
    initial_errors: set[FailureKind] = field(default_factory=set)


def decide(model: CoreModel, query: Query, *, max_states: int = MAX_STATES) -> Decision:
    """The answer to `query`. Raises `TooManyStatesError` if the model has more than `max_states` reachable states."""
    space = _explore(model, _formulas(query), max_states)
    distances = _distances(model, space)
    failures = _failures(model, space, distances)
    is_loop_fault_free = None
    cost: Cost | None
    match query:
        case Reach():
            cost = _least(distances, (i for i in range(len(space.states)) if _is_reached(model, query, space, i)))
        case Lasso():
            cost, is_loop_fault_free = _decide_lasso(model, query, space)
        case Recover():
            is_complete = not space.initial_errors and not any(space.errors)
            cost = _least(distances, _unrecoverable(query, space)) if is_complete else None
        case _:
            assert_never(query)
    if failures:
        kind = DecisionKind.FAILURE
    else:
        kind = DecisionKind.EXHAUSTED if cost is None else DecisionKind.FOUND
    return Decision(
        kind=kind,
        state_count=len(space.states),
        cost=cost,
        is_loop_fault_free=is_loop_fault_free,
        failures=failures,
    )


# --- the state space ---


def _formulas(query: Query) -> tuple[ExprId, ...]:
    match query:
        case Reach():
            return (query.goal,)
        case Lasso() | Recover():
            return (query.trigger, query.goal)
        case _:
            assert_never(query)


def _explore(model: CoreModel, formulas: tuple[ExprId, ...], max_states: int) -> _Space:
    """All states that runs reach, breadth first."""
    space = _Space()

    def add(state: State) -> int:
        if state not in space.index:
            if len(space.states) >= max_states:
                raise TooManyStatesError(f"more than {max_states} states")
            space.index[state] = len(space.states)
            space.states.append(state)
        return space.index[state]

    for values in initial_values(model):
        try:
            space.initial.append(add(initial_state(model, values)))
        except EvaluationError as error:
            space.initial_errors.add(error.kind)
    explored_count = 0
    while explored_count < len(space.states):
        situation = Situation(model, space.states[explored_count])
        steps, errors = situation.steps()
        truths: dict[ExprId, bool] = {}
        for formula in formulas:
            try:
                truths[formula] = situation.holds(formula)
            except EvaluationError as error:
                errors.append(error)
        space.truths.append(truths)
        space.errors.append({error.kind for error in errors})
        space.owed.append(
            frozenset() if errors else frozenset(c for c in range(len(model.commands)) if situation.is_owed(c))
        )
        space.steps.append([] if errors else [(step, add(target)) for step, target in steps])
        explored_count += 1
    return space


# --- costs ---


def _step_cost(model: CoreModel, step: int) -> Cost:
    if step == TICK:
        return (0, 1, 0)
    return (1 if _is_fault(model, step) else 0, 0, 1)


def _is_fault(model: CoreModel, step: int) -> bool:
    return step != TICK and model.commands[step].command_class is CommandClass.FAULT


def _dijkstra(starts: Iterable[Node], steps: Callable[[Node], Iterable[tuple[Cost, Node]]]) -> dict[Node, Cost]:
    """The least cost of each reachable node."""
    final: dict[Node, Cost] = {}
    pending = [((0, 0, 0), node) for node in starts]
    heapq.heapify(pending)
    while pending:
        cost, node = heapq.heappop(pending)
        if node in final:
            continue
        final[node] = cost
        for more, target in steps(node):
            if target not in final:
                heapq.heappush(pending, ((cost[0] + more[0], cost[1] + more[1], cost[2] + more[2]), target))
    return final


def _distances(model: CoreModel, space: _Space) -> dict[Node, Cost]:
    """The least cost of a run to each state."""
    return _dijkstra(
        [(i, False) for i in space.initial],
        lambda node: [(_step_cost(model, step), (target, False)) for step, target in space.steps[node[0]]],
    )


def _failures(model: CoreModel, space: _Space, distances: dict[Node, Cost]) -> dict[FailureKind, Cost]:
    """The least cost of a run to each kind of error."""
    failures: dict[FailureKind, Cost] = dict.fromkeys(space.initial_errors, (0, 0, 0))
    shown = [(kind, distances[i, False]) for i, kinds in enumerate(space.errors) for kind in kinds]
    shown += [(FailureKind.TIMELOCK, distances[i, False]) for i in _timelocked(model, space)]
    for kind, cost in shown:
        failures[kind] = min(cost, failures.get(kind, cost))
    return failures


def _least(distances: dict[Node, Cost], states: Iterable[int]) -> Cost | None:
    return min((distances[i, False] for i in states), default=None)


# --- reach ---


def _is_reached(model: CoreModel, query: Reach, space: _Space, i: int) -> bool:
    """Whether the goal holds in state i, or the query's clock exceeds its bound."""
    if space.truths[i].get(query.goal, False):
        return True
    return query.clock is not None and space.states[i][len(model.variables) + query.clock] > query.exceeds_ticks


# --- recover ---


def _unrecoverable(query: Recover, space: _Space) -> list[int]:
    """States where the trigger holds and from which no run without `stopped` commands reaches the goal."""
    goals = [i for i, truths in enumerate(space.truths) if truths[query.goal]]
    recovering = _backward(space, goals, lambda step: step not in query.stopped)
    return [i for i, truths in enumerate(space.truths) if truths[query.trigger] and i not in recovering]


def _backward(space: _Space, ends: Iterable[int], is_allowed: Callable[[int], bool]) -> set[int]:
    """All states from which allowed steps lead to one of `ends`, these included."""
    sources: dict[int, list[int]] = {}
    for source, steps in enumerate(space.steps):
        for step, target in steps:
            if is_allowed(step):
                sources.setdefault(target, []).append(source)
    reaching = set(ends)
    pending = list(reaching)
    while pending:
        for source in sources.get(pending.pop(), []):
            if source not in reaching:
                reaching.add(source)
                pending.append(source)
    return reaching


# --- lasso: fair runs (section 5, and section 6 with time) ---


def _decide_lasso(model: CoreModel, query: Lasso, space: _Space) -> tuple[Cost | None, bool | None]:
    """The least cost of a stem over the preferred kind of loop, and whether that is the kind without faults."""

    def is_pending(i: int, was_pending: bool) -> bool:
        """In state i: the trigger has held, there or before, with no goal since."""
        truths = space.truths[i]
        return (was_pending or truths.get(query.trigger, False)) and not truths.get(query.goal, True)

    stems = _dijkstra(
        [(i, is_pending(i, False)) for i in space.initial],
        lambda node: [
            (_step_cost(model, step), (target, is_pending(target, node[1]))) for step, target in space.steps[node[0]]
        ],
    )
    for is_fault_free in (True, False):
        loops = _fair_states(model, query, space, is_fault_free=is_fault_free)
        costs = [cost for (i, pending), cost in stems.items() if pending and i in loops]
        if costs:
            return min(costs), is_fault_free
    return None, None


def _fair_states(model: CoreModel, query: Lasso, space: _Space, *, is_fault_free: bool) -> set[int]:
    """States on a fair loop without the goal and without `stopped` commands, or where a fair run may stop."""
    nodes = {i for i, truths in enumerate(space.truths) if not space.errors[i] and not truths[query.goal]}

    def inner_steps(i: int, among: set[int]) -> list[tuple[int, int]]:
        return [
            (step, target)
            for step, target in space.steps[i]
            if target in among and step not in query.stopped and not (is_fault_free and _is_fault(model, step))
        ]

    fair: set[int] = set()
    if not model.is_timed:
        fair |= {i for i in nodes if not space.owed[i]}
    for component in strong_components(nodes, lambda i: [target for _, target in inner_steps(i, nodes)]):
        members = set(component)
        fired = {step for i in members for step, _ in inner_steps(i, members)}
        if fired and _is_fair(model, space, members, fired):
            fair |= members
    return fair


def _is_fair(model: CoreModel, space: _Space, members: set[int], fired: set[int]) -> bool:
    """Whether a loop through all states and inner steps of a component is fair."""
    if model.is_timed:
        return TICK in fired
    owed_for_ever = frozenset.intersection(*(space.owed[i] for i in members))
    return owed_for_ever <= fired


# --- timelocks (section 6) ---


def _timelocked(model: CoreModel, space: _Space) -> list[int]:
    """States from which no run ever lets time pass again. What an error hides gets the benefit of the doubt."""
    if not model.is_timed:
        return []
    lets_time_pass = [
        i for i, steps in enumerate(space.steps) if space.errors[i] or any(step == TICK for step, _ in steps)
    ]
    passing = _backward(space, lets_time_pass, lambda _: True)
    return [i for i in range(len(space.states)) if i not in passing]
