"""Tables of plain text within the width of the page: the last column wraps, the others are as wide as they need to be."""

from collections.abc import Sequence

from cascade.diagnostics.printable import printable, width
from cascade.reports.layout import Layout

INDENT = 2
GAP = 3
_LAST_COLUMNS_MIN = 16


def table_lines(headings: Sequence[str], rows: Sequence[Sequence[str]], layout: Layout) -> list[str]:
    """A line of headings and one or more lines for each row. Where the page is too narrow, columns are cropped from the widest on."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(width(row[i]) for row in [list(headings), *cells]) for i in range(len(headings) - 1)]
    room = layout.columns - INDENT - GAP * len(widths) - _LAST_COLUMNS_MIN
    while widths and sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    lines = [layout.paint(line, "faint") for line in _row_lines(headings, widths, layout)]
    for row in cells:
        lines.extend(_row_lines(row, widths, layout))
    return lines


def _row_lines(row: Sequence[str], widths: list[int], layout: Layout) -> list[str]:
    lead = " " * INDENT
    for text, columns in zip(row[:-1], widths, strict=True):
        shown = layout.crop(text, columns)
        lead += shown + " " * (columns - width(shown) + GAP)
    first, *rest = layout.wrap(row[-1], indent=width(lead), hang=2) or [""]
    return [(lead + first[width(lead) :]).rstrip(), *rest]
