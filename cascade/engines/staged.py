"""Explicit exploration in stages: Python functions first; where that turns out to be much work, kernels over packed states, and zones where durations are long.

Most checks of real specs have some thousand states: they are answered before numba would be imported. What decides is counted work, not time: the same
spec takes the same way, and so gets the same run, on every machine.
"""

from dataclasses import replace

from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach
from cascade.engines import load_engine
from cascade.engines.explicit.engine import answer_within
from cascade.engines.explicit.watch import Watch
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Stopped

WORK_MAX = 60_000
"""About a fifth of a second of the functions; the kernels are ready after about as long. States that wait count: if all of them cannot be explored, none need be."""

LONG_WORK_MAX = 100_000
"""The same where zones may help, which need no more time for longer durations."""

LONG_TICKS = 60
"""Where no clock runs further, counting ticks has been the faster way."""

MANY_LONG_TICKS = 500, 3
"""Where so many clocks run so far, counting ticks is hopeless wherever they run at once: zones come first."""

LONG_STAGES: tuple[tuple[str, int | None], ...] = (
    ("zones", 10_000),
    ("packed", 4_000_000),
    ("zones", 400_000),
    ("packed", None),
)
"""Engines in turn and how many of their states each may use: no stage costs much more than those before it, whichever representation of time is the better one."""


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`. A violation that is found before a limit is reached is reported."""
    watch = Watch(limits, progress)
    is_long = _are_long(model, LONG_TICKS, 1) and isinstance(query, Reach | Lasso)
    said: Answer | None = None
    if not (is_long and _are_long(model, *MANY_LONG_TICKS)):
        work_max = LONG_WORK_MAX if is_long else WORK_MAX
        said = answer_within(model, query, limits, progress, work_max=work_max)
    if said is not None:
        return said
    for name, state_count_max in LONG_STAGES if is_long else LONG_STAGES[-1:]:
        if name == "zones":
            # The user's limit on states does not count: these are symbolic ones.
            stage_limits = replace(_rest(limits, watch), state_count_max=state_count_max)
        else:
            stage_limits = _at_most(_rest(limits, watch), state_count_max)
            stage_limits = replace(stage_limits, symmetry=limits.symmetry is not False)
        said = load_engine(name)(model, query, stage_limits, progress)
        if not _goes_on(said, name, limits, state_count_max):
            break
    if isinstance(said, Stopped) and said.reason is StopReason.UNSUPPORTED:
        said = load_engine("python")(model, query, _rest(limits, watch), progress)
    assert said is not None, "there is a last stage"
    return replace(said, statistics=replace(said.statistics, seconds=watch.seconds))


def _goes_on(said: Answer, name: str, limits: Limits, state_count_max: int | None) -> bool:
    """Is it for the next stage to answer?"""
    if not isinstance(said, Stopped):
        return False
    if said.reason is StopReason.UNSUPPORTED:
        return True
    is_users_limit = _at_most(limits, state_count_max).state_count_max == limits.state_count_max
    return said.reason is StopReason.STATES and (name == "zones" or not is_users_limit)


def _are_long(model: CoreModel, ticks: int, count: int) -> bool:
    """Do `count` clocks run so far that counting their ticks may be what makes the states many?"""
    return model.is_timed and sum(clock.stop_ticks >= ticks for clock in model.clocks) >= count


def _at_most(limits: Limits, state_count_max: int | None) -> Limits:
    counts = [count for count in (limits.state_count_max, state_count_max) if count is not None]
    return replace(limits, state_count_max=min(counts, default=None))


def _rest(limits: Limits, watch: Watch) -> Limits:
    if limits.seconds_max is None:
        return limits
    return replace(limits, seconds_max=max(0.0, limits.seconds_max - watch.seconds))
