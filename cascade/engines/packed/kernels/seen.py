"""The seen set: open addressing with linear probing over whole states, so a hash only finds the slot and nothing is ever mistaken for something else.

A slot is `root << 2 | mark`, 0 where free. The set consists of equal *regions*, one for each thread, so that a state belongs to one thread. Behind a region stand
spare slots and a last one that is neither free nor a state: probing ends there, and the set has to grow. Slots are in the order of the hash (but for
probing): growing goes once through old and new memory, from front to back.
"""

import numpy as np

from cascade.engines.native.kernel import Word, Words, kernel, prefetch, subroutine

NONE, ONE, TWO, THREE = (np.uint64(i) for i in range(4))
SIXTEEN = np.uint64(16)
THIRTY_TWO = np.uint64(32)
END = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The last slot of a region."""

SPARE_SLOTS = 1024
"""Behind each region, the last one included."""

SPARE = np.uint64(SPARE_SLOTS)
AHEAD = np.uint64(16)
"""Slots are asked for this many states before they are looked at, so that cache misses overlap."""

MULTIPLIER_1 = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER_2 = np.uint64(0xD6E8FEB86659FD93)


@subroutine
def mix(word: Word) -> Word:
    """A hash whose high bits depend on all bits of `word`: multiplications with a shift between (as in splitmix64, Steele, Lea and Flood 2014, which has one more)."""
    h = word * MULTIPLIER_1
    h ^= h >> THIRTY_TWO
    return h * MULTIPLIER_2


@subroutine
def home(root: Word, regions: Word, region_slots: Word) -> Word:
    """The slot where probing for a state begins: a multiplication in place of a remainder (Lemire 2019), so any number of slots will do."""
    h = mix(root) >> THIRTY_TWO
    return ((h * regions * region_slots) >> THIRTY_TWO) + ((h * regions) >> THIRTY_TWO) * SPARE


@subroutine
def owner(root: Word, regions: Word) -> Word:
    """The region of a state."""
    return ((mix(root) >> THIRTY_TWO) * regions) >> THIRTY_TWO


@subroutine
def find(seen: Words, root: Word, regions: Word, region_slots: Word) -> Word:
    """The slot of a state, or the free slot (or the last of the region) where it is not."""
    slot = home(root, regions, region_slots)
    known = seen[slot]
    while known != NONE and known >> TWO != root and known != END:
        slot += ONE
        known = seen[slot]
    return slot


@kernel
def room_of(regions: Word, region_slots: Word) -> Word:
    """How many states the set takes: three of four slots. Fuller, and a probe looks at ten slots to find one free."""
    slots = regions * region_slots
    return slots - (slots >> TWO)


@subroutine
def sift(successors: Words, count: Word, recent: Words) -> Word:
    """Drop successors that were made a short time ago, and so are in the set or on their way; returns how many are left, at the front.

    `recent` has a power of two of places, of which the state says which one it may stand in.
    """
    mask = np.uint64(len(recent)) - ONE
    kept = NONE
    k = NONE
    while k < count:
        successor = successors[k]
        place = (((successor >> TWO) * MULTIPLIER_1) >> THIRTY_TWO) & mask
        successors[kept] = successor
        kept += np.uint64(recent[place] != successor)
        recent[place] = successor
        k += ONE
    return kept


@kernel
def insert(
    seen: Words,
    regions: Word,
    region_slots: Word,
    successors: Words,
    begin: Word,
    end: Word,
    slots: Words,
    accepted: Words,
) -> tuple[Word, Word, Word]:
    """Put `successors[begin:end]` into the set: (position of the first that is not in, number of accepted ones, number of new ones).

    Accepted is what is new or reached more cheaply than before; `accepted` gets it. The position is `end` unless a region is full. `slots` has room for all.
    """
    count = NONE
    new = NONE
    k = begin
    while k < end:
        slots[k - begin] = home(successors[k] >> TWO, regions, region_slots)
        k += ONE
    k = begin
    last = min(begin + AHEAD, end)
    while k < last:
        prefetch(seen, slots[k - begin])
        k += ONE
    k = begin
    while k < end:
        if k + AHEAD < end:
            prefetch(seen, slots[k + AHEAD - begin])
        successor = successors[k]
        root = successor >> TWO
        slot = slots[k - begin]
        known = seen[slot]
        while known != NONE and known >> TWO != root:
            if known == END:
                return k, count, new
            slot += ONE
            known = seen[slot]
        if known < successor:
            # Free, or the same state with a mark that is worth less.
            new += np.uint64(known == NONE)
            seen[slot] = successor
            accepted[count] = successor
            count += ONE
        k += ONE
    return end, count, new


@subroutine
def settle(
    seen: Words, regions: Word, region_slots: Word, roots: Words, begin: Word, end: Word, order: Words, count: Word
) -> Word:
    """The waiting states `roots[begin:end]` are appended to `order` and marked as done, unless they are already; returns the new length of `order`."""
    k = begin
    while k < end:
        if k + AHEAD < end:
            prefetch(seen, home(roots[k + AHEAD], regions, region_slots))
        slot = find(seen, roots[k], regions, region_slots)
        if seen[slot] & THREE != THREE:
            seen[slot] |= THREE
            order[count] = roots[k]
            count += ONE
        k += ONE
    return count


@kernel
def close_regions(seen: Words, regions: Word, region_slots: Word) -> None:
    """Set the last slot of each region."""
    k = ONE
    while k <= regions:
        seen[k * (region_slots + SPARE) - ONE] = END
        k += ONE


@kernel
def move(seen: Words, begin: Word, end: Word, new_seen: Words, regions: Word, new_region_slots: Word) -> bool:
    """Move the slots `begin..end` (half open) into a larger set; False if a region of that is full."""
    k = begin
    while k < end:
        known = seen[k]
        if known != NONE and known != END:
            slot = find(new_seen, known >> TWO, regions, new_region_slots)
            if new_seen[slot] == END:
                return False
            new_seen[slot] = known
        k += ONE
    return True


@subroutine
def share_out(successors: Words, count: Word, recent: Words, regions: Word, parts: Words, fill: Words) -> None:
    """Sift successors and append each to the part of the region that it belongs to: region `r` has `parts[r * size:][:fill[r]]`, equal shares of `parts`."""
    mask = np.uint64(len(recent)) - ONE
    size = np.uint64(len(parts)) // regions
    k = NONE
    while k < count:
        successor = successors[k]
        h = mix(successor >> TWO)
        place = (h >> SIXTEEN) & mask
        r = ((h >> THIRTY_TWO) * regions) >> THIRTY_TWO
        parts[r * size + fill[r]] = successor
        fill[r] += np.uint64(recent[place] != successor)
        recent[place] = successor
        k += ONE
