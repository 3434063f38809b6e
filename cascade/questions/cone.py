"""The cone of influence of an outage: which faults can matter for it at all.

A variable is in the cone when the outage reads it, or when a command that writes a variable of the cone reads it. A fault that writes no variable of the cone
takes no part in any minimal fault set: a run without its steps is a run of everything in the cone, since commands elsewhere can at most hold up time, and
never for ever (that would be a timelock, which is an error of the spec).
"""

from cascade.checked.model import Outage
from cascade.core.build import reachable
from cascade.core.expressions import ExprId, Op
from cascade.questions.inquiry import Inquiry


def faults_that_matter(inquiry: Inquiry, outage: Outage) -> frozenset[int]:
    """Faults that write a variable in the cone of `outage`."""
    return influencing(inquiry, (outage.condition,)) & inquiry.faults


def influencing(inquiry: Inquiry, conditions: tuple[ExprId, ...]) -> frozenset[int]:
    """Commands that write a variable in the cone of `conditions`."""
    system = inquiry.system
    writers: dict[int, list[int]] = {}
    for position, command in enumerate(system.commands):
        for update in command.updates:
            writers.setdefault(update.variable, []).append(position)
    cone: set[int] = set()
    seen: set[int] = set()
    pending = set[int]().union(*(_variables(inquiry, condition) for condition in conditions))
    while pending:
        variable = pending.pop()
        if variable in cone:
            continue
        cone.add(variable)
        for position in writers.get(variable, ()):
            if position in seen:
                continue
            seen.add(position)
            command = system.commands[position]
            for expression in (command.guard, *(u.value for u in command.updates)):
                pending |= _variables(inquiry, expression) - cone
    return frozenset(seen)


def _variables(inquiry: Inquiry, expression: ExprId) -> set[int]:
    builder = inquiry.system.builder
    nodes = reachable(builder.ops, builder.args, (expression,))
    return {builder.args[node][0] for node in nodes if builder.ops[node] is Op.VAR}
