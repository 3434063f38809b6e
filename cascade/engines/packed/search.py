"""Drives the kernels: growth, limits, the order of instants, and the run to a goal."""


import numpy as np

from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Reach
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed import kernels
from cascade.engines.packed.flat import FlatTables, Ints, flatten
from cascade.engines.packed.kernels import Marks
from cascade.engines.packed.tables import CompiledTables, compile_tables
from cascade.verdicts.run import CandidateRun

STATES_A_CALL = 200_000
"""States explored before limits and progress are looked at."""

BATCH_STATES = 512
"""States whose successors are inserted together: enough to overlap cache misses, few enough to stay in the cache."""

SEEN_SIZE_MIN = 1 << 16
LAYERS_MIN = 1 << 12
QUEUE_SIZE_MIN = 1 << 12


class PackedFailureError(Exception):
    """Something fails to evaluate in `state`: an error of the spec that the caller diagnoses."""

    def __init__(self, state: tuple[int, ...]) -> None:
        super().__init__(state)
        self.state = state


class PackedSearch:
    """One exploration for a goal. Raises `TooWideError` on construction where tables do not serve; `initial` are settled states."""

    def __init__(
        self, model: CoreModel, query: Reach, initial: "list[tuple[int, ...]]", watch: Watch
    ) -> None:
        self._model = model
        self._query = query
        self._watch = watch
        self._initial = initial
        self.tables: CompiledTables = compile_tables(model, query)
        self._flat: FlatTables = flatten(self.tables)
        self._word_count = self.tables.layout.word_count
        derived_words = max(program.word_count for program in self.tables.programs)
        self._scratch = np.zeros((3, self._word_count + derived_words), dtype=np.int64)
        self._control = np.zeros(kernels.CONTROL_SIZE, dtype=np.int64)
        self._slack: int = 2 + sum(
            max((len(self.tables.entries[e].operations) for e in np.unique(c.entries)), default=0)
            for c in self.tables.clusters
        )
        self._is_one_word = self._word_count == 1
        room = BATCH_STATES * self._slack
        self._batch = np.zeros(room if self._is_one_word else 0, dtype=np.int64)
        self._slots = np.zeros_like(self._batch)
        self._seen, self._marks = self._new_set(max(SEEN_SIZE_MIN, 1 << (2 * room).bit_length()))
        self._order = np.zeros((len(self._seen), self._word_count), dtype=np.int64)
        self._layers = np.zeros((LAYERS_MIN, 4), dtype=np.int64)
        queue_size = QUEUE_SIZE_MIN + 2 * room
        self._queues = [np.zeros((queue_size, self._word_count + 2), dtype=np.int64) for _ in range(4)]
        self._goal = self._goal_place()

    @property
    def state_count(self) -> int:
        """Distinct states reached and explored, or about to be."""
        return int(self._control[kernels.COUNT])

    @property
    def blocked_count(self) -> int:
        """Explored states in which no tick is possible."""
        return int(self._control[kernels.BLOCKED])

    def run(self) -> CandidateRun | None:
        """The cheapest run to the goal; None when all states are explored. Raises `StopSearch` and `PackedFailureError`."""
        self._start()
        while True:
            result = self._explore()
            match result:
                case kernels.FOUND:
                    return self._rebuild(int(self._control[kernels.GOAL]))
                case kernels.FAILED:
                    position = int(self._control[kernels.NEXT])
                    raise PackedFailureError(self.tables.layout.unpack(self._order[position].tolist()))
                case kernels.FINISHED:
                    if not self._next_instant():
                        return None
                case kernels.PAUSED:
                    self._look_around()
                case kernels.NEEDS_SEEN:
                    self._grow_seen()
                case kernels.NEEDS_ORDER:
                    self._order = _grown(self._order, self._slack)
                case kernels.NEEDS_QUEUES:
                    for number in (2, 3):
                        self._queues[number] = _grown(self._queues[number], self._slack)
                case kernels.NEEDS_LAYERS:
                    self._layers = _grown(self._layers, 1)

    def _start(self) -> None:
        while len(self._seen) < 4 * len(self._initial):
            self._grow_seen()
        while len(self._order) < len(self._initial) + self._slack + 1:
            self._order = _grown(self._order, self._slack)
        for state in self._initial:
            words = np.asarray(self.tables.layout.pack(state), dtype=np.int64)
            if self._is_one_word:
                kernels.add_initial_word(self._control, self._order, self._seen, int(words[0]))
            else:
                kernels.add_initial(self._control, self._order, self._seen, self._marks, words)
        self._control[kernels.LAYER_END] = self._control[kernels.COUNT]
        self._control[kernels.LAYERS] = 1

    def _goal_place(self) -> Ints:
        """What the kernels look for in a state; see `kernels.explore`."""
        goal = self.tables.goal
        assert goal is not None, "compiled with a goal"
        fails_at = goal.field.shift + 1 if goal.fails else -1
        clock = (0, 0, 0)
        if self._query.clock is not None:
            place = self.tables.layout.clocks[self._query.clock]
            clock = (place.word, place.shift, place.mask)
        numbers = (goal.field.word, goal.field.shift, fails_at, *clock, self._query.exceeds_ticks)
        return np.asarray(numbers, dtype=np.int64)

    def _explore(self) -> int:
        shared = self._flat, self._control, self._order, self._layers, self._seen
        if self._is_one_word:
            buffers = self._scratch, self._batch, self._slots
            rest = self._model.is_timed, self._goal, self._slack, STATES_A_CALL
            return kernels.explore_words(*shared, *self._queues, *buffers, *rest)
        rest = self._model.is_timed, self._goal, self._slack, STATES_A_CALL
        return kernels.explore(*shared, self._marks, *self._queues, self._scratch, *rest)

    def _next_instant(self) -> bool:
        """Turn to the next number of ticks, or of faults; False when nothing waits."""
        control = self._control
        control[kernels.COMMANDS] = -1
        self._queues[0], self._queues[2] = self._queues[2], self._queues[0]
        control[kernels.TICK_COUNT], control[kernels.NEXT_TICK_COUNT] = control[kernels.NEXT_TICK_COUNT], 0
        control[kernels.TICK_READ] = 0
        if control[kernels.TICK_COUNT] > 0:
            control[kernels.TICKS] += 1
            return True
        if control[kernels.FAULT_READ] >= control[kernels.FAULT_COUNT]:
            self._queues[1], self._queues[3] = self._queues[3], self._queues[1]
            control[kernels.FAULT_COUNT], control[kernels.NEXT_FAULT_COUNT] = control[kernels.NEXT_FAULT_COUNT], 0
            control[kernels.FAULT_READ] = 0
            control[kernels.FAULTS] += 1
        if control[kernels.FAULT_READ] >= control[kernels.FAULT_COUNT]:
            return False
        control[kernels.TICKS] = self._queues[1][control[kernels.FAULT_READ], self._word_count]
        return True

    def _look_around(self) -> None:
        control = self._control
        self._watch.check_states(self.state_count)
        waiting = control[kernels.SEEN_COUNT] - control[kernels.NEXT]
        self._watch.check(frontier_count=int(waiting))

    # --- memory ---

    def _new_set(self, size: int) -> tuple[Ints, Marks]:
        if self._is_one_word:
            return np.zeros(size, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        return np.zeros((size, self._word_count), dtype=np.int64), np.zeros(size, dtype=np.uint8)

    def _grow_seen(self) -> None:
        self._look_around()
        seen, marks = self._new_set(2 * len(self._seen))
        if self._is_one_word:
            kernels.rehash_words(self._seen, seen)
        else:
            kernels.rehash(self._seen, self._marks, seen, marks, self._word_count)
        self._seen, self._marks = seen, marks

    # --- the run ---

    def _rebuild(self, position: int) -> CandidateRun:
        """The run to `order[position]`, backward through the layers: each cost has one layer, so predecessors are few."""
        ranges = self._ranges()
        cost = next(c for c, (begin, end) in ranges.items() if begin <= position < end)
        steps: list[int] = []
        while cost != (0, 0, 0) or not self._is_initial(position):
            position, step, cost = self._step_back(position, cost, ranges)
            steps.append(step)
        state = self.tables.layout.unpack(self._order[position].tolist())
        return CandidateRun(initial=state, steps=tuple(reversed(steps)))

    def _ranges(self) -> dict[tuple[int, int, int], tuple[int, int]]:
        layers = self._layers[: int(self._control[kernels.LAYERS])].tolist()
        ends = [layer[3] for layer in layers[1:]] + [int(self._control[kernels.LAYER_END])]
        return {
            (faults, ticks, commands): (begin, end) for (faults, ticks, commands, begin), end in zip(layers, ends, strict=True)
        }

    def _is_initial(self, position: int) -> bool:
        return position < self._ranges()[0, 0, 0][1]

    def _step_back(
        self, position: int, cost: tuple[int, int, int], ranges: dict[tuple[int, int, int], tuple[int, int]]
    ) -> tuple[int, int, tuple[int, int, int]]:
        faults, ticks, commands = cost
        target = self._order[position].copy()
        for wanted, before in (
            (0, (faults, ticks, commands - 1)),
            (2, (faults, ticks - 1, commands)),
            (1, (faults - 1, ticks, commands - 1)),
        ):
            if before not in ranges:
                continue
            begin, end = ranges[before]
            found, command = kernels.find_predecessor(
                self._flat, self._order, begin, end, target, wanted, self._scratch
            )
            if found >= 0:
                return int(found), TICK if wanted == 2 else int(command), before
        raise AssertionError("every state but an initial one has a predecessor in an earlier layer")


def _grown(array: Ints, slack: int) -> Ints:
    """Twice as long, with the same rows at the start."""
    result = np.zeros((2 * len(array) + slack, array.shape[1]), dtype=np.int64)
    result[: len(array)] = array
    return result


