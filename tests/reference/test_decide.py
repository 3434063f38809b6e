"""Brute force on small models: state counts, answers and least costs that were worked out by hand."""

import pytest

from cascade.core.model import CommandClass
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.reference.decide import Decision, DecisionKind, TooManyStatesError, decide
from cascade.verdicts.answer import FailureKind
from tests.reference.models import EVENT, FAULT, OPERATOR, REACTION, Formula, ModelBuilder

FOUND = DecisionKind.FOUND
EXHAUSTED = DecisionKind.EXHAUSTED
FAILURE = DecisionKind.FAILURE


def ask(builder: ModelBuilder, query: Query, max_states: int = 1000) -> Decision:
    """The decision, with a model that is made after the query's formulas."""
    return decide(builder.model(), query, max_states=max_states)


# --- reach ---


@pytest.mark.parametrize(("budget", "state_count", "cost"), [(2, 7, None), (3, 8, (3, 0, 3))])
def test_a_budget_bounds_the_faults_of_a_run(budget: int, state_count: int, cost: tuple[int, int, int] | None) -> None:
    builder = ModelBuilder()
    for member in ("a", "b", "c"):
        builder.variable(member, 1)
    builder.variable("budget", budget, budget)
    for member in ("a", "b", "c"):
        builder.command(
            FAULT,
            f"{member}.crash",
            ("eq", member, 0),
            {member: 1, "budget": ("sub", "budget", 1)},
            permit=("lt", 0, "budget"),
        )
    goal = builder.expr(("and", "a", "b", "c"))
    decision = ask(builder, Reach(goal=goal))
    assert decision.kind is (EXHAUSTED if cost is None else FOUND)
    assert (decision.state_count, decision.cost) == (state_count, cost)


def test_fewer_faults_before_less_time_before_fewer_commands() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 4)
    builder.command(FAULT, "at once", ("eq", "x", 0), {"x": 4})
    builder.command(OPERATOR, "late", ("eq", "x", 0), {"x": 4}, after=(3, None))
    builder.command(OPERATOR, "soon", ("lt", "x", 4), {"x": ("add", "x", 1)})
    goal = builder.expr(("eq", "x", 4))
    # Without a fault, in no time, by four small steps.
    assert ask(builder, Reach(goal=goal)).cost == (0, 0, 4)
    builder.commands.pop()
    assert ask(builder, Reach(goal=goal)).cost == (0, 3, 1)


def test_several_initial_states() -> None:
    builder = ModelBuilder()
    builder.variable("x", 2, 0, 1, 2)
    builder.variable("is_two", 1)
    builder.settle("is_two", ("eq", "x", 2))
    decision = ask(builder, Reach(goal=builder.expr("is_two")))
    assert (decision.kind, decision.state_count, decision.cost) == (FOUND, 3, (0, 0, 0))


def down_and_repaired(*, earliest: int, latest: int) -> ModelBuilder:
    """One component that crashes and is repaired in time; a clock (index 1) that measures how long it is down."""
    builder = ModelBuilder(is_timed=True)
    builder.variable("down", 1)
    builder.variable("repaired", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "repair", "down", {"down": 0, "repaired": 1}, after=(earliest, latest))
    builder.clock("downtime", "down", 9)
    return builder


def test_not_repaired_before_the_earliest_time() -> None:
    builder = down_and_repaired(earliest=2, latest=3)
    decision = ask(builder, Reach(goal=builder.expr("repaired")))
    # up; down for 0, 1, 2, 3 ticks: once before and once after the first repair.
    assert (decision.state_count, decision.cost) == (10, (1, 2, 2))


def test_repaired_by_the_latest_time() -> None:
    builder = down_and_repaired(earliest=2, latest=3)
    never = builder.expr(False)
    exceeds_2 = ask(builder, Reach(goal=never, clock=1, exceeds_ticks=2))
    exceeds_3 = ask(builder, Reach(goal=never, clock=1, exceeds_ticks=3))
    assert (exceeds_2.kind, exceeds_2.cost) == (FOUND, (1, 3, 1))
    assert (exceeds_3.kind, exceeds_3.cost) == (EXHAUSTED, None)


def test_a_repair_that_is_disabled_starts_over() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("down", 1)
    builder.variable("locked", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "repair", ("and", "down", ("not", "locked")), {"down": 0}, after=(2, 2))
    builder.command(EVENT, "lock", True, {"locked": ("sub", 1, "locked")})
    builder.clock("downtime", "down", 9)
    never = builder.expr(False)
    # crash, tick, lock, tick, tick: one fault, three ticks, two commands.
    assert ask(builder, Reach(goal=never, clock=1, exceeds_ticks=2)).cost == (1, 3, 2)


