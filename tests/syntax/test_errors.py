"""What is said about a text that cannot be read, and where reading goes on after it."""

import pytest

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile
from cascade.syntax.parse import SYNTAX_ERROR_COUNT_MAX, TEXT_LENGTH_MAX, parse


# Each in the braces of a system: the text, the words that are underlined, the message, the help.
@pytest.mark.parametrize(
    ("text", "culprit", "message", "help_text"),
    [
        (
            "outage o when a = b",
            "=",
            "found `=`, expected `}`, the next statement or an operator",
            "write `==` to compare",
        ),
        ("let a == b", "==", "found `==`, expected `=`", "write `=` to give a value"),
        ("let a = b || c", "||", "found `||`", "write `or`"),
        ("// why", "//", "found `//`, expected a statement or `}`", "a comment starts with `#`"),
        ("fault f { x => y }", "=>", "found `=>`", "write `->` for a change of state, `>=` to compare"),
        ("state x: 0...3 = 0", "...", "found `...`", "write two dots: `0..3`"),
        ("fault f { x += 1 }", "+=", "found `+=`", "write the variable twice: `a = a + 1`"),
        ("fault f { x: a b }", "b", "found `b`, expected `->`, `|` or an operator", ""),
        ("fault f { x -> b }", "->", "found `->`, expected `=` or `:`", ""),
        (
            "let a = b < c < d",
            "<",
            "found `<`, expected `}`, the next statement or an operator",
            "comparisons do not chain; join two of them with `and`",
        ),
        ("let a = 1.5", "5", "found `5`, expected a name", "numbers are whole; choose a smaller unit"),
        (
            "tick 5sec",
            "sec",
            "found `sec`, expected `}`, the next statement or an operator",
            "the units of time are `ms`, `s`, `min`, `h`, `d`",
        ),
        (
            "tick 5 min",
            "min",
            "found `min`, expected `}`, the next statement or an operator",
            "write the unit right after the number: `5min`",
        ),
        (
            "let a = 1 + if b then 1 else 2",
            "if",
            "found `if`, expected an expression",
            "put the `if` and what belongs to it in parentheses",
        ),
        (
            "let a = b == not c",
            "not",
            "found `not`, expected an expression",
            "put the `not` and what belongs to it in parentheses",
        ),
        ("fix f cost { }", "{", "found `{`, expected an integer", ""),
        ("fix f cost -1 { }", "-", "found `-`, expected an integer", ""),
        ("stat x: bool = true", "stat", "found `stat`, expected a statement or `}`", "did you mean `state`?"),
        ("State x: bool = true", "State", "found `State`, expected a statement or `}`", "did you mean `state`?"),
        (
            "x = 1",
            "x",
            "found `x`, expected a statement or `}`",
            "a variable is declared with `state`, a constant with `param`, a derived value with `let`",
        ),
        ("outage o a == b", "a", "found `a`, expected `when` or a text in quotes", "the condition starts with `when`"),
        ("state x: bool", "}", "found `}`, expected `=`", ""),
        ("state x bool = true", "bool", "found `bool`, expected `:`", ""),
        ("state x: = true", "=", "found `=`, expected a type (`bool`, `0..3` or `{a, b}`)", ""),
        ("state x: {a b} = a", "b", "found `b`, expected `,` or `}`", ""),
        ("redundant w: 3 Server needs 2", "Server", "found `Server`, expected `x` or an operator", ""),
        ("redundant w: 3 x Server", "}", "found `}`, expected `(` or `needs`", ""),
        (
            "check c: p",
            "}",
            "found `}`, expected `can lead to`, `lasts at most`, `leads to` or an operator",
            "a formula about one condition starts with `never`, `always` or `possible`",
        ),
        (
            "check c: nevr p",
            "p",
            "found `p`, expected `can lead to`, `lasts at most`, `leads to` or an operator",
            "did you mean `never`?",
        ),
        ("check c never p", "never", "found `never`, expected `:` or a text in quotes", ""),
        ("check: never p", ":", "found `:`, expected a name after `check`", ""),
        (
            "check c: never p with at most fault",
            "}",
            "found `}`, expected `fault`, `faults` or an operator",
            "say how many: `at most 1 fault`",
        ),
        ("check c: p leads q", "q", "found `q`, expected `to`", ""),
        (
            "with at most 1 fault",
            "with",
            "found `with`, expected a statement or `}`",
            "a clause stands after the formula of a `check`",
        ),
        ("link a - b", "-", "found `-`, expected `->` or `<->`", ""),
        ("let a = b)", ")", "found `)`, expected `}`, the next statement or an operator", ""),
        ("let a = ", "}", "found `}`, expected an expression", ""),
        ('needs "a"', '"a"', 'found the text `"a"`, expected a name', ""),
    ],
)
def test_one_message_for_one_mistake(diagnostics_of, text, culprit, message, help_text):
    (diagnostic,) = diagnostics_of("system s { " + text + " }")
    assert diagnostic.code == "CF001"
    assert (diagnostic.primary.span.text, diagnostic.message, diagnostic.help) == (culprit, message, help_text)


def names_after(text):
    diagnostics = Diagnostics()
    file = parse(SourceFile("spec.cf", text), diagnostics)
    (system,) = file.systems
    return [d.message for d in diagnostics.items], [item.name.text for item in system.body]


