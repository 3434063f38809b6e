"""Why a run could happen: which step enabled which, sliced to the ancestry of what the run shows.

A step *causes* a later one if it was the last to change a variable on whose value the later one's guard or updates rested. What a value rests on is
read off its expression: of a false conjunction one false operand suffices, of a conditional only the branch taken (the dynamic slice of Agrawal and Horgan,
*Dynamic Program Slicing*, 1990, on guarded commands). That something never comes
rests also on what disables the commands that could bring it; and that time passes, on what disabled in time a command that would have come due and changed what
the run rests on. Steps outside the ancestry are left out and counted.

`Explanation` is data for reports: `steps` are the nodes of a causal graph in the order of time, `edges` say which value a step wrote that a later one (or what
the run shows) read, `groups` why no redundancy on the way masked it. Nothing in it needs the model again.
"""

from cascade.core.dump import ExpressionPrinter, value_text
from cascade.core.expressions import ExprId, Op
from cascade.core.model import TICK, Command, CoreModel, Derived, VariableRole
from cascade.core.queries import Lasso, Query, Reach, Recover, formulas_of
from cascade.questions.named import needed_operands
from cascade.questions.unmasked import UnmaskedGroup, unmasked_groups
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.verdicts.answer import FailureKind, SpecFailure
from cascade.verdicts.run import ReplayedRun

