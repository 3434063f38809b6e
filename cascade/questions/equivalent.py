"""Does a changed model behave as the one that it was made from? Then no question about it has another answer.

In: a model, its query, and all its reachable states. Two models are *equivalent* here if they have the same variables, and if in each of these states the same
commands are enabled and permitted, change the same to the same, run by the same clocks, and the query says the same. A command that nobody waits for may differ
where it would change nothing. Then the states that are reachable, and the steps between them, are the same, from the start on. A part of a guard that follows
from the rest is such a change, a reaction that never fires another. Only sufficient: what is not seen to be equivalent may be.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from cascade.core.expressions import ExprId, Op
from cascade.core.model import Command, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines.explicit.every_state import EveryState
from cascade.questions.vectors import Mask, Numbers, Values, and_, fits_vectors, is_none, not_, or_


class Behaviour:
    """What `model` does, and what `query` asks of it, in all its reachable states; `every` are these."""

    def __init__(self, model: CoreModel, query: Query, every: EveryState) -> None:
        self._model = model
        self._query = query
        self._every = every
        self._keys = _Keys()
        self._own = _Side(model, every, self._keys)
        self._by_name = {command.name: command for command in model.commands}

    def is_same(self, model: CoreModel, query: Query) -> bool:
        """Whether `model` and `query` are surely equivalent."""
        if not fits_vectors(self._model) or not fits_vectors(model):
            return False
        own = self._model
        if (own.variables, own.is_timed, own.tick_ms) != (model.variables, model.is_timed, model.tick_ms):
            return False
        other = _Side(model, self._every, self._keys)
        return (
            self._settles_alike(other)
            and self._is_same_query(other, query)
            and all(self._is_same_command(other, command) for command in model.commands)
            and not any(self._fires(command) for command in self._gone(model))
        )

    def _settles_alike(self, other: "_Side") -> bool:
        """Settling looks at values that no reachable state has, so its rules have to be the same text."""
        own, new = self._model.settles, other.model.settles
        return [(s.variable, self._own.key(s.value)) for s in own] == [(s.variable, other.key(s.value)) for s in new]

    def _gone(self, model: CoreModel) -> Iterator[Command]:
        names = {command.name for command in model.commands}
        return (command for command in self._model.commands if command.name not in names)

    def _fires(self, command: Command) -> bool:
        """Whether it can fire in some reachable state. One that cannot is never late either, so it does not hold up time."""
        ready = and_(self._own.holds(command.guard), self._own.holds(command.permit))
        if command.clock is not None:
            ready = and_(ready, self._every.clocks[command.clock] >= command.earliest_ticks)
        return not is_none(ready)

    def _is_same_command(self, other: "_Side", new: Command) -> bool:
        own = self._by_name.get(new.name)
        if own is None or (own.command_class, own.kind, own.owed) != (new.command_class, new.kind, new.owed):
            return False
        if not self._agree(other, own.guard, new.guard):
            return self._is_idle_where_guards_differ(other, own, new)
        if is_none(self._own.holds(own.guard)):
            return True  # it is enabled nowhere, so the rest of it does not matter
        if not self._agree(other, own.permit, new.permit) or not self._runs_alike(other, own.clock, new.clock):
            return False
        if not self._fires(own) and new.earliest_ticks >= own.earliest_ticks:
            return True  # nor does the new one, nor is it ever late
        return (
            (own.earliest_ticks, own.latest_ticks) == (new.earliest_ticks, new.latest_ticks)
            and self._is_same_clock(other, own.clock, new.clock)
            and self._is_same_effect(other, own, new)
        )

    def _is_idle_where_guards_differ(self, other: "_Side", own: Command, new: Command) -> bool:
        """Whether a command that nobody waits for leaves everything as it is wherever one guard lets it fire and the other does not."""
        if own.owed or own.clock is not None or new.clock is not None or not self._is_same_effect(other, own, new):
            return False
        if not self._agree(other, own.permit, new.permit):
            return False
        (enabled, fails), (new_enabled, new_fails) = self._own.values.holds(own.guard), other.values.holds(new.guard)
        if not is_none(fails) or not is_none(new_fails):
            return False
        changes = and_(_differ(enabled, new_enabled), self._own.holds(own.permit))
        for update in own.updates:
            value, broken = self._own.values.of(update.value)
            if not is_none(and_(changes, or_(broken, _differ(value, self._every.variables[update.variable])))):
                return False
        return True

    def _is_same_effect(self, other: "_Side", own: Command, new: Command) -> bool:
        return [u.variable for u in own.updates] == [u.variable for u in new.updates] and all(
            self._agree(other, a.value, b.value) for a, b in zip(own.updates, new.updates, strict=True)
        )

    def _is_same_clock(self, other: "_Side", own: int | None, new: int | None) -> bool:
        if own is None or new is None:
            return own is new
        is_same = self._model.clocks[own].stop_ticks == other.model.clocks[new].stop_ticks
        return is_same and self._runs_alike(other, own, new)

    def _runs_alike(self, other: "_Side", own: int | None, new: int | None) -> bool:
        """Whether clocks show the same time, however far they run."""
        if own is None or new is None:
            return own is new
        # Commands may share a clock: the one that fires sets it back.
        sharing = [c.name for c in self._model.commands if c.clock == own]
        sharing_too = [c.name for c in other.model.commands if c.clock == new]
        one, two = self._model.clocks[own].runs_while, other.model.clocks[new].runs_while
        return sharing == sharing_too and self._agree(other, one, two)

    def _is_same_query(self, other: "_Side", new: Query) -> bool:
        match self._query, new:
            case Reach() as a, Reach() as b:
                is_same = a.exceeds_ticks == b.exceeds_ticks and self._is_same_clock(other, a.clock, b.clock)
                return is_same and self._agree(other, a.goal, b.goal)
            case (Lasso() as c, Lasso() as d) | (Recover() as c, Recover() as d):
                stopped = {self._model.commands[i].name for i in c.stopped}
                stopped_too = {other.model.commands[i].name for i in d.stopped}
                gone = {command.name for command in self._gone(other.model)}  # they never fire
                is_same = stopped - gone == stopped_too
                return is_same and self._agree(other, c.trigger, d.trigger) and self._agree(other, c.goal, d.goal)
            case _:
                return False

    def _agree(self, other: "_Side", own: ExprId, new: ExprId) -> bool:
        """Whether two expressions have the same value, and fail, in the same reachable states."""
        if self._own.key(own) == other.key(new):
            return True
        (value, fails), (new_value, new_fails) = self._own.values.of(own), other.values.of(new)
        is_different = and_(not_(fails), _differ(value, new_value))
        return is_none(is_different) and is_none(_differ(fails, new_fails))


def _differ(one: Numbers | Mask, other: Numbers | Mask) -> Mask:
    different = np.not_equal(one, other)
    return bool(different) if different.ndim == 0 else different


class _Keys:
    """A number for each expression, the same in all models for the same expression."""

    def __init__(self) -> None:
        self._known: dict[tuple[Op, tuple[int, ...]], int] = {}

    def of(self, op: Op, args: tuple[int, ...]) -> int:
        return self._known.setdefault((op, args), len(self._known))


class _Side:
    """The expressions of one of the two models, under all valuations."""

    def __init__(self, model: CoreModel, every: EveryState, keys: _Keys) -> None:
        self.model = model
        self.values = Values(model, list[Numbers](every.variables))
        self._keys_by_id = _keys_of(model.expressions.ops, model.expressions.args, keys)

    def key(self, expression: ExprId) -> int:
        return self._keys_by_id[expression]

    def holds(self, condition: ExprId) -> Mask:
        """Where it is true, or cannot be told."""
        value, fails = self.values.holds(condition)
        return not_(and_(not_(value), not_(fails)))


def _keys_of(ops: Sequence[Op], args: Sequence[tuple[int, ...]], keys: _Keys) -> list[int]:
    found: list[int] = []
    for op, operands in zip(ops, args, strict=True):
        is_leaf = op in (Op.CONST, Op.VAR)
        found.append(keys.of(op, operands if is_leaf else tuple(found[operand] for operand in operands)))
    return found
