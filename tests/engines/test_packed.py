"""The packed engine against the reference interpreter: the same answers, or none."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso, Query, Reach
from cascade.engines import staged
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed import layout, program, tables
from cascade.engines.packed.engine import answer
from cascade.engines.packed.initial import InitialFailureError, initial_rows
from cascade.engines.packed.search import PackedSearch, Tuning
from cascade.limits import Limits, Progress, StopReason
from cascade.reference.decide import Decision, DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Stopped
from cascade.verdicts.run import CandidateRun
from tests.engines.families import Tiers
from tests.engines.models import EVENT, REACTION, ModelBuilder, RandomModel

STATES_MAX = 2000


def is_fault(model: CoreModel, step: int) -> bool:
    return step != TICK and model.commands[step].command_class is CommandClass.FAULT


def cost_of(model: CoreModel, run: CandidateRun) -> tuple[int, int, int]:
    steps = run.steps[: run.loop_start]
    fault_count = sum(is_fault(model, step) for step in steps)
    return fault_count, steps.count(TICK), len(steps) - steps.count(TICK)


class Disk(Tuning):
    """Soon on disk."""

    batch_successors = 8
    block_states = 2
    wide_layer = 2
    seen_slots = 2
    order_states = 4
    sorted_states = 3


class Tiny(Tuning):
    """Everything grows, everything is interrupted, nothing is done in one go."""

    pause_states = 1
    batch_successors = 1
    block_states = 3
    wide_layer = 1
    seen_slots = 2
    order_states = 1
    read_states = 3


SMALL_TABLES = {"CLOSED_BITS_MAX": 2, "OPEN_BITS_MAX": 6, "TABLE_BITS_MAX": 6, "JOINT_BITS_MAX": 3}
NO_TABLES = {"CLOSED_BITS_MAX": -1, "OPEN_BITS_MAX": 4, "TABLE_BITS_MAX": 2}

# Constants of the table compiler, sizes of the search, threads.
VARIANTS: dict[str, tuple[dict[str, int], type[Tuning], int]] = {
    "default": ({}, Tuning, 1),
    "tiny": ({}, Tiny, 1),
    "two threads": ({}, Tiny, 2),
    "three threads": ({}, Tiny, 3),
    "small tables": (SMALL_TABLES, Tuning, 1),
    "programs": ({"CLOSED_BITS_MAX": -1}, Tuning, 1),
    "no tables": (NO_TABLES, Tuning, 1),
    "many words": ({"STATE_WORD_BITS": 4}, Tiny, 1),
    "many words, two threads": ({"STATE_WORD_BITS": 4}, Tiny, 2),
    "many words, three threads": ({"STATE_WORD_BITS": 4}, Tiny, 3),
    "a few words": ({"STATE_WORD_BITS": 6, "CLOSED_BITS_MAX": 2}, Tuning, 1),
}


def ask_as(variant: str, model: CoreModel, query: Query) -> Answer:
    constants, tuning, thread_count = VARIANTS[variant]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in constants.items():
            for module in (layout, program, tables):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        return answer(model, query, Limits(thread_count=thread_count), Progress(), tuning=tuning)


def assert_agreement(model: CoreModel, query: Query, said: Answer, decision: Decision) -> None:
    match said:
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
            assert said.statistics.state_count == decision.state_count
        case Found(run=run):
            assert decision.cost == cost_of(model, run)
            replay(model, query, run)
            if isinstance(query, Lasso):
                loop = run.steps[run.loop_start :]
                assert decision.is_loop_fault_free is not any(is_fault(model, step) for step in loop)
        case SpecFailure(kind=kind, run=run):
            assert decision.kind is DecisionKind.FAILURE
            if kind is FailureKind.TIMELOCK:
                assert cost_of(model, run) >= decision.failures[kind]
            else:
                assert cost_of(model, run) == decision.failures[kind]
            replay_failure(model, said, query)
        case Stopped():
            pytest.fail("nothing here is too wide")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("is_risky", [False, True])
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference(variant: str, is_risky: bool, rng: random.Random) -> None:
    model, query = RandomModel(rng, is_risky=is_risky).query
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    assert_agreement(model, query, ask_as(variant, model, query), decision)


@pytest.mark.parametrize("thread_count", [1, 2])
@pytest.mark.parametrize("word_bits", [4, 61])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False), growth_count=st.integers(0, 6))
def test_agrees_with_reference_on_disk(
    thread_count: int, word_bits: int, rng: random.Random, growth_count: int
) -> None:
    model, query = RandomModel(rng, is_risky=True).query
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    answers = iter(range(1_000_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "STATE_WORD_BITS", word_bits)
        patch.setattr(Watch, "has_memory", lambda *_: next(answers) < growth_count)
        patch.setattr(Watch, "check_memory", lambda *_: None)
        said = answer(model, query, Limits(thread_count=thread_count), Progress(), tuning=Disk)
    if isinstance(said, Stopped):
        assert isinstance(query, Lasso), "to count its states takes the seen set"
    else:
        assert_agreement(model, query, said, decision)


def test_there_may_be_many_wide_initial_states() -> None:
    """More than the words of wide states have room for at first."""
    builder = ModelBuilder()
    for number in range(12):
        builder.variable(f"any{number}", 1, 0, 1)
    for number in range(3):
        builder.variable(f"wide{number}", 10**9)
    builder.command(EVENT, ("eq", "wide0", 0), {f"wide{number}": 10**9 for number in range(3)})
    model, query = builder.reach(("eq", "wide1", 1))
    said = ask_as("default", model, query)
    assert isinstance(said, Exhausted) and said.statistics.state_count == 2 * 4096


@pytest.mark.parametrize(
    "variants",
    [
        ("default", "tiny", "two threads", "three threads"),
        ("many words", "many words, two threads", "many words, three threads"),
    ],
)
def test_threads_and_sizes_change_neither_run_nor_count(variants: tuple[str, ...]) -> None:
    tiers = Tiers(2, 2, 2, 1)
    model, query = tiers.builder.reach(tiers.collapse)
    answers = [ask_as(name, model, query) for name in variants]
    runs = {said.run for said in answers if isinstance(said, Found)}
    assert len(runs) == 1
    assert len({said.statistics.state_count for said in answers}) == 1
    assert len({said.statistics.transition_count for said in answers}) == 1


class Narrow(Tiny):
    """Few slots, but room for states that wait."""

    seen_slots = 1 << 9
    order_states = 1 << 10
    batch_successors = 8


@pytest.mark.parametrize("thread_count", [1, 2])
def test_what_a_full_set_does_not_take_is_inserted_after_it_has_grown(thread_count: int) -> None:
    """The set is as good as full of states that are none, and nobody has counted them: it says itself that it is full."""
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    assert isinstance(query, Reach)
    compiled = CompiledModel(model)
    initial = [compiled.unpack_state(compiled.initial_state(values)) for values in compiled.initial_values()]
    search = PackedSearch(model, initial, Watch(Limits(), Progress()), thread_count=thread_count, tuning=Narrow)
    free = np.flatnonzero(search.seen.slots == 0)
    search.seen.slots[free[:-40]] = np.arange(len(free) - 40, dtype=np.uint64) + np.uint64(1 << 62)
    assert search.run() is None
    assert search.state_count == 11_436


@pytest.mark.parametrize("thread_count", [1, 2])
@pytest.mark.parametrize("growth_count", [2, 4, 6])
def test_what_was_seen_in_memory_is_known_on_disk(thread_count: int, growth_count: int) -> None:
    """The states in which no tick is possible come first, and all that follows is explored on disk, by one thread."""
    b = ModelBuilder(is_timed=True)
    b.variable("x", 1)
    b.variable("y", 100)
    b.command(EVENT, ("and", ("eq", "x", 0), ("lt", "y", 2)), {"x": 1})
    b.command(EVENT, ("and", ("eq", "x", 0), ("lt", "y", 100)), {"y": ("add", "y", 1)})
    b.command(REACTION, ("eq", "x", 1), {"x": 1})
    model, query = b.reach(("eq", "x", 2))
    answers = iter(range(1_000_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "has_memory", lambda *_: next(answers) < growth_count)
        patch.setattr(Watch, "check_memory", lambda *_: None)
        said = answer(model, query, Limits(thread_count=thread_count), Progress(), tuning=Disk)
    assert isinstance(said, SpecFailure)
    assert said.kind is FailureKind.TIMELOCK


@pytest.mark.parametrize(
    ("alone", "together"), [("default", "two threads"), ("many words", "many words, three threads")]
)
def test_threads_find_the_same_loop(alone: str, together: str) -> None:
    tiers = Tiers(2, 2, 2, 1)
    model, query = tiers.builder.lasso(("eq", "level0", 1), ("eq", "level0", 0))
    one, several = ask_as(alone, model, query), ask_as(together, model, query)
    assert isinstance(one, Found)
    assert isinstance(several, Found)
    assert one.run == several.run


@pytest.mark.parametrize("variant", ["default", "tiny", "two threads", "a few words", "many words, two threads"])
def test_tiers_have_the_known_number_of_states(variant: str) -> None:
    said = ask_as(variant, *Tiers(2, 2, 2, 1).builder.reach(False))
    assert isinstance(said, Exhausted)
    assert said.statistics.state_count == 11_436


def test_values_wider_than_a_table() -> None:
    b = ModelBuilder()
    b.variable("x", 1 << 20, 1 << 19)
    b.variable("y", 1 << 20)
    b.command(EVENT, ("lt", "y", 3), {"x": ("sub", "x", 1), "y": ("add", "y", 1)})
    b.command(EVENT, ("eq", ("add", "x", "y"), 1 << 19), {"x": ("min", "x", 7)})
    model, query = b.reach(("eq", ("mul", "x", "y"), 21))
    decision = decide(model, query, max_states=STATES_MAX)
    said = answer(model, query, Limits(), Progress())
    assert isinstance(said, Found)
    assert cost_of(model, said.run) == decision.cost == (0, 0, 4)


def test_many_instants_of_few_states_are_explored_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of the kernel takes a tenth of a millisecond, which instants of three states do not."""
    b = ModelBuilder(is_timed=True)
    b.variable("n", 999)
    b.command(EVENT, ("lt", "n", 999), {"n": ("add", "n", 1)}, after=(1, 2), owed=True)
    model, _ = b.reach(False)
    calls: list[None] = []
    explore = PackedSearch._explore

    def counting(search: PackedSearch) -> np.uint64:
        calls.append(None)
        return explore(search)

    monkeypatch.setattr(PackedSearch, "_explore", counting)
    search = PackedSearch(model, [(0, 0)], Watch(Limits(), Progress()))
    assert search.run() is None
    # `n`, with the clock at 0, 1 or 2; at the end it does not run.
    assert search.state_count == 999 * 3 + 1
    assert len(calls) < 20


