"""Slicing changes no verdict: every check of shipped and generated specs with and without.

Without slicing is the oracle (other tests hold it against the reference interpreter). Runs of a slice are replayed on the whole model by `ask`, so what is
compared is the kind of verdict and the least cost of the run.
"""

from pathlib import Path

import pytest

from cascade.core.cone import sliced
from cascade.core.lower import lower
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.ask import Asked, ask
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion
from tests.differential.agreement import cost_of
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

ROOT = Path(__file__).parents[2]
SPECS = [path for folder in ("specs", "tests/std", "tests/models") for path in sorted((ROOT / folder).glob("*.cf"))]
STATES_MAX = 600
CAMPAIGN_STATES_MAX = 20_000
CAMPAIGN_SPECS = 3_000


def compare(text: str, states_max: int) -> tuple[int, int]:
    """Ask every check both ways. How many were compared, and how many were smaller on a slice."""
    loaded = LoadedText(text)
    compared = smaller = 0
    for declared in loaded.checks:
        system, check = loaded.fixed(declared)
        model, query = lower(system, check)
        part = sliced(model, query)
        if part is None:
            continue
        limits = Limits(state_count_max=states_max)
        whole = ask(model, query, engine="python", limits=limits, progress=Progress())
        if _is_too_large(whole):
            continue
        asked = ask(model, query, engine="python", limits=limits, progress=Progress(), slices=True)
        assert_same(whole, asked, f"{check.name}\n{text}")
        compared += 1
        smaller += asked.statistics.state_count < whole.statistics.state_count
    return compared, smaller


def _is_too_large(asked: Asked) -> bool:
    return asked.undetermined is not None and asked.undetermined.reason is StopReason.STATES


def assert_same(whole: Asked, asked: Asked, what: str) -> None:
    """One verdict; where there are a run and an error of the spec, each may be found first."""
    kinds = {_kind(whole), _kind(asked)}
    assert len(kinds) == 1 or kinds == {"run", "error"}, f"{_kind(whole)} becomes {_kind(asked)}: {what}"
    assert asked.statistics.state_count <= whole.statistics.state_count or _kind(whole) != "none", what
    if isinstance(whole.evidence, ReplayedRun) and isinstance(asked.evidence, ReplayedRun):
        one, other = (run.steps[: run.loop_start] for run in (whole.evidence, asked.evidence))
        model = whole.evidence.model
        # What was left out may have to come round as well before a loop is one; whole rounds are added then.
        is_longer = whole.evidence.loop_start is not None and cost_of(model, one) < cost_of(model, other)
        assert is_longer or cost_of(model, one) == cost_of(model, other), what


def _kind(asked: Asked) -> str:
    match asked.evidence:
        case ReplayedRun():
            return "run"
        case Exhaustion():
            return "none"
        case None:
            assert asked.undetermined is not None and asked.undetermined.failure is not None, asked.undetermined
            return "error"


ELSEWHERE = """
component Box { state health: {up, down} = up  fault crash when health == up { health = down } }
system s {
  part a: Box
  state n: 0..3 = 0
  state m: 0..3 = 0
  event on when n < 3 { n = n + 1 }
  ELSEWHERE
  check it: never n > 3 with at most 1 fault
}
"""
TIMELOCK = """
  reaction flip when m == 0 and a.health == up { m = 1 }
  reaction flop when m == 1 and a.health == up { m = 0 }
  event nothing when n == 0 after 1s { n = 0 }
"""


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [
        ("event e when m < 3 { m = m + 1 }", "none"),
        ("event e when m < 3 { m = m + 2 }", "error"),
        ("event e when m < 3 { m = n + 1 }", "error"),
        ("state most: 0..20 = 20  state k: 0..9 = 0  event e when k < most { k = k + 1 }", "error"),
        ("event e when m < 3 { m = m + -1 }", "error"),
        ("event e when m < 3 { m = 3 / n }", "error"),
        # The one fault is the only way out, and nothing else takes the room for it...
        (TIMELOCK, "none"),
        # ...or something does that nothing reads.
        (TIMELOCK + "part b: Box", "error"),
    ],
)
def test_errors_elsewhere(elsewhere: str, said: str) -> None:
    """What nothing reads that the check is about is an error of the spec all the same."""
    loaded = LoadedText(ELSEWHERE.replace("ELSEWHERE", elsewhere))
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    for slices in (False, True):
        asked = ask(model, query, engine="python", limits=Limits(), progress=Progress(), slices=slices)
        assert _kind(asked) == said, slices


LOOP = """
system s {
  state n: 0..1 = 0
  state m: {x, y, z} = x
  reaction turn { n = 1 - n  m = if m == x then y else if m == y then z else x }
  fault odd when m == y { m = x }
  check it: n == 0 leads to n > 1
}
"""


@pytest.mark.parametrize(("steps_max", "size"), [(20_000, "1 of 2"), (1, "2 of 2")])
def test_a_run_of_a_slice_is_told_of_the_whole(monkeypatch: pytest.MonkeyPatch, steps_max: int, size: str) -> None:
    """Without asking again, unless its loop would have to be unrolled too far."""
    monkeypatch.setattr("cascade.questions.on_slice.UNROLLED_STEPS_MAX", steps_max)
    loaded = LoadedText(LOOP)
    model, query = lower(*loaded.fixed(loaded.checks[0]))
    asked = ask(model, query, engine="python", limits=Limits(), progress=Progress(), slices=True)
    assert _kind(asked) == "run"
    assert dict(asked.statistics.details)["sliced commands"] == size
    assert isinstance(asked.evidence, ReplayedRun)
    assert (asked.evidence.loop_start, len(asked.evidence.steps)) == (0, 6), "m comes round after three, n after two"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs(path: Path) -> None:
    compare(path.read_text(), STATES_MAX)


def test_generated_specs() -> None:
    compared = smaller = 0
    for seed in range(300):
        more = compare(make_spec(seed, SIZES[seed % len(SIZES)]).text, STATES_MAX)
        compared, smaller = compared + more[0], smaller + more[1]
    assert compared > 100, "or nothing was compared"
    assert smaller > 30, "or nothing was cut away"


@pytest.mark.campaign
def test_campaign() -> None:
    for seed in range(300, 300 + CAMPAIGN_SPECS):
        compare(make_spec(seed, 1 + seed % 5).text, CAMPAIGN_STATES_MAX)
