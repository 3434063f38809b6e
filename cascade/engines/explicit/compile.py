"""A core model made ready for exploring packed states: functions, supports, and what each command may change.

The *support* of an expression is the mask of the bits of a state that its value depends on.
"""

from itertools import count, product

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import Command, CommandClass, CoreModel
from cascade.engines.explicit.evaluate import EvaluationFailure, Function, Values, compile_expressions
from cascade.engines.explicit.layout import Field, Layout, make_layout
from cascade.records import dataclass
from cascade.verdicts.answer import FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`variable := function`, which computes `expression`, within `field`."""

    variable: int
    expression: ExprId
    function: Function
    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledClock:
    """Runs while `runs_while`, up to `stop_ticks`; `one` is one tick in place. `support` is that of `runs_while`."""

    index: int
    runs_while: Function
    support: int
    field: Field
    stop_ticks: int
    one: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCommand:
    """A command. `clock` is None also where its value never matters.

    `settles` and `clocks` (indices) are those that firing may affect; `own_clock_mask` is set to 0 by firing.
    `reads` is the support of all but these two: guard, permit, updates, written variables, and the clock if it matters;
    `reads_all` includes them.
    """

    index: int
    guard: Function
    permit: Function
    updates: tuple[Assignment, ...]
    clock: Field | None
    earliest_ticks: int
    latest_ticks: int
    is_owed: bool
    is_fault: bool
    own_clock_mask: int
    settles: tuple[int, ...]
    clocks: tuple[int, ...]
    reads: int
    reads_all: int


class CompiledModel:
    """See the module's docstring."""

    def __init__(self, model: CoreModel) -> None:
        self.model = model
        self.layout: Layout = make_layout(model)
        self.functions = compile_expressions(model.expressions)
        self.supports = _supports(model.expressions, self.layout)
        self.settles = tuple(self._assignment(s.variable, s.value) for s in model.settles)
        self.clocks = tuple(
            CompiledClock(
                index=index,
                runs_while=self.functions[clock.runs_while],
                support=self.supports[clock.runs_while],
                field=field,
                stop_ticks=clock.stop_ticks,
                one=1 << field.offset,
            )
            for index, (clock, field) in enumerate(zip(model.clocks, self.layout.clocks, strict=True))
        )
        self.settle_supports = tuple(self.supports[s.expression] | s.field.mask for s in self.settles)
        self.commands = tuple(self._command(i, c) for i, c in enumerate(model.commands))
        self._template: Values = [field.low for field in self.layout.variables]
        self._numbers = count(1)
        self._plans: dict[int, tuple[tuple[int, int, int, int], ...]] = {}

    @property
    def evaluation_count(self) -> int:
        """About how many times values were taken out of a state or assigned: what the slow part of the search costs."""
        return next(self._numbers)

    # --- states as tuples: the variables, then the clocks ---

    def pack_state(self, state: tuple[int, ...]) -> int:
        """A state as this engine packs it."""
        count = len(self.model.variables)
        packed = self.layout.pack(state[:count])
        for value, field in zip(state[count:], self.layout.clocks, strict=True):
            packed |= value << field.offset
        return packed

    def unpack_state(self, packed: int) -> tuple[int, ...]:
        """The values of the variables and of the clocks."""
        clocks = ((packed & field.mask) >> field.offset for field in self.layout.clocks)
        return (*self.layout.unpack(packed), *clocks)

    # --- evaluation ---

    def decode(self, state: int, mask: int) -> Values:
        """The values of the variables within `mask`; others are arbitrary."""
        plan = self._plans.get(mask)
        if plan is None:
            plan = tuple((i, f.mask, f.offset, f.low) for i, f in enumerate(self.layout.variables) if f.mask & mask)
            self._plans[mask] = plan
        values = self._template.copy()
        for i, bits, offset, low in plan:
            values[i] = ((state & bits) >> offset) + low
        values.append(next(self._numbers))
        return values

    def value(self, expression: ExprId, state: int) -> int:
        """The value of `expression` in `state`."""
        return self.functions[expression](self.decode(state, self.supports[expression]))

    def is_enabled(self, command: CompiledCommand, values: Values, state: int) -> bool:
        """May `command` fire?"""
        if not (command.guard(values) and command.permit(values)):
            return False
        field = command.clock
        return field is None or (state & field.mask) >> field.offset >= command.earliest_ticks

    def is_due(self, command: CompiledCommand, state: int) -> bool:
        """Does `command`, which may fire, keep time from passing?"""
        field = command.clock
        return command.is_owed and (field is None or (state & field.mask) >> field.offset >= command.latest_ticks)

    def assign(self, values: Values, assignments: tuple[Assignment, ...]) -> tuple[Values, int]:
        """Values after the updates of a command, and the XOR delta of the packed state."""
        results = [a.function(values) for a in assignments]
        after = values.copy()
        delta = 0
        for assignment, result in zip(assignments, results, strict=True):
            delta ^= _change(assignment, values[assignment.variable], result)
            after[assignment.variable] = int(result)
        after[-1] = next(self._numbers)
        return after, delta

    def settle(self, values: Values, settles: tuple[int, ...]) -> int:
        """Settle `values` in place; the XOR delta of the packed state."""
        delta = 0
        for index in settles:
            settle = self.settles[index]
            old = values[settle.variable]
            result = settle.function(values)
            change = _change(settle, old, result)
            if change:
                delta ^= change
                values[settle.variable] = int(result)
                values[-1] = next(self._numbers)
        return delta

    def kept_clocks(self, values: Values, clocks: tuple[int, ...]) -> int:
        """All bits but those of the clocks (of `clocks`) that do not run."""
        kept = self.layout.full
        for index in clocks:
            clock = self.clocks[index]
            if not clock.runs_while(values):
                kept &= ~clock.field.mask
        return kept

    def fire(self, command: CompiledCommand, values: Values) -> tuple[int, int]:
        """What firing does: the next state is `state & kept ^ delta`. `values` must cover `command.reads_all`."""
        after, delta = self.assign(values, command.updates)
        delta ^= self.settle(after, command.settles)
        return self.kept_clocks(after, command.clocks) & ~command.own_clock_mask, delta

    # --- single states, without tables ---

    def initial_state(self, initial: tuple[int, ...]) -> int:
        """The state that these initial values settle to."""
        values = [*initial, next(self._numbers)]
        state = self.layout.pack(initial)
        return state ^ self.settle(values, tuple(range(len(self.settles))))

    def initial_values(self) -> "product[tuple[int, ...]]":
        """All combinations of initial values, before settling."""
        return product(*(variable.initial for variable in self.model.variables))

    def next_state(self, command: CompiledCommand, state: int) -> int | None:
        """The state after `command` fires in `state`, if it may."""
        values = self.decode(state, command.reads_all)
        if not self.is_enabled(command, values, state):
            return None
        kept, delta = self.fire(command, values)
        return state & kept ^ delta

    # --- compilation ---

    def _assignment(self, variable: int, expression: ExprId) -> Assignment:
        return Assignment(
            variable=variable,
            expression=expression,
            function=self.functions[expression],
            field=self.layout.variables[variable],
        )

    def _command(self, index: int, command: Command) -> CompiledCommand:
        updates = tuple(self._assignment(u.variable, u.value) for u in command.updates)
        written = 0
        reads = self.supports[command.guard] | self.supports[command.permit]
        for update in updates:
            written |= update.field.mask
            reads |= self.supports[update.expression] | update.field.mask
        is_owed = command.owed and self.model.is_timed
        clock: Field | None = None
        latest_ticks = 0 if command.latest_ticks is None else command.latest_ticks
        if command.clock is not None and (command.earliest_ticks > 0 or (is_owed and latest_ticks > 0)):
            clock = self.layout.clocks[command.clock]
            reads |= clock.mask
        settles, clocks, support = self._consequences(written)
        return CompiledCommand(
            index=index,
            guard=self.functions[command.guard],
            permit=self.functions[command.permit],
            updates=updates,
            clock=clock,
            earliest_ticks=command.earliest_ticks,
            latest_ticks=latest_ticks,
            is_owed=is_owed,
            is_fault=command.command_class is CommandClass.FAULT,
            own_clock_mask=0 if command.clock is None else self.layout.clocks[command.clock].mask,
            settles=settles,
            clocks=clocks,
            reads=reads,
            reads_all=reads | support,
        )

    def _consequences(self, written: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Settles and clocks that a change of `written` may affect, and their support.

        The state before is settled, and settling is idempotent: settles whose inputs did not change need no look.
        """
        changed, support = written, 0
        settles: list[int] = []
        for index, settle in enumerate(self.settles):
            if self.settle_supports[index] & changed:
                settles.append(index)
                changed |= settle.field.mask
                support |= self.settle_supports[index]
        # A clock of which it may be unknown whether it runs has to be asked after every step, for the errors that may show.
        can_fail = self.model.expressions.can_fail
        clocks = tuple(
            c.index for c in self.clocks if c.support & changed or can_fail[self.model.clocks[c.index].runs_while]
        )
        for index in clocks:
            support |= self.clocks[index].support
        return tuple(settles), clocks, support


def _change(assignment: Assignment, old: int, new: int) -> int:
    field = assignment.field
    if not 0 <= new - field.low < field.size:
        raise EvaluationFailure(
            FailureKind.OUT_OF_DOMAIN, assignment.expression, variable=assignment.variable, value=int(new)
        )
    return ((old - field.low) ^ (new - field.low)) << field.offset


def _supports(expressions: Expressions, layout: Layout) -> list[int]:
    supports: list[int] = []
    for op, args in zip(expressions.ops, expressions.args, strict=True):
        support = 0
        if op is Op.VAR:
            support = layout.variables[args[0]].mask
        elif op is not Op.CONST:
            for operand in args:
                support |= supports[operand]
        supports.append(support)
    return supports
