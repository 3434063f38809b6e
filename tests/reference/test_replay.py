"""Replay accepts what is true and rejects each kind of run that is not what it claims to be."""

import pytest

from cascade.core.model import TICK
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.reference.replay import ReplayError, replay, replay_failure
from cascade.verdicts.answer import FailureKind, SpecFailure, Statistics
from cascade.verdicts.run import CandidateRun, ReplayedRun
from tests.reference.models import EVENT, FAULT, OPERATOR, REACTION, Formula, ModelBuilder


def check(
    builder: ModelBuilder, query: Query, initial: tuple[int, ...], *steps: int, loop_start: int | None = None
) -> ReplayedRun:
    """Replay these steps."""
    return replay(builder.model(), query, CandidateRun(initial=initial, steps=steps, loop_start=loop_start))


def rejects(
    sentence: str,
    builder: ModelBuilder,
    query: Query,
    initial: tuple[int, ...],
    *steps: int,
    loop_start: int | None = None,
) -> None:
    """The replay of these steps ends with this sentence."""
    with pytest.raises(ReplayError, match=sentence):
        check(builder, query, initial, *steps, loop_start=loop_start)


CRASH, REPAIR, LOCK, UNLOCK = range(4)


def lockable() -> ModelBuilder:
    """Crashes, is repaired after 1 to 2 ticks; one lock, which a clause of the check forbids while it is up."""
    builder = ModelBuilder(is_timed=True)
    builder.variable("down", 1)
    builder.variable("locked", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "repair", ("and", "down", ("not", "locked")), {"down": 0}, after=(1, 2))
    builder.command(OPERATOR, "lock", ("not", "locked"), {"locked": 1}, permit="down")
    builder.command(OPERATOR, "unlock", "locked", {"locked": 0})
    builder.clock("downtime", "down", 9)
    return builder


# --- reach ---


def test_reach() -> None:
    builder = lockable()
    query = Reach(goal=builder.expr("locked"))
    run = check(builder, query, (0, 0), TICK, CRASH, TICK, LOCK)
    assert run.states == ((0, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0), (1, 0, 1, 1), (1, 1, 0, 1))
    assert run.times_ticks == (0, 1, 1, 2, 2)
    assert run.steps == (TICK, CRASH, TICK, LOCK)
    assert (run.fault_count, run.loop_start) == (1, None)


def test_a_tick_is_no_fault() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1)
    builder.command(FAULT, "crash", ("not", "x"), {"x": 1})
    run = check(builder, Reach(goal=builder.expr("x")), (0,), TICK, TICK, CRASH)
    assert (run.fault_count, run.times_ticks) == (1, (0, 1, 2, 2))


def test_reach_by_a_clock() -> None:
    builder = lockable()
    query = Reach(goal=builder.expr("locked"), clock=1, exceeds_ticks=1)
    assert check(builder, query, (0, 0), CRASH, TICK, TICK).times_ticks == (0, 0, 1, 2)
    rejects("does not exceed", builder, query, (0, 0), CRASH, TICK)


def test_wrong_steps() -> None:
    builder = lockable()
    query = Reach(goal=builder.expr("locked"))
    rejects("goal does not hold", builder, query, (0, 0), CRASH)
    rejects("2 variables", builder, query, (0,), CRASH)
    rejects("1 is no initial value of down", builder, query, (1, 0), LOCK)
    rejects("does not exist: 4", builder, query, (0, 0), 4)
    rejects("does not exist: -2", builder, query, (0, 0), -2)
    rejects("step 0 fires repair, which is not enabled", builder, query, (0, 0), REPAIR)
    rejects("step 0 fires lock, which a clause of the check forbids", builder, query, (0, 0), LOCK)
    rejects("step 1 fires repair before its earliest time", builder, query, (0, 0), CRASH, REPAIR)
    rejects("step 3 is a tick, but repair is due", builder, query, (0, 0), CRASH, TICK, TICK, TICK)
    rejects("a loop where a finite run", builder, query, (0, 0), CRASH, LOCK, loop_start=2)
    rejects("the loop starts at step 3 of 2", builder, query, (0, 0), CRASH, LOCK, loop_start=3)


def test_no_tick_without_time() -> None:
    builder = lockable()
    builder.is_timed = False
    query = Reach(goal=builder.expr("locked"))
    rejects("the model has no time", builder, query, (0, 0), CRASH, TICK, LOCK)


