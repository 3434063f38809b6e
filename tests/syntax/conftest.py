"""What the tests of the syntax tree share: parse a text, write a tree down as nested tuples without its spans."""

import dataclasses

import pytest

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile, Span
from cascade.syntax.parse import parse


def outline(node):
    """A node as `(class, field, ...)`: identifiers as their text, tuples as lists, no spans."""
    if isinstance(node, tuple):
        return [outline(item) for item in node]
    if not dataclasses.is_dataclass(node):
        return node
    fields = [getattr(node, field.name) for field in dataclasses.fields(node) if field.name != "span"]
    if type(node).__name__ in ("Identifier", "Name"):
        return fields[0]
    return (type(node).__name__, *[outline(value) for value in fields])


def nodes_in(node):
    """Every node of a tree, the root included."""
    pending = [node]
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(value)
        elif dataclasses.is_dataclass(value) and not isinstance(value, Span):
            yield value
            pending.extend(getattr(value, field.name) for field in dataclasses.fields(value))


@pytest.fixture
def read():
    """Parse a text that has no error."""

    def read_text(text):
        diagnostics = Diagnostics()
        file = parse(SourceFile("spec.cf", text), diagnostics)
        assert diagnostics.items == []
        return file

    return read_text


@pytest.fixture
def statement(read):
    """The outline of one statement of a system's body."""

    def read_statement(text):
        (system,) = read("system s { " + text + " }").systems
        (only,) = system.body
        return outline(only)

    return read_statement


@pytest.fixture
def expression(statement):
    """The outline of an expression."""

    def read_expression(text):
        kind, _, parameters, value = statement("let a = " + text)
        assert (kind, parameters) == ("Let", None)
        return value

    return read_expression


@pytest.fixture
def complaints():
    """What is said about a text: `(code, line, column, text, message)` each."""

    def parse_text(text):
        diagnostics = Diagnostics()
        parse(SourceFile("spec.cf", text), diagnostics)
        spans = [item.primary.span for item in diagnostics.items]
        return [
            (item.code, span.line, span.column, span.text, item.message)
            for item, span in zip(diagnostics.items, spans, strict=True)
        ]

    return parse_text


@pytest.fixture
def diagnostics_of():
    """The diagnostics about a text."""

    def parse_text(text):
        diagnostics = Diagnostics()
        parse(SourceFile("spec.cf", text), diagnostics)
        return diagnostics.items

    return parse_text


@pytest.fixture(name="nodes_in")
def nodes_in_fixture():
    return nodes_in


@pytest.fixture(name="outline")
def outline_fixture():
    return outline
