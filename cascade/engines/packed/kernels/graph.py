"""The graph of some explored states, its *region*: which of them never leave it, and its strongly connected components.

A state of the region is known by its *node*, its position in the array of its roots. `table` finds a node: open addressing, a slot is a node plus 1.
Edges are kept as compressed rows: those of node `v` are `heads[offsets[v]:offsets[v + 1]]`; a tick is the last one, where `ticks[v]` is set.
"""

import numpy as np
from numpy.typing import NDArray

from cascade.engines.native.kernel import SmallWords, Word, Words, kernel, subroutine
from cascade.engines.packed import image
from cascade.engines.packed.kernels.expand import COMMAND_MASK, NEEDS_TREE, WAITS_FOR_TICK, derive, expand, goal_in
from cascade.engines.packed.kernels.intern import decode
from cascade.engines.packed.kernels.seen import NONE, ONE, THIRTY_TWO, THREE, TWO, mix

Flags = NDArray[np.uint8]

NO_NODE = np.uint32(0xFFFFFFFF)
SIXTY_THREE = np.uint64(63)
SIX = np.uint64(6)
SET = np.uint8(1)
UNSET = np.uint8(0)


@kernel
def goal_values(code: Words, small: SmallWords, tree: Words, roots: Words, scratch: Words, values: Words) -> None:
    """What `goal_in` says of each root."""
    is_wide = code[image.STATE_WORDS] != ONE
    for k in range(len(roots)):
        scratch[NONE] = roots[k]
        if is_wide:
            decode(tree, roots[k], scratch, TWO * code[image.ALL_WORDS])
        if code[image.MAIN] != NONE:
            derive(code, small, scratch)
        values[k] = goal_in(code, scratch)


@kernel
def fill_table(nodes: Words, table: SmallWords) -> None:
    """Enter all nodes into the empty `table`, whose length is a power of two."""
    last = np.uint64(len(table)) - ONE
    for k in range(len(nodes)):
        slot = (mix(nodes[k]) >> THIRTY_TWO) & last
        while table[slot] != np.uint32(0):
            slot = (slot + ONE) & last
        table[slot] = np.uint32(k + 1)


@kernel
def node_of(nodes: Words, table: SmallWords, root: Word) -> np.uint32:
    """The node of a root, NO_NODE if it is not in the region."""
    last = np.uint64(len(table)) - ONE
    slot = (mix(root) >> THIRTY_TWO) & last
    while table[slot] != np.uint32(0):
        node = np.uint64(table[slot]) - ONE
        if nodes[node] == root:
            return np.uint32(node)
        slot = (slot + ONE) & last
    return NO_NODE


@kernel
def sweep(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    nodes: Words,
    table: SmallWords,
    inside: Flags,
    allowed: Flags,
    begin: Word,
    end: Word,
    scratch: Words,
    out: Words,
    by: Words,
) -> tuple[Word, Word]:
    """Clear `inside` for the nodes `begin..end` (half open, from the back) that a step leads out of what is inside: (where it stopped for a larger tree, or `begin`; how many).

    `allowed` says which commands count; the last one is the tick.
    """
    none = out[:0]
    decided = NONE
    tick = np.uint64(len(allowed)) - ONE
    position = end
    while position > begin:
        node = position - ONE
        if inside[node] != UNSET:
            status, _, made = expand(code, small, tree, slots, nodes, node, position, scratch, out, by, none, False)
            if status == NEEDS_TREE:
                break
            k = NONE
            while k < made:
                command = tick if by[k] == COMMAND_MASK else by[k]
                if allowed[command] != UNSET:
                    head = node_of(nodes, table, out[k] >> TWO)
                    if head == NO_NODE or inside[head] == UNSET:
                        inside[node] = UNSET
                        decided += ONE
                        break
                k += ONE
        position = node
    return position, decided


