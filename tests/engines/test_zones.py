"""The zones engine: against the reference interpreter on random models, against the explicit engine on families; specs."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.expressions import Op
from cascade.core.model import TICK, Command, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines import ENGINES, load_engine
from cascade.limits import Limits, Progress, StopReason
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.declared import CheckResult
from cascade.reference.decide import DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Stopped
from cascade.verdicts.run import CandidateRun
from cascade.verdicts.verdict import Undetermined
from tests.engines.families import Clocks
from tests.engines.models import EVENT, FAULT, OPERATOR, REACTION, REPAIR, ModelBuilder, RandomModel

STATES_MAX = 3000
SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.cf"))


def fault_count(model: CoreModel, run: CandidateRun) -> int:
    """The faults of a run, or of its stem."""
    steps = run.steps[: run.loop_start]
    return sum(s != TICK and model.commands[s].command_class is CommandClass.FAULT for s in steps)


def ask(model: CoreModel, query: Query, limits: Limits = Limits()) -> Answer:
    """The engine's answer; runs are replayed."""
    said = load_engine("zones")(model, query, limits, Progress())
    match said:
        case Found(run=run):
            replay(model, query, run)
        case SpecFailure():
            replay_failure(model, said, query)
    return said


def agree(model: CoreModel, query: Query) -> Answer | None:
    """Ask both; None if the model is too large for the reference interpreter."""
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return None
    said = ask(model, query)
    match said:
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
        case Found(run=run):
            assert decision.cost is not None
            assert decision.cost[0] == fault_count(model, run)
            if decision.kind is DecisionKind.FOUND:
                assert decision.cost[1] == run.steps.count(TICK)
        case SpecFailure(kind=kind, run=run):
            assert decision.kind is DecisionKind.FAILURE
            least = decision.failures[kind][0]
            assert (
                fault_count(model, run) >= least if kind is FailureKind.TIMELOCK else fault_count(model, run) == least
            )
        case _:
            raise AssertionError(f"no limit was set, but: {said}")
    return said


def reach_of(model: CoreModel, query: Query) -> tuple[CoreModel, Reach]:
    """The query, or one that this engine answers about the same model."""
    return model, query if isinstance(query, Reach) else Reach(goal=query.goal)


# --- random models ---


@pytest.mark.parametrize("is_risky", [False, True])
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference(is_risky: bool, rng: random.Random) -> None:
    made = RandomModel(rng, is_risky=is_risky)
    agree(*reach_of(*made.query))


def scaled(model: CoreModel, query: Reach, factor: int) -> tuple[CoreModel, Reach]:
    """The same with every duration multiplied."""
    clocks = tuple(replace(clock, stop_ticks=clock.stop_ticks * factor) for clock in model.clocks)
    commands = tuple(
        replace(
            command,
            earliest_ticks=command.earliest_ticks * factor,
            latest_ticks=None if command.latest_ticks is None else command.latest_ticks * factor,
        )
        for command in model.commands
    )
    if query.clock is not None:
        # A stopwatch stops one tick after its bound, however long that is.
        stop = model.clocks[query.clock].stop_ticks
        beyond = query.exceeds_ticks * factor + (1 if stop > query.exceeds_ticks else 0)
        watch = replace(clocks[query.clock], stop_ticks=beyond)
        clocks = (*clocks[: query.clock], watch, *clocks[query.clock + 1 :])
        query = replace(query, exceeds_ticks=query.exceeds_ticks * factor)
    return replace(model, clocks=clocks, commands=commands), query


