"""Memory of a search: the seen set, which grows without a second copy of everything; arrays that grow; the log of explored states."""

import ctypes
import mmap
import weakref
from typing import IO, TYPE_CHECKING

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels.seen import END, SPARE_SLOTS, move, room_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

WORD_BYTES = 8
LINE_WORDS = 16
"""Words between what two threads write to all the time: two lines of a cache, which are fetched in pairs."""

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

    def __init__(self, slot_count: int) -> None:
        self.slot_count = slot_count
        self._memory, self.slots = self._allocate(slot_count)

    @staticmethod
    def _allocate(slot_count: int) -> tuple[mmap.mmap, Words]:
        size = slot_count + SPARE_SLOTS
        # Private: shared memory, which is the default, gets no huge pages.
        memory = mmap.mmap(-1, size * WORD_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        slots = np.frombuffer(memory, dtype=np.uint64)
        slots[-1] = END
        return memory, slots

    @property
    def room(self) -> int:
        """How many states it takes."""
        return int(room_of(np.uint64(self.slot_count)))

    @property
    def _next_slot_count(self) -> int:
        is_small = len(self.slots) * WORD_BYTES < DOUBLED_BYTES_MAX
        return self.slot_count * 2 if is_small else self.slot_count * 3 // 2

    @property
    def growth_bytes(self) -> int:
        """How much more memory `grow` needs."""
        return (self._next_slot_count - self.slot_count) * WORD_BYTES

    def grow(self, pool: "Executor | None" = None) -> None:
        """More slots. The old memory is given back piece by piece as its states move, which threads do together."""
        slot_count = self._next_slot_count
        memory, slots = self._allocate(slot_count)
        begins = range(0, len(self.slots), MOVED_SLOTS)
        for _ in (pool.map if pool else map)(lambda begin: self._move(begin, slots, slot_count), begins):
            pass
        self._memory, self.slots, self.slot_count = memory, slots, slot_count

    def _move(self, begin: int, new_slots: Words, new_slot_count: int) -> None:
        end = min(begin + MOVED_SLOTS, len(self.slots))
        if not move(self.slots, np.uint64(begin), np.uint64(end), new_slots, np.uint64(new_slot_count)):
            raise SeenFullError
        # Pieces are whole pages, but for the last.
        if hasattr(mmap, "MADV_DONTNEED"):
            self._memory.madvise(mmap.MADV_DONTNEED, begin * WORD_BYTES, (end - begin) * WORD_BYTES)


class NoMemoryError(Exception):
    """The seen set has no room to grow."""


class SeenFullError(Exception):
    """A set that is at most half full has no room: the hash is no hash."""


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