def test_a_periodic_reaction_starts_over_when_it_fires() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("warm", 3)
    builder.command(REACTION, "fill", ("lt", "warm", 3), {"warm": ("add", "warm", 1)}, after=(2, 2))
    decision = ask(builder, Reach(goal=builder.expr(("eq", "warm", 3))))
    # Three clock values for each of warm = 0, 1, 2, and one state with warm = 3.
    assert (decision.state_count, decision.cost) == (10, (0, 6, 3))


def test_no_time_passes_while_an_untimed_reaction_is_enabled() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("down", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "restart", "down", {"down": 0})
    builder.clock("downtime", "down", 5)
    decision = ask(builder, Reach(goal=builder.expr(False), clock=0, exceeds_ticks=0))
    assert (decision.kind, decision.state_count) == (EXHAUSTED, 2)


# --- lasso: untimed ---


def crash_and_noise(fix_guard: Formula, fix_class: CommandClass = REACTION) -> ModelBuilder:
    """A component that crashes, a repair with this guard, and a reaction that toggles `noise` for ever."""
    builder = ModelBuilder()
    builder.variable("down", 1)
    builder.variable("noise", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "fix", fix_guard, {"down": 0}, owed=fix_class is REACTION)
    builder.command(REACTION, "toggle", True, {"noise": ("sub", 1, "noise")})
    return builder


def comes_back(builder: ModelBuilder) -> Lasso:
    """down leads to not down."""
    return Lasso(trigger=builder.expr("down"), goal=builder.expr(("not", "down")))


def test_what_is_owed_for_ever_happens() -> None:
    builder = crash_and_noise("down")
    query = comes_back(builder)
    decision = ask(builder, query)
    assert (decision.kind, decision.state_count, decision.cost) == (EXHAUSTED, 4, None)


def test_what_is_not_owed_may_never_happen() -> None:
    builder = crash_and_noise("down", OPERATOR)
    query = comes_back(builder)
    decision = ask(builder, query)
    assert (decision.kind, decision.cost, decision.is_loop_fault_free) == (FOUND, (1, 0, 1), True)


def test_what_is_enabled_again_and_again_may_never_happen() -> None:
    # Weak fairness, not strong: the repair is disabled in every other state of the loop.
    builder = crash_and_noise(("and", "down", "noise"))
    query = comes_back(builder)
    decision = ask(builder, query)
    assert (decision.kind, decision.cost, decision.is_loop_fault_free) == (FOUND, (1, 0, 1), True)


def test_a_run_may_stop_only_where_nothing_is_owed() -> None:
    for is_owed, kind in ((False, FOUND), (True, EXHAUSTED)):
        builder = ModelBuilder()
        builder.variable("down", 1)
        builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
        builder.command(OPERATOR, "act", "down", {"down": 0}, owed=is_owed)
        query = comes_back(builder)
        assert ask(builder, query).kind is kind


def test_what_is_forbidden_is_not_owed() -> None:
    builder = ModelBuilder()
    builder.variable("down", 1, 1)
    builder.command(REACTION, "fix", "down", {"down": 0}, permit=False)
    query = comes_back(builder)
    decision = ask(builder, query)
    assert (decision.kind, decision.state_count, decision.cost) == (FOUND, 1, (0, 0, 0))


def starved_by_faults() -> tuple[ModelBuilder, Lasso]:
    """`finish` needs the component up; it never has to fire if the component crashes again and again."""
    builder = ModelBuilder()
    builder.variable("down", 1)
    builder.variable("finished", 1)
    builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
    builder.command(REACTION, "fix", "down", {"down": 0})
    builder.command(REACTION, "finish", ("and", ("not", "down"), ("not", "finished")), {"finished": 1})
    return builder, Lasso(trigger=builder.expr(True), goal=builder.expr("finished"))


def test_a_loop_that_needs_faults() -> None:
    builder, query = starved_by_faults()
    decision = ask(builder, query)
    assert (decision.kind, decision.state_count) == (FOUND, 4)
    assert (decision.cost, decision.is_loop_fault_free) == ((0, 0, 0), False)


def test_once_faults_stop() -> None:
    builder, query = starved_by_faults()
    stopped = Lasso(trigger=query.trigger, goal=query.goal, stopped=frozenset({0}))
    assert ask(builder, stopped).kind is EXHAUSTED


