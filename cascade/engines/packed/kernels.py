"""The search in numba: layered breadth first by (faults, ticks, commands) over packed states.

States are rows of int64 arrays with one column a word. Nothing here is specific to a model: all that differs is in `FlatTables`.

The *seen set* is open addressing with linear probing on the full words (a hash only finds the slot) and one mark a slot: FREE, WAITS_FOR_FAULT (reached by a
fault, to be explored with one more fault), WAITS_FOR_TICK, DONE (explored, or in the layer that is explored now). A waiting state that is reached more cheaply
is done at once; its old place in a queue is skipped later. Since layers are explored by growing cost, both queues are in order of cost by themselves.
"""

import numpy as np
from numpy.typing import NDArray

from cascade.engines.packed.flat import ASSIGN, CLEAR_UNLESS, COMPARE, FAIL_IF, LOOK_UP, FlatTables, Ints
from cascade.engines.packed.jit import kernel

FREE, WAITS_FOR_FAULT, WAITS_FOR_TICK, DONE = range(4)

# Positions in the control array of `explore`.
FAULTS, TICKS, COMMANDS, COUNT, NEXT, LAYER_END, LAYERS = range(7)
TICK_READ, TICK_COUNT, FAULT_READ, FAULT_COUNT = range(7, 11)
NEXT_TICK_COUNT, NEXT_FAULT_COUNT, SEEN_COUNT, BLOCKED, GOAL, TRANSITIONS = range(11, 17)
CONTROL_SIZE = 17

# What `explore` returns.
FINISHED, PAUSED, NEEDS_SEEN, NEEDS_ORDER, NEEDS_QUEUES, NEEDS_LAYERS, FOUND, FAILED = range(8)

IS_BLOCKED_FLAG = 1
IS_FAILING_FLAG = 2

Marks = NDArray[np.uint8]


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
def hash_words(words: Ints, count: int) -> int:
    """A mixed hash of the first `count` words (the finaliser of MurmurHash3, Appleby)."""
    h = np.uint64(0x9E3779B97F4A7C15)
    for i in range(count):
        h ^= np.uint64(words[i])
        h ^= h >> np.uint64(33)
        h *= np.uint64(0xFF51AFD7ED558CCD)
        h ^= h >> np.uint64(33)
        h *= np.uint64(0xC4CEB9FE1A85EC53)
        h ^= h >> np.uint64(33)
    return np.int64(h >> np.uint64(1))


@kernel
def find_slot(seen: Ints, marks: Marks, words: Ints, count: int) -> int:
    """The slot of a state, or the free slot where it belongs. `len(marks)` is a power of two, one slot at least is free."""
    last = len(marks) - 1
    slot = hash_words(words, count) & last
    while marks[slot] != FREE:
        same = True
        for i in range(count):
            if seen[slot, i] != words[i]:
                same = False
                break
        if same:
            return slot
        slot = (slot + 1) & last
    return slot


@kernel
def rehash(seen: Ints, marks: Marks, new_seen: Ints, new_marks: Marks, count: int) -> None:
    """Move all states into a larger set."""
    for slot in range(len(marks)):
        if marks[slot] != FREE:
            new_slot = find_slot(new_seen, new_marks, seen[slot], count)
            for i in range(count):
                new_seen[new_slot, i] = seen[slot, i]
            new_marks[new_slot] = marks[slot]


@kernel
def apply_operation(tables: FlatTables, operation: int, words: Ints, after: Ints, count: int) -> bool:
    """The state after an operation, in `after` (which has room for derived fields); False where finishing it fails."""
    for i in range(count):
        after[i] = (words[i] & tables.operation_kept[operation, i]) ^ tables.operation_delta[operation, i]
    program = tables.operation_program[operation]
    if program == 0:
        return True
    for i in range(count, len(after)):
        after[i] = 0
    return run_program(tables, program, after)


@kernel
def add_initial(control: Ints, order: Ints, seen: Ints, marks: Marks, words: Ints) -> None:
    """Put an initial state into the first layer, unless it is there."""
    count = order.shape[1]
    slot = find_slot(seen, marks, words, count)
    if marks[slot] == FREE:
        marks[slot] = DONE
        control[SEEN_COUNT] += 1
        for i in range(count):
            seen[slot, i] = words[i]
            order[control[COUNT], i] = words[i]
        control[COUNT] += 1


@kernel
def _settle(control: Ints, order: Ints, words: Ints, count: int) -> None:
    """Append a state to the layers."""
    for i in range(count):
        order[control[COUNT], i] = words[i]
    control[COUNT] += 1


