"""The search: layered breadth first by (faults, ticks, commands). One thread; large layers are handed to several (`cascade.engines.packed.search`).

States of a layer stand next to each other in `order`. What a fault or a tick leads to waits in a queue: its states, and its *segments* (ticks, commands, end), since layers
are explored by growing cost and so each queue is in order of cost by itself. A waiting state that is reached more cheaply moves up at once; its
old place in the queue is skipped later.
"""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Word, Words, fetch_and_add, kernel, subroutine
from cascade.engines.packed.kernels.expand import DONE, FINISHED, FULL, WAITS_FOR_TICK, expand
from cascade.engines.packed.kernels.seen import NONE, ONE, THREE, TWO, insert, room_of, settle, sift

# Positions in `control`. COUNT, NEXT and LAYER_END are positions in `order`, which stands behind LOGGED states of the log. TRANSITIONS_BEFORE are those of the layers before.
FAULTS, TICKS, COMMANDS, COUNT, NEXT, LAYER_END, LAYERS = range(7)
TICK_SEGMENT, TICK_SEGMENTS, FAULT_SEGMENT, FAULT_SEGMENTS = range(7, 11)
NEXT_TICKS, NEXT_TICK_SEGMENTS, NEXT_FAULTS, NEXT_FAULT_SEGMENTS = range(11, 15)
SEEN, TRANSITIONS, SLOT_COUNT, PENDING, PENDING_END, LOGGED, TRANSITIONS_BEFORE = range(15, 22)
# Has a kernel exchanged the two queues of what waits for a tick, which the caller has to do then, too?
ARE_EXCHANGED = 22
CONTROL_SIZE = 23

# Positions in what a thread has for itself: the block of the layer that it expands, successors that are not in the seen set yet.
BLOCK_NEXT, BLOCK_END, OWN_PENDING, OWN_PENDING_END, OWN_TRANSITIONS = range(5)
OWN_SIZE = 5

# Why `explore` returned, beside the reasons of `expand`.
PAUSED, NEEDS_SEEN, NEEDS_ORDER, NEEDS_QUEUES, NEEDS_LAYERS, WIDE_LAYER, WIDE_QUEUE = (
    np.uint64(i) for i in range(5, 12)
)

FOUR = np.uint64(4)
IN_ORDER = np.uint64(0xFFFFFFFFFFFFFFFF)


@subroutine
def distribute(
    accepted: Words,
    count: Word,
    order: Words,
    done: Word,
    tick_states: Words,
    ticked: Word,
    fault_states: Words,
    faulted: Word,
) -> tuple[Word, Word, Word]:
    """Put accepted successors where they belong, from these positions on: the next layer, or a queue. Returns where each ends then."""
    k = NONE
    while k < count:
        root, mark = accepted[k] >> TWO, accepted[k] & THREE
        if mark == DONE:
            order[done] = root
            done += ONE
        elif mark == WAITS_FOR_TICK:
            tick_states[ticked] = root
            ticked += ONE
        else:
            fault_states[faulted] = root
            faulted += ONE
        k += ONE
    return done, ticked, faulted


@subroutine
def count_marks(accepted: Words, count: Word) -> tuple[Word, Word, Word]:
    """How many of the accepted successors belong to the next layer, wait for a tick, wait for a fault."""
    done = NONE
    ticked = NONE
    k = NONE
    while k < count:
        mark = accepted[k] & THREE
        done += np.uint64(mark == DONE)
        ticked += np.uint64(mark == WAITS_FOR_TICK)
        k += ONE
    return done, ticked, count - done - ticked


@kernel
def extend_queues(control: Words, tick_segments: Words, ticked: Word, fault_segments: Words, faulted: Word) -> None:
    """Note that the queues end at these positions."""
    ticks, commands = control[TICKS], control[COMMANDS]
    if ticked != control[NEXT_TICKS]:
        control[NEXT_TICKS] = ticked
        control[NEXT_TICK_SEGMENTS] = _extend(tick_segments, control[NEXT_TICK_SEGMENTS], ticks + ONE, commands, ticked)
    if faulted != control[NEXT_FAULTS]:
        control[NEXT_FAULTS] = faulted
        control[NEXT_FAULT_SEGMENTS] = _extend(
            fault_segments, control[NEXT_FAULT_SEGMENTS], ticks, commands + ONE, faulted
        )


