"""Expressions of a model under many valuations of its variables at once.

In: for each variable a number, or a vector of its values. Out: for each expression its values, and where evaluation fails. What is a number everywhere stays one.
"""

import numpy as np
import numpy.typing as npt

from cascade.core.expressions import ExprId, Op
from cascade.core.model import CoreModel
from cascade.reference.evaluate import apply

Numbers = int | npt.NDArray[np.int64]
Mask = bool | npt.NDArray[np.bool_]

BOUND = 1 << 62
"""Vectors hold no larger numbers."""


def fits_vectors(model: CoreModel) -> bool:
    """Whether all numbers of the model fit into vectors."""
    table = model.expressions
    return not table.low or (min(table.low) >= -BOUND and max(table.high) <= BOUND)


def and_(one: Mask, other: Mask) -> Mask:
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one & other


def or_(one: Mask, other: Mask) -> Mask:
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    return one | other


def not_(one: Mask) -> Mask:
    return not one if isinstance(one, bool) else ~one


def is_none(one: Mask) -> bool:
    return not one if isinstance(one, bool) else not one.any()


def is_true(numbers: Numbers) -> Mask:
    return numbers != 0


def where(mask: Mask, one: Numbers, other: Numbers) -> Numbers:
    if isinstance(mask, bool):
        return one if mask else other
    return plain(np.where(mask, one, other))


def plain(numbers: Numbers) -> Numbers:
    """A number instead of a vector of equal ones."""
    if not isinstance(numbers, int) and (numbers == numbers[0]).all():
        return int(numbers[0])
    return numbers


class Values:
    """Expressions under given values of the variables, each evaluated once: its value, and where evaluation fails."""

    def __init__(self, model: CoreModel, variables: list[Numbers]) -> None:
        self._ops, self._args = model.expressions.ops, model.expressions.args
        self.variables = variables
        self._known: dict[ExprId, tuple[Numbers, Mask]] = {}

    def of(self, node: ExprId) -> tuple[Numbers, Mask]:
        """The value, right where evaluation does not fail; and where it fails."""
        if node not in self._known:
            self._known[node] = self._evaluated(self._ops[node], self._args[node])
        return self._known[node]

    def holds(self, node: ExprId) -> tuple[Mask, Mask]:
        """Where a condition is true, and where evaluation fails."""
        value, fails = self.of(node)
        return is_true(value), fails

    def _evaluated(self, op: Op, args: tuple[int, ...]) -> tuple[Numbers, Mask]:
        match op:
            case Op.CONST:
                return args[0], False
            case Op.VAR:
                return self.variables[args[0]], False
            case Op.AND:
                decided, fails = self._junction(args, is_true=False)
                return where(decided, 0, 1), fails
            case Op.OR:
                decided, fails = self._junction(args, is_true=True)
                return where(decided, 1, 0), fails
            case Op.ITE:
                return self._conditional(args)
            case Op.SELECT:
                return self._selected(args)
            case _:
                return self._applied(op, args)

    def _junction(self, args: tuple[int, ...], *, is_true: bool) -> tuple[Mask, Mask]:
        """Where one of the operands decides by being true (or by being false), looked at in turn until one does."""
        decided: Mask = False
        fails: Mask = False
        for operand in args:
            value, broken = self.holds(operand)
            fails = or_(fails, and_(not_(decided), broken))
            decided = or_(decided, value if is_true else not_(value))
            if is_none(not_(decided)):
                break
        return decided, fails

    def _conditional(self, args: tuple[int, ...]) -> tuple[Numbers, Mask]:
        chosen, fails = self.holds(args[0])
        if isinstance(chosen, bool):
            value, broken = self.of(args[1] if chosen else args[2])
            return value, or_(fails, broken)
        (then, then_fails), (other, other_fails) = self.of(args[1]), self.of(args[2])
        broken = or_(and_(chosen, then_fails), and_(not_(chosen), other_fails))
        return where(chosen, then, other), or_(fails, broken)

    def _selected(self, args: tuple[int, ...]) -> tuple[Numbers, Mask]:
        index, fails = self.of(args[0])
        numbers = [index] if isinstance(index, int) else [int(i) for i in np.unique(index)]
        result: Numbers = 0
        for number in numbers:
            here: Mask = index == number
            if not 1 <= number < len(args):
                fails = or_(fails, here)
                continue
            value, broken = self.of(args[number])
            fails = or_(fails, and_(here, broken))
            result = where(here, value, result)
        return result, fails

    def _applied(self, op: Op, args: tuple[int, ...]) -> tuple[Numbers, Mask]:
        fails: Mask = False
        operands: list[Numbers] = []
        for operand in args:
            value, broken = self.of(operand)
            operands.append(value)
            fails = or_(fails, broken)
        if op is Op.DIV:
            by_zero: Mask = operands[1] == 0
            fails = or_(fails, by_zero)
            operands[1] = where(by_zero, 1, operands[1])
        numbers = [operand for operand in operands if isinstance(operand, int)]
        if len(numbers) == len(operands):
            return apply(op, numbers), fails
        return plain(_vector(op, operands)), fails


def _vector(op: Op, operands: list[Numbers]) -> Numbers:
    """An operator entry by entry; a divisor is not 0."""
    result: npt.NDArray[np.int64]
    match op:
        case Op.NOT:
            result = np.equal(operands[0], 0).astype(np.int64)
        case Op.EQ:
            result = np.equal(operands[0], operands[1]).astype(np.int64)
        case Op.LT:
            result = np.less(operands[0], operands[1]).astype(np.int64)
        case Op.LE:
            result = np.less_equal(operands[0], operands[1]).astype(np.int64)
        case Op.ADD:
            result = np.add(operands[0], operands[1])
        case Op.SUB:
            result = np.subtract(operands[0], operands[1])
        case Op.MUL:
            result = np.multiply(operands[0], operands[1])
        case Op.DIV:
            result = np.floor_divide(operands[0], operands[1])
        case Op.MIN | Op.MAX:
            pick = np.minimum if op is Op.MIN else np.maximum
            result = np.asarray(operands[0], dtype=np.int64)
            for operand in operands[1:]:
                result = pick(result, operand)
        case _:
            raise AssertionError("leaves and lazy operators are not applied")
    return result
