"""What the explicit engine must answer to models whose answers are known; and how it stops."""

import pytest

from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines import ENGINES, load_engine
from cascade.engines.explicit import search
from cascade.limits import Limits, Progress, ProgressReport, StopReason
from cascade.reference.decide import DecisionKind, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Stopped
from tests.engines.families import Clocks, Tiers
from tests.engines.models import EVENT, FAULT, OPERATOR, REACTION, REPAIR, Formula, ModelBuilder


def ask(asked: tuple[CoreModel, Query], limits: Limits = Limits(), progress: Progress | None = None) -> Answer:
    """The explicit engine's answer; runs are replayed."""
    model, query = asked
    said = load_engine("explicit")(model, query, limits, progress or Progress())
    match said:
        case Found(run=run):
            replay(model, query, run)
        case SpecFailure():
            replay_failure(model, said, query)
    return said


def found(asked: tuple[CoreModel, Query]) -> Found:
    """The answer, which must be yes."""
    said = ask(asked)
    assert isinstance(said, Found), said
    return said


def exhausted(asked: tuple[CoreModel, Query]) -> int:
    """The number of states; the answer must be no."""
    said = ask(asked)
    assert isinstance(said, Exhausted), said
    return said.statistics.state_count


def test_every_engine_in_the_table_loads() -> None:
    for name in ENGINES:
        assert callable(load_engine(name))


# --- families ---


def test_tiers_have_the_known_number_of_states() -> None:
    assert exhausted(Tiers(2, 2, 2, 1).builder.reach(False)) == 11_436


def test_tiers_collapse_at_the_cost_that_brute_force_finds() -> None:
    tiers = Tiers(2, 2, 1, 1)
    asked = tiers.builder.reach(tiers.collapse)
    decision = decide(*asked)
    assert decision.kind is DecisionKind.FOUND
    said = found(asked)
    fault_count = sum(asked[0].commands[s].command_class is FAULT for s in said.run.steps)
    assert decision.cost == (fault_count, 0, len(said.run.steps))


@pytest.mark.parametrize("repair_ticks", [2, 5])
def test_clocks_agree_with_brute_force_in_every_query(repair_ticks: int) -> None:
    family = Clocks(3, 2, repair_ticks)
    b = family.builder
    assert exhausted(b.reach(("lt", 2, family.down))) == decide(*b.reach(False)).state_count
    assert found(b.reach(family.degraded)).run.steps.count(TICK) == 0
    assert found(b.reach(("eq", "called", 1))).run.steps.count(TICK) == repair_ticks
    exhausted(b.reach(False, family.degraded_clock, repair_ticks))
    assert found(b.reach(False, family.degraded_clock, repair_ticks - 1)).run.steps.count(TICK) == repair_ticks
    exhausted(b.lasso(family.degraded, ("eq", family.down, 0)))
    exhausted(b.recover(family.degraded, ("eq", family.down, 0)))


def test_tables_that_are_judged_often_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cascade.engines.explicit.search.CHUNK_STATES", 64)
    monkeypatch.setattr("cascade.engines.explicit.expand.JUDGED_STATES_MIN", 64)
    monkeypatch.setattr("cascade.engines.explicit.tables.JUDGED_ENTRIES_MIN", 8)
    assert exhausted(Tiers(2, 2, 2, 1).builder.reach(False)) == 11_436
    assert exhausted(Clocks(3, 2, 5).builder.reach(False)) == decide(*Clocks(3, 2, 5).builder.reach(False)).state_count


# --- order of witnesses ---


def test_fewest_faults_come_before_least_time() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("x", 2)
    b.command(FAULT, ("eq", "x", 0), {"x": 2})
    b.command(EVENT, ("eq", "x", 0), {"x": 1}, after=(4, None))
    b.command(EVENT, ("eq", "x", 1), {"x": 2})
    assert found(b.reach(("eq", "x", 2))).run.steps == (TICK, TICK, TICK, TICK, 1, 2)


def test_least_time_comes_before_fewest_commands() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("x", 3)
    b.command(EVENT, ("lt", "x", 3), {"x": ("add", "x", 1)})
    b.command(EVENT, ("eq", "x", 0), {"x": 3}, after=(1, None))
    assert found(b.reach(("eq", "x", 3))).run.steps == (0, 0, 0)