@kernel
def _take_waiting(
    control: Ints, order: Ints, seen: Ints, marks: Marks, tick_queue: Ints, fault_queue: Ints, count: int
) -> None:
    """Append the waiting states whose cost is that of the next layer. A queue's row is a state, then ticks, then commands."""
    while control[TICK_READ] < control[TICK_COUNT] and tick_queue[control[TICK_READ], count + 1] == control[COMMANDS]:
        row = tick_queue[control[TICK_READ]]
        control[TICK_READ] += 1
        slot = find_slot(seen, marks, row, count)
        if marks[slot] != DONE:
            marks[slot] = DONE
            _settle(control, order, row, count)
    while (
        control[FAULT_READ] < control[FAULT_COUNT]
        and fault_queue[control[FAULT_READ], count] == control[TICKS]
        and fault_queue[control[FAULT_READ], count + 1] == control[COMMANDS]
    ):
        row = fault_queue[control[FAULT_READ]]
        control[FAULT_READ] += 1
        slot = find_slot(seen, marks, row, count)
        if marks[slot] != DONE:
            marks[slot] = DONE
            _settle(control, order, row, count)


@kernel
def next_commands(control: Ints, tick_queue: Ints, fault_queue: Ints, count: int) -> int:
    """The number of commands of the next waiting layer of this instant, -1 if there is none."""
    best = np.int64(-1)
    if control[TICK_READ] < control[TICK_COUNT]:
        best = tick_queue[control[TICK_READ], count + 1]
    if control[FAULT_READ] < control[FAULT_COUNT] and fault_queue[control[FAULT_READ], count] == control[TICKS]:
        commands = fault_queue[control[FAULT_READ], count + 1]
        if best < 0 or commands < best:
            best = commands
    return best


@kernel
def explore(
    tables: FlatTables,
    control: Ints,
    order: Ints,
    layers: Ints,
    seen: Ints,
    marks: Marks,
    tick_queue: Ints,
    fault_queue: Ints,
    next_tick_queue: Ints,
    next_fault_queue: Ints,
    scratch: Ints,
    is_timed: bool,
    goal: Ints,
    slack: int,
    budget: int,
) -> int:
    """Explore up to `budget` states of the current layers; returns why it stopped. The caller changes queues between instants.

    `goal` has the place of the goal's bit (word, shift, shift of its failing bit or -1) and of the clock that must not exceed a bound
    (word, shift, mask or 0 for none, bound). `slack` bounds the successors of one state. `scratch` has three rows, each with room for a state and its derived fields; the last is 0 between states.
    """
    count = order.shape[1]
    words, after = scratch[0], scratch[1]
    total = scratch.shape[1]
    clusters = len(tables.cluster_base)
    goal_word, goal_shift, goal_fail_shift = goal[0], goal[1], goal[2]
    clock_word, clock_shift, clock_mask, bound = goal[3], goal[4], goal[5], goal[6]
    seen_limit = len(marks) - len(marks) // 4
    while True:
        while control[NEXT] < control[LAYER_END]:
            if budget <= 0:
                return PAUSED
            budget -= 1
            if control[SEEN_COUNT] + slack >= seen_limit:
                return NEEDS_SEEN
            if control[COUNT] + slack >= len(order):
                return NEEDS_ORDER
            if (
                control[NEXT_TICK_COUNT] + 1 >= len(next_tick_queue)
                or control[NEXT_FAULT_COUNT] + slack >= len(next_fault_queue)
            ):
                return NEEDS_QUEUES
            position = control[NEXT]
            for i in range(count):
                words[i] = order[position, i]
            for i in range(count, total):
                words[i] = 0
            if not run_program(tables, 0, words):
                return FAILED
            if goal_fail_shift >= 0 and (words[goal_word] >> goal_fail_shift) & 1:
                return FAILED
            if (words[goal_word] >> goal_shift) & 1 or (
                clock_mask != 0 and (words[clock_word] >> clock_shift) & clock_mask > bound
            ):
                control[GOAL] = position
                return FOUND
            blocked = False
            for c in range(clusters):
                index = 0
                for s in range(tables.cluster_segment[c], tables.cluster_segment[c + 1]):
                    piece = (words[tables.segment_word[s]] >> tables.segment_shift[s]) & tables.segment_mask[s]
                    index |= piece << tables.segment_out[s]
                entry = tables.entry_of[tables.cluster_base[c] + index]
                flags = tables.entry_flags[entry]
                if flags & IS_FAILING_FLAG:
                    return FAILED
                if flags & IS_BLOCKED_FLAG:
                    blocked = True
                if is_timed:
                    for i in range(count):
                        scratch[2, i] += tables.entry_tick[entry, i]
                for o in range(tables.entry_begin[entry], tables.entry_begin[entry + 1]):
                    operation = tables.entry_operation[o]
                    if not apply_operation(tables, operation, words, after, count):
                        return FAILED
                    control[TRANSITIONS] += 1
                    slot = find_slot(seen, marks, after, count)
                    mark = marks[slot]
                    if tables.operation_fault[operation]:
                        if mark == FREE:
                            marks[slot] = WAITS_FOR_FAULT
                            control[SEEN_COUNT] += 1
                            row = next_fault_queue[control[NEXT_FAULT_COUNT]]
                            for i in range(count):
                                seen[slot, i] = after[i]
                                row[i] = after[i]
                            row[count] = control[TICKS]
                            row[count + 1] = control[COMMANDS] + 1
                            control[NEXT_FAULT_COUNT] += 1
                    elif mark != DONE:
                        if mark == FREE:
                            control[SEEN_COUNT] += 1
                            for i in range(count):
                                seen[slot, i] = after[i]
                        marks[slot] = DONE
                        _settle(control, order, after, count)
            if is_timed:
                if blocked:
                    control[BLOCKED] += 1
                else:
                    for i in range(count):
                        after[i] = words[i] + scratch[2, i]
                    control[TRANSITIONS] += 1
                    slot = find_slot(seen, marks, after, count)
                    mark = marks[slot]
                    if mark == FREE or mark == WAITS_FOR_FAULT:
                        if mark == FREE:
                            control[SEEN_COUNT] += 1
                            for i in range(count):
                                seen[slot, i] = after[i]
                        marks[slot] = WAITS_FOR_TICK
                        row = next_tick_queue[control[NEXT_TICK_COUNT]]
                        for i in range(count):
                            row[i] = after[i]
                        row[count] = control[TICKS] + 1
                        row[count + 1] = control[COMMANDS]
                        control[NEXT_TICK_COUNT] += 1
                for i in range(count):
                    scratch[2, i] = 0
            control[NEXT] += 1
        # The layer is done: the next one has what was just reached, and what waited for the same cost.
        if control[LAYERS] + 1 >= len(layers):
            return NEEDS_LAYERS
        waiting = control[TICK_COUNT] + control[FAULT_COUNT] - control[TICK_READ] - control[FAULT_READ]
        if control[COUNT] + waiting >= len(order):
            return NEEDS_ORDER
        begin = control[LAYER_END]
        control[COMMANDS] += 1
        if control[COUNT] == begin:
            commands = next_commands(control, tick_queue, fault_queue, count)
            if commands < 0:
                return FINISHED
            control[COMMANDS] = commands
        _take_waiting(control, order, seen, marks, tick_queue, fault_queue, count)
        if control[COUNT] == begin:
            continue
        control[LAYER_END] = control[COUNT]
        layer = layers[control[LAYERS]]
        layer[0], layer[1], layer[2], layer[3] = control[FAULTS], control[TICKS], control[COMMANDS], begin
        control[LAYERS] += 1


