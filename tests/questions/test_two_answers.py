"""Answers that are put together: of two engines, and of the models that open params make."""

import pytest

from cascade.core.queries import Lasso, Reach, Recover
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.engines import ENGINES
from cascade.limits import Limits, Progress, StopReason
from cascade.questions import ask as door
from cascade.questions import cases
from cascade.questions.judgement import Judgement, is_adjustable
from cascade.reference.evaluate import DivisionByZeroError, OutOfDomainError
from cascade.source import SourceFile, Span
from cascade.verdicts.answer import (
    Answer,
    Exhausted,
    FailureKind,
    Found,
    Proof,
    ProofKind,
    SpecFailure,
    Statistics,
    Stopped,
)
from cascade.verdicts.run import CandidateRun
from tests.generate.load import LoadedText
from tests.questions.asking import asked, install

STATISTICS = Statistics(state_count=7, transition_count=9, seconds=0.5)
FAILING = "system s {\n  state n: 0..1 = 0\n  event leap { n = n + 1 }\n  check c: never n == 2\n}"


def ask_both(monkeypatch: pytest.MonkeyPatch, first: Answer, second: Answer) -> door.Asked:
    """The answers of two engines, in this order."""
    question = asked(FAILING)
    install(monkeypatch, first, "first")
    install(monkeypatch, second, "second")
    monkeypatch.setattr(door, "COMPARED", ("first", "second"))
    assert {Reach, Lasso, Recover} == set(ENGINES["first"].queries)
    return door._ask_both(question.model, question.query, limits=Limits(), progress=Progress(), slices=False)


def test_an_error_of_the_spec_contradicts_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = SpecFailure(
        kind=FailureKind.OUT_OF_DOMAIN,
        run=CandidateRun(initial=(1,), steps=(), loop_start=None),
        statistics=STATISTICS,
        command=0,
    )
    nothing = Exhausted(statistics=STATISTICS)
    question = asked(FAILING.replace("= 0\n", "= 1\n"))
    for order in ((failing, nothing), (nothing, failing)):
        install(monkeypatch, order[0], "first")
        install(monkeypatch, order[1], "second")
        monkeypatch.setattr(door, "COMPARED", ("first", "second"))
        with pytest.raises(door.DisagreementError, match=r"the first engine says: .*; the second engine says: "):
            door._ask_both(question.model, question.query, limits=Limits(), progress=Progress(), slices=False)


def test_a_run_contradicts_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    run = CandidateRun(initial=(0,), steps=(0,), loop_start=None)
    found, nothing = Found(run=run, statistics=STATISTICS), Exhausted(statistics=STATISTICS)
    question = asked(FAILING.replace("never n == 2", "never n == 1"))
    for order in ((found, nothing), (nothing, found)):
        install(monkeypatch, order[0], "first")
        install(monkeypatch, order[1], "second")
        monkeypatch.setattr(door, "COMPARED", ("first", "second"))
        with pytest.raises(door.DisagreementError, match="there is a run, of 1 steps"):
            door._ask_both(question.model, question.query, limits=Limits(), progress=Progress(), slices=False)


@pytest.mark.parametrize("reason", [StopReason.TIME, StopReason.UNSUPPORTED])
def test_no_answer_contradicts_nothing(monkeypatch: pytest.MonkeyPatch, reason: StopReason) -> None:
    stopped, nothing = Stopped(reason=reason, statistics=STATISTICS), Exhausted(statistics=STATISTICS)
    for order in ((stopped, nothing), (nothing, stopped)):
        said = ask_both(monkeypatch, *order)
        assert said.evidence is not None and said.undetermined is None
    said = ask_both(monkeypatch, stopped, stopped)
    assert said.undetermined is not None and said.undetermined.reason is reason
    assert said.undetermined.statistics.seconds == 1.0, "of both"


def test_who_is_interrupted_asks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ask_both(
        monkeypatch, Stopped(reason=StopReason.INTERRUPTED, statistics=STATISTICS), Exhausted(statistics=STATISTICS)
    )
    assert said.evidence is None
    assert said.undetermined is not None and said.undetermined.reason is StopReason.INTERRUPTED


