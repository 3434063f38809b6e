"""The process in which z3 works for another one: it can be stopped at any moment, whatever z3 does.

Requests come on standard input, messages go to standard output, both as pickles: `Request` in, `ProgressReport`, then an answer or a `Crash` out. It ends
when its input does.
"""

import os
import pickle
import sys
import traceback
from typing import BinaryIO

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.engines.symbolic.engine import answer
from cascade.limits import Limits, Progress, ProgressReport
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question, and how long to be silent between two reports of progress."""

    model: CoreModel
    query: Query
    limits: Limits
    progress_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A bug: what would have been a traceback."""

    text: str


def serve(requests: BinaryIO, messages: BinaryIO) -> None:
    """Answer requests, one after the other, until there are no more."""

    def send(message: object) -> None:
        pickle.dump(message, messages, protocol=pickle.HIGHEST_PROTOCOL)
        messages.flush()

    def show(report: ProgressReport) -> None:
        send(report)

    while True:
        try:
            request = pickle.load(requests)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):  # who asks has ended, maybe in the middle of a request
            return
        try:
            progress = Progress(show=show, interval_seconds=request.progress_seconds)
            send(answer(request.model, request.query, request.limits, progress))
        except BrokenPipeError:  # nobody waits for the answer
            raise
        except Exception:  # noqa: BLE001 - told to the other process, which says so
            send(Crash(text=traceback.format_exc()))


def main() -> None:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, messages)
    except BrokenPipeError:
        os._exit(1)  # who asked was killed: whoever reads standard error need not know
