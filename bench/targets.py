"""`python -m bench.targets`: each target that this tool has set itself, and what is measured here and now.

A target is a bound on a figure of whole processes: seconds, bytes, or a ratio to another run of the same session, the two taken in turn. `--quick` leaves out what takes more than
some ten seconds a run.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import gen_clocks, gen_tiers, gen_wide
from bench.cases import Case
from bench.measure import Measured, run
from bench.peers import missing_tools
from bench.table import machine
from bench.tools import ROOT, BenchError, own_environment, sample_peer, write_spec

Sizes = tuple[int, int, int, int]

SMALL: tuple[Sizes, int] = ((2, 2, 2, 1), 11_436)
MEDIUM: tuple[Sizes, int] = ((3, 2, 2, 2), 867_968)
LARGE: tuple[Sizes, int] = ((4, 2, 1, 1), 6_646_752)
HUGE: tuple[Sizes, int] = ((4, 2, 2, 1), 36_865_584)
ENORMOUS: tuple[Sizes, int] = ((4, 2, 3, 1), 117_871_200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`figures` are one for each round; the median has to be at most `bound`, or at least where more is better."""

    what: str
    bound: float
    unit: str
    figures: tuple[float, ...]
    more_is_better: bool = False

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.figures)

    @property
    def is_met(self) -> bool:
        """Is the median within the bound?"""
        return self.median >= self.bound if self.more_is_better else self.median <= self.bound

    def row(self) -> str:
        """A row of a table in Markdown."""
        sign = "≥" if self.more_is_better else "≤"
        spread = f"{min(self.figures):.3g}–{max(self.figures):.3g}"
        met = "met" if self.is_met else "**not met**"
        return f"| {self.what} | {sign} {self.bound:g} {self.unit} | {self.median:.3g} ({spread}) | {met} |"


class Bench:
    """Runs commands on specs that it writes to a folder."""

    def __init__(self, folder: str, rounds: int) -> None:
        self._folder = Path(folder)
        self._rounds = rounds

    def cascade(self, *arguments: str) -> Measured:
        """One process. Raises `BenchError` where it ends with an error."""
        done = run([sys.executable, "-m", "cascade", *arguments], env=own_environment(), timeout_seconds=900)
        if done.code not in (0, 1):
            raise BenchError(f"cascade {' '.join(arguments)} ended with {done.code}: {done.output[-500:]}")
        return done

    def check(self, text: str, *arguments: str, states: int | None = None) -> Measured:
        """`cascade check`, declared checks only; where `states` is given, it has to say so many."""
        path = self._folder / "spec.cf"
        path.write_text(text, encoding="utf-8")
        done = self.cascade("check", str(path), "--only-declared", *arguments)
        if states is not None and f"{states:,} states" not in done.output:
            raise BenchError(f"not {states:,} states: {done.output[-500:]}")
        return done

    def bounds(self, size: tuple[Sizes, int], *arguments: str) -> Measured:
        """All states of a model of the family `tiers`."""
        sizes, states = size
        return self.check(gen_tiers.spec(*sizes), "--check", "bounds", *arguments, states=states)

    def peer(self, tool: str, case: Case, states: int) -> float:
        """Seconds of a peer on the same question: generating, compiling, running."""
        path = write_spec(case, str(self._folder))
        sample = sample_peer(tool, path, case, states)
        if not case.is_violated and sample.state_count != states:
            raise BenchError(f"{tool}: {sample.state_count:,} states, not {states:,}")
        return sample.seconds

    def seconds(self, what: str, bound: float, measure: Callable[[], Measured]) -> Target:
        """A target on the time of one process."""
        figures = tuple(measure().seconds for _ in range(self._rounds))
        return Target(what=what, bound=bound, unit="s", figures=figures)

    def ratio(self, what: str, bound: float, slow: Callable[[], float], fast: Callable[[], float]) -> Target:
        """How many times as long one takes as the other, in turn."""
        figures = tuple(slow() / fast() for _ in range(self._rounds))
        return Target(what=what, bound=bound, unit="times", figures=figures, more_is_better=True)