_SHOWN_ROLES = (VariableRole.STATE, VariableRole.LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value before and after a step, as text. `is_derived`: it follows from variables (a `let`, an outage)."""

    name: str
    before: str
    after: str
    is_derived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStep:
    """One step that matters. `index` is its position in the run, `causes` are positions in `Explanation.steps`.

    `because` is a clause such as "etcd.writable became false in step 2", "" if the command could fire from the start; of a step that matters since it disables
    an owed command it says which would be due otherwise. `waited_ticks` is for how long the command was enabled, and did not fire.
    """

    index: int
    time_ticks: int
    command_class: str
    component: str
    command: str
    text: str
    changes: tuple[Change, ...]
    causes: tuple[int, ...]
    because: str
    waited_ticks: int
    in_loop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalEdge:
    """The step at `source` wrote what the one at `target` read: `values` are names of variables, in the order of the spec.

    Both are positions in `Explanation.steps`; `target` is None for what the run shows (the outage itself).
    """

    source: int
    target: int | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The steps of a run that what it shows rests on. `omitted_count` others do not matter for it.

    `loop_start` is the position in `steps` where the loop of a lasso begins, None for a finite run. `edges` go forward in time, by target, what the run
    shows last. `groups` are the redundant groups on the way, with the reason why each did not mask, in the order of the spec.
    """

    steps: tuple[ExplainedStep, ...]
    omitted_count: int
    loop_start: int | None
    edges: tuple[CausalEdge, ...] = ()
    groups: tuple[UnmaskedGroup, ...] = ()


def explain(model: CoreModel, query: Query, run: ReplayedRun, failure: SpecFailure | None = None) -> Explanation:
    """The explanation of `run`, which shows that the answer to `query` is yes, or leads to `failure`, an error of the spec."""
    return _Explainer(model, query, run, failure).explain()


class _Explainer:
    def __init__(self, model: CoreModel, query: Query, run: ReplayedRun, failure: SpecFailure | None) -> None:
        self._model = model
        self._query = query
        self._run = run
        self._failure = failure
        self._table = model.expressions
        self._variable_count = len(model.variables)
        self._evaluators = [Evaluator(model, state) for state in run.states]
        self._printer = ExpressionPrinter(model)
        # By step (None: what the run shows) the steps that wrote what it reads, and which variables.
        self._causes: dict[int | None, dict[int, set[int]]] = {}
        self._read: set[int] = set()
        # By step the owed commands that it kept from firing.
        self._held_off: dict[int, list[str]] = {}

    def explain(self) -> Explanation:
        kept = self._slice()
        position = {index: i for i, index in enumerate(kept)}
        names = self._relevant_names(kept)
        loop = self._run.loop_start
        steps = [self._step(index, position, names) for index in kept]
        fired = sum(step != TICK for step in self._run.steps)
        return Explanation(
            steps=tuple(steps),
            omitted_count=fired - len(kept),
            loop_start=None if loop is None else sum(index < loop for index in kept),
            edges=self._edges(position),
            groups=unmasked_groups(self._model, self._run, tuple(kept), frozenset(self._read)),
        )

    def _edges(self, position: dict[int, int]) -> tuple[CausalEdge, ...]:
        shown = self._causes.pop(None, {})
        edges: list[CausalEdge] = []
        for target, causes in [*sorted((t, c) for t, c in self._causes.items() if t is not None), (None, shown)]:
            for source, variables in sorted(causes.items()):
                names = tuple(self._model.variables[v].name for v in sorted(variables))
                where = None if target is None else position[target]
                edges.append(CausalEdge(source=position[source], target=where, values=names))
        return tuple(edges)

    # --- the slice ---

    def _slice(self) -> list[int]:
        """Positions in the run of the steps that matter, in order."""
        wanted = self._evidence()
        kept: set[int] = set()
        pending: list[int] = []
        shown: dict[int, set[int]] = {}
        for state, variables in wanted:
            self._read |= variables
            for writer, written in self._writers(state, variables).items():
                shown.setdefault(writer, set()).update(written)
        self._causes[None] = shown
        pending.extend(shown)
        if self._run.loop_start is not None:
            loop = range(self._run.loop_start, len(self._run.steps))
            pending.extend(i for i in loop if self._run.steps[i] != TICK)
        while pending:
            while pending:
                index = pending.pop()
                if index in kept:
                    continue
                kept.add(index)
                command = self._model.commands[self._run.steps[index]]
                reads = self._reads(index, command)
                self._read |= reads
                causes = self._writers(index, reads)
                self._causes[index] = causes
                pending.extend(causes)
            for index, variables in self._holding_off(kept):
                shown.setdefault(index, set()).update(variables)
                pending.append(index)
        return sorted(kept)

    def _holding_off(self, kept: set[int]) -> list[tuple[int, set[int]]]:
        """Steps not `kept` that disabled an owed command which would have come due before the end and written what the run rests on; by which variables."""
        if not self._model.is_timed or self._run.loop_start is not None:
            return []
        clocked = [
            (command, command.clock, command.latest_ticks)
            for command in self._model.commands
            if command.owed and any(u.variable in self._read for u in command.updates)
        ]
        found: list[tuple[int, set[int]]] = []
        for index, step in enumerate(self._run.steps):
            if step == TICK or index in kept:
                continue
            left_ticks = self._run.times_ticks[-1] - self._run.times_ticks[index]
            for command, clock, latest_ticks in clocked:
                if clock is None or latest_ticks is None or command is self._model.commands[step]:
                    continue
                waited_ticks = self._run.states[index][self._variable_count + clock]
                if latest_ticks - waited_ticks >= left_ticks or not self._was_enabled(command, index):
                    continue
                if not self._was_enabled(command, index + 1):
                    writers = self._writers(index + 1, self._rests_on(command.guard, index + 1))
                    found.append((index, writers.get(index, set())))
                    self._held_off.setdefault(index, []).append(command.name)
        return found

    def _evidence(self) -> list[tuple[int, set[int]]]:
        """States of the run and the variables on which, there, what the run shows rests."""
        last = len(self._run.states) - 1
        query = self._query
        wanted: list[tuple[int, set[int]]] = []
        if self._failure is not None:
            return [(last, self._rests_on(root, last)) for root in self._failing(self._failure)]
        match query:
            case Reach():
                wanted.append((last, self._rests_on(query.goal, last)))
                if query.clock is not None:
                    wanted.append((last, self._rests_on(self._model.clocks[query.clock].runs_while, last)))
            case Lasso():
                first = self._first_unanswered(query)
                wanted.append((first, self._rests_on(query.trigger, first)))
                wanted.append((last, self._rests_on(query.goal, last)))
                assert self._run.loop_start is not None, "a lasso has a loop, be it of no steps"
                wanted.extend(self._prevented(query, range(self._run.loop_start, last + 1)))
            case Recover():
                wanted.append((last, self._rests_on(query.trigger, last)))
                wanted.append((last, self._rests_on(query.goal, last)))
                wanted.extend(self._prevented(query, range(last, last + 1)))
        wanted.extend(self._monitor_evidence())
        return wanted

    def _failing(self, failure: SpecFailure) -> tuple[ExprId, ...]:
        """What cannot be evaluated, or has a value that it must not have, in the last state; a timelock shows in its loop."""
        if failure.kind is FailureKind.TIMELOCK:
            return ()
        if failure.command is not None:
            command = self._model.commands[failure.command]
            updates = [u.value for u in command.updates if failure.variable in (None, u.variable)]
            return (command.guard, *updates)
        if failure.expression is not None:
            return (failure.expression,)
        return (self._query.goal,) if isinstance(self._query, Reach) else (self._query.trigger, self._query.goal)

    def _monitor_evidence(self) -> list[tuple[int, set[int]]]:
        """Where the progress of a formula changed, what it changed for; initial progress included."""
        wanted: list[tuple[int, set[int]]] = []
        for settle in self._model.settles:
            if self._model.variables[settle.variable].role is not VariableRole.MONITOR:
                continue
            for i, state in enumerate(self._run.states):
                before = self._run.states[i - 1][settle.variable] if i else 0
                if state[settle.variable] != before:
                    values = list(state)
                    values[settle.variable] = before
                    found = self._rests_on(settle.value, i, Evaluator(self._model, values))
                    wanted.append((i, found - {settle.variable}))
        return wanted

    def _prevented(self, query: Lasso | Recover, states: range) -> list[tuple[int, set[int]]]:
        """Why what could change the value on which the missing goal rests does not: where it is disabled, and by which variables.

        Of a lasso only what is owed is asked for: it fires in the loop (and is kept), or some state of the loop disables it.
        """
        rests_on = self._rests_on(query.goal, states[-1])
        fired = set(self._run.steps[states.start :])
        wanted: list[tuple[int, set[int]]] = []
        for index, command in enumerate(self._model.commands):
            is_asked = command.owed if isinstance(query, Lasso) else index not in query.stopped
            if index in fired or not is_asked or not any(u.variable in rests_on for u in command.updates):
                continue
            disabled = next((i for i in states if not self._was_enabled(command, i)), None)
            if disabled is not None:
                wanted.append((disabled, self._rests_on(command.guard, disabled)))
        return wanted

    def _first_unanswered(self, query: Lasso) -> int:
        """The first state with the trigger after which the goal does not come."""
        goal_seen = [i for i in range(len(self._run.states)) if self._holds(query.goal, i)]
        start = goal_seen[-1] + 1 if goal_seen else 0
        return next(i for i in range(start, len(self._run.states)) if self._holds(query.trigger, i))

    def _reads(self, index: int, command: Command) -> set[int]:
        reads = self._rests_on(command.guard, index)
        for update in command.updates:
            if self._model.variables[update.variable].role in _SHOWN_ROLES:
                reads |= self._rests_on(update.value, index)
        return reads

    def _writers(self, state: int, variables: set[int]) -> dict[int, set[int]]:
        """For each variable the last step before `state` that changed it: by step."""
        found: dict[int, set[int]] = {}
        left = {v for v in variables if self._model.variables[v].role in _SHOWN_ROLES}
        for i in range(state - 1, -1, -1):
            if not left:
                break
            if self._run.steps[i] == TICK:
                continue
            changed = {v for v in left if self._run.states[i][v] != self._run.states[i + 1][v]}
            if changed:
                found[i] = changed
                left -= changed
        return found

    def _rests_on(self, root: ExprId, state: int, evaluator: Evaluator | None = None) -> set[int]:
        """Variables whose values in this state suffice for the value of `root`."""
        values = self._evaluators[state] if evaluator is None else evaluator
        found: set[int] = set()
        seen: set[ExprId] = set()
        stack = [root]
        while stack:
            expr = stack.pop()
            if expr in seen:
                continue
            seen.add(expr)
            op, args = self._table.ops[expr], self._table.args[expr]
            if op is Op.VAR:
                found.add(args[0])
            elif op is not Op.CONST:
                stack.extend(needed_operands(op, args, values))
        return found

    def _holds(self, expr: ExprId, state: int) -> bool:
        return bool(self._evaluators[state].value(expr))

    # --- what is said of a step ---

    def _relevant_names(self, kept: list[int]) -> list[Derived]:
        """Named derived values that the kept steps or the query are made of; of several names for one value the first, and all outages."""
        roots: list[ExprId] = [self._model.commands[self._run.steps[i]].guard for i in kept]
        query = self._query
        roots.extend(formulas_of(query))
        if isinstance(query, Reach) and query.clock is not None:
            roots.append(self._model.clocks[query.clock].runs_while)
        roots.extend(s.value for s in self._model.settles)
        if self._failure is not None:
            roots.extend(self._failing(self._failure))
        parts = self._parts(roots)
        result: list[Derived] = []
        known: set[ExprId] = set()
        for derived in self._model.derived:
            if derived.value in parts and self._table.ops[derived.value] not in (Op.CONST, Op.VAR):
                if derived.value not in known or derived.is_outage:
                    result.append(derived)
                known.add(derived.value)
        return result

    def _parts(self, roots: list[ExprId]) -> set[ExprId]:
        parts: set[ExprId] = set()
        stack = list(roots)
        while stack:
            expr = stack.pop()
            if expr not in parts:
                parts.add(expr)
                if self._table.ops[expr] not in (Op.CONST, Op.VAR):
                    stack.extend(self._table.args[expr])
        return parts

    def _step(self, index: int, position: dict[int, int], names: list[Derived]) -> ExplainedStep:
        command = self._model.commands[self._run.steps[index]]
        loop = self._run.loop_start
        because, waited_ticks = self._because(index, command, position, names)
        if index in self._held_off:
            held = f"{' and '.join(dict.fromkeys(self._held_off[index]))} would be due otherwise"
            because = f"{held}, and {because}" if because else held
        return ExplainedStep(
            index=index,
            time_ticks=self._run.times_ticks[index],
            command_class=command.command_class.value,
            component=command.component,
            command=command.name,
            text=command.text,
            changes=(*self._variable_changes(index), *self._derived_changes(index, names)),
            causes=tuple(sorted(position[c] for c in self._causes[index])),
            because=because,
            waited_ticks=waited_ticks,
            in_loop=loop is not None and index >= loop,
        )

    def _variable_changes(self, index: int) -> list[Change]:
        before, after = self._run.states[index], self._run.states[index + 1]
        return [
            Change(
                name=variable.name,
                before=self._printer.value(variable, before[i]),
                after=self._printer.value(variable, after[i]),
                is_derived=False,
            )
            for i, variable in enumerate(self._model.variables)
            if before[i] != after[i] and variable.role in _SHOWN_ROLES
        ]

    def _derived_changes(self, index: int, names: list[Derived]) -> list[Change]:
        changes: list[Change] = []
        for derived in names:
            before, after = self._derived(derived, index), self._derived(derived, index + 1)
            if before != after:
                changes.append(Change(name=derived.name, before=before, after=after, is_derived=True))
        return changes

    def _derived(self, derived: Derived, state: int) -> str:
        try:
            value = self._evaluators[state].value(derived.value)
        except EvaluationError:
            return "no value"
        return value_text(derived.kind, derived.labels, derived.low, value)

    def _because(self, index: int, command: Command, position: dict[int, int], names: list[Derived]) -> tuple[str, int]:
        """The moment since which the command was enabled, in the words of the spec, and how long ago it was."""
        since = index
        while since > 0 and self._was_enabled(command, since - 1):
            since -= 1
        enabling = since - 1
        if enabling not in position:
            return "", 0
        change = self._nearest_change(command, enabling, names)
        if change is None:
            return "", 0
        fired = [i for i in range(enabling + 1, index) if self._run.steps[i] == self._run.steps[index]]
        waited_ticks = self._run.times_ticks[index] - self._run.times_ticks[fired[-1] if fired else enabling]
        return f"{change.name} became {change.after} in step {position[enabling] + 1}", waited_ticks

    def _nearest_change(self, command: Command, step: int, names: list[Derived]) -> Change | None:
        """The value nearest to the root of the guard that `step` changed: what the command itself looks at."""
        by_value: dict[ExprId, Derived] = {}
        for derived in names:  # of several names for one value, that of the command's own component
            if derived.value not in by_value or derived.component == command.component:
                by_value[derived.value] = derived
        variables = {change.name: change for change in self._variable_changes(step)}
        layer = [command.guard]
        seen: set[ExprId] = set()
        while layer:
            following: list[ExprId] = []
            for expr in layer:
                if expr in seen:
                    continue
                seen.add(expr)
                op, args = self._table.ops[expr], self._table.args[expr]
                if op is Op.VAR and self._model.variables[args[0]].name in variables:
                    return variables[self._model.variables[args[0]].name]
                if expr in by_value:
                    changed = self._derived_changes(step, [by_value[expr]])
                    if changed:
                        return changed[0]
                if op not in (Op.CONST, Op.VAR):
                    following.extend(args)
            layer = following
        return None

    def _was_enabled(self, command: Command, state: int) -> bool:
        try:
            return self._holds(command.guard, state)
        except EvaluationError:
            return False
