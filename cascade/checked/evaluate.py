"""Typed evaluation of syntax-tree expressions into the shared expression table: names, types, units, components.

Errors are reported once and yield `UNKNOWN`, on which everything else is silent.
"""

from collections.abc import Callable, Iterable
from typing import assert_never

from cascade.checked import messages
from cascade.checked.describe import cycle_names, describe, where
from cascade.checked.instances import (
    UNKNOWN,
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
    UndecidedError,
    Unknown,
    Value,
    Work,
)
from cascade.checked.model import BOOL, DURATION, INT, PERCENT, ValueType
from cascade.checked.operators import Operators, fold
from cascade.checked.units import MEASURES
from cascade.core.build import ExpressionBuilder, reachable
from cascade.core.expressions import ExprId, Op
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import Span
from cascade.syntax import tree

NESTED_VALUES_MAX = 2_000
"""Derived values in a row, each needing the next."""

NESTED_EXPRESSIONS_MAX = 5_000
"""Expressions inside expressions, through all the values that they need; keeps Python's recursion below its limit."""

NESTED_CHOICES_MAX = 20
"""Choices inside choices, as in `nodes[i].disks[j]`."""

BOOLEAN_NAMES = ("healthy", "serving", "forwards")
"""Derived values that the language itself reads."""

SUGGESTIONS_MAX = 50
"""Errors after which no name is suggested any more: that takes long in a large spec, and nobody reads on."""


