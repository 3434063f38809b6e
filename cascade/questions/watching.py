"""A system that also notices when an outage is over for good: for questions about outages that come back."""

from dataclasses import replace

from cascade.checked.model import BOOL, Class, Command, Outage, System, Timing, Update, Variable
from cascade.core.expressions import ExprId

NAME = "gone for long"


def watching(system: System, outage: Outage) -> tuple[System, ExprId]:
    """`system` with a variable that is true once `outage` has been gone for longer than any timing of the spec, until it is there again; and that variable.

    Without time the command that sets it is only weakly fair: it need not fire if the outage comes back again and again. Positions of all commands stay.
    """
    builder = system.builder.copy()  # lowering gives the same index to variables of checks
    index = len(system.variables)
    is_over = builder.variable(index, low=0, high=1, is_bool=True)
    variable = Variable(
        name=NAME, component="", type=BOOL, low=0, high=1, initial=(0,), is_link=False, span=outage.span
    )
    times = [max(c.timing.earliest_ms, c.timing.latest_ms or 0) for c in system.commands if c.timing is not None]
    timing = None
    if times:
        long_ms = max(times) + system.tick_ms
        timing = Timing(earliest_ms=long_ms, latest_ms=long_ms, span=outage.span)
    gone = _command(outage, "is over", builder.and_(builder.not_(is_over), builder.not_(outage.condition)))
    back = _command(outage, "is back", builder.and_(is_over, outage.condition))
    commands = (
        *system.commands,
        replace(gone, updates=(Update(variable=index, value=builder.true, span=outage.span),), timing=timing),
        replace(back, updates=(Update(variable=index, value=builder.false, span=outage.span),)),
    )
    return replace(system, builder=builder, variables=(*system.variables, variable), commands=commands), is_over


def _command(outage: Outage, name: str, guard: ExprId) -> Command:
    return Command(
        name=f"{outage.name} {name}",
        component="",
        command_class=Class.REACTION,
        kind="",
        text="",
        guard=guard,
        updates=(),
        timing=None,
        span=outage.span,
    )