def test_the_next_model_has_what_is_left() -> None:
    limits = Limits(seconds_max=10.0, state_count_max=100)
    assert cases._rest(limits, None) == limits
    assert cases._rest(limits, Statistics(state_count=30, seconds=4.0)) == Limits(seconds_max=6.0, state_count_max=70)
    assert cases._rest(limits, Statistics(state_count=200, seconds=40.0)) == Limits(seconds_max=0.0, state_count_max=1)
    assert cases._rest(Limits(), Statistics(state_count=30, seconds=4.0)) == Limits()


def test_a_proof_of_some_models_is_none_of_all() -> None:
    proof = Proof(kind=ProofKind.K_INDUCTION, k=2)
    assert cases._common([]) is None
    assert cases._common([None]) is None
    assert cases._common([proof]) == proof
    assert cases._common([proof, None]) is None
    larger = cases._common([proof, Proof(kind=ProofKind.K_INDUCTION, k=3)])
    assert larger is not None and larger.k == 3


def test_what_a_configuration_may_adjust() -> None:
    adjustable = ("CF601", "CF901", "CF705")
    assert [is_adjustable(code) for code in adjustable] == [True] * 3
    assert [is_adjustable(code) for code in ("CF101", "CF501", "CF701", "CF6", "CF7050", "")] == [False] * 6


def test_an_error_of_a_run_says_where() -> None:
    assert str(DivisionByZeroError(3)) == "division by zero (expression 3)"
    error = OutOfDomainError(4, 7, 1)
    assert str(error) == "out of domain (expression 4, variable 1, value 7)"
    error.command = 2
    assert str(error) == "out of domain in command 2 (expression 4, variable 1, value 7)"


def test_a_link_that_two_checks_cut_is_one_variable_even_if_it_is_the_first() -> None:
    text = (
        "component Node { let serving = true }\nsystem s {\n  part a: Node\n  part b: Node\n  link a -> b\n"
        "  check one: always reaches(a, b) link a -> b can cut\n  check two: possible reaches(a, b) link a -> b can cut\n}"
    )
    assert [v.name for v in LoadedText(text).system(()).variables] == ["a->b"]


def test_what_two_models_took_is_added() -> None:
    one = Statistics(state_count=7, transition_count=9, seconds=0.5, is_cached=True)
    other = Statistics(state_count=4, transition_count=5, seconds=0.25, is_cached=True)
    fresh = Statistics(state_count=4, transition_count=5, seconds=0.25)
    assert cases._sum(one, other) == Statistics(state_count=11, transition_count=14, seconds=0.75, is_cached=True)
    assert [cases._sum(*two).is_cached for two in ((one, fresh), (fresh, one), (fresh, fresh))] == [False] * 3


def test_a_code_may_be_hidden_or_made_graver() -> None:
    place = Label(span=Span(SourceFile("a.cf", "x"), 0, 1))
    lint = Diagnostic(code="CF901", message="m", primary=place)
    graver = Judgement(severities={"CF901": Severity.ERROR}).judged(lint)
    assert graver is not None and graver.severity is Severity.ERROR
    assert Judgement(severities={"CF901": None}).judged(lint) is None


def test_time_that_somebody_else_took_away_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: str) -> None:
        raise door.TimeIsUp

    question = asked(FAILING)
    monkeypatch.setattr(door, "load_engine", load)
    _, answer = door._search(question.model, question.query, "explicit", Limits(), Progress(), slices=False)
    assert answer == Stopped(reason=StopReason.TIME, statistics=Statistics(seconds=0.0))


def test_an_error_that_one_engine_finds_is_told_where_the_other_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = SpecFailure(
        kind=FailureKind.OUT_OF_DOMAIN,
        run=CandidateRun(initial=(1,), steps=(), loop_start=None),
        statistics=STATISTICS,
        command=0,
    )
    stopped = Stopped(reason=StopReason.STATES, statistics=STATISTICS)
    question = asked(FAILING.replace("= 0\n", "= 1\n"))
    monkeypatch.setattr(door, "COMPARED", ("first", "second"))
    for order in ((failing, stopped), (stopped, failing)):
        install(monkeypatch, order[0], "first")
        install(monkeypatch, order[1], "second")
        said = door._ask_both(question.model, question.query, limits=Limits(), progress=Progress(), slices=False)
        assert said.undetermined is not None and said.undetermined.reason is StopReason.SPEC_ERROR
