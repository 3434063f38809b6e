"""Checked model → core model: one transition system and one query for each check.

Budgets and counts become variables that commands update; losses and the progress of a formula become variables that settle; `lasts` and
`within` become clocks. Which clause does what is the language reference's section 7; how the core reads it is `core.model`'s docstring.
"""

from cascade.checked.model import Check, Class, Formula, FormulaKind, Kind, System
from cascade.checked.model import Command as CheckedCommand
from cascade.checked.model import Variable as CheckedVariable
from cascade.core.expressions import ExprId
from cascade.core.losses import Losses
from cascade.core.model import (
    Clock,
    Command,
    CommandClass,
    Component,
    CoreModel,
    Derived,
    Group,
    Settle,
    Update,
    Variable,
    VariableKind,
    VariableRole,
)
from cascade.core.queries import Lasso, Query, Reach, Recover, formulas_of
from cascade.core.strikes import Struck
from cascade.records import dataclass

_KINDS = {Kind.BOOL: VariableKind.BOOL, Kind.ENUM: VariableKind.ENUM, Kind.INT: VariableKind.RANGE}


@dataclass(slots=True)
class _Draft:
    """A command on its way: clauses add to its permit and its updates."""

    index: int
    source: CheckedCommand
    permits: list[ExprId]
    updates: list[Update]


def lower(system: System, check: Check) -> tuple[CoreModel, Query]:
    """The core model of `system` under the clauses of `check`, and the question that `check` asks of it.

    `check` belongs to `system`, whose fixes are already applied.
    """
    return _Lowering(system, check).run()