# --- fairness without time ---


def pair(*, owed: bool) -> ModelBuilder:
    """A fault breaks, a command mends; another toggles for ever."""
    b = ModelBuilder()
    b.variable("broken", 1)
    b.variable("light", 1)
    b.command(FAULT, ("eq", "broken", 0), {"broken": 1})
    b.command(REPAIR, ("eq", "broken", 1), {"broken": 0}, owed=owed)
    b.command(REACTION, True, {"light": ("sub", 1, "light")})
    return b


def test_owed_command_is_not_passed_over_for_ever() -> None:
    exhausted(pair(owed=True).lasso(("eq", "broken", 1), ("eq", "broken", 0)))
    said = found(pair(owed=False).lasso(("eq", "broken", 1), ("eq", "broken", 0)))
    assert said.run.loop_start == 1
    assert said.run.steps == (0, 2, 2)


def test_loop_without_faults_is_preferred() -> None:
    b = pair(owed=True)
    trigger: Formula = ("eq", "light", 1)
    said = found(b.lasso(trigger, False))
    assert 0 not in said.run.steps


def test_loop_needs_a_fault_when_the_goal_comes_without() -> None:
    b = ModelBuilder()
    b.variable("x", 2)
    b.command(FAULT, ("eq", "x", 0), {"x": 1})
    b.command(REPAIR, ("eq", "x", 1), {"x": 0})
    b.command(REACTION, ("eq", "x", 0), {"x": 2})
    said = found(b.lasso(("eq", "x", 1), ("eq", "x", 2)))
    assert (said.run.steps, said.run.loop_start) == ((0, 1, 0), 1)
    exhausted(b.lasso(("eq", "x", 1), ("eq", "x", 2), frozenset({0})))


def test_run_may_stop_where_nothing_is_owed() -> None:
    b = ModelBuilder()
    b.variable("x", 1)
    b.command(OPERATOR, ("eq", "x", 0), {"x": 1})
    said = found(b.lasso(("eq", "x", 0), ("eq", "x", 1)))
    assert (said.run.steps, said.run.loop_start) == ((), 0)


def test_loop_meets_every_obligation() -> None:
    b = ModelBuilder()
    for name in ("a", "b", "c", "bad"):
        b.variable(name, 1)
        b.command(REACTION, True if name != "bad" else ("eq", "bad", 2), {name: ("sub", 1, name)})
    said = found(b.lasso(True, ("eq", "bad", 1)))
    assert {0, 1, 2} <= set(said.run.steps[said.run.loop_start :])


# --- recovery, time ---


def test_recover_without_stopped_commands() -> None:
    b = ModelBuilder()
    b.variable("x", 1)
    b.command(FAULT, ("eq", "x", 0), {"x": 1})
    b.command(OPERATOR, ("eq", "x", 1), {"x": 0})
    assert exhausted(b.recover(("eq", "x", 1), ("eq", "x", 0))) == 2
    assert found(b.recover(("eq", "x", 1), ("eq", "x", 0), frozenset({1}))).run.steps == (0,)


def test_timelock_is_shown_by_a_loop() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("x", 2)
    b.command(FAULT, ("eq", "x", 0), {"x": 1}, after=(2, None))
    b.command(REACTION, ("eq", "x", 1), {"x": 2})
    b.command(REACTION, ("eq", "x", 2), {"x": 1})
    said = ask(b.reach(False))
    assert isinstance(said, SpecFailure)
    assert said.kind is FailureKind.TIMELOCK
    assert said.run.steps == (TICK, TICK, 0, 1, 2)
    assert said.run.loop_start == 3


def test_zero_time_loop_that_can_be_left_is_no_timelock() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("x", 2)
    b.command(REACTION, ("eq", "x", 0), {"x": 1})
    b.command(REACTION, ("eq", "x", 1), {"x": 0})
    b.command(EVENT, ("eq", "x", 1), {"x": 2})
    assert exhausted(b.reach(False)) == 3
    exhausted(b.lasso(True, ("eq", "x", 2)))


# --- errors of the spec ---


