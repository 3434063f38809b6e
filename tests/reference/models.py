"""Small core models for tests of the reference interpreter, written by hand.

A formula is an integer, a truth value, the name of a variable, or a tuple of an operator's name and its operands:
`("and", "up", ("lt", "load", 3))`. Operators are those of `cascade.core.expressions`, in lower case.
"""

from cascade.core.expressions import BOOLEAN_OPS, Expressions, ExprId, Op
from cascade.core.model import (
    Clock,
    Command,
    CommandClass,
    CoreModel,
    Settle,
    Update,
    Variable,
    VariableKind,
    VariableRole,
)

Formula = int | str | tuple["Formula", ...]

FAULT = CommandClass.FAULT
REPAIR = CommandClass.REPAIR
REACTION = CommandClass.REACTION
OPERATOR = CommandClass.OPERATOR
EVENT = CommandClass.EVENT

VALUE_LIMIT = 10**9
"""The bounds of every expression, wide enough to be true: the reference interpreter does not read them."""


class ModelBuilder:
    """Collects variables, commands and formulas, then makes a core model of them."""

    def __init__(self, *, is_timed: bool = False) -> None:
        self.is_timed = is_timed
        self.variables: list[Variable] = []
        self.settles: list[Settle] = []
        self.clocks: list[Clock] = []
        self.commands: list[Command] = []
        self._nodes: dict[tuple[Op, tuple[int, ...]], ExprId] = {}

    def variable(self, name: str, high: int, *initial: int, low: int = 0) -> None:
        """A variable with values `low..high`; it starts in 0 unless initial values are given."""
        self.variables.append(
            Variable(
                name=name,
                component="",
                kind=VariableKind.RANGE,
                role=VariableRole.STATE,
                low=low,
                high=high,
                initial=initial or (0,),
            )
        )

    def settle(self, variable: str, value: Formula) -> None:
        """`variable := value` after every step."""
        self.settles.append(Settle(variable=self._index(variable), value=self.expr(value)))

    def clock(self, name: str, runs_while: Formula, stop_ticks: int) -> int:
        """A clock; returns its index."""
        self.clocks.append(Clock(name=name, runs_while=self.expr(runs_while), stop_ticks=stop_ticks))
        return len(self.clocks) - 1

    def command(
        self,
        command_class: CommandClass,
        name: str,
        guard: Formula,
        updates: dict[str, Formula],
        *,
        permit: Formula = True,
        after: tuple[int, int | None] | None = None,
        owed: bool | None = None,
    ) -> int:
        """A command; returns its index. With `after` it gets a clock that runs while it is enabled and permitted.

        Reactions and repairs are owed unless said otherwise.
        """
        clock = None
        if after is not None:
            clock = self.clock(name, ("and", guard, permit), after[0] if after[1] is None else after[1])
        self.commands.append(
            Command(
                name=name,
                component="",
                command_class=command_class,
                guard=self.expr(guard),
                permit=self.expr(permit),
                updates=tuple(
                    Update(variable=self._index(variable), value=self.expr(value))
                    for variable, value in updates.items()
                ),
                clock=clock,
                earliest_ticks=0 if after is None else after[0],
                latest_ticks=None if after is None else after[1],
                owed=command_class in (REACTION, REPAIR) if owed is None else owed,
            )
        )
        return len(self.commands) - 1

    def expr(self, formula: Formula) -> ExprId:
        """The index of a formula's node."""
        if isinstance(formula, str):
            return self.node(Op.VAR, (self._index(formula),))
        if isinstance(formula, int):
            return self.node(Op.CONST, (int(formula),))
        name, *operands = formula
        assert isinstance(name, str), "a tuple starts with an operator"
        return self.node(Op[name.upper()], tuple(self.expr(operand) for operand in operands))

    def model(self) -> CoreModel:
        """The model, with all formulas that were made so far."""
        nodes = list(self._nodes)
        can_fail: list[bool] = []
        for op, args in nodes:
            is_leaf = op in (Op.CONST, Op.VAR)
            can_fail.append(op in (Op.DIV, Op.SELECT) or (not is_leaf and any(can_fail[a] for a in args)))
        return CoreModel(
            expressions=Expressions(
                ops=tuple(op for op, _ in nodes),
                args=tuple(args for _, args in nodes),
                is_bool=tuple(op in BOOLEAN_OPS for op, _ in nodes),
                low=(-VALUE_LIMIT,) * len(nodes),
                high=(VALUE_LIMIT,) * len(nodes),
                can_fail=tuple(can_fail),
                spans={},
            ),
            variables=tuple(self.variables),
            settles=tuple(self.settles),
            clocks=tuple(self.clocks),
            commands=tuple(self.commands),
            is_timed=self.is_timed,
            tick_ms=1000,
        )

    def _index(self, name: str) -> int:
        return [variable.name for variable in self.variables].index(name)

    def node(self, op: Op, args: tuple[int, ...]) -> ExprId:
        """The index of a node; the same node has one index."""
        return self._nodes.setdefault((op, args), len(self._nodes))
