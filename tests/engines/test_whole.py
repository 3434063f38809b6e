"""An exploration that is kept says the same as another one would."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from cascade.core.expressions import ExprId
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach, Recover
from cascade.engines.explicit import whole
from cascade.engines.explicit.engine import answer
from cascade.limits import Limits, Progress
from cascade.verdicts.answer import Answer, Exhausted, Stopped
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec

STATES_MAX = 600


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "STATES_MIN", 1)
    monkeypatch.setattr(whole, "_KEPT", [])


def asked(model: CoreModel, query: Query, limits: Limits = Limits(state_count_max=STATES_MAX)) -> Answer:
    """The answer, without what may differ."""
    said = answer(model, query, limits, Progress())
    return replace(said, statistics=replace(said.statistics, seconds=0.0, work=0))


def fresh(model: CoreModel, query: Query, limits: Limits = Limits(state_count_max=STATES_MAX)) -> Answer:
    whole._KEPT.clear()
    return asked(model, query, limits)


def queries(model: CoreModel, query: Query) -> list[Query]:
    """The query of a check, and others about the same model."""
    formulas: list[ExprId] = [e for e, is_bool in enumerate(model.expressions.is_bool) if is_bool][-3:]
    reaches = [Reach(goal=e) for e in formulas]
    return [query, *reaches, *(Recover(trigger=a, goal=b) for a, b in pairwise(formulas))]


def test_what_is_kept_answers_as_a_search_does() -> None:
    counts: Counter[str] = Counter()
    for seed in range(900, 915):
        loaded = LoadedText(make_spec(seed, 1 + seed % 3).text)
        for check in loaded.checks:
            model, query = lower(*loaded.fixed(check))
            every = queries(model, query)
            expected = [fresh(model, q) for q in every]
            whole._KEPT.clear()
            for q, want in zip((*every, *every), (*expected, *expected), strict=True):
                counts["known"] += whole.known(model, state_count_max=None, work_max=None) is not None
                assert asked(model, q) == want, (seed, check.name, q)
            counts.update(type(want).__name__ for want in expected)
    assert counts["known"] > 100
    assert counts["Exhausted"] > 20 and counts["Found"] > 20


SPEC = """
system s {
  component a { state n: 0..9 = 0  event up when n < 9 { n = n + 1 }  event down when n > 0 { n = n - 1 } }
  check never_ten: never a.n > 9
}
"""


def test_limits_hold_all_the_same() -> None:
    loaded = LoadedText(SPEC)
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    assert isinstance(fresh(model, query), Exhausted)
    said = asked(model, query, Limits(state_count_max=9))
    assert isinstance(said, Stopped)
    assert whole.known(model, state_count_max=10, work_max=None) is not None
    assert whole.known(model, state_count_max=9, work_max=None) is None
    assert whole.known(model, state_count_max=None, work_max=9) is None


def test_few_are_kept() -> None:
    for size in range(5, 10):
        loaded = LoadedText(SPEC.replace("9", str(size)))
        fresh_one = loaded.fixed(loaded.checks[0])
        asked(*lower(*fresh_one))
    assert len(whole._KEPT) == whole.KEPT_MAX
    model, query = lower(*fresh_one)
    kept = whole._KEPT[-1]
    assert kept[0] == model
    asked(model, query)
    assert whole._KEPT[-1] is kept, "it is not explored again"


def test_counted_work_does_not_depend_on_what_is_kept() -> None:
    loaded = LoadedText(SPEC)
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    limits = Limits(work_max=10_000)
    works = [answer(model, query, limits, Progress()).statistics.work for _ in range(2)]
    assert works[0] == works[1] > 0
