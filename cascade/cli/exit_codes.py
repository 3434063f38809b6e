"""What `cascade` tells the shell. These numbers never change."""

import enum
from collections.abc import Iterable


class ExitCode(enum.IntEnum):
    """The exit codes; the docstring of each is its row in `--help`."""

    OK = 0
    UNEXPECTED = 1
    BAD_INPUT = 2
    UNDETERMINED = 3
    INTERNAL_ERROR = 4
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "every verdict is as expected",
    ExitCode.UNEXPECTED: "at least one verdict is not as expected",
    ExitCode.BAD_INPUT: "a wrong spec, or a wrong command line",
    ExitCode.UNDETERMINED: "at least one check is undetermined: a limit was reached",
    ExitCode.INTERNAL_ERROR: "an error of cascade itself",
    ExitCode.INTERRUPTED: "interrupted; what was known by then was printed",
}

# The worst first.
_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL_ERROR,
    ExitCode.BAD_INPUT,
    ExitCode.UNEXPECTED,
    ExitCode.UNDETERMINED,
    ExitCode.OK,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The code that stands for several files: the worst of theirs."""
    found = set(codes)
    return next((code for code in _PRECEDENCE if code in found), ExitCode.OK)
