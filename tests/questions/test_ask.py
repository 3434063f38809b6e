"""The door to the engines: what an engine claims is evidence only once the reference interpreter confirms it."""

import pytest

from cascade.limits import Limits, Progress, StopReason
from cascade.questions import ask as door
from cascade.questions.ask import EngineError
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun, ReplayedRun
from cascade.verdicts.verdict import Exhaustion
from tests.questions.asking import Asked, asked, install

SHOP = """
system shop {
  tick 1min
  state n: 0..3 = 0
  fault overload when n < 3 { n = n + 1 }
  repair relax when n > 0 after 2min { n = 0 }
  event divide when n == 2 { n = 6 / (n - 2) }
  event leap when n == 3 { n = n + 1 }
  check CHECK
}
"""
STATISTICS = Statistics(state_count=7, transition_count=9, seconds=0.5)


def shop(check: str = "two: never n == 2") -> Asked:
    return asked(SHOP.replace("CHECK", check))


def answer_of(monkeypatch: pytest.MonkeyPatch, question: Asked, answer: Answer) -> door.Asked:
    install(monkeypatch, answer)
    return door.ask(question.model, question.query, engine="puppet", limits=Limits(), progress=Progress())


def found(run: CandidateRun) -> Found:
    return Found(run=run, statistics=STATISTICS)


def test_a_run_that_is_one_is_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    question = shop()
    result = answer_of(monkeypatch, question, found(question.candidate("overload", 2, "relax", "overload", "overload")))
    assert isinstance(result.evidence, ReplayedRun) and result.undetermined is None
    assert [state[0] for state in result.evidence.states] == [0, 1, 1, 1, 0, 1, 2]
    assert result.evidence.times_ticks == (0, 0, 1, 2, 2, 2, 2)
    assert result.evidence.fault_count == 3
    assert result.statistics == STATISTICS


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        (("overload",), "the goal does not hold"),
        ((), "the goal does not hold"),
        (("overload", "relax", "overload", "overload"), "step 1 fires relax before its earliest time"),
        (("relax",), "step 0 fires relax, which is not enabled"),
        (("overload", 3, "overload"), "step 3 is a tick, but relax is due"),
    ],
)
def test_a_run_that_is_none_is_an_error_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, steps: tuple[str | int, ...], complaint: str
) -> None:
    question = shop()
    with pytest.raises(EngineError, match=f"the puppet engine reported a run that is none: .*{complaint}"):
        answer_of(monkeypatch, question, found(question.candidate(*steps)))


def test_a_run_from_values_that_are_not_initial_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="2 is no initial value of n"):
        answer_of(monkeypatch, shop(), found(CandidateRun(initial=(2,), steps=())))


def test_a_run_of_commands_that_do_not_exist_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="a command that does not exist"):
        answer_of(monkeypatch, shop(), found(CandidateRun(initial=(0,), steps=(99,))))


def test_a_run_beyond_its_budget_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    question = shop("two: never n == 2 with at most 1 fault")
    with pytest.raises(EngineError, match="fires overload, which a clause of the check forbids"):
        answer_of(monkeypatch, question, found(question.candidate("overload", "overload")))


@pytest.mark.parametrize(
    ("steps", "loop_start", "complaint"),
    [
        (("overload",), None, "the run has no loop"),
        (("overload",), 1, "in a model with time it has to go on"),
        (("overload", 1, 1), 1, "does not return to the state"),
        (("overload", 2, "relax", "overload"), 1, "the goal holds in the loop"),
    ],
)
def test_a_loop_that_is_none_is_an_error_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, steps: tuple[str | int, ...], loop_start: int | None, complaint: str
) -> None:
    question = shop("back: n > 0 leads to n == 0")
    with pytest.raises(EngineError, match=complaint):
        answer_of(monkeypatch, question, found(question.candidate(*steps, loop_start=loop_start)))


def test_no_way_back_is_not_believed_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    question = shop("back: n > 0 can lead to n == 0 without divide, leap")
    with pytest.raises(EngineError, match="the goal can be reached from the last state"):
        answer_of(monkeypatch, question, found(question.candidate("overload")))


def test_exhaustion_is_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    result = answer_of(monkeypatch, shop(), Exhausted(statistics=STATISTICS))
    assert result.evidence == Exhaustion(statistics=STATISTICS)
    assert result.undetermined is None and result.statistics == STATISTICS


@pytest.mark.parametrize("reason", [r for r in StopReason if r is not StopReason.SPEC_ERROR])
def test_what_was_stopped_is_undetermined_with_its_reason(monkeypatch: pytest.MonkeyPatch, reason: StopReason) -> None:
    result = answer_of(monkeypatch, shop(), Stopped(reason=reason, statistics=STATISTICS))
    assert result.evidence is None
    assert result.undetermined is not None
    assert (result.undetermined.reason, result.undetermined.statistics) == (reason, STATISTICS)
    assert result.undetermined.failure is None and result.undetermined.run is None


def failure(question: Asked, kind: FailureKind, command: str, *steps: str, value: int | None = None) -> SpecFailure:
    return SpecFailure(
        kind=kind,
        run=question.candidate(*steps),
        statistics=STATISTICS,
        command=question.steps(command)[0],
        value=value,
    )


def test_an_error_of_the_spec_is_undetermined_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    question = shop("none: never false")
    claim = failure(question, FailureKind.DIVISION_BY_ZERO, "divide", "overload", "overload")
    result = answer_of(monkeypatch, question, claim)
    assert result.evidence is None
    assert result.undetermined is not None and result.undetermined.run is not None
    assert (result.undetermined.reason, result.undetermined.failure) == (StopReason.SPEC_ERROR, claim)
    assert [state[0] for state in result.undetermined.run.states] == [0, 1, 2]
    assert result.statistics == STATISTICS


@pytest.mark.parametrize(
    ("kind", "command", "steps", "value"),
    [
        (FailureKind.DIVISION_BY_ZERO, "divide", ("overload",), None),  # not yet
        (FailureKind.OUT_OF_DOMAIN, "divide", ("overload", "overload"), None),  # another error
        (FailureKind.DIVISION_BY_ZERO, "overload", ("overload", "overload"), None),  # another command
        (FailureKind.OUT_OF_DOMAIN, "leap", ("overload", "overload", "overload"), 5),  # another value
        (FailureKind.INDEX_OUTSIDE_GROUP, "leap", (), 5),
        (FailureKind.TIMELOCK, "leap", (), None),
    ],
)
def test_an_error_that_is_none_is_an_error_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, kind: FailureKind, command: str, steps: tuple[str, ...], value: int | None
) -> None:
    question = shop("none: never false")
    with pytest.raises(EngineError, match="the puppet engine reported an error of the spec that is none"):
        answer_of(monkeypatch, question, failure(question, kind, command, *steps, value=value))


def test_a_timelock_where_time_can_pass_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(
        "system s { state a: bool = false fault on { a = true } event off { a = false } check c: a lasts at most 1min }"
    )
    claim = SpecFailure(
        kind=FailureKind.TIMELOCK, run=question.candidate("on", "off", loop_start=0), statistics=STATISTICS
    )
    with pytest.raises(EngineError, match="time can pass again after the loop"):
        answer_of(monkeypatch, question, claim)
