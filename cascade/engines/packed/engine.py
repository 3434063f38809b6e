"""The packed engine: answers reachability with numba kernels over states of one word.

In: a core model and a `Reach`. Out: a candidate answer. What its tables do not carry (other queries, states of more than one word, expressions that no small tables
compute) it declines: undetermined, never a guess. Errors of the spec are found by the kernels and diagnosed by the functions of the explicit engine.
"""

from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.runs import initial_of, steps_along
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.packed.program import TooWideError
from cascade.engines.packed.search import PackedFailureError, PackedSearch
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun

State = tuple[int, ...]


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`. A violation that is found before a limit is reached is reported."""
    watch = Watch(limits, progress)
    if not isinstance(query, Reach):
        return Stopped(reason=StopReason.UNSUPPORTED, statistics=Statistics(seconds=watch.seconds))
    compiled = CompiledModel(model)
    initial: dict[State, None] = {}
    for values in compiled.initial_values():
        try:
            packed = compiled.initial_state(values)
        except EvaluationFailure as failure:
            run = CandidateRun(initial=values, steps=())
            return _failed(failure, run, Statistics(seconds=watch.seconds))
        initial[(*compiled.layout.unpack(packed), *(0 for _ in model.clocks))] = None
    try:
        search = PackedSearch(model, query, list(initial), watch)
    except TooWideError:
        return Stopped(reason=StopReason.UNSUPPORTED, statistics=Statistics(seconds=watch.seconds))
    return _Asked(model, compiled, search, watch).answer()


def _failed(failure: EvaluationFailure, run: CandidateRun, statistics: Statistics) -> SpecFailure:
    return SpecFailure(
        kind=failure.kind,
        run=run,
        statistics=statistics,
        command=failure.command,
        expression=failure.expression,
        variable=failure.variable,
        value=failure.value,
    )


class _Asked:
    """One search and what is made of its end."""

    def __init__(self, model: CoreModel, compiled: CompiledModel, search: PackedSearch, watch: Watch) -> None:
        self._model = model
        self._compiled = compiled
        self._search = search
        self._watch = watch
        self._expander = Expander(compiled)

    def answer(self) -> Answer:
        """Run the search."""
        search = self._search
        try:
            path = search.run()
            if path is not None:
                return Found(run=self._run(path), statistics=self._statistics())
            if self._model.is_timed and search.blocked_count:
                locked = search.timelock()
                if locked is not None:
                    return self._timelock(locked)
        except PackedFailureError as failure:
            return self._diagnosed(search.path_to(failure.position))
        except StopSearch as stop:
            return Stopped(reason=stop.reason, statistics=self._statistics())
        except KeyboardInterrupt:
            return Stopped(reason=StopReason.INTERRUPTED, statistics=self._statistics())
        return Exhausted(statistics=self._statistics())

    def _statistics(self) -> Statistics:
        return Statistics(
            state_count=self._search.state_count,
            transition_count=self._search.transition_count,
            seconds=self._watch.seconds,
        )

    def _packed(self, state: State) -> int:
        """The state as the explicit engine packs it."""
        layout = self._compiled.layout
        packed = layout.pack(state[: len(self._model.variables)])
        for value, field in zip(state[len(self._model.variables) :], layout.clocks, strict=True):
            packed |= value << field.offset
        return packed

    def _run(self, path: list[State], more: tuple[int, ...] = (), *, loop_start: int | None = None) -> CandidateRun:
        """The run along `path`, and `more` steps; `loop_start` counts from the end of the path."""
        states = [self._packed(state) for state in path]
        steps = steps_along(self._compiled, self._expander, states)
        return CandidateRun(
            initial=initial_of(self._compiled, states[0]),
            steps=(*steps, *more),
            loop_start=None if loop_start is None else len(steps) + loop_start,
        )

    def _diagnosed(self, path: list[State]) -> SpecFailure:
        """The error of the spec in the last state of `path`, in the words of the explicit engine."""
        state = self._packed(path[-1])
        try:
            self._expander.steps(state)
            self._search.evaluate_goal(self._compiled, state)
        except EvaluationFailure as failure:
            return _failed(failure, self._run(path), self._statistics())
        raise AssertionError("the kernels and the functions agree on what fails")

    def _timelock(self, path: list[State]) -> SpecFailure:
        """A lasso without a tick: something due can always fire, so there is a way on until a state comes again."""
        seen: dict[int, int] = {}
        steps: list[int] = []
        state = self._packed(path[-1])
        while state not in seen:
            seen[state] = len(steps)
            command, state = self._due_step(state)
            steps.append(command)
        return SpecFailure(
            kind=FailureKind.TIMELOCK,
            run=self._run(path, tuple(steps), loop_start=seen[state]),
            statistics=self._statistics(),
        )

    def _due_step(self, state: int) -> tuple[int, int]:
        for command in self._compiled.commands:
            if command.is_owed and self._compiled.is_due(command, state):
                after = self._compiled.next_state(command, state)
                if after is not None:
                    return command.index, after
        raise AssertionError("some command keeps time from passing")
