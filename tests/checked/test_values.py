"""CF2xx: types, units, constants, ranges, arity, indices. Each row marks the culprit; beside the wrong specs stand right ones."""

import pytest

from cascade.checked.model import BOOL, DURATION, INT
from tests.checked.reading import accepted, assert_wrong, read

T = "\ncomponent T { state x: 0..9 = 0 state b: bool = true }"

WRONG = [
    # CF201: wrong type
    ("CF201", "system s { let a = 1 + «true» }", "an integer is expected here, not a boolean"),
    ("CF201", "system s { let a = not «1» }", "a boolean is expected here, not an integer"),
    ("CF201", "system s { let a = true and «3» }", "a boolean", "an integer"),
    ("CF201", "system s { let a = «3» or true }", "a boolean", "an integer"),
    ("CF201", "system s { let a = -«true» }", "an integer"),
    ("CF201", "system s { let a = if «1» then 2 else 3 }", "a boolean"),
    ("CF201", "system s { let a = if true then 2 else «false» }", "an integer is expected here, not a boolean"),
    ("CF201", "system s { let a = 1 == «true» }", "an integer", "a boolean"),
    ("CF201", "system s { let a = «true» < false }", "a boolean"),
    ("CF201", "system s { state x: {a, b} = a let y = x == «1» }", "one of {a, b}"),
    ("CF201", "system s { state x: {a, b} = a state y: {c, d} = c let z = x == «y» }", "one of {a, b}", "{c, d}"),
    ("CF201", "system s { state x: {a, b} = a let z = «x» + 1 }", "one of {a, b}"),
    ("CF201", "system s { state x: 0..3 = «true» }", "an integer", "a boolean"),
    ("CF201", "system s { state x: bool = «0» }", "a boolean"),
    ("CF201", "system s { state x: 0..«true» = 0 }", "an integer"),
    ("CF201", "system s { state x: 0..3 = 0 event e { x = «true» } }", "an integer"),
    ("CF201", "system s { state x: 0..3 = 0 event e { x: «true» -> 1 } }", "an integer"),
    ("CF201", "system s { state x: 0..3 = 0 event e when «x» { } }", "a boolean"),
    ("CF201", "system s { component a { } let b = «a» and true }", "component a", ".serving"),
    ("CF201", "system s { component a { } outage o when not «a» }", ".serving"),
    ("CF201", "system s { redundant g: 2 x T needs 1 outage o when «g» }" + T, "a boolean", "group g"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = g == «g[1]» }" + T, "group g"),
    ("CF201", "system s { component a { } let b = a == «1» }", "component a", "an integer"),
    (
        "CF201",
        "system s { component a { } let b = all(x in «a»: x.serving) }",
        "a group is expected here, not component a",
    ),
    ("CF201", "system s { component a { } let b = «a»[1] }", "a group", "component a"),
    ("CF201", "system s { let b = «3»[1] }", "a group", "an integer"),
    ("CF201", "system s { param n = 3 let b = «n».serving }", "a component or a group"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = all(m in g: «m.x») }" + T, "a boolean"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = sum(m in g: «m.b») }" + T, "an integer"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = max(m in g: «m.b») }" + T, "an integer"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = count(m in g: «m.x») }" + T, "a boolean"),
    ("CF201", "system s { redundant g: 2 x T needs 1 let a = g[«true»].x }" + T, "an integer", "a boolean"),
    ("CF201", "system s { redundant g: 2 x T needs 1 event e for m in «g[1]» { } }" + T, "a group"),
    ("CF201", "system s { let a = min(1, «true») }", "an integer"),
    ("CF201", "system s { let a = max(«true», 1) }", "an integer"),
    ("CF201", "system s { component a { } let b = reaches(a, «1») }", "a component"),
    ("CF201", "system s { redundant g: 2 x T needs 1 component a { } let b = reaches(a, «g») }" + T, "group g"),
    ("CF201", "system s { let a = 3 let b = «a»(1) }", "a `let` with parameters"),
    ("CF201", "system s { param k = true redundant g: «k» x T needs 1 }" + T, "an integer"),
    ("CF201", "system s { redundant g: 3 x T needs «1s» }" + T, "an integer", "a duration"),
    ("CF201", "system s { tick «3» }", "a duration", "an integer"),
    ("CF201", "system s { event e after «3» { } }", "a duration"),
    ("CF201", "system s { state x: bool = true event e lasts «3» { x: true -> false } }", "a duration"),
    ("CF201", "system s { check c: true leads to false within «3» }", "a duration"),
    ("CF201", "system s { check c: true lasts at most «30%» }", "a duration", "a percentage"),
    ("CF201", "system s { check c: never «1» }", "a boolean"),
    ("CF201", "system s { component a { let serving = «1» } }", "a boolean"),
    ("CF201", "system s { component a { let forwards = «1s» } }", "a boolean", "a duration"),
    ("CF201", "system s { part t: P(n = «true») }\ncomponent P { param n = 1 }", "an integer"),
    ("CF201", "system s { component a { } param p = «a» }", "a constant", "component a"),
    ("CF201", "system s { param n = 1 component a { needs «n» let serving = true } }", "a component or a group"),
    ("CF201", "system s { component a { } component b { } param n = 1 link a -> «n» }", "a component or a group"),
    ("CF201", "system s { fix f { p = «1s» } param p = 1 }", "an integer", "a duration"),
    # CF202: mixed units
    ("CF202", "system s { let a = «1 + 1s» }", "`+` cannot combine an integer with a duration", "do not mix"),
    ("CF202", "system s { let a = «1s < 3» }", "`<`"),
    ("CF202", "system s { let a = «1s == 3» }", "`==`"),
    ("CF202", "system s { let a = «3 != 30%» }", "`!=`"),
    ("CF202", "system s { let a = «1s * 1s» }", "`*`"),
    ("CF202", "system s { let a = «30% * 30%» }", "`*`", "x * 30 / 100"),
    ("CF202", "system s { let a = «1s + 30%» }", "a duration with a percentage"),
    ("CF202", "system s { let a = «3 / 1s» }", "`/`"),
    ("CF202", "system s { let a = «3 / 30%» }", "`/`"),
    # CF203: value outside a domain
    ("CF203", "system s { state x: 0..3 = «4» }", "4 is outside 0..3"),
    ("CF203", "system s { state x: 1..3 = «0» }", "0 is outside 1..3"),
    ("CF203", "system s { param n = 9 state x: 0..3 = «n» }", "9 is outside 0..3"),
    ("CF203", "system s { state x: 0..3 = 0 event e { «x = 4» } }", "4 is outside"),
    ("CF203", "system s { state x: 0..3 = 0 event e { «x = -1» } }", "-1 is outside"),
    ("CF203", "system s { state x: 0..3 = 0 event e { «x: 1 -> 4» } }", "4 is outside"),
    ("CF203", "system s { check c: never false with at most «-1» faults }", "-1"),
    # CF204: empty range
    ("CF204", "system s { state x: «3..0» = 3 }", "the range 3..0 is empty", "smaller bound"),
    ("CF204", "system s { param n = 0 state x: «1..n» = 1 }", "1..0"),
    ("CF204", "system s { redundant g: «0» x T needs 0 }" + T, "group `g` is empty"),
    ("CF204", "system s { param n = 2 redundant g: «n - 3» x T needs 0 }" + T, "group `g` is empty"),
    # CF205: not a constant
    ("CF205", "system s { state x: 0..3 = 0 param p = «x + 1» }", "a param must be a constant", "literals and params"),
    ("CF205", "system s { state x: 0..3 = 0 state y: 0..3 = «x» }", "an initial value"),
    ("CF205", "system s { state x: 1..3 = 1 state y: 0..«x» = 0 }", "a bound"),
    ("CF205", "system s { state x: 1..3 = 1 redundant g: «x» x T needs 1 outage o when not g.serving }" + T, "members"),
    ("CF205", "system s { state x: 1..3 = 1 redundant g: 3 x T needs «x» }" + T, "`needs`"),
    ("CF205", "system s { state x: 1..3 = 1 event e after «x * 1s» { } }", "a time"),
    ("CF205", "system s { state x: 1..3 = 1 tick «x * 1s» }", "the tick"),
    ("CF205", "system s { state x: 1..3 = 1 check c: never false with at most «x» faults }", "a number of times"),
    ("CF205", "system s { component a { } component b { } link a -> b param p = «reaches(a, b)» }", "constant"),
    ("CF205", "system s { component a { } component b { } state x: bool = «reaches(a, b)» }", "constant"),
    ("CF205", "system s { fix f { p = «x» } param p = 1 state x: 0..3 = 0 }", "a param"),
    # CF206: wrong number of arguments
    ("CF206", "system s { let f(x) = x let a = «f(1, 2)» }", "`f` takes 1 argument, not 2"),
    ("CF206", "system s { let f(x, y) = x let a = «f(1)» }", "`f` takes 2 arguments, not 1"),
    ("CF206", "system s { let f(x) = x let a = «f» + 1 }", "`f` takes 1 argument, not 0"),
    ("CF206", "system s { component a { } let b = «reaches(a)» }", "`reaches` takes 2 arguments, not 1"),
    ("CF206", "system s { let a = «min()» }", "`min`"),
    # CF207: constant without a value
    ("CF207", "system s { param p = «1 / 0» }", "divides by zero"),
    ("CF207", "system s { state x: 0..3 = «3 / (1 - 1)» }", "divides by zero"),
    ("CF207", "system s { param n = 0 redundant g: «3 / n» x T needs 1 }" + T, "divides by zero"),
    ("CF207", "system s { redundant g: 2 x P needs 1 param p = «g[1 + 2].n» }\ncomponent P { param n = 1 }", "group"),
    # CF208: index outside a group
    (
        "CF208",
        "system s { redundant g: 2 x T needs 1 let a = g[«3»].x }" + T,
        "group `g` has no member 3",
        "g[1] to g[2]",
    ),
    ("CF208", "system s { redundant g: 2 x T needs 1 let a = g[«0»].x }" + T, "no member 0"),
    ("CF208", "system s { redundant g: 2 x T needs 1 event e { g[«5»].x = 1 } }" + T, "no member 5"),
    # CF006, CF008: what is too deep or too large
    ("CF008", "system s { «redundant g: 1000000000 x T needs 1» }" + T, "components", "bounded integer"),
    ("CF008", "system s { state x: «0..9999999999» = 0 }", "values in one variable"),
    ("CF008", "system s { state x: 0..99999999 = «any» }", "initial values"),
    ("CF008", "system s { state x: 0..2000000000 = 0 let a = «x * x» }", "numbers"),
    # CF008: what no machine word holds with room to spare
    ("CF008", "system s { let a = «72057594037927936 + 1» }", "outside -72057594037927936..72057594037927936"),
    ("CF008", "system s { let a = «-72057594037927936 - 1» }", "outside -72057594037927936..72057594037927936"),
    ("CF008", "system s { state x: 0..9 = 0 let a = «(0 - x) * 9007199254740992» }", "divide before you multiply"),
]

