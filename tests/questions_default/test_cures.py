"""What would have made an outage milder: one more fault, or one command less. Both sides of each claim are asked of the reference interpreter, too."""

import pytest

from cascade.checked.model import Class
from cascade.core.lower import lower
from cascade.questions.classes import classify
from cascade.questions.cure_texts import tellings
from cascade.questions.cures import Change, Effect, changes
from cascade.questions.cutsets import CutSetOptions, cut_sets
from cascade.questions.inquiry import Inquiry
from cascade.reference.decide import DecisionKind, decide
from tests.generate.specs import make_spec
from tests.questions_default.inquiring import inquiry, outage_of

SWITCHES = """
component Switch {
  state health: {up, half, down} = up
  fault half lasts 6min { health: up -> half }
  fault dead { health: up | half -> down }
  let serving = health == up
}
system s { tick 1min
  redundant pair: 2 x Switch needs 1
  component path { let moved = pair[1].health == down
    let serving = if moved then pair[2].serving else pair[1].serving }
  component store { state role: {old, copying} = old  state noticed: bool = false
    reaction notice when not path.serving { noticed: false -> true }
    reaction promote when not path.serving after 1min { role: old -> copying }
    reaction copied after 6h { role: copying -> old }
    let serving = role == old }
  outage down when not store.serving }
"""

OPERATORS = """
system s { tick 1min
  component pods { state version: {slow, fast, patched} = slow  state load: bool = false
    fault surge { load: false -> true }
    operator tune when load and version == slow after 5min { version: slow -> fast }
    operator patch when version == fast { version: fast -> patched }
    reaction roll_back when version == patched after 5min { version: patched -> fast }
    let overloaded = load and version != fast }
  outage down when pods.overloaded }
"""


def asked(text: str) -> tuple[Inquiry, tuple[Change, ...]]:
    asking = inquiry(text)
    outage = outage_of(asking)
    sets = cut_sets(asking, outage, CutSetOptions(with_orders=False, with_classes=False))
    return asking, changes(asking, outage, sets, classify(asking, outage), asking.system.outages)


def told(found: tuple[Change, ...]) -> list[tuple[str, str, bool]]:
    return [(c.name, c.effect.value, c.is_fault) for c in found]


def test_killing_what_is_half_dead_prevents_it() -> None:
    _, found = asked(SWITCHES)
    assert told(found) == [("pair[1].dead", "prevents", True), ("store.promote", "prevents", False)]
    dead, promote = found
    assert dead.faults == promote.faults == ("pair[1].half",)
    assert dead.followed is not None
    assert (dead.followed.missing, dead.followed.added) == (("store.notice", "store.promote"), ("pair[1].dead",))


def test_a_reaction_that_does_more_harm_than_what_it_reacts_to() -> None:
    _, (_, promote) = asked(SWITCHES)
    assert promote.before is not None and promote.after is not None
    assert (promote.before.at_most_ms, promote.after.at_most_ms) == (6 * 3_600_000, 6 * 60_000)
    assert not promote.is_operator_action


def test_a_fault_that_kills_what_the_outage_needs_is_no_cure_if_it_brings_another() -> None:
    text = SWITCHES.replace("outage down", "outage no_spare when pair[1].health == down\n  outage down")
    asking = inquiry(text)
    down = outage_of(asking, "down")
    sets = cut_sets(asking, down, CutSetOptions(with_orders=False, with_classes=False))
    found = changes(asking, down, sets, classify(asking, down), asking.system.outages)
    assert told(found) == [("store.promote", "prevents", False)]


def test_a_cure_that_brings_it_back() -> None:
    _, found = asked(OPERATORS)
    assert told(found) == [("pods.patch", "stays over", False)]
    assert found[0].is_operator_action
    assert found[0].reply.fired(Class.OPERATOR) == ("pods.tune", "pods.patch")


def test_members_are_switched_off_together() -> None:
    text = """
    system s { tick 1min
      component link { state up: bool = true  fault flap { up: true -> false }  repair back after 2min { up: false -> true } }
      redundant caches: 2 x Cache(link = link) needs 1
      outage down when not caches[1].full and not caches[2].full }
    component Link { let up = true }
    component Cache { port link: Component  state full: bool = true
      reaction drop when not link.up after 1min { full: true -> false }
      reaction fill after 1h { full: false -> true } }
    """
    _, found = asked(text)
    assert told(found) == [("caches.drop", "prevents", False)]


STALLS = """
system s { tick 1min
  component primary { state health: {up, slow, down} = up
    fault stall lasts 2min { health: up -> slow }
    fault crash { health: up -> down }
    let serving = health == up }
  state leader: {first, second} = first  state rebuilt: bool = true
  reaction promote when leader == first and not primary.serving after 1min { leader: first -> second, rebuilt = false }
  reaction rebuild after 30min { rebuilt: false -> true }
  outage down when if leader == first then not primary.serving else not rebuilt }
"""


def test_each_fault_is_compared_with_its_own_end() -> None:
    """The crash does not end by itself, so that the outage is not late; but it outlasts the stall, which would have passed."""
    _, found = asked(STALLS)
    assert told(found) == [("promote", "shortens", False)]
    (promote,) = found
    assert promote.faults == ("primary.stall",)
    assert promote.before is not None and promote.after is not None
    assert (promote.before.at_most_ms, promote.after.at_most_ms) == (31 * 60_000, 2 * 60_000)


def test_a_step_that_the_outage_needs_does_not_keep_it_up() -> None:
    """Without `fall` nothing but an operator brings the outage; so nothing is there that would end."""
    text = """
    system s { tick 1min
      state bad: bool = false  state down: bool = false
      fault ship { bad: false -> true }
      reaction fall when bad after 1min { down: false -> true }
      operator stop when bad after 5min { down: false -> true }
      operator start after 9min { down: true -> false, bad = false }
      outage off when down }
    """
    _, found = asked(text)
    assert [(c.name, c.effect, c.by_itself) for c in found if not c.is_operator_action] == [
        ("fall", Effect.PREVENTS, True)
    ]
    assert list(tellings([c for c in found if c.name == "fall"])) == []


@pytest.mark.parametrize("seed", range(16))
def test_the_reference_interpreter_agrees(seed: int) -> None:
    """Each change rests on two claims: a run with the outage (replayed), and none without. The second is asked again."""
    asking = inquiry(make_spec(seed, 1).text, state_count_max=3_000)
    for outage in asking.system.outages:
        sets = cut_sets(asking, outage, CutSetOptions(with_orders=False, with_classes=False))
        for change in changes(asking, outage, sets, classify(asking, outage), asking.system.outages):
            assert change.reply.run is not None
            model, query = lower(asking.system, change.without.check)
            assert decide(model, query, max_states=20_000).kind is DecisionKind.EXHAUSTED, change.name
            if change.effect is Effect.PREVENTS and change.followed is not None:
                assert change.followed.run.states
