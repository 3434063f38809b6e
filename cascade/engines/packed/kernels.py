"""The search in numba: layered breadth first by (faults, ticks, commands) over packed states of one word.

Nothing here is specific to a model: all that differs is in `FlatTables`. States are int64; `order` holds them as they are reached, layer by layer.

The *seen set* is open addressing with linear probing; a slot is `state << 2 | mark`, 0 where free, so states are compared in full and a hash only finds the slot. Marks:
WAITS_FOR_FAULT (reached by a fault, to be explored with one more fault), WAITS_FOR_TICK, DONE (explored, or in the layer that is explored now). A waiting state that
is reached more cheaply moves up at once; its old place in a queue is skipped later. Since layers are explored by growing cost, both queues are in order of cost by
themselves. A queue's row is a state, then ticks, then commands.
"""

import numpy as np
from numpy.typing import NDArray

from cascade.engines.packed.flat import ASSIGN, CLEAR_UNLESS, COMPARE, FAIL_IF, LOOK_UP, FlatTables, Ints
from cascade.engines.packed.jit import kernel

Marks = NDArray[np.uint8]

FREE, WAITS_FOR_FAULT, WAITS_FOR_TICK, DONE = range(4)

# Positions in the control array of `explore`.
FAULTS, TICKS, COMMANDS, COUNT, NEXT, LAYER_END, LAYERS = range(7)
TICK_READ, TICK_COUNT, FAULT_READ, FAULT_COUNT = range(7, 11)
NEXT_TICK_COUNT, NEXT_FAULT_COUNT, SEEN_COUNT, BLOCKED, TRANSITIONS = range(11, 16)
CONTROL_SIZE = 16

# What `explore` returns.
FINISHED, PAUSED, NEEDS_SEEN, NEEDS_ORDER, NEEDS_QUEUES, NEEDS_LAYERS, FOUND, FAILED = range(8)

IS_BLOCKED_FLAG = 1
IS_FAILING_FLAG = 2


@kernel
def run_program(tables: FlatTables, program: int, words: Ints) -> bool:
    """Run a program on `words` (state, then derived fields, which must be 0 before); False where something fails."""
    for i in range(tables.program_begin[program], tables.program_begin[program + 1]):
        kind = tables.step_kind[i]
        if kind == LOOK_UP:
            index = 0
            for s in range(tables.step_segment[i], tables.step_segment[i + 1]):
                piece = (words[tables.segment_word[s]] >> tables.segment_shift[s]) & tables.segment_mask[s]
                index |= piece << tables.segment_out[s]
            value = np.int64(tables.values[tables.step_number[i] + index])
            words[tables.step_to_word[i]] |= value << tables.step_to_shift[i]
            continue
        value = (words[tables.step_word[i]] >> tables.step_shift[i]) & tables.step_mask[i]
        to, shift, mask = tables.step_to_word[i], tables.step_to_shift[i], tables.step_to_mask[i]
        if kind == COMPARE:
            if value >= tables.step_number[i]:
                words[to] |= np.int64(1) << shift
        elif kind == ASSIGN:
            words[to] = (words[to] & ~(mask << shift)) | ((value + tables.step_number[i]) << shift)
        elif kind == CLEAR_UNLESS:
            if value == 0:
                words[to] &= ~(mask << shift)
        elif kind == FAIL_IF and value != 0:
            return False
    return True


@kernel
def next_commands(control: Ints, tick_queue: Ints, fault_queue: Ints) -> int:
    """The number of commands of the next waiting layer of this instant, -1 if there is none."""
    best = np.int64(-1)
    if control[TICK_READ] < control[TICK_COUNT]:
        best = tick_queue[control[TICK_READ], 2]
    if control[FAULT_READ] < control[FAULT_COUNT] and fault_queue[control[FAULT_READ], 1] == control[TICKS]:
        commands = fault_queue[control[FAULT_READ], 2]
        if best < 0 or commands < best:
            best = commands
    return int(best)


@kernel
def hash_state(word: int) -> int:
    """A mixed hash of one word (splitmix64, Steele, Lea and Flood 2014)."""
    h = np.uint64(word)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return int(h >> np.uint64(1))