def test_no_tick_while_an_untimed_reaction_is_enabled() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1)
    builder.command(REACTION, "react", ("not", "x"), {"x": 1})
    query = Reach(goal=builder.expr(True))
    rejects("step 0 is a tick, but react is due", builder, query, (0,), TICK)


# --- lasso: timed ---


def stays_down(builder: ModelBuilder, trigger: Formula = "down", *, stopped: tuple[int, ...] = ()) -> Lasso:
    """Violates `trigger leads to not down once stopped stop`."""
    return Lasso(trigger=builder.expr(trigger), goal=builder.expr(("not", "down")), stopped=frozenset(stopped))


def test_timed_lasso() -> None:
    builder = lockable()
    builder.clocks.pop()
    query = stays_down(builder)
    run = check(builder, query, (0, 0), CRASH, LOCK, TICK, loop_start=2)
    assert (run.loop_start, run.states[2], run.states[3]) == (2, (1, 1, 0), (1, 1, 0))
    # Unlocking and locking again in time puts off the repair for ever.
    check(builder, query, (0, 0), CRASH, TICK, LOCK, UNLOCK, TICK, LOCK, loop_start=3)


def test_wrong_timed_lassos() -> None:
    builder = lockable()
    query = stays_down(builder)
    rejects("has no loop", builder, query, (0, 0), CRASH, LOCK, TICK)
    # The clock that measures the downtime is a part of the state.
    rejects("does not return", builder, query, (0, 0), CRASH, LOCK, TICK, loop_start=2)
    builder.clocks.pop()
    rejects("no time passes", builder, query, (0, 0), CRASH, LOCK, UNLOCK, loop_start=1)
    rejects("it has to go on", builder, query, (0, 0), CRASH, LOCK, loop_start=2)
    rejects("goal holds in the loop", builder, query, (0, 0), CRASH, TICK, REPAIR, loop_start=0)
    rejects("goal holds in the loop", builder, query, (0, 0), TICK, loop_start=0)
    stopped = stays_down(builder, stopped=(LOCK,))
    check(builder, stopped, (0, 0), CRASH, LOCK, TICK, loop_start=2)
    rejects(
        "the loop fires lock, which has stopped",
        builder,
        stopped,
        (0, 0),
        CRASH,
        LOCK,
        UNLOCK,
        TICK,
        LOCK,
        loop_start=2,
    )
    elsewhere = stays_down(builder, ("not", "down"))
    rejects("the trigger does not hold", builder, elsewhere, (0, 0), CRASH, LOCK, TICK, loop_start=2)


def test_the_trigger_may_hold_in_the_loop_only() -> None:
    builder = lockable()
    builder.clocks.pop()
    query = stays_down(builder, ("and", "down", "locked"))
    check(builder, query, (0, 0), CRASH, LOCK, TICK, UNLOCK, loop_start=1)
    check(builder, query, (0, 0), CRASH, LOCK, UNLOCK, LOCK, TICK, loop_start=4)


# --- lasso: untimed ---

BREAK, FIX, TOGGLE = range(3)


def noisy(fix_guard: Formula) -> ModelBuilder:
    """Breaks; a reaction fixes it where the guard holds; another toggles `noise` for ever."""
    builder = ModelBuilder()
    builder.variable("down", 1)
    builder.variable("noise", 1)
    builder.command(FAULT, "break", ("not", "down"), {"down": 1})
    builder.command(REACTION, "fix", fix_guard, {"down": 0})
    builder.command(REACTION, "toggle", True, {"noise": ("sub", 1, "noise")})
    return builder


def test_weak_fairness() -> None:
    builder = noisy(("and", "down", "noise"))
    query = stays_down(builder)
    check(builder, query, (0, 0), BREAK, TOGGLE, TOGGLE, loop_start=1)
    check(builder, query, (0, 0), BREAK, TOGGLE, TOGGLE, TOGGLE, loop_start=2)
    builder = noisy("down")
    query = stays_down(builder)
    rejects("fix stays enabled and never fires", builder, query, (0, 0), BREAK, TOGGLE, TOGGLE, loop_start=1)


