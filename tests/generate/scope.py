"""What a generated spec may speak of at some place: values, components, groups, functions, and what it may write.

Texts are paths as they are written at that place; `under` gives them a prefix, for those who see the place from outside.
"""

from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Bool:
    """A boolean."""


@dataclass(frozen=True, slots=True)
class Int:
    """An integer between `low` and `high`. `write_high` is what may be written without fear; params move the bound."""

    low: int
    high: int
    write_high: int = field(default=-(1 << 30), compare=False)

    @property
    def safe_high(self) -> int:
        """The highest value that is in the domain whatever a fix does."""
        return self.high if self.write_high < self.low else self.write_high


@dataclass(frozen=True, slots=True)
class Enum:
    """One of some labels."""

    labels: tuple[str, ...]


ValueType: TypeAlias = Bool | Int | Enum


@dataclass(frozen=True, slots=True)
class Atom:
    """Something with a value: `text` has the type `type`. Params and the like are constant in a run."""

    text: str
    type: ValueType
    is_constant: bool = False

    def under(self, prefix: str) -> "Atom":
        """The same, seen through `prefix`."""
        return Atom(prefix + self.text, self.type, self.is_constant)


@dataclass(frozen=True, slots=True)
class Thing:
    """A component that can be named."""

    text: str
    kind: "ComponentKind"


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group that can be named. Through a port its size is not known: at least `size`, at most `size_high`."""

    text: str
    kind: "ComponentKind"
    size: int
    needs: int
    size_high: int = 0

    @property
    def most(self) -> int:
        """The largest size that it may have."""
        return max(self.size, self.size_high)


@dataclass(frozen=True, slots=True)
class Function:
    """A `let` with parameters: a component kind or an integer range for each, and the type of its value."""

    text: str
    parameters: "tuple[ComponentKind | Int, ...]"
    result: ValueType


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """A command by its path, and what clauses may ask of it."""

    path: str
    command_class: str
    kind: str = ""

    def under(self, prefix: str) -> "CommandInfo":
        """The same, seen through `prefix`."""
        return replace(self, path=prefix + self.path)


@dataclass(frozen=True, slots=True)
class Setting:
    """A param that a fix or an instantiation may set, and texts of values that keep the spec well-typed."""

    path: str
    values: tuple[str, ...]
    takes_index: bool = False

    def under(self, prefix: str) -> "Setting":
        """The same, seen through `prefix`."""
        return replace(self, path=prefix + self.path)


@dataclass(slots=True)
class Scope:
    """All that can be spoken of at one place."""

    atoms: list[Atom] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    groups: list[GroupRef] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    durations: list[str] = field(default_factory=list)
    percentages: list[tuple[str, int]] = field(default_factory=list)
    writable: list[Atom] = field(default_factory=list)
    own_groups: list[GroupRef] = field(default_factory=list)
    has_links: bool = False

    def child(self) -> "Scope":
        """A copy that can grow by itself."""
        return replace(
            self,
            atoms=list(self.atoms),
            things=list(self.things),
            groups=list(self.groups),
            functions=list(self.functions),
            durations=list(self.durations),
            percentages=list(self.percentages),
            writable=list(self.writable),
            own_groups=list(self.own_groups),
        )

    def reading_only(self) -> "Scope":
        """A copy for a component declared in place: it sees all and writes nothing of it."""
        inner = self.child()
        inner.writable.clear()
        inner.own_groups.clear()
        return inner

    def add_thing(self, text: str, kind: "ComponentKind", *, is_own: bool) -> None:
        """Make a component known, with all that is to be seen of it."""
        seen = kind.scope
        self.things.append(Thing(text, kind))
        self.things.extend(Thing(f"{text}.{t.text}", t.kind) for t in seen.things if t.text in kind.own_parts)
        self.atoms.extend(a.under(f"{text}.") for a in kind.exports)
        self.groups.extend(replace(g, text=f"{text}.{g.text}") for g in seen.own_groups)
        self.functions.extend(replace(f, text=f"{text}.{f.text}") for f in kind.functions)
        if is_own:
            self.writable.extend(a.under(f"{text}.") for a in seen.writable)
            self.own_groups.extend(replace(g, text=f"{text}.{g.text}") for g in seen.own_groups)

    def add_group(self, group: GroupRef, *, is_own: bool) -> None:
        """Make a group known, and its members one by one."""
        self.groups.append(group)
        if is_own:
            self.own_groups.append(group)
        self.atoms.append(Atom(f"{group.text}.serving", Bool()))
        self.atoms.append(Atom(f"{group.text}.needs", Int(group.needs, group.needs), is_constant=True))
        self.atoms.append(Atom(f"{group.text}.size", Int(group.size, group.size), is_constant=True))
        for index in range(1, group.size + 1):
            self.add_thing(f"{group.text}[{index}]", group.kind, is_own=is_own)


@dataclass(slots=True, eq=False)
class ComponentKind:
    """A component type, or a component declared in place, as others see it.

    `weight` bounds the number of its states. `is_plain`: nothing in it rests on ports or links, so that whatever rests on its
    `forwards` makes no cycle.
    """

    name: str
    rank: int
    lines: list[str] = field(default_factory=list)
    scope: Scope = field(default_factory=Scope)
    exports: list[Atom] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    own_parts: set[str] = field(default_factory=set)
    settings: list[Setting] = field(default_factory=list)
    port_kinds: "list[tuple[str, ComponentKind | None, bool]]" = field(default_factory=list)
    commands: list[CommandInfo] = field(default_factory=list)
    weight: int = 1
    is_plain: bool = True
