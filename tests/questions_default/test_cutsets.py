"""Minimal fault sets: literal ones, and those of generated specs against every subset of faults in the reference interpreter."""

import itertools
from collections import Counter

import pytest

from cascade.checked.model import Kind, Outage
from cascade.limits import StopReason
from cascade.questions.classes import OutageClass
from cascade.questions.cutsets import CutSetOptions, CutSets, Together, cut_sets
from cascade.questions.inquiry import Inquiry
from cascade.questions.patterns import patterns
from cascade.reference.decide import TooManyStatesError
from tests.generate.specs import make_spec
from tests.questions_default.inquiring import brute_force, inquiry, outage_of

SHOP = """
system shop {
  redundant web: 3 x Server needs 2
  component db { }
  component checkout { needs web, db }
  outage down when not checkout.serving
}
component Server { }
"""
EAST_WEST = """
system s {
  redundant east: 2 x Server needs 1
  redundant west: 2 x Server needs 1
  outage down when not east.serving and not west.serving
  outage one when not east.serving
}
component Server {
  state health: {up, slow, down} = up
  fault crash { health: up -> down }
  fault lag: slow { health: up -> slow }
}
"""
PLAIN = CutSetOptions(with_orders=False, with_classes=False)


def names(found: CutSets) -> list[set[str]]:
    return [set(s.names) for s in found.sets]


def search(text: str, outage: str | None = None, options: CutSetOptions = PLAIN, **limits: int) -> CutSets:
    asking = inquiry(text, **limits)
    return cut_sets(asking, outage_of(asking, outage), options)


@pytest.mark.parametrize("together", Together)
def test_sets_come_by_growing_size(together):
    found = search(SHOP, options=CutSetOptions(size_max=3, with_orders=False, with_classes=False, together=together))
    assert names(found) == [
        {"db.crash"},
        {"checkout.crash"},
        {"web[1].crash", "web[2].crash"},
        {"web[1].crash", "web[3].crash"},
        {"web[2].crash", "web[3].crash"},
    ]
    assert found.is_all
    assert not found.undecided
    assert all(s.is_surely_minimal for s in found.sets)
    assert [s.reply.run.fault_count for s in found.sets if s.reply.run] == [1, 1, 2, 2, 2]


def test_size_bounds_what_is_known():
    found = search(SHOP, options=CutSetOptions(size_max=1, with_orders=False, with_classes=False))
    assert names(found) == [{"db.crash"}, {"checkout.crash"}]
    assert found.complete_to == 1
    assert not found.is_all


def test_an_outage_that_needs_no_fault_has_the_empty_set_alone():
    found = search("system s { state a: bool = false fault f { a: false -> true } outage o when a or not a }")
    assert names(found) == [set()]
    assert found.is_all
    assert found.is_without_faults


def test_an_outage_that_cannot_happen_has_none():
    found = search("system s { state a: bool = false fault f { a: false -> true } outage o when a and not a }")
    assert found.sets == ()
    assert found.is_all


def test_a_fault_may_fire_often():
    text = "system s { state n: 0..3 = 0 fault f when n < 3 { n = n + 1 } outage o when n == 3 }"
    found = search(text)
    assert names(found) == [{"f"}]
    assert found.sets[0].reply.run is not None
    assert found.sets[0].reply.run.fault_count == 3


def test_allowed_is_not_forced():
    # A second fault would mask the first; the superset is critical all the same, so it is not listed.
    text = """system s {
      state a: bool = false
      state b: bool = false
      fault f when not b { a: false -> true }
      fault g { b: false -> true }
      outage o when a and not b
    }"""
    assert names(search(text)) == [{"f"}]


def test_order_is_told_where_it_matters():
    text = """system s {
      state a: bool = false
      state b: bool = false
      fault first { a: false -> true }
      fault second when a { b: false -> true }
      outage o when b
    }"""
    (found,) = search(text, options=CutSetOptions()).sets
    assert found.orders is not None
    assert found.orders.matters
    assert found.orders.is_known
    assert found.orders.possible == (("first", "second"),)
    assert found.orders.impossible == (("second", "first"),)


def test_order_is_not_told_where_it_does_not():
    found = search(SHOP, options=CutSetOptions(with_classes=False))
    assert [s.orders is not None and s.orders.matters for s in found.sets] == [False] * 5


