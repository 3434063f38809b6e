"""The symbolic engine: against the reference interpreter on random models and generated specs; its proofs; what long durations cost."""

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.lower import lower
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines import ENGINES
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.symbolic import best, induct, invariant
from cascade.engines.symbolic.best import Best
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.engine import answer
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.reach import NOT_BEST
from cascade.engines.symbolic.terms import Arithmetic, Integers, Truth, Words, width_of
from cascade.limits import Limits, Progress, StopReason
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.declared import CheckResult
from cascade.reference.decide import Decision, DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, ProofKind, SpecFailure, Stopped
from cascade.verdicts.verdict import Undetermined
from tests.differential.agreement import cost_of
from tests.engines.families import Clocks
from tests.engines.models import EVENT, FAULT, OPERATOR, REACTION, REPAIR, ModelBuilder, RandomModel
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

ROOT = Path(__file__).resolve().parents[2]
STATES_MAX = 1_500
# Without the two that have a hundred checks each: they take minutes.
MODELS = sorted(p for p in (ROOT / "tests" / "models").glob("*.cf") if not p.stem.startswith("raft"))
SPECS = sorted((ROOT / "specs").glob("*.cf"))


def ask(model: CoreModel, query: Query, limits: Limits = Limits()) -> Answer:
    """The engine's answer; runs are replayed, what is denied is proved."""
    said = answer(model, query, limits, Progress())
    match said:
        case Found(run=run):
            replay(model, query, run)
        case SpecFailure():
            replay_failure(model, said, query)
        case Exhausted(proof=proof):
            assert proof is not None
            assert bool(proof.invariant) == (proof.kind is ProofKind.INVARIANT)
    return said


def assert_no_disagreement(model: CoreModel, said: Answer, decision: Decision) -> None:
    match said:
        case Exhausted():
            assert decision.kind is DecisionKind.EXHAUSTED
        case Found():
            assert decision.cost is not None
        case SpecFailure():
            assert decision.kind is DecisionKind.FAILURE


# --- random models ---


@pytest.mark.parametrize("is_risky", [False, True])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference_on_reachability(is_risky: bool, rng: random.Random) -> None:
    model, query = RandomModel(rng, is_risky=is_risky).query
    query = query if isinstance(query, Reach) else Reach(goal=query.goal)
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    # The time is for the worst of them; without it they are all decided, on whatever machine.
    said = ask(model, query, Limits(seconds_max=20.0))
    assert_no_disagreement(model, said, decision)
    if isinstance(said, Found):
        cost = cost_of(model, said.run.steps)
        assert decision.cost is not None and cost >= decision.cost
    if isinstance(said, SpecFailure):
        cost = cost_of(model, said.run.steps[: said.run.loop_start])
        assert cost >= decision.failures[said.kind]


@pytest.mark.parametrize("seed", range(14))
def test_random_models_are_decided_and_runs_are_best(seed: int) -> None:
    model, query = RandomModel(random.Random(seed), is_risky=seed % 2 == 1).query
    query = query if isinstance(query, Reach) else Reach(goal=query.goal)
    decision = decide(model, query, max_states=STATES_MAX)
    said = ask(model, query)
    assert not isinstance(said, Stopped)
    assert_no_disagreement(model, said, decision)
    if isinstance(said, Found):
        assert cost_of(model, said.run.steps) == decision.cost
    if isinstance(said, SpecFailure) and said.kind is not FailureKind.TIMELOCK:
        assert cost_of(model, said.run.steps) == decision.failures[said.kind]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_agrees_with_reference_on_lassos(rng: random.Random) -> None:
    model, query = RandomModel(rng, is_risky=True).query
    if isinstance(query, Reach):
        query = Lasso(trigger=query.goal, goal=query.goal)
    elif isinstance(query, Recover):
        query = Lasso(trigger=query.trigger, goal=query.goal, stopped=query.stopped)
    try:
        decision = decide(model, query, max_states=STATES_MAX)
    except TooManyStatesError:
        return
    assert_no_disagreement(model, ask(model, query, Limits(seconds_max=0.5)), decision)