class _Lowering:
    def __init__(self, system: System, check: Check) -> None:
        self._system = system
        self._check = check
        self._builder = system.builder.copy()  # checks add variables of their own under the same indices
        self._variables = [_variable(v) for v in system.variables]
        self._settles: list[Settle] = []
        self._clocks: list[Clock] = []
        self._is_timed = check.formula.duration_ms is not None or any(
            command.timing is not None and command.exists_in(check.name) for command in system.commands
        )

    def run(self) -> tuple[CoreModel, Query]:
        drafts = [
            _Draft(i, c, [], [Update(variable=u.variable, value=u.value, span=u.span) for u in c.updates])
            for i, c in enumerate(self._system.commands)
            if i not in self._check.excluded
        ]
        drafts = self._budgets(drafts)
        if self._check.while_redundancy_holds:
            losses = Losses(self._system, self._builder, self._variables, self._settles)
            drafts = [d for d in drafts if losses.constrain(d.source, d.permits, d.updates)]
        if self._check.strikes is not None:
            faults = {d.index: d for d in drafts if d.source.command_class is Class.FAULT}
            names = {i: draft.source.name for i, draft in faults.items()}
            struck = Struck(self._check.strikes, self._builder, self._variables, names)
            for draft in faults.values():
                struck.constrain(draft.index, draft.permits, draft.updates)
            if (forced := faults.get(-1 if self._forced is None else self._forced)) is not None:
                assert forced.source.timing is None, "what strikes as soon as it can has no other time"
                for draft in drafts:
                    draft.permits.append(struck.constrain_forced(forced.source.guard, draft.index))
        drafts = [d for d in drafts if self._matters(d)]
        commands = [self._command(draft) for draft in drafts]
        position = {draft.index: i for i, draft in enumerate(drafts)}
        stopped = frozenset(position[i] for i in self._check.stopped if i in position)
        query = self._query(self._check.formula, stopped)
        return self._close(commands, query)

    @property
    def _forced(self) -> int | None:
        return None if self._check.strikes is None else self._check.strikes.forced

    def _matters(self, draft: _Draft) -> bool:
        """Whether a command may fire, or its guard may be without a value: what folding sees must not decide whether that is an error."""
        never, guard = self._builder.false, draft.source.guard
        return guard != never and (self._builder.can_fail[guard] or self._builder.and_(*draft.permits) != never)

    # --- budgets and counts ---

    def _budgets(self, drafts: list[_Draft]) -> list[_Draft]:
        """Faults need a budget that covers them, if there are budgets; every budget and count that covers a command must have room."""
        if self._check.budgets:
            covered = frozenset[int]().union(*(b.commands for b in self._check.budgets))
            drafts = [d for d in drafts if d.source.command_class is not Class.FAULT or d.index in covered]
        for number, limit in enumerate((*self._check.budgets, *self._check.limits), start=1):
            counted = [d for d in drafts if d.index in limit.commands]
            if limit.count == 0:
                drafts = [d for d in drafts if d.index not in limit.commands]
                continue
            if not counted:
                continue
            is_budget = number <= len(self._check.budgets)
            name = f"faults used ({number})" if is_budget else f"times used ({number})"
            variable, used = self._add_variable(name, VariableRole.BUDGET, limit.count, VariableKind.RANGE)
            for draft in counted:
                draft.permits.append(self._builder.lt(used, self._builder.const(limit.count)))
                draft.updates.append(Update(variable=variable, value=self._builder.add(used, self._builder.const(1))))
        return drafts

    def _add_variable(self, name: str, role: VariableRole, high: int, kind: VariableKind) -> tuple[int, ExprId]:
        index = len(self._variables)
        self._variables.append(Variable(name=name, component="", kind=kind, role=role, low=0, high=high, initial=(0,)))
        return index, self._builder.variable(index, low=0, high=high, is_bool=kind is VariableKind.BOOL)

    # --- commands and time ---

    def _command(self, draft: _Draft) -> Command:
        source = draft.source
        is_acting = draft.index in self._check.acting
        is_owed = source.command_class in (Class.REPAIR, Class.REACTION) or is_acting or draft.index == self._forced
        clock, earliest, latest = None, 0, None
        if source.timing is not None:
            earliest = self._ticks(source.timing.earliest_ms)
            if source.timing.latest_ms is not None:
                latest = self._ticks(source.timing.latest_ms)
                is_owed = source.command_class is not Class.FAULT
            elif is_owed:
                latest = earliest
            clock = len(self._clocks)
            stop = earliest if latest is None else latest
            self._clocks.append(Clock(name=source.name, runs_while=source.guard, stop_ticks=stop))
        return Command(
            name=source.name,
            component=source.component,
            command_class=CommandClass(source.command_class.value),
            kind=source.kind,
            text=source.text,
            guard=source.guard,
            permit=self._builder.and_(*draft.permits),
            updates=tuple(draft.updates),
            clock=clock,
            earliest_ticks=earliest,
            latest_ticks=latest,
            owed=is_owed,
            span=source.span,
        )

    def _ticks(self, milliseconds: int) -> int:
        """Whole ticks, rounded up."""
        return -(-milliseconds // self._system.tick_ms)

    # --- formulas ---

    def _query(self, formula: Formula, stopped: frozenset[int]) -> Query:
        builder, conditions = self._builder, formula.conditions
        match formula.kind:
            case FormulaKind.NEVER:
                return Reach(goal=conditions[0])
            case FormulaKind.ALWAYS:
                return Reach(goal=builder.not_(conditions[0]))
            case FormulaKind.POSSIBLE:
                return Reach(goal=self._progress(conditions))
            case FormulaKind.LEADS_TO:
                return Lasso(trigger=conditions[0], goal=conditions[1], stopped=stopped)
            case FormulaKind.CAN_LEAD_TO:
                return Recover(trigger=conditions[0], goal=conditions[1], stopped=stopped)
            case FormulaKind.LASTS_AT_MOST:
                return self._stopwatch("time that it has lasted", conditions[0])
            case FormulaKind.LEADS_TO_WITHIN:
                variable, owed = self._add_variable("answer owed", VariableRole.MONITOR, 1, VariableKind.BOOL)
                value = builder.and_(builder.or_(owed, conditions[0]), builder.not_(conditions[1]))
                self._settles.append(Settle(variable=variable, value=value))
                return self._stopwatch("time since the answer is owed", owed)

    def _progress(self, conditions: tuple[ExprId, ...]) -> ExprId:
        """The goal of `possible p then q then r`; the last condition needs no memory, since it ends the search."""
        builder = self._builder
        if len(conditions) == 1:
            return conditions[0]
        high = len(conditions) - 1
        variable, reached = self._add_variable("conditions met", VariableRole.MONITOR, high, VariableKind.RANGE)
        value = reached
        for number, condition in enumerate(conditions[:-1]):
            advances = builder.and_(builder.eq(value, builder.const(number)), condition)
            value = builder.ite(advances, builder.const(number + 1), value)
        self._settles.append(Settle(variable=variable, value=value))
        return builder.and_(builder.eq(reached, builder.const(high)), conditions[-1])

    def _stopwatch(self, name: str, runs_while: ExprId) -> Reach:
        duration_ms = self._check.formula.duration_ms
        assert duration_ms is not None, "the two formulas with a stopwatch have a duration"
        limit = self._ticks(duration_ms)
        self._clocks.append(Clock(name=name, runs_while=runs_while, stop_ticks=limit + 1))
        return Reach(goal=self._builder.false, clock=len(self._clocks) - 1, exceeds_ticks=limit)

    # --- closing ---

    def _close(self, commands: list[Command], query: Query) -> tuple[CoreModel, Query]:
        """Keep only the expressions that the model needs, and renumber them."""
        system = self._system
        roots = [s.value for s in self._settles]
        roots.extend(c.runs_while for c in self._clocks)
        for command in commands:
            roots.extend((command.guard, command.permit, *(u.value for u in command.updates)))
        roots.extend(d.value for d in system.derived)
        roots.extend(g.serving for g in system.groups)
        roots.extend(o.condition for o in system.outages)
        roots.extend(formulas_of(query))
        expressions, new = self._builder.close(tuple(roots))
        derived = [
            Derived(
                name=d.name,
                component=d.component,
                value=new[d.value],
                kind=_KINDS[d.type.kind],
                low=0,
                labels=d.type.labels,
                span=d.span,
            )
            for d in system.derived
        ]
        derived.extend(
            Derived(
                name=o.name,
                component="",
                value=new[o.condition],
                kind=VariableKind.BOOL,
                low=0,
                is_outage=True,
                text=o.text,
                span=o.span,
            )
            for o in system.outages
        )
        model = CoreModel(
            expressions=expressions,
            variables=tuple(self._variables),
            settles=tuple(Settle(variable=s.variable, value=new[s.value]) for s in self._settles),
            clocks=tuple(
                Clock(name=c.name, runs_while=new[c.runs_while], stop_ticks=c.stop_ticks) for c in self._clocks
            ),
            commands=tuple(_renumbered(command, new) for command in commands),
            is_timed=self._is_timed,
            tick_ms=system.tick_ms,
            derived=tuple(derived),
            groups=tuple(
                Group(name=g.name, members=g.members, needs=g.needs, serving=new[g.serving], span=g.span)
                for g in system.groups
            ),
            components=tuple(
                Component(name=c.name, type_name=c.type_name, text=c.text, span=c.span) for c in system.components
            ),
            constants=tuple((p.name, p.chosen) for p in system.open_params if p.chosen),
        )
        match query:
            case Reach():
                return model, Reach(goal=new[query.goal], clock=query.clock, exceeds_ticks=query.exceeds_ticks)
            case Lasso():
                return model, Lasso(trigger=new[query.trigger], goal=new[query.goal], stopped=query.stopped)
            case Recover():
                return model, Recover(trigger=new[query.trigger], goal=new[query.goal], stopped=query.stopped)


def _role(source: CheckedVariable) -> VariableRole:
    if source.is_param:
        return VariableRole.PARAM
    return VariableRole.LINK if source.is_link else VariableRole.STATE


def _variable(source: CheckedVariable) -> Variable:
    return Variable(
        name=source.name,
        component=source.component,
        kind=_KINDS[source.type.kind],
        role=_role(source),
        low=source.low,
        high=source.high,
        labels=source.type.labels,
        initial=source.initial,
        span=source.span,
    )


def _renumbered(command: Command, new: dict[ExprId, ExprId]) -> Command:
    return Command(
        name=command.name,
        component=command.component,
        command_class=command.command_class,
        kind=command.kind,
        text=command.text,
        guard=new[command.guard],
        permit=new[command.permit],
        updates=tuple(Update(variable=u.variable, value=new[u.value], span=u.span) for u in command.updates),
        clock=command.clock,
        earliest_ticks=command.earliest_ticks,
        latest_ticks=command.latest_ticks,
        owed=command.owed,
        span=command.span,
    )
