"""The way to a state, found backward: each cost has one layer, so the predecessors of a state stand in at most three."""

from typing import TYPE_CHECKING

import numpy as np

from cascade.engines.packed.disk import Cost
from cascade.engines.packed.kernels import backward, expand
from cascade.engines.packed.kernels.explore import IN_ORDER

if TYPE_CHECKING:
    from cascade.engines.packed.search import PackedSearch

State = tuple[int, ...]


def way_to(search: "PackedSearch", root: int, cost: Cost) -> list[State]:
    """The states of a cheapest run to a state in the layer with this cost; of several predecessors the least counts."""
    while not search.roots.has_room:
        search.grow_roots()
    ranges = search.ranges()
    path = [root]
    while cost != (0, 0, 0):
        root, cost = _step_back(search, root, cost, ranges)
        path.append(root)
    return [search.roots.state_of(r) for r in reversed(path)]


def _step_back(search: "PackedSearch", root: int, cost: Cost, ranges: dict[Cost, tuple[int, int]]) -> tuple[int, Cost]:
    faults, ticks, commands = cost
    for mark, before in (
        (expand.DONE, (faults, ticks, commands - 1)),
        (expand.WAITS_FOR_TICK, (faults, ticks - 1, commands)),
        (expand.WAITS_FOR_FAULT, (faults - 1, ticks, commands - 1)),
    ):
        if before in ranges:
            found = _predecessor(search, np.uint64(root << 2 | int(mark)), *ranges[before])
            if found is not None:
                return found, before
    raise AssertionError("every state but an initial one has a predecessor in an earlier layer")


def _predecessor(search: "PackedSearch", successor: np.uint64, begin: int, end: int) -> int | None:
    """The root of the least state at `begin..end` of the log with this successor."""
    found: list[np.uint64] = []
    for roots in search.logged(begin, end):
        least = backward.predecessor_among(
            search.code,
            search.small,
            search.roots.tree,
            search.roots.slots,
            roots,
            search.scratch,
            search.successors,
            np.zeros(len(roots), dtype=np.uint64),
            successor,
        )
        if least != IN_ORDER:
            found.append(least)
        search.watch.check(frontier_count=0)
    return search.least_of(np.asarray(found, dtype=np.uint64)) if found else None
