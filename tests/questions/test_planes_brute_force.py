"""Fault sets put together from components are those that brute force finds: each subset of faults explored by the reference interpreter."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gen_plane import spec
from cascade.questions.cutsets import CutSetOptions, cut_sets
from cascade.questions.ground import ground
from cascade.questions.inquiry import Scope
from cascade.questions.sweep import Sweep
from cascade.reference.evaluate import Evaluator
from tests.questions_default.inquiring import brute_force, inquiry

STATES_MAX = 3_000
PARTS = (
    # What stands in a component, and its numbers of values of `n`.
    "fault f when n == 0 { n = 1 }",
    "fault f when n < 2 { n = n + 1 }",
    "fault f when n == 0 { n = 1 }  fault g when n == 1 { n = 2 }",
    "fault f when n == 0 { n = 2 }  fault g when n < 2 { n = n + 1 }",
    "fault f when n == 0 { n = 1 }  reaction spread when n == 1 { n = 2 }",
    "fault f when n == 0 { n = 1 }  operator mend when n == 1 { n = 0 }",
    "fault f when n == 0 { n = 1 }  event grow when n == 1 { n = 2 }  fault g when n == 2 { n = 0 }",
    "state m: 0..1 = 0  fault f when m == 0 { m = 1 }  fault g when m == 1 and n == 0 { n = 2 }",
)
TIMED = (
    "fault f lasts 5min { n: 0 -> 1 }",
    "fault f when n == 0 { n = 1 }  reaction later when n == 1 after 1min { n = 0 }",
    "fault f when n < 2 { n = n + 1 }  reaction later when n == 1 within 1min { n = 2 }",
    "fault f when n == 0 after 2min { n = 1 }",
    "fault f when n == 0 { n = 1 }  fault g when n == 1 after 1min { n = 2 }",
)


def numbers(count: int) -> st.SearchStrategy[str]:
    """Expressions over `p0.n`, `p1.n`, …"""
    leaf = st.one_of(st.integers(0, count - 1).map("p{}.n".format), st.integers(0, 2).map(str))
    pair = st.tuples(leaf, leaf)
    return st.one_of(
        leaf,
        pair.map("({0[0]} + {0[1]})".format),
        pair.map("({0[0]} - {0[1]})".format),
        pair.map("({0[0]} * {0[1]})".format),
        pair.map("({0[0]} / 2 - {0[1]})".format),
        pair.map("min({0[0]}, {0[1]})".format),
        pair.map("max({0[0]}, {0[1]})".format),
        st.tuples(leaf, leaf, leaf).map("(if {0[0]} == 1 then {0[1]} else {0[2]})".format),
        st.just("count(x in all: x.n != 1)"),
        st.just("sum(x in all: x.n)"),
        leaf.map("all[min(2, max(1, {0}))].n".format),
    )


def conditions(count: int) -> st.SearchStrategy[str]:
    """Conditions, most of them not monotone."""
    number = numbers(count)
    compared = st.tuples(number, st.sampled_from(["==", "!=", "<", ">="]), number).map(" ".join).map("({})".format)
    return st.recursive(
        compared,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("({0[0]} and {0[1]})".format),
            st.tuples(inner, inner).map("({0[0]} or {0[1]})".format),
            inner.map("(not {})".format),
        ),
        max_leaves=6,
    )


@st.composite
def planes(draw: st.DrawFn) -> str:
    """A spec of some components that do not influence each other, and an outage."""
    parts = draw(st.lists(st.sampled_from(PARTS + TIMED if draw(st.booleans()) else PARTS), min_size=1, max_size=3))
    lines = [f"  component p{i} {{ state n: 0..2 = 0  {part} }}" for i, part in enumerate(parts)]
    when = draw(conditions(len(parts)))
    return "\n".join(
        [
            "component Cell { state n: 0..2 = 0  fault f when n == 0 { n = 1 } }",
            "system s {",
            *lines,
            "  redundant all: 2 x Cell needs 1",
            f"  outage down when {when}",
            "}",
        ]
    )


def compare(text: str, size_max: int | None = None) -> bool:
    """Compare with brute force where the spec is a plane; whether it is."""
    asking = inquiry(text)
    outage = asking.system.outages[0]
    if ground(asking, outage) is None:
        return False
    expected = brute_force(asking, outage, STATES_MAX, size_max)
    assert expected is not None, "an error of the spec is no plane"
    size = len(asking.faults) if size_max is None else size_max
    options = CutSetOptions(size_max=size, structural_from=0, with_orders=False, with_classes=False)
    found = cut_sets(asking, outage, options)
    assert found.is_all or found.complete_to == size
    assert {frozenset(s.names) for s in found.sets} == {s for s in expected if len(s) <= size}
    assert len(found.sets) == len({s.names for s in found.sets})
    explored = CutSetOptions(size_max=size, structural_from=10**9, with_orders=False, with_classes=False)
    shortest = cut_sets(asking, outage, explored)
    for one in found.sets:
        other = next(s for s in shortest.sets if s.names == one.names)
        assert one.reply.run is not None
        assert other.reply.run is not None
        assert cost(one.reply.run) == cost(other.reply.run)
    return True


def cost(run: object) -> tuple[int, int, int]:
    """Firings of faults, ticks, steps."""
    steps = run.steps  # type: ignore[attr-defined]
    return run.fault_count, sum(step < 0 for step in steps), len(steps)  # type: ignore[attr-defined]


@settings(max_examples=60)
@given(planes())
def test_generated_planes(text: str) -> None:
    compare(text)


@pytest.mark.campaign
@settings(max_examples=2_000)
@given(planes())
def test_generated_planes_campaign(text: str) -> None:
    compare(text)


def test_most_generated_planes_are_planes() -> None:
    texts = [
        f"system s {{ component p {{ state n: 0..2 = 0  {part} }}  outage down when p.n == 2 }}"
        for part in PARTS + TIMED
    ]
    assert sum(map(compare, texts)) >= len(PARTS), "or nothing is compared"


@pytest.mark.parametrize("seed", range(2))
def test_planes_of_the_bench(seed: int) -> None:
    text = re.sub(r"(?m)^  outage console.*\n", "", spec(24, 6, seed))
    assert compare(text, 2)


@given(conditions(3), st.lists(st.lists(st.integers(0, 2), min_size=5, max_size=5), min_size=1, max_size=6), st.data())
@settings(max_examples=60)
def test_sweeps_say_what_the_evaluator_says(when: str, changes: list[list[int]], data: st.DataObject) -> None:
    """Each change is of one variable of its own or of several; what is chosen is of other variables."""
    cells = "\n".join(f"component p{i} {{ state n: 0..2 = 0  fault f when n == 0 {{ n = 1 }} }}" for i in range(3))
    asking = inquiry(
        "component Cell { state n: 0..2 = 0  fault f when n == 0 { n = 1 } }\n"
        f"system s {{ {cells}  redundant all: 2 x Cell needs 1  outage down when {when} }}"
    )
    outage = asking.system.outages[0]
    model, query = asking.pose_never(outage, Scope())[1].get()
    base = [data.draw(st.integers(0, 2)) for _ in model.variables]
    goal = query.goal  # type: ignore[union-attr]
    steps = [
        tuple((v, change[i]) for i, v in enumerate(range(first, last)))
        for change in changes
        for first, last in [sorted(data.draw(st.tuples(st.integers(0, 4), st.integers(1, 5))))]
    ]
    sweep = Sweep(model.expressions, goal, base, steps)
    assert sweep.holds() == bool(Evaluator(model, base).value(goal))
    chosen = data.draw(st.lists(st.integers(0, len(steps) - 1), max_size=2, unique=True))
    used = [v for i in chosen for v, _ in steps[i]]
    if len(used) != len(set(used)):
        return
    hits = set(sweep.hits(chosen))
    for i, change in enumerate(steps):
        if {v for v, _ in change} & set(used):
            continue
        values = list(base)
        for variable, value in [pair for j in chosen for pair in steps[j]] + list(change):
            values[variable] = value
        assert (i in hits) == bool(Evaluator(model, values).value(goal)), (chosen, change)
