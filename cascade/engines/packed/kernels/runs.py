"""Sorted states as differences: each block of a run begins with a key that is kept apart, then come the distances to the next ones, seven bits a byte (LEB128)."""

import numpy as np
from numpy.typing import NDArray

from cascade.engines.native.kernel import Word, Words, kernel

Bytes = NDArray[np.uint8]
Flags = NDArray[np.uint8]

NONE, ONE = np.uint64(0), np.uint64(1)
SEVEN = np.uint64(7)
LOW_BITS = np.uint64(0x7F)
MORE = np.uint8(0x80)
BYTES_A_KEY_MAX = 10


@kernel
def encode(keys: Words, block: Word, data: Bytes, offsets: Words) -> Word:
    """Write ascending keys, `block` to a block; `offsets` gets where each block begins. Returns the number of bytes."""
    at = NONE
    k, count = NONE, np.uint64(len(keys))
    while k < count:
        if k % block == NONE:
            offsets[k // block] = at
        else:
            rest = keys[k] - keys[k - ONE]
            while rest > LOW_BITS:
                data[at] = np.uint8(rest & LOW_BITS) | MORE
                rest >>= SEVEN
                at += ONE
            data[at] = np.uint8(rest)
            at += ONE
        k += ONE
    return at


@kernel
def decode(data: Bytes, begin: Word, end: Word, first: Word, keys: Words, count: Word) -> Word:
    """Append the keys of the block at `data[begin:end]` to `keys[:count]`; returns their number."""
    key = first
    keys[count] = key
    count += ONE
    at = begin
    while at < end:
        distance, shift = NONE, NONE
        while data[at] & MORE:
            distance |= (np.uint64(data[at]) & LOW_BITS) << shift
            shift += SEVEN
            at += ONE
        distance |= np.uint64(data[at]) << shift
        at += ONE
        key += distance
        keys[count] = key
        count += ONE
    return count


@kernel
def strike_out(candidates: Words, begin: Word, end: Word, keys: Words, count: Word, is_known: Flags) -> None:
    """Set `is_known` for those of the ascending `candidates[begin:end]` that are among the ascending `keys[:count]`."""
    k = NONE
    c = begin
    while c < end and k < count:
        if candidates[c] == keys[k]:
            is_known[c] = np.uint8(1)
            c += ONE
        elif candidates[c] < keys[k]:
            c += ONE
        else:
            k += ONE
