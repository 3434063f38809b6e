"""Implied declarations (language reference, section 3, Defaults), as syntax: later passes need not know of them."""

from cascade.source import Span
from cascade.syntax import tree

_NAMED = tree.Let | tree.State | tree.Param | tree.Port | tree.Part | tree.Redundant | tree.Component
"""Statements that declare a name which expressions may use."""


def with_defaults(declaration: tree.Component | tree.System, *, is_system: bool) -> tuple[tree.Statement, ...]:
    """The statements of a component with its implied `health`, `crash`, `healthy`, `serving` and `forwards`."""
    span = declaration.name.span
    body = declaration.body
    names = {s.name.text for s in body if isinstance(s, _NAMED)}
    states = {s.name.text: s for s in body if isinstance(s, tree.State)}
    has_parts = any(isinstance(s, tree.Part | tree.Redundant | tree.Component) for s in body)
    implied: list[tree.Statement] = []
    if not (states or "serving" in names or has_parts or is_system):
        health = _health(span)
        states["health"] = health
        implied.append(health)
        if not any(isinstance(s, tree.Command) and s.name.text == "crash" for s in body):
            implied.append(_crash(span))
    has_healthy = "healthy" in names
    # Without an `up` nothing says what healthy means: an error, unless the component says itself when it serves.
    if "health" in states and not has_healthy and (_has_up(states["health"]) or "serving" not in names):
        place = states["health"].name.span
        is_up = tree.Binary(operator="==", left=_name("health", place), right=_name("up", place), span=place)
        implied.append(_let("healthy", is_up, span))
        has_healthy = True
    if "serving" not in names:
        conditions: list[tree.Expr] = [_name("healthy", span)] if has_healthy else []
        for statement in body:
            if isinstance(statement, tree.Needs):
                conditions.extend(_serving(target) for target in statement.targets)
        implied.append(_let("serving", _conjunction(conditions, span), span))
    if "forwards" not in names:
        implied.append(_let("forwards", _name("serving", span), span))
    return (*body, *implied)


def _has_up(state: tree.State) -> bool:
    return isinstance(state.type, tree.EnumType) and any(label.text == "up" for label in state.type.labels)


def _identifier(text: str, span: Span) -> tree.Identifier:
    return tree.Identifier(text=text, span=span)


def _name(text: str, span: Span) -> tree.Name:
    return tree.Name(text=text, span=span)


def _let(name: str, value: tree.Expr, span: Span) -> tree.Let:
    return tree.Let(name=_identifier(name, span), parameters=None, value=value, span=span)


def _serving(target: tree.Expr) -> tree.Expr:
    return tree.Attribute(base=target, name=_identifier("serving", target.span), span=target.span)


def _conjunction(conditions: list[tree.Expr], span: Span) -> tree.Expr:
    """Balanced, so that a component that needs a thousand others does not nest a thousand deep."""
    if not conditions:
        return tree.Boolean(value=True, span=span)
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    left, right = _conjunction(conditions[:middle], span), _conjunction(conditions[middle:], span)
    return tree.Binary(operator="and", left=left, right=right, span=span)


def _health(span: Span) -> tree.State:
    labels = (_identifier("up", span), _identifier("down", span))
    return tree.State(
        name=_identifier("health", span),
        type=tree.EnumType(labels=labels, span=span),
        initial=_name("up", span),
        span=span,
    )


def _crash(span: Span) -> tree.Command:
    update = tree.Arrow(
        target=_name("health", span), sources=(_name("up", span),), destination=_name("down", span), span=span
    )
    return tree.Command(
        command_class="fault",
        name=_identifier("crash", span),
        kind=None,
        text="",
        loop=None,
        guard=None,
        timing=None,
        lasts=None,
        updates=(update,),
        span=span,
    )
