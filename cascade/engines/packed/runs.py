"""Sorted sets of states on disk, a few bytes a state: written once, then asked which of some candidates are in them."""

import os
import weakref
from collections.abc import Iterator

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels.runs import BYTES_A_KEY_MAX, Flags, decode, encode, strike_out
from cascade.engines.packed.store import distinct

BLOCK_STATES = 4096
"""States of a block: what has to be read to look for one state."""

SPAN_BLOCKS = 256
"""Blocks that are read at once."""

CHUNK_STATES = BLOCK_STATES * SPAN_BLOCKS


class SortedRun:
    """Ascending states in a file of its own, which vanishes with it. In memory stay the first state and the place of each block. Raises `OSError`."""

    def __init__(self, folder: str | None) -> None:
        import tempfile

        self._file = tempfile.TemporaryFile(prefix="cascade-", dir=folder)  # noqa: SIM115 - lives as long as the run
        weakref.finalize(self, self._file.close)
        self._firsts: list[Words] = []
        self._offsets: list[Words] = []
        self._rest = np.zeros(0, dtype=np.uint64)
        self._size = 0
        self._fences: tuple[Words, Words] | None = None
        self.count = 0

    def append(self, roots: Words) -> None:
        """Add ascending states that are beyond all others."""
        roots = np.concatenate([self._rest, roots])
        whole = len(roots) // BLOCK_STATES * BLOCK_STATES
        self._write(roots[:whole])
        self._rest = roots[whole:]

    def close(self) -> None:
        """No more states come."""
        self._write(self._rest)
        self._rest = self._rest[:0]
        self._file.flush()

    def _write(self, roots: Words) -> None:
        for begin in range(0, len(roots), CHUNK_STATES):
            keys = roots[begin : begin + CHUNK_STATES]
            data = np.empty(len(keys) * BYTES_A_KEY_MAX, dtype=np.uint8)
            offsets = np.zeros(-(-len(keys) // BLOCK_STATES), dtype=np.uint64)
            size = int(encode(keys, np.uint64(BLOCK_STATES), data, offsets))
            self._file.write(data[:size].data)
            self._firsts.append(keys[::BLOCK_STATES].copy())
            self._offsets.append(offsets + np.uint64(self._size))
            self._size += size
        self.count += len(roots)
        self._fences = None

    @property
    def byte_count(self) -> int:
        """Bytes on disk."""
        return self._size

    def _index(self) -> tuple[Words, Words]:
        """The first state of each block, and where each block begins; one more for the end."""
        if self._fences is None:
            firsts = np.concatenate(self._firsts) if self._firsts else np.zeros(0, dtype=np.uint64)
            offsets = np.concatenate([*self._offsets, np.asarray([self._size], dtype=np.uint64)])
            self._fences = firsts, offsets
        return self._fences

    def _span(self, first: int, last: int) -> tuple[Words, int]:
        """The states of the blocks `first..last` (half open), and their number."""
        firsts, offsets = self._index()
        begin, end = int(offsets[first]), int(offsets[last])
        data = np.frombuffer(os.pread(self._file.fileno(), end - begin, begin), dtype=np.uint8)
        keys = np.empty((last - first) * BLOCK_STATES, dtype=np.uint64)
        count = np.uint64(0)
        for block in range(first, last):
            place, following = offsets[block] - np.uint64(begin), offsets[block + 1] - np.uint64(begin)
            count = decode(data, place, following, firsts[block], keys, count)
        return keys, int(count)

    def chunks(self, state_count: int = CHUNK_STATES) -> Iterator[Words]:
        """All states, in order, about so many at a time, and no more than `CHUNK_STATES`."""
        block_count = len(self._index()[0])
        span = max(1, min(SPAN_BLOCKS, state_count // BLOCK_STATES))
        for first in range(0, block_count, span):
            keys, count = self._span(first, min(first + span, block_count))
            yield keys[:count]

    def strike_out(self, candidates: Words, is_known: Flags) -> None:
        """Set `is_known` for the ascending `candidates` that are in the run. Only blocks that may hold one are read."""
        firsts, _ = self._index()
        if not len(firsts) or not len(candidates):
            return
        block_of = np.searchsorted(firsts, candidates, side="right") - 1
        blocks = np.unique(block_of[block_of >= 0])
        begin = 0
        while begin < len(blocks):
            end = begin + 1
            while end < len(blocks) and end - begin < SPAN_BLOCKS and blocks[end] == blocks[end - 1] + 1:
                end += 1
            first, last = int(blocks[begin]), int(blocks[end - 1]) + 1
            keys, count = self._span(first, last)
            low, high = np.searchsorted(block_of, [first, last])
            strike_out(candidates, np.uint64(low), np.uint64(high), keys, np.uint64(count), is_known)
            begin = end


def merged(sources: list[Iterator[Words]]) -> Iterator[Words]:
    """The states of several ascending sources, ascending, each once, some at a time."""
    none = np.zeros(0, dtype=np.uint64)
    heads = [next(source, none) for source in sources]
    while any(len(head) for head in heads):
        # Up to the least of the last states in memory, everything is in memory.
        bound = min(head[-1] for head in heads if len(head))
        parts: list[Words] = []
        for number, head in enumerate(heads):
            cut = int(np.searchsorted(head, bound, side="right"))
            parts.append(head[:cut])
            heads[number] = head[cut:] if cut < len(head) else next(sources[number], none)
        yield distinct(np.concatenate(parts))
