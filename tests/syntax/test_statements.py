"""Every statement and command, the places where keywords are names, and exact spans."""

import pytest

from cascade.syntax import tree

DAY = 86_400_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tick 1min", ("Tick", ("Duration", 60_000))),
        ("param p = 3", ("Param", "p", None, ("Integer", 3))),
        ("param p", ("Param", "p", None, None)),
        ("param p: bool = any", ("Param", "p", ("Domain", ("BoolType",), None), ("Any",))),
        ("param p: {a, b} = a", ("Param", "p", ("Domain", ("EnumType", ["a", "b"]), None), "a")),
        (
            "param p: 1s..step step 2s = any",
            ("Param", "p", ("Domain", ("RangeType", ("Duration", 1000), "step"), ("Duration", 2000)), ("Any",)),
        ),
        ("param step: 1..2", ("Param", "step", ("Domain", ("RangeType", ("Integer", 1), ("Integer", 2)), None), None)),
        ("port nodes: EtcdNode", ("Port", "nodes", "EtcdNode")),
        ("part a: Api", ("Part", "a", "Api", [])),
        ("part a: Api()", ("Part", "a", "Api", [])),
        (
            "part a: Api(b = c, d = 1,)",
            ("Part", "a", "Api", [("Argument", "b", "c"), ("Argument", "d", ("Integer", 1))]),
        ),
        ("redundant w: 2 x Switch needs 1", ("Redundant", "w", ("Integer", 2), "Switch", [], ("Integer", 1))),
        ("redundant w: 3x Server needs 2", ("Redundant", "w", ("Integer", 3), "Server", [], ("Integer", 2))),
        (
            "redundant x: x x x(x = index) needs x - 1",
            ("Redundant", "x", "x", "x", [("Argument", "x", "index")], ("Binary", "-", "x", ("Integer", 1))),
        ),
        ("needs a, b.c, d[1]", ("Needs", ["a", ("Attribute", "b", "c"), ("Index", "d", ("Integer", 1))])),
        ("state up: bool = true", ("State", "up", ("BoolType",), ("Boolean", True))),
        ("state up: bool = any", ("State", "up", ("BoolType",), ("Any",))),
        (
            "state n: 0..size - 1 = 0",
            ("State", "n", ("RangeType", ("Integer", 0), ("Binary", "-", "size", ("Integer", 1))), ("Integer", 0)),
        ),
        ("state h: {up, down,} = up", ("State", "h", ("EnumType", ["up", "down"]), "up")),
        ("let a = b", ("Let", "a", None, "b")),
        ("let hears(n, m) = n", ("Let", "hears", ["n", "m"], "n")),
        ("let now() = 1", ("Let", "now", [], ("Integer", 1))),
        ("link a <-> b", ("Link", "a", "b", True, [], None)),
        ("link a -> b via p, q", ("Link", "a", "b", False, ["p", "q"], None)),
        (
            "link n[1]<->n[2] can cut",
            ("Link", ("Index", "n", ("Integer", 1)), ("Index", "n", ("Integer", 2)), True, [], ("CanCut", None)),
        ),
        (
            "link a -> b via p can cut lasts 1s..2s",
            ("Link", "a", "b", False, ["p"], ("CanCut", ("Lasts", ("Duration", 1000), ("Duration", 2000)))),
        ),
        ('outage down "no one" when not up', ("Outage", "down", "no one", ("Unary", "not", "up"))),
        ("outage down when up", ("Outage", "down", "", "up")),
        (
            'fix f "why" { a.b = 1, c = d e[1].g = true, }',
            (
                "Fix",
                "f",
                "why",
                None,
                [
                    ("Setting", ("Attribute", "a", "b"), ("Integer", 1)),
                    ("Setting", "c", "d"),
                    ("Setting", ("Attribute", ("Index", "e", ("Integer", 1)), "g"), ("Boolean", True)),
                ],
            ),
        ),
        ('fix f "why" cost 3 { a = 1 }', ("Fix", "f", "why", 3, [("Setting", "a", ("Integer", 1))])),
        ("fix cost cost 0 { cost = 1 }", ("Fix", "cost", "", 0, [("Setting", "cost", ("Integer", 1))])),
        ("component c { }", ("Component", "c", "", [])),
        ('component c "text" { needs a }', ("Component", "c", "text", [("Needs", ["a"])])),
    ],
)
def test_each_statement(statement, text, expected):
    assert statement(text) == expected


