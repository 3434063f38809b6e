"""CF1xx: names, structure, cycles. Each row marks the culprit; beside the wrong specs stand right ones."""

import pytest

from tests.checked.reading import accepted, assert_wrong, place_of, read, said

WRONG = [
    # CF101: unknown name
    ("CF101", "system s { component web { } outage o when not web.«sevring» }", "`sevring`", "`serving`?"),
    ("CF101", "system s { component web { } outage o when not «wbe».serving }", "in the system", "`web`?"),
    ("CF101", "system s { let a = «nowhere» + 1 }", "`nowhere` is not known", "known here"),
    ("CF101", "system s { let a = «nowhere»(1) }", "`nowhere`", "known here"),
    ("CF101", "system s { component a { let f(x) = x } let b = a.«g»(1) }", "`g`", "in component a"),
    ("CF101", "system s { redundant g: 2 x T needs 1 let a = g.«serve» }\ncomponent T { }", "of group g", "group[1]"),
    ("CF101", "system s { redundant g: 2 x T needs 1 let a = g[1].«indx» }\ncomponent T { }", "`index`"),
    ("CF101", "system s { component a { } let b = a.«index» == 1 }", "`index` is not known"),
    ("CF101", "system s { state x: {a, b} = «c» }", "`c`", "`a`"),
    ("CF101", "system s { state x: {red, green} = red let y = x == «gren» }", "`green`?"),
    ("CF101", "system s { state x: {red, green} = red event e { x: «blue» -> green } }", "{red, green}"),
    ("CF101", "system s { state x: {red, green} = red event e { x: red -> «gren» } }", "`green`?"),
    ("CF101", "system s { state x: {red, green} = red event e { x = «gren» } }", "`green`?"),
    ("CF101", "system s { event e { «x» = 1 } }", "`x` is not known in the system"),
    ("CF101", "system s { state n: 0..1 = 0 event e { n = «q» } }", "`q` is not known in the system"),
    ("CF101", "system s { component a { } event e { a.«helth»: up -> down } }", "`health`?"),
    ("CF101", "system s { part t: T(n = «m») }\ncomponent T { param n = 1 }", "`m` is not known in the system"),
    ("CF101", "component T { let a = «outside» }\nsystem s { let outside = 1 part t: T }", "in T"),
    ("CF101", "component T { let a = «outside» }\nsystem s { }", "in T"),
    ("CF101", "component T { needs «db» let serving = true }\nsystem s { part t: T }", "`db`"),
    ("CF101", "system s { fix f { p = «q» } param p = 1 }", "`q`"),
    ("CF101", "system s { component a { } component b { } link a -> «c» }", "`c`"),
    ("CF101", "system s { component a { } component b { } link a -> b via «c» let x = reaches(a, b) }", "`c`"),
    (
        "CF101",
        "system s { component a { } component b { } check c: never false «link a -> b can cut» }",
        "declared link",
    ),
    ("CF101", "system s { component a { state «health»: {ok, bad} = ok } }", "`up`"),
    ("CF101", "system s { tick «t» }", "`t`"),
    ("CF101", "system s { event e after «later» { } }", "`later`"),
    # CF102: declared twice
    ("CF102", "system s { state x: bool = true let «x» = 1 }", "`x` is declared twice", "rename"),
    ("CF102", "system s { component a { } part «a»: T }\ncomponent T { }", "`a`"),
    ("CF102", "system s { state x: {a, b, «a»} = b }", "`a`"),
    ("CF102", "system s { event e { } event «e» { } }", "`e`"),
    ("CF102", "system s { part t: T(n = 1, «n = 2») }\ncomponent T { param n = 0 }", "`n`"),
    ("CF102", "system s { outage o when false outage «o» when true }", "`o`"),
    ("CF102", "system s { check c: never false check «c»: never false }", "`c`"),
    ("CF102", "system s { param p = 1 fix f { p = 1 } fix «f» { p = 2 } }", "`f`"),
    ("CF102", "system s { tick 1s «tick 2s» }", "`tick`"),
    (
        "CF102",
        "system s { component a { state x: {u, d} = u fault f lasts 5s { x: u -> d } repair «f_ends» { x: d -> u } } }",
        "`f_ends`",
    ),
    (
        "CF102",
        "system s { component a { state x: {u, d} = u repair f_ends { x: d -> u } fault f «lasts 5s» { x: u -> d } } }",
        "`f_ends`",
    ),
    # cycles of values (CF103)
    ("CF103", "system s { let a = b let b = c let c = «a» }", "a → b → c → a", "state"),
    ("CF103", "system s { let a = not «a» }", "a → a"),
    ("CF103", "system s { component a { needs b } component b { needs «a» } }", "a.serving → b.serving → a.serving"),
    ("CF103", "system s { outage o when not «p» let p = o }", "p → o → p"),
    ("CF103", "system s { let f(x) = «f(x)» }", "f → f"),
    ("CF103", "system s { let f(x) = g(x) let g(x) = «f(x)» let a = f(1) }", "f → g → f"),
    ("CF103", "system s { param «a» = b param b = a }", "a → b → a"),
    ("CF103", "system s { redundant g: «g.size» x T needs 1 }\ncomponent T { }", "g → g"),
    ("CF103", "system s { redundant g: «n» x T needs 1 param n = g.size }\ncomponent T { }", "g → n → g"),
    ("CF103", "system s { «state x: 0..x = 0» }", "x → x"),
    ("CF103", "system s { «state x: bool = x» check c: never x }", "x → x"),
    (
        "CF103",
        "system s { part a: T(«p = b.p») part b: T(p = a.p) }\ncomponent T { port p: Component }",
        "a.p → b.p → a.p",
    ),
    # CF104: unbound port
    ("CF104", "system s { part t: «T» }\ncomponent T { port db: Component }", "port `db` of T", "db = ..."),
    ("CF104", "system s { redundant g: 3 x «T» needs 1 }\ncomponent T { port db: Component }", "port `db` of T"),
    ("CF104", "system «s» { port db: Component }", "port `db` of s"),
    ("CF104", "system s { component «a» { port db: Component } }", "port `db`"),
    # CF105: unknown component type
    ("CF105", "system s { part t: «Serverr» }\ncomponent Server { }", "`Serverr`", "`Server`?"),
    ("CF105", "system s { redundant g: 2 x «Nothing» needs 1 }", "`Nothing`", "import"),
    ("CF105", "component T { port p: «Databse» }\ncomponent Database { }\nsystem s { }", "`Database`?"),
    # CF106: a component that contains itself
    ("CF106", "component «T» { part t: T }\nsystem s { part a: T }", "T → T", "port"),
    ("CF106", "component A { part b: B }\ncomponent «B» { part a: A }\nsystem s { part a: A }", "A → B → A"),
    (
        "CF106",
        "component «T» { redundant g: 2 x T needs 1 }\nsystem s { part a: T outage o when not a.serving }",
        "T → T",
    ),
    ("CF106", "component T { component «inner» { part t: T } }\nsystem s { }", "T → T"),
    # CF107: unknown argument
    ("CF107", "system s { part t: T(«sise» = 1) }\ncomponent T { param size = 1 }", "`sise`", "`size`?"),
    ("CF107", "system s { part t: T(«health» = 1) }\ncomponent T { }", "it has neither"),
    (
        "CF107",
        (
            "component T { port db: Component param n = 1 }\n"
            "system s { component d { } redundant g: 2 x T(db = d, «zone» = index) needs 1 }"
        ),
        "`db`, `n`",
    ),
    # CF108: needs more than it has
    ("CF108", "system s { redundant g: 3 x T needs «4» }\ncomponent T { }", "needs 4 of 3 members", "between 0 and 3"),
    ("CF108", "system s { redundant g: 1 x T needs «2» }\ncomponent T { }", "needs 2 of 1 member"),
    ("CF108", "system s { param k = 0 redundant g: 3 x T needs «k - 1» }\ncomponent T { }", "needs -1 of 3"),
    # CF109: statement in the wrong place
    ("CF109", "component T { «outage o when true» }\nsystem s { part t: T }", "`outage`", "system"),
    ("CF109", "component T { «check c: never false» }\nsystem s { }", "`check`"),
    ("CF109", "system s { component a { «tick 1s» } }", "`tick`"),
    ("CF109", "system s { component a { param p = 1 «fix f { p = 2 }» } }", "`fix`"),
    ("CF109", "system s { state x: bool = true reaction r: «slow» { x = true } }", "a kind", "fault"),
    # CF110: parameter without a value
    ("CF110", "system s { part t: «T» }\ncomponent T { param n }", "param `n` of T", "n = ..."),
    ("CF110", "system «s» { param n }", "param `n` of s"),
    # CF111: port of another type
    ("CF111", "system s { component a { } part t: T(db = «a») }\ncomponent T { port db: D }\ncomponent D { }", "for D"),
    (
        "CF111",
        "system s { part b: T2 part t: T(db = «b») }\ncomponent T { port db: D }\ncomponent D { }\ncomponent T2 { }",
        "T2",
    ),
    ("CF111", "system s { part t: T(db = «3») }\ncomponent T { port db: D }\ncomponent D { }", "an integer"),
    ("CF111", "system s { part t: T(db = «3») }\ncomponent T { port db: Component }", "a component or a group"),
    (
        "CF111",
        "system s { redundant g: 2 x T2 needs 1 part t: T(db = «g») }\ncomponent T { port db: D }\ncomponent D { }\ncomponent T2 { }",
        "T2",
    ),
]

