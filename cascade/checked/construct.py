"""Builds the tree of instances, and answers what parameters, ports, groups and states of an instance are.

Everything is found on first use, so declarations may stand in any order and the number of members of a group may depend on parameters.
"""

from collections.abc import Callable, Iterator, Mapping

from cascade.checked import messages
from cascade.checked.defaults import with_defaults
from cascade.checked.describe import describe
from cascade.checked.domains import Domain, domain_of, value_text
from cascade.checked.evaluate import Evaluator
from cascade.checked.instances import (
    UNKNOWN,
    Binding,
    Child,
    Choice,
    Entity,
    Group,
    GroupEntity,
    Instance,
    LetEntity,
    OutageEntity,
    Parameter,
    PortEntity,
    Scalar,
    Scope,
    StateVariable,
    Step,
    UndecidedError,
    Unknown,
    Value,
    Work,
)
from cascade.checked.model import BOOL, DURATION, INT, PERCENT, Kind, ValueType, Variable
from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree

INSTANCES_MAX = 20_000
"""Components of one system; a product of nested groups beyond this is a mistake, or a fleet to be counted."""

EVALUATIONS_MAX = 600_000
"""Expressions that are evaluated for one system: a quantifier inside a quantifier over a large group is evaluated for each pair."""

NESTED_COMPONENTS_MAX = 200
"""Components inside components."""

DOMAIN_MAX = 1 << 31
"""Values of one variable."""

INITIAL_MAX = 1 << 16
"""Initial values of one variable (`= any`)."""

ANY_COMPONENT = "Component"
"""A port of this type takes a component of any type."""


@dataclass(frozen=True, slots=True)
class Rigid:
    """A variable that nothing ever changes and that decides about a setting: it is the value that is given, one of `values`, or (`is_switch`) says whether it is given."""

    name: str
    values: range
    is_switch: bool


@dataclass(frozen=True, slots=True)
class Override:
    """One setting of an applied fix: `steps` with index None match every member of a group. With `rigid` it is left open."""

    steps: tuple[Step, ...]
    setting: tree.Setting
    rigid: Rigid | None = None

    def matches(self, path: tuple[Step, ...]) -> bool:
        """Whether the setting is for the parameter at `path`."""
        return path_matches(self.steps, path) and len(self.steps) == len(path)


def path_matches(pattern: tuple[Step, ...], path: tuple[Step, ...]) -> bool:
    """Whether `pattern` is a prefix of `path`, where a step without index stands for every member."""
    if len(pattern) > len(path):
        return False
    return all(p.name == s.name and p.index in (None, s.index) for p, s in zip(pattern, path, strict=False))


