"""What is said of outages of small designs, each worked out by hand: metastable loops, elections, caches, breakers, cycles, people who act."""

import pytest

from cascade.questions.defaults import ask_defaults
from cascade.reports.findings import answers_text
from cascade.reports.layout import Layout
from tests.questions_default.inquiring import inquiry

RETRIES = """
  tick 1min
  state base: {calm, peak} = calm
  state failing: bool = false
  let demand = (if base == peak then 130 else 70) + (if failing then MORE else 0)
  fault spike: load lasts 5min { base: calm -> peak }
  reaction overload when demand > 100 after 1min { failing: false -> true }
  reaction recover when demand <= 100 after 1min { failing: true -> false }
  operator shed after 10min when failing { failing = false }
  outage down when failing
"""
DUEL = """
  state leader: {a, b} = a
  state linked: bool = true
  fault cut { linked: true -> false }
  operator mend when not linked { linked = true }
  reaction a_claims when not linked and leader == b { leader = a }
  reaction b_claims when not linked and leader == a { leader = b }
  outage unstable when not linked
  outage b_leads when leader == b
"""
CACHE = """
  tick 1min
  state warm: 0..4 = 4
  component db {
    state dead: bool = false
    reaction die when overloaded after 2min { dead = true }
    reaction revive when dead and not overloaded after 3min { dead = false }
  }
  let overloaded = 4 - warm > 2
  fault flush: crash { warm = 0 }
  reaction fill when warm < 4 and not db.dead after 1min { warm = warm + 1 }
  operator throttle after 5min when db.dead { warm = 2 }
  outage slow when db.dead
"""
BREAKER = """
  tick 1min
  state backend: {ok, sick} = ok
  state breaker: {closed, open, half} = closed
  fault sick: slow lasts 3min { backend: ok -> sick }
  reaction trip when breaker == closed and backend == sick after 1min { breaker = open }
  reaction probe when breaker == open after 2min { breaker = half }
  reaction close when breaker == half and backend == ok within 1min { breaker = closed }
  reaction reopen when breaker == half and backend == sick within 1min { breaker = open }
  outage refused when breaker != closed
"""
CYCLE = """
  state dns: bool = true
  state controller: bool = true
  fault power: crash { dns = false  controller = false }
  reaction start_dns when not dns and controller { dns = true }
  reaction start_controller when not controller and dns { controller = true }
  operator hosts_file when not controller { controller = true }
  outage dark when not dns
"""
RESTORE = """
  tick 1h
  state data: {good, bad} = good
  state backup: {good, bad} = good
  fault corrupt { data: good -> bad }
  reaction copy when data == bad after 4h { backup = bad }
  operator restore when data == bad and backup == good after 2h..6h { data = good }
  outage gone when data == bad and backup == bad
"""
PUSH = """
  tick 1min
  state config: {good, bad} = good
  operator push when config == good after 1min { config = bad }
  reaction rollback when config == bad after 3min..7min { config = good }
  outage down when config == bad
"""
JAM = """
  tick 1min
  state queue: 0..5 = 0
  state process: {runs, stuck} = runs
  fault jam lasts 2min { process: runs -> stuck }
  reaction grow when process == stuck and queue < 5 after 1min { queue = queue + 1 }
  reaction drain when process == runs and queue > 0 after 1min { queue = queue - 1 }
  operator restart when queue > 2 after 1min { queue = 5 }
  outage full when queue == 5
"""
STEPS = """
  state a: bool = true
  state b: bool = true
  fault boom: crash { a = false  b = false }
  operator fix_a when not a { a = true }
  operator fix_b when a and not b { b = true }
  operator useless when a { a = true }
  outage down when not a or not b
"""
FLAPPING = """
  tick 1min
  state load: {low, high} = low
  state pods: 0..2 = 2
  fault surge { load: low -> high }
  reaction kill when load == high and pods == 2 after 1min { pods = 1 }
  reaction add when pods == 1 after 2min { pods = 2 }
  outage thin when pods < 2
"""
TWO_CAUSES = """
  tick 1min
  state x: {ok, bad} = ok
  state y: {ok, bad} = ok
  state mode: {ok, safe, odd} = ok
  fault f lasts 2min { x: ok -> bad }
  fault g lasts 3h { y: ok -> bad }
  reaction enter when x == bad and mode == ok after 1min { mode = safe }
  reaction leave when mode == safe after 3min { mode = ok }
  reaction wait when y == bad and mode == ok after 1min { mode = odd }
  reaction back when mode == odd and y == ok after 1min { mode = ok }
  outage down when mode != ok
"""
LOCKS = """
  state a: {idle, holds} = idle
  state b: {idle, holds} = idle
  fault slow_a: slow { a: idle -> holds }
  fault slow_b: slow { b: idle -> holds }
  reaction a_done when a == holds and b != holds { a = idle }
  reaction b_done when b == holds and a != holds { b = idle }
  operator kill_a when a == holds { a = idle }
  outage stuck when a == holds and b == holds
"""
ESCALATION = """
  tick 1min
  state s: {ok, broken, dead} = ok
  fault f { s: ok -> broken }
  repair mend after 5min..9min { s: broken -> ok }
  reaction escalate when s == broken after 7min { s = dead }
  operator replace when s == dead after 30min { s = ok }
  outage down when s != ok
"""
CHANCE = """
  state mode: {ok, degraded} = ok
  fault f { mode: ok -> degraded }
  event lucky when mode == degraded { mode = ok }
  outage down when mode == degraded
"""
LOCKED = """
  state a: {ok, bad, locked} = ok
  state b: {ok, bad} = ok
  fault fa { a: ok -> bad }
  fault fb { b: ok -> bad }
  reaction lock when a == bad and b == bad { a = locked }
  reaction heal_a when a == bad { a = ok }
  operator heal_b when b == bad { b = ok }
  outage half when a != ok or b != ok
"""