@pytest.mark.parametrize("timing", ["", "after 1min"])
def test_a_lasso_has_few_faults(timing: str) -> None:
    """The shortest one has a fault; a longer one has none."""
    loaded = LoadedText(
        f"""system s {{
  state n: 0..4 = 0
  fault jump when n == 0 {{ n = 3 }}
  event climb when n < 3 {timing} {{ n = n + 1 }}
  reaction idle when n == 4 {{ n = 0 }}
  check comes_back: n == 3 leads to n == 0
}}"""
    )
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    said = ask(model, query, Limits())
    assert isinstance(said, Found)
    run = replay(model, query, said.run)
    assert run.fault_count == 0
    assert run.times_ticks[run.loop_start] == (3 if timing else 0)


# --- specs ---


@pytest.mark.parametrize("batch", range(3))
def test_agrees_with_reference_on_generated_specs(batch: int) -> None:
    decided = 0
    for seed in range(batch * 8, batch * 8 + 8):
        loaded = LoadedText(make_spec(seed, SIZES[seed % len(SIZES)]).text)
        for check in loaded.checks:
            model, query = lower(*loaded.fixed(check))
            if isinstance(query, Recover):
                continue
            try:
                decision = decide(model, query, max_states=400)
            except TooManyStatesError:
                continue
            seconds = 0.5 if isinstance(query, Lasso) else 5.0
            said = ask(model, query, Limits(seconds_max=seconds))
            decided += not isinstance(said, Stopped)
            assert_no_disagreement(model, said, decision)
    assert decided > 0


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_models_come_out_as_worked_out_by_hand(path: Path) -> None:
    found: list[CheckResult] = []
    options = CheckOptions(check_names=(), limits=Limits(seconds_max=0.5), engine="symbolic")
    check_file(str(path), options, lambda _: Progress(), found.append)
    decided = [result for result in found if not isinstance(result.verdict, Undetermined)]
    assert [result.name for result in decided if not result.is_as_expected] == []


