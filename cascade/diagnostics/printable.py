"""Text that is safe and fits: specs, file names and messages may hold characters that a terminal obeys."""

import codecs
import unicodedata

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_ASCII = {
    "✓": "+",
    "✗": "x",
    "…": "...",
    "→": "->",
    "↻": "@",
    "·": "-",
    "–": "-",
    "—": "-",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
}

ERROR_HANDLER = "cascade.plain"
"""Name of the codec error handler that writes what a stream cannot encode in ASCII."""


def printable(text: str) -> str:
    """`text` on one line, with every character that moves the cursor, changes colours or reorders text made visible.

    One character stands for one, so that columns stay what they are: an escape character becomes `␛`.
    """
    return text if text.isprintable() else "".join(_visible(c) for c in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else _REPLACEMENT


def width(text: str) -> int:
    """Columns that a printable `text` takes on a terminal."""
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plain_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """A codec error handler: what the encoding lacks becomes the nearest ASCII, or `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_ASCII.get(c, "?") for c in lost), error.end


codecs.register_error(ERROR_HANDLER, plain_ascii)
