"""A replayed run with its explanation → the run of a report: all steps, what each changed, how each component is in between."""

from collections.abc import Sequence

from cascade.core.dump import value_text
from cascade.core.expressions import ExprId, Op
from cascade.core.model import TICK, CoreModel, Derived, VariableKind, VariableRole
from cascade.core.queries import Lasso, Recover
from cascade.diagnostics.durations import duration_text
from cascade.questions.causes import ExplainedStep, Explanation
from cascade.questions.declared import CheckResult
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.reports.data import Change, Conclusion, Lane, Run, Series, Status, Step
from cascade.reports.gather.places import Places
from cascade.reports.runs import run_of
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated

_ROLES = (VariableRole.STATE, VariableRole.LINK)
_TEXT_VALUES_MAX = 3
_SERIES_MAX = 6
_SERIES_RANGE_MIN = 8
"""Counts that can only take fewer values are no loads."""

_LIMIT_WORDS = ("capacity", "limit", "max", "quota", "threshold")


def gather_run(
    result: CheckResult, title: str, shown_by: Sequence[str], components: frozenset[str], places: Places, ending: str
) -> Run | None:
    """The run on which `result` rests, if it rests on one. `components` are those that get a lane."""
    run, explanation = run_of(result), result.explanation
    if run is None or explanation is None:
        return None
    return _Gatherer(result, run, explanation, components, places).run(title, tuple(shown_by), ending)


