"""The packed engine against the reference interpreter: the same answers, or none."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines import load_engine
from cascade.engines.packed import program, search, tables
from cascade.limits import Limits, Progress, StopReason
from cascade.reference.decide import DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Stopped
from cascade.verdicts.run import CandidateRun
from tests.engines.families import Tiers
from tests.engines.models import EVENT, REACTION, ModelBuilder, RandomModel

STATES_MAX = 2000


def ask(asked: tuple[CoreModel, Query]) -> Answer:
    return load_engine("packed")(*asked, Limits(), Progress())


def cost_of(model: CoreModel, run: CandidateRun) -> tuple[int, int, int]:
    steps = run.steps[: run.loop_start]
    fault_count = sum(s != TICK and model.commands[s].command_class is CommandClass.FAULT for s in steps)
    return fault_count, steps.count(TICK), len(steps) - steps.count(TICK)


def declines(asked: tuple[CoreModel, Query]) -> bool:
    said = ask(asked)
    return isinstance(said, Stopped) and said.reason is StopReason.UNSUPPORTED


VARIANTS: dict[str, dict[str, int]] = {
    "default": {},
    "small_tables": {"CLOSED_BITS_MAX": 2, "OPEN_BITS_MAX": 6, "TABLE_BITS_MAX": 6, "JOINT_BITS_MAX": 3},
    "open": {"CLOSED_BITS_MAX": -1},
    "growth": {"BATCH_STATES": 1, "SEEN_SIZE_MIN": 2, "LAYERS_SIZE_MIN": 2, "QUEUE_SIZE_MIN": 1, "STATES_A_CALL": 1},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("is_risky", [False, True])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference(variant: str, is_risky: bool, rng: random.Random) -> None:
    model, query = RandomModel(rng, is_risky=is_risky).query
    if not isinstance(query, Reach):
        return
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIANTS[variant].items():
            for module in (program, search, tables):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        said = ask((model, query))
    match said:
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
            assert said.statistics.state_count == decision.state_count
        case Found(run=run):
            assert decision.cost == cost_of(model, run)
            replay(model, query, run)
        case SpecFailure(kind=kind, run=run):
            assert decision.kind is DecisionKind.FAILURE
            if kind is FailureKind.TIMELOCK:
                assert cost_of(model, run) >= decision.failures[kind]
            else:
                assert cost_of(model, run) == decision.failures[kind]
            replay_failure(model, said, query)
        case Stopped(reason=reason):
            assert reason is StopReason.UNSUPPORTED


def test_tiers_have_the_known_number_of_states() -> None:
    said = ask(Tiers(2, 2, 2, 1).builder.reach(False))
    assert isinstance(said, Exhausted)
    assert said.statistics.state_count == 11_436


@pytest.mark.parametrize("is_timed", [False, True])
def test_clocks_that_may_fail_are_declined(is_timed: bool) -> None:
    b = ModelBuilder(is_timed=is_timed)
    b.variable("x", 1)
    b.command(REACTION, ("eq", "x", 0), {"x": 1})
    b.clock(("eq", ("div", 1, "x"), 1), 2)
    assert declines(b.reach(False))


def test_variables_wider_than_a_word_are_declined() -> None:
    b = ModelBuilder()
    b.variable("x", 1 << 61)
    b.command(EVENT, ("eq", "x", 0), {"x": 1})
    assert declines(b.reach(False))
