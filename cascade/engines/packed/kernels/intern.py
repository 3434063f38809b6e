"""Numbers for words and for pairs of numbers, so that one word stands for a wide state; see `cascade.engines.packed.kernels.expand`.

`tree` is a header, the left children of the inner nodes, the right ones, the number of values of each node, and the values: `capacity` of each node. Nodes are the words of a
state, then the inner nodes from the bottom up; the last inner node is the root, of which nothing is kept. `slots` are the nodes' hash tables, each twice as long as the
capacity; a slot is a number plus 1, or 0.

Several threads intern at once: who finds a free slot makes it BUSY by one compare-and-swap, so a value never gets two numbers; others wait there until it has its number. What
number a value gets depends on who comes first, so where one of several states is chosen, `first_of` compares the states themselves.
"""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Word, Words, compare_and_swap, fetch_and_add, kernel, subroutine
from cascade.engines.packed.kernels.seen import mix

NONE, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)
# Positions in the header: how many values a node may have, inner nodes, how many values of a node may be added before anybody looks, where numbers of values and values begin.
CAPACITY, INNER, ROOM, COUNTS, VALUES = range(5)
CHILDREN = 5
FIRST_CHILD = np.uint64(CHILDREN)
FREE, BUSY = np.uint32(0), np.uint32(0xFFFFFFFF)
HALF_BITS = np.uint64(30)
HALF_MASK = np.uint64((1 << 30) - 1)


@subroutine
def intern(tree: Words, slots: SmallWords, node: Word, value: Word) -> Word:
    """The number of `value` among the values of `node`; a new one if need be (the caller has made sure that there is room)."""
    capacity = tree[CAPACITY]
    values = tree[VALUES] + node * capacity
    last = TWO * capacity - ONE
    base = node * TWO * capacity
    slot = (mix(value) >> np.uint64(32)) & last
    while True:
        known = slots[base + slot]
        if known == FREE:
            known = compare_and_swap(slots, base + slot, FREE, BUSY)
            if known == FREE:
                index = fetch_and_add(tree, tree[COUNTS] + node, ONE)
                tree[values + index] = value
                compare_and_swap(slots, base + slot, BUSY, np.uint32(index + ONE))
                return index
        while known == BUSY:
            known = compare_and_swap(slots, base + slot, BUSY, BUSY)
        if tree[values + np.uint64(known) - ONE] == value:
            return np.uint64(known) - ONE
        slot = (slot + ONE) & last


@kernel
def has_room(tree: Words) -> bool:
    """Is there room for what threads may add before they look again?"""
    node, end = tree[COUNTS], tree[COUNTS] + TWO * tree[INNER]
    while node < end:
        if tree[node] + tree[ROOM] >= tree[CAPACITY]:
            return False
        node += ONE
    return True


@kernel
def decode(tree: Words, root: Word, scratch: Words, ids: Word) -> None:
    """Fill in the words of a state from `scratch[0]` on, and from `scratch[ids]` on the number of each node."""
    capacity, inner, values = tree[CAPACITY], tree[INNER], tree[VALUES]
    width = inner + ONE
    left = FIRST_CHILD
    right = left + inner
    k = inner
    while k > NONE:
        k -= ONE
        pair = root
        if k + ONE < inner:
            pair = tree[values + (width + k) * capacity + scratch[ids + width + k]]
        scratch[ids + tree[left + k]] = pair >> HALF_BITS
        scratch[ids + tree[right + k]] = pair & HALF_MASK
    w = NONE
    while w < width:
        scratch[w] = tree[values + w * capacity + scratch[ids + w]]
        w += ONE


@subroutine
def first_of(tree: Words, one: Word, other: Word, scratch: Words, to: Word, ids: Word) -> Word:
    """That of two roots whose state comes first, by its words from the first to the last; `scratch` has room for a state at `to`."""
    if one == other:
        return one
    width = tree[INNER] + ONE
    decode(tree, one, scratch, ids)
    w = NONE
    while w < width:
        scratch[to + w] = scratch[w]
        w += ONE
    decode(tree, other, scratch, ids)
    w = NONE
    while w < width:
        if scratch[to + w] != scratch[w]:
            return one if scratch[to + w] < scratch[w] else other
        w += ONE
    return one


@subroutine
def encode(tree: Words, slots: SmallWords, scratch: Words, after: Word, ids: Word) -> Word:
    """The root of the state at `scratch[after]`, which differs little from the one at `scratch[0]`, whose nodes have the numbers at `scratch[ids]`."""
    inner = tree[INNER]
    width = inner + ONE
    new_ids = ids + TWO * width
    left = FIRST_CHILD
    right = left + inner
    w = NONE
    while w < width:
        if scratch[after + w] == scratch[w]:
            scratch[new_ids + w] = scratch[ids + w]
        else:
            scratch[new_ids + w] = intern(tree, slots, w, scratch[after + w])
        w += ONE
    pair = NONE
    k = NONE
    while k < inner:
        a, b = tree[left + k], tree[right + k]
        pair = scratch[new_ids + a] << HALF_BITS | scratch[new_ids + b]
        if k + ONE < inner:
            if scratch[new_ids + a] == scratch[ids + a] and scratch[new_ids + b] == scratch[ids + b]:
                scratch[new_ids + width + k] = scratch[ids + width + k]
            else:
                scratch[new_ids + width + k] = intern(tree, slots, width + k, pair)
        k += ONE
    return pair


@kernel
def encode_rows(tree: Words, slots: SmallWords, words: Words, begin: Word, ids: Words, roots: Words) -> Word:
    """The roots of any states, which stand in `words` one after the other, from the number `begin` on; returns where it stopped for more room, or the end.

    `ids` has room for a number of each node.
    """
    inner = tree[INNER]
    width = inner + ONE
    left = FIRST_CHILD
    right = left + inner
    position = begin
    while position < np.uint64(len(roots)) and has_room(tree):
        w = NONE
        while w < width:
            ids[w] = intern(tree, slots, w, words[position * width + w])
            w += ONE
        pair = NONE
        k = NONE
        while k < inner:
            pair = ids[tree[left + k]] << HALF_BITS | ids[tree[right + k]]
            if k + ONE < inner:
                ids[width + k] = intern(tree, slots, width + k, pair)
            k += ONE
        roots[position] = pair
        position += ONE
    return position


@kernel
def rebuild(tree: Words, slots: SmallWords) -> None:
    """Fill the empty `slots` from the values."""
    capacity, values = tree[CAPACITY], tree[VALUES]
    last = TWO * capacity - ONE
    nodes = TWO * tree[INNER]
    node = NONE
    while node < nodes:
        index = NONE
        while index < tree[tree[COUNTS] + node]:
            slot = (mix(tree[values + node * capacity + index]) >> np.uint64(32)) & last
            while slots[node * TWO * capacity + slot] != np.uint32(0):
                slot = (slot + ONE) & last
            slots[node * TWO * capacity + slot] = np.uint32(index + ONE)
            index += ONE
        node += ONE
