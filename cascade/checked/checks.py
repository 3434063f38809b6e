"""Checks and fixes: formulas, clauses, and which commands a clause names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from cascade.checked import messages
from cascade.checked.commands import PlacedCommand
from cascade.checked.construct import Constructor, Override, Rigid, path_matches
from cascade.checked.evaluate import SUGGESTIONS_MAX
from cascade.checked.instances import Instance, Parameter, Scalar, Scope, Step
from cascade.checked.model import DURATION, INT, Check, Class, Formula, FormulaKind, Limit
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree

_CLASS_NAMES = {
    "faults": Class.FAULT,
    "repairs": Class.REPAIR,
    "reactions": Class.REACTION,
    "operators": Class.OPERATOR,
    "events": Class.EVENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOpen:
    """What one elaboration leaves open, to be one model of many variants.

    Each of `fixes`, which are applied, gets a variable that says whether it counts; each setting of a whole number in `ranges`, by its path, one that has the value.
    """

    fixes: frozenset[str] = frozenset()
    ranges: Mapping[str, range] = field(default_factory=dict)

    @staticmethod
    def switch_name(fix: str) -> str:
        """The variable that says whether a fix counts; no path of a spec has a space."""
        return f"fix {fix}"


NOTHING_OPEN = LeftOpen()


def steps_of(expr: tree.Expr) -> tuple[Step, ...] | None:
    """The steps of a path such as `tor[1].dead`; None if `expr` is no path."""
    match expr:
        case tree.Name():
            return (Step(expr.text),)
        case tree.Attribute():
            base = steps_of(expr.base)
            return None if base is None else (*base, Step(expr.name.text))
        case tree.Index(index=tree.Integer(value=number)):
            base = steps_of(expr.base)
            if base is None or base[-1].index is not None:
                return None
            return (*base[:-1], Step(base[-1].name, number))
        case _:
            return None


class CheckBuilder:
    """Makes checks out of their syntax. `commands` are all commands of the system, in order."""

    def __init__(self, constructor: Constructor, root: Instance, commands: list[PlacedCommand]) -> None:
        self._constructor = constructor
        self._diagnostics = constructor.diagnostics
        self._scope = Scope(root)
        self._commands = commands
        self._known_paths: dict[str, set[int]] | None = None

    # --- formulas ---

    def check(self, node: tree.Check, fix_names: frozenset[str]) -> Check | None:
        """The checked form of `node`; None if its formula has an error."""
        formula = self._formula(node.formula)
        is_liveness = isinstance(node.formula, tree.CanLeadTo) or (
            isinstance(node.formula, tree.LeadsTo) and node.formula.within is None
        )
        budgets: list[Limit] = []
        limits: list[Limit] = []
        excluded: set[int] = {
            i for i, placed in enumerate(self._commands) if not placed.command.exists_in(node.name.text)
        }
        allowed: set[int] | None = None
        stopped: set[int] = set()
        acting: set[int] = set()
        fixes: list[str] = []
        redundancy = False
        for clause in node.clauses:
            match clause:
                case tree.Budget():
                    self._add_limit(clause.count, self._budget_commands(clause), budgets)
                case tree.Only():
                    allowed = (allowed or set()) | self._select(clause.selectors, "fault", is_fault)
                case tree.WhileRedundancyHolds():
                    redundancy = True
                case tree.Without():
                    excluded |= self._select(clause.selectors, "command")
                case tree.CountLimit():
                    self._add_limit(clause.count, self._select(clause.selectors, "command"), limits)
                case tree.OnceStop():
                    if not is_liveness:
                        rule = "`once ... stop` is for `leads to` (without `within`) and `can lead to`"
                        self._diagnostics.add(messages.clause_does_not_fit(clause.span, clause.span.text, rule))
                    stopped |= self._select(clause.selectors, "command")
                case tree.IfAct():
                    acting |= self._select(clause.selectors, "operator action or event", _can_act)
                case tree.WithFix():
                    fixes.extend(self._fixes(clause, fix_names))
                case tree.LinkCanCut():
                    pass  # the commands exist already, see `Links.cut_commands`
        if allowed is not None:
            excluded |= {i for i, p in enumerate(self._commands) if is_fault(p) and i not in allowed}
        if formula is None:
            return None
        return Check(
            name=node.name.text,
            text=node.text,
            source=_source(node),
            formula=formula,
            budgets=tuple(budgets),
            limits=tuple(limits),
            excluded=frozenset(excluded),
            while_redundancy_holds=redundancy,
            stopped=frozenset(stopped),
            acting=frozenset(acting),
            fixes=tuple(fixes),
            expect_violated=node.expect == "violated",
            span=node.name.span,
        )

    def _formula(self, node: tree.Formula) -> Formula | None:
        match node:
            case tree.Never():
                return self._conditions(FormulaKind.NEVER, (node.condition,))
            case tree.Always():
                return self._conditions(FormulaKind.ALWAYS, (node.condition,))
            case tree.Possible():
                return self._conditions(FormulaKind.POSSIBLE, node.conditions)
            case tree.LeadsTo(within=None):
                return self._conditions(FormulaKind.LEADS_TO, (node.trigger, node.goal))
            case tree.LeadsTo():
                return self._conditions(FormulaKind.LEADS_TO_WITHIN, (node.trigger, node.goal), node.within)
            case tree.CanLeadTo():
                return self._conditions(FormulaKind.CAN_LEAD_TO, (node.trigger, node.goal))
            case tree.LastsAtMost():
                return self._conditions(FormulaKind.LASTS_AT_MOST, (node.condition,), node.longest)

    def _conditions(
        self, kind: FormulaKind, nodes: tuple[tree.Expr, ...], duration: tree.Expr | None = None
    ) -> Formula | None:
        conditions = [self._constructor.evaluator.boolean(node, self._scope) for node in nodes]
        duration_ms = None
        if duration is not None:
            duration_ms = self._constructor.evaluator.constant(duration, self._scope, DURATION, "a time")
            if duration_ms is None:
                return None
            if duration_ms < 0:
                self._diagnostics.add(messages.impossible_timing(duration.span, "it is negative"))
        known = [c for c in conditions if c is not None]
        if len(known) < len(conditions):
            return None
        return Formula(kind=kind, conditions=tuple(known), duration_ms=duration_ms)

    # --- clauses ---

    def _add_limit(self, count: tree.Expr, commands: set[int], into: list[Limit]) -> None:
        number = self._constructor.evaluator.constant(count, self._scope, INT, "a number of times")
        if number is None:
            return
        if number < 0:
            self._diagnostics.add(messages.outside_domain(count.span, str(number), "the numbers from 0", count.span))
            return
        into.append(Limit(count=number, commands=frozenset(commands)))

    def _budget_commands(self, clause: tree.Budget) -> set[int]:
        if clause.scope is None:
            return {i for i, p in enumerate(self._commands) if is_fault(p)}
        return self._select((clause.scope,), "fault", is_fault)

    def _select(
        self,
        selectors: tuple[tree.Expr, ...],
        what: str,
        admits: Callable[[PlacedCommand], bool] = lambda _: True,
        others: Iterable[str] = (),
    ) -> set[int]:
        found: set[int] = set()
        for selector in selectors:
            named, is_class = self._named(selector)
            chosen = {i for i in named if admits(self._commands[i])}
            if not chosen and not is_class:
                known = [*others, *self._candidates(admits)]
                self._diagnostics.add(messages.names_no_command(selector.span, selector.span.text, what, known))
            found |= chosen
        return found

    def select_names(
        self,
        selectors: tuple[tree.Expr, ...],
        what: str,
        admits: Callable[[PlacedCommand], bool],
        others: Iterable[str],
    ) -> frozenset[str]:
        """Names of the commands that `selectors` name; one that names none is reported, with `others` that it could have been."""
        found = self._select(selectors, what, admits, others)
        return frozenset(self._commands[i].command.name for i in found)

    def _named(self, selector: tree.Expr) -> tuple[set[int], bool]:
        """Commands that a selector names, and whether it is the name of a class (which may be empty)."""
        steps = steps_of(selector)
        if steps is None:
            return set(), False
        word = steps[0].name if len(steps) == 1 and steps[0].index is None else ""
        if word in _CLASS_NAMES:
            wanted = _CLASS_NAMES[word]
            return {i for i, p in enumerate(self._commands) if p.command.command_class is wanted}, True
        by_path = self._by_path().get(".".join(step.text() for step in steps), set())
        if not by_path:  # some groups with an index and some without
            names = self._by_path().get(".".join(step.name for step in steps), ())
            by_path = {i for i in names if path_matches(steps, self._commands[i].steps)}
        if by_path or not word:
            return by_path, False
        return {i for i, p in enumerate(self._commands) if p.command.kind == word}, False

    def _by_path(self) -> dict[str, set[int]]:
        """Commands by each beginning of their paths, with all indices and with none."""
        if self._known_paths is None:
            self._known_paths = {}
            for i, placed in enumerate(self._commands):
                path = names = ""
                for step in placed.steps:
                    path, names = f"{path}.{step.text()}", f"{names}.{step.name}"
                    for key in (path[1:], names[1:]):
                        self._known_paths.setdefault(key, set()).add(i)
        return self._known_paths

    def _candidates(self, admits: Callable[[PlacedCommand], bool]) -> list[str]:
        names: set[str] = set(_CLASS_NAMES)
        if len(self._diagnostics.items) >= SUGGESTIONS_MAX:
            return []
        for placed in self._commands:
            if admits(placed):
                names.add(placed.command.name)
                if placed.command.kind:
                    names.add(placed.command.kind)
                for length in range(1, len(placed.steps)):
                    names.add(".".join(s.text() for s in placed.steps[:length]))
                    names.add(".".join(s.name for s in placed.steps[:length]))
        return sorted(names)

    def _fixes(self, clause: tree.WithFix, fix_names: frozenset[str]) -> list[str]:
        for name in clause.names:
            if name.text not in fix_names:
                self._diagnostics.add(messages.unknown_fix(name.span, name.text, fix_names))
        return [name.text for name in clause.names if name.text in fix_names]


def is_fault(placed: PlacedCommand) -> bool:
    """Whether it is a fault."""
    return placed.command.command_class is Class.FAULT


def _can_act(placed: PlacedCommand) -> bool:
    return placed.command.command_class in (Class.OPERATOR, Class.EVENT)


def _source(node: tree.Check) -> str:
    """The formula and the clauses as the spec writes them, on one line; what is expected is left out."""
    parts = [node.formula.span.text, *(clause.span.text for clause in node.clauses)]
    lines = (line.split("#", 1)[0] for part in parts for line in part.splitlines())
    return " ".join(" ".join(lines).split())


def overrides_of(
    fixes: tuple[tree.Fix, ...],
    names: tuple[str, ...],
    settings: tuple[tree.Setting, ...] = (),
    left_open: LeftOpen = NOTHING_OPEN,
) -> tuple[Override, ...]:
    """The settings of the fixes called `names`, in the order of the names, then `settings`: a later one wins."""
    by_name = {fix.name.text: fix for fix in fixes}
    given: list[tuple[tree.Setting, Rigid | None]] = []
    for name in names:
        switch = Rigid(left_open.switch_name(name), range(2), is_switch=True) if name in left_open.fixes else None
        given.extend((setting, switch) for setting in (by_name[name].settings if name in by_name else ()))
    for setting in settings:
        path = setting.path.span.text
        values = left_open.ranges.get(path)
        given.append((setting, None if values is None else Rigid(path, values, is_switch=False)))
    result: list[Override] = []
    for setting, rigid in given:
        steps = steps_of(setting.path)
        if steps is not None:
            result.append(Override(steps, setting, rigid))
    return tuple(result)


def validate_settings(
    constructor: Constructor, root: Instance, instances: list[Instance], settings: Iterable[tree.Setting]
) -> None:
    """Report settings of params that do not exist, or with values of another type."""
    parameters: list[tuple[tuple[Step, ...], Instance, Parameter]] = []
    for instance in instances:
        for name, entity in instance.entities.items():
            if isinstance(entity, Parameter):
                parameters.append(((*instance.steps, Step(name)), instance, entity))
    for setting in settings:
        steps = steps_of(setting.path)
        found = [p for p in parameters if steps is not None and len(p[0]) == len(steps) and path_matches(steps, p[0])]
        if not found:
            known = {".".join(s.name for s in path) for path, _, _ in parameters}
            constructor.diagnostics.add(messages.fix_of_no_param(setting.path.span, setting.path.span.text, known))
            continue
        _validate_value(constructor, root, setting, found[0][1], found[0][2])


def _validate_value(
    constructor: Constructor, root: Instance, setting: tree.Setting, instance: Instance, entity: Parameter
) -> None:
    span: Span = setting.value.span
    current = constructor.evaluator.entity_value(instance, entity, span)
    wanted = current.type if isinstance(current, Scalar) else None
    value = constructor.evaluator.value(setting.value, Scope(root), wanted)
    if not isinstance(value, Scalar):
        return
    evaluator = constructor.evaluator
    if not evaluator.open_names(value.expr) and evaluator.constant_value(value.expr, span, "a param") is None:
        return
    if isinstance(current, Scalar) and current.type != value.type:
        constructor.diagnostics.add(messages.wrong_type(span, current.type.describe(), value.type.describe()))