RIGHT = [
    "system s { component web { } outage o when not web.serving }",
    "system s { redundant g: 2 x T needs 1 let a = g[1].index + g.size + g.needs }\ncomponent T { }",
    "system s { param outside = 1 component a { let b = outside component c { let d = outside + b } } }",
    "system s { state x: {red, green} = red let red = green_one let green_one = true let y = x == red }",
    "system s { let a = b let b = c state c: bool = false }",
    "system s { component a { needs b } component b { needs c } component c { } }",
    "system s { let f(x) = x + 1 let g(x) = f(f(x)) let a = g(g(1)) }",
    "system s { param a = b param b = 3 redundant g: a x T needs b - 1 }\ncomponent T { }",
    "system s { redundant g: n x T needs 1 redundant h: g.size x T needs g.needs param n = 2 }\ncomponent T { }",
    "system s { component d { } part t: T(db = d) part u: T(db = t) }\ncomponent T { port db: Component }",
    (
        "system s { part d: D redundant g: 2 x D needs 1 part t: T(db = d) part u: T(db = g) }\n"
        "component T { port db: D needs db }\ncomponent D { }"
    ),
    "system s { redundant g: 3 x T needs 0 }\ncomponent T { }",
    "system s { redundant g: 3 x T(n = index * 10) needs 3 let a = g[3].n }\ncomponent T { param n }",
    "component T { port db: Component needs db let ok = db.serving }\nsystem s { }",
    "component A { part b: B }\ncomponent B { }\nsystem s { part a: A part b: B }",
    "system s { part a: T(p = a2) part a2: T(p = a) }\ncomponent T { port p: T let x = p.health == up }",
]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: f"{row[0]}: {row[1][:60]}")
def test_wrong(row):
    assert_wrong(*row)


