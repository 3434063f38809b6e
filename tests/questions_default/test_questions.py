"""Redundancy, losses survived, classes of outages: literal answers on small specs; questions as text mean what they ask."""

import pytest

from bench.gen_plane import spec
from cascade.checked.model import Outage
from cascade.core.dump import dump
from cascade.core.lower import lower
from cascade.questions.classes import OutageClass, classify
from cascade.questions.cutsets import CutSetOptions, CutSets, cut_sets
from cascade.questions.defaults import ask_defaults
from cascade.questions.findings import findings
from cascade.questions.inquiry import Inquiry, Scope
from cascade.questions.partial import rows
from cascade.questions.redundancy import refute
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec
from tests.questions_default.inquiring import inquiry, outage_of

PAIR = """
system s {
  tick 1min
  redundant tor: 2 x Switch needs 1
  redundant web: 3 x Server needs 2
  component path {
    let chosen = if tor[1].health == down then 2 else 1
    let serving = tor[chosen].health == up
  }
  outage down when not path.serving or not web.serving
  outage never_so when path.serving and not path.serving
}
component Switch {
  state health: {up, partial, down} = up
  fault half: omission lasts 6min { health: up -> partial }
  fault dead: crash { health: up -> down }
  let serving = health == up
}
component Server { }
"""


def unknown(outage: Outage) -> CutSets:
    """No fault set is known, so that everything is asked."""
    return CutSets(outage=outage, sets=(), complete_to=-1, is_all=False, faults=(), undecided=(), open_replies=())


def test_a_group_that_is_mistaken_is_named():
    asking = inquiry(PAIR)
    found = refute(asking, outage_of(asking), unknown(outage_of(asking)))
    assert [(c.group.name, c.reply.fired(), c.untouched) for c in found.mistaken] == [
        ("tor", ("tor[1].half",), ("tor[2]",)),
    ]
    assert [c.group.name for c in found.groups] == ["tor", "web"]
    assert found.joint is not None
    assert found.joint.run is not None
    assert found.is_known


def test_redundancy_that_holds_is_no_finding():
    asking = inquiry(PAIR)
    found = refute(asking, outage_of(asking, "never_so"), unknown(outage_of(asking, "never_so")))
    assert found.mistaken == ()
    assert found.joint is not None
    assert found.joint.is_no


def test_without_groups_there_is_no_claim():
    asking = inquiry("system s { component db { } outage o when not db.serving }")
    found = refute(asking, outage_of(asking), unknown(outage_of(asking)))
    assert found.joint is None
    assert found.groups == ()


def test_losses_survived_by_kind():
    asking = inquiry(PAIR)
    told = {
        row.group.name: [(c.kind, c.survived, c.is_exact) for c in row.cells]
        for row in rows(asking, outage_of(asking), unknown(outage_of(asking)))
    }
    assert told == {"tor": [("crash", 1, True), ("omission", 0, True)], "web": [("crash", 1, True)]}
    worse = {
        row.group.name: [c.kind for c in row.worse_than_crash]
        for row in rows(asking, outage_of(asking), unknown(outage_of(asking)))
    }
    assert worse == {"tor": ["omission"], "web": []}


def test_losses_up_to_the_size_of_the_group():
    asking = inquiry(PAIR)
    told = [
        [c.survived for c in row.cells]
        for row in rows(asking, outage_of(asking, "never_so"), unknown(outage_of(asking, "never_so")))
    ]
    assert told == [[2, 2], [3]]


NESTED = """
component Disk { state ok: bool = true  state fresh: bool = true
  fault dies: crash { ok: true -> false }  fault stale: corrupt { fresh: true -> false }
  let serving = ok }
component Rack { redundant disks: 2 x Disk needs 1  needs disks }
system s { redundant racks: 2 x Rack needs 1
  let from = if racks[1].serving then 1 else 2
  outage down when not racks.serving or not any(d in racks[from].disks: d.ok and d.fresh) }
"""


def test_members_with_parts_may_need_more_faults_than_there_are_members():
    """Two crashes leave a disk wherever they strike, four do not: `all` would be wrong for the racks, and is right for the disks of one."""
    asking = inquiry(NESTED)
    told = {
        row.group.name: [(c.kind, c.survived, c.is_exact, c.is_all) for c in row.cells]
        for row in rows(asking, outage_of(asking), unknown(outage_of(asking)))
    }
    assert told == {
        "racks": [("crash", 3, True, False), ("corrupt", 1, True, False)],
        "racks[1].disks": [("crash", 2, True, True), ("corrupt", 1, True, False)],
        "racks[2].disks": [("crash", 2, True, True), ("corrupt", 2, True, True)],
    }


