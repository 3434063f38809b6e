"""Runs worth seeing although no outage comes of them: what one fault does, and how all becomes as it was.

Asked only where nothing worse is to be shown. One fault stands for all of its name in components of one type.
"""

from cascade.checked.model import FormulaKind, Kind
from cascade.core.expressions import ExprId
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.records import dataclass

SAMPLES_MAX = 4
STATES_MAX = 20_000
"""States for one sample: it is nice to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A run in which `fault` strikes. `is_over`: after it every variable is as at the start."""

    fault: str
    reply: Reply
    is_over: bool

    @property
    def followed_by(self) -> tuple[str, ...]:
        """The commands that fire beside the fault, each once, in their order."""
        run, commands = self.reply.run, self.reply.model.commands
        steps = () if run is None else run.steps
        return tuple(dict.fromkeys(commands[s].name for s in steps if s >= 0 and commands[s].name != self.fault))


def samples(inquiry: Inquiry) -> tuple[Sample, ...]:
    """A sample for each sort of fault, as far as a few states suffice."""
    types = {component.name: component.type_name for component in inquiry.system.components}
    sorts: dict[tuple[str, str], int] = {}
    for fault in sorted(inquiry.faults):
        command = inquiry.system.commands[fault]
        type_name = types.get(command.component) or command.component
        sorts.setdefault((type_name, command.name.removeprefix(command.component)), fault)
    found = (_sample(inquiry, fault) for fault in list(sorts.values())[:SAMPLES_MAX])
    return tuple(sample for sample in found if sample is not None)


def _sample(inquiry: Inquiry, fault: int) -> Sample | None:
    system = inquiry.system
    command = system.commands[fault]
    struck = [_is_as_at_first(inquiry, update.variable) for update in command.updates]
    everything = [_is_as_at_first(inquiry, i) for i, v in enumerate(system.variables) if not v.is_link]
    builder = system.builder
    strikes = builder.or_(*(builder.not_(e) for e in struck if e is not None))
    is_over = builder.and_(*(e for e in everything if e is not None))
    scope = Scope(faults=frozenset({fault}), fault_count_max=1, state_count_max=STATES_MAX)
    text = f"possible {command.name} strikes"
    reply = inquiry.ask(FormulaKind.POSSIBLE, (strikes, is_over), f"{text} then all is as at the start", scope)
    if reply.run is not None:
        return Sample(fault=command.name, reply=reply, is_over=True)
    reply = inquiry.ask(FormulaKind.POSSIBLE, (strikes,), text, scope)
    return None if reply.run is None else Sample(fault=command.name, reply=reply, is_over=False)


def _is_as_at_first(inquiry: Inquiry, index: int) -> ExprId | None:
    """The condition that a variable has its first value; None where it may start with several."""
    variable = inquiry.system.variables[index]
    if len(variable.initial) != 1:
        return None
    builder = inquiry.system.builder
    is_bool = variable.type.kind is Kind.BOOL
    value = builder.variable(index, low=variable.low, high=variable.high, is_bool=is_bool)
    if is_bool:
        return value if variable.initial[0] else builder.not_(value)
    return builder.eq(value, builder.const(variable.initial[0]))
