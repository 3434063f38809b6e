"""Brute force against replay: on tiny random models, all short runs are tried, and replay judges each of them.

The two share the meaning of one step and nothing else, so each is the other's oracle for fairness, loops and costs.
"""

import random
from collections.abc import Iterator

import pytest

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.reference.decide import Cost, DecisionKind, decide
from cascade.reference.replay import ReplayError, replay
from cascade.reference.step import Situation, State, initial_state, initial_values, successors
from cascade.verdicts.run import CandidateRun
from tests.reference.models import Formula, ModelBuilder

MODEL_COUNT = 150
STEP_COUNT_MAX = 6
VARIABLES = ("x", "y")
ATOMS: tuple[Formula, ...] = ("x", "y", ("not", "x"), ("not", "y"), True)


def random_formula(rng: random.Random) -> Formula:
    """A conjunction or disjunction of atoms."""
    return rng.choice((("and", rng.choice(ATOMS), rng.choice(ATOMS)), ("or", rng.choice(ATOMS), rng.choice(ATOMS))))


def random_model(rng: random.Random) -> ModelBuilder:
    """Two bits, up to three commands, with or without time."""
    builder = ModelBuilder(is_timed=rng.random() < 0.4)
    for name in VARIABLES:
        builder.variable(name, 1)
    for index in range(rng.randint(1, 3)):
        after = rng.choice((None, (1, 1), (0, 1))) if builder.is_timed else None
        builder.command(
            rng.choice(tuple(CommandClass)),
            f"c{index}",
            random_formula(rng),
            {rng.choice(VARIABLES): rng.choice((0, 1, ("not", rng.choice(VARIABLES))))},
            permit=True if rng.random() < 0.7 else random_formula(rng),
            after=after,
        )
    return builder


def runs(model: CoreModel) -> Iterator[tuple[CandidateRun, tuple[State, ...]]]:
    """All runs of up to `STEP_COUNT_MAX` steps, with their states."""
    pending: list[tuple[tuple[int, ...], tuple[int, ...], tuple[State, ...]]] = [
        (values, (), (initial_state(model, values),)) for values in initial_values(model)
    ]
    while pending:
        initial, steps, states = pending.pop()
        yield CandidateRun(initial=initial, steps=steps), states
        if len(steps) < STEP_COUNT_MAX:
            pending += [(initial, (*steps, step), (*states, state)) for step, state in successors(model, states[-1])]


def is_accepted(model: CoreModel, query: Query, candidate: CandidateRun) -> bool:
    """Whether the run shows what the query asks for."""
    try:
        replay(model, query, candidate)
    except ReplayError:
        return False
    return True


def cost_of(model: CoreModel, steps: tuple[int, ...]) -> Cost:
    """Faults, ticks, commands."""
    return (fault_count(model, steps), steps.count(TICK), len(steps) - steps.count(TICK))


def fault_count(model: CoreModel, steps: tuple[int, ...]) -> int:
    """How many steps are faults."""
    return sum(step != TICK and model.commands[step].command_class is CommandClass.FAULT for step in steps)


def is_pending(model: CoreModel, query: Lasso, states: tuple[State, ...]) -> bool:
    """Whether at the end of these states the trigger has held with no goal since."""
    pending = False
    for state in states:
        here = Situation(model, state)
        pending = (pending or here.holds(query.trigger)) and not here.holds(query.goal)
    return pending


@pytest.mark.parametrize("seed", range(MODEL_COUNT))
def test_reach_and_recover(seed: int) -> None:
    rng = random.Random(seed)
    builder = random_model(rng)
    trigger, goal = builder.expr(random_formula(rng)), builder.expr(random_formula(rng))
    stopped = frozenset(i for i in range(len(builder.commands)) if rng.random() < 0.4)
    model = builder.model()
    for query in (Reach(goal=goal), Recover(trigger=trigger, goal=goal, stopped=stopped)):
        decision = decide(model, query)
        costs = [cost_of(model, run.steps) for run, _ in runs(model) if is_accepted(model, query, run)]
        if decision.kind is DecisionKind.EXHAUSTED:
            assert costs == []
        else:
            assert decision.cost == min(costs, default=None)


@pytest.mark.parametrize("seed", range(MODEL_COUNT))
def test_lasso(seed: int) -> None:
    rng = random.Random(seed)
    builder = random_model(rng)
    trigger, goal = rng.choice(ATOMS), rng.choice(("x", "y", ("and", "x", "y"), False))
    query = Lasso(
        trigger=builder.expr(trigger),
        goal=builder.expr(goal),
        stopped=frozenset(i for i in range(len(builder.commands)) if rng.random() < 0.2),
    )
    model = builder.model()
    decision = decide(model, query)
    found: dict[bool, list[Cost]] = {True: [], False: []}
    for run, states in runs(model):
        for loop_start in range(len(run.steps) + 1):
            candidate = CandidateRun(initial=run.initial, steps=run.steps, loop_start=loop_start)
            if states[loop_start] == states[-1] and is_accepted(model, query, candidate):
                is_fault_free = fault_count(model, run.steps[loop_start:]) == 0
                if is_pending(model, query, states[: loop_start + 1]):
                    found[is_fault_free].append(cost_of(model, run.steps[:loop_start]))
                assert decision.cost is not None
                assert decision.is_loop_fault_free or not is_fault_free
    if decision.cost is not None:
        assert decision.is_loop_fault_free is not None
        # The shortest loop of these models closes within the steps that are tried.
        assert decision.cost == min(found[decision.is_loop_fault_free])
