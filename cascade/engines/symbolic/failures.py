"""Errors of the spec as answers."""

import z3

from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.symbolic.concrete import Concrete, State
from cascade.engines.symbolic.encode import Encoder
from cascade.engines.symbolic.patience import Patience, new_solver
from cascade.engines.symbolic.timelock import Timelock
from cascade.engines.symbolic.unroll import value_in
from cascade.verdicts.answer import FailureKind, SpecFailure, Statistics
from cascade.verdicts.run import CandidateRun


def failing_start(encoder: Encoder, patience: Patience) -> tuple[int, ...] | None:
    """Initial values that fail to settle."""
    arithmetic = encoder.arithmetic
    unknowns = encoder.variables("initial")
    _, settles = encoder.settled(encoder.valuation(unknowns))
    if settles is arithmetic.true:
        return None
    solver = new_solver(arithmetic.context)
    within, first = encoder.initial(unknowns)
    solver.add(*within, first, arithmetic.not_(settles))
    if patience.check(solver, []) != z3.sat:
        return None
    model = solver.model()
    return tuple(value_in(model, encoder, term) for term in unknowns)


def start_failure(concrete: Concrete, initial: tuple[int, ...], statistics: Statistics) -> SpecFailure:
    """The error of initial values that fail to settle."""
    try:
        concrete.first(initial)
    except EvaluationFailure as failure:
        return _answer(failure, CandidateRun(initial=initial, steps=()), statistics)
    raise AssertionError("these initial values fail to settle")


def first_failure(concrete: Concrete, state: State, run: CandidateRun, statistics: Statistics) -> SpecFailure:
    """The error that shows in the last state of a run."""
    failure = concrete.failure(state)
    assert failure is not None, "an error shows in this state"
    return _answer(failure, run, statistics)


def timelock_failure(timelock: Timelock, statistics: Statistics) -> SpecFailure:
    """The run to a locked state, and the loop there."""
    run = timelock.witness.run
    return SpecFailure(
        kind=FailureKind.TIMELOCK,
        run=CandidateRun(
            initial=run.initial,
            steps=(*run.steps, *timelock.steps),
            loop_start=len(run.steps) + timelock.loop_start,
        ),
        statistics=statistics,
    )


def _answer(failure: EvaluationFailure, run: CandidateRun, statistics: Statistics) -> SpecFailure:
    return SpecFailure(
        kind=failure.kind,
        run=run,
        statistics=statistics,
        command=failure.command,
        expression=failure.expression,
        variable=failure.variable,
        value=failure.value,
    )
