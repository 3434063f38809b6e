"""What one thread needs to expand states and to insert successors."""

import numpy as np

from cascade.engines.packed import image
from cascade.engines.packed.jit import SmallWords, Words
from cascade.engines.packed.kernels.expand import expand
from cascade.engines.packed.kernels.seen import NONE, insert, split
from cascade.engines.packed.store import SeenSet

NO_WORDS = np.zeros(0, dtype=np.uint64)


def make_scratch(code: Words) -> Words:
    """Room for a state and what `expand` computes on the way."""
    return np.zeros(2 * int(code[image.ALL_WORDS]) + 5 * int(code[image.STATE_WORDS]) + 1, dtype=np.uint64)


class Worker:
    """One of several threads that explore a wide layer together: expands its share of the layer, inserts what belongs to its region."""

    def __init__(self, number: int, count: int, code: Words, small: SmallWords, room: int) -> None:
        self.number = number
        self.scratch = make_scratch(code)
        self.begin = self.end = 0
        self.made = 0
        self.accepted = NO_WORDS
        self.accepted_count = self.new_count = np.uint64(0)
        self._code, self._small = code, small
        self._count = count
        self._successors = np.zeros(room, dtype=np.uint64)
        self.parts = np.zeros(room, dtype=np.uint64)
        self.bounds = np.zeros(count + 1, dtype=np.uint64)
        self._slots = NO_WORDS
        self.inserted: list[np.uint64] = []

    def expand(self, order: Words, tree: Words, slots: SmallWords) -> np.uint64:
        """Expand as much of the share as there is room for, and sort the successors by the threads that own them."""
        status, position, made = expand(
            self._code,
            self._small,
            tree,
            slots,
            order,
            np.uint64(self.begin),
            np.uint64(self.end),
            self.scratch,
            self._successors,
            NO_WORDS,
            NO_WORDS,
            True,
        )
        self.begin, self.made = int(position), int(made)
        split(self._successors, made, np.uint64(self._count), self.parts, self.bounds)
        self.inserted = self.bounds[:-1].tolist()
        return status

    def pending(self) -> "list[Words]":
        """What it made that is not inserted."""
        return [self.parts[int(begin) : int(end)] for begin, end in zip(self.inserted, self.bounds[1:], strict=True)]

    def insert(self, workers: "list[Worker]", seen: SeenSet) -> bool:
        """Insert what all threads have for this one; False where the region is full: the rest is for the next call."""
        room = sum(int(w.bounds[self.number + 1]) - int(w.inserted[self.number]) for w in workers)
        if room > len(self.accepted):
            self.accepted, self._slots = np.zeros(room, dtype=np.uint64), np.zeros(room, dtype=np.uint64)
        self.accepted_count = self.new_count = NONE
        for worker in workers:
            begin, end = worker.inserted[self.number], worker.bounds[self.number + 1]
            position, count, new = insert(
                seen.slots,
                np.uint64(seen.regions),
                np.uint64(seen.region_slots),
                worker.parts,
                np.uint64(begin),
                end,
                self._slots,
                self.accepted[int(self.accepted_count) :],
            )
            self.accepted_count += count
            self.new_count += new
            worker.inserted[self.number] = position
            if position != end:
                return False
        return True
