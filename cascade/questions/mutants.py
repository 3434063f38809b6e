"""Mutants of a spec: small changes of its syntax tree, each at a place and in words.

A mutant drops a part of a guard, a reaction, a repair, an operator action, a link or the `lasts` of a fault, or shifts a threshold by one. Checks and fixes stay as they are:
the question is whether they notice. Made one after the other, so that nobody holds them all.
"""

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any, TypeVar, cast

from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree
from cascade.syntax.imports import Loaded, LoadedFile

_UNITS = ((3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))
_TEXT_MAX = 48

Top = tree.Component | tree.System
_Node = TypeVar("_Node")


class MutationKind(enum.Enum):
    """What is changed; the text is how reports count it."""

    COMMAND = "commands dropped"
    LINK = "links dropped"
    CONJUNCT = "parts of guards dropped"
    LASTS = "faults made lasting"
    BOUNDARY = "comparisons moved by one"
    NUMBER = "numbers moved by one"
    DURATION = "durations moved by one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`old` of some file becomes `new`. `text` says what is changed at `span`."""

    kind: MutationKind
    span: Span
    text: str
    old: Top
    new: Top

    def applied(self, loaded: Loaded) -> Loaded:
        """The spec with this change."""
        files = tuple(self._in_file(file) for file in loaded.files)
        main = files[loaded.files.index(loaded.main)]
        return Loaded(main=main, files=files)

    def _in_file(self, file: LoadedFile) -> LoadedFile:
        changed = tree.File(
            imports=file.tree.imports,
            components=tuple(self._swap(c) for c in file.tree.components),
            systems=tuple(self._swap(s) for s in file.tree.systems),
            span=file.tree.span,
        )
        return LoadedFile(
            source=file.source, tree=changed, types={name: self._swap(c) for name, c in file.types.items()}
        )

    def _swap(self, top: _Node) -> _Node:
        return cast(_Node, self.new) if top is cast(object, self.old) else top


def mutants(files: tuple[LoadedFile, ...]) -> Iterator[Mutant]:
    """Every mutant of these files, kinds by turns, so that a bound on their number leaves out none of them altogether."""
    by_kind: dict[MutationKind, list[Mutant]] = {kind: [] for kind in MutationKind}
    for file in files:
        tops: tuple[Top, ...] = (*file.tree.systems, *file.tree.components)
        for top in tops:
            for kind, span, text, old, new in _changes(top):
                changed = cast(Top, _replaced(top, old, new))
                by_kind[kind].append(Mutant(kind=kind, span=span, text=text, old=top, new=changed))
    queues = [iter(found) for found in by_kind.values()]
    while queues:
        for queue in list(queues):
            mutant = next(queue, None)
            if mutant is None:
                queues.remove(queue)
            else:
                yield mutant


_Change = tuple[MutationKind, Span, str, object, object]
_DROPPED = object()


def _changes(top: Top) -> Iterator[_Change]:
    for statement in top.body:
        match statement:
            case tree.Command():
                yield from _of_command(statement)
            case tree.Link():
                yield MutationKind.LINK, statement.span, f"without {_text(statement.span)}", statement, _DROPPED
            case tree.Component():
                yield from _changes(statement)
            case tree.Check() | tree.Fix() | tree.Tick() | tree.Port() | tree.Needs():
                pass
            case tree.Outage() | tree.Let():
                yield from _thresholds(statement.condition if isinstance(statement, tree.Outage) else statement.value)
            case tree.Param():
                if isinstance(statement.value, tree.Integer | tree.Duration):
                    yield from _number(statement.value, f"param {statement.name.text}")
            case tree.Part() | tree.Redundant():
                for argument in statement.args:
                    yield from _number(argument.value, argument.name.text)
                if isinstance(statement, tree.Redundant):
                    yield from _number(statement.needs, f"needs of {statement.name.text}")
            case tree.State():
                pass


