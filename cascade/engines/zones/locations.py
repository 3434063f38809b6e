"""The discrete part of a model: locations, and what can happen in each.

A *location* is a valuation of the variables. It says which clocks run: those are the dimensions of its zones. A clock is *tracked* if
some comparison depends on it; no comparison tells valuations beyond its *stop* apart, so they are taken for one.
"""

from collections.abc import Iterator
from dataclasses import field
from itertools import count, product
from typing import TypeAlias

import numpy as np

from cascade.core.expressions import Op
from cascade.core.model import CommandClass, CoreModel
from cascade.core.queries import Reach
from cascade.engines.explicit.evaluate import EvaluationFailure, Values, compile_expressions
from cascade.engines.zones.kernels import INFINITE, Matrix, Vector
from cascade.records import dataclass
from cascade.verdicts.answer import FailureKind

Valuation: TypeAlias = tuple[int, ...]


@dataclass(slots=True, eq=False, kw_only=True)
class Move:
    """A command that is enabled and permitted in `source`.

    It may fire when the clock at `position` of the source's zones is at least `earliest_ticks`; position 0: at once.
    Once it is resolved, dimension j of its target continues `sources[j]` of its source, or starts from zero (0); `kept` says the same
    of the target's clocks.
    """

    command: int
    source: "Location"
    position: int
    earliest_ticks: int
    is_fault: bool
    is_owed: bool
    target: "Location | None" = None
    sources: Vector | None = None
    kept: tuple[int, ...] | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Location:
    """A valuation of the variables. `clocks` are the tracked clocks that run, `stops` where they stop (entry 0 is no clock).

    The rest is known once it `is_expanded`. Time may not pass if `is_urgent`, and up to `latest` only. `failure` is an error of the
    spec that shows here whatever the clocks say; `tick_failure` is one that shows when time passes.
    """

    values: Valuation
    clocks: tuple[int, ...]
    stops: Vector
    tick_failure: EvaluationFailure | None = None
    is_expanded: bool = False
    is_goal: bool = False
    is_urgent: bool = True
    latest: Vector
    moves: list[Move] = field(default_factory=list)
    failure: EvaluationFailure | None = None
    stuck: Matrix
    delayed: Matrix

    def position_of(self, clock: int | None) -> int:
        """Where the clock is in the zones of this location; 0 if it is not."""
        if clock is None or clock not in self.clocks:
            return 0
        return self.clocks.index(clock) + 1


