"""The files that a report refers to, and places in them."""

from cascade.reports.data import Place, Source
from cascade.source import SourceFile, Span


class Places:
    """Collects the files that are referred to. The first is the spec itself."""

    def __init__(self, spec: SourceFile) -> None:
        self._spec = spec
        self._files: list[SourceFile] = [spec]
        self._positions: dict[int, int] = {id(spec): 0}

    def of(self, span: Span | None, text: str = "") -> Place | None:
        """The place of `span`; its file becomes one of the report."""
        if span is None:
            return None
        position = self._positions.get(id(span.source))
        if position is None:
            position = next((i for i, file in enumerate(self._files) if file.name == span.source.name), None)
            if position is None:
                position = len(self._files)
                self._files.append(span.source)
            self._positions[id(span.source)] = position
        return Place(source=position, line=span.line, text=text)

    def sources(self) -> tuple[Source, ...]:
        """All files that were referred to, by the names that a reader knows."""
        return tuple(
            Source(name=_shown_name(file.name), text=file.text, is_spec=file is self._spec) for file in self._files
        )


def _shown_name(name: str) -> str:
    """A file of the shipped library by its import name, as its folder is of no meaning to the reader."""
    parts = name.replace("\\", "/").split("/")
    if "std" in parts[:-1] and "cascade" in parts[:-1] and name.startswith("/"):
        return f"std.{parts[-1].removesuffix('.cf')} (shipped with cascade)"
    return name
