"""How an outage keeps itself up, comes back, or gets worse with more faults; and what it is compared with to be late."""

from cascade.core.model import TICK
from cascade.questions.classes import OutageClass, classify
from cascade.questions.defaults import objective_ms
from tests.questions_default.inquiring import inquiry, outage_of

HERD = """
system s { tick 1min
  component service { state ready: bool = true
    let overloaded = clients.demand > 10
    reaction fall_over when overloaded after 1min { ready: true -> false }
    operator add_room after 20min { ready: false -> true }
    let failing = not ready }
  component clients { state waiting: bool = false  state surge: bool = false
    fault burst { surge: false -> true }
    repair pass after 5min { surge: true -> false }
    reaction pile_up when service.failing after 1min { waiting: false -> true }
    reaction calm_down when not service.failing after 2min { waiting: true -> false }
    let demand = if waiting or surge then 20 else 5 }
  outage down when service.failing }
"""

FLAPPING = """
system s { tick 1min
  component a { state up: bool = true  state bad: bool = false
    fault break { bad: false -> true }
    reaction fall when bad after 5min { up: true -> false }
    reaction restart after 2min { up: false -> true%s } }
  outage down when not a.up }
"""


def test_a_loop_of_values_is_told_from_cause_to_effect() -> None:
    text = HERD.replace("operator add_room after 20min", "reaction restart when not clients.waiting after 3min")
    asking = inquiry(text)
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.ABSORBING
    assert found.sustained is not None
    assert set(found.sustained.values) == {"service.ready", "clients.waiting"}
    by = {(link.source, link.target): link.by for link in found.sustained.loop}
    assert by["service.ready", "clients.waiting"] == "clients.calm_down"
    assert by["clients.waiting", "service.ready"] == "service.restart"
    assert found.trigger == ("clients.burst", "service.fall_over")


def test_what_comes_back_again_and_again() -> None:
    asking = inquiry(FLAPPING % "")
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.TRANSIENT
    assert found.recurring is not None and found.recurring.run is not None
    run = found.recurring.run
    assert run.loop_start is not None
    loop = [found.recurring.model.commands[s].name for s in run.steps[run.loop_start :] if s != TICK]
    assert sorted(set(loop)) == ["a.fall", "a.restart"]


def test_what_its_repair_removes_does_not_come_back() -> None:
    asking = inquiry(FLAPPING % "  bad = false")
    found = classify(asking, outage_of(asking))
    assert found.recurring is not None and found.recurring.is_no


def test_events_are_no_flapping() -> None:
    text = (FLAPPING % "").replace("reaction fall", "event fall")
    asking = inquiry(text)
    found = classify(asking, outage_of(asking))
    assert found.recurring is not None and found.recurring.is_no


def test_more_faults_can_make_it_worse() -> None:
    text = """
    system s { tick 1min
      component a { state n: 0..2 = 0
        fault hit { n = min(n + 1, 2) }
        reaction heal when n == 1 after 2min { n = 0 } }
      outage down when a.n > 0 }
    """
    asking = inquiry(text)
    found = classify(asking, outage_of(asking))
    assert (found.outage_class, found.fault_count) == (OutageClass.TRANSIENT, 1)
    assert found.more_faults is not None and found.more_faults.run is not None
    assert found.more_faults.run.fault_count == 2


def test_late_is_later_than_the_tightest_check_allows() -> None:
    text = """
    system s { tick 1min
      component a { state up: bool = true
        fault crash { up: true -> false }
        repair back after 10min { up: false -> true }
        operator hurry when not up { up: false -> true } }
      outage down when not a.up
      check loose: down lasts at most 1h
      check tight: down lasts at most %s expect violated
      check helped: down lasts at most 1min if operators act }
    """
    for time, outage_class in (("5min", OutageClass.LATE), ("10min", OutageClass.TRANSIENT)):
        asking = inquiry(text % time)
        outage = outage_of(asking)
        objective = objective_ms(asking.system, outage)
        assert objective == {"5min": 300_000, "10min": 600_000}[time]
        assert classify(asking, outage, objective_ms=objective).outage_class is outage_class


STUCK = """
system s { tick 1min
  component pod { state running: {ok, looping, wedged} = ok
    reaction load when running == ok and config.bad after 1min { running: ok -> looping }
    reaction wedge when running != wedged and config.worse after 1min { running = wedged }
    reaction reload when running == looping and not config.bad after 1min { running: looping -> ok }
    let serving = running == ok }
  component config { state bad: bool = false  state worse: bool = false
    fault ship { bad: false -> true }
    operator revert after 20min { bad: true -> false } }
  outage down when not pod.serving }
"""


def test_a_value_that_is_there_already_is_no_loop() -> None:
    """`load` cannot fire as `running` is no longer `ok`, which has a name: that holds nothing up. That `bad` stays does."""
    asking = inquiry(STUCK)
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.OPERATOR_ONLY
    assert found.sustained is not None
    assert (found.sustained.loop, "config.bad" in found.sustained.rests_on) == ((), True)


STORM = """
system s { tick 1min
  state cached: bool = true  state retries: 0..4 = 0
  fault flush { cached: true -> false }
  event rush { retries = 4 }
  let load = retries + (if cached then 4 else 8)
  let calm = load <= 8
  reaction refill when calm after 1min { cached: false -> true }
  reaction settle when calm and retries > 0 after 1min { retries = 0 }
  operator shed when not calm after 5min { retries = 0 }
  outage slow when not calm }
"""


def test_of_two_loops_the_one_that_people_can_open_is_told() -> None:
    """`calm` holds back both reactions; it is `retries` that the operator resets."""
    asking = inquiry(STORM)
    found = classify(asking, outage_of(asking))
    assert (found.outage_class, found.escape) == (OutageClass.OPERATOR_ONLY, ("shed",))
    assert found.sustained is not None
    assert "retries" in found.sustained.values and "cached" not in found.sustained.values


def test_people_who_spoil_what_others_do_are_named() -> None:
    text = STUCK.replace(
        "operator revert", "operator patch when bad after 8min { worse: false -> true }  operator revert"
    )
    asking = inquiry(text)
    found = classify(asking, outage_of(asking))
    assert (found.escape, found.spoilers) == (("config.revert",), ("config.patch",))
    assert found.longest_acting is not None and found.longest_acting.at_most_ms == 20 * 60_000
