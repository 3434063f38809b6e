"""Core models for tests of engines, written by hand or at random.

A formula is an integer, a truth value, the name of a variable, or a tuple of an operator's name and its operands:
`("and", "up", ("lt", "load", 3))`. Operators are those of `cascade.core.expressions`, in lower case.
"""

import random
from dataclasses import dataclass

from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.core.model import (
    Clock,
    Command,
    CommandClass,
    CoreModel,
    Settle,
    Update,
    Variable,
    VariableKind,
    VariableRole,
)
from cascade.core.queries import Lasso, Query, Reach, Recover

Formula = int | str | tuple["Formula", ...]

FAULT = CommandClass.FAULT
REPAIR = CommandClass.REPAIR
REACTION = CommandClass.REACTION
OPERATOR = CommandClass.OPERATOR
EVENT = CommandClass.EVENT


class ModelBuilder:
    """Collects variables, commands and formulas; `model` closes the table of expressions."""

    def __init__(self, *, is_timed: bool = False) -> None:
        self.is_timed = is_timed
        self.variables: list[Variable] = []
        self.settles: list[tuple[str, ExprId]] = []
        self.clocks: list[tuple[ExprId, int]] = []
        self.commands: list[_Draft] = []
        self.expressions = ExpressionBuilder()

    def variable(self, name: str, high: int, *initial: int, low: int = 0) -> None:
        """A variable with values `low..high`; it starts in `low` unless initial values are given."""
        self.variables.append(
            Variable(
                name=name,
                component="",
                kind=VariableKind.RANGE,
                role=VariableRole.STATE,
                low=low,
                high=high,
                initial=initial or (low,),
            )
        )

    def settle(self, variable: str, value: Formula) -> None:
        """`variable := value` after every step."""
        self.settles.append((variable, self.expr(value)))

    def clock(self, runs_while: Formula, stop_ticks: int) -> int:
        """A clock; returns its index."""
        self.clocks.append((self.expr(runs_while), stop_ticks))
        return len(self.clocks) - 1

    def command(
        self,
        command_class: CommandClass,
        guard: Formula,
        updates: dict[str, Formula],
        *,
        permit: Formula = True,
        after: tuple[int, int | None] | None = None,
        owed: bool | None = None,
    ) -> int:
        """A command; returns its index. `after` gives its earliest and latest time, and a clock that runs while its guard holds.

        Reactions and repairs are owed unless said otherwise.
        """
        clock = None
        if after is not None:
            clock = self.clock(guard, after[0] if after[1] is None else after[1])
        self.commands.append(
            _Draft(
                command_class=command_class,
                guard=self.expr(guard),
                permit=self.expr(permit),
                updates=tuple((self._index(name), self.expr(value)) for name, value in updates.items()),
                clock=clock,
                after=after or (0, None),
                owed=command_class in (REACTION, REPAIR) if owed is None else owed,
            )
        )
        return len(self.commands) - 1

    def expr(self, formula: Formula) -> ExprId:
        """The node of a formula, in the table that grows."""
        build = self.expressions
        if isinstance(formula, str):
            index = self._index(formula)
            variable = self.variables[index]
            return build.variable(index, low=variable.low, high=variable.high, is_bool=False)
        if isinstance(formula, int):
            return build.const(int(formula), is_bool=isinstance(formula, bool))
        name, *operands = formula
        parts = [self.expr(operand) for operand in operands]
        match name:
            case "and":
                return build.and_(*parts)
            case "or":
                return build.or_(*parts)
            case "not":
                return build.not_(parts[0])
            case "select":
                return build.select(parts[0], tuple(parts[1:]))
            case "ite":
                return build.ite(*parts)
            case "eq" | "lt" | "le" | "add" | "sub" | "mul" | "div" | "min" | "max":
                made: ExprId = getattr(build, name)(*parts)
                return made
        raise AssertionError(f"no operator {name}")

    def reach(self, goal: Formula, clock: int | None = None, exceeds_ticks: int = 0) -> tuple[CoreModel, Query]:
        """The model, and whether `goal` can be reached."""
        return self.close(Reach(goal=self.expr(goal), clock=clock, exceeds_ticks=exceeds_ticks))

    def lasso(self, trigger: Formula, goal: Formula, stopped: frozenset[int] = frozenset()) -> tuple[CoreModel, Query]:
        """The model, and whether a fair run has the trigger and never the goal again."""
        return self.close(Lasso(trigger=self.expr(trigger), goal=self.expr(goal), stopped=stopped))

    def recover(
        self, trigger: Formula, goal: Formula, stopped: frozenset[int] = frozenset()
    ) -> tuple[CoreModel, Query]:
        """The model, and whether a state with the trigger is reachable from which the goal is not."""
        return self.close(Recover(trigger=self.expr(trigger), goal=self.expr(goal), stopped=stopped))

    def _index(self, name: str) -> int:
        return [variable.name for variable in self.variables].index(name)

    def close(self, query: Query) -> tuple[CoreModel, Query]:
        """The model and the query, whose formulas are nodes of the table that grows."""
        roots = [e for _, e in self.settles] + [e for e, _ in self.clocks]
        for draft in self.commands:
            roots += [draft.guard, draft.permit, *(e for _, e in draft.updates)]
        roots += [query.goal] if isinstance(query, Reach) else [query.trigger, query.goal]
        table, new = self.expressions.close(tuple(roots))
        model = CoreModel(
            expressions=table,
            variables=tuple(self.variables),
            settles=tuple(Settle(variable=self._index(name), value=new[e]) for name, e in self.settles),
            clocks=tuple(
                Clock(name=f"clock{i}", runs_while=new[e], stop_ticks=stop) for i, (e, stop) in enumerate(self.clocks)
            ),
            commands=tuple(
                Command(
                    name=f"command{i}",
                    component="",
                    command_class=draft.command_class,
                    guard=new[draft.guard],
                    permit=new[draft.permit],
                    updates=tuple(Update(variable=v, value=new[e]) for v, e in draft.updates),
                    clock=draft.clock,
                    earliest_ticks=draft.after[0],
                    latest_ticks=draft.after[1],
                    owed=draft.owed,
                )
                for i, draft in enumerate(self.commands)
            ),
            is_timed=self.is_timed,
            tick_ms=1000,
        )
        if isinstance(query, Reach):
            return model, Reach(goal=new[query.goal], clock=query.clock, exceeds_ticks=query.exceeds_ticks)
        return model, type(query)(trigger=new[query.trigger], goal=new[query.goal], stopped=query.stopped)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    command_class: CommandClass
    guard: ExprId
    permit: ExprId
    updates: tuple[tuple[int, ExprId], ...]
    clock: int | None
    after: tuple[int, int | None]
    owed: bool


