"""Members that a run chooses, functions, ports to groups, labels and names."""

import pytest

from cascade.core.dump import dump
from cascade.core.lower import lower
from tests.checked.reading import accepted, definitions

NODES = """
component Disk { state v: 0..9 = 0 }
component Node { part p: Disk redundant ds: 2 x Disk needs 1 state v: 0..9 = 0 let double(k) = v * k }
system s {
  redundant n: 2 x Node needs 1
  state i: 0..2 = 1
  state j: 1..2 = 2
  BODY
}
"""

READ = [
    ("n[j].v", "[n[1].v, n[2].v][j]"),
    ("n[i].v", "[n[1].v, n[2].v][i]"),
    ("n[j].p.v", "[n[1].p.v, n[2].p.v][j]"),
    ("n[j].ds[1].v", "[n[1].ds[1].v, n[2].ds[1].v][j]"),
    ("n[2].ds[j].v", "[n[2].ds[1].v, n[2].ds[2].v][j]"),
    ("n[j].ds[i].v", "[[n[1].ds[1].v, n[1].ds[2].v][i], [n[2].ds[1].v, n[2].ds[2].v][i]][j]"),
    ("n[1 + 1].v", "n[2].v"),
    ("n[j].index", "[1, 2][j]"),
    ("n[j].ds.size", "2"),
    ("n[j] == n[1]", "[true, false][j]"),
    ("n[1] == n[1]", "true"),
    ("n[j].double(3)", "[n[1].v * 3, n[2].v * 3][j]"),
    ("(if i == 1 then n[1] else n[2]).v", "[n[1].v, n[2].v][if i == 1 then 1 else 2]"),
    ("(if true then n[1] else n[2]).v", "n[1].v"),
    ("(if i == 1 then n[j] else n[1].p).v", "[[n[1].v, n[2].v][j], n[1].p.v][if i == 1 then 1 else 2]"),
    ("(if i == 1 then n[1].ds else n[2].ds).size", "2"),
    ("sum(d in n[j].ds: d.v)", "[n[1].ds[1].v + n[1].ds[2].v, n[2].ds[1].v + n[2].ds[2].v][j]"),
    ("count(x in n: x == n[j]) == 1", "(if [true, false][j] then 1 else 0) + (if [false, true][j] then 1 else 0) == 1"),
    ("i != 0 and n[i].v == 1", "i != 0 and [n[1].v, n[2].v][i] == 1"),
]


@pytest.mark.parametrize(("expression", "text"), READ)
def test_reading(expression, text):
    assert definitions(NODES.replace("BODY", f"let zz = {expression}"))["zz"] == text


WRITTEN = [
    ("n[j].v = 3", {"n[1].v": "if j == 1 then 3 else n[1].v", "n[2].v": "if j == 2 then 3 else n[2].v"}),
    (
        "n[i].v = 3",
        {
            "n[1].v": "if [true, true][i] and i == 1 then 3 else n[1].v",
            "n[2].v": "if [true, true][i] and i == 2 then 3 else n[2].v",
        },
    ),
    (
        "n[j].ds[j].v = 3",
        {
            "n[1].ds[1].v": "if j == 1 then 3 else n[1].ds[1].v",
            "n[1].ds[2].v": "if j == 1 and j == 2 then 3 else n[1].ds[2].v",
            "n[2].ds[1].v": "if j == 2 and j == 1 then 3 else n[2].ds[1].v",
            "n[2].ds[2].v": "if j == 2 then 3 else n[2].ds[2].v",
        },
    ),
    ("n[2].v = n[1].v", {"n[2].v": "n[1].v"}),
    ("n[j].v: 0 -> 1", {"n[1].v": "if j == 1 then 1 else n[1].v", "n[2].v": "if j == 2 then 1 else n[2].v"}),
    (
        "m.v = 3",
        {
            "n[1].v": "if (if i == 1 then 1 else 2) == 1 or (if i == 1 then 1 else 2) == 2 and j == 1 then 3 else n[1].v",
            "n[2].v": "if (if i == 1 then 1 else 2) == 2 and j == 2 then 3 else n[2].v",
        },
    ),
]


@pytest.mark.parametrize(("update", "written"), WRITTEN)
def test_writing(update, written):
    choice = "let m = if i == 1 then n[1] else n[j]" if update.startswith("m.") else ""
    text = NODES.replace("BODY", f"{choice} event e {{ {update} }} check c: never false")
    system = accepted(text)
    lines = dump(*lower(system, system.checks[0])).split("event e\n")[1].splitlines()
    found = dict(line.strip().split(" := ") for line in lines if ":=" in line)
    assert set(found) == set(written)
    assert found == written


def test_guard_of_an_arrow_reads_the_chosen_member():
    system = accepted(NODES.replace("BODY", "event e { n[i].v: 0 | 2 -> 1 } check c: never false"))
    text = dump(*lower(system, system.checks[0]))
    assert "when [n[1].v, n[2].v][i] == 0 or [n[1].v, n[2].v][i] == 2\n" in text


