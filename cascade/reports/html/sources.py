"""The spec, line by line, with what was found on its lines."""

from cascade.records import dataclass
from cascade.reports.data import Place, Report
from cascade.reports.html.highlight import Piece, pieces

LINES_COLOURED_MAX = 4_000
"""Longer files are shown plainly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark on a line, and where on the page it is explained."""

    text: str
    tone: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line of source."""

    number: int
    anchor: str
    look: str
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A file; `mark_count` lines of it are marked."""

    name: str
    is_spec: bool
    mark_count: int
    lines: tuple[LineView, ...]


def view_sources(report: Report) -> list[SourceView]:
    """All files, the spec first."""
    notes = _notes(report)
    views: list[SourceView] = []
    for position, source in enumerate(report.sources):
        texts = source.text.split("\n")
        if texts and not texts[-1]:
            texts.pop()
        is_plain = len(texts) > LINES_COLOURED_MAX
        lines = tuple(
            LineView(
                number=number,
                anchor=f"L{position}-{number}",
                look="marked " + found[0].tone if (found := notes.get((position, number), ())) else "",
                pieces=(Piece(text, ""),) if is_plain else pieces(text.rstrip("\r")),
                notes=tuple(found),
            )
            for number, text in enumerate(texts, start=1)
        )
        marked = sum(bool(line.notes) for line in lines)
        views.append(SourceView(name=source.name, is_spec=source.is_spec, mark_count=marked, lines=lines))
    return views


def _notes(report: Report) -> dict[tuple[int, int], list[Note]]:
    notes: dict[tuple[int, int], list[Note]] = {}

    def add(place: Place | None, note: Note) -> None:
        if place is not None:
            on_line = notes.setdefault((place.source, place.line), [])
            if note not in on_line:
                on_line.append(note)

    for letter, found in (("e", report.errors), ("f", report.findings)):
        for number, finding in enumerate(found, start=1):
            tone = "warn" if finding.severity in {"notice", "warning"} else "bad"
            for place in finding.places:
                text = f"{finding.code} {place.text or finding.title}"
                add(place, Note(text=text, tone=tone, target=f"{letter}{number}"))
    for number, check in enumerate(report.checks, start=1):
        if check.verdict == "undetermined":
            note = Note(text="undetermined", tone="unknown", target=f"c{number}")
        elif check.is_as_expected:
            tone = "good" if check.verdict == "holds" else "warn"
            note = Note(text=f"{check.verdict}, as expected", tone=tone, target=f"c{number}")
        else:
            note = Note(text=f"{check.verdict}, UNEXPECTED", tone="bad", target=f"c{number}")
        add(check.place, note)
    return notes
