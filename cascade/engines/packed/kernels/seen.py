"""The seen set: open addressing with linear probing over whole states, so a hash only finds the slot and nothing is ever mistaken for something else.

A slot is `root << 2 | mark`, 0 where free. Behind the slots stand spare ones and a last one that is neither free nor a state: probing ends there, and the set has to
grow. Slots are in the order of the hash (but for probing): growing goes once through old and new memory, from front to back.

Several threads insert at once, without locks: a slot changes from free to a state, and from a state to the same state with a better mark, each by one
compare-and-swap; who loses looks again (Laarman, van de Pol, Weber, *Boosting Multi-Core Reachability Performance with Shared Hash Tables*, FMCAD 2010, whose states are
longer than a word, so that they need a second array). One word is read and written as a whole, so that nobody ever sees half of a state.
"""

import numpy as np

from cascade.engines.native.kernel import Word, Words, compare_and_swap, kernel, prefetch, subroutine

NONE, ONE, TWO, THREE = (np.uint64(i) for i in range(4))
THIRTY_TWO = np.uint64(32)
END = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The last slot."""

SPARE_SLOTS = 1024
"""Behind the slots, the last one included."""

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
def home(root: Word, slot_count: Word) -> Word:
    """The slot where probing for a state begins: a multiplication in place of a remainder (Lemire 2019), so any number of slots below 2^32 will do."""
    return ((mix(root) >> THIRTY_TWO) * slot_count) >> THIRTY_TWO


@subroutine
def find(seen: Words, root: Word, slot_count: Word) -> Word:
    """The slot of a state, or the free slot (or the last) where it is not."""
    slot = home(root, slot_count)
    known = seen[slot]
    while known != NONE and known >> TWO != root and known != END:
        slot += ONE
        known = seen[slot]
    return slot


@subroutine
def room_of(slot_count: Word) -> Word:
    """How many states the set takes: three of four slots. Fuller, and a probe looks at ten slots to find one free."""
    return slot_count - (slot_count >> TWO)


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
    slot_count: Word,
    successors: Words,
    begin: Word,
    end: Word,
    slots: Words,
    accepted: Words,
) -> tuple[Word, Word, Word]:
    """Put `successors[begin:end]` into the set: (position of the first that is not in, number of accepted ones, number of new ones).

    Accepted is what is new or reached more cheaply than before; `accepted` gets it. The position is `end` unless the set is full. `slots` has room for all.
    """
    count = NONE
    new = NONE
    k = begin
    while k < end:
        slots[k - begin] = home(successors[k] >> TWO, slot_count)
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
        while True:
            while known != NONE and known >> TWO != root:
                if known == END:
                    return k, count, new
                slot += ONE
                known = seen[slot]
            if known >= successor:
                break
            # Free, or the same state with a mark that is worth less.
            expected = known
            known = compare_and_swap(seen, slot, expected, successor)
            if known == expected:
                new += np.uint64(known == NONE)
                accepted[count] = successor
                count += ONE
                break
        k += ONE
    return end, count, new


@subroutine
def settle(seen: Words, slot_count: Word, roots: Words, begin: Word, end: Word, order: Words, count: Word) -> Word:
    """The waiting states `roots[begin:end]` are appended to `order` and marked as done, unless they are already; returns the new length of `order`."""
    k = begin
    while k < end:
        if k + AHEAD < end:
            prefetch(seen, home(roots[k + AHEAD], slot_count))
        slot = find(seen, roots[k], slot_count)
        known = seen[slot]
        if known & THREE != THREE and compare_and_swap(seen, slot, known, known | THREE) == known:
            order[count] = roots[k]
            count += ONE
        k += ONE
    return count


@kernel
def move(seen: Words, begin: Word, end: Word, new_seen: Words, new_slot_count: Word) -> bool:
    """Move the slots `begin..end` (half open) into a larger set; False if that is full. Threads may do so together."""
    k = begin
    while k < end:
        known = seen[k]
        if known != NONE and known != END:
            slot = home(known >> TWO, new_slot_count)
            while new_seen[slot] != NONE or compare_and_swap(new_seen, slot, NONE, known) != NONE:
                if new_seen[slot] == END:
                    return False
                slot += ONE
        k += ONE
    return True