def test_a_limit_makes_the_number_a_lower_bound():
    asking = inquiry(PAIR, state_count_max=3)
    told = {row.group.name: row.cells[0] for row in rows(asking, outage_of(asking), unknown(outage_of(asking)))}
    assert not told["web"].is_exact
    assert told["web"].survived == 0
    assert told["web"].reply is not None
    assert not told["web"].reply.is_known
    assert told["web"].reply.check.source == "never down with only web with at most 1 fault"


def compare(text: str, size_max: int) -> int:
    """What follows from fault sets is what a search says; returns how many questions were saved."""
    asking, other = inquiry(text, state_count_max=3_000), inquiry(text, state_count_max=3_000)
    saved = 0
    for outage in asking.system.outages:
        sets = cut_sets(asking, outage, CutSetOptions(size_max=size_max, with_orders=False, with_classes=False))
        count = asking.asked_count
        claims, told = refute(asking, outage, sets), rows(asking, outage, sets)
        count, others = asking.asked_count - count, other.asked_count
        searched, asked = refute(other, outage, unknown(outage)), rows(other, outage, unknown(outage))
        saved += other.asked_count - others - count
        for one, two in zip(claims.groups, searched.groups, strict=True):
            if two.reply.is_known:
                assert (one.reply.is_no, one.untouched) == (two.reply.is_no, two.untouched)
        for row, full in zip(told, asked, strict=True):
            for cell, asked_cell in zip(row.cells, full.cells, strict=True):
                if asked_cell.is_exact:
                    assert (cell.kind, cell.survived, cell.is_exact) == (asked_cell.kind, asked_cell.survived, True)
    return saved


@pytest.mark.parametrize("size_max", [1, 2])
def test_what_follows_from_fault_sets_is_not_asked(size_max):
    assert compare(PAIR, size_max) > 0
    assert compare(spec(24, 6), size_max) > 0


def test_what_follows_from_fault_sets_of_generated_specs():
    assert sum(compare(make_spec(seed, 1 + seed % 2).text, 2) for seed in range(12)) > 0


# --- classes ---

UNTIMED = """
system s {{
  state a: {{ok, broken, worse}} = ok
  fault f {{ a: ok -> broken }}
  {commands}
  outage o when a != ok
}}
"""


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ("repair r { a: broken -> ok }", OutageClass.TRANSIENT),
        ("event e { a: broken -> ok }", OutageClass.BY_CHANCE),
        ("operator p { a: broken -> ok }", OutageClass.OPERATOR_ONLY),
        ("", OutageClass.ABSORBING),
        ("repair r { a: broken -> ok } reaction s { a: broken -> worse }", OutageClass.ABSORBING),
        ("reaction s { a: broken -> worse } operator p { a: worse -> broken }", OutageClass.ABSORBING),
        ("reaction s { a: broken -> worse } operator p { a: worse -> ok }", OutageClass.OPERATOR_ONLY),
    ],
)
def test_class_without_time(commands, expected):
    asking = inquiry(UNTIMED.format(commands=commands))
    assert classify(asking, outage_of(asking)).outage_class is expected


def test_an_outage_that_cannot_happen_has_no_class():
    asking = inquiry("system s { component db { } outage o when db.serving and not db.serving }")
    assert classify(asking, outage_of(asking)).outage_class is OutageClass.UNREACHABLE


def test_a_limit_leaves_the_class_open():
    text = "system s { state n: 0..90 = 0 event e when n < 90 { n = n + 1 } outage o when n == 90 }"
    asking = inquiry(text, state_count_max=5)
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.UNDETERMINED
    assert not found.evidence[-1].is_known


