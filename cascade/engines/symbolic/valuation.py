"""Expressions as z3 terms, under one valuation of the variables: each expression once.

`value` is only meant where `defined` holds: an evaluation that fails has no value, its term has any.
"""

from collections.abc import Callable
from typing import assert_never

import z3

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.engines.symbolic.terms import CASES_MAX, Arithmetic, Term, Truth


def supports(expressions: Expressions) -> list[int]:
    """For each expression the variables that it reads, as a set of bits."""
    found: list[int] = []
    for op, args in zip(expressions.ops, expressions.args, strict=True):
        bits = 0
        if op is Op.VAR:
            bits = 1 << args[0]
        elif op is not Op.CONST:
            for operand in args:
                bits |= found[operand]
        found.append(bits)
    return found


class Valuation:
    """Terms for expressions where the variables are `variables` (booleans or numbers)."""

    def __init__(
        self, arithmetic: Arithmetic, expressions: Expressions, reads: list[int], variables: tuple[Term, ...]
    ) -> None:
        self.variables = variables
        self._arithmetic = arithmetic
        self._expressions = expressions
        self._reads = reads
        self._values: dict[ExprId, Term] = {}
        self._defined: dict[ExprId, Truth] = {}

    def with_values(self, changed: dict[int, Term]) -> "Valuation":
        """The same but for some variables. Terms that do not depend on them are shared."""
        variables = tuple(changed.get(index, term) for index, term in enumerate(self.variables))
        other = Valuation(self._arithmetic, self._expressions, self._reads, variables)
        bits = sum(1 << index for index in changed)
        for mine, theirs in ((self._values, other._values), (self._defined, other._defined)):
            theirs.update((expr, term) for expr, term in mine.items() if not self._reads[expr] & bits)
        return other

    def truth(self, expr: ExprId) -> Truth:
        """The value of a formula."""
        self._make(expr)
        return self._truth(expr)

    def number(self, expr: ExprId) -> Term:
        """The value of an expression as a number, that of a formula as 0 or 1."""
        self._make(expr)
        return self._number(expr)

    def defined(self, expr: ExprId) -> Truth:
        """Whether evaluation does not fail."""
        self._make(expr)
        return self._defined[expr]

    def _make(self, expr: ExprId) -> None:
        """Operands first, without recursion: expressions may nest deeply."""
        pending = [expr]
        while pending:
            here = pending[-1]
            if here in self._values:
                pending.pop()
                continue
            op = self._expressions.ops[here]
            args = () if op is Op.CONST or op is Op.VAR else self._expressions.args[here]
            missing = [operand for operand in args if operand not in self._values]
            if missing:
                pending.extend(missing)
                continue
            self._values[here] = self._value(here)
            self._defined[here] = self._definedness(here)
            pending.pop()

    def _truth(self, expr: ExprId) -> Truth:
        term, arithmetic = self._values[expr], self._arithmetic
        if self._is_truth(term):
            return term
        return arithmetic.not_(arithmetic.equal(term, arithmetic.number(0)))

    def _number(self, expr: ExprId) -> Term:
        term, arithmetic = self._values[expr], self._arithmetic
        if self._is_truth(term):
            return arithmetic.ite(term, arithmetic.number(1), arithmetic.number(0))
        return term

    @staticmethod
    def _is_truth(term: Term) -> bool:
        return isinstance(term, z3.BoolRef)

    def _value(self, expr: ExprId) -> Term:
        arithmetic, args = self._arithmetic, self._expressions.args[expr]
        op = self._expressions.ops[expr]
        match op:
            case Op.CONST:
                if self._expressions.is_bool[expr]:
                    return arithmetic.truth(args[0] != 0)
                return arithmetic.number(args[0])
            case Op.VAR:
                return self.variables[args[0]]
            case Op.NOT:
                return arithmetic.not_(self._truth(args[0]))
            case Op.AND:
                return arithmetic.and_([self._truth(a) for a in args])
            case Op.OR:
                return arithmetic.or_([self._truth(a) for a in args])
            case Op.EQ:
                return self._equal(args[0], args[1])
            case Op.LT:
                return arithmetic.less(self._number(args[0]), self._number(args[1]))
            case Op.LE:
                return arithmetic.at_most(self._number(args[0]), self._number(args[1]))
            case Op.ITE:
                return self._choice(args[0], args[1], args[2])
            case Op.SELECT:
                return self._select(args[0], args[1:])
            case Op.ADD | Op.SUB | Op.MUL | Op.DIV | Op.MIN | Op.MAX:
                return self._calculate(op, expr, args[0], args[1])
            case _:
                assert_never(op)

    def _equal(self, a: ExprId, b: ExprId) -> Truth:
        arithmetic = self._arithmetic
        if self._is_truth(self._values[a]) and self._is_truth(self._values[b]):
            return arithmetic.choose(self._values[a], self._values[b], arithmetic.not_(self._values[b]))
        return arithmetic.equal(self._number(a), self._number(b))

    def _choice(self, condition: ExprId, a: ExprId, b: ExprId) -> Term:
        then, otherwise = self._values[a], self._values[b]
        if self._is_truth(then) and self._is_truth(otherwise):
            return self._arithmetic.choose(self._truth(condition), then, otherwise)
        return self._arithmetic.ite(self._truth(condition), self._number(a), self._number(b))

    def _select(self, index: ExprId, options: tuple[ExprId, ...]) -> Term:
        arithmetic = self._arithmetic
        at, low, high = self._number(index), self._expressions.low[index], self._expressions.high[index]
        possible = [n for n in range(1, len(options) + 1) if low <= n <= high] or [1]
        is_truth = all(self._is_truth(self._values[option]) for option in options)
        result: Term | None = None
        for n in reversed(possible):
            term = self._values[options[n - 1]] if is_truth else self._number(options[n - 1])
            if result is None:
                result = term
                continue
            is_here = arithmetic.equal(at, arithmetic.number(n))
            result = arithmetic.choose(is_here, term, result) if is_truth else arithmetic.ite(is_here, term, result)
        return result

    def _calculate(self, op: Op, expr: ExprId, a: ExprId, b: ExprId) -> Term:
        arithmetic, table = self._arithmetic, self._expressions
        low, high = table.low[expr], table.high[expr]
        x, y = self._number(a), self._number(b)
        match op:
            case Op.ADD:
                return arithmetic.add(x, y, low, high)
            case Op.SUB:
                return arithmetic.subtract(x, y, low, high)
            case Op.MIN:
                return arithmetic.minimum(x, y)
            case Op.MAX:
                return arithmetic.maximum(x, y)
            case Op.MUL:
                if table.high[a] - table.low[a] < table.high[b] - table.low[b]:
                    a, x, b, y = b, y, a, x
                ends = [p * q for p in (table.low[a], table.high[a]) for q in (table.low[b], table.high[b])]
                widest = min(ends), max(ends)
                return self._by_cases(b, y, lambda factor: arithmetic.multiply(x, factor, *widest))
            case _:
                largest = max(abs(table.low[a]), abs(table.high[a]))
                return self._by_cases(b, y, lambda divisor: arithmetic.divide(x, divisor, -largest, largest))

    def _by_cases(self, expr: ExprId, operand: Term, term_for: Callable[[Term], Term]) -> Term:
        """`term_for(operand)`, with a constant for `operand`, the value of `expr`, if it has few values: linear terms are easier."""
        low, high = self._expressions.low[expr], self._expressions.high[expr]
        if high - low >= CASES_MAX:
            return term_for(operand)
        arithmetic = self._arithmetic
        result = term_for(arithmetic.number(high))
        for value in range(high - 1, low - 1, -1):
            is_it = arithmetic.equal(operand, arithmetic.number(value))
            result = arithmetic.ite(is_it, term_for(arithmetic.number(value)), result)
        return result

    def _definedness(self, expr: ExprId) -> Truth:
        arithmetic, args = self._arithmetic, self._expressions.args[expr]
        op = self._expressions.ops[expr]
        match op:
            case Op.CONST | Op.VAR:
                return arithmetic.true
            case Op.AND | Op.OR:
                result = arithmetic.true
                for operand in reversed(args):
                    goes_on = self._truth(operand) if op is Op.AND else arithmetic.not_(self._truth(operand))
                    result = arithmetic.and_([self._defined[operand], arithmetic.implies(goes_on, result)])
                return result
            case Op.ITE:
                branches = arithmetic.choose(self._truth(args[0]), self._defined[args[1]], self._defined[args[2]])
                return arithmetic.and_([self._defined[args[0]], branches])
            case Op.SELECT:
                return self._select_defined(args[0], args[1:])
            case _:
                parts = [self._defined[operand] for operand in args]
                if op is Op.DIV and self._expressions.low[args[1]] <= 0 <= self._expressions.high[args[1]]:
                    parts.append(arithmetic.not_(arithmetic.equal(self._number(args[1]), arithmetic.number(0))))
                return arithmetic.and_(parts)

    def _select_defined(self, index: ExprId, options: tuple[ExprId, ...]) -> Truth:
        arithmetic, at = self._arithmetic, self._number(index)
        parts = [self._defined[index]]
        if self._expressions.low[index] < 1:
            parts.append(arithmetic.at_most(arithmetic.number(1), at))
        if self._expressions.high[index] > len(options):
            parts.append(arithmetic.at_most(at, arithmetic.number(len(options))))
        for n, option in enumerate(options, start=1):
            if self._defined[option] is not arithmetic.true:
                is_here = arithmetic.equal(at, arithmetic.number(n))
                parts.append(arithmetic.implies(is_here, self._defined[option]))
        return arithmetic.and_(parts)
