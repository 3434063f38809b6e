"""Compiled tables → flat arrays that kernels read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cascade.engines.packed.program import Assign, ClearUnless, Compare, FailIf, LookUp, Program, Source
from cascade.engines.packed.tables import CompiledTables

COMPARE, LOOK_UP, ASSIGN, CLEAR_UNLESS, FAIL_IF = range(5)

Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]


class FlatTables(NamedTuple):
    """All arrays are int64 but `values` and `entry_of`, which are int32 and hold the tables one after the other.

    A *segment* is (word, shift, mask, out): `((words[word] >> shift) & mask) << out` is one piece of an index. Steps of program `p` are
    `program_begin[p]..program_begin[p + 1]` (half open). A step has up to two fields: (word, shift, mask) it reads, (to_word, to_shift, to_mask) it
    writes; `number` is a bound, an offset, or where its table starts in `values`; its segments are `step_segment[i]..step_segment[i + 1]`.
    Entry `e` has the operations `entry_begin[e]..entry_begin[e + 1]` of `entry_operation`, a tick adds `entry_tick[e]`, and it has `entry_flags[e]`.
    """

    segment_word: Ints
    segment_shift: Ints
    segment_mask: Ints
    segment_out: Ints
    program_begin: Ints
    step_kind: Ints
    step_word: Ints
    step_shift: Ints
    step_mask: Ints
    step_to_word: Ints
    step_to_shift: Ints
    step_to_mask: Ints
    step_number: Ints
    step_segment: Ints
    values: SmallInts
    cluster_segment: Ints
    cluster_base: Ints
    entry_of: SmallInts
    entry_begin: Ints
    entry_operation: Ints
    entry_tick: Ints
    entry_flags: Ints
    operation_fault: Ints
    operation_kept: Ints
    operation_delta: Ints
    operation_program: Ints


class _Segments:
    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []

    def add(self, sources: tuple[Source, ...]) -> None:
        """Segments of an index; fields that are adjacent in a word and in the index are one segment."""
        out = 0
        last: tuple[int, int, int, int] | None = None  # word, shift, bits, out
        for source in sources:
            field = source.field
            if last is not None and last[0] == field.word and last[1] + last[2] == field.shift:
                last = (last[0], last[1], last[2] + field.bits, last[3])
            else:
                self._flush(last)
                last = (field.word, field.shift, field.bits, out)
            out += field.bits
        self._flush(last)

    def _flush(self, last: tuple[int, int, int, int] | None) -> None:
        if last is not None and last[2]:
            self.rows.append((last[0], last[1], (1 << last[2]) - 1, last[3]))


def flatten(tables: CompiledTables) -> FlatTables:
    """The arrays of `tables`."""
    segments = _Segments()
    values: list[NDArray[np.int32]] = []
    steps: list[tuple[int, ...]] = []
    step_segment = [0]
    program_begin = [0]
    size = 0
    for program in tables.programs:
        for row, sources, table in _steps(program):
            segments.add(sources)
            step_segment.append(len(segments.rows))
            steps.append((*row[:-1], size if table is not None else row[-1]))
            if table is not None:
                values.append(table.astype(np.int32))
                size += len(table)
        program_begin.append(len(steps))
    cluster_segment = [len(segments.rows)]
    cluster_base: list[int] = []
    base = 0
    for cluster in tables.clusters:
        segments.add(cluster.sources)
        cluster_segment.append(len(segments.rows))
        cluster_base.append(base)
        base += len(cluster.entries)
    entry_begin = np.cumsum([0, *(len(e.operations) for e in tables.entries)], dtype=np.int64)
    columns = _columns(segments.rows, 4)
    step_columns = _columns(steps, 8)
    return FlatTables(
        segment_word=columns[0],
        segment_shift=columns[1],
        segment_mask=columns[2],
        segment_out=columns[3],
        program_begin=_ints(program_begin),
        step_kind=step_columns[0],
        step_word=step_columns[1],
        step_shift=step_columns[2],
        step_mask=step_columns[3],
        step_to_word=step_columns[4],
        step_to_shift=step_columns[5],
        step_to_mask=step_columns[6],
        step_number=step_columns[7],
        step_segment=_ints(step_segment),
        values=np.concatenate(values) if values else np.zeros(0, dtype=np.int32),
        cluster_segment=_ints(cluster_segment),
        cluster_base=_ints(cluster_base),
        entry_of=np.concatenate([c.entries for c in tables.clusters])
        if tables.clusters
        else np.zeros(0, dtype=np.int32),
        entry_begin=entry_begin,
        entry_operation=_ints([o for e in tables.entries for o in e.operations]),
        entry_tick=_ints([e.tick for e in tables.entries]),
        entry_flags=_ints([e.flags for e in tables.entries]),
        operation_fault=_ints([int(o.is_fault) for o in tables.operations]),
        operation_kept=_ints([o.kept for o in tables.operations]),
        operation_delta=_ints([o.delta for o in tables.operations]),
        operation_program=_ints([o.program for o in tables.operations]),
    )


def _steps(program: Program) -> "list[tuple[tuple[int, ...], tuple[Source, ...], NDArray[np.int64] | None]]":
    """Each step as (kind, word, shift, mask, to_word, to_shift, to_mask, number), its index and its table."""
    rows: list[tuple[tuple[int, ...], tuple[Source, ...], NDArray[np.int64] | None]] = []
    for step in program.steps:
        match step:
            case Compare(field=f, bound=bound, destination=to):
                rows.append(((COMPARE, f.word, f.shift, f.mask, to.word, to.shift, to.mask, bound), (), None))
            case LookUp(sources=sources, table=table, destination=to):
                rows.append(((LOOK_UP, 0, 0, 0, to.word, to.shift, to.mask, 0), sources, table))
            case Assign(value=f, offset=offset, target=to):
                rows.append(((ASSIGN, f.word, f.shift, f.mask, to.word, to.shift, to.mask, offset), (), None))
            case ClearUnless(condition=f, target=to):
                rows.append(((CLEAR_UNLESS, f.word, f.shift, f.mask, to.word, to.shift, to.mask, 0), (), None))
            case FailIf(condition=f):
                rows.append(((FAIL_IF, f.word, f.shift, f.mask, 0, 0, 0, 0), (), None))
    return rows


def _ints(items: list[int]) -> Ints:
    return np.asarray(items, dtype=np.int64)


def _columns(rows: list[tuple[int, ...]], width: int) -> list[Ints]:
    array = np.asarray(rows, dtype=np.int64).reshape(-1, width)
    return [np.ascontiguousarray(array[:, i]) for i in range(width)]