class _Gatherer:
    def __init__(
        self,
        result: CheckResult,
        run: ReplayedRun,
        explanation: Explanation,
        components: frozenset[str],
        places: Places,
    ) -> None:
        self._result = result
        self._run = run
        self._explanation = explanation
        self._components = components
        self._places = places
        self._model: CoreModel = result.model
        self._fired = [i for i, step in enumerate(run.steps) if step != TICK]
        # The state before the first step, then the one after each.
        states = [run.states[0], *(run.states[i + 1] for i in self._fired)]
        self._states = states
        self._evaluators = [Evaluator(self._model, state) for state in states]
        self._number = {step.index: i + 1 for i, step in enumerate(explanation.steps)}

    def run(self, title: str, shown_by: tuple[str, ...], ending: str) -> Run:
        loop = self._run.loop_start
        return Run(
            title=title,
            shown_by=shown_by,
            ending=self._ending(ending),
            fault_count=self._run.fault_count,
            is_timed=self._model.is_timed,
            end_ms=self._run.times_ticks[-1] * self._model.tick_ms,
            loop_start=None if loop is None else sum(i < loop for i in self._fired),
            steps=tuple(self._step(k) for k in range(len(self._fired))),
            lanes=self._lanes(),
            series=self._series(),
            conclusions=tuple(
                Conclusion(number=edge.source + 1, values=", ".join(edge.values))
                for edge in self._explanation.edges
                if edge.target is None
            ),
        )

    # --- steps ---

    def _step(self, k: int) -> Step:
        index = self._fired[k]
        command = self._model.commands[self._run.steps[index]]
        number = self._number.get(index)
        told: ExplainedStep | None = None if number is None else self._explanation.steps[number - 1]
        return Step(
            number=number,
            time_ms=self._run.times_ticks[index] * self._model.tick_ms,
            command_class=command.command_class.value,
            kind=command.kind,
            component=command.component,
            command=command.name,
            text=command.text,
            because="" if told is None else told.because,
            waited_ms=0 if told is None else told.waited_ticks * self._model.tick_ms,
            causes=() if told is None else tuple(c + 1 for c in told.causes),
            passed_on=() if number is None or told is None else self._passed_on(number - 1, told),
            changes=self._changes(k, frozenset() if told is None else frozenset(c.name for c in told.changes)),
            place=self._places.of(command.span),
        )

    def _passed_on(self, position: int, told: ExplainedStep) -> tuple[str, ...]:
        values = {e.source: ", ".join(e.values) for e in self._explanation.edges if e.target == position}
        return tuple(values.get(cause, "") for cause in told.causes)

    def _changes(self, k: int, relevant: frozenset[str]) -> tuple[Change, ...]:
        """Variables first; of several names for one value that which is relevant, or else the first."""
        before, after = self._states[k], self._states[k + 1]
        found = [
            Change(
                name=v.name,
                before=value_text(v.kind, v.labels, v.low, before[i]),
                after=value_text(v.kind, v.labels, v.low, after[i]),
                is_derived=False,
                is_relevant=v.name in relevant,
            )
            for i, v in enumerate(self._model.variables)
            if before[i] != after[i] and v.role in _ROLES
        ]
        named: dict[ExprId, Change] = {}
        for derived in self._model.derived:
            if derived.value in named and derived.name not in relevant and not derived.is_outage:
                continue
            was, now = self._text(derived, k), self._text(derived, k + 1)
            if was != now and not self._is_plain(derived):
                is_relevant = derived.name in relevant
                change = Change(name=derived.name, before=was, after=now, is_derived=True, is_relevant=is_relevant)
                if derived.is_outage:
                    found.append(change)
                else:
                    named[derived.value] = change
        return (*found, *named.values())

    def _is_plain(self, derived: Derived) -> bool:
        return self._model.expressions.ops[derived.value] in (Op.CONST, Op.VAR)

    def _value(self, expr: ExprId, k: int) -> int | None:
        try:
            return self._evaluators[k].value(expr)
        except EvaluationError:
            return None

    def _text(self, derived: Derived, k: int) -> str:
        value = self._value(derived.value, k)
        return "no value" if value is None else value_text(derived.kind, derived.labels, derived.low, value)

    # --- lanes ---

    def _lanes(self) -> tuple[Lane, ...]:
        lanes: list[tuple[int, int, Lane]] = []
        faults = self._faults_in_effect()
        own = _owned(self._model, self._components)
        for position, (name, values) in enumerate(own.items()):
            statuses = tuple(self._status(values, k, faults[k]) for k in range(len(self._states)))
            texts = tuple(self._lane_text(values, k) for k in range(len(self._states)))
            changed = [k for k in range(len(statuses)) if statuses[k] is not Status.OK or texts[k]]
            if changed:
                lanes.append((changed[0], position, Lane(name=name, is_outage=False, statuses=statuses, texts=texts)))
        ordered = [lane for _, _, lane in sorted(lanes, key=lambda item: item[:2])]
        return (*ordered, *self._outage_lanes())

    def _outage_lanes(self) -> list[Lane]:
        lanes: list[Lane] = []
        for derived in (derived for derived in self._model.derived if derived.is_outage):
            holds = [bool(self._value(derived.value, k)) for k in range(len(self._states))]
            if any(holds):
                statuses = tuple(Status.DOWN if h else Status.OK for h in holds)
                texts = tuple(derived.text if h else "" for h in holds)
                lanes.append(Lane(name=derived.name, is_outage=True, statuses=statuses, texts=texts))
        return lanes

    def _faults_in_effect(self) -> list[frozenset[str]]:
        """For each state the components whose variables a fault of theirs has set and nothing has set back."""
        result: list[frozenset[str]] = [frozenset()]
        struck: dict[tuple[str, int], int] = {}  # component and variable → the value before the fault
        for k, index in enumerate(self._fired):
            command = self._model.commands[self._run.steps[index]]
            if command.command_class.value == "fault":
                for update in command.updates:
                    before = self._states[k][update.variable]
                    if self._model.variables[update.variable].role is not VariableRole.STATE:
                        continue  # a budget is never given back
                    if self._states[k + 1][update.variable] != before:
                        struck.setdefault((command.component, update.variable), before)
            after = self._states[k + 1]
            struck = {key: value for key, value in struck.items() if after[key[1]] != value}
            result.append(frozenset(component for component, _ in struck))
        return result

    def _status(self, own: "_Own", k: int, faulty: frozenset[str]) -> Status:
        if own.serving is not None and self._value(own.serving, 0) and not self._value(own.serving, k):
            return Status.DOWN
        if own.name in faulty:
            return Status.FAULTY
        first, now = self._states[0], self._states[k]
        if any(first[i] != now[i] for i in own.variables):
            return Status.CHANGED
        if any(self._value(d.value, 0) != self._value(d.value, k) for d in own.derived):
            return Status.CHANGED
        return Status.OK

    def _lane_text(self, own: "_Own", k: int) -> str:
        """In what it differs from the start: variables, or where it has none, derived values."""
        first, now = self._states[0], self._states[k]
        parts: list[str] = []
        changed = [i for i in own.variables if first[i] != now[i]]
        for i in changed:
            variable = self._model.variables[i]
            text = value_text(variable.kind, variable.labels, variable.low, now[i])
            parts.append(_value_phrase(variable.name.rpartition(".")[2], variable.kind, text))
        if not changed:
            for derived in own.derived:
                if derived.value != own.serving and self._value(derived.value, 0) != self._value(derived.value, k):
                    name = derived.name.rpartition(".")[2]
                    parts.append(_value_phrase(name, derived.kind, self._text(derived, k)))
        more = len(parts) - _TEXT_VALUES_MAX
        return ", ".join([*parts[:_TEXT_VALUES_MAX], *([f"{more} more"] if more > 0 else [])])

    # --- loads ---

    def _series(self) -> tuple[Series, ...]:
        """Named numbers that change in the run and are compared, somewhere in a condition with a name, with a number that may be a limit."""
        found: dict[tuple[ExprId, ExprId], Series] = {}
        names = self._number_names()
        for left, right in self._comparisons():
            pair = self._load_and_limit(left, right, names)
            if pair is None or pair in found:
                continue
            load, limit = pair
            values = [self._value(load, k) for k in range(len(self._states))]
            limits = [self._value(limit, k) for k in range(len(self._states))]
            if None in values or None in limits or len(set(values)) == 1:
                continue
            found[pair] = Series(
                name=names[load],
                limit_name=names.get(limit, ""),
                values=tuple(v for v in values if v is not None),
                limits=tuple(v for v in limits if v is not None),
                is_floor=values[0] is not None and limits[0] is not None and values[0] > limits[0],
            )
        ranked = sorted(found.values(), key=lambda s: not any(s.troubles))
        return tuple(ranked[:_SERIES_MAX])

    def _number_names(self) -> dict[ExprId, str]:
        names: dict[ExprId, str] = {}
        table = self._model.expressions
        for derived in self._model.derived:
            if derived.kind is VariableKind.RANGE and table.ops[derived.value] is not Op.CONST:
                names.setdefault(derived.value, derived.name)
        for expr, (op, args) in enumerate(zip(table.ops, table.args, strict=True)):
            if op is Op.VAR:
                variable = self._model.variables[args[0]]
                if variable.kind is VariableKind.RANGE and variable.role in _ROLES:
                    names.setdefault(expr, variable.name)
        return names

    def _comparisons(self) -> list[tuple[ExprId, ExprId]]:
        table = self._model.expressions
        return [(args[0], args[1]) for op, args in zip(table.ops, table.args, strict=True) if op in (Op.LT, Op.LE)]

    def _load_and_limit(self, left: ExprId, right: ExprId, names: dict[ExprId, str]) -> tuple[ExprId, ExprId] | None:
        table = self._model.expressions
        load, limit = right, left
        if table.ops[right] is Op.CONST or _is_limit(names.get(right, "")):
            load, limit = left, right
        is_load = load in names and table.high[load] - table.low[load] >= _SERIES_RANGE_MIN
        is_limit = (limit in names or table.ops[limit] is Op.CONST) and table.high[limit] > 1
        return (load, limit) if is_load and is_limit else None

    # --- the end ---

    def _ending(self, given: str) -> str:
        result, run = self._result, self._run
        if (
            isinstance(result.query, Lasso)
            and run.loop_start is not None
            and not isinstance(result.verdict, Undetermined)
        ):
            return self._loop_text(run.loop_start)
        match result.verdict:
            case Undetermined():
                text = "the error of the spec shows"
            case Holds():
                text = "the last condition holds"
            case Violated():
                text = "the check is violated"
        if isinstance(result.query, Recover) and isinstance(result.verdict, Violated):
            text = "there is no run any more to what is asked for"
        text = given or text
        last = max((run.times_ticks[i] for i in self._fired), default=0)
        waited = run.times_ticks[-1] - last
        return f"{duration_text(waited * self._model.tick_ms)} later {text}" if waited else f"here {text}"

    def _loop_text(self, loop_start: int) -> str:
        fired = [i for i in self._fired if i >= loop_start]
        if fired:
            number = sum(i < loop_start for i in self._fired) + 1
            return f"and again from event {number}, for ever"
        if loop_start == len(self._run.steps):
            return "here the run may stop for ever: nothing that is owed can happen"
        return "from here only time passes, for ever"