@kernel
def expand_batch(
    tables: FlatTables,
    control: Ints,
    order: Ints,
    batch: int,
    words: Ints,
    after: Ints,
    successors: Ints,
    is_timed: bool,
    goal: Ints,
) -> tuple[int, int]:
    """Successors of the next `batch` states of the layer: (FINISHED, their number), or FOUND or FAILED with the state at NEXT.

    A successor is `state << 2 | mark`, where the mark says by what it is reached: DONE (a command), WAITS_FOR_FAULT, WAITS_FOR_TICK.
    `words` and `after` have room for a state and its derived fields. `goal` has the place of the goal's bit (word, shift, shift of its failing
    bit or -1) and of the clock that must not exceed a bound (shift, mask or 0 for none, bound).
    """
    total = len(words)
    clusters = len(tables.cluster_base)
    goal_word, goal_shift, goal_fail_shift = goal[0], goal[1], goal[2]
    clock_shift, clock_mask, bound = goal[3], goal[4], goal[5]
    made = 0
    for position in range(control[NEXT], control[NEXT] + batch):
        state = order[position]
        words[0] = state
        for i in range(1, total):
            words[i] = 0
        run_program(tables, 0, words)
        if goal_fail_shift >= 0 and (words[goal_word] >> goal_fail_shift) & 1:
            control[NEXT] = position
            return FAILED, 0
        if (words[goal_word] >> goal_shift) & 1 or (clock_mask != 0 and (state >> clock_shift) & clock_mask > bound):
            control[NEXT] = position
            return FOUND, 0
        flags = 0
        tick = np.int64(0)
        for c in range(clusters):
            index = tables.cluster_base[c]
            for s in range(tables.cluster_segment[c], tables.cluster_segment[c + 1]):
                piece = (words[tables.segment_word[s]] >> tables.segment_shift[s]) & tables.segment_mask[s]
                index += piece << tables.segment_out[s]
            entry = tables.entry_of[index]
            flags |= tables.entry_flags[entry]
            tick += tables.entry_tick[entry]
            for o in range(tables.entry_begin[entry], tables.entry_begin[entry + 1]):
                operation = tables.entry_operation[o]
                after[0] = (state & tables.operation_kept[operation]) ^ tables.operation_delta[operation]
                program = tables.operation_program[operation]
                if program != 0:
                    for i in range(1, total):
                        after[i] = 0
                    if not run_program(tables, program, after):
                        flags |= IS_FAILING_FLAG
                mark = WAITS_FOR_FAULT if tables.operation_fault[operation] else DONE
                successors[made] = after[0] << 2 | mark
                made += 1
        if flags & IS_FAILING_FLAG:
            control[NEXT] = position
            return FAILED, 0
        if is_timed:
            if flags & IS_BLOCKED_FLAG:
                control[BLOCKED] += 1
            else:
                successors[made] = (state + tick) << 2 | WAITS_FOR_TICK
                made += 1
    control[NEXT] += batch
    control[TRANSITIONS] += made
    return FINISHED, made


@kernel
def insert_batch(
    control: Ints,
    order: Ints,
    seen: Ints,
    successors: Ints,
    made: int,
    slots: Ints,
    next_tick_queue: Ints,
    next_fault_queue: Ints,
) -> int:
    """Put a batch of successors into the seen set (one word a slot: `state << 2 | mark`) and where they belong.

    The first loop only touches the slots: its loads do not wait for each other, so cache misses overlap.
    """
    last = len(seen) - 1
    touched = np.int64(0)
    for k in range(made):
        slot = hash_state(successors[k] >> 2) & last
        slots[k] = slot
        touched ^= seen[slot]
    for k in range(made):
        state, mark = successors[k] >> 2, successors[k] & 3
        slot = slots[k]
        while seen[slot] != 0 and seen[slot] >> 2 != state:
            slot = (slot + 1) & last
        known = seen[slot] & 3
        if known == DONE or known >= mark:
            continue
        if seen[slot] == 0:
            control[SEEN_COUNT] += 1
        seen[slot] = successors[k]
        if mark == DONE:
            order[control[COUNT]] = state
            control[COUNT] += 1
        elif mark == WAITS_FOR_TICK:
            row = next_tick_queue[control[NEXT_TICK_COUNT]]
            row[0], row[1], row[2] = state, control[TICKS] + 1, control[COMMANDS]
            control[NEXT_TICK_COUNT] += 1
        else:
            row = next_fault_queue[control[NEXT_FAULT_COUNT]]
            row[0], row[1], row[2] = state, control[TICKS], control[COMMANDS] + 1
            control[NEXT_FAULT_COUNT] += 1
    return int(touched)


@kernel
def find_slot(seen: Ints, state: int) -> int:
    """The slot of a state of one word, or the free slot where it belongs."""
    last = len(seen) - 1
    slot = hash_state(state) & last
    while seen[slot] != 0 and seen[slot] >> 2 != state:
        slot = (slot + 1) & last
    return slot


@kernel
def rehash(seen: Ints, new_seen: Ints) -> None:
    """Move all states of one word into a larger set."""
    for slot in range(len(seen)):
        if seen[slot] != 0:
            new_seen[find_slot(new_seen, seen[slot] >> 2)] = seen[slot]


@kernel
def add_initial(control: Ints, order: Ints, seen: Ints, state: int) -> None:
    """Put an initial state of one word into the first layer, unless it is there."""
    slot = find_slot(seen, state)
    if seen[slot] == 0:
        seen[slot] = state << 2 | DONE
        control[SEEN_COUNT] += 1
        order[control[COUNT]] = state
        control[COUNT] += 1


@kernel
def _settle(control: Ints, order: Ints, seen: Ints, state: int) -> None:
    """A waiting state joins the next layer, unless it was reached more cheaply."""
    slot = find_slot(seen, state)
    if seen[slot] & 3 != DONE:
        seen[slot] = state << 2 | DONE
        order[control[COUNT]] = state
        control[COUNT] += 1


