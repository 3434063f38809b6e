"""What a code means: the page `pages/CODE.md`, and the table of codes."""

import re
import textwrap
from importlib import resources

from cascade.diagnostics.codes import CODES
from cascade.diagnostics.render import Paint, unpainted
from cascade.diagnostics.suggest import nearest

_FENCE = "```"


def page(code: str) -> str:
    """The page of a code of the table, as Markdown."""
    return (resources.files("cascade.diagnostics") / "pages" / f"{code}.md").read_text(encoding="utf-8")


def known_code(word: str) -> str | None:
    """The code that `word` is, however it is written: `cf101`, `101` and `CF101` are one."""
    digits = re.fullmatch(r"(?:cf)?(\d{1,3})", word.strip().lower())
    code = f"CF{int(digits[1]):03d}" if digits else ""
    return code if code in CODES else None


def nearest_code(word: str) -> str | None:
    """The code that `word` most likely stands for."""
    return nearest(word.strip().upper(), CODES)


def explain(code: str, *, columns: int = 80, paint: Paint = unpainted) -> str:
    """The page of `code` for a terminal: headings stand out, examples are indented instead of fenced, prose is wrapped."""
    parts = page(code).rstrip().split(_FENCE)
    blocks: list[str] = []
    for number, part in enumerate(parts):
        if number % 2:  # between two fences; the first line says what it is
            lines = part.splitlines()[1:]
            blocks.append("\n".join(paint(f"    {line}".rstrip(), "note") for line in lines))
            continue
        for paragraph in filter(None, part.strip().split("\n\n")):
            if paragraph.startswith("#"):
                blocks.append(paint(paragraph.lstrip("# "), "strong"))
            else:
                blocks.append(textwrap.fill(paragraph, columns, break_long_words=False, break_on_hyphens=False))
    return "\n\n".join(blocks)


def table(*, paint: Paint = unpainted) -> str:
    """All codes with their names, a line each."""
    return "\n".join(f"{paint(code, info.severity.value)}  {info.name}" for code, info in CODES.items())
