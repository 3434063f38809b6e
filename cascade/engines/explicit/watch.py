"""Keeps a search within its limits and says where it is."""

import time

from cascade.limits import Limits, Progress, ProgressReport, StopReason, resident_bytes


class StopSearch(Exception):
    """A limit is reached."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Watch:
    """Asked every few thousand states whether the search may go on."""

    def __init__(self, limits: Limits, progress: Progress) -> None:
        self._limits = limits
        self._progress = progress
        self._start = time.monotonic()
        self._checked_at = self._start
        self.state_count = 0

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._start

    def tell(self, sentence: str) -> None:
        """Something that a user should know, once."""
        if self._progress.tell is not None:
            self._progress.tell(sentence)

    def check_once(self) -> None:
        """The same as `check`, of a search that waits for what no later one has to wait for: what passed since the last look is not time of this search."""
        self._progress.once_seconds += time.monotonic() - self._checked_at
        self.check(frontier_count=0)

    def is_late(self, seconds: float) -> bool:
        """Is the last `check` longer ago than this?"""
        return time.monotonic() - self._checked_at > seconds

    def check_states(self, state_count: int) -> None:
        """Note the number of states; raise `StopSearch` when there are too many. Cheaper than `check`."""
        self.state_count = state_count
        if self._limits.state_count_max is not None and state_count > self._limits.state_count_max:
            raise StopSearch(StopReason.STATES)

    def memory_left(self) -> int | None:
        """Bytes that are left within the limit; None if there is none."""
        limit = self._limits.memory_bytes_max
        return None if limit is None else max(0, limit - resident_bytes())

    def has_memory(self, byte_count: int) -> bool:
        """Are so many bytes more within the limit?"""
        limit = self._limits.memory_bytes_max
        return limit is None or resident_bytes() + byte_count <= limit

    def check_memory(self, byte_count: int) -> None:
        """Raise `StopSearch` when so many bytes more are too many."""
        if not self.has_memory(byte_count):
            raise StopSearch(StopReason.MEMORY)

    def check(self, *, frontier_count: int) -> None:
        """Report where the search is; raise `StopSearch` when a limit is reached."""
        self._checked_at = time.monotonic()
        seconds = self.seconds
        memory_bytes = resident_bytes()
        self._progress.update(
            ProgressReport(
                state_count=self.state_count,
                frontier_count=frontier_count,
                seconds=seconds,
                memory_bytes=memory_bytes,
            )
        )
        if self._progress.is_overtaken is not None and self._progress.is_overtaken():
            raise StopSearch(StopReason.OVERTAKEN)
        limits = self._limits
        self.check_states(self.state_count)
        if limits.memory_bytes_max is not None and memory_bytes > limits.memory_bytes_max:
            raise StopSearch(StopReason.MEMORY)
        self.check_time()

    def check_time(self) -> None:
        """Raise `StopSearch` when the time is over."""
        if self._limits.seconds_max is not None and self.seconds > self._limits.seconds_max:
            raise StopSearch(StopReason.TIME)