@kernel
def explore(
    tables: FlatTables,
    control: Ints,
    order: Ints,
    layers: Ints,
    seen: Ints,
    tick_queue: Ints,
    fault_queue: Ints,
    next_tick_queue: Ints,
    next_fault_queue: Ints,
    scratch: Ints,
    successors: Ints,
    slots: Ints,
    is_timed: bool,
    goal: Ints,
    slack: int,
    budget: int,
) -> int:
    """Explore up to `budget` states of this instant; returns why it stopped. The caller grows arrays and changes queues between instants.

    `slack` bounds the successors of one state; `successors` and `slots` have room for a batch's.
    """
    batch_max = len(successors) // slack
    while True:
        while control[NEXT] < control[LAYER_END]:
            if budget <= 0:
                return PAUSED
            batch = min(batch_max, control[LAYER_END] - control[NEXT])
            budget -= batch
            room = batch * slack
            if control[SEEN_COUNT] + room >= len(seen) - len(seen) // 4:
                return NEEDS_SEEN
            if control[COUNT] + room >= len(order):
                return NEEDS_ORDER
            if control[NEXT_TICK_COUNT] + room >= len(next_tick_queue) or control[NEXT_FAULT_COUNT] + room >= len(
                next_fault_queue
            ):
                return NEEDS_QUEUES
            result, made = expand_batch(
                tables, control, order, batch, scratch[0], scratch[1], successors, is_timed, goal
            )
            if result != FINISHED:
                return result
            insert_batch(control, order, seen, successors, made, slots, next_tick_queue, next_fault_queue)
        if control[LAYERS] + 1 >= len(layers):
            return NEEDS_LAYERS
        waiting = control[TICK_COUNT] + control[FAULT_COUNT] - control[TICK_READ] - control[FAULT_READ]
        if control[COUNT] + waiting >= len(order):
            return NEEDS_ORDER
        begin = control[LAYER_END]
        control[COMMANDS] += 1
        if control[COUNT] == begin:
            commands = next_commands(control, tick_queue, fault_queue)
            if commands < 0:
                return FINISHED
            control[COMMANDS] = commands
        while control[TICK_READ] < control[TICK_COUNT] and tick_queue[control[TICK_READ], 2] == control[COMMANDS]:
            _settle(control, order, seen, tick_queue[control[TICK_READ], 0])
            control[TICK_READ] += 1
        while (
            control[FAULT_READ] < control[FAULT_COUNT]
            and fault_queue[control[FAULT_READ], 1] == control[TICKS]
            and fault_queue[control[FAULT_READ], 2] == control[COMMANDS]
        ):
            _settle(control, order, seen, fault_queue[control[FAULT_READ], 0])
            control[FAULT_READ] += 1
        if control[COUNT] == begin:
            continue
        control[LAYER_END] = control[COUNT]
        layer = layers[control[LAYERS]]
        layer[0], layer[1], layer[2], layer[3] = control[FAULTS], control[TICKS], control[COMMANDS], begin
        control[LAYERS] += 1


@kernel
def find_predecessor(
    tables: FlatTables,
    order: Ints,
    begin: int,
    end: int,
    target: int,
    mark: int,
    scratch: Ints,
    successors: Ints,
    is_timed: bool,
    goal: Ints,
) -> int:
    """The first position in `begin..end` (half open) of `order` whose state one step of kind `mark` takes to `target`; -1 if there is none."""
    control = np.zeros(CONTROL_SIZE, dtype=np.int64)
    for position in range(begin, end):
        control[NEXT] = position
        result, made = expand_batch(tables, control, order, 1, scratch[0], scratch[1], successors, is_timed, goal)
        if result != FINISHED:
            continue
        for k in range(made):
            if successors[k] == target << 2 | mark:
                return position
    return -1


@kernel
def find_timelock(
    tables: FlatTables,
    order: Ints,
    count: int,
    seen: Ints,
    passes: Marks,
    scratch: Ints,
    successors: Ints,
    goal: Ints,
) -> int:
    """One pass backward over all states: those from which zero time leads to a tick get a 1 in `passes` (by slot of `seen`).

    Returns how many states were marked in this pass. What is unmarked when a pass marks nothing is locked. Steps in zero time lead mostly forward in
    `order`, so few passes are needed.
    """
    control = np.zeros(CONTROL_SIZE, dtype=np.int64)
    marked = 0
    for position in range(count - 1, -1, -1):
        slot = find_slot(seen, order[position])
        if passes[slot] != 0:
            continue
        control[NEXT] = position
        _, made = expand_batch(tables, control, order, 1, scratch[0], scratch[1], successors, True, goal)
        for k in range(made):
            if successors[k] & 3 == WAITS_FOR_TICK or passes[find_slot(seen, successors[k] >> 2)] != 0:
                passes[slot] = 1
                marked += 1
                break
    return marked


@kernel
def first_unmarked(order: Ints, count: int, seen: Ints, passes: Marks) -> int:
    """The first position whose state is not marked in `passes`; -1 if all are."""
    for position in range(count):
        if passes[find_slot(seen, order[position])] == 0:
            return position
    return -1
