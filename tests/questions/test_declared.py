"""Declared checks: from what is known of a query to the verdict of its formula."""

import pytest

from cascade.limits import Limits, Progress, StopReason
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.declared import CheckResult
from cascade.verdicts.answer import Exhausted, Found, Statistics, Stopped
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Holds, Undetermined, Violated
from tests.questions.asking import asked, install

LAMP = """
system lamp {
  tick 1min
  state on: bool = false
  event press { on: false -> true }
  operator release { on: true -> false }
  check asked "a question": FORMULA EXPECT
}
"""
STATISTICS = Statistics(state_count=5, transition_count=6, seconds=0.25)

# A formula, a run that shows what its query asks for, and what the formula then is.
ANSWERED = [
    ("never on", ("press",), None, Violated),
    ("always not on", ("press",), None, Violated),
    ("possible on", ("press",), None, Holds),
    ("possible on then not on", ("press", "release"), None, Holds),
    ("on leads to not on", ("press",), 1, Violated),
    ("on can lead to not on without release", ("press",), None, Violated),
    ("on lasts at most 1min", ("press", 2), None, Violated),
    ("on leads to not on within 1min", ("press", 2), None, Violated),
]
FORMULAS = [row[0] for row in ANSWERED]
IS_POSSIBLE = {formula: formula.startswith("possible") for formula in FORMULAS}


def spec(formula: str, expect: str = "") -> str:
    return LAMP.replace("FORMULA", formula).replace("EXPECT", expect)


@pytest.mark.parametrize(("formula", "steps", "loop_start", "verdict"), ANSWERED, ids=FORMULAS)
@pytest.mark.parametrize("expect", ["", "expect holds", "expect violated"])
def test_a_run_decides(
    monkeypatch: pytest.MonkeyPatch,
    formula: str,
    steps: tuple[str | int, ...],
    loop_start: int | None,
    verdict: type[Holds] | type[Violated],
    expect: str,
) -> None:
    question = asked(spec(formula, expect))
    install(monkeypatch, Found(run=question.candidate(*steps, loop_start=loop_start), statistics=STATISTICS))
    result = question.decided("puppet")
    assert type(result.verdict) is verdict
    assert isinstance(result.verdict.evidence, ReplayedRun) and result.verdict.statistics == STATISTICS
    assert result.explanation is not None and result.explanation.steps[0].command == "press"
    assert result.diagnostics == ()
    assert result.expected == ("violated" if expect == "expect violated" else "holds")
    assert result.is_as_expected is ((expect == "expect violated") == (verdict is Violated))


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("expect", ["", "expect violated"])
def test_exhaustion_decides(monkeypatch: pytest.MonkeyPatch, formula: str, expect: str) -> None:
    install(monkeypatch, Exhausted(statistics=STATISTICS))
    result = asked(spec(formula, expect)).decided("puppet")
    assert type(result.verdict) is (Violated if IS_POSSIBLE[formula] else Holds)
    assert result.verdict.evidence == Exhaustion(statistics=STATISTICS)
    assert result.explanation is None and result.diagnostics == ()
    assert result.is_as_expected is ((expect == "expect violated") == IS_POSSIBLE[formula])


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("expect", ["", "expect holds", "expect violated"])
def test_what_was_stopped_is_never_as_expected(monkeypatch: pytest.MonkeyPatch, formula: str, expect: str) -> None:
    install(monkeypatch, Stopped(reason=StopReason.STATES, statistics=STATISTICS))
    result = asked(spec(formula, expect)).decided("puppet")
    assert result.verdict == Undetermined(reason=StopReason.STATES, statistics=STATISTICS)
    assert not result.is_as_expected
    assert result.explanation is None and result.diagnostics == ()


@pytest.mark.parametrize("expect", ["", "expect holds", "expect violated"])
def test_an_error_of_the_spec_is_never_as_expected(expect: str) -> None:
    text = "system s {{ state n: 0..1 = 0 event grow {{ n = n + 1 }} check c: never false {} }}"
    result = asked(text.format(expect)).decided()
    assert isinstance(result.verdict, Undetermined) and result.verdict.reason is StopReason.SPEC_ERROR
    assert not result.is_as_expected
    assert [d.code for d in result.diagnostics] == ["CF501"]
    assert result.explanation is not None and [s.command for s in result.explanation.steps] == ["grow"]


