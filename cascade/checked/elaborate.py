"""Syntax tree → checked model.

`elaborate` resolves names, checks types and units, instantiates components under a set of applied fixes, and reports what is wrong.
Afterwards nothing is unresolved; what only a run can show (a value outside a domain, a division by zero, a timelock) may still be wrong.
"""

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cascade.checked import lints, messages
from cascade.checked.checks import NOTHING_OPEN, CheckBuilder, LeftOpen, overrides_of, validate_settings
from cascade.checked.commands import CommandBuilder, PlacedCommand
from cascade.checked.construct import EVALUATIONS_MAX, INSTANCES_MAX, Constructor
from cascade.checked.describe import describe
from cascade.checked.domains import Domain, value_text
from cascade.checked.evaluate import NESTED_EXPRESSIONS_MAX
from cascade.checked.instances import (
    UNKNOWN,
    GroupEntity,
    Instance,
    LetEntity,
    OutageEntity,
    Scalar,
    Scope,
    UndecidedError,
    Value,
    Work,
)
from cascade.checked.instances import Group as GroupOfInstances
from cascade.checked.links import Links
from cascade.checked.model import (
    DURATION,
    PERCENT,
    Check,
    Component,
    Derived,
    Fix,
    Group,
    OpenParam,
    Outage,
    System,
    Waiver,
)
from cascade.checked.waivers import WaiverBuilder
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import Span
from cascade.syntax import tree
from cascade.syntax.imports import Loaded

CASES_MAX = 1_000
"""Models that the values of open params may make of one spec."""

COMMANDS_MAX = 200_000
"""Commands of one system; `for` over large groups multiplies them."""

_RECURSION_LIMIT = 100_000
"""Enough for `NESTED_EXPRESSIONS_MAX` expressions inside each other; evaluation recurses in Python only, not in C."""


def fixes_in_effect(names: Iterable[str]) -> tuple[str, ...]:
    """Each fix once, where it is named last: of several that set one param, the one named last counts."""
    return tuple(reversed(dict.fromkeys(reversed(tuple(names)))))


def elaborate(
    loaded: Loaded,
    diagnostics: Diagnostics,
    fix_names: tuple[str, ...] = (),
    settings: tuple[tree.Setting, ...] = (),
) -> System | None:
    """The checked model of the system in `loaded.main` with the fixes `fix_names` applied, then `settings` (a later one wins).

    None if the file has no system (its types are looked at all the same) or if there are errors. Where open params shape the model, it is that of their first
    values.
    """
    return next(_cases(loaded, diagnostics, fix_names, settings))


def elaborate_cases(
    loaded: Loaded,
    diagnostics: Diagnostics,
    fix_names: tuple[str, ...] = (),
    settings: tuple[tree.Setting, ...] = (),
) -> tuple[System, ...] | None:
    """The same for all values of the open params that shape the model; one system, if there are none. None if one of them has errors."""
    found = []
    for system in _cases(loaded, diagnostics, fix_names, settings):
        if system is None:
            return None
        found.append(system)
    return tuple(found)


def refuse_open(system: System, what: str, diagnostics: Diagnostics) -> bool:
    """Whether `what` cannot be done because open params make several models of the spec; says so."""
    shaping = [param for param in system.open_params if param.chosen]
    for param in shaping:
        diagnostics.add(messages.open_param(param.span, param.name, param.values, what))
    return bool(shaping)


def elaborate_open(
    loaded: Loaded, fix_names: tuple[str, ...], settings: tuple[tree.Setting, ...], left_open: LeftOpen
) -> System | str | None:
    """The checked model of all variants that `left_open` makes; the name of what cannot be left open, because it shapes the model; None if there are errors."""
    elaboration = _Elaboration(loaded, Diagnostics(), fix_names, settings, {}, left_open)
    try:
        return _with_room(elaboration)
    except UndecidedError as undecided:
        return undecided.names[0]


def _cases(
    loaded: Loaded, diagnostics: Diagnostics, fix_names: tuple[str, ...], settings: tuple[tree.Setting, ...]
) -> Iterator[System | None]:
    """Elaborate with every open param as a variable; where one turns out to shape the model, start again with each of its values."""
    waiting: list[dict[str, int]] = [{}]
    known = 1
    is_first = True
    while waiting:
        chosen = waiting.pop()
        elaboration = _Elaboration(loaded, Diagnostics(), fix_names, settings, chosen)
        try:
            system = _with_room(elaboration)
        except UndecidedError as undecided:
            name = undecided.names[0]
            domain = elaboration.open_domains[name]
            known += len(domain.values) - 1
            if known > CASES_MAX:
                diagnostics.add(messages.too_many_values(domain.span, name, "different models", CASES_MAX))
                yield None
                return
            waiting.extend({**chosen, name: value} for value in reversed(domain.values))
            continue
        elaboration.report(diagnostics, is_first=is_first)
        is_first = False
        yield system
        if system is None:
            return


