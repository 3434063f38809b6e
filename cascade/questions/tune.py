"""For which values of params does a check hold? Every value is decided by itself, so that the answer needs no monotony.

Values are taken from coarse to fine (both ends, the middle, the quarters, …), so that what is known when somebody stops is spread over the range. At every
frontier the verdicts of both sides are decided by a search of their own: there the runs are shortest ones.
"""

import itertools
import time
from collections.abc import Sequence

from cascade.checked.model import Check, System
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.questions.variants import Counts, Decided, How, Variants
from cascade.records import dataclass

CELLS_MAX = 20_000
"""Values, or pairs of values, beyond which nobody looks at all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A param and the values that are tried, as the spec writes them, in order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Values `first..last` (positions on the last axis) for which all is the same; `word` is the verdict, or `not examined`."""

    first: int
    last: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What is known of a check for the values of one or two axes: `cells` by position on each. `diagnostics` says why a variant has errors, if one has."""

    system: System
    check: Check
    axes: tuple[Axis, ...]
    cells: dict[tuple[int, ...], Decided]
    counts: Counts
    is_complete: bool
    is_interrupted: bool
    diagnostics: Diagnostics

    def word(self, position: tuple[int, ...]) -> str:
        """The verdict there: `holds`, `violated`, `undetermined`, `not examined`."""
        decided = self.cells.get(position)
        return "not examined" if decided is None else decided.word

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """Positions on all axes but the last."""
        return list(itertools.product(*(range(len(axis.values)) for axis in self.axes[:-1])))

    def stretches(self, row: tuple[int, ...]) -> list[Stretch]:
        """The last axis in stretches of equal verdicts."""
        words = [self.word((*row, i)) for i in range(len(self.axes[-1].values))]
        found: list[Stretch] = []
        for word, group in itertools.groupby(range(len(words)), key=lambda i: words[i]):
            members = list(group)
            found.append(Stretch(first=members[0], last=members[-1], word=word))
        return found


def tune(variants: Variants, check_name: str, axes: Sequence[Axis], seconds_max: float | None) -> Tuning:
    """Decide the check called `check_name`, which the spec has, for all values of `axes`. Stops at the first value with which the spec has errors."""
    deadline = None if seconds_max is None else time.monotonic() + seconds_max
    cells: dict[tuple[int, ...], Decided] = {}
    diagnostics = Diagnostics()
    system, _ = variants.system()
    assert system is not None, "the spec was looked at"
    own = next(check for check in system.checks if check.name == check_name)
    is_interrupted = False
    is_complete = False
    try:
        for position in _coarse_to_fine([len(axis.values) for axis in axes]):
            if deadline is not None and time.monotonic() > deadline:
                break
            decided, diagnostics = _decide(variants, own, axes, position)
            if decided is None:
                break
            cells[position] = decided
            if decided.is_interrupted:
                is_interrupted = True
                break
        else:
            is_complete = True
            _search_at_frontiers(variants, own, axes, cells)
    except KeyboardInterrupt:
        is_interrupted = True
    return Tuning(
        system=system,
        check=own,
        axes=tuple(axes),
        cells=cells,
        counts=_counts(cells),
        is_complete=is_complete,
        is_interrupted=is_interrupted,
        diagnostics=diagnostics,
    )


def _counts(cells: dict[tuple[int, ...], Decided]) -> Counts:
    """How the verdicts that are shown were come by: one for each value, though at a frontier some were decided twice."""
    counts = Counts()
    for decided in cells.values():
        counts.add(decided.how)
    return counts


def _decide(
    variants: Variants, own: Check, axes: Sequence[Axis], position: tuple[int, ...], *, is_search: bool = False
) -> tuple[Decided | None, Diagnostics]:
    settings = [f"{axis.name}={axis.values[i]}" for axis, i in zip(axes, position, strict=True)]
    system, diagnostics = variants.system(own.fixes, settings)
    if system is None:
        return None, diagnostics
    check = next(check for check in system.checks if check.name == own.name)
    return variants.decide(system, check, is_search=is_search), diagnostics


def _coarse_to_fine(lengths: list[int]) -> list[tuple[int, ...]]:
    """All positions; a position comes the earlier, the larger the steps are in which it is met."""
    ranks = [_ranks(length) for length in lengths]
    positions = itertools.product(*(range(length) for length in lengths))
    return sorted(positions, key=lambda p: (max(rank[i] for rank, i in zip(ranks, p, strict=True)), p))


def _ranks(length: int) -> list[int]:
    """Of each number below `length`: 0 for both ends, then 1, 2, … by halving."""
    ranks = [0] * length
    waiting = [(0, length - 1, 1)]
    while waiting:
        low, high, rank = waiting.pop()
        middle = (low + high) // 2
        if low < middle < high:
            ranks[middle] = rank
            waiting += [(low, middle, rank + 1), (middle, high, rank + 1)]
    return ranks


def _search_at_frontiers(
    variants: Variants, own: Check, axes: Sequence[Axis], cells: dict[tuple[int, ...], Decided]
) -> None:
    """Where neighbours differ, let no verdict rest on a run that was carried over: the shortest one is wanted there."""
    for position, decided in list(cells.items()):
        if decided.how is not How.REPLAYED:
            continue
        neighbours = (
            (*position[:axis], position[axis] + step, *position[axis + 1 :])
            for axis in range(len(axes))
            for step in (-1, 1)
        )
        if any(n in cells and cells[n].word != decided.word for n in neighbours):
            searched, _ = _decide(variants, own, axes, position, is_search=True)
            if searched is not None and searched.word == decided.word:
                cells[position] = searched