@subroutine
def _extend(segments: Words, count: Word, ticks: Word, commands: Word, end: Word) -> Word:
    """The last segment of a queue, if it has this cost, or a new one, ends at `end`. Returns the number of segments."""
    last = THREE * count
    if count == NONE or segments[last - THREE] != ticks or segments[last - TWO] != commands:
        segments[last], segments[last + ONE] = ticks, commands
        last += THREE
        count += ONE
    segments[last - ONE] = end
    return count


@subroutine
def _next_commands(control: Words, tick_segments: Words, fault_segments: Words) -> Word:
    """The number of commands of the next waiting layer of this instant; IN_ORDER if there is none."""
    best = IN_ORDER
    if control[TICK_SEGMENT] < control[TICK_SEGMENTS]:
        best = tick_segments[THREE * control[TICK_SEGMENT] + ONE]
    at = THREE * control[FAULT_SEGMENT]
    if control[FAULT_SEGMENT] < control[FAULT_SEGMENTS] and fault_segments[at] == control[TICKS]:
        best = min(best, fault_segments[at + ONE])
    return best


@subroutine
def _begin_of(segments: Words, segment: Word) -> Word:
    return NONE if segment == NONE else segments[THREE * segment - ONE]


@subroutine
def next_layer(
    control: Words,
    layers: Words,
    order: Words,
    seen: Words,
    tick_states: Words,
    tick_segments: Words,
    fault_states: Words,
    fault_segments: Words,
    wide: Word,
) -> Word:
    """Close the layer, whose states are all expanded, and begin the next one of this instant: PAUSED if there is one, else FINISHED, or what is needed first.

    WIDE_QUEUE: `wide` states or more wait for the layer that follows COMMANDS; the caller settles these segments, and calls again.
    """
    if FOUR * control[LAYERS] + FOUR > np.uint64(len(layers)):
        return NEEDS_LAYERS
    begin = control[LAYER_END]
    commands = control[COMMANDS] + ONE
    if control[COUNT] == begin:
        commands = _next_commands(control, tick_segments, fault_segments)
        if commands == IN_ORDER:
            return FINISHED
    tick, fault = control[TICK_SEGMENT], control[FAULT_SEGMENT]
    has_ticked = tick < control[TICK_SEGMENTS] and tick_segments[THREE * tick + ONE] == commands
    has_faulted = (
        fault < control[FAULT_SEGMENTS]
        and fault_segments[THREE * fault] == control[TICKS]
        and fault_segments[THREE * fault + ONE] == commands
    )
    waiting = NONE
    if has_ticked:
        waiting += tick_segments[THREE * tick + TWO] - _begin_of(tick_segments, tick)
    if has_faulted:
        waiting += fault_segments[THREE * fault + TWO] - _begin_of(fault_segments, fault)
    if control[COUNT] + waiting > np.uint64(len(order)):
        return NEEDS_ORDER
    if waiting >= wide:
        control[COMMANDS] = commands - ONE
        return WIDE_QUEUE
    slot_count = control[SLOT_COUNT]
    if has_ticked:
        first, last = _begin_of(tick_segments, tick), tick_segments[THREE * tick + TWO]
        control[COUNT] = settle(seen, slot_count, tick_states, first, last, order, control[COUNT])
        control[TICK_SEGMENT] += ONE
    if has_faulted:
        first, last = _begin_of(fault_segments, fault), fault_segments[THREE * fault + TWO]
        control[COUNT] = settle(seen, slot_count, fault_states, first, last, order, control[COUNT])
        control[FAULT_SEGMENT] += ONE
    control[COMMANDS] = commands
    if control[COUNT] != begin:
        control[LAYER_END] = control[COUNT]
        control[TRANSITIONS_BEFORE] = control[TRANSITIONS]
        at = FOUR * control[LAYERS]
        layers[at], layers[at + ONE], layers[at + TWO], layers[at + THREE] = (
            control[FAULTS],
            control[TICKS],
            commands,
            control[LOGGED] + begin,
        )
        control[LAYERS] += ONE
    return PAUSED


