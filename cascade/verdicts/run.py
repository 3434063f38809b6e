"""Runs: what an engine claims, and what the reference interpreter confirmed."""

from cascade.core.model import CoreModel
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRun:
    """What an engine claims: initial variable values (before settling) and the index of each command, or TICK.

    `loop_start` is None for a finite run; for a lasso it is the number of steps in the stem: the run returns after its last step to the state
    that it had there, and repeats. `loop_start == len(steps)` says that the run may stop in its last state.
    """

    initial: tuple[int, ...]
    steps: tuple[int, ...]
    loop_start: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedRun:
    """A run that the reference interpreter replayed step by step. Made by `reference.replay` only.

    `states` has one more entry than `steps`; each is a state of `model` (variables, then clocks). `times_ticks[i]` is the
    time of `states[i]`. `fault_count` counts the faults fired in `steps`.
    """

    model: CoreModel
    steps: tuple[int, ...]
    states: tuple[tuple[int, ...], ...]
    times_ticks: tuple[int, ...]
    fault_count: int
    loop_start: int | None = None
