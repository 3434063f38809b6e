"""What is legal but doubtful."""

import re

from cascade.checked import messages
from cascade.checked.commands import PlacedCommand
from cascade.checked.model import Check
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import Span
from cascade.syntax import tree

_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_SNAKE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_ROUNDING_TOLERATED = 10
"""A duration may change by one part in this many before the lint speaks."""


def lint_names(file: tree.File, diagnostics: Diagnostics) -> None:
    """Types in CamelCase, everything else in snake_case."""
    for component in file.components:
        if not _CAMEL.match(component.name.text):
            style = "".join(word.capitalize() for word in component.name.text.split("_"))
            diagnostics.add(messages.unusual_name(component.name.span, component.name.text, style))
        _lint_body(component.body, diagnostics)
    for system in file.systems:
        _lint_snake(system.name, diagnostics)
        _lint_body(system.body, diagnostics)


def _lint_body(body: tuple[tree.Statement, ...], diagnostics: Diagnostics) -> None:
    for statement in body:
        if isinstance(statement, tree.Needs | tree.Tick | tree.Link | tree.Waiver):
            continue
        _lint_snake(statement.name, diagnostics)
        if isinstance(statement, tree.Component):
            _lint_body(statement.body, diagnostics)


def _lint_snake(name: tree.Identifier, diagnostics: Diagnostics) -> None:
    if not _SNAKE.match(name.text):
        style = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.text).lower()
        diagnostics.add(messages.unusual_name(name.span, name.text, style))


def lint_rounding(
    commands: list[PlacedCommand],
    check_nodes: tuple[tree.Check, ...],
    checks: list[Check | None],
    tick_ms: int,
    diagnostics: Diagnostics,
) -> None:
    """Durations that rounding up to whole ticks changes by more than a tenth. `checks` are made of `check_nodes`, one each."""
    for timing in (p.command.timing for p in commands):
        if timing is not None:
            for duration in (timing.earliest_ms, timing.latest_ms or 0):
                _lint_duration(duration, tick_ms, timing.span, diagnostics)
    for node, check in zip(check_nodes, checks, strict=True):
        if check is not None and check.formula.duration_ms is not None:
            _lint_duration(check.formula.duration_ms, tick_ms, _duration_span(node), diagnostics)


def _duration_span(node: tree.Check) -> Span:
    match node.formula:
        case tree.LeadsTo(within=expr) | tree.LastsAtMost(longest=expr) if expr is not None:
            return expr.span
        case _:
            return node.formula.span


def _lint_duration(duration_ms: int, tick_ms: int, span: Span, diagnostics: Diagnostics) -> None:
    rounded_ms = -(-duration_ms // tick_ms) * tick_ms
    if (rounded_ms - duration_ms) * _ROUNDING_TOLERATED > duration_ms >= 0:
        diagnostics.add(messages.rounded(span, duration_text(duration_ms), duration_text(rounded_ms)))


def duration_text(milliseconds: int) -> str:
    """A duration as the language writes it, in the largest unit that fits: `90s`, `6min`."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
