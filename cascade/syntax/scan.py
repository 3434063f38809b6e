"""The text as characters: what is outside the language, and how deep braces nest. Runs before the parser."""

import re
from bisect import bisect_left

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.records import dataclass
from cascade.source import SourceFile, Span
from cascade.syntax import errors

# Component bodies nest in braces; the later stages recurse on them.
BRACE_DEPTH_MAX = 50
# More of these say nothing new about a file.
CHARACTER_ERROR_COUNT_MAX = 10

# A comment, a string (perhaps without its end), a brace, or a run of one character that no token may have.
_POINTS = re.compile(r"""#[^\n]*|"[^"\n]*"?|[{}]|([^\x20-\x7e\t\r\n]|[;@$^&~?\\'`]|!(?!=))\1*""")
# Not even in comments and strings: they may hide text from the reader, or steer a terminal.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

LEXEME = re.compile(
    r"""
    "[^"\n]*"? | [A-Za-z_][A-Za-z0-9_]* | [0-9]+[A-Za-z_%]* | <-> | -> | => | =< | <- | ==+ | != | <= | >=
    | \.\.+ | \|\| | // | /\* | := | \+= | -= | \+\+ | .
    """,
    re.VERBOSE | re.DOTALL,
)
_GAP = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """`text` has a blank for each foreign character, at the same offset; `foreign` are their spans (reported)."""

    text: str
    foreign: tuple[tuple[int, int], ...]
    nests_too_deeply: bool

    def lexeme(self, offset: int) -> tuple[int, int]:
        """Start and end of the first lexeme at or after `offset`; both are the text's length at its end."""
        start = self.skip_gap(offset)
        match = LEXEME.match(self.text, start)
        return (start, start) if match is None else match.span()

    def skip_gap(self, offset: int) -> int:
        """`offset` moved over white space and comments."""
        match = _GAP.match(self.text, offset)
        return offset if match is None else match.end()

    def was_reported(self, start: int, end: int) -> bool:
        """Whether a foreign character stands between these offsets."""
        position = bisect_left(self.foreign, (end, 0))
        return position > 0 and self.foreign[position - 1][1] > start


def scan(source: SourceFile, diagnostics: Diagnostics) -> Scanned:
    """Look at every character once; errors CF002, CF001 (a string without an end) and CF006 (braces)."""
    text = source.text
    foreign: list[tuple[int, int]] = []
    strange: list[tuple[int, int]] = []
    depth = 0
    parts: list[str] = []
    done = 0
    if text.startswith("\ufeff"):  # a byte order mark is no character of the text
        parts, done = [" "], 1
    for match in _POINTS.finditer(text, done):
        start, end = match.span()
        match text[start]:
            case "{":
                depth += 1
                if depth > BRACE_DEPTH_MAX:
                    diagnostics.add(errors.nested_too_deeply(Span(source, start, end), "text", BRACE_DEPTH_MAX))
                    return Scanned(text=text, foreign=(), nests_too_deeply=True)
            case "}":
                depth = max(depth - 1, 0)
            case "#" | '"' as first:
                if first == '"' and (end - start == 1 or text[end - 1] != '"'):
                    diagnostics.add(errors.unterminated_string(Span(source, start, end)))
                    foreign.append((start, end))
                strange.extend(unsafe.span() for unsafe in _UNSAFE.finditer(text, start, end))
            case _:
                strange.append((start, end))
                foreign.append((start, end))
                parts += [text[done:start], " " * (end - start)]
                done = end
    parts.append(text[done:])
    for place in strange[:CHARACTER_ERROR_COUNT_MAX]:
        diagnostics.add(errors.foreign_character(Span(source, *place)))
    return Scanned(text="".join(parts), foreign=tuple(foreign), nests_too_deeply=False)
