"""`cascade.toml`, or `[tool.cascade]` of `pyproject.toml`: found upwards from where one stands, checked, as typed data.

The command line overrides the file, the file overrides what is built in. Paths in it are relative to its folder.
"""

import argparse
import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Any, TypeVar

from cascade.cli.arguments import duration_seconds, size_bytes
from cascade.cli.outputs import Output
from cascade.cli.toml_places import Path, Places
from cascade.diagnostics.codes import CODES, Severity
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics, Label
from cascade.diagnostics.printable import printable
from cascade.diagnostics.suggest import nearest
from cascade.engines import ENGINE_NAMES
from cascade.questions.judgement import is_adjustable
from cascade.records import dataclass
from cascade.reports.formats import FORMATS
from cascade.source import SourceFile, Span

FILE_NAME = "cascade.toml"
PROJECT_NAME = "pyproject.toml"
_PROJECT_TABLE = ("tool", "cascade")
_BYTES_MAX = 1_000_000
_WHERE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")

QUESTIONS = ("briefly", "without-checks", "always", "never")
LEVELS = ("fail", "note", "off")
CHANGES = ("note", "fail")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What `cascade gate` lets pass. A new path of at most `new_path_size` faults fails; `outage_sizes` says it for single outages.

    `outage_spans` are the places of their names. Paths of up to `size_max` faults are looked at. `new_outages` and `removed_outages` are `note` or `fail`.
    """

    against: str | None = None
    new_path_size: int = 1
    outage_sizes: dict[str, int] = field(default_factory=dict)
    outage_spans: dict[str, Span] = field(default_factory=dict, compare=False)
    size_max: int = 2
    new_outages: str = "note"
    removed_outages: str = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the file says; None and empty where it says nothing. `path` is the file itself, None if there is none."""

    path: str | None = None
    specs: tuple[str, ...] = ()
    spec_patterns: tuple[str, ...] = ()
    engine: str | None = None
    format: str | None = None
    default_questions: str | None = None
    state_count_max: int | None = None
    memory_bytes_max: int | None = None
    seconds_max: float | None = None
    thread_count: int | None = None
    severities: dict[str, Severity | None] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    is_cache_on: bool | None = None
    cache_directory: str | None = None
    waiver_days_max: int | None = None
    gate: GatePolicy = GatePolicy()

    @property
    def folder(self) -> str:
        """Where it lies, "" for the current folder: patterns and paths start there."""
        return os.path.dirname(self.path or "")


def unknown_outages(policy: GatePolicy, known: Iterable[str]) -> list[Diagnostic]:
    """Outages that the policy names, and that no spec has: a limit that somebody believes in and that is none."""
    names = set(known)
    return [
        Diagnostic(
            code="CF803",
            message=f"the policy names `{printable(name)}`, an outage that no spec has",
            primary=Label(span=span),
            help=f"did you mean `{near}`?"
            if (near := nearest(name, names))
            else f"there are {', '.join(sorted(names))}",
        )
        for name, span in policy.outage_spans.items()
        if name not in names
    ]


def matching_specs(patterns: Iterable[str], folder: str) -> tuple[str, ...]:
    """The files that the patterns match below `folder`, each once."""
    files: dict[str, None] = {}
    for pattern in patterns:
        matched = sorted(glob.glob(pattern, root_dir=folder or None, recursive=True))
        files.update((os.path.normpath(os.path.join(folder, name)), None) for name in matched)
    return tuple(files)


def load_config(diagnostics: Diagnostics, path: str | None = None) -> Config:
    """The configuration at `path`, else the nearest upwards; an empty one if there is none, or it is wrong (see `diagnostics`)."""
    place = (path, os.path.basename(path) == PROJECT_NAME) if path is not None else _find()
    if place is None:
        return Config()
    path, is_project = place
    source, data = _read(path, diagnostics)
    if data is None:
        return Config(path=path)
    prefix: Path = ()
    if is_project:
        prefix = _PROJECT_TABLE
        tool = data.get("tool", {})
        found = tool.get("cascade", {}) if isinstance(tool, dict) else {}
        if not isinstance(found, dict):
            diagnostics.add(_unreadable(Places(source).key(prefix), "`tool.cascade` is a table of keys"))
            return Config(path=path)
        data = found
    return _Reader(source, data, prefix, diagnostics).config(path)


