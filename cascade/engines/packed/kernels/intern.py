"""Numbers for words and for pairs of numbers, so that one word stands for a wide state; see `cascade.engines.packed.kernels.expand`.

`tree` is a header (capacity, number of inner nodes, where the values begin), the number of values of each node, the left children of the inner nodes, the right ones,
and the values: `capacity` of each node. Nodes are the words of a state, then the inner nodes from the bottom up; the last inner node is the root, of which
nothing is kept. `slots` are the nodes' hash tables, each twice as long as the capacity; a slot is a number plus 1, or 0.
"""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Word, Words, kernel, subroutine
from cascade.engines.packed.kernels.seen import mix

NONE, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)
CAPACITY, INNER, VALUES, COUNTS = 0, 1, 2, 3
FIRST_COUNT = np.uint64(COUNTS)
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
        known = np.uint64(slots[base + slot])
        if known == NONE:
            break
        if tree[values + known - ONE] == value:
            return np.uint64(known - ONE)
        slot = (slot + ONE) & last
    index = np.uint64(tree[FIRST_COUNT + node])
    tree[FIRST_COUNT + node] = index + ONE
    tree[values + index] = value
    slots[base + slot] = np.uint32(index + ONE)
    return index


@kernel
def has_room(tree: Words, count: Word) -> bool:
    """Is there room for `count` more values in each node?"""
    nodes = TWO * tree[INNER]
    node = NONE
    while node < nodes:
        if tree[FIRST_COUNT + node] + count >= tree[CAPACITY]:
            return False
        node += ONE
    return True


@kernel
def decode(tree: Words, root: Word, scratch: Words, ids: Word) -> None:
    """Fill in the words of a state from `scratch[0]` on, and from `scratch[ids]` on the number of each node."""
    capacity, inner, values = tree[CAPACITY], tree[INNER], tree[VALUES]
    width = inner + ONE
    left = FIRST_COUNT + TWO * inner
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
def encode(tree: Words, slots: SmallWords, scratch: Words, after: Word, ids: Word) -> Word:
    """The root of the state at `scratch[after]`, which differs little from the one at `scratch[0]`, whose nodes have the numbers at `scratch[ids]`."""
    inner = tree[INNER]
    width = inner + ONE
    new_ids = ids + TWO * width
    left = FIRST_COUNT + TWO * inner
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
def encode_new(tree: Words, slots: SmallWords, words: Words, ids: Words) -> Word:
    """The root of any state; `ids` has room for a number of each node."""
    inner = tree[INNER]
    width = inner + ONE
    left = FIRST_COUNT + TWO * inner
    right = left + inner
    w = NONE
    while w < width:
        ids[w] = intern(tree, slots, w, words[w])
        w += ONE
    pair = NONE
    k = NONE
    while k < inner:
        pair = ids[tree[left + k]] << HALF_BITS | ids[tree[right + k]]
        if k + ONE < inner:
            ids[width + k] = intern(tree, slots, width + k, pair)
        k += ONE
    return pair


@kernel
def rebuild(tree: Words, slots: SmallWords) -> None:
    """Fill the empty `slots` from the values."""
    capacity, values = tree[CAPACITY], tree[VALUES]
    last = TWO * capacity - ONE
    nodes = TWO * tree[INNER]
    node = NONE
    while node < nodes:
        index = NONE
        while index < tree[FIRST_COUNT + node]:
            slot = (mix(tree[values + node * capacity + index]) >> np.uint64(32)) & last
            while slots[node * TWO * capacity + slot] != np.uint32(0):
                slot = (slot + ONE) & last
            slots[node * TWO * capacity + slot] = np.uint32(index + ONE)
            index += ONE
        node += ONE
