"""Cone-of-influence slicing: a core model without what cannot influence one query.

In: a model and a query. Out: a `Slice`: a smaller model, the query in its indices, and the way back for runs. The model itself stays as it is.

What is kept is the least set that contains what the query reads and is closed: a kept variable keeps its settle and the commands that write it; a kept
command keeps what its guard, its permit and its updates of kept variables read, and its clock; a kept clock keeps what it runs by. Beside the query these
are kept from the start, so that nothing that is dropped can be missed:

- whatever may be an error of the spec when it is evaluated (a division, an index, a value outside a domain);
- with time, every owed command (a dropped one might hold up time); without time, every owed command if the query is about fair runs.

One thing is not followed: a counter that only limits commands that are not owed. Leaving out commands that count on it leaves more room, never less, so that a
run stays one without them. That holds where neither time nor the question "is there no way back" depends on how much room is left.
`docs/internals/reductions.md` has the arguments.
"""

from dataclasses import replace
from typing import assert_never

from cascade.core.build import reachable
from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import TICK, Clock, Command, CoreModel, Settle, Update, VariableRole
from cascade.core.queries import Lasso, Query, Reach, Recover, formulas_of
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """`model` and `query` are parts of `whole`. The tuples map positions in the part to positions in the whole."""

    whole: CoreModel
    model: CoreModel
    query: Query
    variables: tuple[int, ...]
    commands: tuple[int, ...]
    expressions: tuple[ExprId, ...]

    def lifted_initial(self, initial: tuple[int, ...]) -> tuple[int, ...]:
        """Initial values of the whole: those of the part, and the first one of each other variable."""
        values = [variable.initial[0] for variable in self.whole.variables]
        for position, value in zip(self.variables, initial, strict=True):
            values[position] = value
        return tuple(values)

    def lifted_steps(self, steps: tuple[int, ...]) -> tuple[int, ...]:
        """The same steps in the whole."""
        return tuple(TICK if step == TICK else self.commands[step] for step in steps)


def sliced(model: CoreModel, query: Query) -> Slice | None:
    """What of `model` can influence `query`; None if that is everything."""
    cone = _Cone(model, query)
    cone.close()
    is_whole = len(cone.commands) == len(model.commands) and len(cone.variables) == len(model.variables)
    return None if is_whole and len(cone.clocks) == len(model.clocks) else _cut_out(model, query, cone)


