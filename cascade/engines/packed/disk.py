"""Exploration goes on when the seen set has no more room in memory: sorted states on disk, duplicates found by merging.

Delayed duplicate detection (Korf, *Best-First Frontier Search with Delayed Duplicate Detection*, 2004; Stern and Dill, *Using Magnetic Disk instead of Main Memory in the
Murphi Verifier*, 1998): the successors of a layer are collected in *buckets*, one for each cost. When a bucket's turn comes, its states are sorted, and
those are struck out that are in one of the sorted runs of all states that were explored; what is left is the layer. A bucket of few states looks only
at the blocks of a run that may hold one of them. Exact like the rest: states are compared, never hashes.
"""

from collections.abc import Iterator

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.runs import SortedRun, merged
from cascade.engines.packed.store import distinct

Cost = tuple[int, int, int]

RUNS_MAX = 12
"""Runs of explored states, before the small ones are made one."""

RUNS_KEPT = 4
"""Large runs that are left as they are then."""


class Bucket:
    """States that wait for their cost: ascending arrays, and runs on disk."""

    def __init__(self) -> None:
        self.arrays: list[Words] = []
        self.runs: list[SortedRun] = []

    @property
    def memory_states(self) -> int:
        """States in memory."""
        return sum(len(array) for array in self.arrays)

    def sources(self, state_count: int) -> list[Iterator[Words]]:
        """What it consists of, to be merged; of what is on disk about so many states at a time."""
        share = state_count // max(1, len(self.runs))
        return [*(iter([array]) for array in self.arrays), *(run.chunks(share) for run in self.runs)]


class DiskStore:
    """Explored states and buckets. `memory_states` is how many states may be in memory. Raises `OSError` where the disk is full."""

    def __init__(self, memory_states: int, folder: str | None = None) -> None:
        self._memory_states = memory_states
        self._folder = folder
        self._explored: list[SortedRun] = []
        self._buckets: dict[Cost, Bucket] = {}

    @property
    def byte_count(self) -> int:
        """Bytes of the explored states on disk."""
        return sum(run.byte_count for run in self._explored)

    def add_explored(self, ascending: Iterator[Words]) -> None:
        """One more set of explored states."""
        run = SortedRun(self._folder)
        for block in ascending:
            run.append(block)
        run.close()
        if not run.count:
            return
        self._explored.append(run)
        if len(self._explored) > RUNS_MAX:
            self._explored.sort(key=lambda r: -r.count)
            small = self._explored[RUNS_KEPT:]
            del self._explored[RUNS_KEPT:]
            self.add_explored(merged([r.chunks(self._memory_states // len(small)) for r in small]))

    def put(self, cost: Cost, roots: Words) -> None:
        """States that wait, in any order."""
        if not len(roots):
            return
        self._buckets.setdefault(cost, Bucket()).arrays.append(distinct(roots))
        while sum(bucket.memory_states for bucket in self._buckets.values()) > self._memory_states:
            largest = max(self._buckets.values(), key=lambda bucket: bucket.memory_states)
            run = SortedRun(self._folder)
            for block in merged([iter([array]) for array in largest.arrays]):
                run.append(block)
            run.close()
            largest.arrays.clear()
            largest.runs.append(run)

    def waiting(self) -> Iterator[tuple[Cost, Words]]:
        """All states that wait, some at a time; some of them explored already."""
        for cost, bucket in self._buckets.items():
            for source in bucket.sources(self._memory_states):
                for block in source:
                    yield cost, block

    def next_cost(self) -> Cost | None:
        """The least cost of a bucket."""
        return min(self._buckets, default=None)

    def take(self, cost: Cost) -> Iterator[Words]:
        """The states of a bucket that are not explored yet, ascending, some at a time; the bucket is gone then."""
        for block in merged(self._buckets.pop(cost).sources(self._memory_states)):
            is_known = np.zeros(len(block), dtype=np.uint8)
            for run in self._explored:
                run.strike_out(block, is_known)
            fresh = block[is_known == 0]
            if len(fresh):
                yield fresh