def test_an_outage_that_outlasts_its_cause():
    asking = inquiry("""
    system s {
      tick 1min
      state link: {up, cut} = up
      state warm: bool = true
      fault cut lasts 3min { link: up -> cut }
      reaction cool when link == cut { warm: true -> false }
      reaction fill when link == up after 20min..30min { warm: false -> true }
      operator preheat when not warm and link == up after 5min { warm: false -> true }
      outage slow when not warm
      outage gone when link == cut
    }""")
    found = classify(asking, outage_of(asking, "slow"))
    minute = 60_000
    assert found.outage_class is OutageClass.LATE
    assert found.fault_count == 1
    assert found.cause_ms == 3 * minute
    assert found.quickest_ms == 23 * minute
    assert found.longest is not None
    assert found.longest.at_most_ms == 33 * minute
    assert found.longest.exceeds_ms == 32 * minute
    assert found.longest_acting is not None
    assert found.longest_acting.at_most_ms == 8 * minute
    assert classify(asking, outage_of(asking, "gone")).outage_class is OutageClass.TRANSIENT
    bound = classify(asking, outage_of(asking, "slow"), objective_ms=33 * minute)
    assert bound.outage_class is OutageClass.TRANSIENT
    late = classify(asking, outage_of(asking, "gone"), objective_ms=2 * minute)
    assert late.outage_class is OutageClass.LATE


def test_the_smallest_set_of_operator_actions_that_escapes():
    asking = inquiry("""
    system s {
      tick 1min
      state full: bool = false
      state locked: bool = false
      fault spill { full: false -> true }
      reaction lock when full { locked: false -> true }
      operator unlock when full after 10min { locked: true -> false }
      operator drain when full and not locked { full: true -> false }
      operator shout when full { locked = true }
      outage o when full
    }""")
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.OPERATOR_ONLY
    assert found.escape == ("unlock", "drain")


def test_operators_can_be_what_brings_an_outage():
    asking = inquiry("""
    system s {
      state hot: bool = false
      state lost: bool = false
      fault heat { hot: false -> true }
      repair cool { hot: true -> false }
      operator wipe when hot { lost: false -> true }
      outage o when lost
    }""")
    found = classify(asking, outage_of(asking))
    assert found.outage_class is OutageClass.ABSORBING
    assert found.is_by_operators
    assert found.unrepaired == ()


def test_nobody_is_surprised_that_what_nothing_repairs_stays():
    asking = inquiry("system s { component db { } outage o when not db.serving }")
    answers = ask_defaults(asking, asking.system.outages)
    assert answers.outages[0].classification.unrepaired == ("db.crash",)
    assert [f.diagnostic.code for f in findings(answers)] == ["CF605"]


# --- questions as text ---


def scopes(asking: Inquiry) -> list[Scope]:
    tor, web = (asking.faults_of(group) for group in asking.system.groups)
    return [
        Scope(),
        Scope(redundancy_holds=True),
        Scope(faults=tor, redundancy_holds=True),
        Scope(faults=frozenset(sorted(tor)[:1])),
        Scope(faults=frozenset()),
        Scope(faults=tor | frozenset(sorted(web)[:2]), fault_count_max=2),
        Scope(fault_count_max=1, without=asking.operators),
    ]


@pytest.mark.parametrize("number", range(7))
def test_the_text_of_a_question_asks_the_same(number):
    asking = inquiry(PAIR)
    outage = outage_of(asking)
    scope = scopes(asking)[number]
    replies = [
        asking.ask_never(outage, scope),
        asking.ask_condition_lasting(outage.condition, outage.name, 90_000, scope),
    ]
    if number in (0, 5, 6):
        stopping = Scope(
            faults=scope.faults,
            fault_count_max=scope.fault_count_max,
            without=scope.without,
            stopped=asking.faults,
        )
        replies += [asking.ask_staying(outage, stopping), asking.ask_trapped(outage, stopping)]
    for reply in replies:
        loaded = LoadedText(PAIR.replace("tick 1min", f"tick 1min check c: {reply.check.source}"), "spec.cf")
        system, check = loaded.fixed(loaded.checks[0])
        assert dump(*lower(system, check)) == dump(reply.model, reply.query)


def test_what_a_search_leaves_open_a_fault_set_may_show():
    """All groups together: too much to explore, but one fault set is of losses that each of them tolerates."""
    text = """
    system s {
      redundant a: 2 x Node needs 1
      redundant b: 2 x Node needs 1
      outage down when not a[1].healthy and not b[2].healthy
    }
    component Node { fault crash { health: up -> down }  state health: {up, down} = up }
    """
    asking = inquiry(text)
    outage = outage_of(asking)
    sets = cut_sets(asking, outage, CutSetOptions(with_orders=False, with_classes=False, structural_from=0))
    assert sets.is_final
    limited = inquiry(text, state_count_max=1)
    found = refute(limited, outage_of(limited), sets)
    assert found.joint is not None
    assert found.joint.fired() == ("a[1].crash", "b[2].crash")
    assert found.mistaken == ()
