"""Lines of bounded width in a style: what all text for terminals is made with."""

import textwrap
from collections.abc import Sequence

from cascade.diagnostics.printable import printable, width
from cascade.diagnostics.render import Paint, unpainted
from cascade.records import dataclass

COLUMNS_DEFAULT = 80
# Stands for a blank where a line must not break; no printable text has it.
_GLUE = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How wide the page is and how styles are shown."""

    columns: int = COLUMNS_DEFAULT
    paint: Paint = unpainted

    def wrap(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> list[str]:
        """`text`, which may come from a spec, in lines that start at `indent`; from the second on `hang` further."""
        return self._wrap(printable(text), indent, hang, style)

    def wrap_items(self, head: str, items: Sequence[str], *, indent: int, hang: int) -> list[str]:
        """The same for a list after `head`: lines break between items, within one only where it is too long."""
        room = self.columns - indent - hang
        joined = ", ".join(i.replace(" ", _GLUE) if width(i) < room else i for i in map(printable, items))
        return [line.replace(_GLUE, " ") for line in self._wrap(head + joined, indent, hang, "")]

    def _wrap(self, text: str, indent: int, hang: int, style: str) -> list[str]:
        lines = textwrap.wrap(
            text,
            self.columns,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [self.paint(line, style) if style else line for line in lines]

    def crop(self, text: str, columns: int) -> str:
        """`text` on at most `columns` columns."""
        text = printable(text)
        if width(text) <= columns:
            return text
        while text and width(text) > columns - 1:
            text = text[:-1]
        return text.rstrip() + "…"