class _Cone:
    """The set of what is kept, as it grows."""

    def __init__(self, model: CoreModel, query: Query) -> None:
        self._model = model
        self._query = query
        self._reads = _Reads(model.expressions)
        self.variables: set[int] = set()
        self.commands: set[int] = set()
        self.clocks: set[int] = set()
        self._pending: list[int] = []
        self._slack = self._counters()
        self._writers: dict[int, list[int]] = {}
        self._values: dict[int, list[tuple[int, ExprId]]] = {}  # of variables: who assigns what
        self._users: dict[int, list[int]] = {}  # of clocks
        for position, command in enumerate(model.commands):
            for update in command.updates:
                self._values.setdefault(update.variable, []).append((position, update.value))
                if not (update.variable in self._slack and self._is_counted(update)):
                    self._writers.setdefault(update.variable, []).append(position)
            if command.clock is not None:
                self._users.setdefault(command.clock, []).append(position)
        self._settles: dict[int, list[Settle]] = {}
        for settle in model.settles:
            self._settles.setdefault(settle.variable, []).append(settle)

    def close(self) -> None:
        """Keep what has to be kept from the start, and all that this needs."""
        self._start()
        while self._pending:
            variable = self._pending.pop()
            for settle in self._settles.get(variable, ()):
                self._read(settle.value)
            for position in self._writers.get(variable, ()):
                self._keep_command(position)
            # Commands that are kept, or will be, write what they write of the variables that are kept now.
            for position, value in self._values.get(variable, ()):
                if position in self.commands:
                    self._read(value)

    def _start(self) -> None:
        model, query = self._model, self._query
        match query:
            case Reach():
                self._read(query.goal)
                if query.clock is not None:
                    self._keep_clock(query.clock)
            case Lasso() | Recover():
                self._read(query.trigger)
                self._read(query.goal)
            case _:
                assert_never(query)
        needs_owed = model.is_timed or isinstance(query, Lasso)
        can_fail = model.expressions.can_fail
        for position, command in enumerate(model.commands):
            if (needs_owed and command.owed) or can_fail[command.guard] or can_fail[command.permit]:
                self._keep_command(position)
            for update in command.updates:
                if can_fail[update.value] or not self._is_inside(command, update):
                    self._keep_command(position)
                    self._keep_variable(update.variable)
        for settle in model.settles:
            v = model.variables[settle.variable]
            bounds = model.expressions.low[settle.value], model.expressions.high[settle.value]
            if can_fail[settle.value] or bounds[0] < v.low or bounds[1] > v.high:
                self._keep_variable(settle.variable)
        for position, clock in enumerate(model.clocks):
            if can_fail[clock.runs_while]:
                self._keep_clock(position)

    # --- keeping ---

    def _read(self, expression: ExprId) -> None:
        for variable in self._reads.of(expression):
            self._keep_variable(variable)

    def _keep_variable(self, variable: int) -> None:
        if variable not in self.variables:
            self.variables.add(variable)
            self._pending.append(variable)

    def _keep_command(self, position: int) -> None:
        if position in self.commands:
            return
        self.commands.add(position)
        command = self._model.commands[position]
        self._read(command.guard)
        self._read(command.permit)
        for update in command.updates:
            if update.variable in self.variables:
                self._read(update.value)
        if command.clock is not None:
            self._keep_clock(command.clock)

    def _keep_clock(self, clock: int) -> None:
        if clock not in self.clocks:
            self.clocks.add(clock)
            self._read(self._model.clocks[clock].runs_while)
            for position in self._users.get(clock, ()):
                self._keep_command(position)

    # --- counters that leave room ---

    def _counters(self) -> frozenset[int]:
        """Variables that only count up, and that are read only as `counter < constant` in the permits of commands that are not owed."""
        model, query = self._model, self._query
        if isinstance(query, Recover) or (model.is_timed and any(command.owed for command in model.commands)):
            return frozenset()
        settled = {settle.variable for settle in model.settles}
        counters = {i for i, v in enumerate(model.variables) if v.role is VariableRole.BUDGET} - settled
        roots = [settle.value for settle in model.settles]
        roots.extend(clock.runs_while for clock in model.clocks)
        roots.extend(formulas_of(query))
        for command in model.commands:
            roots.append(command.guard)
            for update in command.updates:
                if not (update.variable in counters and self._is_counted(update)):
                    roots.append(update.value)
            limits = _conjuncts(model.expressions, command.permit)
            roots.extend(limit for limit in limits if command.owed or self._limited(limit) is None)
        for root in roots:
            counters -= self._reads.of(root)
        return frozenset(counters)

    def _is_counted(self, update: Update) -> bool:
        """Whether an update adds a constant, not negative, to its variable."""
        expressions = self._model.expressions
        if expressions.ops[update.value] is not Op.ADD:
            return False
        one, other = expressions.args[update.value]
        for counter, more in ((one, other), (other, one)):
            is_counter = expressions.ops[counter] is Op.VAR and expressions.args[counter][0] == update.variable
            if is_counter and expressions.ops[more] is Op.CONST and expressions.args[more][0] >= 0:
                return True
        return False

    def _limited(self, condition: ExprId) -> int | None:
        """The variable of `variable < constant`."""
        expressions = self._model.expressions
        if expressions.ops[condition] not in (Op.LT, Op.LE):
            return None
        one, other = expressions.args[condition]
        if expressions.ops[one] is Op.VAR and expressions.ops[other] is Op.CONST:
            return expressions.args[one][0]
        return None

    def _is_inside(self, command: Command, update: Update) -> bool:
        """Whether the value is inside the domain whenever the command may fire, by its bounds, or by a limit on the variable that it counts up."""
        expressions, variable = self._model.expressions, self._model.variables[update.variable]
        if variable.low <= expressions.low[update.value] and expressions.high[update.value] <= variable.high:
            return True
        if not self._is_counted(update):
            return False
        added = max(expressions.args[e][0] for e in expressions.args[update.value] if expressions.ops[e] is Op.CONST)
        for condition in (
            *_conjuncts(expressions, command.guard),
            *_conjuncts(expressions, command.permit),
        ):
            if self._limited(condition) == update.variable:
                limit = expressions.args[expressions.args[condition][1]][0]
                most = limit - 1 if expressions.ops[condition] is Op.LT else limit
                if most + added <= variable.high:
                    return True
        return False


