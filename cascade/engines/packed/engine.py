"""The packed engine: answers all queries with numba kernels over packed states.

In: a core model and a query. Out: a candidate answer. What does not fit its words it declines: undetermined, never a guess. Errors of the spec are found
by the kernels and diagnosed by the functions of the explicit engine, which also name the steps between the states of a run.
"""

from dataclasses import replace
from typing import assert_never

import numpy as np

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover, may_fail
from cascade.core.symmetry import find_symmetry
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.fairness import with_owed
from cascade.engines.explicit.runs import due_lasso, initial_of, steps_along
from cascade.engines.explicit.search import Predicate as FormulaOfOneState
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.native import library
from cascade.engines.native.kernel import KernelError
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.explored import count_twins, first_of, select, select_blocked
from cascade.engines.packed.following import follow
from cascade.engines.packed.graph import Predicate, Region, TooLargeError
from cascade.engines.packed.initial import InitialFailureError, initial_rows
from cascade.engines.packed.lasso import PackedLassoSearch, owed_expression
from cascade.engines.packed.program import TooWideError
from cascade.engines.packed.search import PackedFailureError, PackedSearch, Tuning
from cascade.engines.packed.ways import way_to
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun

State = tuple[int, ...]

_SEARCH = tuple(
    f"cascade.engines.packed.kernels.{name}" for name in ("seen", "expand", "explore", "backward", "intern", "symmetry")
)
_GRAPH = (*_SEARCH, "cascade.engines.packed.kernels.graph")
KERNELS: dict[type[Query], tuple[str, ...]] = {Reach: _SEARCH, Lasso: _GRAPH, Recover: _GRAPH}
"""What has to be compiled first. Kernels of the search on disk are when it begins."""


def answer(
    model: CoreModel, query: Query, limits: Limits, progress: Progress, *, tuning: type[Tuning] = Tuning
) -> Answer:
    """Answer `query` about `model`. A violation that is found before a limit is reached is reported."""
    watch = Watch(limits, progress)
    asked: _Asked | None = None
    try:
        library.prepare(KERNELS[type(query)], progress.tell, watch.check_once)
        if isinstance(query, Lasso) and may_fail(model.expressions, query):
            # The exploration for a lasso builds the formulas into the model: their errors have to be found before.
            asked = _Asked(model, Recover(trigger=query.trigger, goal=query.goal), watch, limits, tuning)
            early = asked.explore()
            if early is not None:
                return early
        asked = _Asked(model, query, watch, limits, tuning)
        return asked.answer()
    except (TooWideError, TooLargeError):
        reason = StopReason.UNSUPPORTED
    except KernelError as error:
        if progress.tell is not None:
            progress.tell(f"cascade: the fast search is left out, since {error}")
        reason = StopReason.UNSUPPORTED
    except StopSearch as stop:
        reason = stop.reason
    except KeyboardInterrupt:
        reason = StopReason.INTERRUPTED
    return Stopped(reason=reason, statistics=asked.statistics() if asked else Statistics(seconds=watch.seconds))


def _evaluating(model: CoreModel, a: ExprId, b: ExprId) -> tuple[CoreModel, ExprId]:
    """The model with one more expression, which is false wherever both formulas have a value and fails elsewhere."""
    table = model.expressions
    first = len(table)
    nodes: list[tuple[Op, tuple[int, ...]]] = [(Op.EQ, (a, b)), (Op.NOT, (first,)), (Op.AND, (first, first + 1))]
    expressions = Expressions(
        ops=(*table.ops, *(op for op, _ in nodes)),
        args=(*table.args, *(args for _, args in nodes)),
        is_bool=(*table.is_bool, *(True for _ in nodes)),
        low=(*table.low, *(0 for _ in nodes)),
        high=(*table.high, *(1 for _ in nodes)),
        can_fail=(*table.can_fail, *(True for _ in nodes)),
        spans=table.spans,
    )
    return replace(model, expressions=expressions), first + 2


