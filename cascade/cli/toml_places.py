"""Where keys and values stand in a TOML text. `tomllib` gives values without places; diagnostics show both."""

import re

from cascade.source import SourceFile, Span

_TABLE = re.compile(r"\s*\[\[?\s*(?P<name>[^\]\[]+?)\s*\]\]?")
_KEY = re.compile(r"""\s*(?P<name>(?:[A-Za-z0-9_.-]|"[^"\n]*"|'[^'\n]*')+)\s*=\s*(?P<value>[^\n]*)""")
_INNER = re.compile(r"""(?P<name>[A-Za-z0-9_-]+|"[^"\n]*")\s*=\s*(?P<value>"[^"\n]*"|[^,}\n]*)""")
_PART = re.compile(r""""([^"\n]*)"|'([^'\n]*)'|([A-Za-z0-9_-]+)""")
_COMMENT = re.compile(r"""^((?:[^#"']|"[^"\n]*"|'[^'\n]*')*)#.*$""")

Path = tuple[str, ...]


class Places:
    """Finds the place of a key by its path. What it does not find lies at the nearest table, or at the start."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        table: Path = ()
        for number, start in enumerate(source.line_starts, start=1):
            line = source.line(number)
            found = _TABLE.match(line)
            if found:
                table = _parts(found["name"])
                self._keys.setdefault(table, (start + found.start("name"), start + found.end("name")))
                continue
            found = _KEY.match(line)
            if found:
                path = table + _parts(found["name"])
                self._add(path, found, start)
                if found["value"].startswith("{"):
                    for inner in _INNER.finditer(line, found.start("value") + 1):
                        self._add(path + _parts(inner["name"]), inner, start)

    def _add(self, path: Path, found: re.Match[str], start: int) -> None:
        value = _COMMENT.sub(r"\1", found["value"]).rstrip()
        self._keys.setdefault(path, (start + found.start("name"), start + found.end("name")))
        first = start + found.start("value")
        self._values.setdefault(path, (first, first + max(len(value), 1)))

    def key(self, path: Path) -> Span:
        """Where the key stands, or what it stands in."""
        while path and path not in self._keys:
            path = path[:-1]
        start, end = self._keys.get(path, (0, 0))
        return Span(self._source, start, end)

    def value(self, path: Path, word: str = "") -> Span:
        """Where its value stands; of a list the part that reads `word`, if it is there."""
        if path not in self._values:
            return self.key(path)
        start, end = self._values[path]
        found = self._source.text.find(f'"{word}"', start) if word else -1
        return Span(self._source, start, end) if found < 0 else Span(self._source, found, found + len(word) + 2)


def _parts(name: str) -> Path:
    return tuple(a or b or c for a, b, c in _PART.findall(name))
