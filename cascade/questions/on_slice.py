"""An engine's answer from a slice of the model, told of the whole model.

Nothing is concluded here: `cascade.questions.ask` replays the run on the whole model, as it does every other.
"""

from dataclasses import replace
from typing import assert_never

from cascade.core.cone import Slice, sliced
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Query
from cascade.engines.engine import Engine
from cascade.limits import Limits, Progress
from cascade.reference.step import Situation, State, initial_state
from cascade.verdicts.answer import Answer, Exhausted, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun

UNROLLED_STEPS_MAX = 20_000
"""How far a loop is unrolled for what was left out to come round as well; beyond, the whole model is searched."""


def answer_on_slice(search: Engine, model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """What `search` answers to what of `model` can influence `query`."""
    part = sliced(model, query)
    if part is not None:
        answer = _lifted(part, search(part.model, part.query, limits, progress))
        if answer is not None:
            return answer
    answer = search(model, query, limits, progress)
    return replace(answer, statistics=_with_sizes(answer.statistics, model, model))


def _lifted(part: Slice, answer: Answer) -> Answer | None:
    """The answer told of the whole model; None if its run is too long to be told."""
    statistics = _with_sizes(answer.statistics, part.whole, part.model)
    match answer:
        case Found():
            run = _lifted_run(part, answer.run)
            return None if run is None else replace(answer, run=run, statistics=statistics)
        case Exhausted() | Stopped():
            return replace(answer, statistics=statistics)
        case SpecFailure():
            run = _lifted_run(part, answer.run)
            if run is None:
                return None
            return replace(
                answer,
                run=run,
                statistics=statistics,
                command=None if answer.command is None else part.commands[answer.command],
                expression=None if answer.expression is None else part.expressions[answer.expression],
                variable=None if answer.variable is None else part.variables[answer.variable],
            )
        case _:
            assert_never(answer)


def _lifted_run(part: Slice, run: CandidateRun) -> CandidateRun | None:
    """The run with its commands of the whole model. A loop goes round until what is not in the slice is back where it was, too."""
    initial, steps = part.lifted_initial(run.initial), part.lifted_steps(run.steps)
    start = run.loop_start
    if start is None or start == len(steps):
        return replace(run, initial=initial, steps=steps)
    loop = steps[start:]
    state = _after(part.whole, initial_state(part.whole, initial), steps[:start])
    rounds = {state: 0}
    while len(rounds) * len(loop) <= UNROLLED_STEPS_MAX:
        state = _after(part.whole, state, loop)
        if state in rounds:
            first, count = rounds[state], len(rounds)
            whole = (*steps[:start], *(loop * count))
            return CandidateRun(initial=initial, steps=whole, loop_start=start + first * len(loop))
        rounds[state] = len(rounds)
    return None


def _after(model: CoreModel, state: State, steps: tuple[int, ...]) -> State:
    """The state after these steps. Whether they are possible is for the replay to say."""
    for step in steps:
        situation = Situation(model, state)
        state = situation.tick() if step == TICK else situation.fire(step)
    return state


def _with_sizes(statistics: Statistics, whole: CoreModel, part: CoreModel) -> Statistics:
    sizes = (
        ("sliced variables", f"{len(part.variables):,} of {len(whole.variables):,}"),
        ("sliced commands", f"{len(part.commands):,} of {len(whole.commands):,}"),
    )
    return replace(statistics, details=(*statistics.details, *sizes))
