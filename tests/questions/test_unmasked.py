"""The causal graph: which value each step passed on, why redundancy did not mask it, and runs without a step too many."""

import pytest

from cascade.core.model import TICK
from cascade.core.queries import Reach
from cascade.limits import Limits
from cascade.questions.causes import CausalEdge
from cascade.questions.minimise import minimise
from cascade.verdicts.run import ReplayedRun
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec
from tests.questions.asking import Asked, asked

PAIR = """
component Switch {
  state health: {up, half, down} = up
  fault half { health: up -> half }
  fault dead { health: up | half -> down }
  let link_up = health != down
  let serving = health == up
}
component Path { port pair: Switch
  let moved = not pair[1].link_up
  let serving = if moved then pair[2].serving else pair[1].serving }
component Store { port path: Path
  state mode: {normal, broken} = normal
  reaction break_down when not path.serving after 2min { mode: normal -> broken } }
system s { tick 1min
  redundant pair: 2 x Switch needs 1
  redundant lamps: 2 x Lamp needs 1
  part path: Path(pair = pair)
  part store: Store(path = path)
  outage down when store.mode == broken
  check c: never down }
component Lamp { }
"""


def test_edges_name_the_values_that_steps_pass_on() -> None:
    explanation = asked(PAIR).explained("lamps[1].crash", "pair[1].half", 2, "store.break_down")
    assert [step.command for step in explanation.steps] == ["pair[1].half", "store.break_down"]
    assert explanation.edges == (
        CausalEdge(source=0, target=1, values=("pair[1].health",)),
        CausalEdge(source=1, target=None, values=("store.mode",)),
    )


def test_a_group_that_is_believed_does_not_mask() -> None:
    explanation = asked(PAIR).explained("lamps[1].crash", "pair[1].half", 2, "store.break_down")
    (pair,) = explanation.groups
    assert (pair.name, pair.needs, pair.struck, pair.untouched) == ("pair", 1, ("pair[1]",), ("pair[2]",))
    assert (pair.faults, pair.passed_by, pair.believed) == (
        ("pair[1].half",),
        ("path.serving",),
        ("pair[1].link_up (true)",),
    )
    assert pair.why == "pair[2] is untouched, but path.serving still goes by pair[1].link_up (true)"


def test_a_group_that_is_used_up() -> None:
    explanation = asked(PAIR).explained("pair[1].dead", "pair[2].dead", 2, "store.break_down")
    (pair,) = explanation.groups
    assert pair.struck == ("pair[1]", "pair[2]")
    assert pair.why == "no member is left untouched, 1 needed"


def test_a_value_that_asks_one_member_only() -> None:
    text = PAIR.replace("if moved then pair[2].serving else pair[1].serving", "pair[2].serving")
    (pair,) = asked(text).explained("pair[2].dead", 2, "store.break_down").groups
    assert pair.why == "pair[1] is untouched, but path.serving rests on pair[2]"


def test_commands_that_a_run_can_do_without_are_dropped() -> None:
    pair = asked(PAIR)
    run = pair.replayed("lamps[1].crash", "pair[1].half", "lamps[2].crash", 2, "store.break_down")
    minimal = minimise(pair.model, pair.query, run)
    assert [pair.model.commands[s].name for s in minimal.run.steps if s != TICK] == ["pair[1].half", "store.break_down"]
    assert (minimal.dropped, minimal.is_minimal) == ((0, 2), True)


def test_the_loop_of_a_lasso_keeps_its_place() -> None:
    text = PAIR.replace("check c: never down", "check c: down leads to not down")
    pair = asked(text)
    run = pair.replayed("lamps[1].crash", "pair[1].half", 2, "store.break_down", 1, loop_start=5)
    minimal = minimise(pair.model, pair.query, run)
    assert (minimal.dropped, minimal.run.loop_start) == ((0,), 4)


def _runs(spec: Asked) -> ReplayedRun | None:
    evidence = getattr(spec.decided(limits=Limits(state_count_max=2_000)).verdict, "evidence", None)
    return evidence if isinstance(evidence, ReplayedRun) else None


@pytest.mark.parametrize("seed", range(12))
def test_runs_of_the_search_are_minimal(seed: int) -> None:
    """The search promises the fewest faults, ticks and commands; so no command can be dropped."""
    text = make_spec(seed, 1).text
    for check in LoadedText(text, "spec.cf").checks:
        spec = asked(text, check.name)
        run = _runs(spec) if isinstance(spec.query, Reach) else None
        if run is not None and len(run.steps) < 40:
            assert minimise(spec.model, spec.query, run).dropped == ()