class Constructor:
    """The instances of one system under given overrides. `is_phantom`: a type is looked at by itself, unbound ports are unknown.

    `chosen` gives values to open params, by their paths; the others become variables, or raise `UndecidedError` where they cannot.
    """

    def __init__(
        self,
        types_of: Callable[[Span], dict[str, tree.Component]],
        diagnostics: Diagnostics,
        overrides: tuple[Override, ...],
        reaches: Callable[[Instance, Instance, Span], Value],
        work: Work,
        *,
        is_phantom: bool = False,
        chosen: Mapping[str, int] | None = None,
    ) -> None:
        self.builder = ExpressionBuilder()
        self.diagnostics = diagnostics
        self.variables: list[Variable] = []
        self.types_used: set[str] = set()
        self._types_of = types_of
        self._overrides = overrides
        self._is_phantom = is_phantom
        self._chosen = chosen or {}
        self.open_domains: dict[str, Domain] = {}
        """The params that were left open, by their paths, as far as they were looked at."""
        self._work = work
        self._rigid_variables: dict[str, ExprId] = {}
        self._ranges: dict[tuple[int, int], tuple[int, ...]] = {}
        self._statements: dict[int, tuple[tree.Statement, ...]] = {}
        self.root: Instance | None = None
        self.evaluator = Evaluator(
            self.builder,
            diagnostics,
            parameter=self._parameter,
            port=self._port,
            group=self._group,
            state=self._state,
            reaches=reaches,
            work=work,
        )

    # --- instances ---

    def make_root(self, declaration: tree.Component | tree.System) -> Instance:
        """The system (or the type that is looked at by itself)."""
        is_system = isinstance(declaration, tree.System)
        self.root = Instance(
            steps=(),
            declaration=declaration,
            type_name=declaration.name.text,
            statements=with_defaults(declaration, is_system=is_system),
            owner=None,
            lexical=None,
            type_chain=() if is_system else (declaration.name.text,),
            populate=self._populate,
        )
        return self.root

    def walk(self, instance: Instance) -> Iterator[Instance]:
        """`instance` and all its parts, in order of declaration; forces everything to exist."""
        stack = [instance]
        while stack:
            current = stack.pop()
            yield current
            children: list[Instance] = []
            for entity in current.entities.values():
                if isinstance(entity, Child):
                    children.append(entity.instance)
                elif isinstance(entity, GroupEntity):
                    group = self._group(current, entity)
                    children.extend(group.members if isinstance(group, Group) else ())
            stack.extend(reversed(children))

    def _populate(self, instance: Instance) -> None:
        entities = instance._entities  # noqa: SLF001 - the constructor fills what the instance hands out
        seen: dict[str, Span] = {}
        for statement in instance.statements:
            entity = self._declare(instance, statement)
            if entity is None:
                continue
            name = entity.declaration.name
            if name.text in seen:
                self.diagnostics.add(messages.declared_twice(name.text, seen[name.text], name.span))
                continue
            seen[name.text] = name.span
            entities[name.text] = entity
        for key, binding in instance.bindings.items():
            if not isinstance(entities.get(key), Parameter | PortEntity):
                names = [n for n, e in entities.items() if isinstance(e, Parameter | PortEntity)]
                self.diagnostics.add(
                    messages.unknown_argument(binding.argument.name.span, key, instance.type_name, names)
                )

    def _declare(self, instance: Instance, statement: tree.Statement) -> Entity | None:
        match statement:
            case tree.Param():
                return Parameter(statement)
            case tree.State():
                return StateVariable(statement)
            case tree.Let():
                return LetEntity(statement)
            case tree.Port():
                return PortEntity(statement)
            case tree.Outage():
                return OutageEntity(statement)
            case tree.Redundant():
                return GroupEntity(statement)
            case tree.Component():
                child = self._instance(instance, statement, Step(statement.name.text), (), lexical=instance)
                return Child(statement, child)
            case tree.Part():
                declaration = self._type(statement.type_name)
                if declaration is None:
                    return None
                child = self._instance(instance, declaration, Step(statement.name.text), statement.args)
                return Child(statement, child)
            case tree.Tick() | tree.Needs() | tree.Link() | tree.Fix() | tree.Command() | tree.Check() | tree.Waiver():
                return None

    def _instance(
        self,
        owner: Instance,
        declaration: tree.Component,
        step: Step,
        args: tuple[tree.Argument, ...],
        *,
        lexical: Instance | None = None,
        group: Group | None = None,
    ) -> Instance:
        self._work.instances_left -= 1
        name = declaration.name.text
        statements = self._with_defaults(declaration)
        if lexical is None and name in owner.type_chain:
            chain = [*owner.type_chain[owner.type_chain.index(name) :], name]
            self.diagnostics.add(messages.contains_itself(owner.declaration.name.span, chain))
            statements = ()
        elif len(owner.steps) >= NESTED_COMPONENTS_MAX:
            self.diagnostics.add(messages.nested_components(declaration.name.span, NESTED_COMPONENTS_MAX))
            statements = ()
        if self._work.instances_left < 0:
            self.diagnostics.add(messages.too_large(declaration.name.span, "components", INSTANCES_MAX))
            statements = ()
        scope = Scope(owner)
        if step.index is not None:
            scope = scope.bind("index", Scalar(INT, self.builder.const(step.index)))
        if lexical is None:
            self.types_used.add(name)
        bindings: dict[str, Binding] = {}
        for argument in args:
            if argument.name.text in bindings:
                first = bindings[argument.name.text].argument.span
                self.diagnostics.add(messages.declared_twice(argument.name.text, first, argument.span))
            bindings[argument.name.text] = Binding(argument, scope)
        return Instance(
            steps=(*owner.steps, step),
            path=owner.child_path(step.text()),
            declaration=declaration,
            type_name=name,
            statements=statements,
            owner=owner,
            lexical=lexical,
            group=group,
            index=step.index,
            bindings=bindings,
            type_chain=owner.type_chain if lexical is not None else (*owner.type_chain, name),
            populate=self._populate,
        )

    def _with_defaults(self, declaration: tree.Component) -> tuple[tree.Statement, ...]:
        """The statements of a component and what is implied, made once for all instances."""
        key = id(declaration)
        if key not in self._statements:
            self._statements[key] = with_defaults(declaration, is_system=False)
        return self._statements[key]

    def _type(self, name: tree.Identifier) -> tree.Component | None:
        types = self._types_of(name.span)
        if name.text not in types:
            self.diagnostics.add(messages.unknown_type(name.span, name.text, types))
            return None
        return types[name.text]

    # --- what an entity is ---

    def _group(self, instance: Instance, entity: GroupEntity) -> Value:
        if entity.value is None:
            name, span = entity.declaration.name.text, entity.declaration.count.span
            entity.value = self.evaluator.guarded(instance, name, span, lambda: self._make_group(instance, entity))
        return entity.value

    def _make_group(self, instance: Instance, entity: GroupEntity) -> Value:
        declaration = entity.declaration
        name = instance.child_path(declaration.name.text)
        scope = Scope(instance)
        size = self.evaluator.constant(declaration.count, scope, INT, "the number of members")
        needs = self.evaluator.constant(declaration.needs, scope, INT, "`needs`")
        type_declaration = self._type(declaration.type_name)
        if size is None or needs is None or type_declaration is None:
            return UNKNOWN
        if size < 1:
            self.diagnostics.add(messages.empty_range(declaration.count.span, f"group `{declaration.name.text}`"))
            return UNKNOWN
        if size > self._work.instances_left:
            self.diagnostics.add(messages.too_large(declaration.span, "components", INSTANCES_MAX))
            return UNKNOWN
        if not 0 <= needs <= size:
            self.diagnostics.add(messages.needs_too_many(declaration.needs.span, declaration.name.text, size, needs))
            needs = max(0, min(needs, size))
        group = Group(name, declaration, [], needs)
        for index in range(1, size + 1):
            step = Step(declaration.name.text, index)
            group.members.append(self._instance(instance, type_declaration, step, declaration.args, group=group))
        return group

    def _parameter(self, instance: Instance, entity: Parameter) -> Value:
        if entity.value is None:
            name = entity.declaration.name
            entity.value = self.evaluator.guarded(
                instance, name.text, name.span, lambda: self._parameter_value(instance, entity)
            )
        return entity.value

    def _parameter_value(self, instance: Instance, entity: Parameter) -> Value:
        declaration = entity.declaration
        domain, is_known = self._domain(instance, declaration)
        if not is_known:
            return UNKNOWN
        wanted = None if domain is None else domain.type
        default: Value | None = None
        is_open = isinstance(declaration.value, tree.Any)
        if declaration.value is not None and not isinstance(declaration.value, tree.Any):
            default = self._constant(declaration.value, Scope(instance), wanted)
        value = default
        given: Span | None = None if declaration.value is None else declaration.value.span
        binding = instance.bindings.get(declaration.name.text)
        if binding is not None:
            given = binding.argument.value.span
            value = self._same_type(given, self._constant(binding.argument.value, binding.scope, wanted), default)
        for override in self._overrides:
            if override.matches((*instance.steps, Step(declaration.name.text))):
                assert self.root is not None, "fixes are read in the system"
                given = override.setting.value.span
                before, value = value, self._constant(override.setting.value, Scope(self.root), wanted)
                value = self._same_type(given, value, default)
                if override.rigid is not None:
                    value = self._left_open(override.rigid, value, before, declaration.name.span)
        if value is None and is_open and domain is not None:
            return self._open(instance, declaration, domain)
        if value is not None and domain is not None and given is not None:
            return self._within(value, domain, given)
        if value is None:
            if not self._is_phantom:
                place = self._instantiation_span(instance)
                self.diagnostics.add(
                    messages.param_without_value(place, declaration.name.text, instance.type_name, declaration.span)
                )
            return UNKNOWN
        return value

    def _domain(self, instance: Instance, declaration: tree.Param) -> tuple[Domain | None, bool]:
        """The declared values of a param, if it has any, and whether they are known."""
        if declaration.domain is not None:
            if isinstance(declaration.domain.type, tree.EnumType):
                self._distinct(declaration.domain.type.labels)
            domain = domain_of(declaration.domain, self.evaluator, Scope(instance))
            return domain, domain is not None
        if isinstance(declaration.value, tree.Any):
            self.diagnostics.add(messages.unknown_values(declaration.span, declaration.name.text))
            return None, False
        return None, True

    def _within(self, value: Value, domain: Domain, span: Span) -> Value:
        """`value` if it is one of the values that its param may have; what depends on other open params is looked at value by value where that is not plain."""
        if not isinstance(value, Scalar):
            return UNKNOWN
        if value.type != domain.type:
            self.diagnostics.add(messages.wrong_type(span, domain.type.describe(), value.type.describe()))
            return UNKNOWN
        if domain.low <= self.builder.low[value.expr] and self.builder.high[value.expr] <= domain.high:
            return value
        number = self.evaluator.constant_value(value.expr, span, "a param")
        if number is None:
            return UNKNOWN
        if not domain.contains(number):
            text = value_text(domain.type, number)
            self.diagnostics.add(messages.outside_domain(span, text, domain.text(), domain.span))
            return UNKNOWN
        return value

    def _open(self, instance: Instance, declaration: tree.Param, domain: Domain) -> Value:
        """A param that is left open: the value that was chosen for it, or a variable that never changes."""
        is_bool = domain.type.kind is Kind.BOOL
        if self._is_phantom:  # any value shows what is wrong with the type
            return Scalar(domain.type, self.builder.const(domain.low, is_bool=is_bool))
        name = instance.child_path(declaration.name.text)
        self.open_domains[name] = domain
        if name in self._chosen:
            return Scalar(domain.type, self.builder.const(self._chosen[name], is_bool=is_bool))
        if domain.type in (DURATION, PERCENT):
            raise UndecidedError((name,))
        if max(abs(domain.low), abs(domain.high)) >= DOMAIN_MAX or len(domain.values) > INITIAL_MAX:
            self.diagnostics.add(messages.too_many_values(domain.span, name, "initial states", INITIAL_MAX))
            return UNKNOWN
        self.evaluator.charge(len(domain.values), domain.span)
        return Scalar(domain.type, self._rigid(name, instance.path, domain.type, domain.values, declaration.name.span))

    def _rigid(self, name: str, component: str, type_: ValueType, values: range, span: Span) -> ExprId:
        """A variable of this name that takes one of these values and keeps it; made once."""
        if name not in self._rigid_variables:
            variable = len(self.variables)
            self.evaluator.rigid[variable] = name
            self.variables.append(
                Variable(
                    name=name,
                    component=component,
                    type=type_,
                    low=values[0],
                    high=values[-1],
                    initial=tuple(values),
                    is_param=True,
                    span=span,
                )
            )
            self._rigid_variables[name] = self.builder.variable(
                variable, low=values[0], high=values[-1], is_bool=type_ == BOOL
            )
        return self._rigid_variables[name]

    def _left_open(self, rigid: Rigid, value: Value, before: Value | None, span: Span) -> Value:
        """The value of a param whose setting is left open. Raises `UndecidedError` where it cannot be."""
        if not isinstance(value, Scalar) or value.type in (DURATION, PERCENT):
            raise UndecidedError((rigid.name,))
        if not rigid.is_switch:
            if value.type != INT:
                raise UndecidedError((rigid.name,))
            return Scalar(INT, self._rigid(rigid.name, "", INT, rigid.values, span))
        if not isinstance(before, Scalar) or before.type != value.type:
            raise UndecidedError((rigid.name,))
        switch = self._rigid(rigid.name, "", BOOL, rigid.values, span)
        return Scalar(value.type, self.builder.ite(switch, value.expr, before.expr))

    def _constant(self, expr: tree.Expr, scope: Scope, wanted: ValueType | None = None) -> Value:
        """A constant, or what open params make up; among the labels of `wanted`, if that is an enumeration."""
        value = self.evaluator.value(expr, scope, wanted)
        if isinstance(value, Scalar):
            if self.evaluator.open_names(value.expr):
                return value
            found = self.evaluator.constant_value(value.expr, expr.span, "a param")
            return UNKNOWN if found is None else value
        if not isinstance(value, Unknown):
            self.diagnostics.add(messages.wrong_type(expr.span, "a constant", describe(value)))
        return UNKNOWN

    def _same_type(self, span: Span, value: Value, default: Value | None) -> Value:
        """`value`, if its type is that of the default."""
        if isinstance(value, Scalar) and isinstance(default, Scalar) and value.type != default.type:
            self.diagnostics.add(messages.wrong_type(span, default.type.describe(), value.type.describe()))
            return UNKNOWN
        return value

    def _instantiation_span(self, instance: Instance) -> Span:
        if instance.group is not None:
            return instance.group.declaration.type_name.span
        if instance.owner is not None:
            entity = instance.owner.entities.get(instance.steps[-1].name)
            if isinstance(entity, Child) and isinstance(entity.declaration, tree.Part):
                return entity.declaration.type_name.span
        return instance.declaration.name.span

    def _port(self, instance: Instance, entity: PortEntity) -> Value:
        if entity.value is None:
            entity.value = self._port_value(instance, entity)
        return entity.value

    def _port_value(self, instance: Instance, entity: PortEntity) -> Value:
        port, types = entity.declaration, self._types_of(entity.declaration.type_name.span)
        wanted, name = port.type_name.text, port.name.text
        if wanted not in types and wanted != ANY_COMPONENT:
            self.diagnostics.add(messages.unknown_type(port.type_name.span, wanted, [*types, ANY_COMPONENT]))
            return UNKNOWN
        binding = instance.bindings.get(name)
        if binding is None:
            if not self._is_phantom:
                place = self._instantiation_span(instance)
                self.diagnostics.add(messages.unbound_port(place, name, instance.type_name, port.span))
            return UNKNOWN
        argument, scope = binding.argument, binding.scope
        value = self.evaluator.guarded(
            instance, name, argument.span, lambda: self.evaluator.value(argument.value, scope)
        )
        return self._checked_port(port, types.get(wanted), value, argument.value.span)

    def _checked_port(self, port: tree.Port, wanted: tree.Component | None, value: Value, span: Span) -> Value:
        """`value` if it is a component or a group of type `wanted` (None: of any type), or a choice of such."""
        if isinstance(value, Unknown):
            return UNKNOWN
        for candidate in _options(value):
            member = candidate.members[0] if isinstance(candidate, Group) else candidate
            if isinstance(member, Instance) and (wanted is None or member.declaration is wanted):
                continue
            found = f"a component of type {member.type_name}" if isinstance(member, Instance) else describe(candidate)
            name = "" if wanted is None else wanted.name.text
            self.diagnostics.add(messages.wrong_port_type(span, port.name.text, name, found))
            return UNKNOWN
        return value

    # --- variables ---

    def _state(self, instance: Instance, entity: StateVariable) -> Value:
        if entity.value is None:
            name, span = entity.declaration.name.text, entity.declaration.span
            entity.value = self.evaluator.guarded(instance, name, span, lambda: self._make_state(instance, entity))
        return entity.value

    def _make_state(self, instance: Instance, entity: StateVariable) -> Value:
        self._allocate(instance, entity)
        assert entity.type is not None, "allocation gives the type"
        if entity.variable < 0:
            return UNKNOWN
        is_bool = entity.type.kind is Kind.BOOL
        expr = self.builder.variable(entity.variable, low=entity.low, high=entity.high, is_bool=is_bool)
        return Scalar(entity.type, expr)

    def _allocate(self, instance: Instance, entity: StateVariable) -> None:
        declaration = entity.declaration
        scope = Scope(instance)
        match declaration.type:
            case tree.BoolType():
                entity.type, entity.low, entity.high = BOOL, 0, 1
            case tree.EnumType(labels=labels):
                self._distinct(labels)
                names = tuple(dict.fromkeys(label.text for label in labels))
                entity.type = ValueType(Kind.ENUM, names)
                entity.high = len(names) - 1
            case tree.RangeType():
                entity.type = INT
                low = self.evaluator.constant(declaration.type.low, scope, INT, "a bound")
                high = self.evaluator.constant(declaration.type.high, scope, INT, "a bound")
                if low is None or high is None:
                    return
                if low > high:
                    self.diagnostics.add(messages.empty_range(declaration.type.span, f"the range {low}..{high}"))
                    return
                if high - low >= DOMAIN_MAX or max(abs(low), abs(high)) >= DOMAIN_MAX:
                    self.diagnostics.add(
                        messages.too_large(declaration.type.span, "values in one variable", DOMAIN_MAX)
                    )
                    return
                entity.low, entity.high = low, high
        initial = self._initial(entity, scope)
        entity.variable = len(self.variables)
        self.variables.append(
            Variable(
                name=instance.child_path(declaration.name.text),
                component=instance.path,
                type=entity.type,
                low=entity.low,
                high=entity.high,
                initial=initial,
                span=declaration.name.span,
            )
        )

    def _distinct(self, labels: tuple[tree.Identifier, ...]) -> None:
        seen: dict[str, Span] = {}
        for label in labels:
            if label.text in seen:
                self.diagnostics.add(messages.declared_twice(label.text, seen[label.text], label.span))
            seen.setdefault(label.text, label.span)

    def _initial(self, entity: StateVariable, scope: Scope) -> tuple[int, ...]:
        assert entity.type is not None, "known by now"
        initial = entity.declaration.initial
        if isinstance(initial, tree.Any):
            if entity.high - entity.low >= INITIAL_MAX:
                self.diagnostics.add(messages.too_large(initial.span, "initial values in one variable", INITIAL_MAX))
                return (entity.low,)
            bounds = entity.low, entity.high
            if bounds not in self._ranges:
                self.evaluator.charge(entity.high - entity.low, initial.span)
                self._ranges[bounds] = tuple(range(entity.low, entity.high + 1))
            return self._ranges[bounds]
        value = self.evaluator.typed(initial, scope, entity.type)
        number = None if value is None else self.evaluator.constant_value(value, initial.span, "an initial value")
        if number is None:
            return (entity.low,)
        if not entity.low <= number <= entity.high:
            domain = f"{entity.low}..{entity.high}"
            self.diagnostics.add(
                messages.outside_domain(initial.span, str(number), domain, entity.declaration.type.span)
            )
            return (entity.low,)
        return (number,)


def _options(value: Value) -> Iterator[Value]:
    """`value` itself, or all that a choice may choose."""
    if isinstance(value, Choice):
        for option in value.options:
            yield from _options(option)
    else:
        yield value
