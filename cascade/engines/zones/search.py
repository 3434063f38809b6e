"""All symbolic states, a location with a zone each, by growing number of faults, then of commands.

A symbolic state whose zone lies within that of another one in the same location is left out: what it leads to, the other leads to as
well. States are kept level by level: those that n faults reach are all explored before the first of n + 1.
"""

from dataclasses import field
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.watch import Watch
from cascade.engines.zones.kernels import DELAYED, STUCK, Matrix, drop_covered, enter, is_covered, step
from cascade.engines.zones.locations import Location, Locations, Move, Valuation
from cascade.records import dataclass

ROOT = -1
"""The parent of an initial symbolic state, and the command that leads to it."""

WATCH_STATES = 256
"""Limits are looked at after this many symbolic states."""


class SearchFailure(Exception):
    """An error of the spec. `node` None: while `initial` settles.

    Else one shows in `node`, as soon as its move, if it has one, may fire. There may be several: the one that shows first counts.
    """

    def __init__(
        self, node: "Node | None", failures: list[tuple[EvaluationFailure, Move | None]], initial: Valuation = ()
    ) -> None:
        super().__init__(node, failures)
        self.node = node
        self.failures = failures
        self.initial = initial


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """A symbolic state: all of `zone` is reached by firing `move` in `parent` and then, if `is_delayed`, letting time pass.

    `initial` are the initial values that a root comes from.
    """

    number: int
    location: Location
    zone: Matrix
    is_delayed: bool
    fault_count: int = 0
    command_count: int
    parent: "Node | None"
    move: Move | None
    initial: Valuation = ()
    is_dropped: bool = False


@dataclass(slots=True, eq=False)
class Zones:
    """The zones that were reached in one location, none within another."""

    matrices: NDArray[np.int64]
    numbers: NDArray[np.int64]
    dropped: NDArray[np.int64]
    count: int = 0

    @classmethod
    def of_size(cls, size: int) -> "Zones":
        """Empty, for matrices of this size."""
        return cls(np.empty((4, size, size), np.int64), np.empty(4, np.int64), np.empty(4, np.int64))

    def add(self, zone: Matrix, number: int) -> None:
        """Add a zone."""
        if self.count == len(self.matrices):
            self.matrices = np.concatenate([self.matrices, np.empty_like(self.matrices)])
            self.numbers = np.concatenate([self.numbers, np.empty_like(self.numbers)])
            self.dropped = np.empty_like(self.numbers)
        self.matrices[self.count] = zone
        self.numbers[self.count] = number
        self.count += 1