def _find() -> tuple[str, bool] | None:
    """The nearest file upwards, as a relative path, and whether it is a project's; what lies above the repository does not count."""
    folder = os.path.curdir
    while True:
        own, project = os.path.normpath(os.path.join(folder, FILE_NAME)), os.path.join(folder, PROJECT_NAME)
        if os.path.isfile(own):
            return own, False
        if os.path.isfile(project) and _has_table(project):
            return os.path.normpath(project), True
        above = os.path.join(folder, os.path.pardir)
        if os.path.exists(os.path.join(folder, ".git")) or os.path.samefile(folder, above):
            return None
        folder = above


def _has_table(path: str) -> bool:
    try:
        import tomllib  # late: mostly there is no file

        with open(path, "rb") as file:
            return "cascade" in tomllib.load(file).get("tool", {})
    except (OSError, ValueError, AttributeError):  # whose business that is: not ours
        return False


def _read(path: str, diagnostics: Diagnostics) -> tuple[SourceFile, dict[str, Any] | None]:
    import tomllib

    try:
        with open(path, "rb") as file:
            text = file.read(_BYTES_MAX).decode("utf-8")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        source = SourceFile(path, "")
        diagnostics.add(_unreadable(Span(source, 0, 0), reason.lower()))
        return source, None
    source = SourceFile(path, text)
    try:
        return source, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = _WHERE.search(str(error))
        reason = _WHERE.sub("", str(error)).strip() or "it nests too deeply"
        line, column = (int(where[1]), int(where[2])) if where and where[1] else (len(source.line_starts), 1)
        start = min(source.line_starts[min(line, len(source.line_starts)) - 1] + column - 1, len(text))
        diagnostics.add(_unreadable(Span(source, start, start + 1), f"{reason[:1].lower()}{reason[1:]}"))
        return source, None


def _unreadable(span: Span, reason: str) -> Diagnostic:
    return Diagnostic(
        code="CF801",
        message=f"the configuration cannot be read: {printable(reason)}",
        primary=Label(span=span),
        help="it is written in TOML",
    )


