"""Values of expressions over many valuations at once, as numpy arrays; failures as masks, with laziness kept."""

from collections.abc import Mapping
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import Expressions, ExprId, Op

Column = NDArray[np.int64]
Mask = NDArray[np.bool_]
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Result = tuple[Column, Mask | None]
"""Values, and where evaluation fails (None: nowhere). Values are arbitrary where it fails."""


class VectorEvaluator:
    """`columns` gives the values of variables, `known` those of expressions that need not be computed."""

    def __init__(
        self, expressions: Expressions, columns: Mapping[int, Column], known: Mapping[ExprId, Result], length: int
    ) -> None:
        self._expressions = expressions
        self._columns = columns
        self._length = length
        self._results: dict[ExprId, Result] = dict(known)

    def result(self, root: ExprId) -> Result:
        """Values and failures of `root`; operands first, without recursion."""
        stack = [root]
        while stack:
            expr = stack[-1]
            if expr in self._results:
                stack.pop()
                continue
            op, args = self._expressions.ops[expr], self._expressions.args[expr]
            missing = [] if op in (Op.CONST, Op.VAR) else [a for a in args if a not in self._results]
            if missing:
                stack.extend(missing)
                continue
            self._results[expr] = self._compute(op, args)
            stack.pop()
        return self._results[root]

    def _compute(self, op: Op, args: tuple[int, ...]) -> Result:
        match op:
            case Op.CONST:
                return np.full(self._length, args[0], dtype=np.int64), None
            case Op.VAR:
                return self._columns[args[0]], None
            case Op.AND | Op.OR:
                return self._junction(op, [self._results[a] for a in args])
            case Op.ITE:
                condition, then, otherwise = (self._results[a] for a in args)
                chosen = condition[0] != 0
                failures = _where(chosen, then[1], otherwise[1])
                return np.where(chosen, then[0], otherwise[0]), _either(condition[1], failures)
            case Op.SELECT:
                return self._select([self._results[a] for a in args])
            case Op.NOT:
                value, failures = self._results[args[0]]
                return (value == 0).astype(np.int64), failures
            case Op.EQ | Op.LT | Op.LE | Op.ADD | Op.SUB | Op.MUL | Op.DIV | Op.MIN | Op.MAX:
                return _binary(op, self._results[args[0]], self._results[args[1]])
            case _:
                assert_never(op)

    def _junction(self, op: Op, operands: list[Result]) -> Result:
        """Left to right: an operand counts only where those before it did not decide."""
        undecided = np.ones(self._length, dtype=np.bool_)
        failures: Mask | None = None
        for value, failing in operands:
            if failing is not None:
                failures = _either(failures, undecided & failing)
            undecided &= (value != 0) if op is Op.AND else (value == 0)
        return (undecided if op is Op.AND else ~undecided).astype(np.int64), failures

    def _select(self, operands: list[Result]) -> Result:
        index, failures = operands[0]
        options = operands[1:]
        failures = _either(failures, (index < 1) | (index > len(options)))
        result = options[0][0].copy()
        for number, (value, failing) in enumerate(options, start=1):
            chosen = index == number
            result = np.where(chosen, value, result)
            if failing is not None:
                failures = _either(failures, chosen & failing)
        return result, failures


def _binary(op: Op, left: Result, right: Result) -> Result:
    a, b = left[0], right[0]
    failures = _either(left[1], right[1])
    match op:
        case Op.EQ:
            return (a == b).astype(np.int64), failures
        case Op.LT:
            return (a < b).astype(np.int64), failures
        case Op.LE:
            return (a <= b).astype(np.int64), failures
        case Op.ADD:
            return a + b, failures
        case Op.SUB:
            return a - b, failures
        case Op.MUL:
            return a * b, failures
        case Op.MIN:
            return np.minimum(a, b), failures
        case Op.MAX:
            return np.maximum(a, b), failures
        case Op.DIV:
            zero = b == 0
            return a // np.where(zero, 1, b), _either(failures, zero if zero.any() else None)
        case _:
            raise AssertionError(f"{op.name} has not two operands")


def _either(a: Mask | None, b: Mask | None) -> Mask | None:
    if a is None:
        return b
    return a if b is None else a | b


def _where(chosen: Mask, then: Mask | None, otherwise: Mask | None) -> Mask | None:
    if then is None and otherwise is None:
        return None
    return _either(None if then is None else chosen & then, None if otherwise is None else ~chosen & otherwise)


def distinct_rows(columns: list[Column]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of a matrix that are there at least once: where each comes first, and for every row its number among them.

    Rows are told apart by a hash, which is then checked: sorting hashes takes a tenth of the time of sorting rows.
    """
    matrix = np.stack(columns, axis=1)
    code = np.zeros(len(matrix), dtype=np.uint64)
    for column in columns:
        code = code * MULTIPLIER + column.view(np.uint64)
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    if (matrix != matrix[first[inverse]]).any():
        _, first, inverse = np.unique(matrix, axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
