"""Drives the kernels: memory, limits, threads, the order of instants, and the way to a state."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.core.symmetry import Symmetry
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.native.kernel import Words
from cascade.engines.packed import image
from cascade.engines.packed.checkpoint import Checkpoint, Standing
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.disk_search import DiskSearch
from cascade.engines.packed.image import make_image
from cascade.engines.packed.kernels import backward, expand, explore
from cascade.engines.packed.kernels.explore import IN_ORDER
from cascade.engines.packed.kernels.seen import insert
from cascade.engines.packed.orbits import Orbits
from cascade.engines.packed.resume import resume, standing_of
from cascade.engines.packed.roots import Roots
from cascade.engines.packed.store import WORD_BYTES, NoMemoryError, Queue, SeenSet, StateLog, grown, move_down
from cascade.engines.packed.tables import CompiledTables, compile_tables
from cascade.engines.packed.team import Team
from cascade.engines.packed.ways import way_to
from cascade.engines.packed.workers import make_scratch
from cascade.limits import StopReason

if TYPE_CHECKING:
    from concurrent.futures import Executor

Mask = NDArray[np.bool_]
State = tuple[int, ...]


class PackedFailureError(Exception):
    """Something fails to evaluate in `state`, the last of `path`: an error of the spec that the caller diagnoses."""

    def __init__(self, path: list[State]) -> None:
        super().__init__(path)
        self.path = path


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
    """One exploration; `initial` has a row (variables, clocks) for each settled state. Raises `TooWideError` on construction where values do not fit a word.

    With a `goal` it ends at a cheapest state where that holds, or where the clock `exceeds[0]` exceeds `exceeds[1]`.
    """

    def __init__(
        self,
        model: CoreModel,
        initial: ArrayLike,
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
        self.roots = Roots(self.tables.layout, self.slack * thread_count, self.may_take)
        # What the kernels work on, here and in `resume` and `team`: see `kernels/explore.py`.
        self.control = np.zeros(explore.CONTROL_SIZE, dtype=np.uint64)
        batch = max(tuning.batch_successors, 2 * self.slack)
        # What all threads may add after they last looked how much there is.
        self.room = batch * thread_count
        self.seen = SeenSet(max(tuning.seen_slots, 2 * self.room))
        self.order = np.zeros(max(tuning.order_states, 2 * self.room), dtype=np.uint64)
        self.layers = np.zeros(1 << 12, dtype=np.uint64)
        # What waits for a tick, and for a fault: of this instant, and of the next one.
        self.ticked, self.faulted, self.next_ticked, self.next_faulted = (Queue() for _ in range(4))
        self.scratch = make_scratch(self.code)
        self.successors, self._slots, self._accepted = (np.zeros(batch, dtype=np.uint64) for _ in range(3))
        self._recent = np.zeros(tuning.recent_states, dtype=np.uint64)
        self.team: Team = Team(self, thread_count)
        self.disk: DiskSearch | None = None
        self.log: StateLog = StateLog()
        self.orbits = Orbits(symmetry, self.code)
        packed = self.tables.layout.pack_rows(np.asarray(initial, dtype=np.int64))
        self._initial = np.unique(self.roots.of_rows(self.orbits.canonical(packed)))
        self._start(self._initial)
        self._checkpoint_folder = checkpoint_folder
        self._checkpoint: Checkpoint | None = None
        self._saved: tuple[Standing, Iterator[Words]] | None = None
        self.resumed: Standing | None = None
        self._save_at = 0.0
        self._may_save = False

    @property
    def state_count(self) -> int:
        """Distinct states of the layers that were explored, and of the one that is explored now."""
        return len(self.log) + int(self.control[explore.LAYER_END])

    @property
    def represented_count(self) -> int:
        """The same, with all states for which these stand."""
        return self.orbits.total(self, self.order[: int(self.control[explore.LAYER_END])])

    @property
    def transition_count(self) -> int:
        """Steps from explored states."""
        return int(self.control[explore.TRANSITIONS])

    @property
    def has_blocked(self) -> bool:
        """Was a state explored in which no tick is possible?"""
        return bool(self.scratch[-1]) or self.team.blocked_count > 0

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
            ("threads", str(self.team.thread_count)),
            *self.orbits.details(self.state_count),
        )

    def run(self) -> list[State] | None:
        """The states of a cheapest run to the goal; None when all are explored. Raises `StopSearch` and `PackedFailureError`."""
        self._load()
        has_ended = False
        try:
            found = self._run()
            has_ended = True
        except PackedFailureError:
            has_ended = True
            raise
        except StopSearch:
            if self._may_save:
                self.save_if_due(lambda: standing_of(self), is_last=True)
            raise
        finally:
            # What ends it from outside, at any place, leaves the checkpoint that there is.
            if self._checkpoint is not None and has_ended:
                self._checkpoint.remove()
            elif self._checkpoint is not None:
                self._checkpoint.close()
        return found

    def _run(self) -> list[State] | None:
        try:
            if self._saved is not None:
                saved, self._saved = self._saved, None
                resume(self, *saved)
            return self._run_in_memory()
        except NoMemoryError:
            self.seen = SeenSet(1)  # nothing asks it any more, and what stands next to it would be too much
            standing = standing_of(self) if self.resumed is None else self.resumed
        self._may_save = False
        self.flush(int(self.control[explore.LAYER_END]))
        self._forget_memory()
        try:
            self.disk = DiskSearch(self, standing)
            layer = self.disk.run()
        except OSError as error:
            raise StopSearch(StopReason.DISK) from error
        return None if layer is None else self._ended(layer)

    def _forget_memory(self) -> None:
        """The seen set, and what waits, are on disk now."""
        control = self.control
        self.ticked, self.faulted, self.next_ticked, self.next_faulted = (Queue() for _ in range(4))
        self.seen = SeenSet(1)
        self.scratch[-1] += np.uint64(self.team.blocked_count)
        self.team = Team(self, self.team.thread_count)
        self.order = np.zeros(self.room, dtype=np.uint64)
        control[explore.COUNT] = control[explore.NEXT] = control[explore.LAYER_END] = 0

    def _run_in_memory(self) -> list[State] | None:
        self._may_save = True
        while True:
            reason = self._explore()
            if reason == explore.WIDE_LAYER:
                reason = self.team.explore_layer()
            elif reason == explore.WIDE_QUEUE:
                self.team.settle_queues()
                reason = explore.PAUSED
            if reason in (expand.FOUND, expand.FAILED):
                return self._ended(self._layer())
            if reason == expand.FINISHED and not self._next_faults():
                self.flush(int(self.control[explore.COUNT]))
                return None
            self.provide(reason)

    def provide(self, reason: np.uint64, pool: "Executor | None" = None) -> None:
        """What the kernels need to go on."""
        control = self.control
        if reason == explore.PAUSED:
            self.save_if_due(lambda: standing_of(self))
            self.look_around()
        elif reason == explore.NEEDS_SEEN:
            self.grow_seen(pool)
        elif reason == explore.NEEDS_ORDER:
            self._leave_memory_if_short(WORD_BYTES * len(self.order))
            self._make_room(self.room)
        elif reason == explore.NEEDS_QUEUES:
            self._leave_memory_if_short(WORD_BYTES * max(len(q.states) for q in (self.next_ticked, self.next_faulted)))
            self.grow_queues(self.room, self.room)
        elif reason == explore.NEEDS_LAYERS:
            self.layers = grown(self.layers, 4 * int(control[explore.LAYERS]), 4)
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

    def _start(self, roots: Words) -> None:
        successors = roots << np.uint64(2) | expand.DONE
        while len(successors) * 2 > self.seen.slot_count:
            self.seen.grow()
        self.order = grown(self.order, 0, len(successors) + self.room)
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
        self.order[: int(count)] = accepted[: int(count)] >> np.uint64(2)
        control = self.control
        control[explore.SLOT_COUNT] = self.seen.slot_count
        control[explore.COUNT] = control[explore.LAYER_END] = count
        control[explore.SEEN] = new
        control[explore.LAYERS] = 1

    def grow_seen(self, pool: "Executor | None" = None) -> None:
        self.look_around()
        # The states that wait may double meanwhile, or be copied on their way to the disk.
        pending = sum(len(worker.pending) for worker in self.team.workers)
        self._leave_memory_if_short(self.seen.growth_bytes + WORD_BYTES * (len(self.order) + 6 * pending))
        self.seen.grow(pool)
        self.control[explore.SLOT_COUNT] = self.seen.slot_count

    def grow_queues(self, tick_room: int, fault_room: int) -> None:
        control = self.control
        ticked, faulted = control[explore.NEXT_TICKS :], control[explore.NEXT_FAULTS :]
        self.next_ticked.grow(int(ticked[0]), int(ticked[1]), tick_room)
        self.next_faulted.grow(int(faulted[0]), int(faulted[1]), fault_room)

    def _make_room(self, room: int) -> None:
        """Room for `room` more states in `order`: explored ones go to the log, and if that does not help much, it grows."""
        control = self.control
        self.flush(self.layer_begin())
        waiting = self._waiting()
        if 2 * (int(control[explore.COUNT]) + room + waiting) > len(self.order):
            self.order = grown(self.order, int(control[explore.COUNT]), 2 * (room + waiting))

    def _waiting(self) -> int:
        """States of the queues that are the next to be read."""
        control, most = self.control, 0
        for queue, segment in ((self.ticked, explore.TICK_SEGMENT), (self.faulted, explore.FAULT_SEGMENT)):
            at, count = int(control[segment]), int(control[segment + 1])
            if at < count:
                most += queue.length_of(at)
        return most

    def layer_begin(self) -> int:
        """Where the layer that is explored now begins in `order`."""
        return int(self.layers[4 * int(self.control[explore.LAYERS]) - 1]) - len(self.log)

    def flush(self, count: int) -> None:
        """Move the first `count` states of `order` to the log."""
        control = self.control
        if not count:
            return
        self.log.append(self.order[:count])
        total = int(control[explore.COUNT])
        move_down(self.order, count, total)
        for position in (explore.COUNT, explore.NEXT, explore.LAYER_END):
            control[position] = max(int(control[position]) - count, 0)
        control[explore.LOGGED] = len(self.log)

    def look_around(self) -> None:
        """Look at the limits, say where the search is."""
        control = self.control
        self.orbits.catch_up(self)
        self.watch.check_states(self.state_count)
        self.watch.check(frontier_count=int(control[explore.COUNT]) - int(control[explore.NEXT]))

    # --- where the search stands ---

    def cost(self) -> Cost:
        """Of the layer at hand."""
        faults, ticks, commands = self.layers[4 * int(self.control[explore.LAYERS]) - 4 :][:3].tolist()
        return faults, ticks, commands

    def ranges(self) -> dict[Cost, tuple[int, int]]:
        """Where the layer of each cost stands in the log."""
        layers = self.layers[: 4 * int(self.control[explore.LAYERS])].reshape(-1, 4).tolist()
        ends = [layer[3] for layer in layers[1:]] + [len(self.log)]
        return {(f, t, c): (begin, end) for (f, t, c, begin), end in zip(layers, ends, strict=True)}

    def begin_layer(self, cost: Cost, begin: int) -> None:
        """Note that the layer of this cost stands in the log from `begin` on."""
        control = self.control
        at = 4 * int(control[explore.LAYERS])
        if at + 4 > len(self.layers):
            self.layers = grown(self.layers, at, 4)
        self.layers[at : at + 4] = (*cost, begin)
        control[explore.LAYERS] += np.uint64(1)
        control[explore.TRANSITIONS_BEFORE] = control[explore.TRANSITIONS]

    def count_transitions(self, count: int) -> None:
        """Steps were made."""
        self.control[explore.TRANSITIONS] += np.uint64(count)

    def logged(self, begin: int, end: int, size: int | None = None) -> Iterator[Words]:
        """The roots `begin..end` of the log, `size` at a time."""
        size = size or self.tuning.read_states
        for first in range(begin, end, size):
            yield self.log.read(first, min(first + size, end))

    def standing_with(self, unexpanded: Words, waiting: Callable[[], Iterable[tuple[Cost, Words]]]) -> Standing:
        """Where the search stands, given what waits."""
        return Standing(
            layers=self.layers[: 4 * int(self.control[explore.LAYERS])].copy(),
            unexpanded=unexpanded,
            waiting=waiting,
            tree=self.roots.tree,
            transition_count=self.transition_count,
            blocked_count=int(self.scratch[-1]) + self.team.blocked_count,
        )

    # --- checkpoints ---

    def _load(self) -> None:
        """Take up the checkpoint, if there is one."""
        folder = self._checkpoint_folder
        if folder is None:
            return
        try:
            self._checkpoint = Checkpoint(folder, self.code, self.small, self._initial.tolist())
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
        yield self.order[first : int(self.control[explore.NEXT])]

    # --- exploring in memory ---

    def _explore(self) -> np.uint64:
        reason = explore.explore(
            self.code,
            self.small,
            self.roots.tree,
            self.roots.slots,
            self.control,
            self.order,
            self.layers,
            self.seen.slots,
            self.ticked.states,
            self.ticked.segments,
            self.faulted.states,
            self.faulted.segments,
            self.next_ticked.states,
            self.next_ticked.segments,
            self.next_faulted.states,
            self.next_faulted.segments,
            self.scratch,
            self.successors,
            self._slots,
            self._accepted,
            self._recent,
            np.uint64(self.tuning.pause_states),
            np.uint64(self.tuning.wide_layer) if self.team.thread_count > 1 else IN_ORDER,
        )
        if self.control[explore.ARE_EXCHANGED]:
            self.ticked, self.next_ticked = self.next_ticked, self.ticked
            self.control[explore.ARE_EXCHANGED] = 0
        return reason

    def _next_faults(self) -> bool:
        """Turn to what a fault leads to, when no tick leads anywhere; False when nothing waits."""
        control = self.control
        control[explore.COMMANDS] = IN_ORDER
        control[explore.TICK_SEGMENT] = control[explore.TICK_SEGMENTS] = 0
        if control[explore.FAULT_SEGMENT] >= control[explore.FAULT_SEGMENTS]:
            self.faulted, self.next_faulted = self.next_faulted, self.faulted
            control[explore.FAULT_SEGMENT], control[explore.FAULT_SEGMENTS] = 0, control[explore.NEXT_FAULT_SEGMENTS]
            control[explore.NEXT_FAULTS] = control[explore.NEXT_FAULT_SEGMENTS] = 0
            control[explore.FAULTS] += np.uint64(1)
        if control[explore.FAULT_SEGMENT] >= control[explore.FAULT_SEGMENTS]:
            return False
        control[explore.TICKS] = self.faulted.segments[3 * int(control[explore.FAULT_SEGMENT])]
        return True

    # --- the end of a search ---

    def _layer(self) -> Iterator[Words]:
        """The states of the layer at hand, which go to the log."""
        begin, end = self.layer_begin(), int(self.control[explore.LAYER_END])
        layer = self.order[begin:end].copy()
        self.flush(end)
        return iter([layer])

    def _ended(self, layer: Iterator[Words]) -> list[State]:
        """The layer has a goal, or something in it fails: which state it is does not depend on the order in which the layer was explored, nor does what was counted."""
        self._may_save = False
        self.control[explore.TRANSITIONS] = self.control[explore.TRANSITIONS_BEFORE]
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
