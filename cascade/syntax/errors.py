"""What is said about a text that cannot be read: one function for each message."""

import unicodedata

from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.source import Span

# Longer words and strings are cut off in messages.
QUOTED_LENGTH_MAX = 40

_FOREIGN_HELP = {
    ";": "statements need no `;` at their end",
    "&": "write `and`",
    "!": "write `not`",
    "'": 'texts stand in double quotes: "..."',
    "`": 'texts stand in double quotes: "..."',
    "\u2018": 'texts stand in double quotes: "..."',
    "\u2019": 'texts stand in double quotes: "..."',
    "\u201c": 'write the plain quotes: "..."',
    "\u201d": 'write the plain quotes: "..."',
    "\u201e": 'write the plain quotes: "..."',
    "\u00ab": 'write the plain quotes: "..."',
    "\u00bb": 'write the plain quotes: "..."',
    "\u2192": "write `->`",
    "\u2194": "write `<->`",
    "\u2264": "write `<=`",
    "\u2265": "write `>=`",
    "\u2260": "write `!=`",
    "\u2227": "write `and`",
    "\u2228": "write `or`",
    "\u00ac": "write `not`",
    "\u00d7": "write `x` for the size of a group, `*` to multiply",
    "\u2212": "write the plain minus sign: `-`",
    "\u2013": "write the plain minus sign: `-`",
    "\u2026": "write two dots: `..`",
    "\u00a0": "write a plain space",
}


def quoted(text: str) -> str:
    """The spec's own words between back quotes, short and without anything that a terminal would obey."""
    short = text if len(text) <= QUOTED_LENGTH_MAX else text[: QUOTED_LENGTH_MAX - 3] + "..."
    return "`" + "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in short) + "`"


def listed(words: list[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def syntax_error(
    span: Span, found: str, expected: str, *, others: tuple[Label, ...] = (), help_text: str = ""
) -> Diagnostic:
    """CF001: something stands where something else is expected."""
    message = f"found {found}" + (f", expected {expected}" if expected else "")
    label = Label(span=span, text=f"expected {expected}" if expected else "")
    return Diagnostic(code="CF001", message=message, primary=label, others=others, help=help_text)


def not_a_setting(span: Span) -> Diagnostic:
    """CF001: a text of the command line that sets no param."""
    return Diagnostic(
        code="CF001",
        message=f"{quoted(span.text)} sets no param",
        primary=Label(span=span),
        help="write the path of a param and its value: --param site.capacity=80",
    )


def said_twice(word: str, span: Span) -> Diagnostic:
    """CF001: a part of a command or check that may stand once stands twice."""
    return Diagnostic(
        code="CF001",
        message=f"`{word}` is said twice",
        primary=Label(span=span, text="the second one"),
        help="keep one of them",
    )


def number_too_large(span: Span) -> Diagnostic:
    """CF001: a literal that no engine can count with."""
    return Diagnostic(
        code="CF001",
        message="this number is too large",
        primary=Label(span=span),
        note="numbers, and durations in milliseconds, are smaller than 2 to the power of 62",
    )


def unterminated_string(span: Span) -> Diagnostic:
    """CF001: a string that does not end on its line."""
    return Diagnostic(
        code="CF001",
        message="the text that starts here has no end on its line",
        primary=Label(span=span, text='expected a closing `"`'),
        note="a text stands between two double quotes on one line",
    )


def unmatched_brace(span: Span) -> Diagnostic:
    """CF001: a closing brace too many."""
    return Diagnostic(
        code="CF001",
        message="this `}` closes nothing",
        primary=Label(span=span, text="no `{` is open here"),
        help="remove it, or look for a `}` too many above",
    )


def unclosed_brace(span: Span, brace: Span) -> Diagnostic:
    """CF001: the file ends before a block does."""
    return Diagnostic(
        code="CF001",
        message="the file ends inside a block",
        primary=Label(span=span, text="expected `}` after this"),
        others=(Label(span=brace, text="the block that starts here is still open"),),
        help="close the block with `}`",
    )


def outside_component(span: Span, word: str) -> Diagnostic:
    """CF109: a statement at the top level of a file."""
    return Diagnostic(
        code="CF109",
        message=f"`{word}` stands outside every component",
        primary=Label(span=span),
        help="move it into a `system` or a `component`, or look for a `}` too many above",
        note="at the top level of a file stand `import`, `component` and `system` alone",
    )


