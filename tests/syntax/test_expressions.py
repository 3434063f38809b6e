"""Expressions: precedence, literals, what each form becomes, and how deep they may nest."""

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", ("Integer", 42)),
        ("true", ("Boolean", True)),
        ("false", ("Boolean", False)),
        ("250ms", ("Duration", 250)),
        ("60s", ("Duration", 60_000)),
        ("6min", ("Duration", 360_000)),
        ("4h", ("Duration", 14_400_000)),
        ("2d", ("Duration", 172_800_000)),
        ("30%", ("Percentage", 30)),
        ("b", "b"),
        ("b.c.d", ("Attribute", ("Attribute", "b", "c"), "d")),
        ("b[1].c", ("Attribute", ("Index", "b", ("Integer", 1)), "c")),
        ("nodes[leader + 1]", ("Index", "nodes", ("Binary", "+", "leader", ("Integer", 1)))),
        ("f(b, 1)", ("Call", "f", ["b", ("Integer", 1)])),
        ("f()", ("Call", "f", [])),
        ("f(b,)", ("Call", "f", ["b"])),
        ("db.f(b)", ("Call", ("Attribute", "db", "f"), ["b"])),
        ("min(b, c)", ("Call", "min", ["b", "c"])),
        ("count(b)", ("Call", "count", ["b"])),
        ("reaches(b, c)", ("Call", "reaches", ["b", "c"])),
        ("any(n in nodes: n.up)", ("Quantifier", "any", "n", "nodes", ("Attribute", "n", "up"))),
        ("sum (x in s.fault: 1)", ("Quantifier", "sum", "x", ("Attribute", "s", "fault"), ("Integer", 1))),
        ("any + all", ("Binary", "+", "any", "all")),
        ("-b", ("Unary", "-", "b")),
        ("- -1", ("Unary", "-", ("Unary", "-", ("Integer", 1)))),
        ("not not b", ("Unary", "not", ("Unary", "not", "b"))),
        ("if b then 1 else 2", ("Conditional", "b", ("Integer", 1), ("Integer", 2))),
        (
            "if b then 1 else if c then 2 else 3",
            ("Conditional", "b", ("Integer", 1), ("Conditional", "c", ("Integer", 2), ("Integer", 3))),
        ),
    ],
)
def test_each_form(expression, text, expected):
    assert expression(text) == expected


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("b or c and d", "b or (c and d)"),
        ("b and c or d", "(b and c) or d"),
        ("not b and c", "(not b) and c"),
        ("not b == c", "not (b == c)"),
        ("b + c < d * 2", "(b + c) < (d * 2)"),
        ("b - c - d", "(b - c) - d"),
        ("b - c + d", "(b - c) + d"),
        ("b / c * 30%", "(b / c) * 30%"),
        ("-b * c", "(-b) * c"),
        ("-b.c", "-(b.c)"),
        ("b or c or d", "(b or c) or d"),
        ("if b then c else d + 1", "if b then c else (d + 1)"),
        ("a -b", "a - b"),
        ("a<-b", "a < (-b)"),
        ("x < 3 and not y.up", "(x < 3) and (not (y.up))"),
    ],
)
def test_precedence(expression, text, same):
    assert expression(text) == expression(same)


def test_parentheses_belong_to_the_parent_alone(read):
    (system,) = read("system s { let a = (b + c) * d }").systems
    product = system.body[0].value
    assert product.span.text == "(b + c) * d"
    assert product.left.span.text == "b + c"


def test_a_word_after_a_dot_is_a_name(expression):
    assert expression("a.not") == ("Attribute", "a", "not")
    assert expression("group.size + group.needs") == (
        "Binary",
        "+",
        ("Attribute", "group", "size"),
        ("Attribute", "group", "needs"),
    )


def depth(value):
    return 1 + max(map(depth, value[1:])) if isinstance(value, tuple) else 0


@pytest.mark.parametrize("operator", ["and", "or", "+"])
def test_a_long_chain_of_one_operator_stays_shallow(expression, operator):
    names = [f"a{i}" for i in range(1000)]
    value = expression(f" {operator} ".join(names))
    assert depth(value) == 10

    def leaves(node):
        return [node] if isinstance(node, str) else leaves(node[2]) + leaves(node[3])

    assert leaves(value) == names


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000 + "b" + ")" * 20_000,
        "not " * 20_000 + "b",
        "- " * 20_000 + "b",
        "b + c - " * 10_000 + "b",
        "b" + ".c" * 20_000,
        "b[" * 20_000 + "1" + "]" * 20_000,
        "f(" * 20_000 + "1" + ")" * 20_000,
        "if a then b else " * 10_000 + "1",
        "any(x in y: " * 10_000 + "1" + ")" * 10_000,
    ],
    ids=["parentheses", "not", "minus", "sum", "dots", "index", "call", "if", "quantifier"],
)
def test_nesting_is_bounded(complaints, text):
    assert [complaint[0] for complaint in complaints("system s { let a = " + text + " }")] == ["CF006"]


def test_bodies_nest_boundedly(complaints):
    (complaint,) = complaints("component a { " * 60 + "}" * 60)
    assert complaint == ("CF006", 1, 13 + 50 * 14, "{", "this text nests deeper than 50 levels")
    assert complaints("component a { " * 50 + "}" * 50) == []


def test_numbers_are_bounded(complaints, expression):
    assert expression(str(2**62 - 1)) == ("Integer", 2**62 - 1)
    assert complaints(f"system s {{ let a = {2**62} }}") == [("CF001", 1, 20, str(2**62), "this number is too large")]
    assert [c[0] for c in complaints("system s { let a = " + "9" * 10_000 + " let b = 999999999999999d }")] == [
        "CF001"
    ] * 2
