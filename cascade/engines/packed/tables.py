"""Core model → dense tables: what every command does, for every valuation of the few bits that matter to it.

Commands and clocks are grouped into *clusters* with a common index; each index has an *entry*: the operations of the commands that may fire there, what a
tick adds, whether a tick is blocked, whether something fails to evaluate. An operation is `state & kept ^ delta`; where what follows a firing (settling, clocks
that stop) depends on more than the command reads, a program finishes the new state.
"""

from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import Command, CommandClass, CoreModel
from cascade.engines.packed.layout import NOWHERE, WORD_BITS, Field, PackedLayout, make_layout
from cascade.engines.packed.program import (
    Assign,
    ClearUnless,
    FailIf,
    Grid,
    Program,
    Source,
    TooWideError,
    index_bits,
    make_grid,
    nested,
    ordered,
)
from cascade.engines.packed.vector import Column, Mask, Result, VectorEvaluator, distinct_rows
from cascade.records import dataclass

CLOSED_BITS_MAX = 14
"""Index bits of one command with everything that follows its firing."""

OPEN_BITS_MAX = 16
"""Index bits of one command alone."""

JOINT_BITS_MAX = 13
"""Clusters are joined while their index stays within this: fewer look-ups, tables that stay in the cache."""

JOINT_BITS_MIN = 4

JOINT_WORDS_MAX = 1 << 20
"""Words that joined clusters may take, if in every entry all commands fire. Each bit less of a joint index halves them: models of hundreds of commands get smaller clusters."""

MAGNITUDE_MAX = 1 << 62
"""Bounds of expressions beyond this could overflow in tables."""

NEVER = (Op.CONST, (0,))
"""A goal that needs no look-up."""

IS_BLOCKED = 1
IS_FAILING = 2
IS_TICK_FAILING = 4


@dataclass(slots=True)
class Operation:
    """What one firing does to each word: `word & kept ^ delta`; `program` indexes `CompiledTables.programs`, 0 for none."""

    command: int
    is_fault: bool
    kept: tuple[int, ...]
    delta: tuple[int, ...]
    program: int


@dataclass(slots=True)
class Cluster:
    """`entry_of[index]` is an entry: a row of `operations` (indices into `CompiledTables.operations`, -1 for none), `ticks` (what one adds to each word) and `flags`."""

    sources: tuple[Source, ...]
    entry_of: NDArray[np.intp]
    operations: NDArray[np.int64]
    ticks: NDArray[np.int64]
    flags: NDArray[np.int64]


@dataclass(slots=True)
class CompiledTables:
    """Everything that the kernels need of a model. `programs[0]` computes the derived fields of each explored state."""

    layout: PackedLayout
    programs: list[Program] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    goal: Source | None = None


@dataclass(slots=True)
class _Item:
    """A command or a clock on its way into a cluster.

    `program` finishes the new state. Where a command `is_wide`, the program does everything, and the index only says whether it may fire.
    """

    sources: set[Source]
    command: int | None = None
    clock: int | None = None
    program: int = 0
    is_wide: bool = False


def compile_tables(model: CoreModel, goal: ExprId | None) -> CompiledTables:
    """The tables of `model` with a goal. Raises `TooWideError` where a value does not fit a word."""
    return _TableCompiler(model, goal).run()


def compile_condition(model: CoreModel, condition: ExprId) -> CompiledTables:
    """Tables that only say where `condition` holds: their goal."""
    return _TableCompiler(model, condition).run(with_steps=False)


