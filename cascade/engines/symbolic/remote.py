"""The symbolic engine in a process of its own, so that limits and interrupts are obeyed at once, whatever z3 is doing.

The process is kept for the next question, and killed when a question is given up. One that ends by itself, by a fault of z3 or by the system when memory is
short, leaves its question undetermined; the next question gets a new process.
"""

import atexit
import contextlib
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.engines.symbolic.worker import Crash, Request
from cascade.limits import HELPERS, Limits, Progress, ProgressReport, StopReason, process_bytes, unhurried
from cascade.verdicts.answer import Answer, Statistics, Stopped

LOOK_SECONDS = 0.1
"""Limits are looked at so often."""

GRACE_SECONDS = 0.5
"""What is known may be returned, such as the best run so far, for so long after a limit on time."""


IDLE_BYTES_MAX = 150_000_000
"""A process that holds more is not kept: z3 gives nothing back, and what it holds counts."""

_PROGRAM = "from cascade.engines.symbolic.worker import main; main()"
"""Not `-m`: what the module defines would go by another name there."""


class RemoteError(Exception):
    """The other process met a bug of this tool."""


class LostError(Exception):
    """The other process could not be had, or has ended without an answer."""


class _Worker:
    """One process. A thread reads what it says."""

    def __init__(self) -> None:
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a program of ours
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # an interrupt from the terminal is for this process to handle
        )
        HELPERS.add(self._process.pid)
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None, "it is a pipe"
        try:
            while True:
                self._messages.put(pickle.load(self._process.stdout))  # noqa: S301 - from the process that was started here
        except Exception:  # noqa: BLE001, S110 - it ended, maybe in the middle of a message; what is cut off or garbled can fail in any way
            pass
        finally:
            self._messages.put(None)

    def send(self, request: Request) -> None:
        """Ask; the answer comes by `receive`."""
        assert self._process.stdin is not None, "it is a pipe"
        pickle.dump(request, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def receive(self, seconds: float) -> Answer | ProgressReport | None:
        """The next message, if there is one by then. Raises `RemoteError` or `LostError`."""
        try:
            message = self._messages.get(timeout=seconds) if seconds > 0 else self._messages.get_nowait()
        except queue.Empty:
            return None
        if message is None:
            with contextlib.suppress(
                subprocess.TimeoutExpired
            ):  # it is about to end, or says nothing that can be understood
                self._process.wait(GRACE_SECONDS)
            self.kill()
            raise LostError(_ending(self._process.returncode))
        if isinstance(message, Crash):
            raise RemoteError(f"the symbolic engine failed:\n{message.text}")
        received: Answer | ProgressReport = message
        return received

    @property
    def is_alive(self) -> bool:
        """Has it not ended?"""
        return self._process.poll() is None

    @property
    def is_small(self) -> bool:
        """May it be kept while it has nothing to do?"""
        return process_bytes(str(self._process.pid)) <= IDLE_BYTES_MAX

    def kill(self) -> None:
        """End it, whatever it does."""
        HELPERS.discard(self._process.pid)
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _ending(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"


_IDLE: list[_Worker] = []
"""Processes that wait for questions."""


def _worker() -> _Worker:
    """A process that waits, or a new one. Raises `LostError`."""
    while _IDLE:
        worker = _IDLE.pop()
        if worker.is_alive:
            return worker
        worker.kill()
    try:
        return _Worker()
    except OSError as error:
        raise LostError(f"it could not be started: {error.strerror}") from error


class Remote:
    """One question that another process works on. `close` it when its answer came or is not wanted any more. Raises `LostError`."""

    def __init__(self, model: CoreModel, query: Query, limits: Limits, *, progress_seconds: float = math.inf) -> None:
        with unhurried():  # a process that is started is known, and will be ended
            self._worker: _Worker | None = _worker()
        self._is_done = False
        request = Request(model=model, query=query, limits=limits, progress_seconds=progress_seconds)
        # Writing waits until the process reads; a large model must not make this one wait for Python's start.
        self._sender = threading.Thread(target=self._send, args=(self._worker, request), daemon=True)
        self._sender.start()

    @staticmethod
    def _send(worker: _Worker, request: Request) -> None:
        try:
            worker.send(request)
        except Exception:  # noqa: BLE001 - most often it has ended; it must not wait for the rest in any case
            worker.kill()  # which `receive` tells

    def poll(self, seconds: float) -> Answer | ProgressReport | None:
        """What it says next, if it says something by then. Raises `RemoteError` or `LostError`."""
        assert self._worker is not None, "it was not closed yet"
        message = self._worker.receive(seconds)
        if message is not None and not isinstance(message, ProgressReport):
            self._is_done = True
        return message

    def close(self) -> None:
        """Keep the process for the next question if it is done with this one and has not grown, else kill it."""
        with unhurried():
            worker, self._worker = self._worker, None
            if worker is None:
                return
            if self._is_done and worker.is_small:
                _IDLE.append(worker)
            else:
                worker.kill()


def close_idle() -> None:
    """End the processes that wait for questions."""
    while _IDLE:
        _IDLE.pop().kill()


atexit.register(close_idle)


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model` as `symbolic.engine` does, in a process of its own."""
    watch = Watch(_with_grace(limits), progress)
    if limits.memory_bytes_max is not None:  # this process has its part of it already
        limits = replace(limits, memory_bytes_max=max(1, limits.memory_bytes_max - process_bytes()))
    remote: Remote | None = None
    try:
        remote = Remote(model, query, limits, progress_seconds=progress.interval_seconds)
        while True:
            said = remote.poll(LOOK_SECONDS)
            if isinstance(said, ProgressReport):
                progress.update(said)
            elif said is not None:
                return said
            watch.check_time()
    except StopSearch as stop:
        return Stopped(reason=stop.reason, statistics=Statistics(seconds=watch.seconds))
    except LostError as lost:
        details = (("the process of z3", str(lost)),)
        return Stopped(reason=StopReason.LOST, statistics=Statistics(seconds=watch.seconds, details=details))
    except KeyboardInterrupt:
        return Stopped(reason=StopReason.INTERRUPTED, statistics=Statistics(seconds=watch.seconds))
    finally:
        if remote is not None:
            remote.close()


def _with_grace(limits: Limits) -> Limits:
    seconds = limits.seconds_max
    return Limits(seconds_max=None if seconds is None else seconds + GRACE_SECONDS)