@subroutine
def next_instant(control: Words) -> None:
    """What waits for a tick is what is explored now. The queues are to be exchanged."""
    control[TICKS] += ONE
    control[COMMANDS] = IN_ORDER
    control[TICK_SEGMENT], control[TICK_SEGMENTS] = NONE, control[NEXT_TICK_SEGMENTS]
    control[NEXT_TICKS] = control[NEXT_TICK_SEGMENTS] = NONE


@kernel
def explore(
    code: Words,
    small: SmallWords,
    tree: Words,
    tree_slots: SmallWords,
    control: Words,
    order: Words,
    layers: Words,
    seen: Words,
    tick_states: Words,
    tick_segments: Words,
    fault_states: Words,
    fault_segments: Words,
    next_tick_states: Words,
    next_tick_segments: Words,
    next_fault_states: Words,
    next_fault_segments: Words,
    scratch: Words,
    successors: Words,
    slots: Words,
    accepted: Words,
    recent: Words,
    budget: Word,
    wide: Word,
) -> Word:
    """Explore up to about `budget` states; returns why it stopped. The caller grows arrays, and turns to the next number of faults.

    There may be very many instants of few states each, so what a tick leads to is not left to the caller: ARE_EXCHANGED says whether it has to exchange its queues.

    A layer of `wide` states or more is left to the caller, and so is a queue. `successors` that are not in the seen set yet stand at PENDING..PENDING_END.
    """
    none = successors[:0]
    room = np.uint64(len(successors))
    done = NONE
    while True:
        while control[NEXT] < control[LAYER_END] or control[PENDING] < control[PENDING_END]:
            if control[COUNT] + room > np.uint64(len(order)):
                return NEEDS_ORDER
            if (
                control[NEXT_TICKS] + room > np.uint64(len(next_tick_states))
                or control[NEXT_FAULTS] + room > np.uint64(len(next_fault_states))
                or THREE * control[NEXT_TICK_SEGMENTS] + THREE > np.uint64(len(next_tick_segments))
                or THREE * control[NEXT_FAULT_SEGMENTS] + THREE > np.uint64(len(next_fault_segments))
            ):
                return NEEDS_QUEUES
            if control[PENDING] == control[PENDING_END]:
                if control[LAYER_END] - control[NEXT] >= wide:
                    return WIDE_LAYER
                if done >= budget:
                    return PAUSED
                first = control[NEXT]
                status, position, made = expand(
                    code,
                    small,
                    tree,
                    tree_slots,
                    order,
                    first,
                    control[LAYER_END],
                    scratch,
                    successors,
                    none,
                    none,
                    True,
                )
                if status != FINISHED and status != FULL and position == first:
                    return status
                # Whatever stops the search stops it when it comes to be the first of a batch.
                control[NEXT] = position
                control[TRANSITIONS] += made
                control[PENDING], control[PENDING_END] = NONE, sift(successors, made, recent)
                done += position - first
            slot_count = control[SLOT_COUNT]
            free = room_of(slot_count) - control[SEEN]
            if control[PENDING_END] - control[PENDING] > free:
                return NEEDS_SEEN
            position, count, new = insert(
                seen, slot_count, successors, control[PENDING], control[PENDING_END], slots, accepted
            )
            total, ticked, faulted = distribute(
                accepted,
                count,
                order,
                control[COUNT],
                next_tick_states,
                control[NEXT_TICKS],
                next_fault_states,
                control[NEXT_FAULTS],
            )
            control[COUNT] = total
            extend_queues(control, next_tick_segments, ticked, next_fault_segments, faulted)
            control[SEEN] += new
            is_full = position != control[PENDING_END]
            control[PENDING] = position
            if is_full:
                return NEEDS_SEEN
        status = next_layer(
            control, layers, order, seen, tick_states, tick_segments, fault_states, fault_segments, wide
        )
        if status == FINISHED and control[NEXT_TICK_SEGMENTS] != NONE:
            next_instant(control)
            control[ARE_EXCHANGED] ^= ONE
            tick_states, next_tick_states = next_tick_states, tick_states
            tick_segments, next_tick_segments = next_tick_segments, tick_segments
        elif status != PAUSED:
            return status


