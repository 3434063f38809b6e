"""The time axis of a run: true times, in widths that can be read.

Six hours beside one minute leave nothing of the minute on a linear axis. So an interval is as wide as the logarithm of how often the shortest one fits into
it, and carries its duration; events at one time stand side by side in their order. A strip to scale stands below the lanes.
"""

import itertools
import math
from collections.abc import Sequence

from cascade.records import dataclass

LEAD = 26.0
_SAME = 30.0
_BASE = 52.0
_PER_DOUBLING = 15.0
_WIDEST = 210.0
_TAIL = 48.0
_NARROWEST = 680.0
_STRETCH_MAX = 2.0
_CROWDED = 40
"""With more events everything is drawn narrower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """`xs[k]` is where state `k` begins (event `k` for `k` > 0), `end` where the run ends, both in pixels from the left edge of the lanes."""

    xs: tuple[float, ...]
    end: float

    def interval(self, state: int) -> tuple[float, float]:
        """Where a state begins and ends."""
        return self.xs[state], self.xs[state + 1] if state + 1 < len(self.xs) else self.end


def make_axis(times_ms: Sequence[int], end_ms: int, *, is_timed: bool) -> Axis:
    """The axis of a run with events at `times_ms`."""
    stops = [0, *times_ms, end_ms]
    gaps = [b - a for a, b in itertools.pairwise(stops)]
    shortest = min((gap for gap in gaps if gap > 0), default=1)
    scale = 1.0 if len(times_ms) <= _CROWDED else 0.5
    xs = [0.0]
    for k, gap in enumerate(gaps[:-1]):
        width = LEAD if k == 0 and not gap else _width(gap, shortest, is_timed=is_timed) * scale
        xs.append(xs[-1] + width)
    end = xs[-1] + (_width(gaps[-1], shortest, is_timed=is_timed) if gaps[-1] else _TAIL)
    # A short run fills the page as well: its intervals as far as that helps, its last state with what is left.
    stretch = min(_STRETCH_MAX, max(1.0, _NARROWEST / end))
    return Axis(xs=tuple(x * stretch for x in xs), end=max(_NARROWEST, end * stretch))


def _width(gap: int, shortest: int, *, is_timed: bool) -> float:
    if not gap:
        return _SAME if is_timed else _BASE
    return min(_WIDEST, _BASE + _PER_DOUBLING * math.log2(1 + gap / shortest))
