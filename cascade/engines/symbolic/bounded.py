"""Denies a `Lasso` by a bound: no state waits for the goal longer than so much, so none does for ever.

With time, a fair run has infinitely many ticks. If `owed` (the trigger has held, the goal not since) never lasts longer than a number of ticks, there is no
lasso. Without time, a fair run has infinitely many *rounds*: one is over when each command that is owed has fired in it, or was not ready once; or it ends where none is ready.
That the wait is bounded is a question about safety, which the provers of `Reach` answer. Durations cost them nothing, so the number of ticks may be generous; of
rounds few are tried. (This is k-liveness, Claessen and Sörensson 2012.)

Commands that fire only finitely often stop at a moment that nobody knows: an event `settles down` may happen at any time, after which they are forbidden, and
only then ticks and rounds count. A run of a lasso is such a run. There are more of these, so what is shown of them is used only if it says that there is no lasso.
"""

from collections.abc import Iterator
from dataclasses import replace

from cascade.core.expressions import Expressions, ExprId, Op
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
from cascade.core.queries import Lasso, Reach, may_fail
from cascade.diagnostics.durations import exact_duration_text
from cascade.engines.explicit.fairness import with_owed

ROUNDS = (1, 3)
"""Numbers of rounds that are tried as bounds."""


def is_boundable(model: CoreModel, query: Lasso) -> bool:
    """Whether a bound says anything.

    With time, a stopped command that is owed keeps time from passing: without it a timelock could go unseen. Without time, rounds look at what is ready before
    it is known that looking does not fail.
    """
    can_fail = model.expressions.can_fail
    if may_fail(model.expressions, query):
        return False
    if model.is_timed:
        return not any(model.commands[index].owed for index in query.stopped)
    return not any(can_fail[c.guard] or can_fail[c.permit] for c in model.commands if c.owed)


def bounds(model: CoreModel, query: Lasso) -> Iterator[tuple[CoreModel, Reach, str]]:
    """Questions of which each, when it is denied, denies the lasso; and what is known then."""
    later = ", once what stops has stopped" if query.stopped else ""
    if model.is_timed:
        ticks = longest_wait(model)
        yield (
            *bounded(model, query, ticks),
            f"nothing waits longer than {exact_duration_text(ticks * model.tick_ms)}{later}",
        )
    else:
        for count in ROUNDS:
            rounds = "1 round" if count == 1 else f"{count} rounds"
            text = f"nothing waits longer than {rounds} in which all that is owed happens, or is once not ready{later}"
            yield *bounded_by_rounds(model, query, count), text


def longest_wait(model: CoreModel) -> int:
    """A number of ticks in which everything that has a time can happen once, one after the other."""
    return sum(clock.stop_ticks for clock in model.clocks) + 1


def bounded(model: CoreModel, query: Lasso, ticks: int) -> tuple[CoreModel, Reach]:
    """Can something be owed for more than `ticks`, in the end?"""
    growing = _Growing(model, query)
    clock = Clock(name="time that it is owed", runs_while=growing.counts, stop_ticks=ticks + 1)
    goal = growing.add(Op.CONST, 0)
    return growing.model(clock), Reach(goal=goal, clock=len(model.clocks), exceeds_ticks=ticks)


