"""One exploration for many questions about the same rules: all reachable states of a model, and what can be read off them.

In: a core model. Out: answers to questions about conditions that read variables alone, each without another exploration. What it says no to is as exhaustive
as the search of an engine; where it says yes it gives the run that the engine would give, or leaves that to the engine. A condition that has no value in some
state is not for it: engines tell the error.
"""

import sys
from collections.abc import Container, Sequence
from functools import cached_property

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.engines.explicit.backward import not_reaching
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.components import NONE, Graph, make_graph, strong_components
from cascade.engines.explicit.evaluate import DEPTH_MAX, EvaluationFailure, nesting_depth, recursion
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.runs import initial_of, path_to, steps_along
from cascade.engines.explicit.search import ROOT, Predicate, Search, SearchFailure, TooMuchWorkError
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.explicit.whole import keep
from cascade.limits import Limits, Progress, StopReason
from cascade.records import dataclass
from cascade.verdicts.answer import Statistics
from cascade.verdicts.run import CandidateRun

FOREVER = sys.maxsize
"""More ticks than any number that is asked about."""

PASSES_MAX = 40
"""Passes backwards over an outage, in which times grow to what they are. Where commands go back and forth at one instant, more may be needed."""

PASSES_BEFORE_LOOPS = 4
"""Where times grow for longer, it is looked whether they have an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncharted:
    """Why there is no chart: None if there is too much to explore, or an error of the spec, which an engine tells. `work` was spent."""

    reason: StopReason | None
    work: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The search ended with a goal: `run` is a cheapest one."""

    run: CandidateRun
    statistics: Statistics


def chart(
    model: CoreModel, goal: ExprId | None, limits: Limits, progress: Progress, *, work_max: int
) -> "Chart | Reached | Uncharted":
    """Explore `model`, unless there is a `goal` on the way, with as much work as `work_max` (see `Search`)."""
    watch = Watch(limits, progress)
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX or (goal is not None and model.expressions.can_fail[goal]):
        return Uncharted(reason=None, work=0)
    with recursion(depth):
        compiled = CompiledModel(model)
        is_goal = None if goal is None else Predicate(compiled, (goal,)).holds
        search = Search(compiled, is_goal, watch, work_max, is_whole=True)
        reason: StopReason | None = None
        try:
            found = search.run().goal
            charted = Chart(search, watch, depth)
            if found is not None:
                return Reached(run=charted.run(found), statistics=charted.statistics)
            if not model.is_timed or not charted.is_time_locked():
                keep(search)
                return charted
        except (SearchFailure, TooMuchWorkError):
            pass
        except StopSearch as stop:
            reason = stop.reason
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        return Uncharted(reason=reason, work=search.work)