def can_be_late(model: CoreModel, command: Command) -> bool:
    """Can it be owed later than at its latest time, because it was not permitted then?"""
    is_permitted = model.expressions.ops[command.permit] is Op.CONST and model.expressions.args[command.permit] == (1,)
    return command.owed and command.clock is not None and not is_permitted


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_durations_do_not_matter_to_verdict_and_size(rng: random.Random) -> None:
    model, query = reach_of(*RandomModel(rng, is_risky=True).query)
    said, longer = ask(model, query), ask(*scaled(model, query, 60))
    assert type(said) is type(longer)
    if query.clock is None and not any(can_be_late(model, command) for command in model.commands):
        # What asks for one tick more, a stopwatch or a late command, does not grow with the rest.
        assert said.statistics.state_count == longer.statistics.state_count


# --- families ---


@pytest.mark.parametrize("repair_ticks", [2, 3, 5])
@pytest.mark.parametrize("excess_ticks", [-1, 0])
def test_agrees_with_explicit_on_clocks(repair_ticks: int, excess_ticks: int) -> None:
    family = Clocks(3, 2, repair_ticks)
    model, query = family.builder.reach(False, family.degraded_clock, repair_ticks + excess_ticks)
    explicit = load_engine("explicit")(model, query, Limits(), Progress())
    said = ask(model, query)
    assert type(said) is type(explicit) is (Found if excess_ticks < 0 else Exhausted)
    assert said.statistics.state_count < explicit.statistics.state_count


def test_twelve_hours_cost_what_two_minutes_cost() -> None:
    counts = set()
    for ticks in (2, 720, 43_200):
        family = Clocks(5, 3, ticks)
        said = ask(*family.builder.reach(False, family.degraded_clock, ticks))
        assert isinstance(said, Exhausted)
        counts.add(said.statistics.state_count)
    assert len(counts) == 1


# --- specs ---


