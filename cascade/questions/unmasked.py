"""Why redundancy on the way of a failure did not mask it.

For each redundant group that a run's causes touch: which members its faults struck, which are untouched, which value outside the group passed the failure on,
and what that value still goes by, though the member has failed: a claim of the struck member that the fault left as it was.
"""

from cascade.core.dump import value_text
from cascade.core.model import TICK, CommandClass, CoreModel, Group
from cascade.questions.named import NamedValue, NamedValues
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.verdicts.run import ReplayedRun

LISTED_MAX = 3
"""Names in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmaskedGroup:
    """A redundant group on the way of the failure. All are names in the order of the spec.

    `struck` are members that a fault of the causes struck, by `faults`; `untouched` those that no fault of the whole run struck. `passed_by` are the
    values outside the group that the failure changed first, `believed` what these still go by at a struck member: it did not change. `why` is all of it in
    a sentence.
    """

    name: str
    needs: int
    members: tuple[str, ...]
    struck: tuple[str, ...]
    faults: tuple[str, ...]
    untouched: tuple[str, ...]
    passed_by: tuple[str, ...]
    believed: tuple[str, ...]
    why: str


def unmasked_groups(
    model: CoreModel, run: ReplayedRun, steps: tuple[int, ...], read: frozenset[int]
) -> tuple[UnmaskedGroup, ...]:
    """The groups that `steps` of `run` (its causes, which read the variables `read`) touch, in the order of the spec."""
    if not model.groups:
        return ()
    names = NamedValues(model)
    evaluators: dict[int, Evaluator] = {}  # one for each state, as they remember what they evaluated
    found: list[UnmaskedGroup] = []
    for group in model.groups:
        faults = [
            i for i in steps if _is_fault(model, run, i) and _member(group, _component(model, run, i)) is not None
        ]
        reads = any(_member(group, model.variables[v].component) is not None for v in read)
        if faults or reads:
            found.append(_Unmasked(model, run, names, evaluators, group, faults).group())
    return tuple(found)


def _component(model: CoreModel, run: ReplayedRun, step: int) -> str:
    return model.commands[run.steps[step]].component


def _is_fault(model: CoreModel, run: ReplayedRun, step: int) -> bool:
    command = run.steps[step]
    return command != TICK and model.commands[command].command_class is CommandClass.FAULT


def _member(group: Group, component: str) -> str | None:
    """The member that `component` is, or is a part of."""
    for member in group.members:
        if component == member or component.startswith(f"{member}."):
            return member
    return None


class _Unmasked:
    def __init__(
        self,
        model: CoreModel,
        run: ReplayedRun,
        names: NamedValues,
        evaluators: dict[int, Evaluator],
        group: Group,
        faults: list[int],
    ) -> None:
        self._model = model
        self._run = run
        self._names = names
        self._evaluators = evaluators
        self._group = group
        self._faults = faults

    def group(self) -> UnmaskedGroup:
        group, run, model = self._group, self._run, self._model
        struck = {_member(group, _component(model, run, i)) for i in self._faults}
        hit = {_member(group, _component(model, run, i)) for i in range(len(run.steps)) if _is_fault(model, run, i)}
        untouched = tuple(m for m in group.members if m not in hit)
        passed: dict[str, NamedValue] = {}
        believed: dict[str, None] = {}
        for step in self._faults:
            for reader in self._readers(step):
                passed[reader.name] = reader
                believed.update(dict.fromkeys(self._believed(reader, step)))
        hurt = tuple(m for m in group.members if m in struck)
        return UnmaskedGroup(
            name=group.name,
            needs=group.needs,
            members=group.members,
            struck=hurt,
            faults=tuple(dict.fromkeys(model.commands[run.steps[i]].name for i in self._faults)),
            untouched=untouched,
            passed_by=tuple(passed),
            believed=tuple(believed),
            why=self._why(hurt, untouched, tuple(passed), tuple(believed)),
        )

    def _readers(self, step: int) -> list[NamedValue]:
        """Values outside the group that this fault changed, and that look at a value of a member that it changed."""
        changed = [n for n in self._names.derived if self._changed(n, step)]
        inside = {n.name for n in changed if _member(self._group, n.component) is not None}
        result: list[NamedValue] = []
        for named in changed:
            if named.name in inside:  # the same value may have a name outside, too
                assert named.derived is not None, "a derived value"
                twins = self._names.twins(named.derived.value)
                outside = {t.component: t for t in reversed(twins) if _member(self._group, t.component) is None}
                result.extend(reversed(outside.values()))
            if _member(self._group, named.component) is not None or named.derived is None:
                continue
            parts = self._names.made_of(named.derived.value, component=named.component)
            if any(p.name in inside or self._is_written(p, step) for p in parts):
                result.append(named)
        return result

    def _is_written(self, part: NamedValue, step: int) -> bool:
        if part.variable is None or _member(self._group, part.component) is None:
            return False
        return self._run.states[step][part.variable] != self._run.states[step + 1][part.variable]

    def _believed(self, reader: NamedValue, step: int) -> list[str]:
        """What `reader` still goes by: values of a struck member that it rests on and that the fault did not change."""
        member = _member(self._group, _component(self._model, self._run, step))
        after = self._evaluator(step + 1)
        believed: list[str] = []
        seen: set[str] = set()
        pending = [reader]
        while pending:
            value = pending.pop()
            if value.name in seen or value.derived is None:
                continue
            seen.add(value.name)
            twins = self._names.twins(value.derived.value)
            claim = next((t for t in twins if _member(self._group, t.component) == member), None)
            if claim is not None:
                if not self._changed(claim, step):
                    believed.append(f"{claim.name} ({self._text(claim, after)})")
                continue
            parts = self._names.made_of(value.derived.value, after, value.component)
            pending.extend(p for p in parts if _member(self._group, p.component) in (None, member))
        return believed

    def _changed(self, named: NamedValue, step: int) -> bool:
        assert named.derived is not None, "asked about derived values"
        return self._value(named, step) != self._value(named, step + 1)

    def _value(self, named: NamedValue, state: int) -> int | None:
        assert named.derived is not None, "asked about derived values"
        try:
            return self._evaluator(state).value(named.derived.value)
        except EvaluationError:
            return None

    def _evaluator(self, state: int) -> Evaluator:
        if state not in self._evaluators:
            self._evaluators[state] = Evaluator(self._model, self._run.states[state])
        return self._evaluators[state]

    def _text(self, named: NamedValue, evaluator: Evaluator) -> str:
        derived = named.derived
        assert derived is not None, "asked about derived values"
        return value_text(derived.kind, derived.labels, derived.low, evaluator.value(derived.value))

    def _why(
        self, struck: tuple[str, ...], untouched: tuple[str, ...], passed: tuple[str, ...], believed: tuple[str, ...]
    ) -> str:
        group = self._group
        if not struck:
            return "no fault struck a member: there was no loss to mask"
        left = f"{_listed(untouched)} {'is' if len(untouched) == 1 else 'are'} untouched"
        if len(untouched) < group.needs:
            count = f"{len(untouched)} of {len(group.members)} members" if untouched else "no member"
            left = f"{count} {'are' if len(untouched) > 1 else 'is'} left untouched, {group.needs} needed"
            if not believed:
                return left
        if believed:
            verb = "goes" if len(passed) == 1 else "go"
            return f"{left}, but {_listed(passed)} still {verb} by {_listed(believed)}"
        if passed:
            return f"{left}, but {_listed(passed)} {'rests' if len(passed) == 1 else 'rest'} on {_listed(struck)}"
        return f"{left}, but what follows rests on {_listed(struck)}"


def _listed(names: tuple[str, ...]) -> str:
    shown = [*names[:LISTED_MAX], *([f"{len(names) - LISTED_MAX} more"] if len(names) > LISTED_MAX else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""
