"""Expressions as closures over a list of values.

The list holds the value of every variable that the expression reads, and in its last place a number that changes
whenever a value does: shared subexpressions remember their value for one such number.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import assert_never

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.verdicts.answer import FailureKind, SpecFailure, Statistics
from cascade.verdicts.run import CandidateRun

Values = list[int]
Function = Callable[[Values], int]

DEPTH_MAX = 50_000
"""Expressions that nest deeper are refused: each level costs a frame of half a kilobyte."""

SHARED_SIZE_MIN = 4
"""Smaller subexpressions are evaluated again rather than remembered."""


class EvaluationFailure(Exception):
    """An evaluation that has no value. `command` is filled in by whoever knows whose evaluation it was."""

    def __init__(
        self, kind: FailureKind, expression: ExprId, *, variable: int | None = None, value: int | None = None
    ) -> None:
        super().__init__(kind, expression, variable, value)
        self.kind = kind
        self.expression = expression
        self.variable = variable
        self.value = value
        self.command: int | None = None

    def told(self, run: CandidateRun, statistics: Statistics) -> SpecFailure:
        """The answer: this happens at the end of `run`."""
        return SpecFailure(
            kind=self.kind,
            run=run,
            statistics=statistics,
            command=self.command,
            expression=self.expression,
            variable=self.variable,
            value=self.value,
        )


def nesting_depth(expressions: Expressions) -> int:
    """The number of levels of the deepest expression."""
    depths: list[int] = []
    for op, args in zip(expressions.ops, expressions.args, strict=True):
        leaf = op is Op.CONST or op is Op.VAR
        depths.append(1 if leaf else 1 + max(depths[a] for a in args))
    return max(depths, default=0)


@contextmanager
def recursion(depth: int) -> Iterator[None]:
    """Room for evaluating expressions of this depth: one call a level."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + depth)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def compile_expressions(expressions: Expressions) -> list[Function]:
    """One function for each expression."""
    ops, args = expressions.ops, expressions.args
    uses = [0] * len(expressions)
    sizes: list[int] = []
    for op, operands in zip(ops, args, strict=True):
        if op is Op.CONST or op is Op.VAR:
            sizes.append(1)
            continue
        sizes.append(min(SHARED_SIZE_MIN, 1 + sum(sizes[a] for a in operands)))
        for operand in operands:
            uses[operand] += 1
    functions: list[Function] = []
    for expr in range(len(expressions)):
        function = _compile(expressions, expr, functions)
        if uses[expr] > 1 and sizes[expr] >= SHARED_SIZE_MIN:
            function = _remember(function)
        functions.append(function)
    return functions


def _remember(function: Function) -> Function:
    stamp, result = -1, 0

    def remembered(v: Values) -> int:
        nonlocal stamp, result
        if stamp != v[-1]:
            result = function(v)
            stamp = v[-1]
        return result

    return remembered


def _compile(expressions: Expressions, expr: ExprId, functions: list[Function]) -> Function:
    op, args = expressions.ops[expr], expressions.args[expr]
    match op:
        case Op.CONST:
            value = args[0]
            return lambda _: value
        case Op.VAR:
            return itemgetter(args[0])
        case Op.NOT:
            operand = functions[args[0]]
            return lambda v: not operand(v)
        case Op.AND:
            return _conjunction(tuple(functions[a] for a in args))
        case Op.OR:
            return _disjunction(tuple(functions[a] for a in args))
        case Op.EQ | Op.LT | Op.LE:
            return _comparison(expressions, op, args, functions)
        case Op.ADD | Op.SUB | Op.MUL | Op.DIV | Op.MIN | Op.MAX:
            return _arithmetic(op, expr, functions[args[0]], functions[args[1]])
        case Op.ITE:
            condition, then, otherwise = (functions[a] for a in args)
            return lambda v: then(v) if condition(v) else otherwise(v)
        case Op.SELECT:
            return _selection(expr, functions[args[0]], tuple(functions[a] for a in args[1:]))
        case _:
            assert_never(op)


def _conjunction(operands: tuple[Function, ...]) -> Function:
    if len(operands) == 2:
        a, b = operands
        return lambda v: a(v) and b(v)

    def conjunction(v: Values) -> int:
        for operand in operands:
            if not operand(v):
                return False
        return True

    return conjunction


def _disjunction(operands: tuple[Function, ...]) -> Function:
    if len(operands) == 2:
        a, b = operands
        return lambda v: a(v) or b(v)

    def disjunction(v: Values) -> int:
        for operand in operands:
            if operand(v):
                return True
        return False

    return disjunction


def _comparison(expressions: Expressions, op: Op, args: tuple[int, ...], functions: list[Function]) -> Function:
    left, right = args
    if op is Op.EQ and {expressions.ops[left], expressions.ops[right]} == {Op.VAR, Op.CONST}:
        if expressions.ops[left] is Op.CONST:
            left, right = right, left
        variable, value = expressions.args[left][0], expressions.args[right][0]
        return lambda v: v[variable] == value
    a, b = functions[left], functions[right]
    if op is Op.EQ:
        return lambda v: a(v) == b(v)
    if op is Op.LT:
        return lambda v: a(v) < b(v)
    assert op is Op.LE, "a comparison"
    return lambda v: a(v) <= b(v)


def _arithmetic(op: Op, expr: ExprId, a: Function, b: Function) -> Function:
    if op is Op.ADD:
        return lambda v: a(v) + b(v)
    if op is Op.SUB:
        return lambda v: a(v) - b(v)
    if op is Op.MUL:
        return lambda v: a(v) * b(v)
    if op is Op.MIN:
        return lambda v: min(a(v), b(v))
    if op is Op.MAX:
        return lambda v: max(a(v), b(v))
    assert op is Op.DIV, "an arithmetic operator"

    def quotient(v: Values) -> int:
        dividend, divisor = a(v), b(v)
        if divisor == 0:
            raise EvaluationFailure(FailureKind.DIVISION_BY_ZERO, expr)
        return dividend // divisor

    return quotient


def _selection(expr: ExprId, index: Function, options: tuple[Function, ...]) -> Function:
    def selection(v: Values) -> int:
        i = index(v)
        if not 1 <= i <= len(options):
            raise EvaluationFailure(FailureKind.INDEX_OUTSIDE_GROUP, expr, value=int(i))
        return options[i - 1](v)

    return selection