# --- random models ---


class RandomModel:
    """A random model with a random query. `is_risky`: evaluations may fail.

    Half of the models are large: narrow guards and formulas, so that runs are long and loops have many states.
    """

    def __init__(self, rng: random.Random, *, is_risky: bool) -> None:
        self._rng = rng
        self._is_risky = is_risky
        self._is_large = rng.random() < 0.5
        self.builder = ModelBuilder(is_timed=rng.random() < 0.5)
        self._names: list[str] = []
        self._variables()
        self._settles()
        for _ in range(rng.randint(6, 14) if self._is_large else rng.randint(1, 5)):
            self._command()
        self.monitor: int | None = None
        if self.builder.is_timed and rng.random() < 0.4:
            self.monitor = self.builder.clock(self.truth(1), rng.randint(1, 3))
        self.query = self._query()

    def _variables(self) -> None:
        rng = self._rng
        for index in range(rng.randint(3, 5) if self._is_large else rng.randint(1, 4)):
            low = rng.choice((0, 0, 0, 1, -1))
            high = low + rng.choice((1, 1, 1, 2, 3))
            initial = sorted({rng.randint(low, high) for _ in range(rng.choice((1, 1, 1, 2)))})
            self.builder.variable(f"v{index}", high, *initial, low=low)
            self._names.append(f"v{index}")

    def _settles(self) -> None:
        """Marks that stay, mirrors, and stages. Each reads only what is settled before it, so settling is idempotent."""
        rng = self._rng
        for index in range(rng.choice((0, 0, 1, 1, 2, 3))):
            name = f"m{index}"
            match rng.randint(0, 2):
                case 0:
                    self.builder.variable(name, 1)
                    self.builder.settle(name, ("ite", ("or", ("eq", name, 1), self.truth(1)), 1, 0))
                case 1:
                    self.builder.variable(name, 1)
                    self.builder.settle(name, ("ite", self.truth(1), 1, 0))
                case _:
                    self.builder.variable(name, 2)
                    first = ("and", ("eq", name, 0), self.truth(1))
                    second = ("and", ("le", name, 1), self.truth(0))
                    self.builder.settle(name, ("ite", first, ("ite", second, 2, 1), name))
            self._names.append(name)

    def _command(self) -> None:
        rng, builder = self._rng, self.builder
        command_class = rng.choice((FAULT, FAULT, REPAIR, REACTION, REACTION, OPERATOR, EVENT))
        is_strict = not self._is_large or rng.random() < 0.5
        owed = (is_strict and command_class in (REPAIR, REACTION)) or (
            command_class is not FAULT and rng.random() < 0.2
        )
        after: tuple[int, int | None] | None = None
        if builder.is_timed and rng.random() < 0.6:
            earliest = rng.randint(0, 2)
            after = earliest, earliest + rng.randint(0, 2)
            if not owed and rng.random() < 0.7:
                after = earliest, None
        guard, updates = self._transition() if self._is_large and rng.random() < 0.8 else self._any_step()
        builder.command(
            command_class,
            guard,
            updates,
            permit=True if rng.random() < 0.7 else self.truth(1),
            after=after,
            owed=owed,
        )

    def _any_step(self) -> tuple[Formula, dict[str, Formula]]:
        """Guard and updates without a plan."""
        written = self._rng.sample(self._names, min(len(self._names), self._rng.choice((1, 1, 2))))
        return self.truth(2), {name: self._value_for(name) for name in written}

    def _transition(self) -> tuple[Formula, dict[str, Formula]]:
        """From one value of a variable to another, perhaps only under a condition."""
        rng = self._rng
        variable = rng.choice([v for v in self.builder.variables if v.name.startswith("v")])
        before, after = rng.sample(range(variable.low, variable.high + 1), 2)
        guard: Formula = ("eq", variable.name, before)
        if rng.random() < 0.4:
            guard = ("and", guard, self.truth(1))
        return guard, {variable.name: after}

    def _value_for(self, name: str) -> Formula:
        rng = self._rng
        variable = next(v for v in self.builder.variables if v.name == name)
        if rng.random() < 0.5:
            return rng.randint(variable.low, variable.high)
        value = self._number(2)
        if self._is_risky and rng.random() < 0.3:
            return value
        return ("min", ("max", value, variable.low), variable.high)

    def _narrow(self, atom_count: int) -> Formula:
        """A truth value that is rarely true."""
        atoms: list[Formula] = []
        for name in self._rng.sample(self._names, min(len(self._names), atom_count)):
            variable = next(v for v in self.builder.variables if v.name == name)
            atoms.append(("eq", name, self._rng.randint(variable.low, variable.high)))
        return ("and", *atoms) if len(atoms) > 1 else atoms[0]

    def _formula(self) -> Formula:
        """A formula of the query."""
        return self._narrow(self._rng.randint(1, 3)) if self._is_large else self.truth(1)

    def truth(self, depth: int) -> Formula:
        """A random truth value."""
        rng = self._rng
        if depth == 0 or rng.random() < 0.3:
            name = rng.choice(self._names)
            variable = next(v for v in self.builder.variables if v.name == name)
            return (rng.choice(("eq", "eq", "le", "lt")), name, rng.randint(variable.low, variable.high))
        match rng.randint(0, 6):
            case 0 | 1:
                return ("and", *(self.truth(depth - 1) for _ in range(rng.randint(2, 3))))
            case 2 | 3:
                return ("or", *(self.truth(depth - 1) for _ in range(rng.randint(2, 3))))
            case 4:
                return ("not", self.truth(depth - 1))
            case 5:
                return ("ite", self.truth(depth - 1), self.truth(depth - 1), self.truth(depth - 1))
            case _:
                return (rng.choice(("eq", "le", "lt")), self._number(depth - 1), self._number(depth - 1))

    def _number(self, depth: int) -> Formula:
        rng = self._rng
        if depth == 0 or rng.random() < 0.4:
            return rng.choice((rng.choice(self._names), rng.randint(-1, 3)))
        match rng.randint(0, 9):
            case 0:
                return ("ite", self.truth(depth - 1), self._number(depth - 1), self._number(depth - 1))
            case 1:
                divisor: Formula = rng.choice((2, 3, -2))
                if self._is_risky and rng.random() < 0.5:
                    divisor = self._number(depth - 1)
                return ("div", self._number(depth - 1), divisor)
            case 2 if self._is_risky:
                return ("select", self._number(depth - 1), *(self._number(depth - 1) for _ in range(rng.randint(1, 3))))
            case _:
                operator = rng.choice(("add", "sub", "mul", "min", "max"))
                return (operator, self._number(depth - 1), self._number(depth - 1))

    def _query(self) -> tuple[CoreModel, Query]:
        rng, builder = self._rng, self.builder
        stopped = frozenset(i for i in range(len(builder.commands)) if rng.random() < 0.2)
        match rng.randint(0, 4):
            case 0 | 1:
                if self.monitor is not None and rng.random() < 0.6:
                    goal: Formula = rng.choice((False, ("and", self.truth(1), self.truth(1))))
                    return builder.reach(goal, self.monitor, rng.randint(0, 2))
                return builder.reach(rng.choice((False, self._narrow(4), self._narrow(4), self._formula())))
            case 2 | 3:
                return builder.lasso(self._formula(), self._formula(), stopped)
            case _:
                return builder.recover(self._formula(), self._formula(), stopped)