RIGHT = [
    "system s { state x: 0..3 = 0 let a = -x + 2 * x - x / 2 let b = a <= 3 and a >= -3 or a != 1 and not (a > 0) }",
    "system s { param d = 90s let a = d * 2 + 1min - d / 3 let b = a > 10s let c = 2 * d == 180s let r = 1h / d }",
    "system s { param d = 1min let a = d * 30% let b = 30% * d let c = 7 * 30% == 2 let e = 30% + 20% == 50% }",
    "system s { state x: {a, b} = a state y: {a, b} = b let z = x == y let l = if x == a then y else x let m = l != b }",
    "system s { state x: {a, b} = a let z = a == x let w = b != (if true then x else a) }",
    "system s { state x: -3..3 = -3 state y: 0..0 = 0 state z: bool = any state e: {on} = on event e2 { x = -2 } }",
    "system s { redundant g: 2 x T needs 1 let a = any(m in g: m.b) and all(m in g: m.b) and count(m in g: m.b) == 1"
    " and sum(m in g: m.x) > min(m in g: m.x) + max(m in g: m.x) let b = min(1, 2, 3) + max(4) }" + T,
    "system s { state x: 0..2 = 0 redundant g: 2 x T needs 1 let a = x != 0 and g[x].b let n = g[1] == g[2] }" + T,
    "system s { param k = 0 redundant g: 2 x T needs 1 let a = k != 0 and g[k].b }" + T,
    "system s { param n = 2 state x: n - 2..n * 2 = n / 2 let f(d, k) = d * k let a = f(10s, n) > 15s }",
    "system s { component a { } component b { } let c = a == b let d = a == a }",
]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: f"{row[0]}: {row[1][:60]}")
def test_wrong(row):
    assert_wrong(*row)


