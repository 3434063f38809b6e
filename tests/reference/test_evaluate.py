"""Values of expressions: every operator, laziness, errors, depth."""

import pytest

from cascade.core.expressions import Op
from cascade.reference.evaluate import (
    DivisionByZeroError,
    EvaluationError,
    IndexOutsideGroupError,
    evaluate,
)
from cascade.verdicts.answer import FailureKind
from tests.reference.models import Formula, ModelBuilder


def value(formula: Formula, x: int = 7, y: int = 0) -> int:
    """The value of a formula over x and y."""
    builder = ModelBuilder()
    builder.variable("x", 100, low=-100)
    builder.variable("y", 100, low=-100)
    expr = builder.expr(formula)
    return evaluate(builder.model(), expr, (x, y))


FAILS: Formula = ("div", 1, "y")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (5, 5),
        ("x", 7),
        (("not", "y"), 1),
        (("not", ("eq", "x", 7)), 0),
        (("eq", "x", 7), 1),
        (("lt", "x", 7), 0),
        (("le", "x", 7), 1),
        (("add", "x", 3), 10),
        (("sub", "y", "x"), -7),
        (("mul", "x", -2), -14),
        (("div", "x", 2), 3),
        (("div", ("sub", 0, "x"), 2), -4),
        (("div", "x", -2), -4),
        (("min", "x", "y"), 0),
        (("max", "x", "y"), 7),
        (("and",), 1),
        (("or",), 0),
        (("and", 1, "x", ("eq", "y", 0)), 1),
        (("or", 0, "y", ("lt", "x", 0)), 0),
        (("ite", "y", 1, 2), 2),
        (("select", 2, 10, 20, 30), 20),
    ],
)
def test_operators(formula: Formula, expected: int) -> None:
    assert value(formula) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (("and", "y", FAILS), 0),
        (("or", ("not", "y"), FAILS), 1),
        (("ite", "y", FAILS, 3), 3),
        (("ite", "x", 4, FAILS), 4),
        (("select", 1, 5, FAILS), 5),
    ],
)
def test_what_is_not_asked_for_cannot_fail(formula: Formula, expected: int) -> None:
    assert value(formula) == expected


@pytest.mark.parametrize(
    "formula",
    [
        FAILS,
        ("and", FAILS, "y"),
        ("or", "y", FAILS),
        ("ite", FAILS, 1, 2),
        ("ite", "x", FAILS, 2),
        ("select", 2, 5, FAILS),
        ("mul", "y", FAILS),
        ("min", 0, FAILS),
    ],
)
def test_what_is_asked_for_fails(formula: Formula) -> None:
    with pytest.raises(DivisionByZeroError):
        value(formula)


@pytest.mark.parametrize("index", [-1, 0, 4])
def test_index_outside_group(index: int) -> None:
    with pytest.raises(IndexOutsideGroupError) as caught:
        value(("select", "y", 1, 2, 3), y=index)
    assert caught.value.value == index
    assert caught.value.kind is FailureKind.INDEX_OUTSIDE_GROUP


def test_the_failing_node_is_named() -> None:
    builder = ModelBuilder()
    builder.variable("y", 1)
    failing = builder.expr(("div", 3, "y"))
    root = builder.expr(("lt", ("add", ("div", 3, "y"), 1), 2))
    with pytest.raises(EvaluationError) as caught:
        evaluate(builder.model(), root, (0,))
    assert caught.value.expression == failing
    assert caught.value.kind is FailureKind.DIVISION_BY_ZERO


def test_deep_expressions() -> None:
    builder = ModelBuilder()
    builder.variable("x", 1)
    node = builder.expr("x")
    for _ in range(20_001):
        node = builder.node(Op.NOT, (node,))
    assert evaluate(builder.model(), node, (0,)) == 1


def test_shared_operands_are_evaluated_once() -> None:
    builder = ModelBuilder()
    builder.variable("x", 1)
    formula: Formula = "x"
    node = builder.expr(formula)
    for _ in range(200):
        node = builder.node(Op.ADD, (node, node))
    assert evaluate(builder.model(), node, (1,)) == 2**200
