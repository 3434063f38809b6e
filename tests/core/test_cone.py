"""What a slice keeps, by name; that slicing changes no verdict is in tests/differential/test_slice.py."""

from dataclasses import replace

import pytest

from cascade.core.cone import Slice, sliced
from cascade.core.expressions import Op
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Reach
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


SLOW = """
component Box { state ok: bool = true  fault crash when ok after 1s { ok = false } }
system s { part a: Box  part b: Box  check it: never not a.ok with at most 1 fault }
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


@pytest.mark.parametrize(
    "wrong", ["event e { m = m + 1 }", "event e when 3 / m == 1 { m = 0 }", "event e { m = 3 / m }"]
)
def test_what_may_be_an_error_is_kept(wrong: str) -> None:
    assert commands(cut("never a.health == down", extra=wrong)) == ["e", "a.crash"]


def test_a_model_all_of_which_matters_is_not_sliced() -> None:
    loaded = LoadedText("system s { state n: 0..3 = 0  event up when n < 3 { n = n + 1 }  check it: never n == 3 }")
    assert sliced(*lower(*loaded.fixed(loaded.checks[0]))) is None


# --- what may be an error elsewhere: bounds of what counts up ---


@pytest.mark.parametrize(
    ("event", "is_kept"),
    [
        ("event e when m < 3 { m = m + 1 }", False),
        ("event e when m <= 2 { m = m + 1 }", False),
        ("event e when m < 3 { m = m + 2 }", True),
        ("event e when m <= 3 { m = m + 1 }", True),
        ("event e when m < 3 { m = m + -1 }", True),
        ("event e when m < 3 { m = n + 1 }", True),  # a limit on m says nothing of n
        ("state most: 0..20 = 20  state k: 0..9 = 0  event e when k < most { k = k + 1 }", True),  # nor does `most`
    ],
)
def test_a_limit_keeps_a_counter_inside_its_domain(event: str, is_kept: bool) -> None:
    assert ("e" in commands(cut("never a.health == down", extra=event))) is is_kept


def test_a_budget_is_followed_where_time_may_be_held_up() -> None:
    # Not every command is owed, but c.heal is: a fault may be the only way out of where nothing lets time pass.
    part = cut("never a.health == down with at most 1 fault", timed=TIMED)
    assert sorted(commands(part)) == ["a.crash", "b.crash", "c.crash", "c.heal"]


def test_a_budget_is_not_followed_where_nothing_holds_up_time() -> None:
    loaded = LoadedText(SLOW)
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    assert commands(sliced(model, query)) == ["a.crash"]
    # No clock of a spec runs by a budget today; it would be followed.
    clocks = tuple(replace(clock, runs_while=model.commands[0].permit) for clock in model.clocks)
    assert sliced(replace(model, clocks=clocks), query) is None


def test_what_updates_of_other_variables_read_is_left_out() -> None:
    part = cut("never n == 3", extra="event both { n = 3  m = if a.health == up then 0 else 1 }")
    assert part is not None
    assert [variable.name for variable in part.model.variables] == ["n"]


# --- models that no spec has today ---

ALL = ["a.crash", "b.crash", "c.crash", "c.heal"]


def built(formula: str, *, timed: str = "") -> tuple[CoreModel, Reach]:
    """A model of the checks' spec, and the question whether `a` is ever down."""
    loaded = LoadedText(
        SPEC.replace("FORMULA", formula).replace("TIMED", timed).replace("EXTRA", "outage out when a.health == down")
    )
    model, _ = lower(*loaded.fixed(loaded.checks[0]))
    goal = next(d.value for d in model.derived if d.name == "out")
    return model, Reach(goal=goal)


def test_a_budget_that_the_query_reads_is_followed() -> None:
    model, _ = built("never a.health == down with at most 1 fault")
    permit = next(command.permit for command in model.commands if command.name == "a.crash")
    assert sorted(commands(sliced(model, Reach(goal=permit)))) == ALL


@pytest.mark.parametrize(
    ("formula", "changes", "is_kept"),
    [
        ("possible m == 1 then n == 1", {}, False),
        ("possible 3 / m == 1 then n == 1", {}, True),
        ("possible m == 1 then n == 1", {"high": 0}, True),
        ("possible m == 1 then n == 1", {"low": 1}, True),
    ],
)
def test_what_settles_to_an_error_is_kept(formula: str, changes: dict[str, int], is_kept: bool) -> None:
    model, query = built(formula)
    variables = tuple(
        replace(variable, **changes) if variable.name == "conditions met" else variable for variable in model.variables
    )
    part = sliced(replace(model, variables=variables), query)
    assert part is not None
    assert ("conditions met" in [variable.name for variable in part.model.variables]) is is_kept


