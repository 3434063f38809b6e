"""Random expression trees with a meaning of their own: what the builder makes of a tree must have the same value.

A tree is an integer, a truth value, the name of a variable, or a tuple of an operation and its operands. Its meaning is
written here once more, plainly: operands from left to right, `and`, `or`, `ite` and `select` only as far as needed.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.reference.evaluate import EvaluationError, evaluate

Tree = bool | int | str | tuple["Tree", ...]


class VariableRow(NamedTuple):
    """A variable that trees are about."""

    index: int
    low: int
    high: int
    is_bool: bool


VARIABLES = {
    "x": VariableRow(0, 0, 2, False),
    "y": VariableRow(1, -2, 1, False),
    "p": VariableRow(2, 0, 1, True),
    "q": VariableRow(3, 0, 1, True),
}
STATES = tuple(product(*(range(row.low, row.high + 1) for row in VARIABLES.values())))
"""All values of all variables."""

BOOLEAN_OPERATIONS = ("not", "and", "or", "eq", "lt", "le", "ite", "select")
INTEGER_OPERATIONS = ("add", "sub", "mul", "div", "min", "max", "ite", "select")

BOOLEAN_LEAVES = st.one_of(st.booleans(), st.sampled_from(["p", "q"]))
INTEGER_LEAVES = st.one_of(st.integers(-2, 3), st.sampled_from(["x", "y"]))
DEPTH_MAX = 3


def trees(is_bool: bool, depth: int = DEPTH_MAX) -> st.SearchStrategy[Tree]:
    """Trees of one sort."""
    leaves = BOOLEAN_LEAVES if is_bool else INTEGER_LEAVES
    if depth == 0:
        return leaves
    operations = BOOLEAN_OPERATIONS if is_bool else INTEGER_OPERATIONS
    return st.one_of(leaves, st.sampled_from(operations).flatmap(lambda o: rooted(o, is_bool, depth)))


def rooted(operation: str, is_bool: bool, depth: int = DEPTH_MAX) -> st.SearchStrategy[Tree]:
    """Trees of one sort whose root is `operation`."""
    truth, number, same = (st.deferred(lambda s=s: trees(s, depth - 1)) for s in (True, False, is_bool))
    head = st.just(operation)
    match operation:
        case "not":
            return st.tuples(head, truth)
        case "and" | "or":
            return st.lists(truth, max_size=4).map(lambda parts: (operation, *parts))
        case "eq":
            return st.one_of(st.tuples(head, truth, truth), st.tuples(head, number, number))
        case "ite":
            return st.tuples(head, truth, same, same)
        case "select":
            options = st.lists(same, min_size=1, max_size=3)
            return st.tuples(number, options).map(lambda parts: (operation, parts[0], *parts[1]))
        case _:
            return st.tuples(head, number, number)


class Fails(Exception):
    """The tree has no value."""


def meaning(tree: Tree, state: tuple[int, ...]) -> int:
    """The value of a tree; truth values are 0 and 1."""
    if isinstance(tree, str):
        return state[VARIABLES[tree].index]
    if isinstance(tree, int):
        return int(tree)
    operation, *operands = tree
    match operation:
        case "and":
            return int(all(meaning(operand, state) for operand in operands))
        case "or":
            return int(any(meaning(operand, state) for operand in operands))
        case "ite":
            return meaning(operands[1] if meaning(operands[0], state) else operands[2], state)
        case "select":
            index = meaning(operands[0], state)
            if index not in range(1, len(operands)):
                raise Fails
            return meaning(operands[index], state)
    a, *rest = [meaning(operand, state) for operand in operands]
    if operation == "not":
        return 1 - a
    (b,) = rest
    if operation == "div" and b == 0:
        raise Fails
    values = {
        "eq": lambda: a == b,
        "lt": lambda: a < b,
        "le": lambda: a <= b,
        "add": lambda: a + b,
        "sub": lambda: a - b,
        "mul": lambda: a * b,
        "div": lambda: a // b,
        "min": lambda: min(a, b),
        "max": lambda: max(b, a),
    }
    return int(values[operation]())


def outcome(tree: Tree, state: tuple[int, ...]) -> int | None:
    """The value of a tree, None where it has none."""
    try:
        return meaning(tree, state)
    except Fails:
        return None


def build(builder: ExpressionBuilder, tree: Tree) -> ExprId:
    """The node that the builder makes of a tree."""
    if isinstance(tree, bool):
        return builder.const(int(tree), is_bool=True)
    if isinstance(tree, int):
        return builder.const(tree)
    if isinstance(tree, str):
        row = VARIABLES[tree]
        return builder.variable(row.index, low=row.low, high=row.high, is_bool=row.is_bool)
    operation, *operands = tree
    args = [build(builder, operand) for operand in operands]
    match operation:
        case "not" | "and" | "or":
            return getattr(builder, f"{operation}_")(*args)
        case "select":
            return builder.select(args[0], tuple(args[1:]))
        case _:
            return getattr(builder, str(operation))(*args)


def subtrees(tree: Tree) -> Iterator[Tree]:
    """The tree and all that it is made of."""
    yield tree
    if isinstance(tree, tuple):
        for operand in tree[1:]:
            yield from subtrees(operand)


def is_boolean(tree: Tree) -> bool:
    """Whether the tree's value is a truth value."""
    if isinstance(tree, str):
        return VARIABLES[tree].is_bool
    if not isinstance(tree, tuple):
        return isinstance(tree, bool)
    if tree[0] in ("ite", "select"):
        return is_boolean(tree[-1])
    return tree[0] in BOOLEAN_OPERATIONS


def table_of(builder: ExpressionBuilder, roots: tuple[ExprId, ...]) -> tuple[CoreModel, tuple[ExprId, ...]]:
    """A model that has these expressions and nothing else, and their ids in it."""
    expressions, new = builder.close(roots)
    model = CoreModel(
        expressions=expressions, variables=(), settles=(), clocks=(), commands=(), is_timed=False, tick_ms=1
    )
    return model, tuple(new[root] for root in roots)


def value_of(model: CoreModel, expr: ExprId, state: tuple[int, ...]) -> int | None:
    """The value of a node by the reference interpreter, None where it has none."""
    try:
        return evaluate(model, expr, state)
    except EvaluationError:
        return None
