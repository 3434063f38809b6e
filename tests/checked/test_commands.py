"""CF3xx: what commands write, when they happen, what `lasts` undoes; and what right commands become."""

import pytest

from cascade.checked.model import Class
from tests.checked.reading import accepted, assert_wrong, read

X = "state x: {a, b, c} = a state n: 0..3 = 0 "

WRONG = [
    # CF301: write to another component's variable
    (
        "CF301",
        "component T { port d: Component event e { «d.health» = up } }\nsystem s { part d: D part t: T(d = d) }\ncomponent D { }",
        "a command of T cannot write `d.health`, which belongs to D",
        "parts",
    ),
    (
        "CF301",
        "system s { component a { } component b { event e { «a.health» = up } } }",
        "component that contains both",
    ),
    ("CF301", "system s { state x: bool = true component b { event e { «x» = false } } }", "the system"),
    (
        "CF301",
        "component T { port g: Component event e for m in g { «m.health» = up } }\nsystem s { redundant g: 2 x D needs 1 part t: T(g = g) }\ncomponent D { }",
        "a command of T",
    ),
    # CF302: write to something that is no variable
    ("CF302", "system s { param p = 1 event e { «p» = 2 } }", "`p` cannot be written: it is a param"),
    ("CF302", "system s { let l = 1 event e { «l» = 2 } }", "a derived value"),
    ("CF302", "system s { component c { } event e { «c» = 2 } }", "a component"),
    ("CF302", "system s { redundant g: 2 x T needs 1 event e { «g» = 2 } }\ncomponent T { }", "a group"),
    ("CF302", "system s { outage o when true event e { «o» = false } }", "an outage"),
    (
        "CF302",
        "component T { port d: Component event e { «d» = 1 } }\nsystem s { component d { } part t: T(d = d) }",
        "a port",
    ),
    ("CF302", "system s { component c { } event e { «c.serving» = false } }", "a derived value"),
    ("CF302", "system s { component c { } event e { «c.healthy»: true -> false } }", "a derived value"),
    ("CF302", "system s { redundant g: 2 x T needs 1 event e for m in g { «m» = 1 } }\ncomponent T { }", "component T"),
    ("CF302", "system s { redundant g: 2 x T needs 1 event e { «g[1]» = 1 } }\ncomponent T { }", "an expression"),
    # CF303: one variable written twice
    ("CF303", "system s { " + X + "event e { x = a «x» = b } }", "writes `x` twice", "at once"),
    ("CF303", "system s { " + X + "event e { x: a -> b «x» = b } }", "`x`"),
    (
        "CF303",
        "system s { redundant g: 2 x T needs 1 state i: 1..2 = 1 event e { g[i].y = 1 «g[1].y» = 0 } }\ncomponent T { state y: 0..1 = 0 }",
        "`g[1].y`",
    ),
    (
        "CF303",
        "system s { redundant g: 2 x T needs 1 state i: 1..2 = 1 event e { g[i].y = 1 «g[3 - i].y» = 0 } }\ncomponent T { state y: 0..1 = 0 }",
        "`g[3 - i].y`",
    ),
    # CF304: latest time on a fault
    ("CF304", "system s { " + X + "fault f «after 1s..2s» { x: a -> b } }", "no latest time", "never owed"),
    ("CF304", "system s { " + X + "fault f «within 2s» { x: a -> b } }", "`after d`"),
    # CF305: timing that cannot be met
    ("CF305", "system s { " + X + "event e «after 3s..2s» { x: a -> b } }", "later time stands first"),
    ("CF305", "system s { " + X + "event e after «1s - 2s» { x: a -> b } }", "negative"),
    ("CF305", "system s { " + X + "event e within «0s - 1s» { x: a -> b } }", "negative"),
    ("CF305", "system s { " + X + "fault f «lasts 3s..2s» { x: a -> b } }", "later time stands first"),
    ("CF305", "system s { " + X + "fault f lasts «0s - 1s» { x: a -> b } }", "negative"),
    ("CF305", "system s { «tick 0s» }", "longer than nothing"),
    ("CF305", "system s { «tick 1s - 2s» }", "longer than nothing"),
    ("CF305", "system s { check c: true leads to false within «1s - 2s» }", "negative"),
    ("CF305", "system s { check c: true lasts at most «1s - 2s» }", "negative"),
    # CF306: nothing for `lasts` to undo
    ("CF306", "system s { " + X + "fault f «lasts 3s» { x = b } }", "nothing to undo", "`variable: a -> b`"),
    ("CF306", "system s { " + X + "event e «lasts 3s» { } }", "nothing to undo"),
]

