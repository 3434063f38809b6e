"""Questions answered from charts, against a search for each of them, and brute force over the reference interpreter."""

from collections import Counter, deque

import pytest

from cascade.checked.model import Outage
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Reach
from cascade.engines.explicit.chart import FOREVER
from cascade.limits import Limits
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.questions.longest import longest
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.reference.step import initial_state, initial_values, successors
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec

STATES_MAX = 1_000

State = tuple[int, ...]


class Explored:
    """All states of a model by the reference interpreter, and in which a condition holds."""

    def __init__(self, model: CoreModel, condition: int) -> None:
        self.steps: dict[State, list[tuple[int, State]]] = {}
        self.inside: dict[State, bool] = {}
        self.roots = [initial_state(model, values) for values in initial_values(model)]
        pending = deque(self.roots)
        while pending:
            state = pending.popleft()
            if len(self.steps) > STATES_MAX:
                raise OverflowError
            if state not in self.steps:
                self.inside[state] = bool(Evaluator(model, state[: len(model.variables)]).value(condition))
                self.steps[state] = successors(model, state)
                pending.extend(after for _, after in self.steps[state])

    def quickest(self) -> int | None:
        """Ticks of the shortest stretch of the condition that ends, by paths from each state in which one begins."""
        begins = [state for state in self.roots if self.inside[state]]
        for state, steps in self.steps.items():
            begins.extend(after for _, after in steps if self.inside[after] and not self.inside[state])
        best: dict[State, int] = {}
        pending = deque((state, 0) for state in begins)
        ends: list[int] = []
        while pending:
            state, ticks = pending.popleft()
            if not self.inside[state]:
                ends.append(ticks)
            elif ticks < best.get(state, FOREVER):
                best[state] = ticks
                pending.extend((after, ticks + (step == TICK)) for step, after in self.steps[state])
        return min(ends, default=None)

    def relapses(self) -> bool:
        """A walk through the three stages of the question."""
        pending = [(state, 0) for state in self.roots]
        seen = set()
        while pending:
            state, stage = pending.pop()
            stage += self.inside[state] == (stage != 1)
            if stage == 3:
                return True
            if (state, stage) not in seen:
                seen.add((state, stage))
                pending.extend((after, stage) for _, after in self.steps[state])
        return False


def asking(text: str, *, with_charts: bool) -> Inquiry:
    found = Inquiry(LoadedText(text).system(()), engine="python", limits=Limits(state_count_max=STATES_MAX))
    if not with_charts:
        found._atlas = None
    return found


def scopes(inquiry: Inquiry) -> list[Scope]:
    one = Scope(faults=inquiry.faults, fault_count_max=1, stopped=inquiry.faults)
    return [
        one,
        Scope(faults=inquiry.faults, fault_count_max=1, without=inquiry.operators, stopped=inquiry.faults),
        Scope(faults=inquiry.faults, fault_count_max=1, acting=inquiry.operators),
        Scope(faults=frozenset(sorted(inquiry.faults)[:1])),
    ]


def said(reply: Reply) -> object:
    """What counts of an answer."""
    return (
        reply.stop_reason if not reply.is_known else None if reply.run is None else (reply.run.steps, reply.run.states)
    )


def ask_all(inquiry: Inquiry, outage: Outage, scope: Scope) -> list[Reply]:
    found = [
        inquiry.ask_never(outage, scope),
        inquiry.ask_staying(outage, scope),
        inquiry.ask_trapped(outage, scope),
        inquiry.ask_return(outage, scope),
        inquiry.ask_relapse(outage, scope),
        inquiry.ask_recurring(outage, scope),
    ]
    if inquiry.is_timed:
        tick_ms = inquiry.system.tick_ms
        durations = (0, tick_ms, 3 * tick_ms)
        found.extend(inquiry.ask_condition_lasting(outage.condition, outage.name, ms, scope) for ms in durations)
    return found


