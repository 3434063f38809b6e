"""Numbers and booleans as z3 terms: the same operations over unbounded integers and over bit-vectors.

Constants are folded on the way, by identity of `true` and `false`: z3 would do it as well, but only after Python has built the term.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import z3

Term = Any
"""A z3 number: an integer or a bit-vector, by the `Arithmetic` that made it. z3 has no types of its own to tell them apart."""

Truth = Any
"""A z3 boolean."""

CASES_MAX = 64
"""A product (a quotient) whose one operand (divisor) has no more values than this is a choice among linear terms."""


class Arithmetic(ABC):
    """Makes terms in one z3 context. Ranges (`low`, `high`) bound the value of what is made."""

    def __init__(self, context: z3.Context) -> None:
        self.context = context
        self.true: Truth = z3.BoolVal(True, context)
        self.false: Truth = z3.BoolVal(False, context)

    # --- booleans ---

    def truth(self, value: bool) -> Truth:
        """A constant."""
        return self.true if value else self.false

    def not_(self, a: Truth) -> Truth:
        """Negation."""
        if a is self.true:
            return self.false
        return self.true if a is self.false else z3.Not(a)

    def and_(self, parts: Sequence[Truth]) -> Truth:
        """Conjunction."""
        kept = [part for part in parts if part is not self.true]
        if any(part is self.false for part in kept):
            return self.false
        if len(kept) <= 1:
            return kept[0] if kept else self.true
        return z3.And(kept)

    def or_(self, parts: Sequence[Truth]) -> Truth:
        """Disjunction."""
        kept = [part for part in parts if part is not self.false]
        if any(part is self.true for part in kept):
            return self.true
        if len(kept) <= 1:
            return kept[0] if kept else self.false
        return z3.Or(kept)

    def implies(self, a: Truth, b: Truth) -> Truth:
        """If `a` then `b`."""
        return self.or_([self.not_(a), b])

    def choose(self, condition: Truth, a: Truth, b: Truth) -> Truth:
        """The boolean `a` if the condition holds, else `b`."""
        if condition is self.true or a is b:
            return a
        if condition is self.false:
            return b
        if a is self.true:
            return self.or_([condition, b])
        if a is self.false:
            return self.and_([self.not_(condition), b])
        if b is self.true:
            return self.or_([self.not_(condition), a])
        if b is self.false:
            return self.and_([condition, a])
        return z3.If(condition, a, b)

    # --- numbers ---

    @abstractmethod
    def number(self, value: int) -> Term:
        """A constant."""

    @abstractmethod
    def unknown(self, name: str, low: int, high: int) -> Term:
        """An unknown that is meant to be within `low..high`; `is_within` says so."""

    @abstractmethod
    def is_within(self, a: Term, low: int, high: int) -> Truth:
        """`low <= a <= high`, where that is not plain."""

    @abstractmethod
    def value(self, a: Term) -> int:
        """The value of a numeral."""

    @abstractmethod
    def equal(self, a: Term, b: Term) -> Truth:
        """Equality."""

    @abstractmethod
    def less(self, a: Term, b: Term) -> Truth:
        """`a < b`."""

    @abstractmethod
    def at_most(self, a: Term, b: Term) -> Truth:
        """`a <= b`."""

    @abstractmethod
    def add(self, a: Term, b: Term, low: int, high: int) -> Term:
        """The sum."""

    @abstractmethod
    def subtract(self, a: Term, b: Term, low: int, high: int) -> Term:
        """The difference."""

    @abstractmethod
    def multiply(self, a: Term, b: Term, low: int, high: int) -> Term:
        """The product."""

    @abstractmethod
    def divide(self, a: Term, b: Term, low: int, high: int) -> Term:
        """The quotient, rounded down; any number where `b` is 0."""

    @abstractmethod
    def ite(self, condition: Truth, a: Term, b: Term) -> Term:
        """The number `a` if the condition holds, else `b`."""

    def minimum(self, a: Term, b: Term) -> Term:
        """The smaller one."""
        return self.ite(self.at_most(a, b), a, b)

    def maximum(self, a: Term, b: Term) -> Term:
        """The larger one."""
        return self.ite(self.at_most(a, b), b, a)


class Integers(Arithmetic):
    """Numbers are z3 integers."""

    def number(self, value: int) -> Term:
        return z3.IntVal(value, self.context)

    def unknown(self, name: str, low: int, high: int) -> Term:  # noqa: ARG002 - bit-vectors need the range
        return z3.Int(name, self.context)

    def is_within(self, a: Term, low: int, high: int) -> Truth:
        return z3.And(a >= low, a <= high)

    def value(self, a: Term) -> int:
        return int(a.as_long())

    def equal(self, a: Term, b: Term) -> Truth:
        return a == b

    def less(self, a: Term, b: Term) -> Truth:
        return a < b

    def at_most(self, a: Term, b: Term) -> Truth:
        return a <= b

    def add(self, a: Term, b: Term, low: int, high: int) -> Term:  # noqa: ARG002
        return a + b

    def subtract(self, a: Term, b: Term, low: int, high: int) -> Term:  # noqa: ARG002
        return a - b

    def multiply(self, a: Term, b: Term, low: int, high: int) -> Term:  # noqa: ARG002
        return a * b

    def divide(self, a: Term, b: Term, low: int, high: int) -> Term:  # noqa: ARG002
        # z3 rounds such that the remainder is not negative: down for positive divisors.
        if z3.is_int_value(b):
            divisor = b.as_long()
            return self.number(0) if divisor == 0 else a / divisor if divisor > 0 else -a / -divisor
        return z3.If(b > 0, a / z3.If(b > 0, b, 1), -a / z3.If(b < 0, -b, 1))

    def ite(self, condition: Truth, a: Term, b: Term) -> Term:
        if condition is self.true or a is b:
            return a
        return b if condition is self.false else z3.If(condition, a, b)


def width_of(low: int, high: int) -> int:
    """Bits that hold `low..high` as signed numbers."""
    return max(low.bit_length() if low >= 0 else (low + 1).bit_length(), high.bit_length() if high >= 0 else 0) + 1


class Words(Arithmetic):
    """Numbers are signed bit-vectors, each as wide as its range needs: nothing ever overflows."""

    def number(self, value: int) -> Term:
        return z3.BitVecVal(value, width_of(value, value), self.context)

    def unknown(self, name: str, low: int, high: int) -> Term:
        return z3.BitVec(name, width_of(low, high), self.context)

    def is_within(self, a: Term, low: int, high: int) -> Truth:
        return self.and_([self.at_most(self.number(low), a), self.at_most(a, self.number(high))])

    def value(self, a: Term) -> int:
        return int(a.as_signed_long())

    def _fit(self, a: Term, width: int) -> Term:
        missing = width - a.size()
        return a if missing <= 0 else z3.SignExt(missing, a)

    def _pair(self, a: Term, b: Term, width: int = 0) -> tuple[Term, Term]:
        width = max(width, a.size(), b.size())
        return self._fit(a, width), self._fit(b, width)

    def equal(self, a: Term, b: Term) -> Truth:
        a, b = self._pair(a, b)
        return a == b

    def less(self, a: Term, b: Term) -> Truth:
        a, b = self._pair(a, b)
        return a < b

    def at_most(self, a: Term, b: Term) -> Truth:
        a, b = self._pair(a, b)
        return a <= b

    def add(self, a: Term, b: Term, low: int, high: int) -> Term:
        a, b = self._pair(a, b, width_of(low, high))
        return a + b

    def subtract(self, a: Term, b: Term, low: int, high: int) -> Term:
        a, b = self._pair(a, b, width_of(low, high))
        return a - b

    def multiply(self, a: Term, b: Term, low: int, high: int) -> Term:
        a, b = self._pair(a, b, width_of(low, high))
        return a * b

    def divide(self, a: Term, b: Term, low: int, high: int) -> Term:
        # One bit more: the least number has no opposite.
        width = max(a.size(), b.size(), width_of(low, high)) + 1
        a, b = self._fit(a, width), self._fit(b, width)
        a, b = z3.If(b < 0, -a, a), z3.If(b < 0, -b, b)
        # Division of bit-vectors rounds towards zero.
        return z3.If(a >= 0, z3.UDiv(a, b), -1 - z3.UDiv(-1 - a, b))

    def ite(self, condition: Truth, a: Term, b: Term) -> Term:
        if condition is self.true or a is b:
            return a
        if condition is self.false:
            return b
        a, b = self._pair(a, b)
        return z3.If(condition, a, b)
