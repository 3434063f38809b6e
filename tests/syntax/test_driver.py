"""The driver reads a text as lark itself does with the same grammar: the same tree, or an error at the same place."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile
from cascade.syntax import grammar
from cascade.syntax.build import Builder
from cascade.syntax.driver import Driver, Machine, UnexpectedError
from cascade.syntax.parse import parse
from cascade.syntax.scan import LEXEME, scan
from cascade.syntax.tables import make_tables

ROOT = Path(__file__).parents[2]
TEXTS = [
    path.read_text(encoding="utf-8")
    for path in sorted(
        [*ROOT.glob("specs/*.cf"), *ROOT.glob("tests/syntax/examples/*.cf"), *ROOT.glob("tests/models/**/*.cf")]
    )
]
LEXEMES = sorted({lexeme for text in TEXTS for lexeme in LEXEME.findall(text) if not lexeme.isspace()})

BUILDER = Builder()
DRIVER = Driver(make_tables(grammar.grammar_text()), BUILDER)
LARK = Lark(
    grammar.grammar_text(),
    parser="lalr",
    lexer="contextual",
    transformer=BUILDER,
    keep_all_tokens=True,
    maybe_placeholders=True,
)


def items_by(text, read):
    """The declarations that `read` finds, and what is said of them; or where it stops."""
    source, diagnostics = SourceFile("spec.cf", text), Diagnostics()
    BUILDER.begin(source, diagnostics)
    try:
        piece = read()
    except UnexpectedError as error:
        return error.offset
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        return len(text) if at_end else error.pos_in_stream
    return repr(piece.value.closed()), [item.code for item in diagnostics.items]


def by_driver(text):
    machine = Machine(DRIVER, scan(SourceFile("spec.cf", text), Diagnostics()))

    def read():
        for token in machine.tokens():
            machine.feed(token)
        return machine.finish()

    return items_by(text, read)


def by_lark(text):
    return items_by(text, lambda: LARK.parse(text))


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_shipped_texts(number):
    found = by_driver(TEXTS[number])
    assert found == by_lark(TEXTS[number])
    assert isinstance(found, int) == bool(syntax_errors(TEXTS[number]))


def syntax_errors(text):
    diagnostics = Diagnostics()
    parse(SourceFile("spec.cf", text), diagnostics)
    return [item for item in diagnostics.items if item.code == "CF001"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([*LEXEMES, ""])), min_size=1, max_size=2),
)
def test_texts_with_other_words_in_places(text, changes):
    lexemes = LEXEME.findall(text)
    for place, lexeme in changes:
        lexemes[int(place * (len(lexemes) - 1))] = lexeme
    changed = "".join(lexemes)
    if not scan(SourceFile("spec.cf", changed), Diagnostics()).foreign:
        assert by_driver(changed) == by_lark(changed)
