"""Errors of a spec that only a run shows: what is said of each, where the caret stands, and which run leads there."""

import re

import pytest

from cascade.diagnostics.diagnostic import Diagnostic
from cascade.verdicts.answer import FailureKind
from cascade.verdicts.verdict import Undetermined
from tests.questions.asking import Asked, asked

DOMAIN_HELP = "guard the command, widen the range, or limit the value with `min` and `max`"
DOMAIN_NOTE = "values are never clamped; the run that leads there stands below"
DIVISION_HELP = "`if divisor == 0 then … else …` evaluates only the branch that it takes"
INDEX_HELP = "`and`, `or` and `if` are lazy: `leader != 0 and nodes[leader].up` is fine"
INDEX_NOTE = "members are counted from 1; the run that leads there stands below"
TIMELOCK_HELP = "a reaction that undoes another at once needs a delay: `after d`"
TIMELOCK_NOTE = (
    "time may not pass while an untimed reaction or repair is enabled, or a deadline is due; "
    "these commands keep each other busy for ever without a tick"
)
RUN_NOTE = "the run that leads there stands below"


def failing(marked: str) -> tuple[Diagnostic, str, list[str], FailureKind]:
    """What is said of a spec whose culprit is marked as `«culprit»`: the diagnostic, the culprit, and the run."""
    culprit = re.search(r"«(.*?)»", marked, re.DOTALL)
    assert culprit is not None
    question: Asked = asked(re.sub("[«»]", "", marked))
    result = question.decided()
    assert isinstance(result.verdict, Undetermined)
    failure, run = result.verdict.failure, result.verdict.run
    assert failure is not None and run is not None
    (diagnostic,) = result.diagnostics
    assert (diagnostic.primary.span.start, diagnostic.primary.span.text) == (culprit.start(), culprit[1])
    steps = [question.model.commands[step].name if step >= 0 else "tick" for step in run.steps]
    return diagnostic, culprit[1], steps, failure.kind