@kernel
def _hash_word(word: int) -> int:
    """A mixed hash of one word (splitmix64, Steele, Lea and Flood 2014)."""
    h = np.uint64(word)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return np.int64(h >> np.uint64(1))


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
    """Successors of the next `batch` states of the layer, for states of one word: (FINISHED, their number), FOUND or FAILED.

    A successor is `state << 2 | mark`, where the mark says by what it is reached: DONE (a command), WAITS_FOR_FAULT, WAITS_FOR_TICK.
    `goal` is that of `explore`.
    """
    total = len(words)
    clusters = len(tables.cluster_base)
    goal_word, goal_shift, goal_fail_shift = goal[0], goal[1], goal[2]
    clock_shift, clock_mask, bound = goal[4], goal[5], goal[6]
    made = 0
    for position in range(control[NEXT], control[NEXT] + batch):
        state = order[position, 0]
        words[0] = state
        for i in range(1, total):
            words[i] = 0
        run_program(tables, 0, words)
        if goal_fail_shift >= 0 and (words[goal_word] >> goal_fail_shift) & 1:
            control[NEXT] = position
            return FAILED, 0
        if (words[goal_word] >> goal_shift) & 1 or (clock_mask != 0 and (state >> clock_shift) & clock_mask > bound):
            control[GOAL] = position
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
            tick += tables.entry_tick[entry, 0]
            for o in range(tables.entry_begin[entry], tables.entry_begin[entry + 1]):
                operation = tables.entry_operation[o]
                after[0] = (state & tables.operation_kept[operation, 0]) ^ tables.operation_delta[operation, 0]
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
        slot = _hash_word(successors[k] >> 2) & last
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
            order[control[COUNT], 0] = state
            control[COUNT] += 1
        elif mark == WAITS_FOR_TICK:
            row = next_tick_queue[control[NEXT_TICK_COUNT]]
            row[0], row[1], row[2] = state, control[TICKS] + 1, control[COMMANDS]
            control[NEXT_TICK_COUNT] += 1
        else:
            row = next_fault_queue[control[NEXT_FAULT_COUNT]]
            row[0], row[1], row[2] = state, control[TICKS], control[COMMANDS] + 1
            control[NEXT_FAULT_COUNT] += 1
    return touched