def test_each_set_has_its_own_class():
    text = """system s {
      state a: bool = false
      state b: bool = false
      fault passing { a: false -> true }
      reaction over { a: true -> false }
      fault lasting { b: false -> true }
      operator mend { b: true -> false }
      outage o when a or b
    }"""
    found = search(text, options=CutSetOptions())
    classes = {s.names: s.classification.outage_class for s in found.sets if s.classification}
    assert classes == {("passing",): OutageClass.TRANSIENT, ("lasting",): OutageClass.OPERATOR_ONLY}


def test_a_limit_leaves_sets_open():
    found = search(SHOP, state_count_max=1)
    assert found.complete_to == 0
    assert not found.is_all
    assert found.undecided
    assert {reply.stop_reason for reply in found.open_replies} == {StopReason.STATES}


def test_members_are_put_together_for_the_reader():
    asking = inquiry(EAST_WEST)
    options = CutSetOptions(size_max=4, with_orders=False, with_classes=False)
    one = cut_sets(asking, outage_of(asking, "one"), options)
    assert [p.parts for p in patterns(asking.system, one.sets)] == [
        ("east[1].crash", "east[2].crash"),
        ("any of 2 east: crash, another: lag",),
        ("east[1].lag", "east[2].lag"),
    ]
    both = cut_sets(asking, outage_of(asking, "down"), options)
    assert sum(len(p.sets) for p in patterns(asking.system, both.sets)) == len(both.sets) == 16


def test_any_two_of_three():
    asking = inquiry(SHOP)
    found = cut_sets(asking, outage_of(asking), PLAIN)
    told = patterns(asking.system, found.sets)
    assert [p.parts for p in told] == [("db.crash",), ("checkout.crash",), ("any 2 of 3 web: crash",)]
    assert [len(p.sets) for p in told] == [1, 1, 3]


def test_members_that_differ_stay_apart():
    text = """system s {
      redundant web: 3 x Server needs 2
      outage o when not web[1].serving and not (web[2].serving and web[3].serving)
    }
    component Server { }"""
    asking = inquiry(text)
    told = patterns(asking.system, cut_sets(asking, outage_of(asking), PLAIN).sets)
    assert [p.parts for p in told] == [("web[1].crash", "web[2].crash"), ("web[1].crash", "web[3].crash")]


# --- generated specs ---

SEEDS = 160
FAULTS_MAX = 5
STATES_MAX = 500


def far_apart(asking: Inquiry) -> list[Outage]:
    """Made-up outages that take several faults: two or three variables are away from where they began, all at once."""
    builder = asking.system.builder
    written = {u.variable for i in asking.faults for u in asking.system.commands[i].updates}
    away = []
    for i in sorted(written):
        v = asking.system.variables[i]
        is_bool = v.type.kind is Kind.BOOL
        value = builder.variable(i, low=v.low, high=v.high, is_bool=is_bool)
        away.append(builder.not_(builder.eq(value, builder.const(v.initial[0], is_bool=is_bool))))
    chosen = [*itertools.combinations(away, 2), *itertools.combinations(away, 3)][:4]
    span = asking.system.span
    return [Outage(name=f"far{i}", text="", condition=builder.and_(*c), span=span) for i, c in enumerate(chosen)]


@pytest.mark.parametrize("part", range(4))
def test_generated_specs_have_the_sets_that_brute_force_finds(part):
    sizes: Counter[int] = Counter()
    for seed in range(part, SEEDS, 4):
        spec = make_spec(seed, 1 + seed // 4 % 2)
        asking = inquiry(spec.text)
        if not 0 < len(asking.faults) <= FAULTS_MAX:
            continue
        for outage in (*asking.system.outages, *far_apart(asking)):
            try:
                expected = brute_force(asking, outage, STATES_MAX)
            except TooManyStatesError:
                continue
            if expected is None:
                continue
            for together in (Together.NEVER, Together.ALWAYS):
                options = CutSetOptions(size_max=FAULTS_MAX, with_orders=False, with_classes=False, together=together)
                found = cut_sets(asking, outage, options)
                assert {frozenset(s.names) for s in found.sets} == expected, spec.text
                assert len(found.sets) == len(expected)
                assert found.is_all, spec.text
                assert all(s.is_surely_minimal for s in found.sets)
            sizes.update(map(len, expected))
    assert sizes[1] >= 3
    assert sizes[2] >= 3, sizes
