"""One step: initial states, settling, firing, clocks, ticks, errors."""

import pytest

from cascade.core.model import TICK
from cascade.reference.evaluate import DivisionByZeroError, OutOfDomainError
from cascade.reference.step import Situation, initial_state, initial_values, settle, successors
from tests.reference.models import EVENT, FAULT, OPERATOR, REACTION, ModelBuilder


def test_initial_states_are_every_combination_settled_with_clocks_0() -> None:
    builder = ModelBuilder()
    builder.variable("x", 2, 0, 2)
    builder.variable("y", 1, 0, 1)
    builder.variable("both", 1)
    builder.settle("both", ("and", ("eq", "x", 2), "y"))
    builder.clock("c", 1, 5)
    model = builder.model()
    assert [initial_state(model, values) for values in initial_values(model)] == [
        (0, 0, 0, 0),
        (0, 1, 0, 0),
        (2, 0, 0, 0),
        (2, 1, 1, 0),
    ]


def test_settling_reads_the_values_as_they_are_then() -> None:
    builder = ModelBuilder()
    for name in ("x", "first", "second", "seen"):
        builder.variable(name, 1)
    builder.settle("second", "first")
    builder.settle("first", "x")
    builder.settle("seen", ("or", "seen", "first"))
    model = builder.model()
    # "second" reads "first" before it settles, "seen" after.
    assert settle(model, (1, 0, 0, 0)) == (1, 1, 0, 1)
    assert settle(model, (0, 1, 0, 1)) == (0, 0, 1, 1)


def test_updates_happen_at_once() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3, 1)
    builder.variable("y", 3, 2)
    swap = builder.command(EVENT, "swap", True, {"x": "y", "y": "x"})
    model = builder.model()
    assert successors(model, (1, 2)) == [(swap, (2, 1))]


def test_no_guard_no_permit_no_step() -> None:
    builder = ModelBuilder()
    builder.variable("x", 1)
    builder.command(REACTION, "disabled", ("eq", "x", 1), {"x": 0})
    builder.command(REACTION, "forbidden", True, {"x": 1}, permit=False)
    model = builder.model()
    assert successors(model, (0,)) == []
    here = Situation(model, (0,))
    assert [here.is_enabled(0), here.is_enabled(1)] == [False, True]
    assert [here.is_owed(0), here.is_owed(1)] == [False, False]


def test_untimed_reactions_stop_time_and_untimed_faults_do_not() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 2)
    builder.command(FAULT, "break", ("eq", "x", 0), {"x": 1})
    builder.command(REACTION, "fix", ("eq", "x", 1), {"x": 0})
    builder.command(REACTION, "forbidden", True, {"x": 2}, permit=False)
    model = builder.model()
    assert successors(model, (0,)) == [(0, (1,)), (TICK, (0,))]
    assert successors(model, (1,)) == [(1, (0,))]


def test_earliest_and_latest() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1, 1)
    builder.command(REACTION, "fix", "x", {"x": 0}, after=(1, 3))
    model = builder.model()
    assert successors(model, (1, 0)) == [(TICK, (1, 1))]
    assert successors(model, (1, 1)) == [(0, (0, 0)), (TICK, (1, 2))]
    assert successors(model, (1, 2)) == [(0, (0, 0)), (TICK, (1, 3))]
    assert successors(model, (1, 3)) == [(0, (0, 0))]
    assert successors(model, (0, 0)) == [(TICK, (0, 0))]


def test_a_clock_that_is_never_due_stops_at_its_earliest() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1, 1)
    builder.command(OPERATOR, "act", "x", {"x": 0}, after=(2, None))
    model = builder.model()
    assert successors(model, (1, 1)) == [(TICK, (1, 2))]
    assert successors(model, (1, 2)) == [(0, (0, 0)), (TICK, (1, 2))]


def test_a_clock_restarts_when_disabled_and_goes_on_otherwise() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 1, 1)
    builder.variable("y", 1)
    builder.command(REACTION, "fix", "x", {"x": 0}, after=(5, 5))
    disable = builder.command(EVENT, "disable", "x", {"x": 0})
    unrelated = builder.command(EVENT, "unrelated", True, {"y": ("sub", 1, "y")})
    model = builder.model()
    assert dict(successors(model, (1, 0, 4))) == {disable: (0, 0, 0), unrelated: (1, 1, 4), TICK: (1, 0, 5)}


def test_a_clock_restarts_when_its_command_fires_even_if_that_stays_enabled() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("n", 9)
    builder.command(REACTION, "fill", ("lt", "n", 9), {"n": ("add", "n", 1)}, after=(2, 2))
    builder.command(REACTION, "other", ("lt", "n", 9), {}, after=(4, 4))
    model = builder.model()
    assert successors(model, (3, 2, 3)) == [(0, (4, 0, 3))]


def test_a_value_outside_its_domain_is_never_clamped() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3, 3)
    builder.variable("y", 1)
    builder.command(EVENT, "other", True, {"y": 1})
    grow = builder.command(EVENT, "grow", True, {"y": 0, "x": ("add", "x", 1)})
    model = builder.model()
    with pytest.raises(OutOfDomainError) as caught:
        successors(model, (3, 0))
    assert (caught.value.command, caught.value.variable, caught.value.value) == (grow, 0, 4)
    assert caught.value.expression == builder.expr(("add", "x", 1))


def test_errors_name_their_command() -> None:
    builder = ModelBuilder(is_timed=True)
    builder.variable("x", 3)
    builder.command(EVENT, "fine", True, {"x": 1})
    builder.command(REACTION, "guard fails", ("eq", ("div", 1, "x"), 1), {})
    builder.command(REACTION, "permit fails", True, {}, permit=("eq", ("div", 1, "x"), 1))
    builder.command(REACTION, "permit is not asked for", False, {}, permit=("eq", ("div", 1, "x"), 1))
    builder.command(REACTION, "update fails", True, {"x": ("div", 1, "x")})
    builder.command(REACTION, "too early to fail", True, {"x": ("div", 1, "x")}, after=(1, 1))
    steps, errors = Situation(builder.model(), (0, 0)).steps()
    assert steps == [(0, (1, 0))]
    assert [error.command for error in errors] == [1, 2, 4]
    assert all(isinstance(error, DivisionByZeroError) for error in errors)


def test_a_settling_value_outside_its_domain_is_blamed_on_the_command() -> None:
    builder = ModelBuilder()
    builder.variable("x", 3)
    builder.variable("twice", 4)
    builder.settle("twice", ("mul", 2, "x"))
    jump = builder.command(EVENT, "jump", True, {"x": 3})
    with pytest.raises(OutOfDomainError) as caught:
        successors(builder.model(), (0, 0))
    assert (caught.value.command, caught.value.variable, caught.value.value) == (jump, 1, 6)
