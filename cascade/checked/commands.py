"""Commands of one component: loops, guards, updates, timing, and the repair that `lasts` adds."""

from cascade.checked import messages
from cascade.checked.construct import Constructor
from cascade.checked.describe import describe
from cascade.checked.instances import (
    UNKNOWN,
    Child,
    Choice,
    Entity,
    Group,
    GroupEntity,
    Instance,
    LetEntity,
    OutageEntity,
    Parameter,
    PortEntity,
    Scalar,
    Scope,
    StateVariable,
    Step,
    Unknown,
    Value,
)
from cascade.checked.model import DURATION, Class, Command, Kind, Timing, Update, ValueType
from cascade.core.expressions import ExprId
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree

_ENTITY_WORDS = {
    Parameter: "a param",
    LetEntity: "a derived value",
    PortEntity: "a port",
    Child: "a component",
    GroupEntity: "a group",
    OutageEntity: "an outage",
}


_TARGET_COST = 4
"""Evaluations that one more variable to write is worth."""


@dataclass(frozen=True, slots=True)
class Target:
    """One variable that an update may write: `entity` of `owner`, written when `condition` holds (None: always)."""

    owner: Instance
    entity: StateVariable
    condition: ExprId | None


@dataclass(frozen=True, slots=True)
class PlacedCommand:
    """A command and the steps of its path, by which clauses find it."""

    command: Command
    steps: tuple[Step, ...]


