"""The explicit engine: explores all reachable states, then answers.

In: a core model and a query. Out: a candidate answer. What its runs claim is replayed by others; that it explored every state has to be believed.
"""

from collections.abc import Callable
from typing import assert_never

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover, formulas_of, may_fail
from cascade.engines.explicit.backward import not_reaching
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import DEPTH_MAX, EvaluationFailure, nesting_depth, recursion
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.fairness import LassoSearch, with_owed
from cascade.engines.explicit.runs import due_lasso, initial_of, path_to, steps_along
from cascade.engines.explicit.search import Predicate, Search, SearchFailure, TooMuchWorkError
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.explicit.whole import Whole, keep, known
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`. A violation that is found before a limit is reached is reported."""
    watch = Watch(limits, progress)
    said = answer_within(model, query, limits, progress, work_max=limits.work_max)
    if said is None:
        assert limits.work_max is not None, "no bound on the work"
        return Stopped(reason=StopReason.WORK, statistics=Statistics(seconds=watch.seconds, work=limits.work_max))
    return said


def answer_within(
    model: CoreModel, query: Query, limits: Limits, progress: Progress, *, work_max: int | None
) -> Answer | None:
    """The same; None if exploring is more work than `work_max` (see `Search`): the same on every machine."""
    watch = Watch(limits, progress)
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX:
        return Stopped(reason=StopReason.DEPTH, statistics=Statistics(seconds=watch.seconds))
    with recursion(depth):
        asked = _Asked(model, query, watch, work_max, _known(model, query, limits, work_max))
        try:
            if isinstance(query, Lasso) and may_fail(model.expressions, query):
                # The exploration for a lasso builds the formulas into the model: their errors have to be found before.
                asked = _Asked(model, Recover(trigger=query.trigger, goal=query.goal), watch, work_max)
                early = asked.explore()
                if early is not None:
                    return early
                asked = _Asked(model, query, watch, work_max)
            return asked.answer()
        except StopSearch as stop:
            return Stopped(reason=stop.reason, statistics=asked.statistics())
        except KeyboardInterrupt:
            return Stopped(reason=StopReason.INTERRUPTED, statistics=asked.statistics())
        except TooMuchWorkError:
            return None


def _known(model: CoreModel, query: Query, limits: Limits, work_max: int | None) -> Whole | None:
    """All states of `model`, if they are known and the query does not end the search before that."""
    # Where the caller counts work, what is left of it must not depend on what was asked before.
    if isinstance(query, Lasso) or limits.work_max is not None:
        return None
    whole = known(model, state_count_max=limits.state_count_max, work_max=work_max)
    if whole is None or may_fail(model.expressions, query):
        return None
    if isinstance(query, Reach):
        search = whole.search
        is_goal = Predicate(search.compiled, (query.goal,), query.clock, query.exceeds_ticks).holds
        if any(map(is_goal, search.result.parents)):
            return None
    return whole


class _Asked:
    """One query about one model, and how far its answer has come. `whole` is that model explored already, without an answer by then."""

    def __init__(
        self, model: CoreModel, query: Query, watch: Watch, work_max: int | None, whole: Whole | None = None
    ) -> None:
        self._query = query
        self._watch = watch
        self._whole = whole
        self._variable_count = len(model.variables)
        if whole is not None:
            self._compiled, self._search = whole.search.compiled, whole.search
            return
        self._compiled = CompiledModel(with_owed(model, query) if isinstance(query, Lasso) else model)
        self._search = Search(self._compiled, self._goal(), watch, work_max, is_whole=True)

    def _goal(self) -> Callable[[int], bool] | None:
        """What ends the search."""
        query = self._query
        match query:
            case Reach():
                return Predicate(self._compiled, (query.goal,), query.clock, query.exceeds_ticks).holds
            case Recover():
                can_fail = may_fail(self._compiled.model.expressions, query)
                return self._evaluate_only(formulas_of(query)) if can_fail else None
            case Lasso():
                return None
            case _:
                assert_never(query)

    def _evaluate_only(self, expressions: tuple[ExprId, ...]) -> Callable[[int], bool]:
        """Never a goal, but errors in these formulas show in every state."""
        formulas = [Predicate(self._compiled, (expression,)) for expression in expressions]

        def evaluate_only(state: int) -> bool:
            for formula in formulas:
                formula.holds(state)
            return False

        return evaluate_only

    def explore(self) -> Answer | None:
        """Explore all states; an answer if this shows one: a goal, an error of the spec. Raises `StopSearch`."""
        if self._whole is not None:
            return None
        try:
            explored = self._search.run()
        except SearchFailure as failure:
            return self._spec_failure(failure)
        if explored.goal is not None:
            return self._found(explored.goal)
        locked = self._timelock() if self._compiled.model.is_timed else None
        if locked is None and not isinstance(self._query, Lasso):  # whose model is its own
            keep(self._search)
        return locked

    def answer(self) -> Answer:
        """The answer. Raises `StopSearch`."""
        early = self.explore()
        if early is not None:
            return early
        match self._query:
            case Reach():
                pass
            case Lasso():
                lasso = LassoSearch(self._compiled, self._query, self._search, self._check).run()
                if lasso is not None:
                    return Found(run=lasso, statistics=self.statistics())
            case Recover():
                lost = self._unrecoverable(self._query)
                if lost is not None:
                    return self._found(lost)
            case _:
                assert_never(self._query)
        return Exhausted(statistics=self.statistics())

    def statistics(self) -> Statistics:
        """What was explored so far, in states of the model that was asked about."""
        parents = self._search.result.parents
        state_count = len(parents)
        if isinstance(self._query, Lasso):
            owed_mask = self._compiled.layout.variables[-1].mask
            state_count -= sum(1 for state in parents if state & owed_mask and state ^ owed_mask in parents)
        work = self._search.work if self._whole is None else self._whole.work
        return Statistics(state_count=state_count, seconds=self._watch.seconds, work=work)

    def _check(self) -> None:
        self._watch.check(frontier_count=0)

    # --- runs ---

    def _run_to(self, state: int, more: tuple[int, ...] = (), *, loop_start: int | None = None) -> CandidateRun:
        """The run to `state`, and `more` steps; `loop_start` counts from `state`."""
        path = path_to(self._search.result.parents, state)
        steps = steps_along(self._compiled, self._search.expander, path)
        return CandidateRun(
            initial=initial_of(self._compiled, path[0])[: self._variable_count],
            steps=(*steps, *more),
            loop_start=None if loop_start is None else len(steps) + loop_start,
        )

    def _found(self, state: int) -> Found:
        return Found(run=self._run_to(state), statistics=self.statistics())

    # --- errors of the spec ---

    def _spec_failure(self, failed: SearchFailure) -> SpecFailure:
        failure = failed.failure
        if failed.state is None:
            run = CandidateRun(initial=self._failing_initial(), steps=())
        else:
            run = self._run_to(failed.state)
        return failure.told(run, self.statistics())

    def _failing_initial(self) -> tuple[int, ...]:
        for values in self._compiled.initial_values():
            try:
                self._compiled.initial_state(values)
            except EvaluationFailure:
                return values[: self._variable_count]
        raise AssertionError("initial values fail to settle")

    def _timelock(self) -> SpecFailure | None:
        """A run to a state from which time never passes again, and a loop there."""
        expander = self._search.expander
        locked = not_reaching(self._search.result.blocked, expander, self._check, with_tick=False)
        first = next(iter(locked), None)
        if first is None:
            return None
        steps, loop_start = due_lasso(self._compiled, first)
        return SpecFailure(
            kind=FailureKind.TIMELOCK,
            run=self._run_to(first, steps, loop_start=loop_start),
            statistics=self.statistics(),
        )

    # --- recovery ---

    def _unrecoverable(self, query: Recover) -> int | None:
        """The cheapest state with the trigger from which the goal is out of reach."""
        goal = Predicate(self._compiled, (query.goal,))
        trigger = Predicate(self._compiled, (query.trigger,))
        expander = Expander(self._compiled, frozenset(range(len(self._compiled.commands))) - query.stopped)

        goalless = [state for state in self._search.result.parents if not goal.holds(state)]
        lost = not_reaching(goalless, expander, self._check, with_tick=True)
        return next((state for state in lost if trigger.holds(state)), None)
