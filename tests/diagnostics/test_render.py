"""How a diagnostic looks: places, carets, cropping, characters of all kinds."""

import pytest

from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.printable import printable, width
from cascade.diagnostics.render import render
from cascade.source import SourceFile, Span


def diagnostic(text: str, marked: str, **more: object) -> Diagnostic:
    source = SourceFile("a.cf", text)
    start = text.index(marked)
    span = Span(source, start, start + len(marked))
    return Diagnostic(code="CF101", message="`x` is not known", primary=Label(span=span), **more)


def caret_under(rendered: str) -> str:
    """What stands above the carets."""
    lines = rendered.splitlines()
    row = next(i for i, line in enumerate(lines) if set(line.split("|")[-1].strip()) == {"^"})
    start = lines[row].index("^")
    return lines[row - 1][start : start + lines[row].count("^")]


def test_all_parts() -> None:
    source = SourceFile("dir/a.cf", "one\ntwo x three\n")
    found = Diagnostic(
        code="CF101",
        message="`x` is not known",
        primary=Label(span=Span(source, 8, 9), text="used here"),
        others=(Label(span=Span(source, 0, 3), text="declared here"),),
        help="did you mean `y`?",
        note="names are known where they are declared, in this component and in those that are declared in place in it",
    )
    assert render(found, columns=70) == (
        "error[CF101]: `x` is not known\n"
        "  --> dir/a.cf:2:5\n"
        "   |\n"
        " 2 | two x three\n"
        "   |     ^ used here\n"
        "  ::: dir/a.cf:1:1\n"
        "   |\n"
        " 1 | one\n"
        "   | --- declared here\n"
        "   = help: did you mean `y`?\n"
        "   = note: names are known where they are declared, in this component\n"
        "           and in those that are declared in place in it"
    )


def test_tabs_before_the_caret() -> None:
    rendered = render(diagnostic("\t\tlet a = bad\n", "bad"))
    assert caret_under(rendered) == "bad"
    assert "\t" not in rendered


@pytest.mark.parametrize("before", ["日本語 ", "e\u0301 ", "\x1b[31m", "\u202e", "🙂🙂"])
def test_odd_characters_before_the_caret(before: str) -> None:
    text = f'let a = "{before}" bad\n'
    rendered = render(diagnostic(text, "bad"))
    carets = next(line for line in rendered.splitlines() if line.endswith("^^^"))
    line = next(line for line in rendered.splitlines() if "let" in line)
    assert width(line[: line.index("bad")]) == carets.index("^")
    assert all(c.isprintable() or c == "\n" for c in rendered)


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("offset", [0, 10, 50, 200, 390])
def test_long_lines_are_cropped_around_the_caret(columns: int, offset: int) -> None:
    text = "a " * (offset // 2) + "bad" + " b" * ((400 - offset) // 2)
    rendered = render(diagnostic(text, "bad"), columns=columns)
    assert caret_under(rendered) == "bad"
    assert max(map(len, rendered.splitlines()[2:])) <= columns


def test_a_span_wider_than_the_page() -> None:
    rendered = render(diagnostic("x" * 500, "x" * 500), columns=60)
    assert max(map(len, rendered.splitlines())) <= 60


def test_span_over_several_lines_marks_the_first() -> None:
    rendered = render(diagnostic("a {\n  b\n}\n", "{\n  b\n}"))
    assert caret_under(rendered) == "{"


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n"])
def test_end_of_file(text: str) -> None:
    source = SourceFile("a.cf", text)
    span = Span(source, len(text), len(text))
    rendered = render(Diagnostic(code="CF001", message="the file ends", primary=Label(span=span, text="expected more")))
    assert "expected more" in rendered


def test_printable_keeps_columns() -> None:
    assert printable("a\x1b[0m\n\x7f\u202eb") == "a␛[0m␊␡\N{REPLACEMENT CHARACTER}b"
    assert printable("plain → text …") == "plain → text …"