def compare(text: str) -> Counter[str]:
    """Ask everything with charts and without; returns what was seen."""
    seen: Counter[str] = Counter()
    charted, searched = asking(text, with_charts=True), asking(text, with_charts=False)
    for outage in charted.system.outages[:2]:
        for scope in scopes(charted):
            for one, other in zip(ask_all(charted, outage, scope), ask_all(searched, outage, scope), strict=True):
                if other.is_known:
                    assert said(one) == said(other), one.check.source
                    seen["yes" if other.run is not None else "no"] += 1
            quickest = charted.quickest_ticks(outage.condition, scope)
            ticks = charted.longest_ticks(outage.condition, scope)
            check, posed = charted.pose_never(outage, scope)
            model, query = posed.get()
            assert isinstance(query, Reach), check.source
            try:
                explored = Explored(model, query.goal)
            except (EvaluationError, OverflowError):
                continue
            if ticks is None:
                continue
            assert quickest == explored.quickest()
            seen["quickest"] += quickest is not None
            if charted.is_timed and ticks != FOREVER:
                tick_ms = searched.system.tick_ms
                measured = longest(searched, outage.condition, outage.name, scope)
                if measured.at_most_ms is not None:
                    assert measured.at_most_ms == ticks * tick_ms
                    again = longest(charted, outage.condition, outage.name, scope)
                    assert (again.exceeds_ms, again.at_most_ms) == (measured.exceeds_ms, measured.at_most_ms)
                    seen["longest"] += ticks > 0
            elif charted.is_timed:
                stays = searched.ask_staying(
                    outage,
                    Scope(
                        faults=scope.faults,
                        fault_count_max=scope.fault_count_max,
                        without=scope.without,
                        acting=scope.acting,
                    ),
                )
                assert not stays.is_no
                seen["for ever"] += 1
    return seen


FLAPPING = """
system s {
  tick 1min
  state n: 0..3 = 0
  fault strike { n: 0 -> 1 }
  reaction worse after 2min..4min { n: 1 -> 2 }
  reaction better after 1min..3min { n: 2 -> 3 }
  reaction again after 1min { n: 3 -> 1 }
  operator fix_it after 5min { n: 1 | 2 | 3 -> 0 }
  outage down when n == 2
  outage bad when n > 0
  check unused: possible n == 3
}
"""
WAITING = """
system s {
  state load: 0..4 = 0
  state broken: bool = false
  fault spike when not broken { broken = true  load = 4 }
  repair mend { broken: true -> false }
  reaction drain when load > 0 and not broken { load = load - 1 }
  event deploy when load < 4 { load = load + 1 }
  outage slow when load > 2
}
"""


FAILING = """
system s {
  redundant nodes: 2 x Node needs 1
  state leader: 0..2 = 1
  fault lose { leader: 1 -> 0 }
  fault away { leader: 1 -> 2 }
  outage down when leader == 2
  outage odd when nodes[leader].lost
}
component Node { state lost: bool = false  fault crash { lost: false -> true } }
"""


def test_an_outage_without_a_value_is_for_engines() -> None:
    """The chart of the first outage has states in which the second one has no value: the error of the spec is told, as without charts."""
    seen = compare(FAILING)
    assert seen["no"]
    said = asking(FAILING, with_charts=True)
    for outage in said.system.outages:
        ask_all(said, outage, scopes(said)[0])
    assert [diagnostic.code for diagnostic in said.diagnostics.items] == ["CF503"]


@pytest.mark.parametrize("text", [FLAPPING, WAITING])
def test_charts_of_written_specs(text: str) -> None:
    seen = compare(text)
    assert seen["yes"] and seen["no"] and seen["quickest"]


def test_charts_of_generated_specs() -> None:
    seen: Counter[str] = Counter()
    for seed in range(10):
        seen += compare(make_spec(seed, 1).text)
    assert seen["yes"] and seen["no"], seen


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(100, 1_100, 50))
def test_charts_of_many_generated_specs(first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + 50):
        seen += compare(make_spec(seed, 1 + seed % 2).text)
    assert seen["yes"] and seen["no"] and seen["quickest"], seen
