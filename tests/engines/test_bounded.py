"""A bound on how long something is waited for denies lassos, and only where there is none."""

import pytest

from cascade.core.lower import lower
from cascade.core.queries import Lasso
from cascade.engines.explicit.watch import Watch
from cascade.engines.symbolic.bounded import bounded, is_boundable, longest_wait
from cascade.engines.symbolic.engine import answer
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.reach import ReachSearch
from cascade.limits import Limits, Progress
from cascade.reference.decide import DecisionKind, TooManyStatesError, decide
from cascade.verdicts.answer import Exhausted, Found
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

NODES = """\
component Node {{ state health: {{up, down}} = up  fault fails lasts {hours}h {{ health: up -> down }} }}
system s {{
  tick 1min
  redundant node: 2 x Node needs 1
  let down = count(m in node: m.health == down)
  state paged: bool = false
  reaction page when down > 0 and not paged after 2min {{ paged = true }}
  reaction clear when down == 0 and paged after 1min {{ paged = false }}
  check pages: down > 0 leads to paged or down == 0
  check heals: down > 0 leads to down == 0
  check heals_once: down > 0 leads to down == 0 once faults stop
}}
"""


@pytest.mark.parametrize("hours", [1, 48])
@pytest.mark.parametrize(("name", "holds"), [("pages", True), ("heals", False), ("heals_once", True)])
def test_leads_to_is_decided_whatever_durations_are(hours: int, name: str, *, holds: bool) -> None:
    loaded = LoadedText(NODES.format(hours=hours), "s.cf")
    check = next(check for check in loaded.checks if check.name == name)
    said = answer(*lower(*loaded.fixed(check)), Limits(seconds_max=60.0), Progress())
    assert isinstance(said, Exhausted if holds else Found)


def boundable(seeds: range) -> int:
    """Look for bounds in generated specs; whatever is proved the reference interpreter confirms."""
    proved = 0
    for seed in seeds:
        loaded = LoadedText(make_spec(seed, SIZES[seed % len(SIZES)]).text)
        for check in loaded.checks:
            model, query = lower(*loaded.fixed(check))
            if not isinstance(query, Lasso) or not is_boundable(model, query):
                continue
            try:
                decision = decide(model, query, max_states=600)
            except TooManyStatesError:
                continue
            patience = Patience(Watch(Limits(), Progress()))
            search = ReachSearch(*bounded(model, query, longest_wait(model)), patience)
            if search.proof(300_000) is not None:
                assert decision.kind is DecisionKind.EXHAUSTED, (seed, check.name)
                proved += 1
    return proved


def test_only_where_there_is_no_lasso() -> None:
    assert boundable(range(7_000, 7_040)) > 0


@pytest.mark.campaign
def test_campaign() -> None:
    assert boundable(range(8_000, 9_000)) > 60