def command(class_, name, *, kind=None, text="", loop=None, guard=None, timing=None, lasts=None, updates=()):
    return ("Command", class_, name, kind, text, loop, guard, timing, lasts, list(updates))


UPDATE = ("Arrow", "up", [("Boolean", True)], ("Boolean", False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fault dies { up: true -> false }", command("fault", "dies", updates=[UPDATE])),
        (
            'fault dies: crash "oh" { up: true -> false }',
            command("fault", "dies", kind="crash", text="oh", updates=[UPDATE]),
        ),
        ("event e { }", command("event", "e")),
        ("repair r when a after 1s { }", command("repair", "r", guard="a", timing=("After", ("Duration", 1000), None))),
        ("repair r after 1s..2s { }", command("repair", "r", timing=("After", ("Duration", 1000), ("Duration", 2000)))),
        ("operator o when a within t { }", command("operator", "o", guard="a", timing=("Within", "t"))),
        ("fault f lasts 1d { }", command("fault", "f", lasts=("Lasts", ("Duration", DAY), None))),
        ("fault f lasts 1d..2d { }", command("fault", "f", lasts=("Lasts", ("Duration", DAY), ("Duration", 2 * DAY)))),
        (
            "reaction r for n in nodes when n.up within 1s { }",
            command(
                "reaction",
                "r",
                loop=("Loop", "n", "nodes"),
                guard=("Attribute", "n", "up"),
                timing=("Within", ("Duration", 1000)),
            ),
        ),
        ("reaction r within 1s when a { }", command("reaction", "r", guard="a", timing=("Within", ("Duration", 1000)))),
        (
            "reaction r { a: b | c -> d  e = f, g[1].h = -1 }",
            command(
                "reaction",
                "r",
                updates=[
                    ("Arrow", "a", ["b", "c"], "d"),
                    ("Assignment", "e", "f"),
                    ("Assignment", ("Attribute", ("Index", "g", ("Integer", 1)), "h"), ("Unary", "-", ("Integer", 1))),
                ],
            ),
        ),
        # A minus after an operand subtracts; a keyword before `=` `:` `.` `[` is a name.
        ("reaction r { x = a -b }", command("reaction", "r", updates=[("Assignment", "x", ("Binary", "-", "a", "b"))])),
        (
            "reaction r { x = a state = b fault: c -> d with.x = e at[1] = f within # why\n = g }",
            command(
                "reaction",
                "r",
                updates=[
                    ("Assignment", "x", "a"),
                    ("Assignment", "state", "b"),
                    ("Arrow", "fault", ["c"], "d"),
                    ("Assignment", ("Attribute", "with", "x"), "e"),
                    ("Assignment", ("Index", "at", ("Integer", 1)), "f"),
                    ("Assignment", "within", "g"),
                ],
            ),
        ),
    ],
)
def test_each_command(statement, text, expected):
    assert statement(text) == expected


KEYWORDS = """
    import system component tick param port part redundant x needs state let outage when fix cost link via can cut fault
    faults repair reaction operator event for after within lasts check never always possible leads lead to at most
    with of only time times while redundancy holds violated without once stop stops act acts expect bool any all
    count sum min max index size ms s h d
""".split()


@pytest.mark.parametrize("word", KEYWORDS)
def test_a_keyword_is_a_name_where_a_name_is_expected(read, outline, word):
    text = f"""
    component {word} {{ param {word} }}
    system {word} {{
      state {word}: {{{word}, other}} = other
      part {word}: {word}({word} = {word})
      redundant {word}: 2 x {word} needs 1
      needs {word}, {word}.{word}
      let {word} = {word} == {word} and {word}.{word}[{word}] or reaches({word}, {word})
      let {word}({word}) = {word} + {word}
      fault {word}: {word} for {word} in {word} when {word} {{ {word}: {word} -> {word} {word} = {word} }}
      link {word} -> {word} via {word}
      outage {word} when {word}
      fix {word} cost 1 {{ {word} = {word}  {word} = {word} }}
      check {word}: always {word} without {word} with only {word} once {word} stop if {word} act with fix {word}
      check {word}: {word}.{word} leads to {word}
    }}
    """
    (system,) = read(text).systems
    assert [type(item) for item in system.body] == [
        tree.State,
        tree.Part,
        tree.Redundant,
        tree.Needs,
        tree.Let,
        tree.Let,
        tree.Command,
        tree.Link,
        tree.Outage,
        tree.Fix,
        tree.Check,
        tree.Check,
    ]
    assert outline(system.body[0]) == ("State", word, ("EnumType", [word, "other"]), "other")
    assert outline(system.body[9]) == ("Fix", word, "", 1, [("Setting", word, word)] * 2)