@kernel
def _find_word(seen: Ints, state: int) -> int:
    """The slot of a state of one word, or the free slot where it belongs."""
    last = len(seen) - 1
    slot = _hash_word(state) & last
    while seen[slot] != 0 and seen[slot] >> 2 != state:
        slot = (slot + 1) & last
    return slot


@kernel
def rehash_words(seen: Ints, new_seen: Ints) -> None:
    """Move all states of one word into a larger set."""
    for slot in range(len(seen)):
        if seen[slot] != 0:
            new_seen[_find_word(new_seen, seen[slot] >> 2)] = seen[slot]


@kernel
def add_initial_word(control: Ints, order: Ints, seen: Ints, state: int) -> None:
    """Put an initial state of one word into the first layer, unless it is there."""
    slot = _find_word(seen, state)
    if seen[slot] == 0:
        seen[slot] = state << 2 | DONE
        control[SEEN_COUNT] += 1
        order[control[COUNT], 0] = state
        control[COUNT] += 1


@kernel
def _settle_word(control: Ints, order: Ints, seen: Ints, state: int) -> None:
    """A waiting state joins the next layer, unless it was reached more cheaply."""
    slot = _find_word(seen, state)
    if seen[slot] & 3 != DONE:
        seen[slot] = state << 2 | DONE
        order[control[COUNT], 0] = state
        control[COUNT] += 1


@kernel
def explore_words(
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
    """`explore` for states of one word, in batches: see there. `successors` and `slots` have room for a batch's successors."""
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
            if (
                control[NEXT_TICK_COUNT] + room >= len(next_tick_queue)
                or control[NEXT_FAULT_COUNT] + room >= len(next_fault_queue)
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
            commands = next_commands(control, tick_queue, fault_queue, 1)
            if commands < 0:
                return FINISHED
            control[COMMANDS] = commands
        while control[TICK_READ] < control[TICK_COUNT] and tick_queue[control[TICK_READ], 2] == control[COMMANDS]:
            _settle_word(control, order, seen, tick_queue[control[TICK_READ], 0])
            control[TICK_READ] += 1
        while (
            control[FAULT_READ] < control[FAULT_COUNT]
            and fault_queue[control[FAULT_READ], 1] == control[TICKS]
            and fault_queue[control[FAULT_READ], 2] == control[COMMANDS]
        ):
            _settle_word(control, order, seen, fault_queue[control[FAULT_READ], 0])
            control[FAULT_READ] += 1
        if control[COUNT] == begin:
            continue
        control[LAYER_END] = control[COUNT]
        layer = layers[control[LAYERS]]
        layer[0], layer[1], layer[2], layer[3] = control[FAULTS], control[TICKS], control[COMMANDS], begin
        control[LAYERS] += 1


@kernel
def find_predecessor(
    tables: FlatTables, order: Ints, begin: int, end: int, target: Ints, wanted: int, scratch: Ints
) -> tuple[int, int]:
    """The first state in `order[begin:end]` that one step takes to `target`, and its command; (-1, -1) if there is none.

    `wanted` is 0 for a command that is no fault, 1 for a fault, 2 for a tick (its command is -1).
    """
    count = order.shape[1]
    words, after = scratch[0], scratch[1]
    total = scratch.shape[1]
    for position in range(begin, end):
        for i in range(count):
            words[i] = order[position, i]
            scratch[2, i] = words[i]
        for i in range(count, total):
            words[i] = 0
        if not run_program(tables, 0, words):
            continue
        blocked = False
        for c in range(len(tables.cluster_base)):
            index = 0
            for s in range(tables.cluster_segment[c], tables.cluster_segment[c + 1]):
                piece = (words[tables.segment_word[s]] >> tables.segment_shift[s]) & tables.segment_mask[s]
                index |= piece << tables.segment_out[s]
            entry = tables.entry_of[tables.cluster_base[c] + index]
            if tables.entry_flags[entry] & IS_BLOCKED_FLAG:
                blocked = True
            for i in range(count):
                scratch[2, i] += tables.entry_tick[entry, i]
            if wanted == 2:
                continue
            for o in range(tables.entry_begin[entry], tables.entry_begin[entry + 1]):
                operation = tables.entry_operation[o]
                if tables.operation_fault[operation] != wanted:
                    continue
                if not apply_operation(tables, operation, words, after, count):
                    continue
                same = True
                for i in range(count):
                    if after[i] != target[i]:
                        same = False
                        break
                if same:
                    return position, tables.operation_command[operation]
        if wanted == 2 and not blocked:
            same = True
            for i in range(count):
                if scratch[2, i] != target[i]:
                    same = False
                    break
            if same:
                return position, -1
    return -1, -1
