"""Arithmetic, comparison and equality of values that are evaluated already: which units combine, and into what."""

from collections.abc import Callable

from cascade.checked import messages
from cascade.checked.describe import describe
from cascade.checked.instances import UNKNOWN, Group, Instance, Scalar, Unknown, Value
from cascade.checked.model import BOOL, INT, Kind, ValueType
from cascade.checked.units import MEASURES, PRODUCTS, QUOTIENTS
from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import Span
from cascade.syntax import tree

NUMBER_MAX = 1 << 56
"""Largest number of an expression in either direction; engines compute with words of 64 bits."""


class Operators:
    """Combines values. Errors are reported once and yield `UNKNOWN`."""

    def __init__(self, builder: ExpressionBuilder, diagnostics: Diagnostics) -> None:
        self.builder = builder
        self.diagnostics = diagnostics

    def order(self, expr: tree.Binary, left: Scalar, right: Scalar) -> Value:
        """`left` compared with `right`, both measures."""
        if left.type != right.type:
            return self._mixed(expr, left, right)
        a, b = (left.expr, right.expr) if expr.operator in ("<", "<=") else (right.expr, left.expr)
        return Scalar(BOOL, self.builder.lt(a, b) if expr.operator in ("<", ">") else self.builder.le(a, b))

    def arithmetic(self, expr: tree.Binary, left: Scalar, right: Scalar) -> Value:
        """The sum, difference, product or quotient of two measures."""
        value = self._arithmetic_value(expr, left, right)
        return self._bounded(expr.span, value) if isinstance(value, Scalar) else value

    def _bounded(self, span: Span, value: Scalar) -> Value:
        """`value` if its numbers fit a machine word, with room for what is added up later."""
        if self.builder.low[value.expr] >= -NUMBER_MAX and self.builder.high[value.expr] <= NUMBER_MAX:
            return value
        self.diagnostics.add(messages.number_too_large(span, NUMBER_MAX))
        return UNKNOWN

    def _arithmetic_value(self, expr: tree.Binary, left: Scalar, right: Scalar) -> Value:
        builder, kinds = self.builder, (left.type.kind, right.type.kind)
        match expr.operator:
            case "+" | "-" if left.type == right.type:
                return Scalar(left.type, (builder.add if expr.operator == "+" else builder.sub)(left.expr, right.expr))
            case "*" if kinds in PRODUCTS:
                product = builder.mul(left.expr, right.expr)
                if Kind.PERCENT in kinds:
                    product = builder.div(product, builder.const(100))
                return Scalar(PRODUCTS[kinds], product)
            case "/" if kinds in QUOTIENTS:
                return Scalar(QUOTIENTS[kinds], builder.div(left.expr, right.expr, expr.span))
            case _:
                return self._mixed(expr, left, right)

    def _mixed(self, expr: tree.Binary, left: Scalar, right: Scalar) -> Value:
        found = left.type.describe(), right.type.describe()
        self.diagnostics.add(messages.mixed_units(expr.span, *found, expr.operator))
        return UNKNOWN

    def same(self, expr: tree.Binary, left: Value, right: Value) -> Value:
        """Whether two values are equal."""
        if (isinstance(left, Instance) and isinstance(right, Instance)) or (
            isinstance(left, Group) and isinstance(right, Group)
        ):
            return Scalar(BOOL, self.builder.const(int(left is right), is_bool=True))
        if isinstance(left, Scalar) and isinstance(right, Scalar):
            if left.type == right.type:
                return Scalar(BOOL, self.builder.eq(left.expr, right.expr))
            if {left.type.kind, right.type.kind} <= MEASURES:
                return self._mixed(expr, left, right)
        self.diagnostics.add(messages.wrong_type(expr.right.span, describe(left), describe(right)))
        return UNKNOWN

    def extreme(self, name: str, values: list[Value], spans: list[Span]) -> Value:
        """`min`, `max` or `sum` of values, each written at its span."""
        scalars: list[Scalar] = []
        for value, span in zip(values, spans, strict=True):
            if isinstance(value, Unknown):
                return UNKNOWN
            if (
                not isinstance(value, Scalar)
                or value.type.kind not in MEASURES
                or (scalars and scalars[0].type != value.type)
            ):
                self.report_type(span, scalars[0].type if scalars else INT, value)
                return UNKNOWN
            scalars.append(value)
        combine = {"min": self.builder.min, "max": self.builder.max, "sum": self.builder.add}[name]
        return self._bounded(spans[0], Scalar(scalars[0].type, fold(combine, [s.expr for s in scalars])))

    def report_type(self, span: Span, wanted: ValueType, value: Value) -> None:
        """Report that `value` is not of type `wanted`."""
        hint = ""
        if isinstance(value, Instance):
            hint = "a component has no value of its own; write which one is meant, such as `.serving`"
        self.diagnostics.add(messages.wrong_type(span, wanted.describe(), describe(value), hint))


def fold(combine: Callable[[ExprId, ExprId], ExprId], items: list[ExprId]) -> ExprId:
    """All items combined from left to right, in pairs, so that a thousand do not nest a thousand deep."""
    while len(items) > 1:
        pairs = [combine(a, b) for a, b in zip(items[::2], items[1::2], strict=False)]
        items = pairs + items[2 * len(pairs) :]
    return items[0]
