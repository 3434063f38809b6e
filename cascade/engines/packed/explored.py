"""The explored states, when all are: choosing some of them, and what they cost."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cascade.engines.explicit.watch import StopSearch
from cascade.engines.native.kernel import Words
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.kernels import backward
from cascade.engines.packed.search import PackedSearch
from cascade.limits import StopReason

Mask = NDArray[np.bool_]


def select(search: PackedSearch, chosen: Callable[[Words], Mask]) -> tuple[Words, Words]:
    """The roots of the log that are chosen, and their positions."""
    roots: list[Words] = []
    positions: list[Words] = []
    for begin in range(0, len(search.log), search.tuning.read_states):
        block = search.log.read(begin, min(begin + search.tuning.read_states, len(search.log)))
        places = np.flatnonzero(chosen(block))
        search.may_take(16 * len(places))
        roots.append(block[places])
        positions.append((places + begin).astype(np.uint64))
        search.look_around()
    return np.concatenate(roots), np.concatenate(positions)


def select_blocked(search: PackedSearch) -> tuple[Words, Words]:
    """The roots of the log in which no tick is possible, and their positions."""
    return select(search, lambda roots: _are_blocked(search, roots))


def _are_blocked(search: PackedSearch, roots: Words) -> Mask:
    blocked = np.zeros(len(roots), dtype=np.uint8)
    position = 0
    while position < len(roots):
        position = int(
            backward.blocked_among(
                search.code,
                search.small,
                search.roots.tree,
                search.roots.slots,
                roots,
                np.uint64(position),
                search.scratch,
                search.successors,
                blocked,
            )
        )
        if position < len(roots):
            search.grow_roots()
    return np.not_equal(blocked, 0)


def first_of(search: PackedSearch, roots: Words, positions: Words, chosen: Mask) -> tuple[int, Cost]:
    """Of the chosen states one with the least cost: the least of them. `positions` ascend."""
    first = int(positions[np.flatnonzero(chosen)[0]])
    cost, (_, end) = next((c, r) for c, r in search.ranges().items() if r[0] <= first < r[1])
    same = chosen & (positions < end)
    return search.least_of(roots[same]), cost


def count_twins(search: PackedSearch, variable: int, holds: Callable[[Words], Mask]) -> int:
    """How many states where the last variable, a bit, holds are explored without it too."""
    if search.disk is not None:
        raise StopSearch(StopReason.MEMORY)
    field = search.tables.layout.variables[variable]
    roots, _ = select(search, holds)
    count, position = 0, 0
    while position < len(roots):
        found, stopped = backward.twins_among(
            search.roots.tree,
            search.roots.slots,
            search.seen.slots,
            np.uint64(search.seen.slot_count),
            roots,
            np.uint64(position),
            np.uint64(field.word),
            np.uint64(field.shift),
            search.scratch,
            search.code,
        )
        count, position = count + int(found), int(stopped)
        if position < len(roots):
            search.grow_roots()
    return count
