"""The core model: finite-domain guarded commands. Plain immutable data that engines, exporters and reports read.

A *state* of the model is a tuple of integers: the value of every variable (in the order of `variables`), followed
by the value of every clock (in the order of `clocks`), in ticks. Two states are equal when these tuples are.

**Initial states.** Every combination of the variables' `initial` values, then *settled* (below), all clocks 0.

**Settling** makes a state out of new variable values: for each `Settle` in order, `variable := value`, where
`value` reads the values as they are then (its own variable still has the old one). Budget-like counters are plain variables that commands
update; *monitors* (progress of a formula) and *losses* (a fault struck and its mark is not yet undone) settle.

**Enabled.** A command is enabled in a state when its `guard` is true. It may *fire* when moreover its `permit`
is true (a clause of the check may forbid it: budgets, counts, redundancy) and, if it has a clock, the clock stands
at `earliest_ticks` or more.

**Firing** evaluates all `updates` in the state before, assigns them at once (a value outside the variable's domain is an error
of the spec), settles, then sets to 0 every clock whose `runs_while` is false in the new state, and the clock of the command itself.
All other clocks keep their values. Firing takes no time.

**Ticks** exist when `is_timed`. A tick is possible when no command that is `owed`, enabled and permitted is *due*: without a clock it is
always due; with one, when the clock stands at `latest_ticks`. (`owed` with a clock implies a latest time.) A tick adds 1 to every clock whose `runs_while` is true
(the others are 0 already) unless it stands at `stop_ticks`, and changes nothing else. (Settling is idempotent, so a tick need not settle.)

**Fair runs.** If `is_timed`: those with infinitely many ticks. Else: infinite runs in which no command that is `owed` stays enabled
and permitted for ever without firing (weak fairness), and finite runs that end where no owed command is enabled and permitted.

Display data (`text`, `span`, names of components) is excluded from equality where it does not affect meaning.
"""

import enum
from dataclasses import field

from cascade.core.expressions import Expressions, ExprId
from cascade.records import dataclass
from cascade.source import Span

TICK = -1
"""The index that stands for a tick wherever a command index is expected."""


class VariableKind(enum.Enum):
    """How a variable's integers are to be read."""

    BOOL = "bool"
    RANGE = "range"
    ENUM = "enum"


class VariableRole(enum.Enum):
    """Where a variable comes from. Only STATE and PARAM variables stand in the spec; no command changes a PARAM: it keeps its initial value in a run."""

    STATE = "state"
    LINK = "link"
    PARAM = "param"
    BUDGET = "budget"
    LOSS = "loss"
    MONITOR = "monitor"


class CommandClass(enum.Enum):
    """Who decides that a command happens."""

    FAULT = "fault"
    REPAIR = "repair"
    REACTION = "reaction"
    OPERATOR = "operator"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable with values `low..high` (both inclusive). `labels[value - low]` names a value of an enumeration.

    `component` is the path of the component that owns it ("" is the system); `name` is the full path.
    """

    name: str
    component: str
    kind: VariableKind
    role: VariableRole
    low: int
    high: int
    labels: tuple[str, ...] = ()
    initial: tuple[int, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """`variable := value` after every step and at the start; see the module's docstring."""

    variable: int
    value: ExprId


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Runs (in ticks) while `runs_while` holds, is 0 otherwise, and stops at `stop_ticks`."""

    name: str
    runs_while: ExprId
    stop_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """`variable := value`, read before the command fires."""

    variable: int
    value: ExprId
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A guarded command; the module's docstring says what each field means.

    `name` is the full path (`tor[1].dead`, `etcd.elect[2]`), `component` the path of its owner, `kind` a fault's kind,
    `text` the spec's description ("" if none).
    """

    name: str
    component: str
    command_class: CommandClass
    kind: str = ""
    text: str = ""
    guard: ExprId
    permit: ExprId
    updates: tuple[Update, ...]
    clock: int | None = None
    earliest_ticks: int = 0
    latest_ticks: int | None = None
    owed: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named derived value of the spec (a `let`, a `serving`, an outage), for display and explanation. `text` describes an outage."""

    name: str
    component: str
    value: ExprId
    kind: VariableKind
    low: int
    labels: tuple[str, ...] = ()
    is_outage: bool = False
    text: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A redundant group: `members` are component paths, `needs` of them suffice by the design's claim."""

    name: str
    members: tuple[str, ...]
    needs: int
    serving: ExprId
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """An instance, for display: path ("" is the system), type name, description."""

    name: str
    type_name: str
    text: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreModel:
    """A transition system; the module's docstring is its meaning. `tick_ms` is one tick in milliseconds.

    `constants` are open params of the spec that have one value in this model, as texts, for display.
    """

    expressions: Expressions
    variables: tuple[Variable, ...]
    settles: tuple[Settle, ...]
    clocks: tuple[Clock, ...]
    commands: tuple[Command, ...]
    is_timed: bool
    tick_ms: int
    derived: tuple[Derived, ...] = field(default=(), compare=False)
    groups: tuple[Group, ...] = field(default=(), compare=False)
    components: tuple[Component, ...] = field(default=(), compare=False)
    constants: tuple[tuple[str, str], ...] = field(default=(), compare=False)
