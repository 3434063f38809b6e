"""Drives the kernels: growth, limits, the order of instants, and the way to a state."""

import numpy as np

from cascade.core.model import CoreModel
from cascade.core.queries import Reach
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.search import Predicate
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed import kernels
from cascade.engines.packed.flat import FlatTables, Ints, flatten
from cascade.engines.packed.tables import CompiledTables, compile_tables

STATES_A_CALL = 100_000
"""States explored before limits and progress are looked at: some tens of milliseconds."""

BATCH_STATES = 512
"""States whose successors are inserted together: enough to overlap cache misses, few enough to stay in the cache."""

SEEN_SIZE_MIN = 1 << 16
LAYERS_SIZE_MIN = 1 << 12
QUEUE_SIZE_MIN = 1 << 12

State = tuple[int, ...]
Cost = tuple[int, int, int]


class PackedFailureError(Exception):
    """Something fails to evaluate in the state at `position`: an error of the spec that the caller diagnoses."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class PackedSearch:
    """One exploration for a goal; `initial` are settled states. Raises `TooWideError` on construction where tables do not serve."""

    def __init__(self, model: CoreModel, query: Reach, initial: list[State], watch: Watch) -> None:
        self._model = model
        self._query = query
        self._watch = watch
        self._initial = initial
        self.tables: CompiledTables = compile_tables(model, query)
        self._flat: FlatTables = flatten(self.tables)
        derived_words = max(program.word_count for program in self.tables.programs)
        self._scratch = np.zeros((2, 1 + derived_words), dtype=np.int64)
        self._control = np.zeros(kernels.CONTROL_SIZE, dtype=np.int64)
        self._slack = self._successors_max()
        room = BATCH_STATES * self._slack
        self._successors = np.zeros(room, dtype=np.int64)
        self._slots = np.zeros(room, dtype=np.int64)
        self._seen = np.zeros(max(SEEN_SIZE_MIN, 1 << (2 * room).bit_length()), dtype=np.int64)
        self._order = np.zeros(len(self._seen), dtype=np.int64)
        self._layers = np.zeros((LAYERS_SIZE_MIN, 4), dtype=np.int64)
        self._queues = [np.zeros((QUEUE_SIZE_MIN + 2 * room, 3), dtype=np.int64) for _ in range(4)]
        self._goal = self._goal_place()

    @property
    def state_count(self) -> int:
        """Distinct states that were explored, or are about to be."""
        return int(self._control[kernels.COUNT])

    @property
    def transition_count(self) -> int:
        """Steps from explored states."""
        return int(self._control[kernels.TRANSITIONS])

    @property
    def blocked_count(self) -> int:
        """Explored states in which no tick is possible."""
        return int(self._control[kernels.BLOCKED])

    def run(self) -> list[State] | None:
        """The states of a cheapest run to the goal; None when all are explored. Raises `StopSearch` and `PackedFailureError`."""
        self._start()
        while True:
            match self._explore():
                case kernels.FOUND:
                    return self.path_to(int(self._control[kernels.NEXT]))
                case kernels.FAILED:
                    raise PackedFailureError(int(self._control[kernels.NEXT]))
                case kernels.FINISHED:
                    if not self._next_instant():
                        return None
                case kernels.PAUSED:
                    self._look_around()
                case kernels.NEEDS_SEEN:
                    self._grow_seen()
                case kernels.NEEDS_ORDER:
                    self._order = _grown(self._order)
                case kernels.NEEDS_QUEUES:
                    self._queues[2:] = [_grown(queue) for queue in self._queues[2:]]
                case kernels.NEEDS_LAYERS:
                    self._layers = _grown(self._layers)

    def _successors_max(self) -> int:
        """A bound on the successors of one state, a tick included."""
        most = 1
        for cluster in self.tables.clusters:
            entries = np.unique(cluster.entries).tolist()
            most += max((len(self.tables.entries[e].operations) for e in entries), default=0)
        return most

    def _start(self) -> None:
        while len(self._seen) < 4 * len(self._initial):
            self._grow_seen()
        while len(self._order) < 2 * len(self._initial):
            self._order = _grown(self._order)
        for state in self._initial:
            kernels.add_initial(self._control, self._order, self._seen, self.tables.layout.pack(state)[0])
        self._control[kernels.LAYER_END] = self._control[kernels.COUNT]
        self._control[kernels.LAYERS] = 1

    def _goal_place(self) -> Ints:
        """What the kernels look for in a state; see `kernels.expand_batch`."""
        goal = self.tables.goal
        assert goal is not None, "compiled with a goal"
        fails_at = goal.field.shift + 1 if goal.fails else -1
        shift, mask = 0, 0
        if self._query.clock is not None:
            place = self.tables.layout.clocks[self._query.clock]
            shift, mask = place.shift, place.mask
        numbers = (goal.field.word, goal.field.shift, fails_at, shift, mask, self._query.exceeds_ticks)
        return np.asarray(numbers, dtype=np.int64)

    def evaluate_goal(self, compiled: CompiledModel, state: int) -> None:
        """Evaluate the goal in a state of the explicit engine: raises `EvaluationFailure` where it fails."""
        Predicate(compiled, (self._query.goal,)).holds(state)

    def _explore(self) -> int:
        return kernels.explore(
            self._flat,
            self._control,
            self._order,
            self._layers,
            self._seen,
            self._queues[0],
            self._queues[1],
            self._queues[2],
            self._queues[3],
            self._scratch,
            self._successors,
            self._slots,
            self._model.is_timed,
            self._goal,
            self._slack,
            STATES_A_CALL,
        )

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
        control[kernels.TICKS] = self._queues[1][control[kernels.FAULT_READ], 1]
        return True

    def _look_around(self) -> None:
        control = self._control
        self._watch.check_states(self.state_count)
        self._watch.check(frontier_count=int(control[kernels.SEEN_COUNT] - control[kernels.NEXT]))

    def _grow_seen(self) -> None:
        self._look_around()
        seen = np.zeros(2 * len(self._seen), dtype=np.int64)
        kernels.rehash(self._seen, seen)
        self._seen = seen

    # --- ways to a state ---

    def timelock(self) -> list[State] | None:
        """The states of a cheapest run to a state from which time never passes again; all states are explored."""
        passes = np.zeros(len(self._seen), dtype=np.uint8)
        while kernels.find_timelock(
            self._flat,
            self._order,
            self.state_count,
            self._seen,
            passes,
            self._scratch,
            self._successors,
            self._goal,
        ):
            self._look_around()
        position = kernels.first_unmarked(self._order, self.state_count, self._seen, passes)
        return None if position < 0 else self.path_to(int(position))

    def path_to(self, position: int) -> list[State]:
        """The states of a cheapest run to `order[position]`, backward through the layers: each cost has one layer, so candidates are few."""
        ranges = self._ranges()
        cost = next(c for c, (begin, end) in ranges.items() if begin <= position < end)
        path = [self._state(position)]
        while position >= ranges[0, 0, 0][1]:
            position, cost = self._step_back(position, cost, ranges)
            path.append(self._state(position))
        path.reverse()
        return path

    def _state(self, position: int) -> State:
        return self.tables.layout.unpack([int(self._order[position])])

    def _ranges(self) -> dict[Cost, tuple[int, int]]:
        layers = self._layers[: int(self._control[kernels.LAYERS])].tolist()
        ends = [layer[3] for layer in layers[1:]] + [int(self._control[kernels.LAYER_END])]
        return {(f, t, c): (begin, end) for (f, t, c, begin), end in zip(layers, ends, strict=True)}

    def _step_back(self, position: int, cost: Cost, ranges: dict[Cost, tuple[int, int]]) -> tuple[int, Cost]:
        faults, ticks, commands = cost
        target = int(self._order[position])
        for mark, before in (
            (kernels.DONE, (faults, ticks, commands - 1)),
            (kernels.WAITS_FOR_TICK, (faults, ticks - 1, commands)),
            (kernels.WAITS_FOR_FAULT, (faults - 1, ticks, commands - 1)),
        ):
            if before not in ranges:
                continue
            begin, end = ranges[before]
            found = kernels.find_predecessor(
                self._flat,
                self._order,
                begin,
                end,
                target,
                mark,
                self._scratch,
                self._successors,
                self._model.is_timed,
                self._goal,
            )
            if found >= 0:
                return found, before
        raise AssertionError("every state but an initial one has a predecessor in an earlier layer")


def _grown(array: Ints) -> Ints:
    """Twice as long, with the same rows at the start."""
    result = np.zeros((2 * len(array), *array.shape[1:]), dtype=np.int64)
    result[: len(array)] = array
    return result
