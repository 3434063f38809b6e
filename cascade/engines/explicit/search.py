"""All reachable states, by growing cost: faults, then ticks, then commands.

States are explored in layers of equal cost. A state is *settled* (its parent is fixed) when its layer starts at the latest; a
command that is no fault leads to the next layer of the same instant, whose states can be settled as they are found, because every
cheaper state is settled by then. States after faults and ticks wait; those that wait for the same number of faults (the same
instant) are found by growing cost, so that only the first of equal ones is kept.
"""

import sys
from collections.abc import Callable
from dataclasses import field

from cascade.core.expressions import ExprId
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.tables import finish
from cascade.engines.explicit.watch import Watch
from cascade.records import dataclass

EVALUATION_WORK = 3
"""What an evaluation costs, where a state whose tables are known costs 1."""

ROOT = -1
"""The parent of an initial state."""

CHUNK_STATES = 4096
"""Limits are looked at after this many states at the latest, and tables are judged."""

CHUNK_WORK = 5_000
"""Limits are looked at after so much work, whatever a state costs: in a large model it can be a second.
Counted, so that where a bound on the work ends the search does not depend on the machine."""

CHUNK_SECONDS = 0.1
"""Who waits is told something after this time."""


def growth_bytes(table: dict[int, int], more_count: int) -> int:
    """What a dictionary takes at once when it has to grow, if that is near: with at most so many more entries, or a tenth."""
    soon = len(table) + max(2 * CHUNK_STATES, min(more_count, len(table) // 10))
    # It grows when two thirds of a power of two are in use, and the old table is kept until the new one is filled.
    is_near = (3 * soon // 2).bit_length() > (3 * len(table) // 2).bit_length()
    return 2 * sys.getsizeof(table) if is_near else 0


class SearchFailure(Exception):
    """An error of the spec in `state`; None: while initial values settle."""

    def __init__(self, state: int | None, failure: EvaluationFailure) -> None:
        super().__init__(state, failure)
        self.state = state
        self.failure = failure


class TooMuchWorkError(Exception):
    """The search is better done by another engine."""


class Predicate:
    """A formula, or a clock that exceeds a bound, remembered for each valuation of its support."""

    def __init__(
        self, compiled: CompiledModel, expressions: tuple[ExprId, ...], clock: int | None = None, exceeds_ticks: int = 0
    ) -> None:
        self._compiled = compiled
        self._functions = [compiled.functions[e] for e in expressions]
        self._clock = None if clock is None else compiled.layout.clocks[clock]
        self._exceeds_ticks = exceeds_ticks
        self.mask = 0 if self._clock is None else self._clock.mask
        for expression in expressions:
            self.mask |= compiled.supports[expression]
        self.entries: dict[int, bool] = {}

    def holds(self, state: int) -> bool:
        """Do all formulas hold in `state`, or does the clock exceed its bound? A formula is evaluated if those before it hold."""
        key = state & self.mask
        entry = self.entries.get(key)
        if entry is None:
            values = self._compiled.decode(state, self.mask)
            entry = all(function(values) for function in self._functions)
            clock = self._clock
            if clock is not None and (state & clock.mask) >> clock.offset > self._exceeds_ticks:
                entry = True
            self.entries[key] = entry
        return entry


@dataclass(slots=True)
class Exploration:
    """What was explored. `parents` maps each state to the state before it on a cheapest run, by growing cost.

    `blocked` are the states in which no tick is possible, by growing cost. `goal` is a cheapest goal state.
    """

    parents: dict[int, int] = field(default_factory=dict)
    blocked: list[int] = field(default_factory=list)
    goal: int | None = None


class Search:
    """One exploration: until a state `is_goal`, or all states are explored.

    `result` may be read after an exception too. `expander` has found good tables for this model by then. `work_max` bounds the work, by a measure that
    does not depend on the machine; with `is_whole`, so do the states that wait: part of the work alone is of no use.
    """

    def __init__(
        self,
        compiled: CompiledModel,
        is_goal: Callable[[int], bool] | None,
        watch: Watch,
        work_max: int | None = None,
        *,
        is_whole: bool = False,
    ) -> None:
        self._work_max = work_max
        self._is_whole = is_whole
        self.result = Exploration()
        self.compiled = compiled
        self.expander = Expander(compiled)
        self._is_goal = is_goal
        self._watch = watch
        self._unchecked_count = 0
        self._chunk_states = 1
        self._looked_at_work = 0
        # States that wait for a tick: number of commands -> states; and for one more fault: ticks -> commands -> states.
        self._ticked: dict[int, list[int]] = {}
        self._tick_parents: dict[int, int] = {}
        self._faulted: dict[int, dict[int, list[int]]] = {}
        self._fault_parents: dict[int, int] = {}

    @property
    def work(self) -> int:
        """What was done so far, by a measure that does not depend on the machine."""
        return len(self.result.parents) + EVALUATION_WORK * self.compiled.evaluation_count

    def run(self) -> Exploration:
        """Explore. Raises `SearchFailure` for an error of the spec, `StopSearch` at a limit, `TooMuchWorkError`."""
        roots = self._roots()
        self._fault_parents = dict.fromkeys(roots, ROOT)
        self._faulted = {0: {0: roots}}
        while self._faulted:
            level, self._faulted = self._faulted, {}
            parents, self._fault_parents = self._fault_parents, {}
            ticks = -1
            while level or self._ticked:
                ticks = ticks + 1 if self._ticked else min(level)
                if self._explore_instant(ticks, level.pop(ticks, {}), parents):
                    return self.result
            self._tick_parents.clear()
        return self.result

    def _roots(self) -> list[int]:
        roots: dict[int, None] = {}
        for number, initial in enumerate(self.compiled.initial_values(), start=1):
            try:
                roots[self.compiled.initial_state(initial)] = None
            except EvaluationFailure as failure:
                raise SearchFailure(None, failure) from failure
            if number % CHUNK_STATES == 0:
                self._watch.check_states(len(roots))
                self._watch.check(frontier_count=len(roots))
                if self._work_max is not None and len(roots) > self._work_max:
                    raise TooMuchWorkError
        return list(roots)

    def _explore_instant(self, ticks: int, faulted: dict[int, list[int]], fault_parents: dict[int, int]) -> bool:
        """Explore the states of one number of faults and ticks; True when a goal is found."""
        ticked, self._ticked = self._ticked, {}
        tick_parents, self._tick_parents = self._tick_parents, {}
        settled = self.result.parents
        layer: list[int] = []
        commands = 0
        while layer or ticked or faulted:
            if not layer:
                commands = min([*ticked, *faulted])
            for waiting, parents in ((ticked, tick_parents), (faulted, fault_parents)):
                for state in waiting.pop(commands, ()):
                    if state not in settled:
                        settled[state] = parents[state]
                        layer.append(state)
            if self._is_goal is not None and self._find_goal(layer, self._is_goal):
                return True
            layer = self._explore_layer(layer, ticks, commands)
            commands += 1
        return False

    def _find_goal(self, layer: list[int], is_goal: Callable[[int], bool]) -> bool:
        """Look for a goal in the whole layer: an error in one of its states comes first."""
        found: int | None = None
        for state in layer:
            try:
                if is_goal(state) and found is None:
                    found = state
            except EvaluationFailure as failure:
                raise SearchFailure(state, failure) from failure
        self.result.goal = found
        return found is not None

    def _explore_layer(self, layer: list[int], ticks: int, commands: int) -> list[int]:
        """The next layer of this instant."""
        following: list[int] = []
        ticked: list[int] = []
        faulted: list[int] = []
        start = 0
        while start < len(layer):
            chunk = layer if len(layer) <= self._chunk_states else layer[start : start + self._chunk_states]
            start += len(chunk)
            self._explore_states(chunk, following, ticked, faulted)
            self._look_around(len(chunk), len(layer) - start + len(following))
        if ticked:
            self._ticked[commands] = ticked
        if faulted:
            self._faulted.setdefault(ticks, {}).setdefault(commands + 1, []).extend(faulted)
        return following

    def _look_around(self, explored_count: int, frontier_count: int) -> None:
        """Look at the limits now and then; as many states make a chunk as take no long time."""
        waiting_count = frontier_count + len(self._tick_parents) + len(self._fault_parents)
        self._unchecked_count += explored_count
        self._watch.check_states(len(self.result.parents))
        work = self.work
        if self._work_max is not None and work + (waiting_count if self._is_whole else 0) > self._work_max:
            raise TooMuchWorkError
        is_late = self._watch.is_late(CHUNK_SECONDS)
        if work - self._looked_at_work > CHUNK_WORK:
            self._chunk_states = max(1, explored_count // 2)
        elif explored_count == self._chunk_states:
            self._chunk_states = min(2 * self._chunk_states, CHUNK_STATES)
        self._looked_at_work = work
        if self._unchecked_count >= CHUNK_STATES:
            self.expander.adapt(self._unchecked_count)
            self._unchecked_count = 0
        elif not is_late:
            return
        self._watch.check(frontier_count=waiting_count)
        for table in (self.result.parents, self._tick_parents, self._fault_parents):
            self._watch.check_memory(growth_bytes(table, frontier_count))

    def _explore_states(self, states: list[int], following: list[int], ticked: list[int], faulted: list[int]) -> None:
        """The innermost loop: settle what commands lead to, keep what faults and ticks lead to."""
        settled = self.result.parents
        tick_parents, fault_parents = self._tick_parents, self._fault_parents
        tables = self.expander.tables
        open_parts = self.expander.open_parts
        is_timed = self.expander.is_timed
        beyond = self.compiled.layout.beyond
        blocked = self.result.blocked
        follow = following.append
        state = ROOT
        try:
            for state in states:
                tick = 0
                for mask, entries, part in tables:
                    try:
                        entry = entries[state & mask]
                    except KeyError:
                        entry = part.fill(state)
                    if entry:
                        deltas, resets, faults, increment = entry
                        for delta in deltas:
                            after = state ^ delta
                            if after not in settled:
                                settled[after] = state
                                follow(after)
                        for kept, delta in resets:
                            after = state & kept ^ delta
                            if after not in settled:
                                settled[after] = state
                                follow(after)
                        for kept, delta in faults:
                            after = state & kept ^ delta
                            if after not in settled and after not in fault_parents:
                                fault_parents[after] = state
                                faulted.append(after)
                        tick += increment
                for open_part in open_parts:
                    open_entry = open_part.look_up(state)
                    if open_entry:
                        for move in open_entry[0]:
                            after = finish(state, move)
                            if after not in settled:
                                if not move[2]:
                                    settled[after] = state
                                    follow(after)
                                elif after not in fault_parents:
                                    fault_parents[after] = state
                                    faulted.append(after)
                        tick += open_entry[1]
                if is_timed:
                    if tick >= beyond:
                        self.expander.check_tick(state, tick)
                        blocked.append(state)
                    else:
                        after = state + tick
                        if after not in settled and after not in tick_parents:
                            tick_parents[after] = state
                            ticked.append(after)
        except EvaluationFailure as failure:
            raise SearchFailure(state, failure) from failure
