"""Memory of a search: the seen set, which grows without a second copy of everything; arrays that grow; the log of explored states."""

import ctypes
import mmap
import weakref
from concurrent.futures import Executor
from typing import IO

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels.seen import SPARE_SLOTS, close_regions, move

WORD_BYTES = 8
MOVED_SLOTS = 1 << 22
"""Slots that are moved at once into a larger set; their memory is given back then."""

DOUBLED_BYTES_MAX = 1 << 28
"""Up to this size a set doubles; from then on it grows by half, which leaves less of the memory unused."""

QUEUE_STATES_MIN = 1 << 10
QUEUE_SEGMENTS_MIN = 1 << 6

LOGGED_IN_MEMORY = 1 << 22
"""States of the log that are kept in memory."""

LOGGED_IN_MEMORY_MIN = 1 << 16
"""The same, once memory is short."""


class SeenSet:
    """The seen set's memory; `cascade.engines.packed.kernels.seen` is its layout."""

    def __init__(self, regions: int, slot_count: int) -> None:
        self.regions = regions
        self.region_slots = -(-slot_count // regions)
        self._memory, self.slots = self._allocate(self.region_slots)

    def _size(self, region_slots: int) -> int:
        return self.regions * (region_slots + SPARE_SLOTS)

    def _allocate(self, region_slots: int) -> tuple[mmap.mmap, Words]:
        size = self._size(region_slots)
        # Private: shared memory, which is the default, gets no huge pages.
        memory = mmap.mmap(-1, size * WORD_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        slots = np.frombuffer(memory, dtype=np.uint64)
        close_regions(slots, np.uint64(self.regions), np.uint64(region_slots))
        return memory, slots

    @property
    def _next_region_slots(self) -> int:
        is_small = self._size(self.region_slots) * WORD_BYTES < DOUBLED_BYTES_MAX
        return self.region_slots * 2 if is_small else self.region_slots * 3 // 2

    @property
    def growth_bytes(self) -> int:
        """How much more memory `grow` needs."""
        return (self._size(self._next_region_slots) - len(self.slots)) * WORD_BYTES

    def grow(self, pool: Executor | None = None) -> None:
        """More slots. The old memory is given back piece by piece as its states move; each region can be moved by a thread of its own."""
        region_slots = self._next_region_slots
        memory, slots = self._allocate(region_slots)
        old_size = self.region_slots + SPARE_SLOTS
        begins = [region * old_size for region in range(self.regions)]
        for _ in (pool.map if pool else map)(
            lambda begin: self._move(begin, begin + old_size, slots, region_slots), begins
        ):
            pass
        self._memory, self.slots, self.region_slots = memory, slots, region_slots

    def _move(self, first: int, last: int, new_slots: Words, new_region_slots: int) -> None:
        for begin in range(first, last, MOVED_SLOTS):
            end = min(begin + MOVED_SLOTS, last)
            size = np.uint64(self.regions), np.uint64(new_region_slots)
            if not move(self.slots, np.uint64(begin), np.uint64(end), new_slots, *size):
                raise RegionFullError
            # Whole pages only: the next piece, or region, may begin within the last one.
            begin_byte = -(-begin * WORD_BYTES // mmap.PAGESIZE) * mmap.PAGESIZE
            length = end * WORD_BYTES // mmap.PAGESIZE * mmap.PAGESIZE - begin_byte
            if hasattr(mmap, "MADV_DONTNEED") and length > 0:
                self._memory.madvise(mmap.MADV_DONTNEED, begin_byte, length)


class RegionFullError(Exception):
    """A region of a set that is at most half full has no room: the hash is no hash."""


def grown(array: Words, used: int, least: int) -> Words:
    """A longer array with the same first `used` entries and room for at least `least` more."""
    result = np.zeros(max(len(array) * 2, used + least), dtype=np.uint64)
    result[:used] = array[:used]
    return result


def distinct(words: Words) -> Words:
    """The same words, ascending, each once. numpy's `unique` keeps a hash table meanwhile, several times as large as the words."""
    ordered = np.sort(words)
    if len(ordered) < 2:
        return ordered
    is_new = np.empty(len(ordered), dtype=np.bool_)
    is_new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def move_down(array: Words, begin: int, end: int) -> None:
    """Move `array[begin:end]` to the front. numpy would make a copy first where the two overlap, and so touch as much fresh memory."""
    if end > begin:
        ctypes.memmove(array.ctypes.data, array.ctypes.data + begin * WORD_BYTES, (end - begin) * WORD_BYTES)


class Queue:
    """States that wait, and their segments: `cascade.engines.packed.kernels.explore` says what they are."""

    def __init__(self) -> None:
        self.states = np.zeros(QUEUE_STATES_MIN, dtype=np.uint64)
        self.segments = np.zeros(3 * QUEUE_SEGMENTS_MIN, dtype=np.uint64)

    def grow(self, state_count: int, segment_count: int, room: int) -> None:
        """Room for `room` more states and one more segment."""
        if state_count + room > len(self.states):
            self.states = grown(self.states, state_count, room)
        if 3 * segment_count + 3 > len(self.segments):
            self.segments = grown(self.segments, 3 * segment_count, 3)

    def length_of(self, segment: int) -> int:
        """States of a segment."""
        return self._end_of(segment) - self._end_of(segment - 1)

    def segment(self, segment: int) -> tuple[int, int, Words]:
        """Ticks, commands, and the states of a segment."""
        ticks, commands = self.segments[3 * segment : 3 * segment + 2].tolist()
        return ticks, commands, self.states[self._end_of(segment - 1) : self._end_of(segment)]

    def append(self, segment_count: int, ticks: int, commands: int, states: Words) -> int:
        """One segment more; returns how many states there are then."""
        begin = self._end_of(segment_count - 1)
        self.grow(begin, segment_count, len(states))
        self.states[begin : begin + len(states)] = states
        self.segments[3 * segment_count : 3 * segment_count + 3] = ticks, commands, begin + len(states)
        return begin + len(states)

    def _end_of(self, segment: int) -> int:
        return int(self.segments[3 * segment + 2]) if segment >= 0 else 0


class StateLog:
    """All roots that were explored, in order: the older ones in a file once there are many."""

    def __init__(self) -> None:
        self._blocks: list[Words] = []
        self._block_states = 0
        self._file: IO[bytes] | None = None
        self._may_spill = True
        self._kept_states = LOGGED_IN_MEMORY
        self._file_states = 0

    def __len__(self) -> int:
        return self._file_states + self._block_states

    def append(self, roots: Words) -> None:
        """Add roots (copied)."""
        is_long = self._block_states + len(roots) > self._kept_states
        if not (is_long and self._may_spill and self._has_spilled(roots)):
            self._blocks.append(roots.copy())
            self._block_states += len(roots)

    def spill(self) -> None:
        """Keep little in memory from now on, if there is a file to write to."""
        self._kept_states = LOGGED_IN_MEMORY_MIN
        if self._may_spill:
            self._has_spilled(np.zeros(0, dtype=np.uint64))

    def _has_spilled(self, roots: Words) -> bool:
        try:
            self._spill(roots)
        except OSError:
            self._may_spill = False  # no folder, no space: what is not in the file stays in memory
        return self._may_spill

    def _spill(self, roots: Words) -> None:
        """Write all that is in memory, and `roots`."""
        import tempfile

        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="cascade-")  # noqa: SIM115 - lives as long as the log
            weakref.finalize(self, self._file.close)
        self._file.seek(self._file_states * WORD_BYTES)
        for block in (*self._blocks, roots):
            self._file.write(np.ascontiguousarray(block).data)
        self._file.flush()
        self._file_states += self._block_states + len(roots)
        self._blocks, self._block_states = [], 0

    def read(self, begin: int, end: int) -> Words:
        """The roots at `begin..end` (half open)."""
        parts: list[Words] = []
        if begin < self._file_states:
            assert self._file is not None, "there are states in it"
            count = min(end, self._file_states) - begin
            self._file.seek(begin * WORD_BYTES)
            parts.append(np.frombuffer(self._file.read(count * WORD_BYTES), dtype=np.uint64))
        at = self._file_states
        for block in self._blocks:
            if at < end and at + len(block) > begin:
                parts.append(block[max(begin - at, 0) : end - at])
            at += len(block)
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