def inside_component(span: Span, word: str, brace: Span | None) -> Diagnostic:
    """CF109: `system` or `import` in a body."""
    others = () if brace is None else (Label(span=brace, text="the block that starts here is still open"),)
    return Diagnostic(
        code="CF109",
        message=f"`{word}` stands inside a component",
        primary=Label(span=span),
        others=others,
        help="move it to the top level of the file, or close the block before it with `}`",
    )


def foreign_character(span: Span) -> Diagnostic:
    """CF002: a character that is part of no token."""
    character = span.text[:1]
    known = unicodedata.name(character, "")
    shown = f"`{character}`" if character.isascii() and character.isprintable() else f"U+{ord(character):04X}"
    if known and not character.isascii():
        shown += f" ({known.lower()})"
    return Diagnostic(
        code="CF002",
        message=f"the language does not use the character {shown}",
        primary=Label(span=span),
        help=_FOREIGN_HELP.get(character, ""),
    )


def nested_too_deeply(span: Span, what: str, depth_max: int) -> Diagnostic:
    """CF006: brackets, operators or bodies in one another."""
    return Diagnostic(
        code="CF006",
        message=f"this {what} nests deeper than {depth_max} levels",
        primary=Label(span=span),
        help="give names to the inner parts: a `let` for an expression, a component type for a body",
    )


def too_large(span: Span, size: int, size_max: int) -> Diagnostic:
    """CF008: a text that is not read at all."""
    return Diagnostic(
        code="CF008",
        message=f"the file has {size:,} characters, the limit is {size_max:,}",
        primary=Label(span=span),
        help="split it into files and `import` them",
    )


# --- files ----------------------------------------------------------------------------------------------------------


def unreadable(span: Span, path: str, reason: str) -> Diagnostic:
    """CF003: the operating system does not give the file."""
    return Diagnostic(
        code="CF003", message=f"the file {quoted(path)} cannot be read: {reason}", primary=Label(span=span)
    )


def not_utf8(span: Span, byte: int, offset: int) -> Diagnostic:
    """CF003: bytes that are no text."""
    return Diagnostic(
        code="CF003",
        message=f"the file is not UTF-8: byte 0x{byte:02x} at offset {offset}",
        primary=Label(span=span),
        help="save the file with the encoding UTF-8",
    )


def file_too_large(span: Span, bytes_max: int) -> Diagnostic:
    """CF008: a file that is not read at all."""
    return Diagnostic(
        code="CF008",
        message=f"the file has more than {bytes_max:,} bytes",
        primary=Label(span=span),
        help="split it into files and `import` them",
    )


def too_many_files(span: Span, count_max: int) -> Diagnostic:
    """CF008: an import graph without bound."""
    return Diagnostic(code="CF008", message=f"the spec imports more than {count_max:,} files", primary=Label(span=span))


def import_not_found(span: Span, name: str, near: str | None, library: tuple[str, ...]) -> Diagnostic:
    """CF004: neither beside the file nor in the library."""
    if near is not None:
        help_text = f"did you mean `{near}`?"
    else:
        help_text = f"the library has {', '.join(f'`{known}`' for known in library)}" if library else ""
    path = name.replace(".", "/") + ".cf"
    return Diagnostic(
        code="CF004",
        message=f"there is no file for the import `{name}`",
        primary=Label(span=span, text=f"looked for {quoted(path)}"),
        help=help_text,
        note="an import is looked for beside the importing file, then in the library",
    )


def import_cycle(span: Span, names: list[str]) -> Diagnostic:
    """CF005: a file that imports itself, perhaps through others."""
    return Diagnostic(
        code="CF005",
        message="the imports form a cycle: " + " -> ".join(quoted(name)[1:-1] for name in names),
        primary=Label(span=span, text="this import closes the cycle"),
        help="move what both files use to a third file",
    )


def type_declared_twice(name: str, place: Span, earlier: Span, later: Span) -> Diagnostic:
    """CF102: two types of one name are visible in one file."""
    others = [Label(span=earlier, text="declared here")]
    if later != place:
        others.append(Label(span=later, text="and here"))
    return Diagnostic(
        code="CF102",
        message=f"the component type {quoted(name)} is declared twice",
        primary=Label(span=place, text="this makes the second one visible" if later != place else "the second one"),
        others=tuple(others),
        help="rename one of them",
    )
