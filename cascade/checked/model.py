"""The checked model: shaped as the spec, nothing unresolved.

Expressions are ids in `System.builder` (see `cascade.core.expressions`); variable indices in them are positions in `System.variables`.
Durations are in milliseconds. Commands are referred to by their position in `System.commands`.
"""

import datetime as dt
import enum
from dataclasses import field

from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.records import dataclass
from cascade.source import Span


class Kind(enum.Enum):
    """Kinds of values; the text is what messages say."""

    BOOL = "a boolean"
    INT = "an integer"
    DURATION = "a duration"
    PERCENT = "a percentage"
    ENUM = "an enumeration"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a value; `labels` only for enumerations. Two enumerations are one type when their labels are."""

    kind: Kind
    labels: tuple[str, ...] = ()

    def describe(self) -> str:
        """What a message calls it."""
        return "one of {" + ", ".join(self.labels) + "}" if self.kind is Kind.ENUM else self.kind.value


BOOL = ValueType(Kind.BOOL)
INT = ValueType(Kind.INT)
DURATION = ValueType(Kind.DURATION)
PERCENT = ValueType(Kind.PERCENT)


class Class(enum.Enum):
    """Command classes as the language names them."""

    FAULT = "fault"
    REPAIR = "repair"
    REACTION = "reaction"
    OPERATOR = "operator"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A `state`, or (`is_link`) whether a link is cut, or (`is_param`) an open param, which nothing ever changes.

    Values are `low..high`; labels are counted from `low` = 0.
    """

    name: str
    component: str
    type: ValueType
    low: int
    high: int
    initial: tuple[int, ...]
    is_link: bool = False
    is_param: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """`variable := value`."""

    variable: int
    value: ExprId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Earliest and latest time in milliseconds. `latest_ms` is None for an `after d` that leaves the latest time to the class."""

    earliest_ms: int
    latest_ms: int | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of one component.

    `undoes` names the command that this one ends (`lasts`). `cut_checks` is None for a command that does not rest on a clause of a check, else the names of the
    checks whose clause lets a link be cut. In the checks `replaced_in` a clause says another thing of the same link.
    """

    name: str
    component: str
    command_class: Class
    kind: str
    text: str
    guard: ExprId
    updates: tuple[Update, ...]
    timing: Timing | None
    cut_checks: frozenset[str] | None = None
    replaced_in: frozenset[str] = frozenset()
    undoes: str = ""
    span: Span

    def exists_in(self, check: str) -> bool:
        """Whether the check of this name knows of the command at all."""
        return (self.cut_checks is None or check in self.cut_checks) and check not in self.replaced_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """An instance; `name` is its path ("" is the system), `parent` the path of what contains it (None for the system)."""

    name: str
    type_name: str
    text: str
    parent: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A redundant group: members are component paths."""

    name: str
    members: tuple[str, ...]
    needs: int
    serving: ExprId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A directed link between two components."""

    name: str
    source: str
    target: str
    via: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named derived value: a `let` without parameters, a `serving`, an outage."""

    name: str
    component: str
    type: ValueType
    value: ExprId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A user-visible failure."""

    name: str
    text: str
    condition: ExprId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A declared remedy: for display, `settings` as the spec writes them. `cost` is in whatever unit the spec thinks of; None if it gives none."""

    name: str
    text: str
    cost: int | None
    settings: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenParam:
    """A `param` that was left open (`= any`).

    `values` is its domain as the spec writes it. It is a variable of the system, unless it shapes the model: then this system is that of one value, `chosen`
    (as the spec writes it, else ""), and there are others.
    """

    name: str
    values: str
    value_count: int
    chosen: str = ""
    span: Span


class FormulaKind(enum.Enum):
    """Formulas of language reference, section 7."""

    NEVER = "never"
    ALWAYS = "always"
    POSSIBLE = "possible"
    LEADS_TO = "leads to"
    LEADS_TO_WITHIN = "leads to within"
    CAN_LEAD_TO = "can lead to"
    LASTS_AT_MOST = "lasts at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """`conditions` in the order of the text; `duration_ms` for the two formulas that have one."""

    kind: FormulaKind
    conditions: tuple[ExprId, ...]
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` firings of `commands` together in a run."""

    count: int
    commands: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """Which faults strike at all, for questions that no clause of the language asks.

    Of all faults at most `count` different ones fire in a run, each as often as it can; never all of one of the sets in `blocked`. Those in `order` fire
    for the first time in that order. `forced`, which has no timing, strikes once, as soon as it can after all of `forced_after` have struck: nothing
    else happens and no time passes while it can.
    """

    count: int | None = None
    blocked: frozenset[frozenset[int]] = frozenset()
    order: tuple[int, ...] = ()
    forced: int | None = None
    forced_after: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check with its clauses resolved to commands.

    `excluded` never fire. If `budgets` is not empty a fault needs one that covers it, and room in all that do. `stopped` are the commands of
    `once ... stop`, `acting` those of `if ... act`. `strikes` has no clause: questions that are asked unasked use it.
    """

    name: str
    text: str
    source: str
    formula: Formula
    budgets: tuple[Limit, ...]
    limits: tuple[Limit, ...]
    excluded: frozenset[int]
    while_redundancy_holds: bool
    strikes: Strikes | None = None
    stopped: frozenset[int]
    acting: frozenset[int]
    fixes: tuple[str, ...]
    expect_violated: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What does not count until a day, and why. `target` is the name of a check, or the code of a finding.

    `subjects` (outages and groups) and `faults` narrow it down; both are empty where everything of that kind is accepted.
    """

    target: str
    is_check: bool
    subjects: frozenset[str]
    faults: frozenset[str]
    until: dt.date
    reason: str
    span: Span

    @property
    def is_narrow(self) -> bool:
        """Whether it says on what it is."""
        return bool(self.subjects or self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A whole spec under a given set of fixes (`applied_fixes`). `is_timed`: some command has timing."""

    name: str
    text: str
    file_name: str
    applied_fixes: tuple[str, ...]
    tick_ms: int
    is_timed: bool
    builder: ExpressionBuilder = field(repr=False)
    variables: tuple[Variable, ...]
    commands: tuple[Command, ...]
    components: tuple[Component, ...]
    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    derived: tuple[Derived, ...]
    outages: tuple[Outage, ...]
    fixes: tuple[Fix, ...]
    checks: tuple[Check, ...]
    open_params: tuple[OpenParam, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    span: Span
