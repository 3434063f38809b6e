"""One state for all that swaps of interchangeable members make of it: same verdicts, same least costs, same numbers of states as without.

Without is the oracle (other tests hold it against the reference interpreter), and runs are replayed. Numbers of states are the sharpest comparison: a state
that stands for one that is not reachable, or is missed, changes them.
"""

from collections import Counter
from pathlib import Path

import pytest

from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.core.symmetry import find_symmetry
from cascade.engines.packed.engine import answer
from cascade.engines.packed.search import Tuning
from cascade.limits import Limits, Progress
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Found, SpecFailure, Stopped
from tests.campaign.ways import WAYS
from tests.differential.agreement import cost_of
from tests.generate.fleets import make_fleet
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

ROOT = Path(__file__).parents[2]
SPECS = [path for folder in ("specs", "tests/std", "tests/models") for path in sorted((ROOT / folder).glob("*.cf"))]
STATES_MAX = 20_000


class Small(Tuning):
    """Less memory to prepare than a large search needs."""

    batch_successors = 1 << 9
    recent_states = 1 << 8
    seen_slots = 1 << 10


def compare(text: str, way: str = "") -> tuple[int, int, Counter[str]]:
    """Ask every check both ways: how many states there are, how many were kept, and how many answers of each kind."""
    loaded = LoadedText(text)
    explored = kept = 0
    kinds: Counter[str] = Counter()
    for declared in loaded.checks:
        system, check = loaded.fixed(declared)
        model, query = lower(system, check)
        symmetry = find_symmetry(model, query)
        if symmetry is None:
            continue
        without = answer(model, query, Limits(state_count_max=STATES_MAX), Progress(), tuning=Small)
        if isinstance(without, Stopped):
            continue
        if way:
            reduced = WAYS[way].answer(model, query, Limits())
        else:
            reduced = answer(model, query, Limits(symmetry=True), Progress(), tuning=Small)
        what = f"{check.name}\n{text}"
        assert type(reduced) is type(without), what
        assert reduced.statistics.state_count == without.statistics.state_count, what
        if isinstance(reduced, Found) and isinstance(without, Found):
            replay(model, query, reduced.run)
            assert cost_of(model, reduced.run.steps) == cost_of(model, without.run.steps), what
        if isinstance(reduced, SpecFailure) and isinstance(without, SpecFailure):
            _compare_failures(model, query, reduced, without)
        kinds[type(reduced).__name__] += 1
        explored += without.statistics.state_count
        kept += int(dict(reduced.statistics.details)["symmetry"].split()[0].replace(",", ""))
    return explored, kept, kinds


def _compare_failures(model: CoreModel, query: Query, reduced: SpecFailure, without: SpecFailure) -> None:
    replay_failure(model, reduced, query)
    assert reduced.kind is without.kind
    stems = [failure.run.steps[: failure.run.loop_start] for failure in (reduced, without)]
    assert cost_of(model, stems[0]) == cost_of(model, stems[1])


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs(path: Path) -> None:
    compare(path.read_text())


def test_generated_fleets() -> None:
    explored = kept = 0
    kinds: Counter[str] = Counter()
    for seed in range(60):
        more = compare(make_fleet(seed).text)
        explored, kept, kinds = explored + more[0], kept + more[1], kinds + more[2]
    assert kinds["Found"] > 15 and kinds["Exhausted"] > 15, kinds
    assert 2 * kept < explored, "or little was merged"


@pytest.mark.parametrize(
    ("way", "step"),
    [("packed-symmetric-many-words", 15), ("packed-symmetric-2-threads", 20), ("packed-symmetric-disk", 50)],
)
def test_other_ways(way: str, step: int) -> None:
    for seed in range(0, 100, step):
        compare(make_fleet(seed).text, way)


def test_boxes_are_counted_exactly() -> None:
    """As many states are kept as there are multisets, and all are counted."""
    text = """\
component Box { state n: 0..8 = 0  event more when n < 7 { n = n + 1 }  event less when n > 0 { n = n - 1 } }
system boxes {
  redundant boxes: 24 x Box needs 0
  check bounded: never any(b in boxes: b.n == 8) or sum(b in boxes: b.n) == 9
}
"""
    loaded = LoadedText(text)
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    said = answer(model, query, Limits(symmetry=True), Progress(), tuning=Small)
    assert isinstance(said, Found)
    assert len(replay(model, query, said.run).steps) == 9
    # Ways to have a sum of 0 to 9 with numbers up to 7. Partitions of these are 97 less the three with a part of 8 or 9.
    assert said.statistics.state_count == 38_567_100 - 24 * (1 + 23 + 1)
    assert dict(said.statistics.details)["symmetry"].startswith("94 states stored")


@pytest.mark.campaign
def test_campaign() -> None:
    for seed in range(100, 4_000):
        compare(make_fleet(seed).text)
    for seed in range(3_000):
        compare(make_spec(seed, SIZES[seed % len(SIZES)]).text)
