"""Exploration first; z3 beside it where that takes long, in a process of its own. Who answers first answers.

z3 is not even started for the checks of most specs: exploration is done with them before z3 would be loaded. Both are exact, so the verdict does not depend
on who is first; which run is shown, or whether a proof comes with it, does where there is a race.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.core.model import CoreModel
from cascade.core.queries import Query, Recover
from cascade.engines import staged
from cascade.engines.explicit.watch import Watch
from cascade.limits import Limits, Progress, ProgressReport, StopReason, resident_bytes
from cascade.verdicts.answer import Answer, Statistics, Stopped

# Imported late: most questions are answered before it is needed.
if TYPE_CHECKING:
    from cascade.engines.symbolic.remote import LostError, Remote, RemoteError

ALONE_SECONDS = 15.0
"""Exploration has so long by itself, or half of the time that there is: enough for forty million states on two processors. An answer from it comes with the number of
states, and is the same each time; who wins a race is not."""

MEMORY_SHARE = 4
"""One part of so many of the memory limit is for z3."""

START_BYTES = 150_000_000
"""Or as much as its process needs for anything."""

_TRY_OTHER = (StopReason.MEMORY, StopReason.DISK, StopReason.DEPTH, StopReason.UNSUPPORTED)
"""Where exploration ends for these, z3 may still know."""

LOOK_SECONDS = 0.2


class _Rival:
    """z3 at work on the same question, from some moment on."""

    def __init__(self, model: CoreModel, query: Query, limits: Limits) -> None:
        self._model = model
        self._query = query
        self._limits = limits
        self._remote: Remote | None = None
        self.error: RemoteError | LostError | None = None
        self.answer: Answer | None = None

    @property
    def is_running(self) -> bool:
        """Was it started, and has it not answered yet?"""
        return self._remote is not None and self.answer is None and self.error is None

    def start(self, seconds: float) -> None:
        """Start it, `seconds` after the question was asked, if there is room."""
        from cascade.engines.symbolic.remote import LostError, Remote

        if self._remote is not None or self.error is not None:
            return
        memory, left = self._limits.memory_bytes_max, self._limits.seconds_max
        if memory is not None:
            share = max(memory // MEMORY_SHARE, START_BYTES)
            if resident_bytes() + share > memory:
                return
            memory = share
        left = None if left is None else max(0.0, left - seconds)
        limits = replace(self._limits, memory_bytes_max=memory, seconds_max=left)
        try:
            self._remote = Remote(self._model, self._query, limits)
        except LostError as error:
            self.error = error

    def poll(self, seconds: float) -> None:
        """Wait so long for its answer."""
        from cascade.engines.symbolic.remote import LostError, RemoteError

        if not self.is_running or self._remote is None:
            return
        try:
            said = self._remote.poll(seconds)
        except (RemoteError, LostError) as error:
            self.error = error
        else:
            if said is not None and not isinstance(said, ProgressReport):
                self.answer = said

    @property
    def has_settled_it(self) -> bool:
        """Did it answer, other than that it does not know?"""
        return self.answer is not None and not isinstance(self.answer, Stopped)

    def close(self) -> None:
        """It is not needed any more."""
        if self._remote is not None:
            self._remote.close()


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`."""
    if isinstance(query, Recover):  # which z3 does not answer
        return staged.answer(model, query, limits, progress)
    watch = Watch(limits, progress)
    rival = _Rival(model, query, limits)

    alone_seconds = ALONE_SECONDS if limits.seconds_max is None else min(ALONE_SECONDS, limits.seconds_max / 2)

    def is_overtaken() -> bool:
        if watch.seconds - alone.once_seconds >= alone_seconds:
            rival.start(watch.seconds)
            rival.poll(0.0)
        return rival.has_settled_it

    alone = replace(progress, is_overtaken=is_overtaken)
    try:
        said = staged.answer(model, query, limits, alone)
        if isinstance(said, Stopped) and said.reason in _TRY_OTHER and not rival.has_settled_it:
            said = _wait(rival, watch, said)
    finally:
        rival.close()
    if isinstance(said, Stopped) and rival.has_settled_it and rival.answer is not None:
        return _told(rival.answer, watch.seconds)
    return said


def _wait(rival: _Rival, watch: Watch, said: Stopped) -> Stopped:
    """Exploration gave up: let z3 go on alone."""
    from cascade.engines.symbolic.remote import RemoteError

    rival.start(watch.seconds)
    try:
        while rival.is_running:
            watch.check_time()
            rival.poll(LOOK_SECONDS)
    except KeyboardInterrupt:
        return Stopped(reason=StopReason.INTERRUPTED, statistics=said.statistics)
    if isinstance(rival.error, RemoteError):
        raise rival.error
    return said


def _told(said: Answer, seconds: float) -> Answer:
    details = (*said.statistics.details, ("engine", "z3, which was faster than exploration"))
    statistics: Statistics = replace(said.statistics, seconds=seconds, details=details)
    return replace(said, statistics=statistics)
