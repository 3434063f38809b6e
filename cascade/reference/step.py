"""One step of a core model (language reference, sections 4, 5 and 6; `cascade.core.model` defines the words).

In: a model and a state. Out: what is enabled, permitted and due there, and the states that one step leads to.
A state is the value of every variable, then of every clock.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from cascade.core.expressions import ExprId
from cascade.core.model import TICK, CoreModel
from cascade.reference.evaluate import EvaluationError, Evaluator, OutOfDomainError

State = tuple[int, ...]


@contextmanager
def _blamed_on(command_index: int) -> Iterator[None]:
    """Names the command in errors that arise inside."""
    try:
        yield
    except EvaluationError as error:
        error.command = command_index
        raise


# --- section 5: a state gives every variable a value ---


def initial_values(model: CoreModel) -> Iterator[tuple[int, ...]]:
    """Every combination of the variables' initial values, before settling."""
    return itertools.product(*(variable.initial for variable in model.variables))


def initial_state(model: CoreModel, values: tuple[int, ...]) -> State:
    """The initial state with these initial values: settled, all clocks 0."""
    return (*settle(model, values), *(0 for _ in model.clocks))


def settle(model: CoreModel, values: tuple[int, ...]) -> tuple[int, ...]:
    """Variable values after every `Settle` in order, each reading the values as they are then."""
    settled = values
    evaluator = Evaluator(model, settled)
    for rule in model.settles:
        value = evaluator.value(rule.value)
        check_domain(model, rule.variable, value, rule.value)
        if value != settled[rule.variable]:
            settled = (*settled[: rule.variable], value, *settled[rule.variable + 1 :])
            evaluator = Evaluator(model, settled)
    return settled


def check_domain(model: CoreModel, variable: int, value: int, expr: ExprId) -> None:
    """Section 4: assigning a value outside the variable's domain is an error of the spec."""
    if not model.variables[variable].low <= value <= model.variables[variable].high:
        raise OutOfDomainError(expr, value, variable)


class Situation:
    """A state of a model, and what can be said about it. `before` is a state with the same values of variables: what is known of it need not be evaluated again."""

    def __init__(self, model: CoreModel, state: State, *, before: "Situation | None" = None) -> None:
        self.model = model
        self.state = state
        self.variable_values = state[: len(model.variables)]
        self.clock_values = state[len(model.variables) :]
        assert before is None or before.variable_values == self.variable_values, "only clocks differ"
        self.evaluator: Evaluator = Evaluator(model, self.variable_values) if before is None else before.evaluator
        # What is owed depends on variables alone, so it stays as it is while nothing but time passes.
        self._owed: dict[int, bool] = {} if before is None else before._owed  # noqa: SLF001

    def holds(self, expr: ExprId) -> bool:
        """Whether a formula is true here."""
        return self.evaluator.value(expr) != 0

    # --- section 5: enabled; section 7: a clause of the check may forbid it ---

    def is_enabled(self, command_index: int) -> bool:
        """A command is enabled when its guard is true."""
        with _blamed_on(command_index):
            return self.holds(self.model.commands[command_index].guard)

    def is_permitted(self, command_index: int) -> bool:
        """Whether an enabled command is permitted. Only asked of enabled commands."""
        with _blamed_on(command_index):
            return self.holds(self.model.commands[command_index].permit)

    def may_fire(self, command_index: int) -> bool:
        """Enabled, permitted, and its clock, if it has one, at its earliest time or later."""
        command = self.model.commands[command_index]
        if not (self.is_enabled(command_index) and self.is_permitted(command_index)):
            return False
        return command.clock is None or self.clock_values[command.clock] >= command.earliest_ticks

    def is_owed(self, command_index: int) -> bool:
        """Owed, enabled and permitted: a fair run does not leave it so for ever (section 5)."""
        known = self._owed.get(command_index)
        if known is None:
            known = self._owed[command_index] = (
                self.model.commands[command_index].owed
                and self.is_enabled(command_index)
                and self.is_permitted(command_index)
            )
        return known

    # --- section 6: time ---

    def is_due(self, command_index: int) -> bool:
        """Time may not pass: owed here, and untimed or at its latest time."""
        command = self.model.commands[command_index]
        if not self.is_owed(command_index):
            return False
        if command.clock is None:
            return True
        assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
        return self.clock_values[command.clock] >= command.latest_ticks

    def is_tick_possible(self) -> bool:
        """Ticks exist, and no command is due."""
        return self.model.is_timed and not any(self.is_due(index) for index in range(len(self.model.commands)))

    def tick(self) -> State:
        """The state after a possible tick: every running clock is one higher unless it stopped."""
        clocks = list(self.clock_values)
        for index, clock in enumerate(self.model.clocks):
            if self.holds(clock.runs_while) and clocks[index] != clock.stop_ticks:
                clocks[index] += 1
        return (*self.variable_values, *clocks)

    # --- section 4: firing ---

    def fire(self, command_index: int) -> State:
        """The state after a command that may fire: updates at once, settled, clocks reset."""
        command = self.model.commands[command_index]
        with _blamed_on(command_index):
            new_values = [(update, self.evaluator.value(update.value)) for update in command.updates]
            variables = list(self.variable_values)
            for update, value in new_values:
                check_domain(self.model, update.variable, value, update.value)
                variables[update.variable] = value
            settled = settle(self.model, tuple(variables))
            after = Evaluator(self.model, settled)
            clocks = list(self.clock_values)
            for index, clock in enumerate(self.model.clocks):
                # Section 6: a clock restarts from zero when the command is disabled or fires.
                if after.value(clock.runs_while) == 0 or index == command.clock:
                    clocks[index] = 0
        return (*settled, *clocks)

    def update_errors(self, command_index: int) -> list[EvaluationError]:
        """Every error in the updates of a command that may fire, each update looked at by itself."""
        errors: list[EvaluationError] = []
        for update in self.model.commands[command_index].updates:
            try:
                with _blamed_on(command_index):
                    check_domain(self.model, update.variable, self.evaluator.value(update.value), update.value)
            except EvaluationError as error:
                errors.append(error)
        return errors

    # --- all steps from here ---

    def steps(self) -> tuple[list[tuple[int, State]], list[EvaluationError]]:
        """Every step that is possible here: commands in order, then the tick; and every error that shows here.

        Where there is an error, the steps are only those that could be taken in spite of it.
        """
        found: list[tuple[int, State]] = []
        errors: list[EvaluationError] = []
        for index in range(len(self.model.commands)):
            try:
                if self.may_fire(index):
                    found.append((index, self.fire(index)))
            except EvaluationError as error:
                errors.append(error)
        try:
            if self.is_tick_possible():
                found.append((TICK, self.tick()))
        except EvaluationError as error:
            if error.command is None:  # a command's own error is in the list already
                errors.append(error)
        return found, errors


def successors(model: CoreModel, state: State) -> list[tuple[int, State]]:
    """Every step from `state`: the command's index or TICK, and the next state. Raises the first error of the spec."""
    steps, errors = Situation(model, state).steps()
    if errors:
        raise errors[0]
    return steps