def test_tables_of_many_commands_stay_small() -> None:
    """Clusters of as many bits as a small model has would have eight hundred thousand operations here."""
    b = ModelBuilder()
    for i in range(200):
        b.variable(f"x{i}", 1)
    b.variable("done", 2)
    for i in range(200):
        b.command(EVENT, ("and", ("eq", f"x{i}", 0), ("lt", "done", 2)), {f"x{i}": 1, "done": ("add", "done", 1)})
    model, _ = b.reach(False)
    search = PackedSearch(model, [(0,) * 201], Watch(Limits(), Progress()))
    assert search.run() is None
    # None, one or two of 200.
    assert search.state_count == 1 + 200 + 199 * 100
    assert sum(cluster.operations.size for cluster in search.tables.clusters) < 100_000


def test_updates_at_once_where_all_are_computed() -> None:
    """Every value is read before any is written, also where a variable is too wide for tables."""
    b = ModelBuilder()
    b.variable("x", 1 << 20, 5)
    b.variable("y", 1 << 20, 9)
    b.variable("z", 1 << 20, 1)
    b.command(EVENT, ("eq", "z", 1), {"x": "y", "y": "x", "z": ("add", "x", "y")})
    model, query = b.reach(("and", ("eq", "x", 9), ("eq", "y", 5), ("eq", "z", 14)))
    said = answer(model, query, Limits(), Progress())
    assert isinstance(said, Found)
    assert cost_of(model, said.run) == decide(model, query, max_states=STATES_MAX).cost == (0, 0, 1)