class _Reads:
    """The variables that an expression reads; remembered."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._known: dict[ExprId, frozenset[int]] = {}

    def of(self, expression: ExprId) -> frozenset[int]:
        """Variables by index, whatever branch is taken."""
        if expression not in self._known:
            ops, args = self._expressions.ops, self._expressions.args
            nodes = reachable(ops, args, (expression,))
            self._known[expression] = frozenset(args[node][0] for node in nodes if ops[node] is Op.VAR)
        return self._known[expression]


def _conjuncts(expressions: Expressions, condition: ExprId) -> tuple[ExprId, ...]:
    return expressions.args[condition] if expressions.ops[condition] is Op.AND else (condition,)


# --- cutting out ---


def _cut_out(model: CoreModel, query: Query, cone: _Cone) -> Slice:
    """The model of what is kept, in the same order."""
    variables, commands, clocks = sorted(cone.variables), sorted(cone.commands), sorted(cone.clocks)
    new_variable = {old: new for new, old in enumerate(variables)}
    new_command = {old: new for new, old in enumerate(commands)}
    new_clock = {old: new for new, old in enumerate(clocks)}
    settles = [settle for settle in model.settles if settle.variable in new_variable]
    reads = _Reads(model.expressions)
    derived = [d for d in model.derived if reads.of(d.value) <= cone.variables]
    groups = [g for g in model.groups if reads.of(g.serving) <= cone.variables]
    kept = [_with_kept_updates(model.commands[i], new_variable) for i in commands]
    roots = [settle.value for settle in settles]
    roots.extend(model.clocks[i].runs_while for i in clocks)
    for command in kept:
        roots.extend((command.guard, command.permit, *(update.value for update in command.updates)))
    roots.extend(d.value for d in derived)
    roots.extend(g.serving for g in groups)
    roots.extend(formulas_of(query))
    expressions, order = _closed(model.expressions, tuple(roots), new_variable)
    new = {old: i for i, old in enumerate(order)}
    part = CoreModel(
        expressions=expressions,
        variables=tuple(model.variables[i] for i in variables),
        settles=tuple(Settle(variable=new_variable[s.variable], value=new[s.value]) for s in settles),
        clocks=tuple(
            Clock(name=c.name, runs_while=new[c.runs_while], stop_ticks=c.stop_ticks)
            for c in (model.clocks[i] for i in clocks)
        ),
        commands=tuple(_renumbered(command, new, new_variable, new_clock) for command in kept),
        is_timed=model.is_timed,
        tick_ms=model.tick_ms,
        derived=tuple(replace(d, value=new[d.value]) for d in derived),
        groups=tuple(replace(g, serving=new[g.serving]) for g in groups),
        components=model.components,
        constants=model.constants,
    )
    return Slice(
        whole=model,
        model=part,
        query=_query(query, new, new_command, new_clock),
        variables=tuple(variables),
        commands=tuple(commands),
        expressions=tuple(order),
    )


def _with_kept_updates(command: Command, kept: dict[int, int]) -> Command:
    """The command with its updates of kept variables alone."""
    return replace(command, updates=tuple(update for update in command.updates if update.variable in kept))


def _renumbered(
    command: Command, new: dict[ExprId, ExprId], variables: dict[int, int], clocks: dict[int, int]
) -> Command:
    return replace(
        command,
        guard=new[command.guard],
        permit=new[command.permit],
        updates=tuple(replace(u, variable=variables[u.variable], value=new[u.value]) for u in command.updates),
        clock=None if command.clock is None else clocks[command.clock],
    )


def _query(query: Query, new: dict[ExprId, ExprId], commands: dict[int, int], clocks: dict[int, int]) -> Query:
    match query:
        case Reach():
            clock = None if query.clock is None else clocks[query.clock]
            return replace(query, goal=new[query.goal], clock=clock)
        case Lasso() | Recover():
            stopped = frozenset(commands[i] for i in query.stopped if i in commands)
            return replace(query, trigger=new[query.trigger], goal=new[query.goal], stopped=stopped)
        case _:
            assert_never(query)


def _closed(
    expressions: Expressions, roots: tuple[ExprId, ...], variables: dict[int, int]
) -> tuple[Expressions, list[ExprId]]:
    """The table of what `roots` need, in the same order, and the old number of each expression in it."""
    order = reachable(expressions.ops, expressions.args, roots)
    new = {old: i for i, old in enumerate(order)}

    def args(node: ExprId) -> tuple[int, ...]:
        match expressions.ops[node]:
            case Op.CONST:
                return expressions.args[node]
            case Op.VAR:
                return (variables[expressions.args[node][0]],)
            case _:
                return tuple(new[a] for a in expressions.args[node])

    return Expressions(
        ops=tuple(expressions.ops[node] for node in order),
        args=tuple(args(node) for node in order),
        is_bool=tuple(expressions.is_bool[node] for node in order),
        low=tuple(expressions.low[node] for node in order),
        high=tuple(expressions.high[node] for node in order),
        can_fail=tuple(expressions.can_fail[node] for node in order),
        spans={new[node]: expressions.spans[node] for node in order if node in expressions.spans},
    ), order