class _Reader:
    """Takes the values out of the parsed file, each once; what is left is unknown."""

    def __init__(self, source: SourceFile, data: dict[str, Any], prefix: Path, diagnostics: Diagnostics) -> None:
        self._places = Places(source)
        self._data = data
        self._prefix = prefix
        self._diagnostics = diagnostics
        self._known: dict[Path, list[str]] = {}
        self._folder = os.path.dirname(source.name)

    def config(self, path: str) -> Config:
        config = Config(
            path=path,
            specs=self._specs(),
            spec_patterns=self._patterns(),
            engine=self._value(("engine",), _one_of("engine", ENGINE_NAMES)),
            format=self._value(("format",), _one_of("format", tuple(FORMATS))),
            default_questions=self._value(("default_questions",), _one_of("answer", QUESTIONS)),
            state_count_max=self._value(("limits", "states"), _whole(1)),
            memory_bytes_max=self._value(("limits", "memory"), _with_unit(size_bytes)),
            seconds_max=self._value(("limits", "time"), _with_unit(duration_seconds)),
            thread_count=self._value(("limits", "threads"), _whole(1)),
            severities=self._severities(),
            outputs=self._outputs(),
            is_cache_on=self._value(("cache", "enabled"), _flag),
            cache_directory=self._path(("cache", "directory")),
            waiver_days_max=self._value(("waivers", "days_max"), _whole(1)),
            gate=self._gate(),
        )
        self._report_unknown((), self._data)
        return config

    # --- values ---

    def _find(self, path: Path) -> Any:
        """The value at `path`, None if there is none; a wrong table on the way is reported."""
        node: Any = self._data
        for depth, name in enumerate(path):
            self._known.setdefault(path[:depth], []).append(name)
            if name not in node:
                return None
            node = node[name]
            if depth + 1 < len(path) and not isinstance(node, dict):
                self._wrong(path[: depth + 1], "a table of keys is expected here")
                return None
        return node

    def _value(self, path: Path, convert: Callable[[Any], T]) -> T | None:
        found = self._find(path)
        if found is None:
            return None
        try:
            return convert(found)
        except ValueError as error:
            self._wrong(path, str(error))
            return None

    def _table(self, path: Path) -> dict[str, Any]:
        """A table whose keys are names of something, not keys of ours."""
        found = self._find(path)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self._wrong(path, "a table of keys is expected here")
            return {}
        self._known.setdefault(path, []).extend(found)
        return found

    def _path(self, path: Path) -> str | None:
        found = self._value(path, _text)
        return None if found is None else os.path.join(self._folder, os.path.expanduser(found))

    def _specs(self) -> tuple[str, ...]:
        """The files that the patterns match, each once; a pattern that matches none is a mistake."""
        patterns = self._patterns()
        for pattern in patterns:
            if not matching_specs([pattern], self._folder):
                self._wrong(("specs",), f"no file matches `{printable(pattern)}`", pattern)
        return matching_specs(patterns, self._folder)

    def _patterns(self) -> tuple[str, ...]:
        return self._value(("specs",), _texts) or ()

    def _severities(self) -> dict[str, Severity | None]:
        found: dict[str, Severity | None] = {}
        for code, level in self._table(("severity",)).items():
            path = ("severity", code)
            if code not in CODES:
                self._unknown(path, code, CODES)
            elif not is_adjustable(code):
                self._wrong(path, f"{code} is an error whatever the configuration says; CF6xx and CF9xx can be set")
            elif level not in LEVELS:
                self._wrong(path, _expected("level", str(level), LEVELS))
            else:
                grave = Severity.NOTICE if code.startswith("CF6") else Severity.WARNING
                found[code] = {"fail": Severity.FINDING, "note": grave, "off": None}[level]
        return found

    def _outputs(self) -> tuple[Output, ...]:
        outputs: list[Output] = []
        for name, path in self._table(("output",)).items():
            if name not in FORMATS:
                self._unknown(("output", name), name, FORMATS)
            elif not isinstance(path, str) or not path:
                self._wrong(("output", name), "the path of a file is expected, as a string")
            else:
                span = self._places.value((*self._prefix, "output", name))
                outputs.append(Output(format=name, path=os.path.join(self._folder, path), span=span))
        return tuple(outputs)

    def _gate(self) -> GatePolicy:
        built_in = GatePolicy()
        sizes: dict[str, int] = {}
        for name in self._table(("gate", "outages")):
            size = self._value(("gate", "outages", name), _whole(0))
            if size is not None:
                sizes[name] = size
        new_path_size = self._value(("gate", "new_path_size"), _whole(0))
        size_max = self._value(("gate", "max_size"), _whole(1))
        return GatePolicy(
            against=self._value(("gate", "against"), _text),
            new_path_size=built_in.new_path_size if new_path_size is None else new_path_size,
            outage_sizes=sizes,
            outage_spans={name: self._places.key((*self._prefix, "gate", "outages", name)) for name in sizes},
            size_max=built_in.size_max if size_max is None else size_max,
            new_outages=self._value(("gate", "new_outages"), _one_of("answer", CHANGES)) or built_in.new_outages,
            removed_outages=self._value(("gate", "removed_outages"), _one_of("answer", CHANGES))
            or built_in.removed_outages,
        )

    # --- what is wrong ---

    def _report_unknown(self, path: Path, node: dict[str, Any]) -> None:
        known = self._known.get(path, [])
        for name, value in node.items():
            if name not in known:
                self._unknown((*path, name), name, known)
            elif isinstance(value, dict) and (*path, name) in self._known:
                self._report_unknown((*path, name), value)

    def _unknown(self, path: Path, name: str, known: Iterable[str]) -> None:
        names = list(dict.fromkeys(known))
        near = nearest(name, names)
        self._diagnostics.add(
            Diagnostic(
                code="CF802",
                message=f"`{printable(name)}` is no key of the configuration",
                primary=Label(span=self._places.key((*self._prefix, *path))),
                help=f"did you mean `{near}`?" if near else f"known here: {', '.join(names[:20])}",
            )
        )

    def _wrong(self, path: Path, reason: str, word: str = "") -> None:
        self._diagnostics.add(
            Diagnostic(
                code="CF803",
                message=f"the value of `{printable('.'.join(path))}` is wrong: {reason}",
                primary=Label(span=self._places.value((*self._prefix, *path), word)),
            )
        )


# --- converters: ValueError with a reason in words ---


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a string is expected")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError('a list of strings is expected, such as ["specs/*.cf"]')
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")  # noqa: TRY004 - one kind of error for all converters
    return value


def _whole(least: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"a whole number from {least} is expected")
        return value

    return convert


def _with_unit(parse: Callable[[str], T]) -> Callable[[Any], T]:
    def convert(value: Any) -> T:
        if not isinstance(value, str):
            raise ValueError('a string with a unit is expected, such as "4GB" or "60s"')  # noqa: TRY004
        try:
            return parse(value)
        except argparse.ArgumentTypeError as error:
            raise ValueError(str(error)) from error

    return convert


def _one_of(what: str, choices: Sequence[str]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in choices:
            raise ValueError(_expected(what, str(value), choices))
        return str(value)

    return convert


def _expected(what: str, value: str, choices: Sequence[str]) -> str:
    near = nearest(value, choices)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(choices)}"
    return f"`{printable(value)}` is no {what}; {hint}"