def test_variables_wider_than_a_word_are_declined() -> None:
    b = ModelBuilder()
    b.variable("x", 1 << 61)
    b.command(EVENT, ("eq", "x", 0), {"x": 1})
    said = answer(*b.reach(False), Limits(), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.UNSUPPORTED


def test_a_limit_on_states() -> None:
    said = answer(*Tiers(2, 2, 2, 1).builder.reach(False), Limits(state_count_max=1_000), Progress(), tuning=Tiny)
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.STATES
    assert 1_000 < said.statistics.state_count < 11_436


def test_stages_hand_over_and_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    small = staged.answer(model, query, Limits(), Progress())
    assert small.statistics.details == (), "the first stage had enough work to do it all"
    monkeypatch.setattr(staged, "WORK_MAX", 5_000)
    said = staged.answer(model, query, Limits(), Progress())
    assert said.statistics.details
    assert said.statistics.state_count == small.statistics.state_count == 11_436


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_initial_states_are_those_of_each_combination(rng: random.Random) -> None:
    model, _ = RandomModel(rng, is_risky=True).query
    compiled = CompiledModel(model)
    expected: list[tuple[int, ...]] = []
    failing = None
    for values in compiled.initial_values():
        try:
            expected.append(compiled.unpack_state(compiled.initial_state(values)))
        except EvaluationFailure:
            failing = values
            break
    if failing is None:
        rows = initial_rows(compiled, lambda _: None, lambda: None)
        assert sorted(map(tuple, rows.tolist())) == sorted(expected)
    else:
        with pytest.raises(InitialFailureError) as caught:
            initial_rows(compiled, lambda _: None, lambda: None)
        assert caught.value.values == failing


def test_a_million_initial_states() -> None:
    b = ModelBuilder()
    for name in "abcd":
        b.variable(name, 31, *range(32))
    b.command(EVENT, ("lt", "a", 31), {"a": ("add", "a", 1)})
    said = ask_as("default", *b.reach(("eq", "d", 32)))
    assert isinstance(said, Exhausted)
    assert (said.statistics.state_count, said.statistics.transition_count) == (32**4, 31 * 32**3)
