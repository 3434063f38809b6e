"""What becomes of a run in a changed system: the same decisions as far as they are still possible there.

The reference interpreter takes the steps: the next command of the run if it may fire, else a fault that has to strike, or what is owed, else time passes. It ends when as
much time has passed as in the run, so that both can be compared. One run of the changed system, not a proof: that is the business of who asked.
"""

from cascade.checked.model import Formula, FormulaKind, Outage
from cascade.core.lower import lower
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Reach
from cascade.questions.inquiry import Inquiry, Reply
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError
from cascade.reference.replay import ReplayError, replay
from cascade.reference.step import Situation, initial_state
from cascade.verdicts.run import CandidateRun, ReplayedRun

STEPS_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """`run` starts like the run that was followed and ends, after the same time, without the outage. `model` is the changed system.

    `missing` are commands of the run that never became possible, `added` those that fired instead, by name.
    """

    model: CoreModel
    run: ReplayedRun
    missing: tuple[str, ...]
    added: tuple[str, ...]


def follow(inquiry: Inquiry, reply: Reply, changed: Reply, outage: Outage) -> Followed | None:
    """The run of `reply` in the model that `changed` asked about; None where it does not end without the outage, or fails."""
    run = reply.run
    if run is None or run.loop_start is not None:
        return None
    over = Formula(kind=FormulaKind.ALWAYS, conditions=(outage.condition,))
    model, query = lower(inquiry.system, inquiry.variant(changed.check, over))
    assert isinstance(query, Reach), "`always` is a question of reachability"
    wanted = [TICK if step == TICK else reply.model.commands[step].name for step in run.steps]
    initial = tuple(v.initial[0] for v in model.variables)
    try:
        steps = _steps(model, initial, wanted)
        replayed = replay(model, query, CandidateRun(initial=initial, steps=steps))
    except (EvaluationError, ReplayError):
        return None
    fired = [model.commands[step].name for step in steps if step != TICK]
    before = [name for name in wanted if isinstance(name, str)]
    return Followed(
        model=model,
        run=replayed,
        missing=tuple(dict.fromkeys(name for name in before if name not in fired)),
        added=tuple(dict.fromkeys(name for name in fired if name not in before)),
    )


def _steps(model: CoreModel, initial: tuple[int, ...], wanted: list[str | int]) -> tuple[int, ...]:
    """Steps until as much time has passed as in `wanted`, commands by name; the last instant is taken to its end."""
    position = {command.name: i for i, command in enumerate(model.commands)}
    situation = Situation(model, initial_state(model, initial))
    pending = [name for name in wanted if name != TICK]
    ticks_left = sum(step == TICK for step in wanted)
    steps: list[int] = []
    while len(steps) < STEPS_MAX:
        step = _next(model, situation, [position.get(str(name)) for name in pending[:1]])
        if step is None:
            if pending and not (ticks_left and situation.is_tick_possible()):
                pending.pop(0)  # it is not possible any more
                continue
            if not ticks_left:
                break
            step, ticks_left = TICK, ticks_left - 1
            situation = Situation(model, situation.tick())
        else:
            if pending and model.commands[step].name == pending[0]:
                pending.pop(0)
            situation = Situation(model, situation.fire(step))
        steps.append(step)
    return tuple(steps)


def _next(model: CoreModel, situation: Situation, wanted: list[int | None]) -> int | None:
    """What fires next; None: time passes."""
    for index in wanted:
        if index is not None and situation.may_fire(index):
            return index
    if situation.is_tick_possible():
        return None
    return next((i for i in range(len(model.commands)) if situation.is_due(i) and situation.may_fire(i)), None)