FUNCTIONS = [
    ("let f(x) = x + 1 let zz = f(f(i))", "i + 1 + 1"),
    ("let f(x, y) = x * y let zz = f(i, 2) + f(2, i)", "i * 2 + 2 * i"),
    ("let f(c) = c.v let zz = f(n[1]) + f(n[j])", "n[1].v + [n[1].v, n[2].v][j]"),
    (
        "let f(g) = count(m in g: m.v == 1) let zz = f(n)",
        "(if n[1].v == 1 then 1 else 0) + (if n[2].v == 1 then 1 else 0)",
    ),
    ("let f(i) = i + j let zz = f(5)", "5 + j"),
    ("let f() = i let zz = f()", "i"),
    ("let max(a) = a let zz = max(i)", "i"),
    ("let zz = max(i, j, 3)", "max(max(i, j), 3)"),
    ("let f(a, b) = a.v + b.v let zz = f(n[j], n[1])", "[n[1].v + n[1].v, n[2].v + n[1].v][j]"),
]


@pytest.mark.parametrize(("body", "text"), FUNCTIONS)
def test_functions(body, text):
    assert definitions(NODES.replace("BODY", body))["zz"] == text


LABELS = [
    # An enumeration's label wins over a name in scope, from either side.
    ("state x: {up, i} = i", "x == i", "x == i"),
    ("state x: {up, i} = i", "i == x", "x == i"),
    ("state x: {up, x} = x", "x == x", "x == x"),
    ("state x: {up, down} = up let up = 3", "x == up", "x == up"),
    ("state x: {up, down} = up state y: {up, down} = down", "x == y", "x == y"),
    ("state x: {up, down} = up", "x == (if j == 1 then up else down)", "x == (if j == 1 then 0 else 1)"),
    # What it wins over is not looked at: that may depend on the very value.
    ("state x: {up, gone} = up let gone = not zz", "x == gone", "x == gone"),
    ("state x: {up, gone} = up let gone = not zz", "gone == x", "x == gone"),
    ("state x: {up, gone} = up let y = x let gone = not zz", "y == gone", "x == gone"),
    (
        "state x: {up, gone} = up outage gone when not zz",
        "(if j == 1 then x else up) == gone",
        "(if j == 1 then x else 0) == 1",
    ),
    ("state x: {up, j} = up let j2 = 3", "(if i == 1 then x else up) == j", None),
]


@pytest.mark.parametrize(("body", "expression", "text"), LABELS)
def test_labels(body, expression, text):
    found = definitions(NODES.replace("BODY", f"{body} let zz = {expression}"))["zz"]
    assert text is None or found in (text, " == ".join(reversed(text.split(" == "))))


def test_ports_to_groups_and_members():
    text = """
component Node { }
component Client { port all: Node port one: Node let some = any(x in all: x.serving) let two = all.size == 2 needs one }
system s { redundant n: 2 x Node needs 1 state i: 1..2 = 1 part c: Client(all = n, one = n[i]) part d: Client(all = n, one = n[2]) }
"""
    found = definitions(text)
    assert found["c.some"] == "n[1].healthy or n[2].healthy"
    assert found["c.two"] == "true"
    assert found["c.serving"] == "c.healthy and [n[1].healthy, n[2].healthy][i]"
    assert found["d.serving"] == "d.healthy and n[2].healthy"


def test_index_in_arguments():
    system = accepted(
        "component T { param n state x: 0..n = n } system s { redundant g: 3 x T(n = index * 2) needs 1 }"
    )
    assert [v.high for v in system.variables] == [2, 4, 6]


def test_types_see_only_their_own_names_and_components_in_place_see_what_is_around():
    text = """
component T { param n = 1 component inner { let a = n + m state m: 0..1 = 0 } }
system s { param m = 100 part t: T(n = 7) component place { let b = m component deep { let c = b + m } } }
"""
    found = definitions(text)
    assert found["t.inner.a"] == "7 + t.inner.m"
    assert (found["place.b"], found["place.deep.c"]) == ("100", "200")


def test_units():
    text = "component T { param d = 90s param k = 3 event e after d * k { } }"
    system = accepted(text + " system s { part t: T event f after 1min..d { } param d = 2min tick 30s }")
    timings = {c.name: (c.timing.earliest_ms, c.timing.latest_ms) for c in system.commands if c.timing}
    assert timings == {"f": (60_000, 120_000), "t.e": (270_000, None)}
    assert system.tick_ms == 30_000


def test_tick_is_the_greatest_common_divisor_of_all_durations():
    text = "system s { event e after 90s { } event f within 1min { } check c: true lasts at most 45s }"
    assert accepted(text).tick_ms == 15_000
    assert accepted("system s { event e { } }").tick_ms == 1