LARGE = "aws-2025-10-20"
"""Its checks have few answers among so few states."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.campaign] if path.stem == LARGE else []) for path in SPECS],
    ids=lambda path: path.stem,
)
def test_specs_of_the_repository_are_as_they_say(path: Path) -> None:
    found: list[CheckResult] = []
    states_max = 2_000 if path.stem == LARGE else 1_000
    options = CheckOptions(check_names=(), limits=Limits(state_count_max=states_max), engine="zones")
    check_file(str(path), options, lambda _: Progress(), found.append)
    decided = [result for result in found if not isinstance(result.verdict, Undetermined)]
    assert len(decided) > 5
    assert [result.name for result in decided if not result.is_as_expected] == []
    for result in found:
        if isinstance(result.verdict, Undetermined):
            reasons = {StopReason.STATES}
            if not isinstance(result.query, Reach):
                reasons.add(StopReason.UNSUPPORTED)
            assert result.verdict.reason in reasons


# --- time ---


def test_finds_the_earliest_run_of_its_commands() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("a", 1)
    b.variable("b", 1)
    b.command(FAULT, ("eq", "a", 0), {"a": 1}, after=(7, None))
    b.command(REPAIR, ("and", ("eq", "a", 1), ("eq", "b", 0)), {"b": 1}, after=(3, 5))
    model, query = b.reach(("eq", "b", 1))
    said = ask(model, query)
    assert isinstance(said, Found)
    assert said.run.steps == (TICK,) * 7 + (0,) + (TICK,) * 3 + (1,)


def test_a_command_permitted_too_late_is_due_at_once() -> None:
    b = ModelBuilder(is_timed=True)
    for name in ("permitted", "repaired", "waited"):
        b.variable(name, 1)
    b.command(EVENT, ("eq", "permitted", 0), {"permitted": 1}, after=(9, 9), owed=True)
    b.command(REPAIR, ("eq", "repaired", 0), {"repaired": 1}, permit=("eq", "permitted", 1), after=(2, 2))
    late = ("and", ("eq", "permitted", 1), ("eq", "repaired", 0))
    b.command(OPERATOR, late, {"waited": 1}, after=(1, None))
    assert isinstance(ask(*b.reach(late)), Found)
    assert isinstance(ask(*b.reach(("eq", "waited", 1))), Exhausted)


def test_a_late_command_may_fire_after_others() -> None:
    b = ModelBuilder(is_timed=True)
    for name in ("permitted", "other", "repaired"):
        b.variable(name, 1)
    b.command(EVENT, ("eq", "permitted", 0), {"permitted": 1}, after=(9, None))
    b.command(EVENT, ("eq", "other", 0), {"other": 1}, permit=("eq", "permitted", 1))
    b.command(REPAIR, ("eq", "repaired", 0), {"repaired": 1}, permit=("eq", "other", 1), after=(2, 2))
    model, query = b.reach(("eq", "repaired", 1))
    said = ask(model, query)
    assert isinstance(said, Found)
    assert said.run.steps == (TICK,) * 9 + (0, 1, 2)


def test_an_untimed_reaction_keeps_time_from_passing() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("struck", 1)
    b.variable("late", 1)
    b.command(FAULT, ("eq", "struck", 0), {"struck": 1})
    b.command(REACTION, ("eq", "struck", 1), {"struck": 0})
    b.command(EVENT, ("eq", "struck", 1), {"late": 1}, after=(1, None))
    assert isinstance(ask(*b.reach(("eq", "late", 1))), Exhausted)


def test_a_timelock_behind_a_delay_is_found() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("on", 1)
    b.variable("off", 1)
    b.command(REACTION, ("eq", "off", 0), {"on": ("sub", 1, "on")}, after=(100, 100))
    b.command(REACTION, ("eq", "on", 1), {"off": ("sub", 1, "off")})
    model, query = b.reach(False)
    said = ask(model, query)
    assert isinstance(said, SpecFailure)
    assert said.kind is FailureKind.TIMELOCK
    assert said.run.steps.count(TICK) == 100


def test_the_error_that_shows_first_is_told() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("v", 1)
    b.command(EVENT, True, {"v": 2}, after=(9, None))
    b.command(EVENT, True, {"v": 3}, after=(4, None))
    model, query = b.reach(False)
    said = ask(model, query)
    assert isinstance(said, SpecFailure)
    assert (said.command, said.value, said.run.steps) == (1, 3, (TICK,) * 4)


# --- infinite runs ---


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_denies_a_lasso_only_where_there_is_none(rng: random.Random) -> None:
    model, query = RandomModel(rng, is_risky=False).query
    if isinstance(query, Reach):
        return
    lasso = Lasso(trigger=query.trigger, goal=query.goal, stopped=query.stopped)
    try:
        decision = decide(model, lasso, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    match ask(model, lasso):
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
        case SpecFailure():
            assert decision.kind is DecisionKind.FAILURE
        case Stopped(reason=reason):
            assert reason is StopReason.UNSUPPORTED
        case Found():
            pytest.fail("zones find no lassos")


@pytest.mark.parametrize("scale", [1, 500])
def test_repairs_that_are_due_end_every_outage(scale: int) -> None:
    family = Clocks(3, 3, 4 * scale)
    up = ("eq", family.down, 0)
    assert isinstance(ask(*family.builder.lasso(family.degraded, up)), Exhausted)
    assert isinstance(ask(*family.builder.lasso(up, family.degraded)), Stopped), "nothing has to fail"


# --- what it does not do ---


def test_says_what_it_does_not_answer() -> None:
    model, query = Clocks(2, 2, 2).builder.reach(False)
    assert isinstance(query, Reach)
    said = load_engine("zones")(model, Recover(trigger=query.goal, goal=query.goal), Limits(), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.UNSUPPORTED
    assert ENGINES["zones"].queries == (Reach, Lasso)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(state_count_max=100), StopReason.STATES),
        (Limits(seconds_max=0.0), StopReason.TIME),
        (Limits(memory_bytes_max=1), StopReason.MEMORY),
    ],
)
def test_stops_at_limits(limits: Limits, reason: StopReason) -> None:
    said = ask(*Clocks(6, 4, 50).builder.reach(False), limits=limits)
    assert isinstance(said, Stopped)
    assert said.reason is reason
