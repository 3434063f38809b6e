"""Compiled tables → two flat arrays that kernels read, and where things stand in them.

`code` (unsigned words) is a header, then records one after the other; `small` (32 bits) holds all look-up tables. A *segment* is four words
(word, shift, mask, out): `((words[word] >> shift) & mask) << out` is one piece of an index. Records:

- the clusters, in a row: number of segments, where the cluster's table starts in `small`, the segments; the table's values are places of entries in `code`;
- an entry: `flags | number of operations << 8`, what a tick adds to each word, the operations;
- an operation: `mark | command << 2 | place of its program << 32` (0: none), then `kept` and `delta` for each word;
- a program: its steps in a row, the last one END; see `_step`;
- classes of interchangeable members, if there are any: their number, the length of a row of binomial coefficients, where those start, and for each class the
  number of members, the number of chunks of a block, their masks, and for each member where (word, shift) each chunk stands.
"""

from math import comb
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cascade.core.symmetry import Symmetry
from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed.layout import NOWHERE, Field
from cascade.engines.packed.program import Assign, ClearUnless, Compare, Compute, FailIf, LookUp, Program, Source, Step
from cascade.engines.packed.tables import CompiledTables

# The header of `code`.
STATE_WORDS, ALL_WORDS, CLUSTERS, CLUSTER_COUNT, MAIN, IS_TIMED, SLACK = range(7)
GOAL_WORD, GOAL_SHIFT, GOAL_MASK, GOAL_FAIL_SHIFT, CLOCK_WORD, CLOCK_SHIFT, CLOCK_MASK, CLOCK_BOUND = range(7, 15)
SYMMETRY = 15
HEADER_SIZE = 16

# Kinds of steps.
END, LOOK_UP, COMPARE, ASSIGN, CLEAR_UNLESS, FAIL_IF, COMPUTE = range(7)

OPERAND_WORDS = 5
WORD_MASK = (1 << 64) - 1


def make_image(
    tables: CompiledTables, *, is_timed: bool, exceeds: tuple[int, int] | None, symmetry: Symmetry | None = None
) -> tuple[Words, SmallWords]:
    """The arrays of `tables`. `exceeds` is a clock and a bound: the goal is reached too where the clock is beyond it."""
    return _Writer(tables).write(is_timed, exceeds, symmetry)


def _is_next(one: Field, other: Field) -> bool:
    """Does `other` begin where `one` ends?"""
    return (other.word, other.shift) == (one.word, one.shift + one.bits)