def _of_command(command: tree.Command) -> Iterator[_Change]:
    name = f"{command.command_class} {command.name.text}"
    if command.command_class in ("reaction", "repair", "operator"):
        yield MutationKind.COMMAND, command.span, f"without {name}", command, _DROPPED
    if command.lasts is not None:
        changed = dataclasses.replace(command, lasts=None)
        yield MutationKind.LASTS, command.lasts.span, f"{name} without {_text(command.lasts.span)}", command, changed
    if command.guard is not None:
        parts = _conjuncts(command.guard)
        for part in parts:
            rest = [p for p in parts if p is not part]
            guard = None if not rest else rest[0]
            for more in rest[1:]:
                assert guard is not None, "there is a first part"
                guard = tree.Binary(operator="and", left=guard, right=more, span=command.guard.span)
            changed = dataclasses.replace(command, guard=guard)
            yield MutationKind.CONJUNCT, part.span, f"{name} without `{_text(part.span)}`", command, changed
        yield from _thresholds(command.guard)
    match command.timing:
        case tree.After(earliest=earliest, latest=latest):
            yield from _number(earliest, name)
            if latest is not None:
                yield from _number(latest, name)
        case tree.Within(latest=latest):
            yield from _number(latest, name)
        case None:
            pass


def _conjuncts(guard: tree.Expr) -> list[tree.Expr]:
    if isinstance(guard, tree.Binary) and guard.operator == "and":
        return [*_conjuncts(guard.left), *_conjuncts(guard.right)]
    return [guard]


_MOVED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def _thresholds(expression: tree.Expr) -> Iterator[_Change]:
    """Comparisons in an expression, at their boundaries."""
    for node in _nodes(expression):
        if isinstance(node, tree.Binary) and node.operator in _MOVED:
            moved = _MOVED[node.operator]
            text = f"`{_text(node.span)}` with {moved}"
            yield MutationKind.BOUNDARY, node.span, text, node, dataclasses.replace(node, operator=moved)


def _number(value: tree.Expr, of: str) -> Iterator[_Change]:
    """A literal, one up and one down; a duration by one of the unit that it is written in."""
    match value:
        case tree.Integer():
            for step in (1, -1):
                changed: tree.Expr = dataclasses.replace(value, value=value.value + step)
                yield MutationKind.NUMBER, value.span, f"{of}: {value.value + step}, not {value.value}", value, changed
        case tree.Duration():
            size, unit = next(u for u in _UNITS if value.milliseconds % u[0] == 0)
            count = value.milliseconds // size
            for step in (1, -1):
                if count + step > 0:
                    changed = dataclasses.replace(value, milliseconds=(count + step) * size)
                    text = f"{of}: {count + step}{unit}, not {_text(value.span)}"
                    yield MutationKind.DURATION, value.span, text, value, changed
        case _:
            pass


def _nodes(root: object) -> Iterator[object]:
    yield root
    for child in _children(root):
        yield from _nodes(child)


def _children(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        yield from node
    elif dataclasses.is_dataclass(node) and not isinstance(node, Span):
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            if isinstance(value, tuple) or (dataclasses.is_dataclass(value) and not isinstance(value, Span)):
                yield value


def _replaced(node: object, old: object, new: object) -> object:
    """`node` with `new` in the place of the very node `old`; without it if `new` says so."""
    if node is old:
        return new
    if isinstance(node, tuple):
        changed = tuple(_replaced(child, old, new) for child in node)
        kept = tuple(child for child in changed if child is not _DROPPED)
        return node if len(kept) == len(node) and all(a is b for a, b in zip(kept, node, strict=True)) else kept
    if not dataclasses.is_dataclass(node) or isinstance(node, Span | type):
        return node
    values: dict[str, Any] = {}
    for field in dataclasses.fields(node):
        before = getattr(node, field.name)
        after = _replaced(before, old, new)
        if after is not before:
            values[field.name] = after
    return dataclasses.replace(node, **values) if values else node


def _text(span: Span) -> str:
    text = " ".join(span.source.text[span.start : span.end].split())
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"
