"""Generated specs through every way of the packed engine, against the reference interpreter.

A spec is made from a seed, so the default run is the same everywhere; `-m campaign` asks about `CASCADE_SPECS` specs (default 2,000) from seed
`CASCADE_CAMPAIGN_SEED` on. With `NUMBA_DISABLE_JIT=1` the kernels run in Python.
"""

import os
from collections import Counter

import pytest

from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed.engine import answer
from cascade.limits import Limits, Progress
from cascade.reference.decide import TooManyStatesError, decide
from cascade.verdicts.answer import Answer, Stopped
from tests.engines.test_packed import Disk, ask_as, assert_agreement
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

STATES_MAX = 500
WAYS = ("default", "tiny", "two threads", "small tables", "no tables", "many words", "disk")


def ask_this_way(way: str, model: CoreModel, query: Query) -> Answer:
    if way != "disk":
        return ask_as(way, model, query)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "has_memory", lambda *_: False)
        patch.setattr(Watch, "check_memory", lambda *_: None)
        return answer(model, query, Limits(), Progress(), tuning=Disk)


def compare(seed: int) -> Counter[str]:
    """Compare all checks of a spec; what was compared."""
    tally: Counter[str] = Counter()
    loaded = LoadedText(make_spec(seed, SIZES[seed % len(SIZES)]).text)
    for check in loaded.checks:
        model, query = lower(*loaded.fixed(check))
        try:
            decision = decide(model, query, max_states=STATES_MAX)
        except TooManyStatesError:
            tally["too large"] += 1
            continue
        for way in WAYS:
            said = ask_this_way(way, model, query)
            if way == "disk" and isinstance(query, Lasso) and isinstance(said, Stopped):
                continue  # to count its states takes the seen set
            assert_agreement(model, query, said, decision)
            tally[way] += 1
    return tally


@pytest.mark.parametrize("first", range(0, 36, 12))
def test_agrees_with_reference(first: int) -> None:
    tally: Counter[str] = Counter()
    for seed in range(first, first + 12):
        tally += compare(seed)
    assert min(tally[way] for way in WAYS) > 15


@pytest.mark.campaign
def test_campaign() -> None:
    first = int(os.environ.get("CASCADE_CAMPAIGN_SEED", "100000"))
    tally: Counter[str] = Counter()
    for seed in range(first, first + int(os.environ.get("CASCADE_SPECS", "2000"))):
        tally += compare(seed)
        tally["specs"] += 1
    print(dict(tally))
