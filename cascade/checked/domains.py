"""The values that a param may have, as `param NAME: TYPE step s` declares them."""

import math
import re
from collections.abc import Iterable

from cascade.checked import messages
from cascade.checked.evaluate import Evaluator
from cascade.checked.instances import Scalar, Scope, Unknown
from cascade.checked.model import BOOL, DURATION, INT, Kind, ValueType
from cascade.checked.units import MEASURES
from cascade.diagnostics.durations import exact_duration_text
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree

_UNIT_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"\b[0-9]+(ms|s|min|h|d)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """`low`, `low + step` and so on up to `high`; for a constant value everything from `low` to `high`."""

    type: ValueType
    low: int
    high: int
    step: int
    span: Span

    @property
    def values(self) -> range:
        """What the param takes in turn when it is left open."""
        return range(self.low, self.high + 1, self.step)

    def contains(self, value: int) -> bool:
        """Whether a constant may be given."""
        return self.low <= value <= self.high

    def text(self) -> str:
        """As the spec would write it: `10..200`, `1min..6h step 1min`."""
        if self.type.kind is Kind.BOOL:
            return "bool"
        if self.type.kind is Kind.ENUM:
            return "{" + ", ".join(self.type.labels) + "}"
        span = f"{value_text(self.type, self.low)}..{value_text(self.type, self.high)}"
        return span if self.step == 1 else f"{span} step {value_text(self.type, self.step)}"


def value_text(type_: ValueType, value: int) -> str:
    """A value of a param as the spec writes it."""
    match type_.kind:
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.ENUM:
            return type_.labels[value]
        case Kind.DURATION:
            return exact_duration_text(value)
        case Kind.PERCENT:
            return f"{value}%"
        case Kind.INT:
            return str(value)


def domain_of(node: tree.Domain, evaluator: Evaluator, scope: Scope) -> Domain | None:
    """The values that `node` declares; None after an error."""
    match node.type:
        case tree.BoolType():
            domain = Domain(type=BOOL, low=0, high=1, step=1, span=node.span)
        case tree.EnumType(labels=labels):
            names = tuple(dict.fromkeys(label.text for label in labels))
            domain = Domain(type=ValueType(Kind.ENUM, names), low=0, high=len(names) - 1, step=1, span=node.span)
        case tree.RangeType():
            return _range(node, node.type, evaluator, scope)
    if node.step is not None:
        evaluator.diagnostics.add(messages.wrong_type(node.step.span, "no step", "a step", "only ranges have one"))
        return None
    return domain


def _range(node: tree.Domain, bounds: tree.RangeType, evaluator: Evaluator, scope: Scope) -> Domain | None:
    first = evaluator.value(bounds.low, scope)
    if isinstance(first, Unknown):
        return None
    if not isinstance(first, Scalar) or first.type.kind not in MEASURES:
        evaluator.typed(bounds.low, scope, INT)  # which says so
        return None
    low = evaluator.constant_value(first.expr, bounds.low.span, "a bound")
    high = evaluator.constant(bounds.high, scope, first.type, "a bound")
    if low is None or high is None:
        return None
    if low > high:
        text = f"{value_text(first.type, low)}..{value_text(first.type, high)}"
        evaluator.diagnostics.add(messages.empty_range(bounds.span, f"the range {text}"))
        return None
    step: int | None = 1
    if node.step is not None:
        step = evaluator.constant(node.step, scope, first.type, "a step")
        if step is not None and step <= 0:
            evaluator.diagnostics.add(messages.empty_step(node.step.span))
            step = None
    elif first.type == DURATION:
        step = _unit((bounds.low.span, bounds.high.span), high - low)
        if step is None:
            evaluator.diagnostics.add(messages.unknown_step(bounds.span))
    if step is None:
        return None
    return Domain(type=first.type, low=low, high=high, step=step, span=node.span)


def _unit(places: Iterable[Span], width: int) -> int | None:
    """The smallest unit of time that is written there, or less where the range is no multiple of it."""
    units = [_UNIT_MS[unit] for place in places for unit in _DURATION.findall(place.text)]
    return math.gcd(min(units), width) if units else None