def test_a_loop_that_fires_all_that_is_owed_is_fair() -> None:
    builder = noisy("down")
    query = Lasso(trigger=builder.expr(True), goal=builder.expr(False))
    check(builder, query, (0, 0), BREAK, TOGGLE, FIX, TOGGLE, loop_start=0)
    rejects("toggle stays enabled", builder, query, (0, 0), BREAK, FIX, loop_start=0)


def test_stopping() -> None:
    builder = noisy(("and", "down", "noise"))
    query = stays_down(builder)
    rejects("stops where toggle is owed", builder, query, (0, 0), BREAK, loop_start=1)
    builder.commands.pop()
    check(builder, query, (0, 0), BREAK, loop_start=1)
    # What has stopped may have fired before.
    check(builder, stays_down(builder, stopped=(BREAK,)), (0, 0), BREAK, loop_start=1)
    rejects("goal holds in the loop", builder, query, (0, 0), loop_start=0)


# --- recover ---


def dying() -> ModelBuilder:
    """0 is well, 1 is sick and heals, 2 is dead unless an operator acts."""
    builder = ModelBuilder()
    builder.variable("x", 2)
    builder.command(FAULT, "hurt", ("eq", "x", 0), {"x": 1})
    builder.command(FAULT, "kill", ("eq", "x", 1), {"x": 2})
    builder.command(REACTION, "heal", ("eq", "x", 1), {"x": 0})
    builder.command(OPERATOR, "replace", ("eq", "x", 2), {"x": 0})
    return builder


def test_recover() -> None:
    builder = dying()
    trigger, goal = builder.expr(("lt", 0, "x")), builder.expr(("eq", "x", 0))
    alone = Recover(trigger=trigger, goal=goal, stopped=frozenset({3}))
    helped = Recover(trigger=trigger, goal=goal)
    run = check(builder, alone, (0,), 0, 1)
    assert (run.fault_count, run.times_ticks) == (2, (0, 0, 0))
    rejects("trigger does not hold", builder, alone, (0,))
    rejects("goal can be reached", builder, alone, (0,), 0)
    rejects("goal can be reached", builder, helped, (0,), 0, 1)
    rejects("a loop where a finite run", builder, alone, (0,), 0, 1, loop_start=2)


def test_the_search_after_the_run_is_bounded() -> None:
    builder = dying()
    query = Recover(trigger=builder.expr("x"), goal=builder.expr(("eq", "x", 0)))
    candidate = CandidateRun(initial=(0,), steps=(0, 1))
    replay(builder.model(), query, candidate, search_states_max=1)
    with pytest.raises(ReplayError):
        replay(builder.model(), query, candidate, search_states_max=2)


# --- errors of the spec ---


def fails(
    kind: FailureKind,
    initial: tuple[int, ...],
    *steps: int,
    loop_start: int | None = None,
    command: int | None = None,
    expression: int | None = None,
    variable: int | None = None,
    value: int | None = None,
) -> SpecFailure:
    """A failure at the end of these steps."""
    return SpecFailure(
        kind=kind,
        run=CandidateRun(initial=initial, steps=steps, loop_start=loop_start),
        statistics=Statistics(),
        command=command,
        expression=expression,
        variable=variable,
        value=value,
    )


OUT_OF_DOMAIN, DIVISION, INDEX, TIMELOCK = FailureKind


def counting() -> ModelBuilder:
    """A counter that grows from 0 to 3 and beyond, and a guard that divides by 2 - x."""
    builder = ModelBuilder()
    builder.variable("x", 3)
    builder.command(EVENT, "grow", True, {"x": ("add", "x", 1)})
    builder.command(EVENT, "divide", ("eq", ("div", 1, ("sub", 2, "x")), 7), {})
    return builder


def test_failures_that_happen() -> None:
    builder = counting()
    model = builder.model()
    division, sum_ = builder.expr(("div", 1, ("sub", 2, "x"))), builder.expr(("add", "x", 1))
    run = replay_failure(model, fails(DIVISION, (0,), 0, 0, command=1, expression=division))
    assert run.states == ((0,), (1,), (2,))
    replay_failure(model, fails(DIVISION, (0,), 0, 0, command=1, expression=division, value=0))
    replay_failure(model, fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0, expression=sum_, variable=0, value=4))
    replay_failure(model, fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0))


