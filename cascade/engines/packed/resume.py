"""Where a search in memory stands, for a checkpoint or to go on on disk; and going on from there."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.checkpoint import Standing, sorted_by_cost
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.disk_search import by_cost
from cascade.engines.packed.kernels import expand, explore
from cascade.engines.packed.kernels.seen import insert
from cascade.engines.packed.store import WORD_BYTES, NoMemoryError, SeenSet, distinct, grown

if TYPE_CHECKING:
    from cascade.engines.packed.search import PackedSearch


def standing_of(search: "PackedSearch") -> Standing:
    """Where a search in memory stands."""
    control = search.control
    cost = search.cost()
    pending = [search.successors[int(control[explore.PENDING]) : int(control[explore.PENDING_END])]]
    pending += [distinct(worker.pending) for worker in search.team.workers]
    end = int(control[explore.LAYER_END])
    unexpanded = search.order[int(control[explore.NEXT]) : end].copy()
    waiting = [((cost[0], cost[1], cost[2] + 1), search.order[end : int(control[explore.COUNT])].copy())]
    for successors in pending:
        waiting += by_cost(successors, cost)
    for queue, position, count, faults in (
        (search.ticked, explore.TICK_SEGMENT, explore.TICK_SEGMENTS, cost[0]),
        (search.faulted, explore.FAULT_SEGMENT, explore.FAULT_SEGMENTS, cost[0]),
        (search.next_ticked, None, explore.NEXT_TICK_SEGMENTS, cost[0]),
        (search.next_faulted, None, explore.NEXT_FAULT_SEGMENTS, cost[0] + 1),
    ):
        for segment in range(0 if position is None else int(control[position]), int(control[count])):
            ticks, commands, roots = queue.segment(segment)
            waiting.append(((faults, ticks, commands), roots.copy()))
    return search.standing_with(unexpanded, lambda: waiting)


def resume(search: "PackedSearch", standing: Standing, log: Iterable[Words]) -> None:
    """Go on from `standing`. Raises `NoMemoryError` when the log, the layer at hand, and nothing else are in place."""
    control = search.control
    control[:] = 0
    search.layers = grown(standing.layers, len(standing.layers), 4)
    control[explore.LAYERS] = len(standing.layers) // 4
    control[explore.TRANSITIONS] = control[explore.TRANSITIONS_BEFORE] = standing.transition_count
    search.scratch[-1] = standing.blocked_count
    search.roots.restore(standing.tree)
    begin = int(standing.layers[-1])
    expanded: list[Words] = []
    for block in log:
        here = max(begin - len(search.log), 0)
        search.log.append(block[:here])
        expanded.append(block[here:])
    layer = np.concatenate([*expanded, standing.unexpanded])
    search.order = grown(layer, len(layer), search.room)
    control[explore.LOGGED] = len(search.log)
    control[explore.NEXT] = len(layer) - len(standing.unexpanded)
    control[explore.COUNT] = control[explore.LAYER_END] = len(layer)
    control[explore.FAULTS], control[explore.TICKS], control[explore.COMMANDS] = search.cost()
    search.resumed = standing
    # Two slots a state, and room to sort what waits.
    if not search.watch.has_memory(3 * WORD_BYTES * (len(search.log) + len(layer) + standing.waiting_count)):
        raise NoMemoryError
    search.seen = SeenSet(search.seen.slot_count)
    control[explore.SLOT_COUNT] = search.seen.slot_count
    for block in search.logged(0, len(search.log)):
        _insert(search, block, expand.DONE)
    _insert(search, layer, expand.DONE)
    for cost, roots in sorted_by_cost(standing.waiting()):
        _let_wait(search, cost, roots)
    search.resumed = None


def _let_wait(search: "PackedSearch", cost: Cost, roots: Words) -> None:
    """States of ascending costs. A mark need not be what it was: it only has to be less than that of whatever is cheaper."""
    control = search.control
    faults, ticks, commands = search.cost()
    if cost == (faults, ticks, commands + 1):
        fresh = _insert(search, roots, expand.DONE)
        search.order = grown(search.order, int(control[explore.COUNT]), len(fresh) + search.room)
        search.order[int(control[explore.COUNT]) :][: len(fresh)] = fresh
        control[explore.COUNT] += np.uint64(len(fresh))
        return
    is_this, is_next = cost[:2] == (faults, ticks), cost[:2] == (faults, ticks + 1)
    fresh = _insert(search, roots, expand.WAITS_FOR_TICK if is_this or is_next else expand.WAITS_FOR_FAULT)
    if not len(fresh):
        return
    if is_this:
        queue, segments, end = search.ticked, explore.TICK_SEGMENTS, None
    elif is_next:
        queue, segments, end = search.next_ticked, explore.NEXT_TICK_SEGMENTS, explore.NEXT_TICKS
    elif cost[0] == faults:
        queue, segments, end = search.faulted, explore.FAULT_SEGMENTS, None
    else:
        queue, segments, end = search.next_faulted, explore.NEXT_FAULT_SEGMENTS, explore.NEXT_FAULTS
    total = queue.append(int(control[segments]), cost[1], cost[2], fresh)
    control[segments] += np.uint64(1)
    if end is not None:
        control[end] = total


def _insert(search: "PackedSearch", roots: Words, mark: np.uint64) -> Words:
    """Put roots into the seen set: those that were not in it with this mark or a better one."""
    accepted, slots = np.zeros(len(roots), dtype=np.uint64), np.zeros(len(roots), dtype=np.uint64)
    successors = roots << np.uint64(2) | mark
    begin, total = 0, 0
    while begin < len(roots):
        room = search.seen.room - int(search.control[explore.SEEN])
        end = min(len(roots), begin + max(room, 0))
        part = np.uint64(search.seen.slot_count), successors, np.uint64(begin), np.uint64(end)
        position, count, new = insert(search.seen.slots, *part, slots, accepted[total:])
        begin, total = int(position), total + int(count)
        search.control[explore.SEEN] += np.uint64(new)
        if begin < len(roots):
            search.grow_seen()
    return accepted[:total] >> np.uint64(2)