@pytest.mark.parametrize("text", RIGHT)
def test_right(text):
    accepted(text)


def test_literal_place():
    _, items = read("system shop {\n  component web { }\n\toutage down when not web.sevring\n}\n")
    (only,) = items
    assert (only.code, only.primary.span.line, only.primary.span.column) == ("CF101", 3, 27)
    assert only.primary.span.text == "sevring"
    assert only.message == "`sevring` is not known in component web"
    assert only.help == "did you mean `serving`?"


def test_second_declaration_points_at_the_first():
    _, items = read("system s {\n  state x: bool = true\n  param x = 1\n}")
    (only,) = items
    assert (only.primary.span.line, only.primary.text) == (3, "second declaration")
    assert [(label.span.line, label.text) for label in only.others] == [(2, "first declaration")]


def test_unbound_port_points_at_its_declaration():
    _, items = read("component T {\n  port db: Component\n}\nsystem s {\n  part t: T\n}")
    (only,) = items
    assert [(label.span.line, label.text) for label in only.others] == [(2, "declared here")]


def test_two_ports_of_one_instance_are_two_errors():
    _, items = read("system s { part t: T }\ncomponent T { port a: Component port b: Component }")
    assert [d.message for d in items] == ["port `a` of T is not bound", "port `b` of T is not bound"]


def test_several_errors_in_one_run():
    text = """
component Unused { let a = nowhere }
component T { param n = 1 state x: 0..3 = 9 fault f within 2s { x = 1 } }
system s {
  part t: T(m = 1)
  redundant g: 2 x T needs 5
  outage o when t.x + 1s == 2
  check c: never o without nobody
}
"""
    _, items = read(text)
    assert sorted((d.code, place_of(d).line) for d in items) == [
        ("CF101", 2),
        ("CF107", 5),
        ("CF108", 6),
        ("CF202", 7),
        ("CF203", 3),
        ("CF304", 3),
        ("CF402", 8),
    ]


ONCE = [
    ("CF103", "let a = b let b = «a»"),
    ("CF303", "state x: 0..3 = 0 event e { x = 1 «x» = 2 }"),
    ("CF301", "port d: Component event e { «d.health» = up }"),
    ("CF203", "state x: 0..3 = 0 event e { «x = 7» }"),
    ("CF203", "state x: 0..3 = «7»"),
    ("CF208", "redundant inner: 2 x U needs 1 let a = inner[«3»].serving"),
    ("CF201", "component inner { } let a = «inner» + 1"),
    ("CF201", "redundant inner: 2 x U needs 1 let a = «inner» + 1"),
    ("CF101", "component inner { let a = «b» }"),
    ("CF101", "redundant inner: 2 x U needs 1 let a = inner.«b»"),
    ("CF304", "state x: bool = false fault f «within 1s» { x = true }"),
    ("CF108", "redundant inner: 2 x U needs «3»"),
    ("CF106", "part t: T"),
]


@pytest.mark.parametrize(("code", "body"), ONCE)
def test_an_error_of_a_type_is_said_once_for_all_its_instances(code, body):
    port = "d = d" if "port d" in body else ""
    name = "T" if code != "CF106" else "«T»"
    spec = f"component {name} {{ {body} }}\ncomponent U {{ }}\nsystem s {{ component d {{ }} redundant g: 10 x T({port}) needs 1 "
    assert_wrong(code, spec + f"part other: T({port}) }}")


def test_error_in_a_library_type_is_said_in_types_that_nothing_uses():
    _, items = read("component A { let x = 1 + true }\ncomponent B { part a: A let y = 2 + false }")
    assert sorted(place_of(d).text for d in items) == ["false", "true"]


def test_message_of_a_cycle_through_two_components_names_both():
    _, items = read("system s { component a { needs b } component b { needs a } }")
    assert "a.serving → b.serving → a.serving" in said(items[0])
