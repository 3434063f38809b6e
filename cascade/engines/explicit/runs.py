"""Candidate runs from states: which commands lead from one to the next."""

from collections.abc import Sequence
from itertools import pairwise

from cascade.core.model import TICK
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.search import ROOT


def path_to(parents: dict[int, int], state: int) -> list[int]:
    """The states from an initial one to `state`."""
    path = [state]
    while parents[path[-1]] != ROOT:
        path.append(parents[path[-1]])
    path.reverse()
    return path


def initial_of(compiled: CompiledModel, state: int) -> tuple[int, ...]:
    """The first initial values that settle to `state`."""
    for values in compiled.initial_values():
        if compiled.initial_state(values) == state:
            return values
    raise AssertionError("a run starts in an initial state")


def step_between(
    compiled: CompiledModel, expander: Expander, before: int, after: int, excluded: frozenset[int] = frozenset()
) -> int:
    """The cheapest step from one state to the other: a command that is no fault, else a tick, else a fault."""
    # No command lets a clock go on, so one that does what a tick does does nothing at all.
    ticked = expander.steps(before)[1]
    if ticked == after and after != before:
        return TICK
    fault: int | None = None
    for command in compiled.commands:
        if command.index in excluded or compiled.next_state(command, before) != after:
            continue
        if not command.is_fault:
            return command.index
        fault = command.index if fault is None else fault
    if ticked == after:
        return TICK
    assert fault is not None, "one of the two states follows the other"
    return fault


def steps_along(
    compiled: CompiledModel, expander: Expander, path: Sequence[int], excluded: frozenset[int] = frozenset()
) -> list[int]:
    """The cheapest step between each two neighbours."""
    return [step_between(compiled, expander, a, b, excluded) for a, b in pairwise(path)]


def due_lasso(compiled: CompiledModel, state: int) -> tuple[tuple[int, ...], int]:
    """Due commands from a state in which time never passes again, and which of them begins the loop they end in."""
    seen: dict[int, int] = {}
    steps: list[int] = []
    while state not in seen:
        seen[state] = len(steps)
        command, state = _due_step(compiled, state)
        steps.append(command)
    return tuple(steps), seen[state]


def _due_step(compiled: CompiledModel, state: int) -> tuple[int, int]:
    for command in compiled.commands:
        if command.is_owed and compiled.is_due(command, state):
            after = compiled.next_state(command, state)
            if after is not None:
                return command.index, after
    raise AssertionError("a due command can fire, else time would pass")