def test_a_loop_without_faults_is_preferred_at_a_higher_price() -> None:
    builder, query = starved_by_faults()
    builder.variable("dead", 1)
    builder.commands[1:] = []
    builder.command(REACTION, "fix", ("and", "down", ("not", "dead")), {"down": 0})
    builder.command(REACTION, "finish", ("and", ("not", "down"), ("not", "finished")), {"finished": 1})
    builder.command(FAULT, "die", ("and", "down", ("not", "dead")), {"dead": 1})
    decision = ask(builder, query)
    # crash, die, and the run stops; crash and fix for ever would cost nothing.
    assert (decision.cost, decision.is_loop_fault_free) == ((2, 0, 2), True)


def test_stopped_commands_may_fire_before_the_loop() -> None:
    builder = crash_and_noise(("and", "down", "noise"))
    query = Lasso(trigger=builder.expr("down"), goal=builder.expr(("not", "down")), stopped=frozenset({0}))
    assert ask(builder, query).cost == (1, 0, 1)


def test_the_goal_pays_every_debt_before_it() -> None:
    builder = ModelBuilder()
    builder.variable("x", 2)
    builder.command(REACTION, "step", ("lt", "x", 2), {"x": ("add", "x", 1)})
    first = Lasso(trigger=builder.expr(("eq", "x", 0)), goal=builder.expr(("eq", "x", 1)))
    assert ask(builder, first).kind is EXHAUSTED
    again = Lasso(trigger=builder.expr(("le", "x", 1)), goal=builder.expr(("eq", "x", 1)))
    assert ask(builder, again).kind is EXHAUSTED
    late = Lasso(trigger=builder.expr(("eq", "x", 2)), goal=builder.expr(("eq", "x", 1)))
    assert ask(builder, late).cost == (0, 0, 2)


# --- lasso: timed ---


def test_time_forces_what_has_a_latest_time() -> None:
    # Where it is not owed, the loop is a tick with the clock stopped at 2.
    for is_owed, kind, cost in ((True, EXHAUSTED, None), (False, FOUND, (1, 2, 1))):
        builder = ModelBuilder(is_timed=True)
        builder.variable("down", 1)
        builder.variable("noise", 1)
        builder.command(FAULT, "crash", ("not", "down"), {"down": 1})
        builder.command(OPERATOR, "act", "down", {"down": 0}, after=(2, 2), owed=is_owed)
        # Toggling for ever in no time is no fair run: it does not put off what is owed.
        builder.command(EVENT, "toggle", True, {"noise": ("sub", 1, "noise")})
        query = comes_back(builder)
        decision = ask(builder, query)
        assert (decision.kind, decision.state_count, decision.cost) == (kind, 8, cost)


def test_a_timed_run_does_not_stop() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1, 1)
    query = Lasso(trigger=builder.expr("x"), goal=builder.expr(False))
    decision = ask(builder, query)
    # The loop is a tick that changes nothing.
    assert (decision.kind, decision.state_count, decision.cost) == (FOUND, 1, (0, 0, 0))


# --- recover ---


def wedge() -> ModelBuilder:
    """0 is well, 1 is sick and heals, 2 is dead unless an operator acts."""
    builder = ModelBuilder()
    builder.variable("x", 2)
    builder.command(FAULT, "hurt", ("eq", "x", 0), {"x": 1})
    builder.command(FAULT, "kill", ("eq", "x", 1), {"x": 2})
    builder.command(REACTION, "heal", ("eq", "x", 1), {"x": 0})
    builder.command(OPERATOR, "replace", ("eq", "x", 2), {"x": 0})
    return builder


@pytest.mark.parametrize(
    ("stopped", "cost"),
    [(set(), None), ({3}, (2, 0, 2)), ({0, 1}, None), ({2, 3}, (1, 0, 1)), ({2}, None)],
)
def test_recover(stopped: set[int], cost: tuple[int, int, int] | None) -> None:
    builder = wedge()
    query = Recover(trigger=builder.expr(("lt", 0, "x")), goal=builder.expr(("eq", "x", 0)), stopped=frozenset(stopped))
    decision = ask(builder, query)
    assert (decision.kind, decision.cost) == (EXHAUSTED if cost is None else FOUND, cost)
    assert decision.state_count == 3


def test_recovery_at_the_same_moment() -> None:
    builder = wedge()
    query = Recover(trigger=builder.expr(("eq", "x", 2)), goal=builder.expr(("eq", "x", 2)), stopped=frozenset({3}))
    assert ask(builder, query).kind is EXHAUSTED


# --- errors of the spec ---


