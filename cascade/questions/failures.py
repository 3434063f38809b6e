"""Errors of a spec that only a run shows, as diagnostics."""

from cascade.checked.model import Check, System
from cascade.core.dump import ExpressionPrinter
from cascade.core.model import CoreModel
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.source import Span
from cascade.verdicts.answer import FailureKind, SpecFailure

_STEPS = "the run that leads there stands below"


def describe_failure(system: System, check: Check, model: CoreModel, failure: SpecFailure) -> Diagnostic:
    """What is wrong with the spec, where it stands, and what to do."""
    others: tuple[Label, ...] = (Label(span=check.span, text="found by this check"),)
    span = _span(system, check, model, failure)
    match failure.kind:
        case FailureKind.OUT_OF_DOMAIN:
            assert failure.variable is not None and failure.value is not None, "a value that does not fit a variable"
            variable = model.variables[failure.variable]
            value = ExpressionPrinter(model).value(variable, failure.value)
            if variable.span is not None:
                others = (Label(span=variable.span, text=f"takes {variable.low}..{variable.high}"), *others)
            return Diagnostic(
                code="CF501",
                message=f"a run assigns {value} to `{variable.name}`, which is outside its domain",
                primary=Label(span=span),
                others=others,
                help="guard the command, widen the range, or limit the value with `min` and `max`",
                note=f"values are never clamped; {_STEPS}",
            )
        case FailureKind.DIVISION_BY_ZERO:
            return Diagnostic(
                code="CF502",
                message="a run divides by zero here",
                primary=Label(span=span),
                others=others,
                help="`if divisor == 0 then … else …` evaluates only the branch that it takes",
                note=_STEPS,
            )
        case FailureKind.INDEX_OUTSIDE_GROUP:
            return Diagnostic(
                code="CF503",
                message=f"a run uses the index {failure.value}, which no member of the group has",
                primary=Label(span=span),
                others=others,
                help="`and`, `or` and `if` are lazy: `leader != 0 and nodes[leader].up` is fine",
                note=f"members are counted from 1; {_STEPS}",
            )
        case FailureKind.TIMELOCK:
            return Diagnostic(
                code="CF504",
                message="a run reaches a state from which time can never pass again",
                primary=Label(span=span),
                others=others if span != check.span else (),
                help="a reaction that undoes another at once needs a delay: `after d`",
                note="time may not pass while an untimed reaction or repair is enabled, or a deadline is due; "
                "these commands keep each other busy for ever without a tick",
            )


def _span(system: System, check: Check, model: CoreModel, failure: SpecFailure) -> Span:
    if failure.kind is FailureKind.TIMELOCK and failure.run.loop_start is not None:
        for step in failure.run.steps[failure.run.loop_start :]:
            span = model.commands[step].span if step >= 0 else None
            if span is not None:
                return span
    if failure.kind is FailureKind.OUT_OF_DOMAIN and failure.command is not None:
        for update in model.commands[failure.command].updates:
            if update.variable == failure.variable and update.span is not None:
                return update.span
    if failure.expression is not None and failure.expression in model.expressions.spans:
        return model.expressions.spans[failure.expression]
    if failure.command is not None:
        span = model.commands[failure.command].span
        if span is not None:
            return span
    assert check.span is not None, f"{system.name} has located checks"
    return check.span
