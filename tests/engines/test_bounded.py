"""A bound on how long something is waited for denies lassos, and only where there is none."""

from collections import Counter

import pytest

from cascade.core.lower import lower
from cascade.core.queries import Lasso
from cascade.engines.explicit.watch import Watch
from cascade.engines.symbolic.bounded import bounds, is_boundable
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


UNTIMED = """\
system s {
  state work: 0..3 = 0
  state done: 0..3 = 0
  state broken: bool = false
  event ask when work < 3 { work = work + 1 }
  reaction serve when work > 0 and not broken { work = work - 1 done = if done == 3 then 0 else done + 1 }
  fault breaks { broken: false -> true }
  repair mends { broken: true -> false }
  operator rush when work > 0 { work = 0 }
  check mended: broken leads to not broken
  check comes_down: work == 3 leads to work < 3
  check comes_down_once: work == 3 leads to work < 3 once faults stop
  check is_done: work > 0 leads to work == 0
  check is_done_once: work > 0 leads to work == 0 once events, faults stop
  check rests: done == 1 leads to done == 2
}
"""


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("mended", True),
        ("comes_down", False),
        ("comes_down_once", True),
        ("is_done", False),
        ("is_done_once", True),
        ("rests", False),
    ],
)
def test_leads_to_is_decided_without_time(name: str, *, holds: bool) -> None:
    """Where nothing is owed any more a run may stop; a service that fails whenever it is to serve is fair."""
    loaded = LoadedText(UNTIMED, "s.cf")
    check = next(check for check in loaded.checks if check.name == name)
    said = answer(*lower(*loaded.fixed(check)), Limits(seconds_max=60.0), Progress())
    assert isinstance(said, Exhausted if holds else Found)
    if isinstance(said, Exhausted) and name != "mended":
        assert said.proof is not None
        assert said.proof.bound.startswith("nothing waits longer than ")


def boundable(seeds: range) -> Counter[bool]:
    """Look for bounds in generated specs; whatever is proved the reference interpreter confirms. How often, with and without time."""
    proved: Counter[bool] = Counter()
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
            for *question, _ in bounds(model, query):
                if ReachSearch(*question, Patience(Watch(Limits(), Progress()))).proof(300_000) is not None:
                    assert decision.kind is DecisionKind.EXHAUSTED, (seed, check.name)
                    proved[model.is_timed] += 1
                    break
    return proved


def test_only_where_there_is_no_lasso() -> None:
    proved = boundable(range(7_000, 7_040))
    assert proved[True] > 0
    assert proved[False] > 0


@pytest.mark.campaign
def test_campaign() -> None:
    assert all(count > 60 for count in boundable(range(8_000, 9_000)).values())