class _TableCompiler:
    def __init__(self, model: CoreModel, goal: ExprId | None) -> None:
        expressions, new = nested(model.expressions)
        if any(max(-low, high) >= MAGNITUDE_MAX for low, high in zip(expressions.low, expressions.high, strict=True)):
            raise TooWideError
        widths = [(v.high - v.low).bit_length() for v in model.variables]
        widths.extend(c.stop_ticks.bit_length() for c in model.clocks)
        if max(widths, default=0) > WORD_BITS:
            raise TooWideError
        self._expressions: Expressions = expressions
        self._model = _renumbered(model, expressions, new)
        self._goal = None if goal is None else new[goal]
        self._layout = make_layout(model)
        self._main = self._program()
        self._tables = CompiledTables(self._layout, [self._main])
        self._operation_ids: dict[tuple[int, ...], int] = {}

    def run(self, *, with_steps: bool = True) -> CompiledTables:
        items: list[_Item] = []
        if with_steps:
            items += self._steps()
        if self._goal is not None and (self._expressions.ops[self._goal], self._expressions.args[self._goal]) != NEVER:
            self._tables.goal = self._main.derive(self._goal)
        for members in self._joined(items):
            self._tables.clusters.append(self._cluster(members))
        return self._tables

    def _steps(self) -> list[_Item]:
        items = [self._command_item(i) for i in range(len(self._model.commands))]
        if self._model.is_timed:
            items.extend(self._clock_item(i) for i in range(len(self._model.clocks)))
        return items

    def _program(self) -> Program:
        return Program(self._model, self._expressions, self._layout)

    # --- what an item needs to know ---

    def _command_item(self, index: int) -> _Item:
        command = self._model.commands[index]
        fixed = {self._main.variable(u.variable) for u in command.updates}
        fixed |= self._clock_bits(command)
        settles, clocks = self._consequences(command)
        after: list[ExprId] = [self._model.settles[i].value for i in settles]
        after.extend(self._model.clocks[i].runs_while for i in clocks)
        raw = self._program()  # what follows is read off the new values: no derived value of the old state helps
        closed = fixed.union(*(raw.cover(e) for e in (*self._read_by(command), *after)))
        closed |= {self._main.variable(self._model.settles[i].variable) for i in settles}
        if index_bits(closed) <= CLOSED_BITS_MAX:
            return _Item(closed, command=index)
        sources = self._main.fit(self._read_by(command), fixed, OPEN_BITS_MAX)
        if sources is not None:
            program = self._finishing_program(self._program(), settles, clocks) if after else 0
            return _Item(sources, command=index, program=program)
        conditions = [c for c in (command.guard, command.permit) if self._expressions.ops[c] is not Op.CONST]
        sources = self._clock_bits(command) | {self._main.derive(c) for c in conditions}
        return _Item(sources, command=index, program=self._firing_program(command, settles, clocks), is_wide=True)

    def _read_by(self, command: Command) -> list[ExprId]:
        return [command.guard, command.permit, *(u.value for u in command.updates)]

    def _clock_bits(self, command: Command) -> set[Source]:
        """Comparison bits: may it fire yet, must it fire now."""
        bounds: set[int] = set()
        if command.clock is None:
            return set()
        if command.earliest_ticks > 0:
            bounds.add(command.earliest_ticks)
        if command.owed and command.latest_ticks:
            bounds.add(command.latest_ticks)
        return {self._bit(command.clock, bound) for bound in bounds}

    def _bit(self, clock: int, bound: int) -> Source:
        """The comparison of a clock as a source; its number is negative, since it is no expression."""
        field = self._main.at_least(clock, bound)
        return Source(field, 0, 2, True, -1 - (field.word * 64 + field.shift))

    def _clock_item(self, index: int) -> _Item:
        clock = self._model.clocks[index]
        fixed = {self._bit(index, clock.stop_ticks)} if clock.stop_ticks else set()
        sources = self._main.fit([clock.runs_while], fixed, OPEN_BITS_MAX)
        assert sources is not None, "a condition is one bit, or two"
        return _Item(sources, clock=index)

    def _consequences(self, command: Command) -> tuple[list[int], list[int]]:
        """Settles and clocks that firing may affect; all others keep their values (settling is idempotent)."""
        raw = self._program()
        changed = {u.variable for u in command.updates}
        settles: list[int] = []
        for index, settle in enumerate(self._model.settles):
            read = {s.number for s in raw.cover(settle.value)} | {settle.variable}
            if read & changed:
                settles.append(index)
                changed.add(settle.variable)
        # A clock of which it may be unknown whether it runs has to be asked after every step, for the errors that may show.
        clocks = [
            index
            for index, clock in enumerate(self._model.clocks)
            if self._expressions.can_fail[clock.runs_while] or {s.number for s in raw.cover(clock.runs_while)} & changed
        ]
        return settles, clocks

    def _firing_program(self, command: Command, settles: list[int], clocks: list[int]) -> int:
        """The program that does all that a firing does."""
        program = self._program()
        changed = {update.variable for update in command.updates}
        values = [program.operand(update.value, changed) for update in command.updates]
        for update, value in zip(command.updates, values, strict=True):
            self._assign(program, update.variable, value)
        program.forget()
        return self._finishing_program(program, settles, clocks)

    def _finishing_program(self, program: Program, settles: list[int], clocks: list[int]) -> int:
        """The program that goes on to settle a new state and to stop clocks in it."""
        for index in settles:
            settle = self._model.settles[index]
            self._assign(program, settle.variable, program.operand(settle.value))
            program.forget()
        for index in clocks:
            runs = self._model.clocks[index].runs_while
            if self._expressions.ops[runs] is Op.CONST:
                continue  # it never changes
            source = program.derive(runs)
            self._must_not_fail(program, source)
            program.steps.append(ClearUnless(replace(source.field, bits=1), self._layout.clocks[index]))
        self._tables.programs.append(program)
        return len(self._tables.programs) - 1

    def _assign(self, program: Program, index: int, value: Source | int) -> None:
        """`variable := value`; a value outside the domain fails."""
        variable = self._model.variables[index]
        target, limit = self._layout.variables[index], variable.high - variable.low
        if isinstance(value, int):
            program.steps.append(Assign(Field(0, NOWHERE, 0), value - variable.low, limit, target))
            return
        self._must_not_fail(program, value)
        field = replace(value.field, bits=value.field.bits - int(value.fails))
        program.steps.append(Assign(field, value.low - variable.low, limit, target))

    def _must_not_fail(self, program: Program, source: Source) -> None:
        if source.fails:
            bits = source.field.bits - 1
            program.steps.append(FailIf(replace(source.field, shift=source.field.shift + bits, bits=1)))

    # --- clusters ---

    def _joined(self, items: list[_Item]) -> list[list[_Item]]:
        """Items in clusters: as large ones as tables of a reasonable size allow."""
        clusters = _join(items, JOINT_BITS_MAX)
        words = sum(len(members) << min(index_bits(sources), JOINT_BITS_MAX) for sources, members in clusters)
        excess = words * (1 + 2 * self._layout.word_count) // JOINT_WORDS_MAX
        if excess:
            clusters = _join(items, max(JOINT_BITS_MAX - excess.bit_length(), JOINT_BITS_MIN))
        return [members for _, members in clusters]

    def _cluster(self, members: list[_Item]) -> Cluster:
        sources = ordered(set[Source]().union(*(m.sources for m in members)))
        grid = make_grid(sources)
        rows = _Rows(grid, self._layout.word_count)
        for member in members:
            if member.command is not None:
                self._command_rows(member.command, member, rows)
            if member.clock is not None:
                self._clock_rows(member.clock, rows)
        return rows.distinct(sources)

    def _clock_rows(self, index: int, rows: "_Rows") -> None:
        clock = self._model.clocks[index]
        runs, failing = rows.evaluator(self._expressions).result(clock.runs_while)
        advances = runs != 0
        if clock.stop_ticks:
            advances &= rows.grid.codes[self._bit(index, clock.stop_ticks)] == 0
            place = self._layout.clocks[index]
            rows.ticks[place.word] += advances.astype(np.int64) << place.shift
        if failing is not None:
            rows.tick_failing |= failing & rows.grid.valid

    def _command_rows(self, index: int, item: _Item, rows: "_Rows") -> None:
        """The operations of one command in all rows. Evaluation order is that of the core model's docstring."""
        command = self._model.commands[index]
        evaluator = rows.evaluator(self._expressions)
        guard, failing = evaluator.result(command.guard)
        rows.fail(failing)
        may_fire = (guard != 0) & rows.grid.valid
        if failing is not None:
            may_fire &= ~failing
        permit, failing = evaluator.result(command.permit)
        rows.fail(None if failing is None else failing & may_fire)
        may_fire &= permit != 0
        if command.owed and self._model.is_timed:
            is_due = may_fire
            if command.clock is not None and command.latest_ticks:
                is_due = may_fire & (rows.grid.codes[self._bit(command.clock, command.latest_ticks)] != 0)
            rows.blocked |= is_due
        if command.clock is not None and command.earliest_ticks > 0:
            may_fire = may_fire & (rows.grid.codes[self._bit(command.clock, command.earliest_ticks)] != 0)
        if not may_fire.any():
            return
        firing = _Firing(self._layout, rows.grid, may_fire)
        if not item.is_wide:
            for update in command.updates:
                firing.assign(self._model, update.variable, evaluator.result(update.value))
        if command.clock is not None:
            firing.clear(self._layout.clocks[command.clock])
        if item.program == 0:
            self._follow(command, firing)
        rows.fail(firing.failing)
        rows.operations.append(self._operation_rows(index, command, firing, may_fire & ~firing.failing, item.program))

    def _follow(self, command: Command, firing: "_Firing") -> None:
        """Settling, and clocks that stop, in the new states."""
        settles, clocks = self._consequences(command)
        for index in settles:
            settle = self._model.settles[index]
            firing.assign(self._model, settle.variable, firing.result(self._expressions, settle.value))
        for index in clocks:
            runs, failing = firing.result(self._expressions, self._model.clocks[index].runs_while)
            firing.fail(failing)
            firing.clear(self._layout.clocks[index], unless=runs != 0)

    def _operation_rows(
        self, index: int, command: Command, firing: "_Firing", may_fire: Mask, program: int
    ) -> NDArray[np.int64]:
        """For each row the number of the operation, -1 for none."""
        chosen = np.flatnonzero(may_fire)
        result = np.full(firing.length, -1, dtype=np.int64)
        if not len(chosen):
            return result
        columns = [column[chosen] for column in (*firing.kept, *firing.delta)]
        first, inverse = distinct_rows(columns)
        numbers = []
        width = self._layout.word_count
        for row in zip(*(column[first].tolist() for column in columns), strict=True):
            key = (index, program, *row)
            if key not in self._operation_ids:
                self._operation_ids[key] = len(self._tables.operations)
                is_fault = command.command_class is CommandClass.FAULT
                operation = Operation(index, is_fault, row[:width], row[width:], program)
                self._tables.operations.append(operation)
            numbers.append(self._operation_ids[key])
        result[chosen] = np.asarray(numbers, dtype=np.int64)[inverse]
        return result


