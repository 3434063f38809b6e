"""What lowering makes of whole specs, as `cascade dump` shows it: a change of meaning shows as a diff of a golden file.

What single statements become is expected by hand in `test_lower.py`; here everything that plays together is seen.
"""

from itertools import product

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.core.dump import dump
from cascade.reference.evaluate import evaluate
from tests.core.lowering import lowered

SPECS = {
    # A disc fills while the cleaner is off: clocks of every shape, in ticks of 30 s, and an operator who acts.
    "timing": """
component Disc {
  state used: 0..3 = 0
  state cleaner: {on, off} = on
  fault jam: slow lasts 90s..2min { cleaner: on -> off }
  event write after 30s { used = min(used + 1, 3) }
  reaction clean when cleaner == on and used > 0 within 1min { used = 0 }
  operator delete when used == 3 after 5min { used = 1 }
}
system timing {
  part disc: Disc()
  outage full "no space left" when disc.used == 3
  check emptied: full leads to not full if disc.delete acts once disc.write stops
}
""",
    # What is lost is counted for each group that a fault's component is in; parts count for their member.
    "redundancy": """
component Power { }
component Server {
  part power: Power()
  state health: {up, down, slow} = up
  fault crash lasts 10min { health: up | slow -> down }
  fault drag: slow { health: up -> slow }
  let serving = health == up and power.serving
}
system redundancy {
  redundant web: 3 x Server() needs 2
  component db { }
  outage down "customers see errors" when not web.serving or not db.serving
  check masked: never down while redundancy holds
}
""",
    # Budgets that overlap, a count, a command that is left out and one that nothing permits.
    "budgets": """
component Node {
  state health: {up, stuck, down} = up
  fault dies: crash { health: up -> down }
  fault hangs: partial { health: up -> stuck }
  operator reboot { health: stuck | down -> up }
}
system budgets {
  redundant nodes: 2 x Node() needs 1
  check limited: nodes[1].health != up can lead to nodes[1].health == up
    with at most 1 fault with at most 1 fault of partial with nodes.reboot at most 2 times
    without nodes[2].reboot with nodes[2].hangs at most 0 times
    once faults stop
}
""",
    # The progress of a formula, and links: what a link says of two directions, and which of them can be cut.
    "progress": """
component Switch { }
component Replica { port switch: Switch  state role: {follower, leader} = follower
  event promote { role: follower -> leader } }
system progress {
  part switch: Switch()
  part left: Replica(switch = switch)
  part right: Replica(switch = switch)
  link left <-> right via switch
  check split: possible left.role == leader and not reaches(left, right) then right.role == leader then
    reaches(left, right) link left -> right can cut lasts 5min
}
""",
    # The stopwatch of `lasts at most`, and no other clock: time is there because the formula asks for it.
    "lasts": """
system lasts {
  component db { repair restart { health: down -> up } }
  outage down when not db.serving
  check short: down lasts at most 2min
}
""",
    # `leads to ... within`: an owed answer and its stopwatch.
    "within": """
system within_time {
  state queue: 0..2 = 0
  event arrive when queue < 2 { queue = queue + 1 }
  reaction serve when queue > 0 after 5s { queue = queue - 1 }
  check answered: queue > 0 leads to queue == 0 within 20s
}
""",
    # A fix is in what it changes: the size of a group's threshold, and a time.
    "fix": """
component Worker {
  param patience = 10s
  state busy: bool = any
  reaction give_up when busy after patience { busy = false }
}
system fixed {
  param share = 50%
  redundant workers: 4 x Worker(patience = index * 10s) needs 2
  fix slower "wait longer" { workers.patience = 1min, share = 25% }
  check some_work: possible count(w in workers: w.busy) > 8 * share with fix slower
}
""",
    # Derived values by name, functions and indices written out, branches, and members chosen by a number.
    "derived": """
component Node { state term: 0..2 = 0  fault ages { term = term + 1 } }
system derived {
  redundant nodes: 2 x Node() needs 1
  state chosen: 0..2 = 0
  let oldest = max(nodes[1].term, nodes[2].term)
  let twice(n) = n * (oldest / 2)
  let chosen_term = if chosen == 0 then 0 else nodes[chosen].term
  reaction choose for n in nodes when n.term == oldest and chosen != n.index { chosen = n.index }
  check follows: always chosen_term == oldest or twice(3) < 3
}
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_dump(name: str, golden: SnapshotAssertion) -> None:
    spec = lowered(SPECS[name])
    assert dump(spec.model, spec.query) == golden


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a * (b / 2) == 1", "a * (b / 2) == 1"),
        ("(a * b) / 2 == 1", "a * b / 2 == 1"),
        ("a - (b - 1) == 1", "a - (b - 1) == 1"),
        ("a - b - 1 == 1", "a - b - 1 == 1"),
        ("a + (b - 1) == 1", "a + b - 1 == 1"),
        ("(a + b) * 2 == 1", "(a + b) * 2 == 1"),
        ("not (a < b)", "not a < b"),
        ("not (p and q)", "not (p and q)"),
        ("p and (q or a == b)", "p and (q or a == b)"),
        ("not (p == q)", "p != q"),
        ("p == (a < b)", "p == (a < b)"),
        ("(if p then a else b) + 1 < 2", "(if p then a else b) + 1 < 2"),
        ("(if p then a == b else q) and p", "(if p then a == b else q) and p"),
    ],
)
def test_printed_text_reads_back_as_what_it_was(expression: str, text: str) -> None:
    states = "state p: bool = any state q: bool = any state a: 0..3 = any state b: 0..3 = any"
    spec = lowered(f"system s {{ {states} check c: possible {expression} }}")
    assert spec.text(spec.query.goal) == text
    again = lowered(f"system s {{ {states} check c: possible {text} }}")
    for state in product((0, 1), (0, 1), range(4), range(4)):
        assert evaluate(again.model, again.query.goal, state) == evaluate(spec.model, spec.query.goal, state)