@pytest.mark.parametrize("text", RIGHT)
def test_right(text):
    accepted(text)


def test_only_the_first_error_of_an_expression_is_said():
    _, items = read("system s { let a = nowhere + 1 let b = a and true let c = not b outage o when c }")
    assert [d.code for d in items] == ["CF101"]


def test_a_group_whose_size_is_wrong_is_said_once():
    _, items = read(
        "system s { redundant g: 1 / 0 x T needs 1 outage o when not g.serving let a = g.size }\ncomponent T { }"
    )
    assert [d.code for d in items] == ["CF207"]


def test_literal_places_over_lines():
    _, items = read("system s {\n  let long =\n    1 +\n    1s\n  tick 1s\n}")
    (only,) = items
    assert (only.code, only.primary.span.line, only.primary.span.column) == ("CF202", 3, 5)
    assert only.primary.span.text == "1 +\n    1s"


def test_domain_points_at_its_declaration():
    _, items = read("system s {\n  state x: 0..3 = 0\n  event e { x = 7 }\n}")
    assert [(label.span.text, label.text) for label in items[0].others] == [("0..3", "the domain is declared here")]


CONSTANTS = [
    ("7 / 2", INT, 3),
    ("-7 / 2", INT, -4),
    ("7 / -2", INT, -4),
    ("7 * 30%", INT, 2),
    ("-7 * 30%", INT, -3),
    ("90s * 50%", DURATION, 45_000),
    ("1min / 2", DURATION, 30_000),
    ("1h / 7min", INT, 8),
    ("2d - 1h + 1ms", DURATION, 169_200_001),
    ("min(3, 1, 2) + max(3, 1, 2)", INT, 4),
    ("if 1 > 2 then 10 else 20", INT, 20),
    ("true and not false", BOOL, 1),
    ("1 - 2 - 3", INT, -4),
    ("2 + 3 * 4", INT, 14),
    ("20 / 3 * 3", INT, 18),
]


@pytest.mark.parametrize(("expression", "value_type", "value"), CONSTANTS)
def test_values_of_constants(expression, value_type, value):
    # The bounds of a variable show the value of a constant without any run.
    scale = {INT: "p", DURATION: "p / 1ms", BOOL: "if p then 1 else 0"}[value_type]
    system = accepted(f"system s {{ param p = {expression} state x: {-(10**9)}..{10**9} = {scale} }}")
    assert system.variables[0].initial == (value,)


def test_numbers_up_to_the_limit_are_accepted():
    system = accepted("system s { let a = 72057594037927935 + 1 let b = -72057594037927935 - 1 }")
    assert [system.builder.value(d.value) for d in system.derived[:2]] == [1 << 56, -(1 << 56)]