def test_limits_reach_the_engine() -> None:
    text = "system s { state n: 0..99 = 0 event grow when n < 99 { n = n + 1 } check c: never n == 99 }"
    assert isinstance(asked(text).decided().verdict, Violated)
    stopped = asked(text).decided(limits=Limits(state_count_max=10)).verdict
    assert isinstance(stopped, Undetermined) and stopped.reason is StopReason.STATES


def test_a_result_says_what_was_asked() -> None:
    text = (
        'system s {\n state n: 0..1 = 0\n event grow when n < 1 { n = n + 1 }\n check c "why": never n == 1\n'
        "   # a remark\n   with events at most 3 times\n   expect violated\n}"
    )
    result = asked(text).decided()
    assert (result.name, result.text, result.expected) == ("c", "why", "violated")
    assert result.formula == "never n == 1 with events at most 3 times"
    assert (result.span.text, result.span.line) == ("c", 4)


# --- by a real search, with verdicts worked out by hand ---

BREAKER = """
system breaker {
  param patience = 2min
  param limit = 1
  state load: 0..2 = 0
  state tripped: bool = false
  event surge when load < 2 and not tripped { load = load + 1 }
  reaction trip when load > limit after patience { load = 0, tripped = true }
  operator reset { tripped: true -> false }
  fix quick { patience = 1min }
  fix quicker { patience = 1min, limit = 0 }

  check stays: load == 2 lasts at most 1min expect violated
  check quick_helps: load == 2 lasts at most 1min with fix quick
  check longer: load == 2 lasts at most 2min
  check trips: load == 2 leads to tripped
  check one_is_tolerated: load == 1 leads to load != 1 expect violated
  check not_with_limit_zero: load == 1 leads to load != 1 with fix quicker
  check both: possible load == 2 then tripped then load == 2
  check not_without_people: possible tripped then load == 2 without operators expect violated
  check can: tripped can lead to not tripped
  check only_people_can: tripped can lead to not tripped without operators expect violated
  check in_time: load == 2 leads to tripped within 2min
  check not_sooner: load == 2 leads to tripped within 1min expect violated
  check always_fine: always load < 2 or not tripped
  check bad_promise: never tripped
}
"""


@pytest.fixture
def results(tmp_path) -> dict[str, CheckResult]:
    path = tmp_path / "breaker.cf"
    path.write_text(BREAKER)
    return {c.name: c for c in check_file(str(path), CheckOptions(), lambda _: Progress()).checks}


def test_verdicts_of_a_breaker(results: dict[str, CheckResult]) -> None:
    assert len(results) == 14
    assert [name for name, result in results.items() if not result.is_as_expected] == ["bad_promise"]
    kinds = {name: type(result.verdict) for name, result in results.items()}
    assert {name for name, kind in kinds.items() if kind is Violated} == {
        "stays",
        "one_is_tolerated",
        "not_without_people",
        "only_people_can",
        "not_sooner",
        "bad_promise",
    }
    assert set(kinds.values()) == {Holds, Violated}


def test_runs_of_a_breaker(results: dict[str, CheckResult]) -> None:
    stays, both = results["stays"].verdict, results["both"].verdict
    assert isinstance(stays, Violated) and isinstance(stays.evidence, ReplayedRun)
    assert stays.evidence.times_ticks[-1] == 2, "tick 1 min: it has lasted more than 1 min after 2"
    assert isinstance(both, Holds) and isinstance(both.evidence, ReplayedRun)
    names = [both.evidence.model.commands[step].name for step in both.evidence.steps if step >= 0]
    assert names == ["surge", "surge", "trip", "reset", "surge", "surge"]


def test_fixes_are_those_of_the_check(results: dict[str, CheckResult]) -> None:
    latest = {name: next(c for c in r.model.commands if c.name == "trip").latest_ticks for name, r in results.items()}
    # What `patience` says, 2min or 1min; under `quick` and `quicker` a minute is all there is.
    assert latest["stays"] == 2 and latest["trips"] == 2
    assert latest["quick_helps"] == 1 and latest["not_with_limit_zero"] == 1
