"""Typed, hash-consed expressions. An expression is an int: an index into flat tuples.

Grammar of a node (`op`, `args`); arguments are expressions unless said otherwise:

    CONST(value: int)              an integer; booleans are 0 and 1, an enumeration's label is its index
    VAR(variable: int)             the value of a variable of the model, by index
    NOT(a)  AND(a, b, ...)  OR(a, b, ...)         booleans; AND and OR evaluate from left to right and stop early
    EQ(a, b)  LT(a, b)  LE(a, b)                  integers (or booleans, or labels of one enumeration) to boolean
    ADD(a, b)  SUB(a, b)  MUL(a, b)  DIV(a, b)    integers; DIV rounds down and fails where b is 0
    MIN(a, b)  MAX(a, b)
    ITE(c, a, b)                                  lazy: only the branch that c selects is evaluated
    SELECT(i, x1, ..., xn)                        x_i, counted from 1; fails where i is not in 1..n; lazy like ITE

An argument has a smaller index than the node that uses it, so one pass in index order evaluates everything.
"""

import enum
from dataclasses import field

from cascade.records import dataclass
from cascade.source import Span

ExprId = int


class Op(enum.IntEnum):
    """Operators, as the module's docstring defines them."""

    CONST = 0
    VAR = 1
    NOT = 2
    AND = 3
    OR = 4
    EQ = 5
    LT = 6
    LE = 7
    ADD = 8
    SUB = 9
    MUL = 10
    DIV = 11
    MIN = 12
    MAX = 13
    ITE = 14
    SELECT = 15


BOOLEAN_OPS = frozenset({Op.NOT, Op.AND, Op.OR, Op.EQ, Op.LT, Op.LE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """A closed table. All tuples have one entry for each expression.

    `low` and `high` bound the value from both ends (inclusive, for runs that do not fail); `can_fail` says whether
    evaluation may divide by zero or index outside a group; `spans` locates nodes that may fail themselves.
    """

    ops: tuple[Op, ...]
    args: tuple[tuple[int, ...], ...]
    is_bool: tuple[bool, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    can_fail: tuple[bool, ...]
    spans: dict[ExprId, Span] = field(compare=False, repr=False)

    def __len__(self) -> int:
        """Number of expressions."""
        return len(self.ops)