def _with_room(elaboration: "_Elaboration") -> System | None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        return elaboration.run()
    except RecursionError:  # functions of very many arguments nest deeper than the bounds on expressions tell
        elaboration.note_depth()
        return None
    finally:
        sys.setrecursionlimit(limit)


class _Elaboration:
    def __init__(
        self,
        loaded: Loaded,
        diagnostics: Diagnostics,
        fix_names: tuple[str, ...],
        settings: tuple[tree.Setting, ...],
        chosen: dict[str, int],
        left_open: LeftOpen = NOTHING_OPEN,
    ) -> None:
        self._left_open = left_open
        self.open_domains: dict[str, Domain] = {}
        self._chosen = chosen
        self._loaded = loaded
        self._diagnostics = diagnostics
        self._fix_names = fixes_in_effect(fix_names)
        self._settings = settings
        self._types_used: set[str] = set()
        self._work = Work(evaluations_max=EVALUATIONS_MAX, instances_left=INSTANCES_MAX)
        self._types = {file.source.name: file.types for file in loaded.files}

    def run(self) -> System | None:
        systems = self._loaded.main.tree.systems
        for extra in systems[1:]:
            self._diagnostics.add(messages.more_systems(systems[0].name.span, extra.name.span))
        lints.lint_names(self._loaded.main.tree, self._diagnostics)
        system = self._system(systems[0]) if systems else None
        self._look_at_unused(set() if system is None else self._types_used)
        return None if self._diagnostics.errors else system

    def note_depth(self) -> None:
        """Report that expressions nest deeper than can be followed."""
        start = self._loaded.main.tree.span.start
        place = Span(self._loaded.main.source, start, start)
        self._diagnostics.add(messages.too_deep(place, NESTED_EXPRESSIONS_MAX, "expressions"))

    def report(self, diagnostics: Diagnostics, *, is_first: bool) -> None:
        """Pass on what was found; errors with the values of open params, warnings for the first ones only."""
        where = ", ".join(f"{p.name} = {p.chosen}" for p in self._open_params() if p.chosen)
        for diagnostic in self._diagnostics.items:
            if diagnostic.severity is not Severity.ERROR:
                if is_first:
                    diagnostics.add(diagnostic)
            elif where:
                note = (
                    f"{diagnostic.note}; this is so where {where}" if diagnostic.note else f"this is so where {where}"
                )
                diagnostics.add(replace(diagnostic, note=note))
            else:
                diagnostics.add(diagnostic)

    def _open_params(self) -> tuple[OpenParam, ...]:
        return tuple(
            OpenParam(
                name=name,
                values=domain.text(),
                value_count=len(domain.values),
                chosen=value_text(domain.type, self._chosen[name]) if name in self._chosen else "",
                span=domain.span,
            )
            for name, domain in self.open_domains.items()
        )

    def _types_of(self, span: Span) -> dict[str, tree.Component]:
        return self._types[span.source.name]

    def _system(self, node: tree.System) -> System | None:
        fixes = tuple(s for s in node.body if isinstance(s, tree.Fix))
        check_nodes = tuple(s for s in node.body if isinstance(s, tree.Check))
        self._report_duplicates(fixes)
        self._report_duplicates(check_nodes)
        links = Links(self._diagnostics)
        overrides = overrides_of(fixes, self._fix_names, self._settings, self._left_open)
        constructor = Constructor(
            self._types_of, self._diagnostics, overrides, links.reaches, self._work, chosen=self._chosen
        )
        self.open_domains = constructor.open_domains
        root = constructor.make_root(node)
        instances = list(constructor.walk(root))
        self._types_used = constructor.types_used
        if self._work.instances_left < 0:
            return None  # too large, which was reported
        self._allocate(constructor, instances)
        links.collect(constructor, instances)
        links.find_cuts(root, check_nodes)
        self._report_misplaced(instances, is_system=True)
        builder = CommandBuilder(constructor)
        placed = self._commands(builder, instances)
        placed.extend(links.cut_commands(builder))
        derived = self._derived(constructor, instances)
        self._look_at_needs(constructor, instances)
        outages = self._outages(constructor, root)
        checks = CheckBuilder(constructor, root, placed)
        check_names = frozenset(check.name.text for check in check_nodes)
        names = frozenset(fix.name.text for fix in fixes)
        checked = [checks.check(check, names) for check in check_nodes]
        groups = self._groups(constructor, instances)
        waivers = self._waivers(node, WaiverBuilder(checks, check_names, outages, groups, self._diagnostics))
        # Another fix may set what is not there under the applied ones (a member of a group that they shrink).
        is_plain = not self._fix_names and not self._settings
        shown = [s for fix in fixes if is_plain or fix.name.text in self._fix_names for s in fix.settings]
        validate_settings(constructor, root, instances, (*shown, *self._settings))
        known = tuple(check for check in checked if check is not None)
        assert len(known) == len(check_nodes) or self._diagnostics.errors, "a check without a value has an error"
        is_timed = any(p.command.timing is not None for p in placed)
        tick_ms = self._tick(constructor, root, placed, known)
        lints.lint_rounding(placed, check_nodes, checked, tick_ms, self._diagnostics)
        return System(
            name=node.name.text,
            text=node.text,
            file_name=self._loaded.main.source.name,
            applied_fixes=self._fix_names,
            tick_ms=tick_ms,
            is_timed=is_timed,
            builder=constructor.builder,
            variables=tuple(constructor.variables),
            commands=tuple(p.command for p in placed),
            components=tuple(_component(i) for i in instances),
            groups=groups,
            links=links.outline(),
            derived=derived,
            outages=outages,
            fixes=tuple(_fix(fix) for fix in fixes),
            checks=known,
            open_params=self._open_params(),
            waivers=waivers,
            span=node.name.span,
        )

    def _waivers(self, node: tree.System, builder: WaiverBuilder) -> tuple[Waiver, ...]:
        made = (builder.waiver(statement) for statement in node.body if isinstance(statement, tree.Waiver))
        return tuple(waiver for waiver in made if waiver is not None)

    # --- passes over the instances ---

    def _allocate(self, constructor: Constructor, instances: list[Instance]) -> None:
        """Give every variable its index and every port and parameter its value, in order of declaration."""
        for instance in instances:
            for entity in instance.entities.values():
                if not isinstance(entity, LetEntity | OutageEntity | GroupEntity):
                    constructor.evaluator.entity_value(instance, entity, entity.declaration.span)

    def _commands(self, builder: CommandBuilder, instances: list[Instance]) -> list[PlacedCommand]:
        result: list[PlacedCommand] = []
        for instance in instances:
            result.extend(builder.commands_of(instance))
            if len(result) > COMMANDS_MAX:
                self._diagnostics.add(messages.too_large(instance.declaration.name.span, "commands", COMMANDS_MAX))
                break
        return result

    def _derived(self, constructor: Constructor, instances: list[Instance]) -> tuple[Derived, ...]:
        """All `let`s without parameters; functions that nothing calls are looked at with unknown arguments."""
        result: list[Derived] = []
        for instance in instances:
            for name, entity in instance.entities.items():
                if not isinstance(entity, LetEntity):
                    continue
                declaration = entity.declaration
                if declaration.parameters is not None:
                    if not entity.values:
                        self._uncalled(constructor, instance, declaration)
                    continue
                value = constructor.evaluator.entity_value(instance, entity, declaration.name.span)
                if isinstance(value, Scalar) and value.type not in (DURATION, PERCENT):
                    path = instance.child_path(name)
                    result.append(
                        Derived(
                            name=path, component=instance.path, type=value.type, value=value.expr, span=declaration.span
                        )
                    )
        return tuple(result)

    def _uncalled(self, constructor: Constructor, instance: Instance, declaration: tree.Let) -> None:
        unknown: dict[str, Value] = {p.text: UNKNOWN for p in declaration.parameters or ()}
        evaluator, scope = constructor.evaluator, Scope(instance, unknown)
        name = declaration.name
        evaluator.guarded(instance, name.text, name.span, lambda: evaluator.value(declaration.value, scope))

    def _look_at_needs(self, constructor: Constructor, instances: list[Instance]) -> None:
        """What is needed is a component or a group, also where a `serving` of its own makes no use of it."""
        for instance in instances:
            for statement in instance.statements:
                for target in statement.targets if isinstance(statement, tree.Needs) else ():
                    value = constructor.evaluator.value(target, Scope(instance))
                    if isinstance(value, Scalar):
                        found = describe(value)
                        self._diagnostics.add(messages.wrong_type(target.span, "a component or a group", found))

    def _outages(self, constructor: Constructor, root: Instance) -> tuple[Outage, ...]:
        result: list[Outage] = []
        for name, entity in root.entities.items():
            if isinstance(entity, OutageEntity):
                value = constructor.evaluator.entity_value(root, entity, entity.declaration.span)
                if isinstance(value, Scalar):
                    node = entity.declaration
                    result.append(Outage(name=name, text=node.text, condition=value.expr, span=node.name.span))
        return tuple(result)

    def _groups(self, constructor: Constructor, instances: list[Instance]) -> tuple[Group, ...]:
        result: list[Group] = []
        for instance in instances:
            for entity in instance.entities.values():
                if not isinstance(entity, GroupEntity) or not isinstance(entity.value, GroupOfInstances):
                    continue
                group = entity.value
                serving = constructor.evaluator.serving(group, entity.declaration.span)
                if serving is None:
                    continue
                result.append(
                    Group(
                        name=group.name,
                        members=tuple(m.path for m in group.members),
                        needs=group.needs,
                        serving=serving,
                        span=entity.declaration.name.span,
                    )
                )
        return tuple(result)

    def _look_at_unused(self, used: set[str]) -> None:
        """Look at the types of the main file that nothing uses; first at those that no other type contains, which shows the others."""
        declared = self._loaded.main.tree.components
        contained = {s.type_name.text for d in declared for s in d.body if isinstance(s, tree.Part | tree.Redundant)}
        for declaration in sorted(declared, key=lambda d: d.name.text in contained):
            if declaration.name.text not in used and self._work.instances_left >= 0:
                used |= self._phantom(declaration)

    def _phantom(self, declaration: tree.Component) -> set[str]:
        """Look at a type by itself, with unknown ports, so that its errors show too; gives the types that were seen with it."""
        links = Links(self._diagnostics)
        constructor = Constructor(self._types_of, self._diagnostics, (), links.reaches, self._work, is_phantom=True)
        root = constructor.make_root(declaration)
        instances = list(constructor.walk(root))
        self._allocate(constructor, instances)
        links.collect(constructor, instances)
        links.find_cuts(root, ())
        self._report_misplaced(instances, is_system=False)
        self._commands(CommandBuilder(constructor), instances)
        self._derived(constructor, instances)
        self._look_at_needs(constructor, instances)
        return constructor.types_used

    # --- what is reported here ---

    def _report_duplicates(self, nodes: Iterable[tree.Fix | tree.Check]) -> None:
        seen: dict[str, Span] = {}
        for node in nodes:
            if node.name.text in seen:
                self._diagnostics.add(messages.declared_twice(node.name.text, seen[node.name.text], node.name.span))
            seen.setdefault(node.name.text, node.name.span)

    def _report_misplaced(self, instances: list[Instance], *, is_system: bool) -> None:
        for number, instance in enumerate(instances):
            if number == 0 and is_system:
                continue
            for statement in instance.statements:
                if isinstance(statement, tree.Tick | tree.Outage | tree.Fix | tree.Check | tree.Waiver):
                    word = "waive" if isinstance(statement, tree.Waiver) else type(statement).__name__.lower()
                    rule = "ticks, outages, fixes, checks and waivers belong to the system"
                    self._diagnostics.add(messages.wrong_place(statement.span, f"`{word}`", rule))

    def _tick(
        self, constructor: Constructor, root: Instance, placed: list[PlacedCommand], checks: tuple[Check, ...]
    ) -> int:
        nodes = [s for s in root.statements if isinstance(s, tree.Tick)]
        for extra in nodes[1:]:
            self._diagnostics.add(messages.declared_twice("tick", nodes[0].span, extra.span))
        if nodes:
            value = constructor.evaluator.constant(nodes[0].duration, Scope(root), DURATION, "the tick")
            if value is not None and value <= 0:
                self._diagnostics.add(messages.impossible_timing(nodes[0].span, "a tick is longer than nothing"))
            return max(1, value or 1)
        durations = [c.formula.duration_ms or 0 for c in checks]
        for command in (p.command for p in placed):
            if command.timing is not None:
                durations.extend((command.timing.earliest_ms, command.timing.latest_ms or 0))
        return math.gcd(*durations) or 1


def _component(instance: Instance) -> Component:
    return Component(
        name=instance.path,
        type_name=instance.type_name if instance.lexical is None else "",
        text=instance.declaration.text,
        parent=None if instance.owner is None else instance.owner.path,
        span=instance.declaration.name.span,
    )


def _fix(node: tree.Fix) -> Fix:
    settings = tuple(" ".join(setting.span.text.split()) for setting in node.settings)
    return Fix(name=node.name.text, text=node.text, cost=node.cost, settings=settings, span=node.name.span)
