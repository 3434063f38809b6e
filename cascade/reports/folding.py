"""Steps of a run that come again and again, told once: an oscillation of an hour is two steps and a number."""

from collections.abc import Sequence
from typing import assert_never

from cascade.questions.causes import ExplainedStep
from cascade.records import dataclass
from cascade.reports.wording import count_text

PERIOD_MAX = 12
"""Longer patterns are read as a story, not as a repetition."""

REPEATED_MIN = 3
"""A pattern is folded when it comes at least so many times more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A step that is told in full, with its number in the run, from 1."""

    number: int
    step: ExplainedStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """Steps `first` to `last`, numbers from 1: `times` times more the `period` steps before them, the last one at `time_ticks`."""

    first: int
    last: int
    period: int
    times: int
    time_ticks: int

    @property
    def text(self) -> str:
        """What is said instead of the steps."""
        same = "step" if self.period == 1 else f"{self.period} steps"
        return f"steps {self.first} to {self.last}: the same {same}, {count_text(self.times, 'time')} more"


Item = Told | Repeated


def fold(steps: Sequence[ExplainedStep], *, first: int = 1) -> list[Item]:
    """`steps`, the first of them with the number `first`, with what comes `REPEATED_MIN` times more told once.

    Steps are the same if they change the same values in the same way; when they happen, and which step enabled them, may differ.
    """
    keys = [(step.command, step.changes) for step in steps]
    items: list[Item] = []
    start = 0
    while start < len(steps):
        period, times = _repetition(keys, start)
        items.extend(Told(number=first + i, step=steps[i]) for i in range(start, start + period))
        start += period
        if times:
            end = start + times * period
            items.append(
                Repeated(
                    first=first + start,
                    last=first + end - 1,
                    period=period,
                    times=times,
                    time_ticks=steps[end - 1].time_ticks,
                )
            )
            start = end
    return items


def told_count(items: Sequence[Item]) -> int:
    """How many steps `items` stand for."""
    count = 0
    for item in items:
        match item:
            case Told():
                count += 1
            case Repeated():
                count += item.last - item.first + 1
            case _:
                assert_never(item)
    return count


def _repetition(keys: Sequence[object], start: int) -> tuple[int, int]:
    """The shortest pattern that begins at `start` and how many times more it comes; one step, 0 times, if that is too seldom."""
    for period in range(1, min(PERIOD_MAX, (len(keys) - start) // (1 + REPEATED_MIN)) + 1):
        end = start + period
        while end < len(keys) and keys[end] == keys[end - period]:
            end += 1
        times = (end - start) // period - 1
        if times >= REPEATED_MIN:
            return period, times
    return 1, 0