def flip_flop(*, has_way_out: bool) -> ModelBuilder:
    """After a fault two untimed reactions undo each other in no time."""
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 2)
    builder.command(FAULT, "start", ("eq", "x", 0), {"x": 1})
    builder.command(REACTION, "flip", ("eq", "x", 1), {"x": 2})
    builder.command(REACTION, "flop", ("eq", "x", 2), {"x": 1})
    if has_way_out:
        builder.command(OPERATOR, "unplug", ("eq", "x", 2), {"x": 0})
    return builder


def test_timelock() -> None:
    builder = flip_flop(has_way_out=False)
    decision = ask(builder, Reach(goal=builder.expr(False)))
    assert (decision.kind, decision.failures) == (FAILURE, {FailureKind.TIMELOCK: (1, 0, 1)})
    assert decision.state_count == 3


def test_that_some_run_could_loop_in_no_time_is_no_timelock() -> None:
    builder = flip_flop(has_way_out=True)
    decision = ask(builder, Reach(goal=builder.expr(False)))
    assert (decision.kind, decision.state_count) == (EXHAUSTED, 3)


def test_without_time_there_is_no_timelock() -> None:
    builder = flip_flop(has_way_out=False)
    builder.is_timed = False
    assert ask(builder, Reach(goal=builder.expr(False))).kind is EXHAUSTED


def grows(guard: Formula) -> ModelBuilder:
    """A counter that an event raises while the guard holds; 3 is its highest value."""
    builder = ModelBuilder()
    builder.variable("x", 3)
    builder.command(EVENT, "grow", guard, {"x": ("add", "x", 1)})
    return builder


def test_out_of_domain() -> None:
    builder = grows(True)
    decision = ask(builder, Reach(goal=builder.expr(False)))
    assert (decision.kind, decision.failures) == (FAILURE, {FailureKind.OUT_OF_DOMAIN: (0, 0, 3)})


def test_a_witness_before_the_error_is_told_as_well() -> None:
    builder = grows(True)
    decision = ask(builder, Reach(goal=builder.expr(("eq", "x", 2))))
    assert (decision.kind, decision.cost) == (FAILURE, (0, 0, 2))


def test_an_error_in_the_query() -> None:
    builder = grows(("lt", "x", 3))
    fails = builder.expr(("eq", ("div", 6, ("sub", "x", 2)), 9))
    group = builder.expr(("select", ("add", "x", 1), 0, 0, 0))
    never = builder.expr(False)
    assert ask(builder, Reach(goal=fails)).failures == {FailureKind.DIVISION_BY_ZERO: (0, 0, 2)}
    lasso = Lasso(trigger=group, goal=never)
    assert ask(builder, lasso).failures == {FailureKind.INDEX_OUTSIDE_GROUP: (0, 0, 3)}
    recover = Recover(trigger=never, goal=fails)
    assert ask(builder, recover).failures == {FailureKind.DIVISION_BY_ZERO: (0, 0, 2)}


def test_an_error_before_the_first_state() -> None:
    builder = grows(("lt", "x", 3))
    builder.variable("y", 1)
    builder.settle("y", ("div", 1, "x"))
    decision = ask(builder, Reach(goal=builder.expr(False)))
    assert (decision.kind, decision.state_count) == (FAILURE, 0)
    assert decision.failures == {FailureKind.DIVISION_BY_ZERO: (0, 0, 0)}


@pytest.mark.parametrize(
    ("initial", "failures"),
    [
        ((1,), {}),
        ((0, 1), {FailureKind.DIVISION_BY_ZERO: (0, 0, 0)}),
        ((1, 2), {FailureKind.OUT_OF_DOMAIN: (0, 0, 0)}),
    ],
)
def test_what_lies_behind_an_error_might_be_the_recovery(
    initial: tuple[int, ...], failures: dict[FailureKind, tuple[int, int, int]]
) -> None:
    builder = ModelBuilder()
    builder.variable("x", 3, *initial)
    builder.variable("y", 6)
    builder.settle("y", ("div", 6, "x"))
    builder.command(EVENT, "leap", ("eq", "x", 2), {"x": 7})
    decision = ask(builder, Recover(trigger=builder.expr(True), goal=builder.expr(("eq", "x", 3)), stopped=frozenset()))
    assert (decision.kind, decision.failures) == (FAILURE if failures else FOUND, failures)
    assert decision.cost == (None if failures else (0, 0, 0))


def test_too_many_states() -> None:
    builder = grows(("lt", "x", 3))
    query = Reach(goal=builder.expr(False))
    assert ask(builder, query, max_states=4).state_count == 4
    with pytest.raises(TooManyStatesError):
        ask(builder, query, max_states=3)