RIGHT = [
    (
        "system s { component c { component d { } redundant g: 2 x T needs 1 } event e { c.d.health = up c.g[2].y = 1 } }"
        "\ncomponent T { state y: 0..1 = 0 }"
    ),
    "system s { "
    + X
    + "fault f after 1s { x: a -> b } event e after 1s..1s { n = 3 } operator o within 0s { n = 0 } }",
    "system s { " + X + 'fault f: partial "text" when n == 0 after 0s lasts 0s..1h { x: a -> c, n = 1 } }',
    (
        "system s { redundant g: 2 x T needs 1 state i: 1..2 = 1 event e { g[i].y = 1 i = 3 - i } }"
        "\ncomponent T { state y: 0..1 = 0 }"
    ),
    (
        "component T { port d: Component event e when d.health == up { health = down } }\n"
        "system s { part d: D part t: T(d = d) }\ncomponent D { }"
    ),
]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: f"{row[0]}: {row[1][:60]}")
def test_wrong(row):
    assert_wrong(*row)


@pytest.mark.parametrize("text", RIGHT)
def test_right(text):
    accepted(text)


def named(system):
    return {command.name: command for command in system.commands}


def test_what_lasts_adds():
    system = accepted("system s { component a { state x: {u, d} = u fault f lasts 5s..6s { x: u -> d } } }")
    ending = named(system)["a.f_ends"]
    assert ending.command_class is Class.REPAIR
    assert (ending.timing.earliest_ms, ending.timing.latest_ms, ending.undoes) == (5_000, 6_000, "a.f")
    assert [u.variable for u in ending.updates] == [0]
    assert system.builder.value(ending.updates[0].value) == 0


def test_what_lasts_adds_to_an_operator_is_an_operator_that_is_owed():
    system = accepted("system s { component a { state x: {u, d} = u operator f lasts 5s { x: u -> d } } }")
    ending = named(system)["a.f_ends"]
    assert ending.command_class is Class.OPERATOR
    assert (ending.timing.earliest_ms, ending.timing.latest_ms) == (5_000, 5_000)


def test_only_arrows_are_undone():
    text = "system s { component a { state x: {u, d} = u state n: 0..3 = 0 fault f lasts 5s { x: u -> d n = 2 } } }"
    assert [u.variable for u in named(accepted(text))["a.f_ends"].updates] == [0]


def test_loops_over_groups():
    system = accepted(
        "system s { redundant g: 3 x T needs 1 event e for m in g when m.serving { m.health: up -> down } }\ncomponent T { }"
    )
    events = [c.name for c in system.commands if c.command_class is Class.EVENT]
    assert events == ["e[1]", "e[2]", "e[3]"]
    assert [named(system)[f"e[{i}]"].updates[0].variable for i in (1, 2, 3)] == [0, 1, 2]


def test_kinds():
    text = "system s { state x: bool = true fault f { x = false } fault g: slow { x = false } event e { x = true } }"
    assert [(c.name, c.kind) for c in accepted(text).commands] == [("f", "f"), ("g", "slow"), ("e", "")]


def test_a_bad_guard_and_a_bad_update_are_two_errors():
    _, items = read("system s { state x: bool = true event e when nowhere { x = 3 } }")
    assert [d.code for d in items] == ["CF101", "CF201"]


def test_written_twice_points_at_the_first():
    _, items = read("system s {\n  state x: bool = true\n  event e {\n    x = true\n    x = false\n  }\n}")
    assert (items[0].primary.span.line, items[0].primary.span.column) == (5, 5)
    assert [label.span.line for label in items[0].others] == [4]
