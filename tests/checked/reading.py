"""What the tests of elaboration share: read a spec, with the culprits of its errors marked as `«culprit»`."""

import re
from dataclasses import dataclass

from cascade.checked.elaborate import elaborate
from cascade.checked.model import System
from cascade.core.dump import ExpressionPrinter
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.source import SourceFile
from cascade.syntax.imports import load_source

_MARK = re.compile(r"«([^»]*)»")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caret stands, and the text under it."""

    line: int
    column: int
    text: str


def read(text: str, fixes: tuple[str, ...] = ()) -> tuple[System | None, list[Diagnostic]]:
    """The checked model of a spec, and all that is said about it."""
    diagnostics = Diagnostics()
    loaded = load_source(SourceFile("spec.cf", text), diagnostics)
    system = None if diagnostics.errors else elaborate(loaded, diagnostics, fixes)
    return system, diagnostics.items


def accepted(text: str, fixes: tuple[str, ...] = ()) -> System:
    """The checked model of a spec about which nothing is said."""
    system, items = read(text, fixes)
    assert [f"{d.code} {d.primary.span.line}: {d.message}" for d in items] == []
    assert system is not None
    return system


def marked(text: str) -> tuple[str, list[Place]]:
    """The text without its marks, and the places that they mark."""
    places: list[Place] = []
    plain = ""
    end = 0
    for match in _MARK.finditer(text):
        plain += text[end : match.start()]
        start = plain.rfind("\n") + 1
        places.append(Place(plain.count("\n") + 1, len(plain) - start + 1, match[1]))
        plain += match[1]
        end = match.end()
    return plain + text[end:], places


def place_of(diagnostic: Diagnostic) -> Place:
    """Where its caret stands."""
    span = diagnostic.primary.span
    return Place(span.line, span.column, span.text)


def said(diagnostic: Diagnostic) -> str:
    """Message, help and note in one."""
    return f"{diagnostic.message}\n{diagnostic.help}\n{diagnostic.note}"


def assert_wrong(code: str, text: str, *words: str, fixes: tuple[str, ...] = ()) -> list[Diagnostic]:
    """The spec has errors with this code exactly where it is marked, and the first says all of `words`."""
    plain, places = marked(text)
    system, items = read(plain, fixes)
    found = [(d.code, place_of(d)) for d in items]
    assert sorted(found, key=str) == sorted(((code, place) for place in places), key=str)
    assert places and (system is None) == (code < "CF9")
    for word in words:
        assert word in said(items[0])
    return items


def definitions(text: str, fixes: tuple[str, ...] = ()) -> dict[str, str]:
    """What each derived value of a spec is, as text. Derived values print by their first name."""
    system = accepted(text, fixes)
    return described(system if system.checks else _with_check(text, fixes))


def described(system: System) -> dict[str, str]:
    """The same of a system that has checks."""
    model, _ = lower(system, system.checks[0])
    printer = ExpressionPrinter(model)
    return {d.name: printer.text(d.value, define=printer.text(d.value) == d.name) for d in model.derived}


def _with_check(text: str, fixes: tuple[str, ...]) -> System:
    head, brace, tail = text.rpartition("system ")
    return accepted(head + brace + tail.replace("{", "{ check asked: never false ", 1), fixes)
