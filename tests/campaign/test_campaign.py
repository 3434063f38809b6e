"""The campaign notices a way that is wrong, saves a small spec, and goes on where it was stopped."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.peers import missing_tools
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.limits import Limits
from cascade.verdicts.answer import Answer, Exhausted, Found
from tests.campaign.compare import DisagreementError, Plan, compare_text
from tests.campaign.run import SIZES, Campaign, State
from tests.campaign.ways import WAYS, Way
from tests.export.peers import TOOLS
from tests.generate.specs import make_spec

FAST = tuple(WAYS[name] for name in ("python", "sliced", "zones"))
STATES_MAX = 300


def wrong(model: CoreModel, query: Query, limits: Limits) -> Answer:
    """Sees initial states only."""
    said = WAYS["python"].answer(model, query, limits)
    if isinstance(said, Found) and said.run.steps:
        return Exhausted(statistics=said.statistics)
    return said


def test_a_way_that_is_wrong_is_noticed_and_its_spec_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(name="wrong", answer=wrong)
    monkeypatch.setitem(WAYS, "wrong", way)
    plan = Plan(ways=(way,), oracle_states_max=STATES_MAX, states_max=STATES_MAX)
    state = State(first=0, next=0, options={})
    Campaign(plan=plan, folder=tmp_path).run(state, spec_count=8, seconds=None, save=lambda _: None)
    assert state.tally["specs"] == 8
    assert state.disagreements
    for found in state.disagreements:
        text = Path(str(found["spec"])).read_text()
        assert text.startswith(f"# Seed {found['seed']}, size ")
        seed = int(str(found["seed"]))
        assert len(text) < len(make_spec(seed, SIZES[seed % len(SIZES)]).text) + 200
        with pytest.raises(DisagreementError, match="says there is nothing, where the oracle says found"):
            compare_text(text, plan)
        compare_text(text, replace(plan, ways=FAST))


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    campaign = Campaign(plan=Plan(ways=FAST, oracle_states_max=STATES_MAX, states_max=STATES_MAX), folder=tmp_path)
    path = tmp_path / "state.json"
    whole = State(first=40, next=40, options={"some": ["thing"]})
    campaign.run(whole, spec_count=12, seconds=None, save=lambda state: None)
    State(first=40, next=40, options={"some": ["thing"]}).save(path)
    while (state := State.load(path)).next < 52:
        campaign.run(state, spec_count=min(12, state.next - 40 + 5), seconds=None, save=lambda state: state.save(path))
    assert (state.first, state.next, state.options) == (whole.first, whole.next, whole.options)
    assert state.tally == whole.tally
    assert state.tally["specs"] == 12
    assert state.disagreements == []


def test_turns_depend_on_the_seed_alone_and_all_get_theirs() -> None:
    campaign = Campaign(plan=Plan(), peers=("promela",), peers_every=20)
    turns: Counter[str] = Counter()
    for seed in range(400):
        plan = campaign.plan_of(seed)
        assert plan == campaign.plan_of(seed)
        turns.update(way.name for way in plan.ways)
        turns.update(plan.peers)
    assert turns["python"] == turns["packed"] == turns["zones"] == 400
    assert set(turns) == {*WAYS, "promela"}
    assert sum(turns[way.name] for way in WAYS.values() if way.takes_turns) == 400
    assert 10 < turns["promela"] < 40
    assert {way.name for way in replace(campaign, is_thorough=True, symbolic_every=1).plan_of(1).ways} == set(WAYS)


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(8))
def test_a_stretch_of_it(part: int, tmp_path: Path) -> None:
    """2,000 specs that no other test looks at."""
    first = 3_000_000 + 250 * part
    state = State(first=first, next=first, options={})
    peers = tuple(language for language, tool in TOOLS.items() if not missing_tools(tool, "gcc"))
    Campaign(plan=Plan(), peers=peers, folder=tmp_path).run(state, spec_count=250, seconds=None, save=lambda _: None)
    print(dict(state.tally))
    assert state.disagreements == []
    assert state.tally["specs"] == 250


def test_where_only_an_engine_is_the_oracle_an_error_of_the_same_cost_is_none() -> None:
    """Of a run that is asked for and an error of the spec, either may come first; brute force knows both, the Python functions stop at one."""
    text = (
        "system s {\n  state x: 0..1 = any\n  state y: 0..1 = 0\n  reaction r after 30s when x == 0 { y = y + 2 }\n"
        "  check c: y >= 0 lasts at most 0s\n}"
    )
    for states_max in (1, 300):
        compare_text(text, Plan(oracle_states_max=states_max))