def bounded_by_rounds(model: CoreModel, query: Lasso, count: int) -> tuple[CoreModel, Reach]:
    """Can something be owed for more than so many rounds, in the end, or where nothing is ready?"""
    growing = _Growing(model, query)
    true, zero = growing.add(Op.CONST, 1), growing.add(Op.CONST, 0)
    over = growing.variable("round is over", 1)
    rounds = growing.variable("rounds", count + 1)
    is_over, number = growing.add(Op.VAR, over), growing.add(Op.VAR, rounds, high=count + 1)
    rests: list[ExprId] = [true]
    met: list[tuple[int, ExprId, ExprId]] = []
    for index, command in enumerate(growing.commands):
        if command.owed:
            variable = growing.variable(f"met {command.name}", 1)
            ready = growing.add(Op.AND, command.guard, command.permit)
            rests.append(growing.add(Op.NOT, ready))
            met.append((variable, growing.add(Op.OR, growing.add(Op.VAR, variable), rests[-1]), rests[-1]))
            updates = (*command.updates, Update(variable=variable, value=true))
            growing.commands[index] = replace(command, updates=updates)
    growing.settle(over, growing.add(Op.AND, growing.counts, *(is_met for _, is_met, _ in met), true))
    one = growing.add(Op.CONST, 1, is_bool=False)
    most = growing.add(Op.CONST, count + 1, is_bool=False, low=count + 1, high=count + 1)
    next_one = growing.add(Op.ADD, number, one, is_bool=False, low=1, high=count + 2)
    next_one = growing.add(Op.MIN, next_one, most, is_bool=False, low=1, high=count + 1)
    grown = growing.add(Op.ITE, is_over, next_one, number, is_bool=False, high=count + 1)
    growing.settle(rounds, growing.add(Op.ITE, growing.counts, grown, zero, is_bool=False, high=count + 1))
    for variable, is_met, rest in met:
        begun = growing.add(Op.ITE, is_over, rest, is_met)
        growing.settle(variable, growing.add(Op.AND, growing.counts, begun))
    is_late = growing.add(Op.EQ, number, most)
    may_stop = growing.add(Op.AND, growing.owed, *rests)
    goal = growing.add(Op.OR, is_late, may_stop)
    return growing.model(), Reach(goal=goal)


class _Growing:
    """A model that gets more expressions, variables and commands. `owed`: the trigger has held, the goal not since; `counts`: and all has settled down."""

    def __init__(self, model: CoreModel, query: Lasso) -> None:
        self._model = with_owed(model, query)
        self._variables = list(self._model.variables)
        self._settles = list(self._model.settles)
        self._nodes: list[tuple[Op, tuple[int, ...], bool, int, int]] = []
        self.commands = list(self._model.commands)
        self.owed: ExprId = len(model.expressions)
        self.counts = self.owed
        if query.stopped:
            self._settle_down(query)

    def _settle_down(self, query: Lasso) -> None:
        variable = self.variable("settled down", 1)
        is_calm = self.add(Op.VAR, variable)
        is_not_calm = self.add(Op.NOT, is_calm)
        true = self.add(Op.CONST, 1)
        self.counts = self.add(Op.AND, is_calm, self.owed)
        for index in sorted(query.stopped):
            command = self.commands[index]
            self.commands[index] = replace(command, permit=self.add(Op.AND, command.permit, is_not_calm))
        self.commands.append(
            Command(
                name="settles down",
                component="",
                command_class=CommandClass.EVENT,
                guard=is_not_calm,
                permit=true,
                updates=(Update(variable=variable, value=true),),
                owed=False,
            )
        )

    def variable(self, name: str, high: int) -> int:
        """A new variable, at first 0."""
        kind = VariableKind.BOOL if high == 1 else VariableKind.RANGE
        self._variables.append(
            Variable(name=name, component="", kind=kind, role=VariableRole.MONITOR, low=0, high=high, initial=(0,))
        )
        return len(self._variables) - 1

    def settle(self, variable: int, value: ExprId) -> None:
        """After every step, after all that settles so far."""
        self._settles.append(Settle(variable=variable, value=value))

    def add(self, op: Op, *args: int, is_bool: bool = True, low: int = 0, high: int = 1) -> ExprId:
        """A new expression with values in these bounds."""
        self._nodes.append((op, args, is_bool and high == 1, low, high))
        return len(self._model.expressions) + len(self._nodes) - 1

    def model(self, *clocks: Clock) -> CoreModel:
        """All of it, and more clocks."""
        table = self._model.expressions
        can_fail = list(table.can_fail)
        for op, args, *_ in self._nodes:
            can_fail.append(op not in (Op.CONST, Op.VAR) and any(can_fail[arg] for arg in args))
        expressions = Expressions(
            ops=(*table.ops, *(op for op, *_ in self._nodes)),
            args=(*table.args, *(args for _, args, *_ in self._nodes)),
            is_bool=(*table.is_bool, *(is_bool for _, _, is_bool, _, _ in self._nodes)),
            low=(*table.low, *(low for *_, low, _ in self._nodes)),
            high=(*table.high, *(high for *_, high in self._nodes)),
            can_fail=tuple(can_fail),
            spans=table.spans,
        )
        return replace(
            self._model,
            expressions=expressions,
            variables=tuple(self._variables),
            settles=tuple(self._settles),
            commands=tuple(self.commands),
            clocks=(*self._model.clocks, *clocks),
        )
