"""What one thread needs to expand states and to insert successors."""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed import image
from cascade.engines.packed.kernels.expand import DONE, WAITS_FOR_FAULT, WAITS_FOR_TICK
from cascade.engines.packed.kernels.explore import distribute, expand_share
from cascade.engines.packed.kernels.seen import insert
from cascade.engines.packed.store import SeenSet

NO_WORDS = np.zeros(0, dtype=np.uint64)


def make_scratch(code: Words) -> Words:
    """Room for a state and what `expand` computes on the way."""
    return np.zeros(2 * int(code[image.ALL_WORDS]) + 5 * int(code[image.STATE_WORDS]) + 1, dtype=np.uint64)


class Worker:
    """One of several threads that explore a wide layer together: expands its share of the layer, inserts what belongs to its region."""

    def __init__(
        self, number: int, count: int, code: Words, small: SmallWords, room: int, batch: int, recent: int
    ) -> None:
        self.number = number
        self.scratch = make_scratch(code)
        # Its share of the layer, and where it is in it.
        self.first = self.begin = self.end = 0
        self.made = 0
        self._accepted = NO_WORDS
        self._accepted_count = 0
        self.new_count = 0
        self.mark_counts = (0, 0, 0)
        self._recent = np.zeros(recent, dtype=np.uint64)
        self._code, self._small = code, small
        self._count = count
        self._successors = np.zeros(batch, dtype=np.uint64)
        # Some room beyond: writing is done before it is known to be needed.
        self._parts = np.zeros(count * (room + batch) + 1, dtype=np.uint64)
        self._fill = np.zeros(count, dtype=np.uint64)
        self._slots = NO_WORDS
        self._inserted = [0] * count

    def expand(self, order: Words, tree: Words, slots: SmallWords) -> np.uint64:
        """Expand as much of the share as there is room for; the successors come to stand apart by the threads that own them."""
        status, position, made = expand_share(
            self._code,
            self._small,
            tree,
            slots,
            order,
            np.uint64(self.begin),
            np.uint64(self.end),
            self.scratch,
            self._successors,
            self._recent,
            np.uint64(self._count),
            self._parts,
            self._fill,
        )
        self.begin, self.made = int(position), int(made)
        self._inserted = [0] * self._count
        return status

    def part(self, region: int) -> Words:
        """What it made for a region that is not inserted."""
        begin = region * (len(self._parts) // self._count)
        return self._parts[begin + self._inserted[region] : begin + int(self._fill[region])]

    def pending(self) -> "list[Words]":
        """What it made that is not inserted."""
        return [self.part(region) for region in range(self._count)]

    def took(self, region: int, count: int) -> None:
        self._inserted[region] += count

    def insert(self, workers: "list[Worker]", seen: SeenSet) -> bool:
        """Insert what all threads have for this one; False where the region is full: the rest is for the next call."""
        parts = [worker.part(self.number) for worker in workers]
        room = sum(map(len, parts))
        if room > len(self._accepted):
            self._accepted, self._slots = np.zeros(room, dtype=np.uint64), np.zeros(room, dtype=np.uint64)
        self._accepted_count = self.new_count = 0
        is_full = False
        for worker, part in zip(workers, parts, strict=True):
            position, count, new = insert(
                seen.slots,
                np.uint64(seen.regions),
                np.uint64(seen.region_slots),
                part,
                np.uint64(0),
                np.uint64(len(part)),
                self._slots,
                self._accepted[self._accepted_count :],
            )
            self._accepted_count += int(count)
            self.new_count += int(new)
            worker.took(self.number, int(position))
            is_full = int(position) != len(part)
            if is_full:
                break
        marks = np.bincount((self._accepted[: self._accepted_count] & np.uint64(3)).astype(np.uint8), minlength=4)
        self.mark_counts = (int(marks[DONE]), int(marks[WAITS_FOR_TICK]), int(marks[WAITS_FOR_FAULT]))
        return not is_full

    def place(self, order: Words, ticked: Words, faulted: Words, places: tuple[int, int, int]) -> None:
        """Put what was accepted where it belongs, from these places on."""
        done, tick, fault = (np.uint64(place) for place in places)
        distribute(self._accepted, np.uint64(self._accepted_count), order, done, ticked, tick, faulted, fault)