@kernel
def explore_share(
    code: Words,
    small: SmallWords,
    tree: Words,
    tree_slots: SmallWords,
    control: Words,
    own: Words,
    order: Words,
    seen: Words,
    next_tick_states: Words,
    next_fault_states: Words,
    scratch: Words,
    successors: Words,
    slots: Words,
    accepted: Words,
    recent: Words,
    threads: Word,
    block: Word,
    budget: Word,
) -> Word:
    """What one of several threads does for a layer: expand up to about `budget` states, and put what is new behind what others put there.

    It takes `block` states from the layer at once. Returns why it stopped: FINISHED when nothing is left to take.
    NEXT may be beyond LAYER_END then, and segments of queues are left to the caller. What is found goes to `order` and to the queues
    as the threads come along, so that the order within a layer is not the same each time.
    """
    none = successors[:0]
    # Others may be about to add as much, each after it looked as this one does.
    room = threads * np.uint64(len(successors))
    done = NONE
    while True:
        if control[COUNT] + room > np.uint64(len(order)):
            return NEEDS_ORDER
        if control[NEXT_TICKS] + room > np.uint64(len(next_tick_states)) or control[NEXT_FAULTS] + room > np.uint64(
            len(next_fault_states)
        ):
            return NEEDS_QUEUES
        if own[OWN_PENDING] == own[OWN_PENDING_END]:
            if done >= budget:
                return PAUSED
            if own[BLOCK_NEXT] == own[BLOCK_END]:
                begin, layer_end = fetch_and_add(control, NEXT, block), control[LAYER_END]
                if begin >= layer_end:
                    return FINISHED
                own[BLOCK_NEXT], own[BLOCK_END] = begin, min(begin + block, layer_end)
            first = own[BLOCK_NEXT]
            status, position, made = expand(
                code, small, tree, tree_slots, order, first, own[BLOCK_END], scratch, successors, none, none, True
            )
            if status != FINISHED and status != FULL and position == first:
                return status
            own[BLOCK_NEXT] = position
            own[OWN_TRANSITIONS] += made
            own[OWN_PENDING], own[OWN_PENDING_END] = NONE, sift(successors, made, recent)
            done += position - first
        slot_count = control[SLOT_COUNT]
        if threads * (own[OWN_PENDING_END] - own[OWN_PENDING]) + control[SEEN] > room_of(slot_count):
            return NEEDS_SEEN
        position, count, new = insert(
            seen, slot_count, successors, own[OWN_PENDING], own[OWN_PENDING_END], slots, accepted
        )
        is_full = position != own[OWN_PENDING_END]
        own[OWN_PENDING] = position
        fetch_and_add(control, SEEN, new)
        next_count, ticks, faults = count_marks(accepted, count)
        distribute(
            accepted,
            count,
            order,
            fetch_and_add(control, COUNT, next_count),
            next_tick_states,
            fetch_and_add(control, NEXT_TICKS, ticks),
            next_fault_states,
            fetch_and_add(control, NEXT_FAULTS, faults),
        )
        if is_full:
            return NEEDS_SEEN


@kernel
def settle_share(control: Words, seen: Words, roots: Words, order: Words, accepted: Words) -> None:
    """What one of several threads does for a queue: settle some of its states, at most as many at once as there is room in `accepted`."""
    begin, total = NONE, np.uint64(len(roots))
    while begin < total:
        end = min(begin + np.uint64(len(accepted)), total)
        count = settle(seen, control[SLOT_COUNT], roots, begin, end, accepted, NONE)
        at = fetch_and_add(control, COUNT, count)
        k = NONE
        while k < count:
            order[at + k] = accepted[k]
            k += ONE
        begin = end