def _join(items: list[_Item], bits_max: int) -> list[tuple[set[Source], list[_Item]]]:
    """Join items greedily: each into the cluster whose index grows least, and has `bits_max` bits at most, unless it does not grow."""
    clusters: list[tuple[set[Source], list[_Item]]] = []
    for item in sorted(items, key=lambda i: -index_bits(i.sources)):
        best: tuple[int, int] | None = None
        for number, (sources, _) in enumerate(clusters):
            grown, now = index_bits(sources | item.sources), index_bits(sources)
            if grown <= bits_max or grown == now:
                candidate = (grown - now, number)
                best = candidate if best is None else min(best, candidate)
        if best is None:
            clusters.append((set(item.sources), [item]))
        else:
            clusters[best[1]][0].update(item.sources)
            clusters[best[1]][1].append(item)
    return clusters


class _Rows:
    """What is known of all rows of a cluster while its items are added."""

    def __init__(self, grid: Grid, width: int) -> None:
        self.grid = grid
        self.operations: list[NDArray[np.int64]] = []
        self.ticks = [np.zeros(grid.length, dtype=np.int64) for _ in range(width)]
        self.blocked = np.zeros(grid.length, dtype=np.bool_)
        self.failing = np.zeros(grid.length, dtype=np.bool_)
        self.tick_failing = np.zeros(grid.length, dtype=np.bool_)
        self._evaluator: VectorEvaluator | None = None

    def evaluator(self, expressions: Expressions) -> VectorEvaluator:
        """Evaluates in the old states."""
        if self._evaluator is None:
            self._evaluator = VectorEvaluator(expressions, self.grid.columns, self.grid.known, self.grid.length)
        return self._evaluator

    def fail(self, failing: Mask | None) -> None:
        """Rows where something does not evaluate."""
        if failing is not None:
            self.failing |= failing & self.grid.valid

    def distinct(self, sources: tuple[Source, ...]) -> Cluster:
        """The cluster: each distinct row is an entry."""
        flags = self.blocked * IS_BLOCKED + self.failing * IS_FAILING + self.tick_failing * IS_TICK_FAILING
        first, entry_of = distinct_rows([*self.operations, *self.ticks, flags])
        operations = [column[first] for column in self.operations]
        return Cluster(
            sources,
            entry_of,
            np.stack(operations, axis=1) if operations else np.zeros((len(first), 0), dtype=np.int64),
            np.stack([column[first] for column in self.ticks], axis=1),
            flags[first].astype(np.int64),
        )


