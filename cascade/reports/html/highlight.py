"""Lines of a spec, cut into pieces that look different: comments, texts, words of the language. All pieces are plain text still."""

import re

from cascade.records import dataclass

KEYWORDS = frozenset(
    "act acts after always and at bool can check component cost cut else event expect false fault faults fix for holds if import in lasts lead leads let link "
    "most needs never not of once only operator or outage param part port possible reaction redundancy redundant repair state stop stops system then tick "
    "time times to true via violated when while with within without x".split()
)
_PIECE = re.compile(
    r'(?P<comment>#.*)|(?P<text>"[^"]*"?)|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?(?:ms|min|s|h|d|%)?)'
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one look; `look` is a class of the style sheet, or empty."""

    text: str
    look: str


def pieces(line: str) -> tuple[Piece, ...]:
    """The line; its pieces joined are the line again."""
    found: list[Piece] = []
    end = 0
    for match in _PIECE.finditer(line):
        look = match.lastgroup or ""
        if look == "word":
            if match[0] not in KEYWORDS:
                continue
            look = "keyword"
        if match.start() > end:
            found.append(Piece(line[end : match.start()], ""))
        found.append(Piece(match[0], look))
        end = match.end()
    if end < len(line):
        found.append(Piece(line[end:], ""))
    return tuple(found)
