"""The groups of a system unfolded by hand: `redundant g: 3 x T needs 2` becomes three parts, and a component that says when enough of them serve.

Works on the syntax tree and puts texts together; knows of groups only what the language reference says: members are counted from 1, `for` and quantifiers mean each.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cascade.syntax import tree
from tests.trust.laws import nodes, parsed

Names = dict[str, str]
"""What a name that is bound to a member stands for."""


class NoPlaceError(Exception):
    """The group is used in a way that parts cannot be: as the target of a port, by an index that varies."""


@dataclass(slots=True)
class Unfolding:
    """The new text, and how paths change. Checks that cannot be said of parts (`while redundancy holds`) are left out."""

    text: str = ""
    members: dict[str, int] = field(default_factory=dict)
    """Groups, and commands with a `for` over one of them: how many there are."""

    def renamed(self, path: str) -> str:
        """`group1[2].fault1` is `group1_2.fault1`."""

        def one(match: re.Match[str]) -> str:
            return f"{match[1]}_{match[2]}" if match[1] in self.members else match[0]

        return re.sub(r"\b(\w+)\[(\d+)\]", one, path)


def unfolded(text: str) -> Unfolding | None:
    """The spec with all groups of its system unfolded; None where that has no place."""
    file = parsed(text)
    (system,) = file.systems
    groups = {s.name.text: s for s in system.body if isinstance(s, tree.Redundant)}
    if not all(isinstance(s.count, tree.Integer) and isinstance(s.needs, tree.Integer) for s in groups.values()):
        return None
    if not groups:
        return None
    unfolding = Unfolding(members={name: group.count.value for name, group in groups.items()})
    for command in (node for node in nodes(system) if isinstance(node, tree.Command)):
        if command.loop is not None and isinstance(command.loop.group, tree.Name):
            size = unfolding.members.get(command.loop.group.text)
            if size is not None:
                unfolding.members[command.name.text] = unfolding.members[f"{command.name.text}_ends"] = size
    writer = _Writer(text, groups, unfolding.members)
    try:
        body = "\n".join(writer.statement(s) for s in system.body)
    except NoPlaceError:
        return None
    head = text[: system.body[0].span.start]
    unfolding.text = head + body + text[system.body[-1].span.end :]
    return unfolding


class _Writer:
    def __init__(self, text: str, groups: dict[str, tree.Redundant], members: dict[str, int]) -> None:
        self._text = text
        self._groups = groups
        self._members = members

    # --- statements ---

    def statement(self, node: tree.Statement) -> str:
        match node:
            case tree.Redundant() if node is self._groups.get(node.name.text):
                return self._group(node)
            case tree.Command(loop=tree.Loop(variable=variable, group=tree.Name(text=group))) if group in self._groups:
                return "\n".join(
                    self._command(node, variable.text, group, i) for i in range(1, self._members[group] + 1)
                )
            case tree.Link():
                return self._link(node)
            case tree.Component(body=body) if body:
                inner = "\n".join(self.statement(s) for s in body)
                return (
                    self._text[node.span.start : body[0].span.start]
                    + inner
                    + self._text[body[-1].span.end : node.span.end]
                )
            case tree.Fix(settings=settings):
                new = ", ".join(f"{path} = {self.new(s.value, {})}" for s in settings for path in self._paths(s.path))
                return f"fix {node.name.text} {{ {new} }}"
            case tree.Check():
                try:
                    return self._check(node)
                except NoPlaceError:
                    return ""
            case tree.Needs(targets=targets):
                return "needs " + ", ".join(self._whole(t) for t in targets)
            case _:
                return self.new(node, {})

    def _group(self, node: tree.Redundant) -> str:
        name, size = node.name.text, self._members[node.name.text]
        lines = []
        for i in range(1, size + 1):
            args = ", ".join(f"{a.name.text} = {self.new(a.value, {'index': str(i)})}" for a in node.args)
            lines.append(f"part {name}_{i}: {node.type_name.text}{f'({args})' if args else ''}")
        serving = " + ".join(f"(if {name}_{i}.serving then 1 else 0)" for i in range(1, size + 1))
        lines.append(f"component {name} {{ let serving = {serving} >= {node.needs.value} }}")
        return "\n".join(lines)

    def _command(self, node: tree.Command, variable: str, group: str, number: int) -> str:
        """The command of one member."""
        names = {variable: f"{group}_{number}", f"{variable}.index": str(number)}
        edits = [edit for child in _children(node) if child is not node.loop for edit in self._edits(child, names)]
        edits.append((node.loop.span.start, node.loop.span.end, ""))
        edits.append((node.name.span.start, node.name.span.end, f"{node.name.text}_{number}"))
        return self._edited(node.span.start, node.span.end, edits)

    def _link(self, node: tree.Link) -> str:
        via = f" via {', '.join(self._whole(v) for v in node.via)}" if node.via else ""
        cut = f" {self.new(node.cut, {})}" if node.cut is not None else ""
        return "\n".join(f"link {pair}{via}{cut}" for pair in self._pairs(node.left, node.right, both=node.both))

    def _pairs(self, left: tree.Expr, right: tree.Expr, *, both: bool) -> Iterator[str]:
        """Each pair of ends once."""
        seen: set[frozenset[str] | tuple[str, str]] = set()
        for a, b in itertools.product(self._paths(left), self._paths(right)):
            key = frozenset((a, b)) if both else (a, b)
            if key not in seen:
                seen.add(key)
                yield f"{a} {'<->' if both else '->'} {b}"

    # --- checks ---

    def _check(self, node: tree.Check) -> str:
        words = [f"check {node.name.text}: {self.new(node.formula, {})}"]
        for clause in node.clauses:
            match clause:
                case tree.WhileRedundancyHolds():
                    raise NoPlaceError
                case tree.Budget(scope=scope) if scope is not None:
                    words.append(self._selected(clause, (scope,), count_max=1))
                case tree.Only() | tree.Without() | tree.CountLimit() | tree.OnceStop() | tree.IfAct():
                    words.append(self._selected(clause, clause.selectors))
                case tree.LinkCanCut(left=left, right=right, both=both, cut=cut):
                    words += [f"link {pair} {self.new(cut, {})}" for pair in self._pairs(left, right, both=both)]
                case _:
                    words.append(self.new(clause, {}))
        return "\n".join([*words, f"expect {node.expect}"])

    def _selected(self, clause: tree.Clause, selectors: tuple[tree.Expr, ...], count_max: int = 1_000) -> str:
        edits = []
        for selector in selectors:
            paths = self._paths(selector)
            if len(paths) > count_max:
                raise NoPlaceError
            edits.append((selector.span.start, selector.span.end, ", ".join(paths)))
        return self._edited(clause.span.start, clause.span.end, edits)

    # --- paths ---

    def _paths(self, expr: tree.Expr) -> list[str]:
        """All paths that a path with or without indices stands for."""
        match expr:
            case tree.Index(base=tree.Name(text=text), index=tree.Integer(value=number)) if text in self._members:
                return [self._member(text, number)]
            case tree.Name(text=text) if text in self._members:
                return [self._member(text, i) for i in range(1, self._members[text] + 1)]
            case tree.Attribute(base=base, name=name) if name.text in self._members:
                last = [self._member(name.text, i) for i in range(1, self._members[name.text] + 1)]
                return [f"{path}.{one}" for path in self._paths(base) for one in last]
            case tree.Attribute(base=base, name=name):
                return [f"{path}.{name.text}" for path in self._paths(base)]
            case tree.Index(base=tree.Attribute(base=base, name=name), index=tree.Integer(value=number)):
                if name.text in self._members:
                    return [f"{path}.{self._member(name.text, number)}" for path in self._paths(base)]
                return [f"{path}.{name.text}[{number}]" for path in self._paths(base)]
            case _:
                return [self.new(expr, {})]

    def _member(self, name: str, number: int) -> str:
        return f"{name.removesuffix('_ends')}_{number}_ends" if name.endswith("_ends") else f"{name}_{number}"

    def _whole(self, expr: tree.Expr) -> str:
        """A component or a whole group, which is a component now."""
        return expr.text if isinstance(expr, tree.Name) else self.new(expr, {})

    # --- expressions ---

    def new(self, node: object, names: Names) -> str:
        """The new text of any node."""
        return self._edited(node.span.start, node.span.end, self._edits(node, names))

    def _edits(self, node: object, names: Names) -> list[tuple[int, int, str]]:
        found = self._replacement(node, names)
        if found is not None:
            return [(node.span.start, node.span.end, found)]
        inner: list[tuple[int, int, str]] = []
        for child in _children(node):
            inner += self._edits(child, names)
        return inner

    def _replacement(self, node: object, names: Names) -> str | None:
        """What stands in the place of a node; None where it is looked into."""
        match node:
            case tree.Quantifier(operator=word, variable=variable, group=tree.Name(text=group), body=body):
                if group in self._groups:
                    inner = []
                    for i in range(1, self._members[group] + 1):
                        bound = {**names, variable.text: f"{group}_{i}", f"{variable.text}.index": str(i)}
                        inner.append(self.new(body, bound))
                    return _folded(word, inner)
            case tree.Index(base=tree.Name(text=group), index=index) if group in self._groups:
                if not isinstance(index, tree.Integer) or not 1 <= index.value <= self._members[group]:
                    raise NoPlaceError
                return f"{group}_{index.value}"
            case tree.Attribute(base=tree.Name(text=name), name=tree.Identifier(text=what)):
                if name in self._groups and name not in names:
                    known = {"size": str(self._members[name]), "needs": self._text_of(self._groups[name].needs)}
                    return known.get(what, f"{name}.{what}")
                if f"{name}.{what}" in names:
                    return names[f"{name}.{what}"]
            case tree.Attribute(
                base=tree.Index(base=tree.Name(text=group), index=index), name=tree.Identifier(text="index")
            ):
                if group in self._groups:
                    return self._text_of(index)
            case tree.Name(text=name):
                if name in names:
                    return names[name]
                if name in self._groups:
                    raise NoPlaceError
        return None

    def _text_of(self, node: tree.Expr) -> str:
        return self._text[node.span.start : node.span.end]

    def _edited(self, start: int, end: int, edits: list[tuple[int, int, str]]) -> str:
        parts, at = [], start
        for first, last, new in sorted(edits):
            parts += [self._text[at:first], new]
            at = last
        return "".join([*parts, self._text[at:end]])


def _folded(word: str, inner: list[str]) -> str:
    match word:
        case "any" | "all":
            return "(" + (" or " if word == "any" else " and ").join(f"({one})" for one in inner) + ")"
        case "count":
            return "(" + " + ".join(f"(if {one} then 1 else 0)" for one in inner) + ")"
        case "sum":
            return "(" + " + ".join(f"({one})" for one in inner) + ")"
        case _:
            return f"{word}({', '.join(inner)})"


def _children(node: object) -> Iterator[object]:
    """The nodes directly inside."""
    for name in getattr(node, "__dataclass_fields__", ()):
        value = getattr(node, name)
        for item in value if isinstance(value, tuple) else (value,):
            if name != "span" and hasattr(item, "span") and hasattr(item, "__dataclass_fields__"):
                yield item
