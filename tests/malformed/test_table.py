"""Short wrong specs, each with its codes and lines, through the whole way. Rows of the tests of elaboration go the same way."""

import pytest

from tests.checked import test_checks, test_commands, test_names, test_values
from tests.checked.reading import marked
from tests.malformed.survival import survive

TABLE = [
    # nothing, or nearly nothing
    ("", []),
    ("\n\n\n", []),
    ("# only a comment", []),
    ("# no line end\n#", []),
    ("\ufeff", []),
    ("system s { }", []),
    ("component T { }", []),
    ("component T { }\r\nsystem s {\r\n  part t: T\r\n  outage o when nowhere\r\n}\r\n", [("CF101", 4)]),
    ("component T { let a = nowhere }", [("CF101", 1)]),
    ("import std.nowhere", [("CF004", 1)]),
    ("import nowhere\nsystem s { }", [("CF004", 1)]),
    ("system", [("CF001", 1)]),
    ("system s", [("CF001", 1)]),
    ("system s {", [("CF001", 1)]),
    ("system s }", [("CF001", 1)]),
    ("}", [("CF001", 1)]),
    ("system s { }\n}", [("CF001", 2)]),
    ("system s { } system t { }", [("CF007", 1)]),
    ("system s { }\nsystem t { }\nsystem u { }", [("CF007", 2), ("CF007", 3)]),
    ("state x: bool = true", [("CF109", 1)]),
    ("system s { system t { } }", [("CF001", 1), ("CF109", 1)]),
    ("system s { import std.network }", [("CF109", 1)]),
    ("component T { }\ncomponent T { }\nsystem s { }", [("CF102", 2)]),
    # characters
    ("system s { let a = 1 $ 2 }", [("CF002", 1)]),
    ("system s { let é = 1 }", [("CF002", 1)]),
    ('system s { let a = "text }', [("CF001", 1)]),
    ("system s { let a = 'x' }", [("CF002", 1), ("CF002", 1)]),
    ("system s {\n\tlet a = \u200b1\n}", [("CF002", 2)]),
    ("system s { let a = 1; }", [("CF002", 1)]),
    ('system s "\u0000" { }', [("CF002", 1)]),
    ('system s "日本語 🎉" { let a = nowhere }', [("CF101", 1)]),
    ('# 日本語\nsystem s { outage o "🎉🎉" when nowhere }', [("CF101", 2)]),
    # statements that are incomplete or in a wrong order
    ("system s { state x }", [("CF001", 1)]),
    ("system s { state x: bool }", [("CF001", 1)]),
    ("system s { state x: 1 = 1 }", [("CF001", 1)]),
    ("system s { state x: {} = a }", [("CF001", 1)]),
    ("system s { state x: 0..any = 1 }", [("CF101", 1)]),
    ("system s { let = 1 }", [("CF001", 1)]),
    ("system s { let a 1 }", [("CF001", 1)]),
    ("system s { param }", [("CF001", 1)]),
    ("system s { redundant g: 3 T needs 2 }", [("CF001", 1)]),
    ("system s { redundant g: 3 x T }", [("CF001", 1)]),
    ("system s { part t }", [("CF001", 1)]),
    ("system s { part t: }", [("CF001", 1)]),
    ("system s { link a }", [("CF001", 1)]),
    ("system s { fault { } }", [("CF001", 1)]),
    ("system s { fault f }", [("CF001", 1)]),
    ("system s { fault f { x -> b } }", [("CF001", 1)]),
    ("system s { fault f lasts { x: a -> b } }", [("CF001", 1)]),
    ("system s { outage o }", [("CF001", 1)]),
    ("system s { check c }", [("CF001", 1)]),
    ("system s { check c: }", [("CF001", 1)]),
    ("system s { check c: never }", [("CF001", 1)]),
    ("system s { check c: true leads false }", [("CF001", 1)]),
    ("system s { check c: never true expect maybe }", [("CF001", 1)]),
    ("system s { check c: never true with }", [("CF001", 1)]),
    ("system s { check c: never true with at most faults }", [("CF001", 1)]),
    ("system s { let a = (1 + }", [("CF001", 1)]),
    ("system s { let a = 1 + + 2 }", [("CF001", 1)]),
    ("system s { let a = 1 < 2 < 3 }", [("CF001", 1)]),
    ("system s { let a = if true then 1 }", [("CF001", 1)]),
    ("system s { let a = any(x in g) }", [("CF001", 1)]),
    ("system s { let a = 5 min }", [("CF001", 1)]),
    ("system s { let a = 99999999999999999999999 }", [("CF001", 1)]),
    # kinds of numbers
    ("system s { tick 0s }", [("CF305", 1)]),
    ("system s { tick 0s - 5s }", [("CF305", 1)]),
    ("system s { tick 5 }", [("CF201", 1)]),
    ("system s { tick 30% }", [("CF201", 1)]),
    ("system s {\n  tick 1s\n  tick 1s\n}", [("CF102", 3)]),
    ("system s { param p = 30% * 1s let a = p + 1 }", [("CF202", 1)]),
    ("system s { param p = 1 / 0 }", [("CF207", 1)]),
    ("system s { let a = 1 / 0 }", []),
    ("system s { let a = 1 / 0 == 1 check c: never a }", [("CF502", 1)]),
    ("system s { state x: 0..1 = 0 event e when 1 / x == 1 { x = 1 } check c: never x == 1 }", [("CF502", 1)]),
    ("system s { state x: 0..1 = 0 event e { x = x + 1 } check c: never false }", [("CF501", 1)]),
    (
        "component T { }\nsystem s { redundant g: 2 x T needs 1 state i: 0..3 = 0\ncheck c: never g[i].serving }",
        [("CF503", 3)],
    ),
    ("system s { state x: bool = true reaction r { x = not x } event e after 1s { } check c: never false }", [("CF504", 1)]),
    ("system s { state x: 0..1000000000 = 0 check c: never x == 1 }", []),
    ("system s { state x: 0..1000000000 = any check c: never x == 1 }", [("CF008", 1)]),
    ("system s { state x: -1000000000000..0 = 0 }", [("CF008", 1)]),
    ("component T { }\nsystem s { redundant g: 1000000000 x T needs 1 }", [("CF008", 2)]),
    ("component T { }\nsystem s { redundant g: 4611686018427387903 x T needs 1 }", [("CF008", 2)]),
    ("system s { state x: 0..3 = 0 event e when x < 3 { x = x + 4611686018427387903 - 4611686018427387903 } }", [("CF008", 1)]),
    ("system s { event e after 4611686018427387903ms { } check c: true lasts at most 1000000000d }", []),
    # types in the wrong place
    ("component T { check c: never false }", [("CF109", 1)]),
    ("component T { tick 1s }\nsystem s { part t: T }", [("CF109", 1)]),
    ("component T { outage o when true }\nsystem s { redundant g: 3 x T needs 1 }", [("CF109", 1)]),
    ("system s { component a { fix f { p = 1 } } }", [("CF109", 1)]),
    ("component system { }\nsystem s { part a: system }", [("CF901", 1)]),
    # names that are words of the language
    ("system system { state state: bool = true let let = state event event { state = false } }", []),
    ("system s { state not: bool = true }", [("CF001", 1)]),
    ("system s { component index { } let a = index.serving }", []),
    ("component T { state index: 0..3 = 0 }\nsystem s { redundant g: 2 x T(n = index) needs 1 }", [("CF107", 2)]),
    ("component Component { }\nsystem s { part c: Component }", []),
    # everything twice
    (
        "system s {\n" + "state x: bool = true\n" * 3 + "}",
        [("CF102", 3), ("CF102", 4)],
    ),
    (
        "system s {\nparam p = 1\nlet p = 1\nstate p: bool = true\npart p: T\noutage p when true\ncomponent p { }\n}\ncomponent T { }",
        [("CF102", n) for n in range(3, 8)],
    ),
    ("system s { event e { } fault e { } operator e { } }", [("CF102", 1), ("CF102", 1)]),
    ("system s { check c: never true check c: never false fix c { } fix c { } }", [("CF102", 1), ("CF102", 1)]),
    # cycles
    ("system s { let a = a }", [("CF103", 1)]),
    ("system s { param a = a }", [("CF103", 1)]),
    ("system s { outage o when o }", [("CF103", 1)]),
    ("system s { outage o when not p outage p when not o }", [("CF103", 1)]),
    ("system s { component a { needs a } }", [("CF103", 1)]),
    ("system s { needs s }", [("CF101", 1)]),
    ("system s { let f(x) = f(x - 1) let a = f(3) }", [("CF103", 1)]),
    ("system s { let f(x) = if x == 0 then 0 else f(x - 1) let a = f(3) }", [("CF103", 1)]),
    ("system s { redundant g: g.size x T needs 1 }\ncomponent T { }", [("CF103", 1)]),
    ("system s { redundant g: 2 x T needs g.needs }\ncomponent T { }", [("CF103", 1)]),
    ("system s { redundant g: h.size x T needs 1 redundant h: g.size x T needs 1 }\ncomponent T { }", [("CF103", 1)]),
    ("component T { port p: T }\nsystem s { part a: T(p = b.p) part b: T(p = a.p) }", [("CF103", 2)]),
    ("component T { port p: T }\nsystem s { part a: T(p = a.p) }", [("CF103", 2)]),
    ("component T { part t: T }\nsystem s { part t: T }", [("CF106", 1)]),
    ("component T { redundant t: 2 x T needs 1 }\nsystem s { }", [("CF106", 1)]),
    ("component A { part b: B }\ncomponent B { part c: C }\ncomponent C { part a: A }", [("CF106", 3)]),
    ("component T { component u { component v { part t: T } } }\nsystem s { part t: T }", [("CF106", 1)]),
    ("component T { port p: T }\nsystem s { part a: T(p = a) part b: T(p = a) }", []),
    ("component T { port p: Component let x = p.x }\nsystem s { part a: T(p = b) part b: T(p = a) }", [("CF103", 1)]),
    # fixes and clauses
    ("system s { fix f { nowhere.p = 1 } }", [("CF401", 1)]),
    ("system s { fix f { p[1] = 1 } param p = 1 }", [("CF401", 1)]),
    ("system s { fix f { p = nowhere } param p = 1 }", [("CF101", 1)]),
    ("system s { fix f { p = true } param p = 1 check c: never p == 2 with fix f }", [("CF201", 1)]),
    ("system s { fix f { p = 1 / 0 } param p = 1 check c: never p == 2 with fix f }", [("CF207", 1)]),
    ("system s { fix f { p = 0 } param p = 1 redundant g: p x T needs 1 check c: never false with fix f }\ncomponent T { }", [("CF204", 1)]),
    ("system s { fix f { p = f } param p = 1 }", [("CF101", 1)]),
    ("system s { check c: never false without nobody, nothing with only nowhere }", [("CF402", 1)] * 3),
    ("system s { check c: never false with nobody at most 1 time with nothing at most 0 times }", [("CF402", 1)] * 2),
    ("system s { check c: never false with at most 1 + true faults }", [("CF201", 1)]),
    ("system s { check c: never false with at most 1s faults }", [("CF201", 1)]),
    ("system s { check c: never false with fix a, b, a }", [("CF404", 1)] * 3),
    ("system s { check c: never false once faults stop }", [("CF403", 1)]),
    ("system s { check c: never false with at most 1000000000000 faults }", []),
    # quantifiers and members
    ("system s { component a { } let b = any(x in a: true) }", [("CF201", 1)]),
    ("system s { let b = any(x in 3: true) }", [("CF001", 1)]),
    ("system s { let b = all(x in nowhere: x) }", [("CF101", 1)]),
    ("system s { redundant g: 2 x T needs 1 let a = any(g in g: g.serving) }\ncomponent T { }", []),
    ("system s { redundant g: 2 x T needs 1 let a = any(x in g: any(x in x: true)) }\ncomponent T { }", [("CF201", 1)]),
    ("system s { redundant g: 2 x T needs 1 let a = g[g] }\ncomponent T { }", [("CF201", 1)]),
    ("system s { redundant g: 2 x T needs 1 let a = g[1][1] }\ncomponent T { }", [("CF201", 1)]),
    ("system s { redundant g: 2 x T needs 1 let a = g[1 / 0].serving check c: never a }\ncomponent T { }", [("CF502", 1)]),
    ("system s { redundant g: 2 x T needs 1 event e for m in g for n in g { } }\ncomponent T { }", [("CF001", 1)]),
    ("system s { state x: bool = true event e when x when x { } }", [("CF001", 1)]),
    # links
    ("system s { component a { } link a -> a link a <-> a can cut let x = reaches(a, a) }", []),
    ("system s { component a { } link a -> nowhere }", [("CF101", 1)]),
    ("system s { state x: bool = true component a { } link a -> x }", [("CF201", 1)]),
    ("system s { component a { } component b { } link a -> b via a, b, nowhere let x = reaches(a, b) }", [("CF101", 1)]),
    ("system s { component a { let serving = reaches(a, b) } component b { } link a -> b via a }", [("CF103", 1)]),
    ("system s { component a { } component b { } check c: never true link a <-> b can cut }", [("CF101", 1)]),
    ("system s { component a { } component b { } link a -> b can cut lasts 3 }", [("CF201", 1)]),
    ("system s { component a { } component b { } redundant g: 1 + count(x in g: reaches(a, b)) x T needs 1 }\ncomponent T { }", [("CF103", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[f"{i:03}" for i in range(len(TABLE))])
def test_codes_and_lines(text, expected, tmp_path):
    found = []
    result = survive(text, tmp_path / "spec.cf")
    assert result is not None
    for diagnostic in (*result.diagnostics, *(d for check in result.checks for d in check.diagnostics)):
        found.append((diagnostic.code, diagnostic.primary.span.line))
    assert sorted(found) == sorted(expected)


ROWS = [
    marked(row[1])[0]
    for table in (test_names.WRONG, test_values.WRONG, test_commands.WRONG, test_checks.WRONG)
    for row in table
]


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_rows_of_elaboration_survive_in_one_line_and_in_many(number, tmp_path):
    one = survive(ROWS[number], tmp_path / "spec.cf")
    many = survive(ROWS[number].replace(" ", "\r\n\t"), tmp_path / "spec.cf")
    assert one is not None and many is not None
    assert [d.code for d in one.diagnostics] == [d.code for d in many.diagnostics]
    assert one.diagnostics


def test_there_are_enough():
    assert len(TABLE) + len(ROWS) >= 300
