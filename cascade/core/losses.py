"""`while redundancy holds`: which components are lost, and which faults may still fire.

A component is lost from the moment one of its faults fires until every variable that its faults write is back at its initial value. A fault may fire only
if afterwards every group has lost at most `N - K` members; a part of a member counts for the member; a fault outside every group may not fire.
"""

from cascade.checked.model import Class, Command, Group, System
from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.core.model import Settle, Update, Variable, VariableKind, VariableRole


class Losses:
    """Adds a loss to the model for each component that has faults and is in a group, and constrains faults by them."""

    def __init__(
        self, system: System, builder: ExpressionBuilder, variables: list[Variable], settles: list[Settle]
    ) -> None:
        self._system = system
        self._builder = builder
        self._variables = variables
        self._settles = settles
        self._groups_of: dict[str, list[tuple[Group, str]]] = {}  # with the member that the component belongs to
        self._parts_of: dict[str, list[str]] = {}  # members of groups, with themselves and all their parts
        parents = {c.name: c.parent for c in system.components}
        groups = {member: group for group in system.groups for member in group.members}
        for component in parents:
            chain: str | None = component
            while chain is not None:
                if chain in groups:
                    self._groups_of.setdefault(component, []).append((groups[chain], chain))
                    self._parts_of.setdefault(chain, []).append(component)
                chain = parents[chain]
        self._written: dict[str, tuple[int, ...]] = {}
        for command in system.commands:
            if command.command_class is Class.FAULT and command.component in self._groups_of:
                known = self._written.get(command.component, ())
                new = tuple(u.variable for u in command.updates)
                self._written[command.component] = tuple(sorted({*known, *new}))
        self._initial: dict[int, ExprId] = {}
        self._lost: dict[str, tuple[int, ExprId]] = {c: self._add_loss(c) for c in self._written}
        self._counts = {group.name: self._count(group) for group in system.groups}
        self._position = {member: i for group in system.groups for i, member in enumerate(group.members)}

    def constrain(self, command: Command, permits: list[ExprId], updates: list[Update]) -> bool:
        """Add to a command's permit and updates; False if it is a fault that may not fire at all."""
        if command.command_class is not Class.FAULT:
            return True
        if command.component not in self._groups_of:
            return False
        after = {u.variable: u.value for u in updates}
        updates.append(Update(variable=self._lost[command.component][0], value=self._builder.true))
        for group, member in self._groups_of[command.component]:
            total = self._lost_after(group, member, command, after)
            permits.append(self._builder.le(total, self._builder.const(len(group.members) - group.needs)))
        return True

    def _count(self, group: Group) -> list[list[ExprId]]:
        """How many members are lost now: one for each member, then sums of pairs of those, and so on."""
        levels = [[self._one_if(self._member_lost(member)) for member in group.members]]
        while len(levels[-1]) > 1:
            last = levels[-1]
            levels.append([self._sum(last[i : i + 2]) for i in range(0, len(last), 2)])
        return levels

    def _lost_after(self, group: Group, member: str, command: Command, after: dict[int, ExprId]) -> ExprId:
        """How many members are lost once `command`, a fault of `member`, has fired; only its own sums differ from those of now."""
        position = self._position[member]
        total = self._one_if(self._member_lost_after(member, command, after))
        for level in self._counts[group.name][:-1]:
            pair = level[position - position % 2 : position - position % 2 + 2]
            pair[position % 2] = total
            total = self._sum(pair)
            position //= 2
        return total

    def _one_if(self, condition: ExprId) -> ExprId:
        return self._builder.ite(condition, self._builder.const(1), self._builder.const(0))

    def _sum(self, pair: list[ExprId]) -> ExprId:
        return pair[0] if len(pair) == 1 else self._builder.add(pair[0], pair[1])

    def _member_lost(self, member: str) -> ExprId:
        """Whether `member` or a part of it is lost."""
        return self._builder.or_(*[self._lost[c][1] for c in self._parts_of[member] if c in self._lost])

    def _add_loss(self, component: str) -> tuple[int, ExprId]:
        index = len(self._variables)
        name = f"{component} is lost"
        self._variables.append(
            Variable(
                name=name,
                component=component,
                kind=VariableKind.BOOL,
                role=VariableRole.LOSS,
                low=0,
                high=1,
                initial=(0,),
            )
        )
        lost = self._builder.variable(index, low=0, high=1, is_bool=True)
        value = self._builder.and_(lost, self._away(component, {}))
        self._settles.append(Settle(variable=index, value=value))
        return index, lost

    def _member_lost_after(self, member: str, command: Command, after: dict[int, ExprId]) -> ExprId:
        """Whether `member` or a part of it is lost once `command` has fired."""
        results = []
        for component in self._parts_of[member]:
            if component not in self._lost:
                continue
            lost = self._lost[component][1]
            is_struck = component == command.component
            touched = any(v in after for v in self._written[component])
            away = self._away(component, after) if is_struck or touched else self._builder.true
            results.append(away if is_struck else self._builder.and_(lost, away))
        return self._builder.or_(*results)

    def _away(self, component: str, after: dict[int, ExprId]) -> ExprId:
        """Whether some variable that the component's faults write is not at its initial value, given new values."""
        builder = self._builder
        return builder.or_(
            *[
                builder.not_(builder.eq(after.get(v, self._read(v)), self._initial_value(v)))
                for v in self._written[component]
            ]
        )

    def _read(self, variable: int) -> ExprId:
        v = self._variables[variable]
        return self._builder.variable(variable, low=v.low, high=v.high, is_bool=v.kind is VariableKind.BOOL)

    def _initial_value(self, variable: int) -> ExprId:
        """What the variable was at the start of the run: a constant, or (`= any`) a variable that keeps it."""
        v = self._variables[variable]
        is_bool = v.kind is VariableKind.BOOL
        if len(v.initial) == 1:
            return self._builder.const(v.initial[0], is_bool=is_bool)
        if variable not in self._initial:
            self._initial[variable] = self._remember(variable, v)
        return self._initial[variable]

    def _remember(self, variable: int, v: Variable) -> ExprId:
        """A copy of the initial value: it settles to the variable's value until the run has started."""
        builder = self._builder
        started = len(self._variables)
        for name, kind, low, high in (
            (f"{v.name} has started", VariableKind.BOOL, 0, 1),
            (f"{v.name} at the start", v.kind, v.low, v.high),
        ):
            self._variables.append(
                Variable(
                    name=name,
                    component=v.component,
                    kind=kind,
                    role=VariableRole.LOSS,
                    low=low,
                    high=high,
                    labels=v.labels if kind is v.kind else (),
                    initial=(low,),
                )
            )
        copy = builder.variable(started + 1, low=v.low, high=v.high, is_bool=v.kind is VariableKind.BOOL)
        has_started = builder.variable(started, low=0, high=1, is_bool=True)
        value = builder.ite(has_started, copy, self._read(variable))
        self._settles.append(Settle(variable=started + 1, value=value))
        self._settles.append(Settle(variable=started, value=builder.true))
        return copy