def printed(body: str) -> str:
    """The answers, each line joined with what it goes on with."""
    asking = inquiry(f"system s {{ {body} }}")
    return " ".join(
        answers_text(ask_defaults(asking, asking.system.outages), Layout(columns=100), with_runs=False).split()
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (RETRIES.replace("MORE", "60"), "down operator-only ≤ 1 by shed; up to 10 min"),
        (RETRIES.replace("MORE", "60"), "kept up by the loop demand → failing → demand"),
        (RETRIES.replace("MORE", "20"), "by itself after 5 min"),
        (DUEL, "unstable can last until somebody acts: mend"),
        (
            DUEL,
            "without operators there is no way back, once faults stop (at most 1 fault); if they act, it always ends",
        ),
        (DUEL, "b_leads can come back again and again, though no further fault strikes"),
        (CACHE, "slow operator-only ≤ 1 by throttle; up to 8 min"),
        (CACHE, "kept up by the loop warm → overloaded → db.dead → warm"),
        (BREAKER, "refused late ≤ 1 by itself, up to 5 min; at best after 2 min"),
        (CYCLE, "dark can last until somebody acts: hosts_file"),
        (CYCLE, "kept up by the loop controller → dns → controller"),
        (RESTORE, "gone can come to stay: nothing leads back, no operator action either"),
        (PUSH, "by itself, up to 7 min; at best after 3 min"),
        (JAM, "with at most 2 faults of jam 2 faults"),
        (STEPS, "down can last until somebody acts: fix_a and fix_b"),
        (FLAPPING, "thin can come back again and again"),
        (TWO_CAUSES, "down transient ≤ 1 by itself, up to 3 h; at best after 3 min"),
        (LOCKS, "stuck can last until somebody acts: kill_a"),
        (ESCALATION, "escalate keeps down up: without it, it always ends by itself"),
        (ESCALATION, "if they act, it is over after 37 min at the latest"),
        (CHANCE, "down can stay for ever: there is a way back, but nothing makes the system take it"),
        (LOCKED, "half can last until somebody acts: heal_b"),
        (LOCKED, "once faults stop (at most 1 fault); if they act, it always ends"),
    ],
)
def test_what_is_true_is_said(body, said):
    assert said in printed(body)


@pytest.mark.parametrize(
    ("body", "false"),
    [
        (RETRIES.replace("MORE", "20"), "CF607"),
        (DUEL, "even if they act, it can go on"),
        (CYCLE, "even if they act, it can go on"),
        (LOCKS, "even if they act, it can go on"),
        # People end what it reacts to, so that is not over by itself.
        (RESTORE, "by itself"),
        # It is people who bring it back.
        (PUSH, "again and again"),
        # Only one of the two faults makes it last.
        (TWO_CAUSES, "enter makes it worse"),
        (CHANCE, "absorbing"),
    ],
)
def test_what_is_false_is_not_said(body, false):
    assert false not in printed(body)
