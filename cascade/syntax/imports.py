"""Text -> syntax tree, over several files: reads a spec and everything that it imports.

In: a path or a text. Out: `Loaded`: the main file and all others, each parsed once, each with the component types
that are visible in it. Import cycles, missing files and types declared twice have been reported.
"""

import os
from dataclasses import field
from pathlib import Path

from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.diagnostics.suggest import nearest
from cascade.records import dataclass
from cascade.source import SourceFile, Span
from cascade.syntax import errors
from cascade.syntax.parse import empty_file, parse
from cascade.syntax.tree import Component, File, Import

SPEC_SUFFIX = ".cf"
# The shipped library: `import std.network` is the file `std/network.cf` in here.
LIBRARY_ROOT = Path(__file__).resolve().parents[1]
LIBRARY_NAME = "std"
# A file with more bytes is too long for the parser anyway (a character has at most four).
FILE_BYTES_MAX = 64 * 1024 * 1024
# More files than this are no spec that a person wrote.
FILE_COUNT_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """One parsed file and the component types that may be named in it, by name."""

    source: SourceFile
    tree: File
    types: dict[str, Component]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`main` is the file that was asked for; `files` are all of them, `main` first, in the order of import."""

    main: LoadedFile
    files: tuple[LoadedFile, ...]


@dataclass(slots=True)
class _Node:
    """A file of the import graph; `imports` are the files that its import statements lead to."""

    path: str
    source: SourceFile
    tree: File
    imports: list[tuple[Import, "_Node"]] = field(default_factory=list)


def load(path: str, diagnostics: Diagnostics) -> Loaded:
    """Read the spec at `path` and its imports. What cannot be read is reported and counts as empty."""
    source, readable = _read(path, diagnostics, None)
    return _loaded(source, parse(source, diagnostics) if readable else empty_file(source), diagnostics)


def load_source(source: SourceFile, diagnostics: Diagnostics) -> Loaded:
    """The same for a text that is at hand; its imports lie beside the path `source.name`."""
    return _loaded(source, parse(source, diagnostics), diagnostics)


def library_names() -> tuple[str, ...]:
    """What the shipped library offers, as it is written after `import`."""
    paths = sorted((LIBRARY_ROOT / LIBRARY_NAME).rglob("*" + SPEC_SUFFIX))
    return tuple(".".join(path.relative_to(LIBRARY_ROOT).with_suffix("").parts) for path in paths)


def _loaded(source: SourceFile, main_tree: File, diagnostics: Diagnostics) -> Loaded:
    main = _Node(_real_path(source.name), source, main_tree)
    nodes = _read_graph(main, diagnostics)
    _report_cycles(nodes, diagnostics)
    files = tuple(
        LoadedFile(source=node.source, tree=node.tree, types=_visible_types(node, diagnostics)) for node in nodes
    )
    return Loaded(main=files[0], files=files)


# --- files ----------------------------------------------------------------------------------------------------------


def _read(path: str, diagnostics: Diagnostics, importer: Span | None) -> tuple[SourceFile, bool]:
    """The text at `path`; empty and False if there is none. `importer` is the place that asked for it."""
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        source = SourceFile(path, "")
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        diagnostics.add(errors.unreadable(importer or Span(source, 0, 0), path, reason.lower()))
        return source, False
    if len(data) > FILE_BYTES_MAX:
        source = SourceFile(path, "")
        diagnostics.add(errors.file_too_large(Span(source, 0, 0), FILE_BYTES_MAX))
        return source, False
    try:
        return SourceFile(path, data.decode("utf-8")), True
    except UnicodeDecodeError as error:
        source = SourceFile(path, data.decode("utf-8", errors="replace"))
        start = len(data[: error.start].decode("utf-8"))
        diagnostics.add(errors.not_utf8(Span(source, start, start + 1), data[error.start], error.start))
        return source, False


def _read_graph(main: _Node, diagnostics: Diagnostics) -> list[_Node]:
    """All files, each once, in the order in which they are first imported."""
    known = {main.path: main}
    nodes = [main]
    for node in nodes:  # grows while it is read
        for statement in node.tree.imports:
            path = _find(node, statement)
            if path is None:
                diagnostics.add(_not_found(statement))
                continue
            real = _real_path(path)
            if real not in known:
                if len(nodes) >= FILE_COUNT_MAX:
                    diagnostics.add(errors.too_many_files(statement.span, FILE_COUNT_MAX))
                    return nodes
                source, readable = _read(path, diagnostics, statement.span)
                known[real] = _Node(real, source, parse(source, diagnostics) if readable else empty_file(source))
                nodes.append(known[real])
            node.imports.append((statement, known[real]))
    return nodes


def _real_path(path: str) -> str:
    """What tells one file from another."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # no path that a file can have
        return path


