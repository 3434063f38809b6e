"""Drives the kernels: memory, limits, threads, the order of instants, and the way to a state."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.core.symmetry import Symmetry
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.native.kernel import Words
from cascade.engines.packed import image
from cascade.engines.packed.checkpoint import Checkpoint, Standing, sorted_by_cost
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.disk_search import DiskSearch, by_cost
from cascade.engines.packed.image import make_image
from cascade.engines.packed.kernels import backward, expand, explore
from cascade.engines.packed.kernels.explore import IN_ORDER
from cascade.engines.packed.kernels.seen import insert
from cascade.engines.packed.orbits import Orbits
from cascade.engines.packed.roots import Roots
from cascade.engines.packed.store import WORD_BYTES, Queue, SeenSet, StateLog, distinct, grown, move_down
from cascade.engines.packed.tables import CompiledTables, compile_tables
from cascade.engines.packed.ways import way_to
from cascade.engines.packed.workers import Worker, make_scratch
from cascade.limits import StopReason

Mask = NDArray[np.bool_]
State = tuple[int, ...]


class PackedFailureError(Exception):
    """Something fails to evaluate in `state`, the last of `path`: an error of the spec that the caller diagnoses."""

    def __init__(self, path: list[State]) -> None:
        super().__init__(path)
        self.path = path


class NoMemoryError(Exception):
    """The seen set has no room to grow."""


class Tuning:
    """Sizes that change no answer: tests make them small."""

    pause_states = 100_000
    """States explored before limits and progress are looked at: some hundredths of a second."""

    batch_successors = 1 << 15
    """Successors that are inserted together: enough to overlap cache misses, few enough to stay in the cache."""

    recent_states = 1 << 16
    """States that were made a short time ago, and are known again without a look at the seen set: as many as stay in the cache of one processor; a power of two."""

    wide_layer = 1 << 14
    """States of a layer that is worth several threads."""

    block_states = 1 << 12
    """States of such a layer that a thread takes at once."""

    seen_slots = 1 << 16
    order_states = 1 << 14
    read_states = 1 << 20
    """States of the log that are looked at together."""

    checkpoint_seconds = 60.0
    """Between two checkpoints, if any are asked for."""

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
        checkpoint_folder: Path | None = None,
        tuning: type[Tuning] = Tuning,
        symmetry: Symmetry | None = None,
    ) -> None:
        self.model = model
        self.watch = watch
        self._started_at = watch.seconds
        self.tuning = tuning
        self.tables: CompiledTables = compile_tables(model, goal)
        self.code, self.small = make_image(self.tables, is_timed=model.is_timed, exceeds=exceeds, symmetry=symmetry)
        self.slack = int(self.code[image.SLACK])
        self._compiled_at = watch.seconds
        self._thread_count = thread_count
        self.roots = Roots(self.tables.layout, self.slack * thread_count, self.may_take)
        self._control = np.zeros(explore.CONTROL_SIZE, dtype=np.uint64)
        batch = max(tuning.batch_successors, 2 * self.slack)
        # What all threads may add after they last looked how much there is.
        self._room = batch * self._thread_count
        self.seen = SeenSet(max(tuning.seen_slots, 2 * self._room))
        self._order = np.zeros(max(tuning.order_states, 2 * self._room), dtype=np.uint64)
        self._layers = np.zeros(1 << 12, dtype=np.uint64)
        # What waits for a tick, and for a fault: of this instant, and of the next one.
        self._ticked, self._faulted, self._next_ticked, self._next_faulted = (Queue() for _ in range(4))
        self.scratch = make_scratch(self.code)
        self.successors, self._slots, self._accepted = (np.zeros(batch, dtype=np.uint64) for _ in range(3))
        self._recent = np.zeros(tuning.recent_states, dtype=np.uint64)
        self._workers: list[Worker] = []
        self.disk: DiskSearch | None = None
        self.log = StateLog()
        self.orbits = Orbits(symmetry, self.code)
        packed = (self.tables.layout.pack(state) for state in initial)
        self._initial = [self.roots.of_words(self.orbits.canonical(words)) for words in packed]
        self._start(self._initial)
        self._checkpoint_folder = checkpoint_folder
        self._checkpoint: Checkpoint | None = None
        self._saved: tuple[Standing, Iterator[Words]] | None = None
        self._resumed: Standing | None = None
        self._save_at = 0.0
        self._may_save = False

    @property
    def state_count(self) -> int:
        """Distinct states of the layers that were explored, and of the one that is explored now."""
        return len(self.log) + int(self._control[explore.LAYER_END])

    @property
    def represented_count(self) -> int:
        """The same, with all states for which these stand."""
        return self.orbits.total(self, self._order[: int(self._control[explore.LAYER_END])])

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
        slots = self.seen.slots.nbytes
        compiled, searched = self._compiled_at - self._started_at, self.watch.seconds - self._compiled_at
        return (
            ("states", f"{bits} bits in {layout.word_count} words; {self.transition_count:,} steps"),
            ("tables", f"{len(tables.clusters)} clusters, {self.small.nbytes + self.code.nbytes:,} bytes; {wide}"),
            ("memory", f"seen set {slots:,} bytes, {slots / max(self.state_count, 1):.1f} a state"),
            ("time", f"tables {compiled:.2f} s, search {searched:.2f} s"),
            *((("disk", f"{self.disk.store.byte_count:,} bytes of explored states"),) if self.disk else ()),
            ("threads", str(self._thread_count)),
            *self.orbits.details(self.state_count),
        )

    def run(self) -> list[State] | None:
        """The states of a cheapest run to the goal; None when all are explored. Raises `StopSearch` and `PackedFailureError`."""
        self._load()
        has_ended = True
        try:
            return self._run()
        except StopSearch:
            has_ended = False
            if self._may_save:
                self.save_if_due(self._standing, is_last=True)
            raise
        except KeyboardInterrupt:
            has_ended = False
            raise
        finally:
            if self._checkpoint is not None and has_ended:
                self._checkpoint.remove()
            elif self._checkpoint is not None:
                self._checkpoint.close()

    def _run(self) -> list[State] | None:
        try:
            if self._saved is not None:
                saved, self._saved = self._saved, None
                self._resume(*saved)
            return self._run_in_memory()
        except NoMemoryError:
            self.seen = SeenSet(1)  # nothing asks it any more, and what stands next to it would be too much
            standing = self._standing() if self._resumed is None else self._resumed
        self._may_save = False
        self._flush(int(self._control[explore.LAYER_END]))
        self._forget_memory()
        try:
            self.disk = DiskSearch(self, standing)
            layer = self.disk.run()
        except OSError as error:
            raise StopSearch(StopReason.DISK) from error
        return None if layer is None else self._ended(layer)

    def _forget_memory(self) -> None:
        """The seen set, and what waits, are on disk now."""
        control = self._control
        self._ticked, self._faulted, self._next_ticked, self._next_faulted = (Queue() for _ in range(4))
        self.seen = SeenSet(1)
        self.scratch[-1] += np.uint64(sum(int(worker.scratch[-1]) for worker in self._workers))
        self._workers = []
        self._order = np.zeros(self._room, dtype=np.uint64)
        control[explore.COUNT] = control[explore.NEXT] = control[explore.LAYER_END] = 0

    def _run_in_memory(self) -> list[State] | None:
        self._may_save = True
        while True:
            reason = self._explore()
            if reason == explore.WIDE_LAYER:
                reason = self._explore_wide()
            elif reason == explore.WIDE_QUEUE:
                self._settle_wide()
                reason = explore.PAUSED
            if reason in (expand.FOUND, expand.FAILED):
                return self._ended(self._layer())
            if reason == expand.FINISHED and not self._next_instant():
                self._flush(int(self._control[explore.COUNT]))
                return None
            self._provide(reason)

    def _provide(self, reason: np.uint64, pool: ThreadPoolExecutor | None = None) -> None:
        """What the kernels need to go on."""
        control = self._control
        if reason == explore.PAUSED:
            self.save_if_due(self._standing)
            self.look_around()
        elif reason == explore.NEEDS_SEEN:
            self._grow_seen(pool)
        elif reason == explore.NEEDS_ORDER:
            self._leave_memory_if_short(WORD_BYTES * len(self._order))
            self._make_room(self._room)
        elif reason == explore.NEEDS_QUEUES:
            self._leave_memory_if_short(
                WORD_BYTES * max(len(q.states) for q in (self._next_ticked, self._next_faulted))
            )
            self._grow_queues(self._room, self._room)
        elif reason == explore.NEEDS_LAYERS:
            self._layers = grown(self._layers, 4 * int(control[explore.LAYERS]), 4)
        elif reason == expand.NEEDS_TREE:
            self.grow_roots()

    # --- memory ---

    def may_take(self, byte_count: int) -> None:
        """Raise `StopSearch` if so many bytes more are too many."""
        self.watch.check_memory(byte_count)

    def _leave_memory_if_short(self, byte_count: int) -> None:
        if not self.watch.has_memory(byte_count):
            raise NoMemoryError

    def grow_roots(self) -> None:
        """Room for more words of wide states."""
        self.roots.grow()

    def _start(self, roots: list[int]) -> None:
        successors = np.asarray([root << 2 | int(expand.DONE) for root in dict.fromkeys(roots)], dtype=np.uint64)
        while len(successors) * 2 > self.seen.slot_count:
            self.seen.grow()
        self._order = grown(self._order, 0, len(successors) + self._room)
        accepted = np.zeros(len(successors), dtype=np.uint64)
        slots = np.zeros(len(successors), dtype=np.uint64)
        end, count, new = insert(
            self.seen.slots,
            np.uint64(self.seen.slot_count),
            successors,
            np.uint64(0),
            np.uint64(len(successors)),
            slots,
            accepted,
        )
        assert int(end) == len(successors), "the set is half empty"
        self._order[: int(count)] = accepted[: int(count)] >> np.uint64(2)
        control = self._control
        control[explore.SLOT_COUNT] = self.seen.slot_count
        control[explore.COUNT] = control[explore.LAYER_END] = count
        control[explore.SEEN] = new
        control[explore.LAYERS] = 1

    def _grow_seen(self, pool: ThreadPoolExecutor | None = None) -> None:
        self.look_around()
        # The states that wait may double meanwhile, or be copied on their way to the disk.
        pending = sum(len(worker.pending) for worker in self._workers)
        self._leave_memory_if_short(self.seen.growth_bytes + WORD_BYTES * (len(self._order) + 6 * pending))
        self.seen.grow(pool)
        self._control[explore.SLOT_COUNT] = self.seen.slot_count

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
        self.orbits.catch_up(self)
        self.watch.check_states(self.state_count)
        self.watch.check(frontier_count=int(control[explore.COUNT]) - int(control[explore.NEXT]))

    # --- where the search stands ---

    def cost(self) -> Cost:
        """Of the layer at hand."""
        faults, ticks, commands = self._layers[4 * int(self._control[explore.LAYERS]) - 4 :][:3].tolist()
        return faults, ticks, commands

    def ranges(self) -> dict[Cost, tuple[int, int]]:
        """Where the layer of each cost stands in the log."""
        layers = self._layers[: 4 * int(self._control[explore.LAYERS])].reshape(-1, 4).tolist()
        ends = [layer[3] for layer in layers[1:]] + [len(self.log)]
        return {(f, t, c): (begin, end) for (f, t, c, begin), end in zip(layers, ends, strict=True)}

    def begin_layer(self, cost: Cost, begin: int) -> None:
        """Note that the layer of this cost stands in the log from `begin` on."""
        control = self._control
        at = 4 * int(control[explore.LAYERS])
        if at + 4 > len(self._layers):
            self._layers = grown(self._layers, at, 4)
        self._layers[at : at + 4] = (*cost, begin)
        control[explore.LAYERS] += np.uint64(1)
        control[explore.TRANSITIONS_BEFORE] = control[explore.TRANSITIONS]

    def count_transitions(self, count: int) -> None:
        """Steps were made."""
        self._control[explore.TRANSITIONS] += np.uint64(count)

    def logged(self, begin: int, end: int, size: int | None = None) -> Iterator[Words]:
        """The roots `begin..end` of the log, `size` at a time."""
        size = size or self.tuning.read_states
        for first in range(begin, end, size):
            yield self.log.read(first, min(first + size, end))

    def standing_with(self, unexpanded: Words, waiting: Callable[[], Iterable[tuple[Cost, Words]]]) -> Standing:
        """Where the search stands, given what waits."""
        return Standing(
            layers=self._layers[: 4 * int(self._control[explore.LAYERS])].copy(),
            unexpanded=unexpanded,
            waiting=waiting,
            tree=self.roots.tree,
            transition_count=self.transition_count,
            blocked_count=sum(int(s[-1]) for s in (self.scratch, *(worker.scratch for worker in self._workers))),
        )

    def _standing(self) -> Standing:
        """Where the search in memory stands."""
        control = self._control
        cost = self.cost()
        pending = [self.successors[int(control[explore.PENDING]) : int(control[explore.PENDING_END])]]
        pending += [distinct(worker.pending) for worker in self._workers]
        end = int(control[explore.LAYER_END])
        unexpanded = self._order[int(control[explore.NEXT]) : end].copy()
        waiting = [((cost[0], cost[1], cost[2] + 1), self._order[end : int(control[explore.COUNT])].copy())]
        for successors in pending:
            waiting += by_cost(successors, cost)
        for queue, position, count, faults in (
            (self._ticked, explore.TICK_SEGMENT, explore.TICK_SEGMENTS, cost[0]),
            (self._faulted, explore.FAULT_SEGMENT, explore.FAULT_SEGMENTS, cost[0]),
            (self._next_ticked, None, explore.NEXT_TICK_SEGMENTS, cost[0]),
            (self._next_faulted, None, explore.NEXT_FAULT_SEGMENTS, cost[0] + 1),
        ):
            for segment in range(0 if position is None else int(control[position]), int(control[count])):
                ticks, commands, roots = queue.segment(segment)
                waiting.append(((faults, ticks, commands), roots.copy()))
        return self.standing_with(unexpanded, lambda: waiting)

    def _resume(self, standing: Standing, log: Iterable[Words]) -> None:
        """Go on from `standing`. Raises `NoMemoryError` when the log, the layer at hand, and nothing else are in place."""
        control = self._control
        control[:] = 0
        self._layers = grown(standing.layers, len(standing.layers), 4)
        control[explore.LAYERS] = len(standing.layers) // 4
        control[explore.TRANSITIONS] = control[explore.TRANSITIONS_BEFORE] = standing.transition_count
        self.scratch[-1] = standing.blocked_count
        self.roots.restore(standing.tree)
        begin = int(standing.layers[-1])
        expanded: list[Words] = []
        for block in log:
            here = max(begin - len(self.log), 0)
            self.log.append(block[:here])
            expanded.append(block[here:])
        layer = np.concatenate([*expanded, standing.unexpanded])
        self._order = grown(layer, len(layer), self._room)
        control[explore.LOGGED] = len(self.log)
        control[explore.NEXT] = len(layer) - len(standing.unexpanded)
        control[explore.COUNT] = control[explore.LAYER_END] = len(layer)
        control[explore.FAULTS], control[explore.TICKS], control[explore.COMMANDS] = self.cost()
        self._resumed = standing
        # Two slots a state, and room to sort what waits.
        if not self.watch.has_memory(3 * WORD_BYTES * (len(self.log) + len(layer) + standing.waiting_count)):
            raise NoMemoryError
        self.seen = SeenSet(self.seen.slot_count)
        control[explore.SLOT_COUNT] = self.seen.slot_count
        for block in self.logged(0, len(self.log)):
            self._insert(block, expand.DONE)
        self._insert(layer, expand.DONE)
        for cost, roots in sorted_by_cost(standing.waiting()):
            self._let_wait(cost, roots)
        self._resumed = None

    def _let_wait(self, cost: Cost, roots: Words) -> None:
        """States of ascending costs. A mark need not be what it was: it only has to be less than that of whatever is cheaper."""
        control = self._control
        faults, ticks, commands = self.cost()
        if cost == (faults, ticks, commands + 1):
            fresh = self._insert(roots, expand.DONE)
            self._order = grown(self._order, int(control[explore.COUNT]), len(fresh) + self._room)
            self._order[int(control[explore.COUNT]) :][: len(fresh)] = fresh
            control[explore.COUNT] += np.uint64(len(fresh))
            return
        is_this, is_next = cost[:2] == (faults, ticks), cost[:2] == (faults, ticks + 1)
        fresh = self._insert(roots, expand.WAITS_FOR_TICK if is_this or is_next else expand.WAITS_FOR_FAULT)
        if not len(fresh):
            return
        if is_this:
            queue, segments, end = self._ticked, explore.TICK_SEGMENTS, None
        elif is_next:
            queue, segments, end = self._next_ticked, explore.NEXT_TICK_SEGMENTS, explore.NEXT_TICKS
        elif cost[0] == faults:
            queue, segments, end = self._faulted, explore.FAULT_SEGMENTS, None
        else:
            queue, segments, end = self._next_faulted, explore.NEXT_FAULT_SEGMENTS, explore.NEXT_FAULTS
        total = queue.append(int(control[segments]), cost[1], cost[2], fresh)
        control[segments] += np.uint64(1)
        if end is not None:
            control[end] = total

    def _insert(self, roots: Words, mark: np.uint64) -> Words:
        """Put roots into the seen set: those that were not in it with this mark or a better one."""
        accepted, slots = np.zeros(len(roots), dtype=np.uint64), np.zeros(len(roots), dtype=np.uint64)
        successors = roots << np.uint64(2) | mark
        begin, total = 0, 0
        while begin < len(roots):
            room = self.seen.room - int(self._control[explore.SEEN])
            end = min(len(roots), begin + max(room, 0))
            part = np.uint64(self.seen.slot_count), successors, np.uint64(begin), np.uint64(end)
            position, count, new = insert(self.seen.slots, *part, slots, accepted[total:])
            begin, total = int(position), total + int(count)
            self._control[explore.SEEN] += np.uint64(new)
            if begin < len(roots):
                self._grow_seen()
        return accepted[:total] >> np.uint64(2)

    # --- checkpoints ---

    def _load(self) -> None:
        """Take up the checkpoint, if there is one."""
        folder = self._checkpoint_folder
        if folder is None:
            return
        try:
            self._checkpoint = Checkpoint(folder, self.code, self.small, self._initial)
        except OSError as error:
            self.watch.tell(f"cascade: no checkpoint: {folder}: {error.strerror}")
            return
        found = self._checkpoint.load()
        if found is not None:
            self.watch.tell(
                f"cascade: going on from a checkpoint: {self._checkpoint.logged:,} states were explored before"
            )
        self._saved = found
        self._save_at = self.watch.seconds + self.tuning.checkpoint_seconds

    def save_if_due(self, standing: Callable[[], Standing], *, is_last: bool = False) -> None:
        """Save where the search stands, if it is to be saved and that is some time ago, or the last chance."""
        if self._checkpoint is None or not (is_last or self.watch.seconds >= self._save_at):
            return
        began = self.watch.seconds
        now = standing()
        try:
            self._checkpoint.save(now, self._explored_from(self._checkpoint.logged))
        except OSError as error:
            self.watch.tell(f"cascade: no checkpoint: {error.strerror}")
            self._checkpoint.close()
            self._checkpoint = None
        # Saving takes a tenth of the time, at most.
        self._save_at = self.watch.seconds + max(self.tuning.checkpoint_seconds, 10 * (self.watch.seconds - began))

    def _explored_from(self, begin: int) -> Iterator[Words]:
        """All roots that were expanded, from a position on."""
        yield from self.logged(begin, len(self.log))
        first = max(begin - len(self.log), 0)
        yield self._order[first : int(self._control[explore.NEXT])]

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
            self.seen.slots,
            self._ticked.states,
            self._ticked.segments,
            self._faulted.states,
            self._faulted.segments,
            self._next_ticked.states,
            self._next_ticked.segments,
            self._next_faulted.states,
            self._next_faulted.segments,
            self.scratch,
            self.successors,
            self._slots,
            self._accepted,
            self._recent,
            np.uint64(self.tuning.pause_states),
            np.uint64(self.tuning.wide_layer) if self._thread_count > 1 else IN_ORDER,
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
        """Expand what is left of the layer with all threads."""
        control = self._control
        self._flush(self._layer_begin())
        self._make_workers()
        with ThreadPoolExecutor(self._thread_count) as pool:
            while control[explore.NEXT] < control[explore.LAYER_END] or any(len(w.pending) for w in self._workers):
                reasons = self._explore_together(pool)
                for reason in (expand.FOUND, expand.FAILED):
                    if reason in reasons:
                        return reason
                for reason in sorted(reasons - {expand.FINISHED} or {explore.PAUSED}):
                    self._provide(reason, pool)
        return explore.PAUSED

    def _make_workers(self) -> None:
        if not self._workers:
            sizes = len(self.successors), self.tuning.recent_states
            self._workers = [Worker(self.code, self.small, *sizes) for _ in range(self._thread_count)]

    def _settle_wide(self) -> None:
        """All threads take from the queues what waits for the next layer."""
        control = self._control
        self._make_workers()
        cost = int(control[explore.TICKS]), (int(control[explore.COMMANDS]) + 1) % (1 << 64)
        with ThreadPoolExecutor(self._thread_count) as pool:
            for queue, at, count in (
                (self._ticked, explore.TICK_SEGMENT, explore.TICK_SEGMENTS),
                (self._faulted, explore.FAULT_SEGMENT, explore.FAULT_SEGMENTS),
            ):
                if control[at] == control[count]:
                    continue
                ticks, commands, waiting = queue.segment(int(control[at]))
                if (ticks, commands) != cost:
                    continue
                shares = np.array_split(waiting, self._thread_count)
                list(pool.map(self._settle_share, self._workers, shares))
                control[at] += np.uint64(1)

    def _settle_share(self, worker: Worker, waiting: Words) -> None:
        worker.settle(self._control, self.seen, waiting, self._order)

    def _explore_together(self, pool: ThreadPoolExecutor) -> set[np.uint64]:
        """Each thread does a part of the layer's work; returns why they stopped. In between, all stands as if one had done it."""
        control = self._control
        self._grow_queues(self._room, self._room)
        waiting = [int(control[position]) for position in (explore.NEXT_TICKS, explore.NEXT_FAULTS)]
        reasons = set(pool.map(self._explore_share, self._workers))
        control[explore.TRANSITIONS] += np.uint64(sum(worker.take_transitions() for worker in self._workers))
        self._take_back([worker.leave_block() for worker in self._workers])
        ends = [np.uint64(control[position]) for position in (explore.NEXT_TICKS, explore.NEXT_FAULTS)]
        control[explore.NEXT_TICKS], control[explore.NEXT_FAULTS] = waiting
        segments = self._next_ticked.segments, self._next_faulted.segments
        explore.extend_queues(control, segments[0], ends[0], segments[1], ends[1])
        return reasons

    def _explore_share(self, worker: Worker) -> np.uint64:
        seen, ticked, faulted = self.seen, self._next_ticked, self._next_faulted
        place = self.roots.tree, self.roots.slots, self._control, self._order, seen, ticked, faulted
        return worker.explore(*place, self._thread_count, self.tuning.block_states, self.tuning.pause_states)

    def _take_back(self, blocks: list[tuple[int, int]]) -> None:
        """What threads have taken from the layer, and not expanded, comes to stand behind all that is expanded."""
        control = self._control
        end = min(int(control[explore.NEXT]), int(control[explore.LAYER_END]))
        begin = min([first for first, last in blocks if first < last], default=end)
        taken = self._order[begin:end]
        is_expanded = np.ones(len(taken), dtype=np.bool_)
        for first, last in blocks:
            is_expanded[max(first - begin, 0) : max(last - begin, 0)] = False
        self._order[begin:end] = np.concatenate([taken[is_expanded], taken[~is_expanded]])
        control[explore.NEXT] = begin + int(np.count_nonzero(is_expanded))

    # --- the end of a search ---

    def _layer(self) -> Iterator[Words]:
        """The states of the layer at hand, which go to the log."""
        begin, end = self._layer_begin(), int(self._control[explore.LAYER_END])
        layer = self._order[begin:end].copy()
        self._flush(end)
        return iter([layer])

    def _ended(self, layer: Iterator[Words]) -> list[State]:
        """The layer has a goal, or something in it fails: which state it is does not depend on the order in which the layer was explored, nor does what was counted."""
        self._may_save = False
        self._control[explore.TRANSITIONS] = self._control[explore.TRANSITIONS_BEFORE]
        blocks = list(layer)
        goals = [backward.goals_among(self.code, self.small, self.roots.tree, block, self.scratch) for block in blocks]
        found, failed = ([root for root in column if root != IN_ORDER] for column in zip(*goals, strict=True))
        if not failed and not found:
            failed = [root for block in blocks if (root := self._least_failing(block)) != IN_ORDER]
        least = self.least_of(np.asarray(failed or found, dtype=np.uint64))
        if failed:
            raise PackedFailureError(way_to(self, least, self.cost()))
        return way_to(self, least, self.cost())

    def least_of(self, roots: Words) -> int:
        """The root of the least of these states: the same whatever numbers words came to have."""
        return int(backward.least_of(self.code, self.roots.tree, roots, self.scratch))

    def _least_failing(self, layer: Words) -> np.uint64:
        found, position = list[np.uint64](), np.uint64(0)
        while True:
            failed, position = backward.failing_among(
                self.code,
                self.small,
                self.roots.tree,
                self.roots.slots,
                layer,
                position,
                self.scratch,
                self.successors,
            )
            if failed != IN_ORDER:
                found.append(failed)
            if position == len(layer):
                return np.uint64(self.least_of(np.asarray(found, dtype=np.uint64)))
            self.grow_roots()
