"""Settings that one elaboration leaves open: which variables decide about them, and what they make of the params."""

import pytest

from cascade.checked.checks import LeftOpen
from cascade.checked.elaborate import elaborate_open
from cascade.checked.model import System
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.syntax.settings import parse_settings
from tests.checked.reading import described
from tests.generate.load import LoadedText

SPEC = """
component T { param n = 1 state x: 0..9 = 0 event grow when x < n { x = x + 1 } }
system s {
  param limit = 2
  param wait = 5s
  redundant g: 2 x T needs 1
  event stop when g[1].x > limit { }
  fix more { g.n = 4, limit = 3 }
  fix most { g[2].n = 5 }
  let a = g[1].n
  let b = g[2].n
  let c = limit
  check never_: never false
}
"""


def opened(fixes: tuple[str, ...], settings: tuple[str, ...], left_open: LeftOpen) -> System | str | None:
    return elaborate_open(LoadedText(SPEC).loaded, fixes, parse_settings(settings, Diagnostics()), left_open)


def params(system: System | str | None) -> list[tuple[str, tuple[int, ...]]]:
    assert isinstance(system, System)
    return [(v.name, v.initial) for v in system.variables if v.is_param]


@pytest.mark.parametrize(
    ("fixes", "settings", "left_open", "variables", "values"),
    [
        ((), (), LeftOpen(), [], ("1", "1", "2")),
        (("more",), (), LeftOpen(), [], ("4", "4", "3")),
        (("more", "most"), ("limit=7",), LeftOpen(), [], ("4", "5", "7")),
        # A fix that is left open has one variable for all its settings; one that is not just counts.
        (
            ("more", "most"),
            (),
            LeftOpen(fixes=frozenset({"more"})),
            [("fix more", (0, 1))],
            ("if fix more then 4 else 1", "5", "if fix more then 3 else 2"),
        ),
        (
            ("more", "most"),
            (),
            LeftOpen(fixes=frozenset({"more", "most"})),
            [("fix more", (0, 1)), ("fix most", (0, 1))],
            (
                "if fix more then 4 else 1",
                "if fix most then 5 else a",
                "if fix more then 3 else 2",
            ),
        ),
        # So has a setting, which is its value; the others stand as they are written.
        (
            (),
            ("limit=7", "g[1].n=8"),
            LeftOpen(ranges={"limit": range(2, 5)}),
            [("limit", (2, 3, 4))],
            ("8", "1", "limit"),
        ),
        # What comes later wins, open or not.
        (("more",), ("limit=7",), LeftOpen(fixes=frozenset({"more"})), [("fix more", (0, 1))], (
            "if fix more then 4 else 1", "a", "7")),
    ],
)  # fmt: skip
def test_what_is_left_open_is_a_variable(fixes, settings, left_open, variables, values) -> None:
    system = opened(fixes, settings, left_open)
    assert params(system) == variables
    assert tuple(described(system)[name] for name in "abc") == values


def test_what_shapes_the_model_cannot_be_left_open() -> None:
    assert opened((), ("wait=7s",), LeftOpen(ranges={"wait": range(1, 3)})) == "wait"
