"""Expressions as text of another language, lazy as the original and linear in its size.

What would be written twice gets a name, so sharing never multiplies the text; what may fail is evaluated only where it is asked for.
"""

import re
from collections import Counter
from collections.abc import Mapping

from cascade.core.build import reachable
from cascade.core.expressions import BOOLEAN_OPS, Expressions, ExprId, Op
from cascade.core.model import Command, CoreModel
from cascade.core.queries import Reach
from cascade.records import dataclass

DEPTH_MAX = 16
"""Operators that are nested in one text; deeper ones get a name."""

_NAME_LENGTH_MAX = 40
_LEAVES = (Op.CONST, Op.VAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a language writes operators.

    `no_number` and `no_truth` stop the tool: an index fits no member. `has_booleans`: truth values are no integers there. Without `divide`, each division has to be a function.
    """

    and_: str
    or_: str
    not_: str
    equal: str
    choice: str
    divide: str
    true: str
    false: str
    no_number: str
    no_truth: str
    has_booleans: bool


_NO_MEMBER = 'fail("index outside the group")'

PROMELA = Dialect(
    and_=" && ",
    or_=" || ",
    not_="!",
    equal="==",
    choice="({} -> {} : {})",
    divide="",
    true="true",
    false="false",
    no_number=f"c_expr {{ ({_NO_MEMBER}) }}",
    no_truth=f"c_expr {{ ({_NO_MEMBER}) }}",
    has_booleans=False,
)
C = Dialect(
    and_=" && ",
    or_=" || ",
    not_="!",
    equal="==",
    choice="({} ? {} : {})",
    divide="floor_div({}, {})",
    true="1",
    false="0",
    no_number=_NO_MEMBER,
    no_truth=_NO_MEMBER,
    has_booleans=False,
)
MURPHI = Dialect(
    and_=" & ",
    or_=" | ",
    not_="!",
    equal="=",
    choice="({} ? {} : {})",
    divide="floor_div({}, {})",
    true="true",
    false="false",
    no_number="no_number()",
    no_truth="no_truth()",
    has_booleans=True,
)

_COMPARISONS = {Op.LT: "<", Op.LE: "<="}
_ARITHMETIC = {Op.ADD: "+", Op.SUB: "-", Op.MUL: "*"}


def identifier(prefix: str, index: int, name: str = "") -> str:
    """A name that no other thing has and no language reserves."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:_NAME_LENGTH_MAX].rstrip("_")
    return f"{prefix}{index}_{readable}" if readable else f"{prefix}{index}"


def comment(text: str) -> str:
    """Text that is safe inside a comment or a string of either language."""
    return re.sub(r"[^ -~]|[\"\\*/]", "?", text)


def roots(model: CoreModel) -> list[ExprId]:
    """The expressions that an exported model consists of, each as often as it is written."""
    found = [settle.value for settle in model.settles for _ in range(2)]
    for clock in model.clocks:
        found += [clock.runs_while] * 2
    for command in model.commands:
        found += [command.guard, command.permit] * (2 if command.owed else 1)
        found += [update.value for update in command.updates]
    return found


def query_roots(query: Reach) -> list[ExprId]:
    """The expressions of the question."""
    return [query.goal]


class Sharing:
    """Which expressions become functions, and which become local constants inside of them.

    A function holds one of the written expressions (`roots`), or one that may fail and therefore must wait until it is asked for. Functions
    of the first kind are called by no other function: what they share, each computes once, in local constants. So neither the text
    nor the time of evaluation grows with the number of paths through shared expressions. (Tools may copy a function for each call of it.)
    """

    def __init__(self, table: Expressions, written: list[ExprId], *, has_division: bool) -> None:
        self._table = table
        self.lazy: tuple[ExprId, ...] = ()
        order = reachable(table.ops, table.args, tuple(written))
        uses = Counter(written)
        for expr in order:
            self._count_operands(expr, uses)
        self.lazy = tuple(
            e
            for e in order
            if (table.ops[e] is Op.DIV and not has_division)
            or (table.can_fail[e] and uses[e] > 1 and not self._is_small(e))
        )
        times = Counter(written)
        self.roots = tuple(
            expr
            for expr in sorted(times)
            if expr not in self.lazy and not self._is_small(expr) and (times[expr] > 1 or self.locals_of(expr))
        )

    @property
    def functions(self) -> tuple[ExprId, ...]:
        """All functions, those that others may call first."""
        return (*self.lazy, *self.roots)

    def locals_of(self, expr: ExprId) -> tuple[ExprId, ...]:
        """The local constants of a function for `expr`, operands before their users."""
        table, lazy = self._table, frozenset(self.lazy)
        inside: set[ExprId] = set()
        stack = [expr]
        while stack:
            one = stack.pop()
            if one not in inside and (one not in lazy or one == expr):
                inside.add(one)
                stack.extend(() if table.ops[one] in _LEAVES else table.args[one])
        uses: Counter[ExprId] = Counter()
        for one in inside:
            self._count_operands(one, uses)
        found: list[ExprId] = []
        depth: dict[ExprId, int] = {}
        for one in sorted(inside):
            if table.ops[one] in _LEAVES:
                continue
            depth[one] = 1 + max(depth.get(arg, 0) for arg in table.args[one])
            is_shared = uses[one] > 1 and not self._is_small(one)
            if one != expr and not table.can_fail[one] and (is_shared or depth[one] > DEPTH_MAX):
                found.append(one)
                depth[one] = 0
        return tuple(found)

    def _is_small(self, expr: ExprId) -> bool:
        """Whether it is as short as a name."""
        ops, args = self._table.ops, self._table.args[expr]
        return ops[expr] in _LEAVES or (len(args) <= 2 and all(ops[arg] in _LEAVES for arg in args))

    def _count_operands(self, expr: ExprId, uses: "Counter[ExprId]") -> None:
        """Add how often each operand is written where `expr` is written."""
        op, args = self._table.ops[expr], self._table.args[expr]
        if op in _LEAVES:
            return
        for position, arg in enumerate(args):
            uses[arg] += 2 if op in (Op.MIN, Op.MAX) else len(args) if op is Op.SELECT and position == 0 else 1


class Printer:
    """Writes expressions in one dialect. `names` has the text of what is not spelled out: a function's call, a local constant."""

    def __init__(self, table: Expressions, dialect: Dialect, variables: list[str], names: Mapping[ExprId, str]) -> None:
        self._table = table
        self._dialect = dialect
        self._variables = variables
        self._names = names

    def is_truth(self, expr: ExprId) -> bool:
        """Whether the expression is written as a truth value, where these are no integers."""
        op = self._table.ops[expr]
        return op in BOOLEAN_OPS or (op in (Op.ITE, Op.SELECT) and self._table.is_bool[expr])

    def truth(self, expr: ExprId, *, define: bool = False) -> str:
        """The expression where a truth value is needed; `define` spells out what has a name."""
        table, dialect = self._table, self._dialect
        if table.ops[expr] is Op.CONST:
            return dialect.true if table.args[expr][0] else dialect.false
        text = self._text(expr, define=define)
        return text if self.is_truth(expr) or not dialect.has_booleans else f"({text} != 0)"

    def number(self, expr: ExprId, *, define: bool = False) -> str:
        """The expression where an integer is needed."""
        text = self._text(expr, define=define)
        return f"({text} ? 1 : 0)" if self._dialect.has_booleans and self.is_truth(expr) else text

    def either(self, expr: ExprId, *, as_truth: bool, define: bool = False) -> str:
        """The expression as a truth value or as an integer."""
        return self.truth(expr, define=define) if as_truth else self.number(expr, define=define)

    def _select(self, expr: ExprId) -> str:
        """Nested choices; at their end an error, if the index may fit no option."""
        table, dialect = self._table, self._dialect
        args, as_truth = table.args[expr], self.is_truth(expr)
        index = self.number(args[0])
        options = [self.either(option, as_truth=as_truth) for option in args[1:]]
        if table.low[args[0]] < 1 or table.high[args[0]] > len(options):
            options.append(dialect.no_truth if as_truth else dialect.no_number)
        text = options[-1]
        for number, option in reversed(list(enumerate(options[:-1], start=1))):
            text = dialect.choice.format(f"({index} {dialect.equal} {number})", option, text)
        return text

    def _text(self, expr: ExprId, *, define: bool) -> str:
        """Every compound text is in parentheses: no language's precedence matters."""
        table, dialect = self._table, self._dialect
        if expr in self._names and not define:
            return self._names[expr]
        op, args = table.ops[expr], table.args[expr]
        match op:
            case Op.CONST:
                return str(args[0]) if args[0] >= 0 else f"({args[0]})"
            case Op.VAR:
                return self._variables[args[0]]
            case Op.NOT:
                return f"({dialect.not_}{self.truth(args[0])})"
            case Op.AND | Op.OR:
                return f"({(dialect.and_ if op is Op.AND else dialect.or_).join(self.truth(a) for a in args)})"
            case Op.ITE:
                as_truth = self.is_truth(expr)
                chosen = (self.either(a, as_truth=as_truth) for a in args[1:])
                return dialect.choice.format(self.truth(args[0]), *chosen)
            case Op.SELECT:
                return self._select(expr)
            case _:
                return self._binary(op, self.number(args[0]), self.number(args[1]))

    def _binary(self, op: Op, a: str, b: str) -> str:
        match op:
            case Op.EQ:
                return f"({a} {self._dialect.equal} {b})"
            case Op.LT | Op.LE:
                return f"({a} {_COMPARISONS[op]} {b})"
            case Op.ADD | Op.SUB | Op.MUL:
                return f"({a} {_ARITHMETIC[op]} {b})"
            case Op.DIV:
                assert self._dialect.divide, "a division is always a function"
                return self._dialect.divide.format(a, b)
            case Op.MIN:
                return self._dialect.choice.format(f"({a} < {b})", a, b)
            case Op.MAX:
                return self._dialect.choice.format(f"({a} < {b})", b, a)
            case _:
                raise AssertionError(f"{op.name} is no binary operator")


class Effects:
    """What has to be looked at after a command: settles and clocks that read, directly or not, what the command writes.

    All others keep their values: settling is idempotent, so a settle that reads nothing new gives what it gave; and a clock whose condition
    reads nothing new runs as before, or stands at 0 already. What may fail is always evaluated.
    """

    def __init__(self, model: CoreModel) -> None:
        self._model = model
        table = model.expressions
        self._reads: list[int] = []
        for op, args in zip(table.ops, table.args, strict=True):
            mask = 1 << args[0] if op is Op.VAR else 0
            if op not in _LEAVES:
                for arg in args:
                    mask |= self._reads[arg]
            self._reads.append(mask)
        # The argument above needs that each settle has the last word on its variable.
        self._settles_all = len({settle.variable for settle in model.settles}) < len(model.settles)

    def reads(self, expr: ExprId, variable: int) -> bool:
        """Whether the value of `expr` may depend on `variable`."""
        return bool(self._reads[expr] >> variable & 1)

    def of(self, command: Command) -> tuple[list[int], list[int]]:
        """Indices of the settles and of the clocks, in order."""
        model, can_fail = self._model, self._model.expressions.can_fail
        written = sum({1 << update.variable for update in command.updates})
        settles: list[int] = []
        for index, settle in enumerate(model.settles):
            touched = (self._reads[settle.value] | 1 << settle.variable) & written
            if touched or can_fail[settle.value] or self._settles_all:
                settles.append(index)
                written |= 1 << settle.variable
        clocks = [
            index
            for index, clock in enumerate(model.clocks)
            if index == command.clock or self._reads[clock.runs_while] & written or can_fail[clock.runs_while]
        ]
        return settles, clocks
