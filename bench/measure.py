"""Run one process to its end; note its time and the most memory it held."""

import os
import subprocess
import sys
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
    arguments: Sequence[str], *, cwd: str | None = None, timeout_seconds: float = 600.0, env: dict[str, str] | None = None
) -> Measured:
    """Run `arguments`; its standard output and error are one text."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env)
        timer = threading.Timer(timeout_seconds, process.kill)
        timer.start()
        try:
            # Unlike `Popen.wait` this tells what this very child used.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(
        code=process.returncode,
        output=output,
        seconds=seconds,
        rss_bytes=usage.ru_maxrss * unit,
        is_timeout=seconds >= timeout_seconds,
    )
