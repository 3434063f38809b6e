"""Standard output and error: what they can show, and writing to them safely."""

import io
import os
import shutil
import sys
from typing import TextIO

from cascade.diagnostics.printable import ERROR_HANDLER
from cascade.diagnostics.render import Paint, unpainted

COLUMNS_DEFAULT = 80
COLUMNS_MIN = 40
# Longer lines of prose are hard to read, however wide the window is.
COLUMNS_MAX = 110

_CODES = {
    "error": "1;31",
    "warning": "33",
    "good": "32",
    "note": "36",
    "place": "34",
    "strong": "1",
    "faint": "2",
}


def prepare() -> None:
    """Never fail on a character that a stream cannot encode; it becomes plain ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERROR_HANDLER)


def is_interactive(stream: TextIO) -> bool:
    """Whether a person looks at it and the cursor can move."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def has_colors(stream: TextIO) -> bool:
    """On a terminal, unless NO_COLOR says no; FORCE_COLOR says yes everywhere else (a CI log that shows colours)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_interactive(stream)


def paint_for(stream: TextIO) -> Paint:
    """How styles look on `stream`."""
    return _painted if has_colors(stream) else unpainted


def _painted(text: str, style: str) -> str:
    code = _CODES.get(style)
    if code is None or not text.strip():
        return text
    # Leading blanks stay bare, so that painted lines still start where they did.
    body = text.lstrip(" ")
    return " " * (len(text) - len(body)) + f"\x1b[{code}m{body}\x1b[0m"


def columns() -> int:
    """How wide the page is: COLUMNS, else the terminal, else 80; never extreme."""
    found = shutil.get_terminal_size((COLUMNS_DEFAULT, 24)).columns
    return min(max(found, COLUMNS_MIN), COLUMNS_MAX)


def say(text: str) -> None:
    """One or more lines of the report."""
    print(text, flush=True)


def complain(text: str) -> None:
    """One or more lines that are no part of the report."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def abandon_stdout() -> None:
    """Whoever read our output has gone away: let nothing more be written, at exit neither."""
    try:
        target = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, target)
    os.close(null)
