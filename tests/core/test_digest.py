"""The digest of a question: equal exactly where nothing that has a say in the answer differs."""

import dataclasses

import pytest

from cascade.core import model as core
from cascade.core.digest import DISPLAY_FIELDS, digest
from cascade.core.expressions import Expressions
from cascade.core.lower import lower
from tests.generate.load import LoadedText

SPEC = """\
system s "a text" {
  tick 1min
  redundant web: 3 x Server needs 2
  component db { fault crash lasts 5min { health: up -> down } }
  link web <-> db can cut
  outage down "a text" when web.needs > count(w in web: w.up)
  check c "a text": never down with at most 2 faults
  check d: down lasts at most 5min
  check e: down leads to not down once faults stop
}
component Server {
  state up: bool = true
  state load: 0..9 = 0
  fault crash: power "a text" { up: true -> false }
  reaction restart after 2min { up: false -> true }
  event more when load < 9 { load = min(9, load + 2) }
}
"""


def digests(text: str) -> list[str]:
    system = LoadedText(text, "spec.cf").system(())
    return [digest(*lower(system, check)) for check in system.checks]


def test_places_and_descriptions_have_no_part() -> None:
    other = SPEC.replace("a text", "another text").replace("\n  ", "\n\n      # a remark\n  ")
    assert digests(other) == digests(SPEC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3 x Server", "4 x Server"),
        ("needs 2\n", "needs 1\n"),
        ("lasts 5min {", "lasts 6min {"),
        ("after 2min", "after 3min"),
        ("after 2min", "within 2min"),
        ("load + 2", "load + 1"),
        ("load < 9", "load <= 8 and up"),
        ("= true", "= any"),
        ("state load: 0..9", "state load: 0..10"),
        ("load", "loads"),
        ("when web.needs >", "when web.needs >="),
        ("tick 1min", "tick 30s"),
        ("reaction restart", "operator restart"),
        ("can cut", "can cut lasts 1min"),
    ],
)
def test_what_has_a_say_makes_another_digest(old: str, new: str) -> None:
    assert old in SPEC
    assert all(a != b for a, b in zip(digests(SPEC), digests(SPEC.replace(old, new)), strict=True))


@pytest.mark.parametrize(
    ("old", "new", "index"),
    [
        ("at most 2 faults", "at most 1 fault", 0),
        ("never down", "always down", 0),
        ("at most 5min\n", "at most 6min\n", 1),
        ("once faults stop", "once faults, events stop", 2),
        ("leads to", "can lead to", 2),
    ],
)
def test_a_check_has_its_own(old: str, new: str, index: int) -> None:
    pairs = list(zip(digests(SPEC), digests(SPEC.replace(old, new)), strict=True))
    assert [i for i, (a, b) in enumerate(pairs) if a != b] == [index]


def test_names_that_are_left_out_are_for_display() -> None:
    """A new field is part of the digest unless it is listed here, which is to be thought about."""
    left_out = {
        f"{kind.__name__}.{field.name}"
        for kind in (core.CoreModel, core.Variable, core.Command, core.Update, core.Clock, core.Settle, Expressions)
        for field in dataclasses.fields(kind)
        if not field.compare or field.name in DISPLAY_FIELDS
    }
    assert left_out == {
        "Command.span",
        "Command.text",
        "CoreModel.components",
        "CoreModel.constants",
        "CoreModel.derived",
        "CoreModel.groups",
        "Expressions.spans",
        "Update.span",
        "Variable.span",
    }


def test_it_is_the_same_in_every_process() -> None:
    assert len(set(digests(SPEC))) == 3
    assert digests(SPEC) == digests(SPEC)