@pytest.mark.parametrize(
    "failure",
    [
        fails(DIVISION, (0,), 0, command=1),
        fails(DIVISION, (0,), 0, 0, command=0),
        fails(DIVISION, (0,), 0, 0),
        fails(INDEX, (0,), 0, 0, command=1),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, command=0),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0, value=5),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0, variable=1),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0, expression=0),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=2),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, 0, command=0),
        fails(OUT_OF_DOMAIN, (1,), 0, 0, command=0),
        fails(OUT_OF_DOMAIN, (0,), 0, 0, 0, command=0, loop_start=3),
        fails(TIMELOCK, (0,), 0, loop_start=0),
    ],
)
def test_failures_that_do_not_happen(failure: SpecFailure) -> None:
    with pytest.raises(ReplayError):
        replay_failure(counting().model(), failure)


def test_each_wrong_update_of_a_command_is_a_failure() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3)
    builder.variable("y", 3)
    builder.command(EVENT, "wrong", True, {"x": 9, "y": ("div", 1, "x")})
    model = builder.model()
    replay_failure(model, fails(OUT_OF_DOMAIN, (0, 0), command=0, variable=0, value=9))
    replay_failure(model, fails(DIVISION, (0, 0), command=0))


def test_a_failure_while_settling() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3, 0, 1)
    builder.variable("y", 1)
    builder.command(EVENT, "clear", ("eq", "x", 1), {"x": 0})
    builder.settle("y", ("div", 1, "x"))
    builder.clock("c", 1, 1)
    model = builder.model()
    assert replay_failure(model, fails(DIVISION, (0, 0))).states == ((0, 0, 0),)
    assert replay_failure(model, fails(DIVISION, (1, 0), command=0)).states == ((1, 1, 0),)
    with pytest.raises(ReplayError):
        replay_failure(model, fails(DIVISION, (1, 0)))
    with pytest.raises(ReplayError):
        replay_failure(model, fails(DIVISION, (0, 0), 0))


def test_a_failure_in_the_query() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3)
    division = builder.expr(("div", 1, "x"))
    lazy = Reach(goal=builder.expr(("and", "x", ("div", 1, "x"))))
    eager = Lasso(trigger=division, goal=builder.expr(False))
    model = builder.model()
    failure = fails(DIVISION, (0,), expression=division)
    replay_failure(model, failure)
    replay_failure(model, failure, eager)
    with pytest.raises(ReplayError, match="does not show the failure"):
        replay_failure(model, failure, lazy)


def test_a_run_through_an_error_is_rejected() -> None:
    builder = counting()
    query = Reach(goal=builder.expr(("eq", "x", 3)))
    # A guard that nobody asks for does not spoil a run, but the command that fails does.
    check(builder, query, (0,), 0, 0, 0)
    rejects("error of the spec: division by zero in command 1", builder, query, (0,), 0, 0, 1)
    rejects("error of the spec: out of domain in command 0", builder, query, (0,), 0, 0, 0, 0)


def flip_flop(*, has_way_out: bool) -> ModelBuilder:
    """After a fault two untimed reactions undo each other in no time."""
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 3)
    builder.command(FAULT, "start", ("eq", "x", 0), {"x": 1})
    builder.command(REACTION, "flip", ("eq", "x", 1), {"x": 2})
    builder.command(REACTION, "flop", ("eq", "x", 2), {"x": 1})
    if has_way_out:
        builder.command(OPERATOR, "unplug", ("eq", "x", 2), {"x": 3})
    return builder


def test_timelock() -> None:
    model = flip_flop(has_way_out=False).model()
    assert replay_failure(model, fails(TIMELOCK, (0,), TICK, 0, 1, 2, loop_start=2)).times_ticks == (0, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("sentence", "failure"),
    [
        ("shown by a loop", fails(TIMELOCK, (0,), 0, 1, 2)),
        ("shown by a loop", fails(TIMELOCK, (0,), 0, loop_start=1)),
        ("does not return", fails(TIMELOCK, (0,), 0, 1, loop_start=1)),
        ("time passes in the loop", fails(TIMELOCK, (0,), TICK, loop_start=0)),
        ("step 1 is a tick, but flip is due", fails(TIMELOCK, (0,), 0, TICK, loop_start=1)),
        ("time can pass again", fails(TIMELOCK, (0,), 0, 1, 2, loop_start=1)),
    ],
)
def test_wrong_timelocks(sentence: str, failure: SpecFailure) -> None:
    with pytest.raises(ReplayError, match=sentence):
        replay_failure(flip_flop(has_way_out=True).model(), failure)
