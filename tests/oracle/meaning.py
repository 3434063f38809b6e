"""What expressions mean (language reference, sections 3 and 6), as functions of the variables' values."""

import contextlib
import operator
from collections.abc import Callable, Iterable

from cascade.syntax import tree
from tests.oracle.things import (
    Group,
    Node,
    NotCoveredError,
    RunError,
    Scope,
    Thing,
    Things,
    UnknownNameError,
    Values,
    constant,
    fixed,
)

_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Meaning:
    """Reads expressions. `variables` grows as states are met; each has its component, its declaration, its values and its first ones."""

    def __init__(self) -> None:
        self.variables: dict[tuple[Node, str], int] = {}
        self.domains: list[tuple[str | tuple[str, ...], tuple[object, ...], tuple[object, ...]]] = []
        self.links: dict[tuple[Node, Node], list[tuple[int | None, list[Thing]]]] = {}
        self._known: dict[tuple[Node, str], Thing] = {}

    def boolean(self, things: Things, expr: tree.Expr, scope: Scope) -> Callable[[Values], object]:
        thing = self.read(things, expr, scope)
        assert thing.type == "bool"
        return thing.of

    def read(self, things: Things, expr: tree.Expr, scope: Scope, labels: str | tuple[str, ...] = "") -> Thing:
        """The meaning of `expr`, where values with these labels are wanted."""
        match expr:
            case tree.Integer(value=value):
                return constant("int", value)
            case tree.Boolean(value=truth):
                return constant("bool", truth)
            case tree.Duration(milliseconds=value):
                return constant("duration", value)
            case tree.Percentage(value=value):
                return constant("percent", value)
            case tree.Name(text=text):
                if isinstance(labels, tuple) and text in labels:
                    return constant(labels, text)
                return self._name(things, text, scope)
            case tree.Attribute(base=base, name=name):
                return self.each(self.read(things, base, scope), lambda item: self.attribute(things, item, name.text))
            case tree.Index(base=base, index=index):
                return self._index(self.read(things, base, scope), self.read(things, index, scope).of)
            case tree.Call():
                return self._call(things, expr, scope)
            case tree.Unary(operator=sign, operand=operand):
                inner = self.read(things, operand, scope)
                of = inner.of
                return Thing(inner.type, (lambda v: not of(v)) if sign == "not" else (lambda v: -of(v)))
            case tree.Binary():
                return self._binary(things, expr, scope)
            case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
                test = self.boolean(things, condition, scope)
                a, b = self._pair(things, then, otherwise, scope, labels)
                of_a, of_b = a.of, b.of
                return Thing(a.type, lambda v: of_a(v) if test(v) else of_b(v), (*a.options, *b.options))
            case tree.Quantifier(operator=word, variable=variable, group=group, body=body):

                def over(item: Node | Group) -> Thing:
                    inner = [self.read(things, body, scope.bind(variable.text, fixed(m))) for m in item.members]
                    return _folded(word, inner)

                return self.each(self.read(things, group, scope), over)
        raise AssertionError(expr)

    # --- names ---

    def _name(self, things: Things, text: str, scope: Scope) -> Thing:
        for name, thing in scope.local:
            if name == text:
                return thing
        node: Node | None = scope.node
        while node is not None:
            if text in node.names:
                return self._of_node(things, node, text)
            node = node.around
        raise UnknownNameError(text)

    def attribute(self, things: Things, item: Node | Group, name: str) -> Thing:
        """`item.name`."""
        if isinstance(item, Node):
            if name == "index" and name not in item.names:
                return constant("int", item.index)
            return self._of_node(things, item, name)
        if name == "size":
            return constant("int", len(item.members))
        if name == "needs":
            return constant("int", item.needs)
        assert name in ("serving", "forwards"), name
        serving = [self.attribute(things, m, "serving").of for m in item.members]
        return Thing("bool", lambda v: sum(1 for of in serving if of(v)) >= item.needs)

    def _of_node(self, things: Things, node: Node, name: str) -> Thing:
        if (node, name) not in self._known:
            self._known[node, name] = self._declared(things, node, name, node.names[name])
        return self._known[node, name]

    def _declared(self, things: Things, node: Node, name: str, item: tree.Statement | Node | Group) -> Thing:
        match item:
            case Node() | Group():
                return fixed(item)
            case tree.Let(value=value):
                return self.read(things, value, Scope(node))
            case tree.Outage(condition=condition):
                return self.read(things, condition, Scope(node))
            case tree.Port():
                return self.read(things, *node.args[name])
            case tree.Param():
                setting = things.setting((*node.steps, (name, None)))
                if isinstance(item.value, tree.Any) or item.domain is not None:
                    raise NotCoveredError("open params")
                if setting is not None:
                    thing = self.read(things, setting, Scope(things.root))
                else:
                    expr, scope = node.args.get(name, (item.value, Scope(node)))
                    assert expr is not None
                    thing = self.read(things, expr, scope)
                return constant(thing.type, thing.of(()))
            case tree.State():
                return self._state(things, node, item)
        raise AssertionError(item)

    def _state(self, things: Things, node: Node, item: tree.State) -> Thing:
        scope, kind = Scope(node), item.type
        match kind:
            case tree.BoolType():
                type_: str | tuple[str, ...] = "bool"
                domain: tuple[object, ...] = (False, True)
            case tree.EnumType(labels=labels):
                type_ = domain = tuple(label.text for label in labels)
            case tree.RangeType(low=low, high=high):
                type_ = "int"
                domain = tuple(range(self.read(things, low, scope).of(()), self.read(things, high, scope).of(()) + 1))
        first = domain
        if not isinstance(item.initial, tree.Any):
            first = (self.read(things, item.initial, scope, type_).of(()),)
        at = self.variable((node, item.name.text), type_, domain, first)
        return Thing(type_, lambda v: v[at])

    def variable(
        self,
        key: tuple[Node, str],
        type_: str | tuple[str, ...],
        domain: tuple[object, ...],
        first: tuple[object, ...],
    ) -> int:
        """The place of a new variable."""
        self.variables[key] = len(self.domains)
        self.domains.append((type_, domain, first))
        return self.variables[key]

    # --- components that depend on the state ---

    def each(self, base: Thing, use: Callable[[Node | Group], Thing]) -> Thing:
        """`use` on what `base` is, which the state may decide."""
        made = {item: use(item) for item in base.options}
        assert made, base
        first = next(iter(made.values()))
        if len(made) == 1:
            of_base, of_only = base.of, first.of

            def only(v: Values) -> object:
                of_base(v)  # an index may be outside
                return of_only(v)

            return Thing(first.type, only, first.options)
        of = base.of
        options = tuple(dict.fromkeys(o for thing in made.values() for o in thing.options))
        return Thing(first.type, lambda v: made[of(v)].of(v), options)

    def _index(self, base: Thing, at: Callable[[Values], object]) -> Thing:
        def chosen(v: Values) -> Node:
            number, members = at(v), of(v).members
            if not 1 <= number <= len(members):
                raise RunError(f"there is no member {number}")
            return members[number - 1]

        of = base.of
        options = tuple(dict.fromkeys(m for group in base.options for m in group.members))
        with contextlib.suppress(IndexError, RunError):
            options = (chosen(()),)  # a number that no state changes names one member
        return Thing("node", chosen, options)

    # --- operators ---

    def _pair(
        self, things: Things, left: tree.Expr, right: tree.Expr, scope: Scope, labels: str | tuple[str, ...] = ""
    ) -> tuple[Thing, Thing]:
        """Two values of one type, of which one may be a label that the other explains."""
        if not isinstance(labels, tuple):
            for one in (left, right):
                try:
                    found = self.read(things, one, scope).type
                except UnknownNameError:
                    continue
                if isinstance(found, tuple):
                    labels = found
        return self.read(things, left, scope, labels), self.read(things, right, scope, labels)

    def _binary(self, things: Things, expr: tree.Binary, scope: Scope) -> Thing:
        sign = expr.operator
        if sign in ("==", "!="):
            a, b = self._pair(things, expr.left, expr.right, scope)
            x, y = a.of, b.of
            return Thing("bool", (lambda v: x(v) == y(v)) if sign == "==" else (lambda v: x(v) != y(v)))
        a, b = self.read(things, expr.left, scope), self.read(things, expr.right, scope)
        x, y = a.of, b.of
        match sign:
            case "and":
                return Thing("bool", lambda v: x(v) and y(v))
            case "or":
                return Thing("bool", lambda v: x(v) or y(v))
            case "+":
                return Thing(a.type, lambda v: x(v) + y(v))
            case "-":
                return Thing(a.type, lambda v: x(v) - y(v))
            case "*":
                kinds = {a.type, b.type}
                type_ = "duration" if "duration" in kinds else "int"
                if "percent" in kinds:
                    return Thing(type_, lambda v: x(v) * y(v) // 100)
                return Thing(type_, lambda v: x(v) * y(v))
            case "/":
                return Thing("int" if a.type == b.type else a.type, lambda v: _quotient(x(v), y(v)))
            case _:
                compare = _ORDER[sign]
                return Thing("bool", lambda v: compare(x(v), y(v)))

    # --- calls ---

    def _call(self, things: Things, expr: tree.Call, scope: Scope) -> Thing:
        function = expr.function
        args = [self.read(things, a, scope) for a in expr.args]
        if isinstance(function, tree.Attribute):
            base = self.read(things, function.base, scope)
            return self.each(base, lambda node: self._apply(things, node, function.name.text, args))
        assert isinstance(function, tree.Name)
        node: Node | None = scope.node
        while node is not None:
            if isinstance(node.names.get(function.text), tree.Let):
                return self._apply(things, node, function.text, args)
            node = node.around
        if function.text == "reaches":
            return self.each(args[0], lambda a: self.each(args[1], lambda b: self.reaches(a, b)))
        return _folded(function.text, args)

    def _apply(self, things: Things, node: Node, name: str, args: list[Thing]) -> Thing:
        let = node.names[name]
        assert isinstance(let, tree.Let) and let.parameters is not None
        scope = Scope(node)
        for parameter, arg in zip(let.parameters, args, strict=True):
            scope = scope.bind(parameter.text, arg)
        return self.read(things, let.value, scope)

    def reaches(self, a: Node | Group, b: Node | Group) -> Thing:
        """Whether `a` can talk to `b`: it is `b`, or a link is not cut and all on its way forward."""
        if a is b:
            return constant("bool", True)
        links = self.links

        def reached(v: Values) -> bool:
            ways = links.get((a, b), [])
            return any(not (cut is not None and v[cut]) and all(hop.of(v) for hop in via) for cut, via in ways)

        return Thing("bool", reached)


def _quotient(a: int, b: int) -> int:
    if b == 0:
        raise RunError("division by zero")
    return a // b


def _folded(word: str, inner: list[Thing]) -> Thing:
    """`any`, `all`, `count`, `sum`, `min`, `max` of values."""
    of = [thing.of for thing in inner]

    def values(v: Values) -> Iterable[object]:
        return (one(v) for one in of)

    match word:
        case "any":
            return Thing("bool", lambda v: any(values(v)))
        case "all":
            return Thing("bool", lambda v: all(values(v)))
        case "count":
            return Thing("int", lambda v: sum(1 for value in values(v) if value))
        case "sum":
            return Thing(inner[0].type, lambda v: sum(values(v)))
        case "min":
            return Thing(inner[0].type, lambda v: min(values(v)))
        case "max":
            return Thing(inner[0].type, lambda v: max(values(v)))
    raise AssertionError(word)
