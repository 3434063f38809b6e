"""The zones engine: answers `Reach`, and denies a `Lasso`, without counting ticks one by one.

In: a core model and a query. Out: a candidate answer. Durations do not multiply states: one symbolic state is a valuation of the variables with
a set of valuations of the clocks.
"""

from dataclasses import replace

from cascade.core.expressions import Expressions, Op
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Lasso, Query, Reach, may_fail
from cascade.engines.explicit.evaluate import DEPTH_MAX, nesting_depth, recursion
from cascade.engines.explicit.fairness import with_owed
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.native import library
from cascade.engines.native.kernel import KernelError
from cascade.engines.zones.earliest import NODES_FACTOR, NODES_MIN, Earliest
from cascade.engines.zones.kernels import INFINITE
from cascade.engines.zones.lasso import may_owe_for_ever
from cascade.engines.zones.locations import Location, Locations, Move
from cascade.engines.zones.schedule import schedule
from cascade.engines.zones.search import Node, Search, SearchFailure
from cascade.engines.zones.timelock import Timelock, Timelocks
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun

KERNELS = "cascade.engines.zones.kernels"


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`, if it is a `Reach` or (as long as the answer is no) a `Lasso`. `state_count` counts symbolic states."""
    watch = Watch(limits, progress)
    lasso: Lasso | None = None
    if isinstance(query, Lasso) and model.is_timed and not may_fail(model.expressions, query):
        lasso = query
        model, query = _without_goal(with_owed(model, query))
    if not isinstance(query, Reach):
        return Stopped(reason=StopReason.UNSUPPORTED, statistics=Statistics(seconds=watch.seconds))
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX:
        return Stopped(reason=StopReason.DEPTH, statistics=Statistics(seconds=watch.seconds))
    with recursion(depth):
        asked = _Asked(model, query, watch)
        try:
            library.prepare([KERNELS], progress.tell, watch.check_once)
            said = asked.answer()
            if lasso is not None and isinstance(said, Exhausted) and asked.may_owe_for_ever(lasso.stopped):
                return Stopped(reason=StopReason.UNSUPPORTED, statistics=asked.statistics())
            return said if lasso is None else _without_owed(said)
        except StopSearch as stop:
            return Stopped(reason=stop.reason, statistics=asked.statistics())
        except KernelError as error:
            if progress.tell is not None:
                progress.tell(f"cascade: zones are left out, since {error}")
            return Stopped(reason=StopReason.UNSUPPORTED, statistics=asked.statistics())
        except KeyboardInterrupt:
            return Stopped(reason=StopReason.INTERRUPTED, statistics=asked.statistics())


def _without_goal(model: CoreModel) -> tuple[CoreModel, Reach]:
    """The model with one more expression, and the query for it, which never holds."""
    table = model.expressions
    never = Expressions(
        ops=(*table.ops, Op.CONST),
        args=(*table.args, (0,)),
        is_bool=(*table.is_bool, True),
        low=(*table.low, 0),
        high=(*table.high, 0),
        can_fail=(*table.can_fail, False),
        spans=table.spans,
    )
    return replace(model, expressions=never), Reach(goal=len(table))


def _without_owed(said: Answer) -> Answer:
    """The same in values of the model that was asked about: `owed` is the last variable."""
    if not isinstance(said, SpecFailure):
        return said
    return replace(said, run=replace(said.run, initial=said.run.initial[:-1]))


class _Asked:
    """One query about one model, and how far its answer has come."""

    def __init__(self, model: CoreModel, query: Reach, watch: Watch) -> None:
        self._model = model
        self._query = query
        self._watch = watch
        self._locations = Locations(model, query)
        self._search = Search(self._locations, watch)

    def answer(self) -> Answer:
        """The answer. Raises `StopSearch`."""
        try:
            goal = self._search.run()
        except SearchFailure as failed:
            return self._spec_failure(failed)
        if goal is not None:
            return Found(run=self._best_run(goal), statistics=self.statistics())
        if self._model.is_timed:
            locks = Timelocks(self._locations, lambda: self._watch.check(frontier_count=0))
            timelock = locks.first(self._search.kept())
            if timelock is not None:
                return self._timelock(timelock)
        return Exhausted(statistics=self.statistics())

    def may_owe_for_ever(self, stopped: frozenset[int]) -> bool:
        """See `cascade.engines.zones.lasso`; after the answer was that all is explored."""
        return may_owe_for_ever(self._search, stopped)

    def statistics(self) -> Statistics:
        """What was explored so far."""
        return Statistics(
            state_count=self._search.state_count,
            transition_count=self._search.transition_count,
            seconds=self._watch.seconds,
            counted="symbolic state",
        )

    def _best_run(self, goal: Node) -> CandidateRun:
        """A run to a goal with as few faults, and if it is found in reasonable time with the fewest ticks."""
        run = self._run_to_goal(goal)
        ticks = run.steps.count(TICK)
        if ticks == 0:
            return run
        earlier = Earliest(
            locations=self._locations,
            watch=self._watch,
            fault_count=goal.fault_count,
            ticks_max=ticks,
            nodes_max=max(NODES_MIN, NODES_FACTOR * len(self._search.nodes)),
        ).run()
        return run if earlier is None else min(run, self._run_to_goal(earlier), key=self._length)

    @staticmethod
    def _length(run: CandidateRun) -> tuple[int, int]:
        """Ticks, then commands."""
        ticks = run.steps.count(TICK)
        return ticks, len(run.steps) - ticks

    def _run_to_goal(self, goal: Node) -> CandidateRun:
        if goal.location.is_goal:
            return schedule(goal, wait=False).run
        clock, ticks = self._query.clock, self._locations.goal_ticks
        assert clock is not None and ticks is not None, "a goal by its location or by its clock"
        return schedule(goal, wait=True, bounds={clock: (ticks, INFINITE)}).run

    # --- errors of the spec ---

    def _spec_failure(self, failed: SearchFailure) -> SpecFailure:
        """The error that shows first: no run goes on from there to the others."""
        shown = [(failure, self._run_to_failure(failed, move)) for failure, move in failed.failures]
        failure, run = min(shown, key=lambda one: len(one[1].steps))
        return failure.told(run, self.statistics())

    def _run_to_failure(self, failed: SearchFailure, move: Move | None) -> CandidateRun:
        node = failed.node
        if node is None:
            return CandidateRun(initial=failed.initial, steps=())
        if move is None or not move.position:
            return schedule(node, wait=False).run
        clock = node.location.clocks[move.position - 1]
        return schedule(node, wait=True, bounds={clock: (move.earliest_ticks, INFINITE)}).run

    def _timelock(self, timelock: Timelock) -> SpecFailure:
        """A run to a locked state, and a loop of due commands there."""
        scheduled = schedule(timelock.node, wait=True, bounds=timelock.bounds)
        location, clock_values = scheduled.location, dict(scheduled.clock_values)
        seen: dict[tuple[Location, tuple[tuple[int, int], ...]], int] = {}
        steps: list[int] = []
        while True:
            key = location, tuple(sorted(clock_values.items()))
            if key in seen:
                break
            seen[key] = len(steps)
            command, location, clock_values = self._due_step(location, clock_values)
            steps.append(command)
        run = scheduled.run
        return SpecFailure(
            kind=FailureKind.TIMELOCK,
            run=CandidateRun(initial=run.initial, steps=(*run.steps, *steps), loop_start=len(run.steps) + seen[key]),
            statistics=self.statistics(),
        )

    def _due_step(self, location: Location, clock_values: dict[int, int]) -> tuple[int, Location, dict[int, int]]:
        """The first due command, and where it leads."""
        for move in location.moves:
            if self._locations.is_due(move.command, clock_values):
                if move.position and clock_values[location.clocks[move.position - 1]] < move.earliest_ticks:
                    continue
                target = self._locations.resolve(move)
                own = self._model.commands[move.command].clock
                after = {
                    clock: clock_values[clock] if clock in clock_values and clock != own else 0
                    for clock in target.clocks
                }
                return move.command, target, after
        raise AssertionError("some command keeps time from passing")
