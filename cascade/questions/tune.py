"""For which values of params does a check hold? No verdict is concluded from another one, so that the answer needs no monotony.

Both ends first, then the middle of what lies between different verdicts, then of what lies between equal ones: frontiers are exact early, and what is known when somebody
stops is spread over the range. Whole numbers that do not shape the model are also looked at together (`together.py`): a run that violates the check with one of them
is retraced for all others at once, and between values that hold one search may tell that all hold. At every frontier the verdicts of both sides are decided by a
search of their own: there the runs are shortest ones.
"""

import heapq
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cascade.checked.checks import LeftOpen
from cascade.checked.model import Check, System
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.questions.together import Together
from cascade.questions.variants import Counts, Decided, How, Variants
from cascade.records import dataclass
from cascade.syntax.settings import OPTION
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Undetermined

CELLS_MAX = 50_000
"""Values, or pairs of values, beyond which nobody looks at all of them."""

TOGETHER_MIN = 4
"""For fewer values one search for all is not worth while."""

Position = tuple[int, ...]

_NUMBER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A param and the values that are tried, as the spec writes them, in order."""

    name: str
    values: tuple[str, ...]

    @property
    def numbers(self) -> range | None:
        """The values, if they are whole numbers with equal steps between them."""
        if len(self.values) < TOGETHER_MIN or not all(_NUMBER.fullmatch(value) for value in self.values):
            return None
        numbers = [int(value) for value in self.values]
        steps = range(numbers[0], numbers[-1] + 1, max(1, numbers[1] - numbers[0]))
        return steps if list(steps) == numbers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Values `first..last` (positions on the last axis) for which all is the same; `word` is the verdict, or `not examined`."""

    first: int
    last: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What is known of a check for the values of one or two axes: `cells` by position on each, `wrong` where the spec has errors.

    `diagnostics` says why there is no variant at all, if there is none.
    """

    system: System
    check: Check
    axes: tuple[Axis, ...]
    cells: dict[Position, Decided]
    wrong: dict[Position, Diagnostics]
    counts: Counts
    is_complete: bool
    is_interrupted: bool
    diagnostics: Diagnostics

    def word(self, position: Position) -> str:
        """The verdict there: `holds`, `violated`, `undetermined`, `wrong`, `not examined`."""
        if position in self.wrong:
            return "wrong"
        decided = self.cells.get(position)
        return "not examined" if decided is None else decided.word

    @property
    def rows(self) -> list[Position]:
        """Positions on all axes but the last."""
        return _rows(self.axes)

    def stretches(self, row: Position) -> list[Stretch]:
        """The last axis in stretches of equal verdicts."""
        words = [self.word((*row, i)) for i in range(len(self.axes[-1].values))]
        found: list[Stretch] = []
        for word, group in itertools.groupby(range(len(words)), key=lambda i: words[i]):
            members = list(group)
            found.append(Stretch(first=members[0], last=members[-1], word=word))
        return found


def _rows(axes: Sequence[Axis]) -> list[Position]:
    return list(itertools.product(*(range(len(axis.values)) for axis in axes[:-1])))


def tune(variants: Variants, check_name: str, axes: Sequence[Axis], seconds_max: float | None) -> Tuning:
    """Decide the check called `check_name`, which the spec has, for all values of `axes`."""
    ends = (tuple(f"{axis.name}={axis.values[end]}" for axis in axes) for end in (0, -1))
    system, _ = variants.example(ends)
    assert system is not None, "the spec was looked at"
    own = next(check for check in system.checks if check.name == check_name)
    search = _Search(variants, own, axes, None if seconds_max is None else time.monotonic() + seconds_max)
    is_interrupted = False
    diagnostics = Diagnostics()
    try:
        search.run()
    except _TimeIsUpError:
        pass
    except _NoSpecError as error:
        diagnostics = error.diagnostics
    except KeyboardInterrupt:
        is_interrupted = True
    counts = Counts()
    for decided in search.cells.values():
        counts.add(decided.how)
    return Tuning(
        system=system,
        check=own,
        axes=tuple(axes),
        cells=search.cells,
        wrong=search.wrong,
        counts=counts,
        is_complete=search.is_complete,
        is_interrupted=is_interrupted,
        diagnostics=diagnostics,
    )


class _NoSpecError(Exception):
    """With the first and the last values the spec has errors, or what is given is no value of the param."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__()
        self.diagnostics = diagnostics


class _TimeIsUpError(Exception):
    """The time for all values is up."""


class _Gap(NamedTuple):
    """Values between two that are known; the first one in order is looked at next."""

    is_between_equals: bool
    size: int
    rank: int
    row: Position
    low: int
    high: int


