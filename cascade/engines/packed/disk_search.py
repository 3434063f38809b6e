"""The search when the seen set has no more room in memory: the same layers, from the buckets of a `DiskStore`."""

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.checkpoint import Standing
from cascade.engines.packed.disk import Cost, DiskStore
from cascade.engines.packed.kernels import expand
from cascade.engines.packed.store import distinct
from cascade.engines.packed.workers import NO_WORDS

if TYPE_CHECKING:
    from cascade.engines.packed.search import PackedSearch


BYTES_A_STATE = 100
"""What a state costs on its way into the buckets, all copies that exist for a moment counted."""

SORTED_MIN = 1 << 14
"""With fewer states at a time than this everything would be reading and writing."""


LARGE_BYTES = 1 << 18
_M_MMAP_THRESHOLD = -3


def _give_back() -> None:
    """Let the system have what was freed, where the C library keeps it; from now on it keeps nothing large."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim") and hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        library.malloc_trim(0)


class EndedError(Exception):
    """A layer on disk has a goal, or something in it fails."""


class DiskSearch:
    """Goes on from where a search stands. Raises `OSError` where the disk is full."""

    def __init__(self, search: "PackedSearch", standing: Standing) -> None:
        self._search = search
        search.log.spill()
        _give_back()
        # The seen set is gone by now: what it leaves, and the limit allows, is for sorting.
        left = search.watch.memory_left()
        most = search.tuning.sorted_states
        self._sorted_states = most if left is None else min(most, max(SORTED_MIN, left // BYTES_A_STATE))
        self.store = DiskStore(self._sorted_states)
        self._unexpanded = standing.unexpanded
        for cost, roots in standing.waiting():
            self.store.put(cost, roots)
        for block in search.logged(0, len(search.log), self._sorted_states):
            self.store.add_explored(iter([np.sort(block)]))
            search.look_around()

    def run(self) -> Iterator[Words] | None:
        """The layer that has a goal, or in which something fails to evaluate; None when all is explored."""
        search, cost = self._search, self._search.cost()
        try:
            self._expand(self._unexpanded, cost)
        except EndedError:
            return search.logged(search.ranges()[cost][0], len(search.log))
        self._unexpanded = NO_WORDS
        search.save_if_due(self.standing)
        while (following := self.store.next_cost()) is not None:
            cost, begin = following, len(search.log)
            for block in self.store.take(cost):
                search.log.append(block)
                search.look_around()
            if len(search.log) == begin:
                continue
            search.begin_layer(cost, begin)
            self.store.add_explored(search.logged(begin, len(search.log)))
            try:
                for block in search.logged(begin, len(search.log)):
                    self._expand(block, cost)
                    search.look_around()
            except EndedError:
                return search.logged(begin, len(search.log))
            search.save_if_due(self.standing)
        return None

    def standing(self) -> Standing:
        """Where it stands between two layers."""
        return self._search.standing_with(self._unexpanded, self.store.waiting)

    def _expand(self, roots: Words, cost: Cost) -> None:
        """Put the successors of some states of a layer into buckets. Raises `EndedError` at a goal or a failure."""
        search = self._search
        position = np.uint64(0)
        buffered: list[Words] = []
        while position < len(roots):
            status, position, made = expand.expand(
                search.code,
                search.small,
                search.roots.tree,
                search.roots.slots,
                roots,
                np.uint64(position),
                np.uint64(len(roots)),
                search.scratch,
                search.successors,
                NO_WORDS,
                NO_WORDS,
                True,
            )
            search.count_transitions(int(made))
            buffered.append(distinct(search.successors[: int(made)]))
            if status in (expand.FOUND, expand.FAILED):
                raise EndedError
            if status == expand.NEEDS_TREE:
                search.grow_roots()
            if sum(map(len, buffered)) > self._sorted_states:
                self._put(np.concatenate(buffered), cost)
                buffered = []
                search.look_around()
        if buffered:
            self._put(np.concatenate(buffered), cost)

    def _put(self, successors: Words, cost: Cost) -> None:
        for after, roots in by_cost(successors, cost):
            self.store.put(after, roots)


def by_cost(successors: Words, cost: Cost) -> list[tuple[Cost, Words]]:
    """The roots of successors of states with this cost, apart by what they cost."""
    faults, ticks, commands = cost
    marks, roots = successors & np.uint64(3), successors >> np.uint64(2)
    return [
        (after, roots[marks == mark])
        for mark, after in (
            (expand.DONE, (faults, ticks, commands + 1)),
            (expand.WAITS_FOR_TICK, (faults, ticks + 1, commands)),
            (expand.WAITS_FOR_FAULT, (faults + 1, ticks, commands + 1)),
        )
    ]