class _Asked:
    """One query about one model, and how far its answer has come."""

    def __init__(self, model: CoreModel, query: Query, watch: Watch, limits: Limits, tuning: type[Tuning]) -> None:
        self._query = query
        self._watch = watch
        self._variable_count = len(model.variables)
        goal, exceeds = None, None
        match query:
            case Reach():
                goal = query.goal
                exceeds = None if query.clock is None else (query.clock, query.exceeds_ticks)
            case Lasso():
                model = with_owed(model, query)
            case Recover():
                if may_fail(model.expressions, query):
                    model, goal = _evaluating(model, query.trigger, query.goal)
            case _:
                assert_never(query)
        self._model = model
        self._symmetry = find_symmetry(model, query) if limits.symmetry else None
        self._goal = goal
        self._compiled = CompiledModel(model)
        self._expander = Expander(self._compiled)
        self._failing_initial: InitialFailureError | None = None
        try:
            initial = initial_rows(self._compiled, watch.check_memory, watch.check_once)
        except InitialFailureError as error:
            self._failing_initial = error
            initial = np.zeros((0, len(model.variables) + len(model.clocks)), dtype=np.int64)
        self._search = PackedSearch(
            model,
            initial,
            watch,
            goal=goal,
            exceeds=exceeds,
            thread_count=limits.thread_count,
            checkpoint_folder=limits.checkpoint_folder,
            tuning=tuning,
            symmetry=self._symmetry,
        )

    def statistics(self) -> Statistics:
        """What was explored so far."""
        return Statistics(
            state_count=self._search.represented_count,
            transition_count=self._search.transition_count,
            seconds=self._watch.seconds,
            details=self._search.details(),
        )

    def explore(self) -> Answer | None:
        """Explore all states; an answer if this shows one: a goal, an error of the spec. Raises `StopSearch`."""
        if self._failing_initial is not None:
            initial = self._failing_initial.values[: self._variable_count]
            return self._failing_initial.failure.told(CandidateRun(initial=initial, steps=()), self.statistics())
        try:
            path = self._search.run()
        except PackedFailureError as failure:
            return self._diagnosed(self._concrete(failure.path))
        if path is not None:
            return Found(run=self._run(self._concrete(path)), statistics=self.statistics())
        return self._timelock() if self._model.is_timed and self._search.has_blocked else None

    def answer(self) -> Answer:
        """The answer. Raises `StopSearch`."""
        early = self.explore()
        if early is not None:
            return early
        match self._query:
            case Reach():
                pass
            case Lasso():
                statistics = self._statistics_without_owed()
                lasso = PackedLassoSearch(self._search, self._compiled, self._query).run()
                statistics = replace(statistics, seconds=self._watch.seconds)
                return Exhausted(statistics=statistics) if lasso is None else Found(run=lasso, statistics=statistics)
            case Recover():
                lost = self._unrecoverable(self._query)
                if lost is not None:
                    return Found(run=self._run(way_to(self._search, *lost)), statistics=self.statistics())
            case _:
                assert_never(self._query)
        return Exhausted(statistics=self.statistics())

    def _statistics_without_owed(self) -> Statistics:
        """In states of the model that was asked about: those that differ in `owed` alone are one."""
        twins = count_twins(
            self._search, len(self._model.variables) - 1, Predicate(self._search, owed_expression(self._search)).holds
        )
        return replace(self.statistics(), state_count=self._search.state_count - twins)

    # --- runs ---

    def _concrete(self, path: list[State]) -> list[State]:
        """The states of a run of the model along states that stand for them."""
        if self._symmetry is None:
            return path
        return follow(self._compiled, self._expander, self._symmetry, path)

    def _run(self, path: list[State], more: tuple[int, ...] = (), *, loop_start: int | None = None) -> CandidateRun:
        """The run along `path`, and `more` steps; `loop_start` counts from the end of the path."""
        states = [self._compiled.pack_state(state) for state in path]
        steps = steps_along(self._compiled, self._expander, states)
        return CandidateRun(
            initial=initial_of(self._compiled, states[0])[: self._variable_count],
            steps=(*steps, *more),
            loop_start=None if loop_start is None else len(steps) + loop_start,
        )

    # --- errors of the spec ---

    def _diagnosed(self, path: list[State]) -> SpecFailure:
        """The error of the spec in the last state of `path`, in the words of the explicit engine."""
        state = self._compiled.pack_state(path[-1])
        try:
            match self._query:
                case Reach():
                    FormulaOfOneState(self._compiled, (self._query.goal,)).holds(state)
                case Recover():
                    FormulaOfOneState(self._compiled, (self._query.trigger,)).holds(state)
                    FormulaOfOneState(self._compiled, (self._query.goal,)).holds(state)
                case Lasso():
                    pass
                case _:
                    assert_never(self._query)
            _, tick = self._expander.steps(state)
            if tick is None and self._model.is_timed:
                self._expander.check_clocks(state)
        except EvaluationFailure as failure:
            return failure.told(self._run(path), self.statistics())
        raise AssertionError("the kernels and the functions agree on what fails")

    def _timelock(self) -> SpecFailure | None:
        """A run to a state from which time never passes again, and a loop there."""
        nodes, positions = select_blocked(self._search)
        region = Region(self._search, nodes, range(len(self._model.commands)), with_tick=False)
        locked = region.not_leaving()
        if not locked.any():
            return None
        path = self._concrete(way_to(self._search, *first_of(self._search, nodes, positions, locked)))
        steps, loop_start = due_lasso(self._compiled, self._compiled.pack_state(path[-1]))
        return SpecFailure(
            kind=FailureKind.TIMELOCK,
            run=self._run(path, steps, loop_start=loop_start),
            statistics=self.statistics(),
        )

    # --- recovery ---

    def _unrecoverable(self, query: Recover) -> tuple[int, Cost] | None:
        """The cheapest state with the trigger from which the goal is out of reach."""
        goal, trigger = Predicate(self._search, query.goal), Predicate(self._search, query.trigger)
        nodes, positions = select(self._search, lambda roots: ~goal.holds(roots))
        allowed = [i for i in range(len(self._model.commands)) if i not in query.stopped]
        lost = Region(self._search, nodes, allowed, with_tick=True).not_leaving()
        lost[np.flatnonzero(lost)] = trigger.holds(nodes[lost])
        return first_of(self._search, nodes, positions, lost) if lost.any() else None
