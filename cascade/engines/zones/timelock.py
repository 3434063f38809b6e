"""Timelocks, exactly: reachable states from which no run lets time pass again.

What can happen without time passing depends on the location and, for each clock, on which *cell* it is in: the thresholds (the
values that commands compare it with) cut its values into cells. Firing a command leaves a clock in its cell or sets it to 0. So locations with
a vector of cells form a finite graph that has exactly the behaviour of the states without ticks; a state is locked when no vector in
which time may pass is reachable there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from cascade.engines.zones.kernels import INFINITE, Vector, meets
from cascade.engines.zones.locations import Location, Locations, Move
from cascade.engines.zones.search import Node

Cells = tuple[int, ...]
"""For each clock of a location: the least value in its cell."""

WATCH_NODES = 1024
"""Limits are looked at after this many vectors of cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timelock:
    """All states of `node` whose clocks are within `bounds` (least and largest value, by clock) are locked."""

    node: Node
    bounds: dict[int, tuple[int, int]]


@dataclass(slots=True)
class Timelocks:
    """Looks for a timelock among symbolic states. `check` is called now and then, and may raise."""

    locations: Locations
    check: Callable[[], None]
    _passing: set[tuple[Location, Cells]] = field(default_factory=set)
    _looked_count: int = 0

    def first(self, nodes: list[Node]) -> Timelock | None:
        """The first of `nodes` with locked states."""
        for node in nodes:
            for cells in self._vectors(node):
                if not self._is_passing(node.location, cells):
                    bounds = {
                        clock: (low, self._high(clock, low))
                        for clock, low in zip(node.location.clocks, cells, strict=True)
                    }
                    return Timelock(node=node, bounds=bounds)
        return None

    # --- the vectors of cells that a zone meets ---

    def _vectors(self, node: Node) -> Iterator[Cells]:
        """Every vector of cells that the zone of `node` meets."""
        clocks = node.location.clocks
        lows = np.zeros(len(clocks) + 1, dtype=np.int64)
        highs = np.full(len(clocks) + 1, INFINITE, dtype=np.int64)
        highs[0] = 0
        yield from self._split(node, clocks, lows, highs, 1)

    def _split(
        self, node: Node, clocks: tuple[int, ...], lows: Vector, highs: Vector, position: int
    ) -> Iterator[Cells]:
        """The same, with the cells of the clocks before `position` chosen."""
        self._looked_count += 1
        if self._looked_count % WATCH_NODES == 0:
            self.check()
        if position > len(clocks):
            yield tuple(int(low) for low in lows[1:])
            return
        clock = clocks[position - 1]
        for low in (0, *self.locations.thresholds[clock]):
            lows[position], highs[position] = low, self._high(clock, low)
            if meets(node.zone, lows, highs):
                yield from self._split(node, clocks, lows, highs, position + 1)
        lows[position], highs[position] = 0, INFINITE

    def _high(self, clock: int, low: int) -> int:
        """The largest value in the cell that starts at `low`."""
        return next((ticks - 1 for ticks in self.locations.thresholds[clock] if ticks > low), INFINITE)

    # --- the graph without ticks ---

    def _is_passing(self, location: Location, cells: Cells) -> bool:
        """Does some run from here let time pass?"""
        start = location, cells
        parents: dict[tuple[Location, Cells], tuple[Location, Cells] | None] = {start: None}
        pending = [start]
        for here in pending:
            if here in self._passing or _may_time_pass(*here):
                back: tuple[Location, Cells] | None = here
                while back is not None:
                    self._passing.add(back)
                    back = parents[back]
                return True
            for move in here[0].moves:
                if move.position and here[1][move.position - 1] < move.earliest_ticks:
                    continue
                after = self._after(move, here[1])
                if after not in parents:
                    parents[after] = here
                    pending.append(after)
        return False

    def _after(self, move: Move, cells: Cells) -> tuple[Location, Cells]:
        target = self.locations.resolve(move)
        assert target.is_expanded and move.sources is not None, "what is reachable was explored"
        return target, tuple(cells[source - 1] if source else 0 for source in move.sources[1:])


def _may_time_pass(location: Location, cells: Cells) -> bool:
    if location.is_urgent:
        return False
    return all(low < int(latest) for low, latest in zip(cells, location.latest[1:], strict=True))