def test_failures_are_shown_where_they_happen() -> None:
    b = ModelBuilder()
    b.variable("x", 3)
    b.command(EVENT, ("lt", "x", 9), {"x": ("add", "x", 1)})
    said = ask(b.reach(False))
    assert isinstance(said, SpecFailure)
    assert (said.kind, said.run.steps, said.command, said.variable, said.value) == (
        FailureKind.OUT_OF_DOMAIN,
        (0, 0, 0),
        0,
        0,
        4,
    )


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        (("eq", ("div", 1, ("sub", 2, "x")), 5), FailureKind.DIVISION_BY_ZERO),
        (("eq", ("select", ("sub", 2, "x"), 5, 6), 9), FailureKind.INDEX_OUTSIDE_GROUP),
    ],
)
def test_formulas_of_the_query_may_fail(formula: Formula, kind: FailureKind) -> None:
    b = ModelBuilder()
    b.variable("x", 3)
    b.command(EVENT, ("lt", "x", 3), {"x": ("add", "x", 1)})
    for asked in (b.reach(formula), b.lasso(formula, False), b.lasso(False, formula), b.recover(False, formula)):
        said = ask(asked)
        assert isinstance(said, SpecFailure)
        assert (said.kind, said.run.steps, said.command) == (kind, (0, 0), None)


def test_a_goal_that_is_cheaper_than_an_error_is_found() -> None:
    b = ModelBuilder()
    b.variable("x", 3)
    b.command(EVENT, True, {"x": ("add", "x", 1)})
    assert found(b.reach(("eq", "x", 3))).run.steps == (0, 0, 0)


# --- limits ---


def counter(bits: int) -> ModelBuilder:
    """As many switches, each of its own: 2 ** bits states."""
    b = ModelBuilder()
    for i in range(bits):
        b.variable(f"x{i}", 1)
        b.command(EVENT, ("eq", f"x{i}", 0), {f"x{i}": 1})
        b.command(EVENT, ("eq", f"x{i}", 1), {f"x{i}": 0})
    return b


def test_limits_stop_the_search() -> None:
    asked = counter(15).reach(False)
    for limits, reason in (
        (Limits(state_count_max=1000), StopReason.STATES),
        (Limits(seconds_max=0.0), StopReason.TIME),
        (Limits(memory_bytes_max=1), StopReason.MEMORY),
    ):
        said = ask(asked, limits)
        assert isinstance(said, Stopped)
        assert said.reason is reason
        assert 0 < said.statistics.state_count < 1 << 15


def test_limit_on_states_that_just_suffices() -> None:
    assert isinstance(ask(counter(6).reach(False), Limits(state_count_max=64)), Exhausted)
    assert isinstance(ask(counter(6).reach(False), Limits(state_count_max=63)), Stopped)


def test_violation_before_the_limit_is_reported() -> None:
    asked = counter(15).reach(("and", ("eq", "x0", 1), ("eq", "x7", 1)))
    assert isinstance(ask(asked, Limits(state_count_max=1000)), Found)


def test_interrupt_ends_the_search_with_what_was_explored(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(report: ProgressReport) -> None:
        assert report.state_count > 0
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "CHUNK_STATES", 256)
    said = ask(counter(12).reach(False), progress=Progress(interrupt, interval_seconds=0.0))
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.INTERRUPTED
    assert said.statistics.state_count > 0


# --- shapes that could break tables ---


def test_expressions_may_nest_deeply() -> None:
    b = ModelBuilder()
    b.variable("x", 1)
    b.variable("y", 1)
    b.command(EVENT, ("eq", "x", 0), {"x": 1})
    build, y = b.expressions, b.expr("y")
    node = b.expr("x")
    for _ in range(5000):
        node = build.sub(y, node)
    assert found(b.close(Reach(goal=build.eq(node, build.const(1))))).run.steps == (0,)


def test_guards_over_many_variables() -> None:
    """A sum over all switches: no table of the guard's support would be small."""
    b = counter(10)
    total: Formula = ("add", "x0", "x1")
    for i in range(2, 10):
        total = ("add", total, f"x{i}")
    b.variable("seen", 1)
    b.command(REACTION, ("lt", 8, total), {"seen": 1})
    assert exhausted(b.reach(False)) == 1 << 11
