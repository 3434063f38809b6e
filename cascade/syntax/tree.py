"""The syntax tree: one frozen class for each row of the language reference. Every node carries its `span`."""

from cascade.records import dataclass
from cascade.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A name where it is declared, or a label of an enumeration."""

    text: str
    span: Span


# --- expressions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """`42`."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """`true`, `false`."""

    value: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """`250ms`, `60s`, `6min`, `4h`, `2d`; the value is in milliseconds."""

    milliseconds: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """`30%`."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in an expression."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`base.name`."""

    base: "Expr"
    name: Identifier
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """`base[index]`."""

    base: "Expr"
    index: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`f(a, b)`: a `let` with parameters (`function` is a Name or an Attribute), or `min`, `max`, `reaches`."""

    function: "Expr"
    args: "tuple[Expr, ...]"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """`not a`, `-a`; `operator` is `not` or `-`."""

    operator: str
    operand: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """`operator` is one of `or and == != < <= > >= + - * /`."""

    operator: str
    left: "Expr"
    right: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """`if c then a else b`."""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier:
    """`operator(variable in group: body)`; `operator` is one of `any all count sum min max`."""

    operator: str
    variable: Identifier
    group: "Expr"
    body: "Expr"
    span: Span


Expr = (
    Integer
    | Boolean
    | Duration
    | Percentage
    | Name
    | Attribute
    | Index
    | Call
    | Unary
    | Binary
    | Conditional
    | Quantifier
)


# --- types and small parts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolType:
    """`bool`."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeType:
    """`low..high`, both inclusive."""

    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumType:
    """`{a, b, c}`."""

    labels: tuple[Identifier, ...]
    span: Span


Type = BoolType | RangeType | EnumType


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """The initial value `any` of a `state`, or the value `any` of a `param`."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """`name = value` at an instantiation or in a fix (there `name` may be a path); see `Setting`."""

    name: Identifier
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`path = value` in a fix."""

    path: Expr
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """`target: a | b -> c`."""

    target: Expr
    sources: tuple[Expr, ...]
    destination: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`target = value` as an update."""

    target: Expr
    value: Expr
    span: Span


UpdateNode = Arrow | Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """`after d` (`latest` is None) or `after d1..d2`."""

    earliest: Expr
    latest: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """`within d`."""

    latest: Expr
    span: Span


Timing = After | Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasts:
    """`lasts d` (`longest` is None) or `lasts d1..d2`."""

    shortest: Expr
    longest: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`for variable in group` of a command."""

    variable: Identifier
    group: Expr
    span: Span


# --- statements --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`import std.network`."""

    path: tuple[Identifier, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """`component NAME "text" { ... }`: a type at top level, an instance declared in place inside a component."""

    name: Identifier
    text: str
    body: "tuple[Statement, ...]"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`system NAME "text" { ... }`."""

    name: Identifier
    text: str
    body: "tuple[Statement, ...]"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """`tick 1min`."""

    duration: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """`: TYPE step s`: the values that a param may have."""

    type: Type
    step: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """`param NAME: TYPE step s = expr`, where type, step and value may be missing.

    `value` is None for `param NAME` that must be set at each instantiation, and `Any` for `= any`, which leaves it open.
    """

    name: Identifier
    domain: "Domain | None" = None
    value: "Expr | Any | None"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """`port NAME: Type`."""

    name: Identifier
    type_name: Identifier
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`part NAME: Type(arg = ..., ...)`."""

    name: Identifier
    type_name: Identifier
    args: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Redundant:
    """`redundant NAME: N x Type(args) needs K`."""

    name: Identifier
    count: Expr
    type_name: Identifier
    args: tuple[Argument, ...]
    needs: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`needs a, b`."""

    targets: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`state NAME: TYPE = value`."""

    name: Identifier
    type: Type
    initial: Expr | Any
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    """`let NAME = expr` (`parameters` is None) or `let NAME(x, y) = expr`."""

    name: Identifier
    parameters: tuple[Identifier, ...] | None
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CanCut:
    """`can cut` or `can cut lasts d`."""

    lasts: Lasts | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`link a <-> b via p, q can cut`; `both` is true for `<->`."""

    left: Expr
    right: Expr
    both: bool
    via: tuple[Expr, ...]
    cut: CanCut | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`outage NAME "text" when expr`."""

    name: Identifier
    text: str
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day as it is written, `2027-01-31`; whether there is such a day is not said."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`waive NAME on path, ... until DAY because "reason"`. `target` is a check or a code; `accepted` is empty without `on`."""

    target: Identifier
    accepted: tuple[Expr, ...]
    until: Day
    reason: str
    reason_span: Span
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """`fix NAME "text" [cost n] { path = value, ... }`."""

    name: Identifier
    text: str
    cost: int | None
    settings: tuple[Setting, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`class NAME [: kind] ["text"] [for x in g] [when guard] [timing] [lasts d] { updates }`.

    `command_class` is one of `fault repair reaction operator event`.
    """

    command_class: str
    name: Identifier
    kind: Identifier | None
    text: str
    loop: Loop | None
    guard: Expr | None
    timing: Timing | None
    lasts: Lasts | None
    updates: tuple[UpdateNode, ...]
    span: Span


# --- checks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """`never p`."""

    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """`always p`."""

    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """`possible p then q then r`."""

    conditions: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsTo:
    """`p leads to q` or `p leads to q within d`."""

    trigger: Expr
    goal: Expr
    within: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CanLeadTo:
    """`p can lead to q`."""

    trigger: Expr
    goal: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LastsAtMost:
    """`p lasts at most d`."""

    condition: Expr
    longest: Expr
    span: Span


Formula = Never | Always | Possible | LeadsTo | CanLeadTo | LastsAtMost


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`with at most N faults [of x | in x]`; `scope` is None for all faults."""

    count: Expr
    scope: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """`with only x, y`."""

    selectors: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class WhileRedundancyHolds:
    """`while redundancy holds`."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """`without x, y`."""

    selectors: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLimit:
    """`with x at most N times`."""

    selectors: tuple[Expr, ...]
    count: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceStop:
    """`once x, y stop`."""

    selectors: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class IfAct:
    """`if x, y act`."""

    selectors: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class WithFix:
    """`with fix a, b`."""

    names: tuple[Identifier, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCanCut:
    """`link a <-> b can cut [lasts d]` as a clause: the declared links between these ends may be cut."""

    left: Expr
    right: Expr
    both: bool
    cut: CanCut
    span: Span


Clause = Budget | Only | WhileRedundancyHolds | Without | CountLimit | OnceStop | IfAct | WithFix | LinkCanCut


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`check NAME "text": formula clauses [expect holds | expect violated]`; `expect` is `holds` or `violated`."""

    name: Identifier
    text: str
    formula: Formula
    clauses: tuple[Clause, ...]
    expect: str
    span: Span


Statement = (
    Tick
    | Param
    | Port
    | Part
    | Redundant
    | Needs
    | State
    | Let
    | Link
    | Outage
    | Fix
    | Command
    | Check
    | Component
    | Waiver
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One parsed file: imports and top-level declarations in their order."""

    imports: tuple[Import, ...]
    components: tuple[Component, ...]
    systems: tuple[System, ...]
    span: Span
