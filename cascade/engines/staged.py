"""Explicit exploration in two stages: Python functions first, kernels over packed states where that turns out to be much work.

Most checks of real specs have some thousand states: they are answered before numba would be imported. What decides is counted work, not time: the same
spec takes the same way, and so gets the same run, on every machine.
"""

from dataclasses import replace

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.engines import load_engine
from cascade.engines.explicit.engine import answer_within
from cascade.engines.explicit.watch import Watch
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Stopped

WORK_MAX = 120_000
"""About half a second of the functions; the kernels are ready after about as long."""


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`. A violation that is found before a limit is reached is reported."""
    watch = Watch(limits, progress)
    said = answer_within(model, query, limits, progress, work_max=WORK_MAX)
    if said is not None:
        return said
    said = load_engine("packed")(model, query, _rest(limits, watch), progress)
    if isinstance(said, Stopped) and said.reason is StopReason.UNSUPPORTED:
        said = load_engine("python")(model, query, _rest(limits, watch), progress)
    return replace(said, statistics=replace(said.statistics, seconds=watch.seconds))


def _rest(limits: Limits, watch: Watch) -> Limits:
    if limits.seconds_max is None:
        return limits
    return replace(limits, seconds_max=max(0.0, limits.seconds_max - watch.seconds))
