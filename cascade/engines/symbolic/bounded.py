"""Denies a `Lasso` by a bound: no state waits for the goal longer than some time, so none does for ever.

With time, a fair run has infinitely many ticks. If `owed` (the trigger has held, the goal not since) never lasts longer than a number of ticks, there is no
lasso. That is a question about safety, which the provers of `Reach` answer; durations cost them nothing, so the number may be generous. (The idea is that of
k-liveness, Claessen and Sörensson 2012, with ticks for what is counted.)

Commands that fire only finitely often stop at a moment that nobody knows: an event `settles down` may happen at any time, after which they are forbidden, and
only then time counts. A run of a lasso is such a run. There are more of these, so what is shown of them is used only if it says that there is no lasso.
"""

from dataclasses import replace

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import Clock, Command, CommandClass, CoreModel, Update, Variable, VariableKind, VariableRole
from cascade.core.queries import Lasso, Reach
from cascade.engines.explicit.fairness import with_owed

Node = tuple[Op, tuple[int, ...]]


def is_boundable(model: CoreModel, query: Lasso) -> bool:
    """Whether a bound says anything.

    A stopped command that is owed keeps time from passing: without it a timelock could go unseen.
    """
    can_fail = model.expressions.can_fail
    return (
        model.is_timed
        and not can_fail[query.trigger]
        and not can_fail[query.goal]
        and not any(model.commands[index].owed for index in query.stopped)
    )


def longest_wait(model: CoreModel) -> int:
    """A number of ticks in which everything that has a time can happen once, one after the other."""
    return sum(clock.stop_ticks for clock in model.clocks) + 1


def bounded(model: CoreModel, query: Lasso, ticks: int) -> tuple[CoreModel, Reach]:
    """Can something be owed for more than `ticks`, in the end?"""
    owing = with_owed(model, query)
    owed: ExprId = len(model.expressions)
    variables, commands = owing.variables, owing.commands
    first = len(owing.expressions)
    nodes: list[Node] = [(Op.CONST, (0,))]
    counts = owed
    if query.stopped:
        settled_down = len(variables)
        variables = (*variables, _flag("settled down"))
        is_calm, is_not_calm, counts = first + 1, first + 2, first + 3
        nodes += [(Op.VAR, (settled_down,)), (Op.NOT, (is_calm,)), (Op.AND, (is_calm, owed)), (Op.CONST, (1,))]
        true = first + 4
        changed = list(commands)
        for index in sorted(query.stopped):
            nodes.append((Op.AND, (commands[index].permit, is_not_calm)))
            changed[index] = replace(commands[index], permit=first + len(nodes) - 1)
        calm = Command(
            name="settles down",
            component="",
            command_class=CommandClass.EVENT,
            guard=is_not_calm,
            permit=true,
            updates=(Update(variable=settled_down, value=true),),
            owed=False,
        )
        commands = (*changed, calm)
    clock = Clock(name="time that it is owed", runs_while=counts, stop_ticks=ticks + 1)
    extended = replace(
        owing,
        expressions=_with_booleans(owing.expressions, nodes),
        variables=variables,
        commands=commands,
        clocks=(*owing.clocks, clock),
    )
    return extended, Reach(goal=first, clock=len(owing.clocks), exceeds_ticks=ticks)


def _flag(name: str) -> Variable:
    return Variable(
        name=name, component="", kind=VariableKind.BOOL, role=VariableRole.MONITOR, low=0, high=1, initial=(0,)
    )


def _with_booleans(table: Expressions, nodes: list[Node]) -> Expressions:
    """`table` with more expressions, all boolean; they can fail where what they are made of can."""
    can_fail = list(table.can_fail)
    for op, args in nodes:
        can_fail.append(op not in (Op.CONST, Op.VAR) and any(can_fail[arg] for arg in args))
    constants = [args[0] if op is Op.CONST else None for op, args in nodes]
    return Expressions(
        ops=(*table.ops, *(op for op, _ in nodes)),
        args=(*table.args, *(args for _, args in nodes)),
        is_bool=(*table.is_bool, *(True for _ in nodes)),
        low=(*table.low, *(0 if value is None else value for value in constants)),
        high=(*table.high, *(1 if value is None else value for value in constants)),
        can_fail=tuple(can_fail),
        spans=table.spans,
    )
