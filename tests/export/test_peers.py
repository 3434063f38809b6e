"""SPIN and Rumur as oracles of our semantics: the exported model has as many states there as here, and the same verdict."""

import random
from pathlib import Path

import pytest

from bench import gen_clocks, gen_tiers, gen_wide
from cascade.core.lower import lower
from cascade.core.queries import Reach
from cascade.verdicts.answer import Stopped
from tests.engines.models import EVENT, FAULT, REACTION, REPAIR, ModelBuilder, RandomModel
from tests.export.peers import both_tools, compare_states, compare_verdicts, explore, without_goal
from tests.generate.load import LoadedText, Wrong
from tests.generate.specs import make_spec

SPECS = Path(__file__).resolve().parents[2] / "specs"
STATES_MAX = 40_000


def lowered(text: str, check_name: str, name: str = "model.cf"):
    loaded = LoadedText(text, name)
    return lower(*loaded.fixed(next(check for check in loaded.checks if check.name == check_name)))


@both_tools
@pytest.mark.parametrize(
    ("text", "check", "states"),
    [
        (gen_tiers.spec(2, 2, 2, 1), "bounds", 11_436),
        (gen_clocks.spec(3, 2, "5min"), "bounded", None),
        (gen_clocks.spec(3, 2, "3min"), "masked", None),
        (gen_clocks.spec(3, 2, "3min"), "short", None),
        (gen_wide.spec(12, 2, 4), "bounded", None),
    ],
    ids=["tiers", "clocks", "redundancy", "lasts", "wide"],
)
def test_families(language: str, text: str, check: str, states: int | None) -> None:
    model, query = lowered(text, check)
    found = compare_states(language, model)
    assert states is None or found == states
    compare_verdicts(language, model, query)


@both_tools
def test_violated_check_is_violated_there_too(language: str) -> None:
    model, query = lowered(gen_clocks.spec(3, 2, "3min"), "reached")
    compare_states(language, model)
    compare_verdicts(language, model, query)


@both_tools
@pytest.mark.parametrize(
    "check_name", ["within_seven_hours", pytest.param("partial_failure_is_not", marks=pytest.mark.campaign)]
)
def test_shipped_spec(language: str, check_name: str) -> None:
    path = SPECS / "cloudflare-2020-11-02.cf"
    model, query = lowered(path.read_text(encoding="utf-8"), check_name, str(path))
    compare_states(language, model)
    compare_verdicts(language, model, query)


# Odd seeds are risky: divisions by zero, indices that no member has, values outside a domain.
@both_tools
@pytest.mark.parametrize("seed", range(12))
def test_random_models(language: str, seed: int) -> None:
    compare_random_model(language, seed)


@pytest.mark.campaign
@both_tools
@pytest.mark.parametrize("seed", range(12, 400))
def test_many_random_models(language: str, seed: int) -> None:
    compare_random_model(language, seed)


def compare_random_model(language: str, seed: int) -> None:
    model, query = RandomModel(random.Random(seed), is_risky=seed % 2 == 1).query
    if isinstance(explore(*without_goal(model), STATES_MAX), Stopped):
        pytest.skip("too many states")
    if isinstance(query, Reach):
        compare_verdicts(language, model, query)
    compare_states(language, model)


@pytest.mark.campaign
@both_tools
@pytest.mark.parametrize("seed", range(150))
def test_random_specs(language: str, seed: int) -> None:
    """The same for whole specs: links, budgets, counts, losses, monitors."""
    try:
        loaded = LoadedText(make_spec(seed, 1 + seed % 3).text)
        pairs = [lower(*loaded.fixed(check)) for check in loaded.checks]
    except Wrong:
        pytest.skip("the generated spec has an error")
    for model, query in pairs:
        if isinstance(explore(*without_goal(model), STATES_MAX), Stopped):
            continue
        compare_states(language, model)
        if isinstance(query, Reach):
            compare_verdicts(language, model, query)


# --- one point of the semantics each ---


@both_tools
def test_updates_are_assigned_at_once(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 3, 1)
    b.variable("b", 3, 2)
    b.variable("c", 3, 0)
    b.command(EVENT, True, {"a": "b", "b": "c", "c": "a"})
    assert compare_states(language, b.reach(False)[0]) == 3


@both_tools
def test_all_initial_values_and_gaps_between_them(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 5, -2, 0, 5, low=-2)
    b.variable("b", 1, 0, 1)
    b.variable("mirror", 1)
    b.settle("mirror", ("ite", ("eq", "a", 5), 1, 0))
    assert compare_states(language, b.reach(False)[0]) == 6


@both_tools
def test_division_rounds_down(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 4, low=-4)
    b.variable("q", 4, 0, low=-4)
    b.command(EVENT, ("lt", "a", 4), {"a": ("add", "a", 1), "q": ("div", "a", 3)})
    b.command(EVENT, ("eq", ("div", "a", -3), -2), {"a": -4})
    compare_verdicts(language, *b.reach(("and", ("eq", "a", 0), ("eq", "q", 0))))
    compare_verdicts(language, *b.reach(("and", ("eq", "a", 0), ("eq", "q", -1))))
    compare_states(language, b.reach(False)[0])


@both_tools
@pytest.mark.parametrize(
    "formula",
    [
        ("eq", ("div", 3, "a"), 1),
        ("eq", ("select", "a", 1, 2), 2),
        ("and", ("not", ("eq", "a", 0)), ("eq", ("div", 3, "a"), 1)),
        ("or", ("eq", "a", 0), ("eq", ("select", ("min", "a", 2), 1, 2), 2)),
        ("ite", ("eq", "a", 0), False, ("lt", 0, ("div", 3, "a"))),
    ],
)
def test_failures_are_lazy(language: str, formula) -> None:
    b = ModelBuilder()
    b.variable("a", 2)
    b.variable("b", 1)
    b.command(EVENT, ("lt", "a", 2), {"a": ("add", "a", 1)})
    b.command(EVENT, formula, {"b": 1})
    b.command(REACTION, ("and", formula, ("eq", "b", 1)), {"b": 0})
    compare_states(language, b.reach(False)[0])


@both_tools
def test_value_outside_its_domain_is_an_error(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 2)
    b.command(EVENT, True, {"a": ("add", "a", 1)})
    compare_states(language, b.reach(False)[0])


@both_tools
def test_deadlines_clocks_and_stops(language: str) -> None:
    b = ModelBuilder(is_timed=True)
    b.variable("down", 1)
    b.variable("paged", 1)
    b.command(FAULT, ("eq", "down", 0), {"down": 1}, after=(1, None))
    b.command(REPAIR, ("eq", "down", 1), {"down": 0}, after=(2, 4))
    b.command(REACTION, ("and", ("eq", "down", 1), ("eq", "paged", 0)), {"paged": 1}, after=(3, 3))
    b.command(REACTION, ("and", ("eq", "down", 0), ("eq", "paged", 1)), {"paged": 0}, permit=("eq", "down", 0))
    outage = b.clock(("eq", "down", 1), 4)
    compare_verdicts(language, *b.reach(False, outage, 3))
    compare_verdicts(language, *b.reach(False, outage, 4))
    compare_states(language, b.reach(False)[0])


@both_tools
def test_shared_expressions_stay_small(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 1)
    value = b.expr("a")
    for _ in range(24):  # spelled out, this has 2^24 leaves
        value = b.expressions.min(b.expressions.add(value, value), b.expressions.const(1))
    goal = b.expressions.eq(value, b.expressions.const(1))
    b.command(EVENT, True, {"a": 1})
    model, query = b.close(Reach(goal=goal))
    compare_verdicts(language, model, query)
