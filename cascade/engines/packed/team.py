"""Several threads at work on one large layer: each takes some of it, and between their turns all stands as if one had done it."""

from typing import TYPE_CHECKING

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels import expand, explore
from cascade.engines.packed.workers import Worker

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from cascade.engines.packed.search import PackedSearch


class Team:
    """The threads of a search. `workers` is empty until there is a large layer."""

    def __init__(self, search: "PackedSearch", thread_count: int) -> None:
        self._search = search
        self.thread_count = thread_count
        self.workers: list[Worker] = []

    @property
    def blocked_count(self) -> int:
        """States that they explored in which no tick is possible."""
        return sum(int(worker.scratch[-1]) for worker in self.workers)

    def explore_layer(self) -> np.uint64:
        """Expand what is left of the layer with all threads."""
        search = self._search
        control = search.control
        search.flush(search.layer_begin())
        self._gather()
        with self._pool() as pool:
            while control[explore.NEXT] < control[explore.LAYER_END] or any(len(w.pending) for w in self.workers):
                reasons = self._explore_together(pool)
                for reason in (expand.FOUND, expand.FAILED):
                    if reason in reasons:
                        return reason
                for reason in sorted(reasons - {expand.FINISHED} or {explore.PAUSED}):
                    search.provide(reason, pool)
        return explore.PAUSED

    def _pool(self) -> "ThreadPoolExecutor":
        from concurrent.futures import ThreadPoolExecutor  # late: it brings logging along, and most searches are small

        return ThreadPoolExecutor(self.thread_count)

    def _gather(self) -> None:
        search = self._search
        if not self.workers:
            sizes = len(search.successors), search.tuning.recent_states
            self.workers = [Worker(search.code, search.small, *sizes) for _ in range(self.thread_count)]

    def settle_queues(self) -> None:
        """All threads take from the queues what waits for the next layer."""
        search = self._search
        control = search.control
        self._gather()
        cost = int(control[explore.TICKS]), (int(control[explore.COMMANDS]) + 1) % (1 << 64)
        with self._pool() as pool:
            for queue, at, count in (
                (search.ticked, explore.TICK_SEGMENT, explore.TICK_SEGMENTS),
                (search.faulted, explore.FAULT_SEGMENT, explore.FAULT_SEGMENTS),
            ):
                if control[at] == control[count]:
                    continue
                ticks, commands, waiting = queue.segment(int(control[at]))
                if (ticks, commands) != cost:
                    continue
                shares = np.array_split(waiting, self.thread_count)
                list(pool.map(self._settle_share, self.workers, shares))
                control[at] += np.uint64(1)

    def _settle_share(self, worker: Worker, waiting: Words) -> None:
        search = self._search
        worker.settle(search.control, search.seen, waiting, search.order)

    def _explore_together(self, pool: "ThreadPoolExecutor") -> set[np.uint64]:
        """Each thread does a part of the layer's work; returns why they stopped. In between, all stands as if one had done it."""
        search = self._search
        control = search.control
        search.grow_queues(search.room, search.room)
        waiting = [int(control[position]) for position in (explore.NEXT_TICKS, explore.NEXT_FAULTS)]
        reasons = set(pool.map(self._explore_share, self.workers))
        control[explore.TRANSITIONS] += np.uint64(sum(worker.take_transitions() for worker in self.workers))
        self._take_back([worker.leave_block() for worker in self.workers])
        ends = [np.uint64(control[position]) for position in (explore.NEXT_TICKS, explore.NEXT_FAULTS)]
        control[explore.NEXT_TICKS], control[explore.NEXT_FAULTS] = waiting
        segments = search.next_ticked.segments, search.next_faulted.segments
        explore.extend_queues(control, segments[0], ends[0], segments[1], ends[1])
        return reasons

    def _explore_share(self, worker: Worker) -> np.uint64:
        search = self._search
        seen, ticked, faulted = search.seen, search.next_ticked, search.next_faulted
        place = search.roots.tree, search.roots.slots, search.control, search.order, seen, ticked, faulted
        return worker.explore(*place, self.thread_count, search.tuning.block_states, search.tuning.pause_states)

    def _take_back(self, blocks: list[tuple[int, int]]) -> None:
        """What threads have taken from the layer, and not expanded, comes to stand behind all that is expanded."""
        search = self._search
        control = search.control
        end = min(int(control[explore.NEXT]), int(control[explore.LAYER_END]))
        begin = min([first for first, last in blocks if first < last], default=end)
        taken = search.order[begin:end]
        is_expanded = np.ones(len(taken), dtype=np.bool_)
        for first, last in blocks:
            is_expanded[max(first - begin, 0) : max(last - begin, 0)] = False
        search.order[begin:end] = np.concatenate([taken[is_expanded], taken[~is_expanded]])
        control[explore.NEXT] = begin + int(np.count_nonzero(is_expanded))
