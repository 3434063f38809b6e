"""What a spec is made of, straight from its syntax tree: components, groups, and what each name in them means.

Second reading of the language reference, for tests only. It shares the parser with cascade, and nothing else: not the elaborator, not the lowering, not the
reference interpreter. Specs are taken to be well-formed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cascade.syntax import tree
from cascade.syntax.imports import Loaded

Values = tuple[object, ...]
"""Of all variables: booleans, integers, labels."""

Steps = tuple[tuple[str, int | None], ...]
"""A path, as names with the index of a member."""


class UnknownNameError(Exception):
    """Nothing is called so: it may be a label."""


class NotCoveredError(Exception):
    """A part of the language that this reading leaves out."""


class RunError(Exception):
    """The spec does not say what happens next."""


@dataclass(eq=False, slots=True)
class Node:
    """A component. `around` is what a component declared in place sees beside its own names; `args` are read in the scope that comes with them."""

    steps: Steps
    owner: "Node | None"
    around: "Node | None"
    body: tuple[tree.Statement, ...]
    index: int | None = None
    args: dict[str, "tuple[tree.Expr, Scope]"] = field(default_factory=dict)
    names: dict[str, "tree.Statement | Node | Group"] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return path_of(self.steps)

    def within(self, other: "Node") -> bool:
        """Whether it is `other`, or a part of it."""
        return self is other or (self.owner is not None and self.owner.within(other))


@dataclass(eq=False, slots=True)
class Group:
    """A redundant group."""

    steps: Steps
    members: list[Node]
    needs: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a name is read: a component, and what is bound there besides."""

    node: Node
    local: "tuple[tuple[str, Thing], ...]" = ()

    def bind(self, name: str, thing: "Thing") -> "Scope":
        return Scope(self.node, ((name, thing), *self.local))


@dataclass(frozen=True, slots=True)
class Thing:
    """A value that depends on the variables. `type` is bool, int, duration, percent, node, group or the labels of an enumeration; `options` are the components
    or groups that it may be."""

    type: "str | tuple[str, ...]"
    of: Callable[[Values], object]
    options: "tuple[Node | Group, ...]" = ()


def path_of(steps: Steps) -> str:
    return ".".join(name if index is None else f"{name}[{index}]" for name, index in steps)


def fixed(item: "Node | Group") -> Thing:
    """A component or group that is always the same."""
    return Thing("node" if isinstance(item, Node) else "group", lambda _: item, (item,))


def constant(kind: "str | tuple[str, ...]", value: object) -> Thing:
    return Thing(kind, lambda _: value)


# --- defaults ---


def completed(body: tuple[tree.Statement, ...], span: object, *, is_system: bool) -> tuple[tree.Statement, ...]:
    """A body with what is implied: `health` and `crash`, `healthy`, `serving`, `forwards`."""

    def name(text: str) -> tree.Name:
        return tree.Name(text=text, span=span)

    def identifier(text: str) -> tree.Identifier:
        return tree.Identifier(text=text, span=span)

    def let(text: str, value: tree.Expr) -> tree.Let:
        return tree.Let(name=identifier(text), parameters=None, value=value, span=span)

    body = tuple(body)
    lets = {s.name.text for s in body if isinstance(s, tree.Let)}
    states = {s.name.text: s for s in body if isinstance(s, tree.State)}
    has_parts = any(isinstance(s, tree.Part | tree.Redundant | tree.Component) for s in body)
    if not is_system and not states and not has_parts and "serving" not in lets:
        labels = tree.EnumType(labels=(identifier("up"), identifier("down")), span=span)
        states["health"] = tree.State(name=identifier("health"), type=labels, initial=name("up"), span=span)
        body += (states["health"],)
        if not any(isinstance(s, tree.Command) and s.name.text == "crash" for s in body):
            falls = tree.Arrow(target=name("health"), sources=(name("up"),), destination=name("down"), span=span)
            body += (
                tree.Command(
                    command_class="fault", name=identifier("crash"), kind=None, text="", loop=None, guard=None,
                    timing=None, lasts=None, updates=(falls,), span=span,
                ),
            )  # fmt: skip
    has_healthy = "healthy" in lets
    if not has_healthy and "health" in states:
        kind = states["health"].type
        if isinstance(kind, tree.EnumType) and any(label.text == "up" for label in kind.labels):
            body += (let("healthy", tree.Binary(operator="==", left=name("health"), right=name("up"), span=span)),)
            has_healthy = True
    if "serving" not in lets:
        value: tree.Expr = name("healthy") if has_healthy else tree.Boolean(value=True, span=span)
        for needs in (s for s in body if isinstance(s, tree.Needs)):
            for target in needs.targets:
                serves = tree.Attribute(base=target, name=identifier("serving"), span=span)
                value = tree.Binary(operator="and", left=value, right=serves, span=span)
        body += (let("serving", value),)
    if "forwards" not in lets:
        body += (let("forwards", name("serving")),)
    return body