class Chart:
    """Made by `chart`. Conditions are expressions of the model which have a value everywhere (`may_ask`)."""

    def __init__(self, search: Search, watch: Watch, depth: int) -> None:
        self.model = search.compiled.model
        self._compiled = search.compiled
        self._expander = search.expander
        self._parents = search.result.parents
        self._blocked = search.result.blocked
        self._depth = depth
        self._places: dict[ExprId, bytearray] = {}
        self._longest: dict[ExprId, int | None] = {}
        self.statistics = Statistics(state_count=len(self._parents), seconds=watch.seconds, work=search.work)

    def may_ask(self, condition: ExprId) -> bool:
        """Whether the condition has a value in every state."""
        with recursion(self._depth):
            try:
                self._where(condition)
            except EvaluationFailure:
                return False
            return True

    # --- runs ---

    def run_to(self, goal: ExprId) -> CandidateRun | None:
        """A cheapest run to a state with `goal`: the one that a search for it finds. None if there is none."""
        place = self._where(goal).find(1)
        return None if place < 0 else self.run(self._states[place])

    def run_to_trap(self, condition: ExprId, stopped: frozenset[int]) -> CandidateRun | None:
        """A cheapest run to a state with `condition` from which no run without `stopped` commands leads out of it."""
        trap = self.trap(condition, stopped)
        return None if trap is None else self.run(trap)

    def trap(self, condition: ExprId, stopped: frozenset[int]) -> int | None:
        """The end of that run."""
        with recursion(self._depth):
            commands = self._compiled.commands
            inside = [state for state, holds in zip(self._states, self._where(condition), strict=True) if holds]
            first = next((c for c in commands if c.index in stopped), None)
            expander = self._expander
            if first is not None:
                expander = Expander(self._compiled, frozenset(range(len(commands))) - stopped)
            lost = not_reaching(inside, expander, _never_late, with_tick=True)
            return next(iter(lost), None)

    def run(self, state: int) -> CandidateRun:
        """A cheapest run to a state."""
        with recursion(self._depth):
            path = path_to(self._parents, state)
            steps = steps_along(self._compiled, self._expander, path)
            return CandidateRun(initial=initial_of(self._compiled, path[0]), steps=tuple(steps))

    def commands(self, names: Container[str]) -> frozenset[int]:
        """Commands of the model by name."""
        return frozenset(i for i, command in enumerate(self.model.commands) if command.name in names)

    # --- what can be ---

    def may_stay(self, condition: ExprId) -> bool:
        """May there be a fair run in which `condition` holds for ever from some state on? No is sure, yes is not."""
        if self.model.is_timed:
            return self.longest_ticks(condition) in (None, FOREVER)
        # A run without time may stop as well: leave that, and what is owed, to the engine.
        return 1 in self._where(condition)

    def may_recur(self, condition: ExprId) -> bool:
        """May there be a run in which `condition` begins and ends again and again for ever? No is sure, yes is not."""
        if not self.may_relapse(condition):
            return False
        component = strong_components(self._graph, _never_late)
        inside = self._where(condition)
        with_it = {component[i] for i, holds in enumerate(inside) if holds}
        without_it = {component[i] for i, holds in enumerate(inside) if not holds}
        return bool((with_it & without_it) - {NONE})

    def may_relapse(self, condition: ExprId) -> bool:
        """Is there a run into `condition`, out of it and into it again?"""
        inside, after = self._where(condition), self._after
        pending = [j for i, holds in enumerate(inside) if holds for j in after[i] if not inside[j]]
        seen = bytearray(len(inside))
        while pending:
            for j in after[pending.pop()]:
                if inside[j]:
                    return True
                if not seen[j]:
                    seen[j] = 1
                    pending.append(j)
        return False

    # --- times ---

    def longest_ticks(self, condition: ExprId) -> int | None:
        """For how many ticks `condition` holds without a break at most, `FOREVER` without end; None if that takes too long to find out."""
        if condition not in self._longest:
            self._longest[condition] = self._find_longest(condition)
        return self._longest[condition]

    def _find_longest(self, condition: ExprId) -> int | None:
        """Times grow backwards to what they are. Most steps lead to states that cost more, so a few passes do unless there is no end."""
        inside, after, ticks = self._where(condition), self._after, self._graph.ticks
        places = [i for i, holds in enumerate(inside) if holds]
        places.reverse()
        longest = [0] * len(inside)
        for number in range(PASSES_MAX):
            if number == PASSES_BEFORE_LOOPS and self._has_ticking_loop(places):
                return FOREVER
            has_changed = False
            for i in places:
                most = longest[i]
                for j in after[i]:
                    if inside[j] and longest[j] > most:
                        most = longest[j]
                tick = ticks[i]
                if tick >= 0 and longest[tick] >= most:
                    most = longest[tick] + 1
                if most > longest[i]:
                    longest[i] = most
                    has_changed = True
            if not has_changed:
                return max(longest, default=0)
        return None

    def quickest_ticks(self, condition: ExprId) -> int | None:
        """After how many ticks a stretch of `condition` ends at best; None if it never does."""
        inside, after, ticks = self._where(condition), self._after, self._graph.ticks
        parents = self._parents
        layer = [i for i, state in enumerate(self._states) if inside[i] and parents[state] == ROOT]
        layer.extend(j for i, holds in enumerate(inside) if not holds for j in after[i] if inside[j])
        reached = bytearray(len(inside))
        passed = 0
        while layer:
            ticked: list[int] = []
            while layer:
                i = layer.pop()
                if reached[i]:
                    continue
                reached[i] = 1
                for j in after[i]:
                    if not inside[j]:
                        return passed
                    # After a tick it is looked at later: it is reached at no cost from nowhere else.
                    if j != ticks[i]:
                        layer.append(j)
                if ticks[i] >= 0:
                    ticked.append(ticks[i])
            layer = ticked
            passed += 1
        return None

    # --- parts of the chart ---

    def is_time_locked(self) -> bool:
        """Is there a state from which time never passes again?"""
        return bool(not_reaching(self._blocked, self._expander, _never_late, with_tick=False))

    def _has_ticking_loop(self, places: list[int]) -> bool:
        """Does time pass in some loop through states at these places?"""
        states = [self._states[i] for i in places]
        with recursion(self._depth):
            graph = make_graph(states, self._expander, _never_late)
        component = strong_components(graph, _never_late)
        return any(t >= 0 and component[i] != NONE and component[t] == component[i] for i, t in enumerate(graph.ticks))

    @cached_property
    def _states(self) -> list[int]:
        """By growing cost. What follows names them by their places here."""
        return list(self._parents)

    @cached_property
    def _graph(self) -> Graph:
        with recursion(self._depth):
            return make_graph(self._states, self._expander, _never_late)

    @cached_property
    def _after(self) -> list[Sequence[int]]:
        """Where the steps from each state lead, ticks included."""
        starts, targets = self._graph.starts, self._graph.targets.tolist()
        return [targets[starts[i] : starts[i + 1]] for i in range(len(starts) - 1)]

    def _where(self, condition: ExprId) -> bytearray:
        """In which states it holds."""
        if condition not in self._places:
            with recursion(self._depth):
                holds = Predicate(self._compiled, (condition,)).holds
                self._places[condition] = bytearray(map(holds, self._states))
        return self._places[condition]


def _never_late() -> None:
    """A chart is small: what is read off it is not worth a look at the clock."""
