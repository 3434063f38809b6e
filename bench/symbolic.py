"""z3 beside exploration: time against constants, and time to verdict on all shipped checks.

    python -m bench.symbolic constants [--seconds N]     # rebuild 10 min → 10 h, at ticks of 1 min and of 1 s
    python -m bench.symbolic shipped [--seconds N]       # every check of specs/*.cf

Times are those of the search, in a process that has loaded and compiled what it needs: the question is how they grow. `>` is a limit that was reached.
Output is Markdown, for docs/performance.md.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bench.table import machine
from cascade.limits import Limits, Progress, StopReason
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.declared import CheckResult
from cascade.verdicts.verdict import Undetermined

ROOT = Path(__file__).resolve().parents[1]
REBUILDS = ("10min", "30min", "1h", "3h", "10h")
TICKS = ("1min", "1s")
ENGINES = ("symbolic", "zones", "packed")
"""z3, clocks as zones, clocks as integers."""


def rebuild_spec(rebuild: str, tick: str) -> str:
    """Three replicas, two of which may be rebuilt at once; a page after a while, and a failover of some seconds beside hours of rebuilding."""
    failover = "30s" if tick == "1s" else "2min"
    return f"""\
component Replica {{
  state health: {{up, rebuilding}} = up
  fault fails: crash {{ health: up -> rebuilding }}
  repair rebuild after {rebuild} {{ health: rebuilding -> up }}
}}
system constants {{
  tick {tick}
  redundant replicas: 3 x Replica needs 1
  state primary: 1..3 = 1
  state paged: bool = false
  let lost = count(r in replicas: r.health == rebuilding)
  reaction promote for r in replicas when r.health == up and replicas[primary].health != up after {failover} {{ primary = r.index }}
  reaction page when lost >= 2 after {failover} {{ paged: false -> true }}
  outage down when replicas[primary].health != up
  check never_all: never lost == 3 with at most 2 faults
  check short: down lasts at most {failover} with at most 2 faults
  check late: possible paged and lost == 0 with at most 2 faults
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How one check went with one engine."""

    verdict: str
    seconds: float
    state_count: int
    is_limited: bool


def measured(result: CheckResult) -> Cell:
    """What is shown of a verdict."""
    verdict = result.verdict
    return Cell(
        verdict=type(verdict).__name__.lower(),
        seconds=verdict.statistics.seconds,
        state_count=verdict.statistics.state_count,
        is_limited=isinstance(verdict, Undetermined) and verdict.reason in (StopReason.TIME, StopReason.MEMORY),
    )


def checked(path: str, engine: str, seconds: float, names: tuple[str, ...] = ()) -> dict[str, Cell]:
    """All checks of a spec with one engine."""
    options = CheckOptions(engine=engine, check_names=names, limits=Limits(seconds_max=seconds, thread_count=1))
    return {result.name: measured(result) for result in check_file(path, options, lambda _: Progress()).checks}


def cell_text(cell: Cell) -> str:
    """Seconds, and states where there are any."""
    if cell.is_limited:
        return f"> {cell.seconds:.0f}"
    if cell.verdict == "undetermined":
        return "no answer"
    return f"{cell.seconds:.2f}" + (f" ({cell.state_count:,})" if cell.state_count else "")


def constants(seconds: float) -> Iterator[str]:
    """A row for each tick, duration and check. The first, smallest one is asked twice: the first time loads and compiles."""
    yield "| tick | rebuild | check | verdict | z3 | zones (symbolic states) | integers (states) |"
    yield "| --- | --- | --- | --- | --: | --: | --: |"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.cf"
        is_warm = False
        for tick in TICKS:
            for rebuild in REBUILDS:
                path.write_text(rebuild_spec(rebuild, tick), encoding="utf-8")
                if not is_warm:
                    for engine in ENGINES:
                        checked(str(path), engine, seconds)
                    is_warm = True
                by_engine = {engine: checked(str(path), engine, seconds) for engine in ENGINES}
                for name in by_engine[ENGINES[0]]:
                    cells = [by_engine[engine][name] for engine in ENGINES]
                    words = {cell.verdict for cell in cells if cell.verdict != "undetermined"}
                    assert len(words) <= 1, f"{rebuild} {tick} {name}: {words}"
                    row = [tick, rebuild, name, *(words or {"?"}), *map(cell_text, cells)]
                    yield f"| {' | '.join(row)} |"
                    sys.stdout.flush()


def shipped(seconds: float) -> Iterator[str]:
    """A row for each shipped spec, with what all its checks took; then the slowest ones."""
    yield "| spec | checks | explicit: all, slowest | z3 answers | z3: median, slowest of these | as expected |"
    yield "| --- | --: | --: | --: | --: | --- |"
    for path in sorted((ROOT / "specs").glob("*.cf")):
        explicit, symbolic = (checked(str(path), engine, seconds) for engine in ("explicit", "symbolic"))
        answered = {name: cell for name, cell in symbolic.items() if cell.verdict != "undetermined"}
        wrong = [name for name, cell in answered.items() if cell.verdict != explicit[name].verdict]
        times = [cell.seconds for cell in answered.values()] or [0.0]
        all_of = sum(cell.seconds for cell in explicit.values())
        slowest = max(cell.seconds for cell in explicit.values())
        row = [
            path.stem,
            str(len(explicit)),
            f"{all_of:.2f}, {slowest:.2f}",
            f"{len(answered)}",
            f"{statistics.median(times):.2f}, {max(times):.2f}",
            "the same" if not wrong else f"DIFFERENT: {', '.join(wrong)}",
        ]
        yield f"| {' | '.join(row)} |"
        sys.stdout.flush()


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description="z3 beside exploration")
    parser.add_argument("table", choices=("constants", "shipped"))
    parser.add_argument("--seconds", type=float, default=20.0, help="limit for one check (default: %(default)s)")
    options = parser.parse_args()
    print(f"{machine()}; z3 {metadata.version('z3-solver')}; limit {options.seconds:g} s\n")
    for line in (constants if options.table == "constants" else shipped)(options.seconds):
        print(line)


if __name__ == "__main__":
    main()
