"""Evaluates one expression for many changes of the values at once: numpy vectors, one entry a change.

In: an expression that cannot fail, values of all variables, and *changes*: new values of some variables. Out: for which changes, on top of some
given ones, the expression is true. Only nodes that a change touches are computed anew.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.core.build import reachable
from cascade.core.expressions import Expressions, ExprId, Op
from cascade.reference.evaluate import apply

Vector = npt.NDArray[np.int64]
Change = tuple[tuple[int, int], ...]


class Sweep:
    """Answers for one goal. A change is named by its position in `changes`."""

    def __init__(
        self, expressions: Expressions, goal: ExprId, values: Sequence[int], changes: Sequence[Change]
    ) -> None:
        self._ops, self._args = expressions.ops, expressions.args
        self._goal = goal
        self._changes = changes
        self._nodes = reachable(self._ops, self._args, (goal,))
        self._leaves: dict[int, ExprId] = {self._args[n][0]: n for n in self._nodes if self._ops[n] is Op.VAR}
        self._users: dict[ExprId, list[ExprId]] = {}
        for node in self._nodes:
            if self._ops[node] not in (Op.CONST, Op.VAR):
                for operand in set(self._args[node]):
                    self._users.setdefault(operand, []).append(node)
        self._base: dict[ExprId, int] = {}
        for node in self._nodes:
            op, args = self._ops[node], self._args[node]
            self._base[node] = (
                args[0] if op is Op.CONST else values[args[0]] if op is Op.VAR else self._scalar(op, args, self._base)
            )
        self._touched: dict[int, list[ExprId]] = {}
        self._columns: dict[ExprId, tuple[Vector, Vector]] = self._sparse()

    def holds(self) -> bool:
        """Whether the goal is true without any change."""
        return bool(self._base[self._goal])

    # --- one change ---

    def _touched_by(self, variable: int) -> list[ExprId]:
        """Nodes above a variable, operands first."""
        if variable not in self._touched:
            seen: set[ExprId] = set()
            stack = [self._leaves[variable]] if variable in self._leaves else []
            while stack:
                node = stack.pop()
                if node not in seen:
                    seen.add(node)
                    stack.extend(self._users.get(node, ()))
            self._touched[variable] = sorted(seen)
        return self._touched[variable]

    def _changed(self, change: Change, below: dict[ExprId, int]) -> dict[ExprId, int]:
        """Values of nodes that differ from the base after `change`, on top of those in `below`."""
        new = dict(below)
        for variable, value in change:
            if variable in self._leaves:
                new[self._leaves[variable]] = value
        nodes = sorted(set[int]().union(*(self._touched_by(variable) for variable, _ in change)))
        values = _Layered(new, self._base)
        for node in nodes:
            if self._ops[node] is not Op.VAR and any(a in new for a in self._args[node]):
                new[node] = self._scalar(self._ops[node], self._args[node], values)
        return new

    def _sparse(self) -> dict[ExprId, tuple[Vector, Vector]]:
        """For each node the changes that by themselves give it another value, and that value."""
        columns: dict[ExprId, tuple[list[int], list[int]]] = {}
        for position, change in enumerate(self._changes):
            for node, value in self._changed(change, {}).items():
                if value != self._base[node]:
                    positions, values = columns.setdefault(node, ([], []))
                    positions.append(position)
                    values.append(value)
        return {n: (np.array(p, dtype=np.int64), np.array(v, dtype=np.int64)) for n, (p, v) in columns.items()}

    # --- many ---

    def hits(self, chosen: Sequence[int]) -> list[int]:
        """The changes that make the goal true on top of the `chosen` ones; what they do to variables of chosen changes does not count."""
        if not chosen:
            positions, values = self._columns.get(self._goal, (np.empty(0, np.int64), np.empty(0, np.int64)))
            if self.holds():
                return sorted(set(range(len(self._changes))) - set(positions[values == 0].tolist()))
            return [int(p) for p in positions[values != 0]]
        fixed: dict[ExprId, int] = {}
        for position in chosen:
            fixed = self._changed(self._changes[position], fixed)
        fixed = {node: value for node, value in fixed.items() if value != self._base[node]}
        # Of the nodes that the chosen ones leave alone the columns are right; the others depend on both.
        mixed: dict[ExprId, Vector] = {}
        variables = {v for position in chosen for v, _ in self._changes[position]}
        nodes = sorted(set[int]().union(*(self._touched_by(variable) for variable in variables)))
        leaves = {self._leaves[v] for v in variables if v in self._leaves}
        for node in nodes:
            if node in leaves:
                continue
            args = self._args[node]
            if not any(a in mixed or a in fixed for a in args):
                continue
            if not any(a in mixed or (a in self._columns and a not in leaves) for a in args):
                continue
            mixed[node] = self._vector(node, fixed, mixed, leaves)
        if self._goal in mixed:
            return [int(p) for p in np.flatnonzero(mixed[self._goal])]
        if self._goal in fixed:
            return list(range(len(self._changes))) if fixed[self._goal] else []
        return self.hits(())

    def _vector(
        self, node: ExprId, fixed: dict[ExprId, int], mixed: dict[ExprId, Vector], leaves: set[ExprId]
    ) -> Vector:
        count = len(self._changes)

        def of(operand: ExprId) -> Vector:
            if operand in mixed:
                return mixed[operand]
            full = np.full(count, fixed.get(operand, self._base[operand]), dtype=np.int64)
            if operand in self._columns and operand not in leaves and operand not in fixed:
                positions, values = self._columns[operand]
                full[positions] = values
            return full

        return _apply(self._ops[node], [of(a) for a in self._args[node]])

    def _scalar(self, op: Op, args: tuple[int, ...], values: "dict[ExprId, int] | _Layered") -> int:
        match op:
            case Op.AND:
                return int(all(values[a] for a in args))
            case Op.OR:
                return int(any(values[a] for a in args))
            case Op.ITE:
                return values[args[1] if values[args[0]] else args[2]]
            case Op.SELECT:
                return values[args[values[args[0]]]]
            case _:
                return apply(op, [values[a] for a in args])


class _Layered:
    """Values with some of them replaced."""

    def __init__(self, new: dict[ExprId, int], base: dict[ExprId, int]) -> None:
        self._new, self._base = new, base

    def __getitem__(self, node: ExprId) -> int:
        return self._new[node] if node in self._new else self._base[node]


def _apply(op: Op, operands: list[Vector]) -> Vector:
    """An operator entry by entry. Nothing fails: that was seen from the bounds."""
    result: Any
    match op:
        case Op.NOT:
            result = operands[0] == 0
        case Op.AND:
            result = np.logical_and.reduce([o != 0 for o in operands])
        case Op.OR:
            result = np.logical_or.reduce([o != 0 for o in operands])
        case Op.EQ:
            result = operands[0] == operands[1]
        case Op.LT:
            result = operands[0] < operands[1]
        case Op.LE:
            result = operands[0] <= operands[1]
        case Op.ADD:
            result = operands[0] + operands[1]
        case Op.SUB:
            result = operands[0] - operands[1]
        case Op.MUL:
            result = operands[0] * operands[1]
        case Op.DIV:
            result = operands[0] // operands[1]
        case Op.MIN:
            result = np.minimum(operands[0], operands[1])
        case Op.MAX:
            result = np.maximum(operands[0], operands[1])
        case Op.ITE:
            result = np.where(operands[0] != 0, operands[1], operands[2])
        case Op.SELECT:
            result = np.choose(operands[0] - 1, operands[1:]) if len(operands) <= 32 else _selected(operands)
        case Op.CONST | Op.VAR:
            raise AssertionError("leaves are not applied")
    return np.asarray(result, dtype=np.int64)


def _selected(operands: list[Vector]) -> Vector:
    """`np.choose` takes 32 options at most."""
    result: Vector = np.array([operands[int(i)][n] for n, i in enumerate(operands[0])], dtype=np.int64)
    return result