class _Search:
    def __init__(self, variants: Variants, own: Check, axes: Sequence[Axis], deadline: float | None) -> None:
        self._variants = variants
        self._own = own
        self._axes = axes
        self._deadline = deadline
        self._opened = _Opened(variants, own, axes)
        self._rows_in_vain: set[Position] = set()
        self.cells: dict[Position, Decided] = {}
        self.wrong: dict[Position, Diagnostics] = {}
        self.is_complete = False

    def run(self) -> None:
        """Decide all cells. Raises `_NoSpecError`, `_TimeIsUpError`, and `KeyboardInterrupt`."""
        rows = _rows(self._axes)
        last = len(self._axes[-1].values) - 1
        gaps: list[_Gap] = []
        ranks = _coarse_to_fine(len(rows))
        for rank, row in enumerate(rows[i] for i in ranks):
            for end in dict.fromkeys((0, last)):
                self._decide((*row, end))
            self._push(gaps, rank, row, 0, last)
        if not self.cells:
            raise _NoSpecError(self.wrong[*rows[0], 0])
        while gaps:
            self._look_into(gaps, heapq.heappop(gaps))
        self.is_complete = True
        self._search_at_frontiers()

    def _word(self, position: Position) -> str:
        decided = self.cells.get(position)
        return "wrong" if decided is None else decided.word

    def _rests_on_all(self, position: Position) -> bool:
        """Whether the verdict is that there is no run: one search may tell that of many."""
        decided = self.cells.get(position)
        if decided is None or isinstance(decided.result.verdict, Undetermined):
            return False
        return not isinstance(decided.result.verdict.evidence, ReplayedRun)

    def _is_known(self, position: Position) -> bool:
        return position in self.cells or position in self.wrong

    def _push(self, gaps: list[_Gap], rank: int, row: Position, low: int, high: int) -> None:
        """What is not known between two known values, as gaps."""
        before = low
        for value in range(low + 1, high + 1):
            if not self._is_known((*row, value)):
                continue
            if value > before + 1:
                is_equal = self._word((*row, before)) == self._word((*row, value))
                heapq.heappush(gaps, _Gap(is_equal, before - value, rank, row, before, value))
            before = value

    def _look_into(self, gaps: list[_Gap], gap: _Gap) -> None:
        row, low, high = gap.row, gap.low, gap.high
        if not any(self._is_known((*row, value)) for value in range(low + 1, high)):
            is_told = gap.is_between_equals and row not in self._rows_in_vain and self._decide_together(row, low)
            if not is_told:
                self._decide((*row, (low + high) // 2))
        self._push(gaps, gap.rank, row, low, high)

    # --- verdicts ---

    def _look_at_time(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise _TimeIsUpError

    def _variant(self, position: Position) -> tuple[System | None, Diagnostics]:
        settings = [f"{axis.name}={axis.values[i]}" for axis, i in zip(self._axes, position, strict=True)]
        return self._variants.system(self._own.fixes, settings)

    def _decide(self, position: Position) -> None:
        """One cell by itself; and, where its run is new, all others that it settles."""
        if self._is_known(position):
            return
        self._look_at_time()
        system, diagnostics = self._variant(position)
        if system is None:
            if any(error.primary.span.source.name == OPTION for error in diagnostics.errors):
                raise _NoSpecError(diagnostics)
            self.wrong[position] = diagnostics
            return
        check = next(check for check in system.checks if check.name == self._own.name)
        decided = self._variants.decide(system, check)
        if decided.is_interrupted:
            raise KeyboardInterrupt
        self.cells[position] = decided
        if decided.how is not How.REPLAYED:
            self._carry(position, decided)

    def _carry(self, position: Position, decided: Decided) -> None:
        """The same verdict where the run that it rests on is possible as well."""
        verdict = decided.result.verdict
        if isinstance(verdict, Undetermined) or not isinstance(verdict.evidence, ReplayedRun):
            return
        carried = replace(decided, how=How.REPLAYED)
        for other in self._opened.showing(position, verdict.evidence):
            if not self._is_known(other) or self._word(other) == "undetermined":
                self.cells[other] = carried

    def _decide_together(self, row: Position, start: int) -> bool:
        """Whether one search tells anything about the values around `start`, as far as no other verdict is known."""
        if not self._rests_on_all((*row, start)):
            return False
        first = last = start
        while first > 0 and self._may_be_told((*row, first - 1)):
            first -= 1
        while last + 1 < len(self._axes[-1].values) and self._may_be_told((*row, last + 1)):
            last += 1
        unknown = [value for value in range(first, last + 1) if not self._is_known((*row, value))]
        if len(unknown) < TOGETHER_MIN:
            return False
        inside = range(unknown[0], unknown[-1] + 1)
        self._look_at_time()
        decided = self._opened.decide((*row, start), inside)
        if decided is not None and decided.is_interrupted:
            raise KeyboardInterrupt
        if decided is None or isinstance(decided.result.verdict, Undetermined):
            self._rows_in_vain.add(row)
            return False
        if isinstance(decided.result.verdict.evidence, ReplayedRun):
            before = len(self.cells)
            self._carry((*row, start), decided)
            return len(self.cells) > before
        for value in unknown:
            self.cells[*row, value] = decided
        return True

    def _may_be_told(self, position: Position) -> bool:
        return not self._is_known(position) or self._rests_on_all(position)

    def _search_at_frontiers(self) -> None:
        """Where neighbours differ, let no verdict rest on what was carried over, or said of many: a search of its own is wanted there."""
        for position, decided in list(self.cells.items()):
            if decided.how not in (How.REPLAYED, How.TOGETHER):
                continue
            neighbours = (
                (*position[:axis], position[axis] + step, *position[axis + 1 :])
                for axis in range(len(self._axes))
                for step in (-1, 1)
            )
            if any(n in self.cells and self.cells[n].word != decided.word for n in neighbours):
                self._look_at_time()
                system, _ = self._variant(position)
                assert system is not None, "it has a verdict"
                check = next(check for check in system.checks if check.name == self._own.name)
                searched = self._variants.decide(system, check, is_search=True)
                if searched.is_interrupted:
                    raise KeyboardInterrupt
                if searched.word == decided.word:
                    self.cells[position] = searched
                else:
                    assert searched.word == "undetermined", "a verdict of many variants is that of each"


class _Opened:
    """The cells as variants of one model, where params can be left open; for each value of the others there is one."""

    def __init__(self, variants: Variants, own: Check, axes: Sequence[Axis]) -> None:
        self._variants = variants
        self._own = own
        self._axes = axes
        self._is_open = [axis.numbers is not None for axis in axes]
        self._known: dict[Position, tuple[list[Position], Together] | None] = {}

    def showing(self, position: Position, run: ReplayedRun) -> list[Position]:
        """Where, among the variants of one model with this one, the run shows the same."""
        found = self._at(position)
        if found is None:
            return []
        positions, together = found
        return [positions[i] for i in np.flatnonzero(together.shows(self._own.name, run))]

    def decide(self, position: Position, inside: range) -> Decided | None:
        """The verdict with all these values of the last axis, where it can be left open."""
        found = self._at(position)
        if found is None or not self._is_open[-1]:
            return None
        _, together = found
        values: dict[str, Sequence[int]] = {}
        for axis, is_open, i in zip(self._axes, self._is_open, position, strict=True):
            if is_open and axis.numbers is not None:
                values[axis.name] = axis.numbers[i : i + 1]
        last = self._axes[-1]
        assert last.numbers is not None, "it is left open"
        values[last.name] = last.numbers[inside.start : inside.stop]
        model, query = together.only(self._own.name, values)
        check = next(check for check in together.system.checks if check.name == self._own.name)
        result = self._variants.decide_all(together.system, check, model, query, len(inside))
        return Decided(result=result, how=How.TOGETHER)

    def _at(self, position: Position) -> tuple[list[Position], Together] | None:
        """The model that this cell is a variant of."""
        while any(self._is_open):
            key = tuple(-1 if is_open else i for i, is_open in zip(position, self._is_open, strict=True))
            if key in self._known:
                return self._known[key]
            opened = self._open(position)
            if not isinstance(opened, str):
                self._known[key] = opened
                continue
            names = [axis.name for axis in self._axes]
            self._is_open = [
                is_open and name != opened and opened in names
                for name, is_open in zip(names, self._is_open, strict=True)
            ]
            self._known.clear()
        return None

    def _open(self, position: Position) -> tuple[list[Position], Together] | str | None:
        ranges = {
            axis.name: axis.numbers
            for axis, is_open in zip(self._axes, self._is_open, strict=True)
            if is_open and axis.numbers is not None
        }
        settings = [f"{axis.name}={axis.values[i]}" for axis, i in zip(self._axes, position, strict=True)]
        system = self._variants.open_system(self._own.fixes, LeftOpen(ranges=ranges), settings)
        if system is None or isinstance(system, str):
            return system
        positions = list(
            itertools.product(
                *(
                    range(len(axis.values)) if is_open else (i,)
                    for axis, is_open, i in zip(self._axes, self._is_open, position, strict=True)
                )
            )
        )
        where = np.array(positions, dtype=np.int64)
        points = {
            axis.name: np.array(axis.numbers, dtype=np.int64)[where[:, number]]
            for number, axis in enumerate(self._axes)
            if axis.name in ranges
        }
        return positions, Together(system, points)


def _coarse_to_fine(length: int) -> list[int]:
    """All numbers below `length`: both ends, then the middle, the quarters, and so on."""
    ranks = [0] * length
    waiting = [(0, length - 1, 1)]
    while waiting:
        low, high, rank = waiting.pop()
        middle = (low + high) // 2
        if low < middle < high:
            ranks[middle] = rank
            waiting += [(low, middle, rank + 1), (middle, high, rank + 1)]
    return sorted(range(length), key=lambda i: (ranks[i], i))