@kernel
def edges(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    nodes: Words,
    table: SmallWords,
    allowed: Flags,
    begin: Word,
    scratch: Words,
    out: Words,
    by: Words,
    offsets: Words,
    heads: SmallWords,
    ticks: Flags,
    leaves: Flags,
    owed_of: Words,
    owed: Words,
) -> Word:
    """Append the edges of the nodes from `begin` on, as long as `heads` has room; returns the node where it stopped.

    `leaves` marks nodes with a step out of the region. `owed_of[command]` is the number of an owed command, or more than there can be; `owed` gets a set of bits for each node: the
    owed commands that may fire there (whether `allowed` or not).
    """
    none = out[:0]
    slack = code[image.SLACK]
    tick = np.uint64(len(allowed)) - ONE
    words = np.uint64(len(owed)) // np.uint64(len(nodes))
    count = offsets[begin]
    node, last = begin, np.uint64(len(nodes))
    while node < last:
        if count + slack > np.uint64(len(heads)):
            break
        status, _, made = expand(code, small, tree, slots, nodes, node, node + ONE, scratch, out, by, none, False)
        if status == NEEDS_TREE:
            break
        k = NONE
        while k < made:
            is_tick = out[k] & THREE == WAITS_FOR_TICK
            command = tick if is_tick else by[k]
            number = owed_of[command]
            if number >> SIX < words:
                owed[node * words + (number >> SIX)] |= ONE << (number & SIXTY_THREE)
            if allowed[command] != UNSET:
                head = node_of(nodes, table, out[k] >> TWO)
                if head == NO_NODE:
                    leaves[node] = SET
                else:
                    heads[count] = head
                    count += ONE
                    if is_tick:
                        ticks[node] = SET
            k += ONE
        node += ONE
        offsets[node] = count
    return node


@kernel
def fires_within(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    nodes: Words,
    table: SmallWords,
    allowed: Flags,
    component: SmallWords,
    always: Words,
    begin: Word,
    scratch: Words,
    out: Words,
    by: Words,
    owed_of: Words,
    fires: Words,
) -> Word:
    """For each node from `begin` on the set of owed commands that are enabled in all of its component (`always`, by component) and lead to a node of the component.

    Returns the node where it stopped for a larger tree.
    """
    none = out[:0]
    words = np.uint64(len(fires)) // np.uint64(len(nodes))
    node, last = begin, np.uint64(len(nodes))
    while node < last:
        own = component[node]
        is_needed = False
        if own != NO_NODE:
            w = NONE
            while w < words:
                is_needed = is_needed or always[np.uint64(own) * words + w] != NONE
                w += ONE
        if is_needed:
            status, _, made = expand(code, small, tree, slots, nodes, node, node + ONE, scratch, out, by, none, False)
            if status == NEEDS_TREE:
                break
            k = NONE
            while k < made:
                if out[k] & THREE != WAITS_FOR_TICK and allowed[by[k]] != UNSET:
                    number = owed_of[by[k]]
                    w, bit = number >> SIX, ONE << (number & SIXTY_THREE)
                    if w < words and always[np.uint64(own) * words + w] & bit != NONE:
                        head = node_of(nodes, table, out[k] >> TWO)
                        if head != NO_NODE and component[head] == own:
                            fires[node * words + w] |= bit
                k += ONE
        node += ONE
    return node


@kernel
def reverse(offsets: Words, heads: SmallWords, back_offsets: Words, tails: SmallWords) -> None:
    """The same edges backward; `back_offsets` is 0, as long as `offsets` and one more."""
    count = len(offsets) - 1
    total = offsets[count]
    e = NONE
    while e < total:
        back_offsets[np.uint64(heads[e]) + TWO] += ONE
        e += ONE
    for v in range(2, count + 1):
        back_offsets[v] += back_offsets[v - 1]
    for v in range(count):
        e = offsets[v]
        while e < offsets[v + 1]:
            at = np.uint64(heads[e]) + ONE
            tails[back_offsets[at]] = np.uint32(v)
            back_offsets[at] += ONE
            e += ONE


@kernel
def spread_back(back_offsets: Words, tails: SmallWords, marked: Flags, stack: SmallWords, depth: Word) -> None:
    """Mark every node from which a marked one is reached; `stack[:depth]` holds the marked ones."""
    while depth > NONE:
        depth -= ONE
        v = np.uint64(stack[depth])
        e = back_offsets[v]
        while e < back_offsets[v + ONE]:
            tail = tails[e]
            if marked[tail] == UNSET:
                marked[tail] = SET
                stack[depth] = tail
                depth += ONE
            e += ONE


# Positions in the state of `components`.
ROOT, CALLS, STACKED, VISITED, FOUND_COUNT = range(5)
COMPONENTS_STATE_SIZE = 5