def labels(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    return [(label.span.text, label.text) for label in diagnostic.others]


@pytest.mark.parametrize(
    ("spec", "message", "domain", "run"),
    [
        (
            "system s { state n: 0..2 = 0 event grow { «n = n + 2» } check c: never false }",
            "a run assigns 4 to `n`, which is outside its domain",
            "takes 0..2",
            ["grow"],
        ),
        (
            "system s { state n: -3..3 = 0 event sink { «n = n - 2» } check c: never n == 3 }",
            "a run assigns -4 to `n`, which is outside its domain",
            "takes -3..3",
            ["sink"],
        ),
        (
            (
                "component Cache { state warm: 1..4 = 4 fault lose when warm > 0 { «warm = warm / 2» } }\n"
                "system s { redundant caches: 2 x Cache needs 1 check c: never false with only caches[2].lose }"
            ),
            "a run assigns 0 to `caches[2].warm`, which is outside its domain",
            "takes 1..4",
            ["caches[2].lose", "caches[2].lose"],
        ),
    ],
)
def test_outside_domain(spec: str, message: str, domain: str, run: list[str]) -> None:
    diagnostic, _, steps, kind = failing(spec)
    assert kind is FailureKind.OUT_OF_DOMAIN
    assert (diagnostic.code, diagnostic.message) == ("CF501", message)
    assert (diagnostic.help, diagnostic.note) == (DOMAIN_HELP, DOMAIN_NOTE)
    assert [text for _, text in labels(diagnostic)] == [domain, "found by this check"]
    assert labels(diagnostic)[-1] == ("c", "found by this check")
    assert steps == run


def test_the_caret_stands_under_the_update_that_does_not_fit() -> None:
    diagnostic, _, _, _ = failing(
        "system s { state a: 0..9 = 0 state b: 0..1 = 0 event both { a = a + 1, «b = b + 2» } check c: never false }"
    )
    assert diagnostic.message == "a run assigns 2 to `b`, which is outside its domain"
    assert labels(diagnostic)[0] == ("b", "takes 0..1")


@pytest.mark.parametrize(
    ("spec", "run"),
    [
        (
            "state n: 0..2 = 2 event shrink when n > 0 { n = n - 1 } event use when «6 / n» > 7 { n = 0 } check c: never false",
            2,
        ),
        ("state n: 0..2 = 2 event use { n = min(2, «4 / (n - 2)») } check c: never false", 0),
        ("state n: 0..2 = 2 event shrink when n > 0 { n = n - 1 } check c: never «6 / n» > 7", 2),
        (
            "state n: 0..2 = 2 event shrink when n > 0 { n = n - 1 } let share = «6 / n» check c: always share >= 0",
            2,
        ),
    ],
)
def test_division_by_zero(spec: str, run: int) -> None:
    diagnostic, _, steps, kind = failing(f"system s {{ {spec} }}")
    assert kind is FailureKind.DIVISION_BY_ZERO
    assert (diagnostic.code, diagnostic.message) == ("CF502", "a run divides by zero here")
    assert (diagnostic.help, diagnostic.note) == (DIVISION_HELP, RUN_NOTE)
    assert labels(diagnostic) == [("c", "found by this check")]
    assert steps == ["shrink"] * run


@pytest.mark.parametrize(
    ("start", "body", "index", "run"),
    [
        (0, "check c: never not «nodes[leader]».healthy", 0, 0),
        (1, "event grow { leader = leader + 1 } check c: never not «nodes[leader]».healthy without faults", 3, 2),
        (2, ("event grow when leader < 3 { leader = leader + 1 } event use when «nodes[leader]».healthy { leader = 1 } "
            "check c: never false without faults"), 3, 1),
    ],
)  # fmt: skip
def test_index_outside_group(start: int, body: str, index: int, run: int) -> None:
    diagnostic, _, steps, kind = failing(
        f"component N {{ }} system s {{ redundant nodes: 2 x N needs 1 state leader: 0..3 = {start} {body} }}"
    )
    assert kind is FailureKind.INDEX_OUTSIDE_GROUP
    assert diagnostic.code == "CF503"
    assert diagnostic.message == f"a run uses the index {index}, which no member of the group has"
    assert (diagnostic.help, diagnostic.note) == (INDEX_HELP, INDEX_NOTE)
    assert labels(diagnostic) == [("c", "found by this check")]
    assert steps == ["grow"] * run


def test_timelock_of_two_reactions() -> None:
    diagnostic, _, steps, kind = failing(
        "system s { tick 1min state broken: bool = false state on: bool = false "
        "fault breaks after 2min { broken: false -> true } "
        "reaction «start» when broken and not on { on = true } reaction stop when on { on = false } "
        "check c: never false }"
    )
    assert kind is FailureKind.TIMELOCK
    assert diagnostic.code == "CF504"
    assert diagnostic.message == "a run reaches a state from which time can never pass again"
    assert (diagnostic.help, diagnostic.note) == (TIMELOCK_HELP, TIMELOCK_NOTE)
    assert labels(diagnostic) == [("c", "found by this check")]
    assert steps == ["tick", "tick", "breaks", "start", "stop"]


def test_timelock_of_the_first_command_alone() -> None:
    # No other command, and so none that the caret could stand under instead.
    diagnostic, _, steps, kind = failing(
        "system s { state n: 0..1 = 0 reaction «busy» { n = 1 - n } check c: n == 2 lasts at most 1min }"
    )
    assert kind is FailureKind.TIMELOCK
    assert diagnostic.code == "CF504"
    assert labels(diagnostic) == [("c", "found by this check")]
    assert steps == ["busy", "busy"]


def test_without_time_two_reactions_may_chase_each_other_for_ever() -> None:
    question = asked(
        "system s { state on: bool = false reaction start when not on { on = true } "
        "reaction stop when on { on = false } check c: on leads to not on }"
    )
    assert question.decided().is_as_expected


def test_what_fails_only_where_it_is_not_asked_for_is_no_error() -> None:
    question = asked(
        "component N { } system s { redundant nodes: 2 x N needs 1 state leader: 0..2 = any "
        "check c: never leader != 0 and nodes[leader].healthy and 1 / leader > 1 }"
    )
    assert question.decided().is_as_expected
