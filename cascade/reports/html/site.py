"""Pages in a folder: one for each spec, and an index. A page is there whole or not at all."""

import os
import re
from collections.abc import Iterable

from cascade.files import write_atomically
from cascade.reports.data import Report
from cascade.reports.html.page import Absent, index_page, page

INDEX = "index.html"
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


class Site:
    """The reports of one command, written as they come."""

    def __init__(self, folder: str, paths: Iterable[str], *, has_index: bool = True) -> None:
        self.folder = folder
        self._has_index = has_index
        self._names = file_names(list(dict.fromkeys(paths)))
        self._entries: list[tuple[str, Report]] = []
        self._others: list[Absent] = []

    def add(self, report: Report) -> str:
        """Write the page of a spec; returns its path. Raises OSError where that cannot be done."""
        name = self._names[report.path]
        path = os.path.join(self.folder, name)
        self._write(path, page(report, has_index=self._has_index))
        self._entries.append((name, report))
        return path

    def leave_out(self, absent: Absent) -> None:
        """Say in the index why a file has no page."""
        self._others.append(absent)

    def finish(self) -> str:
        """Write the index; returns its path."""
        path = os.path.join(self.folder, INDEX)
        self._write(path, index_page(self._entries, self._others))
        return path

    def _write(self, path: str, text: str) -> None:
        os.makedirs(self.folder, exist_ok=True)
        # A link that stands there, perhaps from a repository, leads wherever it likes: it is replaced, not followed.
        write_atomically(path, text.encode("utf-8", "replace"), mode=0o644, is_own=True)


def file_names(paths: list[str]) -> dict[str, str]:
    """A file name for each path, readable and each its own."""
    names: dict[str, str] = {}
    taken = {INDEX}
    for path in paths:
        base = _UNUSUAL.sub("-", os.path.basename(path).removesuffix(".cf")).strip("-.") or "spec"
        name, number = f"{base}.html", 1
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}.html"
        taken.add(name.lower())
        names[path] = name
    return names
