"""Markdown: whatever a spec says reads as it is, in a parser of Markdown."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cascade.diagnostics.printable import printable
from cascade.reports.markdown import escape, message_text
from tests.reports.conftest import EVIL_TEXT

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SPECIAL = st.text(alphabet="\\`*_{}[]()#+-.!|~<>&@:$^=\"' \tab1/;", max_size=30)
ANY = st.one_of(SPECIAL, st.text(max_size=30), st.just(EVIL_TEXT))


def cell_of(markdown: str) -> list:
    """What stands in the only cell of a table, as tokens."""
    tokens = PARSER.parse(f"| a |\n|---|\n| {markdown} |\n")
    cells = [token for token in tokens if token.type == "inline"][1:]
    assert len(cells) == 1, "the text ended its cell, or the table"
    return cells[0].children or []


@given(ANY)
def test_text_reads_as_it_is(text: str) -> None:
    tokens = cell_of(escape(text))
    assert {token.type for token in tokens} <= {"text", "text_special"}
    shown = "".join(token.content for token in tokens).replace("\u200b", "")
    assert shown.strip() == printable(text).replace("\u200b", "").strip()


@given(ANY)
def test_messages_have_code_and_text_only(text: str) -> None:
    tokens = cell_of(message_text(f"check `c` is violated: {text}"))
    assert {token.type for token in tokens} <= {"text", "text_special", "code_inline"}


def test_mentions_are_broken_up() -> None:
    assert "@team" not in escape("@team")
