"""Zones as difference bound matrices (Dill 1989; Bengtsson and Yi 2004), compiled.

A zone over clocks 1..n is a matrix: `zone[i, j]` bounds x_i - x_j from above, inclusive; x_0 is 0; `INFINITE` is no bound.
All bounds are closed and whole, so the whole-numbered points of a zone are exactly what runs with integer clocks reach. Matrices
are kept *closed*: every bound is the tightest that follows from the others.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from cascade.engines.native.kernel import Dimensions, kernel, subroutine

Vector = NDArray[np.int64]
Matrix = Annotated[NDArray[np.int64], Dimensions(2)]
Matrices = Annotated[NDArray[np.int64], Dimensions(3)]

INFINITE = 1 << 60
"""No bound. Larger than any difference of clocks, small enough for sums of some of them."""

NEVER = 0
DELAYED = 1
STUCK = 2
"""What `step` made: bits of its result. NEVER: the command cannot fire."""


@kernel
def tighten(zone: Matrix, row: int, column: int, bound: int) -> bool:
    """Add x_row - x_column <= bound and close the matrix; False (and no use of it any more) if nothing is left."""
    back = zone[column, row]
    if back < INFINITE and back + bound < 0:
        return False
    if bound < zone[row, column]:
        size = zone.shape[0]
        for a in range(size):
            to_row = zone[a, row]
            if to_row < INFINITE:
                through = to_row + bound
                for b in range(size):
                    onward = zone[column, b]
                    if onward < INFINITE and through + onward < zone[a, b]:
                        zone[a, b] = through + onward
    return True


@subroutine
def extrapolate(zone: Matrix, stops: Vector) -> None:
    """Forget what lies beyond `stops`, where a clock stands still: valuations that stop to the same values are the same.

    Extrapolation by maximal bounds (Behrmann, Bouyer, Larsen, Pelanek 2006: Extra_M+), exact as long as no guard compares two clocks:
    the zone grows, but what its points stop to does not.
    """
    size = zone.shape[0]
    is_changed = False
    for i in range(1, size):
        is_beyond = -zone[0, i] >= stops[i]
        for j in range(size):
            if i == j or zone[i, j] >= INFINITE:
                continue
            if is_beyond or zone[i, j] >= stops[i] or (j > 0 and -zone[0, j] >= stops[j]):
                zone[i, j] = INFINITE
                is_changed = True
    for j in range(1, size):
        if -zone[0, j] > stops[j]:
            zone[0, j] = -stops[j]
            is_changed = True
    if is_changed:
        close(zone)


@subroutine
def close(zone: Matrix) -> None:
    """Make every bound the tightest (Floyd and Warshall's all shortest paths)."""
    size = zone.shape[0]
    for k in range(size):
        for i in range(size):
            if zone[i, k] < INFINITE:
                for j in range(size):
                    if zone[k, j] < INFINITE and zone[i, k] + zone[k, j] < zone[i, j]:
                        zone[i, j] = zone[i, k] + zone[k, j]


@kernel
def enter(stuck: Matrix, delayed: Matrix, latest: Vector, stops: Vector, is_urgent: bool) -> int:
    """What time makes of the valuations `stuck` on entry. Writes both matrices, returns which of them are there.

    Time passes up to each of `latest`. Where a clock is beyond that already, or if `is_urgent`, none may: these stay in `stuck`.
    """
    size = stuck.shape[0]
    made = NEVER
    if is_urgent:
        made = STUCK
    else:
        made = DELAYED
        for a in range(size):
            for b in range(size):
                delayed[a, b] = stuck[a, b]
        for i in range(1, size):
            if stuck[i, 0] > latest[i]:
                made |= STUCK
                if made & DELAYED and not tighten(delayed, i, 0, latest[i]):
                    made = STUCK
        if made & DELAYED:
            for i in range(1, size):
                delayed[i, 0] = INFINITE
            for i in range(1, size):
                if latest[i] < INFINITE:
                    tighten(delayed, i, 0, latest[i])
            extrapolate(delayed, stops)
    if made & STUCK:
        extrapolate(stuck, stops)
    return made


@kernel
def step(
    zone: Matrix,
    guard_clock: int,
    earliest: int,
    sources: Vector,
    latest: Vector,
    stops: Vector,
    is_urgent: bool,
    delayed: Matrix,
    stuck: Matrix,
) -> int:
    """Fire a command when x_guard_clock >= earliest, then `enter`. Clock j of the target was `sources[j]`; 0: it starts from zero."""
    is_guarded = guard_clock > 0 and -zone[0, guard_clock] < earliest
    if is_guarded and zone[guard_clock, 0] < earliest:
        return NEVER
    target_size = sources.shape[0]
    for a in range(target_size):
        for b in range(target_size):
            source, other = sources[a], sources[b]
            bound = zone[source, other]
            if is_guarded and zone[source, 0] < INFINITE and zone[guard_clock, other] < INFINITE:
                # The only way that the guard, x_0 - x_guard_clock <= -earliest, tightens a closed matrix.
                bound = min(bound, zone[source, 0] - earliest + zone[guard_clock, other])
            stuck[a, b] = bound
    return enter(stuck, delayed, latest, stops, is_urgent)


@kernel
def cover_of(zone: Matrix, others: Matrices, count: int) -> int:
    """The first of the first `count` of `others` that `zone` is within; -1 for none."""
    size = zone.shape[0]
    for k in range(count):
        is_within = True
        for a in range(size):
            for b in range(size):
                if zone[a, b] > others[k, a, b]:
                    is_within = False
                    break
            if not is_within:
                break
        if is_within:
            return k
    return -1


@kernel
def is_covered(zone: Matrix, others: Matrices, count: int) -> bool:
    """Is `zone` within one of the first `count` of `others`?"""
    return cover_of(zone, others, count) >= 0


@kernel
def drop_covered(zone: Matrix, others: Matrices, numbers: Vector, count: int, dropped: Vector) -> int:
    """Remove from the first `count` of `others` (and `numbers`) all that are within `zone`, keep the order; how many.

    The numbers of those removed are written to `dropped`.
    """
    size = zone.shape[0]
    kept_count = 0
    dropped_count = 0
    for k in range(count):
        is_within = True
        for a in range(size):
            for b in range(size):
                if others[k, a, b] > zone[a, b]:
                    is_within = False
                    break
            if not is_within:
                break
        if is_within:
            dropped[dropped_count] = numbers[k]
            dropped_count += 1
        else:
            if kept_count < k:
                for a in range(size):
                    for b in range(size):
                        others[kept_count, a, b] = others[k, a, b]
                numbers[kept_count] = numbers[k]
            kept_count += 1
    return dropped_count


@kernel
def meets(zone: Matrix, lows: Vector, highs: Vector) -> bool:
    """Has `zone` a point with lows <= x <= highs? Entry 0 of both is 0."""
    size = zone.shape[0]
    for i in range(size):
        for j in range(size):
            if zone[i, j] < INFINITE and highs[j] < INFINITE and highs[j] + zone[i, j] - lows[i] < 0:
                return False
    return True