def test_a_clock_keeps_all_that_reset_it() -> None:
    model, query = built("never n == 3", timed="fault late when n == 0 after 1s { m = 0 }")
    late = next(command for command in model.commands if command.name == "late")
    assert late.clock is not None
    assert "late" not in commands(sliced(model, query))
    assert "late" in commands(sliced(changed(model, "a.crash", clock=late.clock), query))


def added(model: CoreModel, op: Op, *args: int, can_fail: bool = False) -> tuple[CoreModel, int]:
    """The model with one more expression, whose value is 0 or 1."""
    table = model.expressions
    more = replace(
        table,
        ops=(*table.ops, op),
        args=(*table.args, args),
        is_bool=(*table.is_bool, op is Op.NOT),
        low=(*table.low, 0),
        high=(*table.high, 1),
        can_fail=(*table.can_fail, can_fail),
    )
    return replace(model, expressions=more), len(table.ops)


def changed(model: CoreModel, name: str, **changes: object) -> CoreModel:
    """The model with one of its commands changed."""
    return replace(model, commands=tuple(replace(c, **changes) if c.name == name else c for c in model.commands))


def test_a_budget_that_waits_for_faults_is_followed() -> None:
    model, query = built("never a.health == down with at most 1 fault")
    permit = next(command.permit for command in model.commands if command.name == "a.crash")
    model, is_full = added(model, Op.NOT, permit)
    assert sorted(commands(sliced(changed(model, "a.crash", permit=is_full), query))) == ALL


def test_a_budget_that_also_goes_down_is_followed() -> None:
    model, query = built("never a.health == down with at most 1 fault")
    crash = next(command for command in model.commands if command.name == "a.crash")
    health, used = crash.updates
    counter, one = model.expressions.args[used.value]
    model, rest = added(model, Op.SUB, one, counter)
    changes = {"updates": (health, replace(used, value=rest))}
    assert sorted(commands(sliced(changed(model, "a.crash", **changes), query))) == ALL


def test_what_gives_room_again_is_kept() -> None:
    model, query = built("never a.health == down with at most 1 fault")
    crash, heal = (next(c for c in model.commands if c.name == name) for name in ("a.crash", "c.heal"))
    model, none = added(model, Op.CONST, 0)
    updates = (*heal.updates, replace(crash.updates[1], value=none))
    assert sorted(commands(sliced(changed(model, "c.heal", updates=updates), query))) == [
        "a.crash",
        "c.crash",
        "c.heal",
    ]


def test_a_permit_that_can_fail_is_kept() -> None:
    model, query = built("never a.health == down")
    model, wrong = added(model, Op.NOT, query.goal, can_fail=True)
    assert sorted(commands(sliced(changed(model, "b.crash", permit=wrong), query))) == ["a.crash", "b.crash"]


def test_a_clock_that_can_fail_is_kept() -> None:
    model, query = built("never n == 3", timed="fault late when n == 0 after 1s { m = 0 }")
    model, wrong = added(model, Op.NOT, query.goal, can_fail=True)
    clocks = tuple(replace(clock, runs_while=wrong) if clock.name == "late" else clock for clock in model.clocks)
    assert "late" in commands(sliced(replace(model, clocks=clocks), query))


def test_a_command_that_writes_nothing_is_left_out() -> None:
    loaded = LoadedText(
        "system s { state n: 0..3 = 0  event up when n < 3 { n = n + 1 }  event idle { }  check it: never n == 3 }"
    )
    assert commands(sliced(*lower(*loaded.fixed(loaded.checks[0])))) == ["up"]


def test_a_budget_that_a_guard_reads_is_followed() -> None:
    model, query = built("never a.health == down with at most 1 fault")
    permit = next(command.permit for command in model.commands if command.name == "a.crash")
    assert sorted(commands(sliced(changed(model, "a.crash", guard=permit), query))) == ALL


def test_a_budget_that_limits_what_is_owed_is_followed() -> None:
    loaded = LoadedText(
        SPEC.replace("FORMULA", "a.health == down leads to n == 3 with at most 1 fault")
        .replace("TIMED", "")
        .replace("EXTRA", "")
    )
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    assert "b.crash" not in commands(sliced(model, query))
    permit = next(command.permit for command in model.commands if command.name == "a.crash")
    assert "b.crash" in commands(sliced(changed(model, "c.heal", permit=permit), query))
