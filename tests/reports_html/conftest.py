"""Pages of small specs, made once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.reports.data import Report
from cascade.reports.gather.report import gather

ROOT = Path(__file__).parents[2]

PAIR = """\
system pair "two switches, one path" {
  tick 1min
  redundant switches: 2 x Switch needs 1
  component path {
    let chosen = if switches[1].seen_up then 1 else 2
    let serving = switches[chosen].serving
  }
  component db { param capacity = 100  state cold: bool = false
    let load = if cold then 180 else 60
    let overloaded = load > capacity
    let serving = not overloaded
    reaction lose_cache when not path.serving after 1min { cold: false -> true }
    reaction warm_up when cold after 6h { cold: true -> false }
  }
  outage down "requests fail" when not db.serving
  fix watch "look at what arrives" { switches.watched = true }
  check masked: never down while redundancy holds expect violated
  check crash: never down with only crash with at most 1 fault
  check watched: never down with at most 1 fault with fix watch
}
component Switch "drops, and says nothing" {
  param watched = false
  state health: {up, half, down} = up
  fault half_dead: omission "loses packets" lasts 5min { health: up -> half }
  fault dead: crash { health: up -> down }
  let seen_up = if watched then health == up else health != down
  let serving = health == up
}
"""

GREEN = """\
system calm {
  redundant web: 2 x Server needs 1
  component shop { let serving = web.serving }
  outage down when not shop.serving
  check masked: never down with at most 1 fault
}
component Server { }
"""

Make = Callable[..., Report]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The report of a text, or of a shipped spec by its path."""

    def _make(text: str, *, name: str = "example.cf", asked: bool = True) -> Report:
        folder = tmp_path_factory.mktemp("spec")
        path = folder / name
        path.write_text(text, encoding="utf-8")
        options = CheckOptions(
            unasked=Unasked.ALWAYS if asked else Unasked.NEVER, limits=Limits(state_count_max=200_000)
        )
        result = check_file(str(path), options, lambda _: Progress())
        assert result.system is not None, [d.message for d in result.diagnostics]
        return gather(name, result.system, result.checks, result.answers, result.diagnostics)

    return _make


@pytest.fixture(scope="session")
def pair(make: Make) -> Report:
    return make(PAIR)


@pytest.fixture(scope="session")
def green(make: Make) -> Report:
    return make(GREEN)
