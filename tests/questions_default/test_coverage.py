"""What of a spec ever happens: agrees with the reference interpreter on generated specs, and is honest about limits."""

import dataclasses

import pytest

from cascade.cli.main import main
from cascade.core.lower import lower
from cascade.limits import Limits
from cascade.questions.coverage import Cover, Subject, coverage, vacuous
from cascade.questions.inquiry import Inquiry
from cascade.reference.step import Situation, initial_state, initial_values
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec
from tests.questions_default.inquiring import _never, inquiry, outage_of

SPEC = """
system s { tick 1min
  redundant web: 2 x Server needs 1
  redundant lamps: 2 x Lamp needs 1
  component log { state n: 0..1 = 0
    param is_kept = false
    event write when n == 0 or n == 1 { n = 1 - n }
    reaction keep when is_kept { n = 0 } }
  outage down when not web.serving
  check c: possible log.n == 1
  check d: never down expect violated }
component Server { state up: bool = true
  fault crash lasts 2min { up: true -> false }
  reaction restart when not up after 3min { up: false -> true }
  let serving = up }
component Lamp { let serving = true }
"""


def told(text: str, cover: Cover) -> list[tuple[Subject, tuple[str, ...]]]:
    return [(item.subject, item.names) for item in coverage(inquiry(text)).items if item.cover is cover]


def test_what_never_happens() -> None:
    assert told(SPEC, Cover.NEVER) == [
        (Subject.REACTION, ("web[1].restart", "web[2].restart")),  # the fault ends first
        (Subject.GUARD, ("log.write",)),
        (Subject.GROUP, ("lamps",)),
        (Subject.CHECK, ("c",)),
    ]
    assert told(SPEC, Cover.OFF) == [(Subject.REACTION, ("log.keep",))]
    assert told(SPEC, Cover.UNKNOWN) == []


def test_what_a_limit_leaves_open_is_not_examined() -> None:
    asking = Inquiry(LoadedText(SPEC, "spec.cf").system(()), limits=Limits(state_count_max=2))
    items = coverage(asking).items
    assert {i.cover for i in items if i.subject is not Subject.CHECK} <= {Cover.COVERED, Cover.UNKNOWN, Cover.OFF}
    assert any(i.cover is Cover.UNKNOWN for i in items)


def test_table(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch, snapshot) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "s.cf").write_text(SPEC, encoding="utf-8")
    main(["check", "s.cf", "--coverage"])
    out = capsys.readouterr().out
    found = out[out.index("What never happens") :]
    assert "\n".join(found.splitlines()[:18]) == snapshot


@pytest.mark.parametrize("seed", range(200, 224))
def test_the_reference_interpreter_sees_the_same(seed: int) -> None:
    asking = inquiry(make_spec(seed, 1).text)
    check = dataclasses.replace(
        _never(asking, outage_of(asking), asking.faults),
        formula=dataclasses.replace(
            _never(asking, outage_of(asking), asking.faults).formula, conditions=(asking.system.builder.false,)
        ),
    )
    model, _ = lower(asking.system, check)
    pending = [initial_state(model, values) for values in initial_values(model)]
    seen = set(pending)
    fired: set[str] = set()
    while pending:
        steps, errors = Situation(model, pending.pop()).steps()
        if errors or len(seen) > 3_000:
            return  # the survey says so, too
        for step, state in steps:
            if step >= 0:
                fired.add(model.commands[step].name)
            if state not in seen:
                seen.add(state)
                pending.append(state)
    classes = {Subject.FAULT, Subject.REPAIR, Subject.REACTION, Subject.OPERATOR, Subject.EVENT}
    for item in coverage(asking).items:
        if item.subject in classes:
            assert (item.cover is Cover.COVERED) == any(name in fired for name in item.names), item


def test_what_follows_a_fault_is_looked_at_where_much_happens_without_one() -> None:
    """The states without a fault are more than a limit allows; the first fault shows what follows it all the same."""
    text = """system s {
      redundant boxes: 8 x Box needs 5
      outage down when not boxes.serving }
    component Box { state up: bool = true  state load: 0..3 = 0  state told: bool = false
      fault dies { up: true -> false }
      event work when load < 3 { load = load + 1 }
      reaction tell when not up { told: false -> true }
      let serving = up }"""
    items = coverage(Inquiry(LoadedText(text, "spec.cf").system(()), limits=Limits(state_count_max=500))).items
    assert [(i.subject, i.names[0]) for i in items if i.cover is not Cover.COVERED] == []


def test_the_end_of_a_fault_that_never_strikes_goes_without_saying() -> None:
    text = "system s { tick 1min state n: 0..2 = 0 fault f when n == 1 lasts 2min { n: 0 -> 2 } outage o when n == 2 }"
    found = coverage(inquiry(text))
    assert [d.message for d in vacuous(found)] == ["`f` never fires"]
    assert [i.names for i in found.of(Subject.REPAIR)] == [("f_ends",)]


def test_links_that_only_a_check_cuts_count_as_cut() -> None:
    text = """component Node { let serving = true }
    system s {
      part a: Node
      part b: Node
      link a <-> b
      state told: bool = false  state n: 0..1 = 0
      reaction tell when not reaches(a, b) { told: false -> true }
      reaction both when not reaches(a, b) and not reaches(b, a) { n = 1 }
      outage split when told
      check cut: possible told link a -> b can cut
      check other: never n == 1 link b -> a can cut
      check plain: never told with at most 1 fault }"""
    # No check cuts both directions.
    assert told(text, Cover.NEVER) == [(Subject.REACTION, ("both",))]
    # Each may be influenced by its own cut; no fault strikes under `plain`, so nothing is said of it.
    assert [i.names for i in coverage(inquiry(text)).of(Subject.CHECK)] == [("cut",), ("other",)]