class _Own:
    """What belongs to one component in a core model: its variables, what is derived from some, and whether it serves."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.variables: list[int] = []
        self.derived: list[Derived] = []
        self.serving: ExprId | None = None


def _owned(model: CoreModel, names: frozenset[str]) -> dict[str, _Own]:
    """Of the components called `names` what belongs to each, in the order of the spec."""
    own = {component.name: _Own(component.name) for component in model.components if component.name in names}
    for index, variable in enumerate(model.variables):
        if variable.component in own and variable.role is VariableRole.STATE:
            own[variable.component].variables.append(index)
    for derived in model.derived:
        owner = own.get(derived.component)
        if owner is None:
            continue
        if model.expressions.ops[derived.value] is not Op.CONST:
            owner.derived.append(derived)
        if owner.serving is None and derived.name == f"{derived.component}.serving":
            owner.serving = derived.value
    return own


def _value_phrase(name: str, kind: VariableKind, text: str) -> str:
    match kind:
        case VariableKind.BOOL:
            return name if text == "true" else f"not {name}"
        case VariableKind.ENUM:
            return text
        case VariableKind.RANGE:
            return f"{name} {text}"


def _is_limit(name: str) -> bool:
    last = name.rpartition(".")[2].lower()
    return any(word in last for word in _LIMIT_WORDS)
