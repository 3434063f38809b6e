"""Once a goal is known to be reachable: a run to a goal with as few faults that takes the fewest ticks.

Zones get one more clock, the last, that never starts anew: the time since the start. Only its lower bounds are kept, because whatever can happen late can
happen for a search of the earliest as well. Symbolic states are explored by growing least time (Dijkstra), so the first goal is an earliest one.
"""

from dataclasses import field
from heapq import heappop, heappush

import numpy as np

from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.zones.kernels import (
    DELAYED,
    INFINITE,
    STUCK,
    Matrix,
    Vector,
    enter,
    is_covered,
    step,
    tighten,
)
from cascade.engines.zones.locations import Location, Locations, Move, Valuation
from cascade.engines.zones.search import WATCH_STATES, Node, Zones
from cascade.records import dataclass

NODES_MIN = 2_000
"""Symbolic states that are worth it at least, whatever finding the first run took."""

NODES_FACTOR = 3
"""How many times as many symbolic states as the first run took this may take: the time since the start multiplies them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wide:
    """What the kernels need of a location, with the time since the start as the last dimension."""

    latest: Vector
    stops: Vector
    delayed: Matrix
    stuck: Matrix


@dataclass(slots=True)
class Earliest:
    """One search for a run with `fault_count` faults and at most `ticks_max` ticks."""

    locations: Locations
    watch: Watch
    fault_count: int
    ticks_max: int
    nodes_max: int
    _wide: dict[Location, _Wide] = field(default_factory=dict)
    _sources: dict[Move, Vector] = field(default_factory=dict)
    _zones: dict[tuple[Location, int], Zones] = field(default_factory=dict)
    _queue: list[tuple[int, int, int, bool, Node]] = field(default_factory=list)
    _made_count: int = 0

    def run(self) -> Node | None:
        """A goal that is reached earliest; None if there is none that early, or if looking for it takes too much."""
        try:
            return self._run()
        except (EvaluationFailure, StopSearch):
            # There is a run already. Errors of the spec, which it does not meet, are the business of other searches.
            return None

    def _run(self) -> Node | None:
        for initial, location in self.locations.initial():
            if isinstance(location, EvaluationFailure):
                raise location
            wide = self._widen(location)
            wide.stuck.fill(0)
            made = enter(wide.stuck, wide.delayed, wide.latest, wide.stops, location.is_urgent)
            self._add(location, made, None, None, initial)
        explored_count = 0
        while self._queue and self._made_count <= self.nodes_max:
            ticks, _, _, is_goal, node = heappop(self._queue)
            if ticks > self.ticks_max:
                return None
            if is_goal or node.location.is_goal:
                return node
            explored_count += 1
            if explored_count % WATCH_STATES == 0:
                self.watch.check(frontier_count=len(self._queue))
            self._explore(node)
        return None

    def _explore(self, node: Node) -> None:
        for move in node.location.moves:
            if move.position and node.zone[move.position, 0] < move.earliest_ticks:
                continue
            if move.is_fault and node.fault_count == self.fault_count:
                continue
            target = self.locations.resolve(move)
            wide = self._widen(target)
            made = step(
                node.zone,
                move.position,
                move.earliest_ticks,
                self._widened_sources(move),
                wide.latest,
                wide.stops,
                target.is_urgent,
                wide.delayed,
                wide.stuck,
            )
            self._add(target, made, node, move, node.initial)

    def _add(self, location: Location, made: int, parent: Node | None, move: Move | None, initial: Valuation) -> None:
        """Keep the symbolic states that the kernels made, unless they are in known ones with no more faults."""
        wide = self._wide[location]
        fault_count = (0 if parent is None else parent.fault_count) + (move is not None and move.is_fault)
        for bit, zone in ((DELAYED, wide.delayed), (STUCK, wide.stuck)):
            if not made & bit:
                continue
            zone[-1, :-1] = INFINITE
            if self._is_known(location, fault_count, zone):
                continue
            self._made_count += 1
            node = Node(
                number=self._made_count,
                fault_count=fault_count,
                location=location,
                zone=zone.copy(),
                is_delayed=bit == DELAYED,
                command_count=0 if parent is None else parent.command_count + 1,
                parent=parent,
                move=move,
                initial=initial,
            )
            self._zones[location, fault_count].add(node.zone, self._made_count)
            self._push(node, zone, is_goal=False)
            self._push_clock_goal(node)

    def _is_known(self, location: Location, fault_count: int, zone: Matrix) -> bool:
        for fewer in range(fault_count + 1):
            known = self._zones.get((location, fewer))
            if known is not None and is_covered(zone, known.matrices, known.count):
                return True
        self._zones.setdefault((location, fault_count), Zones.of_size(len(zone)))
        return False

    def _push(self, node: Node, zone: Matrix, *, is_goal: bool) -> None:
        number = 2 * self._made_count + is_goal
        heappush(self._queue, (-int(zone[0, -1]), node.command_count, number, is_goal, node))

    def _push_clock_goal(self, node: Node) -> None:
        """If the query's clock exceeds its bound in `node`: when at the earliest?"""
        goal_ticks = self.locations.goal_ticks
        position = node.location.position_of(self.locations.query.clock)
        if goal_ticks is None or position == 0:
            return
        zone = node.zone.copy()
        if tighten(zone, 0, position, -goal_ticks):
            self._push(node, zone, is_goal=True)

    # --- one more dimension ---

    def _widen(self, location: Location) -> _Wide:
        found = self._wide.get(location)
        if found is None:
            if not location.is_expanded:
                self.locations.expand(location)
            if location.failure is not None:
                raise location.failure
            size = len(location.stops) + 1
            found = self._wide[location] = _Wide(
                latest=np.append(location.latest, INFINITE),
                stops=np.append(location.stops, INFINITE),
                delayed=np.zeros((size, size), dtype=np.int64),
                stuck=np.zeros((size, size), dtype=np.int64),
            )
        return found

    def _widened_sources(self, move: Move) -> Vector:
        found = self._sources.get(move)
        if found is None:
            assert move.sources is not None, "a resolved move"
            found = self._sources[move] = np.append(move.sources, len(move.source.stops))
        return found
