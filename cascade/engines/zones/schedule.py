"""From a symbolic run to whole ticks: when does each command fire at the earliest?

All that a symbolic run asks of the moments is differences of two of them: a system of difference constraints. Its least solution makes every
command, and the end, as early as this sequence of commands allows (longest paths, Bellman and Ford).
"""

from collections.abc import Mapping
from dataclasses import field

from cascade.core.model import TICK
from cascade.engines.zones.kernels import INFINITE
from cascade.engines.zones.locations import Location, Move
from cascade.engines.zones.search import Node
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A run to the end of a symbolic run, and the values of the running clocks there."""

    run: CandidateRun
    location: Location
    clock_values: Mapping[int, int]


@dataclass(slots=True)
class _Constraints:
    """`entered[i]` is when the i-th location is entered; it is left at `entered[i + 1]`. An entry (a, b, w): entered[b] >= entered[a] + w."""

    entries: list[tuple[int, int, int]] = field(default_factory=list)

    def at_least(self, since: int, moment: int, ticks: int) -> None:
        """From moment `since` to `moment`: at least so many ticks."""
        self.entries.append((since, moment, ticks))

    def at_most(self, since: int, moment: int, ticks: int) -> None:
        """From moment `since` to `moment`: at most so many ticks."""
        self.entries.append((moment, since, -ticks))

    def least(self, moment_count: int) -> list[int]:
        """The least moments, the first one 0."""
        moments = [0] * moment_count
        for _ in range(moment_count + 1):
            is_changed = False
            for since, moment, ticks in self.entries:
                if moments[since] + ticks > moments[moment]:
                    moments[moment] = moments[since] + ticks
                    is_changed = True
            if not is_changed:
                assert moments[0] == 0, "the first moment waits for no other"
                return moments
        raise AssertionError("a symbolic run has a run in whole ticks")


def schedule(node: Node, *, wait: bool, bounds: Mapping[int, tuple[int, int]] | None = None) -> Schedule:
    """The earliest run along the commands that lead to `node`, and on to where `bounds` hold.

    `bounds` gives the least and largest value of some clocks (by index) at the end of the run. Without `wait` the run ends as soon as the location is entered.
    """
    path = _path(node)
    constraints = _Constraints()
    running: dict[int, int] = dict.fromkeys(path[0].location.clocks, 0)
    for i, here in enumerate(path):
        if here.move is not None:
            running = _after(here.move, running, i)
        constraints.at_least(i, i + 1, 0)
        is_last = i == len(path) - 1
        if not here.is_delayed or (is_last and not wait):
            constraints.at_most(i, i + 1, 0)
        else:
            for position, clock in enumerate(here.location.clocks, start=1):
                latest = int(here.location.latest[position])
                if latest < INFINITE:
                    constraints.at_most(running[clock], i + 1, latest)
        if not is_last:
            move = path[i + 1].move
            assert move is not None, "only a root has no move"
            if move.position:
                constraints.at_least(running[here.location.clocks[move.position - 1]], i + 1, move.earliest_ticks)
    end = len(path)
    for clock, (low, high) in (bounds or {}).items():
        if low > 0:
            constraints.at_least(running[clock], end, low)
        if high < INFINITE:
            constraints.at_most(running[clock], end, high)
    moments = constraints.least(end + 1)
    return Schedule(
        run=CandidateRun(initial=path[0].initial, steps=_steps(path, moments)),
        location=node.location,
        clock_values={clock: moments[end] - moments[since] for clock, since in running.items()},
    )


def _path(node: Node) -> list[Node]:
    path = [node]
    while path[-1].parent is not None:
        path.append(path[-1].parent)
    path.reverse()
    return path


def _after(move: Move, running: Mapping[int, int], moment: int) -> dict[int, int]:
    """Since when each clock runs, once `move` has fired at `moment`."""
    assert move.target is not None and move.sources is not None, "a move that was taken is resolved"
    kept = zip(move.target.clocks, move.sources[1:], strict=True)
    return {clock: running[clock] if source else moment for clock, source in kept}


def _steps(path: list[Node], moments: list[int]) -> tuple[int, ...]:
    steps: list[int] = []
    for i, here in enumerate(path):
        if here.move is not None:
            steps.append(here.move.command)
        steps.extend([TICK] * (moments[i + 1] - moments[i]))
    return tuple(steps)
