"""Drives the kernels: memory, limits, threads, the order of instants, and the way to a state."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.native.kernel import Words
from cascade.engines.packed import image
from cascade.engines.packed.disk import DiskStore
from cascade.engines.packed.image import make_image
from cascade.engines.packed.kernels import backward, expand, explore
from cascade.engines.packed.kernels.explore import IN_ORDER
from cascade.engines.packed.kernels.seen import insert, room_of
from cascade.engines.packed.roots import Roots
from cascade.engines.packed.store import Queue, SeenSet, StateLog, grown, move_down
from cascade.engines.packed.tables import CompiledTables, compile_tables
from cascade.engines.packed.workers import NO_WORDS, Worker, make_scratch
from cascade.limits import StopReason

Mask = NDArray[np.bool_]
State = tuple[int, ...]
Cost = tuple[int, int, int]


class PackedFailureError(Exception):
    """Something fails to evaluate in `state`, the last of `path`: an error of the spec that the caller diagnoses."""

    def __init__(self, path: list[State]) -> None:
        super().__init__(path)
        self.path = path


class NoMemoryError(Exception):
    """The seen set has no room to grow."""


class EndedError(Exception):
    """A layer on disk has a goal, or something in it fails."""


class Tuning:
    """Sizes that change no answer: tests make them small."""

    pause_states = 100_000
    """States explored before limits and progress are looked at: some hundredths of a second."""

    batch_successors = 1 << 15
    """Successors that are inserted together: enough to overlap cache misses, few enough to stay in the cache."""

    round_successors = 1 << 19
    """Successors that one of several threads makes for each of them before they are inserted."""

    recent_states = 1 << 16
    """States that were made a short time ago, and are known again without a look at the seen set: as many as stay in the cache of one processor; a power of two."""

    wide_layer = 1 << 14
    """States of a layer that is worth several threads."""

    seen_slots = 1 << 16
    order_states = 1 << 14
    read_states = 1 << 20
    """States of the log that are looked at together."""

    sorted_states = 1 << 22
    """States that are sorted together, and about as many wait in memory, once the seen set is on disk."""


class PackedSearch:
    """One exploration; `initial` are settled states. Raises `TooWideError` on construction where values do not fit a word.

    With a `goal` it ends at a cheapest state where that holds, or where the clock `exceeds[0]` exceeds `exceeds[1]`.
    """

    def __init__(
        self,
        model: CoreModel,
        initial: list[State],
        watch: Watch,
        *,
        goal: ExprId | None = None,
        exceeds: tuple[int, int] | None = None,
        thread_count: int = 1,
        tuning: type[Tuning] = Tuning,
    ) -> None:
        self.model = model
        self._watch = watch
        self._started_at = watch.seconds
        self._tuning = tuning
        self.tables: CompiledTables = compile_tables(model, goal)
        self.code, self.small = make_image(self.tables, is_timed=model.is_timed, exceeds=exceeds)
        self.slack = int(self.code[image.SLACK])
        self._compiled_at = watch.seconds
        self.roots = Roots(self.tables.layout, self.slack)
        self._thread_count = thread_count if self.tables.layout.word_count == 1 else 1
        self._control = np.zeros(explore.CONTROL_SIZE, dtype=np.uint64)
        self._room = max(tuning.batch_successors, 2 * self.slack)
        self._seen = SeenSet(self._thread_count, max(tuning.seen_slots, 2 * self._room))
        self._order = np.zeros(max(tuning.order_states, 2 * self._room), dtype=np.uint64)
        self._layers = np.zeros(1 << 12, dtype=np.uint64)
        # What waits for a tick, and for a fault: of this instant, and of the next one.
        self._ticked, self._faulted, self._next_ticked, self._next_faulted = (Queue() for _ in range(4))
        self.scratch = make_scratch(self.code)
        self._successors, self._slots, self._accepted = (np.zeros(self._room, dtype=np.uint64) for _ in range(3))
        self._recent = np.zeros(tuning.recent_states, dtype=np.uint64)
        self._workers: list[Worker] = []
        self._is_wide = False
        self._store: DiskStore | None = None
        self.log = StateLog()
        self._start([self.roots.of_state(state) for state in initial])

    @property
    def state_count(self) -> int:
        """Distinct states of the layers that were explored, and of the one that is explored now."""
        return len(self.log) + int(self._control[explore.LAYER_END])

    @property
    def transition_count(self) -> int:
        """Steps from explored states."""
        return int(self._control[explore.TRANSITIONS])

    @property
    def has_blocked(self) -> bool:
        """Was a state explored in which no tick is possible?"""
        return any(scratch[-1] for scratch in (self.scratch, *(worker.scratch for worker in self._workers)))

    def details(self) -> tuple[tuple[str, str], ...]:
        """How the search went about it."""
        tables, layout = self.tables, self.tables.layout
        bits = sum(place.bits for place in (*layout.variables, *layout.clocks))
        programs = len(tables.programs) - 1
        wide = f"{programs} commands finished by a program" if programs else "no command needs a program"
        slots = self._seen.slots.nbytes
        compiled, searched = self._compiled_at - self._started_at, self._watch.seconds - self._compiled_at
        return (
            ("states", f"{bits} bits in {layout.word_count} words; {self.transition_count:,} steps"),
            ("tables", f"{len(tables.clusters)} clusters, {self.small.nbytes + self.code.nbytes:,} bytes; {wide}"),
            ("memory", f"seen set {slots:,} bytes, {slots / max(self.state_count, 1):.1f} a state"),
            ("time", f"tables {compiled:.2f} s, search {searched:.2f} s"),
            *((("disk", f"{self._store.byte_count:,} bytes of explored states"),) if self._store else ()),
            ("threads", str(self._thread_count)),
        )

    def run(self) -> list[State] | None:
        """The states of a cheapest run to the goal; None when all are explored. Raises `StopSearch` and `PackedFailureError`."""
        try:
            return self._run_in_memory()
        except NoMemoryError:
            pass
        try:
            return self._run_on_disk(self._moved_to_disk())
        except OSError as error:
            raise StopSearch(StopReason.DISK) from error

    def _run_in_memory(self) -> list[State] | None:
        while True:
            reason = self._explore()
            if reason == explore.WIDE_LAYER:
                reason = self._explore_wide()
            if reason in (expand.FOUND, expand.FAILED):
                return self._ended(self._layer())
            if reason == expand.FINISHED and not self._next_instant():
                self._flush(int(self._control[explore.COUNT]))
                return None
            self._provide(reason)

    def _provide(self, reason: np.uint64) -> None:
        """What the kernels need to go on."""
        control = self._control
        if reason == explore.PAUSED:
            self.look_around()
        elif reason == explore.NEEDS_SEEN:
            self._grow_seen()
        elif reason == explore.NEEDS_ORDER:
            self._make_room(self._room)
        elif reason == explore.NEEDS_QUEUES:
            self._grow_queues(self._room, self._room)
        elif reason == explore.NEEDS_LAYERS:
            self._layers = grown(self._layers, 4 * int(control[explore.LAYERS]), 4)
        elif reason == expand.NEEDS_TREE:
            self.grow_roots()

    # --- memory ---

    def may_take(self, byte_count: int) -> None:
        """Raise `StopSearch` if so many bytes more are too many."""
        self._watch.check_memory(byte_count)

    def grow_roots(self) -> None:
        """Room for more words of wide states."""
        self.roots.grow(self.may_take)

    def _start(self, roots: list[int]) -> None:
        successors = np.asarray([root << 2 | int(expand.DONE) for root in dict.fromkeys(roots)], dtype=np.uint64)
        while len(successors) * 2 > self._seen.regions * self._seen.region_slots:
            self._seen.grow()
        self._order = grown(self._order, 0, len(successors) + self._room)
        accepted = np.zeros(len(successors), dtype=np.uint64)
        slots = np.zeros(len(successors), dtype=np.uint64)
        regions, region_slots = np.uint64(self._seen.regions), np.uint64(self._seen.region_slots)
        end, count, new = insert(
            self._seen.slots,
            regions,
            region_slots,
            successors,
            np.uint64(0),
            np.uint64(len(successors)),
            slots,
            accepted,
        )
        assert int(end) == len(successors), "the set is half empty"
        self._order[: int(count)] = accepted[: int(count)] >> np.uint64(2)
        control = self._control
        control[explore.REGIONS], control[explore.REGION_SLOTS] = regions, region_slots
        control[explore.COUNT] = control[explore.LAYER_END] = count
        control[explore.SEEN] = new
        control[explore.LAYERS] = 1

    def _grow_seen(self, pool: ThreadPoolExecutor | None = None) -> None:
        self.look_around()
        if not self._watch.has_memory(self._seen.growth_bytes):
            raise NoMemoryError
        self._seen.grow(pool)
        self._control[explore.REGION_SLOTS] = self._seen.region_slots

    def _grow_queues(self, tick_room: int, fault_room: int) -> None:
        control = self._control
        ticked, faulted = control[explore.NEXT_TICKS :], control[explore.NEXT_FAULTS :]
        self._next_ticked.grow(int(ticked[0]), int(ticked[1]), tick_room)
        self._next_faulted.grow(int(faulted[0]), int(faulted[1]), fault_room)

    def _make_room(self, room: int) -> None:
        """Room for `room` more states in `order`: explored ones go to the log, and if that does not help much, it grows."""
        control = self._control
        self._flush(self._layer_begin())
        waiting = self._waiting()
        if 2 * (int(control[explore.COUNT]) + room + waiting) > len(self._order):
            self._order = grown(self._order, int(control[explore.COUNT]), 2 * (room + waiting))

    def _waiting(self) -> int:
        """States of the queues that are the next to be read."""
        control, most = self._control, 0
        for queue, segment in ((self._ticked, explore.TICK_SEGMENT), (self._faulted, explore.FAULT_SEGMENT)):
            at, count = int(control[segment]), int(control[segment + 1])
            if at < count:
                most += queue.length_of(at)
        return most

    def _layer_begin(self) -> int:
        """Where the layer that is explored now begins in `order`."""
        return int(self._layers[4 * int(self._control[explore.LAYERS]) - 1]) - len(self.log)

    def _flush(self, count: int) -> None:
        """Move the first `count` states of `order` to the log."""
        control = self._control
        if not count:
            return
        self.log.append(self._order[:count])
        total = int(control[explore.COUNT])
        move_down(self._order, count, total)
        for position in (explore.COUNT, explore.NEXT, explore.LAYER_END):
            control[position] = max(int(control[position]) - count, 0)
        control[explore.LOGGED] = len(self.log)

    def look_around(self) -> None:
        """Look at the limits, say where the search is."""
        control = self._control
        self._watch.check_states(self.state_count)
        self._watch.check(frontier_count=int(control[explore.COUNT]) - int(control[explore.NEXT]))

    # --- exploring ---

    # --- beyond memory ---

    def _moved_to_disk(self) -> DiskStore:
        """All that is known, as sorted states on disk; the seen set is given up."""
        control, tuning = self._control, self._tuning
        store = self._store = DiskStore(tuning.sorted_states)
        cost = self._cost()
        waiting = self._unexpanded()
        end = int(control[explore.LAYER_END])
        store.put((cost[0], cost[1], cost[2] + 1), self._order[end : int(control[explore.COUNT])])
        self._put_pending(store, cost)
        for queue, position, count, faults in (
            (self._ticked, explore.TICK_SEGMENT, explore.TICK_SEGMENTS, cost[0]),
            (self._faulted, explore.FAULT_SEGMENT, explore.FAULT_SEGMENTS, cost[0]),
            (self._next_ticked, None, explore.NEXT_TICK_SEGMENTS, cost[0]),
            (self._next_faulted, None, explore.NEXT_FAULT_SEGMENTS, cost[0] + 1),
        ):
            for segment in range(0 if position is None else int(control[position]), int(control[count])):
                ticks, commands, last = queue.segments[3 * segment : 3 * segment + 3].tolist()
                store.put((faults, ticks, commands), queue.states[last - queue.length_of(segment) : last])
        self._flush(end)
        self._ticked, self._faulted, self._next_ticked, self._next_faulted = (Queue() for _ in range(4))
        self._seen = SeenSet(1, 1)
        self._workers = []
        for begin in range(0, len(self.log), tuning.sorted_states):
            block = self.log.read(begin, min(begin + tuning.sorted_states, len(self.log)))
            store.add_explored(iter([np.sort(block)]))
            self.look_around()
        self._order = np.zeros(self._room, dtype=np.uint64)
        control[explore.COUNT] = control[explore.NEXT] = 0
        self._expand_to(store, waiting, cost)
        return store

    def _cost(self) -> Cost:
        faults, ticks, commands = self._layers[4 * int(self._control[explore.LAYERS]) - 4 :][:3].tolist()
        return faults, ticks, commands

    def _unexpanded(self) -> Words:
        """States of the layer at hand that are not expanded yet."""
        if self._is_wide:
            return np.concatenate([self._order[worker.begin : worker.end] for worker in self._workers])
        return self._order[int(self._control[explore.NEXT]) : int(self._control[explore.LAYER_END])].copy()

    def _put_pending(self, store: DiskStore, cost: Cost) -> None:
        """Successors that were made and are not in the seen set."""
        control = self._control
        pending = [self._successors[int(control[explore.PENDING]) : int(control[explore.PENDING_END])]]
        if self._is_wide:
            for worker in self._workers:
                pending += worker.pending()
        for successors in pending:
            self._put(store, successors, cost)

    @staticmethod
    def _put(store: DiskStore, successors: Words, cost: Cost) -> None:
        faults, ticks, commands = cost
        marks, roots = successors & np.uint64(3), successors >> np.uint64(2)
        for mark, after in (
            (expand.DONE, (faults, ticks, commands + 1)),
            (expand.WAITS_FOR_TICK, (faults, ticks + 1, commands)),
            (expand.WAITS_FOR_FAULT, (faults + 1, ticks, commands + 1)),
        ):
            store.put(after, roots[marks == mark])

    def _expand_to(self, store: DiskStore, roots: Words, cost: Cost) -> None:
        """Put the successors of some states of a layer into buckets. Raises `_EndedError` at a goal or a failure."""
        position = np.uint64(0)
        buffered: list[Words] = []
        while position < len(roots):
            status, position, made = expand.expand(
                self.code,
                self.small,
                self.roots.tree,
                self.roots.slots,
                roots,
                position,
                np.uint64(len(roots)),
                self.scratch,
                self._successors,
                NO_WORDS,
                NO_WORDS,
                True,
            )
            self._control[explore.TRANSITIONS] += made
            buffered.append(np.unique(self._successors[: int(made)]))
            if status in (expand.FOUND, expand.FAILED):
                raise EndedError
            if status == expand.NEEDS_TREE:
                self.grow_roots()
            if sum(map(len, buffered)) > self._tuning.sorted_states:
                self._put(store, np.concatenate(buffered), cost)
                buffered = []
                self.look_around()
        if buffered:
            self._put(store, np.concatenate(buffered), cost)

    def _run_on_disk(self, store: DiskStore) -> list[State] | None:
        control = self._control
        while (cost := store.next_cost()) is not None:
            begin = len(self.log)
            for block in store.take(cost):
                self.log.append(block)
                self.look_around()
            if len(self.log) == begin:
                continue
            if 4 * int(control[explore.LAYERS]) + 4 > len(self._layers):
                self._layers = grown(self._layers, 4 * int(control[explore.LAYERS]), 4)
            at = 4 * int(control[explore.LAYERS])
            self._layers[at : at + 4] = (*cost, begin)
            control[explore.LAYERS] += np.uint64(1)
            store.add_explored(self._logged(begin))
            try:
                for block in self._logged(begin):
                    self._expand_to(store, block, cost)
                    self.look_around()
            except EndedError:
                return self._ended(self._logged(begin))
        return None

    def _logged(self, begin: int) -> Iterator[Words]:
        """The roots of the log from `begin` on, some at a time."""
        for first in range(begin, len(self.log), self._tuning.read_states):
            yield self.log.read(first, min(first + self._tuning.read_states, len(self.log)))

    # --- exploring in memory ---

    def _explore(self) -> np.uint64:
        return explore.explore(
            self.code,
            self.small,
            self.roots.tree,
            self.roots.slots,
            self._control,
            self._order,
            self._layers,
            self._seen.slots,
            self._ticked.states,
            self._ticked.segments,
            self._faulted.states,
            self._faulted.segments,
            self._next_ticked.states,
            self._next_ticked.segments,
            self._next_faulted.states,
            self._next_faulted.segments,
            self.scratch,
            self._successors,
            self._slots,
            self._accepted,
            self._recent,
            np.uint64(self._tuning.pause_states),
            np.uint64(self._tuning.wide_layer) if self._thread_count > 1 else IN_ORDER,
        )

    def _next_instant(self) -> bool:
        """Turn to the next number of ticks, or of faults; False when nothing waits."""
        control = self._control
        control[explore.COMMANDS] = IN_ORDER
        self._ticked, self._next_ticked = self._next_ticked, self._ticked
        control[explore.TICK_SEGMENT], control[explore.TICK_SEGMENTS] = 0, control[explore.NEXT_TICK_SEGMENTS]
        control[explore.NEXT_TICKS] = control[explore.NEXT_TICK_SEGMENTS] = 0
        if control[explore.TICK_SEGMENTS]:
            control[explore.TICKS] += np.uint64(1)
            return True
        if control[explore.FAULT_SEGMENT] >= control[explore.FAULT_SEGMENTS]:
            self._faulted, self._next_faulted = self._next_faulted, self._faulted
            control[explore.FAULT_SEGMENT], control[explore.FAULT_SEGMENTS] = 0, control[explore.NEXT_FAULT_SEGMENTS]
            control[explore.NEXT_FAULTS] = control[explore.NEXT_FAULT_SEGMENTS] = 0
            control[explore.FAULTS] += np.uint64(1)
        if control[explore.FAULT_SEGMENT] >= control[explore.FAULT_SEGMENTS]:
            return False
        control[explore.TICKS] = self._faulted.segments[3 * int(control[explore.FAULT_SEGMENT])]
        return True

    def _explore_wide(self) -> np.uint64:
        """Expand what is left of the layer with all threads: each expands a part of it, then each inserts what belongs to its region."""
        control, count = self._control, self._thread_count
        self._flush(self._layer_begin())
        begin, end = int(control[explore.NEXT]), int(control[explore.LAYER_END])
        if not self._workers:
            tuning = self._tuning
            sizes = tuning.round_successors, self._room, tuning.recent_states
            self._workers = [Worker(number, count, self.code, self.small, *sizes) for number in range(count)]
        for number, worker in enumerate(self._workers):
            worker.begin = begin + (end - begin) * number // count
            worker.end = begin + (end - begin) * (number + 1) // count
        self._is_wide = True
        with ThreadPoolExecutor(count) as pool:
            while any(worker.begin < worker.end for worker in self._workers):
                reasons = list(pool.map(self._expand_share, self._workers))
                for reason in (expand.FOUND, expand.FAILED):
                    if reason in reasons:
                        return reason
                self._insert_all(pool)
                self.look_around()
        control[explore.NEXT] = end
        self._is_wide = False
        return explore.PAUSED

    def _expand_share(self, worker: Worker) -> np.uint64:
        return worker.expand(self._order, self.roots.tree, self.roots.slots)

    def _insert_all(self, pool: ThreadPoolExecutor) -> None:
        control, seen, workers = self._control, self._seen, self._workers
        control[explore.TRANSITIONS] += np.uint64(sum(worker.made for worker in workers))
        count = sum(len(part) for worker in workers for part in worker.pending())
        is_done = False
        while not is_done:
            if int(control[explore.SEEN]) + count <= int(
                room_of(np.uint64(seen.regions), np.uint64(seen.region_slots))
            ):
                is_done = all(list(pool.map(lambda worker: worker.insert(workers, seen), workers)))
                self._place_all(pool)
            if not is_done:
                self._grow_seen(pool)

    def _place_all(self, pool: ThreadPoolExecutor) -> None:
        control = self._control
        at = (int(control[explore.COUNT]), int(control[explore.NEXT_TICKS]), int(control[explore.NEXT_FAULTS]))
        places = [at]
        for worker in self._workers:
            at = (at[0] + worker.mark_counts[0], at[1] + worker.mark_counts[1], at[2] + worker.mark_counts[2])
            places.append(at)
            control[explore.SEEN] += np.uint64(worker.new_count)
        if at[0] > len(self._order):
            self._order = grown(self._order, int(control[explore.COUNT]), at[0] - int(control[explore.COUNT]))
        self._grow_queues(at[1] - places[0][1], at[2] - places[0][2])
        order, ticked, faulted = self._order, self._next_ticked, self._next_faulted
        list(
            pool.map(
                lambda worker: worker.place(order, ticked.states, faulted.states, places[worker.number]), self._workers
            )
        )
        control[explore.COUNT] = at[0]
        explore.extend_queues(control, ticked.segments, np.uint64(at[1]), faulted.segments, np.uint64(at[2]))

    # --- the end of a search ---

    def _layer(self) -> Iterator[Words]:
        """The states of the layer at hand, which go to the log."""
        begin, end = self._layer_begin(), int(self._control[explore.LAYER_END])
        layer = self._order[begin:end].copy()
        self._flush(end)
        return iter([layer])

    def _ended(self, layer: Iterator[Words]) -> list[State]:
        """The layer has a goal, or something in it fails: which state it is does not depend on the order in which the layer was explored."""
        blocks = list(layer)
        found = failed = IN_ORDER
        for block in blocks:
            least = backward.goals_among(self.code, self.small, self.roots.tree, block, self.scratch)
            found, failed = min(found, least[0]), min(failed, least[1])
        if failed == IN_ORDER and found == IN_ORDER:
            failed = min(self._least_failing(block) for block in blocks)
        if failed != IN_ORDER:
            raise PackedFailureError(self.path_to(int(failed), self._cost()))
        return self.path_to(int(found), self._cost())

    def _least_failing(self, layer: Words) -> np.uint64:
        least, position = IN_ORDER, np.uint64(0)
        while True:
            failed, position = backward.failing_among(
                self.code,
                self.small,
                self.roots.tree,
                self.roots.slots,
                layer,
                position,
                self.scratch,
                self._successors,
            )
            least = min(least, failed)
            if position == len(layer):
                return least
            self.grow_roots()

    # --- the explored states, when all are ---

    def select(self, chosen: Callable[[Words], Mask]) -> tuple[Words, Words]:
        """The roots of the log that are chosen, and their positions."""
        roots: list[Words] = []
        positions: list[Words] = []
        for begin in range(0, len(self.log), self._tuning.read_states):
            block = self.log.read(begin, min(begin + self._tuning.read_states, len(self.log)))
            places = np.flatnonzero(chosen(block))
            self.may_take(16 * len(places))
            roots.append(block[places])
            positions.append((places + begin).astype(np.uint64))
            self.look_around()
        return np.concatenate(roots), np.concatenate(positions)

    def select_blocked(self) -> tuple[Words, Words]:
        """The roots of the log in which no tick is possible, and their positions."""
        return self.select(self._are_blocked)

    def _are_blocked(self, roots: Words) -> Mask:
        blocked = np.zeros(len(roots), dtype=np.uint8)
        position = 0
        while position < len(roots):
            position = int(
                backward.blocked_among(
                    self.code,
                    self.small,
                    self.roots.tree,
                    self.roots.slots,
                    roots,
                    np.uint64(position),
                    self.scratch,
                    self._successors,
                    blocked,
                )
            )
            if position < len(roots):
                self.grow_roots()
        return np.not_equal(blocked, 0)

    def first_of(self, roots: Words, positions: Words, chosen: Mask) -> tuple[int, Cost]:
        """Of the chosen states one with the least cost: that with the least root. `positions` ascend."""
        first = int(positions[np.flatnonzero(chosen)[0]])
        cost, (_, end) = next((c, r) for c, r in self._ranges().items() if r[0] <= first < r[1])
        same = chosen & (positions < end)
        return int(roots[same].min()), cost

    def count_twins(self, variable: int, holds: Callable[[Words], Mask]) -> int:
        """How many states where the last variable, a bit, holds are explored without it too."""
        if self._store is not None:
            raise StopSearch(StopReason.MEMORY)
        field = self.tables.layout.variables[variable]
        roots, _ = self.select(holds)
        count, position = 0, 0
        while position < len(roots):
            found, stopped = backward.twins_among(
                self.roots.tree,
                self.roots.slots,
                self._seen.slots,
                np.uint64(self._seen.regions),
                np.uint64(self._seen.region_slots),
                roots,
                np.uint64(position),
                np.uint64(field.word),
                np.uint64(field.shift),
                self.scratch,
                self.code,
            )
            count, position = count + int(found), int(stopped)
            if position < len(roots):
                self.grow_roots()
        return count

    # --- ways to a state ---

    def path_to(self, root: int, cost: Cost) -> list[State]:
        """The states of a cheapest run to a state in the layer with this cost, backward: each cost has one layer, so candidates are few."""
        while not self.roots.has_room:
            self.grow_roots()
        ranges = self._ranges()
        path = [root]
        while cost != (0, 0, 0):
            root, cost = self._step_back(root, cost, ranges)
            path.append(root)
        return [self.roots.state_of(r) for r in reversed(path)]

    def _ranges(self) -> dict[Cost, tuple[int, int]]:
        layers = self._layers[: 4 * int(self._control[explore.LAYERS])].reshape(-1, 4).tolist()
        ends = [layer[3] for layer in layers[1:]] + [len(self.log)]
        return {(f, t, c): (begin, end) for (f, t, c, begin), end in zip(layers, ends, strict=True)}

    def _step_back(self, root: int, cost: Cost, ranges: dict[Cost, tuple[int, int]]) -> tuple[int, Cost]:
        faults, ticks, commands = cost
        for mark, before in (
            (expand.DONE, (faults, ticks, commands - 1)),
            (expand.WAITS_FOR_TICK, (faults, ticks - 1, commands)),
            (expand.WAITS_FOR_FAULT, (faults - 1, ticks, commands - 1)),
        ):
            if before in ranges:
                found = self._predecessor(np.uint64(root << 2 | int(mark)), *ranges[before])
                if found is not None:
                    return found, before
        raise AssertionError("every state but an initial one has a predecessor in an earlier layer")

    def _predecessor(self, successor: np.uint64, begin: int, end: int) -> int | None:
        """The least root at `begin..end` of the log with this successor."""
        best = IN_ORDER
        for first in range(begin, end, self._tuning.read_states):
            roots = self.log.read(first, min(first + self._tuning.read_states, end))
            ends = np.zeros(len(roots), dtype=np.uint64)
            least = backward.predecessor_among(
                self.code,
                self.small,
                self.roots.tree,
                self.roots.slots,
                roots,
                self.scratch,
                self._successors,
                ends,
                successor,
            )
            best = min(best, least)
            self._watch.check(frontier_count=0)
        return None if best == IN_ORDER else int(best)