class Evaluator:
    """Evaluates expressions of one system. `resolve_*` hooks are given by the elaborator, which owns the instances."""

    def __init__(
        self,
        builder: ExpressionBuilder,
        diagnostics: Diagnostics,
        *,
        parameter: Callable[[Instance, Parameter], Value],
        port: Callable[[Instance, PortEntity], Value],
        group: Callable[[Instance, GroupEntity], Value],
        state: Callable[[Instance, StateVariable], Value],
        reaches: Callable[[Instance, Instance, Span], Value],
        work: Work,
    ) -> None:
        self.builder = builder
        self.diagnostics = diagnostics
        self._parameter = parameter
        self._port = port
        self._group = group
        self._state = state
        self._reaches = reaches
        self._work = work
        self.rigid: dict[int, str] = {}
        """Paths of the open params that are variables, by their index."""
        self._operators = Operators(builder, diagnostics)
        self._depth = 0
        self._in_progress: dict[tuple[Instance, str], None] = {}
        self._group_serving: dict[Group, Value] = {}

    # --- the public questions ---

    def boolean(self, expr: tree.Expr, scope: Scope) -> ExprId | None:
        """The expression of a condition; None after an error."""
        return self.typed(expr, scope, BOOL)

    def typed(self, expr: tree.Expr, scope: Scope, wanted: ValueType) -> ExprId | None:
        """The expression of a value of type `wanted`; None after an error."""
        value = self.value(expr, scope, wanted)
        if isinstance(value, Unknown):
            return None
        if not isinstance(value, Scalar) or value.type != wanted:
            self._operators.report_type(expr.span, wanted, value)
            return None
        return value.expr

    def constant(self, expr: tree.Expr, scope: Scope, wanted: ValueType, what: str) -> int | None:
        """The value of a constant of type `wanted`; None after an error. `what` names it in a message."""
        found = self.typed(expr, scope, wanted)
        return None if found is None else self.constant_value(found, expr.span, what)

    def constant_value(self, expr: ExprId, span: Span, what: str) -> int | None:
        """The value of a constant expression; None after an error."""
        value = self.builder.value(expr)
        if value is not None:
            return value
        names = self.open_names(expr)
        if names:
            raise UndecidedError(names)
        if self.builder.can_fail[expr] and self._has_no_variable(expr):
            self.diagnostics.add(messages.no_value(span, "it divides by zero, or indexes outside a group"))
        else:
            self.diagnostics.add(messages.not_constant(span, what))
        return None

    def open_names(self, expr: ExprId) -> tuple[str, ...]:
        """The open params that make up an expression which no variable makes up; () of any other."""
        found: dict[str, None] = {}
        for part in reachable(self.builder.ops, self.builder.args, (expr,)):
            if self.builder.ops[part] is Op.VAR:
                name = self.rigid.get(self.builder.args[part][0])
                if name is None:
                    return ()
                found[name] = None
        return tuple(found)

    def value(self, expr: tree.Expr, scope: Scope, expected: ValueType | None = None) -> Value:
        """The value of any expression. Where `expected` is an enumeration, its labels win over names in scope."""
        if not self._may_go_on(expr.span):
            return UNKNOWN
        self._depth += 1
        try:
            return self._value(expr, scope, expected)
        finally:
            self._depth -= 1

    def charge(self, count: int, span: Span) -> bool:
        """Whether there is room for `count` more evaluations; if not, that is reported once."""
        had_room = self._work.evaluations_left >= 0
        self._work.evaluations_left -= count
        if self._work.evaluations_left >= 0:
            return True
        if had_room:
            what = "expressions, counted for each member of a group"
            self.diagnostics.add(messages.too_large(span, what, self._work.evaluations_max))
        return False

    def _may_go_on(self, span: Span) -> bool:
        """Whether there is room for one more evaluation, and for one more inside those in progress; if not, that is reported."""
        if self._work.evaluations_left > 0:
            self._work.evaluations_left -= 1
        elif not self.charge(1, span):
            return False
        if self._depth >= NESTED_EXPRESSIONS_MAX:
            self.diagnostics.add(messages.too_deep(span, NESTED_EXPRESSIONS_MAX, "expressions"))
            return False
        return True

    def _value(self, expr: tree.Expr, scope: Scope, expected: ValueType | None) -> Value:
        match expr:
            case tree.Integer(value=number):
                return Scalar(INT, self.builder.const(number))
            case tree.Boolean(value=truth):
                return Scalar(BOOL, self.builder.const(int(truth), is_bool=True))
            case tree.Duration(milliseconds=number):
                return Scalar(DURATION, self.builder.const(number))
            case tree.Percentage(value=number):
                return Scalar(PERCENT, self.builder.const(number))
            case tree.Name():
                return self._name(expr, scope, expected)
            case tree.Attribute():
                return self._lift(self.value(expr.base, scope), lambda v: self._attribute(v, expr))
            case tree.Index():
                return self._index(expr, scope)
            case tree.Call():
                return self._call(expr, scope)
            case tree.Unary():
                return self._unary(expr, scope)
            case tree.Binary():
                return self._binary(expr, scope)
            case tree.Conditional():
                return self._conditional(expr, scope, expected)
            case tree.Quantifier():
                return self._lift(self.value(expr.group, scope), lambda v: self._quantifier(v, expr, scope))
            case _:
                assert_never(expr)

    # --- names ---

    def lookup(self, name: str, scope: Scope) -> tuple[Instance, Entity] | Value | None:
        """What `name` means in `scope`: a local value, or an entity and the instance that declares it."""
        if name in scope.local:
            return scope.local[name]
        instance: Instance | None = scope.instance
        while instance is not None:
            if name in instance.entities:
                return instance, instance.entities[name]
            instance = instance.lexical
        return None

    def suggestions(self, names: Iterable[str]) -> Iterable[str]:
        """`names`, to suggest one of them, unless so much was found already that nobody reads on."""
        return names if len(self.diagnostics.items) < SUGGESTIONS_MAX else ()

    def names_in(self, scope: Scope) -> Iterable[str]:
        """All names known in `scope`."""
        yield from scope.local
        instance: Instance | None = scope.instance
        while instance is not None:
            yield from instance.entities
            instance = instance.lexical

    def _name(self, expr: tree.Name, scope: Scope, expected: ValueType | None) -> Value:
        if expected is not None and expr.text in expected.labels:
            return Scalar(expected, self.builder.const(expected.labels.index(expr.text)))
        found = self.lookup(expr.text, scope)
        if found is None:
            candidates = [*self.suggestions(self.names_in(scope)), *(expected.labels if expected else ())]
            self.diagnostics.add(messages.unknown_name(expr.span, expr.text, where(scope.instance), candidates))
            return UNKNOWN
        if isinstance(found, tuple):
            return self.entity_value(found[0], found[1], expr.span)
        return found

    def entity_value(self, instance: Instance, entity: Entity, span: Span) -> Value:
        """The value of something declared in `instance`, used at `span`."""
        match entity:
            case Parameter():
                return self._parameter(instance, entity)
            case StateVariable():
                return self._state(instance, entity)
            case LetEntity():
                if entity.declaration.parameters is not None:
                    count = len(entity.declaration.parameters)
                    self.diagnostics.add(messages.wrong_arity(span, entity.declaration.name.text, count, 0))
                    return UNKNOWN
                return self._let(instance, entity, (), span)
            case PortEntity():
                return self._port(instance, entity)
            case Child():
                return entity.instance
            case GroupEntity():
                return self._group(instance, entity)
            case OutageEntity():
                return self._outage(instance, entity, span)
            case _:
                assert_never(entity)

    def _outage(self, instance: Instance, entity: OutageEntity, span: Span) -> Value:
        if entity.value is None:
            with_guard = self.guarded(
                instance,
                entity.declaration.name.text,
                span,
                lambda: self.value(entity.declaration.condition, Scope(instance), BOOL),
            )
            entity.value = self.of_type(entity.declaration.condition.span, with_guard, BOOL)
        return entity.value

    def _let(self, instance: Instance, entity: LetEntity, args: tuple[Value, ...], span: Span) -> Value:
        if args in entity.values:
            return entity.values[args]
        declaration = entity.declaration
        parameters = [p.text for p in declaration.parameters or ()]
        scope = Scope(instance, dict(zip(parameters, args, strict=True)))
        result = self.guarded(instance, declaration.name.text, span, lambda: self.value(declaration.value, scope))
        if declaration.name.text in BOOLEAN_NAMES and declaration.parameters is None:
            result = self.of_type(declaration.value.span, result, BOOL)
        entity.values[args] = result
        return result

    def guarded(self, instance: Instance, name: str, span: Span, evaluate: Callable[[], Value]) -> Value:
        """`evaluate()`, the value of what `instance` declares as `name`, with cycles and too deep nesting reported at `span`."""
        key = (instance, name)
        if key in self._in_progress:
            chain = list(self._in_progress)
            self.diagnostics.add(messages.cycle(span, cycle_names([*chain[chain.index(key) :], key])))
            return UNKNOWN
        if len(self._in_progress) >= NESTED_VALUES_MAX:
            self.diagnostics.add(messages.too_deep(span, NESTED_VALUES_MAX, "derived values"))
            return UNKNOWN
        if not self.charge(1, span):
            return UNKNOWN
        self._in_progress[key] = None
        try:
            return evaluate()
        finally:
            del self._in_progress[key]

    # --- components and groups ---

    def _lift(self, value: Value, use: Callable[[Value], Value]) -> Value:
        """`use` on the value, or on each option of a choice."""
        if isinstance(value, Unknown):
            return UNKNOWN
        if not isinstance(value, Choice):
            return use(value)
        if not self.charge(len(value.options), value.span):
            return UNKNOWN
        results: list[Value] = []
        for option in value.options:
            result = self._lift(option, use)
            if isinstance(result, Unknown):
                return UNKNOWN
            results.append(result)
        scalars = [r for r in results if isinstance(r, Scalar)]
        if len(scalars) < len(results):
            return self._choice(value.index, tuple(results), value.span)
        if any(s.type != scalars[0].type for s in scalars):
            self.diagnostics.add(
                messages.wrong_type(value.span, scalars[0].type.describe(), "different types in different members")
            )
            return UNKNOWN
        expr = self.builder.select(value.index, tuple([s.expr for s in scalars]), value.span)
        return Scalar(scalars[0].type, expr)

    def _choice(self, index: ExprId, options: tuple[Value, ...], span: Span) -> Value:
        depth = 1 + max(option.depth if isinstance(option, Choice) else 0 for option in options)
        if depth > NESTED_CHOICES_MAX:
            self.diagnostics.add(messages.too_deep(span, NESTED_CHOICES_MAX, "choices between components"))
            return UNKNOWN
        return Choice(index, options, span, depth)

    def _attribute(self, base: Value, expr: tree.Attribute) -> Value:
        name = expr.name.text
        if isinstance(base, Instance):
            if name in base.entities:
                return self.entity_value(base, base.entities[name], expr.name.span)
            if name == "index" and base.index is not None:
                return Scalar(INT, self.builder.const(base.index))
            candidates = [*self.suggestions(base.entities), *(["index"] if base.index is not None else [])]
            self.diagnostics.add(messages.unknown_name(expr.name.span, name, where(base), candidates))
            return UNKNOWN
        if isinstance(base, Group):
            if name == "size":
                return Scalar(INT, self.builder.const(len(base.members)))
            if name == "needs":
                return Scalar(INT, self.builder.const(base.needs))
            if name == "serving":
                return self.group_serving(base)
            note = "to speak of one member write `group[1].name`, of all `all(x in group: x.name)`"
            place = f"of group {base.declaration.name.text}"
            self.diagnostics.add(messages.unknown_name(expr.name.span, name, place, ["size", "needs", "serving"], note))
            return UNKNOWN
        self.diagnostics.add(messages.wrong_type(expr.base.span, "a component or a group", describe(base)))
        return UNKNOWN

    def group_serving(self, group: Group) -> Value:
        """Whether at least `needs` members serve."""
        if group not in self._group_serving:
            counts = []
            for member in group.members:
                served = self.serving(member, group.declaration.span)
                if served is None:
                    return UNKNOWN
                counts.append(self.builder.ite(served, self.builder.const(1), self.builder.const(0)))
            total = fold(self.builder.add, counts)
            result = self.builder.le(self.builder.const(group.needs), total)
            self._group_serving[group] = Scalar(BOOL, result)
        return self._group_serving[group]

    def serving(self, value: Instance | Group, span: Span, name: str = "serving") -> ExprId | None:
        """Whether a component or a group serves (or forwards); None after an error."""
        if isinstance(value, Instance) and name not in value.entities:
            return None  # a component that contains itself, which was reported
        found = (
            self.group_serving(value)
            if isinstance(value, Group)
            else self.entity_value(value, value.entities[name], span)
        )
        found = self.of_type(span, found, BOOL)
        return found.expr if isinstance(found, Scalar) else None

    def _index(self, expr: tree.Index, scope: Scope) -> Value:
        index = self.typed(expr.index, scope, INT)
        base = self.value(expr.base, scope)
        if index is None:
            return UNKNOWN

        def pick(group: Value) -> Value:
            if not isinstance(group, Group):
                self.diagnostics.add(messages.wrong_type(expr.base.span, "a group", describe(group)))
                return UNKNOWN
            number = self.builder.value(index)
            size = len(group.members)
            is_literal = isinstance(expr.index, tree.Integer)
            if number is not None and not 1 <= number <= size and is_literal:
                self.diagnostics.add(messages.index_outside(expr.index.span, group.declaration.name.text, number, size))
                return UNKNOWN
            if number is not None and 1 <= number <= size:
                return group.members[number - 1]
            # A param may be such that a lazy `and` or `if` never looks: an index outside fails where a run evaluates it.
            return self._choice(index, tuple(group.members), expr.span)

        return self._lift(base, pick)

    # --- operators ---

    def _unary(self, expr: tree.Unary, scope: Scope) -> Value:
        if expr.operator == "not":
            operand = self.boolean(expr.operand, scope)
            return UNKNOWN if operand is None else Scalar(BOOL, self.builder.not_(operand))
        value = self.value(expr.operand, scope)
        if isinstance(value, Unknown):
            return UNKNOWN
        if not isinstance(value, Scalar) or value.type.kind not in MEASURES:
            self._operators.report_type(expr.operand.span, INT, value)
            return UNKNOWN
        return Scalar(value.type, self.builder.sub(self.builder.const(0), value.expr))

    def _binary(self, expr: tree.Binary, scope: Scope) -> Value:
        operator = expr.operator
        if operator in ("and", "or"):
            return self._junction(expr, scope)
        if operator in ("==", "!="):
            return self._equality(expr, scope)
        left, right = self.value(expr.left, scope), self.value(expr.right, scope)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return UNKNOWN
        for side, value in ((expr.left, left), (expr.right, right)):
            if not isinstance(value, Scalar) or value.type.kind not in MEASURES:
                self._operators.report_type(side.span, INT, value)
                return UNKNOWN
        assert isinstance(left, Scalar) and isinstance(right, Scalar), "checked above"
        if operator in ("<", "<=", ">", ">="):
            return self._operators.order(expr, left, right)
        return self._operators.arithmetic(expr, left, right)

    def _junction(self, expr: tree.Binary, scope: Scope) -> Value:
        left, right = self.boolean(expr.left, scope), self.boolean(expr.right, scope)
        if left is None or right is None:
            return UNKNOWN
        return Scalar(BOOL, self.builder.and_(left, right) if expr.operator == "and" else self.builder.or_(left, right))

    def _equality(self, expr: tree.Binary, scope: Scope) -> Value:
        left, right = self._both_sides(expr.left, expr.right, scope)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return UNKNOWN
        result = self._lift(left, lambda one: self._lift(right, lambda other: self._operators.same(expr, one, other)))
        if expr.operator == "!=" and isinstance(result, Scalar):
            return Scalar(BOOL, self.builder.not_(result.expr))
        return result

    def _both_sides(self, left: tree.Expr, right: tree.Expr, scope: Scope) -> tuple[Value, Value]:
        """Values of two sides that must have one type, where either may be a label of the other's enumeration."""
        if not _may_be_label(left):
            left_value = self.value(left, scope)
            if isinstance(left_value, Unknown) and _may_be_label(right):
                return UNKNOWN, UNKNOWN  # whose labels would they be?
            return left_value, self.value(right, scope, _type_of(left_value))
        if not _may_be_label(right):
            right_value = self.value(right, scope)
            if isinstance(right_value, Unknown):
                return UNKNOWN, UNKNOWN
            return self.value(left, scope, _type_of(right_value)), right_value
        sides = [(left, right), (right, left)]
        # What is a label is not evaluated as the name that it might be as well: that value may depend on the one that is being found.
        sides.sort(key=lambda pair: self._is_derived(pair[0], scope))
        for is_label in (_some_label, lambda other, _: self._is_undeclared(other, scope)):
            for one, other in sides:
                hint = self._label_type(one, scope)
                if hint is not None and is_label(other, hint):
                    values = self.value(one, scope), self.value(other, scope, hint)
                    return values if one is left else (values[1], values[0])
            if self._is_unknown(left, scope) or self._is_unknown(right, scope):
                return UNKNOWN, UNKNOWN
        return self.value(left, scope), self.value(right, scope)

    def _is_derived(self, expr: tree.Expr, scope: Scope) -> bool:
        """Whether a name (or a branch of a conditional) stands for what other values make up."""
        if isinstance(expr, tree.Conditional):
            return self._is_derived(expr.then, scope) or self._is_derived(expr.otherwise, scope)
        found = self.lookup(expr.text, scope) if isinstance(expr, tree.Name) else None
        return isinstance(found, tuple) and not isinstance(found[1], StateVariable | Parameter)

    def _is_unknown(self, expr: tree.Expr, scope: Scope) -> bool:
        """Whether a name (or a branch of a conditional) stands for something of which nothing is known, such as an unbound port."""
        if isinstance(expr, tree.Conditional):
            return self._is_unknown(expr.then, scope) or self._is_unknown(expr.otherwise, scope)
        if not isinstance(expr, tree.Name):
            return False
        found = self.lookup(expr.text, scope)
        if isinstance(found, tuple):
            instance, entity = found
            if isinstance(entity, LetEntity) and entity.declaration.parameters is not None:
                return False
            found = self.entity_value(instance, entity, expr.span)
        return isinstance(found, Unknown)

    def _is_undeclared(self, expr: tree.Expr, scope: Scope) -> bool:
        """Whether a name (or a branch of a conditional) means nothing: probably a label that is misspelt."""
        if isinstance(expr, tree.Conditional):
            return self._is_undeclared(expr.then, scope) or self._is_undeclared(expr.otherwise, scope)
        return isinstance(expr, tree.Name) and self.lookup(expr.text, scope) is None

    def _label_type(self, expr: tree.Expr, scope: Scope) -> ValueType | None:
        """The enumeration that a name (or a conditional of names) has, without reporting anything."""
        if isinstance(expr, tree.Conditional):
            return self._label_type(expr.then, scope) or self._label_type(expr.otherwise, scope)
        if not isinstance(expr, tree.Name):
            return None
        found = self.lookup(expr.text, scope)
        if isinstance(found, tuple):
            instance, entity = found
            if isinstance(entity, LetEntity) and entity.declaration.parameters is not None:
                return None
            found = self.entity_value(instance, entity, expr.span)
        return _type_of(found) if found is not None else None

    def _conditional(self, expr: tree.Conditional, scope: Scope, expected: ValueType | None) -> Value:
        condition = self.boolean(expr.condition, scope)
        if expected is not None:
            then, otherwise = self.value(expr.then, scope, expected), self.value(expr.otherwise, scope, expected)
        else:
            then, otherwise = self._both_sides(expr.then, expr.otherwise, scope)
        if condition is None or isinstance(then, Unknown) or isinstance(otherwise, Unknown):
            return UNKNOWN
        if isinstance(then, Scalar) and isinstance(otherwise, Scalar) and then.type == otherwise.type:
            return Scalar(then.type, self.builder.ite(condition, then.expr, otherwise.expr))
        if not isinstance(then, Scalar) and not isinstance(otherwise, Scalar):
            index = self.builder.ite(condition, self.builder.const(1), self.builder.const(2))
            chosen = self.builder.value(index)
            return (
                self._choice(index, (then, otherwise), expr.span) if chosen is None else (then, otherwise)[chosen - 1]
            )
        self.diagnostics.add(messages.wrong_type(expr.otherwise.span, describe(then), describe(otherwise)))
        return UNKNOWN

    # --- calls and quantifiers ---

    def _call(self, expr: tree.Call, scope: Scope) -> Value:
        function = expr.function
        if isinstance(function, tree.Attribute):
            name = function.name
            base = self.value(function.base, scope)
            args = [self.value(a, scope) for a in expr.args]
            return self._lift(base, lambda v: self._apply_member(v, name, args, expr))
        if not isinstance(function, tree.Name):
            self.diagnostics.add(messages.wrong_type(function.span, "the name of a function", "an expression"))
            return UNKNOWN
        found = self.lookup(function.text, scope)
        if found is None and function.text in ("min", "max", "reaches"):
            return self._builtin(function.text, expr, scope)
        if found is None:
            candidates = [*self.suggestions(self.names_in(scope)), "min", "max", "reaches"]
            place = where(scope.instance)
            self.diagnostics.add(messages.unknown_name(function.span, function.text, place, candidates))
            return UNKNOWN
        args = [self.value(a, scope) for a in expr.args]
        return self._apply(found, function.text, args, expr)

    def _apply_member(self, base: Value, name: tree.Identifier, args: list[Value], expr: tree.Call) -> Value:
        if not isinstance(base, Instance):
            self.diagnostics.add(messages.wrong_type(expr.function.span, "a component", describe(base)))
            return UNKNOWN
        if name.text not in base.entities:
            known = self.suggestions(base.entities)
            self.diagnostics.add(messages.unknown_name(name.span, name.text, where(base), known))
            return UNKNOWN
        return self._apply((base, base.entities[name.text]), name.text, args, expr)

    def _apply(self, found: tuple[Instance, Entity] | Value, name: str, args: list[Value], expr: tree.Call) -> Value:
        instance, entity = found if isinstance(found, tuple) else (None, None)
        parameters = entity.declaration.parameters if isinstance(entity, LetEntity) else None
        if instance is None or not isinstance(entity, LetEntity) or parameters is None:
            found_text = f"`{name}`, which takes no arguments"
            self.diagnostics.add(messages.wrong_type(expr.function.span, "a `let` with parameters", found_text))
            return UNKNOWN
        if len(parameters) != len(args):
            self.diagnostics.add(messages.wrong_arity(expr.span, name, len(parameters), len(args)))
            return UNKNOWN
        if any(isinstance(a, Unknown) for a in args):
            if (instance, name) in self._in_progress:
                self.guarded(instance, name, expr.span, lambda: UNKNOWN)  # reports the recursion
            return UNKNOWN
        return self._spread(args, lambda chosen: self._let(instance, entity, tuple(chosen), expr.span))

    def _spread(self, args: list[Value], use: Callable[[list[Value]], Value]) -> Value:
        """`use` on all combinations of the arguments' options."""
        if not args:
            return use([])
        return self._lift(args[0], lambda first: self._spread(args[1:], lambda rest: use([first, *rest])))

    def _builtin(self, name: str, expr: tree.Call, scope: Scope) -> Value:
        args = [self.value(a, scope) for a in expr.args]
        if (name == "reaches" and len(args) != 2) or not args:
            self.diagnostics.add(messages.wrong_arity(expr.span, name, 2, len(args)))
            return UNKNOWN
        if any(isinstance(a, Unknown) for a in args):
            return UNKNOWN
        if name == "reaches":
            return self._spread(args, lambda ends: self._reaches_value(ends, expr))
        return self._operators.extreme(name, args, [a.span for a in expr.args])

    def _reaches_value(self, ends: list[Value], expr: tree.Call) -> Value:
        source, target = ends
        for value, arg in zip(ends, expr.args, strict=True):
            if not isinstance(value, Instance):
                self.diagnostics.add(messages.wrong_type(arg.span, "a component", describe(value)))
                return UNKNOWN
        assert isinstance(source, Instance) and isinstance(target, Instance), "checked above"
        return self._reaches(source, target, expr.span)

    def _quantifier(self, group: Value, expr: tree.Quantifier, scope: Scope) -> Value:
        if not isinstance(group, Group):
            self.diagnostics.add(messages.wrong_type(expr.group.span, "a group", describe(group)))
            return UNKNOWN
        bodies = (scope.bind(expr.variable.text, m) for m in group.members)
        if expr.operator in ("sum", "min", "max"):
            values: list[Value] = []
            for inner in bodies:
                value = self.value(expr.body, inner)
                if isinstance(value, Unknown):
                    return UNKNOWN
                values.append(value)
            return self._operators.extreme(expr.operator, values, [expr.body.span] * len(values))
        conditions = []
        for inner in bodies:
            condition = self.boolean(expr.body, inner)
            if condition is None:
                return UNKNOWN
            conditions.append(condition)
        if expr.operator == "any":
            return Scalar(BOOL, self.builder.or_(*conditions))
        if expr.operator == "all":
            return Scalar(BOOL, self.builder.and_(*conditions))
        one, zero = self.builder.const(1), self.builder.const(0)
        return Scalar(INT, fold(self.builder.add, [self.builder.ite(c, one, zero) for c in conditions]))

    # --- small things ---

    def of_type(self, span: Span, value: Value, wanted: ValueType) -> Value:
        """`value` if it is of type `wanted`, else an error."""
        if isinstance(value, Unknown) or (isinstance(value, Scalar) and value.type == wanted):
            return value
        self._operators.report_type(span, wanted, value)
        return UNKNOWN

    def _has_no_variable(self, expr: ExprId) -> bool:
        return all(self.builder.ops[e] is not Op.VAR for e in reachable(self.builder.ops, self.builder.args, (expr,)))


def _type_of(value: Value) -> ValueType | None:
    return value.type if isinstance(value, Scalar) else None


def _may_be_label(expr: tree.Expr) -> bool:
    if isinstance(expr, tree.Conditional):
        return _may_be_label(expr.then) or _may_be_label(expr.otherwise)
    return isinstance(expr, tree.Name)


def _some_label(expr: tree.Expr, enumeration: ValueType) -> bool:
    if isinstance(expr, tree.Conditional):
        return _some_label(expr.then, enumeration) or _some_label(expr.otherwise, enumeration)
    return isinstance(expr, tree.Name) and expr.text in enumeration.labels
