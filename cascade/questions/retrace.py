"""Takes the steps of one run in many variants at once: for which values of what was left open does the run show the same?

In: a model in which variables that nothing changes stand for the choice of a variant, and *points*, each a choice: a vector of values for each such variable. Out: the
points at which each step is possible and the run ends in what was asked for. Values are numbers where they are the same at all points, and vectors where not. Ticks
in a row are taken in one stride: no guard reads a clock, so the last of them decides (docs/internals/symbolic.md). Where evaluation fails, the run shows nothing.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Lasso, Query, Reach
from cascade.questions.vectors import Mask, Numbers, Values, and_, is_none, not_, or_, plain, where
from cascade.verdicts.run import ReplayedRun


class Retracing:
    """One model and one query, at all `points` (by variable; vectors of one length)."""

    def __init__(self, model: CoreModel, query: Query, points: Mapping[int, npt.NDArray[np.int64]]) -> None:
        self.model = model
        self._query = query
        self._points = points
        self.count = len(next(iter(points.values())))
        self._variables = {variable.name: index for index, variable in enumerate(model.variables)}
        self._commands = {command.name: index for index, command in enumerate(model.commands)}

    def shows(self, run: ReplayedRun) -> npt.NDArray[np.bool_]:
        """At which points the run, which another model showed, is possible and shows the same."""
        nowhere = np.zeros(self.count, dtype=np.bool_)
        steps = [self._commands.get(run.model.commands[step].name, -2) if step != TICK else TICK for step in run.steps]
        initial = self._initial(run)
        if initial is None or -2 in steps:
            return nowhere
        found = _Steps(self.model, initial).shown(steps, run.loop_start, self._query)
        return nowhere | found

    def _initial(self, run: ReplayedRun) -> list[Numbers] | None:
        """The values with which the run begins, where the model has the same variables."""
        given = {variable.name: run.states[0][i] for i, variable in enumerate(run.model.variables)}
        values: list[Numbers] = []
        for index, variable in enumerate(self.model.variables):
            if index in self._points:
                values.append(plain(self._points[index]))
            elif variable.name in given and given[variable.name] in variable.initial:
                values.append(given[variable.name])
            elif len(variable.initial) == 1:  # what settles, or counts
                values.append(variable.initial[0])
            else:
                return None
        return values


class _Steps:
    """A run on its way. `alive`: where all steps so far are possible."""

    def __init__(self, model: CoreModel, initial: list[Numbers]) -> None:
        self._model = model
        self.alive: Mask = True
        self._values = Values(model, list(initial))
        self._clocks: list[Numbers] = [0] * len(model.clocks)
        self._settle()

    def shown(self, steps: list[int], loop_start: int | None, query: Query) -> Mask:
        """Where the steps are possible and show what the query asks for."""
        match query:
            case Reach() if loop_start is None:
                for _ in self._take(steps):
                    pass
                return self._ends(query)
            case Lasso() if loop_start is not None:
                return self._lasso(steps, loop_start, query)
            case _:  # from where no run goes on to a goal, no run shows by itself
                return False

    def _take(self, steps: list[int]) -> Iterator[int]:
        """Take them; after each stride the number of steps so far."""
        done = 0
        for step, group in groupby(steps):
            count = len(list(group))
            if step == TICK:
                self._wait(count)
                done += count
                yield done
                continue
            for _ in range(count):
                if is_none(self.alive):
                    return
                self._fire(step)
                done += 1
                yield done

    # --- steps ---

    def _require(self, condition: Mask) -> None:
        self.alive = and_(self.alive, condition)

    def _assign(self, values: Mapping[int, Numbers]) -> None:
        """New values, each of its variable's domain."""
        for index, value in values.items():
            domain = self._model.variables[index]
            self._require(and_(domain.low <= value, value <= domain.high))
        if any(self._values.variables[index] is not value for index, value in values.items()):
            variables = list(self._values.variables)
            for index, value in values.items():
                variables[index] = value
            self._values = Values(self._model, variables)

    def _settle(self) -> None:
        for rule in self._model.settles:
            value, fails = self._values.of(rule.value)
            self._require(not_(fails))
            self._assign({rule.variable: value})

    def _ready(self, index: int) -> tuple[Mask, Mask]:
        """Where a command is enabled and permitted, and where telling fails."""
        command = self._model.commands[index]
        enabled, fails = self._values.holds(command.guard)
        if is_none(enabled):
            return False, fails
        permitted, broken = self._values.holds(command.permit)
        return and_(enabled, permitted), or_(fails, and_(enabled, broken))

    def _fire(self, index: int) -> None:
        command = self._model.commands[index]
        ready, fails = self._ready(index)
        self._require(and_(ready, not_(fails)))
        if command.clock is not None:
            self._require(self._clocks[command.clock] >= command.earliest_ticks)
        new: dict[int, Numbers] = {}
        for update in command.updates:
            value, fails = self._values.of(update.value)
            self._require(not_(fails))
            new[update.variable] = value
        self._assign(new)
        self._settle()
        for number, clock in enumerate(self._model.clocks):
            runs, fails = self._values.holds(clock.runs_while)
            self._require(not_(fails))
            self._clocks[number] = 0 if number == command.clock else where(runs, self._clocks[number], 0)

    def _wait(self, ticks: int) -> None:
        """So many ticks."""
        self._require(self._model.is_timed)
        running: list[Mask] = []
        for clock in self._model.clocks:
            runs, fails = self._values.holds(clock.runs_while)
            self._require(not_(fails))
            running.append(runs)
        before_last = self._after(ticks - 1, running)
        for index, command in enumerate(self._model.commands):
            if not command.owed:
                continue
            ready, fails = self._ready(index)
            self._require(not_(fails))
            due = ready
            if command.clock is not None:
                assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
                due = and_(ready, before_last[command.clock] >= command.latest_ticks)
            self._require(not_(due))
        self._clocks = self._after(ticks, running)

    def _after(self, ticks: int, running: list[Mask]) -> list[Numbers]:
        return [
            where(runs, _vector_or_number(value, ticks, clock.stop_ticks), value)
            for clock, value, runs in zip(self._model.clocks, self._clocks, running, strict=True)
        ]

    # --- what the run shows ---

    def _ends(self, query: Reach) -> Mask:
        holds, fails = self._values.holds(query.goal)
        self._require(not_(fails))
        if query.clock is not None:
            holds = or_(holds, self._clocks[query.clock] > query.exceeds_ticks)
        return and_(self.alive, holds)

    def _lasso(self, steps: list[int], loop_start: int, query: Lasso) -> Mask:
        """The trigger is followed by no goal, for ever: the loop closes, is fair, and is without it."""
        pending = self._pending(False, query)
        for done in self._take(steps[:loop_start]):
            del done
            pending = self._pending(pending, query)
        self._require(pending)
        loop = steps[loop_start:]
        owed = [index for index, command in enumerate(self._model.commands) if command.owed and index not in loop]
        if not loop:
            self._require(not self._model.is_timed)
            for index in owed:
                self._require(not_(self._owed(index)))
            return self.alive
        variables, clocks = list(self._values.variables), list(self._clocks)
        always: dict[int, Mask] = {} if self._model.is_timed else {index: self._owed(index) for index in owed}
        for _ in self._take(loop):
            pending = self._pending(pending, query)
            self._require(pending)
            for index, was in always.items():
                always[index] = and_(was, self._owed(index))
        for one, other in zip((*variables, *clocks), (*self._values.variables, *self._clocks), strict=True):
            self._require(one == other)
        self._require(TICK in loop or not self._model.is_timed)
        for was in always.values():
            self._require(not_(was))
        return self.alive

    def _owed(self, index: int) -> Mask:
        ready, fails = self._ready(index)
        self._require(not_(fails))
        return ready

    def _pending(self, before: Mask, query: Lasso) -> Mask:
        """Where the trigger has held, here or before, and the goal not since."""
        goal, goal_fails = self._values.holds(query.goal)
        trigger, trigger_fails = self._values.holds(query.trigger)
        self._require(not_(or_(goal_fails, trigger_fails)))
        return and_(not_(goal), or_(before, trigger))


def _vector_or_number(value: Numbers, ticks: int, stop: int) -> Numbers:
    """A clock that has run so many ticks further."""
    return min(value + ticks, stop) if isinstance(value, int) else np.minimum(value + ticks, stop)