@pytest.mark.parametrize(
    "broken",
    [
        "let a = (b",
        "let a = ",
        "state x: bool",
        "fault f { x -> y } ",
        "fault f { x: a -> ",
        "reaction r { x = 1, y: }",
        "componnt c { state x: bool = true  fault g { x: true -> false } }",
        "check c: nevr p with at most 1 fault of crash",
        "part p: T(a = )",
        "needs",
        "fix f { a = 1, b }",
    ],
)
def test_reading_goes_on_at_the_next_statement(broken):
    messages, names = names_after(
        "system s { state before: bool = true\n" + broken + "\nstate after: bool = true\nlet last = 1 }"
    )
    assert len(messages) == 1
    assert names[0] == "before"
    assert names[-2:] == ["after", "last"]


def test_several_errors_are_reported(complaints):
    text = """component A {
  state x: bool
  let y = 1 +
  fault f { x: true - > false }
}
system s {
  outage o when x = 1
  part a: A
  stat z: bool = true
}
"""
    assert [(c[1], c[2], c[4]) for c in complaints(text)] == [
        (3, 3, "found `let`, expected `=`"),
        (4, 3, "found `fault`, expected an expression"),
        (4, 23, "found `>`, expected an expression"),
        (7, 19, "found `=`, expected `}`, the next statement or an operator"),
        (9, 3, "found `stat`, expected `}`, `(` or the next statement"),
    ]


def test_errors_are_not_reported_without_end(complaints):
    assert len(complaints("system s { " + "let a = ) " * 100 + "}")) == SYNTAX_ERROR_COUNT_MAX
    assert len(complaints("é " * 100)) == 10


def test_an_open_block_is_shown_where_it_starts(diagnostics_of):
    (diagnostic,) = diagnostics_of("system s {\n  state x: bool = true\n")
    assert diagnostic.message == "the file ends inside a block"
    assert diagnostic.primary.span.text == "true"
    assert [(o.span.line, o.span.column, o.text) for o in diagnostic.others] == [
        (1, 10, "the block that starts here is still open")
    ]


def test_a_system_inside_a_component_shows_the_open_brace(diagnostics_of):
    (diagnostic,) = diagnostics_of("component A {\n  state x: bool = true\n\nsystem s { part a: A }\n")
    assert (diagnostic.code, diagnostic.message) == ("CF109", "`system` stands inside a component")
    assert [(o.span.line, o.span.column) for o in diagnostic.others] == [(1, 13)]


def test_an_open_command_shows_its_brace(diagnostics_of):
    (diagnostic,) = diagnostics_of("system s { reaction r when x { a: b -> c\n state y: bool = true\n}")
    assert diagnostic.message == "found `state`, expected `,`, `}` or an operator"
    assert [(o.span.line, o.span.column) for o in diagnostic.others] == [(1, 30)]


def test_braces_too_many(complaints):
    assert complaints("system s { } }") == [("CF001", 1, 14, "}", "this `}` closes nothing")]
    assert complaints("component A { } }\nsystem s { }") == [("CF001", 1, 17, "}", "this `}` closes nothing")]


def test_a_statement_outside_a_component(complaints):
    assert complaints("state x: bool = true\nsystem s { }") == [
        ("CF109", 1, 1, "state", "`state` stands outside every component")
    ]


def test_the_end_of_the_file(complaints):
    assert complaints("system") == [("CF001", 1, 1, "system", "found the end of the file, expected a name")]
    assert complaints("import a.") == [("CF001", 1, 9, ".", "found the end of the file, expected a name")]


@pytest.mark.parametrize(
    ("text", "message", "help_text"),
    [
        ("let a = b;", "the language does not use the character `;`", "statements need no `;` at their end"),
        ("let a = b && c", "the language does not use the character `&`", "write `and`"),
        ("let a = !b", "the language does not use the character `!`", "write `not`"),
        ("let a = 'b'", "the language does not use the character `'`", 'texts stand in double quotes: "..."'),
        ("fault f { x: a → b }", "the language does not use the character U+2192 (rightwards arrow)", "write `->`"),
        ("let a =\u00a0b", "the language does not use the character U+00A0 (no-break space)", "write a plain space"),
        ("let a =\x00 b", "the language does not use the character U+0000", ""),
        ("let a = b # \x1b[31m", "the language does not use the character U+001B", ""),
        ('outage o "\u202e" when b', "the language does not use the character U+202E (right-to-left override)", ""),
        ("let \ud800 = b", "the language does not use the character U+D800", ""),
    ],
)
def test_a_character_outside_the_language(diagnostics_of, text, message, help_text):
    """One message each: what follows from the character is not reported again."""
    first = diagnostics_of("system s { " + text + "\n }")[0]
    assert (first.code, first.message, first.help) == ("CF002", message, help_text)
    assert {d.code for d in diagnostics_of("system s { " + text + "\n }")} == {"CF002"}


def test_any_letter_may_stand_in_texts_and_comments(read):
    read('system s "naïve – 雪" { } # é ✓\n')


def test_a_text_without_end(complaints):
    assert complaints('system s "text { }\n{ }') == [
        ("CF001", 1, 10, '"text { }', "the text that starts here has no end on its line")
    ]


def test_a_text_that_is_too_large():
    diagnostics = Diagnostics()
    file = parse(SourceFile("spec.cf", "#" * (TEXT_LENGTH_MAX + 1)), diagnostics)
    assert [d.code for d in diagnostics.items] == ["CF008"]
    assert (file.imports, file.components, file.systems) == ((), (), ())