def _find(node: _Node, statement: Import) -> str | None:
    """The file that an import names: beside the importing file, else in the library; never outside these two."""
    words = [identifier.text for identifier in statement.path]
    relative = os.path.join(*words) + SPEC_SUFFIX
    folder = os.path.dirname(node.source.name)
    roots = [folder]
    if words[0] == LIBRARY_NAME and len(words) > 1:
        roots.append(str(LIBRARY_ROOT))
    for root in roots:
        path = os.path.join(root, relative)
        inside = os.path.join(os.path.realpath(root), "")
        if os.path.isfile(path) and os.path.realpath(path).startswith(inside):
            return path
    return None


def _not_found(statement: Import) -> Diagnostic:
    name = ".".join(identifier.text for identifier in statement.path)
    names = library_names()
    near = nearest(name, names)
    if near is None:
        last = statement.path[-1].text
        near = next((known for known in names if known.rpartition(".")[2] == last and known != name), None)
    return errors.import_not_found(statement.span, name, near, names)


# --- the graph ------------------------------------------------------------------------------------------------------


def _report_cycles(nodes: list[_Node], diagnostics: Diagnostics) -> None:
    """CF005 at each import statement that leads back to a file which is being imported."""
    done: set[str] = set()
    for root in nodes:
        if root.path in done:
            continue
        # Depth first without recursion: the files that are being imported, and how far each was looked at.
        chain, positions = [root], [0]
        while chain:
            node, position = chain[-1], positions[-1]
            if position == len(node.imports):
                done.add(node.path)
                chain.pop()
                positions.pop()
                continue
            positions[-1] += 1
            statement, target = node.imports[position]
            on_chain = [i for i, other in enumerate(chain) if other is target]
            if on_chain:
                names = [other.source.name for other in chain[on_chain[0] :]] + [target.source.name]
                diagnostics.add(errors.import_cycle(statement.span, names))
            elif target.path not in done:
                chain.append(target)
                positions.append(0)


def _visible_types(node: _Node, diagnostics: Diagnostics) -> dict[str, Component]:
    """The types of the file and of its imports, then those that the imports import, as long as they are unique.

    Two of one name in the file and its own imports are an error. Of types further away the nearer one counts; a
    name that two files at the same distance declare is not visible.
    """
    types: dict[str, Component] = {}
    for component in node.tree.components:
        _add(types, component, component.name.span, diagnostics)
    seen = {node.path}
    layer: list[_Node] = []
    for statement, target in node.imports:
        if target.path not in seen:
            seen.add(target.path)
            layer.append(target)
            for component in target.tree.components:
                _add(types, component, statement.span, diagnostics)
    while layer:
        layer = _next_layer(layer, seen)
        further: dict[str, Component | None] = {}
        for target in layer:
            for component in target.tree.components:
                name = component.name.text
                further[name] = component if name not in further else None
        for name, found in further.items():
            if found is not None:
                types.setdefault(name, found)
    return types


def _next_layer(layer: list[_Node], seen: set[str]) -> list[_Node]:
    """The files that those of `layer` import and that were not `seen`."""
    following: list[_Node] = []
    for node in layer:
        for _, target in node.imports:
            if target.path not in seen:
                seen.add(target.path)
                following.append(target)
    return following


def _add(types: dict[str, Component], component: Component, place: Span, diagnostics: Diagnostics) -> None:
    """Make `component` visible, or report at `place` that another one of its name is."""
    earlier = types.setdefault(component.name.text, component)
    if earlier is component:
        return
    if place.source is component.name.span.source or earlier.name.span.source is not component.name.span.source:
        diagnostics.add(errors.type_declared_twice(component.name.text, place, earlier.name.span, component.name.span))
