"""Makes expressions: hash-consing, constant folding, bounds. The only place that creates nodes.

Folding keeps laziness: an operand that could fail is dropped only where evaluation would not have reached it.
"""

import copy

from cascade.core.expressions import BOOLEAN_OPS, Expressions, ExprId, Op
from cascade.source import Span


class ExpressionBuilder:
    """A growing table of expressions. Equal nodes get the same id; see `cascade.core.expressions` for the grammar."""

    def __init__(self) -> None:
        self._ids: dict[tuple[Op, tuple[object, ...]], ExprId] = {}
        self.ops: list[Op] = []
        self.args: list[tuple[int, ...]] = []
        self.is_bool: list[bool] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.can_fail: list[bool] = []
        self.spans: dict[ExprId, Span] = {}
        self.true = self.const(1, is_bool=True)
        self.false = self.const(0, is_bool=True)

    # --- leaves ---

    def const(self, value: int, *, is_bool: bool = False) -> ExprId:
        """The constant `value`; the booleans 0 and 1 are other nodes than the integers 0 and 1."""
        return self._add(Op.CONST, (value,), is_bool=is_bool, low=value, high=value, key=(value, int(is_bool)))

    def variable(self, index: int, *, low: int, high: int, is_bool: bool) -> ExprId:
        """The value of the variable with this index and these bounds."""
        expr = self._add(Op.VAR, (index,), is_bool=is_bool, low=low, high=high)
        known = (self.low[expr], self.high[expr], self.is_bool[expr])
        assert known == (low, high, is_bool), "a variable has the same bounds wherever it is read"
        return expr

    def copy(self) -> "ExpressionBuilder":
        """A builder that starts with the same expressions and grows by itself."""
        other = copy.copy(self)
        for name, table in vars(self).items():
            if isinstance(table, list | dict):
                setattr(other, name, table.copy())  # one level: what the tables hold never changes
        return other

    def value(self, expr: ExprId) -> int | None:
        """The value of a constant expression, else None."""
        return self.args[expr][0] if self.ops[expr] is Op.CONST else None

    # --- booleans ---

    def not_(self, a: ExprId) -> ExprId:
        """Negation."""
        value = self.value(a)
        if value is not None:
            return self.false if value else self.true
        if self.ops[a] is Op.NOT:
            return self.args[a][0]
        return self._add(Op.NOT, (a,), low=0, high=1)

    def and_(self, *operands: ExprId) -> ExprId:
        """Conjunction, evaluated from left to right."""
        return self._junction(Op.AND, operands, neutral=self.true, absorbing=self.false)

    def or_(self, *operands: ExprId) -> ExprId:
        """Disjunction, evaluated from left to right."""
        return self._junction(Op.OR, operands, neutral=self.false, absorbing=self.true)

    def _junction(self, op: Op, operands: tuple[ExprId, ...], *, neutral: ExprId, absorbing: ExprId) -> ExprId:
        flat: list[ExprId] = []
        seen: set[ExprId] = set()
        for operand in operands:
            for part in self.args[operand] if self.ops[operand] is op else (operand,):
                if part == neutral or part in seen:
                    continue
                seen.add(part)
                flat.append(part)
                if part == absorbing:
                    break
            if flat and flat[-1] == absorbing:
                break
        if flat and flat[-1] == absorbing and not any(self.can_fail[p] for p in flat):
            return absorbing
        if not flat:
            return neutral
        if len(flat) == 1:
            return flat[0]
        return self._add(op, tuple(flat), low=0, high=1)

    # --- comparisons ---

    def eq(self, a: ExprId, b: ExprId) -> ExprId:
        """Equality; the smaller id first, since both sides are always evaluated."""
        if a == b and not self.can_fail[a]:
            return self.true
        if self._disjoint(a, b) and not (self.can_fail[a] or self.can_fail[b]):
            return self.false
        if self.is_bool[a] and self.is_bool[b]:
            for one, other in ((a, b), (b, a)):
                if one == self.true:
                    return other
                if one == self.false:
                    return self.not_(other)
        return self._add(Op.EQ, (min(a, b), max(a, b)), low=0, high=1)

    def lt(self, a: ExprId, b: ExprId) -> ExprId:
        """a < b."""
        if not (self.can_fail[a] or self.can_fail[b]):
            if self.high[a] < self.low[b]:
                return self.true
            if self.low[a] >= self.high[b] or a == b:
                return self.false
        return self._add(Op.LT, (a, b), low=0, high=1)

    def le(self, a: ExprId, b: ExprId) -> ExprId:
        """a <= b."""
        if not (self.can_fail[a] or self.can_fail[b]):
            if self.high[a] <= self.low[b] or a == b:
                return self.true
            if self.low[a] > self.high[b]:
                return self.false
        return self._add(Op.LE, (a, b), low=0, high=1)

    def _disjoint(self, a: ExprId, b: ExprId) -> bool:
        return self.high[a] < self.low[b] or self.high[b] < self.low[a]

    # --- integers ---

    def add(self, a: ExprId, b: ExprId) -> ExprId:
        """a + b."""
        if self.value(a) == 0:
            return b
        if self.value(b) == 0:
            return a
        return self._arithmetic(Op.ADD, a, b, (self.low[a] + self.low[b], self.high[a] + self.high[b]))

    def sub(self, a: ExprId, b: ExprId) -> ExprId:
        """a - b."""
        if self.value(b) == 0:
            return a
        return self._arithmetic(Op.SUB, a, b, (self.low[a] - self.high[b], self.high[a] - self.low[b]))

    def mul(self, a: ExprId, b: ExprId) -> ExprId:
        """a * b."""
        if self.value(a) == 1:
            return b
        if self.value(b) == 1:
            return a
        corners = [x * y for x in (self.low[a], self.high[a]) for y in (self.low[b], self.high[b])]
        return self._arithmetic(Op.MUL, a, b, (min(corners), max(corners)))

    def div(self, a: ExprId, b: ExprId, span: Span | None = None) -> ExprId:
        """a / b rounded down; fails where b is 0, so a constant 0 stays a node that fails when it is evaluated."""
        if self.value(b) == 1:
            return a
        divisors = [d for d in (self.low[b], self.high[b], -1, 1) if self.low[b] <= d <= self.high[b] and d != 0]
        corners = [x // d for x in (self.low[a], self.high[a]) for d in divisors] or [0]
        fails = self.low[b] <= 0 <= self.high[b]
        if not fails and self.value(a) is not None and self.value(b) is not None:
            return self.const(corners[0])
        return self._add(Op.DIV, (a, b), low=min(corners), high=max(corners), fails=fails, span=span)

    def min(self, a: ExprId, b: ExprId) -> ExprId:
        """The smaller of both."""
        bounds = min(self.low[a], self.low[b]), min(self.high[a], self.high[b])
        return a if a == b else self._arithmetic(Op.MIN, a, b, bounds)

    def max(self, a: ExprId, b: ExprId) -> ExprId:
        """The larger of both."""
        bounds = max(self.low[a], self.low[b]), max(self.high[a], self.high[b])
        return a if a == b else self._arithmetic(Op.MAX, a, b, bounds)

    def _arithmetic(self, op: Op, a: ExprId, b: ExprId, bounds: tuple[int, int]) -> ExprId:
        if self.value(a) is not None and self.value(b) is not None:
            assert bounds[0] == bounds[1], "constants have exact bounds"
            return self.const(bounds[0])
        return self._add(op, (a, b), low=bounds[0], high=bounds[1])

    # --- choices ---

    def ite(self, condition: ExprId, then: ExprId, otherwise: ExprId) -> ExprId:
        """`then` where the condition holds, else `otherwise`."""
        value = self.value(condition)
        if value is not None:
            return then if value else otherwise
        if then == otherwise and not self.can_fail[condition]:
            return then
        is_bool = self.is_bool[then] and self.is_bool[otherwise]
        if is_bool and (then, otherwise) == (self.true, self.false):
            return condition
        if is_bool and (then, otherwise) == (self.false, self.true):
            return self.not_(condition)
        low = min(self.low[then], self.low[otherwise])
        high = max(self.high[then], self.high[otherwise])
        return self._add(Op.ITE, (condition, then, otherwise), is_bool=is_bool, low=low, high=high)

    def select(self, index: ExprId, options: tuple[ExprId, ...], span: Span | None = None) -> ExprId:
        """Option number `index`, from 1; fails where there is none."""
        value = self.value(index)
        if value is not None and 1 <= value <= len(options):
            return options[value - 1]
        fails = not (self.low[index] >= 1 and self.high[index] <= len(options))
        if not fails and not self.can_fail[index] and len(set(options)) == 1:
            return options[0]
        reached = options[max(self.low[index] - 1, 0) : max(self.high[index], 0)] or options
        return self._add(
            Op.SELECT,
            (index, *options),
            is_bool=all(self.is_bool[o] for o in options),
            low=min(self.low[o] for o in reached),
            high=max(self.high[o] for o in reached),
            fails=fails,
            span=span,
        )

    # --- substitution and closing ---

    def substitute(self, root: ExprId, replacement: dict[int, ExprId]) -> ExprId:
        """`root` with each variable in `replacement` (by index) replaced, all at once.

        Bounds of variables have been folded into nodes, so what takes the place of one must keep them, and not fail.
        """
        memo: dict[ExprId, ExprId] = {}
        for expr in reachable(self.ops, self.args, (root,)):
            op, args = self.ops[expr], self.args[expr]
            if op is Op.VAR:
                memo[expr] = replacement.get(args[0], expr)
            elif op is Op.CONST:
                memo[expr] = expr
            else:
                memo[expr] = self.rebuild(expr, tuple(memo[a] for a in args))
        return memo[root]

    def rebuild(self, expr: ExprId, args: tuple[ExprId, ...]) -> ExprId:
        """The node `expr` with other operands, simplified again."""
        op = self.ops[expr]
        if args == self.args[expr]:
            return expr
        span = self.spans.get(expr)
        match op:
            case Op.NOT:
                return self.not_(args[0])
            case Op.AND:
                return self.and_(*args)
            case Op.OR:
                return self.or_(*args)
            case Op.ITE:
                return self.ite(*args)
            case Op.SELECT:
                return self.select(args[0], args[1:], span)
            case Op.DIV:
                return self.div(args[0], args[1], span)
            case Op.EQ | Op.LT | Op.LE | Op.ADD | Op.SUB | Op.MUL | Op.MIN | Op.MAX:
                binary = {
                    Op.EQ: self.eq,
                    Op.LT: self.lt,
                    Op.LE: self.le,
                    Op.ADD: self.add,
                    Op.SUB: self.sub,
                    Op.MUL: self.mul,
                    Op.MIN: self.min,
                    Op.MAX: self.max,
                }[op]
                return binary(args[0], args[1])
            case Op.CONST | Op.VAR:
                raise AssertionError("leaves have no operands to replace")

    def close(self, roots: tuple[ExprId, ...]) -> tuple[Expressions, dict[ExprId, ExprId]]:
        """The table of what `roots` need, and the new id of each expression in it. Order is kept."""
        order = reachable(self.ops, self.args, roots)
        new: dict[ExprId, ExprId] = {old: i for i, old in enumerate(order)}
        leaves = (Op.CONST, Op.VAR)
        return Expressions(
            ops=tuple(self.ops[e] for e in order),
            args=tuple(self.args[e] if self.ops[e] in leaves else tuple(new[a] for a in self.args[e]) for e in order),
            is_bool=tuple(self.is_bool[e] for e in order),
            low=tuple(self.low[e] for e in order),
            high=tuple(self.high[e] for e in order),
            can_fail=tuple(self.can_fail[e] for e in order),
            spans={new[e]: self.spans[e] for e in order if e in self.spans},
        ), new

    def _add(
        self,
        op: Op,
        args: tuple[int, ...],
        *,
        is_bool: bool | None = None,
        low: int,
        high: int,
        fails: bool = False,
        span: Span | None = None,
        key: tuple[object, ...] | None = None,
    ) -> ExprId:
        key = key or args
        if fails and span is not None:
            key = (*key, span.source.name, span.start)  # what may fail in several places says in which it did
        found = self._ids.get((op, key))
        if found is not None:
            return found
        expr = len(self.ops)
        self._ids[op, key] = expr
        self.ops.append(op)
        self.args.append(args)
        self.is_bool.append(op in BOOLEAN_OPS if is_bool is None else is_bool)
        self.low.append(low)
        self.high.append(high)
        operands = () if op in (Op.CONST, Op.VAR) else args
        self.can_fail.append(fails or any(self.can_fail[a] for a in operands))
        if fails and span is not None:
            self.spans[expr] = span
        return expr


def reachable(
    ops: "list[Op] | tuple[Op, ...]",
    args: "list[tuple[int, ...]] | tuple[tuple[int, ...], ...]",
    roots: tuple[int, ...],
) -> list[ExprId]:
    """All expressions that `roots` are made of, operands before their users."""
    seen: set[ExprId] = set()
    stack = list(roots)
    while stack:
        expr = stack.pop()
        if expr in seen:
            continue
        seen.add(expr)
        if ops[expr] not in (Op.CONST, Op.VAR):
            stack.extend(a for a in args[expr] if a not in seen)
    return sorted(seen)
