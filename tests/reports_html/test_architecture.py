"""What depends on what, as the graph of a page has it."""

import pytest

from cascade.checked.elaborate import elaborate
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.questions.architecture import architecture
from cascade.source import SourceFile
from cascade.syntax.imports import load_source


def edges(body: str, types: str = "") -> list[tuple[str, str]]:
    diagnostics = Diagnostics()
    system = elaborate(load_source(SourceFile("s.cf", f"system s {{ {body} }}\n{types}"), diagnostics), diagnostics, ())
    assert system is not None, [d.message for d in diagnostics.items]
    read = architecture(system)
    return [(d.user, d.used) for d in (*read.dependencies, *read.outages)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("component a { }  component b { needs a }", [("b", "a")]),
        # Not on what stands behind what it uses.
        ("component a { }  component b { needs a }  component c { needs b }", [("b", "a"), ("c", "b")]),
        # One that only passes on what another says is no owner of it.
        ("component a { }  component b { let serving = a.serving }  component c { needs b }", [("b", "a"), ("c", "a")]),
        (
            "component a { state n: 0..3 = 0  event up when b.serving { n = 1 } }  component b { let load = a.n * 10  let serving = load < 20 }",
            [("a", "b"), ("b", "a")],
        ),
        (
            "component a { }  component b { let serving = a.serving }  outage o when not b.serving",
            [("b", "a"), ("o", "b")],
        ),
        (
            "redundant g: 2 x T needs 1  component a { let serving = g[1].serving or g[2].serving }",
            [("a", "g[1]"), ("a", "g[2]")],
        ),
    ],
)
def test_dependencies(body: str, expected: list[tuple[str, str]]) -> None:
    assert edges(body, "component T { }") == expected
