"""What a slice keeps, by name; that slicing changes no verdict is in tests/differential/test_slice.py."""

import pytest

from cascade.core.cone import Slice, sliced
from cascade.core.lower import lower
from tests.generate.load import LoadedText

SPEC = """
component Box { state health: {up, down} = up  fault crash when health == up { health = down } }
component Healing { state health: {up, down} = up  fault crash when health == up { health = down }
  repair heal when health == down { health = up } }
system s {
  part a: Box
  part b: Box
  part c: Healing
  state n: 0..3 = 0
  state m: 0..3 = 0
  event count when n < 3 { n = n + 1 }
  TIMED
  EXTRA
  check it: FORMULA
}
"""


def cut(formula: str, *, timed: str = "", extra: str = "") -> Slice | None:
    text = SPEC.replace("FORMULA", formula).replace("TIMED", timed).replace("EXTRA", extra)
    loaded = LoadedText(text)
    return sliced(*lower(*loaded.fixed(loaded.checks[0])))


def commands(part: Slice | None) -> list[str]:
    assert part is not None
    return [command.name for command in part.model.commands]


TIMED = "event slow when m < 3 after 5s { m = m + 1 }"


@pytest.mark.parametrize(
    ("formula", "timed", "kept"),
    [
        ("never a.health == down", "", ["a.crash"]),
        ("never a.health == down and c.health == down", "", ["a.crash", "c.crash", "c.heal"]),
        # A budget that limits faults alone is not followed...
        ("never a.health == down with at most 1 fault", "", ["a.crash"]),
        # ...but is where it matters how much room is left: c.crash takes some, and c.heal lets it do so again.
        (
            "a.health == down can lead to n == 0 with at most 1 fault",
            "",
            ["a.crash", "b.crash", "c.crash", "c.heal", "count"],
        ),
        # Fairness: what is owed stays, with what makes it so.
        ("a.health == down leads to n == 3", "", ["a.crash", "c.crash", "c.heal", "count"]),
        # Time: what is owed stays.
        ("never a.health == down", TIMED, ["a.crash", "c.crash", "c.heal"]),
        ("n == 1 lasts at most 5s", "", ["c.crash", "c.heal", "count"]),
        # What is timed and not owed goes.
        ("never m == 3", TIMED, ["c.crash", "c.heal", "slow"]),
    ],
)
def test_commands_that_are_kept(formula: str, timed: str, kept: list[str]) -> None:
    part = cut(formula, timed=timed)
    assert sorted(commands(part)) == kept


@pytest.mark.parametrize("wrong", ["event e { m = m + 1 }", "event e when 3 / m == 1 { m = 0 }"])
def test_what_may_be_an_error_is_kept(wrong: str) -> None:
    assert commands(cut("never a.health == down", extra=wrong)) == ["e", "a.crash"]


def test_a_model_all_of_which_matters_is_not_sliced() -> None:
    loaded = LoadedText("system s { state n: 0..3 = 0  event up when n < 3 { n = n + 1 }  check it: never n == 3 }")
    assert sliced(*lower(*loaded.fixed(loaded.checks[0]))) is None