@dataclass(slots=True)
class Search:
    """One exploration. `nodes` may be read after an exception too; `transition_count` counts symbolic steps."""

    locations: Locations
    watch: Watch
    nodes: list[Node] = field(default_factory=list)
    transition_count: int = 0
    _zones: dict[Location, Zones] = field(default_factory=dict)
    _queue: list[tuple[int, int]] = field(default_factory=list)
    _faulted: list[tuple[int, int, Node]] = field(default_factory=list)
    _explored_count: int = 0
    _made_count: int = 0

    @property
    def state_count(self) -> int:
        """The number of symbolic states that are in no other one."""
        return sum(zones.count for zones in self._zones.values())

    def zones_of(self, location: Location) -> Zones:
        """The zones that were reached in a location, none within another."""
        return self._zones[location]

    def kept(self) -> list[Node]:
        """The symbolic states that are in no other one, in the order in which they were found."""
        numbers = sorted(int(n) for zones in self._zones.values() for n in zones.numbers[: zones.count])
        return [self.nodes[number] for number in numbers]

    def run(self) -> Node | None:
        """Explore until a goal, which is returned, or all is explored. Raises `SearchFailure`, `StopSearch`."""
        for initial, found in self.locations.initial():
            if isinstance(found, EvaluationFailure):
                raise SearchFailure(None, [(found, None)], initial)
            self._add_root(initial, found)
            if len(self._faulted) % WATCH_STATES == 0:
                self.watch.check_states(len(self._faulted))
                self.watch.check(frontier_count=len(self._faulted))
        while self._faulted:
            heapify(self._faulted)
            level, self._faulted = self._faulted, []
            while level:
                self._keep(heappop(level)[2])
            goal = self._explore_level()
            if goal is not None:
                return goal
        return None

    def _add_root(self, initial: Valuation, location: Location) -> None:
        if not location.is_expanded:
            self.locations.expand(location)
        location.stuck.fill(0)
        made = enter(location.stuck, location.delayed, location.latest, location.stops, location.is_urgent)
        for node in self._made(location, made, None, None):
            node.initial = initial
            self._faulted.append((0, node.number, node))

    def _explore_level(self) -> Node | None:
        """Explore all that is reached without one more fault."""
        while self._queue:
            _, number = heappop(self._queue)
            node = self.nodes[number]
            if node.is_dropped:
                continue
            if node.location.is_goal:
                return node
            if node.location.failure is not None:
                raise SearchFailure(node, [(node.location.failure, None)])
            # Steps come before the goal's clock: no run goes on, in time either, from where a step shows an error.
            self._explore(node)
            if self._is_clock_goal(node):
                return node
            self._explored_count += 1
            if self._explored_count % WATCH_STATES == 0:
                self.watch.check_states(len(self.nodes))
                self.watch.check(frontier_count=len(self._queue) + len(self._faulted))
        self.watch.check_states(len(self.nodes))
        return None

    def _is_clock_goal(self, node: Node) -> bool:
        """Does the query's clock exceed its bound somewhere in `node`?"""
        goal_ticks = self.locations.goal_ticks
        position = node.location.position_of(self.locations.query.clock)
        return goal_ticks is not None and position > 0 and bool(node.zone[position, 0] >= goal_ticks)

    def _explore(self, node: Node) -> None:
        zone = node.zone
        failures: list[tuple[EvaluationFailure, Move | None]] = []
        for move in node.location.moves:
            if move.position and zone[move.position, 0] < move.earliest_ticks:
                continue
            try:
                target = self.locations.resolve(move)
            except EvaluationFailure as failure:
                failures.append((failure, move))
                continue
            if not target.is_expanded:
                self.locations.expand(target)
            assert move.sources is not None, "a resolved move"
            made = step(
                zone,
                move.position,
                move.earliest_ticks,
                move.sources,
                target.latest,
                target.stops,
                target.is_urgent,
                target.delayed,
                target.stuck,
            )
            self.transition_count += 1
            for found in self._made(target, made, node, move):
                if move.is_fault:
                    self._faulted.append((found.command_count, found.number, found))
                else:
                    self._keep(found)
        if failures:
            raise SearchFailure(node, failures)

    def _made(self, location: Location, made: int, parent: Node | None, move: Move | None) -> list[Node]:
        """The symbolic states that the kernels made in the location's matrices, but those that are in known ones."""
        found: list[Node] = []
        fault_count = (0 if parent is None else parent.fault_count) + (move is not None and move.is_fault)
        known = self._zones.get(location)
        if known is None:
            known = self._zones[location] = Zones.of_size(len(location.stops))
        for bit, zone in ((DELAYED, location.delayed), (STUCK, location.stuck)):
            if made & bit and not is_covered(zone, known.matrices, known.count):
                self._made_count += 1
                found.append(
                    Node(
                        number=self._made_count,
                        location=location,
                        zone=zone.copy(),
                        is_delayed=bit == DELAYED,
                        fault_count=fault_count,
                        command_count=0 if parent is None else parent.command_count + 1,
                        parent=parent,
                        move=move,
                    )
                )
        return found

    def _keep(self, node: Node) -> None:
        """Explore `node` on this level, unless it is within another by now; forget those that are within it."""
        known = self._zones[node.location]
        if is_covered(node.zone, known.matrices, known.count):
            return
        dropped_count = drop_covered(node.zone, known.matrices, known.numbers, known.count, known.dropped)
        for k in range(dropped_count):
            self.nodes[known.dropped[k]].is_dropped = True
        known.count -= dropped_count
        node.number = len(self.nodes)
        self.nodes.append(node)
        known.add(node.zone, node.number)
        heappush(self._queue, (node.command_count, node.number))
