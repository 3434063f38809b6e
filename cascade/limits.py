"""What may stop a search, and how a search says where it is."""

import contextlib
import enum
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import field
from pathlib import Path

from cascade.records import dataclass

THREADS_MAX = 32
"""More do not help: they wait for memory."""


USABLE_SHARE = 0.8
"""Of the free memory, when no limit is given."""


class StopReason(enum.Enum):
    """Why a search ended without an answer. Each value is the sentence that a user reads."""

    STATES = "the limit on states was reached (raise it with --max-states)"
    MEMORY = "the limit on memory was reached (raise it with --memory)"
    DISK = "there is no room left on disk, where the search went on when memory was used up (TMPDIR says where)"
    TIME = "the limit on time was reached (raise it with --time)"
    INTERRUPTED = "the search was interrupted"
    OVERTAKEN = "another search has answered"
    SPEC_ERROR = "the spec has an error that shows only in a run"
    DEPTH = "an expression nests deeper than the checker follows"
    UNSUPPORTED = "this engine does not answer formulas of this kind (choose another with --engine)"
    WORK = "a short answer leaves it open (--default-questions asks it in full)"
    UNPROVED = "neither a run nor a proof that there is none was found (choose another engine with --engine)"
    LOST = "the process of z3 ended without an answer (memory may be short; choose another engine with --engine)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one search. None is no bound. Memory is the peak resident size of the process and its helpers, in bytes.

    `thread_count` is how many threads it may use. In `checkpoint_folder` a long search keeps what it needs to go on after a stop.
    `work_max` bounds what the functions of the explicit engine do, counted, so that it ends the search at the same state on every machine.
    `symmetry`: may one state stand for all that swaps of interchangeable members make of it? None leaves it to the engine. The bound on states is on
    those that are kept then.
    """

    state_count_max: int | None = None
    memory_bytes_max: int | None = None
    seconds_max: float | None = None
    work_max: int | None = None
    thread_count: int = 1
    symmetry: bool | None = None
    checkpoint_folder: Path | None = None


@dataclass(slots=True, kw_only=True)
class ProgressReport:
    """Where a search is now."""

    state_count: int
    frontier_count: int
    seconds: float
    memory_bytes: int


@dataclass(slots=True)
class Progress:
    """Called by an engine now and then; passes on at most one report every `interval_seconds`.

    `tell` is for what a user should know before a long wait, in one sentence. `is_overtaken` says that the answer is not needed any more.
    `once_seconds`: so long an engine did what no later search has to do again (compiling), which says nothing about the search.
    """

    show: Callable[[ProgressReport], None] | None = None
    tell: Callable[[str], None] | None = None
    interval_seconds: float = 0.5
    is_overtaken: Callable[[], bool] | None = None
    once_seconds: float = 0.0
    _last: float = field(default_factory=time.monotonic, init=False)

    def update(self, report: ProgressReport) -> None:
        """Show `report` unless the last one was shown a moment ago."""
        if self.show is None:
            return
        now = time.monotonic()
        if now - self._last >= self.interval_seconds:
            self._last = now
            self.show(report)


@dataclass(slots=True)
class Reading:
    """Where the parser is in the text of a spec and what it imports: for who looks on from another thread, or after an interruption.

    `line` is asked only then, so that following costs the parser nothing. None: all that was begun is read.
    """

    name: str = ""
    line_count: int = 0
    lines_before: int = 0
    line: Callable[[], int] | None = None

    def begin(self, name: str, line_count: int, line: Callable[[], int]) -> None:
        """A file is being read; one that it imports comes after it, and counts with it."""
        self.name = self.name or name
        self.lines_before = self.line_count
        self.line_count += line_count
        self.line = line

    def end(self) -> None:
        """The file has been read."""
        self.line = None

    def forget(self) -> None:
        """What is read next is another spec."""
        self.name, self.line_count, self.lines_before, self.line = "", 0, 0, None

    @property
    def lines_read(self) -> int:
        """Of `line_count`."""
        line = self.line
        return self.line_count if line is None else self.lines_before + line()


READING = Reading()
"""One at a time: the parser has a lock."""


HELPERS: set[int] = set()
"""Processes that work for this one: what they hold counts as its own."""


def resident_bytes() -> int:
    """Resident size of this process and of its helpers in bytes; 0 where the platform does not tell."""
    return process_bytes() + sum(process_bytes(str(process)) for process in HELPERS)


def process_bytes(process: str = "self") -> int:
    """The same of one process alone."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:  # it ended, or this is another platform
        return 0


def processor_count() -> int:
    """Processors that this process may use, at most `THREADS_MAX`."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        count = os.cpu_count() or 1
    return min(count, THREADS_MAX)


def usable_bytes() -> int | None:
    """Memory that this process may come to use without harm: most of what is free now, and what it has; None where the platform does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    return resident_bytes() + int(free * USABLE_SHARE)


GRACE_SECONDS = 0.7
"""An engine looks at the clock itself, and says more than an alarm can. This is how late it may be before it is stopped from outside."""


class TimeIsUp(BaseException):
    """The time of `time_limit` is over. Like `KeyboardInterrupt` it is no error, and must not be taken for one."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TimeIsUp` inside if it takes longer, wherever it is then. None is no limit; so is any where the platform has no alarms, or outside the main thread."""
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    is_over = False

    def ring(_signal: int, _frame: object) -> None:
        if not is_over and not _unhurried:
            raise TimeIsUp

    old = signal.signal(signal.SIGALRM, ring)
    # Again and again: the first may be lost where Python lets no exception out.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 1.0)
    try:
        try:
            yield
        finally:
            is_over = True
    finally:  # also where it rang just before that
        is_over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


_unhurried: list[None] = []
"""One entry for each `unhurried` that is open."""


@contextlib.contextmanager
def unhurried() -> Iterator[None]:
    """No `TimeIsUp` inside: what is begun here is also ended, and soon. The alarm rings again a second later."""
    _unhurried.append(None)
    try:
        yield
    finally:
        _unhurried.pop()