class _Firing:
    """The effect of one command in all rows, for each word: `word & kept ^ delta`."""

    def __init__(self, layout: PackedLayout, grid: Grid, may_fire: Mask) -> None:
        self._layout = layout
        self._grid = grid
        self._may_fire = may_fire
        self._new: dict[int, Column] = {}
        self._evaluator: VectorEvaluator | None = None
        self.length = grid.length
        self.kept = [np.full(grid.length, -1, dtype=np.int64) for _ in range(layout.word_count)]
        self.delta = [np.zeros(grid.length, dtype=np.int64) for _ in range(layout.word_count)]
        self.failing = np.zeros(grid.length, dtype=np.bool_)

    def result(self, expressions: Expressions, expr: ExprId) -> Result:
        """The value of an expression in the new states; derived values of the old states do not count."""
        if self._evaluator is None:
            columns = {**self._grid.columns, **self._new}
            self._evaluator = VectorEvaluator(expressions, columns, {}, self.length)
        return self._evaluator.result(expr)

    def assign(self, model: CoreModel, index: int, value: Result) -> None:
        """`variable := value` in the new states; values outside the domain fail."""
        variable, place = model.variables[index], self._layout.variables[index]
        new, failing = value
        self.fail(failing)
        self.fail((new < variable.low) | (new > variable.high))
        new = np.clip(new, variable.low, variable.high)
        old = self._new.get(index, self._grid.columns[index])
        self.delta[place.word] ^= ((new - variable.low) ^ (old - variable.low)) << place.shift
        self._new[index] = new
        self._evaluator = None

    def clear(self, place: Field, unless: Mask | None = None) -> None:
        """A clock goes to 0."""
        kept = np.int64(~(place.mask << place.shift))
        self.kept[place.word] &= kept if unless is None else np.where(unless, np.int64(-1), kept)

    def fail(self, failing: Mask | None) -> None:
        """Rows where firing does not work out."""
        if failing is not None:
            self.failing |= failing & self._may_fire


def _renumbered(model: CoreModel, expressions: Expressions, new: dict[ExprId, ExprId]) -> CoreModel:
    """The model over the nested expressions."""
    return replace(
        model,
        expressions=expressions,
        settles=tuple(replace(s, value=new[s.value]) for s in model.settles),
        clocks=tuple(replace(c, runs_while=new[c.runs_while]) for c in model.clocks),
        commands=tuple(
            replace(
                c,
                guard=new[c.guard],
                permit=new[c.permit],
                updates=tuple(replace(u, value=new[u.value]) for u in c.updates),
            )
            for c in model.commands
        ),
        derived=(),
        groups=(),
    )