@kernel
def components(
    state: Words,
    offsets: Words,
    heads: SmallWords,
    component: SmallWords,
    low: SmallWords,
    index: SmallWords,
    stack: SmallWords,
    calls: SmallWords,
    at_edge: Words,
    budget: Word,
) -> bool:
    """Number the strongly connected components that have an edge inside; all other nodes keep NO_NODE. True when done; call again until then.

    Tarjan, *Depth-First Search and Linear Graph Algorithms*, 1972, section 4, with stacks of its own. `index` is 0 where a node was not visited; `low` is NO_NODE
    where its component is complete.
    """
    count = np.uint64(len(offsets)) - ONE
    while budget > NONE:
        if state[CALLS] == NONE:
            while state[ROOT] < count and index[state[ROOT]] != np.uint32(0):
                state[ROOT] += ONE
            if state[ROOT] == count:
                return True
            _visit(state, offsets, low, index, stack, calls, at_edge, state[ROOT])
        v = np.uint64(calls[state[CALLS] - ONE])
        e = at_edge[v]
        budget -= ONE
        if e < offsets[v + ONE]:
            at_edge[v] = e + ONE
            w = np.uint64(heads[e])
            if index[w] == np.uint32(0):
                _visit(state, offsets, low, index, stack, calls, at_edge, w)
            elif low[w] != NO_NODE:
                low[v] = min(low[v], index[w])
            continue
        state[CALLS] -= ONE
        own_low = low[v]
        if own_low == index[v]:
            is_cycle = np.uint64(stack[state[STACKED] - ONE]) != v
            e = offsets[v]
            while e < offsets[v + ONE]:
                is_cycle = is_cycle or np.uint64(heads[e]) == v
                e += ONE
            while True:
                state[STACKED] -= ONE
                w = np.uint64(stack[state[STACKED]])
                low[w] = NO_NODE
                if is_cycle:
                    component[w] = np.uint32(state[FOUND_COUNT])
                if w == v:
                    break
            if is_cycle:
                state[FOUND_COUNT] += ONE
        if state[CALLS] > NONE:
            u = np.uint64(calls[state[CALLS] - ONE])
            low[u] = min(low[u], own_low)
    return False


@subroutine
def _visit(
    state: Words,
    offsets: Words,
    low: SmallWords,
    index: SmallWords,
    stack: SmallWords,
    calls: SmallWords,
    at_edge: Words,
    v: Word,
) -> None:
    state[VISITED] += ONE
    low[v] = index[v] = np.uint32(state[VISITED])
    stack[state[STACKED]] = np.uint32(v)
    state[STACKED] += ONE
    calls[state[CALLS]] = np.uint32(v)
    state[CALLS] += ONE
    at_edge[v] = offsets[v]


@kernel
def shortest(
    offsets: Words,
    heads: SmallWords,
    component: SmallWords,
    start: Word,
    targets: Flags,
    parents: SmallWords,
    queue: SmallWords,
) -> np.uint32:
    """A nearest node with `targets` set that one or more edges lead to from `start` within its component; `parents` (NO_NODE before) leads back from it to `start`.

    NO_NODE if there is none.
    """
    read, written = NONE, ONE
    queue[NONE] = np.uint32(start)
    own = component[start]
    while read < written:
        v = np.uint64(queue[read])
        read += ONE
        e = offsets[v]
        while e < offsets[v + ONE]:
            w = heads[e]
            if component[w] == own and parents[w] == NO_NODE:
                parents[w] = np.uint32(v)
                if targets[w] != UNSET:
                    return np.uint32(w)
                queue[written] = w
                written += ONE
            e += ONE
    return NO_NODE


@kernel
def shortest_with_tick(
    offsets: Words, heads: SmallWords, ticks: Flags, component: SmallWords, start: Word, parents: Words, queue: Words
) -> None:
    """A shortest closed walk from `start` within its component that has a tick: `parents` leads from `2 * start + 1` back to `2 * start`.

    Places are twice a node, plus 1 once a tick has passed; `parents` is as long as there are places, and all ones before.
    """
    unknown = np.uint64(0xFFFFFFFFFFFFFFFF)
    read, written = NONE, ONE
    queue[NONE] = TWO * start
    own = component[start]
    goal = TWO * start + ONE
    while parents[goal] == unknown and read < written:
        here = queue[read]
        read += ONE
        v = here >> ONE
        e = offsets[v]
        while e < offsets[v + ONE]:
            w = heads[e]
            if component[w] == own:
                has_ticked = here & ONE
                if ticks[v] != UNSET and e + ONE == offsets[v + ONE]:
                    has_ticked = ONE
                place = TWO * np.uint64(w) + has_ticked
                if parents[place] == unknown:
                    parents[place] = here
                    queue[written] = place
                    written += ONE
            e += ONE
