"""The explicit engine against the reference interpreter, on small random models with random queries.

Same kind of answer, same number of states, same least cost; and every run is replayed.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query
from cascade.engines import load_engine
from cascade.engines.explicit import expand, search, tables
from cascade.engines.explicit.compile import CompiledModel
from cascade.limits import Limits, Progress
from cascade.reference.decide import DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure
from cascade.verdicts.run import CandidateRun
from tests.engines.models import RandomModel

STATES_MAX = 3000

Cost = tuple[int, int, int]


def cost_of(model: CoreModel, run: CandidateRun) -> Cost:
    """Faults, ticks and commands of a run, or of its stem."""
    steps = run.steps[: run.loop_start]
    fault_count = sum(s != TICK and model.commands[s].command_class is CommandClass.FAULT for s in steps)
    return fault_count, steps.count(TICK), len(steps) - steps.count(TICK)


def answer(model: CoreModel, query: Query) -> Answer:
    """What the explicit engine says, without limits."""
    return load_engine("explicit")(model, query, Limits(), Progress())


def agree(model: CoreModel, query: Query) -> Answer | None:
    """Ask both; None if the model is too large for the reference interpreter."""
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return None
    said = answer(model, query)
    match said:
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
            assert said.statistics.state_count == decision.state_count
        case Found(run=run):
            assert decision.cost == cost_of(model, run)
            replay(model, query, run)
            if isinstance(query, Lasso):
                loop = run.steps[run.loop_start :]
                faults = [s for s in loop if s != TICK and model.commands[s].command_class is CommandClass.FAULT]
                assert decision.is_loop_fault_free is (not faults)
        case SpecFailure(kind=kind, run=run):
            assert decision.kind is DecisionKind.FAILURE
            if kind is FailureKind.TIMELOCK:
                assert cost_of(model, run) >= decision.failures[kind]
            else:
                assert cost_of(model, run) == decision.failures[kind]
            replay_failure(model, said, query)
        case _:
            raise AssertionError(f"no limit was set, but: {said}")
    return said


TABLES: dict[str, dict[str, object]] = {
    "default": {},
    "apart": {"JOIN_BITS": ()},
    "open": {"CLOSED_BITS": -1.0},
    "some_open": {"CLOSED_BITS": 3.0, "JOIN_BITS": (4,)},
    "tiny": {"ENTRIES_MAX": 1},
    "judged": {"CHUNK_STATES": 1, "JUDGED_STATES_MIN": 3, "JUDGED_ENTRIES_MIN": 0},
    "joined": {"JOIN_BITS": (), "CHUNK_STATES": 1, "JUDGED_STATES_MIN": 2, "SETTLED_MISSES_MAX": 0.6},
}


@pytest.mark.parametrize("variant", TABLES)
@pytest.mark.parametrize("is_risky", [False, True])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference(variant: str, is_risky: bool, rng: random.Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TABLES[variant].items():
            for module in (tables, expand, search):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        model, query = RandomModel(rng, is_risky=is_risky).query
        agree(model, query)


@pytest.mark.parametrize("variant", ["default", "some_open"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_who_looks_for_a_step_out_looks_at_all_steps(variant: str, rng: random.Random) -> None:
    """Who looks for a way back takes them one by one until one leads out, all others together."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TABLES[variant].items():
            for module in (tables, expand):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        model, _ = RandomModel(rng, is_risky=False).query
        compiled = CompiledModel(model)
        expander = expand.Expander(compiled)
        states = list(dict.fromkeys(map(compiled.initial_state, compiled.initial_values())))
        for state in states:
            following, ticked = expander.steps(state)
            together = following if ticked is None else [*following, ticked]
            for steps, with_tick in ((together, True), (following, False)):
                assert not expander.leads_out(state, set(steps), with_tick=with_tick)
                for step in steps:
                    assert expander.leads_out(state, {*steps} - {step}, with_tick=with_tick)
            if len(states) < 100:
                states.extend(s for s in dict.fromkeys(together) if s not in states)
