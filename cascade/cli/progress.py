"""Where a search is, on standard error: one line that is overwritten on a terminal, else a line now and then."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cascade.cli.streams import columns, is_interactive
from cascade.diagnostics.printable import printable
from cascade.limits import READING, Progress, ProgressReport
from cascade.reports.wording import bytes_text, count_text, seconds_text

TERMINAL_INTERVAL_SECONDS = 0.3
# Many CI systems kill a job that is silent for long; a line every ten seconds bores nobody.
PLAIN_INTERVAL_SECONDS = 10.0
# Searches that are short by themselves end soon: there a line is worth less.
PLAIN_SEARCHES_SECONDS = 30.0

# Before that it is not worth a line that a spec is read.
READING_SECONDS = 1.0

_CLEAR = "\r\x1b[2K"


class ProgressLine:
    """The progress of one check, or question, after the other. Many short searches show as one long one does."""

    def __init__(self) -> None:
        self._is_interactive = is_interactive(sys.stderr)
        self._is_shown = False
        self._interval_seconds = TERMINAL_INTERVAL_SECONDS if self._is_interactive else PLAIN_INTERVAL_SECONDS
        self._last = time.monotonic()
        self._path = ""
        self._count = 0

    def begin(self, path: str) -> None:
        """What follows is about the spec at `path`."""
        self._path = path
        self._count = 0

    def of(self, name: str) -> Progress:
        """What the search of the check `name` reports to."""

        def show(report: ProgressReport) -> None:
            self._show(progress_text(name, report))

        self._count += 1
        patience = self._interval_seconds if self._is_interactive else PLAIN_SEARCHES_SECONDS
        if time.monotonic() - self._last >= patience:
            self._show(search_text(self._path, self._count, name))
        return Progress(show=show, tell=self._tell, interval_seconds=self._interval_seconds)

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._is_shown:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
            self._is_shown = False

    def _tell(self, text: str) -> None:
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def _show(self, text: str) -> None:
        self._last = time.monotonic()
        if self._is_interactive:
            print(_CLEAR + text[: columns() - 1], end="", file=sys.stderr, flush=True)
            self._is_shown = True
        else:
            print(text, file=sys.stderr, flush=True)


@contextmanager
def reading_line() -> Iterator[None]:
    """Show how far a spec has been read, once that takes long, and when it is interrupted.

    From a thread that sleeps else: what is shown costs the parser nothing, and a spec that is read at once starts as early as before.
    """
    READING.forget()
    started = time.monotonic()
    is_done = threading.Event()
    shows = is_interactive(sys.stderr)

    def look() -> None:
        if is_done.wait(READING_SECONDS if shows else PLAIN_INTERVAL_SECONDS):
            return
        while True:
            text = reading_text(time.monotonic() - started)
            line = _CLEAR + text[: columns() - 1] if shows else text + "\n"
            print(line, end="", file=sys.stderr, flush=True)
            if is_done.wait(TERMINAL_INTERVAL_SECONDS if shows else PLAIN_INTERVAL_SECONDS):
                break
        if shows:
            print(_CLEAR, end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    except KeyboardInterrupt:
        is_done.set()
        thread.join()
        print(reading_text(time.monotonic() - started), file=sys.stderr, flush=True)
        raise
    finally:
        is_done.set()
        thread.join()


def reading_text(seconds: float) -> str:
    """One line: the spec, how many of its lines are read, time."""
    name, of, read = printable(READING.name), READING.line_count, READING.lines_read
    if not name:
        return f"reading the spec: {seconds_text(seconds)}"
    if read < of or READING.line is not None:
        return f"reading {name}: line {read:,} of {of:,}, {seconds_text(seconds)}"
    return f"reading {name}: all {count_text(of, 'line')} read, now what they mean, {seconds_text(seconds)}"


def search_text(path: str, count: int, name: str) -> str:
    """One line: the spec, how many searches there were, and what the next one is for."""
    of_spec = f"{printable(path)}, " if path else ""
    return f"{of_spec}search {count}: {printable(name)}"


def progress_text(name: str, report: ProgressReport) -> str:
    """One line: the check, states, states a second, frontier, memory, time."""
    rate = report.state_count / report.seconds if report.seconds else 0.0
    parts = [
        f"{printable(name)}: {count_text(report.state_count, 'state')}",
        f"{rate:,.0f}/s",
        f"frontier {report.frontier_count:,}",
    ]
    if report.memory_bytes:
        parts.append(bytes_text(report.memory_bytes))
    parts.append(seconds_text(report.seconds))
    return ", ".join(parts)