@pytest.mark.parametrize("word", ["and", "or", "not", "if", "then", "else", "true", "false", "in"])
def test_a_reserved_word_is_no_name(diagnostics_of, word):
    (diagnostic,) = diagnostics_of(f"system s {{ state {word}: bool = true }}")
    assert diagnostic.code == "CF001"
    assert diagnostic.message == f"found `{word}`, expected a name"
    assert diagnostic.help == f"`{word}` is a reserved word; choose another name"


def test_a_file_has_imports_components_and_systems(read, outline):
    file = read('import std.network\ncomponent A { }  system s "text" { }\nimport b component B {}')
    assert outline(file) == (
        "File",
        [("Import", ["std", "network"]), ("Import", ["b"])],
        [("Component", "A", "", []), ("Component", "B", "", [])],
        [("System", "s", "text", [])],
    )
    assert outline(read("")) == ("File", [], [], [])
    assert outline(read("# only a comment")) == ("File", [], [], [])
    assert outline(read("\ufeffsystem s {}\r\n")) == ("File", [], [], [("System", "s", "", [])])


def test_spans_are_exact(read, nodes_in):
    text = """
    component T "t" { state h: {up, down} = up  fault f: crash lasts 6min { h: up | down -> down } }  # end
    system s {
      redundant tor: 2 x Switch(a = 1) needs 1
      link a <-> b can cut lasts 5min
      let f(x) = if x then (1 + 2) * 30% else max(x, -y.z[3])
      check c "text": p leads to q within 5min with at most 1 fault of partial  # why
        expect violated
      let g = any(n in nodes: n.up)
      check d: possible p then q link a -> b can cut  link c -> d
    }
    """
    spans = {type(node).__name__: set() for node in nodes_in(read(text))}
    for node in nodes_in(read(text)):
        spans[type(node).__name__].add(node.span.text)
    spans = {name: sorted(texts) for name, texts in spans.items()}
    assert spans["Component"] == [text.strip().splitlines()[0].removesuffix("  # end")]
    assert spans["System"] == [text[text.index("system s") : text.rindex("}") + 1]]
    assert spans["File"] == [text]
    assert spans["Redundant"] == ["redundant tor: 2 x Switch(a = 1) needs 1"]
    assert spans["Argument"] == ["a = 1"]
    assert spans["Link"] == ["link a <-> b can cut lasts 5min", "link c -> d"]
    assert spans["LinkCanCut"] == ["link a -> b can cut"]
    assert spans["CanCut"] == ["can cut", "can cut lasts 5min"]
    assert spans["Lasts"] == ["lasts 5min", "lasts 6min"]
    assert spans["Conditional"] == ["if x then (1 + 2) * 30% else max(x, -y.z[3])"]
    assert spans["Binary"] == ["(1 + 2) * 30%", "1 + 2"]
    assert spans["Call"] == ["max(x, -y.z[3])"]
    assert spans["Unary"] == ["-y.z[3]"]
    assert spans["Index"] == ["y.z[3]"]
    assert spans["Attribute"] == ["n.up", "y.z"]
    assert spans["Quantifier"] == ["any(n in nodes: n.up)"]
    assert spans["Command"] == ["fault f: crash lasts 6min { h: up | down -> down }"]
    assert spans["Arrow"] == ["h: up | down -> down"]
    assert spans["State"] == ["state h: {up, down} = up"]
    assert spans["EnumType"] == ["{up, down}"]
    assert spans["LeadsTo"] == ["p leads to q within 5min"]
    assert spans["Budget"] == ["with at most 1 fault of partial"]
    assert spans["Possible"] == ["possible p then q"]
    assert spans["Check"] == [
        text[text.index('check c "') : text.index("expect violated") + len("expect violated")],
        "check d: possible p then q link a -> b can cut",
    ]
    assert spans["Let"] == ["let f(x) = if x then (1 + 2) * 30% else max(x, -y.z[3])", "let g = any(n in nodes: n.up)"]


def test_a_part_of_a_command_stands_once(complaints):
    assert complaints("system s { fault f when a within 1s when b after 2s { } }") == [
        ("CF001", 1, 37, "when b", "`when` is said twice"),
        ("CF001", 1, 44, "after 2s", "`after` or `within` is said twice"),
    ]