# --- the components of a system ---


class Things:
    """All components of a system under some fixes, in order. `read` gives the meaning of an expression."""

    def __init__(
        self, loaded: Loaded, fixes: tuple[str, ...], read: Callable[["Things", tree.Expr, Scope], Thing]
    ) -> None:
        self._types = {file.source.name: file.types for file in loaded.files}
        self._read = read
        system = loaded.main.tree.systems[0]
        self.root = Node((), None, None, completed(system.body, system.span, is_system=True))
        of_name = {s.name.text: s for s in system.body if isinstance(s, tree.Fix)}
        self.settings = [
            (steps_of(setting.path), setting.value) for name in fixes for setting in of_name[name].settings
        ]
        self.links: list[tuple[Node, tree.Link]] = []
        self._fill(self.root)

    def nodes(self, start: Node | None = None) -> Iterator[Node]:
        """A component and all in it, each before its parts."""
        start = start or self.root
        yield start
        for item in start.names.values():
            for node in item.members if isinstance(item, Group) else [item] if isinstance(item, Node) else []:
                yield from self.nodes(node)

    def groups(self) -> Iterator[Group]:
        for node in self.nodes():
            yield from (item for item in node.names.values() if isinstance(item, Group))

    def setting(self, steps: Steps) -> tree.Expr | None:
        """What a fix gives a param: the last one counts; without an index every member is meant."""
        found = None
        for path, value in self.settings:
            if path is not None and matches(path, steps) and len(path) == len(steps):
                found = value
        return found

    def _fill(self, node: Node) -> None:
        """Find what the component declares. Sizes of groups may rest on any constant, so parts come last."""
        for statement in node.body:
            if isinstance(
                statement,
                tree.Param
                | tree.Port
                | tree.State
                | tree.Let
                | tree.Outage
                | tree.Part
                | tree.Redundant
                | tree.Component,
            ):
                node.names[statement.name.text] = statement
            elif isinstance(statement, tree.Link):
                self.links.append((node, statement))
        for statement in node.body:
            match statement:
                case tree.Part(name=name, type_name=type_name, args=args):
                    node.names[name.text] = self._part(node, (name.text, None), type_name, args)
                case tree.Redundant(name=name, type_name=type_name, args=args):
                    scope = Scope(node)
                    size, needs = (self._read(self, e, scope).of(()) for e in (statement.count, statement.needs))
                    assert isinstance(size, int) and isinstance(needs, int)
                    members = [self._part(node, (name.text, i), type_name, args) for i in range(1, size + 1)]
                    node.names[name.text] = Group((*node.steps, (name.text, None)), members, needs)
                case tree.Component(name=name, body=body, span=span):
                    inner = completed(body, span, is_system=False)
                    node.names[name.text] = Node((*node.steps, (name.text, None)), node, node, inner)
        for item in list(node.names.values()):
            for part in item.members if isinstance(item, Group) else [item] if isinstance(item, Node) else []:
                self._fill(part)

    def _part(
        self, owner: Node, step: tuple[str, int | None], type_name: tree.Identifier, args: tuple[tree.Argument, ...]
    ) -> Node:
        declaration = self._types[type_name.span.source.name][type_name.text]
        scope = Scope(owner)
        if step[1] is not None:
            scope = scope.bind("index", constant("int", step[1]))
        body = completed(declaration.body, declaration.span, is_system=False)
        given = {arg.name.text: (arg.value, scope) for arg in args}
        return Node((*owner.steps, step), owner, None, body, step[1], given)


def steps_of(expr: tree.Expr) -> Steps | None:
    """`tor[1].dead` as steps."""
    match expr:
        case tree.Name(text=text):
            return ((text, None),)
        case tree.Attribute(base=base, name=name):
            steps = steps_of(base)
            return None if steps is None else (*steps, (name.text, None))
        case tree.Index(base=base, index=tree.Integer(value=value)):
            steps = steps_of(base)
            return None if steps is None else (*steps[:-1], (steps[-1][0], value))
        case _:
            return None


def matches(pattern: Steps, steps: Steps) -> bool:
    """Whether `steps` begin as `pattern` says; what has no index there stands for each."""
    return len(pattern) <= len(steps) and all(
        name == wanted and index in (None, at)
        for (wanted, index), (name, at) in zip(pattern, steps[: len(pattern)], strict=True)
    )
