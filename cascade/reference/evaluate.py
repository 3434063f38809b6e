"""Values of expressions in a state (language reference, section 3; operators as in `cascade.core.expressions`).

In: an expression of a core model and the values of its variables. Out: an integer, or an error of the spec.
"""

from collections.abc import Callable, Sequence

from cascade.core.expressions import ExprId, Op
from cascade.core.model import CoreModel
from cascade.verdicts.answer import FailureKind


class EvaluationError(Exception):
    """An error of the spec that shows only in a run (section 9). The subclasses say which.

    `expression` is the node that fails, or the one whose value is outside its domain; `command` is the command whose
    guard, permit or firing fails, if it is one (filled in by `cascade.reference.step`).
    """

    kind: FailureKind

    def __init__(self, expression: ExprId | None, value: int | None = None, variable: int | None = None) -> None:
        super().__init__(expression, value, variable)
        self.expression = expression
        self.value = value
        self.variable = variable
        self.command: int | None = None

    def __str__(self) -> str:
        """Say what happened, for messages about a replayed run."""
        where = "" if self.command is None else f" in command {self.command}"
        variable = "" if self.variable is None else f", variable {self.variable}"
        value = "" if self.value is None else f", value {self.value}"
        return f"{self.kind.name.lower().replace('_', ' ')}{where} (expression {self.expression}{variable}{value})"


class DivisionByZeroError(EvaluationError):
    """DIV with a divisor of 0."""

    kind = FailureKind.DIVISION_BY_ZERO


class IndexOutsideGroupError(EvaluationError):
    """SELECT with an index that no member has; `value` is the index."""

    kind = FailureKind.INDEX_OUTSIDE_GROUP


class OutOfDomainError(EvaluationError):
    """A value outside the domain of the variable that should get it (never clamped: section 4)."""

    kind = FailureKind.OUT_OF_DOMAIN


class Evaluator:
    """Values of a model's expressions for fixed values of its variables. Each expression is evaluated at most once.

    `values` holds the variables in the model's order; what follows them (clocks) is not looked at.
    Operands are evaluated from left to right, and only those that the operator asks for: what is not asked for cannot
    fail. A stack of its own instead of recursion, because expressions may nest deeper than Python's calls.
    """

    def __init__(self, model: CoreModel, values: Sequence[int]) -> None:
        self._ops = model.expressions.ops
        self._args = model.expressions.args
        self._values = values
        self._known: dict[ExprId, int] = {}

    def value(self, expr: ExprId) -> int:
        """The value of `expr`. Raises an `EvaluationError` where it has none."""
        pending = [] if expr in self._known else [expr]
        while pending:
            missing = self._visit(pending[-1])
            if missing is None:
                pending.pop()
            else:
                pending.append(missing)
        return self._known[expr]

    def _visit(self, expr: ExprId) -> ExprId | None:
        """Make `expr` known, or tell which operand must be known first."""
        known, op, args = self._known, self._ops[expr], self._args[expr]
        function = STRICT[op]
        if function is not None:  # first, and without a `match`: most are such
            for operand in args:
                if operand not in known:
                    return operand
            if op is Op.DIV and known[args[1]] == 0:
                raise DivisionByZeroError(expr)
            known[expr] = function([known[operand] for operand in args])
            return None
        match op:
            case Op.CONST:
                known[expr] = args[0]
            case Op.VAR:
                known[expr] = self._values[args[0]]
            case Op.AND:
                for operand in args:
                    if operand not in known:
                        return operand
                    if not known[operand]:
                        known[expr] = 0
                        return None
                known[expr] = 1
            case Op.OR:
                for operand in args:
                    if operand not in known:
                        return operand
                    if known[operand]:
                        known[expr] = 1
                        return None
                known[expr] = 0
            case Op.ITE:
                condition, then, otherwise = args
                if condition not in known:
                    return condition
                chosen = then if known[condition] else otherwise
                if chosen not in known:
                    return chosen
                known[expr] = known[chosen]
            case Op.SELECT:
                index, options = args[0], args[1:]
                if index not in known:
                    return index
                if not 1 <= known[index] <= len(options):
                    raise IndexOutsideGroupError(expr, known[index])
                chosen = options[known[index] - 1]
                if chosen not in known:
                    return chosen
                known[expr] = known[chosen]
            case _:
                raise AssertionError("every operator is strict, lazy or a leaf")
        return None


_STRICT: dict[Op, Callable[[list[int]], int]] = {
    Op.NOT: lambda operands: 0 if operands[0] else 1,
    Op.EQ: lambda operands: 1 if operands[0] == operands[1] else 0,
    Op.LT: lambda operands: 1 if operands[0] < operands[1] else 0,
    Op.LE: lambda operands: 1 if operands[0] <= operands[1] else 0,
    Op.ADD: lambda operands: operands[0] + operands[1],
    Op.SUB: lambda operands: operands[0] - operands[1],
    Op.MUL: lambda operands: operands[0] * operands[1],
    Op.DIV: lambda operands: operands[0] // operands[1],
    Op.MIN: min,
    Op.MAX: max,
}

STRICT = tuple(_STRICT.get(op) for op in Op)
"""Of operators that always evaluate all their operands: their value, by operator; a divisor is not 0. None for leaves and lazy operators."""


def apply(op: Op, operands: list[int]) -> int:
    """The value of an operator that always evaluates all its operands; a divisor is not 0."""
    function = STRICT[op]
    assert function is not None, "leaves and lazy operators are not applied"
    return function(operands)


def evaluate(model: CoreModel, expr: ExprId, values: Sequence[int]) -> int:
    """The value of one expression. Raises an `EvaluationError` where it has none."""
    return Evaluator(model, values).value(expr)
