"""The builder of expressions: whatever it folds, what it makes has the value of what was asked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import Op
from cascade.source import SourceFile, Span
from tests.core.trees import (
    BOOLEAN_OPERATIONS,
    INTEGER_OPERATIONS,
    STATES,
    Tree,
    build,
    is_boolean,
    outcome,
    rooted,
    subtrees,
    table_of,
    trees,
    value_of,
)

ROOTS = [(operation, True) for operation in BOOLEAN_OPERATIONS] + [(o, False) for o in INTEGER_OPERATIONS]
SOURCE = SourceFile("spec.cf", "a / b  a / b")


def span(start: int) -> Span:
    return Span(SOURCE, start, start + 5)


def any_tree() -> st.SearchStrategy[Tree]:
    return st.booleans().flatmap(trees)


@pytest.mark.parametrize(("operation", "is_bool"), ROOTS)
@settings(max_examples=40)
@given(data=st.data())
def test_has_the_value_of_the_tree(operation: str, is_bool: bool, data: st.DataObject) -> None:
    parts = list(dict.fromkeys(subtrees(data.draw(rooted(operation, is_bool)))))
    builder = ExpressionBuilder()
    model, nodes = table_of(builder, tuple(build(builder, part) for part in parts))
    table = model.expressions
    for part, node in zip(parts, nodes, strict=True):
        for state in STATES:
            expected = outcome(part, state)
            assert value_of(model, node, state) == expected, (part, state)
            if expected is None:
                assert table.can_fail[node], (part, state)
            else:
                assert table.low[node] <= expected <= table.high[node], (part, state)


@settings(max_examples=60)
@given(any_tree())
def test_operands_come_first_and_sorts_are_kept(tree: Tree) -> None:
    builder = ExpressionBuilder()
    for part in subtrees(tree):
        assert builder.is_bool[build(builder, part)] is is_boolean(part), part
    for node, (op, args) in enumerate(zip(builder.ops, builder.args, strict=True)):
        assert op in (Op.CONST, Op.VAR) or all(arg < node for arg in args)


@settings(max_examples=60)
@given(any_tree())
def test_the_same_construction_is_the_same_node(tree: Tree) -> None:
    builder = ExpressionBuilder()
    first = build(builder, tree)
    size = len(builder.ops)
    assert build(builder, tree) == first
    assert len(builder.ops) == size
    assert len(set(zip(builder.ops, builder.args, builder.is_bool, strict=True))) == size, "no node stands there twice"


@settings(max_examples=60)
@given(any_tree(), any_tree(), any_tree())
def test_a_copy_grows_by_itself(common: Tree, ours: Tree, theirs: Tree) -> None:
    builder = ExpressionBuilder()
    shared = build(builder, common)
    copy = builder.copy()
    size = len(builder.ops)
    assert build(copy, common) == shared
    our_node = build(copy, ours)
    assert len(builder.ops) == len(builder.args) == len(builder.low) == len(builder.can_fail) == size
    their_node = build(builder, theirs)
    for one, node, tree in ((copy, our_node, ours), (builder, their_node, theirs)):
        model, (root, again) = table_of(one, (node, shared))
        for state in STATES[::5]:
            assert value_of(model, root, state) == outcome(tree, state)
            assert value_of(model, again, state) == outcome(common, state)


def replaced(tree: Tree, name: str, by: Tree) -> Tree:
    if tree == name and isinstance(tree, str):
        return by
    return (tree[0], *(replaced(operand, name, by) for operand in tree[1:])) if isinstance(tree, tuple) else tree


@settings(max_examples=100)
@given(any_tree(), trees(False, 2), trees(True, 2))
def test_substitution_is_that_of_the_tree(tree: Tree, number: Tree, truth: Tree) -> None:
    builder = ExpressionBuilder()
    root = build(builder, tree)
    substituted = builder.substitute(root, {1: build(builder, number), 3: build(builder, truth)})
    # At once: what takes the place of one variable keeps its own mentions of the other.
    expected = replaced(replaced(replaced(tree, "y", "new y"), "q", truth), "new y", number)
    model, (node,) = table_of(builder, (substituted,))
    for state in STATES:
        # What was folded by the bounds of a variable needs them kept.
        new = outcome(number, state)
        if new is not None and -2 <= new <= 1 and outcome(truth, state) is not None:
            assert value_of(model, node, state) == outcome(expected, state), expected


# --- what is folded, and what may not be ---


class Corner:
    """A builder with a few nodes: `x` is 0..2, `p` a truth value, `fails` divides by x."""

    def __init__(self) -> None:
        self.builder = ExpressionBuilder()
        self.x = build(self.builder, "x")
        self.p = build(self.builder, "p")
        self.q = build(self.builder, "q")
        self.fails = build(self.builder, ("eq", ("div", 6, "x"), 3))


def test_false_ends_a_conjunction_only_where_nothing_before_it_can_fail() -> None:
    c = Corner()
    b = c.builder
    assert b.and_(c.p, b.false) == b.false
    assert b.and_(b.false, c.fails) == b.false
    assert b.and_(c.fails, b.false) != b.false and b.can_fail[b.and_(c.fails, b.false)]
    assert b.or_(c.p, b.true) == b.true
    assert b.or_(b.true, c.fails) == b.true
    assert b.or_(c.fails, b.true) != b.true and b.can_fail[b.or_(c.fails, b.true)]


def test_junctions_are_flat_without_neutral_and_repeated_operands() -> None:
    c = Corner()
    b = c.builder
    assert b.and_() == b.true and b.or_() == b.false
    assert b.and_(c.p) == c.p == b.or_(c.p)
    nested = b.and_(b.true, c.p, b.and_(c.q, c.p))
    assert (b.ops[nested], b.args[nested]) == (Op.AND, (c.p, c.q))
    other = b.or_(b.or_(c.q, b.false), c.p, c.q)
    assert (b.ops[other], b.args[other]) == (Op.OR, (c.q, c.p))


def test_bounds_decide_comparisons_unless_a_side_can_fail() -> None:
    c = Corner()
    b = c.builder
    two, three = b.const(2), b.const(3)
    assert b.lt(c.x, three) == b.true and b.lt(three, c.x) == b.false
    assert b.le(c.x, two) == b.true and b.le(three, c.x) == b.false
    assert b.lt(c.x, b.const(0)) == b.false and b.le(b.const(0), c.x) == b.true
    assert b.eq(c.x, three) == b.false and b.eq(c.x, c.x) == b.true
    for undecided in (b.lt(c.x, two), b.le(two, c.x), b.eq(c.x, two)):
        assert b.value(undecided) is None
    quotient = b.div(b.const(6), c.x)  # 3 or 6, or none
    assert (b.low[quotient], b.high[quotient], b.can_fail[quotient]) == (3, 6, True)
    for kept in (b.lt(quotient, b.const(9)), b.le(b.const(9), quotient), b.eq(quotient, quotient)):
        assert b.value(kept) is None and b.can_fail[kept]


def test_choices_between_equals_keep_what_can_fail() -> None:
    c = Corner()
    b = c.builder
    assert b.ite(c.p, c.x, c.x) == c.x
    assert b.can_fail[b.ite(c.fails, c.x, c.x)]
    assert b.ite(c.p, b.true, b.false) == c.p
    assert b.ite(c.p, b.false, b.true) == b.not_(c.p)
    assert b.ite(b.true, c.x, c.fails) == c.x
    one = b.const(1)
    assert b.select(b.add(c.x, one), (c.p, c.p, c.p)) == c.p
    assert b.can_fail[b.select(c.x, (c.p, c.p))]  # 0 is no member
    assert b.select(one, (c.p, c.fails)) == c.p


def test_what_can_fail_by_its_bounds() -> None:
    c = Corner()
    b = c.builder
    one = b.add(c.x, b.const(1))  # 1..3
    for node, can_fail in (
        (b.div(c.x, b.const(2)), False),
        (b.div(c.x, one), False),
        (b.div(one, c.x), True),
        (b.div(c.x, b.const(0)), True),
        (b.select(one, (c.p, c.q, c.p)), False),
        (b.select(one, (c.p, c.q)), True),
        (b.select(b.const(4), (c.p, c.q, c.p)), True),
        (b.ite(c.p, b.div(one, c.x), c.x), True),
    ):
        assert b.can_fail[node] is can_fail, (b.ops[node], b.args[node])


def test_bounds_of_arithmetic() -> None:
    b = ExpressionBuilder()
    x = b.variable(0, low=-3, high=5, is_bool=False)
    y = b.variable(1, low=-2, high=4, is_bool=False)
    for node, low, high in (
        (b.add(x, y), -5, 9),
        (b.sub(x, y), -7, 7),
        (b.mul(x, y), -12, 20),
        (b.div(x, y), -5, 5),  # 5 / -1, 5 / 1; -3 / -1 is 3
        (b.min(x, y), -3, 4),
        (b.max(x, y), -2, 5),
        (b.div(b.const(-7), b.const(2)), -4, -4),
    ):
        assert (b.low[node], b.high[node]) == (low, high), (b.ops[node], b.args[node])


def test_truth_values_are_other_constants_than_numbers() -> None:
    b = ExpressionBuilder()
    assert b.const(1, is_bool=True) == b.true != b.const(1)
    assert b.const(0, is_bool=True) == b.false != b.const(0)


def test_what_can_fail_is_kept_apart_by_its_place() -> None:
    b = ExpressionBuilder()
    x, y = (b.variable(i, low=0, high=3, is_bool=False) for i in (0, 1))
    first, second = b.div(x, y, span(0)), b.div(x, y, span(7))
    assert first != second and b.div(x, y, span(0)) == first
    assert (b.spans[first], b.spans[second]) == (span(0), span(7))
    safe = b.add(y, b.const(1))
    assert b.div(x, safe, span(0)) == b.div(x, safe, span(7)), "what cannot fail needs no place"
    b.div(safe, y)
    assert set(b.spans) == {first, second}, "only what can fail, and only a place that was given"


def test_closing_keeps_what_is_needed_and_nothing_else() -> None:
    c = Corner()
    b = c.builder
    b.mul(c.x, c.x)
    root = b.lt(c.x, b.const(2))
    expressions, new = b.close((root,))
    assert set(new) == {root, c.x, b.const(2)}
    assert expressions.ops == tuple(b.ops[old] for old in sorted(new))
    assert expressions.args[new[root]] == (new[c.x], new[b.const(2)])
    assert (expressions.low[new[c.x]], expressions.high[new[c.x]]) == (0, 2)


def test_closing_carries_places_along() -> None:
    b = ExpressionBuilder()
    b.const(77)
    y = b.variable(1, low=0, high=3, is_bool=False)
    root = b.div(b.const(6), y, span(7))
    expressions, new = b.close((root,))
    assert expressions.spans == {new[root]: span(7)}


def test_a_variable_has_one_domain() -> None:
    b = ExpressionBuilder()
    b.variable(0, low=0, high=3, is_bool=False)
    with pytest.raises(AssertionError):
        b.variable(0, low=0, high=4, is_bool=False)