QUICK = {
    "aws-2025-10-20": {"race", "velocity_control_is"},
    "cloudflare-2020-11-02": {"lease_is_not", "total_failure_is_masked"},
    "cloudflare-2025-09-12": {"guarded_rollout_is"},
    "github-2018-10-21": {"restore_loses_nothing", "west_alone"},
    "google-cloud-2025-06-12": {"quota_is_enforced", "fail_open_enforces", "herd"},
    "openai-2024-12-11": {"discovery_is", "staging_is_fine"},
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_of_the_repository_are_as_they_say(path: Path) -> None:
    found: list[CheckResult] = []
    options = CheckOptions(check_names=tuple(QUICK[path.stem]), engine="symbolic")
    check_file(str(path), options, lambda _: Progress(), found.append)
    assert {result.name for result in found if result.is_as_expected} == QUICK[path.stem]


# --- time ---


def rebuilds(ticks: int) -> ModelBuilder:
    """Two replicas that take so long to rebuild; a page two thirds into it."""
    b = ModelBuilder(is_timed=True)
    for name in ("lost1", "lost2", "paged"):
        b.variable(name, 1)
    for name in ("lost1", "lost2"):
        b.command(FAULT, ("eq", name, 0), {name: 1})
        b.command(REPAIR, ("eq", name, 1), {name: 0}, after=(ticks, ticks))
    both = ("and", ("eq", "lost1", 1), ("eq", "lost2", 1))
    b.command(REACTION, ("and", both, ("eq", "paged", 0)), {"paged": 1}, after=(ticks * 2 // 3, ticks * 2 // 3))
    return b


@pytest.mark.parametrize("ticks", [3, 600, 36_000])
def test_ten_hours_take_as_many_steps_as_three_ticks(ticks: int) -> None:
    b = rebuilds(ticks)
    said = ask(*b.reach(("eq", "paged", 1)))
    assert isinstance(said, Found)
    commands = [step for step in said.run.steps if step != TICK]
    assert len(commands) == 3
    assert said.run.steps.count(TICK) == ticks * 2 // 3


@pytest.mark.parametrize("factor", [1, 200, 12_000])
def test_the_same_proof_does_for_ten_hours(factor: int) -> None:
    family = Clocks(2, 2, 3 * factor)
    said = ask(*family.builder.reach(False, family.degraded_clock, 3 * factor))
    assert isinstance(said, Exhausted) and said.proof is not None
    assert said.proof.k <= 3


def test_an_untimed_reaction_keeps_time_from_passing() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("struck", 1)
    b.variable("late", 1)
    b.command(FAULT, ("eq", "struck", 0), {"struck": 1})
    b.command(REACTION, ("eq", "struck", 1), {"struck": 0})
    b.command(EVENT, ("eq", "struck", 1), {"late": 1}, after=(1, None))
    assert isinstance(ask(*b.reach(("eq", "late", 1))), Exhausted)


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


def test_a_timelock_behind_a_delay_is_found() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("on", 1)
    b.variable("off", 1)
    b.command(REACTION, ("eq", "off", 0), {"on": ("sub", 1, "on")}, after=(100, 100))
    b.command(REACTION, ("eq", "on", 1), {"off": ("sub", 1, "off")})
    said = ask(*b.reach(False))
    assert isinstance(said, SpecFailure)
    assert said.kind is FailureKind.TIMELOCK
    assert said.run.steps.count(TICK) == 100


def test_a_way_on_that_is_not_the_first_is_no_timelock() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("turn", 1)
    b.variable("over", 1)
    b.command(REACTION, ("eq", "over", 0), {"turn": ("sub", 1, "turn")})
    b.command(OPERATOR, ("eq", "over", 0), {"over": 1})
    assert isinstance(ask(*b.reach(False)), Exhausted)


def test_a_delay_ends_where_an_error_shows() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("v", 1)
    b.variable("late", 1)
    b.command(EVENT, True, {"v": 2}, after=(4, None))
    b.command(EVENT, ("eq", "late", 0), {"late": 1}, after=(9, None))
    said = ask(*b.reach(("eq", "late", 1)))
    assert isinstance(said, SpecFailure)
    assert (said.command, said.value, said.run.steps) == (0, 2, (TICK,) * 4)


# --- best runs ---


def test_fewer_faults_beat_fewer_commands() -> None:
    b = ModelBuilder()
    b.variable("stage", 9)
    b.variable("down", 1)
    b.command(FAULT, ("eq", "down", 0), {"down": 1})
    b.command(EVENT, ("lt", "stage", 9), {"stage": ("add", "stage", 1)})
    b.command(EVENT, ("eq", "stage", 9), {"down": 1})
    said = ask(*b.reach(("eq", "down", 1)))
    assert isinstance(said, Found)
    assert cost_of(b.reach(("eq", "down", 1))[0], said.run.steps) == (0, 0, 10)


def test_fewer_ticks_beat_fewer_commands() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("stage", 5)
    b.variable("down", 1)
    b.command(EVENT, ("eq", "down", 0), {"down": 1}, after=(1_000, None))
    b.command(EVENT, ("lt", "stage", 5), {"stage": ("add", "stage", 1)})
    b.command(EVENT, ("eq", "stage", 5), {"down": 1}, after=(999, None))
    model, query = b.reach(("eq", "down", 1))
    said = ask(model, query)
    assert isinstance(said, Found)
    assert cost_of(model, said.run.steps) == (0, 999, 6)


# --- proofs ---


def patience() -> Patience:
    return Patience(Watch(Limits(), Progress()))


def counter() -> tuple[CoreModel, Reach]:
    """A counter that goes up by 2 and down by 2."""
    b = ModelBuilder()
    b.variable("v", 20, 4)
    b.command(EVENT, ("lt", "v", 19), {"v": ("add", "v", 2)})
    b.command(EVENT, ("lt", 2, "v"), {"v": ("sub", "v", 2)})
    model, query = b.reach(("eq", "v", 1))
    assert isinstance(query, Reach)
    return model, query


def test_corrupted_invariants_are_rejected() -> None:
    model, query = counter()
    encoder = Encoder(model, (query.goal,), Integers(z3.Context()))
    here = encoder.moment("here")
    v = here.variables[0]

    def is_bad(about: Encoder, moment: Moment) -> Truth:
        return about.arithmetic.or_([about.is_goal(moment, query), about.fails(moment)])

    def holds_up(claimed: Truth) -> bool:
        return invariant.holds_up(encoder, here, claimed, is_bad, patience())

    assert holds_up(v % 2 == 0)
    assert holds_up(z3.And(v % 2 == 0, v >= 0))
    assert not holds_up(v >= 0)  # not safe
    assert not holds_up(v != 1)  # not kept by a step
    assert not holds_up(z3.And(v % 2 == 0, v != 4))  # not true at the start
    assert not holds_up(z3.And(v % 2 == 0, v != 20))  # not kept by a step
    assert not holds_up(encoder.arithmetic.false)


def test_invariants_are_kept_by_delays_too() -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("v", 1)
    b.command(EVENT, ("eq", "v", 0), {"v": 1}, after=(5, None))
    model, query = b.reach(("eq", "v", 1))
    assert isinstance(query, Reach)
    encoder = Encoder(model, (query.goal,), Integers(z3.Context()))
    here = encoder.moment("here")

    def is_bad(about: Encoder, _: Moment) -> Truth:
        return about.arithmetic.false

    assert invariant.holds_up(encoder, here, here.clocks[0] <= 5, is_bad, patience())
    assert not invariant.holds_up(encoder, here, here.clocks[0] == 0, is_bad, patience())
    assert not invariant.holds_up(encoder, here, here.variables[0] == 0, is_bad, patience())


@pytest.mark.parametrize(("k", "is_proof"), [(0, False), (2, False), (3, True), (4, True)])
def test_k_induction_is_examined(k: int, is_proof: bool) -> None:
    b = ModelBuilder()
    b.variable("v", 9)
    b.command(EVENT, ("eq", "v", 0), {"v": 0})
    for before in (5, 6, 7):
        b.command(EVENT, ("eq", "v", before), {"v": before + 1})
    model, query = b.reach(("eq", "v", 8))
    assert isinstance(query, Reach)
    encoder = Encoder(model, (query.goal,), Words(z3.Context()))

    def is_bad(about: Encoder, moment: Moment) -> Truth:
        return about.is_goal(moment, query)

    # Three steps before 8 lie 5, 6 and 7; only the start before 5 makes a fourth good moment impossible.
    assert induct.holds_up(encoder, k + 1, set(), is_bad, is_bad, patience()) is is_proof


def test_a_proof_that_does_not_hold_up_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    model, query = counter()
    assert isinstance(ask(model, query), Exhausted)
    monkeypatch.setattr(invariant, "holds_up", lambda *_: False)
    monkeypatch.setattr(induct, "holds_up", lambda *_: False)
    said = ask(model, query)
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.UNPROVED


def test_invariants_speak_the_names_of_the_spec() -> None:
    family = Clocks(3, 2, 50)
    said = ask(*family.builder.reach(False, family.degraded_clock, 50))
    assert isinstance(said, Exhausted) and said.proof is not None
    assert "@" not in " ".join(said.proof.invariant)


# --- arithmetic ---


@pytest.mark.parametrize("kind", [Integers, Words])
def test_calculates_like_python(kind: type[Arithmetic]) -> None:
    arithmetic = kind(z3.Context())
    for a in range(-9, 10):
        for b in range(-4, 5):
            x, y = arithmetic.number(a), arithmetic.number(b)

            def value(term: object) -> int:
                return arithmetic.value(z3.simplify(term))

            assert value(arithmetic.add(x, y, -13, 13)) == a + b
            assert value(arithmetic.subtract(x, y, -13, 13)) == a - b
            assert value(arithmetic.multiply(x, y, -36, 36)) == a * b
            assert value(arithmetic.minimum(x, y)) == min(a, b)
            assert value(arithmetic.maximum(x, y)) == max(a, b)
            if b:
                assert value(arithmetic.divide(x, y, -9, 9)) == a // b
            assert z3.is_true(z3.simplify(arithmetic.less(x, y))) == (a < b)
            assert z3.is_true(z3.simplify(arithmetic.equal(x, y))) == (a == b)


@pytest.mark.parametrize(
    ("low", "high", "width"), [(0, 0, 1), (0, 1, 2), (-1, 0, 1), (-8, 7, 4), (-9, 7, 5), (0, 8, 5)]
)
def test_words_are_as_wide_as_their_range(low: int, high: int, width: int) -> None:
    assert width_of(low, high) == width


# --- limits ---


def test_says_what_it_does_not_answer() -> None:
    family = Clocks(2, 2, 2)
    model, query = family.builder.reach(False)
    said = ask(model, Recover(trigger=query.goal, goal=query.goal))
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.UNSUPPORTED
    assert ENGINES["symbolic"].queries == (Reach, Lasso)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(Limits(seconds_max=0.0), StopReason.TIME), (Limits(memory_bytes_max=1), StopReason.MEMORY)],
)
def test_stops_at_limits(limits: Limits, reason: StopReason) -> None:
    said = ask(*Clocks(6, 4, 50).builder.reach(False), limits=limits)
    assert isinstance(said, Stopped)
    assert said.reason is reason


def hard() -> tuple[CoreModel, Query]:
    """A product that no number in range has: a question about multipliers."""
    b = ModelBuilder()
    top = 2**40
    for name in ("p", "q"):
        b.variable(name, top, 2)
        b.command(EVENT, ("lt", name, top - 3), {name: ("add", name, ("min", ("mul", name, "p"), 3))})
    return b.reach(("eq", ("mul", ("mul", "p", "p"), ("add", "q", 1)), (2**61 - 1)))


def test_an_interruption_is_obeyed_soon() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    model, query = hard()
    begun = time.monotonic()
    said = answer(model, query, Limits(), Progress(show=interrupt, interval_seconds=0.3))
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.INTERRUPTED
    assert time.monotonic() - begun < 20  # not for ever; a slow machine may take its time


def test_same_answer_every_time() -> None:
    model, query = Clocks(3, 2, 7).builder.reach(False)
    answers = [ask(model, query) for _ in range(2)]
    assert isinstance(answers[0], Exhausted) and isinstance(answers[1], Exhausted)
    assert answers[0].proof == answers[1].proof


def test_it_says_when_the_search_for_a_better_run_was_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(*_: object) -> None:
        raise StopSearch(StopReason.TIME)

    def is_sure() -> bool:
        said = answer(model, query, Limits(), Progress())
        assert isinstance(said, Found)
        return NOT_BEST not in said.statistics.details

    loaded = LoadedText(
        "system s { state n: 0..3 = 0 fault f { n: 0 -> 2 } event e { n: 2 -> 3 } check c: never n == 3 }"
    )
    model, query = lower(loaded.system(()), loaded.checks[0])
    assert is_sure()
    with monkeypatch.context() as patch:
        patch.setattr(Best, "_better_ones", cut_short)
        assert not is_sure()
    monkeypatch.setattr(best, "PROOF_EFFORT", 1)
    monkeypatch.setattr(best, "MORE_COMMANDS", 0)
    assert not is_sure()


@pytest.mark.parametrize(("kind", "clause"), [("repair", ""), ("operator", "if owes acts")])
def test_whatever_is_owed_happens_in_each_loop(kind: str, clause: str) -> None:
    """`turn` could go on for ever, were it not for what is owed all the while. A loop that is none is found at once; that there is none need not be proved."""
    loaded = LoadedText(
        f"system s {{ state x: bool = false state done: bool = false event turn {{ x = not x }}"
        f" {kind} owes {{ done: false -> true }} check c: not done leads to done {clause} }}"
    )
    model, query = lower(loaded.system(()), loaded.checks[0])
    assert not isinstance(ask(model, query, Limits(seconds_max=1.0)), Found)
    freely = replace(model, commands=tuple(replace(c, owed=False) for c in model.commands))
    assert isinstance(ask(freely, query), Found)
