"""Diagnostics -> text for a person: the place, the line, a caret, and what to do.

error[CF101]: `sevring` is not known in system shop
  --> shop.cf:5:21
   |
 5 |   outage down when not web.sevring
   |                            ^^^^^^^
   = help: did you mean `serving`?
"""

import textwrap
from collections.abc import Callable

from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.printable import printable, width
from cascade.records import dataclass

TAB_COLUMNS = 4
# Columns kept to the left of the caret where a long line is cropped.
CONTEXT_COLUMNS = 24
# Characters, as a multiple of the columns, that are read on both sides of a place: some are of no width.
NEAR_COLUMNS = 4
WIDTH_DEFAULT = 100
WIDTH_MIN = 40

STYLES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.FINDING: "error",
    Severity.NOTICE: "warning",
}
"""How each severity looks."""

Paint = Callable[[str, str], str]
"""Gives `text` in a style: `error`, `warning`, `place`, `note` or `strong`."""


def unpainted(text: str, _style: str) -> str:
    """No colours."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excerpt:
    """A source line as it is shown, and where in it the caret stands, in columns from 0."""

    text: str
    caret: int
    caret_columns: int


def render(diagnostic: Diagnostic, *, columns: int = WIDTH_DEFAULT, paint: Paint = unpainted) -> str:
    """The whole diagnostic as text without a line end, in lines of about `columns`."""
    columns = max(columns, WIDTH_MIN)
    word = diagnostic.severity.value
    style = STYLES[diagnostic.severity]
    head = f"{word}[{diagnostic.code}]: {printable(diagnostic.message)}"
    first, *rest = _wrapped(head, columns, "  ")
    mark = f"{word}[{diagnostic.code}]"
    lines = [paint(mark, style) + paint(first.removeprefix(mark), "strong"), *(paint(line, "strong") for line in rest)]
    labels = (diagnostic.primary, *diagnostic.others)
    gutter = max(len(str(label.span.line)) for label in labels)
    for number, label in enumerate(labels):
        lines.extend(_place(label, gutter, columns, style if number == 0 else "note", paint, is_primary=number == 0))
    indent = " " * (gutter + 2)
    for name, text in (("help", diagnostic.help), ("note", diagnostic.note)):
        if text:
            first, *rest = _wrapped(f"= {name}: {printable(text)}", columns - len(indent), " " * (len(name) + 4))
            lines.append(indent + paint(first[: len(name) + 3], "note") + first[len(name) + 3 :])
            lines.extend(indent + line for line in rest)
    return "\n".join(lines)


def _wrapped(text: str, columns: int, indent: str) -> list[str]:
    return textwrap.wrap(text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def _place(label: Label, gutter: int, columns: int, style: str, paint: Paint, *, is_primary: bool) -> list[str]:
    span = label.span
    arrow = "-->" if is_primary else ":::"
    edge = paint(" " * (gutter + 2) + "|", "place")
    where = f"{printable(span.source.name)}:{span.line}:{span.column}"
    lines = [" " * (gutter + 1) + paint(arrow, "place") + " " + where]
    if not span.source.text:
        # A file that could not be read has no line to show.
        return [*lines, *([f"{edge} {printable(label.text)}"] if label.text else [])]
    shown = _excerpt(label, columns - gutter - 4)
    mark = ("^" if is_primary else "-") * shown.caret_columns
    note = printable(label.text)
    pointer = " " * shown.caret + paint(mark, style)
    lines += [edge, paint(f" {span.line:>{gutter}} |", "place") + (f" {shown.text}" if shown.text else "")]
    if note and shown.caret + shown.caret_columns + 1 + width(note) > columns - gutter - 4:
        lines.append(f"{edge} {pointer}")
        lines.append(f"{edge} {' ' * max(0, min(shown.caret, columns - gutter - 4 - width(note)))}{paint(note, style)}")
    else:
        lines.append(f"{edge} {pointer}" + (f" {paint(note, style)}" if note else ""))
    return lines


def _excerpt(label: Label, columns: int) -> _Excerpt:
    """The first line of the span, tabs expanded, cropped to `columns` around the caret."""
    span = label.span
    line = span.source.line(span.line)
    start = min(span.column - 1, len(line))
    end = min(start + max(span.end - span.start, 1), len(line))
    # Of a line of a megabyte only the neighbourhood counts: what is further away than any crop is not even looked at.
    first, last = max(0, start - NEAR_COLUMNS * columns), end + NEAR_COLUMNS * columns
    before, inside, after = (
        _expanded(part) for part in (line[first:start], line[start : min(end, start + last - end)], line[end:last])
    )
    caret = width(before)
    left = max(0, caret - CONTEXT_COLUMNS) if width(before + inside + after) > columns and caret > columns // 2 else 0
    if left:
        before = "…" + _dropped(before, left + 1)
        caret = width(before)
    room = max(columns - caret, 1)
    text = before + inside + after
    if width(text) > columns:
        text = _taken(text, columns - 1) + "…"
    return _Excerpt(text=text.rstrip(), caret=caret, caret_columns=max(1, min(width(inside), room)))


def _expanded(text: str) -> str:
    return printable(text.replace("\t", " " * TAB_COLUMNS))


def _dropped(text: str, columns: int) -> str:
    """`text` without its first `columns` columns or a little more."""
    for i, character in enumerate(text):
        if columns <= 0:
            return text[i:]
        columns -= width(character)
    return ""


def _taken(text: str, columns: int) -> str:
    """The start of `text`, at most `columns` wide."""
    for i, character in enumerate(text):
        columns -= width(character)
        if columns < 0:
            return text[:i]
    return text
