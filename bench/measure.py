"""Run one process to its end; note its time and the most memory it held."""

import os
import re
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A process that has ended. `rss_bytes` is its peak; `code` is negative for a signal."""

    code: int
    output: str
    seconds: float
    rss_bytes: int
    is_timeout: bool = False


def run(
    arguments: Sequence[str],
    *,
    cwd: str | None = None,
    timeout_seconds: float = 600.0,
    env: dict[str, str] | None = None,
) -> Measured:
    """Run `arguments`; its standard output and error are one text."""
    with tempfile.TemporaryFile() as out:
        own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        process = subprocess.Popen(
            arguments, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env
        )
        timer = threading.Timer(timeout_seconds, process.kill)
        ended = threading.Event()
        peaks = [0]
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, peaks))
        timer.start()
        watcher.start()
        try:
            # Unlike `Popen.wait` this tells what this very child used.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            seconds = time.perf_counter() - start
            timer.cancel()
            ended.set()
            watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    # A child starts as a copy of this process, which Linux counts; below our own size only the watcher knows.
    peak = usage.ru_maxrss if usage.ru_maxrss > own_peak or not peaks[0] else peaks[0]
    return Measured(
        code=process.returncode,
        output=output,
        seconds=seconds,
        rss_bytes=peak * 1024,
        is_timeout=seconds >= timeout_seconds,
    )


def _watch(pid: int, ended: threading.Event, peaks: list[int]) -> None:
    """Keep the largest peak that the system tells while the process lives, in kB."""
    is_first = True
    while is_first or not ended.wait(0.002):
        is_first = False
        try:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
                found = re.search(r"VmHWM:\s*(\d+) kB", file.read())
        except OSError:
            return
        if found:
            peaks[0] = max(peaks[0], int(found.group(1)))