class CommandBuilder:
    """Makes the commands of instances."""

    def __init__(self, constructor: Constructor) -> None:
        self._evaluator = constructor.evaluator
        self._builder = constructor.builder
        self._variables = constructor.variables
        self._diagnostics = constructor.diagnostics

    def commands_of(self, instance: Instance) -> list[PlacedCommand]:
        """All commands declared in `instance`, in order, each followed by the one that undoes it."""
        result: list[PlacedCommand] = []
        seen: dict[str, Span] = {}
        for statement in instance.statements:
            if not isinstance(statement, tree.Command):
                continue
            name = statement.name
            if name.text in seen:
                self._diagnostics.add(messages.declared_twice(name.text, seen[name.text], name.span))
                continue
            seen[name.text] = name.span
            if statement.lasts is not None:
                ending = f"{name.text}_ends"
                if ending in seen:
                    self._diagnostics.add(messages.declared_twice(ending, seen[ending], statement.lasts.span))
                seen[ending] = statement.lasts.span
            for index, scope in self._loop(statement, instance):
                result.extend(self._command(statement, instance, scope, index))
        return result

    def _loop(self, statement: tree.Command, instance: Instance) -> list[tuple[int | None, Scope]]:
        scope = Scope(instance)
        if statement.loop is None:
            return [(None, scope)]
        group = self._evaluator.value(statement.loop.group, scope)
        if isinstance(group, Unknown):
            return []
        if not isinstance(group, Group):
            self._diagnostics.add(messages.wrong_type(statement.loop.group.span, "a group", describe(group)))
            return []
        variable = statement.loop.variable.text
        return [(i, scope.bind(variable, member)) for i, member in enumerate(group.members, start=1)]

    def _command(
        self, statement: tree.Command, instance: Instance, scope: Scope, index: int | None
    ) -> list[PlacedCommand]:
        command_class = Class(statement.command_class)
        guards: list[ExprId] = []
        if statement.guard is not None:
            guard = self._evaluator.boolean(statement.guard, scope)
            guards.append(self._builder.true if guard is None else guard)
        updates: dict[int, Update] = {}
        undo_guards: list[ExprId] = []
        undo_updates: dict[int, Update] = {}
        for node in statement.updates:
            targets = self._targets(node.target, instance, scope)
            if targets is None:
                continue
            if isinstance(node, tree.Arrow):
                self._arrow(node, targets, scope, guards, updates, undo_guards, undo_updates, lasts=statement.lasts)
            else:
                value = self._value(node.value, targets[0], scope)
                self._write(node, targets, value, updates)
        name = Step(statement.name.text, index)
        steps = (*instance.steps, name)
        kind = ""
        if command_class is Class.FAULT:
            kind = statement.kind.text if statement.kind is not None else statement.name.text
        elif statement.kind is not None:
            rule = "a kind classifies a fault; other commands are named by their class"
            self._diagnostics.add(messages.wrong_place(statement.kind.span, "a kind", rule))
        command = Command(
            name=".".join(step.text() for step in steps),
            component=instance.path,
            command_class=command_class,
            kind=kind,
            text=statement.text,
            guard=self._builder.and_(*guards),
            updates=tuple(updates.values()),
            timing=self._timing(statement, command_class, scope),
            span=statement.name.span,
        )
        placed = [PlacedCommand(command, steps)]
        has_arrow = any(isinstance(node, tree.Arrow) for node in statement.updates)
        if statement.lasts is not None and (undo_updates or not has_arrow):  # else the arrows' errors are reported
            undone = tuple(undo_guards), tuple(undo_updates.values())
            ending = self.undo(placed[0], statement.lasts, *undone, scope)
            placed.extend([ending] if ending is not None else [])
        return placed

    def undo(
        self,
        placed: PlacedCommand,
        lasts: tree.Lasts,
        guards: tuple[ExprId, ...],
        updates: tuple[Update, ...],
        scope: Scope,
    ) -> PlacedCommand | None:
        """`NAME_ends`, which ends a command after the time of `lasts`: a repair for a fault, else of the same class and owed."""
        command, last = placed.command, placed.steps[-1]
        steps = (*placed.steps[:-1], Step(f"{last.name}_ends", last.index))
        if not updates:
            self._diagnostics.add(messages.nothing_to_undo(lasts.span))
            return None
        shortest = self._duration(lasts.shortest, scope)
        longest = shortest if lasts.longest is None else self._duration(lasts.longest, scope)
        if shortest is None or longest is None:
            return None
        if longest < shortest:
            self._diagnostics.add(messages.impossible_timing(lasts.span, "the later time stands first"))
            return None
        is_fault = command.command_class is Class.FAULT
        ending = Command(
            name=".".join(step.text() for step in steps),
            component=command.component,
            command_class=Class.REPAIR if is_fault else command.command_class,
            kind="",
            text="",
            guard=self._builder.and_(*guards),
            updates=updates,
            timing=Timing(earliest_ms=shortest, latest_ms=longest, span=lasts.span),
            cut_checks=command.cut_checks,
            replaced_in=command.replaced_in,
            undoes=command.name,
            span=lasts.span,
        )
        return PlacedCommand(ending, steps)

    # --- timing ---

    def _timing(self, statement: tree.Command, command_class: Class, scope: Scope) -> Timing | None:
        timing = statement.timing
        if timing is None:
            return None
        if isinstance(timing, tree.Within):
            if command_class is Class.FAULT:
                self._diagnostics.add(messages.latest_on_fault(timing.span))
            latest = self._duration(timing.latest, scope)
            return None if latest is None else Timing(earliest_ms=0, latest_ms=latest, span=timing.span)
        earliest = self._duration(timing.earliest, scope)
        if earliest is None:
            return None
        if timing.latest is None:
            return Timing(earliest_ms=earliest, latest_ms=None, span=timing.span)
        if command_class is Class.FAULT:
            self._diagnostics.add(messages.latest_on_fault(timing.span))
        latest = self._duration(timing.latest, scope)
        if latest is None:
            return None
        if latest < earliest:
            self._diagnostics.add(messages.impossible_timing(timing.span, "the later time stands first"))
            return None
        return Timing(earliest_ms=earliest, latest_ms=latest, span=timing.span)

    def _duration(self, expr: tree.Expr, scope: Scope) -> int | None:
        value = self._evaluator.constant(expr, scope, DURATION, "a time")
        if value is not None and value < 0:
            self._diagnostics.add(messages.impossible_timing(expr.span, "it is negative"))
            return None
        return value

    # --- updates ---

    def _arrow(
        self,
        node: tree.Arrow,
        targets: list[Target],
        scope: Scope,
        guards: list[ExprId],
        updates: dict[int, Update],
        undo_guards: list[ExprId],
        undo_updates: dict[int, Update],
        *,
        lasts: tree.Lasts | None,
    ) -> None:
        sources = [self._value(source, targets[0], scope) for source in node.sources]
        destination = self._value(node.destination, targets[0], scope)
        known = [s for s in sources if s is not None]
        if destination is None or len(known) < len(sources):
            return
        current = self._evaluator.value(node.target, scope)
        if not isinstance(current, Scalar):
            return
        now = current.expr
        guards.append(self._builder.or_(*[self._builder.eq(now, s) for s in known]))
        self._write(node, targets, destination, updates)
        undo_guards.append(self._builder.eq(now, destination))
        self._write(node, targets, known[0], undo_updates)
        if lasts is not None and len(known) > 1:
            self._diagnostics.add(messages.undo_is_a_choice(lasts.span, node.sources[0].span.text))

    def _read(self, target: Target) -> ExprId:
        value = self._evaluator.entity_value(target.owner, target.entity, target.entity.declaration.span)
        assert isinstance(value, Scalar), "targets are variables"
        return value.expr

    def _write(
        self, node: tree.UpdateNode, targets: list[Target], value: ExprId | None, updates: dict[int, Update]
    ) -> None:
        if value is None:
            return
        for target in targets:
            variable = target.entity.variable
            if variable in updates:
                name = node.target.span.text
                self._diagnostics.add(messages.written_twice(node.target.span, name, updates[variable].span))
                return
            written = value
            if target.condition is not None:
                written = self._builder.ite(target.condition, value, self._read(target))
            self._in_domain(node, target, written)
            updates[variable] = Update(variable=variable, value=written, span=node.span)

    def _in_domain(self, node: tree.UpdateNode, target: Target, value: ExprId) -> None:
        """A number outside the domain is reported at once; anything else (a param, say, of a command that never fires) when a run does it."""
        written = node.destination if isinstance(node, tree.Arrow) else node.value
        if isinstance(written, tree.Unary):
            written = written.operand
        number = self._builder.value(value) if isinstance(written, tree.Integer) else None
        entity = target.entity
        if number is not None and not entity.low <= number <= entity.high:
            domain = f"{entity.declaration.name.text}: {entity.low}..{entity.high}"
            self._diagnostics.add(messages.outside_domain(node.span, str(number), domain, entity.declaration.type.span))

    def _value(self, expr: tree.Expr, target: Target, scope: Scope) -> ExprId | None:
        wanted = target.entity.type
        assert wanted is not None, "targets are allocated"
        if isinstance(expr, tree.Name) and wanted.kind is Kind.ENUM and expr.text not in wanted.labels:
            known = self._evaluator.lookup(expr.text, scope)
            if known is None:
                self._unknown_label(expr, wanted)
                return None
        return self._evaluator.typed(expr, scope, wanted)

    def _unknown_label(self, expr: tree.Name, wanted: ValueType) -> None:
        where = f"as a value of {wanted.describe()}"
        self._diagnostics.add(messages.unknown_name(expr.span, expr.text, where, wanted.labels))

    # --- what is written ---

    def _targets(self, expr: tree.Expr, instance: Instance, scope: Scope) -> list[Target] | None:
        """The variables that `expr` may mean; None after an error."""
        found = self._resolve(expr, instance, scope)
        if found is None:
            return None
        targets: list[Target] = []
        if not self._evaluator.charge(_TARGET_COST * len(found), expr.span):
            return None
        for owner, entity, condition in found:
            if not isinstance(entity, StateVariable):
                self._diagnostics.add(messages.not_a_variable(expr.span, expr.span.text, _ENTITY_WORDS[type(entity)]))
                return None
            if not instance.contains(owner):
                self._diagnostics.add(
                    messages.foreign_write(expr.span, expr.span.text, owner.local_name, instance.local_name)
                )
                return None
            if isinstance(self._evaluator.entity_value(owner, entity, expr.span), Unknown):
                return None
            targets.append(Target(owner, entity, condition))
        if any(t.entity.type != targets[0].entity.type for t in targets):
            self._diagnostics.add(messages.wrong_type(expr.span, "variables of one type", "variables of several types"))
            return None
        return targets

    def _resolve(
        self, expr: tree.Expr, instance: Instance, scope: Scope
    ) -> list[tuple[Instance, Entity, ExprId | None]] | None:
        if isinstance(expr, tree.Name):
            found = self._evaluator.lookup(expr.text, scope)
            if found is None:
                states = [v for v, e in instance.entities.items() if isinstance(e, StateVariable)]
                candidates = self._evaluator.suggestions(states)
                where = f"in {instance.local_name}"
                self._diagnostics.add(messages.unknown_name(expr.span, expr.text, where, candidates))
                return None
            if not isinstance(found, tuple):
                self._diagnostics.add(messages.not_a_variable(expr.span, expr.text, describe(found)))
                return None
            return [(*found, None)]
        if not isinstance(expr, tree.Attribute):
            self._diagnostics.add(messages.not_a_variable(expr.span, expr.span.text, "an expression"))
            return None
        base = self._evaluator.value(expr.base, scope)
        owners = self._owners(base, expr)
        if owners is None:
            return None
        result: list[tuple[Instance, Entity, ExprId | None]] = []
        for owner, condition in owners:
            entity = owner.entities.get(expr.name.text)
            if entity is None:
                known = self._evaluator.suggestions(owner.entities)
                self._diagnostics.add(
                    messages.unknown_name(expr.name.span, expr.name.text, f"in {owner.local_name}", known)
                )
                return None
            result.append((owner, entity, condition))
        return result

    def _merged(self, owners: list[tuple[Instance, ExprId | None]]) -> list[tuple[Instance, ExprId | None]]:
        """Each owner once: chosen if one of its conditions holds."""
        conditions: dict[Instance, list[ExprId]] = {}
        for owner, condition in owners:
            assert condition is not None, "what is chosen has a condition"
            conditions.setdefault(owner, []).append(condition)
        return [(owner, self._builder.or_(*found)) for owner, found in conditions.items()]

    def _owners(self, base: Value, expr: tree.Attribute) -> list[tuple[Instance, ExprId | None]] | None:
        if isinstance(base, Instance):
            return [(base, None)]
        if isinstance(base, Choice):
            builder = self._builder
            # Fails where the index is outside, whichever member it is compared with.
            is_inside = builder.select(base.index, (builder.true,) * len(base.options), base.span)
            result: list[tuple[Instance, ExprId | None]] = []
            for number, option in enumerate(base.options, start=1):
                owners = self._owners(option, expr)
                if owners is None:
                    return None
                is_chosen = builder.and_(is_inside, builder.eq(base.index, builder.const(number)))
                result.extend((o, is_chosen if c is None else builder.and_(is_chosen, c)) for o, c in owners)
            return self._merged(result)
        if base is not UNKNOWN:
            self._diagnostics.add(messages.wrong_type(expr.base.span, "a component", describe(base)))
        return None
