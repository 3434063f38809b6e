"""Places as other tools name them: paths from the root of the repository, URIs, regions of one line."""

import os
from urllib.parse import quote

from cascade.source import Span


def repository_root(start: str = ".") -> str:
    """The nearest folder upwards that is under version control; else the folder itself."""
    folder = os.path.realpath(start)
    at = folder
    while True:
        if os.path.exists(os.path.join(at, ".git")):
            return at
        parent = os.path.dirname(at)
        if parent == at:
            return folder
        at = parent


def relative_path(path: str, root: str) -> str | None:
    """`path` from `root`, with slashes; None where it lies elsewhere. Links are resolved, as other tools see the target."""
    try:
        found = os.path.relpath(os.path.realpath(path), root)
    except ValueError:  # a name that no file can have, or another drive
        return None
    return None if found == os.pardir or found.startswith(os.pardir + os.sep) else found.replace(os.sep, "/")


def uri(path: str, root: str) -> str:
    """A relative URI for what lies under `root`, else one with a scheme."""
    relative = relative_path(path, root)
    if relative is not None:
        return _quoted(relative)
    try:
        absolute = os.path.realpath(path)
    except ValueError:
        absolute = path
    return "file://" + _quoted(absolute.replace(os.sep, "/"))


def _quoted(path: str) -> str:
    return quote(os.fsencode(path) if _is_encodable(path) else path.encode("utf-8", "replace"), safe="/-._~")


def _is_encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except (UnicodeError, ValueError):
        return False
    return True


def line_region(span: Span) -> tuple[int, int, int]:
    """Line, first column and the column after the last, of what stands on the first line of the span; columns count characters from 1."""
    line, column = span.source.position(span.start)
    length = len(span.source.line(line)) if span.source.text else 0
    end = min(column + max(span.end - span.start, 1), length + 1)
    return line, column, max(end, column + 1)