def _commands(bench: Bench) -> Iterator[Target]:
    incidents = [str(path) for path in sorted((ROOT / "specs").glob("cloudflare-*.cf"))]
    check = ["check", *incidents, "--only-declared"]
    yield bench.seconds("both Cloudflare specs, declared checks", 3.0, lambda: bench.cascade(*check))
    yield bench.seconds("the same with the default questions in brief", 3.0, lambda: bench.cascade("check", *incidents))
    yield bench.seconds("`cascade --help`", 0.15, lambda: bench.cascade("--help"))
    yield bench.seconds("`cascade explain CF101`", 0.15, lambda: bench.cascade("explain", "CF101"))
    yield bench.seconds("a spec of 11,436 states", 0.5, lambda: bench.bounds(SMALL))


def _first_runs(bench: Bench) -> Iterator[Target]:
    for (sizes, states), bound in ((MEDIUM, 1.0), (LARGE, 1.5)):
        text = gen_tiers.spec(*sizes)
        yield bench.seconds(
            f"first run to `collapse` among {states:,} states",
            bound,
            lambda t=text: bench.check(t, "--check", "collapse"),
        )


def _peers(bench: Bench, sizes: list[tuple[tuple[Sizes, int], float]]) -> Iterator[Target]:
    for tool, name in (("spin", "SPIN"), ("rumur", "Rumur, two threads")):
        if missing_tools(tool, "gcc"):
            continue
        for size, bound in sizes:
            case = Case(name="tiers", check="bounds", text=lambda s=size: gen_tiers.spec(*s[0]))
            yield bench.ratio(
                f"{name}, {size[1]:,} states",
                bound if tool == "spin" else 5.0,
                lambda t=tool, c=case, s=size: bench.peer(t, c, s[1]),
                lambda s=size: bench.bounds(s, "--engine", "packed").seconds,
            )
    if not missing_tools("spin", "gcc"):
        wide = Case(name="wide", check="bounded", text=lambda: gen_wide.spec(24, 3, 6))
        yield bench.ratio(
            "SPIN, 24 counters summed",
            1.0,
            lambda: bench.peer("spin", wide, 585_975),
            lambda: bench.check(wide.text(), "--engine", "packed", states=585_975).seconds,
        )


def _clocks(bench: Bench) -> Iterator[Target]:
    short, long = (gen_clocks.spec(6, 3, duration) for duration in ("12min", "12h"))
    yield bench.seconds("`clocks 6 3 12h`, all its checks", 20.0, lambda: bench.check(long))
    ratio = bench.ratio("", 1.0, lambda: bench.check(long).seconds, lambda: bench.check(short).seconds)
    yield Target(what="the same over that of 12min", bound=1.2, unit="times", figures=ratio.figures)


def _large(bench: Bench) -> Iterator[Target]:
    settles = gen_tiers.spec(*LARGE[0])
    yield bench.seconds(f"`leads to` on {LARGE[1]:,} states", 20.0, lambda: bench.check(settles, "--check", "settles"))
    # By exploring: for these questions z3 would find a proof in the end.
    one = "--engine", "packed", "--threads", "1"
    two = "--engine", "packed", "--threads", "2"
    yield bench.ratio(
        f"second thread, {HUGE[1]:,} states",
        1.5,
        lambda: bench.bounds(HUGE, *one).seconds,
        lambda: bench.bounds(HUGE, *two).seconds,
    )
    figure = bench.bounds(HUGE, *two).rss_bytes / HUGE[1]
    yield Target(what=f"bytes a state at the peak, {HUGE[1]:,} states", bound=30, unit="bytes", figures=(figure,))
    done = bench.bounds(ENORMOUS, *two)
    yield Target(what=f"{ENORMOUS[1]:,} states", bound=60, unit="s", figures=(done.seconds,))


def main() -> int:
    """Measure and print; 1 where a target is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.targets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="models up to some million states only")
    options = parser.parse_args()
    has_failed = False
    print(f"{machine()}\n\n| target | bound | measured (fastest–slowest) | |\n| --- | --- | --: | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, options.rounds)
        bench.bounds(MEDIUM, "--engine", "packed")  # kernels and bytecode are there from now on
        sizes = [(MEDIUM, 5.0)] if options.quick else [(MEDIUM, 5.0), (LARGE, 10.0)]
        groups = [_commands(bench), _first_runs(bench), _clocks(bench), _peers(bench, sizes)]
        if not options.quick:
            groups.append(_large(bench))
        for group in groups:
            for target in group:
                print(target.row(), flush=True)
                has_failed |= not target.is_met
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
