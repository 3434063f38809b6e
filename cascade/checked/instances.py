"""The tree of instances while it is elaborated: mutable scaffolding, not part of the checked model.

An `Instance` is one component of the running system; its `entities` are the names declared in it. Values of expressions are
`Scalar`, `Instance`, `Group`, `Choice` (one of several, chosen by an expression) or `UNKNOWN` (an error was reported already).
"""

from collections.abc import Callable
from dataclasses import field

from cascade.checked.model import ValueType
from cascade.core.expressions import ExprId
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree


@dataclass(frozen=True, slots=True)
class Scalar:
    """A typed expression."""

    type: ValueType
    expr: ExprId


@dataclass(frozen=True, slots=True)
class Choice:
    """Option number `index` (from 1): what `group[expr]` is while `expr` varies. `depth` counts choices inside choices."""

    index: ExprId
    options: "tuple[Value, ...]"
    span: Span
    depth: int = 1


class UndecidedError(Exception):
    """A constant was needed of something that depends on open params: `names` are their paths. Elaboration starts again, once for each value."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Unknown:
    """The value of an expression in which an error was reported; every use of it is silent."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a name and, for a member of a group, its index."""

    name: str
    index: int | None = None

    def text(self) -> str:
        """As it stands in a path."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(slots=True, eq=False)
class Group:
    """A redundant group of instances."""

    name: str
    declaration: tree.Redundant
    members: "list[Instance]"
    needs: int


@dataclass(slots=True, eq=False)
class Parameter:
    """A `param`; its value is found on first use."""

    declaration: tree.Param
    value: "Value | None" = None


@dataclass(slots=True, eq=False)
class StateVariable:
    """A `state`; `variable` is its index in the system, given (with type and bounds) on first use."""

    declaration: tree.State
    value: "Value | None" = None
    type: "ValueType | None" = None
    variable: int = -1
    low: int = 0
    high: int = 0


@dataclass(slots=True, eq=False)
class LetEntity:
    """A `let`; values are kept by arguments."""

    declaration: tree.Let
    values: "dict[tuple[Value, ...], Value]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class PortEntity:
    """A `port`; bound at instantiation."""

    declaration: tree.Port
    value: "Value | None" = None


@dataclass(slots=True, eq=False)
class Child:
    """A `part` or a component declared in place."""

    declaration: tree.Part | tree.Component
    instance: "Instance"


@dataclass(slots=True, eq=False)
class GroupEntity:
    """A `redundant`; its members are made on first use, since their number may depend on parameters."""

    declaration: tree.Redundant
    value: "Value | None" = None


@dataclass(slots=True, eq=False)
class OutageEntity:
    """An `outage`, which is also a boolean."""

    declaration: tree.Outage
    value: "Value | None" = None


Entity = Parameter | StateVariable | LetEntity | PortEntity | Child | GroupEntity | OutageEntity


@dataclass(slots=True, eq=False)
class Binding:
    """An argument of an instantiation: the expression, and the scope in which it is to be read."""

    argument: tree.Argument
    scope: "Scope"
    used: bool = False


@dataclass(slots=True, eq=False)
class Instance:
    """One component. `owner` contains it; `lexical` is where names are looked up next (components declared in place only).

    `path` is its full path, "" for the system.
    """

    steps: tuple[Step, ...]
    declaration: tree.Component | tree.System
    type_name: str
    statements: tuple[tree.Statement, ...]
    owner: "Instance | None"
    lexical: "Instance | None"
    path: str = ""
    group: Group | None = None
    index: int | None = None
    bindings: dict[str, Binding] = field(default_factory=dict)
    type_chain: tuple[str, ...] = ()
    populate: "Callable[[Instance], None] | None" = None
    _entities: dict[str, Entity] = field(default_factory=dict)

    @property
    def entities(self) -> dict[str, Entity]:
        """What is declared here, by name; found on first use, since declarations may refer to each other in any order."""
        if self.populate is not None:
            populate, self.populate = self.populate, None
            populate(self)
        return self._entities

    def child_path(self, name: str) -> str:
        """Path of something declared in this component."""
        return f"{self.path}.{name}" if self.path else name

    @property
    def local_name(self) -> str:
        """What a message calls it: the same for all instances of a type, so that an error of the type is said once."""
        if not self.steps:
            return "the system" if isinstance(self.declaration, tree.System) else self.type_name
        return self.type_name if self.lexical is None else self.declaration.name.text

    def contains(self, other: "Instance") -> bool:
        """Whether `other` is this instance or a part of it at any depth."""
        return other.steps[: len(self.steps)] == self.steps


Value = Scalar | Instance | Group | Choice | Unknown


@dataclass(slots=True, eq=False)
class Work:
    """What elaboration may still do: a small spec may stand for a huge system."""

    evaluations_max: int
    instances_left: int
    evaluations_left: int = field(init=False)

    def __post_init__(self) -> None:
        self.evaluations_left = self.evaluations_max


@dataclass(slots=True, eq=False)
class Scope:
    """Where an expression is read: a component, and local names (quantified variables, parameters of a `let`)."""

    instance: Instance
    local: dict[str, Value] = field(default_factory=dict)

    def bind(self, name: str, value: Value) -> "Scope":
        """This scope with one more local name."""
        return Scope(self.instance, {**self.local, name: value})
