"""What all questions of an inquiry may take together: time, and work that is counted."""

import time
from dataclasses import replace

from cascade.limits import Limits

EXPRESSION_WORK = 1
"""What making a question ready costs for each expression of its model, in units of the explicit engine's work."""


class Budget:
    """What is left of `seconds_max` and of `work_max`; None is no bound.

    Time depends on the machine, work does not: where work is bounded, and time is not scarce, the same questions are answered on every machine.
    """

    def __init__(self, seconds_max: float | None, work_max: int | None) -> None:
        self._deadline = None if seconds_max is None else time.monotonic() + seconds_max
        self._work_left = work_max

    def spend(self, work: int) -> None:
        """Take note that so much work was done."""
        if self._work_left is not None:
            self._work_left -= work

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    @property
    def is_spent(self) -> bool:
        """Whether all work is done that may be."""
        return self._work_left is not None and self._work_left <= 0

    def within(self, limits: Limits) -> Limits:
        """The same limits, or what is left where that is less."""
        seconds_max, work_max = limits.seconds_max, limits.work_max
        if self._deadline is not None:
            left = max(0.0, self._deadline - time.monotonic())
            seconds_max = left if seconds_max is None else min(left, seconds_max)
        if self._work_left is not None:
            work_left = max(0, self._work_left)
            work_max = work_left if work_max is None else min(work_left, work_max)
        return replace(limits, seconds_max=seconds_max, work_max=work_max)