class Locations:
    """All locations that were asked for, by their values."""

    def __init__(self, model: CoreModel, query: Reach) -> None:
        self.model = model
        self.query = query
        self._functions = compile_expressions(model.expressions)
        self._settles = tuple((s.variable, s.value) for s in model.settles)
        self._runs_while = tuple(clock.runs_while for clock in model.clocks)
        self._known: dict[Valuation, Location] = {}
        self._maps: dict[tuple[tuple[int, ...], tuple[int, ...], int | None], tuple[Vector, tuple[int, ...]]] = {}
        self._numbers = count(1)
        self.thresholds = _thresholds(model)
        self.goal_ticks = _goal_ticks(model, query)
        self._stops = _stops(model, self.thresholds)
        if query.clock is not None and self.goal_ticks is not None:
            self._stops[query.clock] = max(self._stops[query.clock], self.goal_ticks)

    def initial(self) -> Iterator[tuple[Valuation, Location | EvaluationFailure]]:
        """Each combination of initial values, and the location that they settle to, or why they do not."""
        for initial in product(*(variable.initial for variable in self.model.variables)):
            try:
                values = self._settled([*initial, next(self._numbers)])
            except EvaluationFailure as failure:
                yield initial, failure
                continue
            try:
                yield initial, self._location(values)
            except EvaluationFailure as failure:
                # Which clocks run is asked at the first tick, not before.
                yield initial, self._make(tuple(values[:-1]), (), failure)

    def expand(self, location: Location) -> None:
        """Find out what can happen in `location`."""
        location.is_expanded = True
        values = [*location.values, next(self._numbers)]
        location.is_urgent = not self.model.is_timed
        try:
            location.is_goal = bool(self._functions[self.query.goal](values))
            if not location.is_goal:
                for index in range(len(self.model.commands)):
                    self._consider(location, index, values)
        except EvaluationFailure as failure:
            location.failure = failure
            location.is_urgent = True
        else:
            if location.tick_failure is not None and not location.is_urgent and not location.is_goal:
                location.failure = location.tick_failure

    def resolve(self, move: Move) -> Location:
        """Where the command leads. Raises `EvaluationFailure` if firing it fails."""
        if move.target is not None:
            return move.target
        try:
            move.target = self._location(self._fired(move))
        except EvaluationFailure as failure:
            failure.command = move.command
            raise
        move.sources, move.kept = self._map(move.source, move.target, self.model.commands[move.command].clock)
        return move.target

    def is_due(self, command_index: int, clock_values: dict[int, int]) -> bool:
        """Does this command, if it is enabled and permitted, keep time from passing? Clocks without a value do not run."""
        command = self.model.commands[command_index]
        if not command.owed or command.clock is None:
            return command.owed
        assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
        value = min(clock_values.get(command.clock, 0), self.model.clocks[command.clock].stop_ticks)
        return value >= command.latest_ticks

    # --- inside ---

    def _consider(self, location: Location, index: int, values: Values) -> None:
        """Add what the command does in `location`: a move, a bound on the time that may pass."""
        command = self.model.commands[index]
        try:
            if not (self._functions[command.guard](values) and self._functions[command.permit](values)):
                return
        except EvaluationFailure as failure:
            failure.command = index
            raise
        position, stop = location.position_of(command.clock), 0
        if command.clock is not None:
            stop = self.model.clocks[command.clock].stop_ticks
        is_running = position > 0
        if command.earliest_ticks <= (stop if is_running else 0) or command.clock is None:
            location.moves.append(
                Move(
                    command=index,
                    source=location,
                    position=position if command.earliest_ticks > 0 else 0,
                    earliest_ticks=command.earliest_ticks,
                    is_fault=command.command_class is CommandClass.FAULT,
                    is_owed=command.owed,
                )
            )
        if not command.owed:
            return
        if command.clock is None:
            location.is_urgent = True
            return
        assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
        if command.latest_ticks <= 0:
            location.is_urgent = True
        elif is_running and command.latest_ticks <= stop:
            location.latest[position] = min(int(location.latest[position]), command.latest_ticks)

    def _fired(self, move: Move) -> Values:
        """The values after the command, settled."""
        values = [*move.source.values, next(self._numbers)]
        updates = self.model.commands[move.command].updates
        results = [int(self._functions[u.value](values)) for u in updates]
        for update, result in zip(updates, results, strict=True):
            self._check_domain(update.variable, update.value, result)
            values[update.variable] = result
        values[-1] = next(self._numbers)
        return self._settled(values)

    def _settled(self, values: Values) -> Values:
        for variable, expression in self._settles:
            result = int(self._functions[expression](values))
            if result != values[variable]:
                self._check_domain(variable, expression, result)
                values[variable] = result
                values[-1] = next(self._numbers)
        return values

    def _check_domain(self, variable: int, expression: int, value: int) -> None:
        domain = self.model.variables[variable]
        if not domain.low <= value <= domain.high:
            raise EvaluationFailure(FailureKind.OUT_OF_DOMAIN, expression, variable=variable, value=value)

    def _location(self, values: Values) -> Location:
        """The location of these values. Raises `EvaluationFailure` if it has no value whether some clock runs."""
        key = tuple(values[:-1])
        found = self._known.get(key)
        if found is None:
            running = [bool(self._functions[expression](values)) for expression in self._runs_while]
            tracked = tuple(c for c, is_running in enumerate(running) if is_running and self._stops[c] > 0)
            found = self._make(key, tracked, None)
            self._known[key] = found
        return found

    def _make(self, values: Valuation, clocks: tuple[int, ...], tick_failure: EvaluationFailure | None) -> Location:
        size = len(clocks) + 1
        return Location(
            values=values,
            clocks=clocks,
            stops=np.array([0, *(self._stops[c] for c in clocks)], dtype=np.int64),
            latest=np.full(size, INFINITE, dtype=np.int64),
            tick_failure=tick_failure,
            stuck=np.zeros((size, size), dtype=np.int64),
            delayed=np.zeros((size, size), dtype=np.int64),
        )

    def _map(self, source: Location, target: Location, own_clock: int | None) -> tuple[Vector, tuple[int, ...]]:
        """For each dimension of the target: the dimension of the source that it continues, or 0. Also without the first one."""
        key = (source.clocks, target.clocks, own_clock)
        found = self._maps.get(key)
        if found is None:
            kept = tuple(0 if clock == own_clock else source.position_of(clock) for clock in target.clocks)
            found = self._maps[key] = np.array([0, *kept], dtype=np.int64), kept
        return found


def _thresholds(model: CoreModel) -> list[list[int]]:
    """For each clock the values that commands compare it with, ascending: at least so much, or less."""
    found: list[set[int]] = [set() for _ in model.clocks]
    for command in model.commands:
        if command.clock is None:
            continue
        asked = {command.earliest_ticks}
        if command.owed and command.latest_ticks is not None:
            asked.add(command.latest_ticks)
        stop = model.clocks[command.clock].stop_ticks
        found[command.clock] |= {ticks for ticks in asked if 0 < ticks <= stop}
    return [sorted(values) for values in found]


def _stops(model: CoreModel, thresholds: list[list[int]]) -> list[int]:
    """Where each clock may stop without a difference: at the largest threshold, or one tick beyond the latest time of an owed command.

    That tick is for the sake of runs in whole ticks: before a clock is beyond its latest time, commands may be scheduled up to then; if it is
    beyond, because its command was not permitted, there is no such moment. The two must not be taken for one another. A clock that never gets
    beyond needs no such tick.
    """
    tops = [values[-1] if values else 0 for values in thresholds]
    stops, never_beyond = tops.copy(), set[int]()
    ops, args = model.expressions.ops, model.expressions.args
    for command in model.commands:
        clock, latest = command.clock, command.latest_ticks
        if clock is None or not command.owed or latest is None or not 0 < latest <= model.clocks[clock].stop_ticks:
            continue
        stops[clock] = max(stops[clock], latest + 1)
        is_permitted = ops[command.permit] is Op.CONST and args[command.permit][0] != 0
        if is_permitted and model.clocks[clock].runs_while == command.guard:
            never_beyond.add(clock)
    return [tops[c] if c in never_beyond else stops[c] for c in range(len(stops))]


def _goal_ticks(model: CoreModel, query: Reach) -> int | None:
    """The least value at which the query's clock exceeds its bound; None if it never does."""
    if query.clock is None or model.clocks[query.clock].stop_ticks <= query.exceeds_ticks:
        return None
    return query.exceeds_ticks + 1
