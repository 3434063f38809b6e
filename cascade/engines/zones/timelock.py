"""Timelocks, exactly: reachable states from which no run lets time pass again.

What can happen without time passing depends on the location and, for each clock, on which *cell* it is in: the thresholds (the
values that commands compare it with) cut its values into cells. Firing a command leaves a clock in its cell or sets it to 0. So locations with
a vector of cells form a finite graph that has exactly the behaviour of the states without ticks; a state is locked when no vector in
which time may pass is reachable there.
"""

from collections.abc import Callable, Iterator
from dataclasses import field
from itertools import product
from math import prod

import numpy as np

from cascade.engines.zones.kernels import INFINITE, Vector, meets
from cascade.engines.zones.locations import Location, Locations, Move
from cascade.engines.zones.search import Node
from cascade.records import dataclass

Cells = tuple[int, ...]
"""For each clock of a location: the least value in its cell."""

Place = tuple[Location, Cells]

VECTORS_MAX = 1024
"""Locations with more vectors of cells than this are looked at zone by zone."""

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
    _free: dict[Location, bool] = field(default_factory=dict)
    _passing: set[Place] = field(default_factory=set)
    _looked_count: int = 0

    def first(self, nodes: list[Node]) -> Timelock | None:
        """The first of `nodes` with locked states."""
        for node in nodes:
            if self._is_free(node.location):
                continue
            for cells in self._vectors(node):
                if not self._is_passing(node.location, cells):
                    bounds = {
                        clock: (low, self._high(clock, low))
                        for clock, low in zip(node.location.clocks, cells, strict=True)
                    }
                    return Timelock(node=node, bounds=bounds)
        return None

    def _is_free(self, location: Location) -> bool:
        """Whether no vector of cells is locked here, reachable or not. False: unknown."""
        if location not in self._free:
            choices = [(0, *self.locations.thresholds[clock]) for clock in location.clocks]
            self._free[location] = prod(map(len, choices)) <= VECTORS_MAX and all(
                self._does_one_run_pass((location, cells)) for cells in product(*choices)
            )
            self._note_work()
        return self._free[location]

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
        self._note_work()
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
        return self._does_one_run_pass((location, cells)) or self._does_any_run_pass((location, cells))

    def _does_one_run_pass(self, start: Place) -> bool:
        """Let what is owed happen, one after the other: nearly always time may pass then. False: unknown."""
        seen: dict[Place, None] = {}
        here = start
        while here not in self._passing and not _may_time_pass(*here):
            seen[here] = None
            moves = (m for m in here[0].moves if m.is_owed and m.kept is not None and _may_fire(m, here))
            after = next((self._after(move, here) for move in moves), None)
            if after is None or after in seen:
                return False
            here = after
        self._passing.update(seen)
        return True

    def _does_any_run_pass(self, start: Place) -> bool:
        """The same by search, in all directions."""
        parents: dict[Place, Place | None] = {start: None}
        pending = [start]
        for here in pending:
            if here in self._passing or _may_time_pass(*here):
                back = parents[here]
                while back is not None:
                    self._passing.add(back)
                    back = parents[back]
                return True
            self._note_work()
            for move in here[0].moves:
                if _may_fire(move, here):
                    after = self._after(move, here)
                    if after not in parents:
                        parents[after] = here
                        pending.append(after)
        return False

    def _note_work(self) -> None:
        self._looked_count += 1
        if self._looked_count % WATCH_NODES == 0:
            self.check()

    def _after(self, move: Move, here: Place) -> Place:
        target, cells = self.locations.resolve(move), here[1]
        assert target.is_expanded and move.kept is not None, "what is reachable was explored"
        return target, tuple([cells[source - 1] if source else 0 for source in move.kept])


def _may_fire(move: Move, here: Place) -> bool:
    return move.position == 0 or here[1][move.position - 1] >= move.earliest_ticks


def _may_time_pass(location: Location, cells: Cells) -> bool:
    if location.is_urgent:
        return False
    return all(low < latest for low, latest in zip(cells, location.latest[1:].tolist(), strict=True))