class _Writer:
    def __init__(self, tables: CompiledTables) -> None:
        self._tables = tables
        self._code: list[int] = [0] * HEADER_SIZE
        self._small: list[SmallWords] = []
        self._small_size = 0
        self._width = tables.layout.word_count

    def write(
        self, is_timed: bool, exceeds: tuple[int, int] | None, symmetry: Symmetry | None
    ) -> tuple[Words, SmallWords]:
        tables, code = self._tables, self._code
        if symmetry is not None:
            self._classes(symmetry)
        programs = [self._program(program) for program in tables.programs]
        clusters = len(code)
        for cluster in tables.clusters:
            at = len(code)
            code += [0, self._table(np.zeros(len(cluster.entry_of), dtype=np.uint32))]
            code[at] = self._segments(cluster.sources)
        entries = self._entries(programs)
        most = 1 + sum(int((c.operations >= 0).sum(axis=1).max(initial=0)) for c in tables.clusters)
        goal = tables.goal
        code[STATE_WORDS] = self._width
        code[ALL_WORDS] = self._width + max(program.word_count for program in tables.programs)
        code[CLUSTERS], code[CLUSTER_COUNT], code[MAIN] = clusters, len(tables.clusters), programs[0]
        code[IS_TIMED], code[SLACK] = int(is_timed), most
        code[GOAL_FAIL_SHIFT] = NOWHERE
        if goal is not None:
            code[GOAL_WORD], code[GOAL_SHIFT], code[GOAL_MASK] = goal.field.word, goal.field.shift, 1
            code[GOAL_FAIL_SHIFT] = goal.field.shift + 1 if goal.fails else NOWHERE
        if exceeds is not None:
            place = tables.layout.clocks[exceeds[0]]
            code[CLOCK_WORD], code[CLOCK_SHIFT], code[CLOCK_MASK] = place.word, place.shift, place.mask
            code[CLOCK_BOUND] = exceeds[1]
        small = np.concatenate(self._small) if self._small else np.zeros(1, dtype=np.uint32)
        words = np.asarray([word & WORD_MASK for word in code], dtype=np.uint64)
        return np.concatenate([words, *entries]), small

    def _classes(self, symmetry: Symmetry) -> None:
        """Append the classes of interchangeable members. Fields that are adjacent in all members are one chunk."""
        code, layout = self._code, self._tables.layout
        fields = (*layout.variables, *layout.clocks)
        columns = max(map(len, symmetry.classes)) + 1
        table = len(code)
        code += [comb(n, k) for n in range(columns) for k in range(columns)]
        code[SYMMETRY] = len(code)
        code += [len(symmetry.classes), columns, table]
        for blocks in symmetry.classes:
            rows: list[list[Field]] = []  # of each chunk: where it stands in each member
            first = blocks[0]
            order = sorted((fields[p].word, fields[p].shift, k) for k, p in enumerate(first))
            for _, _, k in order:
                here = [fields[block[k]] for block in blocks]
                if rows and all(_is_next(one, other) for one, other in zip(rows[-1], here, strict=True)):
                    rows[-1] = [Field(f.word, f.shift, f.bits + g.bits) for f, g in zip(rows[-1], here, strict=True)]
                elif here[0].bits:
                    rows.append(here)
            code += [len(blocks), len(rows), *(row[0].mask for row in rows)]
            for places in zip(*rows, strict=True):
                for field in places:
                    code += [field.word, field.shift]

    def _table(self, values: SmallWords) -> int:
        place = self._small_size
        self._small.append(values)
        self._small_size += len(values)
        return place

    def _segments(self, sources: tuple[Source, ...]) -> int:
        """Append the segments of an index; fields that are adjacent in a word and in the index are one. Returns their number."""
        rows: list[list[int]] = []  # word, shift, bits, out
        out = 0
        for source in sources:
            field = source.field
            if rows and rows[-1][0] == field.word and rows[-1][1] + rows[-1][2] == field.shift:
                rows[-1][2] += field.bits
            elif field.bits:
                rows.append([field.word, field.shift, field.bits, out])
            out += field.bits
        for word, shift, bits, at in rows:
            self._code += [word, shift, (1 << bits) - 1, at]
        return len(rows)

    def _entries(self, programs: list[int]) -> list[Words]:
        """What follows the code at hand: the entries of each cluster. Their places go to the clusters' tables, which are the last ones."""
        operations = self._tables.operations
        rows = np.zeros((len(operations), 1 + 2 * self._width), dtype=np.int64)
        for row, o in zip(rows, operations, strict=True):
            program = programs[o.program] if o.program else 0
            row[0] = (1 if o.is_fault else 3) | o.command << 2 | program << 32
            row[1::2], row[2::2] = o.kept, o.delta
        written: list[Words] = []
        place = len(self._code)
        for number, cluster in enumerate(self._tables.clusters, start=len(self._small) - len(self._tables.clusters)):
            is_there = cluster.operations >= 0
            counts = is_there.sum(axis=1)
            head = 1 + self._width
            sizes = head + counts * rows.shape[1]
            places = np.cumsum(sizes) - sizes
            block = np.zeros(int(sizes.sum()), dtype=np.int64)
            block[places] = cluster.flags | counts << 8
            for word in range(self._width):
                block[places + 1 + word] = cluster.ticks[:, word]
            entry, column = np.nonzero(is_there)
            before: NDArray[np.int64] = (np.cumsum(is_there, axis=1) - is_there)[entry, column]
            at = places[entry] + head + before * rows.shape[1]
            block[at[:, None] + np.arange(rows.shape[1])] = rows[cluster.operations[entry, column]]
            self._small[number] = (place + places)[cluster.entry_of].astype(np.uint32)
            written.append(block.view(np.uint64))
            place += len(block)
        return written

    def _program(self, program: Program) -> int:
        if not program.steps:
            return 0
        place = len(self._code)
        for step in program.steps:
            self._step(step)
        self._code.append(END)
        return place

    def _step(self, step: Step) -> None:
        code = self._code
        match step:
            case LookUp(sources=sources, table=table, destination=to):
                code += [LOOK_UP, to.word, to.shift, self._table(table.astype(np.uint32)), 0]
                count = len(code) - 1
                code[count] = self._segments(sources)
            case Compare(field=f, bound=bound, destination=to):
                code += [COMPARE, f.word, f.shift, f.mask, bound, to.word, to.shift]
            case Assign(value=f, offset=offset, limit=limit, target=to):
                code += [ASSIGN, f.word, f.shift, f.mask, offset, limit, to.word, to.shift, to.mask]
            case ClearUnless(condition=f, target=to):
                code += [CLEAR_UNLESS, f.word, f.shift, f.mask, to.word, to.shift, to.mask]
            case FailIf(condition=f):
                code += [FAIL_IF, f.word, f.shift, f.mask]
            case Compute(op=op, operands=operands, low=low, destination=to, fail_shift=fail_shift):
                code += [
                    COMPUTE,
                    int(op),
                    to.word,
                    to.shift,
                    low,
                    NOWHERE if fail_shift is None else fail_shift,
                    len(operands),
                ]
                for operand in operands:
                    if isinstance(operand, int):
                        code += [0, 0, 0, operand, NOWHERE]
                        continue
                    f, bits = operand.field, operand.field.bits - int(operand.fails)
                    code += [
                        f.word,
                        f.shift,
                        (1 << bits) - 1,
                        operand.low,
                        f.shift + bits if operand.fails else NOWHERE,
                    ]
            case _:
                assert_never(step)
