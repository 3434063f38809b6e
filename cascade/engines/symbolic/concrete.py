"""Single states and steps, in plain integers: what a model of z3 means, and why an error shows there."""

from collections.abc import Iterator
from itertools import count

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.engines.explicit.evaluate import EvaluationFailure, Values, compile_expressions
from cascade.records import dataclass
from cascade.verdicts.answer import FailureKind


@dataclass(frozen=True, slots=True)
class State:
    """Values of all variables and clocks."""

    variables: tuple[int, ...]
    clocks: tuple[int, ...]


class Concrete:
    """Steps of one model."""

    def __init__(self, model: CoreModel, asked: tuple[ExprId, ...]) -> None:
        self.model = model
        self._asked = asked
        self._functions = compile_expressions(model.expressions)
        self._stamps = count(1)

    def holds(self, expr: ExprId, state: State) -> bool:
        """Whether a formula is true. Raises `EvaluationFailure`."""
        return bool(self._functions[expr](self._values(state.variables)))

    def _values(self, variables: tuple[int, ...]) -> Values:
        return [*variables, next(self._stamps)]

    def first(self, initial: tuple[int, ...]) -> State:
        """The initial state of these values. Raises `EvaluationFailure`."""
        return State(self._settled(self._values(initial)), (0,) * len(self.model.clocks))

    # --- what may happen ---

    def is_ready(self, index: int, state: State) -> bool:
        """Enabled and permitted. Raises `EvaluationFailure`."""
        command = self.model.commands[index]
        values = self._values(state.variables)
        try:
            return bool(self._functions[command.guard](values)) and bool(self._functions[command.permit](values))
        except EvaluationFailure as failure:
            failure.command = index
            raise

    def may_fire(self, index: int, state: State) -> bool:
        """Ready, and at its earliest time or later."""
        command = self.model.commands[index]
        is_early = command.clock is not None and state.clocks[command.clock] < command.earliest_ticks
        return self.is_ready(index, state) and not is_early

    def is_due(self, index: int, state: State) -> bool:
        """Whether it keeps time from passing."""
        command = self.model.commands[index]
        if not command.owed or not self.is_ready(index, state):
            return False
        if command.clock is None:
            return True
        assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
        return state.clocks[command.clock] >= command.latest_ticks

    def first_due(self, state: State) -> int | None:
        """The first command that keeps time from passing."""
        return next((index for index in range(len(self.model.commands)) if self.is_due(index, state)), None)

    def fire(self, index: int, state: State) -> State:
        """The state after a command that may fire. Raises `EvaluationFailure`."""
        command = self.model.commands[index]
        try:
            values = self._values(state.variables)
            results = [(u, int(self._functions[u.value](values))) for u in command.updates]
            for update, result in results:
                self._assign(values, update.variable, update.value, result)
            variables = self._settled([*values[:-1], next(self._stamps)])
            after = self._values(variables)
            running = [bool(self._functions[clock.runs_while](after)) for clock in self.model.clocks]
        except EvaluationFailure as failure:
            failure.command = index
            raise
        clocks = tuple(
            value if is_running and i != command.clock else 0
            for i, (value, is_running) in enumerate(zip(state.clocks, running, strict=True))
        )
        return State(variables, clocks)

    def _settled(self, values: Values) -> tuple[int, ...]:
        for rule in self.model.settles:
            result = int(self._functions[rule.value](values))
            self._assign(values, rule.variable, rule.value, result)
            values[-1] = next(self._stamps)
        return tuple(values[:-1])

    def _assign(self, values: Values, variable: int, expr: ExprId, result: int) -> None:
        domain = self.model.variables[variable]
        if not domain.low <= result <= domain.high:
            raise EvaluationFailure(FailureKind.OUT_OF_DOMAIN, expr, variable=variable, value=result)
        values[variable] = result

    def wait(self, state: State, ticks: int) -> State:
        """The state after a delay that is possible."""
        clocks = tuple(
            min(value + ticks, clock.stop_ticks) if ticks and self.holds(clock.runs_while, state) else value
            for value, clock in zip(state.clocks, self.model.clocks, strict=True)
        )
        return State(state.variables, clocks)

    def at_once(self, state: State) -> Iterator[tuple[int, State]]:
        """Every command that may fire, and where it leads."""
        for index in range(len(self.model.commands)):
            if self.may_fire(index, state):
                yield index, self.fire(index, state)

    # --- errors ---

    def failure(self, state: State) -> EvaluationFailure | None:
        """An error of the spec that shows in this state."""
        try:
            for index in range(len(self.model.commands)):
                self.is_ready(index, state)
            for _ in self.at_once(state):
                pass
            if self.model.is_timed and self.first_due(state) is None:
                for clock in self.model.clocks:
                    self.holds(clock.runs_while, state)
            for expr in self._asked:
                self.holds(expr, state)
        except EvaluationFailure as failure:
            return failure
        return None
